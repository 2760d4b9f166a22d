
/*
 * The Redis transport, as others see it: one pipelined link per worker and
 * configured Redis, on nginx's own events.  It knows no key and no JSON.
 *
 * Configuration phase: a conf is embedded into the configuration of whoever
 * needs a client, as ngx_http_upstream_conf_t is.
 * ngx_secops_redis_create_conf() makes it unset, directives fill it,
 * ngx_secops_redis_merge_conf() inherits, and ngx_secops_redis_add() turns what
 * was merged into a client.  Clients live as long as the cycle; only workers
 * connect (ngx_secops_redis_init_process()).
 *
 * A command's life: ngx_secops_redis_cmd_create(), one or more rounds of
 * _cmd_begin() and as many _cmd_arg(), then _cmd_send() or _cmd_free().  After
 * a send that returned NGX_OK the handler fires exactly once, never before
 * the send returned, unless ngx_secops_redis_cmd_cancel() came first.  The
 * command belongs to the transport from then on, and is void once its handler
 * has returned or it was cancelled: the caller keeps the pointer for cancel
 * only.  It is never tied to a pool: it outlives the request that sent it,
 * because its reply must be read in any case (and is dropped).
 */

#ifndef _NGX_SECOPS_REDIS_H_INCLUDED_
#define _NGX_SECOPS_REDIS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "redis/resp/secops_redis_value.h"


typedef struct ngx_secops_redis_s      ngx_secops_redis_t;
typedef struct ngx_secops_redis_cmd_s  ngx_secops_redis_cmd_t;


/* where a server is */

typedef struct {
    ngx_str_t                   name;           /* the host as it was given,
                                                   name or literal without
                                                   brackets: whom its
                                                   certificate must be for */
    ngx_str_t                   host;           /* a name, resolved at each
                                                   connect; empty: use addrs */
    in_port_t                   port;
    ngx_addr_t                 *addrs;          /* literal address or unix: */
    ngx_uint_t                  naddrs;
} ngx_secops_redis_endpoint_t;


/* TLS, as the proxy_ssl_* directives have it; files: empty, none */

typedef struct {
    ngx_flag_t                  verify;
    ngx_int_t                   verify_depth;
    ngx_str_t                   trusted_certificate;
    ngx_str_t                   crl;
    ngx_str_t                   name;           /* empty: the endpoint's */
    ngx_str_t                   certificate;
    ngx_str_t                   certificate_key;
    ngx_str_t                   password_file;  /* of the key */
    ngx_str_t                   ciphers;
    ngx_uint_t                  protocols;

    ngx_uint_t                  given;          /* 1: some of these stand where
                                                   the URL does, or below */
    ngx_uint_t                  beside;         /* 1: some stand beside the URL
                                                   in http, where they may be
                                                   meant for other URLs */
    ngx_uint_t                  scheme;         /* 1: the URL is rediss:// */
    ngx_uint_t                  on;             /* 1: some node needs it; 0: all
                                                   others are 0, too */
} ngx_secops_redis_ssl_conf_t;


/* a node of a cluster that is asked for the others */

typedef struct {
    ngx_str_t                   text;           /* as configured, for the log */
    ngx_secops_redis_endpoint_t  endpoint;
} ngx_secops_redis_seed_t;


/* what a node of a cluster announces, and where it is reached from here */

typedef struct {
    ngx_str_t                   announced;
    in_port_t                   announced_port; /* 0: any, and kept */
    ngx_str_t                   host;
    in_port_t                   port;           /* 0: as announced */
} ngx_secops_redis_nat_t;


/* what a write that is sent as NGX_SECOPS_REDIS_DURABLE waits for, besides its
   execution */

typedef enum {
    NGX_SECOPS_REDIS_MEMORY = 0,    /* nothing */
    NGX_SECOPS_REDIS_REPLICAS,      /* so many replicas have it */
    NGX_SECOPS_REDIS_FSYNC          /* it is on the server's own disk */
} ngx_secops_redis_durability_e;


/* who knows which server is the master */

typedef struct {
    ngx_str_t                   name;           /* as configured, for the log */
    ngx_secops_redis_endpoint_t  endpoint;
} ngx_secops_redis_sentinel_addr_t;


typedef struct {
    ngx_array_t                *words;          /* of ngx_str_t: the master's
                                                   name, addresses; NULL: there
                                                   are no sentinels */
    ngx_str_t                   user;           /* for the sentinels themselves;
                                                   empty: the default user */
    ngx_str_t                   password_file;
    ngx_flag_t                  ssl;            /* they speak TLS; unset: as the
                                                   URL says */

    ngx_str_t                   password;       /* as the file was when it was
                                                   configured; empty: no AUTH */
    ngx_str_t                   master;         /* the first of the words */
    ngx_array_t                *addrs;          /* the others, as array of
                                                   _sentinel_addr_t */
} ngx_secops_redis_sentinel_conf_t;


/*
 * What directives say, and below that, in each part, what the client makes of
 * it: that stays unset in a conf that others own, and is complete in that of a
 * client.
 *
 * Each field that makes a difference between two clients has a row in the table
 * of ngx_secops_redis_conf.c, which creates, merges and compares it.
 */

typedef struct {
    ngx_str_t                   url;            /* never holds a password */
    ngx_str_t                   user;           /* empty: the default user */
    ngx_str_t                   password_file;
    ngx_int_t                   database;       /* unset: as the URL says */

    ngx_msec_t                  connect_timeout;  /* TCP, TLS and handshake */
    ngx_msec_t                  timeout;        /* of a command, from its send
                                                   to its last reply */
    ngx_msec_t                  ping;           /* a link that was silent so
                                                   long gets a PING; 0: never */
    ngx_uint_t                  max_commands;   /* pending, per worker */
    size_t                      max_bytes;      /* of these, per worker */

    ngx_uint_t                  durability;     /* ngx_secops_redis_durability_e
                                                 */
    ngx_uint_t                  replicas;       /* of _REPLICAS, at least 1 */
    ngx_msec_t                  durability_timeout;  /* for reaching it; less
                                                        than timeout */

    ngx_flag_t                  cluster;
    ngx_array_t                *seeds;          /* of ngx_str_t: nodes of it
                                                   besides the URL's; or NULL */
    ngx_array_t                *nat;            /* of _nat_t, or NULL */

    ngx_secops_redis_ssl_conf_t  ssl;
    ngx_secops_redis_sentinel_conf_t  sentinel;

    ngx_resolver_t             *resolver;       /* NULL: host was resolved when
                                                   the configuration was read */
    ngx_msec_t                  resolver_timeout;

    ngx_str_t                   password;       /* as the file was when it was
                                                   configured; empty: no AUTH */
    ngx_secops_redis_endpoint_t  endpoint;      /* the URL's */
    ngx_array_t                *nodes;          /* of _seed_t: the URL's and the
                                                   seeds; NULL: it is no
                                                   cluster */
} ngx_secops_redis_conf_t;


typedef enum {
    NGX_SECOPS_REDIS_REPLIED = 0,   /* all replies came, none is an error */
    NGX_SECOPS_REDIS_REFUSED,       /* an error reply that trying again will
                                       not mend; see code and message */
    NGX_SECOPS_REDIS_UNAVAILABLE,   /* surely not executed: not connected, not
                                       written in time, or Redis said that it
                                       can not at present; see code if any */
    NGX_SECOPS_REDIS_UNKNOWN        /* written, but the link was lost or the
                                       time was up before all replies came; if
                                       it was written again, see code too.  Or
                                       executed, but not as durable as it was
                                       to be */
} ngx_secops_redis_status_e;


/* of a transaction that several share: an error reply to one of the commands
   that it has executed */

typedef struct {
    ngx_uint_t                  command;        /* 0: the first after MULTI */
    ngx_str_t                   message;
} ngx_secops_redis_refusal_t;


/* what a handler is given; valid until it returns */

typedef struct {
    ngx_secops_redis_status_e   status;
    ngx_str_t                   code;           /* the first error reply's code
                                                   ("OOM"), or empty */
    ngx_str_t                   message;        /* for the log: the first error
                                                   reply, or what happened to
                                                   the link */
    secops_redis_value_t       *value;          /* the last reply's values, if
                                                   REPLIED; else NULL */
    ngx_uint_t                  again;          /* 1: it may have been executed
                                                   before, over a link that was
                                                   lost */
    ngx_uint_t                  executed;       /* 1: a reply shows that some
                                                   part of it took effect */
    ngx_secops_redis_refusal_t *refusals;       /* see _SHARED */
    ngx_uint_t                  nrefusals;
    ngx_msec_t                  time;           /* since the send */
} ngx_secops_redis_result_t;


typedef void (*ngx_secops_redis_handler_pt)(void *data,
    ngx_secops_redis_result_t *result);


/* executing it twice is the same as once: after a lost link it may be sent
   again within its time, unless the link was closed for a timeout */

#define NGX_SECOPS_REDIS_REPLAY   0x01

/*
 * A write: it is answered when the durability of the conf was reached.  If it
 * was not, its status is _UNKNOWN, although it was executed; while it is known
 * that it can not be reached, _UNAVAILABLE, and nothing was written.  Of the
 * last reply the handler is given the first value only, and no text; all of it
 * if the write is sent as WHOLE, too, which is a copy for each.
 */

#define NGX_SECOPS_REDIS_DURABLE  0x02
#define NGX_SECOPS_REDIS_WHOLE    0x04

/*
 * MULTI ... EXEC for several, each of whom has some of the commands: an error
 * reply to one of those that were executed is no error of the whole, but one of
 * the result's refusals, whatever the status is.
 */

#define NGX_SECOPS_REDIS_SHARED   0x08


/* all fields are unset; of what is not merged nothing is there */

void ngx_secops_redis_create_conf(ngx_secops_redis_conf_t *conf);


/*
 * What is unset in conf is taken from prev, the conf of the level around it,
 * unless it belongs to a server or a setting that conf has of its own; else it
 * has its default.  prev may be one that was never merged.
 */

void ngx_secops_redis_merge_conf(const ngx_secops_redis_conf_t *prev,
    ngx_secops_redis_conf_t *conf);


/*
 * The client of a conf that was merged, with resolver and resolver_timeout, and
 * stays as it is: one that is already in clients (an array of
 * ngx_secops_redis_t *) and whose conf is equal, or a new one, added to it.
 * Names are resolved now when conf->resolver is NULL.  NULL: no memory, or what
 * is wrong was logged.
 */

ngx_secops_redis_t *ngx_secops_redis_add(ngx_conf_t *cf, ngx_array_t *clients,
    const ngx_secops_redis_conf_t *conf);

/* what is seen of all clients only; NGX_ERROR: what is wrong was logged */

ngx_int_t ngx_secops_redis_check(ngx_conf_t *cf, const ngx_array_t *clients);


/* in workers: connects, and closes when the worker ends */

ngx_int_t ngx_secops_redis_init_process(ngx_secops_redis_t *redis,
    ngx_cycle_t *cycle);
void ngx_secops_redis_exit_process(ngx_secops_redis_t *redis);


/* a command whose arguments are expected to take about size bytes; NULL: no
   memory.  It grows as needed. */

ngx_secops_redis_cmd_t *ngx_secops_redis_cmd_create(ngx_secops_redis_t *redis,
    size_t size);

/* begins the next of the Redis commands that are sent as one; their replies
   are awaited together.  Failing to get memory is remembered until the send */

void ngx_secops_redis_cmd_begin(ngx_secops_redis_cmd_t *cmd, ngx_uint_t argc);
void ngx_secops_redis_cmd_arg(ngx_secops_redis_cmd_t *cmd, const void *data,
    size_t len);

/* the same of an argument that is a key: by it a cluster chooses the node */

void ngx_secops_redis_cmd_key(ngx_secops_redis_cmd_t *cmd, const void *data,
    size_t len);

/* of a command without a key: for the server with this number, see
   ngx_secops_redis_share(), instead of any.  It is refused as not available if
   there is none that has it, and no link to it */

void ngx_secops_redis_cmd_share(ngx_secops_redis_cmd_t *cmd, ngx_uint_t share);

/*
 * 1: in this Redis all keys of a command must have the same hash tag, and what
 * is sent as one is one Redis command, or MULTI ... EXEC.
 */

ngx_uint_t ngx_secops_redis_cluster(ngx_secops_redis_t *redis);

/*
 * How many servers share the keys, by what is known of them at present: 1, or
 * the masters of a cluster; and which of these, counted from 0, has a key.
 * NGX_DECLINED: none.
 */

ngx_uint_t ngx_secops_redis_shares(ngx_secops_redis_t *redis);
ngx_int_t ngx_secops_redis_share(ngx_secops_redis_t *redis, const void *key,
    size_t len);

/* how many were begun so far */

ngx_uint_t ngx_secops_redis_cmd_count(ngx_secops_redis_cmd_t *cmd);

/* its bytes so far, and the most that any command may have */

size_t ngx_secops_redis_cmd_size(ngx_secops_redis_cmd_t *cmd);
size_t ngx_secops_redis_max_bytes(ngx_secops_redis_t *redis);


/*
 * NGX_OK: the handler will fire.  Otherwise the command was freed, nothing was
 * sent and the handler will not fire: NGX_BUSY, the queue is full or Redis is
 * known to be unreachable, which ngx_secops_redis_busy() tells apart;
 * NGX_ERROR, no memory.
 */

ngx_int_t ngx_secops_redis_cmd_send(ngx_secops_redis_cmd_t *cmd,
    ngx_uint_t flags, ngx_secops_redis_handler_pt handler, void *data);


/* for the log, right after a send that returned NGX_BUSY: static text */

ngx_str_t *ngx_secops_redis_busy(ngx_secops_redis_t *redis);


/* the handler will not fire; a command not yet written is not sent at all */

void ngx_secops_redis_cmd_cancel(ngx_secops_redis_cmd_t *cmd);


/* for a command that was not sent */

void ngx_secops_redis_cmd_free(ngx_secops_redis_cmd_t *cmd);


#endif /* _NGX_SECOPS_REDIS_H_INCLUDED_ */
