
/*
 * Readiness, for load balancers and clients: 200 when Redis has just accepted
 * a write, 503 otherwise.  Anybody may ask.
 *
 * Clients of /api/v1 find out there, with an api key, whether the key is good:
 * that it is not, is no error there but an answer.
 */

#include "ngx_http_secops.h"
#include "util/ngx_http_secops_reply.h"


typedef struct {
    ngx_http_request_t       *request;
    ngx_str_t                *ready;        /* what to answer */
    ngx_str_t                *not_ready;
    ngx_secops_store_call_t   call;
    ngx_secops_store_call_t  *calls[1];
} ngx_http_secops_health_t;


static ngx_int_t ngx_http_secops_health_key(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
static void ngx_http_secops_health_wake(ngx_http_request_t *r);
static ngx_int_t ngx_http_secops_health(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, ngx_str_t *ready, ngx_str_t *not_ready);
static void ngx_http_secops_health_probed(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_health_reply(ngx_http_request_t *r,
    ngx_http_secops_health_t *health, ngx_uint_t ready);


ngx_int_t
ngx_http_secops_health_v1(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    static ngx_str_t  ready =
                          ngx_string("{\"status\":true,\"connected\":true}");
    static ngx_str_t  not_ready =
                          ngx_string("{\"status\":false,\"connected\":false}");

    switch (ngx_http_secops_health_key(r, ctx)) {

    case NGX_AGAIN:
        return ngx_http_secops_wait(r, ctx);

    case NGX_ABORT:
        return ngx_http_secops_reply(r, NGX_HTTP_OK, &not_ready);

    case NGX_ERROR:
        return NGX_HTTP_INTERNAL_SERVER_ERROR;

    default:

        /* no key, a good one, or Redis does not say: then it will not be
           ready either */

        return ngx_http_secops_health(r, ctx, &ready, &not_ready);
    }
}


/* as ngx_http_secops_auth_api_key() */

static ngx_int_t
ngx_http_secops_health_key(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ngx_http_secops_loc_conf_t    *slcf;
    ngx_http_secops_credential_t   credential;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);

    if (!ngx_http_secops_auth_enabled(&slcf->identity,
                                      NGX_HTTP_SECOPS_AUTH_API_KEY))
    {
        return NGX_DECLINED;
    }

    ctx->auth.wake = ngx_http_secops_health_wake;

    ngx_memzero(&credential, sizeof(ngx_http_secops_credential_t));

    return ngx_http_secops_auth_api_key(r, &slcf->identity, &ctx->auth,
                                        &credential);
}


static void
ngx_http_secops_health_wake(ngx_http_request_t *r)
{
    ngx_int_t               rc;
    ngx_http_secops_ctx_t  *ctx;

    ngx_http_secops_resume(r);

    ctx = ngx_http_get_module_ctx(r, ngx_http_secops_module);

    rc = ngx_http_secops_health_v1(r, ctx);

    if (rc != NGX_DONE) {
        ngx_http_secops_finish(r, ctx, rc);
    }
}


ngx_int_t
ngx_http_secops_health_v2(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    static ngx_str_t  ready =
                          ngx_string("{\"status\":\"OK\",\"reason\":\"\","
                                     "\"reason_details\":\"\"}");
    static ngx_str_t  not_ready =
                          ngx_string("{\"status\":\"NOK\",\"reason\":"
                                     "\"Redis is not writable\","
                                     "\"reason_details\":\"\"}");

    return ngx_http_secops_health(r, ctx, &ready, &not_ready);
}


static ngx_int_t
ngx_http_secops_health(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx,
    ngx_str_t *ready, ngx_str_t *not_ready)
{
    ngx_int_t                    rc;
    ngx_http_secops_health_t    *health;
    ngx_http_secops_loc_conf_t  *slcf;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);

    health = ngx_pcalloc(r->pool, sizeof(ngx_http_secops_health_t));
    if (health == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    health->request = r;
    health->ready = ready;
    health->not_ready = not_ready;
    health->call.handler = ngx_http_secops_health_probed;
    health->call.data = health;
    health->calls[0] = &health->call;

    ctx->calls = health->calls;
    ctx->ncalls = 1;

    rc = ngx_secops_store_probe(&slcf->store, &health->call);

    if (rc == NGX_OK) {
        return ngx_http_secops_wait(r, ctx);
    }

    return ngx_http_secops_health_reply(r, health, 0);
}


static void
ngx_http_secops_health_probed(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result)
{
    ngx_int_t                  rc;
    ngx_http_request_t        *r;
    ngx_http_secops_ctx_t     *ctx;
    ngx_http_secops_health_t  *health;

    health = call->data;
    r = health->request;

    ngx_http_secops_resume(r);

    ctx = ngx_http_get_module_ctx(r, ngx_http_secops_module);
    ctx->redis_time = result->time;

    if (result->status != NGX_SECOPS_STORE_OK) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "secops: not ready: %V", &result->reason);
    }

    rc = ngx_http_secops_health_reply(r, health, result->status
                                                 == NGX_SECOPS_STORE_OK);
    ngx_http_secops_finish(r, ctx, rc);
}


static ngx_int_t
ngx_http_secops_health_reply(ngx_http_request_t *r,
    ngx_http_secops_health_t *health, ngx_uint_t ready)
{
    static ngx_str_t  retry_after = ngx_string("Retry-After");
    static ngx_str_t  second = ngx_string("1");

    if (ready) {
        return ngx_http_secops_reply(r, NGX_HTTP_OK, health->ready);
    }

    if (ngx_http_secops_add_header(r, &retry_after, &second) == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_reply(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                                 health->not_ready);
}
