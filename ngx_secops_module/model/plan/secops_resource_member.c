
/* Members of the documents that a plan reads and makes, and the index by which
   an entry of a pipeline is found. */

#include <stdio.h>

#include "model/plan/secops_resource_pipeline.h"


static const char *secops_resource_pipeline_key(
    secops_resource_pipeline_t *line, const json_t *resource,
    secops_slice_t role);


const json_t *
secops_resource_given(const json_t *object, const char *name)
{
    const json_t  *value;

    value = json_object_get(object, name);

    return json_is_null(value) ? NULL : value;
}


secops_slice_t
secops_resource_given_id(secops_resource_plan_t *plan, size_t i)
{
    const json_t            *value;
    secops_slice_t           id;
    secops_resource_node_t  *node;

    static const secops_slice_t  none = { 0, NULL };

    if (!plan->set->resources[i].sound) {
        return none;
    }

    value = json_object_get(plan->set->resources[i].properties, "id");

    if (!json_is_integer(value)) {
        return secops_resource_text(value);
    }

    node = &plan->nodes[i];

    id.len = (size_t) snprintf(node->given, sizeof(node->given), "%lld",
                               (long long) json_integer_value(value));
    id.data = (unsigned char *) node->given;

    return id;
}


int
secops_resource_set_member(secops_resource_plan_t *plan, json_t *object,
    const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value) == 0) {
        return 0;
    }

    plan->failed = 1;

    return -1;
}


void
secops_resource_pipeline_index(secops_resource_pipeline_t *line, json_t *index,
    json_t *entry)
{
    const char  *key;

    key = secops_resource_pipeline_key(line,
                    json_object_get(entry, "resource"),
                    secops_resource_text(json_object_get(entry,
                                                         "integration_type")));

    if (key == NULL
        || (json_object_get(index, key) == NULL
            && json_object_set(index, key, entry) != 0))
    {
        line->plan->failed = 1;
    }
}


const json_t *
secops_resource_pipeline_find(secops_resource_pipeline_t *line,
    const json_t *index, const json_t *resource, secops_slice_t role)
{
    const char  *key;

    key = secops_resource_pipeline_key(line, resource, role);

    if (key == NULL) {
        line->plan->failed = 1;
        return NULL;
    }

    return json_object_get(index, key);
}


/* what an entry is known by; valid until the next one is made */

static const char *
secops_resource_pipeline_key(secops_resource_pipeline_t *line,
    const json_t *resource, secops_slice_t role)
{
    secops_text_t  *key;

    key = &line->key;
    key->len = 0;

    secops_text_append(key, role);
    secops_text_append_string(key, ":");
    secops_text_append(key, secops_resource_text(resource));

    return secops_text_string(key);
}
