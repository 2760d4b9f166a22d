
/*
 * GET /api/v1/events/JOB/ID: the decision on an event, made when it is read;
 * and …/export: the event as it was sent.
 */

#include "api/ngx_http_secops_api.h"
#include "api/events/ngx_http_secops_api_events_case.h"
#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_json.h"
#include "http/ngx_http_secops_reply.h"
#include "util/ngx_secops_string.h"
#include "util/secops_text.h"


static ngx_int_t ngx_http_secops_event_ask(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, ngx_uint_t whole);
static ngx_int_t ngx_http_secops_event_known(void *data);
static ngx_int_t ngx_http_secops_event_decision(ngx_http_secops_case_t *of);
static ngx_int_t ngx_http_secops_event_export(ngx_http_secops_case_t *of);
static ngx_int_t ngx_http_secops_event_reply(ngx_http_secops_case_t *of,
    secops_text_t *text);
static ngx_int_t ngx_http_secops_event_unreadable(ngx_http_secops_case_t *of);


ngx_int_t
ngx_http_secops_events_get(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    return ngx_http_secops_event_ask(r, ctx, 0);
}


ngx_int_t
ngx_http_secops_events_export(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    return ngx_http_secops_event_ask(r, ctx, 1);
}


static ngx_int_t
ngx_http_secops_event_ask(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx,
    ngx_uint_t whole)
{
    ngx_http_secops_case_t  *of;

    of = ngx_pcalloc(r->pool, sizeof(ngx_http_secops_case_t));
    if (of == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    of->ctx = ctx;
    of->then = ngx_http_secops_event_known;
    of->data = of;
    of->whole = whole;

    return ngx_http_secops_case_ask(of);
}


static ngx_int_t
ngx_http_secops_event_known(void *data)
{
    ngx_http_secops_case_t *of = data;

    if (of->error) {
        return ngx_http_secops_case_fail(of);
    }

    return of->whole ? ngx_http_secops_event_export(of)
                     : ngx_http_secops_event_decision(of);
}


static ngx_int_t
ngx_http_secops_event_decision(ngx_http_secops_case_t *of)
{
    secops_text_t  text;

    ngx_memzero(&text, sizeof(secops_text_t));

    secops_text_append_string(&text, "{");
    secops_decision_write(&of->decision, of->event.id, of->event.ingested,
                          &text);
    secops_text_append_string(&text, "}");

    return ngx_http_secops_event_reply(of, &text);
}


static ngx_int_t
ngx_http_secops_event_export(ngx_http_secops_case_t *of)
{
    u_char         time[SECOPS_EVENT_TIME_LEN];
    uint32_t       raw;
    ngx_str_t      detail, stored;
    secops_json_t  json;
    secops_text_t  text;

    static const u_char  name[] = "raw_body";

    stored = ngx_secops_str(of->stored);

    if (ngx_http_secops_parse_json(of->ctx->request, &stored, &json, &detail)
        != NGX_OK)
    {
        return ngx_http_secops_event_unreadable(of);
    }

    raw = secops_json_member(&json, 0, name, sizeof(name) - 1);

    if (raw == 0) {
        return ngx_http_secops_event_unreadable(of);
    }

    secops_event_time(time, of->event.ingested);

    ngx_memzero(&text, sizeof(secops_text_t));

    secops_text_append_string(&text, "{\"arcanna_event\":");
    secops_text_append(&text, secops_json_raw(&json, raw));
    secops_text_append_string(&text, ",\"event_id\":\"");
    secops_text_append(&text, of->event.id);
    secops_text_append_string(&text, "\",\"ingest_timestamp\":\"");
    secops_text_append(&text, secops_slice_bytes(time, SECOPS_EVENT_TIME_LEN));
    secops_text_append_string(&text, "\",\"status\":\"");
    secops_text_append_string(&text, secops_decision_status(&of->decision));
    secops_text_append_string(&text, "\",\"error_message\":\"\"}");

    ngx_http_secops_free_json(of->ctx->request, &json);

    return ngx_http_secops_event_reply(of, &text);
}


/* the text is freed with the request's pool, once it was sent */

static ngx_int_t
ngx_http_secops_event_reply(ngx_http_secops_case_t *of, secops_text_t *text)
{
    ngx_str_t            body;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(of->ctx->request->pool, 0);

    if (cln == NULL || text->failed) {
        secops_text_free(text);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = free;
    cln->data = text->data;

    body = ngx_secops_str(secops_text_slice(text));

    return ngx_http_secops_reply(of->ctx->request, NGX_HTTP_OK, &body);
}


static ngx_int_t
ngx_http_secops_event_unreadable(ngx_http_secops_case_t *of)
{
    static ngx_str_t  reason = ngx_string("what is stored is no event");

    return ngx_http_secops_fail_server(of->ctx->request, of->ctx,
                                       SECOPS_ERROR_UNKNOWN, &reason);
}
