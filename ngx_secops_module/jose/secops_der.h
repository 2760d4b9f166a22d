
/*
 * The little DER that JOSE needs: its keys and signatures are bare numbers,
 * OpenSSL wants them as SubjectPublicKeyInfo and as Ecdsa-Sig-Value.  Pure C.
 *
 * Every writer returns the byte after the last one written; the _size
 * functions tell how many that will be.  Lengths are below 64 KB.
 */

#ifndef _SECOPS_DER_H_INCLUDED_
#define _SECOPS_DER_H_INCLUDED_


#include "util/secops_slice.h"


#define SECOPS_DER_INTEGER     0x02
#define SECOPS_DER_BIT_STRING  0x03
#define SECOPS_DER_SEQUENCE    0x30


/* tag and length of an element whose content is len bytes */

size_t secops_der_header_size(size_t len);
unsigned char *secops_der_header(unsigned char *p, unsigned tag, size_t len);


/* a whole INTEGER; number is big-endian, not negative, of any length */

size_t secops_der_integer_size(secops_slice_t number);
unsigned char *secops_der_integer(unsigned char *p, secops_slice_t number);


/* number without its leading zero bytes; empty: it is zero */

secops_slice_t secops_der_magnitude(secops_slice_t number);


#endif /* _SECOPS_DER_H_INCLUDED_ */
