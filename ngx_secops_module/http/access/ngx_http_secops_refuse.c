
/* Refusals before an operation has begun; see ngx_http_secops_refuse.h. */

#include "http/access/ngx_http_secops_refuse.h"
#include "http/ngx_http_secops_body.h"
#include "util/ngx_http_secops_header.h"
#include "util/ngx_secops_string.h"
#include "util/secops_text.h"


ngx_int_t
ngx_http_secops_refuse_route(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t         rc;
    static ngx_str_t  none = ngx_null_string;
    static ngx_str_t  name = ngx_string("Allow");

    rc = ngx_http_secops_refuse_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    if (ctx->allow.len == 0) {
        return ngx_http_secops_fail(r, ctx, SECOPS_ERROR_NOT_FOUND, &none,
                                    &none);
    }

    if (ngx_http_secops_add_header(r, &name, &ctx->allow) == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_fail(r, ctx, SECOPS_ERROR_METHOD, &none, &none);
}


ngx_int_t
ngx_http_secops_refuse_access(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t         rc;

    static ngx_str_t  none = ngx_null_string;
    static ngx_str_t  detail = ngx_string("The operation takes a role or scope "
                                          "that the caller does not have");

    rc = ngx_http_secops_refuse_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_secops_fail(r, ctx, SECOPS_ERROR_ACCESS, &none, &detail);
}


/* quotes in names are escaped: a name must not seem to end before it does */

void
ngx_http_secops_log_refusal(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx,
    ngx_uint_t act)
{
    u_char          *p;
    ngx_str_t        user, domain;
    secops_slice_t   name;

    p = ngx_pnalloc(r->pool, secops_text_escape_max(ctx->identity.user.len)
                             + secops_text_escape_max(
                                               ctx->identity.own_domain.len));
    if (p == NULL) {
        return;
    }

    name = ngx_secops_slice(&ctx->identity.user);
    user.data = p;
    p = secops_text_escape(p, name);
    user.len = p - user.data;

    name = ngx_secops_slice(&ctx->identity.own_domain);
    domain.data = p;
    domain.len = secops_text_escape(p, name) - p;

    if (act) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "secops: %V refused: user \"%V\" of domain \"%V\" "
                      "may not act for the domain that it names",
                      &ctx->route->operation, &user, &domain);
        return;
    }

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "secops: %V refused: user \"%V\" of domain \"%V\" "
                  "lacks the role or scope", &ctx->route->operation, &user,
                  &domain);
}


ngx_int_t
ngx_http_secops_refuse_type(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t         rc;

    static ngx_str_t  none = ngx_null_string;
    static ngx_str_t  json = ngx_string("Content-Type must be "
                                        "application/json");
    static ngx_str_t  batch = ngx_string("Content-Type must be "
                                         "application/json or "
                                         "application/x-ndjson");

    rc = ngx_http_secops_refuse_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_secops_fail(r, ctx, SECOPS_ERROR_MEDIA_TYPE, &none,
                                (ctx->route->body & NGX_HTTP_SECOPS_BODY_LINES)
                                ? &batch : &json);
}


/* RFC 9110 15.5.16: the answer tells what is taken */

ngx_int_t
ngx_http_secops_refuse_encoding(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t         rc;

    static ngx_str_t  none = ngx_null_string;
    static ngx_str_t  name = ngx_string("Accept-Encoding");
    static ngx_str_t  taken = ngx_string("gzip, identity");
    static ngx_str_t  detail = ngx_string("Content-Encoding must be gzip or "
                                          "identity");

    rc = ngx_http_secops_refuse_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_secops_add_header(r, &name, &taken) == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_fail(r, ctx, SECOPS_ERROR_MEDIA_TYPE, &none,
                                &detail);
}
