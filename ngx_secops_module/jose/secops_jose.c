
/* The JSON of JOSE; see secops_jose.h. */

#include <stdlib.h>

#include "jose/secops_jose.h"


int
secops_jose_parse(secops_json_t *json, secops_slice_t text)
{
    int                   rc;
    uint32_t              capacity;
    secops_json_error_t   error;
    secops_json_token_t  *tokens;
    secops_json_limits_t  limits;

    if (text.len >= UINT32_MAX) {
        return SECOPS_JOSE_INVALID;
    }

    limits.depth = SECOPS_JOSE_DEPTH;
    limits.members = SECOPS_JOSE_MEMBERS;

    /* most of it is long strings, so a fraction of the worst case will do */

    capacity = (uint32_t) text.len / 8 + 32;

    for ( ;; ) {

        tokens = malloc(capacity * sizeof(secops_json_token_t));

        if (tokens == NULL) {
            return SECOPS_JOSE_ERROR;
        }

        rc = secops_json_parse(json, text.data, text.len, tokens, capacity,
                               &limits, &error);

        if (rc == SECOPS_JSON_OK) {
            return SECOPS_JOSE_OK;
        }

        free(tokens);

        if (rc != SECOPS_JSON_MORE) {
            return SECOPS_JOSE_INVALID;
        }

        capacity = (uint32_t) secops_json_max_tokens(text.len);
    }
}


uint32_t
secops_jose_member(const secops_json_t *json, uint32_t i, const char *name,
    secops_json_type_e type)
{
    uint32_t  value;

    value = secops_json_member(json, i, (const unsigned char *) name,
                               strlen(name));

    if (value == 0 || json->tokens[value].type != type) {
        return 0;
    }

    return value;
}


int
secops_jose_has(const secops_json_t *json, uint32_t i, const char *name)
{
    return secops_json_member(json, i, (const unsigned char *) name,
                              strlen(name))
           != 0;
}
