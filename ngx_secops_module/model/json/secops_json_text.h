
/*
 * For the secops_json files only: the bytes of a string in a document and
 * what they mean.
 */

#ifndef _SECOPS_JSON_TEXT_H_INCLUDED_
#define _SECOPS_JSON_TEXT_H_INCLUDED_


#include "model/json/secops_json.h"


/* the UTF-16 unit that four hexadecimal digits name, or -1: not four digits */

int secops_json_hex4(const unsigned char *pos, const unsigned char *last);


/*
 * Decodes the escape at *pos, already found valid, and steps over it.  Returns
 * the bytes written: four at most, never more than it stepped over.
 */

size_t secops_json_unescape(const unsigned char **pos, unsigned char *dst);


/* the same of a whole string; dst has room for len bytes */

size_t secops_json_unescape_all(const unsigned char *pos, size_t len,
    unsigned char *dst);


/* 1 when two strings, each in its own document's text, decode to the same */

int secops_json_same_string(const unsigned char *a_text,
    const secops_json_token_t *a, const unsigned char *b_text,
    const secops_json_token_t *b);


/* of an object of at most so many members the keys are told apart without the
   tail of the tokens */

#define SECOPS_JSON_FEW_KEYS  32


/*
 * secops_json_unique.c: looks for a key of the object at token open that
 * stands there twice; it is the last container, and its children are all
 * tokens after it.  OK: there is none; ERROR: *key is its second token; MORE:
 * the capacity is too small to tell.  The tail of the tokens is overwritten.
 */

int secops_json_find_duplicate(const unsigned char *text,
    secops_json_token_t *tokens, uint32_t open, uint32_t ntokens,
    uint32_t capacity, uint32_t *key);


#endif /* _SECOPS_JSON_TEXT_H_INCLUDED_ */
