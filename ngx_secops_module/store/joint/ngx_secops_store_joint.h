
/*
 * Group commit: single records that reach the store in one turn of the worker's
 * event loop, each of another request, and that are for the same Redis, become
 * one transaction when the turn ends.  Redis does less for it than for one
 * transaction each: a list gets all its ids at once, and the records of a
 * domain share an audit entry.
 *
 * There is no timer.  What comes alone leaves alone, in the turn in which it
 * came: as the transaction that it would be without this.
 *
 * Every request has its own outcome.  One whose list or key holds another type
 * is refused by itself, and where Redis executed nothing at all, each record is
 * sent once more on its own, so that nobody is refused for what another one
 * has.
 *
 * In a Redis Cluster a transaction has the records of one shard of a domain.
 */

#ifndef _NGX_SECOPS_STORE_JOINT_H_INCLUDED_
#define _NGX_SECOPS_STORE_JOINT_H_INCLUDED_


#include "store/ngx_secops_store_record.h"


/* a record's commands in the transaction */

typedef enum {
    NGX_SECOPS_STORE_JOIN_SET = 0,
    NGX_SECOPS_STORE_JOIN_SUBJECT,
    NGX_SECOPS_STORE_JOIN_AUDIT,
    NGX_SECOPS_STORE_JOIN_INDEX,

    NGX_SECOPS_STORE_JOIN_SPANS
} ngx_secops_store_join_span_e;


/*
 * A record that is to be stored along with others: zeroed, then the first part
 * filled in.  Of it only the id is copied.  It stays, with all that it points
 * to, until its call was answered or cancelled; from then on nobody looks at
 * it.
 */

typedef struct {
    ngx_secops_store_t             *store;
    const secops_keyspace_t        *space;
    secops_slice_t                  table;
    ngx_secops_store_audit_t       *audit;
    int64_t                         retention;  /* seconds, or SECOPS_TABLE_* */
    ngx_secops_store_record_t       record;

    /* the file's own */

    ngx_secops_store_id_t           id;         /* the record's, from now on */
    ngx_queue_t                     queue;
    ngx_secops_store_call_t        *call;
    struct ngx_secops_store_joint_s  *joint;
    ngx_secops_store_span_t  spans[NGX_SECOPS_STORE_JOIN_SPANS];
} ngx_secops_store_join_t;


/* 1: a record whose JSON is len bytes can be one of several; a larger one goes
   into a group of its own */

ngx_uint_t ngx_secops_store_joins(const ngx_secops_store_t *store, size_t len);


/* the shard of a record that is about to be stored, of this domain and table:
   another one that lies there costs less than one anywhere else.  NGX_DECLINED:
   there is none */

ngx_int_t ngx_secops_store_join_shard(const ngx_secops_store_t *store,
    const secops_keyspace_t *space, secops_slice_t table);


/* as all calls, but never NGX_BUSY: that Redis can not be reached the call's
   handler is told when the turn ends */

ngx_int_t ngx_secops_store_join(ngx_secops_store_join_t *join,
    ngx_secops_store_call_t *call);


#endif /* _NGX_SECOPS_STORE_JOINT_H_INCLUDED_ */
