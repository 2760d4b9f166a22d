
/* The table of topologies. */

#include "redis/cluster/ngx_secops_redis_cluster.h"
#include "redis/ngx_secops_redis_internal.h"
#include "redis/sentinel/ngx_secops_redis_sentinel.h"


static const ngx_secops_redis_topology_t  ngx_secops_redis_single = {
    .create   = ngx_secops_redis_single_create,
    .start    = ngx_secops_redis_single_start,
    .stop     = ngx_secops_redis_single_stop,
    .send     = ngx_secops_redis_single_send,
    .unpark   = NULL,
    .share    = ngx_secops_redis_single_share,
    .discover = ngx_secops_redis_connect_endpoint,
    .greeting = ngx_secops_redis_greeting,
    .up       = ngx_secops_redis_single_up,
    .down     = ngx_secops_redis_single_down,
    .lost     = ngx_secops_redis_lost,
    .failed   = ngx_secops_redis_unreachable,
    .wants    = ngx_secops_redis_single_wants,
    .redirect = ngx_secops_redis_single_redirect,
    .slots    = 0,
    .role     = 0
};


static const ngx_secops_redis_topology_t  ngx_secops_redis_sentinels = {
    .create   = ngx_secops_redis_sentinels_create,
    .start    = ngx_secops_redis_sentinels_start,
    .stop     = ngx_secops_redis_sentinels_stop,
    .send     = ngx_secops_redis_single_send,
    .unpark   = NULL,
    .share    = ngx_secops_redis_single_share,
    .discover = ngx_secops_redis_sentinel_discover,
    .greeting = ngx_secops_redis_sentinel_greeting,
    .up       = ngx_secops_redis_single_up,
    .down     = ngx_secops_redis_single_down,
    .lost     = ngx_secops_redis_sentinel_lost,
    .failed   = ngx_secops_redis_sentinel_failed,
    .wants    = ngx_secops_redis_single_wants,
    .redirect = ngx_secops_redis_single_redirect,
    .slots    = 0,
    .role     = 1
};


static const ngx_secops_redis_topology_t  ngx_secops_redis_nodes = {
    .create   = ngx_secops_redis_cluster_create,
    .start    = ngx_secops_redis_cluster_start,
    .stop     = ngx_secops_redis_cluster_stop,
    .send     = ngx_secops_redis_cluster_send,
    .unpark   = ngx_secops_redis_unpark,
    .share    = ngx_secops_redis_cluster_share,
    .discover = ngx_secops_redis_connect_endpoint,
    .greeting = ngx_secops_redis_greeting,
    .up       = ngx_secops_redis_cluster_up,
    .down     = ngx_secops_redis_cluster_down,
    .lost     = ngx_secops_redis_lost,
    .failed   = ngx_secops_redis_unreachable,
    .wants    = ngx_secops_redis_cluster_wants,
    .redirect = ngx_secops_redis_cluster_redirect,
    .slots    = 1,
    .role     = 0
};


const ngx_secops_redis_topology_t *
ngx_secops_redis_topology(const ngx_secops_redis_conf_t *conf)
{
    return conf->cluster ? &ngx_secops_redis_nodes
           : conf->sentinel.words ? &ngx_secops_redis_sentinels
                                  : &ngx_secops_redis_single;
}
