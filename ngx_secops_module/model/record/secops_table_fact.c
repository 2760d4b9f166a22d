
/*
 * What a table says of the facts that its records are: who tells them, which of
 * their verdicts is the worst, and which records are one fact.
 */

#include <stdio.h>

#include "model/record/secops_table_internal.h"


static int secops_table_read_name(secops_slice_t *name,
    const secops_table_t *table, const char *annotation,
    secops_schema_error_t *error);
static int secops_table_read_findings(secops_table_t *table,
    secops_schema_error_t *error);
static uint32_t secops_table_choices(const secops_table_t *table,
    const secops_json_t *json);
static int secops_table_read_coalesce(secops_table_t *table,
    secops_schema_error_t *error);
static const char *secops_table_coalesce_fault(const secops_table_t *table,
    const secops_json_t *json, uint32_t i);


int
secops_table_read_facts(secops_table_t *table, secops_schema_error_t *error)
{
    table->nfindings = 0;

    if (secops_table_read_name(&table->engine, table, "x-engine", error) != 0
        || secops_table_read_name(&table->finding, table, "x-finding", error)
           != 0)
    {
        return -1;
    }

    if (table->finding.len && secops_table_read_findings(table, error) != 0) {
        return -1;
    }

    return secops_table_read_coalesce(table, error);
}


/* of a property; empty when there is no such annotation */

static int
secops_table_read_name(secops_slice_t *name, const secops_table_t *table,
    const char *annotation, secops_schema_error_t *error)
{
    char                  pointer[32];
    const secops_json_t  *json;

    json = secops_schema_document(table->schema);

    *name = secops_schema_annotation(table->schema, annotation);

    if (secops_json_member(json, 0, (const unsigned char *) annotation,
                           strlen(annotation))
        == 0)
    {
        return 0;
    }

    if (name->len
        && secops_schema_has_property(table->schema, name->data, name->len))
    {
        return 0;
    }

    (void) snprintf(pointer, sizeof(pointer), "/%s", annotation);

    return secops_schema_error(error, pointer,
                               "must name one of the properties");
}


/* a verdict that is not in the list would have no place among the others */

static int
secops_table_read_findings(secops_table_t *table,
    secops_schema_error_t *error)
{
    uint32_t              i, choices;
    const secops_json_t  *json;

    json = secops_schema_document(table->schema);
    choices = secops_table_choices(table, json);

    if (choices == 0 || json->tokens[choices].size
                        > SECOPS_TABLE_FINDINGS_MAX)
    {
        return secops_schema_error(error, "/x-finding", "must name a property"
                                   " with an \"enum\", of %d strings at most,"
                                   " the worst first",
                                   SECOPS_TABLE_FINDINGS_MAX);
    }

    for (i = choices + 1;
         i < json->tokens[choices].next;
         i = json->tokens[i].next)
    {
        table->findings[table->nfindings++] = secops_json_raw(json, i);
    }

    return 0;
}


/* the token of the "enum" of the property that x-finding names; 0: it has none,
   or one with anything but strings in it */

static uint32_t
secops_table_choices(const secops_table_t *table, const secops_json_t *json)
{
    uint32_t  i, choices;

    i = secops_json_member(json, 0, (const unsigned char *) "properties",
                           sizeof("properties") - 1);
    i = secops_json_member(json, i, table->finding.data, table->finding.len);

    if (json->tokens[i].type != SECOPS_JSON_OBJECT) {
        return 0;
    }

    choices = secops_json_member(json, i, (const unsigned char *) "enum",
                                 sizeof("enum") - 1);

    if (choices == 0) {
        return 0;
    }

    for (i = choices + 1;
         i < json->tokens[choices].next;
         i = json->tokens[i].next)
    {
        if (json->tokens[i].type != SECOPS_JSON_STRING) {
            return 0;
        }
    }

    return choices;
}


static int
secops_table_read_coalesce(secops_table_t *table,
    secops_schema_error_t *error)
{
    uint32_t              i, list;
    const char           *fault;
    const secops_json_t  *json;

    static const unsigned char  name[] = "x-coalesce";

    table->ncoalesce = 0;

    json = secops_schema_document(table->schema);
    list = secops_json_member(json, 0, name, sizeof(name) - 1);

    if (list == 0) {
        return 0;
    }

    if (json->tokens[list].type != SECOPS_JSON_ARRAY
        || json->tokens[list].size == 0
        || json->tokens[list].size > SECOPS_TABLE_COALESCE_MAX)
    {
        return secops_schema_error(error, "/x-coalesce", "must be a list of"
                                   " properties, %d at most",
                                   SECOPS_TABLE_COALESCE_MAX);
    }

    for (i = list + 1; i < json->tokens[list].next; i = json->tokens[i].next) {

        fault = secops_table_coalesce_fault(table, json, i);

        if (fault) {
            return secops_schema_error(error, "/x-coalesce", "%s", fault);
        }

        table->coalesce[table->ncoalesce++] = secops_json_raw(json, i);
    }

    if (table->subject.len && !secops_table_is_of_fact(table, table->subject)) {
        return secops_schema_error(error, "/x-coalesce", "must have the"
                                   " property of x-subject among its own, as"
                                   " records are found by it");
    }

    return 0;
}


/* of a property that the list has at token i; NULL: there is none */

static const char *
secops_table_coalesce_fault(const secops_table_t *table,
    const secops_json_t *json, uint32_t i)
{
    secops_slice_t  name;

    name = secops_json_raw(json, i);

    if (json->tokens[i].type != SECOPS_JSON_STRING
        || !secops_schema_has_property(table->schema, name.data, name.len))
    {
        return "must name properties only";
    }

    if (secops_table_has_default(table, name)) {
        return "must name no property that has a default: what a record does"
               " not say makes it no other fact";
    }

    return secops_table_is_of_fact(table, name) ? "names a property twice"
                                               : NULL;
}


int
secops_table_is_of_fact(const secops_table_t *table, secops_slice_t name)
{
    size_t  n;

    for (n = 0; n < table->ncoalesce; n++) {

        if (secops_slice_equal(table->coalesce[n], name)) {
            return 1;
        }
    }

    return 0;
}
