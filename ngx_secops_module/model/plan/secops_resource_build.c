
/* The document of a resource, from what is stored and what is asked for. */

#include "model/plan/secops_resource_internal.h"


static void secops_resource_build_integration(secops_resource_plan_t *plan,
    size_t i);
static secops_slice_t secops_resource_build_before(
    const secops_resource_plan_t *plan, size_t i);
static void secops_resource_check_type(secops_resource_plan_t *plan, size_t i,
    secops_slice_t name, const secops_catalog_type_t *type);


/* of an integration: before what refers to it is looked at */

void
secops_resource_build_type(secops_resource_plan_t *plan, size_t i)
{
    secops_slice_t                name;
    const secops_resource_t      *resource;
    const secops_catalog_type_t  *type;

    resource = &plan->set->resources[i];

    if (!resource->sound || resource->type != SECOPS_RESOURCE_INTEGRATION) {
        return;
    }

    name = secops_resource_text(json_object_get(resource->properties,
                                                "integration_type"));
    if (name.len == 0) {
        name = secops_resource_build_before(plan, i);
    }

    type = secops_catalog_type(plan->model->catalog, name);

    plan->path.len = 0;

    (void) secops_resource_path_down(plan, "properties");
    (void) secops_resource_path_down(plan, "integration_type");

    secops_resource_check_type(plan, i, name, type);

    plan->nodes[i].type = type;
}


/* the name of the type that it has; empty: it is new */

static secops_slice_t
secops_resource_build_before(const secops_resource_plan_t *plan, size_t i)
{
    size_t  found;

    found = plan->nodes[i].found;

    return secops_resource_text(found != SECOPS_RESOURCE_NOBODY
                                ? plan->found[found].kind : NULL);
}


static void
secops_resource_check_type(secops_resource_plan_t *plan, size_t i,
    secops_slice_t name, const secops_catalog_type_t *type)
{
    secops_slice_t  before;

    if (name.len == 0) {
        secops_resource_tell(plan, i, SECOPS_ERROR_INVALID,
                             "is required to create an integration");
        return;
    }

    if (type == NULL) {
        secops_resource_say_name(plan, name);
        secops_resource_tell(plan, i, SECOPS_ERROR_INVALID,
                             " is no integration type that is known here");
        return;
    }

    if (!type->creatable) {
        secops_resource_say_name(plan, type->name);
        secops_resource_tell(plan, i, SECOPS_ERROR_INVALID,
                             " is a part of jobs, and can not be created");
        return;
    }

    before = secops_resource_build_before(plan, i);

    if (!plan->entries[i].created && !secops_slice_equal(before, type->name)) {
        secops_resource_say(plan, "is ");
        secops_resource_say_name(plan, before);
        secops_resource_tell(plan, i, SECOPS_ERROR_INVALID,
                             ", and can not be changed");
    }
}


void
secops_resource_build(secops_resource_plan_t *plan, size_t i)
{
    json_t                   *document;
    const json_t             *stored;
    const secops_resource_t  *resource;

    resource = &plan->set->resources[i];

    if (!resource->sound || resource->type == SECOPS_RESOURCE_API_KEY) {
        return;
    }

    /* its members are shared with what is stored: those that change are
       replaced, not written to */

    stored = secops_resource_plan_stored(plan, i);
    document = stored ? secops_resource_shallow(stored) : json_object();

    plan->nodes[i].document = document;

    if (document == NULL) {
        plan->failed = 1;
        return;
    }

    if (secops_resource_set_member(plan, document, "title",
                                   secops_resource_string(resource->title))
        != 0)
    {
        return;
    }

    plan->path.len = 0;

    (void) secops_resource_path_down(plan, "properties");

    if (resource->type == SECOPS_RESOURCE_JOB) {
        secops_resource_build_job(plan, i);

    } else {
        secops_resource_build_integration(plan, i);
    }
}


static void
secops_resource_build_integration(secops_resource_plan_t *plan, size_t i)
{
    json_t                  *parameters;
    const json_t            *given, *stored;
    secops_text_t            where;
    secops_resource_node_t  *node;

    node = &plan->nodes[i];

    if (node->type == NULL
        || secops_resource_set_member(plan, node->document, "integration_type",
                                      secops_resource_string(node->type->name))
           != 0)
    {
        return;
    }

    stored = secops_resource_plan_stored(plan, i);
    given = secops_resource_given(plan->set->resources[i].properties,
                                  "parameters");

    if (stored && given == NULL) {
        return;
    }

    (void) secops_resource_path_down(plan, "parameters");

    memset(&where, 0, sizeof(secops_text_t));
    secops_text_append_string(&where, "/parameters");

    parameters = secops_resource_parameters(plan, i, &node->type->connection,
                                            given,
                                            json_object_get(stored,
                                                            "parameters"),
                                            &where);
    if (parameters) {
        (void) secops_resource_set_member(plan, node->document, "parameters",
                                          parameters);
    }
}
