
/* What the files of the group commit share, and nobody else sees. */

#ifndef _NGX_SECOPS_STORE_JOINT_INTERNAL_H_INCLUDED_
#define _NGX_SECOPS_STORE_JOINT_INTERNAL_H_INCLUDED_


#include "store/joint/ngx_secops_store_joint.h"
#include "store/ngx_secops_store_internal.h"


/* joins of a transaction, at most */

#define NGX_SECOPS_STORE_JOINT_MAX  64

/* and kinds of them */

#define NGX_SECOPS_STORE_JOIN_KINDS  2


typedef struct ngx_secops_store_join_kind_s  ngx_secops_store_join_kind_t;


/*
 * A joint transaction, from its first join on until the last of those who
 * wait was answered.  While it is open it is in the queue of those; once it was
 * sent it is its command's data; if it could not be sent it is in the queue of
 * those that have failed.
 */

typedef struct ngx_secops_store_joint_s  ngx_secops_store_joint_t;

struct ngx_secops_store_joint_s {
    ngx_queue_t                 queue;
    ngx_queue_t                 joins;      /* without those that have left */
    ngx_secops_store_t         *store;      /* of the first */
    ngx_secops_redis_cmd_t     *cmd;        /* NULL: not under way */
    ngx_uint_t                  n;          /* that have joined, */
    size_t                      size;       /* and their bytes, about */
    ngx_int_t                   rc;         /* of the send that has failed, */
    ngx_str_t                  *busy;       /* and why, after NGX_BUSY */
};


/*
 * What is special about a kind of joins.  While a transaction is written, the
 * kind remembers what it was told of; sent() is the end of that, and is called
 * however it ended.
 */

struct ngx_secops_store_join_kind_s {

    /* the commands that a join shares with no other, one after the other */

    void       (*own)(ngx_secops_store_join_t *join,
                      ngx_secops_redis_cmd_t *cmd);

    /* those that the joins of the kind share: their lists, and what the audit
       has of them.  Fills in which spans of each these are */

    void       (*shared)(ngx_secops_store_joint_t *joint,
                         ngx_secops_redis_cmd_t *cmd);

    /* rc: NGX_OK, the transaction was sent; else it was not, and will not be */

    void       (*sent)(ngx_int_t rc);

    /* sends a join as the transaction that it is without others; returns as
       all calls, or NGX_DECLINED, see ngx_secops_store_ending_exec() */

    ngx_int_t  (*alone)(ngx_secops_store_join_t *join);
};


/* ngx_secops_store_joint.c: as all calls, but never NGX_BUSY.  All but the own
   part is filled in */

ngx_int_t ngx_secops_store_join(ngx_secops_store_join_t *join,
    ngx_secops_store_call_t *call);


/* the last one of this kind, domain and table that is about to be sent; NULL:
   there is none */

ngx_secops_store_join_t *ngx_secops_store_join_before(
    const ngx_secops_store_join_kind_t *kind, const ngx_secops_store_t *store,
    const secops_keyspace_t *space, secops_slice_t table);


/* in a transaction: the first one of a kind; the next one of a join's kind.
   NULL: there is none */

ngx_secops_store_join_t *ngx_secops_store_joint_first(
    const ngx_secops_store_joint_t *joint,
    const ngx_secops_store_join_kind_t *kind);
ngx_secops_store_join_t *ngx_secops_store_joint_next(
    const ngx_secops_store_join_t *join);


/* ngx_secops_store_joint_write.c: sends those that have not left, several, as
   one transaction.  Returns as a call does, and fills in their spans */

ngx_int_t ngx_secops_store_joint_write(ngx_secops_store_joint_t *joint,
    ngx_secops_redis_handler_pt handler);


static ngx_inline ngx_uint_t
ngx_secops_store_same_space(const secops_keyspace_t *a,
    const secops_keyspace_t *b)
{
    return a->len == b->len && ngx_memcmp(a->data, b->data, a->len) == 0;
}


#endif /* _NGX_SECOPS_STORE_JOINT_INTERNAL_H_INCLUDED_ */
