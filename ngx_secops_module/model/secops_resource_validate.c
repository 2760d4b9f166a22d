
/* What a schema finds wrong with a value of a request. */

#include <stdlib.h>

#include "model/secops_resource_internal.h"
#include "util/secops_pointer.h"


/* deeper than any request may be */

#define SECOPS_RESOURCE_DEPTH  2048


/* what the faults of a schema are told with */

typedef struct {
    secops_resource_plan_t  *plan;
    size_t                   entry;
    const json_t            *value;
    const json_t            *schema;
} secops_resource_validation_t;


static int secops_resource_parse(secops_json_t *json, const char *text);
static int secops_resource_validate_fault(void *data,
    const secops_schema_fault_t *fault);
static secops_slice_t secops_resource_message(
    const secops_schema_fault_t *fault, const json_t *schema);
static int secops_resource_excused(const secops_schema_fault_t *fault,
    const json_t *value, const json_t *schema);
static const json_t *secops_resource_at(secops_resource_plan_t *plan,
    const json_t *value, secops_slice_t pointer, const json_t **schema);


void
secops_resource_validate(secops_resource_plan_t *plan, size_t i,
    const secops_catalog_schema_t *schema, const json_t *value)
{
    char                          *text;
    secops_json_t                  json;
    secops_resource_validation_t   validation;

    validation.plan = plan;
    validation.entry = i;
    validation.value = value;
    validation.schema = schema->json;

    text = json_dumps(value, SECOPS_RESOURCE_DUMP);

    if (text == NULL || secops_resource_parse(&json, text) != 0) {
        plan->failed = 1;
        free(text);
        return;
    }

    if (secops_schema_validate(schema->schema, &json, 0,
                               SECOPS_SCHEMA_EMPTY_IS_ABSENT, &plan->patterns,
                               secops_resource_validate_fault, &validation)
        < 0)
    {
        plan->failed = 1;
    }

    free(json.tokens);
    free(text);
}


/* 0: the tokens are to be freed */

static int
secops_resource_parse(secops_json_t *json, const char *text)
{
    int                   rc;
    size_t                len, capacity;
    secops_json_error_t   error;
    secops_json_token_t  *tokens;

    static const secops_json_limits_t  limits = {
        SECOPS_RESOURCE_DEPTH, UINT32_MAX
    };

    len = strlen(text);

    /* most of a text is in its strings */

    for (capacity = len / 8 + 16; ; capacity = secops_json_max_tokens(len)) {

        tokens = malloc(capacity * sizeof(secops_json_token_t));
        if (tokens == NULL) {
            return -1;
        }

        rc = secops_json_parse(json, (const unsigned char *) text, len, tokens,
                               (uint32_t) capacity, &limits, &error);

        if (rc == SECOPS_JSON_OK) {
            return 0;
        }

        free(tokens);

        if (rc == SECOPS_JSON_ERROR
            || capacity == secops_json_max_tokens(len))
        {
            return -1;
        }
    }
}


/* what is excused does not count, so that it can not hide a fault after it */

static int
secops_resource_validate_fault(void *data, const secops_schema_fault_t *fault)
{
    secops_resource_validation_t *validation = data;

    size_t                   len;
    const json_t            *value, *schema;
    secops_resource_plan_t  *plan;

    plan = validation->plan;
    schema = validation->schema;

    value = secops_resource_at(plan, validation->value, fault->pointer,
                               &schema);

    if (secops_resource_excused(fault, value, schema)) {
        return SECOPS_SCHEMA_EXCUSED;
    }

    len = plan->path.len;

    secops_text_append(&plan->path, fault->pointer);
    secops_text_append(&plan->message,
                       secops_resource_message(fault, schema));

    secops_resource_tell(plan, validation->entry, SECOPS_ERROR_INVALID, "");
    secops_resource_path_up(plan, len);

    return SECOPS_SCHEMA_COUNTS;
}


/* what a schema says of its pattern in words, which few can read */

static secops_slice_t
secops_resource_message(const secops_schema_fault_t *fault,
    const json_t *schema)
{
    const json_t  *message;

    message = (strcmp(fault->keyword, "pattern") == 0)
              ? json_object_get(schema, "x-message") : NULL;

    return json_is_string(message) ? secops_resource_text(message)
                                   : fault->message;
}


/* 1: where a reference or a masked secret stands, its own text does not matter,
   but that it stands there does */

static int
secops_resource_excused(const secops_schema_fault_t *fault,
    const json_t *value, const json_t *schema)
{
    int                          rc;
    secops_resource_ref_t        ref;
    secops_resource_ref_error_t  error;

    if (fault->property.len || strcmp(fault->keyword, "false") == 0) {
        return 0;
    }

    if (!json_is_string(value)) {
        return 0;
    }

    if (secops_resource_is_mask(value)) {
        return secops_resource_is_secret(schema);
    }

    rc = secops_resource_ref_parse(&ref, secops_resource_text(value), &error);

    if (rc == SECOPS_RESOURCE_REF_OK) {
        secops_text_free(&ref.value);
    }

    /* one that is no sound expression is told as such */

    return rc != SECOPS_RESOURCE_REF_NONE;
}


/* what stands there, or NULL; *schema is at first that of the value */

static const json_t *
secops_resource_at(secops_resource_plan_t *plan, const json_t *value,
    secops_slice_t pointer, const json_t **schema)
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
            *schema = secops_resource_items_schema(*schema);

        } else {
            value = json_object_get(value, name);
            *schema = secops_resource_member_schema(*schema, name);
        }
    }

    free(name);

    return value;
}
