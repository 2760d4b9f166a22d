
/* Parameters beside their schema; see secops_resource_value.h. */

#include "model/resource/secops_resource_value.h"
#include "model/secret/secops_secret.h"


static json_t *secops_resource_masked_object(const json_t *value,
    const json_t *schema);
static const json_t *secops_resource_masked_by(const json_t *schema,
    const char *name);
static json_t *secops_resource_masked_array(const json_t *value,
    const json_t *schema);
static json_t *secops_resource_masked_string(const json_t *value,
    const json_t *schema);
static int secops_resource_fill_in_object(json_t *value,
    const json_t *schema);
static int secops_resource_each_ref(const json_t *value,
    secops_resource_ref_pt handler, void *data);


secops_slice_t
secops_resource_text(const json_t *value)
{
    secops_slice_t  text;

    text.len = json_string_length(value);
    text.data = (const unsigned char *) json_string_value(value);

    return text;
}


json_t *
secops_resource_string(secops_slice_t text)
{
    return json_stringn(text.len ? (const char *) text.data : "", text.len);
}


json_t *
secops_resource_copy(const json_t *value)
{
    json_t  *copy;

    copy = json_deep_copy(value);

    if (copy && !json_equal(copy, value)) {
        json_decref(copy);
        return NULL;
    }

    return copy;
}


json_t *
secops_resource_shallow(const json_t *object)
{
    json_t  *copy;

    copy = json_copy((json_t *) object);

    if (copy && json_object_size(copy) != json_object_size(object)) {
        json_decref(copy);
        return NULL;
    }

    return copy;
}


const json_t *
secops_resource_member_schema(const json_t *schema, const char *name)
{
    const json_t  *member;

    member = json_object_get(json_object_get(schema, "properties"), name);

    if (member == NULL) {
        member = json_object_get(schema, "additionalProperties");
    }

    return json_is_object(member) ? member : NULL;
}


const json_t *
secops_resource_items_schema(const json_t *schema)
{
    const json_t  *items;

    items = json_object_get(schema, "items");

    return json_is_object(items) ? items : NULL;
}


int
secops_resource_is_secret(const json_t *schema)
{
    return json_is_true(json_object_get(schema, "writeOnly"));
}


int
secops_resource_is_mask(const json_t *value)
{
    static const secops_slice_t  mask = secops_slice(SECOPS_RESOURCE_MASK);

    return json_is_string(value)
           && secops_slice_equal(secops_resource_text(value), mask);
}


int
secops_resource_is_reference(secops_slice_t text)
{
    int                          rc;
    secops_resource_ref_t        ref;
    secops_resource_ref_error_t  error;

    rc = secops_resource_ref_parse(&ref, text, &error);

    if (rc == SECOPS_RESOURCE_REF_OK) {
        secops_text_free(&ref.value);
    }

    return rc == SECOPS_RESOURCE_REF_OK;
}


json_t *
secops_resource_masked(const json_t *value, const json_t *schema)
{
    switch (json_typeof(value)) {

    case JSON_OBJECT:
        return secops_resource_masked_object(value, schema);

    case JSON_ARRAY:
        return secops_resource_masked_array(value, schema);

    case JSON_STRING:
        return secops_resource_masked_string(value, schema);

    default:
        return json_incref((json_t *) value);
    }
}


static json_t *
secops_resource_masked_object(const json_t *value, const json_t *schema)
{
    json_t      *copy, *member;
    const char  *name;

    copy = json_object();

    json_object_foreach((json_t *) value, name, member) {

        if (json_object_set_new(copy, name,
                                secops_resource_masked(member,
                                    secops_resource_masked_by(schema, name)))
            != 0)
        {
            json_decref(copy);
            return NULL;
        }
    }

    return copy;
}


/*
 * The schema that a member is masked by.  One that says nothing about a member
 * makes no secret of it: json_true() stands for one that says nothing at all.
 * But a member that it does not allow was stored under another definition,
 * which may have made a secret of it.
 */

static const json_t *
secops_resource_masked_by(const json_t *schema, const char *name)
{
    const json_t  *known;

    known = secops_resource_member_schema(schema, name);

    if (known
        || schema == NULL
        || json_is_false(json_object_get(schema, "additionalProperties")))
    {
        return known;
    }

    return json_true();
}


static json_t *
secops_resource_masked_array(const json_t *value, const json_t *schema)
{
    size_t         i;
    json_t        *copy;
    const json_t  *known;

    copy = json_array();
    known = secops_resource_items_schema(schema);

    if (known == NULL && schema) {
        known = json_true();
    }

    for (i = 0; i < json_array_size(value); i++) {

        if (json_array_append_new(copy,
                                  secops_resource_masked(
                                      json_array_get(value, i), known))
            != 0)
        {
            json_decref(copy);
            return NULL;
        }
    }

    return copy;
}


static json_t *
secops_resource_masked_string(const json_t *value, const json_t *schema)
{
    secops_slice_t  text;

    text = secops_resource_text(value);

    if (secops_resource_is_reference(text)
        || (schema && !secops_resource_is_secret(schema)
            && !secops_secret_is_envelope(text)))
    {
        return json_incref((json_t *) value);
    }

    return json_string(SECOPS_RESOURCE_MASK);
}


int
secops_resource_fill_in(json_t *value, const json_t *schema)
{
    size_t         i;
    const json_t  *items;

    if (json_is_object(value)) {
        return secops_resource_fill_in_object(value, schema);
    }

    items = secops_resource_items_schema(schema);

    if (items == NULL) {
        return 0;
    }

    for (i = 0; i < json_array_size(value); i++) {
        if (secops_resource_fill_in(json_array_get(value, i), items) != 0) {
            return -1;
        }
    }

    return 0;
}


static int
secops_resource_fill_in_object(json_t *value, const json_t *schema)
{
    json_t        *member;
    const char    *name;
    const json_t  *preset;

    json_object_foreach(json_object_get(schema, "properties"), name, member) {

        preset = json_object_get(member, "default");

        if (preset && json_object_get(value, name) == NULL
            && json_object_set_new(value, name,
                                   secops_resource_copy(preset)) != 0)
        {
            return -1;
        }
    }

    json_object_foreach(value, name, member) {

        if (secops_resource_fill_in(member,
                               secops_resource_member_schema(schema, name))
            != 0)
        {
            return -1;
        }
    }

    return 0;
}


static int
secops_resource_each_ref(const json_t *value, secops_resource_ref_pt handler,
    void *data)
{
    int                          rc;
    size_t                       i;
    json_t                      *member;
    const char                  *name;
    secops_resource_ref_t        ref;
    secops_resource_ref_error_t  error;

    rc = 0;

    if (json_is_object(value)) {

        json_object_foreach((json_t *) value, name, member) {
            rc = secops_resource_each_ref(member, handler, data);

            if (rc != 0) {
                return rc;
            }
        }

        return 0;
    }

    for (i = 0; i < json_array_size(value); i++) {
        rc = secops_resource_each_ref(json_array_get(value, i), handler, data);

        if (rc != 0) {
            return rc;
        }
    }

    if (!json_is_string(value)) {
        return rc;
    }

    switch (secops_resource_ref_parse(&ref, secops_resource_text(value),
                                      &error))
    {
    case SECOPS_RESOURCE_REF_OK:
        rc = handler(data, &ref);
        secops_text_free(&ref.value);
        return rc;

    case SECOPS_RESOURCE_REF_FAILED:
        return -1;

    default:
        return 0;
    }
}


int
secops_resource_refs(const json_t *resource, secops_resource_ref_pt handler,
    void *data)
{
    int            rc;
    size_t         i;
    const json_t  *list, *entry;

    rc = secops_resource_each_ref(json_object_get(resource, "parameters"),
                                  handler, data);

    list = json_object_get(resource, "pipeline_integrations");

    for (i = 0; i < json_array_size(list) && rc == 0; i++) {

        entry = json_array_get(list, i);

        rc = secops_resource_each_ref(json_object_get(entry, "resource"),
                                      handler, data);
        if (rc == 0) {
            rc = secops_resource_each_ref(json_object_get(entry,
                                                          "parameters"),
                                          handler, data);
        }
    }

    return rc;
}
