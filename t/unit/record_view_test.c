
/*
 * A stored record as the Table API answers it: strings only, the members that
 * were asked for in the order in which they were asked for, references as
 * links; and what a table says of its references.
 */

#include <stdlib.h>

#include "model/record/secops_record_view.h"
#include "secops_tap.h"


#define VIEW_TEST_TOKENS  1024


static secops_table_t        table;
static secops_record_view_t  view;


static const char  schema[] =
    "{\"type\":\"object\",\"x-endpoint\":\"e\",\"x-label\":\"L\","
    "\"properties\":{"
    "\"task\":{\"type\":\"string\",\"x-reference\":\"task\"},"
    "\"c\\u0069\":{\"x-reference\":\"cmdb_ci_2\"},"
    "\"note\":{\"type\":\"string\"},\"any\":true}}";


static const char  record[] =
    "{\"sys_id\":\"01\",\"task\":\"T1\",\"ci\":\"a b/\\u00e9\\\"\","
    "\"n\":-1.50,\"yes\":true,\"no\":false,\"nil\":null,\"empty\":\"\","
    "\"object\":{\"a\": [1,\"x\\ny\"]},\"array\":[],"
    "\"\\u006eote\":\"a\\u0041\\\\\"}";


static void
test_view(const char *text, const char *expected, const char *name)
{
    secops_text_t                out;
    secops_json_t                json;
    secops_json_error_t          error;
    secops_json_limits_t         limits = { 32, 1000 };
    static secops_json_token_t   tokens[VIEW_TEST_TOKENS];

    memset(&out, 0, sizeof(secops_text_t));

    if (secops_json_parse(&json, (const unsigned char *) text, strlen(text),
                          tokens, VIEW_TEST_TOKENS, &limits, &error)
        != SECOPS_JSON_OK)
    {
        ok(0, "%s: not JSON", name);
        return;
    }

    secops_record_view(&out, &view, &json);

    is_str(out.data, out.len, expected, name);
    ok(!out.failed, "%s: there was memory", name);

    /* what is answered is JSON itself */

    ok(secops_json_parse(&json, out.data, out.len, tokens, VIEW_TEST_TOKENS,
                         &limits, &error)
       == SECOPS_JSON_OK, "%s: the answer is JSON", name);

    secops_text_free(&out);
}


static void
test_begin(void)
{
    memset(&view, 0, sizeof(secops_record_view_t));

    view.table = &table;
}


static void
test_values(void)
{
    test_begin();

    test_view(record,
              "{\"sys_id\":\"01\",\"task\":\"T1\",\"ci\":\"a b/\\u00e9\\\"\","
              "\"n\":\"-1.50\",\"yes\":\"true\",\"no\":\"false\",\"nil\":\"\","
              "\"empty\":\"\","
              "\"object\":\"{\\\"a\\\": [1,\\\"x\\\\ny\\\"]}\","
              "\"array\":\"[]\",\"\\u006eote\":\"a\\u0041\\\\\"}",
              "every value is a string, in the order in which it is stored");
    test_view("{}", "{}", "a record without members");

    view.all = 1;

    test_view("{\"a\":1,\"task\":\"T1\",\"b\":null}",
              "{\"a\":{\"display_value\":\"1\",\"value\":\"1\"},"
              "\"task\":{\"display_value\":\"T1\",\"value\":\"T1\"},"
              "\"b\":{\"display_value\":\"\",\"value\":\"\"}}",
              "display value and value");
}


static void
test_fields(void)
{
    test_begin();

    ok(secops_record_view_add(&view, slice("n")) == 0
       && secops_record_view_add(&view, slice("nothing")) == 0
       && secops_record_view_add(&view, slice("task.name")) == 0
       && secops_record_view_add(&view, slice("note")) == 0
       && secops_record_view_add(&view, slice("n")) == 0
       && secops_record_view_add(&view, slice("sys_id")) == 0,
       "columns are asked for by their names");

    test_view(record,
              "{\"n\":\"-1.50\",\"\\u006eote\":\"a\\u0041\\\\\","
              "\"sys_id\":\"01\"}",
              "in the order asked for, each once, unknown ones are left out");
    test_view("{\"x\":1}", "{\"note\":\"\",\"sys_id\":\"\"}",
              "a record that has none of them: columns are empty");

    view.all = 1;

    test_view("{\"sys_id\":\"1\",\"n\":2}",
              "{\"n\":{\"display_value\":\"2\",\"value\":\"2\"},"
              "\"note\":{\"display_value\":\"\",\"value\":\"\"},"
              "\"sys_id\":{\"display_value\":\"1\",\"value\":\"1\"}}",
              "... with both values");
}


/* a client that was given a column sends it back when it has changed it */

static void
test_columns(uint32_t ncolumns)
{
    test_begin();
    table.ncolumns = ncolumns;

    test_view("{\"sys_id\":\"1\",\"x\":2,\"\\u006eote\":\"n\"}",
              "{\"sys_id\":\"1\",\"x\":\"2\",\"\\u006eote\":\"n\","
              "\"sys_class_name\":\"\",\"sys_created_on\":\"\","
              "\"sys_created_by\":\"\",\"sys_updated_on\":\"\","
              "\"sys_updated_by\":\"\",\"sys_domain\":\"\","
              "\"sys_mod_count\":\"\",\"task\":\"\",\"ci\":\"\",\"any\":\"\"}",
              "columns that a record does not have are empty, each once");

    view.all = 1;
    table.ncolumns = 2;

    test_view("{\"sys_id\":\"1\"}",
              "{\"sys_id\":{\"display_value\":\"1\",\"value\":\"1\"},"
              "\"sys_class_name\":{\"display_value\":\"\",\"value\":\"\"}}",
              "... with both values");
}


static void
test_many_fields(void)
{
    size_t         i;
    static char    names[SECOPS_RECORD_VIEW_FIELDS + 1][8];

    test_begin();

    for (i = 0; i < SECOPS_RECORD_VIEW_FIELDS; i++) {
        (void) snprintf(names[i], sizeof(names[i]), "f%u", (unsigned) i);

        if (secops_record_view_add(&view, slice(names[i])) != 0) {
            break;
        }
    }

    ok(i == SECOPS_RECORD_VIEW_FIELDS, "256 columns may be asked for");
    ok(secops_record_view_add(&view, slice("f7")) == 0, "one of them again");
    ok(secops_record_view_add(&view, slice("g")) == -1, "and no other one");
}


static void
test_links(void)
{
    char    text[2048];
    size_t  len;

    test_begin();
    view.base = slice("https://h/\"x\"");

    test_view("{\"a\":\"1\",\"task\":\"T1\",\"ci\":\"a b/\\u00e9\\\"\"}",
              "{\"a\":\"1\",\"task\":{\"link\":"
              "\"https://h/\\\"x\\\"/api/now/table/task/T1\",\"value\":\"T1\"},"
              "\"ci\":{\"link\":\"https://h/\\\"x\\\"/api/now/table/cmdb_ci_2/"
              "a%20b%2f%c3%a9%22\",\"value\":\"a b/\\u00e9\\\"\"}}",
              "a reference is a link and a value");
    test_view("{\"task\":\"\",\"ci\":null}", "{\"task\":\"\",\"ci\":\"\"}",
              "an empty reference has no link");
    test_view("{\"task\":7,\"ci\":[1]}",
              "{\"task\":{\"link\":\"https://h/\\\"x\\\"/api/now/table/task/7\""
              ",\"value\":\"7\"},\"ci\":\"[1]\"}",
              "a number may be one, an array may not");

    view.base = slice("http://h");
    view.display = 1;

    test_view("{\"task\":\"T1\",\"a\":\"1\"}",
              "{\"task\":{\"display_value\":\"T1\",\"value\":\"T1\","
              "\"link\":\"http://h/api/now/table/task/T1\"},\"a\":\"1\"}",
              "a reference with its display value");

    view.all = 1;

    test_view("{\"task\":\"T1\",\"a\":\"1\"}",
              "{\"task\":{\"display_value\":\"T1\",\"value\":\"T1\","
              "\"link\":\"http://h/api/now/table/task/T1\"},"
              "\"a\":{\"display_value\":\"1\",\"value\":\"1\"}}",
              "... and all others with both values");

    view.all = 0;
    view.display = 0;

    len = snprintf(text, sizeof(text), "{\"task\":\"");
    memset(text + len, 'x', SECOPS_RECORD_VIEW_REFERENCE + 1);
    (void) snprintf(text + len + SECOPS_RECORD_VIEW_REFERENCE + 1, 4, "\"}");

    test_view(text, text, "a value that is too long is no link");
}


/* "" when the schema is a table */

static void
test_reference(const char *properties, const char *where, const char *name)
{
    char                   text[1024];
    secops_table_t         other;
    secops_schema_error_t  error;

    (void) snprintf(text, sizeof(text), "{\"type\":\"object\","
                    "\"x-endpoint\":\"e\",\"x-label\":\"L\","
                    "\"properties\":%s}", properties);

    if (secops_table_compile(&other, slice("u_t"),
                             (const unsigned char *) text, strlen(text),
                             &error)
        == 0)
    {
        is_str("", 0, where, name);
        secops_table_free(&other);
        return;
    }

    is_str(error.pointer, strlen(error.pointer), where, name);
    ok(strstr(error.reason, "must be the name of a table") != NULL,
       "%s: the reason", name);
}


static void
test_references(void)
{
    const secops_table_reference_t  *reference;

    ok(table.nreferences == 2, "references of a table");

    reference = secops_table_reference(&table, slice("ci"));

    if (ok(reference != NULL, "one that is spelled with an escape")) {
        is_str(reference->table.data, reference->table.len, "cmdb_ci_2",
               "... and what it refers to");
    }

    ok(secops_table_reference(&table, slice("note")) == NULL
       && secops_table_reference(&table, slice("tas")) == NULL,
       "another column is none");

    test_reference("{\"a\":{\"x-reference\":\"task\"}}", "", "a good one");
    test_reference("{\"a\":{\"x-reference\":\"Task\"}}",
                   "/properties/a/x-reference", "capital letters");
    test_reference("{\"a\":{\"x-reference\":\"\"}}",
                   "/properties/a/x-reference", "an empty name");
    test_reference("{\"a\":{\"x-reference\":\"a-b\"}}",
                   "/properties/a/x-reference", "a dash");
    test_reference("{\"a\":{},\"b\":{\"x-reference\":7}}",
                   "/properties/b/x-reference", "a number");
    test_reference("{\"b\":{\"x-reference\":{\"table\":\"x\"}}}",
                   "/properties/b/x-reference", "an object");
}


int
main(void)
{
    uint32_t               ncolumns;
    secops_schema_error_t  error;

    secops_json_seed(7);

    if (secops_table_compile(&table, slice("u_view"),
                             (const unsigned char *) schema, strlen(schema),
                             &error)
        != 0)
    {
        ok(0, "the table: %s %s", error.pointer, error.reason);
        return tap_done();
    }

    /* the columns that a record does not have are looked at by one test */

    ncolumns = table.ncolumns;
    table.ncolumns = 0;

    test_values();
    test_fields();
    test_many_fields();
    test_links();
    test_references();
    test_columns(ncolumns);

    table.ncolumns = ncolumns;

    secops_table_free(&table);

    return tap_done();
}
