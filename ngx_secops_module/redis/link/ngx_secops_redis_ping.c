
/*
 * A link that nobody uses may be dead without a word: its server was switched
 * off, or something between has forgotten it.  A PING finds that out before a
 * command does: it has the deadline of any command, and what is late closes
 * the link.
 */

#include "redis/ngx_secops_redis_internal.h"


static void ngx_secops_redis_ping(ngx_secops_redis_node_t *node);


/* the link is ready */

void
ngx_secops_redis_ping_later(ngx_secops_redis_node_t *node)
{
    ngx_msec_t  interval;

    interval = node->redis->conf.ping;

    if (interval && !node->listens && !node->ping.timer_set) {
        ngx_add_timer(&node->ping, interval);
    }
}


void
ngx_secops_redis_ping_handler(ngx_event_t *ev)
{
    ngx_msec_t                interval, silent;
    ngx_secops_redis_node_t  *node;

    node = ev->data;

    if (node->state != NGX_SECOPS_REDIS_READY || ngx_exiting) {
        return;
    }

    interval = node->redis->conf.ping;
    silent = ngx_current_msec - node->link->heard;

    if (silent < interval) {
        ngx_add_timer(ev, interval - silent);
        return;
    }

    /* what is pending has its own deadline */

    if (node->pending == 0) {
        ngx_secops_redis_ping(node);
    }

    ngx_add_timer(ev, interval);
}


/* without a handler: its reply, or that there is none, is all that counts */

static void
ngx_secops_redis_ping(ngx_secops_redis_node_t *node)
{
    ngx_secops_redis_cmd_t  *cmd;

    cmd = ngx_secops_redis_cmd_create(node->redis, 64);
    if (cmd == NULL) {
        return;
    }

    ngx_secops_redis_cmd_begin(cmd, 1);
    ngx_secops_redis_cmd_arg(cmd, "PING", 4);

    if (secops_redis_resp_complete(&cmd->resp) != 0) {
        ngx_secops_redis_cmd_free(cmd);
        return;
    }

    ngx_secops_redis_cmd_time(cmd);

    ngx_secops_redis_cmd_enter(node, cmd);
}
