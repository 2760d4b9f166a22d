
/*
 * A JSON Web Signature in its compact form (RFC 7515): three parts, a header
 * that names algorithm and key, a signature that one of our keys must verify.
 * What the payload means is not looked at.  Pure C.
 *
 * Refused whatever the keys are: "alg": "none", any "crit", any "b64" but
 * true, encrypted tokens (five parts), a header with a member twice.  Keys
 * come from the sets given and from nowhere else: jwk, jku, x5c and x5u in a
 * header are not looked at.
 */

#ifndef _SECOPS_JWS_H_INCLUDED_
#define _SECOPS_JWS_H_INCLUDED_


#include "jose/secops_jwk.h"
#include "model/json/secops_json.h"


/* of a token, where the caller has no limit of its own */

#define SECOPS_JWS_MAX_SIZE  16384


typedef enum {
    SECOPS_JWS_OK = 0,
    SECOPS_JWS_INVALID,         /* it is refused */
    SECOPS_JWS_UNKNOWN_KEY,     /* it names a kid that no key has, and no key
                                   without a kid verified it: newer keys may */
    SECOPS_JWS_ERROR            /* no memory, or OpenSSL does not work: nothing
                                   is known about the token */
} secops_jws_status_e;


typedef struct {
    secops_slice_t   payload;   /* decoded, in buf */
    unsigned char   *buf;       /* owned: secops_jws_free() */
} secops_jws_t;


/*
 * Verifies token with the keys of the sets.  If it has a kid, the keys of that
 * kid are tried, and then those without any; if it has none, all.  Of these
 * only keys that the token's alg is for, and no more than a token may cost:
 * some ten keys of P-521, some hundred of RSA.
 *
 * jws is set on SECOPS_JWS_OK only; on any other, *reason is a static text for
 * the log, which says nothing of what is in the token.  A token longer than
 * max_size is refused unread.
 */

secops_jws_status_e secops_jws_verify(secops_jws_t *jws, secops_slice_t token,
    size_t max_size, secops_jwk_set_t *const *sets, size_t nsets,
    const char **reason);


/* 1 when the budget of one token is enough for all keys of the set that have
   no kid, whatever its alg is */

int secops_jws_can_try_all(const secops_jwk_set_t *set);


/* the payload of what may be forged, to choose keys by; as above */

secops_jws_status_e secops_jws_read(secops_jws_t *jws, secops_slice_t token,
    size_t max_size, const char **reason);


void secops_jws_free(secops_jws_t *jws);


/* reads a part that was decoded; invalid is the reason if it is not acceptable.
   On SECOPS_JWS_OK only, json->tokens is the caller's to free() */

secops_jws_status_e secops_jws_json(secops_json_t *json, secops_slice_t part,
    const char *invalid, const char **reason);


#endif /* _SECOPS_JWS_H_INCLUDED_ */
