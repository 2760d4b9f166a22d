
/* A request's body as tokens. */

#include "ngx_http_secops.h"
#include "util/ngx_http_secops_body.h"


/* enough for usual bodies; it stays in the processor's cache */

#define NGX_HTTP_SECOPS_TOKENS       1024

/* of larger ones, a token takes about so many bytes or more */

#define NGX_HTTP_SECOPS_TOKEN_BYTES  8


static ngx_int_t ngx_http_secops_gunzip_fault(ngx_http_request_t *r,
    const char *reason, ngx_str_t *detail);
static ngx_int_t ngx_http_secops_json_fault(ngx_http_request_t *r,
    secops_json_error_t *error, ngx_str_t *detail);


/* the worker's, used by one operation after the other */

static secops_json_token_t  ngx_http_secops_tokens[NGX_HTTP_SECOPS_TOKENS];


ngx_int_t
ngx_http_secops_read_text(ngx_http_request_t *r, ngx_str_t *text,
    ngx_str_t *detail)
{
    ngx_http_secops_ctx_t     *ctx;
    ngx_http_secops_gunzip_t  *packed;

    ctx = ngx_http_secops_get_ctx(r);
    packed = ctx->packed;

    if (packed == NULL) {
        return ngx_http_secops_body(r, text);
    }

    if (packed->rc != SECOPS_GUNZIP_OK) {
        return ngx_http_secops_gunzip_fault(r, packed->gunzip.reason, detail);
    }

    *text = packed->text;

    return NGX_OK;
}


ngx_int_t
ngx_http_secops_read_json(ngx_http_request_t *r, secops_json_t *json,
    ngx_str_t *detail)
{
    ngx_int_t  rc;
    ngx_str_t  body, reason;

    static ngx_str_t  prefix = ngx_string("the body is ");

    rc = ngx_http_secops_read_text(r, &body, detail);

    if (rc != NGX_OK) {
        return rc;
    }

    if (body.len == 0) {
        ngx_str_set(detail, "the body is empty");
        return NGX_DECLINED;
    }

    rc = ngx_http_secops_parse_json(r, &body, json, &reason);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    detail->len = prefix.len + reason.len;
    detail->data = ngx_pnalloc(r->pool, detail->len);

    if (detail->data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_sprintf(detail->data, "%V%V", &prefix, &reason);

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_secops_parse_json(ngx_http_request_t *r, ngx_str_t *text,
    secops_json_t *json, ngx_str_t *detail)
{
    int                          rc;
    size_t                       capacity, max;
    secops_json_error_t          error;
    secops_json_token_t         *tokens;
    secops_json_limits_t         limits;
    ngx_http_secops_loc_conf_t  *slcf;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);

    limits.depth = slcf->max_depth;
    limits.members = NGX_HTTP_SECOPS_MAX_MEMBERS;

    tokens = ngx_http_secops_tokens;
    capacity = NGX_HTTP_SECOPS_TOKENS;
    max = secops_json_max_tokens(text->len);

    if (text->len / NGX_HTTP_SECOPS_TOKEN_BYTES > capacity) {
        capacity = text->len / NGX_HTTP_SECOPS_TOKEN_BYTES;
        tokens = NULL;
    }

    for ( ;; ) {

        if (tokens == NULL) {
            tokens = ngx_palloc(r->pool,
                                capacity * sizeof(secops_json_token_t));
            if (tokens == NULL) {
                return NGX_ERROR;
            }
        }

        rc = secops_json_parse(json, text->data, text->len, tokens, capacity,
                               &limits, &error);

        if (rc != SECOPS_JSON_MORE) {
            break;
        }

        if (tokens != ngx_http_secops_tokens) {
            ngx_pfree(r->pool, tokens);
        }

        /* what was read in vain is a third of the last attempt at most */

        capacity = ngx_min(capacity * 4, max);
        tokens = NULL;
    }

    if (rc == SECOPS_JSON_OK) {
        return NGX_OK;
    }

    if (tokens != ngx_http_secops_tokens) {
        ngx_pfree(r->pool, tokens);
    }

    return ngx_http_secops_json_fault(r, &error, detail);
}


void
ngx_http_secops_free_json(ngx_http_request_t *r, secops_json_t *json)
{
    if (json->tokens != ngx_http_secops_tokens) {
        ngx_pfree(r->pool, json->tokens);
    }
}


static ngx_int_t
ngx_http_secops_gunzip_fault(ngx_http_request_t *r, const char *reason,
    ngx_str_t *detail)
{
    size_t  size;

    size = sizeof("the body is not acceptable gzip: ") + ngx_strlen(reason);

    detail->data = ngx_pnalloc(r->pool, size);
    if (detail->data == NULL) {
        return NGX_ERROR;
    }

    detail->len = ngx_snprintf(detail->data, size,
                               "the body is not acceptable gzip: %s", reason)
                  - detail->data;

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_secops_json_fault(ngx_http_request_t *r, secops_json_error_t *error,
    ngx_str_t *detail)
{
    size_t  size;

    size = sizeof("not acceptable JSON:  at byte ")
           + ngx_strlen(error->reason) + NGX_SIZE_T_LEN;

    detail->data = ngx_pnalloc(r->pool, size);
    if (detail->data == NULL) {
        return NGX_ERROR;
    }

    detail->len = ngx_snprintf(detail->data, size,
                               "not acceptable JSON: %s at byte %uz",
                               error->reason, error->offset)
                  - detail->data;

    return NGX_DECLINED;
}
