
/*
 * Record ids: 32 lower case hexadecimal digits, of which
 *
 *     12  are the time in milliseconds, so that ids sort by age,
 *     1   is the shard, so that a record is found by its id alone,
 *     3   count the ids that a process makes in a millisecond, so that they
 *         sort in the order in which it made them,
 *     16  are random (64 bits), so that nobody can guess one.
 *
 * Ids that were made before this form begin with the shard, and the time
 * follows it.  They stay good.  The two forms cannot be confused: the time of a
 * new id begins with "0" and a digit that is not "0", from 2004 until 2527.  An
 * old id of shard 0 begins with "00".
 *
 * Pure C with OpenSSL's random generator.
 */

#ifndef _SECOPS_ID_H_INCLUDED_
#define _SECOPS_ID_H_INCLUDED_


#include <stdint.h>
#include <string.h>

#include "util/secops_slice.h"


#define SECOPS_ID_LEN     32
#define SECOPS_ID_SHARDS  16

/* the times that a new id can have, in milliseconds */

#define SECOPS_ID_MSEC_MIN  0x010000000000ULL
#define SECOPS_ID_MSEC_MAX  0x0fffffffffffULL


/* so many ids of a millisecond sort in the order in which they were made; of
   more than that, the further ones have the same count */

#define SECOPS_ID_COUNT   4096


/*
 * A process' stock of random bytes: asking the generator for many at once
 * costs far less than asking for each id.  Zeroed at first; never to be shared
 * by a fork: make no id in a process that forks.
 */

typedef struct {
    unsigned char  bytes[1000];
    size_t         left;
    uint64_t       msec;        /* of the last id that was made, */
    unsigned       count;       /* and how many there were of it before */
} secops_id_stock_t;


/* 0: made; -1: the random generator failed, there is no id.  A time that an id
   cannot have, of a clock that is wrong, becomes the nearest one that it can */

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


/* 1: its shard comes before its time */

static inline unsigned
secops_id_old(const unsigned char id[SECOPS_ID_LEN])
{
    return id[0] != '0' || id[1] == '0';
}


/* the shard of what is known to be an id */

static inline unsigned
secops_id_known_shard(const unsigned char id[SECOPS_ID_LEN])
{
    return secops_id_digit(id[secops_id_old(id) ? 0 : 12]);
}


/* the time of what is known to be an id, in milliseconds */

uint64_t secops_id_msec(const unsigned char id[SECOPS_ID_LEN]);


/* what no id of this time or a later one comes before.  It is no record's */

void secops_id_least(uint64_t msec, unsigned char id[SECOPS_ID_LEN]);


/* the order of a table's records: by time, then by the ids' bytes.  Below 0:
   one is older, or comes first; 0: they are the same */

int secops_id_compare(const unsigned char one[SECOPS_ID_LEN],
    const unsigned char two[SECOPS_ID_LEN]);


#endif /* _SECOPS_ID_H_INCLUDED_ */
