
/*
 * Refusals before an operation has begun: the answer, once the body was refused
 * as ngx_http_secops_refuse_body() does it.  To be returned like any reply.
 */

#ifndef _NGX_HTTP_SECOPS_REFUSE_H_INCLUDED_
#define _NGX_HTTP_SECOPS_REFUSE_H_INCLUDED_


#include "http/ngx_http_secops.h"


/* there is no route: 404; or 405, which tells the methods of ctx->allow */

ngx_int_t ngx_http_secops_refuse_route(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);

/* the caller may not use the route: 403 */

ngx_int_t ngx_http_secops_refuse_access(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);

/* writes to the log who that was.  act: 1, the domain was the reason; 0, the
   role or the scope */

void ngx_http_secops_log_refusal(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, ngx_uint_t act);

/* the route takes no body of this type, or packed in this way: 415 */

ngx_int_t ngx_http_secops_refuse_type(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_refuse_encoding(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);


#endif /* _NGX_HTTP_SECOPS_REFUSE_H_INCLUDED_ */
