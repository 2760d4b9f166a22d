
/*
 * Jobs as the clients of /api/v1 see them, written of their stored documents.
 * What does not stand in a document, how many events a job has and how many of
 * them have feedback, is counted elsewhere.  Pure C.
 */

#ifndef _SECOPS_JOB_VIEW_H_INCLUDED_
#define _SECOPS_JOB_VIEW_H_INCLUDED_


#include <stdint.h>

#include <jansson.h>

#include "util/secops_text.h"


/* of all shards together; times are milliseconds since the epoch, 0: there was
   nothing yet */

typedef struct {
    uint64_t  processed;        /* events that are stored */
    uint64_t  feedback;         /* ... and have feedback */
    uint64_t  last_processed;   /* the time when the last one came */
    uint64_t  last_feedback;
} secops_job_counts_t;


/* adds what one shard has */

void secops_job_counts_add(secops_job_counts_t *sum,
    const secops_job_counts_t *shard);


/*
 * Appends the job, but for what is counted: without its end.  The document must
 * be an object with a title, as secops_resource_stored_title() finds it, and id
 * is what it is stored by, in digits.  Then the end, of at most
 * SECOPS_JOB_COUNTS_MAX bytes, to dst; returns the byte after it.
 *
 * Members that clients require are there whatever the document has, each with
 * its own type: text is never null.
 */

#define SECOPS_JOB_COUNTS_MAX  320

void secops_job_view_write(secops_text_t *text, secops_slice_t id,
    const json_t *document);
unsigned char *secops_job_view_counts(unsigned char *dst,
    const secops_job_counts_t *counts);


/* appends an array of the names of the job's labels, in their order */

void secops_job_view_labels(secops_text_t *text, const json_t *document);


#endif /* _SECOPS_JOB_VIEW_H_INCLUDED_ */
