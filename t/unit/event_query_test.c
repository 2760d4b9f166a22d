
/* Lists of events: what may be asked, the order, places as cursors, and which
   members of an event are told. */

#include <stdlib.h>

#include "model/event/secops_event_query.h"
#include "secops_tap.h"


typedef struct {
    const char  *args;
    const char  *reason;        /* a part of it; NULL: it may be asked */
} query_case_t;


static const query_case_t  query_cases[] = {
    { "job=1001", NULL },
    { "job=1001&limit=1&status=OK&bucket_state=known", NULL },
    { "job=1001&label=Drop&since=1", NULL },
    { "job=1001&status=pending_inference&bucket_state=new", NULL },
    { "job=1001&since=2026-11-29T18:10:00.123000Z&limit=200", NULL },
    { "job=1001&sysparm_domain=acme", NULL },
    { "", "parameter job: is missing" },
    { "limit=1", "parameter job: is missing" },
    { "job=", "parameter job: must be" },
    { "job=0", "parameter job: must be" },
    { "job=01001", "parameter job: must be" },
    { "job=-1", "parameter job: must be" },
    { "job=Triage", "parameter job: must be" },
    { "job=1001&job=1001", "given twice" },
    { "job=1001&jobs=1", "unknown query parameter" },
    { "job=1001&Limit=1", "unknown query parameter" },
    { "job=1001&label=", "parameter label" },
    { "job=1001&status=ok", "parameter status" },
    { "job=1001&status=", "parameter status" },
    { "job=1001&bucket_state=old", "parameter bucket_state" },
    { "job=1001&since=yesterday", "parameter since" },
    { "job=1001&since=", "parameter since" },
    { "job=1001&since=0", "parameter since" },
    { "job=1001&since=2026-11-29T18:10:00", "parameter since" },
    { "job=1001&since=2026-13-01T18:10:00Z", "parameter since" },
    { "job=1001&limit=0", "parameter limit" },
    { "job=1001&limit=201", "parameter limit" },
    { "job=1001&limit=010", "parameter limit" },
    { "job=1001&limit=1x", "parameter limit" },
    { "job=1001&limit=99999999999999999999", "parameter limit" },
    { "job=1001&cursor=", "parameter cursor" },
    { "job=1001&cursor=MTph", NULL },                   /* 1:a */
    { "job=1001&cursor=MTp", "parameter cursor" },      /* no encoding */
    { "job=1001&cursor=MTo", "parameter cursor" },      /* 1: */
    { "job=1001&cursor=MWE", "parameter cursor" },      /* 1a */
    { "job=1001&cursor=OmE", "parameter cursor" },      /* :a */
    { "job=1001&cursor=MTphL2I", "parameter cursor" },  /* 1:a/b */
    { "job=1001&cursor=MDE6YQ", "parameter cursor" }    /* 01:a */
};


static const char *read_query(secops_event_query_t *query, const char *args);
static void test_queries(void);
static void test_values(void);
static void test_order(void);
static void test_cursors(void);
static void test_wanted(void);
static void test_members(void);
static void members_are(const char *stored, const char *expected,
    const char *name);


int
main(void)
{
    test_queries();
    test_values();
    test_order();
    test_cursors();
    test_wanted();
    test_members();

    return tap_done();
}


static const char *
read_query(secops_event_query_t *query, const char *args)
{
    static unsigned char  buffer[1000];

    return secops_event_read_query(query, slice(args), buffer);
}


static void
test_queries(void)
{
    size_t                 i;
    const char            *reason;
    secops_event_query_t   query;

    for (i = 0; i < sizeof(query_cases) / sizeof(query_cases[0]); i++) {

        reason = read_query(&query, query_cases[i].args);

        if (query_cases[i].reason == NULL) {
            ok(reason == NULL, "\"%s\" may be asked", query_cases[i].args);

        } else {
            ok(reason && strstr(reason, query_cases[i].reason),
               "\"%s\" may not", query_cases[i].args);
        }
    }
}


static void
test_values(void)
{
    secops_event_query_t  query;

    (void) read_query(&query, "job=1001");

    is_int(query.job, 1001, "the job");
    is_str(query.job_id.data, query.job_id.len, "1001", "... as text");
    is_int(query.limit, 50, "50 events if nobody says how many");
    ok(query.label.data == NULL && query.pending == SECOPS_EVENT_ANY
       && query.known == SECOPS_EVENT_ANY && query.since == 0
       && !query.has_after, "... and no filter");

    (void) read_query(&query, "since=1764440000123&label=a%2bb+c&limit=7"
                              "&status=OK&job=5&bucket_state=new");

    is_int((long long) query.since, 1764440000123, "milliseconds");
    is_str(query.label.data, query.label.len, "a+b c", "a label, decoded");
    is_int(query.limit, 7, "a limit");
    is_int(query.pending, SECOPS_EVENT_NO, "a status");
    is_int(query.known, SECOPS_EVENT_NO, "a state of the bucket");

    (void) read_query(&query, "job=5&since=2026-11-29T18:10:00.123000Z");

    is_int((long long) query.since, 1795975800123, "a time as answers have it");

    (void) read_query(&query, "job=5&since=2026-11-29T18:10:00Z");

    is_int((long long) query.since, 1795975800000, "... without a fraction");
}


static void
test_order(void)
{
    size_t  i, j;

    static const secops_event_place_t  places[] = {
        { 20, secops_slice("a") },
        { 19, secops_slice("\xc3\xa4") },
        { 19, secops_slice("b") },
        { 19, secops_slice("ab") },
        { 19, secops_slice("aB") },
        { 19, secops_slice("a") },
        { 19, secops_slice("Z") },
        { 3, secops_slice("z") }
    };

    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        for (j = 0; j < sizeof(places) / sizeof(places[0]); j++) {

            int rc = secops_event_place_compare(&places[i], &places[j]);

            ok((i < j) ? rc < 0 : (i > j) ? rc > 0 : rc == 0,
               "place %u and place %u", (unsigned) i, (unsigned) j);
        }
    }
}


static void
test_cursors(void)
{
    size_t                 i;
    char                   args[600], id[SECOPS_EVENT_ID_MAX + 1];
    unsigned char          cursor[SECOPS_EVENT_CURSOR_MAX], *last;
    secops_event_place_t   place;
    secops_event_query_t   query;

    const char *const  ids[] = { "1", "a b:c", "\xc3\xa4\"%", "None", id };

    memset(id, 'x', SECOPS_EVENT_ID_MAX);
    id[SECOPS_EVENT_ID_MAX] = '\0';

    last = NULL;

    for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {

        place.msec = 1764440000123;
        place.id = slice(ids[i]);

        last = secops_event_write_cursor(cursor, &place);

        snprintf(args, sizeof(args), "cursor=%.*s&job=1",
                 (int) (last - cursor), (char *) cursor);

        ok(read_query(&query, args) == NULL && query.has_after
           && query.after.msec == place.msec
           && secops_slice_equal(query.after.id, place.id),
           "a cursor is its place, id %u", (unsigned) i);
    }

    ok(last <= cursor + SECOPS_EVENT_CURSOR_MAX, "... with room for the last");
}


static void
test_wanted(void)
{
    secops_decision_t         decision;
    secops_event_query_t      query;
    secops_job_facts_label_t  labels[2];

    memset(&decision, 0, sizeof(secops_decision_t));
    decision.pending = 1;

    (void) read_query(&query, "job=1");
    ok(secops_event_is_wanted(&query, NULL, &decision),
       "without filters: all");

    (void) read_query(&query, "job=1&status=pending_inference"
                              "&bucket_state=new");
    ok(secops_event_is_wanted(&query, NULL, &decision), "all filters fit");
    decision.known = 1;
    ok(!secops_event_is_wanted(&query, NULL, &decision), "... but for one");

    (void) read_query(&query, "job=1&status=OK");
    ok(!secops_event_is_wanted(&query, NULL, &decision), "not this status");
    decision.pending = 0;
    ok(secops_event_is_wanted(&query, NULL, &decision), "... now it is");

    ok(!secops_event_is_wanted(&query, &labels[0], &decision),
       "without a label");
    decision.label = &labels[1];
    ok(!secops_event_is_wanted(&query, &labels[0], &decision),
       "another label");
    decision.label = &labels[0];
    ok(secops_event_is_wanted(&query, &labels[0], &decision), "the label");
    ok(secops_event_is_wanted(&query, NULL, &decision), "any label");
}


static void
test_members(void)
{
    members_are("\"raw_body\":{\"title\":\"no\"}", "",
                "none that was not sent");
    members_are("\"raw_body\":{\"a\":[1,{\"b\":\"}]\\\"},\"}]},"
                "\"severity\":3.50,\"x\":1,"
                "\"title\":\"a \\u0022b\\\",,\"",
                ",\"title\":\"a \\u0022b\\\",,\",\"severity\":3.50",
                "as they were sent, always in one order");
    members_are("\"data_source\":[\"x\",{\"y\":null}],\"title\":null",
                ",\"title\":null,\"data_source\":[\"x\",{\"y\":null}]",
                "of any type");
    members_are("\"raw_body\" : { } ,\n\"severity\" :\t{ \"a\" : 1 } , "
                "\"title\": \"\" ",
                ",\"title\":\"\",\"severity\":{ \"a\" : 1 }",
                "with white space");
    members_are("\"t\\u0069tle\":1,\"titles\":2,\"Title\":3,"
                "\"severit\":4", ",\"title\":1",
                "a name with escapes, and others that are near");
    members_are("\"title", "", "what is cut off");
    members_are("\"title\"", "", "... or has no value");
    members_are("\"title\":\"a\\", ",\"title\":\"a\\", "... or no end");
    members_are("", "", "nothing");
}


static void
members_are(const char *stored, const char *expected, const char *name)
{
    secops_text_t  text;

    memset(&text, 0, sizeof(secops_text_t));

    secops_event_write_members(&text, slice(stored));
    is_str(text.data, text.len, expected, name);

    secops_text_free(&text);
}
