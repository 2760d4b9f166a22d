
/* base64url; see secops_base64.h. */

#include <stdint.h>

#include "util/codec/secops_base64.h"


static int secops_base64url_value(unsigned char c);


static const char  secops_base64url_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";


int
secops_base64url_decode(secops_slice_t text, unsigned char *dst, size_t *len)
{
    int             value;
    size_t          i;
    uint32_t        bits;
    unsigned        nbits;
    unsigned char  *p;

    p = dst;
    bits = 0;
    nbits = 0;

    for (i = 0; i < text.len; i++) {

        value = secops_base64url_value(text.data[i]);

        if (value < 0) {
            return -1;
        }

        bits = bits << 6 | (uint32_t) value;
        nbits += 6;

        if (nbits >= 8) {
            nbits -= 8;
            *p++ = (unsigned char) (bits >> nbits);
            bits &= (1u << nbits) - 1;
        }
    }

    /* six bits left: a lone character, which is no byte */

    if (nbits == 6 || bits != 0) {
        return -1;
    }

    *len = p - dst;

    return 0;
}


static int
secops_base64url_value(unsigned char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }

    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }

    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }

    if (c == '-') {
        return 62;
    }

    if (c == '_') {
        return 63;
    }

    return -1;
}


unsigned char *
secops_base64url_encode(unsigned char *dst, secops_slice_t bytes)
{
    size_t    i;
    uint32_t  bits;
    unsigned  nbits;

    bits = 0;
    nbits = 0;

    for (i = 0; i < bytes.len; i++) {

        bits = bits << 8 | bytes.data[i];
        nbits += 8;

        while (nbits >= 6) {
            nbits -= 6;
            *dst++ = secops_base64url_digits[bits >> nbits & 0x3f];
        }

        bits &= (1u << nbits) - 1;
    }

    if (nbits) {
        *dst++ = secops_base64url_digits[bits << (6 - nbits) & 0x3f];
    }

    return dst;
}
