
/*
 * The pipeline of a job.
 *
 * An entry is known by its integration and its role: no two are alike in both.
 * What the request names takes, in its order, the places of what it names; what
 * is new stands beside what it stands beside in the request, or else at the
 * end; what is not named stays where it is, unless that is to be removed.  So
 * the same request a second time changes nothing.
 *
 * The processors of the job's category are added if they are missing, behind
 * all that brings and enriches events.  They are parts of the job: no stored
 * integration belongs to them, they have the name of their type for one.
 */

#include <stdio.h>

#include "model/plan/secops_resource_pipeline.h"


static void secops_resource_pipeline_named(secops_resource_pipeline_t *line,
    const json_t *list);
static void secops_resource_pipeline_step(secops_resource_pipeline_t *line,
    const json_t *given);
static void secops_resource_pipeline_merge(secops_resource_pipeline_t *line);
static size_t secops_resource_pipeline_new(secops_resource_pipeline_t *line,
    size_t n);
static void secops_resource_pipeline_append(secops_resource_pipeline_t *line,
    json_t *entry);
static void secops_resource_pipeline_processors(
    secops_resource_pipeline_t *line);
static void secops_resource_pipeline_add(secops_resource_pipeline_t *line,
    json_t *list, json_t *index, json_t *entry);
static const json_t *secops_resource_pipeline_same(
    secops_resource_pipeline_t *line, const json_t *index,
    const json_t *entry);
static void secops_resource_pipeline_check_size(
    secops_resource_pipeline_t *line);
static size_t secops_resource_pipeline_size(const json_t *list);
static int secops_resource_pipeline_has_input(const json_t *list);
static size_t secops_resource_pipeline_middle(const json_t *list);


void
secops_resource_build_pipeline(secops_resource_plan_t *plan, size_t i,
    const secops_catalog_category_t *category)
{
    size_t                       len, k;
    json_t                      *document;
    const json_t                *properties, *list;
    secops_resource_pipeline_t   line;

    document = plan->nodes[i].document;
    properties = plan->set->resources[i].properties;
    list = json_object_get(properties, "pipeline_integrations");

    line.plan = plan;
    line.entry = i;
    line.category = category;
    line.old = json_object_get(document, "pipeline_integrations");

    if (line.old && json_array_size(list) == 0) {
        return;
    }

    line.named = json_array();
    line.result = json_array();
    line.old_index = json_object();
    line.named_index = json_object();
    line.result_index = json_object();

    memset(&line.key, 0, sizeof(secops_text_t));

    for (k = 0; k < json_array_size(line.old); k++) {
        secops_resource_pipeline_index(&line, line.old_index,
                                       json_array_get(line.old, k));
    }

    len = secops_resource_path_down(plan, "pipeline_integrations");

    secops_resource_pipeline_named(&line, list);

    if (json_array_size(line.named) == json_array_size(list)) {

        if (line.old == NULL
            || json_is_true(json_object_get(properties,
                                      "remove_missing_pipeline_integrations")))
        {
            for (k = 0; k < json_array_size(line.named); k++) {
                secops_resource_pipeline_append(&line,
                                              json_array_get(line.named, k));
            }

        } else {
            secops_resource_pipeline_merge(&line);
        }

        secops_resource_pipeline_processors(&line);

        if (!secops_resource_pipeline_has_input(line.result)) {
            secops_resource_tell(plan, i, SECOPS_ERROR_INVALID,
                                 "must have an entry with the role \"input\"");
        }

        secops_resource_pipeline_check_size(&line);
    }

    secops_resource_path_up(plan, len);

    (void) secops_resource_set_member(plan, document, "pipeline_integrations",
                                      json_incref(line.result));
    json_decref(line.named);
    json_decref(line.result);
    json_decref(line.old_index);
    json_decref(line.named_index);
    json_decref(line.result_index);
    secops_text_free(&line.key);
}


/* a merge keeps what the request does not name, so the schema of requests does
   not see how many there are in the end.  Processors, which the category adds,
   are not the request's */

static void
secops_resource_pipeline_check_size(secops_resource_pipeline_t *line)
{
    char    text[128];
    size_t  n;

    n = secops_resource_pipeline_size(line->result);

    if (n <= SECOPS_RESOURCE_PIPELINE_MAX
        || n <= secops_resource_pipeline_size(line->old))
    {
        return;
    }

    (void) snprintf(text, sizeof(text), "would have %zu entries beside its "
                    "processors, with those that there are, and may have %d",
                    n, SECOPS_RESOURCE_PIPELINE_MAX);

    secops_resource_tell(line->plan, line->entry, SECOPS_ERROR_INVALID, text);
}


static size_t
secops_resource_pipeline_size(const json_t *list)
{
    size_t          k, n;
    const json_t   *role;
    secops_slice_t  processor;

    processor = secops_catalog_role_name(SECOPS_CATALOG_PROCESSOR);

    for (k = 0, n = 0; k < json_array_size(list); k++) {
        role = json_object_get(json_array_get(list, k), "integration_type");
        n += !secops_slice_equal(secops_resource_text(role), processor);
    }

    return n;
}


static void
secops_resource_pipeline_named(secops_resource_pipeline_t *line,
    const json_t *list)
{
    size_t  k, len;

    for (k = 0; k < json_array_size(list); k++) {

        if (secops_faults_full(line->plan->faults)) {
            return;
        }

        len = secops_resource_path_item(line->plan, k);
        secops_resource_pipeline_step(line, json_array_get(list, k));
        secops_resource_path_up(line->plan, len);
    }
}


static void
secops_resource_pipeline_step(secops_resource_pipeline_t *line,
    const json_t *given)
{
    json_t                  *made;
    const json_t            *old;
    secops_resource_step_t   step;

    if (secops_resource_step_read(line, &step, given) == 0) {

        old = secops_resource_pipeline_find(line, line->old_index,
                                       step.resource,
                                       secops_catalog_role_name(step.role));

        made = secops_resource_step_make(line, &step, old);

        if (made) {
            secops_resource_pipeline_add(line, line->named, line->named_index,
                                         made);
            json_decref(made);
        }
    }

    json_decref(step.resource);
}


static void
secops_resource_pipeline_merge(secops_resource_pipeline_t *line)
{
    size_t   k, n;
    json_t  *entry;

    for (k = 0, n = 0; k < json_array_size(line->old); k++) {

        entry = json_array_get(line->old, k);

        if (secops_resource_pipeline_same(line, line->named_index, entry)
            == NULL)
        {
            secops_resource_pipeline_append(line, entry);
            continue;
        }

        /* at first what is new and comes before all that was there */

        if (n == 0) {
            n = secops_resource_pipeline_new(line, n);
        }

        secops_resource_pipeline_append(line, json_array_get(line->named, n));

        n = secops_resource_pipeline_new(line, n + 1);
    }

    (void) secops_resource_pipeline_new(line, n);
}


/* appends what is new in the request from its entry n on, up to one that was
   there; returns the number of that */

static size_t
secops_resource_pipeline_new(secops_resource_pipeline_t *line, size_t n)
{
    json_t  *entry;

    for ( /* void */ ; n < json_array_size(line->named); n++) {

        entry = json_array_get(line->named, n);

        if (secops_resource_pipeline_same(line, line->old_index, entry)) {
            break;
        }

        secops_resource_pipeline_append(line, entry);
    }

    return n;
}


static void
secops_resource_pipeline_append(secops_resource_pipeline_t *line,
    json_t *entry)
{
    secops_resource_pipeline_add(line, line->result, line->result_index, entry);
}


static void
secops_resource_pipeline_add(secops_resource_pipeline_t *line, json_t *list,
    json_t *index, json_t *entry)
{
    if (json_array_append(list, entry) != 0) {
        line->plan->failed = 1;
    }

    secops_resource_pipeline_index(line, index, entry);
}


/* those of the category, as they were, or else new ones */

static void
secops_resource_pipeline_processors(secops_resource_pipeline_t *line)
{
    size_t                   i;
    json_t                  *entry;
    const json_t            *old;
    secops_slice_t           role;
    secops_resource_step_t   step;

    role = secops_catalog_role_name(SECOPS_CATALOG_PROCESSOR);

    for (i = 0; i < line->category->nprocessors; i++) {

        memset(&step, 0, sizeof(secops_resource_step_t));

        step.role = SECOPS_CATALOG_PROCESSOR;
        step.type = line->category->processors[i];
        step.resource = secops_resource_string(step.type->name);

        if (secops_resource_pipeline_find(line, line->result_index,
                                          step.resource, role))
        {
            json_decref(step.resource);
            continue;
        }

        old = secops_resource_pipeline_find(line, line->old_index,
                                            step.resource, role);

        entry = old ? json_incref((json_t *) old)
                    : secops_resource_step_make(line, &step, NULL);

        json_decref(step.resource);

        if (entry) {
            secops_resource_pipeline_index(line, line->result_index, entry);
        }

        if (json_array_insert_new(line->result,
                              secops_resource_pipeline_middle(line->result),
                              entry)
            != 0)
        {
            line->plan->failed = 1;
        }
    }
}


/* the entry that is known by the same, or NULL */

static const json_t *
secops_resource_pipeline_same(secops_resource_pipeline_t *line,
    const json_t *index, const json_t *entry)
{
    return secops_resource_pipeline_find(line, index,
                                         json_object_get(entry, "resource"),
                                         secops_resource_text(json_object_get(
                                             entry, "integration_type")));
}


static int
secops_resource_pipeline_has_input(const json_t *list)
{
    size_t          k;
    const json_t   *role;
    secops_slice_t  input;

    input = secops_catalog_role_name(SECOPS_CATALOG_INPUT);

    for (k = 0; k < json_array_size(list); k++) {

        role = json_object_get(json_array_get(list, k), "integration_type");

        if (secops_slice_equal(secops_resource_text(role), input)) {
            return 1;
        }
    }

    return 0;
}


/* behind the last entry that comes before decisions are made */

static size_t
secops_resource_pipeline_middle(const json_t *list)
{
    int            role;
    size_t         k;
    const json_t  *entry;

    for (k = json_array_size(list); k; k--) {

        entry = json_array_get(list, k - 1);
        role = secops_catalog_role(secops_resource_text(
                              json_object_get(entry, "integration_type")));

        if (role >= 0 && role <= SECOPS_CATALOG_PROCESSOR) {
            break;
        }
    }

    return k;
}
