
/* One signature, one key.  Pure C. */

#ifndef _SECOPS_JWS_SIGNATURE_H_INCLUDED_
#define _SECOPS_JWS_SIGNATURE_H_INCLUDED_


#include "jose/secops_jws.h"


/*
 * jwa must be what secops_jwk_algorithm() gave for the key.  SECOPS_JWS_OK: the
 * signature is that of input; INVALID: it is not; ERROR: it could not be tried
 * (no memory, or OpenSSL's configuration forbids the algorithm).  Leaves
 * OpenSSL's error queue empty.
 */

secops_jws_status_e secops_jws_signature_verify(const secops_jwa_t *jwa,
    const secops_jwk_t *key, secops_slice_t input, secops_slice_t signature);


#endif /* _SECOPS_JWS_SIGNATURE_H_INCLUDED_ */
