
/*
 * A server and the commands that are for it: how these come into its queues
 * and leave them, and when what is queued is written.
 */

#include "redis/ngx_secops_redis_internal.h"


static void ngx_secops_redis_flush_handler(ngx_event_t *ev);
static void ngx_secops_redis_drop(ngx_queue_t *queue);


ngx_secops_redis_node_t *
ngx_secops_redis_node_create(ngx_secops_redis_t *redis, ngx_pool_t *pool,
    const ngx_str_t *name, const ngx_secops_redis_endpoint_t *endpoint)
{
    ngx_secops_redis_node_t  *node;

    node = ngx_pcalloc(pool, sizeof(ngx_secops_redis_node_t));
    if (node == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     node->link = NULL;
     *     node->state = NGX_SECOPS_REDIS_CLOSED;
     *     node->failures = 0;
     *     node->stats = { 0 };
     */

    node->redis = redis;
    node->name = *name;
    node->endpoint = *endpoint;
    node->ssl = redis->conf.ssl.scheme;
    node->connect_timeout = redis->conf.connect_timeout;
    node->resolver_timeout = redis->conf.resolver_timeout;

    ngx_queue_init(&node->held);
    ngx_queue_init(&node->sent);
    ngx_queue_init(&node->waiting);

    return node;
}


void
ngx_secops_redis_node_start(ngx_secops_redis_node_t *node)
{
    ngx_log_t  *log;

    log = node->redis->log;

    node->log = log;
    node->ident = -1;

    node->deadline.handler = ngx_secops_redis_deadline_handler;
    node->deadline.data = node;
    node->deadline.log = log;
    node->deadline.cancelable = 1;

    node->flush.handler = ngx_secops_redis_flush_handler;
    node->flush.data = node;
    node->flush.log = log;

    node->retry.handler = ngx_secops_redis_retry_handler;
    node->retry.data = node;
    node->retry.log = log;
    node->retry.cancelable = 1;

    node->check.handler = ngx_secops_redis_check_handler;
    node->check.data = node;
    node->check.log = log;
    node->check.cancelable = 1;

    node->ping.handler = ngx_secops_redis_ping_handler;
    node->ping.data = node;
    node->ping.log = log;
    node->ping.cancelable = 1;
}


/*
 * The requests that wait for commands end with the worker and not with an
 * answer: no handler is called.
 */

void
ngx_secops_redis_node_stop(ngx_secops_redis_node_t *node)
{
    ngx_secops_redis_close(node);
    ngx_secops_redis_ssl_forget(node);

    if (node->deadline.timer_set) {
        ngx_del_timer(&node->deadline);
    }

    if (node->retry.timer_set) {
        ngx_del_timer(&node->retry);
    }

    if (node->check.timer_set) {
        ngx_del_timer(&node->check);
    }

    if (node->flush.posted) {
        ngx_delete_posted_event(&node->flush);
    }

    ngx_secops_redis_drop(&node->held);
    ngx_secops_redis_drop(&node->sent);
    ngx_secops_redis_drop(&node->waiting);
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


static void
ngx_secops_redis_flush_handler(ngx_event_t *ev)
{
    ngx_secops_redis_node_t  *node;

    node = ev->data;

    if (node->state == NGX_SECOPS_REDIS_READY && node->undurable) {
        ngx_secops_redis_refuse_durable(node);
    }

    if (node->state == NGX_SECOPS_REDIS_READY
        && ngx_secops_redis_write(node) != NGX_OK)
    {
        /* a Redis that closes has answered before: take what it sent */

        (void) ngx_secops_redis_read(node);

        ngx_secops_redis_broken(node);
        return;
    }

    ngx_secops_redis_settle(node);
}


/* after events: a link that has nothing to do rests, or ends with the worker */

void
ngx_secops_redis_settle(ngx_secops_redis_node_t *node)
{
    if (node->state == NGX_SECOPS_REDIS_DRAINING
        && ngx_secops_redis_drained(node))
    {
        node->redis->topology->lost(node);
        return;
    }

    if (node->state != NGX_SECOPS_REDIS_READY || node->pending) {
        return;
    }

    if (ngx_exiting && !ngx_secops_redis_wanted(node)) {
        ngx_secops_redis_close(node);
        return;
    }

    node->link->peer.connection->idle = 1;
}
