
/*
 * secops_table_has_column: what the schema declares for the record itself, and
 * what the server writes; and whether a subject is a string always.
 */

#include "model/record/secops_table.h"
#include "model/secops_definitions.h"
#include "secops_tap.h"


static const char  column_schema[] =
    "{\"type\":\"object\",\"x-endpoint\":\"e\",\"x-label\":\"E\","
    "\"x-subject\":\"root\","
    "\"definitions\":{\"d\":{\"properties\":{\"defined\":{}}}},"
    "\"properties\":{\"root\":{\"type\":%s,"
    "\"properties\":{\"nested\":{}}},\"esc\\u0061ped\":{}},"
    "\"required\":[\"required\"],"
    "\"allOf\":[{\"properties\":{\"all\":{}}},"
    "{\"if\":{\"properties\":{\"if\":{}}},\"then\":{\"properties\":"
    "{\"then\":{}}},\"else\":{\"anyOf\":[{\"properties\":{\"any\":{}}}]}}],"
    "\"oneOf\":[true,{\"properties\":{\"one\":{}}}],"
    "\"not\":{\"properties\":{\"not\":{}}},"
    "\"patternProperties\":{\"^pattern$\":{}}}";


static const char  *columns[] = {
    "root", "escaped", "all", "if", "then", "any", "one", "sys_id",
    "sys_class_name", "sys_created_on", "sys_created_by", "sys_updated_on",
    "sys_updated_by", "sys_domain", "sys_mod_count"
};


static const char  *no_columns[] = {
    "", "roo", "root2", "ROOT", "nested", "defined", "required", "not",
    "^pattern$", "pattern", "properties", "type", "sys_", "sys_tags"
};


static void test_columns(void);
static void test_subject(void);
static void test_definitions(void);
static int compile(secops_table_t *table, const char *type);


int
main(void)
{
    test_columns();
    test_subject();
    test_definitions();

    return tap_done();
}


static void
test_columns(void)
{
    size_t          i;
    secops_table_t  table;

    if (compile(&table, "\"string\"") != 0) {
        return;
    }

    for (i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        ok(secops_table_has_column(&table, slice(columns[i])),
           "%s is a column", columns[i]);
    }

    for (i = 0; i < sizeof(no_columns) / sizeof(no_columns[0]); i++) {
        ok(!secops_table_has_column(&table, slice(no_columns[i])),
           "\"%s\" is none", no_columns[i]);
    }

    is_int(table.ncolumns, sizeof(columns) / sizeof(columns[0]),
           "there are no others");

    secops_table_free(&table);
}


static void
test_subject(void)
{
    secops_table_t  table;

    if (compile(&table, "\"string\"") == 0) {
        ok(table.subject_text, "a subject that is a string always");
        secops_table_free(&table);
    }

    if (compile(&table, "[\"string\",\"number\"]") == 0) {
        ok(!table.subject_text, "a subject that may be a number");
        secops_table_free(&table);
    }
}


static void
test_definitions(void)
{
    secops_table_t               table;
    secops_schema_error_t        error;
    const secops_definition_t   *definition;

    for (definition = secops_definitions; definition->kind; definition++) {

        if (strcmp(definition->kind, "tables") != 0) {
            continue;
        }

        if (!ok(secops_table_compile(&table, slice(definition->name),
                                     definition->data, definition->len, &error)
                == 0, "%s is a table", definition->name))
        {
            continue;
        }

        ok(secops_table_has_column(&table, table.subject),
           "... its subject is a column");
        ok(table.subject_text, "... and a string always");

        secops_table_free(&table);
    }
}


static int
compile(secops_table_t *table, const char *type)
{
    size_t                 len;
    char                   text[2048];
    secops_schema_error_t  error;

    len = snprintf(text, sizeof(text), column_schema, type);

    if (!ok(secops_table_compile(table, slice("t"), (unsigned char *) text, len,
                                 &error)
            == 0, "the schema is a table"))
    {
        printf("# %s: %s\n", error.pointer, error.reason);
        return -1;
    }

    return 0;
}
