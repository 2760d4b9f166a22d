
/* Columns that refer to a record of another table; see secops_table.h. */

#include <stdio.h>
#include <stdlib.h>

#include "model/record/secops_table_internal.h"


static int secops_table_add_reference(secops_table_t *table,
    const secops_json_t *json, uint32_t key, uint32_t value,
    secops_schema_error_t *error);
static int secops_table_refuse_reference(secops_schema_error_t *error,
    secops_slice_t column);


int
secops_table_read_references(secops_table_t *table,
    secops_schema_error_t *error)
{
    uint32_t                    i, key, last, value;
    const secops_json_t        *json;

    static const unsigned char  properties[] = "properties";
    static const unsigned char  word[] = "x-reference";

    json = secops_schema_document(table->schema);

    i = secops_json_member(json, 0, properties, sizeof(properties) - 1);

    if (i == 0) {
        return 0;
    }

    last = json->tokens[i].next;

    for (key = i + 1; key < last; key = json->tokens[key + 1].next) {

        value = secops_json_member(json, key + 1, word, sizeof(word) - 1);

        if (value
            && secops_table_add_reference(table, json, key, value, error) != 0)
        {
            return -1;
        }
    }

    return 0;
}


static int
secops_table_add_reference(secops_table_t *table, const secops_json_t *json,
    uint32_t key, uint32_t value, secops_schema_error_t *error)
{
    secops_slice_t             column, name;
    secops_table_reference_t  *references;

    column = secops_json_raw(json, key);
    name = secops_json_raw(json, value);

    if (json->tokens[value].type != SECOPS_JSON_STRING
        || !secops_table_is_word(name, 0))
    {
        return secops_table_refuse_reference(error, column);
    }

    references = realloc(table->references, (table->nreferences + 1)
                                            * sizeof(secops_table_reference_t));
    if (references == NULL) {
        return secops_schema_error(error, "", "no memory");
    }

    table->references = references;

    references += table->nreferences++;

    references->column = column;
    references->table = name;

    return 0;
}


/* -1, always */

static int
secops_table_refuse_reference(secops_schema_error_t *error,
    secops_slice_t column)
{
    char  pointer[sizeof(error->pointer)];

    (void) snprintf(pointer, sizeof(pointer), "/properties/%.*s/x-reference",
                    (int) column.len, column.data);

    return secops_schema_error(error, pointer, "must be the name of a table, "
                               "made of a-z, 0-9 and _, 80 at most");
}


const secops_table_reference_t *
secops_table_reference(const secops_table_t *table, secops_slice_t column)
{
    size_t  n;

    for (n = 0; n < table->nreferences; n++) {

        if (secops_slice_equal(table->references[n].column, column)) {
            return &table->references[n];
        }
    }

    return NULL;
}


void
secops_table_free_references(secops_table_t *table)
{
    free(table->references);

    table->references = NULL;
    table->nreferences = 0;
}
