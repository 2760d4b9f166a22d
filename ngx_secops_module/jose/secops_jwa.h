
/*
 * JSON Web Algorithms (RFC 7518, RFC 8037, RFC 9864): which signatures are
 * verified, and which type of key each of them needs.  Pure C.
 */

#ifndef _SECOPS_JWA_H_INCLUDED_
#define _SECOPS_JWA_H_INCLUDED_


#include <openssl/evp.h>

#include "util/secops_slice.h"


/* a curve is part of the type: what fits one does not fit another */

typedef enum {
    SECOPS_JWA_OCT = 0,
    SECOPS_JWA_RSA,
    SECOPS_JWA_P256,
    SECOPS_JWA_P384,
    SECOPS_JWA_P521,
    SECOPS_JWA_ED25519,
    SECOPS_JWA_ED448
} secops_jwa_type_e;


typedef enum {
    SECOPS_JWA_HMAC = 0,
    SECOPS_JWA_PKCS1,
    SECOPS_JWA_PSS,
    SECOPS_JWA_ECDSA,
    SECOPS_JWA_EDDSA
} secops_jwa_scheme_e;


typedef struct {
    secops_slice_t         name;        /* as in "alg"; letter case counts */
    secops_jwa_type_e      type;
    secops_jwa_scheme_e    scheme;
    const EVP_MD        *(*digest)(void);   /* NULL: EdDSA has its own */
    size_t                 size;        /* of a signature, in bytes; 0: as
                                           long as the key's modulus */
} secops_jwa_t;


/*
 * What name means with a key of this type, in static memory.  NULL: it means
 * nothing, the two do not belong together.
 */

const secops_jwa_t *secops_jwa_find(secops_slice_t name,
    secops_jwa_type_e type);


/* 1 when the name belongs with some type of key */

int secops_jwa_known(secops_slice_t name);


#endif /* _SECOPS_JWA_H_INCLUDED_ */
