
/* The escapes of a JSON Pointer's names (RFC 6901, section 3).  Pure C. */

#ifndef _SECOPS_POINTER_H_INCLUDED_
#define _SECOPS_POINTER_H_INCLUDED_


#include <stddef.h>


/* two bytes that stand for this one, or NULL: it stands for itself */

static inline const char *
secops_pointer_escape(unsigned char c)
{
    return c == '~' ? "~0" : c == '/' ? "~1" : NULL;
}


/* undoes it in place and returns the new length; a "~" that begins no escape
   stands for itself */

static inline size_t
secops_pointer_unescape(unsigned char *name, size_t len)
{
    size_t  i, n;

    for (i = 0, n = 0; i < len; i++) {

        if (name[i] == '~' && len - i > 1
            && (name[i + 1] == '0' || name[i + 1] == '1'))
        {
            name[n++] = (name[++i] == '0') ? '~' : '/';

        } else {
            name[n++] = name[i];
        }
    }

    return n;
}


#endif /* _SECOPS_POINTER_H_INCLUDED_ */
