
/* As many tokens as a text takes; see secops_json_tokens.h. */

#include <stdlib.h>

#include "model/json/secops_json_tokens.h"


/* a token takes about so many bytes of a text or more: most of it is in its
   strings */

#define SECOPS_JSON_TOKEN_BYTES  8

/* for short texts, whose tokens stand closer */

#define SECOPS_JSON_TOKENS       32


static int secops_json_tokens_parse(secops_json_t *json, secops_slice_t text,
    secops_json_token_t *tokens, size_t capacity,
    const secops_json_reading_t *how, secops_json_error_t *error);
static secops_json_token_t *secops_json_tokens_alloc(
    const secops_json_reading_t *how, size_t capacity);
static void secops_json_tokens_free(const secops_json_reading_t *how,
    secops_json_token_t *tokens);


int
secops_json_tokens(secops_json_t *json, secops_slice_t text,
    const secops_json_reading_t *how, secops_json_error_t *error)
{
    int                   rc;
    size_t                capacity, most, max;
    secops_json_token_t  *tokens;

    most = secops_json_max_tokens(text.len);
    max = how->max && how->max < most ? how->max : most;
    capacity = text.len / SECOPS_JSON_TOKEN_BYTES;

    if (how->first && capacity <= how->nfirst) {
        rc = secops_json_tokens_parse(json, text, how->first, how->nfirst, how,
                                      error);
        if (rc != SECOPS_JSON_MORE) {
            return rc;
        }

        capacity = how->nfirst * 4;
    }

    for (capacity += SECOPS_JSON_TOKENS; /* void */ ; capacity *= 4) {

        if (capacity > max) {
            capacity = max;
        }

        tokens = secops_json_tokens_alloc(how, capacity);

        if (tokens == NULL) {
            return SECOPS_JSON_MORE;
        }

        rc = secops_json_tokens_parse(json, text, tokens, capacity, how, error);

        if (rc == SECOPS_JSON_OK) {
            return SECOPS_JSON_OK;
        }

        secops_json_tokens_free(how, tokens);

        /* what was read in vain is a third of the last attempt at most */

        if (rc == SECOPS_JSON_ERROR) {
            return SECOPS_JSON_ERROR;
        }

        if (capacity == max) {
            error->offset = 0;
            error->reason = "too many names and values";
            error->kind = SECOPS_JSON_MANY;

            return SECOPS_JSON_ERROR;
        }
    }
}


static int
secops_json_tokens_parse(secops_json_t *json, secops_slice_t text,
    secops_json_token_t *tokens, size_t capacity,
    const secops_json_reading_t *how, secops_json_error_t *error)
{
    return how->batch ? secops_json_parse_batch(json, text.data, text.len,
                                                tokens, (uint32_t) capacity,
                                                &how->limits, error)
                      : secops_json_parse(json, text.data, text.len, tokens,
                                          (uint32_t) capacity, &how->limits,
                                          error);
}


static secops_json_token_t *
secops_json_tokens_alloc(const secops_json_reading_t *how, size_t capacity)
{
    size_t  size;

    size = capacity * sizeof(secops_json_token_t);

    return how->alloc ? how->alloc(how->pool, size) : malloc(size);
}


static void
secops_json_tokens_free(const secops_json_reading_t *how,
    secops_json_token_t *tokens)
{
    if (how->alloc) {
        how->free(how->pool, tokens);

    } else {
        free(tokens);
    }
}
