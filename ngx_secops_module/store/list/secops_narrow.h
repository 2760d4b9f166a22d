
/*
 * Finds a place far inside of several lists as if they were one, in the order
 * of ids, by samples of each: without reading what is before it.
 *
 *     secops_narrow_init(&narrow, nlists, oldest, target);
 *
 *     for each list: secops_narrow_sample(&narrow, i, low, high), and into
 *         lists[i].ids so many of its ids: of the entries from low to high the
 *         first, and each lists[i].step-th after it
 *
 *     secops_narrow_round(&narrow);
 *
 * The first samples are of whole lists, from 0 to the number of their entries,
 * the next ones from lists[i].low to lists[i].high as they are by then; until
 * narrow.width is small enough, or does not become less.  Then, if found is 1,
 * pivot is an id that target ids or fewer come before, and hardly fewer than
 * target less width.
 *
 * Samples need not all be of the same moment: what is found is an estimate,
 * from which on ids are counted.  Pure C, no allocation.
 */

#ifndef _SECOPS_NARROW_H_INCLUDED_
#define _SECOPS_NARROW_H_INCLUDED_


#include "store/list/secops_merge.h"


#define SECOPS_NARROW_SAMPLES  64       /* of a list in one round, at most */


/* of a list; entries are counted in the order of reading */

typedef struct {
    uint64_t              low;          /* entries before this one come before
                                           the place, */
    uint64_t              high;         /* those from this one on do not */
    uint64_t              step;
    size_t                nsamples;
    unsigned char         ids[SECOPS_NARROW_SAMPLES * SECOPS_ID_LEN];
} secops_narrow_list_t;


typedef struct {
    secops_narrow_list_t  lists[SECOPS_MERGE_RUNS];
    unsigned              nlists;
    int                   oldest;       /* 1: the oldest first; 0: the newest */
    uint64_t              target;

    uint64_t              width;        /* entries from low to high, of all */
    int                   found;
    unsigned char         pivot[SECOPS_ID_LEN];
} secops_narrow_t;


/* nlists is SECOPS_MERGE_RUNS at most */

void secops_narrow_init(secops_narrow_t *narrow, unsigned nlists, int oldest,
    uint64_t target);


/* what is to be sampled: sets low, high, step and nsamples of a list */

void secops_narrow_sample(secops_narrow_t *narrow, unsigned list, uint64_t low,
    uint64_t high);


/* all lists have their samples: moves low, high, width and pivot */

void secops_narrow_round(secops_narrow_t *narrow);


#endif /* _SECOPS_NARROW_H_INCLUDED_ */
