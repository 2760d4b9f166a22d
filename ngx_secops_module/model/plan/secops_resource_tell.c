
/* Telling the faults that a plan finds. */

#include <stdio.h>

#include "model/plan/secops_resource_internal.h"


/* names can be as long as the request: a fault shows the beginning */

#define SECOPS_RESOURCE_SAY_MAX  200


static int secops_resource_is_unsound(secops_resource_plan_t *plan,
    secops_slice_t what);


void
secops_resource_say(secops_resource_plan_t *plan, const char *text)
{
    secops_text_append_string(&plan->message, text);
}


void
secops_resource_say_name(secops_resource_plan_t *plan, secops_slice_t name)
{
    secops_text_append_string(&plan->message, "\"");
    secops_faults_append_name(&plan->message, name, SECOPS_RESOURCE_SAY_MAX);
    secops_text_append_string(&plan->message, "\"");
}


void
secops_resource_tell(secops_resource_plan_t *plan, size_t i,
    secops_error_e error, const char *text)
{
    secops_text_append_string(&plan->message, text);

    if (plan->message.failed || plan->path.failed) {
        plan->failed = 1;
        return;
    }

    secops_resource_fault_at(plan->faults, error, plan->set,
                             &plan->set->resources[i],
                             secops_text_slice(&plan->path),
                             secops_text_slice(&plan->message));

    plan->message.len = 0;
}


void
secops_resource_tell_bad_ref(secops_resource_plan_t *plan, size_t i,
    const secops_resource_ref_error_t *error)
{
    char  number[24];

    (void) snprintf(number, sizeof(number), "%zu", error->offset + 1);

    secops_resource_say(plan, "is no expression: ");
    secops_resource_say(plan, error->reason);
    secops_resource_say(plan, " at byte ");
    secops_resource_tell(plan, i, SECOPS_ERROR_INVALID, number);
}


/* what has faults of its own is told once */

static int
secops_resource_is_unsound(secops_resource_plan_t *plan, secops_slice_t what)
{
    const char     *key;
    secops_text_t  *name;

    name = &plan->key;
    name->len = 0;

    secops_text_append(name, what);

    key = secops_text_string(name);

    if (key == NULL) {
        plan->failed = 1;
        return 0;
    }

    return json_object_get(plan->unsound, key) != NULL;
}


void
secops_resource_tell_unknown(secops_resource_plan_t *plan, size_t i,
    secops_resource_type_e type, int by_id, secops_slice_t what)
{
    static const char  *kinds[SECOPS_RESOURCE_TYPES] = {
        "there is no api key ", "there is no integration ", "there is no job "
    };

    if (secops_resource_is_unsound(plan, what)) {
        return;
    }

    secops_resource_say(plan, kinds[type]);
    secops_resource_say(plan, by_id ? "with the id " : "called ");
    secops_resource_say_name(plan, what);
    secops_resource_tell(plan, i, SECOPS_ERROR_REFERENCE, "");
}


void
secops_resource_tell_wanted(secops_resource_plan_t *plan, size_t i,
    secops_resource_type_e type)
{
    static const char  *forms[SECOPS_RESOURCE_TYPES] = {
        "must refer to an api key: {{api_keys(name='…')}}",
        "must refer to an integration: {{integrations(title='…')}}",
        "must refer to a job: {{jobs(title='…')}}"
    };

    secops_resource_tell(plan, i, SECOPS_ERROR_INVALID, forms[type]);
}


size_t
secops_resource_path_down(secops_resource_plan_t *plan, const char *name)
{
    size_t  len;

    len = plan->path.len;

    secops_faults_append_member(&plan->path, secops_slice_of(name));

    return len;
}


size_t
secops_resource_path_item(secops_resource_plan_t *plan, size_t n)
{
    char  number[24];

    (void) snprintf(number, sizeof(number), "%zu", n);

    return secops_resource_path_down(plan, number);
}


void
secops_resource_path_up(secops_resource_plan_t *plan, size_t len)
{
    plan->path.len = len;
}
