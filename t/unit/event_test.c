
/* Events: what may be sent, what is stored of it and read again, and what is
   answered. */

#include <stdlib.h>

#include "model/event/secops_event.h"
#include "secops_tap.h"


#define TOKENS  200


typedef struct {
    const char  *sent;
    const char  *reason;        /* NULL: it is an event */
    const char  *name;
} check_case_t;


static const check_case_t  check_cases[] = {
    { "{\"job_id\":7,\"raw_body\":{}}", NULL, "an event" },
    { "{\"raw_body\":{\"a\":[1]},\"x\":null,\"job_id\":7}", NULL,
      "members in any order, and others" },
    { "{\"job_id\":-7,\"raw_body\":{}}", NULL,
      "a number that no job has is an integer" },
    { "{\"job_id\":99999999999999999999,\"raw_body\":{}}", NULL,
      "a large one too" },
    { "[]", ": must be an object", "no object" },
    { "{\"raw_body\":{}}", "/job_id: is missing", "no job" },
    { "{\"job_id\":\"7\",\"raw_body\":{}}", "/job_id: must be an integer",
      "a job that is a string" },
    { "{\"job_id\":7.0,\"raw_body\":{}}", "/job_id: must be an integer",
      "a job that is no integer" },
    { "{\"job_id\":null,\"raw_body\":{}}", "/job_id: must be an integer",
      "a job that is null" },
    { "{\"job_id\":7}", "/raw_body: is missing", "no raw_body" },
    { "{\"job_id\":7,\"raw_body\":null}", "/raw_body: must be an object",
      "a raw_body that is null" },
    { "{\"job_id\":7,\"raw_body\":[{}]}", "/raw_body: must be an object",
      "a raw_body that is an array" }
};


typedef struct {
    const char  *id;
    int          valid;
} id_case_t;


static const id_case_t  id_cases[] = {
    { "1", 1 },
    { "None", 1 },
    { "a b", 1 },
    { "\xc3\xa4-_.:%", 1 },
    { "...", 1 },
    { "", 0 },
    { ".", 0 },
    { "..", 0 },
    { "a/b", 0 },
    { "a\nb", 0 },
    { "a\x7f", 0 },
    { "\xc3", 0 },
    { "\xe2\x80\xae", 0 }
};


static secops_json_token_t  tokens[TOKENS];
static secops_json_t        json;


static void test_check(void);
static void test_ids(void);
static void test_write(void);
static void test_read(void);
static void test_answer(void);
static int parse(const char *text);
static void head(secops_event_head_t *head, const char *id);


int
main(void)
{
    test_check();
    test_ids();
    test_write();
    test_read();
    test_answer();

    return tap_done();
}


static void
test_check(void)
{
    size_t               i;
    const char          *reason;
    secops_event_sent_t  sent;

    for (i = 0; i < sizeof(check_cases) / sizeof(check_cases[0]); i++) {

        if (!parse(check_cases[i].sent)) {
            continue;
        }

        reason = secops_event_check(&sent, &json, 0);

        ok(reason == check_cases[i].reason
           || (reason && check_cases[i].reason
               && strcmp(reason, check_cases[i].reason) == 0),
           "%s: %s", check_cases[i].name, reason ? reason : "is taken");
    }

    if (parse("{\"job_id\":1001,\"raw_body\":{}}")) {
        (void) secops_event_check(&sent, &json, 0);
        is_int(sent.job, 1001, "the job is told");
        is_int(sent.event_id, 0, "there is no id");
    }

    if (parse("{\"job_id\":-7,\"event_id\":5,\"raw_body\":{}}")) {
        (void) secops_event_check(&sent, &json, 0);
        is_int(sent.job, 0, "a number that no job has is 0");
        ok(sent.event_id != 0, "there is an id");
    }
}


static void
test_ids(void)
{
    size_t          i;
    char            text[SECOPS_EVENT_ID_MAX + 1];
    secops_slice_t  id;

    for (i = 0; i < sizeof(id_cases) / sizeof(id_cases[0]); i++) {
        ok(secops_event_id_is_valid(slice(id_cases[i].id)) == id_cases[i].valid,
           "an id, number %zu", i);
    }

    memset(text, 'x', sizeof(text));

    id = secops_slice_bytes((unsigned char *) text, SECOPS_EVENT_ID_MAX);
    ok(secops_event_id_is_valid(id), "an id of 256 bytes");

    id.len++;
    ok(!secops_event_id_is_valid(id), "an id of 257 bytes is none");
}


static void
test_write(void)
{
    size_t                size;
    unsigned char        *dst, *last;
    secops_event_head_t   event;
    secops_event_sent_t   sent;

    if (!parse("{ \"title\" : \"x\\u0041\", \"job_id\":7,\"sent_by\":\"me\","
               "\"\\u0062ucket\":1,\"event_id\":\"9\",\"n\":1.50 ,"
               "\"raw_body\" : { \"a\" : 1 }, \"o\":{\"job_id\":1}}")
        || !ok(secops_event_check(&sent, &json, 0) == NULL, "it is an event"))
    {
        return;
    }

    head(&event, "a\"b");

    size = secops_event_size(&event, &sent);
    dst = malloc(size);

    last = secops_event_write(dst, &event, &sent);

    is_str(dst, last - dst,
           "{\"event_id\":\"a\\\"b\",\"job_id\":7,"
           "\"ingest_timestamp\":1764440000123,\"bucket\":\"0f\","
           "\"sent_by\":\"api_key:x\",\"raw_body\" : { \"a\" : 1 },"
           "\"title\" : \"x\\u0041\",\"n\":1.50,\"o\":{\"job_id\":1}}",
           "the server's members come first, and nobody sends them");

    ok((size_t) (last - dst) <= size, "there was room for it");

    free(dst);
}


static void
test_read(void)
{
    size_t          i;
    char            text[512];
    secops_event_t  event;

    static const char  stored[] = "{\"event_id\":\"a\\\"b\",\"job_id\":7,"
                                  "\"ingest_timestamp\":1764440000123,"
                                  "\"bucket\":\"\",\"sent_by\":\"x\\\\\","
                                  "\"raw_body\":{},\"t\":\"}\"}";

    if (!ok(secops_event_read(&event, slice(stored)) == 0, "it is read")) {
        return;
    }

    is_str(event.id.data, event.id.len, "a\\\"b", "its id");
    is_int(event.job, 7, "its job");
    ok(event.ingested == 1764440000123ULL, "its time");
    is_int((long long) event.bucket.len, 0, "its bucket");
    is_str(event.sender.data, event.sender.len, "x\\\\", "who sent it");
    is_str(event.members.data, event.members.len,
           "\"raw_body\":{},\"t\":\"}\"", "what was sent");

    for (i = 0; i < sizeof(stored) - 2; i++) {
        memcpy(text, stored, i);

        if (i && text[i - 1] == '}') {
            continue;
        }

        if (secops_event_read(&event, secops_slice_bytes(
                                              (unsigned char *) text, i))
            == 0)
        {
            ok(0, "what is cut after %zu bytes is read", i);
        }
    }

    ok(secops_event_read(&event, slice("{\"job_id\":7}")) != 0,
       "another object is not read");
}


static void
test_answer(void)
{
    unsigned char         time[SECOPS_EVENT_TIME_LEN];
    unsigned char         answer[512], *last;
    secops_event_head_t   event;

    secops_event_time(time, 1009);
    is_str(time, sizeof(time), "1970-01-01T00:00:01.009000Z",
           "a time has six digits of a second");

    head(&event, "\xc3\xa4\"");

    last = secops_event_answer(answer, &event);

    is_str(answer, last - answer,
           "{\"event_id\":\"\xc3\xa4\\\"\",\"job_id\":7,"
           "\"ingest_timestamp\":\"2025-11-29T18:13:20.123000Z\","
           "\"status\":\"pending_inference\",\"error_message\":\"\"}",
           "what is answered");

    ok((size_t) (last - answer) <= secops_event_answer_max(&event),
       "there was room for it");
}


static int
parse(const char *text)
{
    secops_json_error_t   error;
    secops_json_limits_t  limits = { 10, 100 };

    return ok(secops_json_parse(&json, (const unsigned char *) text,
                                strlen(text), tokens, TOKENS, &limits, &error)
              == SECOPS_JSON_OK, "it is JSON");
}


static void
head(secops_event_head_t *head, const char *id)
{
    head->id = slice(id);
    head->job = 7;
    head->ingested = 1764440000123ULL;
    head->bucket = slice("0f");
    head->sender = slice("api_key:x");
}
