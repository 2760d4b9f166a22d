
/* Errors of the APIs as answers; see ngx_http_secops_fail.h. */

#include "http/access/ngx_http_secops_refusal.h"
#include "http/ngx_http_secops.h"
#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_reply.h"


/* a status without a column here is none of that kind, and counts as REFUSED */

static const secops_error_e
    ngx_http_secops_store_errors[NGX_HTTP_SECOPS_KINDS]
                                [NGX_SECOPS_STORE_UNKNOWN + 1] = {
    [NGX_HTTP_SECOPS_READ] = {
        [NGX_SECOPS_STORE_NOT_FOUND] = SECOPS_ERROR_NO_RECORD,
        [NGX_SECOPS_STORE_REFUSED] = SECOPS_ERROR_READ,
        [NGX_SECOPS_STORE_UNAVAILABLE] = SECOPS_ERROR_READ_LATER,
        [NGX_SECOPS_STORE_UNKNOWN] = SECOPS_ERROR_READ_LATER
    },
    [NGX_HTTP_SECOPS_WRITE] = {
        [NGX_SECOPS_STORE_REFUSED] = SECOPS_ERROR_PERSIST,
        [NGX_SECOPS_STORE_UNAVAILABLE] = SECOPS_ERROR_PERSIST_LATER,
        [NGX_SECOPS_STORE_UNKNOWN] = SECOPS_ERROR_PERSIST_UNKNOWN
    },
    [NGX_HTTP_SECOPS_RECALL] = {

        /* whether it was read or not, nothing was written */

        [NGX_SECOPS_STORE_REFUSED] = SECOPS_ERROR_PERSIST,
        [NGX_SECOPS_STORE_UNAVAILABLE] = SECOPS_ERROR_PERSIST_LATER,
        [NGX_SECOPS_STORE_UNKNOWN] = SECOPS_ERROR_PERSIST_LATER
    },
    [NGX_HTTP_SECOPS_CHANGE] = {
        [NGX_SECOPS_STORE_NOT_FOUND] = SECOPS_ERROR_NO_RECORD,
        [NGX_SECOPS_STORE_CHANGED] = SECOPS_ERROR_PERSIST_LATER,
        [NGX_SECOPS_STORE_REFUSED] = SECOPS_ERROR_PERSIST,
        [NGX_SECOPS_STORE_UNAVAILABLE] = SECOPS_ERROR_PERSIST_LATER,
        [NGX_SECOPS_STORE_UNKNOWN] = SECOPS_ERROR_CHANGE_UNKNOWN
    },
    [NGX_HTTP_SECOPS_DELETE] = {
        [NGX_SECOPS_STORE_NOT_FOUND] = SECOPS_ERROR_NO_RECORD,
        [NGX_SECOPS_STORE_CHANGED] = SECOPS_ERROR_DELETE_LATER,
        [NGX_SECOPS_STORE_REFUSED] = SECOPS_ERROR_DELETE,
        [NGX_SECOPS_STORE_UNAVAILABLE] = SECOPS_ERROR_DELETE_LATER,
        [NGX_SECOPS_STORE_UNKNOWN] = SECOPS_ERROR_DELETE_UNKNOWN
    },
    [NGX_HTTP_SECOPS_FIND] = {
        [NGX_SECOPS_STORE_REFUSED] = SECOPS_ERROR_UNKNOWN,
        [NGX_SECOPS_STORE_UNAVAILABLE] = SECOPS_ERROR_LATER,
        [NGX_SECOPS_STORE_UNKNOWN] = SECOPS_ERROR_LATER
    },
    [NGX_HTTP_SECOPS_FEEDBACK] = {
        [NGX_SECOPS_STORE_NOT_FOUND] = SECOPS_ERROR_NO_EVENT,
        [NGX_SECOPS_STORE_REFUSED] = SECOPS_ERROR_FEED,
        [NGX_SECOPS_STORE_UNAVAILABLE] = SECOPS_ERROR_FEED_LATER,
        [NGX_SECOPS_STORE_UNKNOWN] = SECOPS_ERROR_FEED_UNKNOWN
    },
    [NGX_HTTP_SECOPS_POINT] = {

        /* whether they were written or not, no resource was changed */

        [NGX_SECOPS_STORE_REFUSED] = SECOPS_ERROR_SAVE,
        [NGX_SECOPS_STORE_UNAVAILABLE] = SECOPS_ERROR_SAVE_LATER,
        [NGX_SECOPS_STORE_UNKNOWN] = SECOPS_ERROR_SAVE_LATER
    },
    [NGX_HTTP_SECOPS_SAVE] = {
        [NGX_SECOPS_STORE_REFUSED] = SECOPS_ERROR_SAVE,
        [NGX_SECOPS_STORE_TOO_MANY] = SECOPS_ERROR_LIMIT,
        [NGX_SECOPS_STORE_TOO_LARGE] = SECOPS_ERROR_LIMIT,
        [NGX_SECOPS_STORE_DOCUMENT] = SECOPS_ERROR_INVALID,
        [NGX_SECOPS_STORE_UNAVAILABLE] = SECOPS_ERROR_SAVE_LATER,
        [NGX_SECOPS_STORE_UNKNOWN] = SECOPS_ERROR_SAVE_UNKNOWN
    },
    [NGX_HTTP_SECOPS_SEND] = {
        [NGX_SECOPS_STORE_REFUSED] = SECOPS_ERROR_EVENT_STORE,
        [NGX_SECOPS_STORE_UNAVAILABLE] = SECOPS_ERROR_EVENT_LATER,
        [NGX_SECOPS_STORE_UNKNOWN] = SECOPS_ERROR_EVENT_UNKNOWN
    },
    [NGX_HTTP_SECOPS_DECIDE] = {
        [NGX_SECOPS_STORE_NOT_FOUND] = SECOPS_ERROR_NO_EVENT,
        [NGX_SECOPS_STORE_CHANGED] = SECOPS_ERROR_REPLACED,
        [NGX_SECOPS_STORE_REFUSED] = SECOPS_ERROR_DECISION_STORE,
        [NGX_SECOPS_STORE_UNAVAILABLE] = SECOPS_ERROR_DECISION_LATER,
        [NGX_SECOPS_STORE_UNKNOWN] = SECOPS_ERROR_DECISION_UNKNOWN
    }
};


secops_error_e
ngx_http_secops_store_error(ngx_http_secops_kind_e kind,
    ngx_secops_store_status_e status)
{
    secops_error_e  error;

    error = ngx_http_secops_store_errors[kind][status];

    if (error == SECOPS_ERROR_NONE && status != NGX_SECOPS_STORE_OK) {
        return ngx_http_secops_store_errors[kind][NGX_SECOPS_STORE_REFUSED];
    }

    return error;
}


ngx_int_t
ngx_http_secops_fail(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx,
    secops_error_e error, ngx_str_t *more, ngx_str_t *detail)
{
    u_char                *p;
    ngx_str_t              message;
    const secops_error_t  *row;

    ctx->error = error;

    ngx_http_secops_refused(ctx);

    row = secops_error(error);

    message.len = row->message.len + more->len;
    message.data = (u_char *) row->message.data;

    if (more->len) {
        p = ngx_pnalloc(r->pool, message.len);
        if (p == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        message.data = p;

        p = ngx_cpymem(p, row->message.data, row->message.len);
        ngx_memcpy(p, more->data, more->len);
    }

    return ngx_http_secops_reply_error(r, row->status, &message, detail);
}


ngx_int_t
ngx_http_secops_fail_server(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx,
    secops_error_e error, ngx_str_t *reason)
{
    ngx_str_t         id, detail;

    static ngx_str_t  none = ngx_null_string;

    (void) ngx_http_secops_request_id(r, &id);

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "secops: %V failed: %V, request %V",
                  &ctx->route->operation, reason, &id);

    if (ngx_http_secops_server_detail(r, error, &detail) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_fail(r, ctx, error, &none, &detail);
}


ngx_int_t
ngx_http_secops_server_detail(ngx_http_request_t *r, secops_error_e error,
    ngx_str_t *detail)
{
    u_char     *p;
    ngx_str_t   id, prefix;

    switch (error) {

    case SECOPS_ERROR_PERSIST_UNKNOWN:
        ngx_str_set(&prefix, "the record may have been stored, request ");
        break;

    case SECOPS_ERROR_FEED_UNKNOWN:
        ngx_str_set(&prefix, "the feedback may have been saved, request ");
        break;

    case SECOPS_ERROR_CHANGE_UNKNOWN:
        ngx_str_set(&prefix, "the record may have been changed, request ");
        break;

    case SECOPS_ERROR_DELETE_UNKNOWN:
        ngx_str_set(&prefix, "the record may have been deleted, request ");
        break;

    case SECOPS_ERROR_EVENT_UNKNOWN:
        ngx_str_set(&prefix, "the event may have been stored, request ");
        break;

    case SECOPS_ERROR_SAVE_UNKNOWN:
        ngx_str_set(&prefix, "the resources may have been saved, request ");
        break;

    case SECOPS_ERROR_DECISION_UNKNOWN:
        ngx_str_set(&prefix, "the decision may have been stored, request ");
        break;

    default:
        ngx_str_set(&prefix, "request ");
    }

    if (ngx_http_secops_request_id(r, &id) != NGX_OK) {
        return NGX_ERROR;
    }

    detail->len = prefix.len + id.len;
    detail->data = ngx_pnalloc(r->pool, detail->len);

    if (detail->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(detail->data, prefix.data, prefix.len);
    ngx_memcpy(p, id.data, id.len);

    return NGX_OK;
}
