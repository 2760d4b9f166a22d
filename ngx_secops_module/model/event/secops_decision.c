
/* Decisions; see secops_decision.h. */

#include "model/event/secops_decision.h"
#include "model/event/secops_job_label.h"


#define SECOPS_DECISION_WHOLE  10000        /* hundredths of a per cent */


/* the votes of a bucket, counted */

typedef struct {
    int64_t                votes;       /* that a consensus is made of */
    int64_t                lead;        /* ... of the label that has the most */
    size_t                 label;       /* its index */
    unsigned               tie:1;       /* 1: another label has as many */
    unsigned               model:1;     /* 1: there are trained votes */
    unsigned               all:1;       /* 1: there are any votes */
    unsigned               less:1;      /* 1: one that was trained is gone */
} secops_decision_count_t;


static const secops_job_facts_label_t *secops_decision_feedback(
    const secops_decision_case_t *of);
static const secops_job_facts_label_t *secops_decision_verdict(
    const secops_decision_case_t *of);
static int secops_decision_processed(const secops_decision_case_t *of);
static void secops_decision_count(secops_decision_count_t *count,
    const secops_decision_case_t *of);
static int secops_decision_leads(const secops_decision_count_t *count,
    const secops_decision_case_t *of);
static void secops_decision_consensus(secops_decision_t *decision,
    const secops_decision_count_t *count, const secops_decision_case_t *of);
static secops_decision_knowledge_e secops_decision_own(
    const secops_decision_case_t *of);
static secops_decision_knowledge_e secops_decision_others(
    const secops_decision_count_t *count, const secops_decision_case_t *of);


int
secops_decision_asks_bucket(const secops_decision_case_t *of)
{
    return of->facts->buckets && of->digest.len
           && secops_decision_feedback(of) == NULL;
}


int
secops_decision_asks_total(const secops_decision_case_t *of)
{
    secops_decision_count_t  count;

    if (!of->facts->auto_retrain || of->total >= of->facts->min_feedback
        || secops_decision_feedback(of) || secops_decision_verdict(of)
        || !secops_decision_processed(of))
    {
        return 0;
    }

    secops_decision_count(&count, of);

    return secops_decision_leads(&count, of);
}


void
secops_decide(secops_decision_t *decision, const secops_decision_case_t *of)
{
    secops_decision_count_t  count;

    memset(decision, 0, sizeof(secops_decision_t));

    decision->label = secops_decision_feedback(of);

    if (decision->label) {
        decision->by = SECOPS_DECISION_FEEDBACK;
        decision->score = SECOPS_DECISION_WHOLE;
        decision->known = 1;
        decision->knowledge = secops_decision_own(of);
        return;
    }

    secops_decision_count(&count, of);

    decision->known = count.all;
    decision->knowledge = secops_decision_others(&count, of);

    decision->label = secops_decision_verdict(of);

    if (decision->label) {
        decision->by = SECOPS_DECISION_PROCESSOR;
        decision->score = (unsigned) (of->verdict->confidence
                                      * SECOPS_DECISION_WHOLE + 0.5);
        return;
    }

    if (!secops_decision_processed(of)) {
        decision->pending = 1;
        return;
    }

    secops_decision_consensus(decision, &count, of);
}


/* NULL: none that counts */

static const secops_job_facts_label_t *
secops_decision_feedback(const secops_decision_case_t *of)
{
    if (of->feedback == NULL
        || !secops_slice_equal(of->feedback->digest, of->digest))
    {
        return NULL;
    }

    return secops_job_label_of(of->facts, of->feedback->label);
}


static const secops_job_facts_label_t *
secops_decision_verdict(const secops_decision_case_t *of)
{
    if (of->verdict == NULL || of->verdict->ingested != of->ingested) {
        return NULL;
    }

    return secops_job_label_of(of->facts, of->verdict->label);
}


/* the job was at work once the event was there.  What came in the millisecond
   in which it was stopped may have come after that, and waits */

static int
secops_decision_processed(const secops_decision_case_t *of)
{
    return of->facts->enabled
           || (of->facts->stopped_at && of->ingested < of->facts->stopped_at);
}


static void
secops_decision_count(secops_decision_count_t *count,
    const secops_decision_case_t *of)
{
    size_t   i;
    int64_t  all, votes;

    memset(count, 0, sizeof(secops_decision_count_t));

    if (of->bucket == NULL) {
        return;
    }

    for (i = 0; i < of->facts->nlabels && i < SECOPS_BUCKET_LABELS_MAX; i++) {

        all = of->bucket->model[i] + of->bucket->fresh[i];
        votes = of->facts->auto_retrain ? all : of->bucket->model[i];

        count->model |= (of->bucket->model[i] > 0);
        count->all |= (all > 0 || votes > 0);
        count->less |= (of->bucket->fresh[i] < 0);

        if (votes <= 0) {
            continue;
        }

        count->votes += votes;

        if (votes > count->lead) {
            count->lead = votes;
            count->label = i;
            count->tie = 0;

        } else if (votes == count->lead) {
            count->tie = 1;
        }
    }
}


/* a label of the bucket leads, and far enough */

static int
secops_decision_leads(const secops_decision_count_t *count,
    const secops_decision_case_t *of)
{
    return of->facts->consensus && count->lead && !count->tie
           && (double) count->lead * 100
              >= of->facts->confidence_threshold * (double) count->votes;
}


static void
secops_decision_consensus(secops_decision_t *decision,
    const secops_decision_count_t *count, const secops_decision_case_t *of)
{
    uint64_t  feedback;

    feedback = of->facts->auto_retrain ? of->total
                                       : of->facts->trained_feedback;

    if (feedback < of->facts->min_feedback
        || !secops_decision_leads(count, of))
    {
        return;
    }

    decision->by = SECOPS_DECISION_CONSENSUS;
    decision->label = &of->facts->labels[count->label];
    decision->score = (unsigned) ((2 * count->lead * SECOPS_DECISION_WHOLE
                                   + count->votes)
                                  / (2 * count->votes));
}


/* of an event with feedback of its own */

static secops_decision_knowledge_e
secops_decision_own(const secops_decision_case_t *of)
{
    const secops_feedback_t  *feedback;

    feedback = of->feedback;

    if (of->facts->auto_retrain
        || feedback->generation < of->facts->generation)
    {
        return SECOPS_DECISION_IN_MODEL;
    }

    if (feedback->model.len == 0) {
        return SECOPS_DECISION_PENDING;
    }

    if (secops_slice_equal(feedback->model, feedback->label)
        && secops_slice_equal(feedback->model_digest, feedback->digest))
    {
        return SECOPS_DECISION_IN_MODEL;
    }

    return SECOPS_DECISION_RETRAIN;
}


/* of an event that has only what was said of its bucket's others */

static secops_decision_knowledge_e
secops_decision_others(const secops_decision_count_t *count,
    const secops_decision_case_t *of)
{
    if (of->facts->auto_retrain) {
        return count->all ? SECOPS_DECISION_IN_MODEL : SECOPS_DECISION_UNVOTED;
    }

    if (count->less) {
        return SECOPS_DECISION_RETRAIN;
    }

    if (count->model) {
        return SECOPS_DECISION_IN_MODEL;
    }

    return count->all ? SECOPS_DECISION_PENDING : SECOPS_DECISION_UNVOTED;
}


const char *
secops_decision_status(const secops_decision_t *decision)
{
    return decision->pending ? "pending_inference" : "OK";
}


const char *
secops_decision_bucket_state(const secops_decision_t *decision)
{
    return decision->known ? "known" : "new";
}
