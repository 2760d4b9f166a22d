
/* A processor's decision as it is sent: what may be, its confidence as text,
   and the forms of a time. */

#include "model/event/secops_event_decide.h"
#include "secops_tap.h"


#define TOKENS  20


typedef struct {
    const char  *sent;
    const char  *reason;        /* NULL: it is a decision */
    const char  *name;
} check_case_t;


static const check_case_t  check_cases[] = {
    { "{\"label\":\"Drop\",\"confidence\":0.5}", NULL, "a decision" },
    { "{\"x\":[1],\"confidence\":1,\"label\":\"\"}", NULL,
      "members in any order, and others; any label" },
    { "[]", ": must be an object", "no object" },
    { "\"Drop\"", ": must be an object", "a string" },
    { "{\"confidence\":0.5}", "/label: is missing", "no label" },
    { "{\"label\":1,\"confidence\":0.5}", "/label: must be a string",
      "a label that is a number" },
    { "{\"label\":null,\"confidence\":0.5}", "/label: must be a string",
      "a label that is null" },
    { "{\"label\":\"Drop\"}", "/confidence: is missing", "no confidence" },
    { "{\"label\":\"Drop\",\"confidence\":\"0.5\"}",
      "/confidence: must be a number from 0 to 1", "one that is a string" },
    { "{\"label\":\"Drop\",\"confidence\":true}",
      "/confidence: must be a number from 0 to 1", "one that is true" },
    { "{\"label\":\"Drop\",\"confidence\":1.0000001}",
      "/confidence: must be a number from 0 to 1", "one above 1" },
    { "{\"label\":\"Drop\",\"confidence\":93}",
      "/confidence: must be a number from 0 to 1", "one in per cent" },
    { "{\"label\":\"Drop\",\"confidence\":-0.1}",
      "/confidence: must be a number from 0 to 1", "one below 0" },
    { "{\"label\":\"Drop\",\"confidence\":1e999}",
      "/confidence: must be a number from 0 to 1", "one without an end" },
    { "{\"label\":\"Drop\",\"confidence\":1,\"ingest_timestamp\":12}", NULL,
      "a time" },
    { "{\"label\":\"Drop\",\"confidence\":1,\"ingest_timestamp\":\"now\"}",
      "/ingest_timestamp: must be a time, as answers have it",
      "a time that is none" },
    { "{\"label\":\"Drop\",\"confidence\":1,\"ingest_timestamp\":[1]}",
      "/ingest_timestamp: must be a time, as answers have it",
      "a time that is an array" },
    { "{\"label\":\"Drop\",\"confidence\":1,\"ingest_timestamp\":null}",
      "/ingest_timestamp: must be a time, as answers have it",
      "a time that is null" }
};


typedef struct {
    const char  *sent;
    const char  *text;
} confidence_case_t;


static const confidence_case_t  confidence_cases[] = {
    { "0", "0" },
    { "-0", "0" },
    { "-0.0", "0" },
    { "1", "1" },
    { "1.0", "1" },
    { "10e-1", "1" },
    { "0.9", "0.9" },
    { "0.90", "0.9" },
    { "9e-1", "0.9" },
    { "0.1234567890123456", "0.1234567890123456" },
    { "0.30000000000000004", "0.30000000000000004" },
    { "1e-7", "1e-07" },
    { "1e-999", "0" }
};


typedef struct {
    const char  *text;
    long long    msec;          /* -1: it is no time */
} time_case_t;


static const time_case_t  time_cases[] = {
    { "1970-01-01T00:00:00.001000Z", 1 },
    { "2000-02-29T12:34:56.078000Z", 951827696078 },
    { "2000-02-29T12:34:56.078999Z", 951827696078 },
    { "2000-02-29T12:34:56.078Z", 951827696078 },
    { "951827696078", 951827696078 },
    { "1", 1 },
    { "999999999999999", 999999999999999 },
    { "0", -1 },
    { "", -1 },
    { "-1", -1 },
    { "1.5", -1 },
    { "1e3", -1 },
    { "9999999999999999", -1 },
    { "1970-01-01T00:00:00.000000Z", -1 },
    { "1969-12-31T23:59:59.999000Z", -1 },
    { "2000-02-29 12:34:56.078000Z", -1 },
    { "2000-02-29T12:34:56,078000Z", -1 },
    { "2000-02-29T12:34:56.078000z", -1 },
    { "2000-02-29T12:34:56.07800Z", -1 },
    { "2000-02-29T12:34:56.0780x0Z", -1 },
    { "2000-02-29T12:34:56.x78Z", -1 },
    { "2000-02-29T12:34:56Z", -1 },
    { "2000-02-29T12:34:56.078000+01:00", -1 },
    { "xxxx-02-29T12:34:56.078000Z", -1 }
};


static void test_check(void);
static void test_confidence(void);
static void test_time(void);
static void test_write(void);
static const char *check(secops_event_decide_t *decide, const char *text);


static secops_json_t        json;
static secops_json_token_t  tokens[TOKENS];


int
main(void)
{
    test_check();
    test_confidence();
    test_time();
    test_write();

    return tap_done();
}


static void
test_check(void)
{
    size_t                  i;
    const char             *reason;
    const check_case_t     *c;
    secops_event_decide_t   decide;

    for (i = 0; i < sizeof(check_cases) / sizeof(check_cases[0]); i++) {
        c = &check_cases[i];
        reason = check(&decide, c->sent);

        ok(c->reason == NULL ? reason == NULL
                             : reason && strcmp(reason, c->reason) == 0,
           "%s: %s", c->name, reason ? reason : "taken");
    }

    (void) check(&decide, "{\"ingest_timestamp\":\"1970-01-01T00:00:01.500Z\","
                          "\"label\":\"Dr\\u006fp\",\"confidence\":0.25}");

    ok(secops_json_string_is(&json, decide.label,
                             (const unsigned char *) "Drop", 4),
       "the label");
    is_int((long long) decide.ingested, 1500, "the time");

    (void) check(&decide, "{\"label\":\"Drop\",\"confidence\":0.25}");

    is_int((long long) decide.ingested, 0, "no time");
}


static void
test_confidence(void)
{
    char                     text[100];
    size_t                   i;
    secops_event_decide_t    decide;
    const confidence_case_t *c;

    for (i = 0; i < sizeof(confidence_cases) / sizeof(confidence_cases[0]);
         i++)
    {
        c = &confidence_cases[i];

        (void) snprintf(text, sizeof(text),
                        "{\"label\":\"Drop\",\"confidence\":%s}", c->sent);

        ok(check(&decide, text) == NULL, "%s is taken", c->sent);
        is_str(decide.confidence, decide.len, c->text, "... as");
    }
}


static void
test_time(void)
{
    int                 rc;
    size_t              i;
    uint64_t            msec;
    const time_case_t  *c;

    for (i = 0; i < sizeof(time_cases) / sizeof(time_cases[0]); i++) {
        c = &time_cases[i];
        rc = secops_event_decide_time(&msec, slice(c->text));

        is_int(rc == 0 ? (long long) msec : -1, c->msec, c->text);
    }
}


static void
test_write(void)
{
    secops_text_t          head, tail;
    secops_event_decide_t  decide;

    memset(&head, 0, sizeof(secops_text_t));
    memset(&tail, 0, sizeof(secops_text_t));

    (void) check(&decide, "{\"label\":\"Drop\",\"confidence\":0.250}");

    secops_event_decide_write(&head, &tail, &decide, slice("label_1"),
                              slice("a\"b"), 1764440000000);

    is_str(head.data, head.len,
           "{\"label\":\"label_1\",\"confidence\":0.25,"
           "\"ingest_timestamp\":", "a document up to the time of the event");
    is_str(tail.data, tail.len,
           "\"user\":\"a\\\"b\",\"time\":1764440000000}",
           "... and after that");

    secops_text_free(&head);
    secops_text_free(&tail);
}


static const char *
check(secops_event_decide_t *decide, const char *text)
{
    secops_json_error_t   error;
    secops_json_limits_t  limits = { 10, 100 };

    if (secops_json_parse(&json, (const unsigned char *) text, strlen(text),
                          tokens, TOKENS, &limits, &error)
        != SECOPS_JSON_OK)
    {
        return "no JSON";
    }

    return secops_event_decide_check(decide, &json);
}
