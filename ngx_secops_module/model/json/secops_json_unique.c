
/* Duplicate keys of an object. */

#include "model/json/secops_json.h"
#include "model/json/secops_json_text.h"


static int secops_json_insert(const unsigned char *text,
    const secops_json_token_t *tokens, unsigned char *table, uint32_t nslots,
    uint32_t key);


/*
 * A hash table of key indices, half full at most.  Members take 5 bytes of
 * text at least, for which secops_json_max_tokens() has half a token more than
 * they use: room for the 8 bytes that each needs here.
 */

int
secops_json_find_duplicate(const unsigned char *text,
    secops_json_token_t *tokens, uint32_t open, uint32_t ntokens,
    uint32_t capacity, uint32_t *key)
{
    size_t          need;
    uint32_t        i, nslots;
    unsigned char  *table;
    unsigned char   few[SECOPS_JSON_FEW_KEYS * 2 * sizeof(uint32_t)];

    nslots = tokens[open].size * 2;
    need = (size_t) nslots * sizeof(uint32_t);

    table = few;

    if (need > sizeof(few)) {
        if ((size_t) (capacity - ntokens) * sizeof(secops_json_token_t) < need)
        {
            return SECOPS_JSON_MORE;
        }

        table = (unsigned char *) &tokens[ntokens];
    }

    memset(table, 0, need);

    for (i = open + 1; i < ntokens; i = tokens[i].next) {

        if (!secops_json_insert(text, tokens, table, nslots, i)) {
            *key = i;
            return SECOPS_JSON_ERROR;
        }
    }

    return SECOPS_JSON_OK;
}


/*
 * 0 when the same key is there already.  An empty slot is 0, which is no
 * key's index.  The table is bytes, not integers, as it may lie in tokens.
 */

static int
secops_json_insert(const unsigned char *text,
    const secops_json_token_t *tokens, unsigned char *table, uint32_t nslots,
    uint32_t key)
{
    size_t                      slot;
    uint32_t                    other;
    const secops_json_token_t  *token;

    token = &tokens[key];
    slot = ((uint64_t) token->size * nslots) >> 32;

    for ( ;; ) {
        memcpy(&other, table + slot * sizeof(uint32_t), sizeof(uint32_t));

        if (other == 0) {
            memcpy(table + slot * sizeof(uint32_t), &key, sizeof(uint32_t));
            return 1;
        }

        if (tokens[other].size == token->size
            && secops_json_same_string(text, &tokens[other], text, token))
        {
            return 0;
        }

        if (++slot == nslots) {
            slot = 0;
        }
    }
}
