
/*
 * What the files about Redis Cluster share; nobody else includes it but those
 * that create and stop a client.
 *
 * A command goes to the node that has the slot of its keys, by a map of the
 * slots that is read from any node.  The nodes that are asked at first, the
 * seeds, are configured; the others are created when a map or a redirection
 * names them, and freed when they are in no map any more, have nothing pending
 * and were not used since the map before.  That is done by an event of its own,
 * never while handlers run.
 *
 * A map is wanted (stale) at the start, by a timer, when a node sends a command
 * elsewhere, and when a node is lost.  One node is asked at a time, of those
 * that are ready; the old map is used until another one was read to its end.
 * While no node is ready the seeds are connected to as well (seeking).
 *
 * Commands that no node can take at present are parked: before the first map,
 * and between two tries.  Their own deadline bounds that, and an exiting
 * worker waits for them.
 */

#ifndef _NGX_SECOPS_REDIS_CLUSTER_H_INCLUDED_
#define _NGX_SECOPS_REDIS_CLUSTER_H_INCLUDED_


#include "redis/ngx_secops_redis_internal.h"
#include "redis/resp/secops_redis_slots.h"


struct ngx_secops_redis_cluster_s {

    /* three pointers and a number first: see ngx_secops_redis_node_t */

    ngx_secops_redis_t           *redis;
    ngx_secops_redis_node_t     **owners;       /* by slot; NULL: not known */
    ngx_secops_redis_cmd_t       *asking;       /* for a map, or NULL */
    ngx_socket_t                  ident;

    ngx_log_t                    *log;
    ngx_uint_t                    nnodes;       /* found at run time */

    ngx_queue_t                   parked;
    ngx_event_t                   wake;         /* the earliest of parked, or
                                                   earlier; set while there is
                                                   one */

    ngx_event_t                   refresh;      /* cancelable: the next map */
    ngx_event_t                   sweep;        /* posted: frees nodes */
    ngx_msec_t                    asked;        /* when, the last time */

    unsigned                      mapped:1;     /* there is a map */
    unsigned                      stale:1;
    unsigned                      seeking:1;
    unsigned                      down:1;       /* no node can be reached */
    unsigned                      told:1;       /* the log, that a map is
                                                   missing */
};


/* ngx_secops_redis_cluster_conf.c: conf->nodes, once the URL was read;
   NGX_ERROR was logged */

ngx_int_t ngx_secops_redis_cluster_complete(ngx_conf_t *cf,
    ngx_secops_redis_conf_t *conf);


/* ngx_secops_redis_cluster.c */

/* the topology's; the seeds are in redis->nodes after create() */

ngx_int_t ngx_secops_redis_cluster_create(ngx_conf_t *cf,
    ngx_secops_redis_t *redis);
void ngx_secops_redis_cluster_start(ngx_secops_redis_t *redis);
void ngx_secops_redis_cluster_stop(ngx_secops_redis_t *redis);


/* ngx_secops_redis_cluster_route.c */

/* the topology's */

ngx_int_t ngx_secops_redis_cluster_send(ngx_secops_redis_t *redis,
    ngx_secops_redis_cmd_t *cmd);
ngx_int_t ngx_secops_redis_cluster_share(ngx_secops_redis_t *redis,
    const void *key, size_t len);
ngx_uint_t ngx_secops_redis_cluster_redirect(ngx_secops_redis_cmd_t *cmd);

/* takes a command out of parked */

void ngx_secops_redis_unpark(ngx_secops_redis_cmd_t *cmd);

/* the first map came: what is parked for it is sent; or no node can be reached:
   it ends */

void ngx_secops_redis_cluster_dispatch(ngx_secops_redis_cluster_t *cluster);
void ngx_secops_redis_cluster_give_up(ngx_secops_redis_cluster_t *cluster,
    u_char *fault);
void ngx_secops_redis_cluster_wake_handler(ngx_event_t *ev);

/* a newer map is wanted; and in how many ms, half of these at random */

void ngx_secops_redis_cluster_stale(ngx_secops_redis_cluster_t *cluster);
void ngx_secops_redis_cluster_schedule(ngx_secops_redis_cluster_t *cluster,
    ngx_msec_t period);


/* ngx_secops_redis_cluster_map.c */

/* the topology's */

void ngx_secops_redis_cluster_up(ngx_secops_redis_node_t *node);
void ngx_secops_redis_cluster_down(ngx_secops_redis_node_t *node);

/* it is time to ask for a map */

void ngx_secops_redis_cluster_refresh_handler(ngx_event_t *ev);


/* ngx_secops_redis_cluster_node.c */

/*
 * The node with an address that another one (from) announced, created and
 * started when there is none.  NULL: no memory, or too many.
 */

ngx_secops_redis_node_t *ngx_secops_redis_cluster_node(
    ngx_secops_redis_cluster_t *cluster, const secops_redis_address_t *address,
    ngx_secops_redis_node_t *from);

/* the topology's */

ngx_uint_t ngx_secops_redis_cluster_wants(ngx_secops_redis_node_t *node);
void ngx_secops_redis_cluster_sweep_handler(ngx_event_t *ev);
void ngx_secops_redis_cluster_free(ngx_secops_redis_node_t *node);


#endif /* _NGX_SECOPS_REDIS_CLUSTER_H_INCLUDED_ */
