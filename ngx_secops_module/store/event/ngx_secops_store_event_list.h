
/*
 * The events of a job, the newest first, with what decides on each; and the
 * documents of some of them.  A call is about those of one shard, and holds
 * Redis for a millisecond at most, but for documents that are large.
 */

#ifndef _NGX_SECOPS_STORE_EVENT_LIST_H_INCLUDED_
#define _NGX_SECOPS_STORE_EVENT_LIST_H_INCLUDED_


#include "store/ngx_secops_store_script.h"
#include "model/event/secops_event_query.h"


/* what one call asks for at most */

#define NGX_SECOPS_STORE_EVENT_LIST_MAX  64


/* what was found of an event; all of it lies in the listing's memory */

typedef struct {
    secops_event_place_t             place;
    ngx_str_t                        head;      /* of the document, up to what
                                                   was sent, and a brace: as
                                                   secops_event_read() wants it.
                                                   Empty: it is gone */
    ngx_uint_t                       large;     /* 1: the document has more
                                                   than the members of the
                                                   server may take */
    ngx_str_t                        feedback;  /* these two may be empty */
    ngx_str_t                        verdict;
} ngx_secops_store_listed_t;


/*
 * The first part is the caller's, and borrowed until it is answered.  After OK,
 * listed are the events that come after the place; they are the caller's, who
 * gives them back by _free().  What was listed before stays until the next call
 * was answered.
 */

typedef struct {
    ngx_secops_store_eval_t          eval;      /* must be the first */
    secops_slice_t                   job;
    ngx_uint_t                       shard;
    const secops_event_place_t      *after;     /* NULL: from the newest on */
    uint64_t                         since;     /* they are not older */
    ngx_uint_t                       n;         /* at most */
    size_t                           bytes;     /* read, about */

    ngx_uint_t                       more;      /* 1: there may be others */
    ngx_uint_t                       nlisted;
    ngx_secops_store_listed_t       *listed;    /* NULL: there are none */
} ngx_secops_store_listing_t;

ngx_int_t ngx_secops_store_list_events(ngx_secops_store_t *store,
    ngx_secops_store_listing_t *listing, const secops_keyspace_t *space);
void ngx_secops_store_listing_free(ngx_secops_store_listing_t *listing);


/*
 * Documents of events of one shard, ids as they were sent: no more of them than
 * _READ, and a large one alone.  In the result: documents, one for each id;
 * their data is NULL where there is none.
 */

#define NGX_SECOPS_STORE_EVENT_LIST_READ  16

ngx_int_t ngx_secops_store_get_events(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, const secops_keyspace_t *space,
    ngx_uint_t shard, secops_slice_t job, const secops_slice_t *ids,
    ngx_uint_t nids);


#endif /* _NGX_SECOPS_STORE_EVENT_LIST_H_INCLUDED_ */
