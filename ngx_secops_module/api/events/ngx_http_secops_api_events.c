
/*
 * POST /api/v1/events and /api/v1/events/ID: events for a job.  Without an ID
 * in the path there may be several of them, as an array or as lines; with one,
 * the route takes no lines.
 */

#include "api/events/ngx_http_secops_api_events.h"
#include "http/ngx_http_secops_body.h"
#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_json.h"
#include "util/ngx_secops_string.h"


static ngx_int_t ngx_http_secops_events_begin(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, secops_slice_t id);
static ngx_int_t ngx_http_secops_events_document(
    ngx_http_secops_events_t *events);
static ngx_int_t ngx_http_secops_events_run(ngx_http_secops_events_t *events);
static ngx_int_t ngx_http_secops_events_step(ngx_http_secops_events_t *events);
static ngx_int_t ngx_http_secops_events_goes_on(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_events_answered(void *data);


ngx_int_t
ngx_http_secops_events_create(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    return ngx_http_secops_events_begin(r, ctx, secops_slice_bytes(NULL, 0));
}


ngx_int_t
ngx_http_secops_events_put(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    return ngx_http_secops_events_begin(r, ctx,
                                        ngx_secops_slice(&ctx->params[0]));
}


static ngx_int_t
ngx_http_secops_events_begin(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, secops_slice_t id)
{
    ngx_int_t                  rc;
    ngx_time_t                *tp;
    ngx_pool_cleanup_t        *cln;
    ngx_http_secops_events_t  *events;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_secops_events_t));
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    events = cln->data;
    ngx_memzero(events, sizeof(ngx_http_secops_events_t));

    cln->handler = ngx_http_secops_events_drop;

    tp = ngx_timeofday();

    events->request = r;
    events->ctx = ctx;
    events->answered = ngx_http_secops_events_answered;
    events->msec = (uint64_t) tp->sec * 1000 + tp->msec;
    events->id = id;

    ngx_http_secops_keyspace(ctx, &events->space);

    if (ngx_http_secops_body_type(r) == NGX_HTTP_SECOPS_BODY_LINES) {
        rc = ngx_http_secops_events_lines(events);

    } else {
        rc = ngx_http_secops_events_document(events);
    }

    if (rc != NGX_DECLINED) {
        return rc;
    }

    rc = ngx_http_secops_events_run(events);

    return (rc == NGX_DONE) ? ngx_http_secops_wait(r, ctx) : rc;
}


/* with an ID in the path, an array is no event */

static ngx_int_t
ngx_http_secops_events_document(ngx_http_secops_events_t *events)
{
    ngx_int_t         rc;
    ngx_str_t         detail;

    static ngx_str_t  none = ngx_null_string;

    rc = ngx_http_secops_read_json(events->request, 0, &events->json, &detail);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc != NGX_OK) {
        return ngx_http_secops_fail(events->request, events->ctx,
                                    SECOPS_ERROR_BODY, &none, &detail);
    }

    events->size = events->json.text.len;

    if (events->json.tokens[0].type == SECOPS_JSON_ARRAY
        && events->id.data == NULL)
    {
        return ngx_http_secops_events_array(events);
    }

    return ngx_http_secops_events_expect(events, 1);
}


/* NGX_DONE: it goes on later; else the reply */

static ngx_int_t
ngx_http_secops_events_run(ngx_http_secops_events_t *events)
{
    ngx_int_t  rc;

    events->asked = 0;

    /* a single event is shorter than what others may take before it */

    if (events->batch && !ngx_http_secops_slice_begin(&events->slice)) {
        rc = NGX_BUSY;

    } else {
        rc = ngx_http_secops_events_step(events);
    }

    switch (rc) {

    case NGX_DECLINED:
        break;

    case NGX_AGAIN:
    case NGX_BUSY:

        /* tokens that are the worker's would be another request's by then */

        if (events->json.tokens
            && ngx_http_secops_keep_json(events->request, &events->json)
               != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        events->asked = (rc == NGX_AGAIN);

        return (rc == NGX_AGAIN)
               ? NGX_DONE
               : ngx_http_secops_slice_pause(&events->slice, events->ctx,
                                             ngx_http_secops_events_goes_on,
                                             events);

    default:
        return rc;
    }

    events->done = 1;

    ngx_http_secops_events_send(events);

    return events->ctx->calls.pending ? NGX_DONE
                                      : ngx_http_secops_events_reply(events);
}


/* NGX_BUSY: the slice is over; else as one event is looked at */

static ngx_int_t
ngx_http_secops_events_step(ngx_http_secops_events_t *events)
{
    ngx_int_t  rc;

    while (events->next < events->nentries) {

        rc = events->batch
             ? ngx_http_secops_events_next(events)
             : ngx_http_secops_events_add(events, events->entries,
                                          &events->json, 0, "");

        if (rc != NGX_DECLINED) {
            return rc;
        }

        events->next++;

        if (events->next < events->nentries
            && ngx_http_secops_slice_over(&events->slice))
        {
            return NGX_BUSY;
        }
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_secops_events_goes_on(void *data, ngx_secops_store_result_t *result)
{
    return ngx_http_secops_events_run(data);
}


static ngx_int_t
ngx_http_secops_events_answered(void *data)
{
    ngx_http_secops_events_t *events = data;

    if (events->done) {
        return ngx_http_secops_events_reply(events);
    }

    return events->asked ? ngx_http_secops_events_run(events) : NGX_DONE;
}
