
/*
 * Looking at a document that was read: its members, strings, numbers, and
 * whether two values are equal.
 */

#include <stdlib.h>

#include "model/json/secops_json.h"
#include "model/json/secops_json_number.h"
#include "model/json/secops_json_text.h"


static int secops_json_same_array(const secops_json_t *a, uint32_t i,
    const secops_json_t *b, uint32_t j);
static int secops_json_same_object(const secops_json_t *a, uint32_t i,
    const secops_json_t *b, uint32_t j);
static uint32_t *secops_json_index(const secops_json_t *json,
    uint32_t object);
static uint32_t secops_json_indexed(const uint32_t *index,
    const secops_json_t *json, uint32_t object, const secops_json_t *other,
    uint32_t key);
static uint32_t secops_json_find(const secops_json_t *json, uint32_t object,
    const secops_json_t *other, uint32_t key);


uint32_t
secops_json_member(const secops_json_t *json, uint32_t i,
    const unsigned char *name, size_t len)
{
    uint32_t                    key, hash;
    const secops_json_token_t  *tokens;

    tokens = json->tokens;

    if (tokens[i].type != SECOPS_JSON_OBJECT) {
        return 0;
    }

    hash = secops_json_hash(name, len);

    for (key = i + 1; key < tokens[i].next; key = tokens[key].next) {

        if (tokens[key].size == hash
            && secops_json_string_is(json, key, name, len))
        {
            return key + 1;
        }
    }

    return 0;
}


size_t
secops_json_decode(const secops_json_t *json, uint32_t i, unsigned char *dst)
{
    secops_slice_t  raw;

    raw = secops_json_raw(json, i);

    if (json->tokens[i].flags & SECOPS_JSON_ESCAPED) {
        return secops_json_unescape_all(raw.data, raw.len, dst);
    }

    memcpy(dst, raw.data, raw.len);

    return raw.len;
}


size_t
secops_json_decode_some(const secops_json_t *json, uint32_t i,
    unsigned char *dst, size_t room, int *whole)
{
    size_t                n, len;
    secops_slice_t        raw;
    unsigned char         bytes[4];
    const unsigned char  *pos, *next, *last, *from;

    raw = secops_json_raw(json, i);
    last = raw.data + raw.len;

    len = 0;

    for (pos = raw.data; pos < last; pos = next) {

        if (*pos == '\\') {
            next = pos;
            n = secops_json_unescape(&next, bytes);
            from = bytes;

        } else {
            for (next = pos + 1; next < last && (*next & 0xc0) == 0x80; next++)
            {
                /* void */
            }

            n = (size_t) (next - pos);
            from = pos;
        }

        if (n > room - len) {
            break;
        }

        memcpy(dst + len, from, n);
        len += n;
    }

    *whole = (pos == last);

    return len;
}


size_t
secops_json_string_length(const secops_json_t *json, uint32_t i)
{
    size_t                n;
    secops_slice_t        raw;
    unsigned char         bytes[4];
    const unsigned char  *pos, *last;

    raw = secops_json_raw(json, i);
    last = raw.data + raw.len;

    n = 0;

    for (pos = raw.data; pos < last; n++) {

        if (*pos == '\\') {
            (void) secops_json_unescape(&pos, bytes);
            continue;
        }

        do {
            pos++;
        } while (pos < last && (*pos & 0xc0) == 0x80);
    }

    return n;
}


/*
 * Recurses once per level of nesting, which is bounded: both documents were
 * read under limits.
 */

int
secops_json_equal(const secops_json_t *a, uint32_t i, const secops_json_t *b,
    uint32_t j)
{
    const secops_json_token_t  *ta, *tb;

    ta = &a->tokens[i];
    tb = &b->tokens[j];

    if (ta->type != tb->type) {
        return 0;
    }

    switch (ta->type) {

    case SECOPS_JSON_STRING:
    case SECOPS_JSON_STANDIN:
        return secops_json_same_string(a->text.data, ta, b->text.data, tb);

    case SECOPS_JSON_NUMBER:
        return secops_json_number_equal(secops_json_raw(a, i),
                                       secops_json_raw(b, j));

    case SECOPS_JSON_ARRAY:
        return ta->size == tb->size && secops_json_same_array(a, i, b, j);

    case SECOPS_JSON_OBJECT:
        return ta->size == tb->size && secops_json_same_object(a, i, b, j);

    default:
        return 1;
    }
}


static int
secops_json_same_array(const secops_json_t *a, uint32_t i,
    const secops_json_t *b, uint32_t j)
{
    uint32_t  last;

    last = a->tokens[i].next;

    for (i++, j++; i < last; i = a->tokens[i].next, j = b->tokens[j].next) {

        if (!secops_json_equal(a, i, b, j)) {
            return 0;
        }
    }

    return 1;
}


/*
 * Members are first expected in the same order, then looked for.  As the
 * sizes are equal and keys are unique, one direction is enough.
 */

static int
secops_json_same_object(const secops_json_t *a, uint32_t i,
    const secops_json_t *b, uint32_t j)
{
    int                         same;
    uint32_t                    last, key, next, *index;
    const secops_json_token_t  *name;

    index = NULL;
    same = 1;

    last = a->tokens[i].next;
    next = j + 1;

    for (i++; i < last && same; i = a->tokens[i].next) {
        name = &a->tokens[i];
        key = next;

        if (b->tokens[key].size != name->size
            || !secops_json_same_string(a->text.data, name,
                                        b->text.data, &b->tokens[key]))
        {
            if (index == NULL
                && b->tokens[j].size > SECOPS_JSON_FEW_KEYS)
            {
                index = secops_json_index(b, j);
            }

            key = index ? secops_json_indexed(index, b, j, a, i)
                        : secops_json_find(b, j, a, i);

            if (key == 0) {
                same = 0;
                break;
            }
        }

        same = secops_json_equal(a, i + 1, b, key + 1);
        next = b->tokens[key].next;

        if (next == b->tokens[j].next) {
            next = j + 1;
        }
    }

    free(index);

    return same;
}


/*
 * The keys of a large object in a hash table of tokens, half full, so that two
 * objects of other orders are not compared in quadratic time.  NULL: there is
 * no memory for it, and they are all the same compared.
 */

static uint32_t *
secops_json_index(const secops_json_t *json, uint32_t object)
{
    size_t                      slot, nslots;
    uint32_t                    i, *index;
    const secops_json_token_t  *tokens;

    tokens = json->tokens;
    nslots = (size_t) tokens[object].size * 2;

    index = calloc(nslots, sizeof(uint32_t));
    if (index == NULL) {
        return NULL;
    }

    for (i = object + 1; i < tokens[object].next; i = tokens[i].next) {

        slot = ((uint64_t) tokens[i].size * nslots) >> 32;

        while (index[slot]) {
            slot = (slot + 1 < nslots) ? slot + 1 : 0;
        }

        index[slot] = i;
    }

    return index;
}


/* the same as secops_json_find() */

static uint32_t
secops_json_indexed(const uint32_t *index, const secops_json_t *json,
    uint32_t object, const secops_json_t *other, uint32_t key)
{
    size_t                      slot, nslots;
    const secops_json_token_t  *tokens, *name;

    tokens = json->tokens;
    name = &other->tokens[key];

    nslots = (size_t) tokens[object].size * 2;
    slot = ((uint64_t) name->size * nslots) >> 32;

    while (index[slot]) {

        if (tokens[index[slot]].size == name->size
            && secops_json_same_string(json->text.data, &tokens[index[slot]],
                                       other->text.data, name))
        {
            return index[slot];
        }

        slot = (slot + 1 < nslots) ? slot + 1 : 0;
    }

    return 0;
}


/* the object's key that is the same as the other document's, or 0 */

static uint32_t
secops_json_find(const secops_json_t *json, uint32_t object,
    const secops_json_t *other, uint32_t key)
{
    uint32_t                    i;
    const secops_json_token_t  *tokens, *name;

    tokens = json->tokens;
    name = &other->tokens[key];

    for (i = object + 1; i < tokens[object].next; i = tokens[i].next) {

        if (tokens[i].size == name->size
            && secops_json_same_string(json->text.data, &tokens[i],
                                       other->text.data, name))
        {
            return i;
        }
    }

    return 0;
}


double
secops_json_number(const secops_json_t *json, uint32_t i)
{
    size_t          n;
    uint64_t        value;
    secops_slice_t  text;

    text = secops_json_raw(json, i);

    if (json->tokens[i].flags & (SECOPS_JSON_REAL|SECOPS_JSON_HUGE)) {
        return secops_json_number_double(text);
    }

    /* fits in int64_t, or it were huge */

    value = 0;

    for (n = (text.data[0] == '-'); n < text.len; n++) {
        value = value * 10 + (uint64_t) (text.data[n] - '0');
    }

    /* negated as an integer, so that "-0" does not become -0.0 */

    if (text.data[0] == '-') {
        value = 0 - value;
    }

    return (double) (int64_t) value;
}
