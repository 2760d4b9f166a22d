
/* Records: written in groups, read one by one. */

#ifndef _NGX_SECOPS_STORE_RECORD_H_INCLUDED_
#define _NGX_SECOPS_STORE_RECORD_H_INCLUDED_


#include "store/ngx_secops_store_audit.h"
#include "store/retention/ngx_secops_store_retention.h"
#include "util/secops_id.h"


/* lists of a group's subjects, by a digit of their digest */

#define NGX_SECOPS_STORE_SUBJECTS    16


/* a record's id, and its place among those that are to be written */

typedef struct ngx_secops_store_id_s  ngx_secops_store_id_t;

struct ngx_secops_store_id_s {
    ngx_secops_store_id_t      *next;           /* of the shard */
    ngx_secops_store_id_t      *same;           /* of the subject */
    u_char                      text[SECOPS_ID_LEN];
};


/* commands of a transaction, one after the other: the first one's number, 0 is
   the one behind MULTI */

typedef struct {
    ngx_uint_t                  first;
    ngx_uint_t                  n;
} ngx_secops_store_span_t;


/* ids in the order in which they came */

typedef struct {
    ngx_secops_store_id_t      *first;
    ngx_secops_store_id_t      *last;
    ngx_uint_t                  n;
    ngx_secops_store_span_t     span;           /* of what adds them to their
                                                   list, once that is said */
} ngx_secops_store_ids_t;


/* what some records are about; all but the digest is the group's */

typedef struct ngx_secops_store_subject_s  ngx_secops_store_subject_t;

struct ngx_secops_store_subject_s {
    ngx_secops_store_subject_t *next;
    ngx_secops_store_ids_t      ids;            /* linked by same */
    u_char                      digest[SECOPS_KEYS_DIGEST_LEN];
};


/* a record to be stored; json is copied, the rest is borrowed until its group
   was sent */

typedef struct {
    ngx_secops_store_id_t      *id;
    ngx_secops_store_subject_t *subject;        /* NULL: it has none */
    ngx_str_t                   json;
} ngx_secops_store_record_t;


/*
 * Records of one table that are stored together: all or none of them, each
 * with its place in both indexes and in the audit.  Redis does not undo,
 * though: should somebody have put another type under one of our keys, the
 * rest is there, and the answer is REFUSED.
 *
 * The keys of a transaction must be in one place.  So a group's records are of
 * one shard, which is the caller's to see to; only one that is whole may have
 * several, as long as there is one Redis for all of them.
 *
 * Created zeroed, with the first part filled in; begun, records added, then
 * sent or freed.
 */

typedef struct {
    ngx_secops_store_t         *store;
    const secops_keyspace_t    *space;          /* borrowed, as all of these */
    secops_slice_t              table;
    ngx_secops_store_audit_t   *audit;
    ngx_uint_t                  whole;          /* 1: it is never full, and
                                                   has records of any shard */
    int64_t                     retention;      /* of its records: seconds, or
                                                   SECOPS_TABLE_* */

    struct ngx_secops_redis_cmd_s  *cmd;
    ngx_uint_t                  shard;          /* of its first record */
    ngx_uint_t                  nrecords;
    size_t                      size;           /* bytes, about */
    size_t                      limit;
    ngx_secops_store_ending_t   ending;
    size_t                      ttl_len;        /* the retention as text */
    u_char                      ttl[NGX_INT64_LEN];
    ngx_secops_store_ids_t      ids[SECOPS_ID_SHARDS];  /* linked by next */
    ngx_secops_store_subject_t *subjects[NGX_SECOPS_STORE_SUBJECTS];
} ngx_secops_store_group_t;


/* n and bytes: how many records, and how much JSON, there may be in it.
   NGX_ERROR: no memory */

ngx_int_t ngx_secops_store_group_begin(ngx_secops_store_group_t *group,
    size_t bytes, ngx_uint_t n);

/* 1: a record whose JSON is len bytes had better go into another group */

ngx_uint_t ngx_secops_store_group_full(ngx_secops_store_group_t *group,
    size_t len);

/* 1: records of this shard can be in one transaction with those that are in it:
   a Redis Cluster has transactions within one shard only */

ngx_uint_t ngx_secops_store_group_takes(ngx_secops_store_group_t *group,
    ngx_uint_t shard);

/* failing to get memory is remembered until the send */

void ngx_secops_store_group_add(ngx_secops_store_group_t *group,
    const ngx_secops_store_record_t *record);

/* as all calls; NGX_DECLINED too: it is larger than all that may ever
   wait for Redis.  It is sent, or freed, however it ends */

ngx_int_t ngx_secops_store_group_send(ngx_secops_store_group_t *group,
    ngx_secops_store_call_t *call);

/* of a group that is not to be sent; no harm if it was */

void ngx_secops_store_group_free(ngx_secops_store_group_t *group);


/* the document of a record; NGX_ERROR also: sys_id is none */

ngx_int_t ngx_secops_store_get_record(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, const secops_keyspace_t *space,
    secops_slice_t table, ngx_str_t *sys_id);


#endif /* _NGX_SECOPS_STORE_RECORD_H_INCLUDED_ */
