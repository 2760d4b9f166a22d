
/*
 * How a link ends, and with it commands: those that were written, or all that
 * wait for one.
 */

#include "redis/ngx_secops_redis_internal.h"


/* a link that lived this long, in ms, was a good one even without a command */
#define NGX_SECOPS_REDIS_STEADY  1000


/* of the commands that were written to a link that is lost, which go to the
   next one */

typedef enum {
    NGX_SECOPS_REDIS_MOVE_NONE = 0,
    NGX_SECOPS_REDIS_MOVE_UNSEEN,   /* those that Redis can not have executed */
    NGX_SECOPS_REDIS_MOVE_REPLAY    /* and those that may be executed twice */
} ngx_secops_redis_movable_e;


static void ngx_secops_redis_take_written(ngx_queue_t *queue,
    ngx_queue_t *ended, ngx_secops_redis_movable_e movable);
static ngx_uint_t ngx_secops_redis_move(ngx_secops_redis_cmd_t *cmd,
    ngx_secops_redis_movable_e movable);


/*
 * A link that was ready is of no more use, link->fault says why.  What Redis
 * can not have executed, and what may be executed twice, goes back to the head
 * of the queue; of the rest nobody knows.
 *
 * After a timeout nothing goes back that Redis may have: one of these commands
 * may be what Redis is busy with, and each replay would be as much work again,
 * while Redis still does the first.
 */

void
ngx_secops_redis_lost(ngx_secops_redis_node_t *node)
{
    ngx_uint_t                  closing, served, unwanted;
    ngx_queue_t                 ended;
    ngx_secops_redis_link_t    *link;
    ngx_secops_redis_movable_e  movable;

    link = node->link;

    ngx_secops_redis_unwrite(node);

    /* told by worker_shutdown_timeout: nothing waits for another link */

    closing = link->peer.connection->close;

    movable = closing ? NGX_SECOPS_REDIS_MOVE_NONE
              : link->late ? NGX_SECOPS_REDIS_MOVE_UNSEEN
                           : NGX_SECOPS_REDIS_MOVE_REPLAY;

    unwanted = (node->state == NGX_SECOPS_REDIS_DRAINING && !link->moved);
    served = link->served
             || ngx_current_msec - link->ready >= NGX_SECOPS_REDIS_STEADY;

    node->down = !node->told;

    ngx_secops_redis_report(node, node->pending ? NGX_LOG_WARN
                                                  : NGX_LOG_NOTICE,
                            "connection lost");

    ngx_secops_redis_close(node);

    ngx_queue_init(&ended);
    ngx_secops_redis_take_written(&node->sent, &ended, movable);
    ngx_secops_redis_take_written(&node->held, &ended, movable);

    if (closing) {
        ngx_secops_redis_take_waiting(node, &ended, 0);
    }

    ngx_secops_redis_end_barrier(node, &ended);

    ngx_secops_redis_retry_lost(node, served, unwanted);

    ngx_secops_redis_arm_deadline(node);

    ngx_secops_redis_end_all(&ended, node->fault);

    node->redis->topology->down(node);
}


/* an attempt has failed; commands that wait do not wait for the next one */

void
ngx_secops_redis_unreachable(ngx_secops_redis_node_t *node)
{
    ngx_queue_t  ended;

    node->down = 1;
    node->flaps = 0;

    ngx_secops_redis_report(node, NGX_LOG_ERR, "not available");
    ngx_secops_redis_close(node);

    ngx_queue_init(&ended);
    ngx_secops_redis_take_waiting(node, &ended, 0);

    ngx_secops_redis_retry_later(node);

    ngx_secops_redis_end_all(&ended, node->fault);

    node->redis->topology->down(node);
}


/* from the youngest on, so that those that move keep their order */

static void
ngx_secops_redis_take_written(ngx_queue_t *queue, ngx_queue_t *ended,
    ngx_secops_redis_movable_e movable)
{
    ngx_queue_t             *q;
    ngx_secops_redis_cmd_t  *cmd;

    while (!ngx_queue_empty(queue)) {

        q = ngx_queue_last(queue);
        cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);

        if (ngx_secops_redis_move(cmd, movable)) {
            continue;
        }

        cmd->status = (cmd->written < cmd->resp.effect && !cmd->unsure)
                      ? NGX_SECOPS_REDIS_UNAVAILABLE
                      : NGX_SECOPS_REDIS_UNKNOWN;

        ngx_secops_redis_cmd_leave(cmd);
        ngx_queue_insert_head(ended, &cmd->queue);
    }
}


/* 1: it waits for the next link, as if it had never been written */

static ngx_uint_t
ngx_secops_redis_move(ngx_secops_redis_cmd_t *cmd,
    ngx_secops_redis_movable_e movable)
{
    if (movable == NGX_SECOPS_REDIS_MOVE_NONE
        || cmd->handler == NULL
        || cmd->barrier
        || ngx_secops_redis_expired(cmd))
    {
        return 0;
    }

    if (cmd->written >= cmd->resp.effect
        && (!cmd->replay || movable != NGX_SECOPS_REDIS_MOVE_REPLAY))
    {
        return 0;
    }

    ngx_queue_remove(&cmd->queue);
    ngx_queue_insert_head(&cmd->node->waiting, &cmd->queue);

    if (cmd->written >= cmd->resp.effect) {
        cmd->unsure = 1;
    }

    if (cmd->durable) {
        cmd->node->unguarded = 1;
    }

    cmd->state = NGX_SECOPS_REDIS_CMD_WAITING;
    ngx_secops_redis_rewind(cmd);

    return 1;
}
