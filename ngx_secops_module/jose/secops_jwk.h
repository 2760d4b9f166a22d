
/*
 * Keys that tokens are verified with: read once from a JWK Set (RFC 7517) or
 * from PEM, and kept ready.  Pure C.
 *
 * A key is usable when it is
 *
 *     kty oct     not empty; for an algorithm whose digest is not longer
 *     kty RSA     of 2048 to 16384 bits
 *     kty EC      on P-256, P-384 or P-521
 *     kty OKP     Ed25519 or Ed448
 *
 * and when its own "use", "key_ops" and "alg", where it has them, say that it
 * verifies signatures of its type.  Private members and x5c are not read.
 */

#ifndef _SECOPS_JWK_H_INCLUDED_
#define _SECOPS_JWK_H_INCLUDED_


#include "jose/secops_jwa.h"


#define SECOPS_JWK_SET_MAX       128

#define SECOPS_JWK_SET_MAX_SIZE  (1024 * 1024)

#define SECOPS_JWK_RSA_MIN_BITS  2048
#define SECOPS_JWK_RSA_MAX_BITS  16384


typedef struct {
    secops_jwa_type_e    type;
    const secops_jwa_t  *alg;           /* the only one; NULL: all that fit */
    secops_slice_t       kid;           /* data is NULL: it has none */
    secops_slice_t       secret;        /* of an oct key; wiped when freed */
    EVP_PKEY            *pkey;          /* of every other key */
} secops_jwk_t;


typedef struct {
    const char          *reason;        /* static text, a sentence's end */
    size_t               key;           /* which one, from 1; 0: all of it */
} secops_jwk_error_t;


/*
 * Owns its keys and what they point to; not changed once it was made, so it
 * may be shared by processes that fork.  Of a JWK Set, keys that are not
 * usable are left out, as RFC 7517, section 5 wants it, and counted; of a PEM
 * file every key must be usable: its administrator chose each of them.
 */

typedef struct {
    secops_jwk_t        *keys;
    size_t               nkeys;         /* 1 to SECOPS_JWK_SET_MAX */
    size_t               nignored;
    secops_jwk_error_t   ignored;       /* the first of those */
} secops_jwk_set_t;


/*
 * A document that begins with "{" is a JWK Set, or one JWK; any other is PEM:
 * one or more PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE (which is taken for
 * its key alone: neither its dates nor its issuer are looked at).
 *
 * NULL: it can not be used, or has no usable key; error says why.  The data
 * may hold secrets: the caller wipes it; the set's copies are the only ones.
 */

secops_jwk_set_t *secops_jwk_set_parse(const unsigned char *data, size_t len,
    secops_jwk_error_t *error);


/* set may be NULL */

void secops_jwk_set_free(secops_jwk_set_t *set);


/* what the token's alg means with this key; NULL: it is not for this key */

const secops_jwa_t *secops_jwk_algorithm(const secops_jwk_t *key,
    secops_slice_t alg);


/* what one signature costs to check with this key, in about microseconds */

unsigned secops_jwk_cost(const secops_jwk_t *key);


#endif /* _SECOPS_JWK_H_INCLUDED_ */
