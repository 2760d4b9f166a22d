
/*
 * Events on their way to the store: one, an array of them, or lines.  Shared by
 * the files of these operations.
 *
 *     read ─> for each event: check ─> its job ─> bucket ─> group ─> reply
 *                                        │ ^
 *                                        └─┘ asked for, once each
 *
 * The events of a request are looked at one after the other.  Where a job has
 * to be asked for, or a slice of the worker's time is over, this stops and goes
 * on later with the same event.  A group of events of one shard is sent when it
 * is full, or when all were looked at.
 */

#ifndef _NGX_HTTP_SECOPS_API_EVENTS_H_INCLUDED_
#define _NGX_HTTP_SECOPS_API_EVENTS_H_INCLUDED_


#include "api/ngx_http_secops_api.h"
#include "http/access/ngx_http_secops_job.h"
#include "http/share/ngx_http_secops_slice.h"
#include "model/event/secops_bucket.h"
#include "model/event/secops_event.h"
#include "store/joint/ngx_secops_store_joint_event.h"
#include "util/secops_text.h"


/* jobs that the events of one request may be for */

#define NGX_HTTP_SECOPS_EVENTS_JOBS  16


typedef struct ngx_http_secops_events_s  ngx_http_secops_events_t;


/* events that are stored by one call: those of one shard, or a single one,
   which the store may join to what other requests have */

typedef struct {
    ngx_http_secops_events_t           *events;
    secops_error_e                      error;  /* NONE: stored, once
                                                   answered */
    ngx_http_secops_call_t              link;
    ngx_secops_store_call_t             call;
    ngx_secops_store_events_t          *group;  /* NULL: it has joined */
} ngx_http_secops_events_group_t;


/* one event of the request */

typedef struct {
    ngx_http_secops_events_group_t     *group;  /* whose error it has; NULL: it
                                                   is in none */
    secops_error_e                      error;  /* of itself, then */
    ngx_str_t                           detail;
    secops_event_head_t                 head;   /* id and job: empty and 0 until
                                                   they are known */
    ngx_secops_store_event_t            store;
    u_char                              job[NGX_INT64_LEN];
    u_char                              bucket[SECOPS_BUCKET_DIGEST_LEN];
} ngx_http_secops_events_entry_t;


/*
 * In the request's pool.  What an open group has is not the pool's: the pool's
 * cleanup drops groups that were not sent.
 */

struct ngx_http_secops_events_s {
    ngx_http_request_t                 *request;
    ngx_http_secops_ctx_t              *ctx;
    secops_keyspace_t                   space;
    ngx_http_secops_job_then_pt         answered;   /* of events: goes on, or
                                                       replies, once nothing is
                                                       pending */
    uint64_t                            msec;   /* now, since the epoch */
    secops_slice_t                      id;     /* that the path has; data is
                                                   NULL if it has none */

    unsigned                            batch:1;
    unsigned                            lines:1;    /* of documents */
    unsigned                            asked:1;    /* for a job */
    unsigned                            done:1; /* all were looked at */
    ngx_http_secops_slice_t             slice;

    secops_json_t                       json;   /* of the body, unless it has
                                                   lines; kept if it has to
                                                   be */
    uint32_t                            token;  /* of the next event in it */
    secops_slice_t                      rest;   /* of lines, the next one's
                                                   beginning */
    ngx_uint_t                          number; /* of that line, from 1 */

    ngx_http_secops_events_entry_t     *entries;
    ngx_uint_t                          nentries;
    ngx_uint_t                          next;   /* entry to be looked at */
    size_t                              size;   /* of the body */

    ngx_http_secops_job_t              *jobs[NGX_HTTP_SECOPS_EVENTS_JOBS];
    ngx_uint_t                          njobs;

    ngx_http_secops_events_group_t     *open[SECOPS_ID_SHARDS];
    ngx_str_t                           buffer; /* for one event at a time */
    ngx_str_t                           reason; /* of the last failure, for the
                                                   log */
};


/*
 * All that return ngx_int_t, unless it is said: NGX_DECLINED, nothing was
 * answered yet; NGX_AGAIN, something was asked for, and the event is to be
 * looked at again; else to be returned like any reply.
 */

/* ngx_http_secops_api_events_batch.c: room for n events; NGX_OK, or an error of
   nginx.  Then an array, or lines: how many events there are */

ngx_int_t ngx_http_secops_events_expect(ngx_http_secops_events_t *events,
    ngx_uint_t n);
ngx_int_t ngx_http_secops_events_array(ngx_http_secops_events_t *events);
ngx_int_t ngx_http_secops_events_lines(ngx_http_secops_events_t *events);

/* looks at the next event of a batch */

ngx_int_t ngx_http_secops_events_next(ngx_http_secops_events_t *events);


/* ngx_http_secops_api_events_add.c: looks at the event at token i; where is its
   place in the body, with NUL */

ngx_int_t ngx_http_secops_events_add(ngx_http_secops_events_t *events,
    ngx_http_secops_events_entry_t *entry, const secops_json_t *json,
    uint32_t i, const char *where);


/* ngx_http_secops_api_events_group.c: adds an event to its group, which is sent
   first if it is full, or to what other requests have; sends all groups that
   are open; drops these */

ngx_int_t ngx_http_secops_events_store(ngx_http_secops_events_t *events,
    ngx_http_secops_events_entry_t *entry);
void ngx_http_secops_events_send(ngx_http_secops_events_t *events);
void ngx_http_secops_events_drop(void *data);


/* ngx_http_secops_api_events_reply.c: once all is done and nothing is pending;
   never NGX_DECLINED */

ngx_int_t ngx_http_secops_events_reply(ngx_http_secops_events_t *events);


#endif /* _NGX_HTTP_SECOPS_API_EVENTS_H_INCLUDED_ */
