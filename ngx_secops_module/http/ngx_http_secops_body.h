
/* A request's body as one slice, wherever nginx has put it. */

#ifndef _NGX_HTTP_SECOPS_BODY_H_INCLUDED_
#define _NGX_HTTP_SECOPS_BODY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * To be called once the body was read.  The bytes are not copied when they lie
 * in one buffer; otherwise they are in r->pool.  They are valid as long as the
 * request.  An absent body is empty.  NGX_ERROR: no memory, or its file could
 * not be read.
 */

ngx_int_t ngx_http_secops_body(ngx_http_request_t *r, ngx_str_t *body);


/* so many bytes of a buffer that is in a file, after so many others; NGX_ERROR
   was logged */

ngx_int_t ngx_http_secops_body_read_file(ngx_http_request_t *r, ngx_buf_t *b,
    off_t skip, u_char *dst, size_t len);


/* the most bytes that a body may have once it is unpacked */

size_t ngx_http_secops_body_max(ngx_http_request_t *r);


/* 1 when the request announces a body, read or not */

ngx_uint_t ngx_http_secops_has_body(ngx_http_request_t *r);


/*
 * To be called before a refusal is sent without reading the body.  A client
 * that waits for "100 Continue" is not told to go on.  It may or may not send
 * the body then, so the connection is closed after the answer.  Any result but
 * NGX_OK is returned by the caller.
 */

ngx_int_t ngx_http_secops_refuse_body(ngx_http_request_t *r);

/* a body that nobody asked for: as nginx does it, but left alone where
   post_action follows the answer */

ngx_int_t ngx_http_secops_discard_body(ngx_http_request_t *r);

/* what is still to come of a body that is discarded is left alone, and the
   connection closes after the answer.  For who waits, and does not want to be
   ended by that body */

void ngx_http_secops_leave_body(ngx_http_request_t *r);


/* what a body may be */

#define NGX_HTTP_SECOPS_BODY_JSON   0x01    /* application/json, …+json */
#define NGX_HTTP_SECOPS_BODY_LINES  0x02    /* application/x-ndjson: a document
                                               in each line */

/*
 * One of these by the Content-Type, with or without parameters; JSON if none
 * is given; 0 for any other type.
 */

ngx_uint_t ngx_http_secops_body_type(ngx_http_request_t *r);


/* how the body is packed, by the Content-Encoding */

#define NGX_HTTP_SECOPS_BODY_IDENTITY  0
#define NGX_HTTP_SECOPS_BODY_GZIP      1
#define NGX_HTTP_SECOPS_BODY_OTHER     2    /* in a way that is not taken */

ngx_uint_t ngx_http_secops_body_encoding(ngx_http_request_t *r);


#endif /* _NGX_HTTP_SECOPS_BODY_H_INCLUDED_ */
