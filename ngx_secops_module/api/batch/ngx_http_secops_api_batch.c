
/*
 * POST /api/now/v1/batch: requests to the Table API in one document, run one
 * after the other.  Each is decided and answered by itself: a refusal ends none
 * but its own.  At a limit, the ids of those that were not run are answered, so
 * that the client can send these again.
 */

#include "api/batch/ngx_http_secops_api_batch.h"
#include "http/ngx_http_secops_reply.h"
#include "util/ngx_secops_string.h"


/* requests of a batch that are run, where secops_max_batch is not lower */

#define NGX_HTTP_SECOPS_BATCH_MAX    1000

/* names and values in its body, which are read and checked at a stretch; those
   of 1000 requests with three headers each are 26,000 */

#define NGX_HTTP_SECOPS_BATCH_TOKENS  100000

/* none is started after so many milliseconds, and so many bytes of answers */

#define NGX_HTTP_SECOPS_BATCH_TIME   30000
#define NGX_HTTP_SECOPS_BATCH_BYTES  (8 * 1024 * 1024)


static ngx_int_t ngx_http_secops_batch_read(ngx_http_secops_batch_t *b);
static ngx_int_t ngx_http_secops_batch_refuse(ngx_http_secops_batch_t *b,
    secops_faults_t *faults);
static ngx_int_t ngx_http_secops_batch_next(void *data,
    ngx_secops_store_result_t *result);
static ngx_uint_t ngx_http_secops_batch_may_go_on(ngx_http_secops_batch_t *b);
static ngx_int_t ngx_http_secops_batch_start(ngx_http_secops_batch_t *b);
static ngx_int_t ngx_http_secops_batch_text(ngx_http_secops_batch_t *b,
    uint32_t token, ngx_str_t *text);
static ngx_int_t ngx_http_secops_batch_body(ngx_http_secops_batch_t *b);
static ngx_int_t ngx_http_secops_batch_header(ngx_http_secops_batch_t *b,
    const char *name, ngx_str_t *value);
static ngx_int_t ngx_http_secops_batch_answer(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_batch_write(void *data,
    ngx_secops_store_result_t *result);


ngx_int_t
ngx_http_secops_batch(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    uint32_t                     list;
    ngx_int_t                    rc;
    ngx_http_secops_batch_t     *b;
    ngx_http_secops_loc_conf_t  *slcf;

    b = ngx_pcalloc(r->pool, sizeof(ngx_http_secops_batch_t));
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->request = r;
    b->ctx = ctx;
    b->start = ngx_current_msec;
    b->last = &b->out;
    b->inner = ngx_http_secops_inner_create(ctx);

    if (b->inner == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_secops_batch_read(b);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);

    b->left = ngx_min(slcf->max_batch, NGX_HTTP_SECOPS_BATCH_MAX);

    list = secops_batch_requests(&b->json);

    b->next = list + 1;
    b->end = b->json.tokens[list].next;

    rc = ngx_http_secops_batch_next(b, NULL);

    return (rc == NGX_DONE) ? ngx_http_secops_wait(r, ctx) : rc;
}


/* NGX_DECLINED: it was read */

static ngx_int_t
ngx_http_secops_batch_read(ngx_http_secops_batch_t *b)
{
    ngx_int_t         rc;
    ngx_str_t         detail;
    secops_faults_t   faults;

    static ngx_str_t  none = ngx_null_string;

    rc = ngx_http_secops_read_json(b->request, NGX_HTTP_SECOPS_BATCH_TOKENS,
                                   &b->json, &detail);

    if (rc == NGX_DECLINED) {
        return ngx_http_secops_fail(b->request, b->ctx, SECOPS_ERROR_BODY,
                                    &none, &detail);
    }

    if (rc != NGX_OK
        || ngx_http_secops_keep_json(b->request, &b->json) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memzero(&faults, sizeof(secops_faults_t));
    faults.once = 1;

    rc = (secops_batch_check(&b->json, &faults) == 0)
         ? NGX_DECLINED : ngx_http_secops_batch_refuse(b, &faults);

    secops_faults_free(&faults);

    return rc;
}


static ngx_int_t
ngx_http_secops_batch_refuse(ngx_http_secops_batch_t *b,
    secops_faults_t *faults)
{
    ngx_int_t         rc;
    ngx_str_t         detail;
    secops_text_t     text;

    static ngx_str_t  none = ngx_null_string;

    ngx_memzero(&text, sizeof(secops_text_t));

    secops_faults_write(&text, faults);

    if (faults->failed || text.failed) {
        rc = NGX_HTTP_INTERNAL_SERVER_ERROR;

    } else {
        detail = ngx_secops_str(secops_text_slice(&text));

        rc = ngx_http_secops_fail(b->request, b->ctx, faults->error, &none,
                                  &detail);
    }

    secops_text_free(&text);

    return rc;
}


/* the next one is run, or all were */

static ngx_int_t
ngx_http_secops_batch_next(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_batch_t *b = data;

    if (!ngx_http_secops_batch_may_go_on(b)) {
        return ngx_http_secops_batch_reply(b);
    }

    if (b->work >= NGX_HTTP_SECOPS_BATCH_WORK) {
        b->work = 0;
        return ngx_http_secops_pause(b->ctx, 1, ngx_http_secops_batch_next, b);
    }

    return (ngx_http_secops_batch_start(b) == NGX_OK)
           ? NGX_DONE : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


static ngx_uint_t
ngx_http_secops_batch_may_go_on(ngx_http_secops_batch_t *b)
{
    return b->next < b->end
           && b->left
           && b->bytes < NGX_HTTP_SECOPS_BATCH_BYTES
           && ngx_current_msec - b->start < NGX_HTTP_SECOPS_BATCH_TIME;
}


static ngx_int_t
ngx_http_secops_batch_start(ngx_http_secops_batch_t *b)
{
    ngx_http_secops_inner_t  *inner;

    inner = b->inner;

    if (ngx_http_secops_inner_clear(inner) != NGX_OK) {
        return NGX_ERROR;
    }

    secops_batch_item(&b->item, &b->json, b->next);

    b->next = b->json.tokens[b->next].next;
    b->left--;

    inner->groups = NGX_HTTP_SECOPS_TABLES;

    if (ngx_http_secops_batch_text(b, b->item.method, &inner->method) != NGX_OK
        || ngx_http_secops_batch_text(b, b->item.url, &inner->url) != NGX_OK
        || ngx_http_secops_batch_header(b, "content-type",
                                        &inner->content_type)
           != NGX_OK
        || ngx_http_secops_batch_header(b, "if-match", &inner->if_match)
           != NGX_OK
        || ngx_http_secops_batch_header(b, "if-none-match",
                                        &inner->if_none_match)
           != NGX_OK
        || ngx_http_secops_batch_body(b) != NGX_OK)
    {
        return NGX_ERROR;
    }

    b->work += NGX_HTTP_SECOPS_BATCH_REQUEST + inner->body.len;

    return ngx_http_secops_inner_start(inner, ngx_http_secops_batch_answer, b);
}


/* decoded, in the inner request's pool */

static ngx_int_t
ngx_http_secops_batch_text(ngx_http_secops_batch_t *b, uint32_t token,
    ngx_str_t *text)
{
    text->data = ngx_pnalloc(b->inner->pool, b->json.tokens[token].len + 1);
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    text->len = secops_json_decode(&b->json, token, text->data);

    return NGX_OK;
}


/* it is decoded in its place: the bytes become fewer */

static ngx_int_t
ngx_http_secops_batch_body(ngx_http_secops_batch_t *b)
{
    ngx_str_t  text;

    if (b->item.body == 0) {
        return NGX_OK;
    }

    if (ngx_http_secops_batch_text(b, b->item.body, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    b->inner->body.data = text.data;

    if (ngx_decode_base64(&b->inner->body, &text) != NGX_OK) {
        ngx_str_null(&b->inner->body);
        ngx_str_set(&b->inner->fault, "the body is not base64");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_batch_header(ngx_http_secops_batch_t *b, const char *name,
    ngx_str_t *value)
{
    uint32_t  token;

    token = secops_batch_header(&b->json, &b->item, secops_slice_of(name));

    return token ? ngx_http_secops_batch_text(b, token, value) : NGX_OK;
}


/* the inner request has its reply */

static ngx_int_t
ngx_http_secops_batch_answer(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_batch_t *b = data;

    /* while it waited, others were served */

    if (b->inner->asked) {
        b->work = 0;
    }

    if (ngx_http_secops_batch_add(b) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_batch_write(b, NULL);
}


static ngx_int_t
ngx_http_secops_batch_write(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_batch_t *b = data;

    while (!ngx_http_secops_batch_encode(b)) {

        if (b->work >= NGX_HTTP_SECOPS_BATCH_WORK) {
            b->work = 0;
            return ngx_http_secops_pause(b->ctx, 1,
                                         ngx_http_secops_batch_write, b);
        }
    }

    ngx_http_secops_inner_free(b->inner);

    return ngx_http_secops_batch_next(b, NULL);
}
