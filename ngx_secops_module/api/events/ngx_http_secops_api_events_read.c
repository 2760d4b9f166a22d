
/*
 * GET /api/v1/events/JOB/ID: the decision on an event, made when it is read;
 * and …/export: the event as it was sent.
 */

#include "api/ngx_http_secops_api.h"
#include "http/access/ngx_http_secops_job.h"
#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_json.h"
#include "http/ngx_http_secops_reply.h"
#include "model/event/secops_decision.h"
#include "model/event/secops_event.h"
#include "store/event/ngx_secops_store_event.h"
#include "util/ngx_secops_string.h"
#include "util/secops_text.h"


typedef struct ngx_http_secops_event_read_s  ngx_http_secops_event_read_t;


/* in the request's pool */

struct ngx_http_secops_event_read_s {
    ngx_http_secops_ctx_t      *ctx;
    ngx_http_secops_job_t       job;
    secops_keyspace_t           space;
    ngx_http_secops_call_t      link;
    ngx_secops_store_call_t     call;
    ngx_uint_t                  whole;      /* 1: all of the event is wanted */
    ngx_str_t                   stored;     /* what is wanted of it */
    secops_error_e              error;      /* of its reading, … */
    ngx_str_t                   reason;     /* … for the log */
};


static ngx_int_t ngx_http_secops_event_read(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, ngx_uint_t whole);
static ngx_int_t ngx_http_secops_event_answered(void *data,
    ngx_secops_store_result_t *result);
static void ngx_http_secops_event_keep(ngx_http_secops_event_read_t *read,
    ngx_str_t *stored);
static ngx_int_t ngx_http_secops_event_known(void *data);
static ngx_int_t ngx_http_secops_event_decision(
    ngx_http_secops_event_read_t *read, const secops_event_t *event);
static ngx_int_t ngx_http_secops_event_export(
    ngx_http_secops_event_read_t *read, const secops_event_t *event);
static ngx_int_t ngx_http_secops_event_reply(
    ngx_http_secops_event_read_t *read, secops_text_t *text);
static ngx_int_t ngx_http_secops_event_fail(
    ngx_http_secops_event_read_t *read);
static ngx_int_t ngx_http_secops_event_unreadable(
    ngx_http_secops_event_read_t *read);


ngx_int_t
ngx_http_secops_events_get(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    return ngx_http_secops_event_read(r, ctx, 0);
}


ngx_int_t
ngx_http_secops_events_export(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    return ngx_http_secops_event_read(r, ctx, 1);
}


static ngx_int_t
ngx_http_secops_event_read(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx,
    ngx_uint_t whole)
{
    ngx_int_t                      rc;
    secops_slice_t                 id;
    ngx_http_secops_event_read_t  *read;

    read = ngx_pcalloc(r->pool, sizeof(ngx_http_secops_event_read_t));
    if (read == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    read->ctx = ctx;
    read->whole = whole;

    read->job.ctx = ctx;
    read->job.then = ngx_http_secops_event_known;
    read->job.data = read;

    if (secops_job_id_read(&read->job.id, ngx_secops_slice(&ctx->params[0]))
        != 0)
    {
        read->job.id = 0;
    }

    rc = ngx_http_secops_job_ask(&read->job, 1);

    if (rc == NGX_DECLINED) {
        return ngx_http_secops_job_fail(&read->job);
    }

    id = ngx_secops_slice(&ctx->params[1]);

    if (rc == NGX_OK && !secops_event_id_is_valid(id)) {
        read->error = SECOPS_ERROR_NO_EVENT;

    } else if (rc == NGX_OK) {
        ngx_http_secops_keyspace(ctx, &read->space);
        ngx_http_secops_calls_add(ctx, &read->link, &read->call,
                                  ngx_http_secops_event_answered, read);

        rc = ngx_http_secops_calls_sent(ctx,
                 ngx_secops_store_get_event(ngx_http_secops_store(ctx),
                                            &read->call, &read->space,
                                            ngx_secops_slice(&ctx->params[0]),
                                            id));
    }

    return ngx_http_secops_calls_wait(ctx, rc);
}


static ngx_int_t
ngx_http_secops_event_answered(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_event_read_t *read = data;

    switch (result->status) {

    case NGX_SECOPS_STORE_OK:
        ngx_http_secops_event_keep(read, &result->value);
        break;

    case NGX_SECOPS_STORE_NOT_FOUND:
        read->error = SECOPS_ERROR_NO_EVENT;
        break;

    default:
        read->error = ngx_http_secops_store_error(NGX_HTTP_SECOPS_FIND,
                                                  result->status);
        read->reason.data = ngx_pstrdup(read->ctx->request->pool,
                                        &result->reason);
        read->reason.len = read->reason.data ? result->reason.len : 0;
    }

    return read->ctx->calls.pending ? NGX_DONE
                                    : ngx_http_secops_event_known(read);
}


/* without what was sent, which may be long, if that is not wanted: the end of
   the object takes its place */

static void
ngx_http_secops_event_keep(ngx_http_secops_event_read_t *read,
    ngx_str_t *stored)
{
    size_t           len;
    u_char          *p;
    secops_event_t   event;

    static ngx_str_t  no_memory = ngx_string("no memory");

    len = stored->len;

    if (!read->whole
        && secops_event_read(&event, ngx_secops_slice(stored)) == 0)
    {
        len = event.members.data - stored->data;
    }

    p = ngx_pnalloc(read->ctx->request->pool, len + 1);

    if (p == NULL) {
        read->error = SECOPS_ERROR_UNKNOWN;
        read->reason = no_memory;
        return;
    }

    read->stored.data = p;

    p = ngx_cpymem(p, stored->data, len);

    if (len < stored->len) {
        *p++ = '}';
    }

    read->stored.len = p - read->stored.data;
}


static ngx_int_t
ngx_http_secops_event_known(void *data)
{
    ngx_http_secops_event_read_t *read = data;

    secops_event_t  event;

    if (read->job.error != SECOPS_ERROR_NONE) {
        return ngx_http_secops_job_fail(&read->job);
    }

    if (read->error != SECOPS_ERROR_NONE) {
        return ngx_http_secops_event_fail(read);
    }

    if (secops_event_read(&event, ngx_secops_slice(&read->stored)) != 0) {
        return ngx_http_secops_event_unreadable(read);
    }

    return read->whole ? ngx_http_secops_event_export(read, &event)
                       : ngx_http_secops_event_decision(read, &event);
}


static void
ngx_http_secops_event_decide(ngx_http_secops_event_read_t *read,
    const secops_event_t *event, secops_decision_t *decision)
{
    secops_decision_case_t  of;

    ngx_memzero(&of, sizeof(secops_decision_case_t));

    of.facts = read->job.facts;
    of.ingested = event->ingested;
    of.digest = event->bucket;

    secops_decide(decision, &of);
}


static ngx_int_t
ngx_http_secops_event_decision(ngx_http_secops_event_read_t *read,
    const secops_event_t *event)
{
    secops_text_t      text;
    secops_decision_t  decision;

    ngx_http_secops_event_decide(read, event, &decision);

    ngx_memzero(&text, sizeof(secops_text_t));

    secops_text_append_string(&text, "{");
    secops_decision_write(&decision, event->id, event->ingested, &text);
    secops_text_append_string(&text, "}");

    return ngx_http_secops_event_reply(read, &text);
}


static ngx_int_t
ngx_http_secops_event_export(ngx_http_secops_event_read_t *read,
    const secops_event_t *event)
{
    u_char             time[SECOPS_EVENT_TIME_LEN];
    uint32_t           raw;
    ngx_str_t          detail;
    secops_json_t      json;
    secops_text_t      text;
    secops_decision_t  decision;

    static const u_char  name[] = "raw_body";

    if (ngx_http_secops_parse_json(read->ctx->request, &read->stored, &json,
                                   &detail)
        != NGX_OK)
    {
        return ngx_http_secops_event_unreadable(read);
    }

    raw = secops_json_member(&json, 0, name, sizeof(name) - 1);

    if (raw == 0) {
        return ngx_http_secops_event_unreadable(read);
    }

    ngx_http_secops_event_decide(read, event, &decision);

    secops_event_time(time, event->ingested);

    ngx_memzero(&text, sizeof(secops_text_t));

    secops_text_append_string(&text, "{\"arcanna_event\":");
    secops_text_append(&text, secops_json_raw(&json, raw));
    secops_text_append_string(&text, ",\"event_id\":\"");
    secops_text_append(&text, event->id);
    secops_text_append_string(&text, "\",\"ingest_timestamp\":\"");
    secops_text_append(&text, secops_slice_bytes(time, SECOPS_EVENT_TIME_LEN));
    secops_text_append_string(&text, "\",\"status\":\"");
    secops_text_append_string(&text, secops_decision_status(&decision));
    secops_text_append_string(&text, "\",\"error_message\":\"\"}");

    ngx_http_secops_free_json(read->ctx->request, &json);

    return ngx_http_secops_event_reply(read, &text);
}


/* the text is freed with the request's pool, once it was sent */

static ngx_int_t
ngx_http_secops_event_reply(ngx_http_secops_event_read_t *read,
    secops_text_t *text)
{
    ngx_str_t            body;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(read->ctx->request->pool, 0);

    if (cln == NULL || text->failed) {
        secops_text_free(text);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = free;
    cln->data = text->data;

    body = ngx_secops_str(secops_text_slice(text));

    return ngx_http_secops_reply(read->ctx->request, NGX_HTTP_OK, &body);
}


static ngx_int_t
ngx_http_secops_event_fail(ngx_http_secops_event_read_t *read)
{
    static ngx_str_t  none = ngx_null_string;
    static ngx_str_t  detail = ngx_string("the job has no such event");

    if (read->error == SECOPS_ERROR_NO_EVENT) {
        return ngx_http_secops_fail(read->ctx->request, read->ctx,
                                    read->error, &none, &detail);
    }

    return ngx_http_secops_fail_server(read->ctx->request, read->ctx,
                                       read->error, &read->reason);
}


static ngx_int_t
ngx_http_secops_event_unreadable(ngx_http_secops_event_read_t *read)
{
    static ngx_str_t  reason = ngx_string("what is stored is no event");

    return ngx_http_secops_fail_server(read->ctx->request, read->ctx,
                                       SECOPS_ERROR_UNKNOWN, &reason);
}
