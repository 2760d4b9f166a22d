
/*
 * The bridge between nginx's strings and the slices of the pure C files.  Both
 * are a length and a pointer to bytes that somebody else owns: what
 * becomes of the one or the other is no copy, and valid as long as the bytes
 * are.
 */

#ifndef _NGX_SECOPS_STRING_H_INCLUDED_
#define _NGX_SECOPS_STRING_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "util/secops_slice.h"


static ngx_inline secops_slice_t
ngx_secops_slice(const ngx_str_t *text)
{
    secops_slice_t  slice;

    slice.len = text->len;
    slice.data = text->data;

    return slice;
}


/* nginx has no string of const bytes: they must not be written to */

static ngx_inline ngx_str_t
ngx_secops_str(secops_slice_t slice)
{
    ngx_str_t  text;

    text.len = slice.len;
    text.data = (u_char *) slice.data;

    return text;
}


/* makes dst a copy of src that lies at p; returns the byte after it */

static ngx_inline u_char *
ngx_secops_str_copy(u_char *p, ngx_str_t *dst, const ngx_str_t *src)
{
    dst->len = src->len;
    dst->data = p;

    /* an empty one may be NULL, which memcpy() does not take */

    return src->len ? ngx_cpymem(p, src->data, src->len) : p;
}


#endif /* _NGX_SECOPS_STRING_H_INCLUDED_ */
