
/*
 * What the files about Redis Sentinel share; nobody else includes it but those
 * that create and stop a client.
 *
 * A client with sentinels has one node for commands, the master.  Before each
 * connect its endpoint is replaced by what a sentinel says: a round asks one
 * after another, each for a short time, until one names a master that can be
 * one.  The master says itself, by ROLE in the handshake and later each second,
 * whether it is.  The sentinels are asked over a node of their own that never
 * carries a command; there is one connection to one sentinel at a time.
 *
 *   The one that answered comes first in the next round, so that dead ones are
 *   not waited for again.  The one whose answer led to no master comes last:
 *   it may know less than the others.
 *
 *   A sentinel that was asked names the others, which are asked too.  Those
 *   that were learned so go when it names them no more; those that were
 *   configured stay.
 *
 *   The connection stays as a subscription to +switch-master.  Such a message
 *   is a hint: it begins a round.  A lost subscription begins one as well,
 *   after a while, with another sentinel.
 *
 * What a round finds while there is a link to a master counts at once after a
 * hint; otherwise one sentinel that names this master is enough to stay.
 */

#ifndef _NGX_SECOPS_REDIS_SENTINEL_H_INCLUDED_
#define _NGX_SECOPS_REDIS_SENTINEL_H_INCLUDED_


#include "redis/ngx_secops_redis_internal.h"
#include "redis/sentinel/secops_redis_sentinel.h"


/* configured ones, at most, and with those that are learned */

#define NGX_SECOPS_REDIS_SENTINELS_CONF  16
#define NGX_SECOPS_REDIS_SENTINELS       32


/* a configured one is in the cycle's pool, a learned one malloc'ed */

typedef struct {
    ngx_str_t                     name;         /* for the log */
    ngx_secops_redis_endpoint_t   endpoint;
    ngx_secops_redis_place_t      place;        /* of a learned one */
    u_char                        text[SECOPS_REDIS_SENTINEL_HOST_MAX + 8];
                                                /* its name */
    unsigned                      learned:1;
    unsigned                      named:1;      /* by the one that was asked */
    unsigned                      told:1;       /* the log, that it failed */
} ngx_secops_redis_sentinel_t;


struct ngx_secops_redis_sentinels_s {

    /* three pointers and a number first: see ngx_secops_redis_node_t */

    ngx_secops_redis_t           *redis;
    ngx_secops_redis_node_t      *node;         /* the connection to one */
    ngx_secops_redis_cmd_t       *role;         /* asks the master, or NULL */
    ngx_socket_t                  ident;

    ngx_log_t                    *log;

    ngx_secops_redis_sentinel_t  *list[NGX_SECOPS_REDIS_SENTINELS];
    ngx_uint_t                    n;
    ngx_secops_redis_sentinel_t  *present;      /* the one that node is about */
    ngx_secops_redis_sentinel_t  *trusted;      /* it named the master that is
                                                   connected to; or NULL */

    ngx_event_t                   turn;         /* cancelable: the next one is
                                                   asked */
    ngx_event_t                   check;        /* cancelable: master and
                                                   subscription are looked at */

    ngx_uint_t                    asked;        /* of list, in this round */
    ngx_uint_t                    renewals;     /* that failed, in a row */
    ngx_uint_t                    silence;      /* checks since the last word of
                                                   the subscription */
    ngx_msec_t                    begun;        /* the last round */
    ngx_msec_t                    drained;      /* when the master's link began
                                                   to, for it has moved */

    u_char                        text[SECOPS_REDIS_SENTINEL_HOST_MAX];
    ngx_str_t                     host;         /* in text: the master that was
                                                   named last */
    in_port_t                     port;         /* 0: none was */
    ngx_secops_redis_place_t      place;        /* of the master's endpoint */

    unsigned                      asking:1;     /* a round is under way */
    unsigned                      hinted:1;     /* what it finds counts */
    unsigned                      doubted:1;    /* a sentinel named another
                                                   master in this round */
    unsigned                      limited:1;    /* the log was told that there
                                                   are too many */
};


/* ngx_secops_redis_sentinel_conf.c: master and sentinels, before the URL is
   read; NGX_ERROR was logged */

ngx_int_t ngx_secops_redis_sentinel_complete(ngx_conf_t *cf,
    ngx_secops_redis_conf_t *conf);


/* ngx_secops_redis_sentinel.c */

/* the topology's; of a node they are about the master, or about the connection
   to a sentinel */

ngx_int_t ngx_secops_redis_sentinels_create(ngx_conf_t *cf,
    ngx_secops_redis_t *redis);
void ngx_secops_redis_sentinels_start(ngx_secops_redis_t *redis);
void ngx_secops_redis_sentinels_stop(ngx_secops_redis_t *redis);
void ngx_secops_redis_sentinel_discover(ngx_secops_redis_node_t *node);
void ngx_secops_redis_sentinel_lost(ngx_secops_redis_node_t *node);
void ngx_secops_redis_sentinel_failed(ngx_secops_redis_node_t *node);

/* +switch-master was about this master */

void ngx_secops_redis_sentinel_hint(ngx_secops_redis_sentinels_t *sentinels);

/* the present one named a master; NGX_OK: it is believed; else: call _broken()
   of its node */

ngx_int_t ngx_secops_redis_sentinel_answer(
    ngx_secops_redis_sentinels_t *sentinels,
    secops_redis_announced_t *announced);

/* it is subscribed to */

void ngx_secops_redis_sentinel_subscribed(
    ngx_secops_redis_sentinels_t *sentinels);


/* ngx_secops_redis_sentinel_talk.c */

/* the topology's */

ngx_int_t ngx_secops_redis_sentinel_greeting(ngx_secops_redis_node_t *node);

#endif /* _NGX_SECOPS_REDIS_SENTINEL_H_INCLUDED_ */
