
/*
 * What a worker remembers of the lists of records that it writes to: when it
 * last gave one its expiry, and when it last had one shed, that is, had entries
 * of records that are gone taken from its tail.  So both are done as seldom as
 * they may be.
 *
 * The memory is one table of a fixed size, SECOPS_RETENTION_LISTS lists.  One
 * that it forgets gets its expiry with its next record, which costs a little
 * and does no harm.  Nobody else knows what is in it: another worker, or this
 * one after a restart, does the same work again.
 *
 * Times are milliseconds of any clock that does not go back, from 1000 on.
 * Pure C.
 */

#ifndef _SECOPS_RETENTION_H_INCLUDED_
#define _SECOPS_RETENTION_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>


/* places of a list, and of all: a list has a choice of the former */

#define SECOPS_RETENTION_WAYS   4
#define SECOPS_RETENTION_SETS   2048
#define SECOPS_RETENTION_LISTS  (SECOPS_RETENTION_SETS * SECOPS_RETENTION_WAYS)


/* entries that are shed at once, at most: Redis needs less than a millisecond
   for as many */

#define SECOPS_RETENTION_BATCH  500


/* what a write to a list is to be followed by */

#define SECOPS_RETENTION_RENEW  0x01    /* it gets its expiry */
#define SECOPS_RETENTION_SHED   0x02    /* it is shed */


/* the times of lists whose records are kept for so long */

typedef struct {
    int64_t   list;     /* seconds: the expiry that a list is given */
    uint32_t  renew;    /* seconds: it is renewed when that is as old */
    uint32_t  shed;     /* milliseconds: it is shed when these have passed */
} secops_retention_times_t;


/*
 * Of a list's number the upper half is kept; the lower half says which set it
 * is in.  So of a billion lists that are new, one is taken for another list of
 * its set, and has no expiry until it is renewed.  A set is 64 bytes, a line of
 * the processor's cache.
 */

typedef struct {
    uint32_t  list;
    uint32_t  renewed;  /* seconds; 0: there is no list */
    uint32_t  shed;     /* milliseconds, modulo 2^32 */
    uint16_t  written;  /* entries since it was shed, 65535 at most */
    uint16_t  more;     /* 1: there were more to shed then */
} secops_retention_place_t;


/* zeroed at first */

typedef struct {
    secops_retention_place_t  places[SECOPS_RETENTION_SETS]
                                    [SECOPS_RETENTION_WAYS]
                                    __attribute__((aligned(64)));
} secops_retention_t;


void secops_retention_times(secops_retention_times_t *times,
    int64_t retention);


/* a list's number: of a part of its key, and of where, which is the number of
   the parts before it; the first of these is that of the Redis */

uint64_t secops_retention_list(const unsigned char *key, size_t len,
    uint64_t where);


/*
 * n entries are added to a list: SECOPS_RETENTION_* that is to be done, which
 * counts as done from now on.  at_once: 1: a list that is not known is shed,
 * too; 0: it is known from now on, and shed later.
 */

unsigned secops_retention_written(secops_retention_t *memory, uint64_t list,
    uint64_t now, const secops_retention_times_t *times, unsigned n,
    unsigned at_once);


/* a list was shed; more: 1: as many as may be at once, there may be others */

void secops_retention_found(secops_retention_t *memory, uint64_t list,
    unsigned more);


#endif /* _SECOPS_RETENTION_H_INCLUDED_ */
