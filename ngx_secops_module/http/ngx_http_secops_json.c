
/* A request's body as tokens. */

#include "http/ngx_http_secops_json.h"
#include "http/ngx_http_secops.h"
#include "http/ngx_http_secops_body.h"
#include "model/json/secops_json_tokens.h"
#include "util/ngx_secops_string.h"


/* enough for usual bodies; it stays in the processor's cache */

#define NGX_HTTP_SECOPS_TOKENS  1024

static ngx_int_t ngx_http_secops_gunzip_fault(ngx_http_request_t *r,
    const char *reason, ngx_str_t *detail);
static ngx_int_t ngx_http_secops_read_body(ngx_http_request_t *r,
    ngx_str_t *body, ngx_str_t *detail);
static ngx_int_t ngx_http_secops_tokenize(ngx_http_request_t *r,
    ngx_str_t *text, secops_json_t *json, ngx_uint_t batch, ngx_uint_t max,
    secops_json_error_t *error);
static void *ngx_http_secops_json_alloc(void *pool, size_t size);
static void ngx_http_secops_json_free(void *pool, void *p);
static ngx_int_t ngx_http_secops_json_fault(ngx_http_request_t *r,
    const char *prefix, secops_json_error_t *error, ngx_str_t *detail);


/* the worker's, used by one operation after the other */

static secops_json_token_t  ngx_http_secops_tokens[NGX_HTTP_SECOPS_TOKENS];

static const char  ngx_http_secops_the_body[] = "the body is ";


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
ngx_http_secops_read_json(ngx_http_request_t *r, ngx_uint_t max,
    secops_json_t *json, ngx_str_t *detail)
{
    ngx_int_t            rc;
    ngx_str_t            body;
    secops_json_error_t  error;

    rc = ngx_http_secops_read_body(r, &body, detail);

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_secops_tokenize(r, &body, json, 0, max, &error);

    return (rc != NGX_DECLINED)
           ? rc : ngx_http_secops_json_fault(r, ngx_http_secops_the_body,
                                             &error, detail);
}


ngx_int_t
ngx_http_secops_read_batch(ngx_http_request_t *r, secops_json_t *json,
    ngx_str_t *detail)
{
    ngx_int_t            rc;
    ngx_str_t            body;
    secops_json_error_t  error, other;

    ngx_str_null(detail);

    rc = ngx_http_secops_read_body(r, &body, detail);

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_secops_tokenize(r, &body, json, 0, 0, &error);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (error.kind != SECOPS_JSON_GRAMMAR) {
        rc = ngx_http_secops_tokenize(r, &body, json, 1, 0, &other);
    }

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    /* what is told is the first thing that is wrong */

    if (ngx_http_secops_json_fault(r, ngx_http_secops_the_body, &error,
                                   detail)
        == NGX_ERROR)
    {
        return NGX_ERROR;
    }

    return rc;
}


static ngx_int_t
ngx_http_secops_read_body(ngx_http_request_t *r, ngx_str_t *body,
    ngx_str_t *detail)
{
    ngx_int_t  rc;

    rc = ngx_http_secops_read_text(r, body, detail);

    if (rc != NGX_OK) {
        return rc;
    }

    if (body->len == 0) {
        ngx_str_set(detail, "the body is empty");
        return NGX_DECLINED;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_secops_parse_json(ngx_http_request_t *r, ngx_str_t *text,
    secops_json_t *json, ngx_str_t *detail)
{
    ngx_int_t            rc;
    secops_json_error_t  error;

    rc = ngx_http_secops_tokenize(r, text, json, 0, 0, &error);

    return (rc != NGX_DECLINED)
           ? rc : ngx_http_secops_json_fault(r, "", &error, detail);
}


/* the document's own tokens of the element are used if it is sound: these are
   for nothing but to see that */

ngx_int_t
ngx_http_secops_check_element(ngx_http_request_t *r, const secops_json_t *json,
    uint32_t i, ngx_str_t *detail)
{
    int                          rc;
    secops_json_t                element;
    secops_json_error_t          error;
    secops_json_reading_t        how;
    ngx_http_secops_loc_conf_t  *slcf;

    if (json->tokens[i].type != SECOPS_JSON_OBJECT) {
        return NGX_OK;
    }

    ngx_memzero(&how, sizeof(secops_json_reading_t));

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);

    how.limits.depth = ngx_max(slcf->max_depth, SECOPS_JSON_BATCH_DEPTH)
                       - SECOPS_JSON_BATCH_DEPTH;
    how.limits.members = NGX_HTTP_SECOPS_MAX_MEMBERS;

    rc = secops_json_tokens(&element, secops_json_raw(json, i), &how, &error);

    if (rc == SECOPS_JSON_OK) {
        ngx_free(element.tokens);
        return NGX_OK;
    }

    if (rc == SECOPS_JSON_MORE) {
        return NGX_ERROR;
    }

    error.offset += json->tokens[i].start;

    return ngx_http_secops_json_fault(r, "", &error, detail);
}


static ngx_int_t
ngx_http_secops_tokenize(ngx_http_request_t *r, ngx_str_t *text,
    secops_json_t *json, ngx_uint_t batch, ngx_uint_t max,
    secops_json_error_t *error)
{
    secops_json_reading_t        how;
    ngx_http_secops_loc_conf_t  *slcf;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);

    how.limits.depth = slcf->max_depth;
    how.limits.members = NGX_HTTP_SECOPS_MAX_MEMBERS;
    how.batch = batch;
    how.max = max;
    how.first = ngx_http_secops_tokens;
    how.nfirst = NGX_HTTP_SECOPS_TOKENS;
    how.alloc = ngx_http_secops_json_alloc;
    how.free = ngx_http_secops_json_free;
    how.pool = r->pool;

    switch (secops_json_tokens(json, ngx_secops_slice(text), &how, error)) {

    case SECOPS_JSON_OK:
        return NGX_OK;

    case SECOPS_JSON_ERROR:
        return NGX_DECLINED;

    default: /* SECOPS_JSON_MORE */
        return NGX_ERROR;
    }
}


static void *
ngx_http_secops_json_alloc(void *pool, size_t size)
{
    return ngx_palloc(pool, size);
}


static void
ngx_http_secops_json_free(void *pool, void *p)
{
    (void) ngx_pfree(pool, p);
}


ngx_int_t
ngx_http_secops_keep_json(ngx_http_request_t *r, secops_json_t *json)
{
    secops_json_token_t  *tokens;

    if (json->tokens != ngx_http_secops_tokens) {
        return NGX_OK;
    }

    tokens = ngx_palloc(r->pool, json->ntokens * sizeof(secops_json_token_t));
    if (tokens == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(tokens, json->tokens,
               json->ntokens * sizeof(secops_json_token_t));

    json->tokens = tokens;

    return NGX_OK;
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


/* NGX_DECLINED, or NGX_ERROR */

static ngx_int_t
ngx_http_secops_json_fault(ngx_http_request_t *r, const char *prefix,
    secops_json_error_t *error, ngx_str_t *detail)
{
    size_t                       size;
    u_char                      *p;
    ngx_http_secops_loc_conf_t  *slcf;

    size = ngx_strlen(prefix) + sizeof("not acceptable JSON: ") - 1
           + ngx_strlen(error->reason) + sizeof(", more than  levels") - 1
           + NGX_INT_T_LEN + sizeof(" at byte ") - 1 + NGX_SIZE_T_LEN;

    p = ngx_pnalloc(r->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    detail->data = p;

    p = ngx_sprintf(p, "%snot acceptable JSON: %s", prefix, error->reason);

    if (error->kind == SECOPS_JSON_NESTED) {
        slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);
        p = ngx_sprintf(p, ", more than %i levels", slcf->max_depth);
    }

    if (error->kind != SECOPS_JSON_MANY) {
        p = ngx_sprintf(p, " at byte %uz", error->offset);
    }

    detail->len = p - detail->data;

    return NGX_DECLINED;
}
