
/* What the files of the group commit share, and nobody else sees. */

#ifndef _NGX_SECOPS_STORE_JOINT_INTERNAL_H_INCLUDED_
#define _NGX_SECOPS_STORE_JOINT_INTERNAL_H_INCLUDED_


#include "store/joint/ngx_secops_store_joint.h"
#include "store/ngx_secops_store_internal.h"


/* records of a joint transaction, at most */

#define NGX_SECOPS_STORE_JOINT_MAX  64


/*
 * A joint transaction, from its first record on until the last of those who
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
