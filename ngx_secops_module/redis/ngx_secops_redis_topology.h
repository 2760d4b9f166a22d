
/*
 * How the servers of a client belong together: there is one, or one that
 * sentinels name, or the nodes of a cluster.  The client and its links know
 * neither sentinels nor cluster; where these differ from a single server they
 * are asked here, by the row of one table.
 */

#ifndef _NGX_SECOPS_REDIS_TOPOLOGY_H_INCLUDED_
#define _NGX_SECOPS_REDIS_TOPOLOGY_H_INCLUDED_


#include "redis/ngx_secops_redis.h"


typedef struct ngx_secops_redis_node_s     ngx_secops_redis_node_t;


typedef struct {

    /* of the client */

    /* nodes, while the configuration is read; NGX_ERROR: no memory */
    ngx_int_t   (*create)(ngx_conf_t *cf, ngx_secops_redis_t *redis);

    /* in a worker, which has redis->log; no handler is called by stop() */
    void        (*start)(ngx_secops_redis_t *redis);
    void        (*stop)(ngx_secops_redis_t *redis);

    /* NGX_OK: the command waits in a node's queue or is parked; NGX_BUSY:
       redis->busy says why not */
    ngx_int_t   (*send)(ngx_secops_redis_t *redis,
                        ngx_secops_redis_cmd_t *cmd);

    /* the command leaves where it is parked; NULL: none ever is */
    void        (*unpark)(ngx_secops_redis_cmd_t *cmd);

    /* see ngx_secops_redis_share() */
    ngx_int_t   (*share)(ngx_secops_redis_t *redis, const void *key,
                         size_t len);

    /* of a node and its link */

    /* a new link: leads to ngx_secops_redis_connect_endpoint() */
    void        (*discover)(ngx_secops_redis_node_t *node);

    /* what is said first, into link->greeting; NGX_ERROR: no memory */
    ngx_int_t   (*greeting)(ngx_secops_redis_node_t *node);

    /* the link is ready; there is no link any more, and none at once */
    void        (*up)(ngx_secops_redis_node_t *node);
    void        (*down)(ngx_secops_redis_node_t *node);

    /* link->fault says why a link that was ready, or an attempt to get one,
       must end: it is closed, and commands with it */
    void        (*lost)(ngx_secops_redis_node_t *node);
    void        (*failed)(ngx_secops_redis_node_t *node);

    /* 1: it should have a link although nothing is pending */
    ngx_uint_t  (*wants)(ngx_secops_redis_node_t *node);

    /* of a command that was answered with an error: 1: it goes elsewhere, or
       is parked, as if it had never been sent */
    ngx_uint_t  (*redirect)(ngx_secops_redis_cmd_t *cmd);

    unsigned    slots:1;        /* servers share the keys: a command is for one
                                   slot, may be sent on, and stands anywhere in
                                   the queue of the next node */
    unsigned    role:1;         /* a server must say by ROLE that it is a
                                   master */
} ngx_secops_redis_topology_t;


/* of a conf that is complete */

const ngx_secops_redis_topology_t *ngx_secops_redis_topology(
    const ngx_secops_redis_conf_t *conf);


/*
 * ngx_secops_redis_single.c: one server, which is always where it was
 * configured.  Sentinels use it for the master.
 */

ngx_int_t ngx_secops_redis_single_create(ngx_conf_t *cf,
    ngx_secops_redis_t *redis);
void ngx_secops_redis_single_start(ngx_secops_redis_t *redis);
void ngx_secops_redis_single_stop(ngx_secops_redis_t *redis);
ngx_int_t ngx_secops_redis_single_send(ngx_secops_redis_t *redis,
    ngx_secops_redis_cmd_t *cmd);
ngx_int_t ngx_secops_redis_single_share(ngx_secops_redis_t *redis,
    const void *key, size_t len);
void ngx_secops_redis_single_up(ngx_secops_redis_node_t *node);
void ngx_secops_redis_single_down(ngx_secops_redis_node_t *node);
ngx_uint_t ngx_secops_redis_single_wants(ngx_secops_redis_node_t *node);
ngx_uint_t ngx_secops_redis_single_redirect(ngx_secops_redis_cmd_t *cmd);


#endif /* _NGX_SECOPS_REDIS_TOPOLOGY_H_INCLUDED_ */
