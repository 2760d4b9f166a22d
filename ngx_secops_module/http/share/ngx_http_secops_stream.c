
/* Responses that are sent part by part; see ngx_http_secops_stream.h. */

#include "http/share/ngx_http_secops_stream.h"
#include "http/ngx_http_secops.h"
#include "http/ngx_http_secops_reply.h"


static ngx_int_t ngx_http_secops_stream_left(ngx_http_secops_stream_t *stream,
    ngx_chain_t *out);
static ngx_int_t ngx_http_secops_stream_later(ngx_http_request_t *r);
static void ngx_http_secops_stream_writer(ngx_http_request_t *r);


ngx_int_t
ngx_http_secops_stream_begin(ngx_http_secops_stream_t *stream,
    ngx_http_secops_ctx_t *ctx, ngx_str_t *type)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = ctx->request;

    ngx_memzero(stream, sizeof(ngx_http_secops_stream_t));

    stream->ctx = ctx;
    ctx->stream = stream;

    rc = ngx_http_secops_reply_begin(r, NGX_HTTP_OK, type);

    return (rc == NGX_ERROR || rc > NGX_OK || r->header_only) ? rc
                                                              : NGX_DECLINED;
}


ngx_int_t
ngx_http_secops_stream_send(ngx_http_secops_stream_t *stream, ngx_str_t *part,
    ngx_http_secops_answer_pt answer, void *data)
{
    ngx_buf_t           *b;
    ngx_int_t            rc;
    ngx_chain_t         *out;
    ngx_http_request_t  *r;

    r = stream->ctx->request;

    out = ngx_chain_get_free_buf(r->pool, &stream->free);
    if (out == NULL) {
        return NGX_ERROR;
    }

    b = out->buf;

    ngx_memzero(b, sizeof(ngx_buf_t));

    b->tag = (ngx_buf_tag_t) &ngx_http_secops_module;
    b->start = part->data;
    b->pos = part->data;
    b->last = part->data + part->len;
    b->end = b->last;
    b->memory = 1;
    b->flush = 1;

    stream->answer = answer;
    stream->data = data;

    rc = ngx_http_secops_stream_left(stream, out);

    if (rc != NGX_AGAIN) {
        return rc;
    }

    r->write_event_handler = ngx_http_secops_stream_writer;

    return ngx_http_secops_stream_later(r);
}


/* sends it, or what was there before; NGX_AGAIN: not all of it has left */

static ngx_int_t
ngx_http_secops_stream_left(ngx_http_secops_stream_t *stream, ngx_chain_t *out)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = stream->ctx->request;

    rc = ngx_http_secops_reply_part(r, out);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    ngx_chain_update_chains(r->pool, &stream->free, &stream->busy, &out,
                            (ngx_buf_tag_t) &ngx_http_secops_module);

    return (stream->busy || r->buffered || r->connection->buffered)
           ? NGX_AGAIN : NGX_DECLINED;
}


static ngx_int_t
ngx_http_secops_stream_later(ngx_http_request_t *r)
{
    ngx_event_t               *wev;
    ngx_http_core_loc_conf_t  *clcf;

    wev = r->connection->write;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (!wev->delayed) {
        ngx_add_timer(wev, clcf->send_timeout);
    }

    if (wev->ready && wev->delayed) {
        return NGX_DONE;
    }

    return (ngx_handle_write_event(wev, clcf->send_lowat) == NGX_OK)
           ? NGX_DONE : NGX_ERROR;
}


/* as ngx_http_writer(), but for what comes after it */

static void
ngx_http_secops_stream_writer(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
    ngx_event_t               *wev;
    ngx_http_secops_ctx_t     *ctx;
    ngx_http_secops_stream_t  *stream;

    wev = r->connection->write;
    ctx = ngx_http_get_module_ctx(r, ngx_http_secops_module);

    if (ctx == NULL) {
        return;
    }

    stream = ctx->stream;

    if (wev->timedout) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, NGX_ETIMEDOUT,
                      "client timed out");
        r->connection->timedout = 1;

        ngx_http_secops_end(ctx, NGX_HTTP_REQUEST_TIME_OUT);
        return;
    }

    rc = wev->delayed ? NGX_AGAIN : ngx_http_secops_stream_left(stream, NULL);

    if (rc == NGX_AGAIN) {
        rc = ngx_http_secops_stream_later(r);

        if (rc == NGX_DONE) {
            return;
        }
    }

    if (rc == NGX_ERROR) {
        ngx_http_secops_end(ctx, NGX_ERROR);
        return;
    }

    /* of a rate that is limited the timer goes on, for the next part */

    if (wev->timer_set && !wev->delayed) {
        ngx_del_timer(wev);
    }

    r->write_event_handler = ngx_http_request_empty_handler;

    ngx_http_secops_wake(ctx, stream->answer, stream->data, NULL);
}


ngx_int_t
ngx_http_secops_stream_end(ngx_http_secops_stream_t *stream)
{
    return ngx_http_secops_reply_end(stream->ctx->request);
}
