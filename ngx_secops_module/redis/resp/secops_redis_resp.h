
/*
 * Writes Redis commands in RESP: "*argc", then "$len", bytes for each
 * argument, into a buffer that grows.  Several commands may follow one another
 * in it; they travel, and are answered, together.
 *
 * A fault (no memory, more or fewer arguments than announced) is remembered:
 * secops_redis_resp_complete() tells it once at the end.  One argument too few
 * would put every reply of a pipelined link out of step, so it is never let
 * through.
 *
 * Pure C: no nginx.  The buffer is malloc'ed and owned by the struct, but for
 * the one that secops_redis_resp_borrow() is given.
 */

#ifndef _SECOPS_REDIS_RESP_H_INCLUDED_
#define _SECOPS_REDIS_RESP_H_INCLUDED_


#include <stddef.h>


typedef struct {
    unsigned char        *data;
    size_t                len;
    size_t                capacity;

    size_t                commands;     /* begun */
    size_t                missing;      /* arguments of the last one to come */
    size_t                effect;       /* while fewer bytes than this were
                                           written, Redis has executed nothing;
                                           0: not known yet */

    unsigned              named:1;      /* the last one's first argument came */
    unsigned              multi:1;      /* between MULTI and EXEC */
    unsigned              transaction:1;   /* MULTI is the first command */
    unsigned              failed:1;
    unsigned              borrowed:1;   /* data is the caller's */
} secops_redis_resp_t;


/* 0, or -1: no memory for size bytes */

int secops_redis_resp_init(secops_redis_resp_t *resp, size_t size);

/* as above, into the caller's data[0..size), which must outlive resp; what does
   not fit moves to a buffer of its own */

void secops_redis_resp_borrow(secops_redis_resp_t *resp, void *data,
    size_t size);

void secops_redis_resp_free(secops_redis_resp_t *resp);


void secops_redis_resp_begin(secops_redis_resp_t *resp, size_t argc);
void secops_redis_resp_arg(secops_redis_resp_t *resp, const void *data,
    size_t len);


/* call once after the last argument; 0: the bytes may be sent; -1: not */

int secops_redis_resp_complete(secops_redis_resp_t *resp);


#endif /* _SECOPS_REDIS_RESP_H_INCLUDED_ */
