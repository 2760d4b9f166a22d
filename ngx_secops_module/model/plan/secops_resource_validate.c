
/* What a schema finds wrong with a value of a request. */

#include <stdlib.h>

#include "model/json/secops_json_dump.h"
#include "model/json/secops_json_tree.h"
#include "model/plan/secops_resource_internal.h"
#include "util/secops_pointer.h"


/* what the faults of a schema are told with */

typedef struct {
    secops_resource_plan_t  *plan;
    size_t                   entry;
    const json_t            *value;
    const json_t            *schema;
} secops_resource_validation_t;


static int secops_resource_validate_fault(void *data,
    const secops_schema_fault_t *fault);
static secops_slice_t secops_resource_message(
    secops_resource_validation_t *validation,
    const secops_schema_fault_t *fault);
static const json_t *secops_resource_schema_at(secops_resource_plan_t *plan,
    const json_t *value, secops_slice_t pointer, const json_t *schema);
static uint32_t secops_resource_stand_in(const secops_json_t *json, uint32_t i,
    const json_t *value, const json_t *schema);
static int secops_resource_stands_for(const json_t *value,
    const json_t *schema);


void
secops_resource_validate(secops_resource_plan_t *plan, size_t i,
    const secops_catalog_schema_t *schema, const json_t *value)
{
    secops_text_t                  text;
    secops_json_t                  json;
    secops_json_error_t            error;
    secops_resource_validation_t   validation;

    validation.plan = plan;
    validation.entry = i;
    validation.value = value;
    validation.schema = schema->json;

    memset(&text, 0, sizeof(secops_text_t));

    secops_json_dump(&text, value);

    if (text.failed
        || secops_json_tokens(&json, secops_text_slice(&text),
                              &secops_json_tree_reading, &error)
           != SECOPS_JSON_OK)
    {
        plan->failed = 1;
        secops_text_free(&text);
        return;
    }

    (void) secops_resource_stand_in(&json, 0, value, schema->json);

    if (secops_schema_validate(schema->schema, &json, 0,
                               SECOPS_SCHEMA_EMPTY_IS_ABSENT, &plan->patterns,
                               secops_resource_validate_fault, &validation)
        < 0)
    {
        plan->failed = 1;
    }

    free(json.tokens);
    secops_text_free(&text);
}


static int
secops_resource_validate_fault(void *data, const secops_schema_fault_t *fault)
{
    secops_resource_validation_t *validation = data;

    size_t                   len;
    secops_resource_plan_t  *plan;

    plan = validation->plan;
    len = plan->path.len;

    secops_faults_append_pointer(&plan->path, fault->pointer);
    secops_text_append(&plan->message,
                       secops_resource_message(validation, fault));

    secops_resource_tell(plan, validation->entry, SECOPS_ERROR_INVALID, "");
    secops_resource_path_up(plan, len);

    return secops_faults_full(plan->faults) ? SECOPS_SCHEMA_ENOUGH
                                                     : SECOPS_SCHEMA_COUNTS;
}


/* what a schema says of its pattern in words, which few can read */

static secops_slice_t
secops_resource_message(secops_resource_validation_t *validation,
    const secops_schema_fault_t *fault)
{
    const json_t  *message, *schema;

    if (strcmp(fault->keyword, "pattern") != 0) {
        return fault->message;
    }

    schema = secops_resource_schema_at(validation->plan, validation->value,
                                       fault->pointer, validation->schema);
    message = json_object_get(schema, "x-message");

    return json_is_string(message) ? secops_resource_text(message)
                                   : fault->message;
}


/* of what stands there; NULL: there is none */

static const json_t *
secops_resource_schema_at(secops_resource_plan_t *plan, const json_t *value,
    secops_slice_t pointer, const json_t *schema)
{
    char    *name;
    size_t   i, end, len;

    name = malloc(pointer.len + 1);
    if (name == NULL) {
        plan->failed = 1;
        return NULL;
    }

    for (i = 0; i < pointer.len && value; i = end) {

        /* a slash, and what is up to the next one */

        for (end = i + 1; end < pointer.len && pointer.data[end] != '/'; end++)
        {
            /* void */
        }

        len = end - i - 1;
        memcpy(name, pointer.data + i + 1, len);
        name[secops_pointer_unescape((unsigned char *) name, len)] = '\0';

        if (json_is_array(value)) {
            value = json_array_get(value, strtoul(name, NULL, 10));
            schema = secops_resource_items_schema(schema);

        } else {
            value = json_object_get(value, name);
            schema = secops_resource_member_schema(schema, name);
        }
    }

    free(name);

    return schema;
}


/*
 * Where a reference or a masked secret stands, its own text does not matter,
 * but that it stands there does.  Tokens come in the order in which the value
 * was written.  Returns the token after the value.
 */

static uint32_t
secops_resource_stand_in(const secops_json_t *json, uint32_t i,
    const json_t *value, const json_t *schema)
{
    size_t         k;
    json_t        *member;
    const char    *name;
    const json_t  *items;

    if (json_is_string(value) && secops_resource_stands_for(value, schema)) {
        json->tokens[i].type = SECOPS_JSON_STANDIN;
    }

    i++;

    json_object_foreach((json_t *) value, name, member) {
        i = secops_resource_stand_in(json, i + 1, member,
                               secops_resource_member_schema(schema, name));
    }

    items = secops_resource_items_schema(schema);

    for (k = 0; k < json_array_size(value); k++) {
        i = secops_resource_stand_in(json, i, json_array_get(value, k), items);
    }

    return i;
}


/* an expression that is not sound, too: it is told as such */

static int
secops_resource_stands_for(const json_t *value, const json_t *schema)
{
    int                          rc;
    secops_resource_ref_t        ref;
    secops_resource_ref_error_t  error;

    if (secops_resource_is_mask(value)) {
        return secops_resource_is_secret(schema);
    }

    rc = secops_resource_ref_parse(&ref, secops_resource_text(value), &error);

    if (rc == SECOPS_RESOURCE_REF_OK) {
        secops_text_free(&ref.value);
    }

    return rc != SECOPS_RESOURCE_REF_NONE;
}


int
secops_resource_check_unique(secops_resource_plan_t *plan, size_t i,
    const json_t *schema, const json_t *made)
{
    size_t       k;
    json_t      *seen;
    const char  *text;

    if (!json_is_true(json_object_get(schema, "uniqueItems"))) {
        return 0;
    }

    seen = json_object();

    for (k = 0; k < json_array_size(made); k++) {

        text = json_string_value(json_array_get(made, k));

        if (text == NULL || strncmp(text, "{{", 2) != 0) {
            continue;
        }

        if (json_object_get(seen, text)) {
            json_decref(seen);
            secops_resource_tell(plan, i, SECOPS_ERROR_INVALID,
                                 "must not refer to the same resource twice");
            return -1;
        }

        if (json_object_set_new(seen, text, json_true()) != 0) {
            plan->failed = 1;
        }
    }

    json_decref(seen);

    return 0;
}
