
/*
 * A page of a job's events: shared by the files of this operation.
 *
 *     fill ─> take ─> buckets ─> decide ─> … ─> documents ─> reply
 *      ^       │ ^                  │
 *      └───────┘ └──────────────────┘
 *
 * fill asks each shard for its next events, with what decides on each, where
 * none of those that it told are left.  take puts some of them in the order of
 * the list: as long as each shard has one left, or has no more, the newest of
 * these is the newest of all.  buckets asks for the votes that matter for them,
 * decide picks those that are wanted.  Once there are as many as a page has,
 * documents reads what was sent of these, and of no other.
 *
 * What a request looks at is bounded: then it answers what it has.  Steps share
 * the worker's time with those of others.
 */

#ifndef _NGX_HTTP_SECOPS_API_EVENTS_LIST_H_INCLUDED_
#define _NGX_HTTP_SECOPS_API_EVENTS_LIST_H_INCLUDED_


#include "api/ngx_http_secops_api.h"
#include "http/access/ngx_http_secops_job.h"
#include "http/share/ngx_http_secops_slice.h"
#include "http/share/ngx_http_secops_turn.h"
#include "model/event/secops_event_query.h"
#include "store/event/ngx_secops_store_case.h"
#include "store/event/ngx_secops_store_event_list.h"


/* events that are decided on together */

#define NGX_HTTP_SECOPS_EVENTS_CHUNK   64

/* events that one request looks at, however few of them are wanted */

#define NGX_HTTP_SECOPS_EVENTS_LOOKED  5000


typedef struct ngx_http_secops_events_list_s  ngx_http_secops_events_list_t;

/* steps, as above */

typedef enum {
    NGX_HTTP_SECOPS_EVENTS_FILL = 0,
    NGX_HTTP_SECOPS_EVENTS_TAKE,
    NGX_HTTP_SECOPS_EVENTS_BUCKETS,
    NGX_HTTP_SECOPS_EVENTS_DECIDE,
    NGX_HTTP_SECOPS_EVENTS_DOCUMENTS
} ngx_http_secops_events_step_e;


/* what a shard has of the list */

typedef struct {
    ngx_http_secops_events_list_t   *list;
    ngx_http_secops_call_t           link;
    ngx_secops_store_listing_t       listing;
    ngx_uint_t                       next;      /* of those listed */

    ngx_http_secops_call_t           read_link;
    ngx_secops_store_call_t          read;      /* of documents */
    secops_slice_t                  *ids;       /* of the page's events */
    ngx_uint_t                      *rows;      /* and which these are */
    ngx_uint_t                       nids;
    ngx_uint_t                       nread;
} ngx_http_secops_events_shard_t;


/* a bucket that matters for the events of a chunk */

typedef struct {
    ngx_http_secops_events_list_t   *list;
    ngx_http_secops_call_t           link;
    ngx_secops_store_call_t          call;
    u_char                           digest[SECOPS_BUCKET_DIGEST_LEN];
    secops_bucket_t                  bucket;
} ngx_http_secops_events_bucket_t;


/* an event of a chunk; what it points to is a listing's */

typedef struct {
    const secops_event_place_t      *place;
    ngx_uint_t                       large;     /* 1: its document is */
    ngx_uint_t                       there;     /* 1: it can be decided on */
    secops_event_t                   event;
    secops_feedback_t                feedback;
    secops_verdict_t                 verdict;
    secops_decision_case_t           what;
} ngx_http_secops_events_candidate_t;


/* an event of the page */

typedef struct {
    secops_event_place_t             place;
    secops_slice_t                   id;        /* as it is written */
    uint64_t                         ingested;
    ngx_uint_t                       large;     /* 1: its document is */
    secops_decision_t                decision;

    ngx_uint_t                       there;     /* 1: it is still this event */
    ngx_uint_t                       cut;       /* 1: there is no room for it */
    size_t                           members;   /* where they begin in the
                                                   list's text, and */
    size_t                           len;
} ngx_http_secops_events_row_t;


/* in the request's pool, whose cleanup frees what is not the pool's */

struct ngx_http_secops_events_list_s {
    ngx_http_request_t              *request;
    ngx_http_secops_ctx_t           *ctx;
    secops_event_query_t             query;
    ngx_http_secops_job_t            job;
    secops_keyspace_t                space;
    const secops_job_facts_label_t  *label;     /* that is asked for, or NULL */

    ngx_http_secops_answer_pt        goes_on;   /* with step, as an answer
                                                   handler returns */
    ngx_http_secops_events_step_e    step;
    ngx_http_secops_slice_t          slice;
    ngx_http_secops_turn_t           turn;
    ngx_uint_t                       fills;
    ngx_uint_t                       waits;

    ngx_http_secops_events_shard_t   shards[SECOPS_ID_SHARDS];

    ngx_http_secops_events_candidate_t  *chunk;
    ngx_uint_t                       nchunk;
    ngx_uint_t                       decided;   /* of these */
    ngx_uint_t                       looked;    /* before these */

    ngx_http_secops_events_bucket_t *buckets;
    ngx_uint_t                       nbuckets;

    ngx_secops_store_call_t          sums[SECOPS_ID_SHARDS];
    ngx_http_secops_call_t           sum_links[SECOPS_ID_SHARDS];
    ngx_uint_t                       summed;    /* 1: it was asked for */
    uint64_t                         total;     /* feedback of the job, so
                                                   far */

    ngx_http_secops_events_row_t    *rows;
    ngx_uint_t                       nrows;
    ngx_uint_t                       sorted;    /* 1: shards know the ids of
                                                   their rows */
    secops_text_t                    text;      /* members of rows */
    secops_event_place_t             last;      /* where the next page goes on,
                                                   in the request's pool */
    ngx_uint_t                       more;      /* 1: there may be one */
};


/*
 * A step returns NGX_DECLINED: list->step is next; NGX_DONE: it is, once all
 * was answered; else what is to be returned like any reply.
 */

/* ngx_http_secops_api_events_list_walk.c: begin comes before all, once */

void ngx_http_secops_events_list_begin(ngx_http_secops_events_list_t *list);
ngx_int_t ngx_http_secops_events_list_fill(
    ngx_http_secops_events_list_t *list);
ngx_int_t ngx_http_secops_events_list_take(
    ngx_http_secops_events_list_t *list);

/* 1: there is, or may be, an event behind those that were decided on */

ngx_uint_t ngx_http_secops_events_list_more(
    ngx_http_secops_events_list_t *list);

/* answers that the store has failed */

ngx_int_t ngx_http_secops_events_list_failed(
    ngx_http_secops_events_list_t *list, ngx_secops_store_result_t *result);

/* calls were started, the last with rc: returns as a step does */

ngx_int_t ngx_http_secops_events_list_sent(
    ngx_http_secops_events_list_t *list, ngx_int_t rc);


/* ngx_http_secops_api_events_list_decide.c */

ngx_int_t ngx_http_secops_events_list_buckets(
    ngx_http_secops_events_list_t *list);
ngx_int_t ngx_http_secops_events_list_decide(
    ngx_http_secops_events_list_t *list);


/* ngx_http_secops_api_events_list_page.c: an event that is wanted becomes a row
   of the page.  NGX_ERROR: no memory */

ngx_int_t ngx_http_secops_events_list_add(ngx_http_secops_events_list_t *list,
    const ngx_http_secops_events_candidate_t *candidate,
    const secops_decision_t *decision);

/* the last step */

ngx_int_t ngx_http_secops_events_list_documents(
    ngx_http_secops_events_list_t *list);


#endif /* _NGX_HTTP_SECOPS_API_EVENTS_LIST_H_INCLUDED_ */
