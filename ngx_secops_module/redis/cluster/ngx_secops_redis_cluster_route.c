
/*
 * Redis Cluster: which node a command goes to, and what becomes of it when that
 * one sends it elsewhere or can not serve it now.  An error that says so also
 * says that nothing was executed.
 */

#include "redis/cluster/ngx_secops_redis_cluster.h"
#include "redis/resp/secops_redis_error.h"


/* so many nodes in a row may send a command on; from the third on it pauses,
   because they may not agree yet */

#define NGX_SECOPS_REDIS_HOPS       5
#define NGX_SECOPS_REDIS_FREE_HOPS  2

/* ms; the second and each following pause doubles */

#define NGX_SECOPS_REDIS_PAUSE_MIN  50
#define NGX_SECOPS_REDIS_PAUSE_MAX  400

/* ms; who would have less time than that afterwards does not pause: a timeout
   would close a link that others use */

#define NGX_SECOPS_REDIS_PAUSE_REST  100

/* ms; between two maps, half of it at random */

#define NGX_SECOPS_REDIS_MAP_APART  200

/* ms; the timer of what is parked does not run more often */

#define NGX_SECOPS_REDIS_WAKE       10


static ngx_secops_redis_node_t *ngx_secops_redis_cluster_owner(
    ngx_secops_redis_cluster_t *cluster, ngx_secops_redis_cmd_t *cmd);
static ngx_uint_t ngx_secops_redis_cluster_follow(ngx_secops_redis_cmd_t *cmd);
static ngx_secops_redis_node_t *ngx_secops_redis_cluster_target(
    ngx_secops_redis_cmd_t *cmd, ngx_uint_t *ask);
static ngx_int_t ngx_secops_redis_cluster_asking(
    ngx_secops_redis_node_t *node, ngx_secops_redis_cmd_t *cmd);
static ngx_uint_t ngx_secops_redis_cluster_pause(ngx_secops_redis_cmd_t *cmd);
static ngx_int_t ngx_secops_redis_pause_delay(ngx_secops_redis_cmd_t *cmd,
    ngx_msec_t *delay);
static void ngx_secops_redis_park(ngx_secops_redis_cmd_t *cmd,
    ngx_msec_t wake);
static void ngx_secops_redis_wake_cmd(ngx_secops_redis_cmd_t *cmd,
    ngx_queue_t *ended);
static void ngx_secops_redis_arm_wake(ngx_secops_redis_cluster_t *cluster);
static void ngx_secops_redis_end_parked(ngx_secops_redis_cmd_t *cmd,
    ngx_queue_t *ended);


ngx_int_t
ngx_secops_redis_cluster_send(ngx_secops_redis_t *redis,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_redis_node_t     *node;
    ngx_secops_redis_cluster_t  *cluster;

    static ngx_str_t  unserved = ngx_string("no node of the Redis Cluster "
                                            "has the slot");

    cluster = redis->cluster;

    if (ngx_secops_redis_full(redis, cmd)) {
        return NGX_BUSY;
    }

    if (cluster->down) {
        redis->busy = &ngx_secops_redis_unreachable_text;
        return NGX_BUSY;
    }

    if (!cluster->mapped) {
        cmd->unmapped = 1;
        ngx_secops_redis_park(cmd, cmd->deadline);
        return NGX_OK;
    }

    node = ngx_secops_redis_cluster_owner(cluster, cmd);

    if (node == NULL) {
        ngx_secops_redis_cluster_stale(cluster);
        redis->busy = &unserved;
        return NGX_BUSY;
    }

    if (ngx_secops_redis_backing_off(node)) {
        redis->busy = &ngx_secops_redis_unreachable_text;
        return NGX_BUSY;
    }

    ngx_secops_redis_cmd_enter(node, cmd);

    return NGX_OK;
}


ngx_int_t
ngx_secops_redis_cluster_share(ngx_secops_redis_t *redis, const void *key,
    size_t len)
{
    ngx_secops_redis_node_t  *node;

    node = redis->cluster->owners[secops_redis_slot(key, len)];

    return (node && node->listed) ? (ngx_int_t) node->share : NGX_DECLINED;
}


/* of a command without a key: the master that it is for, or any, which is
   ready.  NULL: there is none */

static ngx_secops_redis_node_t *
ngx_secops_redis_cluster_owner(ngx_secops_redis_cluster_t *cluster,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_queue_t              *q, *nodes;
    ngx_secops_redis_node_t  *node;

    if (cmd->slot != NGX_ERROR) {
        return cluster->owners[cmd->slot];
    }

    nodes = &cluster->redis->nodes;

    for (q = ngx_queue_head(nodes);
         q != ngx_queue_sentinel(nodes);
         q = ngx_queue_next(q))
    {
        node = ngx_queue_data(q, ngx_secops_redis_node_t, peers);

        if (node->listed && node->state == NGX_SECOPS_REDIS_READY
            && (cmd->share == NGX_ERROR
                || (ngx_uint_t) cmd->share == node->share))
        {
            return node;
        }
    }

    return NULL;
}


/* what has no key is a question to this very node, such as that for a map, or
   the barrier of the writes that it has */

ngx_uint_t
ngx_secops_redis_cluster_redirect(ngx_secops_redis_cmd_t *cmd)
{
    secops_slice_t  code;

    if (cmd->slot == NGX_ERROR
        || cmd->handler == NULL
        || (cmd->executed && !cmd->replay))
    {
        return 0;
    }

    code = secops_redis_error_code(ngx_secops_slice(&cmd->error));

    switch (secops_redis_error(code)->action) {

    case SECOPS_REDIS_FOLLOW:
        return ngx_secops_redis_cluster_follow(cmd);

    case SECOPS_REDIS_PAUSE:
        cmd->hops = 0;
        ngx_secops_redis_cluster_stale(cmd->redis->cluster);
        return ngx_secops_redis_cluster_pause(cmd);

    default:
        return 0;
    }
}


static ngx_uint_t
ngx_secops_redis_cluster_follow(ngx_secops_redis_cmd_t *cmd)
{
    ngx_uint_t                ask;
    ngx_secops_redis_node_t  *node;

    node = ngx_secops_redis_cluster_target(cmd, &ask);

    if (++cmd->hops > NGX_SECOPS_REDIS_HOPS || ngx_secops_redis_expired(cmd)) {
        return 0;
    }

    if (node == NULL || cmd->hops > NGX_SECOPS_REDIS_FREE_HOPS) {
        return ngx_secops_redis_cluster_pause(cmd);
    }

    if (ask && ngx_secops_redis_cluster_asking(node, cmd) != NGX_OK) {
        return 0;
    }

    ngx_secops_redis_cmd_leave(cmd);

    cmd->unsure |= cmd->executed;
    ngx_secops_redis_rewind(cmd);

    ngx_secops_redis_cmd_enter(node, cmd);

    return 1;
}


/* where it is sent to; NULL: nowhere that could be a node */

static ngx_secops_redis_node_t *
ngx_secops_redis_cluster_target(ngx_secops_redis_cmd_t *cmd, ngx_uint_t *ask)
{
    ngx_secops_redis_node_t     *node;
    secops_redis_redirect_t      redirect;
    ngx_secops_redis_cluster_t  *cluster;

    cluster = cmd->redis->cluster;

    if (secops_redis_redirect_read(&redirect, ngx_secops_slice(&cmd->error))
        != 0
        || (ngx_int_t) redirect.slot != cmd->slot)
    {
        ngx_log_error(NGX_LOG_INFO, cluster->log, 0,
                      "secops redis \"%V\": redirected to nowhere: \"%V\"",
                      &cmd->node->name, &cmd->error);

        ngx_secops_redis_cluster_stale(cluster);
        return NULL;
    }

    *ask = redirect.ask;

    node = ngx_secops_redis_cluster_node(cluster, &redirect.address,
                                         cmd->node);

    if (!redirect.ask) {
        ngx_secops_redis_cluster_stale(cluster);

        if (node) {
            cluster->owners[cmd->slot] = node;
        }
    }

    if (node) {
        node->used = 1;
    }

    return node;
}


/*
 * ASKING is for the next command only, and of a transaction for all of it.  It
 * stands in the queue as a command that nobody waits for, right before the one
 * that it is for; should that be cancelled, it does no harm to another one.
 */

static ngx_int_t
ngx_secops_redis_cluster_asking(ngx_secops_redis_node_t *node,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_redis_cmd_t  *asking;

    asking = ngx_secops_redis_cmd_create(cmd->redis, 0);
    if (asking == NULL) {
        return NGX_ERROR;
    }

    ngx_secops_redis_cmd_begin(asking, 1);
    ngx_secops_redis_cmd_arg(asking, "ASKING", 6);

    if (secops_redis_resp_complete(&asking->resp) != 0) {
        ngx_secops_redis_cmd_free(asking);
        return NGX_ERROR;
    }

    asking->start = ngx_current_msec;
    asking->deadline = cmd->deadline;

    ngx_secops_redis_cmd_enter(node, asking);

    return NGX_OK;
}


/* 1: the command, which was answered, is tried again later, unless its time
   does not suffice */

static ngx_uint_t
ngx_secops_redis_cluster_pause(ngx_secops_redis_cmd_t *cmd)
{
    ngx_msec_t  delay;

    if (ngx_secops_redis_pause_delay(cmd, &delay) != NGX_OK) {
        return 0;
    }

    ngx_secops_redis_cmd_leave(cmd);

    cmd->unsure |= cmd->executed;
    ngx_secops_redis_rewind(cmd);

    ngx_secops_redis_park(cmd, ngx_current_msec + delay);

    return 1;
}


static ngx_int_t
ngx_secops_redis_pause_delay(ngx_secops_redis_cmd_t *cmd, ngx_msec_t *delay)
{
    ngx_uint_t      i;
    ngx_msec_t      n;
    ngx_msec_int_t  rest;

    n = NGX_SECOPS_REDIS_PAUSE_MIN;

    for (i = 0; i < cmd->pauses && n < NGX_SECOPS_REDIS_PAUSE_MAX; i++) {
        n *= 2;
    }

    n = n / 2 + ngx_random() % (n / 2 + 1);

    rest = (ngx_msec_int_t) (cmd->deadline - ngx_current_msec - n);

    if (rest < NGX_SECOPS_REDIS_PAUSE_REST) {
        return NGX_DECLINED;
    }

    cmd->pauses++;
    *delay = n;

    return NGX_OK;
}


static void
ngx_secops_redis_park(ngx_secops_redis_cmd_t *cmd, ngx_msec_t wake)
{
    ngx_secops_redis_cluster_t  *cluster;

    cluster = cmd->redis->cluster;

    cmd->node = NULL;
    cmd->state = NGX_SECOPS_REDIS_CMD_PARKED;
    cmd->wake = wake;

    cmd->redis->pending++;
    cmd->redis->bytes += cmd->resp.len;

    ngx_queue_insert_tail(&cluster->parked, &cmd->queue);

    if (cluster->wake.timer_set
        && (ngx_msec_int_t) (wake - cluster->wake.timer.key) >= 0)
    {
        return;
    }

    ngx_secops_redis_arm_wake(cluster);
}


void
ngx_secops_redis_unpark(ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_redis_cluster_t  *cluster;

    cluster = cmd->redis->cluster;

    ngx_queue_remove(&cmd->queue);

    cmd->state = NGX_SECOPS_REDIS_CMD_DONE;
    cmd->unmapped = 0;

    cmd->redis->pending--;
    cmd->redis->bytes -= cmd->resp.len;

    /* an exiting worker waits for this timer */

    if (ngx_queue_empty(&cluster->parked) && cluster->wake.timer_set) {
        ngx_del_timer(&cluster->wake);
    }
}


void
ngx_secops_redis_cluster_wake_handler(ngx_event_t *ev)
{
    ngx_queue_t                 *q, *next, ended;
    ngx_secops_redis_cmd_t      *cmd;
    ngx_secops_redis_cluster_t  *cluster;

    cluster = ev->data;

    ngx_queue_init(&ended);

    for (q = ngx_queue_head(&cluster->parked);
         q != ngx_queue_sentinel(&cluster->parked);
         q = next)
    {
        next = ngx_queue_next(q);
        cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);

        if ((ngx_msec_int_t) (cmd->wake - ngx_current_msec) <= 0) {
            ngx_secops_redis_wake_cmd(cmd, &ended);
        }
    }

    ngx_secops_redis_arm_wake(cluster);

    ngx_secops_redis_end_all(&ended, (u_char *)
                             "no node of the Redis Cluster took it in time");
}


/* its pause is over: to the node that has its slot by now */

static void
ngx_secops_redis_wake_cmd(ngx_secops_redis_cmd_t *cmd, ngx_queue_t *ended)
{
    ngx_msec_t                   delay;
    ngx_secops_redis_node_t     *node;
    ngx_secops_redis_cluster_t  *cluster;

    cluster = cmd->redis->cluster;

    if (ngx_secops_redis_expired(cmd)) {
        ngx_secops_redis_end_parked(cmd, ended);
        return;
    }

    node = ngx_secops_redis_cluster_owner(cluster, cmd);

    if (node) {
        ngx_secops_redis_unpark(cmd);
        ngx_secops_redis_cmd_enter(node, cmd);
        return;
    }

    ngx_secops_redis_cluster_stale(cluster);

    if (ngx_secops_redis_pause_delay(cmd, &delay) != NGX_OK) {
        ngx_secops_redis_end_parked(cmd, ended);
        return;
    }

    cmd->wake = ngx_current_msec + delay;
}


static void
ngx_secops_redis_arm_wake(ngx_secops_redis_cluster_t *cluster)
{
    ngx_queue_t             *q;
    ngx_msec_int_t           delay, next;
    ngx_secops_redis_cmd_t  *cmd;

    if (ngx_queue_empty(&cluster->parked)) {
        return;
    }

    delay = NGX_MAX_INT32_VALUE;

    for (q = ngx_queue_head(&cluster->parked);
         q != ngx_queue_sentinel(&cluster->parked);
         q = ngx_queue_next(q))
    {
        cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);

        next = (ngx_msec_int_t) (cmd->wake - ngx_current_msec);
        delay = ngx_min(delay, next);
    }

    /* a timer that is set is not moved by less than 300 ms */

    if (cluster->wake.timer_set) {
        ngx_del_timer(&cluster->wake);
    }

    ngx_add_timer(&cluster->wake, ngx_max(delay, NGX_SECOPS_REDIS_WAKE));
}


static void
ngx_secops_redis_end_parked(ngx_secops_redis_cmd_t *cmd, ngx_queue_t *ended)
{
    cmd->status = cmd->unsure ? NGX_SECOPS_REDIS_UNKNOWN
                              : NGX_SECOPS_REDIS_UNAVAILABLE;

    ngx_secops_redis_unpark(cmd);
    ngx_queue_insert_tail(ended, &cmd->queue);
}


void
ngx_secops_redis_cluster_dispatch(ngx_secops_redis_cluster_t *cluster)
{
    ngx_queue_t              *q, *next, ended;
    ngx_secops_redis_cmd_t   *cmd;
    ngx_secops_redis_node_t  *node;

    ngx_queue_init(&ended);

    for (q = ngx_queue_head(&cluster->parked);
         q != ngx_queue_sentinel(&cluster->parked);
         q = next)
    {
        next = ngx_queue_next(q);
        cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);

        if (!cmd->unmapped) {
            continue;
        }

        node = ngx_secops_redis_cluster_owner(cluster, cmd);

        if (node == NULL) {
            ngx_secops_redis_end_parked(cmd, &ended);
            continue;
        }

        ngx_secops_redis_unpark(cmd);
        ngx_secops_redis_cmd_enter(node, cmd);
    }

    ngx_secops_redis_end_all(&ended, (u_char *)
                             "no node of the Redis Cluster has the slot");
}


void
ngx_secops_redis_cluster_give_up(ngx_secops_redis_cluster_t *cluster,
    u_char *fault)
{
    ngx_queue_t             *q, *next, ended;
    ngx_secops_redis_cmd_t  *cmd;

    ngx_queue_init(&ended);

    for (q = ngx_queue_head(&cluster->parked);
         q != ngx_queue_sentinel(&cluster->parked);
         q = next)
    {
        next = ngx_queue_next(q);
        cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);

        if (cmd->unmapped) {
            ngx_secops_redis_end_parked(cmd, &ended);
        }
    }

    ngx_secops_redis_end_all(&ended, fault);
}


void
ngx_secops_redis_cluster_stale(ngx_secops_redis_cluster_t *cluster)
{
    ngx_msec_t  period;

    if (cluster->stale) {
        return;
    }

    cluster->stale = 1;

    period = ngx_current_msec - cluster->asked;
    period = (period < NGX_SECOPS_REDIS_MAP_APART)
             ? 2 * NGX_SECOPS_REDIS_MAP_APART : NGX_SECOPS_REDIS_MAP_APART / 4;

    ngx_secops_redis_cluster_schedule(cluster, period);
}


void
ngx_secops_redis_cluster_schedule(ngx_secops_redis_cluster_t *cluster,
    ngx_msec_t period)
{
    if (cluster->refresh.timer_set) {
        ngx_del_timer(&cluster->refresh);
    }

    ngx_add_timer(&cluster->refresh,
                  period / 2 + ngx_random() % (period / 2 + 1));
}
