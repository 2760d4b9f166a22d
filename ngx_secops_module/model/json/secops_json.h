
/*
 * The one reader of request bodies: a single pass over the bytes that checks
 * RFC 8259 grammar, UTF-8, duplicate keys and limits, and leaves a flat array
 * of tokens that point into the bytes.  Nothing is copied or converted.
 *
 * It accepts and refuses the same documents as jansson with JSON_DECODE_ANY |
 * JSON_REJECT_DUPLICATES (so: no byte order mark, no NUL, escaped or not, in
 * a string, no lone surrogate), provided that the limits given here are not
 * the narrower ones.  There are two exceptions.  jansson overlooks a NUL byte
 * right after a number or a literal, which is refused here.  And jansson
 * refuses an integer outside int64_t and a real outside double; here any
 * number is taken that the grammar has, as nothing is converted, but such a
 * one is marked.
 *
 * Tokens stand in document order: a container is followed by its children, a
 * key by its value.  So the first child of token i is i + 1, the value of the
 * key i is i + 1, and the token after the whole of i is tokens[i].next.
 *
 * Pure C: no nginx, no allocation but in secops_json_equal().  All memory is
 * the caller's; a token array and the bytes must outlive the secops_json_t
 * that refers to them.
 */

#ifndef _SECOPS_JSON_H_INCLUDED_
#define _SECOPS_JSON_H_INCLUDED_


#include <stdint.h>
#include <string.h>

#include "util/secops_slice.h"


typedef enum {
    SECOPS_JSON_OBJECT = 1,
    SECOPS_JSON_ARRAY,
    SECOPS_JSON_STRING,
    SECOPS_JSON_NUMBER,
    SECOPS_JSON_TRUE,
    SECOPS_JSON_FALSE,
    SECOPS_JSON_NULL,

    /* the reader makes no token of this type: its caller turns a string into
       one that stands for a value of any type */

    SECOPS_JSON_STANDIN
} secops_json_type_e;


#define SECOPS_JSON_KEY      0x01       /* a string that is a member's name */
#define SECOPS_JSON_ESCAPED  0x02       /* a string with at least one escape */
#define SECOPS_JSON_REAL     0x04       /* a number with fraction or exponent */
#define SECOPS_JSON_HUGE     0x08       /* an integer outside int64_t, or a real
                                           that no finite double is near */


typedef struct {
    uint32_t              start;        /* offset of the first byte; of a
                                           string: of the one after the quote */
    uint32_t              len;          /* bytes; of a string: between its
                                           quotes, escapes not decoded */
    uint32_t              next;         /* index of the token after the value
                                           and all that is in it; of a key:
                                           after its value, so the next key */
    uint32_t              size;         /* members or elements; of a key:
                                           secops_json_hash() of its name,
                                           decoded; else 0 */
    uint8_t               type;         /* secops_json_type_e */
    uint8_t               flags;
} secops_json_token_t;


typedef struct {
    secops_slice_t        text;         /* the document; borrowed */
    secops_json_token_t  *tokens;       /* the caller's memory */
    uint32_t              ntokens;      /* used, after a successful parse */
} secops_json_t;


typedef struct {
    uint32_t              depth;        /* containers in one another: 1 admits
                                           only {} with scalars in it.  jansson
                                           counts a scalar as a level too */
    uint32_t              members;      /* of any one object */
} secops_json_limits_t;


typedef enum {
    SECOPS_JSON_GRAMMAR = 0,            /* it is no JSON */
    SECOPS_JSON_NESTED,                 /* more than limits.depth */
    SECOPS_JSON_CONTENT,                /* JSON, but not to be taken: limits,
                                           duplicate keys, and strings that are
                                           no text */
    SECOPS_JSON_MANY                    /* more tokens than may be: this is told
                                           by secops_json_tokens() only, and
                                           of no byte */
} secops_json_kind_e;


typedef struct {
    size_t                offset;       /* of the byte that is wrong */
    const char           *reason;       /* static text, a sentence's end:
                                           "duplicate key", "nested too deep" */
    secops_json_kind_e    kind;
} secops_json_error_t;


#define SECOPS_JSON_OK     0
#define SECOPS_JSON_MORE   1            /* capacity is too small: call again
                                           from the start with more tokens */
#define SECOPS_JSON_ERROR  (-1)         /* not acceptable: see the error */


/*
 * Capacity that never answers SECOPS_JSON_MORE for a document of len bytes.
 * Much less is enough for usual documents: begin with less where len is large.
 * Tokens that a document leaves unused serve as scratch: their content is lost.
 */

#define secops_json_max_tokens(len)  ((len) / 2 + 2)


/*
 * The key of secops_json_hash().  Call once per process before the first
 * parse, with random bytes, so that nobody outside can choose keys that
 * collide.  Tokens and schemas made under one seed are void under another.
 */

void secops_json_seed(uint64_t seed);

uint32_t secops_json_hash(const unsigned char *data, size_t len);


/*
 * Reads the whole of data[0..len), which must hold one value and white space.
 * len must be below 4 GiB.  On SECOPS_JSON_OK, token 0 is the value; json is
 * set then only, error on SECOPS_JSON_ERROR only.
 */

int secops_json_parse(secops_json_t *json, const unsigned char *data,
    size_t len, secops_json_token_t *tokens, uint32_t capacity,
    const secops_json_limits_t *limits, secops_json_error_t *error);


/*
 * The same for a document that may be a batch: an object with an array of
 * records in it.  Inside the elements of such an array, and whatever lies as
 * deep, only what is wrong with the grammar is an error.  So an element may be
 * looked at only after it was read on its own, by secops_json_parse().  What is
 * nested more than SECOPS_JSON_BATCH_NESTED deep is an error anyway: a megabyte
 * of "[" need not be read to its end.
 */

int secops_json_parse_batch(secops_json_t *json, const unsigned char *data,
    size_t len, secops_json_token_t *tokens, uint32_t capacity,
    const secops_json_limits_t *limits, secops_json_error_t *error);

/* the depth at which the elements of a batch lie */

#define SECOPS_JSON_BATCH_DEPTH   2
#define SECOPS_JSON_BATCH_NESTED  4096


/*
 * The value of a member of the object at token i, or 0 (token 0 is never a
 * member's value).  The name is given decoded.
 */

uint32_t secops_json_member(const secops_json_t *json, uint32_t i,
    const unsigned char *name, size_t len);


/* the bytes of token i as they stand in the document (a string: no quotes) */

static inline secops_slice_t
secops_json_raw(const secops_json_t *json, uint32_t i)
{
    secops_slice_t  raw;

    raw.len = json->tokens[i].len;
    raw.data = json->text.data + json->tokens[i].start;

    return raw;
}


/*
 * Writes a string's decoded UTF-8 to dst, which must have room for the
 * token's len; returns the bytes written.  No NUL is added, none can occur.
 * (In an element of a batch that was not read on its own it can, and a lone
 * surrogate becomes U+FFFD.)
 */

size_t secops_json_decode(const secops_json_t *json, uint32_t i,
    unsigned char *dst);


/* the same, as far as room goes; *whole: all of it is there.  No character is
   cut */

size_t secops_json_decode_some(const secops_json_t *json, uint32_t i,
    unsigned char *dst, size_t room, int *whole);


/* what secops_json_string_is() calls for a string with escapes */

int secops_json_escaped_is(const secops_json_t *json, uint32_t i,
    const unsigned char *data, size_t len);


/* 1 when the string at token i, decoded, is exactly these bytes */

static inline int
secops_json_string_is(const secops_json_t *json, uint32_t i,
    const unsigned char *data, size_t len)
{
    const secops_json_token_t  *token;

    token = &json->tokens[i];

    if (token->flags & SECOPS_JSON_ESCAPED) {
        return secops_json_escaped_is(json, i, data, len);
    }

    return token->len == len
           && (len == 0
               || memcmp(json->text.data + token->start, data, len) == 0);
}


/* number of Unicode code points in the string at token i */

size_t secops_json_string_length(const secops_json_t *json, uint32_t i);


/*
 * The double nearest to the number at token i: an integer above 2^53 may be
 * rounded, an integer "-0" is 0, a real "-0.0" keeps its sign, one that is
 * huge may be infinite.
 */

double secops_json_number(const secops_json_t *json, uint32_t i);


/*
 * Equality as JSON Schema has it: 1 and 1.0 are equal, members may stand in
 * any order, escapes count for what they mean.  Numbers are compared exactly,
 * beyond what a double holds.  Recurses as deep as the limits allowed.  An
 * object of many members whose order differs needs memory for a while; without
 * it, the time is quadratic in their number.
 */

int secops_json_equal(const secops_json_t *a, uint32_t i,
    const secops_json_t *b, uint32_t j);


#endif /* _SECOPS_JSON_H_INCLUDED_ */
