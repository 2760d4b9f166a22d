
/* How many events jobs have: of all shards, which are asked together. */

#include "api/jobs/ngx_http_secops_api_jobs.h"
#include "util/ngx_secops_string.h"


static ngx_int_t ngx_http_secops_jobs_count_create(
    ngx_http_secops_jobs_t *jobs);
static ngx_int_t ngx_http_secops_jobs_count_answer(void *data,
    ngx_secops_store_result_t *result);


ngx_int_t
ngx_http_secops_jobs_count_one(ngx_http_secops_jobs_t *jobs,
    ngx_http_secops_jobs_then_pt then)
{
    jobs->one = ngx_secops_slice(&jobs->id);

    return ngx_http_secops_jobs_count(jobs, &jobs->one, &jobs->counts, 1,
                                      then);
}


ngx_int_t
ngx_http_secops_jobs_count(ngx_http_secops_jobs_t *jobs,
    const secops_slice_t *ids, secops_job_counts_t *counts, ngx_uint_t n,
    ngx_http_secops_jobs_then_pt then)
{
    ngx_int_t                        rc;
    ngx_uint_t                       i;
    ngx_secops_store_t              *store;
    ngx_http_secops_resources_t     *op;
    ngx_secops_store_event_count_t  *call;

    op = jobs->op;

    if (jobs->counting == NULL
        && ngx_http_secops_jobs_count_create(jobs) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    jobs->counted = then;

    ngx_memzero(counts, n * sizeof(secops_job_counts_t));

    store = ngx_http_secops_store(op->ctx);

    for (i = 0; i < SECOPS_ID_SHARDS; i++) {
        call = &jobs->counting->calls[i];

        call->shard = i;
        call->jobs = ids;
        call->njobs = n;
        call->counts = counts;

        rc = ngx_secops_store_count_events(store, call, &op->space);
        rc = ngx_http_secops_resources_asked(op, rc, NGX_HTTP_SECOPS_FIND);

        if (rc != NGX_DONE) {
            return rc;
        }
    }

    return NGX_DONE;
}


static ngx_int_t
ngx_http_secops_jobs_count_create(ngx_http_secops_jobs_t *jobs)
{
    ngx_uint_t                        i;
    ngx_http_secops_jobs_counting_t  *counting;

    counting = ngx_pcalloc(jobs->op->request->pool,
                           sizeof(ngx_http_secops_jobs_counting_t));
    if (counting == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < SECOPS_ID_SHARDS; i++) {
        ngx_http_secops_calls_add(jobs->op->ctx, &counting->links[i],
                                  &counting->calls[i].eval.call,
                                  ngx_http_secops_jobs_count_answer, jobs);
    }

    jobs->counting = counting;

    return NGX_OK;
}


/* the first that fails ends the request, and with it those that are still under
   way */

static ngx_int_t
ngx_http_secops_jobs_count_answer(void *data,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_jobs_t *jobs = data;

    secops_error_e                error;
    ngx_http_secops_resources_t  *op;

    op = jobs->op;

    error = ngx_http_secops_store_error(NGX_HTTP_SECOPS_FIND, result->status);

    if (error != SECOPS_ERROR_NONE) {
        (void) ngx_http_secops_resources_copy(op, &op->reason,
                                              result->reason.data,
                                              result->reason.len);

        return ngx_http_secops_resources_end(op, error);
    }

    return op->ctx->calls.pending ? NGX_DONE : jobs->counted(jobs);
}
