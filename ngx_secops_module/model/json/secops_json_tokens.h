
/* Reading a text into as many tokens as it takes.  Pure C. */

#ifndef _SECOPS_JSON_TOKENS_H_INCLUDED_
#define _SECOPS_JSON_TOKENS_H_INCLUDED_


#include "model/json/secops_json.h"


typedef struct {
    secops_json_limits_t   limits;
    int                    batch;       /* it is read as a batch may be */
    size_t                 max;         /* tokens: of one that has more the
                                           error's kind is SECOPS_JSON_MANY;
                                           0: as many as it has */

    /* tokens of the caller's, for texts that are short enough; NULL: none */

    secops_json_token_t   *first;
    size_t                 nfirst;

    /* where others come from; both NULL: malloc() and free() */

    void                *(*alloc)(void *pool, size_t size);
    void                 (*free)(void *pool, void *p);
    void                  *pool;
} secops_json_reading_t;


/*
 * Reads the text, as secops_json_parse() does.  SECOPS_JSON_OK: json->tokens
 * are the caller's to give back, unless they are those that the caller had;
 * ERROR: the error says why it is not acceptable; MORE: there is no memory.
 */

int secops_json_tokens(secops_json_t *json, secops_slice_t text,
    const secops_json_reading_t *how, secops_json_error_t *error);


#endif /* _SECOPS_JSON_TOKENS_H_INCLUDED_ */
