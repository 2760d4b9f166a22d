
/*
 * Redis Cluster: the map of the slots, from the wish for a newer one to its
 * use.  Any node may be asked; what is read is used only as a whole.
 */

#include "redis/cluster/ngx_secops_redis_cluster.h"


/* ms: half of each at random, or all workers would ask at once */

#define NGX_SECOPS_REDIS_MAP_PERIOD  30000
#define NGX_SECOPS_REDIS_MAP_RETRY   500


static void ngx_secops_redis_cluster_ask(ngx_secops_redis_cluster_t *cluster);
static ngx_secops_redis_node_t *ngx_secops_redis_cluster_pick(
    ngx_secops_redis_cluster_t *cluster);
static void ngx_secops_redis_cluster_seek(ngx_secops_redis_cluster_t *cluster);
static ngx_int_t ngx_secops_redis_cluster_ask_node(
    ngx_secops_redis_cluster_t *cluster, ngx_secops_redis_node_t *node);
static void ngx_secops_redis_cluster_told(void *data,
    ngx_secops_redis_result_t *result);
static const char *ngx_secops_redis_cluster_read(
    ngx_secops_redis_cluster_t *cluster, ngx_secops_redis_node_t *from,
    secops_redis_value_t *value);
static const char *ngx_secops_redis_cluster_install(
    ngx_secops_redis_cluster_t *cluster, ngx_secops_redis_node_t *from,
    const secops_redis_slots_t *slots);
static void ngx_secops_redis_cluster_adopt(
    ngx_secops_redis_cluster_t *cluster, const secops_redis_slots_t *slots,
    ngx_secops_redis_node_t **masters);
static void ngx_secops_redis_cluster_report(
    ngx_secops_redis_cluster_t *cluster, const secops_redis_slots_t *slots,
    ngx_uint_t changed);


void
ngx_secops_redis_cluster_refresh_handler(ngx_event_t *ev)
{
    ngx_secops_redis_cluster_t  *cluster;

    cluster = ev->data;

    if (ngx_exiting && ngx_queue_empty(&cluster->parked)) {
        return;
    }

    /* the node takes its time: that is no reason to close its link */

    if (cluster->asking) {
        ngx_secops_redis_cmd_cancel(cluster->asking);
        cluster->asking = NULL;
    }

    cluster->stale = 1;

    ngx_secops_redis_cluster_ask(cluster);
}


/* asks the next node, if a map is wanted and nobody is being asked */

static void
ngx_secops_redis_cluster_ask(ngx_secops_redis_cluster_t *cluster)
{
    ngx_secops_redis_node_t  *node;

    if (!cluster->stale || cluster->asking) {
        return;
    }

    node = ngx_secops_redis_cluster_pick(cluster);

    if (node && ngx_secops_redis_cluster_ask_node(cluster, node) == NGX_OK) {
        return;
    }

    /* all that are ready were asked: another round, with the seeds, later, or
       as soon as a node is ready */

    ngx_secops_redis_cluster_seek(cluster);
    ngx_secops_redis_cluster_schedule(cluster, NGX_SECOPS_REDIS_MAP_RETRY);
}


/* a node that is ready and was not asked in this round, any of these, but a
   seed only when there is no other; or NULL */

static ngx_secops_redis_node_t *
ngx_secops_redis_cluster_pick(ngx_secops_redis_cluster_t *cluster)
{
    ngx_uint_t                n;
    ngx_queue_t              *q, *nodes;
    ngx_secops_redis_node_t  *node, *picked;

    n = 0;
    picked = NULL;
    nodes = &cluster->redis->nodes;

    for (q = ngx_queue_head(nodes);
         q != ngx_queue_sentinel(nodes);
         q = ngx_queue_next(q))
    {
        node = ngx_queue_data(q, ngx_secops_redis_node_t, peers);

        if (node->asked || node->state != NGX_SECOPS_REDIS_READY) {
            continue;
        }

        if (!node->listed) {
            picked = picked ? picked : node;
            continue;
        }

        if (ngx_random() % ++n == 0) {
            picked = node;
        }
    }

    return picked;
}


/* all nodes may be asked again, and the seeds are connected to */

static void
ngx_secops_redis_cluster_seek(ngx_secops_redis_cluster_t *cluster)
{
    ngx_queue_t              *q, *nodes;
    ngx_secops_redis_node_t  *node;

    cluster->seeking = 1;

    nodes = &cluster->redis->nodes;

    for (q = ngx_queue_head(nodes);
         q != ngx_queue_sentinel(nodes);
         q = ngx_queue_next(q))
    {
        node = ngx_queue_data(q, ngx_secops_redis_node_t, peers);

        node->asked = 0;

        if (node->state == NGX_SECOPS_REDIS_CLOSED) {
            ngx_secops_redis_retry_now(node);
        }
    }
}


static ngx_int_t
ngx_secops_redis_cluster_ask_node(ngx_secops_redis_cluster_t *cluster,
    ngx_secops_redis_node_t *node)
{
    ngx_secops_redis_cmd_t  *cmd;

    cmd = ngx_secops_redis_cmd_create(cluster->redis, 0);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    ngx_secops_redis_cmd_begin(cmd, 2);
    ngx_secops_redis_cmd_arg(cmd, "CLUSTER", 7);
    ngx_secops_redis_cmd_arg(cmd, "SLOTS", 5);

    if (secops_redis_resp_complete(&cmd->resp) != 0) {
        ngx_secops_redis_cmd_free(cmd);
        return NGX_ERROR;
    }

    cmd->handler = ngx_secops_redis_cluster_told;
    cmd->data = cluster;

    ngx_secops_redis_cmd_time(cmd);

    node->asked = 1;

    cluster->asked = ngx_current_msec;
    cluster->asking = cmd;

    ngx_secops_redis_cmd_enter(node, cmd);

    /* another one is asked then */

    ngx_secops_redis_cluster_schedule(cluster,
                                      cluster->redis->conf.connect_timeout);

    return NGX_OK;
}


static void
ngx_secops_redis_cluster_told(void *data, ngx_secops_redis_result_t *result)
{
    ngx_secops_redis_cluster_t *cluster = data;

    ngx_str_t                 fault;
    ngx_uint_t                level;
    const char               *text;
    ngx_secops_redis_node_t  *node;

    node = cluster->asking->node;
    cluster->asking = NULL;

    fault = result->message;

    if (result->status == NGX_SECOPS_REDIS_REPLIED) {

        text = ngx_secops_redis_cluster_read(cluster, node, result->value);

        if (text == NULL) {
            ngx_secops_redis_cluster_schedule(cluster,
                                              NGX_SECOPS_REDIS_MAP_PERIOD);
            ngx_secops_redis_cluster_dispatch(cluster);
            return;
        }

        fault = ngx_secops_str(secops_slice_of(text));
    }

    level = cluster->told ? NGX_LOG_INFO : NGX_LOG_ERR;

    ngx_log_error(level, cluster->log, 0,
                  "secops redis \"%V\": no map of the cluster: %V",
                  &node->name, &fault);

    cluster->told = 1;

    ngx_secops_redis_cluster_ask(cluster);
}


/* NULL: the map is in use; else why not */

static const char *
ngx_secops_redis_cluster_read(ngx_secops_redis_cluster_t *cluster,
    ngx_secops_redis_node_t *from, secops_redis_value_t *value)
{
    const char            *fault;
    secops_redis_slots_t  *slots;

    slots = ngx_alloc(sizeof(secops_redis_slots_t), cluster->log);
    if (slots == NULL) {
        return "no memory";
    }

    fault = secops_redis_slots_read(slots, value, value[0].next);

    if (fault == NULL) {
        fault = ngx_secops_redis_cluster_install(cluster, from, slots);
    }

    ngx_free(slots);

    return fault;
}


/*
 * First all nodes are there, then the map is changed.  A node that knows no
 * slot at all has left the cluster, or was never in it: the old map is better.
 */

static const char *
ngx_secops_redis_cluster_install(ngx_secops_redis_cluster_t *cluster,
    ngx_secops_redis_node_t *from, const secops_redis_slots_t *slots)
{
    size_t                    i;
    ngx_secops_redis_node_t  *masters[SECOPS_REDIS_SLOTS_NODES];

    if (slots->covered == 0) {
        return slots->unusable ? "no master has a usable address"
                               : "this node knows no slot";
    }

    for (i = 0; i < slots->nmasters; i++) {

        masters[i] = ngx_secops_redis_cluster_node(cluster, &slots->masters[i],
                                                   from);
        if (masters[i] == NULL) {
            return "no memory, or too many nodes";
        }
    }

    ngx_secops_redis_cluster_adopt(cluster, slots, masters);

    return NULL;
}


static void
ngx_secops_redis_cluster_adopt(ngx_secops_redis_cluster_t *cluster,
    const secops_redis_slots_t *slots, ngx_secops_redis_node_t **masters)
{
    ngx_uint_t                i, changed;
    ngx_queue_t              *q, *nodes;
    ngx_secops_redis_node_t  *node;

    nodes = &cluster->redis->nodes;

    for (q = ngx_queue_head(nodes);
         q != ngx_queue_sentinel(nodes);
         q = ngx_queue_next(q))
    {
        node = ngx_queue_data(q, ngx_secops_redis_node_t, peers);
        node->listed = 0;
        node->asked = 0;
    }

    changed = 0;

    for (i = 0; i < SECOPS_REDIS_SLOTS; i++) {

        node = slots->owners[i] ? masters[slots->owners[i] - 1] : NULL;

        changed |= (node != cluster->owners[i]);
        cluster->owners[i] = node;
    }

    for (i = 0; i < slots->nmasters; i++) {
        masters[i]->listed = 1;
        masters[i]->share = i;

        if (masters[i]->state == NGX_SECOPS_REDIS_CLOSED) {
            ngx_secops_redis_retry_now(masters[i]);
        }
    }

    ngx_secops_redis_cluster_report(cluster, slots, changed);

    cluster->mapped = 1;
    cluster->stale = 0;
    cluster->seeking = 0;

    /* what is in no map any more goes once no handler runs */

    ngx_post_event(&cluster->sweep, &ngx_posted_events);
}


/* that slots have moved, and no more, is told at info: while a cluster is
   resharded there may be thousands of such maps */

static void
ngx_secops_redis_cluster_report(ngx_secops_redis_cluster_t *cluster,
    const secops_redis_slots_t *slots, ngx_uint_t changed)
{
    ngx_uint_t           level, holes;
    ngx_secops_redis_t  *redis;

    redis = cluster->redis;
    holes = SECOPS_REDIS_SLOTS - slots->covered;

    if (!cluster->mapped || cluster->told
        || redis->masters != slots->nmasters || redis->holes != holes)
    {
        level = holes ? NGX_LOG_WARN : NGX_LOG_NOTICE;

    } else if (changed) {
        level = NGX_LOG_INFO;

    } else {
        return;
    }

    redis->masters = slots->nmasters;
    redis->holes = holes;
    cluster->told = 0;

    ngx_log_error(level, cluster->log, 0,
                  "secops redis \"%V\": map of the cluster: %ui masters, "
                  "%ui slots without one, %ui whose master has no usable "
                  "address",
                  &redis->conf.url, redis->masters,
                  holes - slots->unusable, (ngx_uint_t) slots->unusable);
}


void
ngx_secops_redis_cluster_up(ngx_secops_redis_node_t *node)
{
    ngx_secops_redis_cluster_t  *cluster;

    cluster = node->redis->cluster;

    cluster->down = 0;
    node->asked = 0;

    ngx_secops_redis_cluster_ask(cluster);
}


void
ngx_secops_redis_cluster_down(ngx_secops_redis_node_t *node)
{
    ngx_queue_t                 *q, *nodes;
    ngx_secops_redis_node_t     *other;
    ngx_secops_redis_cluster_t  *cluster;

    cluster = node->redis->cluster;

    ngx_secops_redis_cluster_stale(cluster);

    nodes = &cluster->redis->nodes;

    for (q = ngx_queue_head(nodes);
         q != ngx_queue_sentinel(nodes);
         q = ngx_queue_next(q))
    {
        other = ngx_queue_data(q, ngx_secops_redis_node_t, peers);

        if (other->state != NGX_SECOPS_REDIS_CLOSED
            || (ngx_secops_redis_wanted(other)
                && !ngx_secops_redis_backing_off(other)))
        {
            return;
        }
    }

    cluster->down = 1;

    ngx_secops_redis_cluster_give_up(cluster, node->fault);
}
