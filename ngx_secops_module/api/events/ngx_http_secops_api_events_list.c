
/*
 * GET /api/secops/v1/events: the events of a job, the newest first, with the
 * decision on each, page by page.
 */

#include "api/events/ngx_http_secops_api_events_list.h"
#include "http/ngx_http_secops_fail.h"
#include "model/event/secops_job_label.h"
#include "util/ngx_secops_string.h"


static ngx_http_secops_events_list_t *ngx_http_secops_events_list_create(
    ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx);
static void ngx_http_secops_events_list_cleanup(void *data);
static ngx_int_t ngx_http_secops_events_list_query(
    ngx_http_secops_events_list_t *list);
static ngx_int_t ngx_http_secops_events_list_invalid(
    ngx_http_secops_events_list_t *list, secops_slice_t fault);
static ngx_int_t ngx_http_secops_events_list_known(void *data);
static ngx_int_t ngx_http_secops_events_list_label(
    ngx_http_secops_events_list_t *list);
static ngx_int_t ngx_http_secops_events_list_goes_on(void *data,
    ngx_secops_store_result_t *result);


typedef ngx_int_t (*ngx_http_secops_events_step_pt)(
    ngx_http_secops_events_list_t *list);


/* in the order of ngx_http_secops_events_step_e */

static const ngx_http_secops_events_step_pt
    ngx_http_secops_events_list_steps[] =
{
    ngx_http_secops_events_list_fill,
    ngx_http_secops_events_list_take,
    ngx_http_secops_events_list_buckets,
    ngx_http_secops_events_list_decide,
    ngx_http_secops_events_list_documents
};


ngx_int_t
ngx_http_secops_events_list(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                       rc;
    ngx_http_secops_events_list_t  *list;

    list = ngx_http_secops_events_list_create(r, ctx);

    if (list == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_secops_events_list_query(list);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    list->job.ctx = ctx;
    list->job.id = list->query.job;
    list->job.then = ngx_http_secops_events_list_known;
    list->job.data = list;

    return ngx_http_secops_calls_wait(ctx,
                                      ngx_http_secops_job_ask(&list->job, 1));
}


static ngx_http_secops_events_list_t *
ngx_http_secops_events_list_create(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    ngx_pool_cleanup_t             *cln;
    ngx_http_secops_events_list_t  *list;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_secops_events_list_t));
    if (cln == NULL) {
        return NULL;
    }

    list = cln->data;
    ngx_memzero(list, sizeof(ngx_http_secops_events_list_t));

    cln->handler = ngx_http_secops_events_list_cleanup;

    list->request = r;
    list->ctx = ctx;
    list->goes_on = ngx_http_secops_events_list_goes_on;

    ngx_http_secops_keyspace(ctx, &list->space);

    return list;
}


static void
ngx_http_secops_events_list_cleanup(void *data)
{
    ngx_http_secops_events_list_t *list = data;

    ngx_uint_t  i;

    ngx_http_secops_turn_end(&list->turn);

    for (i = 0; i < SECOPS_ID_SHARDS; i++) {
        ngx_secops_store_listing_free(&list->shards[i].listing);
    }

    secops_text_free(&list->text);
}


/* NGX_DECLINED: nothing was answered yet; else to be returned like any reply */

static ngx_int_t
ngx_http_secops_events_list_query(ngx_http_secops_events_list_t *list)
{
    size_t               nrows;
    u_char              *buffer;
    const char          *fault;
    ngx_http_request_t  *r;

    r = list->request;

    buffer = ngx_pnalloc(r->pool, r->args.len + 1);
    if (buffer == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    fault = secops_event_read_query(&list->query, ngx_secops_slice(&r->args),
                                    buffer);
    if (fault) {
        return ngx_http_secops_events_list_invalid(list,
                                                   secops_slice_of(fault));
    }

    nrows = list->query.limit;

    list->rows = ngx_palloc(r->pool,
                            nrows * sizeof(ngx_http_secops_events_row_t));
    list->chunk = ngx_palloc(r->pool,
                             NGX_HTTP_SECOPS_EVENTS_CHUNK
                             * sizeof(ngx_http_secops_events_candidate_t));

    return (list->rows && list->chunk) ? NGX_DECLINED
                                       : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


static ngx_int_t
ngx_http_secops_events_list_invalid(ngx_http_secops_events_list_t *list,
    secops_slice_t fault)
{
    ngx_str_t         detail;

    static ngx_str_t  none = ngx_null_string;

    detail = ngx_secops_str(fault);

    return ngx_http_secops_fail(list->request, list->ctx, SECOPS_ERROR_QUERY,
                                &none, &detail);
}


static ngx_int_t
ngx_http_secops_events_list_known(void *data)
{
    ngx_http_secops_events_list_t *list = data;

    if (list->job.error != SECOPS_ERROR_NONE) {
        return ngx_http_secops_job_fail(&list->job);
    }

    if (list->query.label.data) {
        list->label = secops_job_label(list->job.facts, list->query.label);

        if (list->label == NULL) {
            return ngx_http_secops_events_list_label(list);
        }
    }

    ngx_http_secops_events_list_begin(list);

    return ngx_http_secops_events_list_goes_on(list, NULL);
}


/* the job has no such label: which it has */

static ngx_int_t
ngx_http_secops_events_list_label(ngx_http_secops_events_list_t *list)
{
    ngx_int_t      rc;
    secops_text_t  text;

    ngx_memzero(&text, sizeof(secops_text_t));

    secops_text_append_string(&text, "query parameter label: must be a label "
                                     "of the job, which has ");
    secops_job_label_names(list->job.facts, &text);

    rc = text.failed ? NGX_HTTP_INTERNAL_SERVER_ERROR
                     : ngx_http_secops_events_list_invalid(list,
                                                     secops_text_slice(&text));
    secops_text_free(&text);

    return rc;
}


static ngx_int_t
ngx_http_secops_events_list_goes_on(void *data,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_events_list_t *list = data;

    ngx_int_t  rc;

    if (ngx_http_secops_slice_begin(&list->slice)) {

        do {
            rc = ngx_http_secops_events_list_steps[list->step](list);

            if (rc != NGX_DECLINED) {
                return rc;
            }

        } while (!ngx_http_secops_slice_over(&list->slice));
    }

    return ngx_http_secops_slice_pause(&list->slice, list->ctx, list->goes_on,
                                       list);
}
