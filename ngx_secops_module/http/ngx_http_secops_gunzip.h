
/* A request's body, packed with gzip, as text: in stretches of a few
   milliseconds, between which the worker serves others. */

#ifndef _NGX_HTTP_SECOPS_GUNZIP_H_INCLUDED_
#define _NGX_HTTP_SECOPS_GUNZIP_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "util/secops_gunzip.h"


/*
 * Lives in the request's pool, and so does the text once it is whole; what zlib
 * holds is freed then, or by the pool's cleanup.
 */

typedef struct {
    ngx_http_request_t  *request;
    secops_gunzip_t      gunzip;
    int                  rc;        /* SECOPS_GUNZIP_*, once it is over */
    ngx_str_t            text;      /* if that is OK */
    ngx_chain_t         *cl;        /* of the packed body: where to go on */
    off_t                done;      /* of that buffer */
    secops_slice_t       input;     /* taken from it, not unpacked yet */
    u_char              *block;     /* what is in a file is read into */
} ngx_http_secops_gunzip_t;


/* to be called once the body was read; NULL: no memory */

ngx_http_secops_gunzip_t *ngx_http_secops_gunzip_create(ngx_http_request_t *r,
    size_t limit);


/* NGX_AGAIN: the stretch is over; NGX_OK: all is, see rc; NGX_ERROR: no memory,
   or the body's file could not be read */

ngx_int_t ngx_http_secops_gunzip_run(ngx_http_secops_gunzip_t *packed);


#endif /* _NGX_HTTP_SECOPS_GUNZIP_H_INCLUDED_ */
