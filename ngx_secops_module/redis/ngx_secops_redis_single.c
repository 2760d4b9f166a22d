
/* One server: see ngx_secops_redis_topology.h. */

#include "redis/ngx_secops_redis_internal.h"


ngx_int_t
ngx_secops_redis_single_create(ngx_conf_t *cf, ngx_secops_redis_t *redis)
{
    redis->node = ngx_secops_redis_node_create(redis, cf->pool,
                                               &redis->conf.url,
                                               &redis->conf.endpoint);
    if (redis->node == NULL) {
        return NGX_ERROR;
    }

    redis->node->listed = 1;
    ngx_queue_insert_tail(&redis->nodes, &redis->node->peers);

    return NGX_OK;
}


void
ngx_secops_redis_single_start(ngx_secops_redis_t *redis)
{
    ngx_secops_redis_node_start(redis->node);
    ngx_secops_redis_retry_now(redis->node);
}


void
ngx_secops_redis_single_stop(ngx_secops_redis_t *redis)
{
    ngx_secops_redis_node_stop(redis->node);
}


ngx_int_t
ngx_secops_redis_single_send(ngx_secops_redis_t *redis,
    ngx_secops_redis_cmd_t *cmd)
{
    if (ngx_secops_redis_backing_off(redis->node)) {
        redis->busy = &ngx_secops_redis_unreachable_text;
        return NGX_BUSY;
    }

    if (ngx_secops_redis_full(redis, cmd)) {
        return NGX_BUSY;
    }

    ngx_secops_redis_cmd_enter(redis->node, cmd);

    return NGX_OK;
}


ngx_int_t
ngx_secops_redis_single_share(ngx_secops_redis_t *redis, const void *key,
    size_t len)
{
    return 0;
}


void
ngx_secops_redis_single_up(ngx_secops_redis_node_t *node)
{
}


void
ngx_secops_redis_single_down(ngx_secops_redis_node_t *node)
{
}


ngx_uint_t
ngx_secops_redis_single_wants(ngx_secops_redis_node_t *node)
{
    return !ngx_exiting;
}


ngx_uint_t
ngx_secops_redis_single_redirect(ngx_secops_redis_cmd_t *cmd)
{
    return 0;
}
