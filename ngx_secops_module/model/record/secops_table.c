
/* Record tables; see secops_table.h. */

#include "model/record/secops_table_internal.h"


static const char *secops_table_check(const secops_table_t *table,
    const char **pointer);


int
secops_table_compile(secops_table_t *table, secops_slice_t name,
    const unsigned char *data, size_t len, secops_schema_error_t *error)
{
    const char  *reason, *pointer;

    table->name = name;
    table->schema = secops_schema_compile(data, len, error);

    if (table->schema == NULL) {
        return -1;
    }

    table->endpoint = secops_schema_annotation(table->schema, "x-endpoint");
    table->label = secops_schema_annotation(table->schema, "x-label");
    table->subject = secops_schema_annotation(table->schema, "x-subject");

    table->defaults = NULL;
    table->ndefaults = 0;
    table->defaults_size = 0;

    table->references = NULL;
    table->nreferences = 0;

    table->columns = NULL;
    table->column_slots = NULL;
    table->ncolumns = 0;

    reason = secops_table_check(table, &pointer);

    if (reason == NULL) {

        if (secops_table_read_defaults(table, data, len, error) == 0
            && secops_table_read_facts(table, error) == 0
            && secops_table_read_retention(table, error) == 0
            && secops_table_read_references(table, error) == 0
            && secops_table_read_columns(table, error) == 0)
        {
            return 0;
        }

        secops_table_free(table);

        return -1;
    }

    secops_table_free(table);

    return secops_schema_error(error, pointer, "%s", reason);
}


static const char *
secops_table_check(const secops_table_t *table, const char **pointer)
{
    *pointer = "";

    if (!secops_table_is_name(table->name)) {
        return "a table's name is made of a-z, 0-9 and _, 80 at most";
    }

    *pointer = "/x-endpoint";

    if (!secops_table_is_word(table->endpoint, 1)) {
        return "must be a string of a-z, 0-9, _ and -, 80 at most";
    }

    *pointer = "/x-label";

    if (table->label.len == 0) {
        return "must be a string that is not empty";
    }

    *pointer = "/x-subject";

    if (table->subject.len
        && !secops_schema_has_property(table->schema, table->subject.data,
                                       table->subject.len))
    {
        return "must name one of the properties";
    }

    return NULL;
}


int
secops_table_is_name(secops_slice_t text)
{
    return secops_table_is_word(text, 0);
}


void
secops_table_free(secops_table_t *table)
{
    secops_schema_free(table->schema);
    table->schema = NULL;

    secops_table_free_defaults(table);
    secops_table_free_references(table);
    secops_table_free_columns(table);
}
