
/*
 * The way of a request: access phase (route, identity, permission), content
 * phase (body, operation), and the end of a request that waited.
 */

#include "ngx_http_secops.h"
#include "util/ngx_http_secops_body.h"
#include "util/ngx_http_secops_reply.h"
#include "util/secops_id.h"


static ngx_http_secops_ctx_t *ngx_http_secops_enter(ngx_http_request_t *r,
    ngx_http_secops_loc_conf_t *slcf);
static void ngx_http_secops_cleanup(void *data);
static void ngx_http_secops_cancel(ngx_http_secops_ctx_t *ctx);
static ngx_int_t ngx_http_secops_authorize(ngx_http_request_t *r,
    ngx_http_secops_loc_conf_t *slcf, ngx_http_secops_ctx_t *ctx);
static ngx_uint_t ngx_http_secops_granted(ngx_http_secops_ctx_t *ctx);
static void ngx_http_secops_content_resume(ngx_http_request_t *r);
static ngx_int_t ngx_http_secops_auth_wait(ngx_http_request_t *r);
static void ngx_http_secops_auth_wake(ngx_http_request_t *r);
static ngx_int_t ngx_http_secops_watch(ngx_http_request_t *r);
static ngx_int_t ngx_http_secops_deny(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, ngx_int_t status);
static ngx_int_t ngx_http_secops_no_route(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
static ngx_int_t ngx_http_secops_read_body(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
static void ngx_http_secops_operate(ngx_http_request_t *r);
static void ngx_http_secops_set_request_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v);


/* the worker's */

static secops_id_stock_t  ngx_http_secops_request_ids;


/*
 * Runs after all other modules of the phase (see ngx_http_secops_init()), so
 * that what auth_basic or auth_request found out is there to be used.
 */

ngx_int_t
ngx_http_secops_access_handler(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    ngx_http_secops_ctx_t       *ctx;
    ngx_http_core_loc_conf_t    *clcf;
    ngx_http_secops_loc_conf_t  *slcf;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);

    if (slcf->groups == 0 || (slcf->groups & NGX_HTTP_SECOPS_ERRORS)) {
        return NGX_DECLINED;
    }

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "secops access handler \"%V\"", &r->uri);

    ctx = ngx_http_get_module_ctx(r, ngx_http_secops_module);

    if (ctx == NULL || ctx->state != NGX_HTTP_SECOPS_AUTH_WAIT) {

        ctx = ngx_http_secops_enter(r, slcf);
        if (ctx == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    if (ctx->route == NULL || ctx->route->access == NGX_HTTP_SECOPS_PUBLIC) {
        return NGX_DECLINED;
    }

    rc = ngx_http_secops_authorize(r, slcf, ctx);

    if (rc == NGX_AGAIN) {
        return ngx_http_secops_auth_wait(r);
    }

    if (rc == NGX_OK || rc == NGX_HTTP_INTERNAL_SERVER_ERROR) {
        return rc;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (clcf->satisfy == NGX_HTTP_SATISFY_ANY
        && rc != NGX_HTTP_SERVICE_UNAVAILABLE)
    {
        /* nginx decides when all have spoken */

        if (rc == NGX_HTTP_UNAUTHORIZED
            && ngx_http_secops_challenge(r, &slcf->identity, &ctx->auth)
               != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return rc;
    }

    /* returning the status would send nginx's own page */

    ngx_http_finalize_request(r, ngx_http_secops_deny(r, ctx, rc));

    return NGX_DONE;
}


ngx_int_t
ngx_http_secops_handler(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    ngx_http_secops_ctx_t       *ctx;
    ngx_http_secops_loc_conf_t  *slcf;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);

    if (slcf->groups & NGX_HTTP_SECOPS_ERRORS) {
        return ngx_http_secops_errors(r);
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_secops_module);

    if (ctx == NULL) {

        /* a subrequest, or satisfy any: the access phase was passed by */

        ctx = ngx_http_secops_enter(r, slcf);
        if (ctx == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    if (ctx->route == NULL) {
        return ngx_http_secops_no_route(r, ctx);
    }

    if (ctx->route->access != NGX_HTTP_SECOPS_PUBLIC
        && ctx->state == NGX_HTTP_SECOPS_ROUTED)
    {
        rc = ngx_http_secops_authorize(r, slcf, ctx);

        if (rc == NGX_AGAIN) {

            /* given back by ngx_http_secops_content_resume() */

            r->main->count++;
            r->write_event_handler = ngx_http_secops_content_resume;

            return ngx_http_secops_auth_wait(r);
        }

        if (rc == NGX_HTTP_INTERNAL_SERVER_ERROR) {
            return rc;
        }

        if (rc != NGX_OK) {
            return ngx_http_secops_deny(r, ctx, rc);
        }
    }

    return ngx_http_secops_read_body(r, ctx);
}


/* the content phase once more, for a caller who was not known at first */

static void
ngx_http_secops_content_resume(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    ngx_http_secops_ctx_t       *ctx;
    ngx_http_secops_loc_conf_t  *slcf;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);
    ctx = ngx_http_get_module_ctx(r, ngx_http_secops_module);

    rc = ngx_http_secops_authorize(r, slcf, ctx);

    if (rc == NGX_AGAIN) {
        return;
    }

    r->write_event_handler = ngx_http_request_empty_handler;

    if (rc == NGX_OK) {
        rc = ngx_http_secops_read_body(r, ctx);

    } else if (rc != NGX_HTTP_INTERNAL_SERVER_ERROR) {
        rc = ngx_http_secops_deny(r, ctx, rc);
    }

    ngx_http_finalize_request(r, rc);
}


/* to be returned: the request stays where it is until it is woken */

static ngx_int_t
ngx_http_secops_auth_wait(ngx_http_request_t *r)
{
    return (ngx_http_secops_watch(r) == NGX_OK) ? NGX_DONE : NGX_ERROR;
}


/* what the request waited for is there: on it goes, wherever it stands */

static void
ngx_http_secops_auth_wake(ngx_http_request_t *r)
{
    ngx_connection_t  *c;

    c = r->connection;

    ngx_http_secops_resume(r);

    r->write_event_handler(r);

    ngx_http_run_posted_requests(c);
}


/* a fresh context of this location; whatever was there is of another one */

static ngx_http_secops_ctx_t *
ngx_http_secops_enter(ngx_http_request_t *r, ngx_http_secops_loc_conf_t *slcf)
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
    ctx->auth.wake = ngx_http_secops_auth_wake;
    ctx->redis_time = NGX_CONF_UNSET_MSEC;

    if (ngx_http_secops_route(r, ctx, slcf->groups) != NGX_OK) {
        return NULL;
    }

    ngx_http_set_ctx(r, ctx, ngx_http_secops_module);

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


static void
ngx_http_secops_cancel(ngx_http_secops_ctx_t *ctx)
{
    ngx_uint_t  i;

    for (i = 0; i < ctx->ncalls; i++) {
        ngx_secops_store_cancel(ctx->calls[i]);
    }
}


/* NGX_OK, NGX_AGAIN, 401, 403, 500 or 503 */

static ngx_int_t
ngx_http_secops_authorize(ngx_http_request_t *r,
    ngx_http_secops_loc_conf_t *slcf, ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_http_secops_identify(r, &slcf->identity, &ctx->auth,
                                  &ctx->identity);
    switch (rc) {

    case NGX_OK:
        break;

    case NGX_AGAIN:
        ctx->state = NGX_HTTP_SECOPS_AUTH_WAIT;
        return NGX_AGAIN;

    case NGX_DECLINED:
        ctx->state = NGX_HTTP_SECOPS_ROUTED;
        ctx->error = SECOPS_ERROR_UNAUTHENTICATED;

        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "secops: %V refused: the caller is not known",
                      &ctx->route->operation);

        return NGX_HTTP_UNAUTHORIZED;

    case NGX_BUSY:
        ctx->state = NGX_HTTP_SECOPS_ROUTED;
        return NGX_HTTP_SERVICE_UNAVAILABLE;

    default: /* NGX_ERROR */
        ctx->state = NGX_HTTP_SECOPS_ROUTED;
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (!ngx_http_secops_granted(ctx)) {
        ctx->state = NGX_HTTP_SECOPS_ROUTED;
        ctx->error = SECOPS_ERROR_ACCESS;

        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "secops: %V refused: user \"%V\" of domain \"%V\" "
                      "lacks the role or scope", &ctx->route->operation,
                      &ctx->identity.user, &ctx->identity.domain);

        return NGX_HTTP_FORBIDDEN;
    }

    ctx->error = SECOPS_ERROR_NONE;
    ctx->state = NGX_HTTP_SECOPS_AUTHORIZED;

    return NGX_OK;
}


/* the one place where it is decided that somebody may do something */

static ngx_uint_t
ngx_http_secops_granted(ngx_http_secops_ctx_t *ctx)
{
    const ngx_http_secops_route_t  *route;

    route = ctx->route;

    switch (route->access) {

    case NGX_HTTP_SECOPS_PUBLIC:
    case NGX_HTTP_SECOPS_KNOWN:
        return 1;

    default: /* NGX_HTTP_SECOPS_GRANTED */
        return (ctx->identity.permissions & route->permission) != 0
               || (ctx->identity.scopes & route->scope) != 0;
    }
}


static ngx_int_t
ngx_http_secops_deny(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx,
    ngx_int_t status)
{
    ngx_int_t                    rc;
    ngx_http_secops_loc_conf_t  *slcf;

    static ngx_str_t  none = ngx_null_string;
    static ngx_str_t  detail =
                           ngx_string("Required to provide Auth information");
    static ngx_str_t  role = ngx_string("The operation takes a role or scope "
                                        "that the caller does not have");
    static ngx_str_t  reason =
                           ngx_string("who calls can not be found out");

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    switch (status) {

    case NGX_HTTP_FORBIDDEN:
        return ngx_http_secops_fail(r, ctx, SECOPS_ERROR_ACCESS, &none, &role);

    case NGX_HTTP_SERVICE_UNAVAILABLE:
        return ngx_http_secops_fail_server(r, ctx, SECOPS_ERROR_LATER,
                                           &reason);
    }

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);

    if (ngx_http_secops_challenge(r, &slcf->identity, &ctx->auth) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_fail(r, ctx, SECOPS_ERROR_UNAUTHENTICATED, &none,
                                &detail);
}


static ngx_int_t
ngx_http_secops_no_route(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t         rc;
    static ngx_str_t  none = ngx_null_string;
    static ngx_str_t  name = ngx_string("Allow");

    rc = ngx_http_discard_request_body(r);

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


static ngx_int_t
ngx_http_secops_read_body(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t         rc;

    static ngx_str_t  none = ngx_null_string;
    static ngx_str_t  json = ngx_string("Content-Type must be "
                                        "application/json");
    static ngx_str_t  batch = ngx_string("Content-Type must be "
                                         "application/json or "
                                         "application/x-ndjson");

    if (!ctx->route->body) {

        /* some clients send a body with GET */

        rc = ngx_http_discard_request_body(r);

        if (rc != NGX_OK) {
            return rc;
        }

        r->main->count++;
        ngx_http_secops_operate(r);

        return NGX_DONE;
    }

    if (ngx_http_secops_has_body(r)
        && !(ngx_http_secops_body_type(r) & ctx->route->body))
    {
        rc = ngx_http_discard_request_body(r);

        if (rc != NGX_OK) {
            return rc;
        }

        return ngx_http_secops_fail(r, ctx, SECOPS_ERROR_MEDIA_TYPE, &none,
                                    (ctx->route->body
                                     & NGX_HTTP_SECOPS_BODY_LINES)
                                    ? &batch : &json);
    }

    ctx->state = NGX_HTTP_SECOPS_BODY_WAIT;

    rc = ngx_http_read_client_request_body(r, ngx_http_secops_operate);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    return NGX_DONE;
}


/* holds a reference: it is given back here, or by ngx_http_secops_finish() */

static void
ngx_http_secops_operate(ngx_http_request_t *r)
{
    ngx_int_t               rc;
    ngx_http_secops_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_secops_module);

    rc = ctx->route->handler(r, ctx);

    if (rc == NGX_DONE) {
        return;
    }

    /* it may have failed with calls under way: their handlers would answer
       a second time */

    ngx_http_secops_cancel(ctx);

    ngx_http_finalize_request(r, rc);
}


ngx_int_t
ngx_http_secops_wait(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ctx->state = NGX_HTTP_SECOPS_STORE_WAIT;

    r->write_event_handler = ngx_http_request_empty_handler;

    return (ngx_http_secops_watch(r) == NGX_OK)
           ? NGX_DONE : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


/* notices when the client leaves: that ends the request with 499 */

static ngx_int_t
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
ngx_http_secops_fail(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx,
    secops_error_e error, ngx_str_t *more, ngx_str_t *detail)
{
    u_char                *p;
    ngx_str_t              message;
    const secops_error_t  *row;

    ctx->error = error;

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

    case SECOPS_ERROR_SAVE_UNKNOWN:
        ngx_str_set(&prefix, "the resources may have been saved, request ");
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
