
/*
 * Redis Cluster, as far as it is text: the hash slot of a key, the reply to
 * CLUSTER SLOTS, and the errors by which a node sends a client to another one.
 *
 * A server's address is taken as it was announced.  It may be nonsense: what
 * can not be an address is refused here, and never looked up.
 *
 * Pure C: no nginx, no allocation.  All slices are views into what was given.
 */

#ifndef _SECOPS_REDIS_SLOTS_H_INCLUDED_
#define _SECOPS_REDIS_SLOTS_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include "redis/resp/secops_redis_value.h"


#define SECOPS_REDIS_SLOTS        16384
#define SECOPS_REDIS_SLOTS_NODES  1000
#define SECOPS_REDIS_HOST_MAX     255


/* the slot of a key: of what is between its first "{" and the next "}", unless
   that is nothing; else of all of it */

unsigned secops_redis_slot(const unsigned char *key, size_t len);


/* host: a name or a literal address, without brackets; empty: the one of the
   server that said it */

typedef struct {
    secops_slice_t             host;
    unsigned                   port;
} secops_redis_address_t;


typedef struct {
    secops_redis_address_t     masters[SECOPS_REDIS_SLOTS_NODES];
    size_t                     nmasters;
    unsigned                   covered;     /* slots that have a master */
    unsigned                   unusable;    /* slots whose master has no address
                                               that could be one */
    uint16_t                   owners[SECOPS_REDIS_SLOTS];  /* index of the
                                               master plus one; 0: none */
} secops_redis_slots_t;


/*
 * Reads the reply to CLUSTER SLOTS, n values.  NULL: done; else why it is
 * none, static text, and slots must not be used.  Values whose next is wrong
 * are noticed.
 */

const char *secops_redis_slots_read(secops_redis_slots_t *slots,
    const secops_redis_value_t *values, size_t n);


/* "MOVED 3999 127.0.0.1:6381" or "ASK ...": 0; anything else: -1 */

typedef struct {
    int                        ask;
    unsigned                   slot;
    secops_redis_address_t     address;
} secops_redis_redirect_t;

int secops_redis_redirect_read(secops_redis_redirect_t *redirect,
    secops_slice_t message);


/* 1: the text may be a host: letters, digits, ".", "-", "_", ":", "%" */

int secops_redis_host_valid(secops_slice_t host);


#endif /* _SECOPS_REDIS_SLOTS_H_INCLUDED_ */
