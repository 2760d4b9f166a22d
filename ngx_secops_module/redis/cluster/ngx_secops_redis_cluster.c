
/* Redis Cluster: the life of what a client has of it. */

#include "redis/cluster/ngx_secops_redis_cluster.h"


ngx_int_t
ngx_secops_redis_cluster_create(ngx_conf_t *cf, ngx_secops_redis_t *redis)
{
    ngx_uint_t                   i;
    ngx_secops_redis_node_t     *node;
    ngx_secops_redis_seed_t     *seed;
    ngx_secops_redis_cluster_t  *cluster;

    cluster = ngx_pcalloc(cf->pool, sizeof(ngx_secops_redis_cluster_t));
    if (cluster == NULL) {
        return NGX_ERROR;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     cluster->asking = NULL;
     *     cluster->nnodes = 0;
     *     cluster->mapped = 0;
     */

    cluster->redis = redis;
    cluster->ident = -1;

    cluster->owners = ngx_pcalloc(cf->pool, SECOPS_REDIS_SLOTS
                                          * sizeof(ngx_secops_redis_node_t *));
    if (cluster->owners == NULL) {
        return NGX_ERROR;
    }

    ngx_queue_init(&cluster->parked);

    redis->cluster = cluster;

    seed = redis->conf.nodes->elts;

    for (i = 0; i < redis->conf.nodes->nelts; i++) {

        node = ngx_secops_redis_node_create(redis, cf->pool, &seed[i].text,
                                            &seed[i].endpoint);
        if (node == NULL) {
            return NGX_ERROR;
        }

        node->seed = 1;
        ngx_queue_insert_tail(&redis->nodes, &node->peers);
    }

    return NGX_OK;
}


void
ngx_secops_redis_cluster_start(ngx_secops_redis_t *redis)
{
    ngx_log_t                   *log;
    ngx_queue_t                 *q;
    ngx_secops_redis_node_t     *node;
    ngx_secops_redis_cluster_t  *cluster;

    log = redis->log;

    cluster = redis->cluster;
    cluster->log = log;

    cluster->wake.handler = ngx_secops_redis_cluster_wake_handler;
    cluster->wake.data = cluster;
    cluster->wake.log = log;

    cluster->refresh.handler = ngx_secops_redis_cluster_refresh_handler;
    cluster->refresh.data = cluster;
    cluster->refresh.log = log;
    cluster->refresh.cancelable = 1;

    cluster->sweep.handler = ngx_secops_redis_cluster_sweep_handler;
    cluster->sweep.data = cluster;
    cluster->sweep.log = log;

    cluster->stale = 1;
    cluster->seeking = 1;

    for (q = ngx_queue_head(&cluster->redis->nodes);
         q != ngx_queue_sentinel(&cluster->redis->nodes);
         q = ngx_queue_next(q))
    {
        node = ngx_queue_data(q, ngx_secops_redis_node_t, peers);
        ngx_secops_redis_node_start(node);
        ngx_secops_redis_retry_now(node);
    }
}


void
ngx_secops_redis_cluster_stop(ngx_secops_redis_t *redis)
{
    ngx_queue_t                 *q, *next;
    ngx_secops_redis_cmd_t      *cmd;
    ngx_secops_redis_node_t     *node;
    ngx_secops_redis_cluster_t  *cluster;

    cluster = redis->cluster;

    while (!ngx_queue_empty(&cluster->parked)) {

        q = ngx_queue_head(&cluster->parked);
        cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);

        ngx_secops_redis_unpark(cmd);
        ngx_secops_redis_cmd_free(cmd);
    }

    if (cluster->wake.timer_set) {
        ngx_del_timer(&cluster->wake);
    }

    if (cluster->refresh.timer_set) {
        ngx_del_timer(&cluster->refresh);
    }

    if (cluster->sweep.posted) {
        ngx_delete_posted_event(&cluster->sweep);
    }

    for (q = ngx_queue_head(&cluster->redis->nodes);
         q != ngx_queue_sentinel(&cluster->redis->nodes);
         q = next)
    {
        next = ngx_queue_next(q);
        node = ngx_queue_data(q, ngx_secops_redis_node_t, peers);

        ngx_secops_redis_node_stop(node);

        if (node->pool) {
            ngx_secops_redis_cluster_free(node);
        }
    }
}
