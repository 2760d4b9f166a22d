
/* Calls of the store, one after the other; see ngx_http_secops_api_secrets.h.
 */

#include "api/secrets/ngx_http_secops_api_secrets.h"


static ngx_int_t ngx_http_secops_secrets_go_on(void *data,
    ngx_secops_store_result_t *result);


void
ngx_http_secops_secrets_add_calls(ngx_http_secops_secrets_t *op)
{
    ngx_uint_t                i;
    ngx_secops_store_call_t  *calls[] = {
        &op->domains.call,
        &op->note,
        &op->find.eval.call,
        &op->commit.eval.call,
        &op->index.call,

        /* parts of the one before: they answer the store */

        &op->index.find.eval.call,
        &op->index.step.call
    };

    for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        ngx_http_secops_calls_add(op->ctx, &op->links[i], calls[i],
                                  ngx_http_secops_secrets_go_on, op);
    }
}


static ngx_int_t
ngx_http_secops_secrets_go_on(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_secrets_t  *op = data;

    return op->then(op, result);
}


ngx_int_t
ngx_http_secops_secrets_asked(ngx_http_secops_secrets_t *op, ngx_int_t rc,
    ngx_http_secops_kind_e kind, ngx_http_secops_secrets_then_pt then)
{
    secops_error_e  error;

    op->then = then;

    switch (ngx_http_secops_calls_sent(op->ctx, rc)) {

    case NGX_OK:
        return NGX_DONE;

    case NGX_BUSY:
        error = ngx_http_secops_calls_busy(op->ctx, kind, &op->reason);
        return ngx_http_secops_secrets_fail(op, error);

    default:
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


ngx_int_t
ngx_http_secops_secrets_pause(ngx_http_secops_secrets_t *op, ngx_msec_t time,
    ngx_http_secops_secrets_then_pt then)
{
    op->then = then;

    return ngx_http_secops_pause(op->ctx, time, ngx_http_secops_secrets_go_on,
                                 op);
}


ngx_int_t
ngx_http_secops_secrets_turn(ngx_http_secops_secrets_t *op,
    ngx_http_secops_secrets_then_pt then)
{
    op->then = then;

    return ngx_http_secops_slice_pause(&op->slice, op->ctx,
                                       ngx_http_secops_secrets_go_on, op);
}


ngx_int_t
ngx_http_secops_secrets_answered(ngx_http_secops_secrets_t *op,
    ngx_secops_store_result_t *result, ngx_http_secops_kind_e kind,
    ngx_int_t *rc)
{
    secops_error_e  error;

    error = ngx_http_secops_store_error(kind, result->status);

    if (error == SECOPS_ERROR_NONE) {
        return NGX_OK;
    }

    ngx_str_null(&op->reason);

    (void) ngx_http_secops_secrets_copy(op->request->pool, &op->reason,
                                        result->reason.data,
                                        result->reason.len);

    *rc = ngx_http_secops_secrets_fail(op, error);

    return NGX_ERROR;
}


ngx_int_t
ngx_http_secops_secrets_fail(ngx_http_secops_secrets_t *op,
    secops_error_e error)
{
    return ngx_http_secops_fail_server(op->request, op->ctx, error,
                                       &op->reason);
}


ngx_int_t
ngx_http_secops_secrets_copy(ngx_pool_t *pool, ngx_str_t *dst,
    const void *data, size_t len)
{
    dst->len = 0;
    dst->data = ngx_pnalloc(pool, len + 1);

    if (dst->data == NULL) {
        return NGX_ERROR;
    }

    dst->len = len;

    if (len) {
        ngx_memcpy(dst->data, data, len);
    }

    return NGX_OK;
}
