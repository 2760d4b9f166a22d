
/* A command, from its first argument until it is sent. */

#include "redis/ngx_secops_redis_internal.h"
#include "redis/resp/secops_redis_slots.h"


static void ngx_secops_redis_fresh_time(void);


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
    cmd->share = NGX_ERROR;

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


void
ngx_secops_redis_cmd_share(ngx_secops_redis_cmd_t *cmd, ngx_uint_t share)
{
    cmd->share = share;
}


ngx_uint_t
ngx_secops_redis_cmd_count(ngx_secops_redis_cmd_t *cmd)
{
    return cmd->resp.commands;
}


size_t
ngx_secops_redis_cmd_size(ngx_secops_redis_cmd_t *cmd)
{
    return cmd->resp.len;
}


void
ngx_secops_redis_cmd_free(ngx_secops_redis_cmd_t *cmd)
{
    if (cmd->error.data) {
        ngx_free(cmd->error.data);
    }

    if (cmd->values) {
        ngx_free(cmd->values);
    }

    if (cmd->refusals) {
        ngx_free(cmd->refusals);
    }

    secops_redis_resp_free(&cmd->resp);
    ngx_free(cmd);
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
