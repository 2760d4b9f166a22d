
/*
 * The client as its users see it: commands are sent and cancelled.  What is
 * called here may be called from a command's handler, so it never touches the
 * link: it posts events that do.
 */

#include "redis/ngx_secops_redis_internal.h"


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
ngx_secops_redis_max_bytes(ngx_secops_redis_t *redis)
{
    return redis->conf.max_bytes;
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
    cmd->shared = (flags & NGX_SECOPS_REDIS_SHARED) ? 1 : 0;
    cmd->durable = (flags & NGX_SECOPS_REDIS_DURABLE)
                   && redis->conf.durability != NGX_SECOPS_REDIS_MEMORY;
    cmd->whole = (flags & NGX_SECOPS_REDIS_WHOLE) ? 1 : 0;
    ngx_secops_redis_cmd_time(cmd);

    if (redis->topology->send(redis, cmd) != NGX_OK) {
        ngx_secops_redis_cmd_free(cmd);
        return NGX_BUSY;
    }

    return NGX_OK;
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
