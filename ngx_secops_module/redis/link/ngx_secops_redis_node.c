
/*
 * A server and its events: when what is queued for it is written, when it takes
 * too long, and when it begins and ends.
 */

#include "redis/ngx_secops_redis_internal.h"


static void ngx_secops_redis_deadline_handler(ngx_event_t *ev);
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


static void
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
