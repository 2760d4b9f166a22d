
/*
 * The labels of a job.  Events are marked with a label's id, so an id keeps
 * its meaning as long as the job lives: a label that keeps its name keeps its
 * id, one that is given with its id may have a new name, and the id of a label
 * that was removed is never given again.  A new job may take over the ids of
 * another, which it was copied from.
 */

#include <stdio.h>
#include <stdlib.h>

#include "model/plan/secops_resource_internal.h"


#define SECOPS_RESOURCE_LABELS_MIN    3
#define SECOPS_RESOURCE_LABEL_DIGITS  9
#define SECOPS_RESOURCE_COLOR         "#808080"


/* the labels that there were and those that are asked for, by what they are
   known by: of several that are the same, the first */

typedef struct {
    secops_resource_plan_t  *plan;
    size_t                   entry;
    const json_t            *old;
    const json_t            *given;
    json_t                  *old_ids;       /* these are owned */
    json_t                  *old_names;
    json_t                  *ids;
    json_t                  *names;
} secops_resource_labels_t;


static void secops_resource_labels_init(secops_resource_labels_t *labels,
    const json_t *old, const json_t *given);
static json_t *secops_resource_labels_index(secops_resource_plan_t *plan,
    const json_t *list, const char *member);
static void secops_resource_labels_free(secops_resource_labels_t *labels);
static void secops_resource_labels_merge(secops_resource_labels_t *labels,
    const secops_catalog_category_t *category);
static int secops_resource_labels_check(secops_resource_labels_t *labels);
static int secops_resource_labels_check_id(secops_resource_labels_t *labels,
    const json_t *label);
static json_int_t secops_resource_label_number(const json_t *id);
static const json_t *secops_resource_label_find(const json_t *index,
    const json_t *value);
static const json_t *secops_resource_label_old(
    const secops_resource_labels_t *labels, const json_t *label);
static json_t *secops_resource_label_make(const json_t *label,
    const json_t *old, const json_t *preset, json_int_t *next);
static json_t *secops_resource_label_id(json_int_t *next);


void
secops_resource_build_labels(secops_resource_plan_t *plan, size_t i,
    const secops_catalog_category_t *category)
{
    size_t                     len;
    const json_t              *old, *given;
    secops_resource_labels_t   labels;

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

    labels.plan = plan;
    labels.entry = i;

    secops_resource_labels_init(&labels, old, given);

    if (secops_resource_labels_check(&labels)) {
        secops_resource_labels_merge(&labels, category);
    }

    secops_resource_labels_free(&labels);
    secops_resource_path_up(plan, len);
}


static void
secops_resource_labels_init(secops_resource_labels_t *labels,
    const json_t *old, const json_t *given)
{
    secops_resource_plan_t  *plan;

    plan = labels->plan;

    labels->old = old;
    labels->given = given;
    labels->old_ids = secops_resource_labels_index(plan, old, "id");
    labels->old_names = secops_resource_labels_index(plan, old, "name");
    labels->ids = secops_resource_labels_index(plan, given, "id");
    labels->names = secops_resource_labels_index(plan, given, "name");
}


static json_t *
secops_resource_labels_index(secops_resource_plan_t *plan, const json_t *list,
    const char *member)
{
    size_t       k;
    json_t      *index, *label;
    const char  *key;

    index = json_object();

    if (index == NULL) {
        plan->failed = 1;
    }

    for (k = 0; k < json_array_size(list); k++) {

        label = json_array_get(list, k);
        key = json_string_value(json_object_get(label, member));

        if (key && json_object_get(index, key) == NULL
            && json_object_set(index, key, label) != 0)
        {
            plan->failed = 1;
        }
    }

    return index;
}


static void
secops_resource_labels_free(secops_resource_labels_t *labels)
{
    json_decref(labels->old_ids);
    json_decref(labels->old_names);
    json_decref(labels->ids);
    json_decref(labels->names);
}


/* 1: no fault was told */

static int
secops_resource_labels_check(secops_resource_labels_t *labels)
{
    int                      sound;
    size_t                   k, len, item;
    const json_t            *label, *name;
    secops_resource_plan_t  *plan;

    sound = 1;
    plan = labels->plan;

    if (json_array_size(labels->given) < SECOPS_RESOURCE_LABELS_MIN) {
        sound = 0;
        secops_resource_tell(plan, labels->entry, SECOPS_ERROR_INVALID,
                             "must have three labels at least");
    }

    for (k = 0; k < json_array_size(labels->given); k++) {

        label = json_array_get(labels->given, k);
        name = json_object_get(label, "name");

        len = secops_resource_path_item(plan, k);

        if (secops_resource_label_find(labels->names, name) != label) {
            sound = 0;
            item = secops_resource_path_down(plan, "name");
            secops_resource_tell(plan, labels->entry, SECOPS_ERROR_INVALID,
                                 "is the name of another label, too");
            secops_resource_path_up(plan, item);
        }

        if (secops_resource_given(label, "id")
            && !secops_resource_labels_check_id(labels, label))
        {
            sound = 0;
        }

        secops_resource_path_up(plan, len);
    }

    return sound;
}


/* 1: it may have this id */

static int
secops_resource_labels_check_id(secops_resource_labels_t *labels,
    const json_t *label)
{
    size_t         len;
    const char    *message;
    const json_t  *id;

    id = json_object_get(label, "id");
    message = NULL;

    if (labels->old && secops_resource_label_find(labels->old_ids, id) == NULL)
    {
        message = "must be the id of a label of the job, or absent for a new "
                  "one";

    } else if (labels->old == NULL && secops_resource_label_number(id) < 0) {
        message = "must be \"label_\" and a number, or absent";

    } else if (secops_resource_label_find(labels->ids, id) != label) {
        message = "is the id of another label, too";
    }

    if (message == NULL) {
        return 1;
    }

    len = secops_resource_path_down(labels->plan, "id");
    secops_resource_tell(labels->plan, labels->entry, SECOPS_ERROR_INVALID,
                         message);
    secops_resource_path_up(labels->plan, len);

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


/* the one that has this value, or NULL */

static const json_t *
secops_resource_label_find(const json_t *index, const json_t *value)
{
    const char  *key;

    key = json_string_value(value);

    return key ? json_object_get(index, key) : NULL;
}


static void
secops_resource_labels_merge(secops_resource_labels_t *labels,
    const secops_catalog_category_t *category)
{
    size_t                   k;
    json_t                  *list, *document;
    json_int_t               next, number;
    const json_t            *label;
    secops_resource_plan_t  *plan;

    plan = labels->plan;
    document = plan->nodes[labels->entry].document;
    next = json_integer_value(json_object_get(document, "next_label"));

    for (k = 0; k < json_array_size(labels->given); k++) {

        label = json_array_get(labels->given, k);
        number = secops_resource_label_number(json_object_get(label, "id"));

        if (number >= next) {
            next = number + 1;
        }
    }

    list = json_array();

    for (k = 0; k < json_array_size(labels->given); k++) {

        label = json_array_get(labels->given, k);

        if (json_array_append_new(list,
                                  secops_resource_label_make(label,
                                      secops_resource_label_old(labels, label),
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
                                   "custom_labels", list)
        == 0)
    {
        (void) secops_resource_set_member(plan, document, "next_label",
                                          json_integer(next));
    }
}


/* the label that it was, or NULL: it is new */

static const json_t *
secops_resource_label_old(const secops_resource_labels_t *labels,
    const json_t *label)
{
    const json_t  *id, *before;

    id = secops_resource_given(label, "id");

    if (id) {
        return secops_resource_label_find(labels->old_ids, id);
    }

    before = secops_resource_label_find(labels->old_names,
                                        json_object_get(label, "name"));

    /* somebody else is this one now, under another name */

    id = json_object_get(before, "id");

    return before && secops_resource_label_find(labels->ids, id) == NULL
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
