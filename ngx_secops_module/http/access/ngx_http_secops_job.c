
/* The job of an operation; see ngx_http_secops_job.h. */

#include "http/access/ngx_http_secops_access.h"
#include "http/access/ngx_http_secops_job.h"
#include "http/ngx_http_secops_fail.h"
#include "util/ngx_secops_string.h"


/* milliseconds for which facts are not asked for again, where that will do */

#define NGX_HTTP_SECOPS_JOB_AGE  1000


static ngx_int_t ngx_http_secops_job_hold(ngx_http_secops_job_t *job,
    ngx_secops_store_facts_t *facts);
static void ngx_http_secops_job_let_go(void *data);
static ngx_int_t ngx_http_secops_job_read(ngx_http_secops_job_t *job);
static ngx_int_t ngx_http_secops_job_checked(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_job_answered(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_job_failed(ngx_http_secops_job_t *job,
    secops_error_e error, const ngx_str_t *reason);
static ngx_int_t ngx_http_secops_job_done(ngx_http_secops_job_t *job);


ngx_int_t
ngx_http_secops_job_ask(ngx_http_secops_job_t *job, ngx_uint_t fresh)
{
    ngx_secops_store_t        *store;
    ngx_secops_store_facts_t  *facts;

    if (job->id == 0) {
        job->error = SECOPS_ERROR_NO_JOB;
        return NGX_DECLINED;
    }

    store = ngx_http_secops_store(job->ctx);

    ngx_http_secops_keyspace(job->ctx, &job->space);

    facts = ngx_secops_store_known_job(store, &job->space, job->id);

    if (facts == NULL) {
        return ngx_http_secops_job_read(job);
    }

    if (ngx_http_secops_job_hold(job, facts) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!fresh
        && ngx_secops_store_job_young(facts, NGX_HTTP_SECOPS_JOB_AGE)
        && ngx_http_secops_granted_job(job->ctx, facts->facts))
    {
        job->facts = facts->facts;
        return NGX_DECLINED;
    }

    job->asked = ngx_current_msec;

    ngx_http_secops_calls_add(job->ctx, &job->check_link, &job->check,
                              ngx_http_secops_job_checked, job);

    return ngx_http_secops_calls_sent(job->ctx,
               ngx_secops_store_read_revision(store, &job->check,
                                              &job->space));
}


/* in place of those that it held; they are let go if it fails */

static ngx_int_t
ngx_http_secops_job_hold(ngx_http_secops_job_t *job,
    ngx_secops_store_facts_t *facts)
{
    if (job->cln == NULL) {
        job->cln = ngx_pool_cleanup_add(job->ctx->request->pool, 0);

        if (job->cln == NULL) {
            ngx_secops_store_drop_job(facts);
            return NGX_ERROR;
        }

        job->cln->handler = ngx_http_secops_job_let_go;
        job->cln->data = job;
    }

    ngx_http_secops_job_let_go(job);

    job->held = facts;

    return NGX_OK;
}


static void
ngx_http_secops_job_let_go(void *data)
{
    ngx_http_secops_job_t *job = data;

    if (job->held) {
        ngx_secops_store_drop_job(job->held);
        job->held = NULL;
    }
}


static ngx_int_t
ngx_http_secops_job_read(ngx_http_secops_job_t *job)
{
    ngx_http_secops_calls_add(job->ctx, &job->read_link, &job->read.eval.call,
                              ngx_http_secops_job_answered, job);

    return ngx_http_secops_calls_sent(job->ctx,
               ngx_secops_store_read_job(ngx_http_secops_store(job->ctx),
                                         &job->read, &job->space, job->id));
}


/* what was known is so, or it is read once more */

static ngx_int_t
ngx_http_secops_job_checked(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_job_t *job = data;

    ngx_int_t       rc;
    ngx_str_t       reason;
    secops_error_e  error;

    if (result->status == NGX_SECOPS_STORE_OK
        && secops_slice_equal(ngx_secops_slice(&result->value),
                              ngx_secops_slice(&job->held->revision)))
    {
        ngx_secops_store_job_same(job->held, job->asked);

        if (ngx_http_secops_granted_job(job->ctx, job->held->facts)) {
            job->facts = job->held->facts;

        } else {
            job->error = SECOPS_ERROR_NO_JOB;
        }

        return ngx_http_secops_job_done(job);
    }

    if (result->status != NGX_SECOPS_STORE_OK
        && result->status != NGX_SECOPS_STORE_NOT_FOUND)
    {
        error = ngx_http_secops_store_error(NGX_HTTP_SECOPS_FIND,
                                            result->status);

        return ngx_http_secops_job_failed(job, error, &result->reason);
    }

    rc = ngx_http_secops_job_read(job);

    if (rc == NGX_OK) {
        return NGX_DONE;
    }

    if (rc == NGX_BUSY) {
        error = ngx_http_secops_calls_busy(job->ctx, NGX_HTTP_SECOPS_FIND,
                                           &reason);

        return ngx_http_secops_job_failed(job, error, &reason);
    }

    return NGX_HTTP_INTERNAL_SERVER_ERROR;
}


static ngx_int_t
ngx_http_secops_job_answered(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_job_t *job = data;

    secops_error_e  error;

    switch (result->status) {

    case NGX_SECOPS_STORE_OK:
        break;

    case NGX_SECOPS_STORE_NOT_FOUND:
        job->error = SECOPS_ERROR_NO_JOB;
        return ngx_http_secops_job_done(job);

    default:
        error = ngx_http_secops_store_error(NGX_HTTP_SECOPS_FIND,
                                            result->status);

        return ngx_http_secops_job_failed(job, error, &result->reason);
    }

    if (ngx_http_secops_job_hold(job, job->read.facts) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_http_secops_granted_job(job->ctx, job->held->facts)) {
        job->facts = job->held->facts;

    } else {
        job->error = SECOPS_ERROR_NO_JOB;
    }

    return ngx_http_secops_job_done(job);
}


static ngx_int_t
ngx_http_secops_job_failed(ngx_http_secops_job_t *job, secops_error_e error,
    const ngx_str_t *reason)
{
    job->error = error;

    job->reason.data = ngx_pstrdup(job->ctx->request->pool,
                                   (ngx_str_t *) reason);
    job->reason.len = job->reason.data ? reason->len : 0;

    return ngx_http_secops_job_done(job);
}


static ngx_int_t
ngx_http_secops_job_done(ngx_http_secops_job_t *job)
{
    return job->ctx->calls.pending ? NGX_DONE : job->then(job->data);
}


uint64_t
ngx_http_secops_job_feedback(const ngx_http_secops_job_t *job)
{
    return job->held->feedback;
}


void
ngx_http_secops_job_counted(ngx_http_secops_job_t *job, uint64_t feedback)
{
    job->held->feedback = ngx_max(job->held->feedback, feedback);
}


ngx_int_t
ngx_http_secops_job_fail(ngx_http_secops_job_t *job)
{
    ngx_str_t        *detail;

    static ngx_str_t  none = ngx_null_string;
    static ngx_str_t  absent = ngx_string("there is no such job");
    static ngx_str_t  other = ngx_string("there is no such job, or it is not "
                                         "the caller's");

    if (job->error == SECOPS_ERROR_NO_JOB) {
        detail = ngx_http_secops_granted_jobs(job->ctx) ? &absent : &other;

        return ngx_http_secops_fail(job->ctx->request, job->ctx, job->error,
                                    &none, detail);
    }

    return ngx_http_secops_fail_server(job->ctx->request, job->ctx, job->error,
                                       &job->reason);
}
