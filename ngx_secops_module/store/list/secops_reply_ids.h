
/*
 * What the scripts that read lists of records answer, from values to what they
 * mean; as in store/secops_reply.h nothing in a reply is believed.  Pure C.
 */

#ifndef _SECOPS_REPLY_IDS_H_INCLUDED_
#define _SECOPS_REPLY_IDS_H_INCLUDED_


#include <stdint.h>

#include "redis/resp/secops_redis_value.h"
#include "util/secops_id.h"


/* an array of ids in a reply */

typedef struct {
    const secops_redis_value_t  *values;
    size_t                       n;
} secops_reply_id_list_t;


/* of secops_script_ids */

typedef struct {
    uint64_t                     total;     /* entries of the list */
    int64_t                      rank;      /* of these, how many come before
                                               the id; -1: there was none */
    uint64_t                     begin;     /* ... before the first of ids;
                                               total at most */
    secops_reply_id_list_t       ids;       /* as they stand in the list, max
                                               at most */
} secops_reply_ids_t;


/* n is the number of values, at least 1; max is how many ids were asked for.
   -1: this is no such reply */

int secops_reply_ids(secops_reply_ids_t *reply,
    const secops_redis_value_t *values, size_t n, size_t max);

/* writes ids, SECOPS_ID_LEN bytes each, the last one first if reverse is 1 */

void secops_reply_ids_copy(unsigned char *dst,
    const secops_reply_id_list_t *ids, int reverse);


/* of secops_script_scan: the marks are SECOPS_REPLY_MARKS at most, and if any
   are left, there is one before */

#define SECOPS_REPLY_MARKS   8
#define SECOPS_REPLY_PASSED  3000   /* entries, beside those asked for */

typedef struct {
    uint64_t                     left;      /* entries that are to be read */
    uint64_t                     passed;    /* ... and that were: max at
                                               most, and SECOPS_REPLY_PASSED */
    secops_reply_id_list_t       before;    /* marks */
    secops_reply_id_list_t       after;
    secops_reply_id_list_t       ids;       /* max at most */
} secops_reply_scan_t;

int secops_reply_scan(secops_reply_scan_t *reply,
    const secops_redis_value_t *values, size_t n, size_t max);


/* the marks of a scan, one after the other; zeroed at first */

typedef struct {
    size_t                       nbefore;
    size_t                       nafter;
    unsigned char                ids[2 * SECOPS_REPLY_MARKS * SECOPS_ID_LEN];
} secops_reply_marks_t;

/* takes those of a step.  A step of large documents has few entries: then marks
   of the steps before it stay */

void secops_reply_marks_take(secops_reply_marks_t *marks,
    const secops_reply_scan_t *reply);


/* of secops_script_documents, or of MGET: how many documents there are, from
   values[1] on, each a STRING or NIL.  -1: this is no such reply, or there are
   more than max, or fewer than min */

int64_t secops_reply_documents(const secops_redis_value_t *values, size_t n,
    size_t min, size_t max);


#endif /* _SECOPS_REPLY_IDS_H_INCLUDED_ */
