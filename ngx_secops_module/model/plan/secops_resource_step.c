
/* An entry of a pipeline: what it names, whether that can do what it is to do,
   and how it is stored. */

#include "model/plan/secops_resource_pipeline.h"
#include "model/resource/secops_resource_secrets.h"


static int secops_resource_step_resource(secops_resource_pipeline_t *line,
    secops_resource_step_t *step);
static const secops_catalog_type_t *secops_resource_step_processor(
    secops_resource_pipeline_t *line, const json_t *name);
static int secops_resource_step_integration(secops_resource_pipeline_t *line,
    secops_resource_step_t *step);
static size_t secops_resource_step_node(secops_resource_pipeline_t *line,
    secops_slice_t name);
static size_t secops_resource_step_ref(secops_resource_pipeline_t *line,
    const secops_resource_ref_t *ref);
static size_t secops_resource_step_name(secops_resource_pipeline_t *line,
    secops_slice_t name);
static int secops_resource_step_role(secops_resource_pipeline_t *line,
    secops_resource_step_t *step);
static int secops_resource_step_parameters(secops_resource_pipeline_t *line,
    const secops_resource_step_t *step, json_t *made, const json_t *old);
static int secops_resource_step_tag(secops_resource_pipeline_t *line,
    const secops_resource_step_t *step, json_t *made, const char *name);


int
secops_resource_step_read(secops_resource_pipeline_t *line,
    secops_resource_step_t *step, const json_t *given)
{
    memset(step, 0, sizeof(secops_resource_step_t));

    /* the schema of jobs has seen to it that the role is known */

    step->given = given;
    step->role = secops_catalog_role(secops_resource_text(
                              json_object_get(given, "integration_type")));

    /* which processors there may be, the category says */

    if (step->role == SECOPS_CATALOG_PROCESSOR
        && line->category->json == NULL)
    {
        return -1;
    }

    if (secops_resource_step_resource(line, step) != 0) {
        return -1;
    }

    return secops_resource_step_role(line, step);
}


/* 0: it is known what the entry means; -1: a fault was told */

static int
secops_resource_step_resource(secops_resource_pipeline_t *line,
    secops_resource_step_t *step)
{
    int                           rc;
    size_t                        len;
    const json_t                 *name;
    const secops_catalog_type_t  *processor;

    name = secops_resource_given(step->given, "resource");
    len = secops_resource_path_down(line->plan, "resource");

    if (step->role == SECOPS_CATALOG_PROCESSOR) {
        processor = secops_resource_step_processor(line, name);

        if (processor) {
            secops_resource_path_up(line->plan, len);

            step->type = processor;
            step->resource = secops_resource_string(processor->name);

            if (step->resource == NULL) {
                line->plan->failed = 1;
                return -1;
            }

            return 0;
        }
    }

    if (json_string_length(name) == 0) {
        rc = -1;
        secops_resource_tell(line->plan, line->entry, SECOPS_ERROR_INVALID,
                             "must name an integration");
    } else {
        rc = secops_resource_step_integration(line, step);
    }

    secops_resource_path_up(line->plan, len);

    return rc;
}


/* one that the category adds: by its name, or by none if there is no choice */

static const secops_catalog_type_t *
secops_resource_step_processor(secops_resource_pipeline_t *line,
    const json_t *name)
{
    size_t                            i;
    const secops_catalog_type_t      *type;
    const secops_catalog_category_t  *category;

    category = line->category;

    if (json_string_length(name) == 0) {
        return category->nprocessors == 1 ? category->processors[0] : NULL;
    }

    type = secops_catalog_type(line->plan->model->catalog,
                               secops_resource_text(name));

    for (i = 0; i < category->nprocessors; i++) {
        if (type == category->processors[i]) {
            return type;
        }
    }

    return NULL;
}


static int
secops_resource_step_integration(secops_resource_pipeline_t *line,
    secops_resource_step_t *step)
{
    size_t                   node;
    secops_resource_plan_t  *plan;

    plan = line->plan;
    node = secops_resource_step_node(line,
                 secops_resource_text(json_object_get(step->given,
                                                      "resource")));

    if (node == SECOPS_RESOURCE_NOBODY) {
        return -1;
    }

    step->type = secops_resource_plan_type(plan, node);

    if (step->type == NULL) {

        /* one of the request has been told before */

        if (node >= plan->set->n) {
            secops_resource_tell(plan, line->entry, SECOPS_ERROR_INVALID,
                                 "is of an integration type that is not known "
                                 "here any more");
        }

        return -1;
    }

    step->resource = secops_resource_plan_refer(plan,
                                                SECOPS_RESOURCE_INTEGRATION,
                                                node);

    return step->resource ? 0 : -1;
}


/* NOBODY: a fault was told */

static size_t
secops_resource_step_node(secops_resource_pipeline_t *line,
    secops_slice_t name)
{
    size_t                       node;
    secops_resource_ref_t        ref;
    secops_resource_ref_error_t  error;

    switch (secops_resource_ref_parse(&ref, name, &error)) {

    case SECOPS_RESOURCE_REF_OK:
        node = secops_resource_step_ref(line, &ref);
        secops_text_free(&ref.value);
        return node;

    case SECOPS_RESOURCE_REF_FAILED:
        line->plan->failed = 1;
        return SECOPS_RESOURCE_NOBODY;

    case SECOPS_RESOURCE_REF_BAD:

        /* a title may look like that */

        node = secops_resource_link_name(line->plan, name);

        if (node == SECOPS_RESOURCE_NOBODY) {
            secops_resource_tell_bad_ref(line->plan, line->entry, &error);
        }

        return node;

    default: /* SECOPS_RESOURCE_REF_NONE */
        return secops_resource_step_name(line, name);
    }
}


static size_t
secops_resource_step_ref(secops_resource_pipeline_t *line,
    const secops_resource_ref_t *ref)
{
    size_t  node;

    if (ref->type != SECOPS_RESOURCE_INTEGRATION) {
        secops_resource_tell_wanted(line->plan, line->entry,
                                    SECOPS_RESOURCE_INTEGRATION);
        return SECOPS_RESOURCE_NOBODY;
    }

    node = secops_resource_plan_target(line->plan, ref);

    if (node == SECOPS_RESOURCE_NOBODY) {
        secops_resource_tell_unknown(line->plan, line->entry, ref->type,
                                     ref->by_id,
                                     secops_text_slice(&ref->value));
    }

    return node;
}


static size_t
secops_resource_step_name(secops_resource_pipeline_t *line,
    secops_slice_t name)
{
    size_t                    node, i;
    secops_slice_t            type;
    secops_resource_plan_t   *plan;
    const secops_resource_t  *resource;

    plan = line->plan;
    node = secops_resource_link_name(plan, name);

    if (node != SECOPS_RESOURCE_NOBODY) {
        return node;
    }

    i = secops_resource_plan_number(plan->set->index, (const char *) name.data);
    resource = &plan->set->resources[i != SECOPS_RESOURCE_NOBODY ? i : 0];

    if (i == SECOPS_RESOURCE_NOBODY || !resource->sound) {
        secops_resource_tell_unknown(plan, line->entry,
                                     SECOPS_RESOURCE_INTEGRATION, 0, name);

    } else {
        type = secops_resource_type_name(resource->type);

        secops_resource_say(plan, "must name an integration, and ");
        secops_resource_say_name(plan, name);
        secops_resource_say(plan, " is of type ");
        secops_resource_say_name(plan, type);
        secops_resource_tell(plan, line->entry, SECOPS_ERROR_INVALID, "");
    }

    return SECOPS_RESOURCE_NOBODY;
}


/* 0: the type can do that, and does it once: parameters belong to a job, an
   integration and a role; -1: a fault was told */

static int
secops_resource_step_role(secops_resource_pipeline_t *line,
    secops_resource_step_t *step)
{
    size_t                   len;
    secops_slice_t           role;
    secops_resource_plan_t  *plan;

    plan = line->plan;
    role = secops_catalog_role_name(step->role);

    if (!secops_catalog_supports(step->type, step->role)) {

        len = secops_resource_path_down(plan, "integration_type");

        secops_resource_say_name(plan, step->type->name);
        secops_resource_say(plan, " can not have the role ");
        secops_resource_say_name(plan, role);
        secops_resource_tell(plan, line->entry, SECOPS_ERROR_INVALID, "");
        secops_resource_path_up(plan, len);

        return -1;
    }

    if (secops_resource_pipeline_find(line, line->named_index, step->resource,
                                      role))
    {

        secops_resource_tell(plan, line->entry, SECOPS_ERROR_INVALID,
                             "names the same integration with the same role "
                             "as another entry");

        return -1;
    }

    return 0;
}


json_t *
secops_resource_step_make(secops_resource_pipeline_t *line,
    const secops_resource_step_t *step, const json_t *old)
{
    json_t                  *made;
    const json_t            *enabled;
    secops_resource_plan_t  *plan;

    plan = line->plan;
    made = old ? secops_resource_shallow(old) : json_object();

    enabled = secops_resource_given(step->given, "enabled");

    if (enabled == NULL) {
        enabled = old ? json_object_get(old, "enabled") : json_true();
    }

    if (secops_resource_set_member(plan, made, "resource",
                                   json_incref(step->resource))
        != 0
        || secops_resource_set_member(plan, made, "type",
                                      secops_resource_string(step->type->name))
           != 0
        || secops_resource_set_member(plan, made, "integration_type",
                         secops_resource_string(
                             secops_catalog_role_name(step->role)))
           != 0
        || secops_resource_set_member(plan, made, "enabled",
                                      json_incref((json_t *) enabled))
           != 0
        || secops_resource_step_parameters(line, step, made, old) != 0
        || secops_resource_step_tag(line, step, made, "storage_tag") != 0
        || secops_resource_step_tag(line, step, made,
                                    "storage_tag_display_name")
           != 0)
    {
        json_decref(made);
        return NULL;
    }

    return made;
}


/* 0: they are there; those that are not given stay */

static int
secops_resource_step_parameters(secops_resource_pipeline_t *line,
    const secops_resource_step_t *step, json_t *made, const json_t *old)
{
    size_t         len;
    json_t        *parameters;
    const json_t  *given;
    secops_text_t  where;

    given = secops_resource_given(step->given, "parameters");

    if (old && given == NULL) {
        return 0;
    }

    len = secops_resource_path_down(line->plan, "parameters");

    memset(&where, 0, sizeof(secops_text_t));
    secops_resource_secret_step(&where, step->resource,
                                secops_catalog_role_name(step->role));

    parameters = secops_resource_parameters(line->plan, line->entry,
                                            &step->type->role[step->role],
                                            given,
                                            json_object_get(old,
                                                            "parameters"),
                                            &where);
    secops_resource_path_up(line->plan, len);

    return parameters ? secops_resource_set_member(line->plan, made,
                                                   "parameters", parameters)
                      : -1;
}


/* 0: it is there, or does not need to; an empty one is taken away */

static int
secops_resource_step_tag(secops_resource_pipeline_t *line,
    const secops_resource_step_t *step, json_t *made, const char *name)
{
    size_t         len;
    const json_t  *value;

    value = secops_resource_given(step->given, name);

    if (value == NULL) {
        return 0;
    }

    if (json_string_length(value) == 0) {
        (void) json_object_del(made, name);
        return 0;
    }

    if (step->role != SECOPS_CATALOG_INPUT) {
        len = secops_resource_path_down(line->plan, name);
        secops_resource_tell(line->plan, line->entry, SECOPS_ERROR_INVALID,
                             "is for entries with the role \"input\" only");
        secops_resource_path_up(line->plan, len);
        return -1;
    }

    return secops_resource_set_member(line->plan, made, name,
                                      json_incref((json_t *) value));
}
