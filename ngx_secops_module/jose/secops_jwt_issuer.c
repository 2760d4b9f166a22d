
/* Whose keys a token may be verified with; see secops_jwt.h. */

#include <stdlib.h>

#include "jose/secops_jose.h"
#include "jose/secops_jwt.h"


static secops_jws_status_e secops_jwt_choose_read(
    const secops_jwt_source_t *sources, size_t n, secops_slice_t payload,
    secops_jwk_set_t **sets, size_t *nsets, const char **reason);
static int secops_jwt_choose_bound(const secops_jwt_source_t *sources,
    size_t n, const secops_json_t *claims, secops_jwk_set_t **sets,
    size_t *nsets);
static int secops_jwt_choose_unbound(const secops_jwt_source_t *sources,
    size_t n, secops_jwk_set_t **sets, size_t *nsets);
static int secops_jwt_is_issuer(const secops_jwt_source_t *source,
    const secops_json_t *claims, uint32_t iss);


secops_jws_status_e
secops_jwt_choose(const secops_jwt_source_t *sources, size_t n,
    secops_slice_t token, size_t max_size, secops_jwk_set_t **sets,
    size_t *nsets, const char **reason)
{
    secops_jws_t         jws;
    secops_jws_status_e  status;

    /* if nobody is bound, nothing has to be read */

    if (secops_jwt_choose_unbound(sources, n, sets, nsets)) {
        return SECOPS_JWS_OK;
    }

    status = secops_jws_read(&jws, token, max_size, reason);

    if (status != SECOPS_JWS_OK) {
        return status;
    }

    status = secops_jwt_choose_read(sources, n, jws.payload, sets, nsets,
                                    reason);
    secops_jws_free(&jws);

    return status;
}


static secops_jws_status_e
secops_jwt_choose_read(const secops_jwt_source_t *sources, size_t n,
    secops_slice_t payload, secops_jwk_set_t **sets, size_t *nsets,
    const char **reason)
{
    int                  bound;
    secops_json_t        claims;
    secops_jws_status_e  status;

    status = secops_jws_json(&claims, payload,
                             "its claims are not well-formed JSON", reason);

    if (status != SECOPS_JWS_OK) {
        return status;
    }

    bound = secops_jwt_choose_bound(sources, n, &claims, sets, nsets);

    free(claims.tokens);

    if (*nsets) {
        return SECOPS_JWS_OK;
    }

    /* keys that could not be fetched yet may be what it needs */

    *reason = "there are no keys of its issuer";

    return bound ? SECOPS_JWS_UNKNOWN_KEY : SECOPS_JWS_INVALID;
}


/* 1: sources are bound to the token's iss, and sets are theirs; 0: sets stay
   as they are */

static int
secops_jwt_choose_bound(const secops_jwt_source_t *sources, size_t n,
    const secops_json_t *claims, secops_jwk_set_t **sets, size_t *nsets)
{
    int       bound;
    size_t    i;
    uint32_t  iss;

    iss = (claims->tokens[0].type == SECOPS_JSON_OBJECT)
          ? secops_jose_member(claims, 0, "iss", SECOPS_JSON_STRING) : 0;

    if (iss == 0) {
        return 0;
    }

    bound = 0;

    for (i = 0; i < n; i++) {

        if (!secops_jwt_is_issuer(&sources[i], claims, iss)) {
            continue;
        }

        if (!bound) {
            bound = 1;
            *nsets = 0;
        }

        if (sources[i].set) {
            sets[(*nsets)++] = sources[i].set;
        }
    }

    return bound;
}


/* 1: no source is bound to anybody */

static int
secops_jwt_choose_unbound(const secops_jwt_source_t *sources, size_t n,
    secops_jwk_set_t **sets, size_t *nsets)
{
    int     all;
    size_t  i;

    all = 1;
    *nsets = 0;

    for (i = 0; i < n; i++) {

        if (sources[i].nissuers) {
            all = 0;

        } else if (sources[i].set) {
            sets[(*nsets)++] = sources[i].set;
        }
    }

    return all;
}


static int
secops_jwt_is_issuer(const secops_jwt_source_t *source,
    const secops_json_t *claims, uint32_t iss)
{
    size_t  i;

    for (i = 0; i < source->nissuers; i++) {

        if (secops_json_string_is(claims, iss, source->issuers[i].data,
                                  source->issuers[i].len))
        {
            return 1;
        }
    }

    return 0;
}
