
/*
 * What the files of the Redis transport share; nobody else includes it.
 *
 * A client (ngx_secops_redis_t) owns two queues of commands, one timer for
 * their deadlines, and at most one link.  A link is one attempt to reach
 * Redis and, if that succeeds, the connection: it is born by
 * ngx_secops_redis_connect() and dies in ngx_secops_redis_close().
 *
 *   CLOSED      no link; the retry timer is armed unless the worker is exiting
 *   RESOLVING   waits for the resolver
 *   CONNECTING  waits for connect() to one address after another
 *   HANDSHAKE   waits for the replies to AUTH, SELECT, PING
 *   READY       commands are written, replies are matched
 *   DRAINING    Redis said that this link is of no use at present: nothing
 *               more is written, it closes when the last reply has come
 *
 * Only event handlers (read, write, the three events of the client, the
 * resolver's) close a link.  What is called from a command's handler (create,
 * send, cancel) changes queues and posts events, nothing else, so a link and
 * its reply are safe while handlers run.
 */

#ifndef _NGX_SECOPS_REDIS_INTERNAL_H_INCLUDED_
#define _NGX_SECOPS_REDIS_INTERNAL_H_INCLUDED_


#include <ngx_event_connect.h>

#include "redis/ngx_secops_redis.h"
#include "redis/ngx_secops_redis_reply.h"
#include "redis/secops_redis_resp.h"


typedef enum {
    NGX_SECOPS_REDIS_CLOSED = 0,
    NGX_SECOPS_REDIS_RESOLVING,
    NGX_SECOPS_REDIS_CONNECTING,
    NGX_SECOPS_REDIS_HANDSHAKE,
    NGX_SECOPS_REDIS_READY,
    NGX_SECOPS_REDIS_DRAINING
} ngx_secops_redis_state_e;


typedef enum {
    NGX_SECOPS_REDIS_CMD_NEW = 0,       /* the caller's */
    NGX_SECOPS_REDIS_CMD_WAITING,       /* in redis->waiting: no byte of it was
                                           written to the present link */
    NGX_SECOPS_REDIS_CMD_SENT,          /* in redis->sent */
    NGX_SECOPS_REDIS_CMD_DONE           /* its outcome is known, its handler is
                                           about to run or running */
} ngx_secops_redis_cmd_state_e;


/*
 * Created by ngx_secops_redis_cmd_create(), malloc'ed, freed by _cmd_free(),
 * by a send that fails, or after its handler has returned.  A command that was
 * cancelled after it was written stays as a tombstone without a handler until
 * its replies have come or the link is gone.
 */

struct ngx_secops_redis_cmd_s {
    ngx_queue_t                   queue;
    ngx_secops_redis_t           *redis;

    ngx_secops_redis_handler_pt   handler;      /* NULL: a tombstone */
    void                         *data;

    secops_redis_resp_t           resp;         /* kept to the end, for a
                                                   replay */
    size_t                        written;      /* of resp.len */
    ngx_uint_t                    replies;      /* of resp.commands */
    ngx_str_t                     error;        /* the first error reply,
                                                   malloc'ed, or empty */

    ngx_msec_t                    start;
    ngx_msec_t                    deadline;

    ngx_secops_redis_cmd_state_e  state;
    ngx_secops_redis_status_e     status;       /* as far as it is known */

    unsigned                      replay:1;
    unsigned                      executed:1;   /* a reply shows that some part
                                                   took effect */
    unsigned                      unsure:1;     /* a link died with it: whatever
                                                   comes of a replay, it may
                                                   have been executed */
};


/* takes the next reply of the link; NGX_ERROR: the link must be closed, and
   link->fault says why */

typedef ngx_int_t (*ngx_secops_redis_process_pt)(ngx_secops_redis_t *redis);


typedef struct {
    ngx_pool_t                   *pool;         /* the link itself is in it */
    ngx_log_t                     log;          /* of the socket and the pool:
                                                   names Redis in each line */

    ngx_addr_t                   *addrs;
    ngx_uint_t                    naddrs;
    ngx_uint_t                    tried;        /* each once per attempt */

    ngx_peer_connection_t         peer;         /* .connection: the socket, or
                                                   NULL */
    u_char                       *buffer;       /* for reading */
    ngx_secops_redis_reply_t      reply;
    ngx_secops_redis_process_pt   process;

    secops_redis_resp_t           greeting;     /* AUTH, SELECT, PING; wiped as
                                                   soon as it was written */
    size_t                        greeted;

    u_char                        fault[128];   /* why it closes, with NUL */
    ngx_msec_t                    ready;        /* since */
    unsigned                      served:1;     /* answered a command */
} ngx_secops_redis_link_t;


typedef struct {
    ngx_uint_t                    commands;
    ngx_uint_t                    replies;
    ngx_uint_t                    errors;
    ngx_uint_t                    timeouts;
    ngx_uint_t                    connects;
    uint64_t                      bytes_out;
    uint64_t                      bytes_in;
} ngx_secops_redis_stats_t;


struct ngx_secops_redis_s {

    /* three pointers and a number first, as in ngx_connection_t: the debug log
       takes the data of any event for one, see ngx_event_ident() */

    ngx_secops_redis_link_t      *link;         /* NULL: CLOSED */
    ngx_resolver_ctx_t           *resolving;    /* in RESOLVING only */
    ngx_log_t                    *log;
    ngx_socket_t                  ident;

    ngx_secops_redis_conf_t       conf;
    ngx_secops_redis_state_e      state;

    /* both in the order of sending, so by deadline; all of sent is older than
       all of waiting; only the last of sent may be written in part */

    ngx_queue_t                   sent;
    ngx_queue_t                   waiting;

    ngx_uint_t                    pending;      /* commands in both queues */
    size_t                        bytes;        /* and their bytes */

    ngx_event_t                   deadline;     /* of the oldest pending one or
                                                   earlier; cancelable while
                                                   none is pending */
    ngx_event_t                   flush;        /* posted: once per turn */
    ngx_event_t                   retry;        /* cancelable */

    ngx_uint_t                    failures;     /* attempts, in a row */
    ngx_uint_t                    flaps;        /* links, in a row, that became
                                                   ready and were lost without
                                                   having served */
    ngx_uint_t                    address;      /* the one that worked last */
    u_char                        fault[128];   /* of the last link, with NUL */

    ngx_secops_redis_stats_t      stats;

    unsigned                      overdue:1;    /* the deadline is over, its
                                                   timer runs a last time */
    unsigned                      down:1;       /* the log was told so */
    unsigned                      told:1;       /* and that it is for fault */
};


/* ngx_secops_redis_client.c */

void ngx_secops_redis_cmd_leave(ngx_secops_redis_cmd_t *cmd);
void ngx_secops_redis_settle(ngx_secops_redis_t *redis);


/* ngx_secops_redis_conn.c */

void ngx_secops_redis_connect(ngx_secops_redis_t *redis);
void ngx_secops_redis_connect_next(ngx_secops_redis_t *redis);
void ngx_secops_redis_broken(ngx_secops_redis_t *redis);
void ngx_secops_redis_close(ngx_secops_redis_t *redis);
void ngx_secops_redis_read_handler(ngx_event_t *rev);

/* reads what is there, and has it processed; NGX_ERROR: call _broken() */

ngx_int_t ngx_secops_redis_read(ngx_secops_redis_t *redis);

ngx_int_t ngx_secops_redis_fault(ngx_secops_redis_t *redis, const char *text);


/* ngx_secops_redis_handshake.c */

ngx_int_t ngx_secops_redis_handshake(ngx_secops_redis_t *redis);


/* ngx_secops_redis_pipeline.c */

ngx_int_t ngx_secops_redis_write(ngx_secops_redis_t *redis);
void ngx_secops_redis_write_handler(ngx_event_t *wev);
ngx_int_t ngx_secops_redis_process_reply(ngx_secops_redis_t *redis);
ngx_uint_t ngx_secops_redis_drained(ngx_secops_redis_t *redis);


/* ngx_secops_redis_outcome.c */

void ngx_secops_redis_answered(ngx_secops_redis_cmd_t *cmd);
void ngx_secops_redis_lost(ngx_secops_redis_t *redis);
void ngx_secops_redis_unreachable(ngx_secops_redis_t *redis);
void ngx_secops_redis_arm_deadline(ngx_secops_redis_t *redis);
void ngx_secops_redis_deadline_handler(ngx_event_t *ev);


/* ngx_secops_redis_reconnect.c */

void ngx_secops_redis_retry_handler(ngx_event_t *ev);
void ngx_secops_redis_retry_now(ngx_secops_redis_t *redis);
void ngx_secops_redis_retry_later(ngx_secops_redis_t *redis);
void ngx_secops_redis_retry_lost(ngx_secops_redis_t *redis, ngx_uint_t served,
    ngx_uint_t unwanted);
ngx_uint_t ngx_secops_redis_backing_off(ngx_secops_redis_t *redis);
void ngx_secops_redis_report(ngx_secops_redis_t *redis, ngx_uint_t level,
    const char *what);
void ngx_secops_redis_report_ready(ngx_secops_redis_t *redis);


#endif /* _NGX_SECOPS_REDIS_INTERNAL_H_INCLUDED_ */
