
/* The domains that a request is about: the caller's own, or others that it may
   act for. */

#ifndef _NGX_HTTP_SECOPS_ACT_H_INCLUDED_
#define _NGX_HTTP_SECOPS_ACT_H_INCLUDED_


#include "http/ngx_http_secops.h"


/* that are read together at most */

#define NGX_HTTP_SECOPS_ACT_DOMAINS  16


/*
 * For a caller that was identified and may use the route: where the operation
 * takes place, by X-SecOps-Act-For or sysparm_domain.  Fills in what the
 * context says of domains; the caller's own domain stays what it is.
 * NGX_DECLINED: the operation may begin; anything else was answered, and is to
 * be returned.
 */

ngx_int_t ngx_http_secops_act(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);


#endif /* _NGX_HTTP_SECOPS_ACT_H_INCLUDED_ */
