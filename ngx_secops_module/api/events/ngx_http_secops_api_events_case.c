
/* Reading what decides on an event; see ngx_http_secops_api_events_case.h. */

#include "api/events/ngx_http_secops_api_events_case.h"
#include "http/ngx_http_secops_fail.h"
#include "util/ngx_secops_string.h"


static ngx_int_t ngx_http_secops_case_answered(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_case_keep(ngx_http_secops_case_t *of,
    ngx_secops_store_result_t *result);
static size_t ngx_http_secops_case_head(ngx_str_t *stored);
static ngx_int_t ngx_http_secops_case_known(void *data);
static ngx_int_t ngx_http_secops_case_open(ngx_http_secops_case_t *of);
static ngx_int_t ngx_http_secops_case_settled(void *data);
static ngx_int_t ngx_http_secops_case_votes(ngx_http_secops_case_t *of);
static ngx_int_t ngx_http_secops_case_voted(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_case_sum(ngx_http_secops_case_t *of);
static ngx_int_t ngx_http_secops_case_summed(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_case_decide(ngx_http_secops_case_t *of);
static ngx_int_t ngx_http_secops_case_sent(ngx_http_secops_case_t *of,
    ngx_int_t rc);
static void ngx_http_secops_case_failed(ngx_http_secops_case_t *of,
    ngx_secops_store_result_t *result);
static void ngx_http_secops_case_error(ngx_http_secops_case_t *of,
    secops_error_e error, const ngx_str_t *reason);


ngx_int_t
ngx_http_secops_case_ask(ngx_http_secops_case_t *of)
{
    ngx_int_t               rc;
    ngx_http_secops_ctx_t  *ctx;

    ctx = of->ctx;

    of->job_id = ngx_secops_slice(&ctx->params[0]);
    of->event_id = ngx_secops_slice(&ctx->params[1]);

    of->job.ctx = ctx;
    of->job.then = ngx_http_secops_case_known;
    of->job.data = of;

    if (secops_job_id_read(&of->job.id, of->job_id) != 0) {
        of->job.id = 0;
    }

    ngx_http_secops_keyspace(ctx, &of->space);

    rc = ngx_http_secops_job_ask(&of->job, 1);

    if (rc == NGX_OK && secops_event_id_is_valid(of->event_id)) {

        ngx_http_secops_calls_add(ctx, &of->link, &of->call,
                                  ngx_http_secops_case_answered, of);

        rc = ngx_http_secops_calls_sent(ctx,
                   ngx_secops_store_read_case(ngx_http_secops_store(ctx),
                                              &of->call, &of->space,
                                              of->job_id, of->event_id));
    }

    if (rc == NGX_DECLINED) {
        rc = ngx_http_secops_case_known(of);

        return (rc == NGX_DONE) ? ngx_http_secops_wait(ctx->request, ctx) : rc;
    }

    return ngx_http_secops_calls_wait(ctx, rc);
}


static ngx_int_t
ngx_http_secops_case_answered(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_case_t *of = data;

    if (result->status == NGX_SECOPS_STORE_OK) {

        if (ngx_http_secops_case_keep(of, result) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

    } else {
        ngx_http_secops_case_failed(of, result);
    }

    return of->ctx->calls.pending ? NGX_DONE : ngx_http_secops_case_known(of);
}


static ngx_int_t
ngx_http_secops_case_keep(ngx_http_secops_case_t *of,
    ngx_secops_store_result_t *result)
{
    size_t      len;
    u_char     *p;
    ngx_str_t  *document;
    ngx_uint_t  i;

    for (i = 0; i < NGX_SECOPS_STORE_CASE; i++) {

        document = &result->documents[i];

        if (document->data == NULL) {
            continue;
        }

        len = (i == NGX_SECOPS_STORE_CASE_EVENT && !of->whole)
              ? ngx_http_secops_case_head(document) : document->len;

        p = ngx_pnalloc(of->ctx->request->pool, len + 1);
        if (p == NULL) {
            return NGX_ERROR;
        }

        of->documents[i].data = p;

        p = ngx_cpymem(p, document->data, len);

        if (len < document->len) {
            *p++ = '}';
        }

        of->documents[i].len = p - of->documents[i].data;
    }

    return NGX_OK;
}


/* the end of the object is to take the place of what was sent */

static size_t
ngx_http_secops_case_head(ngx_str_t *stored)
{
    secops_event_t  event;

    if (secops_event_read(&event, ngx_secops_slice(stored)) != 0) {
        return stored->len;
    }

    return event.members.data - stored->data;
}


/* job and event are there; who may not reach the job learns nothing of the
   event */

static ngx_int_t
ngx_http_secops_case_known(void *data)
{
    ngx_http_secops_case_t *of = data;

    static ngx_str_t  reason = ngx_string("what is stored is no event");

    of->stored = ngx_secops_slice(&of->documents[NGX_SECOPS_STORE_CASE_EVENT]);

    if (of->job.error) {
        of->error = of->job.error;
        return of->then(of->data);
    }

    if (of->error == SECOPS_ERROR_NONE && of->stored.data == NULL) {
        of->error = SECOPS_ERROR_NO_EVENT;
    }

    if (of->error == SECOPS_ERROR_NONE
        && secops_event_read(&of->event, of->stored) != 0)
    {
        ngx_http_secops_case_error(of, SECOPS_ERROR_UNKNOWN, &reason);
    }

    return of->error ? of->then(of->data) : ngx_http_secops_case_open(of);
}


/* what can not be read of the rest is not there */

static ngx_int_t
ngx_http_secops_case_open(ngx_http_secops_case_t *of)
{
    secops_slice_t           feedback, verdict;
    secops_decision_case_t  *what;

    feedback = ngx_secops_slice(
                            &of->documents[NGX_SECOPS_STORE_CASE_FEEDBACK]);
    verdict = ngx_secops_slice(&of->documents[NGX_SECOPS_STORE_CASE_VERDICT]);

    what = &of->what;

    what->facts = of->job.facts;
    what->ingested = of->event.ingested;
    what->digest = of->event.bucket;
    what->total = ngx_http_secops_job_feedback(&of->job);

    if (feedback.data && secops_feedback_read(&of->feedback, feedback) == 0) {
        what->feedback = &of->feedback;
    }

    if (verdict.data && secops_verdict_read(&of->verdict, verdict) == 0) {
        what->verdict = &of->verdict;
    }

    if (what->feedback == NULL
        || !ngx_http_secops_votes_left(&of->feedback)
        || ngx_http_secops_votes_of(&of->votes, &of->feedback) != NGX_OK)
    {
        return ngx_http_secops_case_votes(of);
    }

    of->votes.ctx = of->ctx;
    of->votes.facts = of->job.facts;
    of->votes.space = &of->space;
    of->votes.vote.job = of->job_id;
    of->votes.vote.event = of->event_id;
    of->votes.then = ngx_http_secops_case_settled;
    of->votes.data = of;

    return ngx_http_secops_votes_cast(&of->votes);
}


/* if that was in vain, the next one tries */

static ngx_int_t
ngx_http_secops_case_settled(void *data)
{
    ngx_http_secops_case_t *of = data;

    if (of->votes.error) {
        ngx_log_error(NGX_LOG_WARN, of->ctx->request->connection->log, 0,
                      "secops: the vote of a feedback is still under way: %V",
                      &of->votes.reason);
    }

    return ngx_http_secops_case_votes(of);
}


static ngx_int_t
ngx_http_secops_case_votes(ngx_http_secops_case_t *of)
{
    ngx_int_t               rc;
    ngx_http_secops_ctx_t  *ctx;

    ctx = of->ctx;

    if (of->what.digest.len != SECOPS_KEYS_DIGEST_LEN
        || !secops_decision_asks_bucket(&of->what))
    {
        return ngx_http_secops_case_decide(of);
    }

    ngx_http_secops_calls_add(ctx, &of->bucket_link, &of->bucket_call,
                              ngx_http_secops_case_voted, of);

    rc = ngx_http_secops_calls_sent(ctx,
               ngx_secops_store_read_bucket(ngx_http_secops_store(ctx),
                                            &of->bucket_call, &of->space,
                                            of->job_id,
                                            of->what.digest.data));

    return ngx_http_secops_case_sent(of, rc);
}


static ngx_int_t
ngx_http_secops_case_voted(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_case_t *of = data;

    ngx_uint_t                 i;
    const secops_job_facts_t  *facts;

    if (result->status != NGX_SECOPS_STORE_OK) {
        ngx_http_secops_case_failed(of, result);
        return of->then(of->data);
    }

    facts = of->job.facts;

    secops_bucket_begin(&of->bucket);

    for (i = 0; i + 1 < result->ndocuments; i += 2) {
        secops_bucket_field(&of->bucket, facts,
                            ngx_secops_slice(&result->documents[i]),
                            ngx_secops_slice(&result->documents[i + 1]));
    }

    secops_bucket_train(&of->bucket, facts);

    of->what.bucket = &of->bucket;

    return secops_decision_asks_total(&of->what)
           ? ngx_http_secops_case_sum(of) : ngx_http_secops_case_decide(of);
}


/* of all shards, at once */

static ngx_int_t
ngx_http_secops_case_sum(ngx_http_secops_case_t *of)
{
    ngx_int_t               rc;
    ngx_uint_t              i;
    ngx_http_secops_ctx_t  *ctx;

    ctx = of->ctx;

    of->sum_calls = ngx_pcalloc(ctx->request->pool,
                         SECOPS_ID_SHARDS * sizeof(ngx_secops_store_call_t));
    of->sum_links = ngx_pcalloc(ctx->request->pool,
                         SECOPS_ID_SHARDS * sizeof(ngx_http_secops_call_t));

    if (of->sum_calls == NULL || of->sum_links == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = NGX_OK;

    for (i = 0; i < SECOPS_ID_SHARDS && rc == NGX_OK; i++) {

        ngx_http_secops_calls_add(ctx, &of->sum_links[i], &of->sum_calls[i],
                                  ngx_http_secops_case_summed, of);

        rc = ngx_http_secops_calls_sent(ctx,
                   ngx_secops_store_read_feedbacks(ngx_http_secops_store(ctx),
                                                   &of->sum_calls[i],
                                                   &of->space, of->job_id, i));
    }

    return ngx_http_secops_case_sent(of, rc);
}


static ngx_int_t
ngx_http_secops_case_summed(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_case_t *of = data;

    if (result->status == NGX_SECOPS_STORE_OK) {
        of->sum += result->total;

    } else {
        ngx_http_secops_case_failed(of, result);
    }

    if (of->ctx->calls.pending) {
        return NGX_DONE;
    }

    if (of->error) {
        return of->then(of->data);
    }

    ngx_http_secops_job_counted(&of->job, of->sum);

    of->what.total = of->sum;

    return ngx_http_secops_case_decide(of);
}


static ngx_int_t
ngx_http_secops_case_decide(ngx_http_secops_case_t *of)
{
    secops_decide(&of->decision, &of->what);

    return of->then(of->data);
}


/* NGX_DONE: it waits for what was started */

static ngx_int_t
ngx_http_secops_case_sent(ngx_http_secops_case_t *of, ngx_int_t rc)
{
    ngx_str_t       reason;
    secops_error_e  error;

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc == NGX_BUSY) {
        error = ngx_http_secops_calls_busy(of->ctx, NGX_HTTP_SECOPS_FIND,
                                           &reason);
        ngx_http_secops_case_error(of, error, &reason);
    }

    return of->ctx->calls.pending ? NGX_DONE : of->then(of->data);
}


static void
ngx_http_secops_case_failed(ngx_http_secops_case_t *of,
    ngx_secops_store_result_t *result)
{
    secops_error_e  error;

    error = (result->status == NGX_SECOPS_STORE_NOT_FOUND)
            ? SECOPS_ERROR_NO_EVENT
            : ngx_http_secops_store_error(NGX_HTTP_SECOPS_FIND,
                                          result->status);

    ngx_http_secops_case_error(of, error, &result->reason);
}


/* the first one is told */

static void
ngx_http_secops_case_error(ngx_http_secops_case_t *of, secops_error_e error,
    const ngx_str_t *reason)
{
    if (of->error) {
        return;
    }

    of->error = error;

    of->reason.data = ngx_pstrdup(of->ctx->request->pool,
                                  (ngx_str_t *) reason);
    of->reason.len = of->reason.data ? reason->len : 0;
}


ngx_int_t
ngx_http_secops_case_fail(ngx_http_secops_case_t *of)
{
    static ngx_str_t  none = ngx_null_string;
    static ngx_str_t  detail = ngx_string("the job has no such event");

    if (of->job.error) {
        return ngx_http_secops_job_fail(&of->job);
    }

    if (of->error == SECOPS_ERROR_NO_EVENT) {
        return ngx_http_secops_fail(of->ctx->request, of->ctx, of->error,
                                    &none, &detail);
    }

    return ngx_http_secops_fail_server(of->ctx->request, of->ctx, of->error,
                                       &of->reason);
}
