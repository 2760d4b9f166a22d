
/* Events: written in groups, read one by one. */

#ifndef _NGX_SECOPS_STORE_EVENT_H_INCLUDED_
#define _NGX_SECOPS_STORE_EVENT_H_INCLUDED_


#include "store/ngx_secops_store.h"
#include "store/retention/ngx_secops_store_retention.h"


/* an event to be stored.  json is copied; the rest is borrowed until its group
   was sent, and so is the struct */

typedef struct ngx_secops_store_event_s  ngx_secops_store_event_t;

struct ngx_secops_store_event_s {
    ngx_secops_store_event_t   *next;           /* the store's own */
    ngx_str_t                   job;            /* its number, decimal */
    ngx_str_t                   id;
    ngx_uint_t                  made;           /* 1: the id was made for it, so
                                                   that no other had it */
    uint64_t                    ingested;       /* milliseconds since the
                                                   epoch */
    ngx_str_t                   json;
};


/*
 * Events of one shard that are stored together: all or none of them, each with
 * its place among those of its job and its announcement in the queue.  One that
 * has the id of a stored one of the same job takes its place, and is announced
 * once more.
 *
 * Created zeroed, with the first part filled in; begun, events added, then sent
 * or freed.
 */

typedef struct {
    ngx_secops_store_t         *store;
    const secops_keyspace_t    *space;          /* borrowed */
    int64_t                     retention;      /* seconds, or
                                                   SECOPS_TABLE_* */
    ngx_uint_t                  shard;

    struct ngx_secops_redis_cmd_s  *cmd;
    size_t                      size;           /* bytes, about */
    size_t                      limit;
    ngx_secops_store_ending_t   ending;
    size_t                      ttl_len;        /* the retention as text */
    u_char                      ttl[NGX_INT64_LEN];
    ngx_secops_store_event_t   *first;
    ngx_secops_store_event_t   *last;
} ngx_secops_store_events_t;


/* n and bytes: how many events, and how much JSON, there may be in it.
   NGX_ERROR: no memory */

ngx_int_t ngx_secops_store_events_begin(ngx_secops_store_events_t *events,
    size_t bytes, ngx_uint_t n);

/* 1: an event whose JSON is len bytes had better go into another group */

ngx_uint_t ngx_secops_store_events_full(ngx_secops_store_events_t *events,
    size_t len);

/* failing to get memory is remembered until the send */

void ngx_secops_store_events_add(ngx_secops_store_events_t *events,
    ngx_secops_store_event_t *event);

/* as all calls; NGX_DECLINED too: it is larger than all that may ever wait for
   Redis.  It is sent, or freed, however it ends */

ngx_int_t ngx_secops_store_events_send(ngx_secops_store_events_t *events,
    ngx_secops_store_call_t *call);

/* of a group that is not to be sent; no harm if it was */

void ngx_secops_store_events_free(ngx_secops_store_events_t *events);


#endif /* _NGX_SECOPS_STORE_EVENT_H_INCLUDED_ */
