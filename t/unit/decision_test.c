
/*
 * Decisions: who decides on an event, in which order, from when on and until
 * when; what is stored of it, and how it is answered.
 */

#include "model/event/secops_decision.h"
#include "secops_tap.h"


static secops_job_facts_label_t  labels[] = {
    { secops_slice("label_0"), secops_slice("Escalate") },
    { secops_slice("label_1"), secops_slice("Dr\"op") },
    { secops_slice("label_2"), secops_slice("Investigate") }
};

static const secops_slice_t    none = secops_slice("");
static const secops_slice_t    digest = secops_slice("d1");

static secops_job_facts_t      facts;
static secops_bucket_t         bucket;
static secops_feedback_t       feedback;
static secops_verdict_t        verdict;
static secops_decision_case_t  of;
static secops_decision_t       decision;


/* a started job with enough feedback, and an event of a bucket without votes */

static void
begin(void)
{
    memset(&facts, 0, sizeof(secops_job_facts_t));
    memset(&feedback, 0, sizeof(secops_feedback_t));
    memset(&verdict, 0, sizeof(secops_verdict_t));
    memset(&of, 0, sizeof(secops_decision_case_t));

    secops_bucket_begin(&bucket);

    facts.enabled = 1;
    facts.buckets = 1;
    facts.consensus = 1;
    facts.min_feedback = 10;
    facts.trained_feedback = 10;
    facts.confidence_threshold = 80;
    facts.generation = 3;
    facts.labels = labels;
    facts.nlabels = 3;

    feedback.label = labels[1].id;
    feedback.digest = digest;
    feedback.generation = 3;
    feedback.model = none;
    feedback.model_digest = none;

    verdict.label = labels[2].id;
    verdict.confidence = 0.93456;
    verdict.ingested = 1000;

    of.facts = &facts;
    of.ingested = 1000;
    of.digest = digest;
    of.bucket = &bucket;
}


static void
votes(int64_t escalate, int64_t drop, int64_t investigate)
{
    bucket.model[0] = escalate;
    bucket.model[1] = drop;
    bucket.model[2] = investigate;
}


static void
is(secops_decision_by_e by, int label, unsigned score, const char *name)
{
    secops_decide(&decision, &of);

    if (!ok(decision.by == by
            && decision.label == (label < 0 ? NULL : &labels[label])
            && decision.score == score, "%s", name))
    {
        printf("# by %d, label %d, score %u\n", (int) decision.by,
               decision.label ? (int) (decision.label - labels) : -1,
               decision.score);
    }
}


static void
test_order(void)
{
    begin();
    is(SECOPS_DECISION_NONE, -1, 0, "without votes there is no decision");

    votes(0, 0, 5);
    is(SECOPS_DECISION_CONSENSUS, 2, 10000, "all votes for one label");

    of.verdict = &verdict;
    is(SECOPS_DECISION_PROCESSOR, 2, 9346, "a processor comes before");
    ok(secops_decision_asks_bucket(&of), "... but its votes are told");

    of.feedback = &feedback;
    is(SECOPS_DECISION_FEEDBACK, 1, 10000, "an analyst comes first");
    ok(!secops_decision_asks_bucket(&of), "... and then no votes are read");

    of.ingested = 1001;
    is(SECOPS_DECISION_FEEDBACK, 1, 10000,
       "feedback counts for the same values in another event");

    of.digest = slice("d2");
    is(SECOPS_DECISION_CONSENSUS, 2, 10000,
       "after the event was replaced by another one, neither counts");

    of.ingested = 1000;
    is(SECOPS_DECISION_PROCESSOR, 2, 9346, "one on this very event does");

    facts.nlabels = 2;
    is(SECOPS_DECISION_NONE, -1, 0, "a label that the job has no more decides "
       "nothing");

    of.digest = digest;
    facts.nlabels = 1;
    is(SECOPS_DECISION_NONE, -1, 0, "... and feedback with it does neither");
}


static void
test_consensus(void)
{
    begin();

    votes(4, 1, 0);
    is(SECOPS_DECISION_CONSENSUS, 0, 8000, "the threshold is reached");
    votes(79, 20, 1);
    is(SECOPS_DECISION_NONE, -1, 0, "it is not reached");
    votes(3, 3, 0);
    facts.confidence_threshold = 0;
    is(SECOPS_DECISION_NONE, -1, 0, "a tie is no consensus");
    votes(3, 3, 4);
    is(SECOPS_DECISION_CONSENSUS, 2, 4000, "a tie behind the leader is none");
    votes(4, 3, 3);
    is(SECOPS_DECISION_CONSENSUS, 0, 4000, "... wherever they stand");
    votes(2, 1, 0);
    facts.confidence_threshold = 66.66;
    is(SECOPS_DECISION_CONSENSUS, 0, 6667, "two thirds are more than 66.66");
    facts.confidence_threshold = 66.67;
    is(SECOPS_DECISION_NONE, -1, 0, "... and less than 66.67");

    begin();
    votes(5, 0, 0);
    facts.trained_feedback = 9;
    is(SECOPS_DECISION_NONE, -1, 0, "too little trained feedback");
    facts.trained_feedback = 10;
    facts.consensus = 0;
    is(SECOPS_DECISION_NONE, -1, 0, "a job without its processor");
    ok(decision.known, "its bucket is known nevertheless");
    facts.consensus = 1;
    bucket.fresh[0] = -5;
    bucket.fresh[1] = 9;
    is(SECOPS_DECISION_CONSENSUS, 0, 10000, "fresh votes do not count");
    ok(!secops_decision_asks_total(&of), "how much there is, is known");

    facts.auto_retrain = 1;
    ok(secops_decision_asks_total(&of), "with auto_retrain it is not");
    of.total = 9;
    is(SECOPS_DECISION_NONE, -1, 0, "... with which it is the sum that counts");
    of.total = 10;
    is(SECOPS_DECISION_CONSENSUS, 1, 10000, "... and all votes");
    ok(!secops_decision_asks_total(&of), "a sum that suffices is enough");

    of.total = 0;
    bucket.fresh[2] = 9;
    ok(!secops_decision_asks_total(&of), "nor is one without a leader");
    bucket.fresh[2] = 0;
    of.verdict = &verdict;
    ok(!secops_decision_asks_total(&of), "nor when a processor has decided");
    of.verdict = NULL;
    of.feedback = &feedback;
    ok(!secops_decision_asks_total(&of), "nor when an analyst has");
}


static void
test_pending(void)
{
    begin();
    votes(5, 0, 0);

    facts.enabled = 0;
    is(SECOPS_DECISION_NONE, -1, 0, "a job that was never started");
    ok(decision.pending, "... leaves its events pending");
    ok(!secops_decision_asks_total(&of), "... and no sum is asked for");

    facts.stopped_at = 999;
    secops_decide(&decision, &of);
    ok(decision.pending, "an event that came after the job was stopped");

    facts.stopped_at = 1000;
    secops_decide(&decision, &of);
    ok(decision.pending, "one that came in that millisecond");

    facts.stopped_at = 1001;
    is(SECOPS_DECISION_CONSENSUS, 0, 10000, "an event that came before that");
    ok(!decision.pending, "... was processed");

    facts.stopped_at = 0;
    of.verdict = &verdict;
    secops_decide(&decision, &of);
    ok(!decision.pending, "nothing is pending that a processor has decided");

    of.verdict = NULL;
    of.feedback = &feedback;
    secops_decide(&decision, &of);
    ok(!decision.pending, "nor what an analyst has");
}


static void
knows(int known, secops_decision_knowledge_e knowledge, const char *name)
{
    secops_decide(&decision, &of);

    if (!ok((int) decision.known == known && decision.knowledge == knowledge,
            "%s", name))
    {
        printf("# known %d, knowledge %d\n", (int) decision.known,
               (int) decision.knowledge);
    }
}


static void
test_knowledge(void)
{
    begin();
    knows(0, SECOPS_DECISION_UNVOTED, "a bucket without votes");

    of.bucket = NULL;
    knows(0, SECOPS_DECISION_UNVOTED, "no bucket");

    of.bucket = &bucket;
    bucket.fresh[1] = 1;
    knows(1, SECOPS_DECISION_PENDING, "votes since the last training");

    bucket.model[0] = 2;
    knows(1, SECOPS_DECISION_IN_MODEL, "others were trained");

    bucket.fresh[0] = -2;
    knows(1, SECOPS_DECISION_RETRAIN, "what was trained was changed");

    facts.auto_retrain = 1;
    knows(1, SECOPS_DECISION_IN_MODEL, "with auto_retrain all is in the model");

    bucket.fresh[1] = 0;
    knows(0, SECOPS_DECISION_UNVOTED, "... but for what is gone");

    begin();
    of.feedback = &feedback;
    knows(1, SECOPS_DECISION_PENDING, "feedback since the last training");

    feedback.model = labels[0].id;
    feedback.model_digest = digest;
    knows(1, SECOPS_DECISION_RETRAIN, "feedback that changes a trained one");

    feedback.model = labels[1].id;
    knows(1, SECOPS_DECISION_IN_MODEL, "... and that changes it back");

    feedback.model_digest = slice("d0");
    knows(1, SECOPS_DECISION_RETRAIN, "the trained one was for other values");

    facts.generation = 4;
    knows(1, SECOPS_DECISION_IN_MODEL, "feedback that was trained");

    facts.generation = 3;
    facts.auto_retrain = 1;
    knows(1, SECOPS_DECISION_IN_MODEL, "with auto_retrain all of it is");
}


static void
test_stored(void)
{
    secops_verdict_t   v;
    secops_feedback_t  f;

    is_int(secops_feedback_read(&f, slice("{\"n\":\"1764439454123456\","
               "\"label\":\"label_1\",\"digest\":\"d1\",\"old\":\"d0\","
               "\"user\":\"a\\\"b\",\"notes\":\"n\",\"gen\":\"12\","
               "\"open\":\"1\","
               "\"model\":\"label_0\",\"model_digest\":\"d9\",\"x\":[{}]}")),
           -1, "feedback with what is none of it");

    is_int(secops_feedback_read(&f, slice("{\"n\":\"1764439454123456\","
               "\"label\":\"label_1\",\"digest\":\"d1\",\"old\":\"d0\","
               "\"user\":\"a\\\"b\",\"notes\":\"n\",\"gen\":\"12\","
               "\"open\":\"1\","
               "\"model\":\"label_0\",\"model_digest\":\"d9\",\"x\":[]}")),
           0, "feedback as it is stored");
    is_int((long long) f.n, 1764439454123456LL, "when it was given");
    is_int((long long) f.generation, 12, "trainings before it");
    is_str(f.label.data, f.label.len, "label_1", "its label");
    is_str(f.digest.data, f.digest.len, "d1", "its bucket");
    is_str(f.old.data, f.old.len, "d0", "the bucket before");
    is_str(f.user.data, f.user.len, "a\\\"b", "the user, as it stands there");
    is_str(f.notes.data, f.notes.len, "n", "notes");
    is_str(f.model.data, f.model.len, "label_0", "what was trained");
    is_str(f.model_digest.data, f.model_digest.len, "d9", "... and where");
    is_int(f.open, 1, "it is open");

    is_int(secops_feedback_read(&f, slice("{\"n\":\"1\",\"label\":7}")), 0,
           "feedback that lacks what it should have");
    is_int((long long) f.label.len, 0, "has no label");
    is_int(f.open, 0, "... and is not open");
    is_int(secops_feedback_read(&f, slice("[]")), -1, "an array is none");
    is_int(secops_feedback_read(&f, slice("{")), -1, "what is no JSON is none");

    is_int(secops_verdict_read(&v, slice("{\"label\":\"label_2\","
               "\"confidence\":0.25,\"ingest_timestamp\":1764439454123,"
               "\"user\":\"w\"}")), 0, "what a processor decided");
    is_str(v.label.data, v.label.len, "label_2", "its label");
    ok(v.confidence == 0.25, "its confidence");
    is_int((long long) v.ingested, 1764439454123LL, "which event it is about");
    is_int(secops_verdict_read(&v, slice("{\"confidence\":1e9}")), 0,
           "a confidence that can not be");
    ok(v.confidence == 1, "... is all that can be");
    is_int(secops_verdict_read(&v, slice("7")), -1, "a number is no decision");
}


static void
writes(unsigned score, const char *expected)
{
    secops_text_t  text;

    memset(&text, 0, sizeof(secops_text_t));

    decision.score = score;
    secops_decision_write(&decision, slice("e\\\"1"), 1764439454007ULL, &text);
    is_str(text.data, text.len, expected, "an answer");

    secops_text_free(&text);
}


static void
test_written(void)
{
    memset(&decision, 0, sizeof(secops_decision_t));

    decision.pending = 1;
    writes(0, "\"event_id\":\"e\\\"1\","
           "\"ingest_timestamp\":\"2025-11-29T18:04:14.007000Z\","
           "\"status\":\"pending_inference\",\"result\":\"\","
           "\"result_label\":\"\",\"error_message\":\"\","
           "\"bucket_state\":\"new\",\"knowledge_base_state\":\"\","
           "\"confidence_score\":0,\"confidence_level\":0,"
           "\"outlier\":false,\"is_duplicated\":false");

    decision.pending = 0;
    decision.known = 1;
    decision.knowledge = SECOPS_DECISION_IN_MODEL;
    decision.label = &labels[1];
    writes(8643, "\"event_id\":\"e\\\"1\","
           "\"ingest_timestamp\":\"2025-11-29T18:04:14.007000Z\","
           "\"status\":\"OK\",\"result\":\"label_1\","
           "\"result_label\":\"Dr\\\"op\",\"error_message\":\"\","
           "\"bucket_state\":\"known\",\"knowledge_base_state\":\"In model\","
           "\"confidence_score\":86.43,\"confidence_level\":0.8643,"
           "\"outlier\":false,\"is_duplicated\":false");

    decision.knowledge = SECOPS_DECISION_RETRAIN;
    writes(10000, "\"event_id\":\"e\\\"1\","
           "\"ingest_timestamp\":\"2025-11-29T18:04:14.007000Z\","
           "\"status\":\"OK\",\"result\":\"label_1\","
           "\"result_label\":\"Dr\\\"op\",\"error_message\":\"\","
           "\"bucket_state\":\"known\",\"knowledge_base_state\":\"Retrain\","
           "\"confidence_score\":100,\"confidence_level\":1,"
           "\"outlier\":false,\"is_duplicated\":false");

    decision.knowledge = SECOPS_DECISION_PENDING;
    writes(6050, "\"event_id\":\"e\\\"1\","
           "\"ingest_timestamp\":\"2025-11-29T18:04:14.007000Z\","
           "\"status\":\"OK\",\"result\":\"label_1\","
           "\"result_label\":\"Dr\\\"op\",\"error_message\":\"\","
           "\"bucket_state\":\"known\",\"knowledge_base_state\":\"Pending\","
           "\"confidence_score\":60.5,\"confidence_level\":0.605,"
           "\"outlier\":false,\"is_duplicated\":false");
}


int
main(void)
{
    secops_json_seed(1);

    test_order();
    test_consensus();
    test_pending();
    test_knowledge();
    test_stored();
    test_written();

    return tap_done();
}
