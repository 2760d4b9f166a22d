
/*
 * The client as its users see it: commands are made, sent, cancelled.  What is
 * called here may be called from a command's handler, so it never touches the
 * link: it posts events that do.
 */

#include "redis/ngx_secops_redis_internal.h"
#include "redis/resp/secops_redis_slots.h"


static void ngx_secops_redis_fresh_time(void);
static ngx_uint_t ngx_secops_redis_divided(ngx_secops_redis_cmd_t *cmd);


ngx_str_t  ngx_secops_redis_unreachable_text =
               ngx_string("Redis can not be reached");


ngx_int_t
ngx_secops_redis_init_process(ngx_secops_redis_t *redis, ngx_cycle_t *cycle)
{
    /* the cache processes run this too */

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    redis->log = cycle->log;

    redis->topology->start(redis);

    return NGX_OK;
}


void
ngx_secops_redis_exit_process(ngx_secops_redis_t *redis)
{
    if (redis->log == NULL) {
        return;
    }

    ngx_secops_redis_log_stats(redis);

    redis->topology->stop(redis);
}


ngx_secops_redis_cmd_t *
ngx_secops_redis_cmd_create(ngx_secops_redis_t *redis, size_t size)
{
    ngx_secops_redis_cmd_t  *cmd;

    /* the bytes of most commands fit behind it */

    cmd = ngx_alloc(sizeof(ngx_secops_redis_cmd_t) + size, redis->log);
    if (cmd == NULL) {
        return NULL;
    }

    ngx_memzero(cmd, sizeof(ngx_secops_redis_cmd_t));

    /*
     * set by ngx_memzero():
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
    cmd->slot = NGX_ERROR;

    secops_redis_resp_borrow(&cmd->resp, cmd + 1, size);

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


void
ngx_secops_redis_cmd_key(ngx_secops_redis_cmd_t *cmd, const void *data,
    size_t len)
{
    ngx_int_t  slot;

    if (cmd->redis->topology->slots) {
        slot = secops_redis_slot(data, len);

        if (cmd->slot != NGX_ERROR && cmd->slot != slot) {
            cmd->scattered = 1;
        }

        cmd->slot = slot;
    }

    secops_redis_resp_arg(&cmd->resp, data, len);
}


ngx_uint_t
ngx_secops_redis_cluster(ngx_secops_redis_t *redis)
{
    return redis->topology->slots;
}


ngx_uint_t
ngx_secops_redis_shares(ngx_secops_redis_t *redis)
{
    return redis->masters;
}


ngx_int_t
ngx_secops_redis_share(ngx_secops_redis_t *redis, const void *key, size_t len)
{
    return redis->topology->share(redis, key, len);
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

    if (secops_redis_resp_complete(&cmd->resp) != 0
        || ngx_secops_redis_divided(cmd))
    {
        ngx_secops_redis_cmd_free(cmd);
        return NGX_ERROR;
    }

    cmd->handler = handler;
    cmd->data = data;
    cmd->replay = (flags & NGX_SECOPS_REDIS_REPLAY) ? 1 : 0;
    cmd->durable = (flags & NGX_SECOPS_REDIS_DURABLE)
                   && redis->conf.durability != NGX_SECOPS_REDIS_MEMORY;
    ngx_secops_redis_cmd_time(cmd);

    if (redis->topology->send(redis, cmd) != NGX_OK) {
        ngx_secops_redis_cmd_free(cmd);
        return NGX_BUSY;
    }

    return NGX_OK;
}


/* nginx' clock is as old as this turn of the loop: whoever computed meanwhile
   would otherwise take from the time that Redis has */

void
ngx_secops_redis_cmd_time(ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_redis_fresh_time();

    cmd->start = ngx_current_msec;
    cmd->deadline = ngx_current_msec + cmd->redis->conf.timeout;
}


/* every command asks: the clock that nginx has its time from, read for a tenth
   of what the update costs, tells whether there is anything to update */

static void
ngx_secops_redis_fresh_time(void)
{
#if (NGX_HAVE_CLOCK_MONOTONIC) && defined(CLOCK_MONOTONIC_COARSE)

    ngx_msec_t       now;
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);

    now = (ngx_msec_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;

    if (now == ngx_current_msec) {
        return;
    }

#endif

    ngx_time_update();
}


/* 1: it can not be sent to one node of a cluster, which is a mistake of whoever
   made it */

static ngx_uint_t
ngx_secops_redis_divided(ngx_secops_redis_cmd_t *cmd)
{
    if (!cmd->redis->topology->slots
        || (!cmd->scattered
            && (cmd->resp.commands == 1 || cmd->resp.transaction)))
    {
        return 0;
    }

    ngx_log_error(NGX_LOG_ALERT, cmd->redis->log, 0,
                  "secops redis \"%V\": a command for several nodes of the "
                  "cluster", &cmd->redis->conf.url);

    return 1;
}


ngx_str_t *
ngx_secops_redis_busy(ngx_secops_redis_t *redis)
{
    return redis->busy;
}


ngx_uint_t
ngx_secops_redis_full(ngx_secops_redis_t *redis, ngx_secops_redis_cmd_t *cmd)
{
    static ngx_str_t  full = ngx_string("too many commands are pending");

    if (redis->pending < redis->conf.max_commands
        && redis->bytes <= redis->conf.max_bytes
        && cmd->resp.len <= redis->conf.max_bytes - redis->bytes)
    {
        return 0;
    }

    redis->busy = &full;

    return 1;
}


void
ngx_secops_redis_cmd_cancel(ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_redis_node_t  *node;

    node = cmd->node;
    cmd->handler = NULL;

    if (cmd->state == NGX_SECOPS_REDIS_CMD_PARKED) {
        cmd->redis->topology->unpark(cmd);
        ngx_secops_redis_cmd_free(cmd);
        return;
    }

    if (cmd->state != NGX_SECOPS_REDIS_CMD_WAITING) {
        return;
    }

    ngx_secops_redis_cmd_leave(cmd);
    ngx_secops_redis_cmd_free(cmd);

    /* the link may be idle now */

    ngx_post_event(&node->flush, &ngx_posted_events);
}
