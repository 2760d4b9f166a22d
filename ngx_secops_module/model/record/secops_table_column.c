
/*
 * The columns of a table, by which its records can be found: the properties
 * that its schema declares for the record itself, and what the server writes.
 */

#include <stdlib.h>

#include "model/record/secops_table_internal.h"


static int secops_table_alloc_columns(secops_table_t *table,
    const secops_json_t *json);
static void secops_table_add_properties(secops_table_t *table,
    const secops_json_t *json, uint32_t schema);
static void secops_table_add_column(secops_table_t *table,
    secops_slice_t name);
static uint32_t *secops_table_column_slot(const secops_table_t *table,
    secops_slice_t name);
static int secops_table_has_text_subject(const secops_table_t *table,
    const secops_json_t *json);
static uint32_t secops_table_member(const secops_json_t *json, uint32_t i,
    const char *name);


static const secops_slice_t  secops_table_server_columns[] = {
    secops_slice("sys_id"),
    secops_slice("sys_class_name"),
    secops_slice("sys_created_on"),
    secops_slice("sys_created_by"),
    secops_slice("sys_updated_on"),
    secops_slice("sys_updated_by"),
    secops_slice("sys_domain"),
    secops_slice("sys_mod_count")
};


#define SECOPS_TABLE_SERVER_COLUMNS                                           \
    (sizeof(secops_table_server_columns)                                      \
     / sizeof(secops_table_server_columns[0]))


/* schemas of the record itself, and lists of such */

static const char  *secops_table_applicators[] = {
    "allOf", "anyOf", "oneOf", "if", "then", "else", NULL
};


int
secops_table_read_columns(secops_table_t *table, secops_schema_error_t *error)
{
    size_t                n;
    const secops_json_t  *json;

    json = secops_schema_document(table->schema);

    if (secops_table_alloc_columns(table, json) != 0) {
        return secops_schema_error(error, "", "no memory");
    }

    for (n = 0; n < SECOPS_TABLE_SERVER_COLUMNS; n++) {
        secops_table_add_column(table, secops_table_server_columns[n]);
    }

    secops_table_add_properties(table, json, 0);

    table->subject_text = secops_table_has_text_subject(table, json);

    return 0;
}


/* the document has no more properties than keys */

static int
secops_table_alloc_columns(secops_table_t *table, const secops_json_t *json)
{
    size_t    n, size;
    uint32_t  i;

    n = SECOPS_TABLE_SERVER_COLUMNS;

    for (i = 0; i < json->ntokens; i++) {
        n += (json->tokens[i].flags & SECOPS_JSON_KEY) != 0;
    }

    for (size = 16; size / 2 < n; size *= 2) { /* void */ }

    table->columns = malloc(n * sizeof(secops_slice_t));
    table->column_slots = calloc(size, sizeof(uint32_t));
    table->column_mask = (uint32_t) (size - 1);

    return table->columns && table->column_slots ? 0 : -1;
}


/* recurses as deep as the document */

static void
secops_table_add_properties(secops_table_t *table, const secops_json_t *json,
    uint32_t schema)
{
    uint32_t      i, child;
    const char  **name;

    i = secops_table_member(json, schema, "properties");

    if (i) {
        for (child = i + 1;
             child < json->tokens[i].next;
             child = json->tokens[child].next)
        {
            secops_table_add_column(table, secops_json_raw(json, child));
        }
    }

    for (name = secops_table_applicators; *name; name++) {

        i = secops_table_member(json, schema, *name);

        if (i == 0) {
            continue;
        }

        if (json->tokens[i].type != SECOPS_JSON_ARRAY) {
            secops_table_add_properties(table, json, i);
            continue;
        }

        for (child = i + 1;
             child < json->tokens[i].next;
             child = json->tokens[child].next)
        {
            secops_table_add_properties(table, json, child);
        }
    }
}


static void
secops_table_add_column(secops_table_t *table, secops_slice_t name)
{
    uint32_t  *slot;

    slot = secops_table_column_slot(table, name);

    if (*slot == 0) {
        table->columns[table->ncolumns++] = name;
        *slot = table->ncolumns;
    }
}


/* where the name is, or would be; a slot has 1 + the index of a column */

static uint32_t *
secops_table_column_slot(const secops_table_t *table, secops_slice_t name)
{
    uint32_t  slot;

    for (slot = secops_json_hash(name.data, name.len) & table->column_mask;
         table->column_slots[slot];
         slot = (slot + 1) & table->column_mask)
    {
        if (secops_slice_equal(table->columns[table->column_slots[slot] - 1],
                               name))
        {
            break;
        }
    }

    return &table->column_slots[slot];
}


static int
secops_table_has_text_subject(const secops_table_t *table,
    const secops_json_t *json)
{
    uint32_t  i;

    i = secops_table_member(json, 0, "properties");

    i = i ? secops_json_member(json, i, table->subject.data,
                               table->subject.len)
          : 0;

    i = i ? secops_table_member(json, i, "type") : 0;

    return i && json->tokens[i].type == SECOPS_JSON_STRING
           && secops_slice_equal(secops_json_raw(json, i),
                                 secops_slice_of("string"));
}


/* 0, too, if it is no object */

static uint32_t
secops_table_member(const secops_json_t *json, uint32_t i, const char *name)
{
    return secops_json_member(json, i, (const unsigned char *) name,
                              strlen(name));
}


int
secops_table_has_column(const secops_table_t *table, secops_slice_t name)
{
    return *secops_table_column_slot(table, name) != 0;
}


void
secops_table_free_columns(secops_table_t *table)
{
    free(table->columns);
    free(table->column_slots);

    table->columns = NULL;
    table->column_slots = NULL;
    table->ncolumns = 0;
}
