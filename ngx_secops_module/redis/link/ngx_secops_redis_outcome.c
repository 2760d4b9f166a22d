
/*
 * How commands end: answered, lost with the link, without a link, or too late.
 * Whoever ends several takes them out of the queues first, brings the client
 * into its next state, and only then calls the handlers: they send again.
 */

#include "redis/ngx_secops_redis_internal.h"
#include "redis/resp/secops_redis_error.h"


/* a link that lived this long, in ms, was a good one even without a command */
#define NGX_SECOPS_REDIS_STEADY  1000


/* of the commands that were written to a link that is lost, which go to the
   next one */

typedef enum {
    NGX_SECOPS_REDIS_MOVE_NONE = 0,
    NGX_SECOPS_REDIS_MOVE_UNSEEN,   /* those that Redis can not have executed */
    NGX_SECOPS_REDIS_MOVE_REPLAY    /* and those that may be executed twice */
} ngx_secops_redis_movable_e;


static void ngx_secops_redis_end(ngx_secops_redis_cmd_t *cmd,
    ngx_secops_redis_result_t *result);
static void ngx_secops_redis_take_written(ngx_queue_t *queue,
    ngx_queue_t *ended, ngx_secops_redis_movable_e movable);
static ngx_uint_t ngx_secops_redis_move(ngx_secops_redis_cmd_t *cmd,
    ngx_secops_redis_movable_e movable);
static void ngx_secops_redis_take_waiting(ngx_secops_redis_node_t *node,
    ngx_queue_t *ended, ngx_uint_t expired);
static ngx_secops_redis_cmd_t *ngx_secops_redis_oldest(
    ngx_secops_redis_node_t *node);
static ngx_secops_redis_cmd_t *ngx_secops_redis_oldest_written(
    ngx_secops_redis_node_t *node);
static ngx_secops_redis_cmd_t *ngx_secops_redis_older(
    ngx_secops_redis_cmd_t *cmd, ngx_secops_redis_node_t *node,
    ngx_queue_t *queue);
static ngx_uint_t ngx_secops_redis_late(ngx_secops_redis_node_t *node);


/* the last reply of a command is in link->reply */

void
ngx_secops_redis_answered(ngx_secops_redis_cmd_t *cmd)
{
    secops_slice_t             code;
    ngx_secops_redis_node_t   *node;
    ngx_secops_redis_result_t  result;

    node = cmd->node;

    if (node->state == NGX_SECOPS_REDIS_READY) {
        node->link->served = 1;
        node->failures = 0;
        node->flaps = 0;
        node->told = 0;
    }

    if (cmd->status != NGX_SECOPS_REDIS_REPLIED
        && node->redis->topology->redirect(cmd))
    {
        return;
    }

    ngx_memzero(&result, sizeof(ngx_secops_redis_result_t));

    ngx_str_set(&result.code, "");
    ngx_str_set(&result.message, "");

    result.status = cmd->status;
    result.again = cmd->unsure;

    if (cmd->status == NGX_SECOPS_REDIS_REPLIED) {
        result.value = node->link->reply.values;

    } else if (cmd->error.len) {
        code = secops_redis_error_code(cmd->error.data, cmd->error.len);

        result.code.data = (u_char *) code.data;
        result.code.len = code.len;
        result.message = cmd->error;
    }

    /* "surely not executed" can not be said of a group when a part was */

    if (cmd->status == NGX_SECOPS_REDIS_UNAVAILABLE && cmd->executed) {
        result.status = NGX_SECOPS_REDIS_REFUSED;
    }

    if (cmd->status != NGX_SECOPS_REDIS_REPLIED && cmd->unsure) {
        result.status = NGX_SECOPS_REDIS_UNKNOWN;
    }

    if (ngx_secops_redis_hold(cmd, &result)) {
        return;
    }

    ngx_secops_redis_cmd_leave(cmd);
    ngx_secops_redis_end(cmd, &result);
}


static void
ngx_secops_redis_end(ngx_secops_redis_cmd_t *cmd,
    ngx_secops_redis_result_t *result)
{
    result->time = ngx_current_msec - cmd->start;

    if (cmd->node && result->status == NGX_SECOPS_REDIS_REPLIED) {
        cmd->node->stats.answered++;
        cmd->node->stats.latency += result->time;
    }

    if (cmd->handler) {
        cmd->handler(cmd->data, result);
    }

    ngx_secops_redis_cmd_free(cmd);
}


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


void
ngx_secops_redis_rewind(ngx_secops_redis_cmd_t *cmd)
{
    if (cmd->error.data) {
        ngx_free(cmd->error.data);
        ngx_str_null(&cmd->error);
    }

    cmd->status = NGX_SECOPS_REDIS_REPLIED;
    cmd->written = 0;
    cmd->replies = 0;
    cmd->executed = 0;
}


static void
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
            result.value = &cmd->value;

        } else {
            result.message.data = message;
            result.message.len = ngx_strlen(message);
        }

        ngx_secops_redis_end(cmd, &result);
    }
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


ngx_uint_t
ngx_secops_redis_expired(ngx_secops_redis_cmd_t *cmd)
{
    return (ngx_msec_int_t) (cmd->deadline - ngx_current_msec) <= 0;
}


void
ngx_secops_redis_deadline_handler(ngx_event_t *ev)
{
    ngx_queue_t               ended;
    ngx_secops_redis_node_t  *node;

    node = ev->data;

    /*
     * A worker that was itself stopped for a while has the replies waiting:
     * the next turn of the loop brings them before this runs again.
     */

    if (ngx_secops_redis_late(node) && !node->overdue) {
        node->overdue = 1;
        ngx_add_timer(ev, 1);
        return;
    }

    node->overdue = 0;

    if (ngx_secops_redis_late(node)
        && node->link->peer.connection->read->ready
        && ngx_secops_redis_read(node) != NGX_OK)
    {
        ngx_secops_redis_broken(node);
        return;
    }

    if (ngx_secops_redis_late(node)) {
        node->stats.timeouts++;
        node->link->late = 1;

        (void) ngx_secops_redis_fault(node, "timed out");
        ngx_secops_redis_broken(node);
        return;
    }

    ngx_queue_init(&ended);
    ngx_secops_redis_take_waiting(node, &ended, 1);

    ngx_secops_redis_arm_deadline(node);

    ngx_secops_redis_end_all(&ended, (u_char *) "timed out, not sent");

    ngx_secops_redis_settle(node);
}


/* 1: a command that was written is beyond its time */

static ngx_uint_t
ngx_secops_redis_late(ngx_secops_redis_node_t *node)
{
    ngx_secops_redis_cmd_t  *cmd;

    cmd = ngx_secops_redis_oldest_written(node);

    return cmd && ngx_secops_redis_expired(cmd);
}
