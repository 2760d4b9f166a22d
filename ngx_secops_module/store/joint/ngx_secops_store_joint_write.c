
/*
 * The commands of a group commit: of each join those that are its own, in the
 * order in which they came; then, of each kind, those that its joins share.
 */

#include "store/joint/ngx_secops_store_joint_internal.h"


/* while one is written: the kinds of its joins */

typedef struct {
    const ngx_secops_store_join_kind_t  *kinds[NGX_SECOPS_STORE_JOIN_KINDS];
    ngx_uint_t                           n;
} ngx_secops_store_joint_kinds_t;


static void ngx_secops_store_joint_own(ngx_secops_store_joint_t *joint,
    ngx_secops_redis_cmd_t *cmd, ngx_secops_store_joint_kinds_t *kinds);
static void ngx_secops_store_joint_kind(ngx_secops_store_joint_kinds_t *kinds,
    const ngx_secops_store_join_kind_t *kind);


ngx_int_t
ngx_secops_store_joint_write(ngx_secops_store_joint_t *joint,
    ngx_secops_redis_handler_pt handler)
{
    ngx_int_t                        rc;
    ngx_uint_t                       i;
    ngx_secops_redis_cmd_t          *cmd;
    ngx_secops_store_joint_kinds_t   kinds;

    cmd = ngx_secops_redis_cmd_create(joint->store->redis, joint->size);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    ngx_secops_redis_cmd_begin(cmd, 1);
    ngx_secops_store_literal(cmd, "MULTI");

    ngx_secops_store_joint_own(joint, cmd, &kinds);

    for (i = 0; i < kinds.n; i++) {
        kinds.kinds[i]->shared(joint, cmd);
    }

    ngx_secops_redis_cmd_begin(cmd, 1);
    ngx_secops_store_literal(cmd, "EXEC");

    rc = ngx_secops_redis_cmd_send(cmd, NGX_SECOPS_REDIS_DURABLE
                                   |NGX_SECOPS_REDIS_SHARED,
                                   handler, joint);

    joint->cmd = (rc == NGX_OK) ? cmd : NULL;

    for (i = 0; i < kinds.n; i++) {
        kinds.kinds[i]->sent(rc);
    }

    return rc;
}


static void
ngx_secops_store_joint_own(ngx_secops_store_joint_t *joint,
    ngx_secops_redis_cmd_t *cmd, ngx_secops_store_joint_kinds_t *kinds)
{
    ngx_uint_t                n;
    ngx_queue_t              *q;
    ngx_secops_store_join_t  *join;

    kinds->n = 0;

    for (q = ngx_queue_head(&joint->joins);
         q != ngx_queue_sentinel(&joint->joins);
         q = ngx_queue_next(q))
    {
        join = ngx_queue_data(q, ngx_secops_store_join_t, queue);

        ngx_secops_store_joint_kind(kinds, join->kind);

        ngx_memzero(join->spans, sizeof(join->spans));

        n = ngx_secops_redis_cmd_count(cmd);

        join->kind->own(join, cmd);

        ngx_secops_store_span(&join->spans[NGX_SECOPS_STORE_JOIN_OWN], cmd, n);
    }
}


static void
ngx_secops_store_joint_kind(ngx_secops_store_joint_kinds_t *kinds,
    const ngx_secops_store_join_kind_t *kind)
{
    ngx_uint_t  i;

    for (i = 0; i < kinds->n; i++) {
        if (kinds->kinds[i] == kind) {
            return;
        }
    }

    kinds->kinds[kinds->n++] = kind;
}
