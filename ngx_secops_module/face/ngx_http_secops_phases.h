
/* The way of a request: its route, the phases. */

#ifndef _NGX_HTTP_SECOPS_PHASES_H_INCLUDED_
#define _NGX_HTTP_SECOPS_PHASES_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "http/ngx_http_secops_request.h"


/* face/ngx_http_secops_route.c: the route of r->uri among these groups.  Fills
   in ctx->params; without a route, ctx->allow if another method would do */

ngx_int_t ngx_http_secops_route(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, ngx_uint_t groups);


/* face/ngx_http_secops_phases.c */

ngx_int_t ngx_http_secops_add_handlers(ngx_conf_t *cf);
ngx_int_t ngx_http_secops_handler(ngx_http_request_t *r);


#endif /* _NGX_HTTP_SECOPS_PHASES_H_INCLUDED_ */
