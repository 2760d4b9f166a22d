
/*
 * Records: what a body means, which of its faults is answered, and the bytes
 * that are stored.
 */

#include <stdlib.h>

#include "model/record/secops_record.h"
#include "secops_tap.h"


#define RECORD_TEST_TOKENS  1024


typedef struct {
    secops_json_t            json;
    secops_record_budget_t   budget;
    char                     text[8192];
    unsigned char            query[256];
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
    "\"nested\":{\"additionalProperties\":{\"additionalProperties\":"
    "{\"type\":\"null\"}}},"
    "\"inner\":{\"type\":\"object\",\"required\":[\"x\"]}}}";


/* 0: the body was read; its faults are to be freed in any case */

static int
test_read(record_test_t *t, const char *text, const char *query)
{
    secops_json_error_t   error;
    secops_json_limits_t  limits = { 32, 1000 };

    memset(t, 0, sizeof(record_test_t));

    secops_record_budget(&t->budget);
    secops_record_faults_init(&t->faults, &t->budget);

    (void) snprintf(t->text, sizeof(t->text), "%s", text);

    if (secops_json_parse(&t->json, (const unsigned char *) t->text,
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

    t->body.bytes = (unsigned char *) t->text;

    return secops_record_read_query(slice(query), t->query, &t->options,
                                    &t->faults);
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

    return rc == -2 ? SECOPS_ERRORS : t->faults.all.error;
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
        { "{\"config\":5,\"a\":1}", 'f' },
        { "{\"config\":{\"atomic\":1},\"data\":5}", 'f' },
        { "{\"conf\\u0069g\":{},\"data\":[]}", 'b' }
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

    is_int(test_options("{\"a\":1,\"config\":{\"include_wrap\":true}}", ""),
           10, "14: config of parameters counts beside fields, too");
    is_int(test_options("{\"include_wrap\":0,\"a\":1,"
                        "\"config\":{\"include_wrap\":true}}", ""), 0,
           "... a parameter beside the fields wins over it");
    is_int(test_options("{\"a\":1,\"config\":{\"include_wrap\":2}}", ""), -1,
           "... and must be true or false");
    is_int(test_options("{\"a\":1,\"config\":{\"include_wrap\":true,"
                        "\"port\":9}}", ""), 0,
           "... with something else in it, it is a field");
    is_int(test_options("{\"config\":{\"include_wrap\":true,\"port\":9}}", ""),
           -1, "... but not where it is all that there is");
}


static void
test_errors(void)
{
    size_t          i;
    record_test_t   t;
    secops_slice_t  detail;

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
          SECOPS_ERROR_BODY, "",
          "/config/include_wrap: must be true or false" },

        /* Semantics 14 */

        { "{\"about\":\"x\",\"config\":{\"ignore_mandatory_fields\":true}}", "",
          SECOPS_ERROR_NONE, "", "" },
        { "{\"config\":{\"ignore_mandatory_fields\":true}}", "",
          SECOPS_ERROR_NO_FIELDS, "",
          "the body: has no field that is filled in" },
        { "{\"config\":{\"ignore_mandatry_fields\":true}}", "",
          SECOPS_ERROR_BODY, "", "/config: has a member that is no parameter" },
        { "{\"data\":{\"about\":\"x\"},\"confg\":{}}",
          "ignore_mandatory_fields=true", SECOPS_ERROR_BODY, "",
          "/confg: must not stand beside \"data\": only \"config\" and"
          " parameters may" },
        { "{\"data\":[{\"about\":\"x\"}],\"con/fg\":1,\"atomic\":1}", "",
          SECOPS_ERROR_BODY, "", "/con~1fg: must not stand beside \"data\":"
          " only \"config\" and parameters may" },
        { "{\"data\":{\"a\":1},\"about\":\"x\",\"kind\":\"A\",\"also\":1}", "",
          SECOPS_ERROR_NONE, "", "" },
        { "{\"data\":{\"a\":1},\"about\":\"x\",\"kind\":\"A\"}", "",
          SECOPS_ERROR_MANDATORY, "also", "/also: is required; /data: is taken"
          " for a field, as there are other fields beside it" },

        /* Field 23 */

        { "{\"about\":\"x\",\"kind\":\"a\",\"also\":1}", "",
          SECOPS_ERROR_NONE, "", "" },
        { "{\"about\":\"x\",\"kind\":\"a\"}", "",
          SECOPS_ERROR_MANDATORY, "also", "/also: is required" },
        { "{\"about\":\"x\",\"kind\":\"\\u0061\",\"also\":1}", "",
          SECOPS_ERROR_BODY, "", "/kind: must be one of \"A\", \"B\"" },
        { "{\"about\":\"x\",\"kind\":\"c\",\"also\":1}", "",
          SECOPS_ERROR_BODY, "", "/kind: must be one of \"A\", \"B\"" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        is_int(test_error(&t, cases[i].text, cases[i].query), cases[i].error,
               cases[i].text);
        is_str(t.faults.missing.len ? (char *) t.faults.missing.data : "",
               t.faults.missing.len, cases[i].missing,
               "... what is missing, each once, in the schema's order");

        detail = secops_record_detail(&t.faults);
        is_str(detail.len ? (char *) detail.data : "", detail.len,
               cases[i].detail, "... and the detail");

        secops_record_faults_free(&t.faults);
    }
}


/* R.2: all records of a request share what their faults may say */

static void
test_budget(void)
{
    size_t          i, said;
    unsigned        n;
    record_test_t   t;
    secops_text_t   text;
    secops_slice_t  detail;

    memset(&text, 0, sizeof(secops_text_t));
    secops_text_append_string(&text, "{\"data\":{\"nested\":{\"");

    for (i = 0; i < 3000; i++) {
        secops_text_append_string(&text, "I");
    }

    secops_text_append_string(&text, "\":{\"1\":1");

    for (i = 2; i < 150; i++) {
        char  member[16];

        (void) snprintf(member, sizeof(member), ",\"%zu\":1", i);
        secops_text_append_string(&text, member);
    }

    secops_text_append(&text, (secops_slice_t) secops_slice("}}}}\0"));

    (void) test_error(&t, (char *) text.data, "ignore_mandatory_fields=1");

    detail = secops_record_detail(&t.faults);

    ok(t.faults.all.error == SECOPS_ERROR_BODY
       && t.faults.all.told == SECOPS_FAULTS_MAX
       && detail.len < 100 * 340 && t.faults.all.more,
       "R.2: 149 faults with a name of 3000 bytes say %zu bytes", detail.len);

    ok(memcmp(detail.data + detail.len - 10, "; and more", 10) == 0,
       "... and end with \"and more\"");

    said = 0;

    for (n = 0; n < 50; n++) {

        if (n) {
            secops_record_faults_free(&t.faults);
            secops_record_faults_init(&t.faults, &t.budget);

            (void) secops_record_check(&table, &t.json, t.body.fields,
                                       &t.body, &t.options, "/data",
                                       &t.faults);
        }

        said += secops_record_detail(&t.faults).len;

        if (t.faults.all.error != SECOPS_ERROR_BODY) {
            break;
        }
    }

    ok(n == 50 && said < SECOPS_FAULTS_BYTES + 50 * 16,
       "... 50 such records say %zu bytes, and all are refused", said);

    secops_record_faults_free(&t.faults);
    secops_text_free(&text);
}


static void
test_written(const char *text, const char *expected, const char *name)
{
    size_t           size;
    record_test_t    t;
    unsigned char   *dst, *end;
    secops_record_t  record;

    (void) test_error(&t, text, "ignore_mandatory_fields=1");

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
    test_written("{\"a\":1,\"config\":{\"atomic\":false},\"b\":2}",
                 RECORD_TEST_HEAD ",\"a\":1,\"b\":2}",
                 "14: config of parameters is left out of a flat body");
    test_written("{\"a\":1,\"config\":{\"atomic\":false,\"x\":1}}",
                 RECORD_TEST_HEAD
                 ",\"a\":1,\"config\":{\"atomic\":false,\"x\":1}}",
                 "14: another config is a field");
    test_written("{\"kind\" : \"b\",\"a\":1}",
                 RECORD_TEST_HEAD ",\"kind\" : \"B\",\"a\":1}",
                 "Field 23: a choice is stored as the table spells it");
    test_written("{\"a\":123456789012345678901234567890,\"b\":[1e999,-0.0E+0]}",
                 RECORD_TEST_HEAD
                 ",\"a\":123456789012345678901234567890,\"b\":[1e999,-0.0E+0]}",
                 "Field 3: numbers stay as they are, whatever their size");
}


/* Semantics 21: the defaults of a table */

static void
test_defaults(void)
{
    size_t                  i;
    secops_table_t          kept;
    secops_schema_error_t   error;
    record_test_t           t;

#define RECORD_TEST_TABLE                                                     \
    "{\"x-endpoint\":\"e\",\"x-label\":\"L\",\"x-subject\":\"about\","        \
    "\"required\":[\"state\",\"n\"],\"properties\":{\"about\":{"

    static const char  text[] = RECORD_TEST_TABLE
        "},\"st\\u0061te\":{\"enum\":[\"New\"],\"default\":\"New\"},"
        "\"n\":{\"type\":\"integer\"},"
        "\"o\":{\"default\": {\n \"a b\": [ 1, \" x \\\" y \" ] }}}}";

    static const char  *refused[][2] = {
        { RECORD_TEST_TABLE "},\"a\":{\"type\":\"string\",\"default\":5}}}",
          "the default must be a string, not a number" },
        { RECORD_TEST_TABLE "},\"sys_a\":{\"default\":5}}}",
          "is set by the server and can not have a default" },
        { RECORD_TEST_TABLE "\"default\":\"x\"}}}",
          "a record's subject can not have a default" }
    };

    kept = table;

    is_int(secops_table_compile(&table, slice("t_x"),
                                (const unsigned char *) text,
                                sizeof(text) - 1, &error), 0,
           "21: a table with defaults");

    test_written("{\"n\":1}", RECORD_TEST_HEAD
                 ",\"n\":1,\"st\\u0061te\":\"New\","
                 "\"o\":{\"a b\":[1,\" x \\\" y \"]}}",
                 "21: what did not come is stored with its default");
    test_written("{\"n\":1,\"o\":null,\"st\\u0061te\":\"\"}", RECORD_TEST_HEAD
                 ",\"n\":1,\"o\":null,\"st\\u0061te\":\"\"}",
                 "... what came stays, even if it is not filled in");
    is_int(test_error(&t, "{\"n\":1}", ""), SECOPS_ERROR_NONE,
           "... a default is as good as a mandatory field");
    secops_record_faults_free(&t.faults);
    is_int(test_error(&t, "{\"n\":1,\"state\":\"\"}", ""),
           SECOPS_ERROR_MANDATORY, "... but not beside an empty one");
    secops_record_faults_free(&t.faults);

    secops_table_free(&table);

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        ok(secops_table_compile(&table, slice("t_x"),
                                (const unsigned char *) refused[i][0],
                                strlen(refused[i][0]), &error)
           != 0
           && strcmp(error.reason, refused[i][1]) == 0,
           "21: refused: %s", refused[i][1]);
    }

    table = kept;
}


/* who tells the facts, and which verdict is the worst */

static void
test_facts(void)
{
    size_t                 i;
    secops_table_t         facts;
    secops_schema_error_t  error;

    static const char  text[] = RECORD_TEST_TABLE
        "},\"st\\u0061te\":{\"enum\":[\"B\\u0061d\",\"Good\"]},"
        "\"w\\u0068o\":{}},\"x-engine\":\"wh\\u006f\","
        "\"x-finding\":\"state\"}";

    static const char  *refused[][2] = {
        { RECORD_TEST_TABLE "}},\"x-engine\":\"who\"}", "/x-engine" },
        { RECORD_TEST_TABLE "}},\"x-engine\":\"\"}", "/x-engine" },
        { RECORD_TEST_TABLE "}},\"x-engine\":null}", "/x-engine" },
        { RECORD_TEST_TABLE "}},\"x-finding\":\"who\"}", "/x-finding" },
        { RECORD_TEST_TABLE "}},\"x-finding\":\"about\"}", "/x-finding" },
        { RECORD_TEST_TABLE "\"enum\":[\"A\",null]}},"
          "\"x-finding\":\"about\"}", "/x-finding" },
        { RECORD_TEST_TABLE "},\"a\":true},\"x-finding\":\"a\"}",
          "/x-finding" },
        { RECORD_TEST_TABLE "}},\"x-coalesce\":\"about\"}", "/x-coalesce" },
        { RECORD_TEST_TABLE "}},\"x-coalesce\":[]}", "/x-coalesce" },
        { RECORD_TEST_TABLE "}},\"x-coalesce\":[\"about\",5]}",
          "/x-coalesce" },
        { RECORD_TEST_TABLE "}},\"x-coalesce\":[\"about\",\"who\"]}",
          "/x-coalesce" },
        { RECORD_TEST_TABLE "}},\"x-coalesce\":[\"about\",\"about\"]}",
          "/x-coalesce" },
        { RECORD_TEST_TABLE "},\"a\":{}},\"x-coalesce\":[\"a\"]}",
          "/x-coalesce" },
        { RECORD_TEST_TABLE "},\"a\":{\"default\":1}},"
          "\"x-coalesce\":[\"about\",\"a\"]}", "/x-coalesce" },
        { RECORD_TEST_TABLE "}},\"x-coalesce\":[\"1\",\"2\",\"3\",\"4\","
          "\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\","
          "\"14\",\"15\",\"16\",\"17\"]}", "/x-coalesce" }
    };

    is_int(secops_table_compile(&facts, slice("t_x"),
                                (const unsigned char *) text,
                                sizeof(text) - 1, &error), 0,
           "a table with x-engine and x-finding");
    is_str(facts.engine.data, facts.engine.len, "who", "... who tells it");
    is_str(facts.finding.data, facts.finding.len, "state",
           "... what the verdict is");
    is_int(facts.nfindings, 2, "... which has two choices");
    is_str(facts.findings[0].data, facts.findings[0].len, "Bad",
           "... the worst first");
    is_str(facts.findings[1].data, facts.findings[1].len, "Good",
           "... the best last");

    secops_table_free(&facts);

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        ok(secops_table_compile(&facts, slice("t_x"),
                                (const unsigned char *) refused[i][0],
                                strlen(refused[i][0]), &error)
           != 0
           && strcmp(error.pointer, refused[i][1]) == 0,
           "refused: %s", refused[i][0]);
    }

    is_int(table.engine.len + table.finding.len + table.nfindings, 0,
           "a table without them has neither");
}


/* of records: which are one fact */

static void
test_coalesce(void)
{
    size_t                 i;
    record_test_t          t;
    secops_text_t          fact;
    secops_table_t         kept;
    secops_schema_error_t  error;

    static const char  text[] = RECORD_TEST_TABLE
        "},\"wh\\u006f\":{}},\"x-coalesce\":[\"who\",\"ab\\u006fut\"]}";

    static const struct {
        const char  *record;
        const char  *fact;      /* NULL: it is none */
    } cases[] = {
        { "{\"about\":\"x\",\"who\":\"y\"}", "3:who1:y5:about1:x" },
        { "{\"who\":\"\\u0079\",\"b\":1,\"ab\\u006fut\":\"x\"}",
          "3:who1:y5:about1:x" },
        { "{\"about\":\"1:x\",\"who\":\"\\\"\"}", "3:who1:\"5:about3:1:x" },
        { "{\"about\":5,\"who\":[ 1, null]}", "3:who10:[ 1, null]5:about1:5" },
        { "{\"about\":5.0,\"who\":false}", "3:who5:false5:about3:5.0" },
        { "{\"about\":\"x\"}", NULL },
        { "{\"about\":\"x\",\"who\":\"\"}", NULL },
        { "{\"about\":null,\"who\":\"y\"}", NULL },
        { "{\"n\":1}", NULL }
    };

    kept = table;

    memset(&fact, 0, sizeof(secops_text_t));

    is_int(secops_table_compile(&table, slice("t_x"),
                                (const unsigned char *) text,
                                sizeof(text) - 1, &error), 0,
           "a table with x-coalesce");
    is_int(table.ncoalesce, 2, "... of two properties");
    ok(secops_table_is_of_fact(&table, slice("who"))
       && secops_table_is_of_fact(&table, slice("about"))
       && !secops_table_is_of_fact(&table, slice("wh")), "... of these");

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void) test_read(&t, cases[i].record, "");

        fact.len = 0;

        is_int(secops_record_fact(&table, &t.json, t.body.fields, &fact),
               cases[i].fact != NULL, cases[i].record);

        if (cases[i].fact) {
            is_str(fact.data, fact.len, cases[i].fact, "... this fact");
        }

        secops_record_faults_free(&t.faults);
    }

    secops_table_free(&table);
    table = kept;

    (void) test_read(&t, cases[0].record, "");
    is_int(secops_record_fact(&table, &t.json, t.body.fields, &fact), 0,
           "a table without x-coalesce: each record is a fact");
    secops_record_faults_free(&t.faults);

    secops_text_free(&fact);
}


/* what the client has sent, without the server's members and the defaults */

static void
test_fields(void)
{
    size_t          i;
    record_test_t   t;
    unsigned char   dst[512];

    static const char  *cases[][2] = {
        { "{\"about\":\"x\"}", "{\"about\":\"x\"}" },
        { "{ \"about\" : \"x\" , \"n\" : [ 1 ] }",
          "{\"about\" : \"x\",\"n\" : [ 1 ]}" },
        { "{\"data\":{\"a\":\"\\u0062\"},\"atomic\":true}",
          "{\"a\":\"\\u0062\"}" },
        { "{\"a\":1,\"simple_response\":true,\"b\":2}", "{\"a\":1,\"b\":2}" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void) test_read(&t, cases[i][0], "");
        is_str(dst, secops_record_write_fields(dst, &t.json, t.body.fields,
                                               &t.body) - dst,
               cases[i][1], cases[i][0]);
        secops_record_faults_free(&t.faults);
    }
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
    test_budget();
    test_write();
    test_defaults();
    test_facts();
    test_coalesce();
    test_fields();
    test_subject();

    secops_table_free(&table);

    return tap_done();
}
