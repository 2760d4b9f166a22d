
/*
 * Calls of the store that are to be waited for, and the answer where one cannot
 * be started; see ngx_http_secops_calls.h.
 */

#include "http/ngx_http_secops.h"
#include "http/ngx_http_secops_calls.h"
#include "http/ngx_http_secops_fail.h"


secops_error_e
ngx_http_secops_calls_busy(ngx_http_secops_ctx_t *ctx,
    ngx_http_secops_kind_e kind, ngx_str_t *reason)
{
    *reason = *ngx_secops_store_busy(ngx_http_secops_store(ctx));

    return ngx_http_secops_store_error(kind, NGX_SECOPS_STORE_UNAVAILABLE);
}


ngx_int_t
ngx_http_secops_calls_wait(ngx_http_secops_ctx_t *ctx, ngx_int_t rc)
{
    ngx_str_t       reason;
    secops_error_e  error;

    switch (rc) {

    case NGX_OK:
        return ngx_http_secops_wait(ctx->request, ctx);

    case NGX_BUSY:
        error = ngx_http_secops_calls_busy(ctx, NGX_HTTP_SECOPS_READ, &reason);
        return ngx_http_secops_fail_server(ctx->request, ctx, error, &reason);

    default: /* NGX_ERROR */
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}
