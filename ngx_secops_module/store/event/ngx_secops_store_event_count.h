
/* How many events jobs have, and how many of these have feedback. */

#ifndef _NGX_SECOPS_STORE_EVENT_COUNT_H_INCLUDED_
#define _NGX_SECOPS_STORE_EVENT_COUNT_H_INCLUDED_


#include "store/ngx_secops_store_script.h"
#include "model/event/secops_job_view.h"


/* jobs that one call is about at most: Redis is held for an eighth of a
   millisecond */

#define NGX_SECOPS_STORE_COUNT_JOBS  32


/*
 * What one shard has of some jobs' events.  On OK it was added to counts, one
 * of each job, which the caller has zeroed before it asked the first of the
 * shards.  The struct was zeroed, but for what is described here.
 */

typedef struct {
    ngx_secops_store_eval_t         eval;       /* must be the first: its call
                                                   has the caller's handler */
    ngx_uint_t                      shard;
    const secops_slice_t           *jobs;       /* ids, borrowed, as counts, */
    ngx_uint_t                      njobs;      /* until it is answered; 1 to
                                                   _COUNT_JOBS */
    secops_job_counts_t            *counts;
} ngx_secops_store_event_count_t;


ngx_int_t ngx_secops_store_count_events(ngx_secops_store_t *store,
    ngx_secops_store_event_count_t *count, const secops_keyspace_t *space);


#endif /* _NGX_SECOPS_STORE_EVENT_COUNT_H_INCLUDED_ */
