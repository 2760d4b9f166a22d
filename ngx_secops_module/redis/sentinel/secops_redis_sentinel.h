
/*
 * Redis Sentinel, as far as it is text: the name of a master, an address that
 * a sentinel announces, the message by which it tells of a switch.
 *
 * A sentinel passes on what a server said of itself, or what somebody
 * configured: it may be nonsense.  What can not be an address is refused here,
 * and never looked up.
 *
 * Pure C: no nginx, no allocation.
 */

#ifndef _SECOPS_REDIS_SENTINEL_H_INCLUDED_
#define _SECOPS_REDIS_SENTINEL_H_INCLUDED_


#include "util/secops_slice.h"


/* of a master's name and of a host */
#define SECOPS_REDIS_SENTINEL_NAME_MAX  128
#define SECOPS_REDIS_SENTINEL_HOST_MAX  253


typedef struct {
    secops_slice_t   host;      /* a view: a literal address without brackets,
                                   or a name */
    unsigned         port;
} secops_redis_announced_t;


/*
 * An address as a sentinel announces it, in two texts.  NULL: it is one; else
 * why it can not be, static text, and announced is not to be used.
 */

const char *secops_redis_announced(secops_redis_announced_t *announced,
    secops_slice_t host, secops_slice_t port);


/* 1: a sentinel would take it for the name of a master */

int secops_redis_is_master_name(secops_slice_t name);


/* 1: a message of the channel +switch-master is about this master */

int secops_redis_has_switched(secops_slice_t message, secops_slice_t master);


#endif /* _SECOPS_REDIS_SENTINEL_H_INCLUDED_ */
