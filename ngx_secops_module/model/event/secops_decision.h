
/*
 * What is known of an event's label at the moment when it is read, and so never
 * out of date.  The first of these that there is:
 *
 *     the feedback of an analyst on this event;
 *     what a processor outside decided on it;
 *     the consensus of its bucket: the label that leads among the votes in the
 *     model, when its share of them reaches confidence_threshold, no other
 *     label has as many, and the job's trained feedback reaches min_feedback.
 *     With auto_retrain all votes and all feedback count at once.
 *
 * Feedback counts as long as the event has the values at the decision points
 * that it was given for: until it is replaced by another one.  What a processor
 * decided counts until the event is replaced at all.  Neither does when the job
 * has its label no more.
 *
 * An event is pending while nobody has processed it: while there is nothing of
 * the first two, and the job rests since before the event came.
 *
 * Pure C.
 */

#ifndef _SECOPS_DECISION_H_INCLUDED_
#define _SECOPS_DECISION_H_INCLUDED_


#include "model/event/secops_bucket.h"
#include "model/event/secops_job_facts.h"
#include "util/secops_text.h"


/*
 * Feedback as it is stored, by feedback.lua: a JSON object of strings.  All
 * slices lie in it; user and notes are as between the quotes of a JSON string.
 */

typedef struct {
    uint64_t               n;           /* when it was given, in microseconds
                                           since the epoch; a later one has
                                           always more */
    secops_slice_t         label;       /* its id */
    secops_slice_t         digest;      /* of the bucket that has the vote */
    secops_slice_t         old;         /* of the one that had it before, if
                                           that is another */
    secops_slice_t         user;        /* the analyst */
    secops_slice_t         notes;
    uint64_t               generation;  /* trainings of the job so far */
    secops_slice_t         model;       /* the event's vote that was trained:
                                           its label; empty: there was none */
    secops_slice_t         model_digest;    /* ... and its bucket */
    unsigned               open:1;      /* 1: the votes may not be up to date,
                                           as feedback.lua tells */
} secops_feedback_t;


/* what a processor decided, as it is stored by decide.lua: a JSON object with
   the members label, confidence and ingest_timestamp, and others */

typedef struct {
    secops_slice_t         label;       /* its id */
    double                 confidence;  /* 0 to 1 */
    uint64_t               ingested;    /* of the event that it is about,
                                           milliseconds since the epoch */
} secops_verdict_t;


/* what there is to decide on; all of it borrowed */

typedef struct {
    const secops_job_facts_t  *facts;
    uint64_t                   ingested;    /* of the event, milliseconds since
                                               the epoch */
    secops_slice_t             digest;      /* of its bucket; empty: none */
    const secops_feedback_t   *feedback;    /* NULL: none */
    const secops_verdict_t    *verdict;     /* NULL: none */
    const secops_bucket_t     *bucket;      /* after secops_bucket_train();
                                               NULL: without votes */
    uint64_t                   total;       /* with auto_retrain: feedback that
                                               the job has, at least */
} secops_decision_case_t;


typedef enum {
    SECOPS_DECISION_NONE = 0,
    SECOPS_DECISION_FEEDBACK,
    SECOPS_DECISION_PROCESSOR,
    SECOPS_DECISION_CONSENSUS
} secops_decision_by_e;


typedef enum {
    SECOPS_DECISION_UNVOTED = 0,        /* there are no votes */
    SECOPS_DECISION_PENDING,            /* ... none that was trained */
    SECOPS_DECISION_IN_MODEL,
    SECOPS_DECISION_RETRAIN             /* one that was trained was changed */
} secops_decision_knowledge_e;


typedef struct {
    unsigned                         pending:1;
    unsigned                         known:1;   /* the bucket has votes */
    secops_decision_by_e             by;
    secops_decision_knowledge_e      knowledge;
    const secops_job_facts_label_t  *label;     /* NULL: none */
    unsigned                         score;     /* hundredths of a per cent */
} secops_decision_t;


/* 0: read; -1: this is none */

int secops_feedback_read(secops_feedback_t *feedback, secops_slice_t stored);
int secops_verdict_read(secops_verdict_t *verdict, secops_slice_t stored);


/* 1: votes of the bucket have a say, so that it is to be read first.  It is not
   when the event's own feedback says all */

int secops_decision_asks_bucket(const secops_decision_case_t *of);

/* 1: how much feedback the job has decides, and the total that is given does
   not suffice: there may be more by now */

int secops_decision_asks_total(const secops_decision_case_t *of);


void secops_decide(secops_decision_t *decision,
    const secops_decision_case_t *of);


/* "OK" or "pending_inference"; and "new" or "known" */

const char *secops_decision_status(const secops_decision_t *decision);
const char *secops_decision_bucket_state(const secops_decision_t *decision);


/*
 * Appends the members of the answer, without the braces around them:
 * "event_id":…,"ingest_timestamp":… to "is_duplicated":….  None of them is
 * null.  id is the event's, as between the quotes of a JSON string.
 */

void secops_decision_write(const secops_decision_t *decision,
    secops_slice_t id, uint64_t ingested, secops_text_t *text);


#endif /* _SECOPS_DECISION_H_INCLUDED_ */
