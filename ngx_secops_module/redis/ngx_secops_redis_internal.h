
/*
 * What the files of the Redis transport share; nobody else includes it.
 *
 * A client (ngx_secops_redis_t) is what others see; it has one node for each
 * Redis server that it talks to.  A node owns two queues of commands, one
 * timer for their deadlines, and at most one link.  A link is one attempt to
 * reach the server and, if that succeeds, the connection: it is born by
 * ngx_secops_redis_connect() and dies in ngx_secops_redis_close().
 *
 *   CLOSED      no link; the retry timer is armed unless the worker is exiting
 *   DISCOVERING waits for a sentinel to name the master
 *   RESOLVING   waits for the resolver
 *   CONNECTING  waits for connect() to one address after another
 *   HANDSHAKE   waits for TLS if the node has it, and for the replies to AUTH,
 *               SELECT, PING
 *   READY       commands are written, replies are matched
 *   DRAINING    Redis said that this link is of no use at present: nothing
 *               more is written, it closes when the last reply has come
 *
 * Only event handlers (read, write, the three events of the node, the
 * resolver's) close a link.  What is called from a command's handler (create,
 * send, cancel) changes queues and posts events, nothing else, so a link and
 * its reply are safe while handlers run.
 */

#ifndef _NGX_SECOPS_REDIS_INTERNAL_H_INCLUDED_
#define _NGX_SECOPS_REDIS_INTERNAL_H_INCLUDED_


#include <ngx_event_connect.h>

#include "redis/ngx_secops_redis.h"
#include "redis/link/ngx_secops_redis_reply.h"
#include "redis/ngx_secops_redis_stats.h"
#include "redis/ngx_secops_redis_topology.h"
#include "redis/resp/secops_redis_resp.h"
#include "util/ngx_secops_string.h"


/* of a host's name, at most */
#define NGX_SECOPS_REDIS_HOST  255

/* of a server, where none is configured */
#define NGX_SECOPS_REDIS_PORT  6379

/* of a file with a password, as far as it is read; the password is shorter */
#define NGX_SECOPS_REDIS_PASSWORD_MAX  4096


typedef enum {
    NGX_SECOPS_REDIS_CLOSED = 0,
    NGX_SECOPS_REDIS_DISCOVERING,
    NGX_SECOPS_REDIS_RESOLVING,
    NGX_SECOPS_REDIS_CONNECTING,
    NGX_SECOPS_REDIS_HANDSHAKE,
    NGX_SECOPS_REDIS_READY,
    NGX_SECOPS_REDIS_DRAINING
} ngx_secops_redis_state_e;


typedef enum {
    NGX_SECOPS_REDIS_CMD_NEW = 0,       /* the caller's */
    NGX_SECOPS_REDIS_CMD_PARKED,        /* in cluster->parked: for no node as
                                           yet */
    NGX_SECOPS_REDIS_CMD_WAITING,       /* in node->waiting: no byte of it was
                                           written to the present link */
    NGX_SECOPS_REDIS_CMD_SENT,          /* in node->sent */
    NGX_SECOPS_REDIS_CMD_HELD,          /* in node->held: a write that was
                                           executed, and is to become durable */
    NGX_SECOPS_REDIS_CMD_DONE           /* its outcome is known, its handler is
                                           about to run or running */
} ngx_secops_redis_cmd_state_e;


typedef struct ngx_secops_redis_cluster_s  ngx_secops_redis_cluster_t;
typedef struct ngx_secops_redis_sentinels_s  ngx_secops_redis_sentinels_t;


/* what an endpoint that was learned at run time points into */

typedef struct {
    ngx_addr_t                    addr;
    ngx_sockaddr_t                sockaddr;
    u_char                        host[NGX_SECOPS_REDIS_HOST];
    u_char                        text[NGX_SOCKADDR_STRLEN];
} ngx_secops_redis_place_t;


/*
 * Created by ngx_secops_redis_cmd_create(), malloc'ed, freed by _cmd_free(),
 * by a send that fails, or after its handler has returned.  A command that was
 * cancelled after it was written stays as a tombstone without a handler until
 * its replies have come or the link is gone.
 */

struct ngx_secops_redis_cmd_s {
    ngx_queue_t                   queue;
    ngx_secops_redis_t           *redis;
    ngx_secops_redis_node_t      *node;         /* once it is sent; NULL while
                                                   it is parked */

    ngx_secops_redis_handler_pt   handler;      /* NULL: a tombstone */
    void                         *data;

    secops_redis_resp_t           resp;         /* kept to the end, for a
                                                   replay */
    size_t                        written;      /* of resp.len */
    ngx_uint_t                    replies;      /* of resp.commands */
    ngx_str_t                     error;        /* the first error reply,
                                                   malloc'ed, or empty */
    secops_redis_value_t          value;        /* while it is held */
    secops_redis_value_t         *values;       /* the same of all values, with
                                                   their text, malloc'ed; NULL:
                                                   that one is enough */
    ngx_secops_redis_refusal_t   *refusals;     /* malloc'ed, with their text;
                                                   or NULL */
    ngx_uint_t                    nrefusals;

    ngx_msec_t                    start;
    ngx_msec_t                    deadline;

    ngx_int_t                     slot;         /* in a cluster, of all its
                                                   keys; NGX_ERROR: no key */
    ngx_int_t                     share;        /* without a key: of the server
                                                   that it is for; NGX_ERROR:
                                                   any */
    ngx_uint_t                    hops;         /* nodes in a row that sent it
                                                   to another one */
    ngx_uint_t                    pauses;
    ngx_msec_t                    wake;         /* while it is parked */

    ngx_secops_redis_cmd_state_e  state;
    ngx_secops_redis_status_e     status;       /* as far as it is known */

    unsigned                      replay:1;
    unsigned                      durable:1;    /* a write, and its client wants
                                                   more than memory */
    unsigned                      whole:1;      /* ... and all of the reply */
    unsigned                      shared:1;     /* by several, see
                                                   NGX_SECOPS_REDIS_SHARED */
    unsigned                      barrier:1;    /* of the link that it is
                                                   written to, and ends with
                                                   it */
    unsigned                      scattered:1;  /* it has keys of several
                                                   slots */
    unsigned                      unmapped:1;   /* parked until the first map of
                                                   the cluster comes */
    unsigned                      executed:1;   /* a reply shows that some part
                                                   took effect */
    unsigned                      unsure:1;     /* a link died with it: whatever
                                                   comes of a replay, it may
                                                   have been executed */
};


/* what is asked for the sake of durability */

typedef enum {
    NGX_SECOPS_REDIS_ASK_WAIT = 0,
    NGX_SECOPS_REDIS_ASK_CONFIG,
    NGX_SECOPS_REDIS_ASK_WAITAOF,
    NGX_SECOPS_REDIS_ASK_INFO
} ngx_secops_redis_ask_e;

/* at one time, at most */
#define NGX_SECOPS_REDIS_ASKS  3


/* takes the next reply of the link; NGX_ERROR: the link must be closed, and
   link->fault says why */

typedef ngx_int_t (*ngx_secops_redis_process_pt)(
    ngx_secops_redis_node_t *node);


typedef struct {
    ngx_pool_t                   *pool;         /* the link itself is in it */
    ngx_log_t                     log;          /* of the socket and the pool:
                                                   names Redis in each line */

    ngx_addr_t                   *addrs;
    ngx_uint_t                    naddrs;
    ngx_uint_t                    first;        /* of addrs, in this attempt */
    ngx_uint_t                    tried;        /* each once per attempt */

    ngx_peer_connection_t         peer;         /* .connection: the socket, or
                                                   NULL */
    u_char                       *buffer;       /* for reading */
    ngx_buf_t                    *out;          /* with TLS: the record that is
                                                   being written, or NULL.  Its
                                                   bytes count as written, see
                                                   _unwrite() */
    ngx_secops_redis_reply_t      reply;
    ngx_secops_redis_process_pt   process;

    secops_redis_resp_t           greeting;     /* AUTH, SELECT, PING; wiped as
                                                   soon as it was written */
    size_t                        greeted;

    u_char                        fault[128];   /* why it closes, with NUL */
    ngx_msec_t                    ready;        /* since */
    ngx_msec_t                    heard;        /* when something came last */

    /* of durability: what the replies of the barrier that is pending, or of the
       handshake, are about, in their order */

    ngx_secops_redis_ask_e        asks[NGX_SECOPS_REDIS_ASKS];
    ngx_uint_t                    nasks;
    ngx_uint_t                    replied;      /* of these, in the handshake */
    unsigned                      judged:1;     /* they were good so far */
    unsigned                      waitaof:1;    /* this server has WAITAOF */
    unsigned                      settled:1;    /* without WAITAOF: its file was
                                                   seen in use and whole, and
                                                   in use ever since */

    unsigned                      served:1;     /* answered a command */
    unsigned                      late:1;       /* it closes for a command that
                                                   was not answered in time */
    unsigned                      moved:1;      /* it drains for the master is
                                                   another server now */
} ngx_secops_redis_link_t;


/* one server, and the commands that are for it */

struct ngx_secops_redis_node_s {

    /* three pointers and a number first, as in ngx_connection_t: the debug log
       takes the data of any event for one, see ngx_event_ident() */

    ngx_secops_redis_link_t      *link;         /* NULL: CLOSED */
    ngx_resolver_ctx_t           *resolving;    /* in RESOLVING only */
    ngx_log_t                    *log;
    ngx_socket_t                  ident;

    ngx_secops_redis_t           *redis;
    ngx_queue_t                   peers;        /* in redis->nodes */
    ngx_str_t                     name;         /* for the log */
    ngx_secops_redis_endpoint_t   endpoint;
    ngx_secops_redis_state_e      state;
    ngx_msec_t                    connect_timeout;
    ngx_msec_t                    resolver_timeout;

    ngx_secops_redis_sentinels_t  *sentinels;   /* it is the connection to
                                                   these; else NULL */

    /* each in the order of sending, so by deadline; all of held is older than
       all of sent, and that than all of waiting; only the last of sent may be
       written in part.  In a cluster commands that come from another node
       stand last, with a deadline that may be earlier */

    ngx_queue_t                   held;
    ngx_queue_t                   sent;
    ngx_queue_t                   waiting;

    ngx_uint_t                    pending;      /* commands in all queues */

    ngx_event_t                   deadline;     /* of the oldest pending one or
                                                   earlier; cancelable while
                                                   none is pending */
    ngx_event_t                   flush;        /* posted: once per turn */
    ngx_event_t                   retry;        /* cancelable */

    ngx_uint_t                    failures;     /* attempts, in a row */
    ngx_uint_t                    flaps;        /* links, in a row, that became
                                                   ready and were lost without
                                                   having served */
    ngx_sockaddr_t                sockaddr;     /* the one that worked last */
    socklen_t                     socklen;      /* 0: none as yet */
    void                         *session;      /* of TLS, for the next link, or
                                                   NULL */
    ngx_event_t                   ping;         /* cancelable: is the link still
                                                   alive? */
    u_char                        fault[128];   /* of the last link, with NUL */
    u_char                        before[128];  /* another one, before that */

    ngx_event_t                   check;        /* cancelable: is the durability
                                                   reached again? */
    u_char                        shortfall[128];  /* why it is not, with NUL */
    time_t                        shortfall_told;  /* when the log was */

    ngx_secops_redis_stats_t      stats;

    unsigned                      unguarded:1;  /* durable commands were sent
                                                   after the last barrier */
    unsigned                      guarding:1;   /* a barrier is pending */
    unsigned                      undurable:1;  /* not reached: no write is
                                                   written to this link */
    unsigned                      misset:1;     /* for the settings of the
                                                   server */
    unsigned                      looking:1;    /* the next barrier is to look
                                                   at the server's file, too */

    /* of a cluster, see ngx_secops_redis_cluster.h */

    ngx_pool_t                   *pool;         /* of a node that was found at
                                                   run time; it is in it */
    ngx_uint_t                    share;        /* its number, if listed */
    unsigned                      listed:1;     /* a master by the last map */
    unsigned                      seed:1;       /* configured */
    unsigned                      asked:1;      /* for a map, in this round */
    unsigned                      used:1;       /* since the last map */

    unsigned                      ssl:1;        /* it speaks TLS */
    unsigned                      listens:1;    /* it has no commands: what it
                                                   reads comes by itself */
    unsigned                      shunned:1;    /* Redis said that what is at
                                                   sockaddr is of no use: the
                                                   others are tried first */
    unsigned                      overdue:1;    /* the deadline is over, its
                                                   timer runs a last time */
    unsigned                      down:1;       /* the log was told so */
    unsigned                      told:1;       /* and that it is for fault, and
                                                   for before if there is one */
};


/* a password as the worker uses it: what its file said last */

typedef struct {
    ngx_str_t                     file;         /* full name, with a NUL */
    ngx_str_t                     text;         /* empty: there is none.  Else
                                                   its buffer has
                                                   _PASSWORD_MAX bytes */
    ngx_err_t                     err;          /* why the worker could not read
                                                   the file, 0: it could */
} ngx_secops_redis_secret_t;


struct ngx_secops_redis_s {
    ngx_secops_redis_conf_t       conf;
    ngx_secops_redis_secret_t     password;     /* of the servers */
    ngx_secops_redis_secret_t     sentinel_password;
    const ngx_secops_redis_topology_t  *topology;
    ngx_ssl_t                    *ssl;          /* NULL: no node has TLS */
    ngx_log_t                    *log;          /* NULL: not in a worker */

    ngx_queue_t                   nodes;        /* all, by node->peers */
    ngx_secops_redis_node_t      *node;         /* the only one; NULL: it is a
                                                   cluster */
    ngx_secops_redis_cluster_t   *cluster;      /* or NULL */
    ngx_secops_redis_sentinels_t  *sentinels;   /* node is what they say; or
                                                   NULL */

    ngx_uint_t                    masters;      /* that share the keys: 1, or
                                                   those of the last map */
    ngx_uint_t                    holes;        /* slots without one */

    ngx_uint_t                    pending;      /* commands of all nodes, and
                                                   those parked */
    size_t                        bytes;        /* and their bytes */
    ngx_str_t                    *busy;         /* why a send was refused */
};


/* ngx_secops_redis_client.c: why a send is refused */

extern ngx_str_t  ngx_secops_redis_unreachable_text;

/* 1: too much is pending, which redis->busy says then */

ngx_uint_t ngx_secops_redis_full(ngx_secops_redis_t *redis,
    ngx_secops_redis_cmd_t *cmd);


/* ngx_secops_redis_cmd.c: the command begins now, with the client's timeout */

void ngx_secops_redis_cmd_time(ngx_secops_redis_cmd_t *cmd);


/* ngx_secops_redis_node.c */

/* while the configuration is read: from the pool; NULL: no memory */

ngx_secops_redis_node_t *ngx_secops_redis_node_create(
    ngx_secops_redis_t *redis, ngx_pool_t *pool, const ngx_str_t *name,
    const ngx_secops_redis_endpoint_t *endpoint);
void ngx_secops_redis_node_start(ngx_secops_redis_node_t *node);
void ngx_secops_redis_node_stop(ngx_secops_redis_node_t *node);


/* ngx_secops_redis_conn.c */

void ngx_secops_redis_retry_handler(ngx_event_t *ev);
void ngx_secops_redis_connect(ngx_secops_redis_node_t *node);
void ngx_secops_redis_connect_endpoint(ngx_secops_redis_node_t *node);
void ngx_secops_redis_settle(ngx_secops_redis_node_t *node);
void ngx_secops_redis_broken(ngx_secops_redis_node_t *node);
void ngx_secops_redis_close(ngx_secops_redis_node_t *node);

/* reads what is there, and has it processed; NGX_ERROR: call _broken() */

ngx_int_t ngx_secops_redis_read(ngx_secops_redis_node_t *node);


/* ngx_secops_redis_conf.c: 1: they may share a client; both are complete */

ngx_uint_t ngx_secops_redis_conf_equal(const ngx_secops_redis_conf_t *a,
    const ngx_secops_redis_conf_t *b);


/* ngx_secops_redis_url.c */

/*
 * redis://[user@]host[:port][/database], the same as rediss:// for TLS, or
 * unix:/path: what conf->url says, into conf.  With sentinels the host is the
 * master's name, or none.  NGX_ERROR: *err says why (static text, or from
 * cf->pool).
 */

ngx_int_t ngx_secops_redis_url(ngx_conf_t *cf, ngx_secops_redis_conf_t *conf,
    char **err);

/* where "host" or "host:port" is; resolves a name now when conf->resolver is
   NULL.  Returns as _url() does */

ngx_int_t ngx_secops_redis_host(ngx_conf_t *cf, ngx_secops_redis_conf_t *conf,
    ngx_secops_redis_endpoint_t *endpoint, ngx_str_t *text, in_port_t port,
    char **err);


/* ngx_secops_redis_password.c */

/* the first line of a file, whose name is made a full one; NGX_ERROR was
   logged */

ngx_int_t ngx_secops_redis_password(ngx_conf_t *cf, ngx_str_t *file,
    ngx_str_t *password);

/* a secret that begins with what was read; NGX_ERROR: no memory */

ngx_int_t ngx_secops_redis_secret_init(ngx_conf_t *cf,
    ngx_secops_redis_secret_t *secret, const ngx_str_t *file,
    const ngx_str_t *password);

/* for a login: the password that the file has now, or, where the worker may not
   read it or it has none, the one that it had before.  Empty: there is none.
   Valid until the next call */

ngx_str_t *ngx_secops_redis_secret(ngx_secops_redis_node_t *node,
    ngx_secops_redis_secret_t *secret);


/* ngx_secops_redis_endpoint.c */

/*
 * The endpoint of a host that is an address or a name, not longer than
 * NGX_SECOPS_REDIS_HOST.  It is copied to place, which must live as long.
 */

void ngx_secops_redis_endpoint_set(ngx_secops_redis_endpoint_t *endpoint,
    ngx_secops_redis_place_t *place, ngx_str_t host, in_port_t port);


/* ngx_secops_redis_handshake.c */

/* TLS if the node has it, then what is said first; NGX_AGAIN: TLS goes on, and
   with the next event _secure().  Whoever calls them sets the handlers */

ngx_int_t ngx_secops_redis_handshake(ngx_secops_redis_node_t *node);
ngx_int_t ngx_secops_redis_secure(ngx_secops_redis_node_t *node);

/* writes what of it was not written yet; NGX_ERROR: call _broken() */

ngx_int_t ngx_secops_redis_greet(ngx_secops_redis_node_t *node);

/* AUTH, SELECT, PING and what else there is to be said, into link->greeting;
   link->process becomes the first one's */

ngx_int_t ngx_secops_redis_greeting(ngx_secops_redis_node_t *node);

/* AUTH, into what is wiped after it was sent */

void ngx_secops_redis_greet_auth(secops_redis_resp_t *resp, ngx_str_t *user,
    ngx_str_t *password);
ngx_int_t ngx_secops_redis_expect_status(ngx_secops_redis_node_t *node,
    const char *status);


/* ngx_secops_redis_ssl_conf.c; NGX_ERROR was logged */

/* once conf->ssl.on is known */

ngx_int_t ngx_secops_redis_ssl_complete(ngx_conf_t *cf,
    ngx_secops_redis_conf_t *conf);

/* redis->ssl */

ngx_int_t ngx_secops_redis_ssl_create(ngx_conf_t *cf,
    ngx_secops_redis_t *redis);


/* ngx_secops_redis_ssl.c */

ngx_int_t ngx_secops_redis_ssl_start(ngx_secops_redis_node_t *node);

/* NGX_OK: the server is the right one; NGX_AGAIN: nginx has set handlers of its
   own */

ngx_int_t ngx_secops_redis_ssl_handshake(ngx_secops_redis_node_t *node);
void ngx_secops_redis_ssl_shutdown(ngx_connection_t *c);

/* the session: before the node becomes another server's, or is freed */

void ngx_secops_redis_ssl_forget(ngx_secops_redis_node_t *node);


/* ngx_secops_redis_ping.c */

void ngx_secops_redis_ping_later(ngx_secops_redis_node_t *node);
void ngx_secops_redis_ping_handler(ngx_event_t *ev);


/* ngx_secops_redis_durability.c */

/* adds to the greeting what asks for the durability, at its end, and takes each
   of the replies; NGX_OK: this was the last one, NGX_AGAIN: it was not */

void ngx_secops_redis_greet_durability(ngx_secops_redis_node_t *node,
    secops_redis_resp_t *resp);
ngx_int_t ngx_secops_redis_greeted_durability(ngx_secops_redis_node_t *node);

/* before commands are written: has a barrier follow them if they need one;
   NGX_ERROR: no memory, the link must be closed */

ngx_int_t ngx_secops_redis_guard(ngx_secops_redis_node_t *node);

/* of each reply to a barrier: the number of the reply, and its values */

void ngx_secops_redis_judge(ngx_secops_redis_node_t *node, ngx_uint_t i,
    secops_redis_value_t *value);

/* the link is lost: its barrier, if there is one, goes to ended */

void ngx_secops_redis_end_barrier(ngx_secops_redis_node_t *node,
    ngx_queue_t *ended);

/* 1: the command was executed, and waits for the barrier */

ngx_uint_t ngx_secops_redis_hold(ngx_secops_redis_cmd_t *cmd,
    ngx_secops_redis_result_t *result);

/* ends the writes that wait, while the durability is not reached */

void ngx_secops_redis_refuse_durable(ngx_secops_redis_node_t *node);
void ngx_secops_redis_check_handler(ngx_event_t *ev);


/* ngx_secops_redis_pipeline.c */

ngx_int_t ngx_secops_redis_write(ngx_secops_redis_node_t *node);

/* nothing more is written to this link: what is left of its last record was
   never written */

void ngx_secops_redis_unwrite(ngx_secops_redis_node_t *node);
void ngx_secops_redis_write_handler(ngx_event_t *wev);
ngx_int_t ngx_secops_redis_process_reply(ngx_secops_redis_node_t *node);
ngx_uint_t ngx_secops_redis_drained(ngx_secops_redis_node_t *node);

/* the link answers what it was sent, and closes then; it may have nothing to
   answer: have the node settled */

void ngx_secops_redis_drain(ngx_secops_redis_node_t *node,
    secops_slice_t why);


/* ngx_secops_redis_queue.c */

void ngx_secops_redis_cmd_enter(ngx_secops_redis_node_t *node,
    ngx_secops_redis_cmd_t *cmd);
void ngx_secops_redis_cmd_leave(ngx_secops_redis_cmd_t *cmd);

/* 1: the command is beyond its time; one that was written is */

ngx_uint_t ngx_secops_redis_expired(ngx_secops_redis_cmd_t *cmd);
ngx_uint_t ngx_secops_redis_late(ngx_secops_redis_node_t *node);
void ngx_secops_redis_arm_deadline(ngx_secops_redis_node_t *node);

/* of what was not written, all that is expired, or all, goes to ended */

void ngx_secops_redis_take_waiting(ngx_secops_redis_node_t *node,
    ngx_queue_t *ended, ngx_uint_t expired);

/* of a command that is to be written again: as if it had never been */

void ngx_secops_redis_rewind(ngx_secops_redis_cmd_t *cmd);

/* calls the handler of a command that left its queue, or the handlers of those
   that did for this one; message: with NUL */

void ngx_secops_redis_end(ngx_secops_redis_cmd_t *cmd,
    ngx_secops_redis_result_t *result);
void ngx_secops_redis_end_all(ngx_queue_t *ended, u_char *message);


/* ngx_secops_redis_outcome.c: link->fault says why a link that was ready is
   lost, or why an attempt has failed */

void ngx_secops_redis_lost(ngx_secops_redis_node_t *node);
void ngx_secops_redis_unreachable(ngx_secops_redis_node_t *node);


/* ngx_secops_redis_reconnect.c */

/* link->fault; both return NGX_ERROR */

ngx_int_t ngx_secops_redis_fault(ngx_secops_redis_node_t *node,
    const char *text);
ngx_int_t ngx_secops_redis_fault_reply(ngx_secops_redis_node_t *node,
    secops_slice_t error);

/* 1: it should have a link, even if nothing is pending */

ngx_uint_t ngx_secops_redis_wanted(ngx_secops_redis_node_t *node);
void ngx_secops_redis_retry_now(ngx_secops_redis_node_t *node);
void ngx_secops_redis_retry_later(ngx_secops_redis_node_t *node);
void ngx_secops_redis_retry_lost(ngx_secops_redis_node_t *node,
    ngx_uint_t served, ngx_uint_t unwanted);
ngx_uint_t ngx_secops_redis_backing_off(ngx_secops_redis_node_t *node);
void ngx_secops_redis_report(ngx_secops_redis_node_t *node, ngx_uint_t level,
    const char *what);
void ngx_secops_redis_report_ready(ngx_secops_redis_node_t *node);


#endif /* _NGX_SECOPS_REDIS_INTERNAL_H_INCLUDED_ */
