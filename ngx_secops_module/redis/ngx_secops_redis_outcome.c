
/*
 * How commands end: answered, lost with the link, without a link, or too late.
 * Whoever ends several takes them out of the queues first, brings the client
 * into its next state, and only then calls the handlers: they send again.
 */

#include "redis/ngx_secops_redis_internal.h"
#include "redis/secops_redis_error.h"


/* a link that lived this long, in ms, was a good one even without a command */
#define NGX_SECOPS_REDIS_STEADY  1000


static void ngx_secops_redis_end(ngx_secops_redis_cmd_t *cmd,
    ngx_secops_redis_result_t *result);
static void ngx_secops_redis_take_sent(ngx_secops_redis_t *redis,
    ngx_queue_t *ended, ngx_uint_t movable);
static ngx_uint_t ngx_secops_redis_move(ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_redis_take_waiting(ngx_secops_redis_t *redis,
    ngx_queue_t *ended, ngx_uint_t expired);
static void ngx_secops_redis_end_all(ngx_queue_t *ended, u_char *message);
static ngx_secops_redis_cmd_t *ngx_secops_redis_oldest(
    ngx_secops_redis_t *redis);
static ngx_uint_t ngx_secops_redis_expired(ngx_secops_redis_cmd_t *cmd);
static ngx_uint_t ngx_secops_redis_late(ngx_secops_redis_t *redis);


/* the last reply of a command is in link->reply */

void
ngx_secops_redis_answered(ngx_secops_redis_cmd_t *cmd)
{
    secops_slice_t             code;
    ngx_secops_redis_t        *redis;
    ngx_secops_redis_result_t  result;

    redis = cmd->redis;

    if (redis->state == NGX_SECOPS_REDIS_READY) {
        redis->link->served = 1;
        redis->failures = 0;
        redis->flaps = 0;
        redis->told = 0;
    }

    ngx_memzero(&result, sizeof(ngx_secops_redis_result_t));

    ngx_str_set(&result.code, "");
    ngx_str_set(&result.message, "");

    result.status = cmd->status;
    result.again = cmd->unsure;

    if (cmd->status == NGX_SECOPS_REDIS_REPLIED) {
        result.value = redis->link->reply.values;

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

    ngx_secops_redis_cmd_leave(cmd);
    ngx_secops_redis_end(cmd, &result);
}


static void
ngx_secops_redis_end(ngx_secops_redis_cmd_t *cmd,
    ngx_secops_redis_result_t *result)
{
    result->time = ngx_current_msec - cmd->start;

    if (cmd->handler) {
        cmd->handler(cmd->data, result);
    }

    ngx_secops_redis_cmd_free(cmd);
}


/*
 * A link that was ready is of no more use, link->fault says why.  What Redis
 * can not have executed, and what may be executed twice, goes back to the head
 * of the queue; of the rest nobody knows.
 */

void
ngx_secops_redis_lost(ngx_secops_redis_t *redis)
{
    ngx_uint_t                closing, served, unwanted;
    ngx_queue_t               ended;
    ngx_secops_redis_link_t  *link;

    link = redis->link;

    /* told by worker_shutdown_timeout: nothing waits for another link */

    closing = link->peer.connection->close;

    unwanted = (redis->state == NGX_SECOPS_REDIS_DRAINING);
    served = link->served
             || ngx_current_msec - link->ready >= NGX_SECOPS_REDIS_STEADY;

    redis->down = !redis->told;

    ngx_secops_redis_report(redis, redis->pending ? NGX_LOG_WARN
                                                  : NGX_LOG_NOTICE,
                            "connection lost");

    ngx_secops_redis_close(redis);

    ngx_queue_init(&ended);
    ngx_secops_redis_take_sent(redis, &ended, !closing);

    if (closing) {
        ngx_secops_redis_take_waiting(redis, &ended, 0);
    }

    ngx_secops_redis_retry_lost(redis, served, unwanted);

    ngx_secops_redis_arm_deadline(redis);

    ngx_secops_redis_end_all(&ended, redis->fault);
}


/* an attempt has failed; commands that wait do not wait for the next one */

void
ngx_secops_redis_unreachable(ngx_secops_redis_t *redis)
{
    ngx_queue_t  ended;

    redis->down = 1;
    redis->flaps = 0;

    ngx_secops_redis_report(redis, NGX_LOG_ERR, "not available");
    ngx_secops_redis_close(redis);

    ngx_queue_init(&ended);
    ngx_secops_redis_take_waiting(redis, &ended, 0);

    ngx_secops_redis_retry_later(redis);

    ngx_secops_redis_end_all(&ended, redis->fault);
}


/* from the youngest on, so that those that move keep their order */

static void
ngx_secops_redis_take_sent(ngx_secops_redis_t *redis, ngx_queue_t *ended,
    ngx_uint_t movable)
{
    ngx_queue_t             *q;
    ngx_secops_redis_cmd_t  *cmd;

    while (!ngx_queue_empty(&redis->sent)) {

        q = ngx_queue_last(&redis->sent);
        cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);

        if (movable && ngx_secops_redis_move(cmd)) {
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
ngx_secops_redis_move(ngx_secops_redis_cmd_t *cmd)
{
    if (cmd->handler == NULL
        || ngx_secops_redis_expired(cmd)
        || (cmd->written >= cmd->resp.effect && !cmd->replay))
    {
        return 0;
    }

    ngx_queue_remove(&cmd->queue);
    ngx_queue_insert_head(&cmd->redis->waiting, &cmd->queue);

    if (cmd->error.data) {
        ngx_free(cmd->error.data);
        ngx_str_null(&cmd->error);
    }

    if (cmd->written >= cmd->resp.effect) {
        cmd->unsure = 1;
    }

    cmd->state = NGX_SECOPS_REDIS_CMD_WAITING;
    cmd->status = NGX_SECOPS_REDIS_REPLIED;
    cmd->written = 0;
    cmd->replies = 0;
    cmd->executed = 0;

    return 1;
}


static void
ngx_secops_redis_take_waiting(ngx_secops_redis_t *redis, ngx_queue_t *ended,
    ngx_uint_t expired)
{
    ngx_queue_t             *q;
    ngx_secops_redis_cmd_t  *cmd;

    while (!ngx_queue_empty(&redis->waiting)) {

        q = ngx_queue_head(&redis->waiting);
        cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);

        if (expired && !ngx_secops_redis_expired(cmd)) {
            return;
        }

        cmd->status = cmd->unsure ? NGX_SECOPS_REDIS_UNKNOWN
                                  : NGX_SECOPS_REDIS_UNAVAILABLE;

        ngx_secops_redis_cmd_leave(cmd);
        ngx_queue_insert_tail(ended, &cmd->queue);
    }
}


static void
ngx_secops_redis_end_all(ngx_queue_t *ended, u_char *message)
{
    ngx_queue_t                *q;
    ngx_secops_redis_cmd_t     *cmd;
    ngx_secops_redis_result_t   result;

    while (!ngx_queue_empty(ended)) {

        q = ngx_queue_head(ended);
        ngx_queue_remove(q);

        cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);

        ngx_memzero(&result, sizeof(ngx_secops_redis_result_t));

        ngx_str_set(&result.code, "");

        result.status = cmd->status;
        result.message.data = message;
        result.message.len = ngx_strlen(message);

        ngx_secops_redis_end(cmd, &result);
    }
}


/* one timer for all: it is right or early, and then it is set again */

void
ngx_secops_redis_arm_deadline(ngx_secops_redis_t *redis)
{
    ngx_msec_int_t           delay;
    ngx_secops_redis_cmd_t  *cmd;

    cmd = ngx_secops_redis_oldest(redis);

    if (cmd == NULL || redis->deadline.timer_set) {
        return;
    }

    delay = (ngx_msec_int_t) (cmd->deadline - ngx_current_msec);

    ngx_add_timer(&redis->deadline, ngx_max(delay, 0));
}


static ngx_secops_redis_cmd_t *
ngx_secops_redis_oldest(ngx_secops_redis_t *redis)
{
    ngx_queue_t  *queue;

    queue = ngx_queue_empty(&redis->sent) ? &redis->waiting : &redis->sent;

    if (ngx_queue_empty(queue)) {
        return NULL;
    }

    return ngx_queue_data(ngx_queue_head(queue), ngx_secops_redis_cmd_t, queue);
}


static ngx_uint_t
ngx_secops_redis_expired(ngx_secops_redis_cmd_t *cmd)
{
    return (ngx_msec_int_t) (cmd->deadline - ngx_current_msec) <= 0;
}


void
ngx_secops_redis_deadline_handler(ngx_event_t *ev)
{
    ngx_queue_t          ended;
    ngx_secops_redis_t  *redis;

    redis = ev->data;

    /*
     * A worker that was itself stopped for a while has the replies waiting:
     * the next turn of the loop brings them before this runs again.
     */

    if (ngx_secops_redis_late(redis) && !redis->overdue) {
        redis->overdue = 1;
        ngx_add_timer(ev, 1);
        return;
    }

    redis->overdue = 0;

    if (ngx_secops_redis_late(redis)
        && redis->link->peer.connection->read->ready
        && ngx_secops_redis_read(redis) != NGX_OK)
    {
        ngx_secops_redis_broken(redis);
        return;
    }

    if (ngx_secops_redis_late(redis)) {
        redis->stats.timeouts++;

        (void) ngx_secops_redis_fault(redis, "timed out");
        ngx_secops_redis_broken(redis);
        return;
    }

    ngx_queue_init(&ended);
    ngx_secops_redis_take_waiting(redis, &ended, 1);

    ngx_secops_redis_arm_deadline(redis);

    ngx_secops_redis_end_all(&ended, (u_char *) "timed out, not sent");

    ngx_secops_redis_settle(redis);
}


/* 1: a command that was written is beyond its time */

static ngx_uint_t
ngx_secops_redis_late(ngx_secops_redis_t *redis)
{
    if (ngx_queue_empty(&redis->sent)) {
        return 0;
    }

    return ngx_secops_redis_expired(ngx_secops_redis_oldest(redis));
}
