
/*
 * The labels of a job.  Events are marked with a label's id, so an id keeps
 * its meaning as long as the job lives: a label that keeps its name keeps its
 * id, one that is given with its id may have a new name, and the id of a label
 * that was removed is never given again.  A new job may take over the ids of
 * another, which it was copied from.
 */

#include <stdio.h>
#include <stdlib.h>

#include "model/secops_resource_internal.h"


#define SECOPS_RESOURCE_LABELS_MIN    3
#define SECOPS_RESOURCE_LABEL_DIGITS  9
#define SECOPS_RESOURCE_COLOR         "#808080"


static void secops_resource_labels_merge(secops_resource_plan_t *plan,
    size_t i, const secops_catalog_category_t *category, const json_t *old,
    const json_t *given);
static int secops_resource_labels_check(secops_resource_plan_t *plan,
    size_t i, const json_t *old, const json_t *given);
static int secops_resource_labels_check_id(secops_resource_plan_t *plan,
    size_t i, const json_t *old, const json_t *given, const json_t *label);
static json_int_t secops_resource_label_number(const json_t *id);
static const json_t *secops_resource_label_find(const json_t *labels,
    const char *member, const json_t *value);
static const json_t *secops_resource_label_old(const json_t *old,
    const json_t *given, const json_t *label);
static json_t *secops_resource_label_make(const json_t *label,
    const json_t *old, const json_t *preset, json_int_t *next);
static json_t *secops_resource_label_id(json_int_t *next);


void
secops_resource_build_labels(secops_resource_plan_t *plan, size_t i,
    const secops_catalog_category_t *category)
{
    size_t         len;
    const json_t  *old, *given;

    old = json_object_get(json_object_get(plan->nodes[i].document,
                                          "advanced_settings"),
                          "custom_labels");

    given = json_object_get(json_object_get(
                                plan->set->resources[i].properties,
                                "advanced_settings"),
                            "custom_labels");

    if (json_array_size(given) == 0) {

        if (old || category->json == NULL) {
            return;
        }

        given = category->labels;
    }

    len = secops_resource_path_down(plan, "advanced_settings");
    (void) secops_resource_path_down(plan, "custom_labels");

    if (secops_resource_labels_check(plan, i, old, given)) {
        secops_resource_labels_merge(plan, i, category, old, given);
    }

    secops_resource_path_up(plan, len);
}


/* 1: no fault was told */

static int
secops_resource_labels_check(secops_resource_plan_t *plan, size_t i,
    const json_t *old, const json_t *given)
{
    int            sound;
    size_t         k, len, item;
    const json_t  *label, *name, *id;

    sound = 1;

    if (json_array_size(given) < SECOPS_RESOURCE_LABELS_MIN) {
        sound = 0;
        secops_resource_tell(plan, i, SECOPS_ERROR_INVALID,
                             "must have three labels at least");
    }

    for (k = 0; k < json_array_size(given); k++) {

        label = json_array_get(given, k);
        name = json_object_get(label, "name");
        id = secops_resource_given(label, "id");

        len = secops_resource_path_item(plan, k);

        if (secops_resource_label_find(given, "name", name) != label) {
            sound = 0;
            item = secops_resource_path_down(plan, "name");
            secops_resource_tell(plan, i, SECOPS_ERROR_INVALID,
                                 "is the name of another label, too");
            secops_resource_path_up(plan, item);
        }

        if (id && !secops_resource_labels_check_id(plan, i, old, given,
                                                   label))
        {
            sound = 0;
        }

        secops_resource_path_up(plan, len);
    }

    return sound;
}


/* 1: it may have this id */

static int
secops_resource_labels_check_id(secops_resource_plan_t *plan, size_t i,
    const json_t *old, const json_t *given, const json_t *label)
{
    size_t         len;
    const char    *message;
    const json_t  *id;

    id = json_object_get(label, "id");
    message = NULL;

    if (old && secops_resource_label_find(old, "id", id) == NULL) {
        message = "must be the id of a label of the job, or absent for a new "
                  "one";

    } else if (old == NULL && secops_resource_label_number(id) < 0) {
        message = "must be \"label_\" and a number, or absent";

    } else if (secops_resource_label_find(given, "id", id) != label) {
        message = "is the id of another label, too";
    }

    if (message == NULL) {
        return 1;
    }

    len = secops_resource_path_down(plan, "id");
    secops_resource_tell(plan, i, SECOPS_ERROR_INVALID, message);
    secops_resource_path_up(plan, len);

    return 0;
}


/* n of "label_n", without zeros before it, or -1 */

static json_int_t
secops_resource_label_number(const json_t *id)
{
    char        text[32];
    const char *name;
    json_int_t  n;

    name = json_string_value(id);

    if (name == NULL || strncmp(name, "label_", 6) != 0
        || strlen(name) > sizeof("label_") - 1 + SECOPS_RESOURCE_LABEL_DIGITS)
    {
        return -1;
    }

    n = strtoll(name + 6, NULL, 10);

    (void) snprintf(text, sizeof(text), "label_%lld", (long long) n);

    return strcmp(text, name) == 0 ? n : -1;
}


/* the first that has this value, or NULL */

static const json_t *
secops_resource_label_find(const json_t *labels, const char *member,
    const json_t *value)
{
    size_t         k;
    const json_t  *label;

    for (k = 0; k < json_array_size(labels); k++) {

        label = json_array_get(labels, k);

        if (json_equal(json_object_get(label, member), value)) {
            return label;
        }
    }

    return NULL;
}


static void
secops_resource_labels_merge(secops_resource_plan_t *plan, size_t i,
    const secops_catalog_category_t *category, const json_t *old,
    const json_t *given)
{
    size_t         k;
    json_t        *labels, *document;
    json_int_t     next, number;
    const json_t  *label, *before;

    document = plan->nodes[i].document;
    next = json_integer_value(json_object_get(document, "next_label"));

    for (k = 0; k < json_array_size(given); k++) {

        label = json_array_get(given, k);
        number = secops_resource_label_number(json_object_get(label, "id"));

        if (number >= next) {
            next = number + 1;
        }
    }

    labels = json_array();

    for (k = 0; k < json_array_size(given); k++) {

        label = json_array_get(given, k);
        before = secops_resource_label_old(old, given, label);

        if (json_array_append_new(labels,
                                  secops_resource_label_make(label, before,
                                          json_array_get(category->labels, k),
                                          &next))
            != 0)
        {
            plan->failed = 1;
        }
    }

    if (secops_resource_set_member(plan,
                                   json_object_get(document,
                                                   "advanced_settings"),
                                   "custom_labels", labels)
        == 0)
    {
        (void) secops_resource_set_member(plan, document, "next_label",
                                          json_integer(next));
    }
}


/* the label that it was, or NULL: it is new */

static const json_t *
secops_resource_label_old(const json_t *old, const json_t *given,
    const json_t *label)
{
    const json_t  *id, *before;

    id = secops_resource_given(label, "id");

    if (id) {
        return secops_resource_label_find(old, "id", id);
    }

    before = secops_resource_label_find(old, "name",
                                        json_object_get(label, "name"));

    /* somebody else is this one now, under another name */

    id = json_object_get(before, "id");

    return before && secops_resource_label_find(given, "id", id) == NULL
           ? before : NULL;
}


/* NULL: no memory */

static json_t *
secops_resource_label_make(const json_t *label, const json_t *old,
    const json_t *preset, json_int_t *next)
{
    json_t        *made;
    const json_t  *color, *id;

    id = old ? json_object_get(old, "id") : secops_resource_given(label, "id");
    color = secops_resource_given(label, "hex_color");

    if (color == NULL) {
        color = json_object_get(old ? old : preset, "hex_color");
    }

    made = json_object();

    if (json_object_set_new(made, "id",
                            id ? json_incref((json_t *) id)
                               : secops_resource_label_id(next))
        != 0
        || json_object_set(made, "name", json_object_get(label, "name")) != 0
        || json_object_set_new(made, "hex_color",
                               color ? json_incref((json_t *) color)
                                     : json_string(SECOPS_RESOURCE_COLOR))
           != 0)
    {
        json_decref(made);
        return NULL;
    }

    return made;
}


static json_t *
secops_resource_label_id(json_int_t *next)
{
    char  id[32];

    (void) snprintf(id, sizeof(id), "label_%lld", (long long) (*next)++);

    return json_string(id);
}
