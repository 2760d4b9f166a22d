
/*
 * base64url as JOSE has it (RFC 7515, section 2): no padding, no white space,
 * and one encoding only of any bytes.  Pure C.
 */

#ifndef _SECOPS_BASE64_H_INCLUDED_
#define _SECOPS_BASE64_H_INCLUDED_


#include "util/secops_slice.h"


/* bytes that len characters of base64url decode to */

#define secops_base64url_size(len)  ((len) / 4 * 3 + (len) % 4 * 3 / 4)

/* characters of base64url that len bytes encode to */

#define secops_base64url_length(len)  ((len) / 3 * 4 + ((len) % 3 * 4 + 2) / 3)


/*
 * Writes the decoded bytes to dst, which has room for secops_base64url_size()
 * of them, and their number to *len.  -1: text is not base64url, or the unused
 * bits of its last character are not zero; dst may have been written to.
 */

int secops_base64url_decode(secops_slice_t text, unsigned char *dst,
    size_t *len);


/*
 * Writes bytes as base64url to dst, which has room for
 * secops_base64url_length() characters; returns the byte after the last.
 */

unsigned char *secops_base64url_encode(unsigned char *dst,
    secops_slice_t bytes);


#endif /* _SECOPS_BASE64_H_INCLUDED_ */
