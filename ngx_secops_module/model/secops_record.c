
/* Records; see secops_record.h. */

#include <stdio.h>

#include "model/secops_record.h"


#define SECOPS_RECORD_FAULTS_MAX  100       /* told; the rest is counted */


typedef enum {
    SECOPS_RECORD_IGNORE_MANDATORY_FIELDS = 0,
    SECOPS_RECORD_INCLUDE_WRAP,
    SECOPS_RECORD_SIMPLE_RESPONSE,
    SECOPS_RECORD_ATOMIC,
    SECOPS_RECORD_PARAMETERS
} secops_record_parameter_e;


/* what a schema's faults are collected with */

typedef struct {
    const secops_record_body_t     *body;
    const secops_record_options_t  *options;
    const char                     *where;
    secops_record_faults_t         *faults;
} secops_record_check_t;


static int secops_record_parameter(secops_slice_t name);
static int secops_record_key_parameter(const secops_json_t *json, uint32_t i);
static void secops_record_set_parameter(secops_record_options_t *options,
    int parameter, int value);
static int secops_record_value_boolean(const secops_json_t *json, uint32_t i);
static int secops_record_is_envelope(const secops_json_t *json);
static int secops_record_read_parameters(const secops_json_t *json,
    uint32_t object, const char *where, secops_record_body_t *body,
    secops_record_options_t *options, secops_record_faults_t *faults);
static unsigned secops_record_check_members(const secops_json_t *json,
    uint32_t i, const secops_record_check_t *check);
static secops_slice_t secops_record_key_name(const secops_json_t *json,
    uint32_t i, secops_text_t *buf);
static void secops_record_server_field(const secops_record_check_t *check,
    secops_slice_t name);
static int secops_record_empty(const secops_json_t *json, uint32_t i);
static void secops_record_schema_fault(void *data,
    const secops_schema_fault_t *fault);
static int secops_record_is_missing(const secops_record_faults_t *faults,
    secops_slice_t name);
static void secops_record_tell(secops_record_faults_t *faults,
    const char *where, secops_slice_t pointer, secops_slice_t message);
static void secops_record_error(secops_record_faults_t *faults,
    secops_error_e error);
static unsigned char *secops_record_write_plain(unsigned char *dst,
    const char *name, secops_slice_t value);
static unsigned char *secops_record_write_text(unsigned char *dst,
    const char *name, secops_slice_t value);
static unsigned char *secops_record_write_name(unsigned char *dst,
    const char *name);
static unsigned char *secops_record_write_members(unsigned char *dst,
    const secops_json_t *json, uint32_t i, int parameters);
static secops_slice_t secops_record_member_text(const secops_json_t *json,
    uint32_t key);


static const secops_slice_t
    secops_record_parameters[SECOPS_RECORD_PARAMETERS] = {
    secops_slice("ignore_mandatory_fields"),
    secops_slice("include_wrap"),
    secops_slice("simple_response"),
    secops_slice("atomic")
};


int
secops_record_read_query(secops_slice_t query,
    secops_record_options_t *options, secops_record_faults_t *faults)
{
    int             parameter, value;
    char            where[64];
    unsigned char   name_buf[32], value_buf[16];
    secops_slice_t  name, text;

    while (secops_text_query_next(&query, &name, &text)) {

        if (name.len > sizeof(name_buf)) {
            continue;
        }

        name.len = secops_text_form_decode(name_buf, name) - name_buf;
        name.data = name_buf;

        parameter = secops_record_parameter(name);

        if (parameter < 0) {
            continue;
        }

        value = -1;

        if (text.len <= sizeof(value_buf)) {
            text.len = secops_text_form_decode(value_buf, text) - value_buf;
            text.data = value_buf;
            value = secops_text_boolean(text);
        }

        if (value < 0) {
            (void) snprintf(where, sizeof(where), "query parameter %s",
                            secops_record_parameters[parameter].data);
            secops_record_fault(faults, SECOPS_ERROR_BODY, where,
                                "must be true or false");
            continue;
        }

        secops_record_set_parameter(options, parameter, value);
    }

    return faults->count ? -1 : 0;
}


/* each member of a body is asked for; most are none, which the length tells */

static int
secops_record_parameter(secops_slice_t name)
{
    int  i;

    switch (name.len) {

    case sizeof("ignore_mandatory_fields") - 1:
        i = SECOPS_RECORD_IGNORE_MANDATORY_FIELDS;
        break;

    case sizeof("include_wrap") - 1:
        i = SECOPS_RECORD_INCLUDE_WRAP;
        break;

    case sizeof("simple_response") - 1:
        i = SECOPS_RECORD_SIMPLE_RESPONSE;
        break;

    case sizeof("atomic") - 1:
        i = SECOPS_RECORD_ATOMIC;
        break;

    default:
        return -1;
    }

    return secops_slice_equal(name, secops_record_parameters[i]) ? i : -1;
}


static int
secops_record_key_parameter(const secops_json_t *json, uint32_t i)
{
    int  parameter;

    if (!(json->tokens[i].flags & SECOPS_JSON_ESCAPED)) {
        return secops_record_parameter(secops_json_raw(json, i));
    }

    for (parameter = 0; parameter < SECOPS_RECORD_PARAMETERS; parameter++) {

        if (secops_json_string_is(json, i,
                                  secops_record_parameters[parameter].data,
                                  secops_record_parameters[parameter].len))
        {
            return parameter;
        }
    }

    return -1;
}


static void
secops_record_set_parameter(secops_record_options_t *options, int parameter,
    int value)
{
    switch (parameter) {

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


int
secops_record_read_body(secops_record_body_t *body,
    const secops_json_t *json, secops_record_options_t *options,
    secops_record_faults_t *faults)
{
    uint32_t  config;

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

    body->flat = !secops_record_is_envelope(json);

    if (!body->flat) {
        body->fields = secops_json_member(json, 0,
                                          (const unsigned char *) "data", 4);
        body->batch =
            json->tokens[body->fields].type == SECOPS_JSON_ARRAY;

        config = secops_json_member(json, 0,
                                    (const unsigned char *) "config", 6);

        if (config
            && secops_record_read_parameters(json, config, "/config", NULL,
                                             options, faults)
               != 0)
        {
            return -1;
        }
    }

    return secops_record_read_parameters(json, 0, "", body, options, faults);
}


static int
secops_record_is_envelope(const secops_json_t *json)
{
    int       data;
    uint32_t  i, last;

    data = 0;
    last = json->tokens[0].next;

    for (i = 1; i < last; i = json->tokens[i + 1].next) {

        if (secops_json_string_is(json, i, (const unsigned char *) "data", 4)) {
            data = json->tokens[i + 1].type == SECOPS_JSON_OBJECT
                   || json->tokens[i + 1].type == SECOPS_JSON_ARRAY;

            if (data) {
                continue;
            }

        } else if (secops_json_string_is(json, i,
                                         (const unsigned char *) "config", 6)
                   || secops_record_key_parameter(json, i) >= 0)
        {
            continue;
        }

        return 0;
    }

    return data;
}


/* body: the object is the body itself, which may have other members too; or
   NULL */

static int
secops_record_read_parameters(const secops_json_t *json, uint32_t object,
    const char *where, secops_record_body_t *body,
    secops_record_options_t *options, secops_record_faults_t *faults)
{
    int       parameter, value;
    char      pointer[64];
    uint32_t  i, last;

    if (json->tokens[object].type != SECOPS_JSON_OBJECT) {
        secops_record_fault(faults, SECOPS_ERROR_BODY, where,
                            "must be an object");
        return -1;
    }

    last = json->tokens[object].next;

    for (i = object + 1; i < last; i = json->tokens[i + 1].next) {

        parameter = secops_record_key_parameter(json, i);

        if (parameter < 0) {

            if (body == NULL) {
                secops_record_fault(faults, SECOPS_ERROR_BODY, where,
                                    "has a member that is no parameter");
            }

            continue;
        }

        if (body) {
            body->parameters = body->flat;
        }

        value = secops_record_value_boolean(json, i + 1);

        if (value < 0) {
            (void) snprintf(pointer, sizeof(pointer), "%s/%s", where,
                            secops_record_parameters[parameter].data);
            secops_record_fault(faults, SECOPS_ERROR_BODY, pointer,
                                "must be true or false");
            continue;
        }

        secops_record_set_parameter(options, parameter, value);
    }

    return faults->count ? -1 : 0;
}


int
secops_record_check(const secops_table_t *table, const secops_json_t *json,
    uint32_t i, const secops_record_body_t *body,
    const secops_record_options_t *options, const char *where,
    secops_record_faults_t *faults)
{
    secops_record_check_t  check;

    if (json->tokens[i].type != SECOPS_JSON_OBJECT) {
        secops_record_fault(faults, SECOPS_ERROR_BODY, where,
                            "must be an object");
        return -1;
    }

    check.body = body;
    check.options = options;
    check.where = where;
    check.faults = faults;

    if (secops_record_check_members(json, i, &check) == 0
        && faults->count == 0)
    {
        secops_record_fault(faults, SECOPS_ERROR_NO_FIELDS, where,
                            "has no field that is filled in");
        return -1;
    }

    if (secops_schema_validate(table->schema, json, i,
                               SECOPS_SCHEMA_EMPTY_IS_ABSENT,
                               secops_record_schema_fault, &check)
        == -1)
    {
        secops_record_error(faults, SECOPS_ERROR_UNKNOWN);
    }

    return faults->error == SECOPS_ERROR_NONE ? 0 : -1;
}


/* the number of fields that are filled in */

static unsigned
secops_record_check_members(const secops_json_t *json, uint32_t i,
    const secops_record_check_t *check)
{
    uint32_t        last;
    unsigned        filled;
    secops_text_t   buf;
    secops_slice_t  name;

    memset(&buf, 0, sizeof(secops_text_t));

    filled = 0;
    last = json->tokens[i].next;

    for (i = i + 1; i < last; i = json->tokens[i + 1].next) {

        if (check->body->parameters
            && secops_record_key_parameter(json, i) >= 0)
        {
            continue;
        }

        if (!secops_record_empty(json, i + 1)) {
            filled++;
        }

        name = secops_record_key_name(json, i, &buf);

        if (name.len >= 4 && memcmp(name.data, "sys_", 4) == 0) {
            secops_record_server_field(check, name);
        }
    }

    secops_text_free(&buf);

    return filled;
}


/* a name, decoded; buf is memory for it and may be used again */

static secops_slice_t
secops_record_key_name(const secops_json_t *json, uint32_t i,
    secops_text_t *buf)
{
    secops_slice_t  name;

    name = secops_json_raw(json, i);

    if (json->tokens[i].flags & SECOPS_JSON_ESCAPED) {

        buf->len = 0;
        secops_text_append(buf, name);

        if (buf->len == name.len) {
            name.len = secops_json_decode(json, i, buf->data);
            name.data = buf->data;
        }
    }

    return name;
}


static void
secops_record_server_field(const secops_record_check_t *check,
    secops_slice_t name)
{
    secops_text_t   pointer;
    secops_slice_t  where, message = secops_slice("is set by the server");

    memset(&pointer, 0, sizeof(secops_text_t));

    secops_text_append_string(&pointer, "/");
    secops_text_append(&pointer, name);

    where.len = pointer.len;
    where.data = pointer.data;

    secops_record_error(check->faults, SECOPS_ERROR_BODY);
    secops_record_tell(check->faults, check->where, where, message);

    secops_text_free(&pointer);
}


static int
secops_record_empty(const secops_json_t *json, uint32_t i)
{
    return json->tokens[i].type == SECOPS_JSON_NULL
           || (json->tokens[i].type == SECOPS_JSON_STRING
               && json->tokens[i].len == 0);
}


static void
secops_record_schema_fault(void *data, const secops_schema_fault_t *fault)
{
    secops_record_check_t   *check = data;
    secops_slice_t           comma = secops_slice(",");
    secops_record_faults_t  *faults;

    faults = check->faults;

    if (check->body->parameters && fault->object.len == 0
        && strcmp(fault->keyword, "additionalProperties") == 0
        && secops_record_parameter(fault->property) >= 0)
    {
        return;
    }

    if (fault->object.len == 0 && strcmp(fault->keyword, "required") == 0) {

        if (check->options->ignore_mandatory_fields) {
            return;
        }

        if (secops_record_is_missing(faults, fault->property)) {
            return;
        }

        secops_record_error(faults, SECOPS_ERROR_MANDATORY);

        if (faults->missing.len) {
            secops_text_append(&faults->missing, comma);
        }

        secops_text_append(&faults->missing, fault->property);

    } else {
        secops_record_error(faults, SECOPS_ERROR_BODY);
    }

    secops_record_tell(faults, check->where, fault->pointer, fault->message);
}


/* two parts of a schema may require the same field: it is told once */

static int
secops_record_is_missing(const secops_record_faults_t *faults,
    secops_slice_t name)
{
    secops_slice_t        word;
    const unsigned char  *p, *last;

    if (faults->missing.len == 0) {
        return 0;
    }

    p = faults->missing.data;
    last = p + faults->missing.len;

    for ( ;; ) {

        word.data = p;
        p = memchr(word.data, ',', last - word.data);
        word.len = (p ? p : last) - word.data;

        if (secops_slice_equal(word, name)) {
            return 1;
        }

        if (p == NULL) {
            return 0;
        }

        p++;
    }
}


void
secops_record_fault(secops_record_faults_t *faults, secops_error_e error,
    const char *where, const char *message)
{
    secops_slice_t  none = secops_slice("");

    secops_record_error(faults, error);
    secops_record_tell(faults, where, none, secops_slice_of(message));
}


static void
secops_record_tell(secops_record_faults_t *faults, const char *where,
    secops_slice_t pointer, secops_slice_t message)
{
    if (faults->count == SECOPS_RECORD_FAULTS_MAX) {
        secops_text_append_string(&faults->detail, "; and more");
    }

    if (faults->count++ >= SECOPS_RECORD_FAULTS_MAX) {
        return;
    }

    if (faults->detail.len) {
        secops_text_append_string(&faults->detail, "; ");
    }

    if (where[0] == '\0' && pointer.len == 0) {
        secops_text_append_string(&faults->detail, "the body");

    } else {
        secops_text_append_string(&faults->detail, where);
        secops_text_append(&faults->detail, pointer);
    }

    secops_text_append_string(&faults->detail, ": ");
    secops_text_append(&faults->detail, message);
}


/* errors of a body stand in the table in the order in which they win */

static void
secops_record_error(secops_record_faults_t *faults, secops_error_e error)
{
    if (faults->error == SECOPS_ERROR_NONE || error < faults->error) {
        faults->error = error;
    }
}


void
secops_record_faults_free(secops_record_faults_t *faults)
{
    secops_text_free(&faults->missing);
    secops_text_free(&faults->detail);
    memset(faults, 0, sizeof(secops_record_faults_t));
}


secops_slice_t
secops_record_subject(const secops_table_t *table, const secops_json_t *json,
    uint32_t i, unsigned char *dst)
{
    uint32_t        value;
    secops_slice_t  subject = secops_slice("");

    if (table->subject.len == 0) {
        return subject;
    }

    value = secops_json_member(json, i, table->subject.data,
                               table->subject.len);

    if (value == 0 || secops_record_empty(json, value)) {
        return subject;
    }

    subject = secops_json_raw(json, value);

    if (json->tokens[value].flags & SECOPS_JSON_ESCAPED) {
        subject.len = secops_json_decode(json, value, dst);
        subject.data = dst;
    }

    return subject;
}


size_t
secops_record_size(const secops_record_t *record, const secops_json_t *json,
    uint32_t i)
{
    return json->tokens[i].len
           + secops_text_escape_max(record->user.len + record->domain.len)
           + record->table->name.len + SECOPS_ID_LEN + 2 * SECOPS_TIME_LEN
           + 256;       /* the names of the server's fields */
}


unsigned char *
secops_record_write(unsigned char *dst, const secops_record_t *record,
    const secops_json_t *json, uint32_t i, const secops_record_body_t *body)
{
    secops_slice_t  id, created, zero = secops_slice("0");

    id.len = SECOPS_ID_LEN;
    id.data = record->sys_id;

    created.len = SECOPS_TIME_LEN;
    created.data = record->created;

    *dst++ = '{';

    dst = secops_record_write_plain(dst, "sys_id", id);
    dst = secops_record_write_plain(dst, "sys_class_name",
                                    record->table->name);
    dst = secops_record_write_plain(dst, "sys_created_on", created);
    dst = secops_record_write_text(dst, "sys_created_by", record->user);
    dst = secops_record_write_plain(dst, "sys_updated_on", created);
    dst = secops_record_write_text(dst, "sys_domain", record->domain);
    dst = secops_record_write_plain(dst, "sys_mod_count", zero);

    dst = secops_record_write_members(dst, json, i, body->parameters);

    /* over the comma after the last member */
    dst[-1] = '}';

    return dst;
}


/* "name":"value", of a value in which nothing needs an escape */

static unsigned char *
secops_record_write_plain(unsigned char *dst, const char *name,
    secops_slice_t value)
{
    dst = secops_record_write_name(dst, name);

    memcpy(dst, value.data, value.len);
    dst += value.len;

    *dst++ = '"';
    *dst++ = ',';

    return dst;
}


static unsigned char *
secops_record_write_text(unsigned char *dst, const char *name,
    secops_slice_t value)
{
    dst = secops_text_escape(secops_record_write_name(dst, name), value);

    *dst++ = '"';
    *dst++ = ',';

    return dst;
}


/* up to the quote before the value */

static unsigned char *
secops_record_write_name(unsigned char *dst, const char *name)
{
    size_t  len;

    len = strlen(name);

    *dst++ = '"';
    memcpy(dst, name, len);
    memcpy(dst + len, "\":\"", 3);

    return dst + len + 3;
}


static unsigned char *
secops_record_write_members(unsigned char *dst, const secops_json_t *json,
    uint32_t i, int parameters)
{
    uint32_t        last, key;
    secops_slice_t  member;

    last = json->tokens[i].next;

    for (key = i + 1; key < last; key = json->tokens[key + 1].next) {

        if (parameters && secops_record_key_parameter(json, key) >= 0) {
            continue;
        }

        member = secops_record_member_text(json, key);

        memcpy(dst, member.data, member.len);
        dst += member.len;
        *dst++ = ',';
    }

    return dst;
}


/* a member as it stands in the document, from the quote of its name on */

static secops_slice_t
secops_record_member_text(const secops_json_t *json, uint32_t key)
{
    secops_slice_t              text;
    const secops_json_token_t  *value;

    value = &json->tokens[key + 1];

    text.data = json->text.data + json->tokens[key].start - 1;
    text.len = json->text.data + value->start + value->len - text.data;

    if (value->type == SECOPS_JSON_STRING) {
        text.len++;
    }

    return text;
}
