
/*
 * Record ids: 32 lower case hexadecimal digits, of which
 *
 *     1   is the shard, so that a record is found by its id alone,
 *     12  are the time in milliseconds, so that ids sort by age in a shard,
 *     19  are random (76 bits), so that nobody can guess one.
 *
 * Pure C with OpenSSL's random generator.
 */

#ifndef _SECOPS_ID_H_INCLUDED_
#define _SECOPS_ID_H_INCLUDED_


#include <stdint.h>

#include "util/secops_slice.h"


#define SECOPS_ID_LEN     32
#define SECOPS_ID_SHARDS  16


/*
 * A process' stock of random bytes: asking the generator for many at once
 * costs far less than asking for each id.  Zeroed at first; never to be shared
 * by a fork: make no id in a process that forks.
 */

typedef struct {
    unsigned char  bytes[1000];
    size_t         left;
} secops_id_stock_t;


/* 0: made; -1: the random generator failed, there is no id */

int secops_id_make(secops_id_stock_t *stock, unsigned shard, uint64_t msec,
    unsigned char id[SECOPS_ID_LEN]);


/* a request's id, in the form of nginx's own: 32 lower case hexadecimal digits,
   all of them random; -1: the random generator failed */

int secops_id_request(secops_id_stock_t *stock,
    unsigned char id[SECOPS_ID_LEN]);


/* a random shard, for a record that is about nothing in particular; -1: the
   random generator failed */

int secops_id_random_shard(secops_id_stock_t *stock);


/* the value of a lower case hexadecimal digit */

static inline unsigned
secops_id_digit(unsigned char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}


/* the shard of an id, or -1 when it is none */

int secops_id_shard(secops_slice_t id);


#endif /* _SECOPS_ID_H_INCLUDED_ */
