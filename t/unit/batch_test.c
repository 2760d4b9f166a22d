
/*
 * secops_batch: what is a batch, what it asks for, and the names of statuses.
 */

#include <stdlib.h>

#include "model/batch/secops_batch.h"
#include "secops_tap.h"


#define BATCH_TOKENS  4096


typedef struct {
    const char  *text;
    const char  *faults;
} batch_case_t;


static const char  batch_whole[] =
    "{\"rest_requests\":[{\"id\":\"a\",\"method\":\"GET\",\"url\":\"/x?y\"},"
    " {\"url\":\"/z\",\"more\":{},\"body\":\"e30=\",\"id\":\"\\u0062\","
    "\"exclude_response_headers\":true,\"method\":\"PATCH\",\"headers\":["
    "{\"name\":\"Content-TYPE\",\"value\":\"text/plain\"},"
    "{\"value\":\"\",\"name\":\"if-match\"},"
    "{\"name\":\"content-type\",\"value\":\"second\"}]},"
    " {\"id\":\"c\",\"method\":\"\",\"url\":\"\",\"headers\":[],\"body\":null}"
    "],\"batch_request_id\":17}";


static const batch_case_t  batch_good[] = {
    { "{\"rest_requests\":[]}", "" },
    { "{\"rest_requests\":[],\"batch_request_id\":null}", "" },
    { "{\"rest_requests\":[],\"batch_request_id\":1}", "1" },
    { "{\"rest_requests\":[],\"batch_request_id\":-1.50}", "-1.50" },
    { "{\"rest_requests\":[],\"batch_request_id\":\"a\\\"b\"}", "a\\\"b" },
    { "{\"x\":1,\"rest_requests\":[{\"id\":\"\",\"method\":\"GET\","
      "\"url\":\"\",\"body\":null,\"headers\":null,"
      "\"exclude_response_headers\":null}],\"batch_request_id\":\"\"}", "" }
};


#define AT  "/rest_requests/"

static const batch_case_t  batch_bad[] = {
    { "[]", "must be an object" },
    { "1", "must be an object" },
    { "{}", "/rest_requests: is required" },
    { "{\"rest_requests\":null}", "/rest_requests: is required" },
    { "{\"rest_requests\":{}}", "/rest_requests: must be an array" },
    { "{\"rest_requests\":[],\"batch_request_id\":true}",
      "/batch_request_id: must be a string or a number" },
    { "{\"rest_requests\":[1,{\"id\":\"a\",\"method\":\"GET\",\"url\":\"/\"},"
      "[]]}", AT "0: must be an object; " AT "2: must be an object" },
    { "{\"rest_requests\":[{}]}", AT "0/id: is required; " AT "0/method: is"
      " required; " AT "0/url: is required" },
    { "{\"rest_requests\":[{\"id\":1,\"method\":[],\"url\":{},\"body\":7,"
      "\"headers\":\"x\",\"exclude_response_headers\":\"true\"}]}",
      AT "0/id: must be a string; " AT "0/method: must be a string; "
      AT "0/url: must be a string; " AT "0/body: must be a string; "
      AT "0/headers: must be an array; "
      AT "0/exclude_response_headers: must be true or false" },
    { "{\"rest_requests\":[{\"id\":\"a\",\"method\":\"GET\",\"url\":\"/\","
      "\"headers\":[{\"name\":\"a\",\"value\":\"b\"},7,{\"name\":\"a\"},"
      "{\"name\":\"a\",\"value\":1},{\"value\":\"\"}]}]}",
      AT "0/headers/1: must be an object with the strings \"name\" and"
      " \"value\"; " AT "0/headers/2: must be an object with the strings"
      " \"name\" and \"value\"; " AT "0/headers/3: must be an object with the"
      " strings \"name\" and \"value\"; " AT "0/headers/4: must be an object"
      " with the strings \"name\" and \"value\"" }
};


static secops_json_token_t  batch_tokens[BATCH_TOKENS];


static void test_good(void);
static void test_bad(void);
static void test_many(void);
static void test_items(void);
static void test_statuses(void);
static void parse(secops_json_t *json, const char *text);
static void is_header(const secops_json_t *json,
    const secops_batch_item_t *item, const char *name, const char *value);


int
main(void)
{
    secops_json_seed(7);

    test_good();
    test_bad();
    test_many();
    test_items();
    test_statuses();

    return tap_done();
}


static void
test_good(void)
{
    size_t           i;
    secops_json_t    json;
    secops_slice_t   id;
    secops_faults_t  faults;

    for (i = 0; i < sizeof(batch_good) / sizeof(batch_good[0]); i++) {
        parse(&json, batch_good[i].text);

        memset(&faults, 0, sizeof(faults));
        ok(secops_batch_check(&json, &faults) == 0, "%s", batch_good[i].text);
        ok(faults.error == SECOPS_ERROR_NONE, "... without a fault");
        secops_faults_free(&faults);

        id = secops_batch_id(&json);
        is_str(id.data, id.len, batch_good[i].faults, "... its id");
    }
}


static void
test_bad(void)
{
    size_t           i;
    secops_json_t    json;
    secops_text_t    text;
    secops_faults_t  faults;

    for (i = 0; i < sizeof(batch_bad) / sizeof(batch_bad[0]); i++) {
        parse(&json, batch_bad[i].text);

        memset(&faults, 0, sizeof(faults));
        memset(&text, 0, sizeof(text));
        faults.once = 1;

        ok(secops_batch_check(&json, &faults) == -1, "%s", batch_bad[i].text);
        is_int(faults.error, SECOPS_ERROR_BODY, "... is refused");

        secops_faults_write(&text, &faults);
        is_str(text.data, text.len, batch_bad[i].faults, "... says why");

        secops_text_free(&text);
        secops_faults_free(&faults);
    }
}


/* more faults than are told */

static void
test_many(void)
{
    char             text[2048];
    size_t           i, len;
    secops_json_t    json;
    secops_faults_t  faults;

    len = (size_t) sprintf(text, "{\"rest_requests\":[7");

    for (i = 0; i < 200; i++) {
        len += (size_t) sprintf(&text[len], ",7");
    }

    (void) sprintf(&text[len], "]}");

    parse(&json, text);
    memset(&faults, 0, sizeof(faults));
    faults.once = 1;

    ok(secops_batch_check(&json, &faults) == -1, "a batch of 201 faults");
    is_int(faults.told, SECOPS_FAULTS_MAX, "... tells as many as any");

    secops_faults_free(&faults);
}


static void
test_items(void)
{
    uint32_t             list, i;
    secops_json_t        json;
    secops_slice_t       raw;
    secops_faults_t      faults;
    secops_batch_item_t  item;

    parse(&json, batch_whole);
    memset(&faults, 0, sizeof(faults));
    ok(secops_batch_check(&json, &faults) == 0, "a batch of three");
    secops_faults_free(&faults);

    list = secops_batch_requests(&json);
    is_int(json.tokens[list].size, 3, "... has three requests");

    i = list + 1;
    secops_batch_item(&item, &json, i);
    raw = secops_json_raw(&json, item.id);
    is_str(raw.data, raw.len, "a", "the first one's id");
    raw = secops_json_raw(&json, item.method);
    is_str(raw.data, raw.len, "GET", "... its method");
    raw = secops_json_raw(&json, item.url);
    is_str(raw.data, raw.len, "/x?y", "... its URL");
    ok(item.body == 0 && item.headers == 0 && !item.bare,
       "... and nothing else");
    is_header(&json, &item, "content-type", NULL);

    i = json.tokens[i].next;
    secops_batch_item(&item, &json, i);
    raw = secops_json_raw(&json, item.id);
    is_str(raw.data, raw.len, "\\u0062", "an id stays as it was spelled");
    raw = secops_json_raw(&json, item.body);
    is_str(raw.data, raw.len, "e30=", "the second one has a body");
    ok(item.bare, "... wants no headers back");
    is_header(&json, &item, "content-type", "text/plain");
    is_header(&json, &item, "if-match", "");
    is_header(&json, &item, "accept", NULL);
    is_header(&json, &item, "content-typ", NULL);

    i = json.tokens[i].next;
    secops_batch_item(&item, &json, i);
    ok(item.body == 0, "a body that is null is none");
    is_header(&json, &item, "content-type", NULL);
    is_int(json.tokens[i].next, json.tokens[list].next, "there is no fourth");
}


static void
test_statuses(void)
{
    secops_slice_t  text;

    text = secops_batch_status_text(200);
    is_str(text.data, text.len, "OK", "the name of a status");
    text = secops_batch_status_text(503);
    is_str(text.data, text.len, "Service Unavailable", "... of the last one");
    is_int(secops_batch_status_text(299).len, 0, "... of none of ours");
}


static void
parse(secops_json_t *json, const char *text)
{
    secops_json_error_t   error;

    static const secops_json_limits_t  limits = { 32, 64 };

    if (secops_json_parse(json, (const unsigned char *) text, strlen(text),
                          batch_tokens, BATCH_TOKENS, &limits, &error)
        != SECOPS_JSON_OK)
    {
        printf("Bail out! %s: %s\n", text, error.reason);
        exit(1);
    }
}


static void
is_header(const secops_json_t *json, const secops_batch_item_t *item,
    const char *name, const char *value)
{
    uint32_t        i;
    secops_slice_t  raw;

    i = secops_batch_header(json, item, secops_slice_of(name));

    if (value == NULL) {
        ok(i == 0, "there is no header \"%s\"", name);
        return;
    }

    raw = secops_json_raw(json, i);
    is_str(raw.data, raw.len, value, name);
}
