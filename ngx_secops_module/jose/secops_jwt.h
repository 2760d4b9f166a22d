
/*
 * A JSON Web Token (RFC 7519): a verified JWS whose payload is claims, which
 * must meet a policy, and are then read by name.  Pure C.
 *
 * Times are seconds since the epoch.  A NumericDate may have a fraction; one
 * that is no number, negative, or beyond the year 9999 makes the token
 * invalid, whatever the policy.
 */

#ifndef _SECOPS_JWT_H_INCLUDED_
#define _SECOPS_JWT_H_INCLUDED_


#include "jose/secops_jws.h"
#include "model/json/secops_json.h"


#define SECOPS_JWT_NEVER  INT64_MAX


/* what a token must be like; borrowed, read-only */

typedef struct {
    const secops_slice_t  *issuers;     /* iss must be one of these */
    size_t                 nissuers;    /* 0: iss is not looked at */
    const secops_slice_t  *audiences;   /* aud must name one of these */
    size_t                 naudiences;  /* 0: aud is not looked at */
    int64_t                leeway;      /* that clocks may differ by, 0 or more:
                                           of exp, nbf and iat */
    int64_t                max_lifetime;  /* exp - iat at most, and both must
                                             be there; 0: no such limit */
    int                    require_expiration;
    size_t                 max_size;    /* of a token; SECOPS_JWS_MAX_SIZE is a
                                           good one */
} secops_jwt_policy_t;


/*
 * A token that was found valid.  It refers neither to the text that it came
 * in nor to the keys, so it may be kept: until the second expiry, when it
 * ceases to be valid, and not longer than the keys are trusted.
 */

typedef struct {
    secops_json_t          claims;      /* token 0 is the object */
    int64_t                expiry;      /* or SECOPS_JWT_NEVER */
    secops_jws_t           jws;         /* owns the text of the claims */
} secops_jwt_t;


/*
 * Returns as secops_jws_verify() does, and SECOPS_JWS_INVALID when the claims
 * do not meet the policy.  jwt is set on SECOPS_JWS_OK only, and then is the
 * caller's to secops_jwt_free(); on any other, *reason is for the log.
 */

secops_jws_status_e secops_jwt_verify(secops_jwt_t *jwt, secops_slice_t token,
    secops_jwk_set_t *const *sets, size_t nsets,
    const secops_jwt_policy_t *policy, int64_t now, const char **reason);

void secops_jwt_free(secops_jwt_t *jwt);


/*
 * Where keys come from, and whose they are (RFC 8725, 3.8): a token whose iss
 * some source is bound to is verified with the keys of these sources only, any
 * other token with those of the sources that are bound to nobody.
 */

typedef struct {
    const secops_slice_t  *issuers;
    size_t                 nissuers;    /* 0: bound to nobody */
    void                  *data;        /* the caller's */
} secops_jwt_source_t;


/*
 * Fills chosen, which has room for n of them, with the *nchosen sources whose
 * keys the token may be verified with.  Returns OK, and then there is at least
 * one; or with *reason INVALID or ERROR.  Nothing of the token is believed by
 * that.
 */

secops_jws_status_e secops_jwt_choose(const secops_jwt_source_t *sources,
    size_t n, secops_slice_t token, size_t max_size,
    const secops_jwt_source_t **chosen, size_t *nchosen, const char **reason);


/*
 * Claims are named by a path: the whole of it is a member's name, or else it
 * is split at a dot into the name of an object, which may have dots as well,
 * and the path within: "realm_access.roles", "https://example.com/roles",
 * "https://example.com/app.roles".  The longest name that is there wins; one
 * that leads nowhere is passed over for the next.
 *
 * These functions write to dst, which has room for secops_jwt_claim_max()
 * bytes: *len bytes of UTF-8 without NUL, none unless the claim is USABLE.  A
 * claim that is there and can not be read is never taken for one that is not
 * there: what stands for an absent one (a default domain) is not what its
 * issuer said.
 */

typedef enum {
    SECOPS_JWT_CLAIM_USABLE = 0,
    SECOPS_JWT_CLAIM_ABSENT,
    SECOPS_JWT_CLAIM_UNUSABLE   /* of another type, or the path leads through
                                   what is no object */
} secops_jwt_claim_e;


#define secops_jwt_claim_max(jwt)  ((jwt)->claims.text.len)


/* a string; an empty one is unusable */

secops_jwt_claim_e secops_jwt_claim_text(const secops_jwt_t *jwt,
    secops_slice_t path, unsigned char *dst, size_t *len);


/*
 * A list as secops_list_has() reads it: a string that is one already, or
 * the strings of an array; null is an empty one.  Of an array, what is not a
 * string is left out, and so is a string that would be read as several names,
 * or none: an issuer's one role must not become two others.
 */

secops_jwt_claim_e secops_jwt_claim_list(const secops_jwt_t *jwt,
    secops_slice_t path, unsigned char *dst, size_t *len);


/*
 * The lists at n paths, of which no two are the same, as one list.  ABSENT:
 * none of them is there; UNUSABLE: one is, and can not be read.
 */

secops_jwt_claim_e secops_jwt_claim_lists(const secops_jwt_t *jwt,
    const secops_slice_t *paths, size_t n, unsigned char *dst, size_t *len);


/*
 * 1: the claim is one of the n values, or an array that has one of them: a
 * string, or true, false or a number written as the value is.  "scope" and
 * "scp" of the token itself are the names that a string has between its spaces
 * (RFC 8693, 4.2; RFC 9068, 2.2.3).  dst is scratch, as large as above.
 */

int secops_jwt_claim_is(const secops_jwt_t *jwt, secops_slice_t path,
    const secops_slice_t *values, size_t n, unsigned char *dst);


#endif /* _SECOPS_JWT_H_INCLUDED_ */
