
/*
 * A view of bytes that somebody else owns: not NUL-terminated, may hold any
 * byte, valid as long as its owner says.  The pure C files use it where nginx
 * files use ngx_str_t.
 */

#ifndef _SECOPS_SLICE_H_INCLUDED_
#define _SECOPS_SLICE_H_INCLUDED_


#include <stddef.h>
#include <string.h>


typedef struct {
    size_t                len;
    const unsigned char  *data;
} secops_slice_t;


#define secops_slice(text)  { sizeof(text) - 1, (const unsigned char *) text }


static inline secops_slice_t
secops_slice_bytes(const unsigned char *data, size_t len)
{
    secops_slice_t  slice;

    slice.len = len;
    slice.data = data;

    return slice;
}


/* of a NUL-terminated string, which is borrowed */

static inline secops_slice_t
secops_slice_of(const char *string)
{
    secops_slice_t  slice;

    slice.len = strlen(string);
    slice.data = (const unsigned char *) string;

    return slice;
}


/* 1 when both hold the same bytes; never a prefix match */

static inline int
secops_slice_equal(secops_slice_t a, secops_slice_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}


/* the order of their bytes, a prefix first: below 0, 0 or above 0 */

static inline int
secops_slice_compare(secops_slice_t a, secops_slice_t b)
{
    int     rc;
    size_t  len;

    len = a.len < b.len ? a.len : b.len;
    rc = len ? memcmp(a.data, b.data, len) : 0;

    return rc ? rc : (a.len > b.len) - (a.len < b.len);
}


#endif /* _SECOPS_SLICE_H_INCLUDED_ */
