
/*
 * The vote that a stored feedback is: given to its bucket, and counted.  It may
 * be done again at any time, by whoever finds a feedback open.
 *
 *     votes->ctx, facts, space, vote, then and data are set, all else is zero;
 *
 *     in the handler of an answer, with nothing else pending:
 *         return ngx_http_secops_votes_cast(votes);
 *
 * then(data) runs at the end and looks at votes->error.
 */

#ifndef _NGX_HTTP_SECOPS_API_EVENTS_VOTE_H_INCLUDED_
#define _NGX_HTTP_SECOPS_API_EVENTS_VOTE_H_INCLUDED_


#include "http/ngx_http_secops.h"
#include "model/event/secops_decision.h"
#include "store/event/ngx_secops_store_vote.h"


/* a feedback that is open for so long is nobody's any more: milliseconds */

#define NGX_HTTP_SECOPS_VOTES_OPEN  1000


typedef ngx_int_t (*ngx_http_secops_votes_then_pt)(void *data);


/* in the request's pool.  It may be used again once then() has run */

typedef struct {
    ngx_http_secops_ctx_t          *ctx;
    const secops_job_facts_t       *facts;
    const secops_keyspace_t        *space;
    ngx_secops_store_vote_t         vote;
    ngx_http_secops_votes_then_pt   then;
    void                           *data;

    secops_error_e                  error;      /* NONE: it is done */
    ngx_str_t                       reason;     /* for the log */

    ngx_uint_t                      added;      /* all below is its own */
    ngx_secops_store_ballot_t       give;
    ngx_secops_store_ballot_t       take;
    ngx_secops_store_settle_t       settle;
    ngx_http_secops_call_t          give_link;
    ngx_http_secops_call_t          take_link;
    ngx_http_secops_call_t          settle_link;
} ngx_http_secops_votes_t;


/* to be returned by the handler */

ngx_int_t ngx_http_secops_votes_cast(ngx_http_secops_votes_t *votes);


/* 1: the feedback is open, and whoever gave it has left it so */

ngx_uint_t ngx_http_secops_votes_left(const secops_feedback_t *feedback);

/* fills in vote, but for job and event, of a feedback that was read.  What it
   points to stays the feedback's.  NGX_ERROR: it is none that can be */

ngx_int_t ngx_http_secops_votes_of(ngx_http_secops_votes_t *votes,
    const secops_feedback_t *feedback);


#endif /* _NGX_HTTP_SECOPS_API_EVENTS_VOTE_H_INCLUDED_ */
