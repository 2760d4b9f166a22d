
/* The errors of util/secops_error.h as answers, and as what the store's answers
   stand for. */

#ifndef _NGX_HTTP_SECOPS_FAIL_H_INCLUDED_
#define _NGX_HTTP_SECOPS_FAIL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "http/ngx_http_secops_request.h"


/* the error that a status of the store stands for; NONE: it is OK */

secops_error_e ngx_http_secops_store_error(ngx_http_secops_kind_e kind,
    ngx_secops_store_status_e status);


/* answers an error of the table; more is appended to its message.  To be
   returned like any reply */

ngx_int_t ngx_http_secops_fail(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, secops_error_e error, ngx_str_t *more,
    ngx_str_t *detail);

/* the same for a 5xx: its detail is the request's id, and reason is logged */

ngx_int_t ngx_http_secops_fail_server(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, secops_error_e error, ngx_str_t *reason);

/* the detail of any 5xx: by it the request is found in the log.  It says too
   when what was to be stored may be there */

ngx_int_t ngx_http_secops_server_detail(ngx_http_request_t *r,
    secops_error_e error, ngx_str_t *detail);


#endif /* _NGX_HTTP_SECOPS_FAIL_H_INCLUDED_ */
