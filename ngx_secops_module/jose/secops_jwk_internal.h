
/*
 * What the files of secops_jwk share.  Functions that return a text return
 * NULL on success, else the static reason: secops_jwk_no_memory among them.
 */

#ifndef _SECOPS_JWK_INTERNAL_H_INCLUDED_
#define _SECOPS_JWK_INTERNAL_H_INCLUDED_


#include "jose/secops_jwk.h"


/* to be told from the others by its address: it is never the key's fault */

extern const char  secops_jwk_no_memory[];


/* secops_jwk_set.c: moves the key into the set.  When it fails, and before it
   was called, the key is the caller's to free */

const char *secops_jwk_set_add(secops_jwk_set_t *set, secops_jwk_t *key);

void secops_jwk_free(secops_jwk_t *key);


/* secops_jwk_json.c, secops_jwk_pem.c: add what they find to the set, which
   the caller frees also when they fail */

const char *secops_jwk_set_json(secops_jwk_set_t *set, secops_slice_t text,
    secops_jwk_error_t *error);
const char *secops_jwk_set_pem(secops_jwk_set_t *set, secops_slice_t text,
    secops_jwk_error_t *error);


/*
 * secops_jwk_spki.c: makes a public key of the subjectPublicKey of its type
 * (RSA: RSAPublicKey in DER; EC: the point, uncompressed; OKP: the bytes) and
 * of the algorithm identifier that goes with the type, which is not that of a
 * secret.  NULL: it makes no key.
 */

EVP_PKEY *secops_jwk_spki_read(secops_jwa_type_e type,
    secops_slice_t content);


/* secops_jwk_spki.c: takes a public key over, sets the key's type from it and
   checks its size.  When it fails, pkey is freed */

const char *secops_jwk_adopt(secops_jwk_t *key, EVP_PKEY *pkey);


#endif /* _SECOPS_JWK_INTERNAL_H_INCLUDED_ */
