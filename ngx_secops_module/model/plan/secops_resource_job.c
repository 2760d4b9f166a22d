
/*
 * A job's document: members that the request does not carry keep their value.
 *
 * It has the form of the properties of a request, with ids in its labels, and
 * in each entry of its pipeline "type", the name of the integration's type.
 * "next_label" is the number of the next label's id; "status" belongs to who
 * starts and stops jobs.
 */

#include "model/plan/secops_resource_internal.h"


static const secops_catalog_category_t *secops_resource_job_category(
    secops_resource_plan_t *plan, size_t i);
static void secops_resource_job_settings(secops_resource_plan_t *plan,
    size_t i);
static void secops_resource_job_merge(secops_resource_plan_t *plan,
    json_t *object, const json_t *given, const char *name);
static void secops_resource_job_take(secops_resource_plan_t *plan,
    json_t *object, const json_t *given, const char *name);


void
secops_resource_build_job(secops_resource_plan_t *plan, size_t i)
{
    size_t                            len;
    json_t                           *document;
    const json_t                     *properties;
    const secops_catalog_category_t  *category;

    document = plan->nodes[i].document;
    properties = plan->set->resources[i].properties;

    secops_resource_job_take(plan, document, properties, "description");

    len = secops_resource_path_down(plan, "category");
    category = secops_resource_job_category(plan, i);
    secops_resource_path_up(plan, len);

    secops_resource_job_take(plan, document, properties, "decision_points");
    secops_resource_job_take(plan, document, properties, "feedback_columns");

    secops_resource_job_settings(plan, i);
    secops_resource_build_labels(plan, i, category);
    secops_resource_build_pipeline(plan, i, category);

    if (category->json == NULL
        || secops_resource_set_member(plan, document, "category",
                                      secops_resource_string(category->name))
           != 0)
    {
        return;
    }

    if (json_object_get(document, "status") == NULL) {
        (void) secops_resource_set_member(plan, document, "status",
                                          json_string("DISABLED"));
    }

    secops_resource_validate(plan, i, &category->job, document);
}


/* none that is known: a fault was told, and the rest is looked at without */

static const secops_catalog_category_t *
secops_resource_job_category(secops_resource_plan_t *plan, size_t i)
{
    const json_t                     *stored;
    secops_slice_t                    name, before;
    const secops_catalog_category_t  *category;

    static const secops_catalog_category_t  unknown;

    stored = secops_resource_plan_stored(plan, i);
    before = secops_resource_text(json_object_get(stored, "category"));
    name = secops_resource_text(json_object_get(
                                    plan->set->resources[i].properties,
                                    "category"));
    if (name.len == 0) {
        name = before;
    }

    if (name.len == 0) {
        secops_resource_tell(plan, i, SECOPS_ERROR_INVALID,
                             "is required to create a job");
        return &unknown;
    }

    category = secops_catalog_category(plan->model->catalog, name);

    if (category == NULL) {
        secops_resource_say_name(plan, name);
        secops_resource_tell(plan, i, SECOPS_ERROR_INVALID,
                             " is no category of jobs");
        return &unknown;
    }

    if (stored && !secops_slice_equal(before, category->name)) {
        secops_resource_say(plan, "is ");
        secops_resource_say_name(plan, before);
        secops_resource_tell(plan, i, SECOPS_ERROR_INVALID,
                             ", and can not be changed");
        return &unknown;
    }

    return category;
}


static void
secops_resource_job_settings(secops_resource_plan_t *plan, size_t i)
{
    json_t        *settings;
    const json_t  *given;

    settings = json_object_get(plan->nodes[i].document, "advanced_settings");
    settings = settings ? secops_resource_copy(settings) : json_object();

    if (secops_resource_set_member(plan, plan->nodes[i].document,
                                   "advanced_settings", settings)
        != 0)
    {
        return;
    }

    given = json_object_get(plan->set->resources[i].properties,
                            "advanced_settings");

    secops_resource_job_merge(plan, settings, given, "auto_retrain");
    secops_resource_job_merge(plan, settings, given, "monitoring_settings");
}


/* an object member by member, at any depth; anything else as a whole */

static void
secops_resource_job_merge(secops_resource_plan_t *plan, json_t *object,
    const json_t *given, const char *name)
{
    json_t        *target, *member;
    const char    *key;
    const json_t  *value;

    value = secops_resource_given(given, name);

    if (!json_is_object(value)) {
        secops_resource_job_take(plan, object, given, name);
        return;
    }

    target = json_object_get(object, name);

    if (!json_is_object(target)) {
        target = json_object();

        if (secops_resource_set_member(plan, object, name, target) != 0) {
            return;
        }
    }

    json_object_foreach((json_t *) value, key, member) {
        secops_resource_job_merge(plan, target, value, key);
    }
}


static void
secops_resource_job_take(secops_resource_plan_t *plan, json_t *object,
    const json_t *given, const char *name)
{
    const json_t  *value;

    value = secops_resource_given(given, name);

    if (value) {
        (void) secops_resource_set_member(plan, object, name,
                                          json_incref((json_t *) value));
    }
}
