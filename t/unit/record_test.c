
/*
 * Records: what a body means, which of its faults is answered, and the bytes
 * that are stored.
 */

#include <stdlib.h>

#include "model/secops_record.h"
#include "secops_tap.h"


#define RECORD_TEST_TOKENS  1024


typedef struct {
    secops_json_t            json;
    secops_record_body_t     body;
    secops_record_options_t  options;
    secops_record_faults_t   faults;
} record_test_t;


static secops_table_t       table;
static secops_json_token_t  tokens[RECORD_TEST_TOKENS];


static const char  schema[] =
    "{\"type\":\"object\",\"x-endpoint\":\"e\",\"x-label\":\"L\","
    "\"x-subject\":\"about\",\"required\":[\"about\",\"kind\",\"also\"],"
    "\"allOf\":[{\"required\":[\"kind\"]}],"
    "\"properties\":{\"about\":{\"type\":\"string\"},"
    "\"kind\":{\"enum\":[\"A\",\"B\"]},"
    "\"also\":{\"type\":[\"string\",\"number\"]},"
    "\"inner\":{\"type\":\"object\",\"required\":[\"x\"]}}}";


/* 0: the body was read; its faults are to be freed in any case */

static int
test_read(record_test_t *t, const char *text, const char *query)
{
    secops_json_error_t   error;
    secops_json_limits_t  limits = { 32, 1000 };

    memset(t, 0, sizeof(record_test_t));

    if (secops_json_parse(&t->json, (const unsigned char *) text,
                          strlen(text), tokens, RECORD_TEST_TOKENS, &limits,
                          &error)
        != SECOPS_JSON_OK)
    {
        return -2;
    }

    if (secops_record_read_body(&t->body, &t->json, &t->options, &t->faults)
        != 0)
    {
        return -1;
    }

    return secops_record_read_query(slice(query), &t->options, &t->faults);
}


/* the error of a single record, NONE when it may be stored */

static secops_error_e
test_error(record_test_t *t, const char *text, const char *query)
{
    int  rc;

    rc = test_read(t, text, query);

    if (rc == 0) {
        (void) secops_record_check(&table, &t->json, t->body.fields, &t->body,
                                   &t->options, t->body.flat ? "" : "/data",
                                   &t->faults);
    }

    return rc == -2 ? SECOPS_ERRORS : t->faults.error;
}


static void
test_forms(void)
{
    size_t         i;
    record_test_t  t;

    static const struct {
        const char  *text;
        char         form;      /* flat, envelope, batch */
    } cases[] = {
        { "{\"a\":1}", 'f' },
        { "{\"data\":{}}", 'e' },
        { "{\"data\":[]}", 'b' },
        { "{\"data\":{},\"config\":{}}", 'e' },
        { "{\"config\":{},\"data\":[]}", 'b' },
        { "{\"simple_response\":1,\"data\":{},\"include_wrap\":1}", 'e' },
        { "{\"data\":[],\"atomic\":true}", 'b' },
        { "{\"d\\u0061ta\":{}}", 'e' },
        { "{\"data\":1}", 'f' },
        { "{\"data\":\"x\"}", 'f' },
        { "{\"data\":null}", 'f' },
        { "{\"data\":{},\"more\":1}", 'f' },
        { "{\"Data\":{}}", 'f' },
        { "{\"config\":{}}", 'f' },
        { "{\"config\":5,\"a\":1}", 'f' }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        is_int(test_read(&t, cases[i].text, ""), 0, cases[i].text);

        ok(t.body.flat == (cases[i].form == 'f')
           && t.body.batch == (cases[i].form == 'b'), "... is of form %c",
           cases[i].form);

        secops_record_faults_free(&t.faults);
    }
}


/* the options as a number of four digits */

static int
test_options(const char *text, const char *query)
{
    int            rc;
    record_test_t  t;

    rc = test_read(&t, text, query);

    secops_record_faults_free(&t.faults);

    return rc ? -1 : t.options.atomic * 1000
                     + t.options.ignore_mandatory_fields * 100
                     + t.options.include_wrap * 10 + t.options.simple_response;
}


static void
test_parameters(void)
{
    is_int(test_options("{\"a\":1}", ""), 0, "all parameters are false");
    is_int(test_options("{\"a\":1}", "ignore_mandatory_fields=true"
                        "&include_wrap=TRUE&simple_response=1&atomic=1"), 1111,
           "the query sets all");
    is_int(test_options("{\"ignore_mandatory_fields\":true,"
                        "\"include_wrap\":\"True\",\"simple_response\":1,"
                        "\"atomic\":true}", ""), 1111, "so does the body");
    is_int(test_options("{\"data\":{},\"config\":{\"ignore_mandatory_fields\":"
                        "true,\"include_wrap\":\"1\",\"simple_response\":1,"
                        "\"atomic\":\"TRUE\"}}", ""), 1111,
           "so does config");
    is_int(test_options("{\"data\":{},\"config\":{\"include_wrap\":true},"
                        "\"include_wrap\":false}", ""), 0,
           "a member of the body wins over config");
    is_int(test_options("{\"include_wrap\":true,\"simple_response\":false}",
                        "include_wrap=0&simple_response=1"), 1,
           "the query wins over the body");
    is_int(test_options("{\"include_wrap\":true}", "include_wrap"), -1,
           "a parameter without a value is refused");
    is_int(test_options("{\"include_wrap\":true}",
                        "include_wrap=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
           -1, "so is one with a long one");
    is_int(test_options("{\"a\":1}",
                        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1"), 0,
           "a long name is no parameter");
    is_int(test_options("{\"a\":1}", "%69nclude_wrap=%74rue"), 10,
           "name and value may be encoded");
    is_int(test_options("{\"include_wrap\":\"\"}", ""), -1,
           "an empty text is neither true nor false");
    is_int(test_options("{\"data\":{\"include_wrap\":5}}", ""), 0,
           "inside of data it is a field");
}


static void
test_errors(void)
{
    size_t         i;
    record_test_t  t;

    static const struct {
        const char      *text;
        const char      *query;
        secops_error_e   error;
        const char      *missing;
        const char      *detail;
    } cases[] = {
        { "{\"about\":\"x\",\"kind\":\"A\",\"also\":1}", "",
          SECOPS_ERROR_NONE, "", "" },
        { "{\"about\":\"x\",\"kind\":\"A\",\"also\":1,\"f\":null}", "",
          SECOPS_ERROR_NONE, "", "" },
        { "[]", "", SECOPS_ERROR_BODY, "", "the body: must be an object" },
        { "5", "", SECOPS_ERROR_BODY, "", "the body: must be an object" },
        { "{}", "", SECOPS_ERROR_BODY, "",
          "the body: must not be an empty object" },
        { "{\"data\":{}}", "", SECOPS_ERROR_NO_FIELDS, "",
          "/data: has no field that is filled in" },
        { "{\"about\":\"\",\"f\":null}", "", SECOPS_ERROR_NO_FIELDS, "",
          "the body: has no field that is filled in" },
        { "{\"include_wrap\":true}", "", SECOPS_ERROR_NO_FIELDS, "",
          "the body: has no field that is filled in" },
        { "{\"f\":1}", "", SECOPS_ERROR_MANDATORY, "about,kind,also",
          "/about: is required; /kind: is required; /also: is required" },
        { "{\"kind\":\"\",\"f\":0,\"also\":1}", "", SECOPS_ERROR_MANDATORY,
          "about,kind", "/about: is required; /kind: is required" },
        { "{\"f\":1}", "ignore_mandatory_fields=1", SECOPS_ERROR_NONE, "",
          "" },
        { "{\"about\":1}", "ignore_mandatory_fields=1", SECOPS_ERROR_BODY, "",
          "/about: must be a string, not a number" },
        { "{\"data\":{\"f\":1,\"kind\":\"C\",\"about\":\"x\"}}", "",
          SECOPS_ERROR_BODY, "also",
          "/data/kind: must be one of \"A\", \"B\"; /data/also: is required" },
        { "{\"about\":\"x\",\"kind\":\"A\",\"also\":1,\"inner\":{}}", "",
          SECOPS_ERROR_BODY, "", "/inner/x: is required" },
        { "{\"about\":\"x\",\"kind\":\"A\",\"also\":1,\"inner\":{}}",
          "ignore_mandatory_fields=1", SECOPS_ERROR_BODY, "",
          "/inner/x: is required" },
        { "{\"about\":\"x\",\"kind\":\"A\",\"also\":1,\"sys_id\":1}", "",
          SECOPS_ERROR_BODY, "", "/sys_id: is set by the server" },
        { "{\"\\u0073ys_\":1,\"about\":\"x\",\"kind\":\"A\",\"also\":1}", "",
          SECOPS_ERROR_BODY, "", "/sys_: is set by the server" },
        { "{\"sys\":1,\"about\":\"x\",\"kind\":\"A\",\"also\":1,\"Sys_x\":1,"
          "\"a\":{\"sys_id\":1}}", "", SECOPS_ERROR_NONE, "", "" },
        { "{\"data\":{\"a\":1},\"config\":[]}", "", SECOPS_ERROR_BODY, "",
          "/config: must be an object" },
        { "{\"data\":{\"a\":1},\"config\":{\"b\":1}}", "", SECOPS_ERROR_BODY,
          "", "/config: has a member that is no parameter" },
        { "{\"data\":{\"a\":1},\"config\":{\"include_wrap\":2}}", "",
          SECOPS_ERROR_BODY, "", "/config/include_wrap: must be true or false" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        is_int(test_error(&t, cases[i].text, cases[i].query), cases[i].error,
               cases[i].text);
        is_str(t.faults.missing.len ? (char *) t.faults.missing.data : "",
               t.faults.missing.len, cases[i].missing,
               "... what is missing, each once, in the schema's order");
        is_str(t.faults.detail.len ? (char *) t.faults.detail.data : "",
               t.faults.detail.len, cases[i].detail, "... and the detail");

        secops_record_faults_free(&t.faults);
    }
}


static void
test_written(const char *text, const char *expected, const char *name)
{
    size_t           size;
    record_test_t    t;
    unsigned char   *dst, *end;
    secops_record_t  record;

    (void) test_read(&t, text, "");

    record.table = &table;
    record.user = slice("a\"b\\\x01");
    record.domain = slice("d");
    memcpy(record.sys_id, "0123456789abcdef0123456789abcdef", SECOPS_ID_LEN);
    memcpy(record.created, "2026-01-02 03:04:05", SECOPS_TIME_LEN);

    size = secops_record_size(&record, &t.json, t.body.fields);
    dst = malloc(size);

    if (dst) {
        end = secops_record_write(dst, &record, &t.json, t.body.fields,
                                  &t.body);

        is_str(dst, end - dst, expected, name);
        ok((size_t) (end - dst) <= size, "... and fits");
    }

    free(dst);
    secops_record_faults_free(&t.faults);
}


#define RECORD_TEST_HEAD                                                      \
    "{\"sys_id\":\"0123456789abcdef0123456789abcdef\","                       \
    "\"sys_class_name\":\"t_x\",\"sys_created_on\":\"2026-01-02 03:04:05\","  \
    "\"sys_created_by\":\"a\\\"b\\\\\\u0001\","                               \
    "\"sys_updated_on\":\"2026-01-02 03:04:05\",\"sys_domain\":\"d\","        \
    "\"sys_mod_count\":\"0\""


static void
test_write(void)
{
    test_written("{\"a\":1}", RECORD_TEST_HEAD ",\"a\":1}", "one field");
    test_written(" { \"a\" : 1.10 ,\n\"b\":[ 1 , \"x\" ] } ",
                 RECORD_TEST_HEAD ",\"a\" : 1.10,\"b\":[ 1 , \"x\" ]}",
                 "bytes inside of a member stay as they are");
    test_written("{\"\\u0061\":\"\\u00e4\\n\",\"\":\"\"}",
                 RECORD_TEST_HEAD ",\"\\u0061\":\"\\u00e4\\n\",\"\":\"\"}",
                 "escapes and empty names too");
    test_written("{\"include_wrap\":true,\"a\":1,\"simple_response\":0}",
                 RECORD_TEST_HEAD ",\"a\":1}",
                 "parameters of a flat body are left out");
    test_written("{\"incl\\u0075de_wrap\":true,\"a\":1}",
                 RECORD_TEST_HEAD ",\"a\":1}",
                 "also when their names are escaped");
    test_written("{\"a\":1,\"atomic\":true}", RECORD_TEST_HEAD ",\"a\":1}",
                 "and when they come last");
    test_written("{\"include_wrap\":true}", RECORD_TEST_HEAD "}",
                 "nothing may be left");
    test_written("{\"data\":{\"include_wrap\":5,\"b\":{}},\"config\":{}}",
                 RECORD_TEST_HEAD ",\"include_wrap\":5,\"b\":{}}",
                 "of an envelope all of data is kept");
}


static void
test_subject(void)
{
    size_t          i;
    record_test_t   t;
    unsigned char   dst[128];
    secops_slice_t  subject;

    static const char  *cases[][2] = {
        { "{\"about\":\"x\"}", "x" },
        { "{\"\\u0061bout\":\"x\"}", "x" },
        { "{\"about\":\"\\u0061\\/b\"}", "a/b" },
        { "{\"data\":{\"about\":\"x\"}}", "x" },
        { "{\"about\":1.50}", "1.50" },
        { "{\"about\":\"\"}", "" },
        { "{\"about\":null}", "" },
        { "{\"other\":\"x\"}", "" },
        { "{\"other\":{\"about\":\"x\"}}", "" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void) test_read(&t, cases[i][0], "");
        subject = secops_record_subject(&table, &t.json, t.body.fields, dst);
        is_str(subject.data, subject.len, cases[i][1], cases[i][0]);
        secops_record_faults_free(&t.faults);
    }

    table.subject.len = 0;
    (void) test_read(&t, cases[0][0], "");
    is_int(secops_record_subject(&table, &t.json, t.body.fields, dst).len, 0,
           "a table without a subject: about nothing");
    secops_record_faults_free(&t.faults);
}


int
main(void)
{
    secops_schema_error_t  error;

    if (!ok(secops_table_compile(&table, slice("t_x"),
                                 (const unsigned char *) schema,
                                 sizeof(schema) - 1, &error)
            == 0, "a table"))
    {
        printf("# %s %s\n", error.pointer, error.reason);
        return tap_done();
    }

    test_forms();
    test_parameters();
    test_errors();
    test_write();
    test_subject();

    secops_table_free(&table);

    return tap_done();
}
