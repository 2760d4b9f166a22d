
/* Redis Cluster: nodes that are found at run time, by the address that others
   announce for them. */

#include "redis/cluster/ngx_secops_redis_cluster.h"


static void ngx_secops_redis_cluster_same_host(ngx_secops_redis_node_t *from,
    ngx_str_t *host, u_char *text);
static ngx_secops_redis_node_t *ngx_secops_redis_cluster_find(
    ngx_secops_redis_cluster_t *cluster, const ngx_str_t *host,
    in_port_t port);
static ngx_secops_redis_node_t *ngx_secops_redis_cluster_add(
    ngx_secops_redis_cluster_t *cluster, const ngx_str_t *host,
    in_port_t port);
static ngx_int_t ngx_secops_redis_cluster_endpoint(ngx_pool_t *pool,
    ngx_secops_redis_endpoint_t *endpoint, ngx_str_t *name,
    const ngx_str_t *host, in_port_t port);
static void ngx_secops_redis_cluster_announced(
    ngx_secops_redis_cluster_t *cluster, ngx_str_t *host, in_port_t *port);


ngx_secops_redis_node_t *
ngx_secops_redis_cluster_node(ngx_secops_redis_cluster_t *cluster,
    const secops_redis_address_t *address, ngx_secops_redis_node_t *from)
{
    u_char                    text[NGX_SOCKADDR_STRLEN];
    in_port_t                 port;
    ngx_str_t                 host;
    ngx_secops_redis_node_t  *node;

    host = ngx_secops_str(address->host);
    port = (in_port_t) address->port;

    if (host.len == 0) {
        ngx_secops_redis_cluster_same_host(from, &host, text);
    }

    ngx_secops_redis_cluster_announced(cluster, &host, &port);

    node = ngx_secops_redis_cluster_find(cluster, &host, port);

    return node ? node : ngx_secops_redis_cluster_add(cluster, &host, port);
}


/* a name that is looked up at each connect, or else the address that its link
   is to; text: NGX_SOCKADDR_STRLEN bytes for that */

static void
ngx_secops_redis_cluster_same_host(ngx_secops_redis_node_t *from,
    ngx_str_t *host, u_char *text)
{
    ngx_peer_connection_t  *peer;

    if (from->endpoint.host.len) {
        *host = from->endpoint.host;
        return;
    }

    peer = &from->link->peer;

    host->data = text;
    host->len = ngx_sock_ntop(peer->sockaddr, peer->socklen, text,
                              NGX_SOCKADDR_STRLEN, 0);
}


static ngx_secops_redis_node_t *
ngx_secops_redis_cluster_find(ngx_secops_redis_cluster_t *cluster,
    const ngx_str_t *host, in_port_t port)
{
    ngx_queue_t              *q, *nodes;
    ngx_secops_redis_node_t  *node;

    nodes = &cluster->redis->nodes;

    for (q = ngx_queue_head(nodes);
         q != ngx_queue_sentinel(nodes);
         q = ngx_queue_next(q))
    {
        node = ngx_queue_data(q, ngx_secops_redis_node_t, peers);

        if (node->endpoint.port == port
            && node->endpoint.name.len == host->len
            && ngx_strncasecmp(node->endpoint.name.data, host->data, host->len)
               == 0)
        {
            return node;
        }
    }

    return NULL;
}


static ngx_secops_redis_node_t *
ngx_secops_redis_cluster_add(ngx_secops_redis_cluster_t *cluster,
    const ngx_str_t *host, in_port_t port)
{
    ngx_str_t                     name;
    ngx_pool_t                   *pool;
    ngx_secops_redis_node_t      *node;
    ngx_secops_redis_endpoint_t   endpoint;

    if (cluster->nnodes == SECOPS_REDIS_SLOTS_NODES) {
        return NULL;
    }

    pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE / 8, cluster->log);
    if (pool == NULL) {
        return NULL;
    }

    if (ngx_secops_redis_cluster_endpoint(pool, &endpoint, &name, host, port)
        != NGX_OK)
    {
        goto failed;
    }

    node = ngx_secops_redis_node_create(cluster->redis, pool, &name,
                                        &endpoint);
    if (node == NULL) {
        goto failed;
    }

    node->pool = pool;

    cluster->nnodes++;
    ngx_queue_insert_tail(&cluster->redis->nodes, &node->peers);

    ngx_secops_redis_node_start(node);
    ngx_secops_redis_retry_now(node);

    return node;

failed:

    ngx_destroy_pool(pool);

    return NULL;
}


/* all of it is in the pool; name: host and port, for the log */

static ngx_int_t
ngx_secops_redis_cluster_endpoint(ngx_pool_t *pool,
    ngx_secops_redis_endpoint_t *endpoint, ngx_str_t *name,
    const ngx_str_t *host, in_port_t port)
{
    u_char                    *last;
    ngx_secops_redis_place_t  *place;

    place = ngx_palloc(pool, sizeof(ngx_secops_redis_place_t));
    if (place == NULL) {
        return NGX_ERROR;
    }

    ngx_secops_redis_endpoint_set(endpoint, place, *host, port);

    name->data = ngx_pnalloc(pool, host->len + sizeof("[]:65535") - 1);
    endpoint->name.data = ngx_pstrdup(pool, (ngx_str_t *) host);

    if (name->data == NULL || endpoint->name.data == NULL) {
        return NGX_ERROR;
    }

    endpoint->name.len = host->len;

    last = host->data + host->len;
    last = ngx_sprintf(name->data, ngx_strlchr(host->data, last, ':')
                                   ? "[%V]:%ui" : "%V:%ui",
                       host, (ngx_uint_t) port);

    name->len = last - name->data;

    return NGX_OK;
}


/* what was announced may be an address that only the nodes themselves can
   reach: the map says by which other one it is reached from here */

static void
ngx_secops_redis_cluster_announced(ngx_secops_redis_cluster_t *cluster,
    ngx_str_t *host, in_port_t *port)
{
    ngx_uint_t               i;
    ngx_array_t             *map;
    ngx_secops_redis_nat_t  *nat;

    map = cluster->redis->conf.nat;

    if (map == NULL) {
        return;
    }

    nat = map->elts;

    for (i = 0; i < map->nelts; i++) {

        if ((nat[i].announced_port && nat[i].announced_port != *port)
            || nat[i].announced.len != host->len
            || ngx_strncasecmp(nat[i].announced.data, host->data, host->len)
               != 0)
        {
            continue;
        }

        *host = nat[i].host;

        if (nat[i].port) {
            *port = nat[i].port;
        }

        return;
    }
}


/*
 * Seeds are of use only while a map is looked for; a node that a slot is moved
 * to is asked, without being in a map, again and again for a while.
 */

ngx_uint_t
ngx_secops_redis_cluster_wants(ngx_secops_redis_node_t *node)
{
    ngx_secops_redis_cluster_t  *cluster;

    cluster = node->redis->cluster;

    if (ngx_exiting && ngx_queue_empty(&cluster->parked)) {
        return 0;
    }

    return node->listed || (node->seed && cluster->seeking);
}


void
ngx_secops_redis_cluster_sweep_handler(ngx_event_t *ev)
{
    ngx_queue_t                 *q, *next, *nodes;
    ngx_secops_redis_node_t     *node;
    ngx_secops_redis_cluster_t  *cluster;

    cluster = ev->data;

    nodes = &cluster->redis->nodes;

    for (q = ngx_queue_head(nodes);
         q != ngx_queue_sentinel(nodes);
         q = next)
    {
        next = ngx_queue_next(q);
        node = ngx_queue_data(q, ngx_secops_redis_node_t, peers);

        if (node->listed || node->pending) {
            continue;
        }

        if (node->used) {
            node->used = 0;
            continue;
        }

        if (node->seed && cluster->seeking) {
            continue;
        }

        ngx_secops_redis_node_stop(node);

        if (node->pool) {
            ngx_log_error(NGX_LOG_INFO, cluster->log, 0,
                          "secops redis \"%V\": it is no node of the cluster "
                          "any more", &node->name);

            ngx_secops_redis_cluster_free(node);
        }
    }
}


void
ngx_secops_redis_cluster_free(ngx_secops_redis_node_t *node)
{
    ngx_queue_remove(&node->peers);
    node->redis->cluster->nnodes--;

    ngx_destroy_pool(node->pool);
}
