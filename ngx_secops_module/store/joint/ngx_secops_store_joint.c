
/*
 * Group commit; see ngx_secops_store_joint.h.  This file has who shares a
 * transaction, and what becomes of each; ngx_secops_store_joint_write.c has
 * its commands, of which each kind of joins writes its own.
 */

#include "store/joint/ngx_secops_store_joint_internal.h"


/* a larger one gains nothing by sharing, and would make others wait */

#define NGX_SECOPS_STORE_JOIN_MAX  (64 * 1024)


static ngx_secops_store_joint_t *ngx_secops_store_joint_open(
    ngx_secops_store_join_t *join);
static ngx_secops_store_joint_t *ngx_secops_store_joint_create(
    ngx_secops_store_join_t *join);
static ngx_uint_t ngx_secops_store_joint_takes(
    const ngx_secops_store_joint_t *joint,
    const ngx_secops_store_join_t *join);
static ngx_uint_t ngx_secops_store_joint_full(
    const ngx_secops_store_joint_t *joint,
    const ngx_secops_store_join_t *join);
static ngx_secops_store_join_t *ngx_secops_store_joint_last(
    const ngx_secops_store_joint_t *joint,
    const ngx_secops_store_join_kind_t *kind);
static ngx_secops_store_join_t *ngx_secops_store_joint_from(
    const ngx_secops_store_joint_t *joint, ngx_queue_t *q,
    const ngx_secops_store_join_kind_t *kind);
static void ngx_secops_store_joint_leave(ngx_secops_store_call_t *call);
static void ngx_secops_store_joint_handler(ngx_event_t *ev);
static void ngx_secops_store_joint_send(ngx_secops_store_joint_t *joint);
static ngx_int_t ngx_secops_store_joint_alone(ngx_secops_store_join_t *join);
static void ngx_secops_store_joint_fail(ngx_secops_store_joint_t *joint);
static void ngx_secops_store_joint_unsent(ngx_secops_store_call_t *call,
    ngx_int_t rc, ngx_str_t *busy);
static void ngx_secops_store_joint_written(void *data,
    ngx_secops_redis_result_t *reply);
static void ngx_secops_store_joint_again(ngx_secops_store_join_t *join);
static void ngx_secops_store_joint_answer(ngx_secops_store_join_t *join,
    ngx_secops_redis_result_t *reply);
static ngx_secops_store_join_t *ngx_secops_store_joint_pop(
    ngx_secops_store_joint_t *joint);


/* the worker's.  In one turn one joint transaction is open, or in a Redis
   Cluster a few; those that could not be sent wait for the end of the turn */

static ngx_queue_t  ngx_secops_store_joints = {
    &ngx_secops_store_joints, &ngx_secops_store_joints
};

static ngx_queue_t  ngx_secops_store_unsent_joints = {
    &ngx_secops_store_unsent_joints, &ngx_secops_store_unsent_joints
};

static ngx_event_t  ngx_secops_store_joint_event;


ngx_uint_t
ngx_secops_store_joins(const ngx_secops_store_t *store, size_t len)
{
    return len <= NGX_SECOPS_STORE_JOIN_MAX
           && len + NGX_SECOPS_STORE_OVERHEAD
              <= ngx_secops_store_group_limit(store);
}


ngx_secops_store_join_t *
ngx_secops_store_join_before(const ngx_secops_store_join_kind_t *kind,
    const ngx_secops_store_t *store, const secops_keyspace_t *space,
    secops_slice_t table)
{
    ngx_queue_t               *q;
    ngx_secops_store_join_t   *last;
    ngx_secops_store_joint_t  *joint;

    for (q = ngx_queue_head(&ngx_secops_store_joints);
         q != ngx_queue_sentinel(&ngx_secops_store_joints);
         q = ngx_queue_next(q))
    {
        joint = ngx_queue_data(q, ngx_secops_store_joint_t, queue);
        last = ngx_secops_store_joint_last(joint, kind);

        if (last
            && last->store->redis == store->redis
            && ngx_secops_store_same_space(last->space, space)
            && secops_slice_equal(last->table, table))
        {
            return last;
        }
    }

    return NULL;
}


ngx_int_t
ngx_secops_store_join(ngx_secops_store_join_t *join,
    ngx_secops_store_call_t *call)
{
    ngx_event_t               *ev;
    ngx_secops_store_joint_t  *joint;

    joint = ngx_secops_store_joint_open(join);

    if (joint == NULL) {
        return NGX_ERROR;
    }

    ngx_queue_insert_tail(&joint->joins, &join->queue);

    joint->n++;
    joint->size += join->len + NGX_SECOPS_STORE_OVERHEAD;

    join->joint = joint;
    join->call = call;

    call->leave = ngx_secops_store_joint_leave;
    call->share = join;

    ev = &ngx_secops_store_joint_event;

    ev->handler = ngx_secops_store_joint_handler;
    ev->log = ngx_cycle->log;

    ngx_post_event(ev, &ngx_posted_events);

    return NGX_OK;
}


/* the one that the join goes into; NULL: no memory */

static ngx_secops_store_joint_t *
ngx_secops_store_joint_open(ngx_secops_store_join_t *join)
{
    ngx_queue_t               *q;
    ngx_secops_store_joint_t  *joint;

    for (q = ngx_queue_head(&ngx_secops_store_joints);
         q != ngx_queue_sentinel(&ngx_secops_store_joints);
         q = ngx_queue_next(q))
    {
        joint = ngx_queue_data(q, ngx_secops_store_joint_t, queue);

        if (!ngx_secops_store_joint_takes(joint, join)) {
            continue;
        }

        if (!ngx_secops_store_joint_full(joint, join)) {
            return joint;
        }

        ngx_secops_store_joint_send(joint);
        break;
    }

    return ngx_secops_store_joint_create(join);
}


static ngx_secops_store_joint_t *
ngx_secops_store_joint_create(ngx_secops_store_join_t *join)
{
    ngx_secops_store_joint_t  *joint;

    joint = ngx_alloc(sizeof(ngx_secops_store_joint_t), ngx_cycle->log);
    if (joint == NULL) {
        return NULL;
    }

    ngx_queue_init(&joint->joins);
    ngx_queue_insert_tail(&ngx_secops_store_joints, &joint->queue);

    joint->store = join->store;
    joint->cmd = NULL;
    joint->n = 0;
    joint->size = 0;

    return joint;
}


/* 1: of the same Redis, and in a cluster with keys in the same place.  One that
   all its joins have left says nothing any more of where its keys are */

static ngx_uint_t
ngx_secops_store_joint_takes(const ngx_secops_store_joint_t *joint,
    const ngx_secops_store_join_t *join)
{
    ngx_secops_store_join_t  *last;

    if (joint->store->redis != join->store->redis) {
        return 0;
    }

    if (!ngx_secops_redis_cluster(join->store->redis)) {
        return 1;
    }

    last = ngx_secops_store_joint_last(joint, NULL);

    return last
           && last->shard == join->shard
           && ngx_secops_store_same_space(last->space, join->space);
}


static ngx_uint_t
ngx_secops_store_joint_full(const ngx_secops_store_joint_t *joint,
    const ngx_secops_store_join_t *join)
{
    return joint->n == NGX_SECOPS_STORE_JOINT_MAX
           || joint->size + join->len + NGX_SECOPS_STORE_OVERHEAD
              > ngx_secops_store_group_limit(join->store);
}


/* the last one of a kind, or, if kind is NULL, of any; NULL: there is none, or
   none any more */

static ngx_secops_store_join_t *
ngx_secops_store_joint_last(const ngx_secops_store_joint_t *joint,
    const ngx_secops_store_join_kind_t *kind)
{
    ngx_queue_t              *q;
    ngx_secops_store_join_t  *join;

    for (q = ngx_queue_last(&joint->joins);
         q != ngx_queue_sentinel(&joint->joins);
         q = ngx_queue_prev(q))
    {
        join = ngx_queue_data(q, ngx_secops_store_join_t, queue);

        if (kind == NULL || join->kind == kind) {
            return join;
        }
    }

    return NULL;
}


ngx_secops_store_join_t *
ngx_secops_store_joint_first(const ngx_secops_store_joint_t *joint,
    const ngx_secops_store_join_kind_t *kind)
{
    return ngx_secops_store_joint_from(joint, ngx_queue_head(&joint->joins),
                                       kind);
}


ngx_secops_store_join_t *
ngx_secops_store_joint_next(const ngx_secops_store_join_t *join)
{
    return ngx_secops_store_joint_from(join->joint,
                                       ngx_queue_next(&join->queue),
                                       join->kind);
}


/* q: of the first one that it may be */

static ngx_secops_store_join_t *
ngx_secops_store_joint_from(const ngx_secops_store_joint_t *joint,
    ngx_queue_t *q, const ngx_secops_store_join_kind_t *kind)
{
    ngx_secops_store_join_t  *join;

    for ( /* void */ ;
         q != ngx_queue_sentinel(&joint->joins);
         q = ngx_queue_next(q))
    {
        join = ngx_queue_data(q, ngx_secops_store_join_t, queue);

        if (join->kind == kind) {
            return join;
        }
    }

    return NULL;
}


/* the others go on; what nobody waits for any more is not sent, if it was not
   sent yet */

static void
ngx_secops_store_joint_leave(ngx_secops_store_call_t *call)
{
    ngx_secops_store_join_t   *join;
    ngx_secops_store_joint_t  *joint;

    join = call->share;
    joint = join->joint;

    ngx_queue_remove(&join->queue);

    if (joint->cmd && ngx_queue_empty(&joint->joins)) {
        ngx_secops_redis_cmd_cancel(joint->cmd);
        ngx_free(joint);
    }
}


/* the end of the turn */

static void
ngx_secops_store_joint_handler(ngx_event_t *ev)
{
    ngx_queue_t               *q;
    ngx_secops_store_joint_t  *joint;

    while (!ngx_queue_empty(&ngx_secops_store_joints)) {
        q = ngx_queue_head(&ngx_secops_store_joints);
        joint = ngx_queue_data(q, ngx_secops_store_joint_t, queue);

        ngx_secops_store_joint_send(joint);
    }

    while (!ngx_queue_empty(&ngx_secops_store_unsent_joints)) {
        q = ngx_queue_head(&ngx_secops_store_unsent_joints);
        joint = ngx_queue_data(q, ngx_secops_store_joint_t, queue);

        ngx_secops_store_joint_fail(joint);
    }
}


/*
 * It may be called by a request that is about to join: what could not be sent
 * is answered at the end of the turn.
 */

static void
ngx_secops_store_joint_send(ngx_secops_store_joint_t *joint)
{
    ngx_int_t                 rc;
    ngx_queue_t              *first;
    ngx_secops_store_join_t  *join;

    ngx_queue_remove(&joint->queue);

    first = ngx_queue_head(&joint->joins);

    if (first == ngx_queue_sentinel(&joint->joins)) {
        ngx_free(joint);
        return;
    }

    if (first == ngx_queue_last(&joint->joins)) {

        join = ngx_queue_data(first, ngx_secops_store_join_t, queue);
        rc = ngx_secops_store_joint_alone(join);

        if (rc == NGX_OK) {
            ngx_free(joint);
            return;
        }

    } else {
        rc = ngx_secops_store_joint_write(joint,
                                          ngx_secops_store_joint_written);

        if (rc == NGX_OK) {
            return;
        }
    }

    joint->rc = rc;
    joint->busy = (rc == NGX_BUSY) ? ngx_secops_store_busy(joint->store)
                                   : NULL;

    ngx_queue_insert_tail(&ngx_secops_store_unsent_joints, &joint->queue);
}


/* sends a join as a transaction of its own; after NGX_OK it shares nothing any
   more */

static ngx_int_t
ngx_secops_store_joint_alone(ngx_secops_store_join_t *join)
{
    ngx_int_t  rc;

    rc = join->kind->alone(join);

    if (rc == NGX_OK) {
        join->call->leave = NULL;
    }

    return rc;
}


static void
ngx_secops_store_joint_fail(ngx_secops_store_joint_t *joint)
{
    ngx_secops_store_join_t  *join;

    ngx_queue_remove(&joint->queue);

    for ( ;; ) {
        join = ngx_secops_store_joint_pop(joint);

        if (join == NULL) {
            break;
        }

        ngx_secops_store_joint_unsent(join->call, joint->rc, joint->busy);
    }

    ngx_free(joint);
}


/* as the start of a call would have been answered that was refused; busy: why,
   after NGX_BUSY */

static void
ngx_secops_store_joint_unsent(ngx_secops_store_call_t *call, ngx_int_t rc,
    ngx_str_t *busy)
{
    ngx_secops_redis_result_t  reply;

    ngx_memzero(&reply, sizeof(ngx_secops_redis_result_t));

    switch (rc) {

    case NGX_BUSY:
        reply.status = NGX_SECOPS_REDIS_UNAVAILABLE;
        reply.message = *busy;
        break;

    case NGX_DECLINED:
        reply.status = NGX_SECOPS_REDIS_UNAVAILABLE;
        ngx_str_set(&reply.message, "larger than all commands that may be "
                                    "pending");
        break;

    default: /* NGX_ERROR */
        reply.status = NGX_SECOPS_REDIS_REFUSED;
        ngx_str_set(&reply.message, "no memory");
    }

    ngx_secops_store_written(call, &reply);
}


/*
 * Of a transaction that was refused as a whole nothing was executed: a command
 * was refused before, which may be due to one join only.
 */

static void
ngx_secops_store_joint_written(void *data, ngx_secops_redis_result_t *reply)
{
    ngx_secops_store_joint_t *joint = data;

    ngx_uint_t                again;
    ngx_secops_store_join_t  *join;

    /* from now on who leaves does not free it */

    joint->cmd = NULL;

    if (reply->status != NGX_SECOPS_REDIS_REPLIED
        || reply->nrefusals
        || reply->value[0].type == SECOPS_REDIS_NIL)
    {
        ngx_secops_store_ending_lost();
    }

    again = (reply->status == NGX_SECOPS_REDIS_REFUSED && !reply->executed);

    for ( ;; ) {
        join = ngx_secops_store_joint_pop(joint);

        if (join == NULL) {
            break;
        }

        if (again) {
            ngx_secops_store_joint_again(join);

        } else {
            ngx_secops_store_joint_answer(join, reply);
        }
    }

    ngx_free(joint);
}


static void
ngx_secops_store_joint_again(ngx_secops_store_join_t *join)
{
    ngx_int_t  rc;

    rc = ngx_secops_store_joint_alone(join);

    if (rc != NGX_OK) {
        ngx_secops_store_joint_unsent(join->call, rc,
                                       ngx_secops_store_busy(join->store));
    }
}


/* the first refusal of one of its commands decides, else what all are told */

static void
ngx_secops_store_joint_answer(ngx_secops_store_join_t *join,
    ngx_secops_redis_result_t *reply)
{
    ngx_uint_t                   i, k;
    ngx_secops_store_span_t     *span;
    ngx_secops_redis_result_t    own;
    ngx_secops_redis_refusal_t  *refusal;

    for (i = 0; i < reply->nrefusals; i++) {

        refusal = &reply->refusals[i];

        for (k = 0; k < NGX_SECOPS_STORE_JOIN_SPANS; k++) {
            span = &join->spans[k];

            if (refusal->command - span->first < span->n) {
                own = *reply;
                own.status = NGX_SECOPS_REDIS_REFUSED;
                own.message = refusal->message;

                ngx_secops_store_written(join->call, &own);
                return;
            }
        }
    }

    ngx_secops_store_written(join->call, reply);
}


/* takes out the first one that has not left; NULL: there is none.  Its call can
   be answered, or sent again */

static ngx_secops_store_join_t *
ngx_secops_store_joint_pop(ngx_secops_store_joint_t *joint)
{
    ngx_queue_t              *q;
    ngx_secops_store_join_t  *join;

    if (ngx_queue_empty(&joint->joins)) {
        return NULL;
    }

    q = ngx_queue_head(&joint->joins);
    ngx_queue_remove(q);

    join = ngx_queue_data(q, ngx_secops_store_join_t, queue);

    join->call->leave = NULL;

    return join;
}
