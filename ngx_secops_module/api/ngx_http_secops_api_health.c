
/*
 * Readiness, for load balancers and clients: 200 when Redis has just accepted
 * a write, and each server of it when there are several; 503 otherwise.
 * Anybody may ask.  A caller who may read or write is also told about each
 * server; addresses are hidden from all others.
 *
 * Clients of /api/v1 ask with an api key to find out whether it is good: there
 * an invalid key is reported in the body, with status 200.
 */

#include "api/ngx_http_secops_api.h"
#include "http/ngx_http_secops_reply.h"
#include "util/ngx_secops_string.h"
#include "util/secops_text.h"


/* how the two versions say it, without the last brace */

typedef struct {
    ngx_str_t                        ready;
    ngx_str_t                        not_ready;
} ngx_http_secops_health_text_t;


typedef struct ngx_http_secops_health_s  ngx_http_secops_health_t;


/* one server that is asked */

typedef struct {
    ngx_http_secops_health_t        *health;
    ngx_http_secops_call_t           link;
    ngx_secops_store_call_t          call;
    ngx_str_t                        name;
    ngx_str_t                        address;
    ngx_str_t                        reason;    /* empty: it is ready */
} ngx_http_secops_health_server_t;


/*
 *  KEY ──> CALLER ──> PROBE
 *
 * The first is of v1 only.  Both of the first two may have to wait.
 */

typedef enum {
    NGX_HTTP_SECOPS_HEALTH_KEY = 0,
    NGX_HTTP_SECOPS_HEALTH_CALLER,
    NGX_HTTP_SECOPS_HEALTH_PROBE
} ngx_http_secops_health_step_e;


struct ngx_http_secops_health_s {
    ngx_http_request_t                    *request;
    ngx_http_secops_ctx_t                 *ctx;
    const ngx_http_secops_health_text_t   *text;
    ngx_http_secops_health_step_e          step;
    ngx_uint_t                             trusted;   /* to see addresses */

    ngx_http_secops_health_server_t       *servers;
    ngx_uint_t                             nservers;
};


static ngx_int_t ngx_http_secops_health_begin(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, const ngx_http_secops_health_text_t *text,
    ngx_http_secops_health_step_e step);
static ngx_int_t ngx_http_secops_health_run(ngx_http_secops_health_t *health);
static ngx_int_t ngx_http_secops_health_key(ngx_http_secops_health_t *health);
static ngx_int_t ngx_http_secops_health_caller(
    ngx_http_secops_health_t *health);
static ngx_int_t ngx_http_secops_health_resume(ngx_http_secops_ctx_t *ctx);
static ngx_int_t ngx_http_secops_health_probe(
    ngx_http_secops_health_t *health);
static ngx_int_t ngx_http_secops_health_start(
    ngx_http_secops_health_t *health, ngx_uint_t share);
static ngx_int_t ngx_http_secops_health_answered(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_health_reply(
    ngx_http_secops_health_t *health);
static ngx_uint_t ngx_http_secops_health_ready(
    ngx_http_secops_health_t *health);
static ngx_int_t ngx_http_secops_health_body(ngx_http_secops_health_t *health,
    ngx_uint_t ready, ngx_str_t *body);
static void ngx_http_secops_health_write(
    ngx_http_secops_health_server_t *server, secops_text_t *text);
static void ngx_http_secops_health_string(secops_text_t *text,
    const char *name, ngx_str_t *value);


static const ngx_http_secops_health_text_t  ngx_http_secops_health_text_v1 = {
    ngx_string("{\"status\":true,\"connected\":true"),
    ngx_string("{\"status\":false,\"connected\":false")
};

static const ngx_http_secops_health_text_t  ngx_http_secops_health_text_v2 = {
    ngx_string("{\"status\":\"OK\",\"reason\":\"\",\"reason_details\":\"\""),
    ngx_string("{\"status\":\"NOK\",\"reason\":\"Redis is not writable\","
               "\"reason_details\":\"\"")
};


ngx_int_t
ngx_http_secops_health_v1(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    return ngx_http_secops_health_begin(r, ctx,
                                        &ngx_http_secops_health_text_v1,
                                        NGX_HTTP_SECOPS_HEALTH_KEY);
}


ngx_int_t
ngx_http_secops_health_v2(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    return ngx_http_secops_health_begin(r, ctx,
                                        &ngx_http_secops_health_text_v2,
                                        NGX_HTTP_SECOPS_HEALTH_CALLER);
}


static ngx_int_t
ngx_http_secops_health_begin(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx,
    const ngx_http_secops_health_text_t *text,
    ngx_http_secops_health_step_e step)
{
    ngx_http_secops_health_t  *health;

    health = ngx_pcalloc(r->pool, sizeof(ngx_http_secops_health_t));
    if (health == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    health->request = r;
    health->ctx = ctx;
    health->text = text;
    health->step = step;

    ctx->data = health;

    return ngx_http_secops_health_run(health);
}


/* what is answered, or NGX_DONE */

static ngx_int_t
ngx_http_secops_health_run(ngx_http_secops_health_t *health)
{
    ngx_int_t  rc;

    rc = NGX_DECLINED;

    if (health->step == NGX_HTTP_SECOPS_HEALTH_KEY) {
        rc = ngx_http_secops_health_key(health);
    }

    if (rc == NGX_DECLINED && health->step == NGX_HTTP_SECOPS_HEALTH_CALLER) {
        rc = ngx_http_secops_health_caller(health);
    }

    if (rc == NGX_DECLINED) {
        rc = ngx_http_secops_health_probe(health);
    }

    return rc;
}


/* NGX_DECLINED: go on */

static ngx_int_t
ngx_http_secops_health_key(ngx_http_secops_health_t *health)
{
    ngx_http_request_t            *r;
    ngx_http_secops_auth_t        *auth;
    ngx_http_secops_loc_conf_t    *slcf;
    ngx_http_secops_credential_t   credential;

    static ngx_str_t  not_ready =
                          ngx_string("{\"status\":false,\"connected\":false}");

    r = health->request;
    auth = &health->ctx->auth;
    slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);

    if (ngx_http_secops_auth_enabled(&slcf->identity,
                                     &ngx_http_secops_auth_api_key))
    {
        ngx_memzero(&credential, sizeof(ngx_http_secops_credential_t));

        switch (ngx_http_secops_auth_api_key.handler(r, &slcf->identity, auth,
                                                     &credential))
        {
        case NGX_AGAIN:
            return ngx_http_secops_auth_wait(health->ctx,
                                             ngx_http_secops_health_resume);

        case NGX_ABORT:
            return ngx_http_secops_reply(r, NGX_HTTP_OK, &not_ready);

        case NGX_ERROR:
            return NGX_HTTP_INTERNAL_SERVER_ERROR;

        default:

            /* no key, a good one, or Redis does not say: then it will not be
               ready either */

            auth->data = NULL;
        }
    }

    health->step = NGX_HTTP_SECOPS_HEALTH_CALLER;

    return NGX_DECLINED;
}


/* an unidentified caller is treated like any other */

static ngx_int_t
ngx_http_secops_health_caller(ngx_http_secops_health_t *health)
{
    ngx_int_t                    rc;
    ngx_http_secops_ctx_t       *ctx;
    ngx_http_secops_loc_conf_t  *slcf;

    ctx = health->ctx;
    slcf = ngx_http_get_module_loc_conf(health->request,
                                        ngx_http_secops_module);

    if (slcf->identity.methods) {
        rc = ngx_http_secops_identify(health->request, &slcf->identity,
                                      &ctx->auth, &ctx->identity);

        if (rc == NGX_AGAIN) {
            return ngx_http_secops_auth_wait(ctx,
                                             ngx_http_secops_health_resume);
        }

        health->trusted = (rc == NGX_OK
                           && (ctx->identity.permissions
                               & (SECOPS_PERMISSION_READ
                                  |SECOPS_PERMISSION_WRITE)));
    }

    health->step = NGX_HTTP_SECOPS_HEALTH_PROBE;

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_secops_health_resume(ngx_http_secops_ctx_t *ctx)
{
    return ngx_http_secops_health_run(ctx->data);
}


static ngx_int_t
ngx_http_secops_health_probe(ngx_http_secops_health_t *health)
{
    ngx_uint_t           i, n;
    ngx_http_request_t  *r;

    r = health->request;

    n = ngx_secops_store_shares(ngx_http_secops_store(health->ctx));

    health->servers = ngx_pcalloc(r->pool,
                                  n * sizeof(ngx_http_secops_health_server_t));
    if (health->servers == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    health->nservers = n;

    for (i = 0; i < n; i++) {
        if (ngx_http_secops_health_start(health, i) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    return health->ctx->calls.pending ? ngx_http_secops_wait(r, health->ctx)
                                      : ngx_http_secops_health_reply(health);
}


static ngx_int_t
ngx_http_secops_health_start(ngx_http_secops_health_t *health,
    ngx_uint_t share)
{
    ngx_int_t                         rc;
    ngx_secops_store_t               *store;
    ngx_http_secops_health_server_t  *server;

    store = ngx_http_secops_store(health->ctx);
    server = &health->servers[share];

    if (ngx_secops_store_server(store, share, health->request->pool,
                                &server->name, &server->address)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    server->health = health;

    ngx_http_secops_calls_add(health->ctx, &server->link, &server->call,
                              ngx_http_secops_health_answered, server);

    rc = ngx_secops_store_probe(store, &server->call, share);

    if (ngx_http_secops_calls_sent(health->ctx, rc) == NGX_BUSY) {
        server->reason = *ngx_secops_store_busy(store);
        return NGX_OK;
    }

    return rc;
}


static ngx_int_t
ngx_http_secops_health_answered(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_health_server_t *server = data;

    ngx_http_secops_health_t  *health;

    static ngx_str_t  unreadable = ngx_string("no readable reason");

    health = server->health;

    if (result->status != NGX_SECOPS_STORE_OK) {
        server->reason.data = ngx_pstrdup(health->request->pool,
                                          &result->reason);
        server->reason.len = result->reason.len;

        if (server->reason.data == NULL || server->reason.len == 0) {
            server->reason = unreadable;
        }

        ngx_log_error(NGX_LOG_ERR, health->request->connection->log, 0,
                      "secops: not ready: %V, server \"%V\"",
                      &server->reason, &server->name);
    }

    return health->ctx->calls.pending ? NGX_DONE
                                      : ngx_http_secops_health_reply(health);
}


static ngx_int_t
ngx_http_secops_health_reply(ngx_http_secops_health_t *health)
{
    ngx_str_t   body;
    ngx_uint_t  ready;

    ready = ngx_http_secops_health_ready(health);

    if (ngx_http_secops_health_body(health, ready, &body) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_reply(health->request,
                                 ready ? NGX_HTTP_OK
                                       : NGX_HTTP_SERVICE_UNAVAILABLE,
                                 &body);
}


static ngx_uint_t
ngx_http_secops_health_ready(ngx_http_secops_health_t *health)
{
    ngx_uint_t  i;

    for (i = 0; i < health->nservers; i++) {
        if (health->servers[i].reason.len) {
            return 0;
        }
    }

    if (ngx_secops_store_gaps(ngx_http_secops_store(health->ctx))) {
        ngx_log_error(NGX_LOG_ERR, health->request->connection->log, 0,
                      "secops: not ready: a part of the cluster has no server");
        return 0;
    }

    return 1;
}


static ngx_int_t
ngx_http_secops_health_body(ngx_http_secops_health_t *health, ngx_uint_t ready,
    ngx_str_t *body)
{
    ngx_uint_t           i;
    secops_slice_t       head;
    secops_text_t        text;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(health->request->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(&text, sizeof(secops_text_t));

    head.len = ready ? health->text->ready.len : health->text->not_ready.len;
    head.data = ready ? health->text->ready.data
                      : health->text->not_ready.data;

    secops_text_append(&text, head);

    if (health->trusted) {
        secops_text_append_string(&text, ",\"servers\":[");

        for (i = 0; i < health->nservers; i++) {
            secops_text_append_string(&text, i ? ",{" : "{");
            ngx_http_secops_health_write(&health->servers[i], &text);
            secops_text_append_string(&text, "}");
        }

        secops_text_append_string(&text, "]");
    }

    secops_text_append_string(&text, "}");

    /* what secops_text_free() would do, once it was sent */

    cln->handler = free;
    cln->data = text.data;

    *body = ngx_secops_str(secops_text_slice(&text));

    return text.failed ? NGX_ERROR : NGX_OK;
}


static void
ngx_http_secops_health_write(ngx_http_secops_health_server_t *server,
    secops_text_t *text)
{
    ngx_http_secops_health_string(text, "\"name\":\"", &server->name);
    ngx_http_secops_health_string(text, ",\"address\":\"", &server->address);

    secops_text_append_string(text, server->reason.len ? ",\"ready\":false"
                                                       : ",\"ready\":true");

    ngx_http_secops_health_string(text, ",\"reason\":\"", &server->reason);
}


/* an error may hold anything that a server sends */

static void
ngx_http_secops_health_string(secops_text_t *text, const char *name,
    ngx_str_t *value)
{
    secops_slice_t  slice;

    slice = ngx_secops_slice(value);

    secops_text_append_string(text, name);

    if (secops_text_is_name(slice)) {
        secops_text_append_escaped(text, slice);

    } else {
        secops_text_append_string(text, "no readable text");
    }

    secops_text_append_string(text, "\"");
}
