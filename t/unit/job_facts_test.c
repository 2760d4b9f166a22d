
/* What events need to know of a job, out of the documents that are stored. */

#include <stdio.h>

#include "model/event/secops_job_facts.h"
#include "secops_tap.h"


#define INPUT(key)  "{\"title\":\"In\",\"integration_type\":"                 \
                    "\"External REST API\",\"parameters\":{\"api_key\":"      \
                    "\"{{api_keys(internal_id='" key "')}}\","                \
                    "\"data_type\":\"JSON alerts\"}}"

#define ENTRY(id, role, enabled)                                              \
    "{\"resource\":\"{{integrations(internal_id=" id ")}}\",\"type\":"        \
    "\"External REST API\",\"integration_type\":\"" role "\",\"enabled\":"    \
    enabled ",\"parameters\":{}}"

#define PROCESSOR(parameters)                                                 \
    "{\"resource\":\"{{integrations(internal_id=9)}}\",\"type\":"             \
    "\"Decision intelligence processor\",\"integration_type\":\"processor\"," \
    "\"enabled\":true,\"parameters\":" parameters "}"


static void test_ids(void);
static void test_job(void);
static void test_keys(void);
static void test_processor(void);
static void test_bare(void);
static void test_unreadable(void);
static secops_job_facts_t *create(const char *document);


static const char *const  inputs[] = {
    INPUT("one"), INPUT("two"), INPUT("three"), INPUT("\\u006fne"),
    ("{\"title\":\"E\",\"integration_type\":\"Elasticsearch\",\"parameters\":"
     "{\"api_key\":\"{{api_keys(internal_id='four')}}\"}}")
};

#define INPUTS  (sizeof(inputs) / sizeof(inputs[0]))


int
main(void)
{
    test_ids();
    test_job();
    test_keys();
    test_processor();
    test_bare();
    test_unreadable();

    return tap_done();
}


static void
test_ids(void)
{
    size_t   i;
    int64_t  id;

    static const char *const  none[] = {
        "", "0", "01", "-1", "+1", "1.0", "1e3", " 1", "1 ", "x", "0x1",
        "1234567890123456789"
    };

    ok(secops_job_id_read(&id, slice("1001")) == 0 && id == 1001, "an id");
    ok(secops_job_id_read(&id, slice("123456789012345678")) == 0
       && id == 123456789012345678LL, "the longest one");

    for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        ok(secops_job_id_read(&id, slice(none[i])) != 0,
           "\"%s\" is no id of a job", none[i]);
    }
}


static void
test_job(void)
{
    secops_job_facts_t  *facts;

    facts = create("{\"title\":\"Tri\\u00e4ge\",\"category\":"
                   "\"Decision intelligence\",\"decision_points\":"
                   "[\"event.outcome\",\"a\\\"b\"],\"advanced_settings\":"
                   "{\"custom_labels\":[{\"id\":\"label_0\",\"name\":\"Drop\"},"
                   "{\"id\":\"label_3\",\"name\":\"\\u00c4\"}],"
                   "\"auto_retrain\":{\"enabled\":true}},\"status\":"
                   "\"ENABLED\",\"stopped_at\":1764440000123,\"generation\":2,"
                   "\"trained_feedback\":17,\"pipeline_integrations\":["
                   PROCESSOR("{\"min_feedback\":3,"
                             "\"confidence_threshold\":66.5}") "]}");

    if (!ok(facts != NULL, "there are facts")) {
        return;
    }

    is_int(facts->id, 1001, "the id");
    is_str(facts->title.data, facts->title.len, "Tri\xc3\xa4ge", "the title");
    is_str(facts->category.data, facts->category.len, "Decision intelligence",
           "the category");
    ok(facts->enabled, "it is started");
    ok(facts->stopped_at == 1764440000123ULL, "when it was stopped");
    is_int((long long) facts->generation, 2, "trainings");
    is_int((long long) facts->trained_feedback, 17, "feedback of the last");
    ok(facts->buckets, "it has buckets");
    ok(facts->consensus, "whose labels may be a decision");
    is_int((long long) facts->min_feedback, 3, "from so much feedback on");
    ok(facts->confidence_threshold == 66.5, "and this confidence");
    ok(facts->auto_retrain, "which counts at once");

    if (is_int((long long) facts->nlabels, 2, "two labels")) {
        is_str(facts->labels[0].id.data, facts->labels[0].id.len, "label_0",
               "the id of a label");
        is_str(facts->labels[1].id.data, facts->labels[1].id.len, "label_3",
               "that of the other");
        is_str(facts->labels[1].name.data, facts->labels[1].name.len,
               "\xc3\x84", "its name");
    }

    if (is_int((long long) facts->npoints, 2, "two decision points")) {
        is_str(facts->points[0].data, facts->points[0].len, "event.outcome",
               "the first");
        is_str(facts->points[1].data, facts->points[1].len, "a\"b",
               "the second");
    }

    secops_job_facts_free(facts);
}


static void
test_keys(void)
{
    secops_job_facts_t  *facts;

    facts = create("{\"pipeline_integrations\":["
                   ENTRY("1", "input", "true") ","
                   ENTRY("1", "input", "true") ","
                   ENTRY("2", "input", "false") ","
                   ENTRY("3", "output", "true") ","
                   ENTRY("4", "input", "true") ","
                   ENTRY("5", "input", "true") ","
                   ENTRY("6", "input", "true") ",{\"resource\":\"x\"},3]}");

    if (!ok(facts != NULL, "there are facts")) {
        return;
    }

    is_int((long long) facts->nkeys, 1, "a key counts once");
    ok(secops_job_facts_has_key(facts, slice("one")), "that of the input");
    ok(!secops_job_facts_has_key(facts, slice("two")),
       "not that of an entry which is not enabled");
    ok(!secops_job_facts_has_key(facts, slice("three")),
       "not that of an output");
    ok(!secops_job_facts_has_key(facts, slice("four")),
       "not that of another type");
    ok(!secops_job_facts_has_key(facts, slice("on")), "nor a part of one");

    secops_job_facts_free(facts);
}


static void
test_processor(void)
{
    secops_job_facts_t  *facts;

    facts = create("{\"category\":\"Decision intelligence\","
                   "\"pipeline_integrations\":[" PROCESSOR("{}") "]}");

    if (ok(facts != NULL, "there are facts")) {
        ok(facts->consensus, "labels of a bucket may be a decision");
        is_int((long long) facts->min_feedback, 10, "by the schema's feedback");
        ok(facts->confidence_threshold == 80, "and its confidence");
    }

    secops_job_facts_free(facts);

    facts = create("{\"category\":\"Automation\",\"pipeline_integrations\":["
                   PROCESSOR("{}") "]}");

    if (ok(facts != NULL, "there are facts")) {
        ok(!facts->buckets && !facts->consensus,
           "another category has no buckets");
    }

    secops_job_facts_free(facts);
}


static void
test_bare(void)
{
    secops_job_facts_t  *facts;

    facts = create("{}");

    if (!ok(facts != NULL, "there are facts of a job that says nothing")) {
        return;
    }

    ok(!facts->enabled && !facts->buckets && !facts->consensus
       && !facts->auto_retrain && facts->stopped_at == 0
       && facts->generation == 0 && facts->nlabels == 0 && facts->npoints == 0
       && facts->nkeys == 0 && facts->title.len == 0,
       "they say nothing");

    secops_job_facts_free(facts);
}


static void
test_unreadable(void)
{
    size_t                     i;
    const char                *reason;
    secops_job_facts_t        *facts;
    secops_job_facts_input_t   input;

    static const char *const  documents[] = {
        "[]", "{", "", "{\"pipeline_integrations\":["
                       ENTRY("1", "input", "true") "]}"
    };

    input.id = slice("1");
    input.document = slice("{");

    for (i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        facts = secops_job_facts_create(1, slice(documents[i]), &input, 1,
                                        &reason);

        ok(facts == NULL && reason != NULL,
           "there are no facts of what can not be read: %s",
           reason ? reason : "no reason");
    }
}


static secops_job_facts_t *
create(const char *document)
{
    size_t                     i;
    const char                *reason;
    secops_job_facts_input_t   input[INPUTS];

    static const char *const  ids[] = { "1", "2", "3", "4", "5" };

    for (i = 0; i < INPUTS; i++) {
        input[i].id = slice(ids[i]);
        input[i].document = slice(inputs[i]);
    }

    return secops_job_facts_create(1001, slice(document), input, INPUTS,
                                   &reason);
}
