
/*
 * Calls of the store and pauses of a request; see ngx_http_secops_calls.h.
 * They are cancelled with the request: http/ngx_http_secops_request.c.  What an
 * operation does when one cannot start: http/ngx_http_secops_calls_wait.c.
 */

#include "http/ngx_http_secops.h"
#include "http/ngx_http_secops_calls.h"


static void ngx_http_secops_calls_handler(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_calls_answered(void *data,
    ngx_secops_store_result_t *result);
static void ngx_http_secops_pause_handler(ngx_event_t *ev);


void
ngx_http_secops_calls_add(ngx_http_secops_ctx_t *ctx,
    ngx_http_secops_call_t *link, ngx_secops_store_call_t *call,
    ngx_http_secops_answer_pt answer, void *data)
{
    link->ctx = ctx;
    link->call = call;
    link->answer = answer;
    link->data = data;

    link->next = ctx->calls.first;
    ctx->calls.first = link;

    call->handler = ngx_http_secops_calls_handler;
    call->data = link;
}


ngx_int_t
ngx_http_secops_calls_sent(ngx_http_secops_ctx_t *ctx, ngx_int_t rc)
{
    if (rc == NGX_OK && ctx->calls.pending++ == 0) {
        ctx->calls.before = (ctx->redis_time == NGX_CONF_UNSET_MSEC)
                            ? 0 : ctx->redis_time;
    }

    return rc;
}


void
ngx_http_secops_calls_cancel(ngx_http_secops_call_t *link)
{
    ngx_secops_store_cancel(link->call);
}


static void
ngx_http_secops_calls_handler(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_call_t  *link;

    link = call->data;

    ngx_http_secops_wake(link->ctx, ngx_http_secops_calls_answered, link,
                         result);
}


/* of calls at the same time the slowest counts, of one after another each */

static ngx_int_t
ngx_http_secops_calls_answered(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_call_t *link = data;

    ngx_msec_t              time;
    ngx_http_secops_ctx_t  *ctx;

    ctx = link->ctx;

    ctx->calls.pending--;

    time = ctx->calls.before + result->time;

    if (ctx->redis_time == NGX_CONF_UNSET_MSEC || ctx->redis_time < time) {
        ctx->redis_time = time;
    }

    return link->answer(link->data, result);
}


/*
 * A timer, and not a posted event: a worker that is told to quit waits for
 * timers.  One of no time at all would expire in the same round, and nobody
 * else would come in.
 */

ngx_int_t
ngx_http_secops_pause(ngx_http_secops_ctx_t *ctx, ngx_msec_t time,
    ngx_http_secops_answer_pt answer, void *data)
{
    ngx_http_secops_pause_t  *pause;

    pause = ctx->calls.pause;

    if (pause == NULL) {
        pause = ngx_pcalloc(ctx->request->pool,
                            sizeof(ngx_http_secops_pause_t));
        if (pause == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        pause->ctx = ctx;
        pause->timer.handler = ngx_http_secops_pause_handler;
        pause->timer.data = pause;
        pause->timer.log = ctx->request->connection->log;

        ctx->calls.pause = pause;
    }

    pause->answer = answer;
    pause->data = data;

    ngx_add_timer(&pause->timer, time);

    return NGX_DONE;
}


static void
ngx_http_secops_pause_handler(ngx_event_t *ev)
{
    ngx_http_secops_pause_t  *pause;

    pause = ev->data;

    ngx_http_secops_wake(pause->ctx, pause->answer, pause->data, NULL);
}


ngx_secops_store_t *
ngx_http_secops_store(ngx_http_secops_ctx_t *ctx)
{
    ngx_http_secops_loc_conf_t  *slcf;

    slcf = ngx_http_get_module_loc_conf(ctx->request, ngx_http_secops_module);

    return &slcf->store;
}


void
ngx_http_secops_keyspace(ngx_http_secops_ctx_t *ctx, secops_keyspace_t *space)
{
    ngx_secops_store_space(ngx_http_secops_store(ctx), space,
                           &ctx->identity.domain);
}


secops_keyspace_t *
ngx_http_secops_keyspaces(ngx_http_secops_ctx_t *ctx, ngx_uint_t *n)
{
    ngx_str_t          *domain;
    ngx_uint_t          i;
    secops_keyspace_t  *spaces;

    *n = ctx->domains ? ctx->ndomains : 1;
    domain = ctx->domains ? ctx->domains : &ctx->identity.domain;

    spaces = ngx_palloc(ctx->request->pool, *n * sizeof(secops_keyspace_t));

    for (i = 0; spaces && i < *n; i++) {
        ngx_secops_store_space(ngx_http_secops_store(ctx), &spaces[i],
                               &domain[i]);
    }

    return spaces;
}


void
ngx_http_secops_caller(ngx_http_secops_ctx_t *ctx,
    ngx_secops_store_audit_t *audit)
{
    ngx_memzero(audit, sizeof(ngx_secops_store_audit_t));

    audit->user = ctx->identity.user;
    audit->user_name = ctx->identity.user_name;

    if (ctx->identity.method) {
        audit->method = ctx->identity.method->name;
    }

    audit->address = ctx->request->connection->addr_text;
    audit->operation = ctx->route->operation;

    if (ctx->act_for.len) {
        audit->caller_domain = ctx->identity.own_domain;
    }

    (void) ngx_http_secops_request_id(ctx->request, &audit->request_id);
}
