
/*
 * The job that an operation is about, and whether its caller may reach it.  Who
 * has the permission or the scope of the route reaches all jobs of the domain;
 * any other api key those of which it is an input key.  A job that a caller may
 * not reach is not there.
 *
 *     job->ctx, id, then and data are set, all else is zero;
 *
 *     rc = ngx_http_secops_job_ask(job, fresh);
 *     further calls of the operation are started, of which each is answered by
 *         return ctx->calls.pending ? NGX_DONE : then(data);
 *
 *     return ngx_http_secops_calls_wait(ctx, rc);
 *
 * then(data) runs once nothing is pending, whatever was answered last, and
 * looks at job->error first.
 */

#ifndef _NGX_HTTP_SECOPS_JOB_H_INCLUDED_
#define _NGX_HTTP_SECOPS_JOB_H_INCLUDED_


#include "http/ngx_http_secops.h"
#include "store/event/ngx_secops_store_job.h"


typedef struct ngx_http_secops_job_s  ngx_http_secops_job_t;

typedef ngx_int_t (*ngx_http_secops_job_then_pt)(void *data);


/* in the request's pool; facts are there as long as the request */

struct ngx_http_secops_job_s {
    ngx_http_secops_ctx_t         *ctx;
    int64_t                        id;          /* 0: a number that no job
                                                   has */
    ngx_http_secops_job_then_pt    then;
    void                          *data;

    const secops_job_facts_t      *facts;       /* NULL: there is an error */
    secops_error_e                 error;       /* NO_JOB: there is none that
                                                   the caller may reach */
    ngx_str_t                      reason;      /* of any other, for the log */

    ngx_secops_store_facts_t      *held;        /* all below is its own */
    ngx_pool_cleanup_t            *cln;
    secops_keyspace_t              space;
    ngx_msec_t                     asked;
    ngx_http_secops_call_t         check_link;
    ngx_secops_store_call_t        check;       /* of the revision */
    ngx_http_secops_call_t         read_link;
    ngx_secops_store_job_t         read;
};


/*
 * fresh: 1, facts are as they are at this moment; 0, they may be a second old,
 * but for what is not there, or not for this caller, which is always asked for.
 * NGX_OK: it is asked for; NGX_DECLINED: it is known, and nothing was asked;
 * NGX_BUSY, NGX_ERROR: as a start of the store.
 */

ngx_int_t ngx_http_secops_job_ask(ngx_http_secops_job_t *job,
    ngx_uint_t fresh);

/* how many events of the job have feedback, at least, and that it is known now;
   of a job whose facts are there */

uint64_t ngx_http_secops_job_feedback(const ngx_http_secops_job_t *job);
void ngx_http_secops_job_counted(ngx_http_secops_job_t *job,
    uint64_t feedback);

/* answers job->error.  To be returned like any reply */

ngx_int_t ngx_http_secops_job_fail(ngx_http_secops_job_t *job);


#endif /* _NGX_HTTP_SECOPS_JOB_H_INCLUDED_ */
