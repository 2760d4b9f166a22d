
/*
 * One order of ids out of several lists that are each nearly in this order.
 *
 *     secops_merge_init(&merge, nruns, oldest);
 *
 *     for ( ;; ) {
 *         rc = secops_merge_next(&merge, &id);
 *
 *         1   id is the next one, of the run merge.last
 *         0   there is no more
 *         -1  secops_merge_add() some to each run of which
 *             secops_merge_is_wanting() is 1
 *     }
 *
 * In a list an entry may stand some places from where its id belongs: clocks of
 * machines differ, and writes are some time on their way, those of a large
 * batch longer than others.  So of a run that has not ended ids are held back:
 * SECOPS_MERGE_DISORDER at least, and as many as are of SECOPS_MERGE_TIME, but
 * SECOPS_MERGE_MOST at most.  Of what is out of order by more than that nothing
 * is lost: it comes at a wrong place.
 *
 * Pure C, no allocation: the memory of runs is the caller's.
 */

#ifndef _SECOPS_MERGE_H_INCLUDED_
#define _SECOPS_MERGE_H_INCLUDED_


#include "util/secops_id.h"


#define SECOPS_MERGE_RUNS      SECOPS_ID_SHARDS
#define SECOPS_MERGE_DISORDER  32
#define SECOPS_MERGE_TIME      50       /* milliseconds */
#define SECOPS_MERGE_MOST      1024


typedef struct {
    unsigned char        *ids;          /* in order, SECOPS_ID_LEN bytes each */
    size_t                capacity;     /* for so many ids */
    size_t                first;        /* of those not taken yet */
    size_t                n;            /* the end of these */
    int                   ended;        /* 1: no more will come */
} secops_merge_run_t;


typedef struct {
    secops_merge_run_t    runs[SECOPS_MERGE_RUNS];
    unsigned              nruns;
    int                   oldest;       /* 1: the oldest first; 0: the newest */

    unsigned              last;         /* the run of the id taken last */
    int                   ready;        /* 1: order is that of the runs */
    unsigned              order[SECOPS_MERGE_RUNS];
    unsigned              norder;       /* by their next ids */
} secops_merge_t;


/* nruns is SECOPS_MERGE_RUNS at most; no run has memory, or any ids */

void secops_merge_init(secops_merge_t *merge, unsigned nruns, int oldest);


/* gives a run memory for so many ids, more than it has; those that were not
   taken yet move there */

void secops_merge_memory(secops_merge_t *merge, unsigned run,
    unsigned char *ids, size_t capacity);


/* the ids that a run has and were not taken yet */

size_t secops_merge_left(const secops_merge_t *merge, unsigned run);


/* the next n ids of a list, for which the run has memory beside those that it
   has left; ended: 1: these were the last */

void secops_merge_add(secops_merge_t *merge, unsigned run,
    const unsigned char *ids, size_t n, int ended);


/* 1: an id, valid until memory or ids are added; 0: all runs have ended; -1:
   runs are wanting */

int secops_merge_next(secops_merge_t *merge, const unsigned char **id);

/* 1: of this run more ids must come before the next one is known */

int secops_merge_is_wanting(const secops_merge_t *merge, unsigned run);


#endif /* _SECOPS_MERGE_H_INCLUDED_ */
