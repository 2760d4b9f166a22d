
/*
 * jansson as the oracle of secops_json: both must accept or refuse a document,
 * and where they accept it, every accessor must tell what jansson tells.
 *
 * Three differences are known and wanted:
 *
 *  - a NUL byte after a number or a literal: jansson puts it back and loses
 *    it, so that "1\0" is 1.  Here a NUL is an unexpected byte, always.
 *
 *  - depth: jansson counts a scalar as a level, limits.depth does not.
 *
 *  - numbers: jansson refuses an integer that int64_t can not hold, and a real
 *    that rounds to no double.  Here they are taken, and marked; so that with
 *    a 0 in their place both must agree again.
 */

#ifndef _JSON_COMPARE_H_INCLUDED_
#define _JSON_COMPARE_H_INCLUDED_


#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "model/json/secops_json.h"


#define JSON_COMPARE_DEPTH  2048        /* JSON_PARSER_MAX_DEPTH of jansson */


typedef struct {
    int                   accepted;     /* by both */
    unsigned              exceptions;   /* the differences above */
    secops_json_error_t   error;        /* if not accepted */
} json_compare_t;


static const char *json_compare_value(const secops_json_t *json, uint32_t i,
    json_t *value, uint32_t *next);


/* ours, in exactly as much memory as promised to be enough; NULL: refused */

static inline secops_json_token_t *
json_compare_parse(secops_json_t *json, const unsigned char *data, size_t len,
    uint32_t depth, secops_json_error_t *error)
{
    int                    rc;
    uint32_t               capacity;
    secops_json_token_t   *tokens;
    secops_json_limits_t   limits;

    limits.depth = depth;
    limits.members = UINT32_MAX;

    capacity = (uint32_t) secops_json_max_tokens(len);

    tokens = malloc(capacity * sizeof(secops_json_token_t));
    if (tokens == NULL) {
        abort();
    }

    rc = secops_json_parse(json, data, len, tokens, capacity, &limits, error);

    if (rc == SECOPS_JSON_OK) {
        return tokens;
    }

    free(tokens);

    if (rc == SECOPS_JSON_MORE) {
        abort();
    }

    return NULL;
}


static inline const char *
json_compare_string(const secops_json_t *json, uint32_t i, const char *text,
    size_t len)
{
    int             same;
    size_t          n, points;
    unsigned char  *buf;

    buf = malloc(json->tokens[i].len + 1);
    if (buf == NULL) {
        abort();
    }

    n = secops_json_decode(json, i, buf);
    same = (n == len && memcmp(buf, text, len) == 0);
    free(buf);

    if (!same) {
        return "string differs";
    }

    points = 0;

    for (n = 0; n < len; n++) {
        points += ((unsigned char) text[n] & 0xc0) != 0x80;
    }

    if (!secops_json_string_is(json, i, (const unsigned char *) text, len)
        || (len && secops_json_string_is(json, i, (const unsigned char *) text,
                                         len - 1)))
    {
        return "string_is differs";
    }

    if (secops_json_string_length(json, i) != points) {
        return "string_length differs";
    }

    return NULL;
}


static inline const char *
json_compare_object(const secops_json_t *json, uint32_t i, json_t *object)
{
    size_t                 len;
    uint32_t               key, next;
    const char            *name, *fault;
    void                  *iter;
    secops_json_token_t   *token;

    if (json->tokens[i].size != json_object_size(object)) {
        return "number of members differs";
    }

    key = i + 1;

    /* jansson keeps the order of members */

    for (iter = json_object_iter(object);
         iter;
         iter = json_object_iter_next(object, iter))
    {
        name = json_object_iter_key(iter);
        len = json_object_iter_key_len(iter);

        token = &json->tokens[key];

        if (token->type != SECOPS_JSON_STRING
            || !(token->flags & SECOPS_JSON_KEY)
            || token->size != secops_json_hash((const unsigned char *) name,
                                               len))
        {
            return "key token is wrong";
        }

        fault = json_compare_string(json, key, name, len);
        if (fault) {
            return fault;
        }

        if (secops_json_member(json, i, (const unsigned char *) name, len)
            != key + 1)
        {
            return "member is not found";
        }

        fault = json_compare_value(json, key + 1, json_object_iter_value(iter),
                                   &next);
        if (fault) {
            return fault;
        }

        if (token->next != next) {
            return "key's next is wrong";
        }

        key = next;
    }

    return (json->tokens[i].next == key) ? NULL : "object's next is wrong";
}


static inline const char *
json_compare_array(const secops_json_t *json, uint32_t i, json_t *array)
{
    size_t       n;
    uint32_t     element;
    const char  *fault;

    if (json->tokens[i].size != json_array_size(array)) {
        return "number of elements differs";
    }

    element = i + 1;

    for (n = 0; n < json_array_size(array); n++) {
        fault = json_compare_value(json, element, json_array_get(array, n),
                                   &element);
        if (fault) {
            return fault;
        }
    }

    return (json->tokens[i].next == element) ? NULL : "array's next is wrong";
}


static inline const char *
json_compare_number(const secops_json_t *json, uint32_t i, json_t *value)
{
    double  ours, theirs;

    if (json->tokens[i].flags & SECOPS_JSON_HUGE) {
        return "a number that jansson holds is marked as huge";
    }

    theirs = json_number_value(value);
    ours = secops_json_number(json, i);

    if (!!(json->tokens[i].flags & SECOPS_JSON_REAL) != json_is_real(value)) {
        return "kind of number differs";
    }

    /* bit for bit: -0.0 too */

    return memcmp(&ours, &theirs, sizeof(double)) == 0 ? NULL
                                                       : "number differs";
}


static const char *
json_compare_value(const secops_json_t *json, uint32_t i, json_t *value,
    uint32_t *next)
{
    static const int      types[] = {
        [JSON_OBJECT] = SECOPS_JSON_OBJECT,
        [JSON_ARRAY] = SECOPS_JSON_ARRAY,
        [JSON_STRING] = SECOPS_JSON_STRING,
        [JSON_INTEGER] = SECOPS_JSON_NUMBER,
        [JSON_REAL] = SECOPS_JSON_NUMBER,
        [JSON_TRUE] = SECOPS_JSON_TRUE,
        [JSON_FALSE] = SECOPS_JSON_FALSE,
        [JSON_NULL] = SECOPS_JSON_NULL
    };

    const char           *fault;
    secops_json_token_t  *token;

    if (i >= json->ntokens) {
        return "tokens are missing";
    }

    token = &json->tokens[i];

    if (token->type != types[json_typeof(value)]) {
        return "type differs";
    }

    switch (token->type) {

    case SECOPS_JSON_OBJECT:
        fault = json_compare_object(json, i, value);
        break;

    case SECOPS_JSON_ARRAY:
        fault = json_compare_array(json, i, value);
        break;

    case SECOPS_JSON_STRING:
        fault = json_compare_string(json, i, json_string_value(value),
                                    json_string_length(value));
        break;

    case SECOPS_JSON_NUMBER:
        fault = json_compare_number(json, i, value);
        break;

    default:
        fault = NULL;
    }

    if (fault) {
        return fault;
    }

    if (token->type > SECOPS_JSON_ARRAY && token->next != i + 1) {
        return "scalar's next is wrong";
    }

    *next = token->next;

    return NULL;
}


static inline int
json_compare_known(const unsigned char *data, size_t len, int accepted,
    int theirs, const json_error_t *error)
{
    secops_json_t         json;
    secops_json_error_t   fault;
    secops_json_token_t  *tokens;

    if (!accepted) {
        return theirs && memchr(data, '\0', len) != NULL;
    }

    if (json_error_code(error) != json_error_stack_overflow) {
        return 0;
    }

    tokens = json_compare_parse(&json, data, len, JSON_COMPARE_DEPTH - 1,
                                &fault);
    free(tokens);

    return tokens == NULL && strcmp(fault.reason, "nested too deep") == 0;
}


/* 1: the C library finds no room for the number, either */

static inline int
json_compare_is_huge(const secops_json_t *json, uint32_t i)
{
    int             huge;
    char           *text;
    secops_slice_t  raw;

    raw = secops_json_raw(json, i);

    text = malloc(raw.len + 1);
    if (text == NULL) {
        abort();
    }

    memcpy(text, raw.data, raw.len);
    text[raw.len] = '\0';

    errno = 0;

    if (json->tokens[i].flags & SECOPS_JSON_REAL) {
        huge = isinf(strtod(text, NULL));

    } else {
        (void) strtoll(text, NULL, 10);
        huge = (errno == ERANGE);
    }

    free(text);

    return huge;
}


/* the same document with a 0 for each number that is marked as huge; NULL:
   there is none, or *fault is set */

static inline unsigned char *
json_compare_small(const secops_json_t *json, const char **fault)
{
    uint32_t                    i;
    unsigned char              *copy;
    const secops_json_token_t  *token;

    copy = NULL;

    for (i = 0; i < json->ntokens; i++) {
        token = &json->tokens[i];

        if (!(token->flags & SECOPS_JSON_HUGE)) {
            continue;
        }

        if (!json_compare_is_huge(json, i)) {
            *fault = "marked as huge, but the C library holds it";
            break;
        }

        if (copy == NULL) {
            copy = malloc(json->text.len);
            if (copy == NULL) {
                abort();
            }

            memcpy(copy, json->text.data, json->text.len);
        }

        memset(copy + token->start, ' ', token->len);
        copy[token->start] = '0';
    }

    return copy;
}


static const char *json_compare(json_compare_t *result,
    const unsigned char *data, size_t len);


/* of a document that jansson refuses for a number's size */

static inline const char *
json_compare_huge(json_compare_t *result, const secops_json_t *json)
{
    const char     *fault;
    unsigned char  *copy;

    fault = NULL;
    copy = json_compare_small(json, &fault);

    if (fault == NULL && copy == NULL) {
        fault = "a number that jansson can not hold is not marked as huge";
    }

    if (fault == NULL) {
        result->exceptions++;
        fault = json_compare(result, copy, json->text.len);
    }

    free(copy);

    return fault;
}


/* NULL when both agree, else what differs */

static const char *
json_compare(json_compare_t *result, const unsigned char *data, size_t len)
{
    json_t               *value;
    uint32_t              next;
    const char           *fault;
    json_error_t          error;
    secops_json_t         json;
    secops_json_token_t  *tokens;

    value = json_loadb((const char *) data, len,
                       JSON_DECODE_ANY|JSON_REJECT_DUPLICATES, &error);

    tokens = json_compare_parse(&json, data, len, JSON_COMPARE_DEPTH,
                                &result->error);

    result->accepted = (value && tokens);
    fault = NULL;

    if (result->accepted) {
        fault = json_compare_value(&json, 0, value, &next);

        if (fault == NULL && next != json.ntokens) {
            fault = "number of tokens is wrong";
        }

        if (fault == NULL && !secops_json_equal(&json, 0, &json, 0)) {
            fault = "not equal to itself";
        }

    } else if (tokens
               && json_error_code(&error) == json_error_numeric_overflow)
    {
        fault = json_compare_huge(result, &json);

    } else if (value || tokens) {

        if (json_compare_known(data, len, tokens != NULL, value != NULL,
                               &error))
        {
            result->exceptions++;

        } else {
            fault = tokens ? "accepted, but jansson refuses it"
                           : "refused, but jansson accepts it";
        }
    }

    json_decref(value);
    free(tokens);

    return fault;
}


#endif /* _JSON_COMPARE_H_INCLUDED_ */
