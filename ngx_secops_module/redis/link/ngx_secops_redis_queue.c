
/*
 * The queues of a node: how commands come into them and leave them, which one
 * is the oldest, and how one that left is ended.  Whoever ends several takes
 * them out of the queues first, brings the client into its next state, and only
 * then calls the handlers: they send again.
 */

#include "redis/ngx_secops_redis_internal.h"


static ngx_secops_redis_cmd_t *ngx_secops_redis_oldest(
    ngx_secops_redis_node_t *node);
static ngx_secops_redis_cmd_t *ngx_secops_redis_oldest_written(
    ngx_secops_redis_node_t *node);
static ngx_secops_redis_cmd_t *ngx_secops_redis_older(
    ngx_secops_redis_cmd_t *cmd, ngx_secops_redis_node_t *node,
    ngx_queue_t *queue);


/* puts a command at the end of the queue, and sees to it that it is written */

void
ngx_secops_redis_cmd_enter(ngx_secops_redis_node_t *node,
    ngx_secops_redis_cmd_t *cmd)
{
    cmd->node = node;
    cmd->state = NGX_SECOPS_REDIS_CMD_WAITING;

    ngx_queue_insert_tail(&node->waiting, &cmd->queue);

    node->pending++;
    node->redis->pending++;
    node->redis->bytes += cmd->resp.len;
    node->stats.commands++;

    /* while it can not be reached, the command will be refused */

    if (cmd->durable && !node->undurable) {
        node->unguarded = 1;
    }

    /* from now on an exiting worker waits for the reply */

    node->deadline.cancelable = 0;

    if (node->deadline.timer_set
        && (ngx_msec_int_t) (cmd->deadline - node->deadline.timer.key) < 0)
    {
        ngx_del_timer(&node->deadline);
    }

    ngx_secops_redis_arm_deadline(node);

    switch (node->state) {

    case NGX_SECOPS_REDIS_CLOSED:
        ngx_secops_redis_retry_now(node);
        break;

    case NGX_SECOPS_REDIS_READY:
        node->link->peer.connection->idle = 0;
        ngx_post_event(&node->flush, &ngx_posted_events);
        break;

    default:
        break;
    }
}


/* takes a pending command out of its queue: its outcome is known */

void
ngx_secops_redis_cmd_leave(ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_redis_node_t  *node;

    node = cmd->node;

    ngx_queue_remove(&cmd->queue);

    cmd->state = NGX_SECOPS_REDIS_CMD_DONE;

    node->pending--;
    node->redis->pending--;
    node->redis->bytes -= cmd->resp.len;

    if (node->pending == 0) {
        node->deadline.cancelable = 1;
    }
}


ngx_uint_t
ngx_secops_redis_expired(ngx_secops_redis_cmd_t *cmd)
{
    return (ngx_msec_int_t) (cmd->deadline - ngx_current_msec) <= 0;
}


/* 1: a command that was written is beyond its time */

ngx_uint_t
ngx_secops_redis_late(ngx_secops_redis_node_t *node)
{
    ngx_secops_redis_cmd_t  *cmd;

    cmd = ngx_secops_redis_oldest_written(node);

    return cmd && ngx_secops_redis_expired(cmd);
}


/* one timer for all: it is right or early, and then it is set again */

void
ngx_secops_redis_arm_deadline(ngx_secops_redis_node_t *node)
{
    ngx_msec_int_t           delay;
    ngx_secops_redis_cmd_t  *cmd;

    if (node->deadline.timer_set) {
        return;
    }

    cmd = ngx_secops_redis_oldest(node);

    if (cmd == NULL) {
        return;
    }

    delay = (ngx_msec_int_t) (cmd->deadline - ngx_current_msec);

    ngx_add_timer(&node->deadline, ngx_max(delay, 0));
}


static ngx_secops_redis_cmd_t *
ngx_secops_redis_oldest(ngx_secops_redis_node_t *node)
{
    return ngx_secops_redis_older(ngx_secops_redis_oldest_written(node), node,
                                  &node->waiting);
}


static ngx_secops_redis_cmd_t *
ngx_secops_redis_oldest_written(ngx_secops_redis_node_t *node)
{
    ngx_secops_redis_cmd_t  *cmd;

    cmd = ngx_secops_redis_older(NULL, node, &node->held);

    return ngx_secops_redis_older(cmd, node, &node->sent);
}


/* the one with the earliest deadline: cmd (may be NULL), or one of a queue */

static ngx_secops_redis_cmd_t *
ngx_secops_redis_older(ngx_secops_redis_cmd_t *cmd,
    ngx_secops_redis_node_t *node, ngx_queue_t *queue)
{
    ngx_queue_t             *q;
    ngx_secops_redis_cmd_t  *next;

    for (q = ngx_queue_head(queue);
         q != ngx_queue_sentinel(queue);
         q = ngx_queue_next(q))
    {
        next = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);

        if (cmd == NULL
            || (ngx_msec_int_t) (next->deadline - cmd->deadline) < 0)
        {
            cmd = next;
        }

        /* in a cluster one that came from another node may stand anywhere */

        if (!node->redis->topology->slots) {
            break;
        }
    }

    return cmd;
}


void
ngx_secops_redis_take_waiting(ngx_secops_redis_node_t *node, ngx_queue_t *ended,
    ngx_uint_t expired)
{
    ngx_queue_t             *q, *next;
    ngx_secops_redis_cmd_t  *cmd;

    for (q = ngx_queue_head(&node->waiting);
         q != ngx_queue_sentinel(&node->waiting);
         q = next)
    {
        next = ngx_queue_next(q);
        cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);

        if (expired && !ngx_secops_redis_expired(cmd)) {

            if (node->redis->topology->slots) {
                continue;
            }

            return;
        }

        cmd->status = cmd->unsure ? NGX_SECOPS_REDIS_UNKNOWN
                                  : NGX_SECOPS_REDIS_UNAVAILABLE;

        ngx_secops_redis_cmd_leave(cmd);
        ngx_queue_insert_tail(ended, &cmd->queue);
    }
}


void
ngx_secops_redis_rewind(ngx_secops_redis_cmd_t *cmd)
{
    if (cmd->error.data) {
        ngx_free(cmd->error.data);
        ngx_str_null(&cmd->error);
    }

    if (cmd->refusals) {
        ngx_free(cmd->refusals);
        cmd->refusals = NULL;
        cmd->nrefusals = 0;
    }

    cmd->status = NGX_SECOPS_REDIS_REPLIED;
    cmd->written = 0;
    cmd->replies = 0;
    cmd->executed = 0;
}


void
ngx_secops_redis_end_all(ngx_queue_t *ended, u_char *message)
{
    ngx_queue_t               *q;
    ngx_secops_redis_cmd_t    *cmd;
    ngx_secops_redis_result_t  result;

    while (!ngx_queue_empty(ended)) {

        q = ngx_queue_head(ended);
        ngx_queue_remove(q);

        cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);

        ngx_memzero(&result, sizeof(ngx_secops_redis_result_t));

        ngx_str_set(&result.code, "");

        ngx_str_set(&result.message, "");

        result.status = cmd->status;

        if (cmd->status == NGX_SECOPS_REDIS_REPLIED) {
            result.value = cmd->values ? cmd->values : &cmd->value;

        } else {
            result.message.data = message;
            result.message.len = ngx_strlen(message);
        }

        ngx_secops_redis_end(cmd, &result);
    }
}


void
ngx_secops_redis_end(ngx_secops_redis_cmd_t *cmd,
    ngx_secops_redis_result_t *result)
{
    result->time = ngx_current_msec - cmd->start;
    result->executed = cmd->executed;
    result->refusals = cmd->refusals;
    result->nrefusals = cmd->nrefusals;

    if (cmd->node && result->status == NGX_SECOPS_REDIS_REPLIED) {
        cmd->node->stats.answered++;
        cmd->node->stats.latency += result->time;
    }

    if (cmd->handler) {
        cmd->handler(cmd->data, result);
    }

    ngx_secops_redis_cmd_free(cmd);
}
