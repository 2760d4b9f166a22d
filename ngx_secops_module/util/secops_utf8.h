
/* UTF-8, character by character.  Pure C. */

#ifndef _SECOPS_UTF8_H_INCLUDED_
#define _SECOPS_UTF8_H_INCLUDED_


#include <stddef.h>


/*
 * The byte after the sequence of two to four bytes at pos, which is before
 * last.  NULL: it is not well formed (RFC 3629, section 4), which is also true
 * of a byte of ASCII.
 */

static inline const unsigned char *
secops_utf8_next(const unsigned char *pos, const unsigned char *last)
{
    size_t         n;
    unsigned char  lead, min, max;

    lead = *pos++;

    if (lead < 0xe0) {
        return (lead >= 0xc2 && pos < last && (*pos & 0xc0) == 0x80) ? pos + 1
                                                                     : NULL;
    }

    /* the second byte keeps out what is overlong, a surrogate, or too large */

    min = (lead == 0xe0) ? 0xa0 : (lead == 0xf0) ? 0x90 : 0x80;
    max = (lead == 0xed) ? 0x9f : (lead == 0xf4) ? 0x8f : 0xbf;
    n = (lead < 0xf0) ? 2 : 3;

    if (lead > 0xf4 || (size_t) (last - pos) < n || *pos < min || *pos > max) {
        return NULL;
    }

    for (pos++, n--; n > 0; pos++, n--) {
        if ((*pos & 0xc0) != 0x80) {
            return NULL;
        }
    }

    return pos;
}


#endif /* _SECOPS_UTF8_H_INCLUDED_ */
