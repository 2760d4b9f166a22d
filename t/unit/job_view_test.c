
/*
 * Jobs as the clients of /api/v1 see them, and the members of their documents
 * that starting, stopping and training write.
 */

#include <stdlib.h>

#include "model/event/secops_job_state.h"
#include "model/event/secops_job_view.h"
#include "model/json/secops_json_dump.h"
#include "model/json/secops_json_tree.h"
#include "secops_tap.h"


#define NOW  1796010000123                      /* milliseconds */
#define TIME  "2026-11-30T03:40:00.123000Z"


static json_t *
document_of(const char *text)
{
    const char  *reason;

    return secops_json_tree_of(slice(text), &reason);
}


static void
is_written(secops_text_t *text, const char *expected, const char *name)
{
    is_str(text->data, text->len, expected, name);
    ok(!text->failed, "... with memory");

    secops_text_free(text);
}


static void
is_shown(const char *stored, const secops_job_counts_t *counts,
    const char *expected, const char *name)
{
    json_t         *document;
    secops_text_t   text;
    unsigned char  *end, tail[SECOPS_JOB_COUNTS_MAX];

    memset(&text, 0, sizeof(secops_text_t));

    document = document_of(stored);

    secops_job_view_write(&text, slice("1001"), document);

    end = secops_job_view_counts(tail, counts);
    secops_text_append(&text, secops_slice_bytes(tail, (size_t) (end - tail)));

    json_decref(document);

    is_written(&text, expected, name);
}


static void
is_labelled(const char *stored, const char *expected, const char *name)
{
    json_t         *document;
    secops_text_t   text;

    memset(&text, 0, sizeof(secops_text_t));

    document = document_of(stored);
    secops_job_view_labels(&text, document);
    json_decref(document);

    is_written(&text, expected, name);
}


static void
test_view(void)
{
    secops_job_counts_t  counts;

    memset(&counts, 0, sizeof(secops_job_counts_t));

    is_shown("{\"title\":\"a \\\"b\\\"\"}", &counts,
             "{\"job_id\":1001,\"title\":\"a \\\"b\\\"\",\"category\":\"\","
             "\"data_type\":\"\",\"status\":\"DISABLED\",\"labels\":[],"
             "\"features\":[],\"retrain_state\":null,\"retrain_msg\":null,"
             "\"invalid\":false,\"last_train_start_timestamp\":null,"
             "\"last_train_finished_timestamp\":null,"
             "\"processed_documents_count\":0,\"feedback_documents_count\":0,"
             "\"last_processed_timestamp\":null,"
             "\"last_feedback_timestamp\":null}",
             "what a document lacks is there with its type");

    is_shown("{\"title\":null,\"category\":1,\"status\":{},"
             "\"advanced_settings\":7,\"decision_points\":null}", &counts,
             "{\"job_id\":1001,\"title\":\"\",\"category\":\"\","
             "\"data_type\":\"\",\"status\":\"DISABLED\",\"labels\":[],"
             "\"features\":[],\"retrain_state\":null,\"retrain_msg\":null,"
             "\"invalid\":false,\"last_train_start_timestamp\":null,"
             "\"last_train_finished_timestamp\":null,"
             "\"processed_documents_count\":0,\"feedback_documents_count\":0,"
             "\"last_processed_timestamp\":null,"
             "\"last_feedback_timestamp\":null}",
             "... also when it has something else there");

    counts.processed = UINT64_MAX;
    counts.feedback = UINT64_MAX;
    counts.last_processed = 253402300799999;
    counts.last_feedback = NOW;

    is_shown("{\"title\":\"Triage\",\"category\":\"Decision intelligence\","
             "\"status\":\"ENABLED\",\"decision_points\":[\"a.b\",\"\\u00e4\"],"
             "\"advanced_settings\":{\"custom_labels\":[{\"id\":\"label_2\","
             "\"name\":\"Drop\"},{\"id\":\"label_0\",\"name\":\"E\\u0001\"}]},"
             "\"last_train_start_timestamp\":\"" TIME "\","
             "\"last_train_finished_timestamp\":\"" TIME "\","
             "\"generation\":3,\"trained_feedback\":4,\"stopped_at\":5}",
             &counts,
             "{\"job_id\":1001,\"title\":\"Triage\","
             "\"category\":\"Decision intelligence\",\"data_type\":\"\","
             "\"status\":\"ENABLED\",\"labels\":[\"Drop\",\"E\\u0001\"],"
             "\"features\":[\"a.b\",\"\xc3\xa4\"],\"retrain_state\":null,"
             "\"retrain_msg\":null,\"invalid\":false,"
             "\"last_train_start_timestamp\":\"" TIME "\","
             "\"last_train_finished_timestamp\":\"" TIME "\","
             "\"processed_documents_count\":18446744073709551615,"
             "\"feedback_documents_count\":18446744073709551615,"
             "\"last_processed_timestamp\":\"9999-12-31T23:59:59.999000Z\","
             "\"last_feedback_timestamp\":\"" TIME "\"}",
             "a job that was trained, with the largest numbers");
}


static void
test_labels(void)
{
    is_labelled("{}", "[]", "no labels");
    is_labelled("{\"advanced_settings\":{\"custom_labels\":[{\"name\":\"b\"},"
                "{\"name\":\"a\"},7,{\"name\":null},{},{\"name\":\"\"}]}}",
                "[\"b\",\"a\",\"\"]",
                "names of labels in their order; what has none is left out");
}


static void
test_counts(void)
{
    secops_job_counts_t  sum;

    static const secops_job_counts_t  shards[] = {
        { 3, 1, 500, 0 }, { 0, 0, 0, 0 }, { 4, 2, 400, 90 }
    };

    memset(&sum, 0, sizeof(secops_job_counts_t));

    secops_job_counts_add(&sum, &shards[0]);
    secops_job_counts_add(&sum, &shards[1]);
    secops_job_counts_add(&sum, &shards[2]);

    is_int((long long) sum.processed, 7, "what shards have is added");
    is_int((long long) sum.feedback, 3, "... of feedback too");
    is_int((long long) sum.last_processed, 500, "the last time of them all");
    is_int((long long) sum.last_feedback, 90, "... of feedback too");
}


static void
is_document(const json_t *document, const char *expected, const char *name)
{
    secops_text_t  text;

    memset(&text, 0, sizeof(secops_text_t));

    secops_json_dump(&text, document);

    is_written(&text, expected, name);
}


static void
test_state(void)
{
    json_t  *document;

    document = document_of("{\"title\":\"a\"}");

    is_int(secops_job_start(document), 1, "a job is started");
    is_int(secops_job_start(document), 0, "... and again, which is no change");
    is_document(document, "{\"title\":\"a\",\"status\":\"ENABLED\"}",
                "it runs");

    is_int(secops_job_stop(document, NOW), 1, "it is stopped");
    is_int(secops_job_stop(document, NOW + 1), 0, "... and again");
    is_document(document, "{\"title\":\"a\",\"status\":\"DISABLED\","
                "\"stopped_at\":1796010000123}",
                "it rests, from the first time on");

    is_int(secops_job_start(document), 1, "it is started");
    is_document(document, "{\"title\":\"a\",\"status\":\"ENABLED\","
                "\"stopped_at\":1796010000123}",
                "it stays known when it rested last");

    is_int(secops_job_train(document, NOW, 12), 1, "it is trained");
    is_int(secops_job_train(document, NOW, 15), 1, "... each time");
    is_document(document, "{\"title\":\"a\",\"status\":\"ENABLED\","
                "\"stopped_at\":1796010000123,\"generation\":2,"
                "\"trained_feedback\":15,"
                "\"last_train_start_timestamp\":\"" TIME "\","
                "\"last_train_finished_timestamp\":\"" TIME "\"}",
                "how often, of how much feedback, and when");

    json_decref(document);

    document = document_of("{\"status\":7,\"generation\":\"x\"}");

    is_int(secops_job_stop(document, NOW), 1,
           "a status that makes no sense is none");
    is_int(secops_job_train(document, NOW, 0), 1, "nor is such a number");
    is_int(json_integer_value(json_object_get(document, "generation")), 1,
           "... it is counted from the beginning");

    json_decref(document);
}


int
main(void)
{
    test_view();
    test_labels();
    test_counts();
    test_state();

    return tap_done();
}
