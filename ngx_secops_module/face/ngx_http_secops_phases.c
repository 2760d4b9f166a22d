
/*
 * The way of a request: route, identity and permission, once the access phase
 * is over; then the content phase: body, operation.  How it waits, and how it
 * ends when it did, is in http/ngx_http_secops_request.c.
 */

#include "face/ngx_http_secops_phases.h"
#include "api/ngx_http_secops_api.h"
#include "http/access/ngx_http_secops_access.h"
#include "http/access/ngx_http_secops_act.h"
#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_body.h"
#include "http/access/ngx_http_secops_refusal.h"
#include "http/access/ngx_http_secops_refuse.h"


static ngx_int_t ngx_http_secops_access_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_secops_identity_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_secops_check(ngx_http_request_t *r,
    ngx_http_secops_loc_conf_t *slcf, ngx_uint_t any);
static ngx_int_t ngx_http_secops_phase_resume(ngx_http_secops_ctx_t *ctx);
static ngx_http_secops_ctx_t *ngx_http_secops_enter(ngx_http_request_t *r,
    ngx_http_secops_loc_conf_t *slcf);
static ngx_int_t ngx_http_secops_authorize(ngx_http_request_t *r,
    ngx_http_secops_loc_conf_t *slcf, ngx_http_secops_ctx_t *ctx);
static ngx_int_t ngx_http_secops_deny(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, ngx_int_t status);
static ngx_int_t ngx_http_secops_read_body(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
static void ngx_http_secops_unpack(ngx_http_request_t *r);
static ngx_int_t ngx_http_secops_unpack_run(void *data,
    ngx_secops_store_result_t *result);


ngx_int_t
ngx_http_secops_add_handlers(ngx_conf_t *cf)
{
    ngx_http_handler_pt        *h, *handlers;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_ACCESS_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    /*
     * A phase runs its handlers from the last one to the first.  Ours goes to
     * the front, wherever the module stands in the list of modules: identity
     * may come from what auth_basic and auth_request leave behind.
     */

    handlers = cmcf->phases[NGX_HTTP_ACCESS_PHASE].handlers.elts;

    ngx_memmove(handlers + 1, handlers,
                (u_char *) h - (u_char *) handlers);

    handlers[0] = ngx_http_secops_access_handler;

    /* the last is the first */

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_PRECONTENT_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_secops_identity_handler;

    return NGX_OK;
}


/*
 * Identity is taken once everybody else has had their say: what auth_basic or
 * auth_request found out, and what access_by_lua sets or clears, which lets
 * nobody run after it in the access phase.  With "satisfy any" it is one of the
 * opinions that this phase collects, and runs after those of other modules.
 */

static ngx_int_t
ngx_http_secops_access_handler(ngx_http_request_t *r)
{
    ngx_http_core_loc_conf_t    *clcf;
    ngx_http_secops_loc_conf_t  *slcf;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (slcf->groups == 0 || (slcf->groups & NGX_HTTP_SECOPS_ERRORS)
        || clcf->satisfy != NGX_HTTP_SATISFY_ANY)
    {
        return NGX_DECLINED;
    }

    return ngx_http_secops_check(r, slcf, 1);
}


/*
 * The first of the phase before the content: a mirror reads the body.  Of a
 * subrequest too, which nginx leads past the access phase; and once more where
 * somebody else's opinion let the request in.
 */

static ngx_int_t
ngx_http_secops_identity_handler(ngx_http_request_t *r)
{
    ngx_http_secops_ctx_t       *ctx;
    ngx_http_secops_loc_conf_t  *slcf;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);

    if (slcf->groups == 0 || (slcf->groups & NGX_HTTP_SECOPS_ERRORS)) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_secops_module);

    if (ctx && ctx->state == NGX_HTTP_SECOPS_AUTHORIZED) {
        return NGX_DECLINED;
    }

    return ngx_http_secops_check(r, slcf, 0);
}


/* what the phase's handler returns */

static ngx_int_t
ngx_http_secops_check(ngx_http_request_t *r, ngx_http_secops_loc_conf_t *slcf,
    ngx_uint_t any)
{
    ngx_int_t               rc;
    ngx_http_secops_ctx_t  *ctx;

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "secops check \"%V\" any:%ui", &r->uri, any);

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

    switch (rc) {

    case NGX_OK:
        return any ? NGX_OK : NGX_DECLINED;

    case NGX_AGAIN:
        return ngx_http_secops_auth_wait(ctx, ngx_http_secops_phase_resume);

    case NGX_HTTP_INTERNAL_SERVER_ERROR:
        return rc;
    }

    if (any && rc != NGX_HTTP_SERVICE_UNAVAILABLE) {

        /* nginx decides when all have spoken */

        if ((rc == NGX_HTTP_UNAUTHORIZED
             && ngx_http_secops_challenge(r, &slcf->identity, &ctx->auth)
                != NGX_OK)
            || ngx_http_secops_refused_later(ctx) != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return rc;
    }

    /* returning the status would send nginx's own page */

    ngx_http_finalize_request(r, ngx_http_secops_deny(r, ctx, rc));

    return NGX_DONE;
}


/* the phase once more: it ends the request by itself */

static ngx_int_t
ngx_http_secops_phase_resume(ngx_http_secops_ctx_t *ctx)
{
    ngx_http_core_run_phases(ctx->request);

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

    if (ctx && ctx->route == NULL) {
        return ngx_http_secops_refuse_route(r, ctx);
    }

    if (ctx == NULL
        || (ctx->route->access != NGX_HTTP_SECOPS_PUBLIC
            && ctx->state != NGX_HTTP_SECOPS_AUTHORIZED))
    {
        /* no way leads here without the phase before */

        ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0,
                      "secops: \"%V\" was not checked", &r->uri);

        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->route->access != NGX_HTTP_SECOPS_PUBLIC) {

        rc = ngx_http_secops_act(r, ctx);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    return ngx_http_secops_read_body(r, ctx);
}


/* a fresh context of this location; whatever was there is of another one */

static ngx_http_secops_ctx_t *
ngx_http_secops_enter(ngx_http_request_t *r, ngx_http_secops_loc_conf_t *slcf)
{
    ngx_http_secops_ctx_t  *ctx;

    ctx = ngx_http_secops_create_ctx(r);
    if (ctx == NULL) {
        return NULL;
    }

    if (ngx_http_secops_route(r, ctx, slcf->groups) != NGX_OK) {
        return NULL;
    }

    ngx_http_set_ctx(r, ctx, ngx_http_secops_module);

    return ctx;
}


/* NGX_OK, NGX_AGAIN, 401, 403, 500 or 503 */

static ngx_int_t
ngx_http_secops_authorize(ngx_http_request_t *r,
    ngx_http_secops_loc_conf_t *slcf, ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_http_secops_identify(r, &slcf->identity, &ctx->auth,
                                  &ctx->identity);

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    ctx->state = NGX_HTTP_SECOPS_IDLE;

    switch (rc) {

    case NGX_OK:
        break;

    case NGX_DECLINED:
        ctx->error = SECOPS_ERROR_UNAUTHENTICATED;

        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "secops: %V refused: the caller is not known",
                      &ctx->route->operation);

        return NGX_HTTP_UNAUTHORIZED;

    case NGX_BUSY:
        return NGX_HTTP_SERVICE_UNAVAILABLE;

    default: /* NGX_ERROR */
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (!ngx_http_secops_granted(ctx)) {
        ctx->error = SECOPS_ERROR_ACCESS;

        ngx_http_secops_log_refusal(r, ctx, 0);

        return NGX_HTTP_FORBIDDEN;
    }

    ctx->error = SECOPS_ERROR_NONE;
    ctx->state = NGX_HTTP_SECOPS_AUTHORIZED;

    return NGX_OK;
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
    static ngx_str_t  reason =
                           ngx_string("who calls can not be found out");

    if (status == NGX_HTTP_FORBIDDEN) {
        return ngx_http_secops_refuse_access(r, ctx);
    }

    rc = ngx_http_secops_refuse_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    if (status == NGX_HTTP_SERVICE_UNAVAILABLE) {
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
ngx_http_secops_read_body(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                        rc;
    ngx_http_client_body_handler_pt  handler;

    if (!ctx->route->body) {

        /* some clients send a body with GET */

        rc = ngx_http_secops_discard_body(r);

        if (rc != NGX_OK) {
            return rc;
        }

        r->main->count++;
        ngx_http_secops_operate(r);

        return NGX_DONE;
    }

    handler = ngx_http_secops_operate;

    if (ngx_http_secops_has_body(r)) {

        if (!(ngx_http_secops_body_type(r) & ctx->route->body)) {
            return ngx_http_secops_refuse_type(r, ctx);
        }

        switch (ngx_http_secops_body_encoding(r)) {

        case NGX_HTTP_SECOPS_BODY_IDENTITY:
            break;

        case NGX_HTTP_SECOPS_BODY_GZIP:
            handler = ngx_http_secops_unpack;
            break;

        default:
            return ngx_http_secops_refuse_encoding(r, ctx);
        }
    }

    if (ctx->route->head) {
        rc = ctx->route->head(r, ctx);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    rc = ngx_http_read_client_request_body(r, handler);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    return NGX_DONE;
}


/* the body was read, and is packed; the reference is the operation's */

static void
ngx_http_secops_unpack(ngx_http_request_t *r)
{
    ngx_int_t               rc;
    ngx_http_secops_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_secops_module);

    ctx->packed = ngx_http_secops_gunzip_create(r,
                                                ngx_http_secops_body_max(r));

    if (ctx->packed == NULL) {
        ngx_http_secops_end(ctx, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    rc = ngx_http_secops_unpack_run(ctx, NULL);

    if (rc != NGX_DONE) {
        ngx_http_secops_end(ctx, rc);
    }
}


static ngx_int_t
ngx_http_secops_unpack_run(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_ctx_t *ctx = data;

    ngx_int_t            rc;
    ngx_http_request_t  *r;

    static ngx_str_t  none = ngx_null_string;
    static ngx_str_t  detail = ngx_string("unpacked, the body is larger than "
                                          "client_max_body_size");

    r = ctx->request;

    rc = ngx_http_secops_gunzip_run(ctx->packed);

    switch (rc) {

    case NGX_OK:

        if (ctx->packed->rc != SECOPS_GUNZIP_LARGE) {
            return ctx->route->handler(r, ctx);
        }

        return ngx_http_secops_fail(r, ctx, SECOPS_ERROR_TOO_LARGE, &none,
                                    &detail);

    case NGX_AGAIN:
        rc = ngx_http_secops_pause(ctx, 1, ngx_http_secops_unpack_run, ctx);
        return (rc == NGX_DONE) ? ngx_http_secops_wait(r, ctx) : rc;

    default: /* NGX_ERROR */
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}
