
/*
 * A request's state in its pool, and how a request waits for the store and goes
 * on; see ngx_http_secops_request.h.
 */

#include "http/ngx_http_secops.h"
#include "http/ngx_http_secops_body.h"
#include "http/ngx_http_secops_inner.h"
#include "http/ngx_http_secops_reply.h"
#include "util/ngx_http_secops_header.h"
#include "util/secops_id.h"


static void ngx_http_secops_init_ctx(ngx_http_secops_ctx_t *ctx,
    ngx_http_request_t *r);
static ngx_uint_t ngx_http_secops_holds(ngx_http_secops_ctx_t *ctx);
static void ngx_http_secops_cleanup(void *data);
static void ngx_http_secops_cancel(ngx_http_secops_ctx_t *ctx);
static void ngx_http_secops_cancel_inner(ngx_http_secops_ctx_t *ctx);
static void ngx_http_secops_auth_wake(void *data);
static ngx_int_t ngx_http_secops_auth_goes_on(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_watch(ngx_http_request_t *r);
static ngx_uint_t ngx_http_secops_has_rdhup(ngx_http_request_t *r);
static void ngx_http_secops_read_handler(ngx_http_request_t *r);
static ngx_uint_t ngx_http_secops_client_left(ngx_http_request_t *r);
static void ngx_http_secops_leave(ngx_http_secops_ctx_t *ctx);
static void ngx_http_secops_set_request_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v);


/* the worker's */

static secops_id_stock_t  ngx_http_secops_request_ids;


ngx_http_secops_ctx_t *
ngx_http_secops_create_ctx(ngx_http_request_t *r)
{
    ngx_uint_t              refused;
    ngx_http_secops_ctx_t  *ctx;

    ctx = ngx_http_secops_get_ctx(r);

    if (ctx == NULL) {
        return ngx_http_secops_add_ctx(r);
    }

    refused = ctx->refused;

    ngx_http_secops_cancel(ctx);

    if (ngx_http_secops_holds(ctx)) {
        r->main->count--;
    }

    ngx_http_secops_init_ctx(ctx, r);

    ctx->refused = refused;

    return ctx;
}


ngx_http_secops_ctx_t *
ngx_http_secops_add_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_secops_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    ngx_http_secops_init_ctx(cln->data, r);

    cln->handler = ngx_http_secops_cleanup;

    return cln->data;
}


static void
ngx_http_secops_init_ctx(ngx_http_secops_ctx_t *ctx, ngx_http_request_t *r)
{
    ngx_memzero(ctx, sizeof(ngx_http_secops_ctx_t));

    ctx->request = r;
    ctx->auth.wake = ngx_http_secops_auth_wake;
    ctx->auth.wake_data = ctx;
    ctx->redis_time = NGX_CONF_UNSET_MSEC;
}


ngx_http_secops_ctx_t *
ngx_http_secops_get_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t     *cln;
    ngx_http_secops_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_secops_module);

    if (ctx || (!r->internal && !r->filter_finalize)) {
        return ctx;
    }

    /* a pool is shared by a request and its subrequests */

    for (cln = r->pool->cleanup; cln; cln = cln->next) {

        if (cln->handler == ngx_http_secops_cleanup) {
            ctx = cln->data;

            if (ctx->request == r) {
                return ctx;
            }
        }
    }

    return NULL;
}


/* 1: it waits, and has a reference to its request */

static ngx_uint_t
ngx_http_secops_holds(ngx_http_secops_ctx_t *ctx)
{
    return ctx->state != NGX_HTTP_SECOPS_IDLE
           && ctx->state != NGX_HTTP_SECOPS_AUTHORIZED;
}


/* the pool is about to go, and with it all that the calls point to */

static void
ngx_http_secops_cleanup(void *data)
{
    ngx_http_secops_ctx_t  *ctx = data;

    ngx_http_secops_cancel(ctx);
}


/* whatever is under way, calls, a pause, identity, an inner request, will not
   come back */

static void
ngx_http_secops_cancel(ngx_http_secops_ctx_t *ctx)
{
    ngx_http_secops_call_t   *link;
    ngx_http_secops_pause_t  *pause;

    for (link = ctx->calls.first; link; link = link->next) {
        ngx_secops_store_cancel(link->call);
    }

    ctx->calls.first = NULL;
    ctx->calls.pending = 0;

    pause = ctx->calls.pause;

    if (pause && pause->timer.timer_set) {
        ngx_del_timer(&pause->timer);
    }

    ngx_http_secops_auth_cancel(&ctx->auth);

    if (ctx->inner) {
        ngx_http_secops_cancel_inner(ctx);
    }
}


/* nginx is not told that it ended, so its reference is given back here */

static void
ngx_http_secops_cancel_inner(ngx_http_secops_ctx_t *ctx)
{
    ngx_http_secops_inner_t  *inner;

    inner = ctx->inner;
    ctx->inner = NULL;

    if (inner->done) {
        return;
    }

    ngx_http_secops_cancel(inner->ctx);

    inner->ctx->request->write_event_handler = ngx_http_request_empty_handler;

    ctx->request->main->count--;
}


void
ngx_http_secops_wake(ngx_http_secops_ctx_t *ctx,
    ngx_http_secops_answer_pt answer, void *data,
    ngx_secops_store_result_t *result)
{
    ngx_int_t            rc;
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ctx->request;

    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    /*
     * Somebody else has led the request on to another location, where this
     * context is not its own.  Only the reference is left to give back.
     */

    if (ngx_http_get_module_ctx(r, ngx_http_secops_module) != ctx) {
        ngx_http_secops_end(ctx, NGX_DONE);
        ngx_http_run_posted_requests(c);
        return;
    }

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, c->log, 0,
                   "secops wake \"%V\"", &r->uri);

    if (ctx->state == NGX_HTTP_SECOPS_GONE) {
        c->error = 1;
        rc = NGX_HTTP_CLIENT_CLOSED_REQUEST;

    } else {
        rc = answer(data, result);
    }

    /* after NGX_DONE, the request and all in its pool may be gone */

    if (rc != NGX_DONE) {
        ngx_http_secops_end(ctx, rc);
    }

    ngx_http_run_posted_requests(c);
}


void
ngx_http_secops_operate(ngx_http_request_t *r)
{
    ngx_int_t               rc;
    ngx_http_secops_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_secops_module);

    rc = ctx->route->handler(r, ctx);

    if (rc != NGX_DONE) {
        ngx_http_secops_end(ctx, rc);
    }
}


/* what is under way would come to a request that has its answer, or to one that
   nginx leads on to another location */

void
ngx_http_secops_end(ngx_http_secops_ctx_t *ctx, ngx_int_t rc)
{
    ngx_http_secops_cancel(ctx);

    ctx->state = NGX_HTTP_SECOPS_IDLE;

    ngx_http_finalize_request(ctx->request, rc);
}


ngx_int_t
ngx_http_secops_wait(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ctx->state = NGX_HTTP_SECOPS_WAIT;

    r->write_event_handler = ngx_http_request_empty_handler;

    return (ngx_http_secops_watch(r) == NGX_OK)
           ? NGX_DONE : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


ngx_int_t
ngx_http_secops_auth_wait(ngx_http_secops_ctx_t *ctx,
    ngx_http_secops_resume_pt resume)
{
    ctx->state = NGX_HTTP_SECOPS_AUTH_WAIT;
    ctx->resume = resume;

    if (ngx_http_secops_watch(ctx->request) == NGX_OK) {
        return NGX_DONE;
    }

    ngx_http_secops_cancel(ctx);

    ctx->state = NGX_HTTP_SECOPS_IDLE;

    return NGX_HTTP_INTERNAL_SERVER_ERROR;
}


/* what identity waited for is there */

static void
ngx_http_secops_auth_wake(void *data)
{
    ngx_http_secops_wake(data, ngx_http_secops_auth_goes_on, data, NULL);
}


static ngx_int_t
ngx_http_secops_auth_goes_on(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_ctx_t  *ctx = data;

    return ctx->resume(ctx);
}


static ngx_int_t
ngx_http_secops_watch(ngx_http_request_t *r)
{
    ngx_event_t  *rev;

    ngx_http_secops_leave_body(r);

    r->read_event_handler = ngx_http_secops_read_handler;

    rev = r->connection->read;

    if (rev->ready && !ngx_http_secops_has_rdhup(r)) {
        ngx_post_event(rev, &ngx_posted_events);
        return NGX_OK;
    }

    return ngx_handle_read_event(rev, 0);
}


/*
 * 1: epoll will report the client's end by an event of its own (EPOLLRDHUP),
 * and has not done so yet.  Then there is no need to look for it: "ready" stays
 * set after a read that took exactly what was wanted, as that of a body does,
 * and each look is a system call.
 */

static ngx_uint_t
ngx_http_secops_has_rdhup(ngx_http_request_t *r)
{
#if (NGX_HAVE_EPOLLRDHUP)

    ngx_event_t  *rev;

    rev = r->connection->read;

#if (NGX_HTTP_V2)

    if (r->stream) {
        return 0;
    }

#endif

    return (ngx_event_flags & NGX_USE_EPOLL_EVENT)
           && ngx_use_epoll_rdhup
           && rev->active
           && !rev->pending_eof;

#else

    return 0;

#endif
}


/*
 * As ngx_http_test_reading() does it, but for this: it would end the request,
 * or lead it on to post_action, with calls under way.
 */

static void
ngx_http_secops_read_handler(ngx_http_request_t *r)
{
    ngx_event_t            *rev;
    ngx_http_secops_ctx_t  *ctx;

    ngx_log_debug0(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "secops test reading");

    ctx = ngx_http_get_module_ctx(r, ngx_http_secops_module);

    if (ctx == NULL) {
        return;
    }

    if (ngx_http_secops_client_left(r)) {
        ngx_http_secops_leave(ctx);
        return;
    }

    rev = r->connection->read;

    /* more than was asked for is there: it is for the next request */

    if ((ngx_event_flags & NGX_USE_LEVEL_EVENT) && rev->active
        && ngx_del_event(rev, NGX_READ_EVENT, 0) != NGX_OK)
    {
        ngx_http_secops_end(ctx, NGX_ERROR);
    }
}


static ngx_uint_t
ngx_http_secops_client_left(ngx_http_request_t *r)
{
    int                n;
    char               buf[1];
    socklen_t          len;
    ngx_err_t          err;
    ngx_event_t       *rev;
    ngx_connection_t  *c;

    c = r->connection;
    rev = c->read;

#if (NGX_HTTP_V2)

    /* a stream: nginx reads the connection that it is part of */

    if (r->stream) {
        return c->error;
    }

#endif

    err = 0;

    if (rev->pending_eof) {
        len = sizeof(ngx_err_t);

        if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &err, &len)
            == -1)
        {
            err = ngx_socket_errno;
        }

    } else {
        n = recv(c->fd, buf, 1, MSG_PEEK);

        if (n > 0) {
            return 0;
        }

        err = (n == -1) ? ngx_socket_errno : 0;

        if (err == NGX_EAGAIN) {
            return 0;
        }
    }

    rev->eof = 1;
    rev->error = (err != 0);

#if (NGX_HTTP_SSL)
    if (c->ssl) {
        c->ssl->no_send_shutdown = 1;
    }
#endif

    ngx_log_error(NGX_LOG_INFO, c->log, err,
                  "client prematurely closed connection");

    return 1;
}


/*
 * Others may wait for what this request fetches.  So it stays until that is
 * there, or until its time is over; nginx, that would take the client's broken
 * connection for a failed fetch, is told of it only then.
 */

static void
ngx_http_secops_leave(ngx_http_secops_ctx_t *ctx)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ngx_http_secops_auth_needed(&ctx->auth)) {
        ctx->state = NGX_HTTP_SECOPS_GONE;

        r->read_event_handler = ngx_http_block_reading;
        r->write_event_handler = ngx_http_request_empty_handler;
        r->connection->error = 0;

        return;
    }

    r->connection->error = 1;

    ngx_http_secops_end(ctx, NGX_HTTP_CLIENT_CLOSED_REQUEST);
}


ngx_int_t
ngx_http_secops_add_durability(ngx_http_request_t *r)
{
    ngx_http_secops_loc_conf_t  *slcf;

    static ngx_str_t  name = ngx_string("X-SecOps-Durability");

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);

    if (ngx_http_secops_add_header(r, &name, &slcf->store.durability) == NULL) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_secops_request_id(ngx_http_request_t *r, ngx_str_t *id)
{
    ngx_http_variable_value_t    *v;
    ngx_http_secops_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_secops_module);

    v = &r->variables[mcf->request_id];

    if (!v->valid && !v->not_found) {
        ngx_http_secops_set_request_id(r, v);
    }

    v = ngx_http_get_indexed_variable(r, mcf->request_id);

    if (v == NULL || v->not_found) {
        ngx_str_null(id);
        return NGX_ERROR;
    }

    id->len = v->len;
    id->data = v->data;

    return NGX_OK;
}


/*
 * nginx asks the random generator for each $request_id, which takes longer
 * than to read a record.  So the variable is given its value here, from a
 * stock, unless it has one already; if that fails, nginx tries its own way.
 */

static void
ngx_http_secops_set_request_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v)
{
    u_char  *id;

    id = ngx_pnalloc(r->pool, SECOPS_ID_LEN);

    if (id == NULL || secops_id_request(&ngx_http_secops_request_ids, id) != 0)
    {
        return;
    }

    v->len = SECOPS_ID_LEN;
    v->data = id;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
}
