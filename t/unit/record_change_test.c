
/*
 * Changes of stored records: what becomes of the document, byte for byte, what
 * is refused, and which members are named as changed.
 */

#include <stdlib.h>

#include "model/record/secops_record_change.h"
#include "secops_tap.h"


#define CHANGE_TEST_TOKENS  20000

/* what the server writes of a new record, and after a change */

#define CHANGE_TEST_HEAD(on, by, count)                                       \
    "{\"sys_id\":\"1\",\"sys_created_on\":\"2026-01-01 00:00:00\","           \
    "\"sys_updated_on\":\"" on "\",\"sys_domain\":\"global\","                \
    "\"sys_mod_count\":\"" count "\"," by

#define CHANGE_TEST_NEW                                                       \
    CHANGE_TEST_HEAD("2026-01-01 00:00:00", "", "0")
#define CHANGE_TEST_CHANGED                                                   \
    CHANGE_TEST_HEAD("2026-02-03 04:05:06",                                   \
                     "\"sys_updated_by\":\"a\\\"b\",", "1")


typedef struct {
    secops_json_t            json;
    secops_record_body_t     body;
    secops_record_options_t  options;
    secops_record_faults_t   faults;
    secops_record_budget_t   budget;
    secops_record_stored_t   stored;
    secops_record_change_t   change;
} change_test_t;


static secops_table_t       table;
static secops_json_token_t  tokens[CHANGE_TEST_TOKENS];


static const char  schema[] =
    "{\"type\":\"object\",\"x-endpoint\":\"e\",\"x-label\":\"L\","
    "\"x-subject\":\"about\",\"required\":[\"about\",\"kind\"],"
    "\"properties\":{\"about\":{\"type\":[\"string\",\"number\"]},"
    "\"kind\":{\"enum\":[\"A\",\"B\"]},"
    "\"level\":{\"type\":\"string\",\"default\":\"low\"},"
    "\"score\":{\"type\":\"number\",\"maximum\":10},"
    "\"why\":{\"type\":\"string\"}},"
    "\"if\":{\"required\":[\"score\"]},"
    "\"then\":{\"required\":[\"why\"]}}";


/* the patch may be an envelope; what is tested is to be freed in any case */

static int
test_change(change_test_t *t, const char *stored, const char *patch)
{
    int                   rc;
    secops_json_error_t   error;
    secops_json_limits_t  limits = { 8, 40 };

    t->change.table = &table;
    t->change.limits = limits;
    t->change.user = slice("a\"b");
    memcpy(t->change.updated, "2026-02-03 04:05:06", SECOPS_TIME_LEN);

    if (t->change.max == 0) {
        t->change.max = 100000;
    }

    secops_record_budget(&t->budget);
    secops_record_faults_init(&t->faults, &t->budget);

    if (secops_json_parse(&t->json, (const unsigned char *) patch,
                          strlen(patch), tokens, CHANGE_TEST_TOKENS, &limits,
                          &error)
        != SECOPS_JSON_OK
        || secops_record_stored_read(&t->stored, slice(stored)) != 0)
    {
        return -2;
    }

    if (t->json.tokens[0].size
        && secops_record_read_body(&t->body, &t->json, &t->options, &t->faults)
           != 0)
    {
        return -1;
    }

    rc = secops_record_change(&t->change, &t->stored, &t->json,
                              t->body.fields, &t->body, &t->options,
                              t->body.fields ? "/data" : "", &t->faults);

    (void) secops_record_detail(&t->faults);

    return rc;
}


static void
test_free(change_test_t *t)
{
    secops_record_change_free(&t->change);
    secops_record_stored_free(&t->stored);
    secops_record_faults_free(&t->faults);
}


/* documents, without the server's members */

static void
test_merge(void)
{
    int            rc;
    size_t         i;
    char           stored[4096], expected[4096];
    change_test_t  t;

    static const struct {
        const char  *stored;
        const char  *patch;
        const char  *expected;          /* NULL: nothing is changed */
        const char  *members;
    } cases[] = {
        { "\"about\":\"x\",\"kind\":\"A\"", "{\"kind\":\"B\"}",
          "\"about\":\"x\",\"kind\":\"B\"", "kind" },
        { "\"kind\":\"A\",\"n\":1,\"about\":\"x\"", "{\"n\":2}",
          "\"kind\":\"A\",\"n\":2,\"about\":\"x\"", "n" },
        { "\"about\":\"x\",\"kind\":\"A\"", "{\"why\":\"so\",\"n\":[1, 2]}",
          "\"about\":\"x\",\"kind\":\"A\",\"why\":\"so\",\"n\":[1, 2]",
          "why,n" },
        { "\"about\":\"x\",\"n\" : { \"a\" : 1.0 },\"kind\":\"A\"",
          "{\"kind\":\"B\"}",
          "\"about\":\"x\",\"n\" : { \"a\" : 1.0 },\"kind\":\"B\"", "kind" },
        { "\"about\":\"x\",\"kind\":\"A\",\"\\u006e\":1", "{\"n\":2}",
          "\"about\":\"x\",\"kind\":\"A\",\"\\u006e\":2", "n" },
        { "\"about\":\"x\",\"kind\":\"A\",\"n\":1", "{\"\\u006e\":2}",
          "\"about\":\"x\",\"kind\":\"A\",\"n\":2", "n" },
        { "\"about\":\"x\",\"kind\":\"A\",\"n\":1", "{\"n\":1.0}",
          "\"about\":\"x\",\"kind\":\"A\",\"n\":1.0", "n" },
        { "\"about\":\"x\",\"kind\":\"A\",\"why\":\"so\"", "{\"why\":null}",
          "\"about\":\"x\",\"kind\":\"A\",\"why\":null", "why" },
        { "\"about\":\"x\",\"kind\":\"A\",\"why\":\"so\"", "{\"why\":\"\"}",
          "\"about\":\"x\",\"kind\":\"A\",\"why\":\"\"", "why" },
        { "\"about\":\"x\",\"kind\":\"A\"", "{\"score\":1,\"why\":\"so\"}",
          "\"about\":\"x\",\"kind\":\"A\",\"score\":1,\"why\":\"so\"",
          "score,why" },
        { "\"about\":\"x\",\"kind\":\"A\"", "{\"a,\\\"b\\n\":\"c\"}",
          "\"about\":\"x\",\"kind\":\"A\",\"a,\\\"b\\n\":\"c\"",
          "a,\"b\n" },

        /* the table's default is for new records */

        { "\"about\":\"x\",\"kind\":\"A\"", "{\"n\":1}",
          "\"about\":\"x\",\"kind\":\"A\",\"n\":1", "n" },

        /* the subject may be repeated */

        { "\"about\":\"x\",\"kind\":\"A\"",
          "{\"about\":\"\\u0078\",\"kind\":\"B\"}",
          "\"about\":\"x\",\"kind\":\"B\"", "kind" },
        { "\"about\":1.50,\"kind\":\"A\"", "{\"about\":1.50,\"kind\":\"B\"}",
          "\"about\":1.50,\"kind\":\"B\"", "kind" },

        /* a choice in other letters */

        { "\"about\":\"x\",\"kind\":\"A\"", "{\"kind\":\"b\"}",
          "\"about\":\"x\",\"kind\":\"B\"", "kind" },
        { "\"about\":\"x\",\"kind\":\"A\"", "{\"kind\":\"a\"}", NULL, "" },

        /* an envelope, and what is no field of a flat body */

        { "\"about\":\"x\",\"kind\":\"A\"",
          "{\"data\":{\"kind\":\"B\"},\"config\":{}}",
          "\"about\":\"x\",\"kind\":\"B\"", "kind" },
        { "\"about\":\"x\",\"kind\":\"A\"",
          "{\"kind\":\"B\",\"simple_response\":true,"
          "\"config\":{\"include_wrap\":1}}",
          "\"about\":\"x\",\"kind\":\"B\"", "kind" },
        { "\"about\":\"x\",\"kind\":\"A\"",
          "{\"data\":{\"simple_response\":true}}",
          "\"about\":\"x\",\"kind\":\"A\",\"simple_response\":true",
          "simple_response" },

        /* nothing is changed */

        { "\"about\":\"x\",\"kind\":\"A\"", "{}", NULL, "" },
        { "\"about\":\"x\",\"kind\":\"A\"", "{\"data\":{}}", NULL, "" },
        { "\"about\":\"x\",\"kind\":\"A\"", "{\"kind\":\"\\u0041\"}", NULL,
          "" },
        { "\"about\":\"x\"", "{\"about\":\"x\"}", NULL, "" },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        memset(&t, 0, sizeof(change_test_t));

        (void) snprintf(stored, sizeof(stored), "%s%s}", CHANGE_TEST_NEW,
                        cases[i].stored);
        (void) snprintf(expected, sizeof(expected), "%s%s}",
                        CHANGE_TEST_CHANGED,
                        cases[i].expected ? cases[i].expected : "");

        rc = test_change(&t, stored, cases[i].patch);

        if (!ok(rc == 0, "%s: may be stored", cases[i].patch)) {
            printf("# %.*s\n", (int) t.faults.detail.len, t.faults.detail.data);
        }

        is_int(t.change.changed, cases[i].expected != NULL, "... is a change");
        is_int(t.change.mod_count, cases[i].expected != NULL, "... counts");
        is_str(t.change.document.data, t.change.document.len,
               cases[i].expected ? expected : stored, "... the document");
        is_str(t.change.members.data, t.change.members.len, cases[i].members,
               "... the members");

        test_free(&t);
    }
}


static void
test_refused(void)
{
    int            rc;
    size_t         i;
    char           stored[4096];
    change_test_t  t;

    static const struct {
        const char      *stored;
        const char      *patch;
        secops_error_e   error;
        const char      *detail;
        const char      *missing;
    } cases[] = {
        { "\"about\":\"x\",\"kind\":\"A\"", "{\"sys_id\":\"2\"}",
          SECOPS_ERROR_BODY, "/sys_id: is set by the server", "" },
        { "\"about\":\"x\",\"kind\":\"A\"", "{\"s\\u0079s_id\":\"1\"}",
          SECOPS_ERROR_BODY, "/sys_id: is set by the server", "" },
        { "\"about\":\"x\",\"kind\":\"A\"", "{\"about\":\"y\"}",
          SECOPS_ERROR_BODY, "/about: cannot be changed: it says what the "
          "record is about", "" },
        { "\"about\":\"x\",\"kind\":\"A\"", "{\"about\":null}",
          SECOPS_ERROR_BODY, "/about: cannot be changed: it says what the "
          "record is about", "" },
        { "\"kind\":\"A\"", "{\"about\":\"y\",\"score\":11,\"why\":\"z\"}",
          SECOPS_ERROR_BODY, "/about: cannot be changed: it says what the "
          "record is about; /about: is required; /score: must be at "
          "most 10", "about" },
        { "\"about\":\"x\",\"kind\":\"A\"", "{\"kind\":\"C\"}",
          SECOPS_ERROR_BODY, "/kind: must be one of \"A\", \"B\"", "" },
        { "\"about\":\"x\",\"kind\":\"A\"", "{\"kind\":null}",
          SECOPS_ERROR_MANDATORY, "/kind: is required", "kind" },
        { "\"about\":\"x\",\"kind\":\"A\"", "{\"score\":1}",
          SECOPS_ERROR_MANDATORY, "/why: is required", "why" },
        { "\"about\":\"x\"", "{\"n\":1}",
          SECOPS_ERROR_MANDATORY, "/kind: is required", "kind" },
        { "\"about\":\"x\",\"kind\":\"A\"",
          "{\"data\":{\"sys_x\":1,\"about\":\"y\",\"why\":1,\"kind\":\"C\"}}",
          SECOPS_ERROR_BODY, "/data/sys_x: is set by the server; /data/about: "
          "cannot be changed: it says what the record is about; /data/kind: "
          "must be one of \"A\", \"B\"; /data/why: must be a string, "
          "not a number", "" },
        { "\"kind\":\"A\"", "{\"kind\":\"\"}",
          SECOPS_ERROR_NO_FIELDS, "the body: has no field that is filled in",
          "" },
        { "\"about\":\"x\",\"kind\":\"A\"", "{\"data\":[]}",
          SECOPS_ERROR_BODY, "/data: must be an object", "" },
        { "\"about\":\"x\",\"kind\":\"A\"",
          "{\"data\":{\"kind\":\"B\"},\"confg\":{}}",
          SECOPS_ERROR_BODY, "/confg: must not stand beside \"data\": only "
          "\"config\" and parameters may", "" },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        memset(&t, 0, sizeof(change_test_t));

        (void) snprintf(stored, sizeof(stored), "%s%s}", CHANGE_TEST_NEW,
                        cases[i].stored);

        rc = test_change(&t, stored, cases[i].patch);

        is_int(rc, -1, cases[i].patch);
        is_int(t.faults.all.error, cases[i].error, "... the error");
        is_str(t.faults.detail.data, t.faults.detail.len, cases[i].detail,
               "... all faults");
        is_str(t.faults.missing.data, t.faults.missing.len, cases[i].missing,
               "... what is missing");
        is_int(t.change.changed, 0, "... nothing to store");

        test_free(&t);
    }

    memset(&t, 0, sizeof(change_test_t));
    is_int(test_change(&t, CHANGE_TEST_NEW "\"about\":\"x\"}",
                       "{\"n\":1,\"ignore_mandatory_fields\":true}"),
           0, "mandatory fields may be ignored");
    test_free(&t);
}


/* which fact a record is stays the same, however it is spelled */

static void
test_fact(void)
{
    int            rc;
    size_t         i;
    change_test_t  t;

    static const struct {
        const char  *patch;
        const char  *detail;        /* NULL: it is changed */
    } cases[] = {
        { "{\"about\":\"x\",\"why\":\"5\",\"score\":1}", NULL },
        { "{\"why\":\"\\u0035\",\"score\":1}", NULL },
        { "{\"score\":1}", NULL },
        { "{\"level\":\"\",\"score\":1}", NULL },
        { "{\"why\":\"6\",\"score\":1}", "/why: cannot be changed: it says "
          "which fact the record is" },
        { "{\"why\":\"\"}", "/why: cannot be changed: it says which fact the "
          "record is" },
        { "{\"about\":\"y\",\"why\":\"6\"}", "/about: cannot be changed: it "
          "says what the record is about; /why: cannot be changed: it says "
          "which fact the record is" },
        { "{\"level\":\"high\"}", "/level: cannot be changed: it says which "
          "fact the record is" }
    };

    table.coalesce[0] = slice("about");
    table.coalesce[1] = slice("why");
    table.coalesce[2] = slice("level");
    table.ncoalesce = 3;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        memset(&t, 0, sizeof(change_test_t));

        rc = test_change(&t, CHANGE_TEST_NEW "\"about\":\"x\",\"kind\":\"A\","
                         "\"why\":\"\\u0035\",\"level\":null}",
                         cases[i].patch);

        if (cases[i].detail) {
            is_int(rc, -1, cases[i].patch);
            is_str(t.faults.detail.data, t.faults.detail.len, cases[i].detail,
                   "... and why not");

        } else {
            is_int(rc, 0, cases[i].patch);
            is_int(t.change.changed, 1, "... and changes the record");
        }

        test_free(&t);
    }

    memset(&t, 0, sizeof(change_test_t));
    is_int(test_change(&t, CHANGE_TEST_NEW "\"about\":5,\"kind\":\"A\","
                       "\"why\":\"y\"}", "{\"about\":\"5\",\"score\":1}"), 0,
           "the type does not matter, as it does not for a subject");
    test_free(&t);

    table.ncoalesce = 0;
}


/* what is there already stays as it is */

static void
test_server(void)
{
    change_test_t  t;

    memset(&t, 0, sizeof(change_test_t));
    is_int(test_change(&t, "{\"about\":\"x\",\"sys_updated_by\":\"old\","
                       "\"kind\":\"A\",\"sys_mod_count\":\"41\","
                       "\"sys_x\" : [ 1 ]}", "{\"kind\":\"B\"}"),
           0, "a record in another order");
    is_str(t.change.document.data, t.change.document.len,
           "{\"sys_updated_by\":\"a\\\"b\",\"sys_mod_count\":\"42\","
           "\"sys_x\" : [ 1 ],\"sys_updated_on\":\"2026-02-03 04:05:06\","
           "\"about\":\"x\",\"kind\":\"B\"}", "... the document");
    is_int(t.change.mod_count, 42, "... the count");
    test_free(&t);

    memset(&t, 0, sizeof(change_test_t));
    t.change.always = 1;
    is_int(test_change(&t, CHANGE_TEST_NEW "\"about\":\"x\",\"kind\":\"A\"}",
                       "{\"kind\":\"A\"}"),
           0, "a change in any case");
    is_str(t.change.document.data, t.change.document.len,
           CHANGE_TEST_CHANGED "\"about\":\"x\",\"kind\":\"A\"}",
           "... counts");
    is_str(t.change.members.data, t.change.members.len, "",
           "... and names no member");
    test_free(&t);
}


static void
test_limits(void)
{
    size_t         i, n;
    char           patch[16384], stored[16384];
    change_test_t  t;

    memset(&t, 0, sizeof(change_test_t));
    t.change.max = 40;
    is_int(test_change(&t, "{\"about\":\"x\",\"kind\":\"A\"}",
                       "{\"why\":\"012345678901234567890\"}"),
           -1, "a record can not grow beyond the limit");
    is_int(t.faults.all.error, SECOPS_ERROR_TOO_LARGE, "... the error");
    is_str(t.faults.detail.data, t.faults.detail.len,
           "the body: makes the record larger than a body may be",
           "... is said");
    test_free(&t);

    memset(&t, 0, sizeof(change_test_t));
    t.change.max = 40;
    is_int(test_change(&t, "{\"about\":\"x\",\"kind\":\"A\","
                       "\"why\":\"012345678901234567890\"}",
                       "{\"why\":\"01234567890123456789\"}"),
           0, "what is larger may become smaller");
    test_free(&t);

    n = snprintf(stored, sizeof(stored), "{\"about\":\"x\",\"kind\":\"A\"");

    for (i = 0; i < 38; i++) {
        n += snprintf(stored + n, sizeof(stored) - n, ",\"n%d\":1", (int) i);
    }

    (void) snprintf(stored + n, sizeof(stored) - n, "}");

    memset(&t, 0, sizeof(change_test_t));
    is_int(test_change(&t, stored, "{\"n39\":1}"), -1,
           "a record can not have more members than a body");
    is_str(t.faults.detail.data, t.faults.detail.len,
           "the body: makes the record not acceptable: too many members",
           "... is said");
    test_free(&t);

    memset(&t, 0, sizeof(change_test_t));
    is_int(test_change(&t, stored, "{\"n37\":2,\"n0\":2}"), 0,
           "... but as many");
    is_str(t.change.members.data, t.change.members.len, "n0,n37",
           "members in the order of the record");
    test_free(&t);

    n = snprintf(patch, sizeof(patch), "{\"n\":1");

    for (i = 0; i < 20; i++) {
        n += snprintf(patch + n, sizeof(patch) - n, ",\"%0300d\":1", (int) i);
    }

    (void) snprintf(patch + n, sizeof(patch) - n, "}");

    memset(&t, 0, sizeof(change_test_t));
    is_int(test_change(&t, "{\"about\":\"x\",\"kind\":\"A\"}", patch), 0,
           "many long names");
    ok(t.change.members.len <= SECOPS_RECORD_MEMBERS
       && memcmp(t.change.members.data, "n,000", 5) == 0
       && memcmp(t.change.members.data + t.change.members.len
                 - strlen("…,…"), "…,…", strlen("…,…")) == 0,
       "... are cut, and so is their list");
    test_free(&t);
}


static void
test_stored(void)
{
    size_t                  i, len;
    const char             *end;
    unsigned char           etag[SECOPS_RECORD_ETAG];
    secops_record_stored_t  stored;

    static const struct {
        const char  *document;
        int          rc;
        uint64_t     mod_count;
        const char  *etag;
    } cases[] = {
        { "{\"a\":1,\"sys_mod_count\":\"0\",\"b\":2}", 0, 0, "\"0\"" },
        { "{\"sys_mod_count\":\"0\"}", 0, 0, "\"0\"" },
        { "{\"sys_mod_count\":\"120\"}", 0, 120, "\"120\"" },
        { "{\"sys_mod_count\":7}", 0, 7, "\"7\"" },
        { "{\"sys_mod_count\":\"-7\"}", 0, 0, "\"0\"" },
        { "{\"sys_mod_count\":\"7x\"}", 0, 0, "\"0\"" },
        { "{\"sys_mod_count\":\"\"}", 0, 0, "\"0\"" },
        { "{\"sys_mod_count\":[7]}", 0, 0, "\"0\"" },
        { "{\"sys_mod_count\":\"999999999999999999\"}", 0, 999999999999999999,
          "\"999999999999999999\"" },
        { "{\"sys_mod_count\":\"9999999999999999999\"}", 0, 0, "\"0\"" },
        { "{}", 0, 0, "\"0\"" },
        { "[]", -1, 0, NULL },
        { "1", -1, 0, NULL },
        { "{", -1, 0, NULL },
        { "", -1, 0, NULL },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        is_int(secops_record_stored_read(&stored, slice(cases[i].document)),
               cases[i].rc, cases[i].document);

        if (cases[i].rc != 0) {
            continue;
        }

        is_int(stored.mod_count, cases[i].mod_count, "... how often changed");

        end = strstr(cases[i].document, "count\":");
        end = end ? end + strcspn(end, ",}") : strchr(cases[i].document, '\0');
        is_int(stored.head.len, end - cases[i].document, "... its head");

        len = secops_record_etag(etag, stored.mod_count) - etag;
        is_str(etag, len, cases[i].etag, "... its ETag");

        secops_record_stored_free(&stored);
    }

    len = secops_record_etag(etag, UINT64_MAX) - etag;
    is_str(etag, len, "\"18446744073709551615\"", "the longest ETag");
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

    test_merge();
    test_refused();
    test_fact();
    test_server();
    test_limits();
    test_stored();

    secops_table_free(&table);

    return tap_done();
}
