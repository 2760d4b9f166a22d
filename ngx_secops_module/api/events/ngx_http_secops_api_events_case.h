
/*
 * An event and all that decides on it, read for an operation: the event, its
 * feedback and what a processor decided in one command, beside the job's facts;
 * the votes of its bucket, and how much feedback the job has, only when they
 * matter.  Feedback that somebody has left open is settled first.
 *
 *     of->ctx, then, data and whole are set, all else is zero;
 *     return ngx_http_secops_case_ask(of);
 *
 * The job is the first parameter of the path, the event the second.  then(data)
 * runs once at the end and looks at of->error first.
 */

#ifndef _NGX_HTTP_SECOPS_API_EVENTS_CASE_H_INCLUDED_
#define _NGX_HTTP_SECOPS_API_EVENTS_CASE_H_INCLUDED_


#include "api/events/ngx_http_secops_api_events_vote.h"
#include "http/access/ngx_http_secops_job.h"
#include "model/event/secops_event.h"
#include "store/event/ngx_secops_store_case.h"


typedef ngx_int_t (*ngx_http_secops_case_then_pt)(void *data);


/* in the request's pool, as all that it points to */

typedef struct {
    ngx_http_secops_ctx_t         *ctx;
    ngx_http_secops_case_then_pt   then;
    void                          *data;
    ngx_uint_t                     whole;       /* 1: event.members are wanted,
                                                   which may be long */

    secops_error_e                 error;       /* NONE: all of these are
                                                   there */
    secops_event_t                 event;       /* as it is stored */
    secops_slice_t                 stored;      /* ... as a text */
    secops_decision_t              decision;

    secops_slice_t                 job_id;      /* all below is its own */
    secops_slice_t                 event_id;
    ngx_str_t                      reason;
    ngx_http_secops_job_t          job;
    secops_keyspace_t              space;
    ngx_str_t                      documents[NGX_SECOPS_STORE_CASE];
    secops_feedback_t              feedback;
    secops_verdict_t               verdict;
    secops_bucket_t                bucket;
    secops_decision_case_t         what;
    uint64_t                       sum;         /* of feedback, so far */
    ngx_http_secops_votes_t        votes;
    ngx_http_secops_call_t         link;
    ngx_secops_store_call_t        call;
    ngx_http_secops_call_t         bucket_link;
    ngx_secops_store_call_t        bucket_call;
    ngx_http_secops_call_t        *sum_links;
    ngx_secops_store_call_t       *sum_calls;
} ngx_http_secops_case_t;


/* to be returned by the operation */

ngx_int_t ngx_http_secops_case_ask(ngx_http_secops_case_t *of);

/* answers of->error.  To be returned like any reply */

ngx_int_t ngx_http_secops_case_fail(ngx_http_secops_case_t *of);


#endif /* _NGX_HTTP_SECOPS_API_EVENTS_CASE_H_INCLUDED_ */
