
/* What the body of a POSTed record means; see secops_record.h. */

#include <stdio.h>

#include "model/record/secops_record_internal.h"
#include "util/secops_query.h"


/* what a body's members are */

typedef struct {
    uint32_t               config;      /* value of "config", or 0 */
    uint32_t               data;        /* of "data", if it is an object or an
                                           array, or 0 */
    uint32_t               others;      /* how many are none of these and no
                                           parameters */
    unsigned               parameters;  /* there are some */
} secops_record_scan_t;


static void secops_record_set_parameter(secops_record_options_t *options,
    secops_record_word_e word, int value);
static int secops_record_value_boolean(const secops_json_t *json, uint32_t i);
static void secops_record_scan(const secops_json_t *json,
    secops_record_scan_t *scan);
static int secops_record_is_config(const secops_json_t *json, uint32_t config,
    uint32_t others);
static void secops_record_read_parameters(const secops_json_t *json,
    uint32_t object, const char *where, secops_record_options_t *options,
    secops_record_faults_t *faults);


const secops_slice_t  secops_record_words[SECOPS_RECORD_WORDS] = {
    secops_slice("ignore_mandatory_fields"),
    secops_slice("include_wrap"),
    secops_slice("simple_response"),
    secops_slice("atomic"),
    secops_slice("config"),
    secops_slice("data")
};


static const secops_query_name_t  secops_record_parameters[] = {
    { "ignore_mandatory_fields", SECOPS_RECORD_IGNORE_MANDATORY_FIELDS },
    { "include_wrap", SECOPS_RECORD_INCLUDE_WRAP },
    { "simple_response", SECOPS_RECORD_SIMPLE_RESPONSE },
    { "atomic", SECOPS_RECORD_ATOMIC },
    { NULL, 0 }
};


/* scripts of these APIs send other parameters too; of two the last one wins */

static const secops_query_rules_t  secops_record_query_rules = {
    secops_record_parameters, .unknown = 0, .empty = 1, .twice = 0
};


int
secops_record_read_query(secops_slice_t args, unsigned char *buffer,
    secops_record_options_t *options, secops_record_faults_t *faults)
{
    int             value;
    char            where[64];
    secops_query_t  query;

    secops_query_begin(&query, &secops_record_query_rules, args, buffer);

    while (secops_query_next(&query) != SECOPS_QUERY_END) {

        value = secops_text_boolean(query.value);

        if (value < 0) {
            (void) snprintf(where, sizeof(where), "query parameter %s",
                            query.name->name);
            secops_record_fault(faults, SECOPS_ERROR_BODY, where,
                                "must be true or false");
            continue;
        }

        secops_record_set_parameter(options, query.name->id, value);
    }

    return faults->all.error == SECOPS_ERROR_NONE ? 0 : -1;
}


secops_record_word_e
secops_record_escaped_word(const secops_json_t *json, uint32_t i)
{
    unsigned  word;

    for (word = 0; word < SECOPS_RECORD_WORDS; word++) {

        if (secops_json_string_is(json, i, secops_record_words[word].data,
                                  secops_record_words[word].len))
        {
            break;
        }
    }

    return word;
}


static void
secops_record_set_parameter(secops_record_options_t *options,
    secops_record_word_e word, int value)
{
    switch (word) {

    case SECOPS_RECORD_IGNORE_MANDATORY_FIELDS:
        options->ignore_mandatory_fields = value;
        break;

    case SECOPS_RECORD_INCLUDE_WRAP:
        options->include_wrap = value;
        break;

    case SECOPS_RECORD_SIMPLE_RESPONSE:
        options->simple_response = value;
        break;

    case SECOPS_RECORD_ATOMIC:
        options->atomic = value;
        break;

    default:
        break;
    }
}


/* 1, 0, or -1 for a value that is neither true nor false */

static int
secops_record_value_boolean(const secops_json_t *json, uint32_t i)
{
    switch (json->tokens[i].type) {

    case SECOPS_JSON_TRUE:
        return 1;

    case SECOPS_JSON_FALSE:
        return 0;

    case SECOPS_JSON_NUMBER:
    case SECOPS_JSON_STRING:
        return secops_text_boolean(secops_json_raw(json, i));

    default:
        return -1;
    }
}


/*
 * An envelope has nothing beside its "data" but "config" and parameters.  A
 * body that has nothing at all but these is an envelope that lacks its data.
 */

int
secops_record_read_body(secops_record_body_t *body,
    const secops_json_t *json, secops_record_options_t *options,
    secops_record_faults_t *faults)
{
    uint32_t               config;
    secops_record_scan_t   scan;

    memset(body, 0, sizeof(secops_record_body_t));

    if (json->tokens[0].type != SECOPS_JSON_OBJECT) {
        secops_record_fault(faults, SECOPS_ERROR_BODY, "",
                            "must be an object");
        return -1;
    }

    if (json->tokens[0].size == 0) {
        secops_record_fault(faults, SECOPS_ERROR_BODY, "",
                            "must not be an empty object");
        return -1;
    }

    secops_record_scan(json, &scan);

    config = scan.config;

    if (scan.data && scan.others == 0) {
        body->fields = scan.data;
        body->batch = (json->tokens[scan.data].type == SECOPS_JSON_ARRAY);

    } else {
        body->flat = 1;
        body->data = scan.data;

        if (config && !secops_record_is_config(json, config, scan.others)) {
            config = 0;
        }

        body->config = (config != 0);
        body->parameters = (config || scan.parameters);
    }

    if (config) {
        secops_record_read_parameters(json, config, "/config", options,
                                      faults);
    }

    if (scan.parameters) {
        secops_record_read_parameters(json, 0, "", options, faults);
    }

    return faults->all.error == SECOPS_ERROR_NONE ? 0 : -1;
}


/* the members of the body by what they may be */

static void
secops_record_scan(const secops_json_t *json, secops_record_scan_t *scan)
{
    unsigned              type;
    uint32_t              i, last;
    secops_record_word_e  word;

    memset(scan, 0, sizeof(secops_record_scan_t));

    last = json->tokens[0].next;

    for (i = 1; i < last; i = json->tokens[i + 1].next) {

        word = secops_record_key_word(json, i);

        if (word == SECOPS_RECORD_WORDS) {
            scan->others++;
            continue;
        }

        if (word == SECOPS_RECORD_CONFIG) {
            scan->config = i + 1;
            continue;
        }

        if (word != SECOPS_RECORD_DATA) {
            scan->parameters = 1;
            continue;
        }

        type = json->tokens[i + 1].type;

        if (type == SECOPS_JSON_OBJECT || type == SECOPS_JSON_ARRAY) {
            scan->data = i + 1;

        } else {
            scan->others++;
        }
    }
}


/*
 * Whether the "config" of a body without an envelope is meant for the server.
 * Beside fields it is, if it has parameters and nothing else: a field might
 * be called so, too.
 */

static int
secops_record_is_config(const secops_json_t *json, uint32_t config,
    uint32_t others)
{
    uint32_t  i, last;

    if (json->tokens[config].type != SECOPS_JSON_OBJECT) {
        return 0;
    }

    if (others == 0) {
        return 1;
    }

    last = json->tokens[config].next;

    for (i = config + 1; i < last; i = json->tokens[i + 1].next) {

        if (secops_record_key_word(json, i) >= SECOPS_RECORD_PARAMETERS) {
            return 0;
        }
    }

    return json->tokens[config].size != 0;
}


/* those of the body itself, which may have other members too, or of "config" */

static void
secops_record_read_parameters(const secops_json_t *json, uint32_t object,
    const char *where, secops_record_options_t *options,
    secops_record_faults_t *faults)
{
    int                   value;
    char                  pointer[64];
    uint32_t              i, last;
    secops_record_word_e  word;

    if (json->tokens[object].type != SECOPS_JSON_OBJECT) {
        secops_record_fault(faults, SECOPS_ERROR_BODY, where,
                            "must be an object");
        return;
    }

    last = json->tokens[object].next;

    for (i = object + 1; i < last; i = json->tokens[i + 1].next) {

        word = secops_record_key_word(json, i);

        if (word >= SECOPS_RECORD_PARAMETERS) {

            if (object) {
                secops_record_fault(faults, SECOPS_ERROR_BODY, where,
                                    "has a member that is no parameter");
            }

            continue;
        }

        value = secops_record_value_boolean(json, i + 1);

        if (value < 0) {
            (void) snprintf(pointer, sizeof(pointer), "%s/%s", where,
                            secops_record_words[word].data);
            secops_record_fault(faults, SECOPS_ERROR_BODY, pointer,
                                "must be true or false");
            continue;
        }

        secops_record_set_parameter(options, word, value);
    }
}
