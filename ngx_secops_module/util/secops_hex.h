
/* Hexadecimal digits: written in lower case, read in either.  Pure C. */

#ifndef _SECOPS_HEX_H_INCLUDED_
#define _SECOPS_HEX_H_INCLUDED_


#include <stddef.h>


/* the digit for the lowest four bits of value */

static inline unsigned char
secops_hex_digit(unsigned value)
{
    return (unsigned char) "0123456789abcdef"[value & 0xf];
}


/* writes n bytes as 2 * n digits, without a NUL, and returns the byte after the
   last one written */

static inline unsigned char *
secops_hex_encode(unsigned char *dst, const unsigned char *bytes, size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        *dst++ = secops_hex_digit(bytes[i] >> 4);
        *dst++ = secops_hex_digit(bytes[i]);
    }

    return dst;
}


/* the value of a digit, or -1: the character is not one */

static inline int
secops_hex_value(unsigned char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}


#endif /* _SECOPS_HEX_H_INCLUDED_ */
