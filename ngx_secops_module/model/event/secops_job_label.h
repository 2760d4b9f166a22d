
/*
 * Which of a job's labels a word of an analyst or of a processor means.  In
 * this order, and the first label that fits:
 *
 *     its name, exactly; its name in any case of A to Z;
 *     label_N, its id; class_N, as others spell the same id;
 *     drop_alert and escalate_alert: the label that is named Drop or Escalate.
 *
 * Pure C.
 */

#ifndef _SECOPS_JOB_LABEL_H_INCLUDED_
#define _SECOPS_JOB_LABEL_H_INCLUDED_


#include "model/event/secops_job_facts.h"
#include "util/secops_text.h"


/* NULL: none of the labels.  Borrowed from the facts */

const secops_job_facts_label_t *secops_job_label(
    const secops_job_facts_t *facts, secops_slice_t word);


/* the label with this id, which is how labels are stored; NULL: the job does
   not have it, or not any more */

const secops_job_facts_label_t *secops_job_label_of(
    const secops_job_facts_t *facts, secops_slice_t id);


/* the names of all labels, for a message: "Escalate", "Drop".  Without memory
   the text says that it failed */

void secops_job_label_names(const secops_job_facts_t *facts,
    secops_text_t *text);


#endif /* _SECOPS_JOB_LABEL_H_INCLUDED_ */
