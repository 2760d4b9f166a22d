
/* Whose keys a token may be verified with; see secops_jwt.h. */

#include <stdlib.h>

#include "jose/secops_jose.h"
#include "jose/secops_jwt.h"


static secops_jws_status_e secops_jwt_choose_read(
    const secops_jwt_source_t *sources, size_t n, secops_slice_t payload,
    const secops_jwt_source_t **chosen, size_t *nchosen, const char **reason);
static void secops_jwt_choose_bound(const secops_jwt_source_t *sources,
    size_t n, const secops_json_t *claims, const secops_jwt_source_t **chosen,
    size_t *nchosen);
static int secops_jwt_choose_unbound(const secops_jwt_source_t *sources,
    size_t n, const secops_jwt_source_t **chosen, size_t *nchosen);
static int secops_jwt_is_issuer(const secops_jwt_source_t *source,
    const secops_json_t *claims, uint32_t iss);


secops_jws_status_e
secops_jwt_choose(const secops_jwt_source_t *sources, size_t n,
    secops_slice_t token, size_t max_size, const secops_jwt_source_t **chosen,
    size_t *nchosen, const char **reason)
{
    secops_jws_t         jws;
    secops_jws_status_e  status;

    /* if nobody is bound, nothing has to be read */

    if (secops_jwt_choose_unbound(sources, n, chosen, nchosen)) {
        return SECOPS_JWS_OK;
    }

    status = secops_jws_read(&jws, token, max_size, reason);

    if (status != SECOPS_JWS_OK) {
        return status;
    }

    status = secops_jwt_choose_read(sources, n, jws.payload, chosen, nchosen,
                                    reason);
    secops_jws_free(&jws);

    return status;
}


static secops_jws_status_e
secops_jwt_choose_read(const secops_jwt_source_t *sources, size_t n,
    secops_slice_t payload, const secops_jwt_source_t **chosen,
    size_t *nchosen, const char **reason)
{
    secops_json_t        claims;
    secops_jws_status_e  status;

    status = secops_jws_json(&claims, payload,
                             "its claims are not well-formed JSON", reason);

    if (status != SECOPS_JWS_OK) {
        return status;
    }

    secops_jwt_choose_bound(sources, n, &claims, chosen, nchosen);

    free(claims.tokens);

    if (*nchosen) {
        return SECOPS_JWS_OK;
    }

    *reason = "there are no keys of its issuer";

    return SECOPS_JWS_INVALID;
}


/* chosen stays as it is, unless a source is bound to the token's iss */

static void
secops_jwt_choose_bound(const secops_jwt_source_t *sources, size_t n,
    const secops_json_t *claims, const secops_jwt_source_t **chosen,
    size_t *nchosen)
{
    int       bound;
    size_t    i;
    uint32_t  iss;

    iss = (claims->tokens[0].type == SECOPS_JSON_OBJECT)
          ? secops_jose_member(claims, 0, "iss", SECOPS_JSON_STRING) : 0;

    if (iss == 0) {
        return;
    }

    bound = 0;

    for (i = 0; i < n; i++) {

        if (!secops_jwt_is_issuer(&sources[i], claims, iss)) {
            continue;
        }

        if (!bound) {
            bound = 1;
            *nchosen = 0;
        }

        chosen[(*nchosen)++] = &sources[i];
    }
}


/* 1: no source is bound to anybody */

static int
secops_jwt_choose_unbound(const secops_jwt_source_t *sources, size_t n,
    const secops_jwt_source_t **chosen, size_t *nchosen)
{
    size_t  i;

    *nchosen = 0;

    for (i = 0; i < n; i++) {
        if (sources[i].nissuers == 0) {
            chosen[(*nchosen)++] = &sources[i];
        }
    }

    return *nchosen == n;
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
