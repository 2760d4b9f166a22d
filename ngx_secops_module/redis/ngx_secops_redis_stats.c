
/* What a client knows about its servers, as others see it. */

#include "redis/ngx_secops_redis_cluster.h"


static void ngx_secops_redis_server_fault(ngx_secops_redis_node_t *node,
    ngx_str_t *fault);


ngx_int_t
ngx_secops_redis_server_next(ngx_secops_redis_t *redis, void **walk,
    ngx_secops_redis_server_t *server)
{
    ngx_queue_t              *q;
    ngx_secops_redis_node_t  *node;

    node = *walk;
    q = node ? &node->peers : ngx_queue_sentinel(&redis->nodes);

    do {
        q = ngx_queue_next(q);

        if (q == ngx_queue_sentinel(&redis->nodes)) {
            return NGX_DONE;
        }

        node = ngx_queue_data(q, ngx_secops_redis_node_t, peers);

    } while (redis->cluster && !node->listed);

    *walk = node;

    ngx_memzero(server, sizeof(ngx_secops_redis_server_t));

    server->name = node->name;
    server->ready = (node->state == NGX_SECOPS_REDIS_READY && !node->undurable);
    server->share = redis->cluster ? node->share : 0;
    server->pending = node->pending;
    server->stats = &node->stats;

    if (node->state >= NGX_SECOPS_REDIS_READY) {
        server->address = *node->link->peer.name;
    }

    if (!server->ready) {
        ngx_secops_redis_server_fault(node, &server->fault);
    }

    return NGX_OK;
}


static void
ngx_secops_redis_server_fault(ngx_secops_redis_node_t *node, ngx_str_t *fault)
{
    fault->data = (node->state == NGX_SECOPS_REDIS_READY) ? node->shortfall
                                                          : node->fault;
    fault->len = ngx_strlen(fault->data);
}


ngx_uint_t
ngx_secops_redis_holes(ngx_secops_redis_t *redis)
{
    return redis->cluster && redis->cluster->holes;
}
