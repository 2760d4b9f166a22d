
/*
 * uniqueItems without comparing each element with each other one: elements
 * are hashed so that equal values have equal hashes (1 and 1.0; members in
 * any order; escapes for what they mean), then those of equal hash compared.
 * The hash is seeded, so nobody outside can choose elements that collide.
 */

#include <stdlib.h>

#include "model/json/secops_json_number.h"
#include "model/schema/secops_schema_internal.h"


#define SECOPS_SCHEMA_UNIQUE_PAIRS  8       /* fewer are compared directly, … */
#define SECOPS_SCHEMA_UNIQUE_BYTES  1024    /* … if they are no longer */
#define SECOPS_SCHEMA_UNIQUE_SLOTS  256     /* on the stack */


typedef struct {
    uint32_t  token;                        /* 0: empty */
    uint32_t  hash;
} secops_schema_slot_t;


static int secops_schema_unique_hashed(const secops_json_t *json, uint32_t i,
    secops_schema_slot_t *slots, uint32_t mask, uint32_t pair[2]);
static uint32_t secops_schema_hash(const secops_json_t *json, uint32_t i);
static uint32_t secops_schema_hash_string(const secops_json_t *json,
    uint32_t i);
static uint32_t secops_schema_hash_mix(uint32_t a, uint32_t b);
static void secops_schema_unique_pair(const secops_json_t *json, uint32_t i,
    uint32_t a, uint32_t b, uint32_t pair[2]);


int
secops_schema_unique(const secops_json_t *json, uint32_t i, uint32_t pair[2])
{
    int                    rc;
    size_t                 size;
    uint32_t               a, b, n, end;
    secops_schema_slot_t  *slots, local[SECOPS_SCHEMA_UNIQUE_SLOTS];

    n = json->tokens[i].size;
    end = json->tokens[i].next;

    if (n <= SECOPS_SCHEMA_UNIQUE_PAIRS
        && json->tokens[i].len <= SECOPS_SCHEMA_UNIQUE_BYTES)
    {

        for (a = i + 1; a < end; a = json->tokens[a].next) {
            for (b = json->tokens[a].next; b < end; b = json->tokens[b].next) {
                if (secops_json_equal(json, a, json, b)) {
                    secops_schema_unique_pair(json, i, a, b, pair);
                    return 0;
                }
            }
        }

        return 1;
    }

    for (size = 32; size / 2 < n; size *= 2) { /* void */ }

    if (size <= SECOPS_SCHEMA_UNIQUE_SLOTS) {
        memset(local, 0, size * sizeof(secops_schema_slot_t));
        return secops_schema_unique_hashed(json, i, local, size - 1, pair);
    }

    slots = calloc(size, sizeof(secops_schema_slot_t));
    if (slots == NULL) {
        return SECOPS_SCHEMA_ERROR;
    }

    rc = secops_schema_unique_hashed(json, i, slots, size - 1, pair);

    free(slots);

    return rc;
}


static int
secops_schema_unique_hashed(const secops_json_t *json, uint32_t i,
    secops_schema_slot_t *slots, uint32_t mask, uint32_t pair[2])
{
    uint32_t               a, end, hash;
    secops_schema_slot_t  *slot;

    end = json->tokens[i].next;

    for (a = i + 1; a < end; a = json->tokens[a].next) {
        hash = secops_schema_hash(json, a);

        for (slot = &slots[hash & mask];
             slot->token;
             slot = &slots[(slot - slots + 1) & mask])
        {
            if (slot->hash == hash
                && secops_json_equal(json, slot->token, json, a))
            {
                secops_schema_unique_pair(json, i, slot->token, a, pair);
                return 0;
            }
        }

        slot->token = a;
        slot->hash = hash;
    }

    return 1;
}


/* recurses as deep as the reader has let the document be */

static uint32_t
secops_schema_hash(const secops_json_t *json, uint32_t i)
{
    uint32_t                    child, hash;
    const secops_json_token_t  *token;

    token = &json->tokens[i];
    hash = secops_schema_hash_mix(token->type, token->size);

    switch (token->type) {

    case SECOPS_JSON_STRING:
    case SECOPS_JSON_STANDIN:
        return secops_schema_hash_string(json, i);

    case SECOPS_JSON_NUMBER:
        return secops_json_number_hash(secops_json_raw(json, i));

    case SECOPS_JSON_ARRAY:

        for (child = i + 1;
             child < token->next;
             child = json->tokens[child].next)
        {
            hash = secops_schema_hash_mix(hash,
                                          secops_schema_hash(json, child));
        }

        return hash;

    case SECOPS_JSON_OBJECT:

        /* a sum: the order of members does not count */

        for (child = i + 1;
             child < token->next;
             child = json->tokens[child + 1].next)
        {
            hash += secops_schema_hash_mix(json->tokens[child].size,
                                         secops_schema_hash(json, child + 1));
        }

        return hash;

    default:
        return hash;
    }
}


static uint32_t
secops_schema_hash_string(const secops_json_t *json, uint32_t i)
{
    size_t          len;
    uint32_t        hash;
    unsigned char  *decoded, local[256];
    secops_slice_t  raw;

    raw = secops_json_raw(json, i);

    if (!(json->tokens[i].flags & SECOPS_JSON_ESCAPED)) {
        return secops_json_hash(raw.data, raw.len);
    }

    decoded = (raw.len <= sizeof(local)) ? local : malloc(raw.len);

    if (decoded == NULL) {
        /* a poor hash, not a wrong one: only more is compared */
        return 0;
    }

    len = secops_json_decode(json, i, decoded);
    hash = secops_json_hash(decoded, len);

    if (decoded != local) {
        free(decoded);
    }

    return hash;
}


static uint32_t
secops_schema_hash_mix(uint32_t a, uint32_t b)
{
    uint32_t       both[2];
    unsigned char  bytes[sizeof(both)];

    both[0] = a;
    both[1] = b;

    memcpy(bytes, both, sizeof(both));

    return secops_json_hash(bytes, sizeof(bytes));
}


static void
secops_schema_unique_pair(const secops_json_t *json, uint32_t i, uint32_t a,
    uint32_t b, uint32_t pair[2])
{
    uint32_t  n, child;

    n = 0;

    for (child = i + 1; child <= b; child = json->tokens[child].next) {
        if (child == a) {
            pair[0] = n;
        }

        if (child == b) {
            pair[1] = n;
        }

        n++;
    }
}
