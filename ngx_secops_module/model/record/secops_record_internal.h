
/*
 * For the secops_record files only:
 *
 *     secops_record_body.c     what a body means, and its parameters
 *     secops_record.c          whether the fields may be stored
 *     secops_record_write.c    what is stored
 *     secops_record_change.c   what is stored of a change
 */

#ifndef _SECOPS_RECORD_INTERNAL_H_INCLUDED_
#define _SECOPS_RECORD_INTERNAL_H_INCLUDED_


#include "model/record/secops_record.h"


/* what a member of a body may be that is no field */

typedef enum {
    SECOPS_RECORD_IGNORE_MANDATORY_FIELDS = 0,
    SECOPS_RECORD_INCLUDE_WRAP,
    SECOPS_RECORD_SIMPLE_RESPONSE,
    SECOPS_RECORD_ATOMIC,
    SECOPS_RECORD_PARAMETERS,           /* how many these are */
    SECOPS_RECORD_CONFIG = SECOPS_RECORD_PARAMETERS,
    SECOPS_RECORD_DATA,
    SECOPS_RECORD_WORDS                 /* of none of these names */
} secops_record_word_e;


extern const secops_slice_t  secops_record_words[SECOPS_RECORD_WORDS];


/* each member of a body is asked for; most are none, which the length tells */

static inline secops_record_word_e
secops_record_word(secops_slice_t name)
{
    secops_record_word_e  word;

    switch (name.len) {

    case sizeof("ignore_mandatory_fields") - 1:
        word = SECOPS_RECORD_IGNORE_MANDATORY_FIELDS;
        break;

    case sizeof("include_wrap") - 1:
        word = SECOPS_RECORD_INCLUDE_WRAP;
        break;

    case sizeof("simple_response") - 1:
        word = SECOPS_RECORD_SIMPLE_RESPONSE;
        break;

    case sizeof("config") - 1:          /* as long as "atomic" */
        word = (name.data[0] == 'c') ? SECOPS_RECORD_CONFIG
                                     : SECOPS_RECORD_ATOMIC;
        break;

    case sizeof("data") - 1:
        word = SECOPS_RECORD_DATA;
        break;

    default:
        return SECOPS_RECORD_WORDS;
    }

    return secops_slice_equal(name, secops_record_words[word])
           ? word : SECOPS_RECORD_WORDS;
}


/* of the key at token i */

secops_record_word_e secops_record_escaped_word(const secops_json_t *json,
    uint32_t i);

static inline secops_record_word_e
secops_record_key_word(const secops_json_t *json, uint32_t i)
{
    return (json->tokens[i].flags & SECOPS_JSON_ESCAPED)
           ? secops_record_escaped_word(json, i)
           : secops_record_word(secops_json_raw(json, i));
}


/* 1: the member of a body with this key is no field of its record */

static inline int
secops_record_is_apart(const secops_record_body_t *body,
    const secops_json_t *json, uint32_t i)
{
    secops_record_word_e  word;

    if (!body->parameters) {
        return 0;
    }

    word = secops_record_key_word(json, i);

    return word < SECOPS_RECORD_PARAMETERS
           || (word == SECOPS_RECORD_CONFIG && body->config);
}


/* null or "": a field that is not filled in */

static inline int
secops_record_empty(const secops_json_t *json, uint32_t i)
{
    return json->tokens[i].type == SECOPS_JSON_NULL
           || (json->tokens[i].type == SECOPS_JSON_STRING
               && json->tokens[i].len == 0);
}


/* a name that is the server's to write, decoded */

static inline int
secops_record_is_server(secops_slice_t name)
{
    return name.len >= 4 && memcmp(name.data, "sys_", 4) == 0;
}


/* the name of the key at token i, decoded; buf is memory for it, and may be
   used again */

secops_slice_t secops_record_key_name(const secops_json_t *json, uint32_t i,
    secops_text_t *buf);

/* checks what can be told of an object's members without the record that they
   are to change */

void secops_record_check_patch(const secops_table_t *table,
    const secops_json_t *json, uint32_t i, const secops_record_body_t *body,
    const char *where, secops_record_faults_t *faults);

/* a fault of the member of the fields with this name, decoded */

void secops_record_fault_member(secops_record_faults_t *faults,
    secops_error_e error, const char *where, secops_slice_t name,
    const char *message);

/* a member as it stands in the document, from the quote of its name on */

secops_slice_t secops_record_member_text(const secops_json_t *json,
    uint32_t key);


#endif /* _SECOPS_RECORD_INTERNAL_H_INCLUDED_ */
