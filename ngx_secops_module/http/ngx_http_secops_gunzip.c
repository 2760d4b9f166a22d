
/* A packed body, step by step; see ngx_http_secops_gunzip.h. */

#include "http/ngx_http_secops_body.h"
#include "http/ngx_http_secops_gunzip.h"


/* milliseconds of work, after which the worker is given back; a step takes one
   at most */

#define NGX_HTTP_SECOPS_GUNZIP_STRETCH  4


static void ngx_http_secops_gunzip_cleanup(void *data);
static ngx_int_t ngx_http_secops_gunzip_input(
    ngx_http_secops_gunzip_t *packed);
static ngx_int_t ngx_http_secops_gunzip_over(ngx_http_secops_gunzip_t *packed,
    int rc);


ngx_http_secops_gunzip_t *
ngx_http_secops_gunzip_create(ngx_http_request_t *r, size_t limit)
{
    ngx_pool_cleanup_t        *cln;
    ngx_http_secops_gunzip_t  *packed;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_secops_gunzip_t));
    if (cln == NULL) {
        return NULL;
    }

    packed = cln->data;
    ngx_memzero(packed, sizeof(ngx_http_secops_gunzip_t));

    if (secops_gunzip_init(&packed->gunzip, limit) != 0) {
        return NULL;
    }

    cln->handler = ngx_http_secops_gunzip_cleanup;

    packed->request = r;
    packed->cl = r->request_body ? r->request_body->bufs : NULL;

    return packed;
}


static void
ngx_http_secops_gunzip_cleanup(void *data)
{
    ngx_http_secops_gunzip_t *packed = data;

    secops_gunzip_free(&packed->gunzip);
}


ngx_int_t
ngx_http_secops_gunzip_run(ngx_http_secops_gunzip_t *packed)
{
    int         step;
    ngx_int_t   rc;
    ngx_msec_t  start;

    ngx_time_update();
    start = ngx_current_msec;

    while (ngx_current_msec - start < NGX_HTTP_SECOPS_GUNZIP_STRETCH) {

        if (packed->input.len == 0 && !packed->gunzip.more) {

            rc = ngx_http_secops_gunzip_input(packed);

            if (rc == NGX_ERROR) {
                return NGX_ERROR;
            }

            if (rc == NGX_DONE) {
                return ngx_http_secops_gunzip_over(packed,
                                         secops_gunzip_end(&packed->gunzip));
            }
        }

        step = secops_gunzip_step(&packed->gunzip, &packed->input);

        if (step != SECOPS_GUNZIP_MORE) {
            return ngx_http_secops_gunzip_over(packed, step);
        }

        ngx_time_update();
    }

    return NGX_AGAIN;
}


/* the next piece of the body: NGX_OK, NGX_ERROR, or NGX_DONE: that was all */

static ngx_int_t
ngx_http_secops_gunzip_input(ngx_http_secops_gunzip_t *packed)
{
    off_t       rest;
    size_t      size;
    ngx_buf_t  *b;

    for ( ;; ) {

        if (packed->cl == NULL) {
            return NGX_DONE;
        }

        b = packed->cl->buf;
        rest = ngx_buf_size(b) - packed->done;

        if (rest > 0) {
            break;
        }

        packed->cl = packed->cl->next;
        packed->done = 0;
    }

    size = (size_t) ngx_min(rest, SECOPS_GUNZIP_IN);

    if (b->in_file) {

        if (packed->block == NULL) {
            packed->block = ngx_pnalloc(packed->request->pool,
                                        SECOPS_GUNZIP_IN);
            if (packed->block == NULL) {
                return NGX_ERROR;
            }
        }

        if (ngx_http_secops_body_read_file(packed->request, b, packed->done,
                                           packed->block, size)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        packed->input.data = packed->block;

    } else {
        packed->input.data = b->pos + packed->done;
    }

    packed->input.len = size;
    packed->done += size;

    return NGX_OK;
}


/*
 * The text moves to the pool, which frees it after all cleanups: calls to the
 * store may point into it until then.
 */

static ngx_int_t
ngx_http_secops_gunzip_over(ngx_http_secops_gunzip_t *packed, int rc)
{
    u_char  *p;
    size_t   len;

    packed->rc = rc;

    if (rc == SECOPS_GUNZIP_OK) {
        len = packed->gunzip.len;

        p = ngx_pnalloc(packed->request->pool, len + 1);
        if (p == NULL) {
            return NGX_ERROR;
        }

        if (len) {
            ngx_memcpy(p, packed->gunzip.data, len);
        }

        packed->text.len = len;
        packed->text.data = p;
    }

    secops_gunzip_free(&packed->gunzip);

    return rc == SECOPS_GUNZIP_FAILED ? NGX_ERROR : NGX_OK;
}
