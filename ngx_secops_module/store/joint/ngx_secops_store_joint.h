
/*
 * Group commit: single records and events that reach the store in one turn of
 * the worker's event loop, each of another request, and that are for the same
 * Redis, become one transaction when the turn ends.  Redis does less for it
 * than for one transaction each: a list gets all its ids at once, and the
 * records of a domain share an audit entry.
 *
 * There is no timer.  What comes alone leaves alone, in the turn in which it
 * came: as the transaction that it would be without this.
 *
 * Every request has its own outcome.  One whose list or key holds another type
 * is refused by itself, and where Redis executed nothing at all, each record or
 * event is sent once more on its own, so that nobody is refused for what
 * another one has.
 *
 * In a Redis Cluster a transaction has what lies in one shard of a domain.
 */

#ifndef _NGX_SECOPS_STORE_JOINT_H_INCLUDED_
#define _NGX_SECOPS_STORE_JOINT_H_INCLUDED_


#include "store/ngx_secops_store_record.h"


struct ngx_secops_store_joint_s;
struct ngx_secops_store_join_kind_s;


/* whose commands of the transaction are whose; those of an event are its own,
   and what gives it its place */

typedef enum {
    NGX_SECOPS_STORE_JOIN_OWN = 0,      /* that it shares with no other */
    NGX_SECOPS_STORE_JOIN_INDEX,        /* of its table, or of its job */
    NGX_SECOPS_STORE_JOIN_SUBJECT,
    NGX_SECOPS_STORE_JOIN_AUDIT,

    NGX_SECOPS_STORE_JOIN_SPANS
} ngx_secops_store_join_span_e;


/*
 * What is to be stored along with others, as far as the group commit looks at
 * it: a part of what is special to its kind, see the header of that.  Zeroed,
 * then the first part filled in.  It stays, with all that it points to, until
 * its call was answered or cancelled; from then on nobody looks at it.
 */

typedef struct {
    ngx_secops_store_t                   *store;
    const secops_keyspace_t              *space;
    secops_slice_t                        table;    /* of an event: the job */

    /* the kind's */

    const struct ngx_secops_store_join_kind_s  *kind;
    ngx_uint_t                            shard;
    size_t                                len;      /* of its JSON */

    /* the group commit's own */

    ngx_queue_t                           queue;
    ngx_secops_store_call_t              *call;
    struct ngx_secops_store_joint_s      *joint;
    ngx_secops_store_span_t  spans[NGX_SECOPS_STORE_JOIN_SPANS];
} ngx_secops_store_join_t;


/* 1: one whose JSON is len bytes can be one of several; a larger one goes into
   a group of its own */

ngx_uint_t ngx_secops_store_joins(const ngx_secops_store_t *store, size_t len);


#endif /* _NGX_SECOPS_STORE_JOINT_H_INCLUDED_ */
