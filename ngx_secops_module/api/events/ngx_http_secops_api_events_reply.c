
/* Events: what is answered once the store has spoken. */

#include "api/events/ngx_http_secops_api_events.h"
#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_reply.h"
#include "util/ngx_secops_string.h"


static ngx_int_t ngx_http_secops_events_reply_single(
    ngx_http_secops_events_t *events);
static ngx_int_t ngx_http_secops_events_reply_batch(
    ngx_http_secops_events_t *events);
static secops_error_e ngx_http_secops_events_error(
    const ngx_http_secops_events_entry_t *entry);
static ngx_uint_t ngx_http_secops_events_status(
    ngx_http_secops_events_t *events, ngx_uint_t *stored);
static ngx_int_t ngx_http_secops_events_details(
    ngx_http_secops_events_t *events);
static void ngx_http_secops_events_write(
    const ngx_http_secops_events_entry_t *entry, secops_text_t *text);
static void ngx_http_secops_events_write_error(
    const ngx_http_secops_events_entry_t *entry, secops_text_t *text);


ngx_int_t
ngx_http_secops_events_reply(ngx_http_secops_events_t *events)
{
    secops_error_e  error;

    if (events->batch) {
        return ngx_http_secops_events_reply_batch(events);
    }

    error = ngx_http_secops_events_error(events->entries);

    if (error != SECOPS_ERROR_NONE) {
        return ngx_http_secops_fail_server(events->request, events->ctx, error,
                                           &events->reason);
    }

    return ngx_http_secops_events_reply_single(events);
}


static ngx_int_t
ngx_http_secops_events_reply_single(ngx_http_secops_events_t *events)
{
    ngx_str_t             body;
    secops_event_head_t  *head;

    head = &events->entries->head;

    if (ngx_http_secops_add_durability(events->request) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    body.data = ngx_pnalloc(events->request->pool,
                            secops_event_answer_max(head));
    if (body.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    body.len = secops_event_answer(body.data, head) - body.data;

    return ngx_http_secops_reply(events->request, NGX_HTTP_CREATED, &body);
}


static ngx_int_t
ngx_http_secops_events_reply_batch(ngx_http_secops_events_t *events)
{
    ngx_str_t            id, body;
    ngx_uint_t           i, status, stored;
    secops_text_t        text;
    ngx_pool_cleanup_t  *cln;
    ngx_http_request_t  *r;

    r = events->request;

    status = ngx_http_secops_events_status(events, &stored);

    if (events->reason.len) {
        (void) ngx_http_secops_request_id(r, &id);

        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "secops: %V: %ui of %ui events not stored, last: %V, "
                      "request %V",
                      &events->ctx->route->operation,
                      events->nentries - stored, events->nentries,
                      &events->reason, &id);
    }

    if ((stored < events->nentries
         && ngx_http_secops_events_details(events) != NGX_OK)
        || (stored && ngx_http_secops_add_durability(r) != NGX_OK))
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memzero(&text, sizeof(secops_text_t));

    for (i = 0; i < events->nentries; i++) {
        secops_text_append_string(&text, i ? "," : "[");
        ngx_http_secops_events_write(&events->entries[i], &text);
    }

    secops_text_append_string(&text, "]");

    /* what secops_text_free() would do, once it was sent */

    cln->handler = free;
    cln->data = text.data;

    if (text.failed) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    body = ngx_secops_str(secops_text_slice(&text));

    return ngx_http_secops_reply(r, status, &body);
}


/* once nothing is pending: NONE, the event is stored; or why not */

static secops_error_e
ngx_http_secops_events_error(const ngx_http_secops_events_entry_t *entry)
{
    return entry->group ? entry->group->error : entry->error;
}


/* 201: all were stored; 207: some were.  None: what the first that failed for
   Redis would have got alone, or else the first of them */

static ngx_uint_t
ngx_http_secops_events_status(ngx_http_secops_events_t *events,
    ngx_uint_t *stored)
{
    ngx_uint_t      i;
    secops_error_e  error, first;

    *stored = 0;
    first = SECOPS_ERROR_NONE;

    for (i = 0; i < events->nentries; i++) {

        error = ngx_http_secops_events_error(&events->entries[i]);

        if (error == SECOPS_ERROR_NONE) {
            (*stored)++;

        } else if (first == SECOPS_ERROR_NONE
                   || (secops_error(first)->status
                       < NGX_HTTP_INTERNAL_SERVER_ERROR
                       && secops_error(error)->status
                          >= NGX_HTTP_INTERNAL_SERVER_ERROR))
        {
            first = error;
        }
    }

    if (first == SECOPS_ERROR_NONE) {
        return NGX_HTTP_CREATED;
    }

    events->ctx->error = first;

    return *stored ? NGX_HTTP_SECOPS_MULTI_STATUS : secops_error(first)->status;
}


/* of events that Redis did not store, or perhaps not: the request's id, by
   which the reason is found in the log */

static ngx_int_t
ngx_http_secops_events_details(ngx_http_secops_events_t *events)
{
    ngx_str_t                        failed, unknown;
    ngx_uint_t                       i;
    secops_error_e                   error;
    ngx_http_secops_events_entry_t  *entry;

    if (ngx_http_secops_server_detail(events->request,
                                      SECOPS_ERROR_EVENT_STORE, &failed)
        != NGX_OK
        || ngx_http_secops_server_detail(events->request,
                                         SECOPS_ERROR_EVENT_UNKNOWN, &unknown)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < events->nentries; i++) {

        entry = &events->entries[i];
        error = ngx_http_secops_events_error(entry);

        if (secops_error(error)->status >= NGX_HTTP_INTERNAL_SERVER_ERROR) {
            entry->detail = (error == SECOPS_ERROR_EVENT_UNKNOWN) ? unknown
                                                                  : failed;
        }
    }

    return NGX_OK;
}


static void
ngx_http_secops_events_write(const ngx_http_secops_events_entry_t *entry,
    secops_text_t *text)
{
    u_char  answer[SECOPS_EVENT_ANSWER_MAX];

    if (ngx_http_secops_events_error(entry) != SECOPS_ERROR_NONE) {
        ngx_http_secops_events_write_error(entry, text);
        return;
    }

    secops_text_append(text,
                       secops_slice_bytes(answer,
                                          secops_event_answer(answer,
                                                              &entry->head)
                                          - answer));
}


/* strings are never null: there are clients that give up then */

static void
ngx_http_secops_events_write_error(const ngx_http_secops_events_entry_t *entry,
    secops_text_t *text)
{
    u_char          number[sizeof(",\"job_id\":") + NGX_INT64_LEN];
    secops_slice_t  job;

    secops_text_append_string(text, "{\"event_id\":\"");
    secops_text_append_escaped(text, entry->head.id);
    secops_text_append_string(text, "\"");

    if (entry->head.job) {
        job.data = number;
        job.len = ngx_sprintf(number, ",\"job_id\":%L", entry->head.job)
                  - number;

        secops_text_append(text, job);
    }

    secops_text_append_string(text, ",\"ingest_timestamp\":\"\",\"status\":"
                                    "\"ERROR\",\"error_message\":\"");
    secops_text_append_escaped(text,
                   secops_error(ngx_http_secops_events_error(entry))->message);
    secops_text_append_string(text, "\",\"detail\":\"");
    secops_text_append_escaped(text, ngx_secops_slice(&entry->detail));
    secops_text_append_string(text, "\"}");
}
