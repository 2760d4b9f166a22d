
/*
 * The values that a table stores for fields that a record does not have: the
 * "default" of its properties, as they stand in the schema's file.
 */

#include <stdio.h>
#include <stdlib.h>

#include "model/json/secops_json_tree.h"
#include "model/record/secops_table_internal.h"
#include "util/secops_text.h"


static int secops_table_collect(secops_table_t *table,
    const secops_json_t *json, secops_schema_error_t *error);
static int secops_table_add_default(secops_table_t *table,
    const secops_json_t *json, uint32_t key, uint32_t value,
    secops_schema_error_t *error);
static secops_slice_t secops_table_value(const secops_json_t *json,
    uint32_t i);
static unsigned char *secops_table_compact(unsigned char *dst,
    secops_slice_t text);
static int secops_table_check_defaults(const secops_table_t *table,
    secops_schema_error_t *error);
static int secops_table_default_fault(void *data,
    const secops_schema_fault_t *fault);
static int secops_table_refuse(secops_schema_error_t *error,
    secops_slice_t name, const char *reason);


int
secops_table_read_defaults(secops_table_t *table, const unsigned char *data,
    size_t len, secops_schema_error_t *error)
{
    int                  rc;
    secops_json_t        json;
    secops_slice_t       text;
    secops_json_error_t  unused;

    text.len = len;
    text.data = data;

    /* it was read before, as a schema: all that it may lack is memory */

    if (secops_json_tokens(&json, text, &secops_json_tree_reading, &unused)
        != SECOPS_JSON_OK)
    {
        return secops_schema_error(error, "", "no memory");
    }

    rc = secops_table_collect(table, &json, error);

    free(json.tokens);

    if (rc == 0 && table->ndefaults) {
        rc = secops_table_check_defaults(table, error);
    }

    return rc;
}


static int
secops_table_collect(secops_table_t *table, const secops_json_t *json,
    secops_schema_error_t *error)
{
    uint32_t                     i, key, last, value;

    static const unsigned char   properties[] = "properties";
    static const unsigned char   word[] = "default";

    i = secops_json_member(json, 0, properties, sizeof(properties) - 1);

    if (i == 0) {
        return 0;
    }

    last = json->tokens[i].next;

    for (key = i + 1; key < last; key = json->tokens[key + 1].next) {

        value = secops_json_member(json, key + 1, word, sizeof(word) - 1);

        if (value
            && secops_table_add_default(table, json, key, value, error) != 0)
        {
            return -1;
        }
    }

    return 0;
}


static int
secops_table_add_default(secops_table_t *table, const secops_json_t *json,
    uint32_t key, uint32_t value, secops_schema_error_t *error)
{
    size_t                   size;
    unsigned char           *p;
    secops_slice_t           name, text;
    secops_table_default_t  *defaults;

    text = secops_table_value(json, value);
    name = secops_json_raw(json, key);

    size = (table->ndefaults + 1) * sizeof(secops_table_default_t);

    defaults = realloc(table->defaults, size);
    if (defaults == NULL) {
        return secops_schema_error(error, "", "no memory");
    }

    table->defaults = defaults;
    defaults += table->ndefaults;

    /* the name decoded, then the member: name and value as they stand */

    p = malloc(2 * name.len + text.len + sizeof("\"\":"));
    if (p == NULL) {
        return secops_schema_error(error, "", "no memory");
    }

    table->ndefaults++;

    defaults->name.data = p;
    defaults->name.len = secops_json_decode(json, key, p);
    p += name.len;

    defaults->member.data = p;

    *p++ = '"';
    memcpy(p, name.data, name.len);
    p += name.len;
    *p++ = '"';
    *p++ = ':';
    p = secops_table_compact(p, text);

    defaults->member.len = p - defaults->member.data;

    table->defaults_size += defaults->member.len + 1;

    if (secops_slice_equal(defaults->name, table->subject)) {
        return secops_table_refuse(error, defaults->name, "a record's subject"
                                   " can not have a default");
    }

    if (defaults->name.len >= 4 && memcmp(defaults->name.data, "sys_", 4) == 0)
    {
        return secops_table_refuse(error, defaults->name, "is set by the"
                                   " server and can not have a default");
    }

    return 0;
}


static secops_slice_t
secops_table_value(const secops_json_t *json, uint32_t i)
{
    secops_slice_t  text;

    text = secops_json_raw(json, i);

    if (json->tokens[i].type == SECOPS_JSON_STRING) {
        text.data--;
        text.len += 2;
    }

    return text;
}


/* JSON without the white space of its file */

static unsigned char *
secops_table_compact(unsigned char *dst, secops_slice_t text)
{
    int     quoted;
    size_t  i;

    quoted = 0;

    for (i = 0; i < text.len; i++) {

        if (text.data[i] == '"') {
            quoted = !quoted;

        } else if (quoted && text.data[i] == '\\') {
            *dst++ = text.data[i++];

        } else if (!quoted && strchr(" \t\r\n", text.data[i])) {
            continue;
        }

        *dst++ = text.data[i];
    }

    return dst;
}


/* a record of nothing but the defaults: each must be valid where it stands */

static int
secops_table_check_defaults(const secops_table_t *table,
    secops_schema_error_t *error)
{
    int                  rc;
    size_t               n;
    secops_json_t        json;
    secops_text_t        text;
    secops_json_error_t  unused;

    memset(&text, 0, sizeof(secops_text_t));

    secops_text_append_string(&text, "{");

    for (n = 0; n < table->ndefaults; n++) {

        if (n) {
            secops_text_append_string(&text, ",");
        }

        secops_text_append(&text, table->defaults[n].member);
    }

    secops_text_append_string(&text, "}");

    if (text.failed
        || secops_json_tokens(&json, secops_text_slice(&text),
                              &secops_json_tree_reading, &unused)
           != SECOPS_JSON_OK)
    {
        secops_text_free(&text);
        return secops_schema_error(error, "", "no memory");
    }

    rc = secops_schema_validate(table->schema, &json, 0, 0, NULL,
                                secops_table_default_fault, error);

    free(json.tokens);
    secops_text_free(&text);

    if (rc < 0) {
        return secops_schema_error(error, "", "no memory");
    }

    return rc ? -1 : 0;
}


/* what the record as a whole lacks is not the defaults' fault */

static int
secops_table_default_fault(void *data, const secops_schema_fault_t *fault)
{
    secops_schema_error_t *error = data;

    if (fault->pointer.len == 0 || fault->property.len) {
        return SECOPS_SCHEMA_EXCUSED;
    }

    (void) snprintf(error->pointer, sizeof(error->pointer), "/properties%.*s",
                    (int) fault->pointer.len, fault->pointer.data);
    (void) snprintf(error->reason, sizeof(error->reason), "the default %.*s",
                    (int) fault->message.len, fault->message.data);

    return SECOPS_SCHEMA_ENOUGH;
}


/* -1, always */

static int
secops_table_refuse(secops_schema_error_t *error, secops_slice_t name,
    const char *reason)
{
    char  pointer[sizeof(error->pointer)];

    (void) snprintf(pointer, sizeof(pointer), "/properties/%.*s",
                    (int) name.len, name.data);

    return secops_schema_error(error, pointer, "%s", reason);
}


int
secops_table_has_default(const secops_table_t *table, secops_slice_t name)
{
    size_t  n;

    for (n = 0; n < table->ndefaults; n++) {

        if (secops_slice_equal(table->defaults[n].name, name)) {
            return 1;
        }
    }

    return 0;
}


void
secops_table_free_defaults(secops_table_t *table)
{
    size_t  n;

    for (n = 0; n < table->ndefaults; n++) {
        free((void *) table->defaults[n].name.data);
    }

    free(table->defaults);

    table->defaults = NULL;
    table->ndefaults = 0;
}
