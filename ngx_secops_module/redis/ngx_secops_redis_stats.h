
/*
 * What a client knows about the servers that it talks to: their state and
 * their counters, of this worker, since it began.  To be read only: by the
 * health check, by a metrics page.
 */

#ifndef _NGX_SECOPS_REDIS_STATS_H_INCLUDED_
#define _NGX_SECOPS_REDIS_STATS_H_INCLUDED_


#include "redis/ngx_secops_redis.h"
#include "redis/resp/secops_redis_error.h"


typedef struct {
    ngx_uint_t                  commands;       /* that were sent */
    ngx_uint_t                  replies;
    ngx_uint_t                  answered;       /* commands: all of a group of
                                                   commands is one */
    ngx_msec_t                  latency;        /* of these, all together */
    ngx_uint_t                  timeouts;       /* links closed for one */
    ngx_uint_t                  attempts;       /* to get a link */
    ngx_uint_t                  links;          /* that became ready */
    ngx_uint_t                  barriers;       /* see durability */
    ngx_uint_t                  shortfalls;     /* of these: not reached */
    uint64_t                    bytes_out;
    uint64_t                    bytes_in;
    ngx_uint_t                  errors[SECOPS_REDIS_ERRORS_MAX];  /* replies, by
                                                   secops_redis_error_index() */
} ngx_secops_redis_stats_t;


/* valid until the next event; the texts have no NUL */

typedef struct {
    ngx_str_t                       name;       /* as in the log */
    ngx_str_t                       address;    /* of its link; empty: none */
    ngx_uint_t                      ready;      /* 1: it has a link, and writes
                                                   can become durable */
    ngx_str_t                       fault;      /* why it is not; may be
                                                   empty */
    ngx_uint_t                      share;      /* its number, by which
                                                   ngx_secops_redis_share()
                                                   knows it */
    ngx_uint_t                      pending;    /* commands */
    const ngx_secops_redis_stats_t  *stats;
} ngx_secops_redis_server_t;


/*
 * The server after *walk, which is NULL at first and then this function's own.
 * Of a cluster: the masters of the present map.  NGX_DONE: there is none.
 */

ngx_int_t ngx_secops_redis_server_next(ngx_secops_redis_t *redis,
    void **walk, ngx_secops_redis_server_t *server);


/* into the log, once in a worker's life: what its counters came to, a line for
   each server that it had to do with */

void ngx_secops_redis_log_stats(ngx_secops_redis_t *redis);


/* 1: a cluster at present has slots that no server is known for */

ngx_uint_t ngx_secops_redis_holes(ngx_secops_redis_t *redis);


#endif /* _NGX_SECOPS_REDIS_STATS_H_INCLUDED_ */
