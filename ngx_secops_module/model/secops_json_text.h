
/*
 * For the secops_json files only: the bytes of a string in a document and
 * what they mean.
 */

#ifndef _SECOPS_JSON_TEXT_H_INCLUDED_
#define _SECOPS_JSON_TEXT_H_INCLUDED_


#include "model/secops_json.h"


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


#endif /* _SECOPS_JSON_TEXT_H_INCLUDED_ */
