
/*
 * Whether a job runs, and when it was trained: members of its stored document
 * that only those who start, stop and train jobs write.  They stay when the job
 * is overwritten, and but for the status they are not shown by the Resources
 * API.  Pure C.
 *
 *     status                         "ENABLED": it runs; "DISABLED": it rests
 *     stopped_at                     when it was stopped last, in milliseconds
 *                                    since the epoch
 *     generation                     how often it was trained
 *     trained_feedback               how many events had feedback when it was
 *                                    trained last
 *     last_train_start_timestamp,    RFC 3339
 *     last_train_finished_timestamp
 */

#ifndef _SECOPS_JOB_STATE_H_INCLUDED_
#define _SECOPS_JOB_STATE_H_INCLUDED_


#include <stdint.h>

#include <jansson.h>


/*
 * Changes the document, an object.  Times are milliseconds since the epoch;
 * feedback is how many of the job's events have feedback.  1: it was changed;
 * 0: it is so already, nothing was changed; -1: no memory, it may be changed in
 * part.
 */

int secops_job_start(json_t *document);
int secops_job_stop(json_t *document, uint64_t now);
int secops_job_train(json_t *document, uint64_t now, uint64_t feedback);


/* JSON Pointers of what each of them changes, with a comma between two */

#define SECOPS_JOB_START_MEMBERS  "/status"
#define SECOPS_JOB_STOP_MEMBERS   "/status,/stopped_at"
#define SECOPS_JOB_TRAIN_MEMBERS                                              \
    "/generation,/trained_feedback,/last_train_start_timestamp,"              \
    "/last_train_finished_timestamp"


#endif /* _SECOPS_JOB_STATE_H_INCLUDED_ */
