
/* One signature, one key.  Pure C. */

#ifndef _SECOPS_JWS_SIGNATURE_H_INCLUDED_
#define _SECOPS_JWS_SIGNATURE_H_INCLUDED_


#include "jose/secops_jwk.h"


/*
 * jwa must be what secops_jwk_algorithm() gave for the key.  1: the signature
 * is that of input; 0: it is not; -1: it could not be tried (no memory, or
 * OpenSSL's configuration forbids the algorithm).  Leaves OpenSSL's error
 * queue empty.
 */

int secops_jws_signature_verify(const secops_jwa_t *jwa,
    const secops_jwk_t *key, secops_slice_t input, secops_slice_t signature);


#endif /* _SECOPS_JWS_SIGNATURE_H_INCLUDED_ */
