
/* The only sender of responses: a status and a document, mostly of JSON. */

#ifndef _NGX_HTTP_SECOPS_REPLY_H_INCLUDED_
#define _NGX_HTTP_SECOPS_REPLY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* a status that nginx has no name for */

#define NGX_HTTP_SECOPS_MULTI_STATUS  207


/*
 * Sends the response.  body must be valid as long as the request.  What is
 * returned is what the request is to be finalized with, by the caller or by
 * the phase that called it.  A reply with status 429 or 503 has a Retry-After.
 * That of an inner request (http/ngx_http_secops_inner.h) is kept.
 */

ngx_int_t ngx_http_secops_reply(ngx_http_request_t *r, ngx_uint_t status,
    ngx_str_t *body);


/* the same of a body in memory that is in several buffers, one at least.  Not
   for an operation that runs as an inner request */

ngx_int_t ngx_http_secops_reply_chain(ngx_http_request_t *r,
    ngx_uint_t status, ngx_chain_t *out);


/*
 * The same in parts, by http/share/ngx_http_secops_stream.h: a header, with the
 * type of the body; parts of that, or what is left of those before, if out is
 * NULL; the end.  These return as nginx's own functions do.
 */

ngx_int_t ngx_http_secops_reply_begin(ngx_http_request_t *r, ngx_uint_t status,
    ngx_str_t *type);
ngx_int_t ngx_http_secops_reply_part(ngx_http_request_t *r, ngx_chain_t *out);
ngx_int_t ngx_http_secops_reply_end(ngx_http_request_t *r);


/*
 * The APIs' error document:
 *     {"error":{"message":"…","detail":"…"},"status":"failure"}
 * and of requests below /api/v1/, whose clients want no other type there, and
 * of those about events below /api/secops/v1/:
 *     {"status":"ERROR","error_message":"…","detail":"…"}
 * message and detail are UTF-8 and copied; an empty detail becomes null in the
 * former.
 */

ngx_int_t ngx_http_secops_reply_error(ngx_http_request_t *r, ngx_uint_t status,
    ngx_str_t *message, ngx_str_t *detail);


#endif /* _NGX_HTTP_SECOPS_REPLY_H_INCLUDED_ */
