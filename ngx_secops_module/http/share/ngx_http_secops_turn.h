
/*
 * Turns: of what takes much memory, a worker does no more than some at a time
 * for one domain.  Others look again, after a pause, whether it is their turn.
 */

#ifndef _NGX_HTTP_SECOPS_TURN_H_INCLUDED_
#define _NGX_HTTP_SECOPS_TURN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "store/secops_keys.h"


/* how often to look, in milliseconds, and how many times, until it is too long
   for a client to wait */

#define NGX_HTTP_SECOPS_TURN_WAIT   50
#define NGX_HTTP_SECOPS_TURN_WAITS  400


/* of one kind of requests, in this worker: static, zeroed */

typedef struct {
    ngx_queue_t                 queue;      /* of those that have theirs */
} ngx_http_secops_turns_t;


/* one request's; zeroed, and ended with its request */

typedef struct {
    ngx_queue_t                 queue;
    const secops_keyspace_t    *space;      /* of its domain; borrowed.  NULL:
                                               it is not its turn */
} ngx_http_secops_turn_t;


/* 1: it is its turn, of which there are so many for a domain, until it ends */

ngx_uint_t ngx_http_secops_turn_take(ngx_http_secops_turns_t *turns,
    ngx_http_secops_turn_t *turn, const secops_keyspace_t *space,
    ngx_uint_t max);

void ngx_http_secops_turn_end(ngx_http_secops_turn_t *turn);


#endif /* _NGX_HTTP_SECOPS_TURN_H_INCLUDED_ */
