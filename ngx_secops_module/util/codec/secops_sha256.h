
/* SHA-256 (FIPS 180-4).  Pure C. */

#ifndef _SECOPS_SHA256_H_INCLUDED_
#define _SECOPS_SHA256_H_INCLUDED_


#include "util/secops_slice.h"


#define SECOPS_SHA256_LEN  32


/* of the text; can not fail */

void secops_sha256(secops_slice_t text,
    unsigned char digest[SECOPS_SHA256_LEN]);


#endif /* _SECOPS_SHA256_H_INCLUDED_ */
