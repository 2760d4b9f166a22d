
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
 * Times are milliseconds of any clock that does not go back.  Pure C.
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
    uint64_t  renew;    /* that must be younger than this */
    uint64_t  shed;     /* it is shed when this has passed */
} secops_retention_times_t;


typedef struct {
    uint64_t  list;     /* 0: none */
    uint64_t  renewed;
    uint64_t  shed;
    uint32_t  written;  /* entries since it was shed */
    uint32_t  more;     /* 1: there were more to shed then */
} secops_retention_place_t;


/* zeroed at first */

typedef struct {
    secops_retention_place_t  places[SECOPS_RETENTION_SETS]
                                    [SECOPS_RETENTION_WAYS];
} secops_retention_t;


void secops_retention_times(secops_retention_times_t *times,
    int64_t retention);


/* how a list is told from others: by its key, and by a number that says in
   which Redis it is.  Never 0 */

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
