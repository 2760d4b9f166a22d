
/*
 * The Redis transport, as others see it: one pipelined link per worker and
 * configured Redis, on nginx's own events.  It knows no key and no JSON.
 *
 * Configuration phase: ngx_secops_redis_url() reads a URL into a conf,
 * ngx_secops_redis_add() turns a complete conf into a client.  Clients live as
 * long as the cycle; only workers connect (ngx_secops_redis_init_process()).
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


typedef struct ngx_secops_redis_s      ngx_secops_redis_t;
typedef struct ngx_secops_redis_cmd_s  ngx_secops_redis_cmd_t;


typedef struct {
    ngx_str_t                   url;            /* as configured, for the log;
                                                   never holds a password */
    ngx_str_t                   host;           /* a name, resolved at each
                                                   connect; empty: use addrs */
    in_port_t                   port;
    ngx_addr_t                 *addrs;          /* literal address or unix: */
    ngx_uint_t                  naddrs;
    ngx_str_t                   user;           /* empty: the default user */
    ngx_str_t                   password;       /* empty: no AUTH */
    ngx_uint_t                  database;

    ngx_msec_t                  connect_timeout;  /* TCP and handshake */
    ngx_msec_t                  timeout;        /* of a command, from its send
                                                   to its last reply */
    ngx_uint_t                  max_commands;   /* pending, per worker */
    size_t                      max_bytes;      /* of these, per worker */

    ngx_resolver_t             *resolver;       /* NULL: host was resolved when
                                                   the configuration was read */
    ngx_msec_t                  resolver_timeout;
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
                                       it was written again, see code too */
} ngx_secops_redis_status_e;


typedef enum {
    NGX_SECOPS_REDIS_STRING = 1,
    NGX_SECOPS_REDIS_STATUS,
    NGX_SECOPS_REDIS_INTEGER,
    NGX_SECOPS_REDIS_NIL,
    NGX_SECOPS_REDIS_ARRAY,
    NGX_SECOPS_REDIS_ERROR
} ngx_secops_redis_type_e;


/* a reply is an array of values in document order: an array's elements
   follow it, and next is the index after the last of them */

typedef struct {
    ngx_secops_redis_type_e     type;
    ngx_uint_t                  next;
    ngx_uint_t                  elements;       /* of an array */
    int64_t                     integer;
    ngx_str_t                   str;            /* STRING, STATUS, ERROR */
} ngx_secops_redis_value_t;


/* what a handler is given; valid until it returns */

typedef struct {
    ngx_secops_redis_status_e   status;
    ngx_str_t                   code;           /* the first error reply's code
                                                   ("OOM"), or empty */
    ngx_str_t                   message;        /* for the log: the first error
                                                   reply, or what happened to
                                                   the link */
    ngx_secops_redis_value_t   *value;          /* the last reply's values, if
                                                   REPLIED; else NULL */
    ngx_uint_t                  again;          /* 1: it may have been executed
                                                   before, over a link that was
                                                   lost */
    ngx_msec_t                  time;           /* since the send */
} ngx_secops_redis_result_t;


typedef void (*ngx_secops_redis_handler_pt)(void *data,
    ngx_secops_redis_result_t *result);


/* executing it twice is the same as once: after a lost link it may be sent
   again within its time */

#define NGX_SECOPS_REDIS_REPLAY  0x01


/*
 * redis://[user@]host[:port][/database] or unix:/path.  Resolves a name now
 * when conf->resolver is NULL.  NGX_ERROR: *err says why (static text, or
 * from cf->pool).
 */

ngx_int_t ngx_secops_redis_url(ngx_conf_t *cf, ngx_secops_redis_conf_t *conf,
    ngx_str_t *url, char **err);


/*
 * The client of a conf (copied): an equal one that is already in clients (an
 * array of ngx_secops_redis_t *), or a new one, added to it.  NULL: no memory.
 */

ngx_secops_redis_t *ngx_secops_redis_add(ngx_conf_t *cf, ngx_array_t *clients,
    const ngx_secops_redis_conf_t *conf);


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
