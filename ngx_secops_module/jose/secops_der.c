
/* DER; see secops_der.h. */

#include "jose/secops_der.h"


static size_t secops_der_integer_content(secops_slice_t magnitude);


size_t
secops_der_header_size(size_t len)
{
    if (len < 0x80) {
        return 2;
    }

    return len < 0x100 ? 3 : 4;
}


unsigned char *
secops_der_header(unsigned char *p, unsigned tag, size_t len)
{
    *p++ = (unsigned char) tag;

    if (len >= 0x100) {
        *p++ = 0x82;
        *p++ = (unsigned char) (len >> 8);

    } else if (len >= 0x80) {
        *p++ = 0x81;
    }

    *p++ = (unsigned char) len;

    return p;
}


size_t
secops_der_integer_size(secops_slice_t number)
{
    size_t  len;

    len = secops_der_integer_content(secops_der_magnitude(number));

    return secops_der_header_size(len) + len;
}


unsigned char *
secops_der_integer(unsigned char *p, secops_slice_t number)
{
    size_t          len;
    secops_slice_t  magnitude;

    magnitude = secops_der_magnitude(number);
    len = secops_der_integer_content(magnitude);

    p = secops_der_header(p, SECOPS_DER_INTEGER, len);

    if (len > magnitude.len) {
        *p++ = 0;
    }

    if (magnitude.len) {
        memcpy(p, magnitude.data, magnitude.len);
    }

    return p + magnitude.len;
}


/* a leading zero byte keeps a number positive, and is all that zero has */

static size_t
secops_der_integer_content(secops_slice_t magnitude)
{
    if (magnitude.len == 0 || magnitude.data[0] & 0x80) {
        return magnitude.len + 1;
    }

    return magnitude.len;
}


secops_slice_t
secops_der_magnitude(secops_slice_t number)
{
    while (number.len && number.data[0] == 0) {
        number.data++;
        number.len--;
    }

    return number;
}
