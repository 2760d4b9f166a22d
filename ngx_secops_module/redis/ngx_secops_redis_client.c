
/*
 * The client as its users see it: commands are made, sent, cancelled.  What is
 * called here may be called from a command's handler, so it never touches the
 * link: it posts events that do.
 */

#include "redis/ngx_secops_redis_internal.h"


static ngx_uint_t ngx_secops_redis_full(ngx_secops_redis_t *redis,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_redis_flush_handler(ngx_event_t *ev);
static void ngx_secops_redis_drop(ngx_queue_t *queue);


ngx_int_t
ngx_secops_redis_init_process(ngx_secops_redis_t *redis, ngx_cycle_t *cycle)
{
    /* the cache processes run this too */

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    redis->log = cycle->log;
    redis->ident = -1;

    redis->deadline.handler = ngx_secops_redis_deadline_handler;
    redis->deadline.data = redis;
    redis->deadline.log = cycle->log;
    redis->deadline.cancelable = 1;

    redis->flush.handler = ngx_secops_redis_flush_handler;
    redis->flush.data = redis;
    redis->flush.log = cycle->log;

    redis->retry.handler = ngx_secops_redis_retry_handler;
    redis->retry.data = redis;
    redis->retry.log = cycle->log;
    redis->retry.cancelable = 1;

    ngx_secops_redis_retry_now(redis);

    return NGX_OK;
}


/*
 * The requests that wait for commands end with the worker and not with an
 * answer: no handler is called.
 */

void
ngx_secops_redis_exit_process(ngx_secops_redis_t *redis)
{
    if (redis->log == NULL) {
        return;
    }

    ngx_secops_redis_close(redis);

    if (redis->deadline.timer_set) {
        ngx_del_timer(&redis->deadline);
    }

    if (redis->retry.timer_set) {
        ngx_del_timer(&redis->retry);
    }

    if (redis->flush.posted) {
        ngx_delete_posted_event(&redis->flush);
    }

    ngx_secops_redis_drop(&redis->sent);
    ngx_secops_redis_drop(&redis->waiting);
}


static void
ngx_secops_redis_drop(ngx_queue_t *queue)
{
    ngx_queue_t             *q;
    ngx_secops_redis_cmd_t  *cmd;

    while (!ngx_queue_empty(queue)) {

        q = ngx_queue_head(queue);
        cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);

        ngx_secops_redis_cmd_leave(cmd);
        ngx_secops_redis_cmd_free(cmd);
    }
}


ngx_secops_redis_cmd_t *
ngx_secops_redis_cmd_create(ngx_secops_redis_t *redis, size_t size)
{
    ngx_secops_redis_cmd_t  *cmd;

    cmd = ngx_calloc(sizeof(ngx_secops_redis_cmd_t), redis->log);
    if (cmd == NULL) {
        return NULL;
    }

    /*
     * set by ngx_calloc():
     *
     *     cmd->handler = NULL;
     *     cmd->written = 0;
     *     cmd->replies = 0;
     *     cmd->error = { 0, NULL };
     *     cmd->state = NGX_SECOPS_REDIS_CMD_NEW;
     *     cmd->status = NGX_SECOPS_REDIS_REPLIED;
     *     cmd->executed = 0;
     */

    cmd->redis = redis;

    if (secops_redis_resp_init(&cmd->resp, size) != 0) {
        ngx_free(cmd);
        return NULL;
    }

    return cmd;
}


void
ngx_secops_redis_cmd_begin(ngx_secops_redis_cmd_t *cmd, ngx_uint_t argc)
{
    secops_redis_resp_begin(&cmd->resp, argc);
}


void
ngx_secops_redis_cmd_arg(ngx_secops_redis_cmd_t *cmd, const void *data,
    size_t len)
{
    secops_redis_resp_arg(&cmd->resp, data, len);
}


size_t
ngx_secops_redis_cmd_size(ngx_secops_redis_cmd_t *cmd)
{
    return cmd->resp.len;
}


size_t
ngx_secops_redis_max_bytes(ngx_secops_redis_t *redis)
{
    return redis->conf.max_bytes;
}


void
ngx_secops_redis_cmd_free(ngx_secops_redis_cmd_t *cmd)
{
    if (cmd->error.data) {
        ngx_free(cmd->error.data);
    }

    secops_redis_resp_free(&cmd->resp);
    ngx_free(cmd);
}


ngx_int_t
ngx_secops_redis_cmd_send(ngx_secops_redis_cmd_t *cmd, ngx_uint_t flags,
    ngx_secops_redis_handler_pt handler, void *data)
{
    ngx_secops_redis_t  *redis;

    redis = cmd->redis;

    if (secops_redis_resp_complete(&cmd->resp) != 0) {
        ngx_secops_redis_cmd_free(cmd);
        return NGX_ERROR;
    }

    if (ngx_secops_redis_backing_off(redis)
        || ngx_secops_redis_full(redis, cmd))
    {
        ngx_secops_redis_cmd_free(cmd);
        return NGX_BUSY;
    }

    cmd->handler = handler;
    cmd->data = data;
    cmd->replay = (flags & NGX_SECOPS_REDIS_REPLAY) ? 1 : 0;
    cmd->start = ngx_current_msec;
    cmd->deadline = ngx_current_msec + redis->conf.timeout;
    cmd->state = NGX_SECOPS_REDIS_CMD_WAITING;

    ngx_queue_insert_tail(&redis->waiting, &cmd->queue);

    redis->pending++;
    redis->bytes += cmd->resp.len;
    redis->stats.commands++;

    /* from now on an exiting worker waits for the reply */

    redis->deadline.cancelable = 0;
    ngx_secops_redis_arm_deadline(redis);

    switch (redis->state) {

    case NGX_SECOPS_REDIS_CLOSED:
        ngx_secops_redis_retry_now(redis);
        break;

    case NGX_SECOPS_REDIS_READY:
        redis->link->peer.connection->idle = 0;
        ngx_post_event(&redis->flush, &ngx_posted_events);
        break;

    default:
        break;
    }

    return NGX_OK;
}


ngx_str_t *
ngx_secops_redis_busy(ngx_secops_redis_t *redis)
{
    static ngx_str_t  unreachable = ngx_string("Redis can not be reached");
    static ngx_str_t  full = ngx_string("too many commands are pending");

    return ngx_secops_redis_backing_off(redis) ? &unreachable : &full;
}


static ngx_uint_t
ngx_secops_redis_full(ngx_secops_redis_t *redis, ngx_secops_redis_cmd_t *cmd)
{
    return redis->pending >= redis->conf.max_commands
           || redis->bytes > redis->conf.max_bytes
           || cmd->resp.len > redis->conf.max_bytes - redis->bytes;
}


void
ngx_secops_redis_cmd_cancel(ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_redis_t  *redis;

    redis = cmd->redis;
    cmd->handler = NULL;

    if (cmd->state != NGX_SECOPS_REDIS_CMD_WAITING) {
        return;
    }

    ngx_secops_redis_cmd_leave(cmd);
    ngx_secops_redis_cmd_free(cmd);

    /* the link may be idle now */

    ngx_post_event(&redis->flush, &ngx_posted_events);
}


/* takes a pending command out of its queue: its outcome is known */

void
ngx_secops_redis_cmd_leave(ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_redis_t  *redis;

    redis = cmd->redis;

    ngx_queue_remove(&cmd->queue);

    cmd->state = NGX_SECOPS_REDIS_CMD_DONE;

    redis->pending--;
    redis->bytes -= cmd->resp.len;

    if (redis->pending == 0) {
        redis->deadline.cancelable = 1;
    }
}


static void
ngx_secops_redis_flush_handler(ngx_event_t *ev)
{
    ngx_secops_redis_t  *redis;

    redis = ev->data;

    if (redis->state == NGX_SECOPS_REDIS_READY
        && ngx_secops_redis_write(redis) != NGX_OK)
    {
        /* a Redis that closes has answered before: take what it sent */

        (void) ngx_secops_redis_read(redis);

        ngx_secops_redis_broken(redis);
        return;
    }

    ngx_secops_redis_settle(redis);
}


/* after events: a link that has nothing to do rests, or ends with the worker */

void
ngx_secops_redis_settle(ngx_secops_redis_t *redis)
{
    if (redis->state == NGX_SECOPS_REDIS_DRAINING
        && ngx_secops_redis_drained(redis))
    {
        ngx_secops_redis_lost(redis);
        return;
    }

    if (redis->state != NGX_SECOPS_REDIS_READY || redis->pending) {
        return;
    }

    if (ngx_exiting) {
        ngx_secops_redis_close(redis);
        return;
    }

    redis->link->peer.connection->idle = 1;
}
