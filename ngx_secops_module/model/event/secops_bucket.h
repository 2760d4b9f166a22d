
/*
 * Buckets: the events of a job that have the same values at its decision
 * points, and the votes of analysts on them.
 *
 * A decision point is a path: names with dots between them, which lead through
 * objects only.  A name in an event may have dots of its own: the shortest
 * that leads somewhere is taken.  What the path leads to is the value, whatever
 * its type: an array or an object as a whole, with its members in any order.
 * Numbers are the same if their values are (1, 1.0, 1e0), strings if their
 * characters are, however they are escaped.  That there is no value counts as a
 * value, and null is another one.
 *
 * Votes are of two kinds.  Those that there were at the last training are in
 * the model.  The others are fresh: what has changed since, which for a label
 * may be fewer than before.  A training makes no one write all buckets.  The
 * job counts its trainings, a bucket has the number of the one that it knows
 * of, and whoever finds an older number in a bucket adds what is fresh to what
 * is in the model: secops_bucket_train() when it is read, the script when a
 * vote is given.
 *
 * Pure C.
 */

#ifndef _SECOPS_BUCKET_H_INCLUDED_
#define _SECOPS_BUCKET_H_INCLUDED_


#include "model/event/secops_job_facts.h"
#include "model/json/secops_json.h"


/* hexadecimal digits; the first one is the shard */

#define SECOPS_BUCKET_DIGEST_LEN  32

/* labels of a job, as its schema has it; those beyond get no votes here */

#define SECOPS_BUCKET_LABELS_MAX  100


/* by the index of the job's label.  Votes for labels that the job has no more
   are passed over */

typedef struct {
    uint64_t               generation;  /* of the job, that it knows of */
    int64_t                model[SECOPS_BUCKET_LABELS_MAX];
    int64_t                fresh[SECOPS_BUCKET_LABELS_MAX];
} secops_bucket_t;


/*
 * What is done for one event is bounded, whatever it is and however many points
 * there are: the members that are looked at to find the values, with the bytes
 * of the names that are looked for; and the bytes of the values, with 64 for
 * each value in them.  Each takes some milliseconds at most.
 */

#define SECOPS_BUCKET_LOOKUPS     500000
#define SECOPS_BUCKET_VALUES      (256 * 1024)

#define SECOPS_BUCKET_FAILED      (-1)      /* no memory */
#define SECOPS_BUCKET_LARGE       (-2)      /* it would be more than that */


/*
 * The digest of the values that the object at token i has at these points.
 * Returns how many of the points have a value, or one of these.  The order of
 * the points matters: secops_bucket_sort() them once, so that it does not
 * matter in which order a job names them.
 */

int secops_bucket_digest(const secops_json_t *json, uint32_t i,
    const secops_slice_t *points, size_t npoints,
    unsigned char digest[SECOPS_BUCKET_DIGEST_LEN]);

void secops_bucket_sort(secops_slice_t *points, size_t npoints);


/*
 * A bucket as it is stored: begin, then each field of its hash in any order,
 * then train.  A field or a value that is none of a bucket's is passed over.
 */

void secops_bucket_begin(secops_bucket_t *bucket);
void secops_bucket_field(secops_bucket_t *bucket,
    const secops_job_facts_t *facts, secops_slice_t name,
    secops_slice_t value);
void secops_bucket_train(secops_bucket_t *bucket,
    const secops_job_facts_t *facts);


#endif /* _SECOPS_BUCKET_H_INCLUDED_ */
