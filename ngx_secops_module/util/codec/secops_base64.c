
/* base64url; see secops_base64.h. */

#include <stdint.h>

#include "util/codec/secops_base64.h"


static const char  secops_base64url_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* the value of each ASCII character; -1: it has none */

static const signed char  secops_base64url_values[128] = {
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 62, -1, -1,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, -1, -1, -1, -1, -1, -1,
    -1,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, -1, -1, -1, -1, 63,
    -1, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, -1, -1, -1, -1, -1
};


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

        value = text.data[i] < 128 ? secops_base64url_values[text.data[i]]
                                   : -1;

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
