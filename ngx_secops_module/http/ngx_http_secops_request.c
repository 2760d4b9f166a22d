
/*
 * A request's state in its pool, and how a request waits for the store and goes
 * on; see ngx_http_secops_request.h.
 */

#include "ngx_http_secops.h"
#include "util/ngx_http_secops_reply.h"
#include "util/secops_id.h"


static void ngx_http_secops_cleanup(void *data);
static void ngx_http_secops_set_request_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v);


/* the worker's */

static secops_id_stock_t  ngx_http_secops_request_ids;


ngx_http_secops_ctx_t *
ngx_http_secops_create_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t     *cln;
    ngx_http_secops_ctx_t  *ctx;

    ctx = ngx_http_secops_get_ctx(r);

    if (ctx == NULL) {
        cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_secops_ctx_t));
        if (cln == NULL) {
            return NULL;
        }

        ctx = cln->data;
        cln->handler = ngx_http_secops_cleanup;
    }

    ngx_memzero(ctx, sizeof(ngx_http_secops_ctx_t));

    ctx->request = r;
    ctx->redis_time = NGX_CONF_UNSET_MSEC;

    return ctx;
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


/* the pool is about to go, and with it all that the calls point to */

static void
ngx_http_secops_cleanup(void *data)
{
    ngx_http_secops_ctx_t *ctx = data;

    ctx->state = NGX_HTTP_SECOPS_GONE;

    ngx_http_secops_cancel(ctx);
}


void
ngx_http_secops_cancel(ngx_http_secops_ctx_t *ctx)
{
    ngx_uint_t  i;

    for (i = 0; i < ctx->ncalls; i++) {
        ngx_secops_store_cancel(ctx->calls[i]);
    }

    if (ctx->packed) {
        ngx_http_secops_gunzip_stop(ctx->packed);
    }
}


ngx_int_t
ngx_http_secops_wait(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ctx->state = NGX_HTTP_SECOPS_STORE_WAIT;

    r->write_event_handler = ngx_http_request_empty_handler;

    return (ngx_http_secops_watch(r) == NGX_OK)
           ? NGX_DONE : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


ngx_int_t
ngx_http_secops_watch(ngx_http_request_t *r)
{
    ngx_event_t  *rev;

    if (r->discard_body) {
        return NGX_OK;
    }

    r->read_event_handler = ngx_http_test_reading;

    rev = r->connection->read;

    if (rev->ready) {
        ngx_post_event(rev, &ngx_posted_events);
        return NGX_OK;
    }

    return ngx_handle_read_event(rev, 0);
}


void
ngx_http_secops_resume(ngx_http_request_t *r)
{
    ngx_http_set_log_request(r->connection->log, r);

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "secops resume \"%V\"", &r->uri);
}


void
ngx_http_secops_finish(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx,
    ngx_int_t rc)
{
    ngx_connection_t  *c;

    c = r->connection;

    ctx->state = NGX_HTTP_SECOPS_REPLIED;

    ngx_http_finalize_request(r, rc);

    ngx_http_run_posted_requests(c);
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
