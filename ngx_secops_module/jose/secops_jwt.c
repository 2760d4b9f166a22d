
/* Verifying a token and its claims; see secops_jwt.h. */

#include <stdlib.h>

#include "jose/secops_jose.h"
#include "jose/secops_jwt.h"


#define SECOPS_JWT_MAX_DATE  253402300799.0     /* 9999-12-31T23:59:59Z */


typedef struct {
    int     present;
    double  value;
} secops_jwt_date_t;


typedef struct {
    secops_jwt_date_t  exp;
    secops_jwt_date_t  nbf;
    secops_jwt_date_t  iat;
} secops_jwt_dates_t;


static secops_jws_status_e secops_jwt_claims(secops_jwt_t *jwt,
    const secops_jwt_policy_t *policy, int64_t now, const char **reason);
static const char *secops_jwt_check(secops_jwt_t *jwt,
    const secops_jwt_policy_t *policy, int64_t now);
static int secops_jwt_date(const secops_json_t *claims, const char *name,
    secops_jwt_date_t *date);
static const char *secops_jwt_check_dates(const secops_jwt_dates_t *dates,
    const secops_jwt_policy_t *policy, int64_t now);
static int64_t secops_jwt_expiry(const secops_jwt_date_t *exp,
    int64_t leeway);
static const char *secops_jwt_check_issuer(const secops_json_t *claims,
    const secops_jwt_policy_t *policy);
static const char *secops_jwt_check_audience(const secops_json_t *claims,
    const secops_jwt_policy_t *policy);
static int secops_jwt_is_one_of(const secops_json_t *claims, uint32_t i,
    const secops_slice_t *names, size_t n);


secops_jws_status_e
secops_jwt_verify(secops_jwt_t *jwt, secops_slice_t token,
    secops_jwk_set_t *const *sets, size_t nsets,
    const secops_jwt_policy_t *policy, int64_t now, const char **reason)
{
    secops_jws_status_e  status;

    status = secops_jws_verify(&jwt->jws, token, policy->max_size, sets, nsets,
                               reason);

    if (status != SECOPS_JWS_OK) {
        return status;
    }

    status = secops_jwt_claims(jwt, policy, now, reason);

    if (status != SECOPS_JWS_OK) {
        secops_jws_free(&jwt->jws);
    }

    return status;
}


static secops_jws_status_e
secops_jwt_claims(secops_jwt_t *jwt, const secops_jwt_policy_t *policy,
    int64_t now, const char **reason)
{
    secops_jws_status_e  status;

    status = secops_jws_json(&jwt->claims, jwt->jws.payload,
                             "its claims are not well-formed JSON", reason);

    if (status != SECOPS_JWS_OK) {
        return status;
    }

    *reason = secops_jwt_check(jwt, policy, now);

    if (*reason) {
        free(jwt->claims.tokens);
        return SECOPS_JWS_INVALID;
    }

    return SECOPS_JWS_OK;
}


void
secops_jwt_free(secops_jwt_t *jwt)
{
    free(jwt->claims.tokens);
    jwt->claims.tokens = NULL;

    secops_jws_free(&jwt->jws);
}


static const char *
secops_jwt_check(secops_jwt_t *jwt, const secops_jwt_policy_t *policy,
    int64_t now)
{
    const char          *reason;
    secops_jwt_dates_t   dates;

    if (jwt->claims.tokens[0].type != SECOPS_JSON_OBJECT) {
        return "its claims are not an object";
    }

    if (secops_jwt_date(&jwt->claims, "exp", &dates.exp) != 0
        || secops_jwt_date(&jwt->claims, "nbf", &dates.nbf) != 0
        || secops_jwt_date(&jwt->claims, "iat", &dates.iat) != 0)
    {
        return "its exp, nbf or iat is not a time";
    }

    reason = secops_jwt_check_dates(&dates, policy, now);

    if (reason) {
        return reason;
    }

    reason = secops_jwt_check_issuer(&jwt->claims, policy);

    if (reason) {
        return reason;
    }

    jwt->expiry = secops_jwt_expiry(&dates.exp, policy->leeway);

    return secops_jwt_check_audience(&jwt->claims, policy);
}


/* 0: the claim is a time, or absent */

static int
secops_jwt_date(const secops_json_t *claims, const char *name,
    secops_jwt_date_t *date)
{
    uint32_t  i;

    date->present = secops_jose_has(claims, 0, name);
    date->value = 0;

    if (!date->present) {
        return 0;
    }

    i = secops_jose_member(claims, 0, name, SECOPS_JSON_NUMBER);

    if (i == 0) {
        return -1;
    }

    date->value = secops_json_number(claims, i);

    return date->value >= 0 && date->value <= SECOPS_JWT_MAX_DATE ? 0 : -1;
}


static const char *
secops_jwt_check_dates(const secops_jwt_dates_t *dates,
    const secops_jwt_policy_t *policy, int64_t now)
{
    double                    leeway, time;
    const secops_jwt_date_t  *exp, *nbf, *iat;

    exp = &dates->exp;
    nbf = &dates->nbf;
    iat = &dates->iat;

    time = (double) now;
    leeway = (double) policy->leeway;

    if (!exp->present && policy->require_expiration) {
        return "it has no exp";
    }

    if (exp->present && time >= exp->value + leeway) {
        return "it has expired";
    }

    if (nbf->present && time < nbf->value - leeway) {
        return "it is not valid yet";
    }

    if (iat->present && time < iat->value - leeway) {
        return "it was issued in the future";
    }

    if (policy->max_lifetime == 0) {
        return NULL;
    }

    if (!exp->present || !iat->present) {
        return "it has no exp or no iat, so its lifetime is not known";
    }

    if (exp->value - iat->value > (double) policy->max_lifetime) {
        return "its lifetime is too long";
    }

    return NULL;
}


/* the first whole second at which secops_jwt_check_dates() would refuse it */

static int64_t
secops_jwt_expiry(const secops_jwt_date_t *exp, int64_t leeway)
{
    int64_t  second;

    if (!exp->present) {
        return SECOPS_JWT_NEVER;
    }

    second = (int64_t) exp->value;

    if ((double) second < exp->value) {
        second++;
    }

    return second + leeway;
}


static const char *
secops_jwt_check_issuer(const secops_json_t *claims,
    const secops_jwt_policy_t *policy)
{
    uint32_t  iss;

    if (policy->nissuers == 0) {
        return NULL;
    }

    iss = secops_jose_member(claims, 0, "iss", SECOPS_JSON_STRING);

    if (iss && secops_jwt_is_one_of(claims, iss, policy->issuers,
                                    policy->nissuers))
    {
        return NULL;
    }

    return "its issuer is another";
}


static const char *
secops_jwt_check_audience(const secops_json_t *claims,
    const secops_jwt_policy_t *policy)
{
    uint32_t  aud, i, last;

    if (policy->naudiences == 0) {
        return NULL;
    }

    aud = secops_jose_member(claims, 0, "aud", SECOPS_JSON_ARRAY);

    if (aud) {
        i = aud + 1;
        last = claims->tokens[aud].next;

    } else {
        i = secops_jose_member(claims, 0, "aud", SECOPS_JSON_STRING);
        last = i ? i + 1 : 0;
    }

    for ( /* void */ ; i < last; i = claims->tokens[i].next) {

        if (claims->tokens[i].type == SECOPS_JSON_STRING
            && secops_jwt_is_one_of(claims, i, policy->audiences,
                                    policy->naudiences))
        {
            return NULL;
        }
    }

    return "it is for another audience";
}


static int
secops_jwt_is_one_of(const secops_json_t *claims, uint32_t i,
    const secops_slice_t *names, size_t n)
{
    size_t  k;

    for (k = 0; k < n; k++) {

        if (secops_json_string_is(claims, i, names[k].data, names[k].len)) {
            return 1;
        }
    }

    return 0;
}
