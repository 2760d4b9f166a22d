
/* What becomes of a set, once it is known what is stored. */

#include <stdio.h>
#include <stdlib.h>

#include "model/secops_resource_internal.h"
#include "model/secops_resource_render.h"


static void secops_resource_match(secops_resource_plan_t *plan);
static size_t secops_resource_match_id(secops_resource_plan_t *plan,
    size_t i);
static size_t secops_resource_match_title(secops_resource_plan_t *plan,
    size_t i);
static void secops_resource_match_entry(secops_resource_plan_t *plan,
    size_t i, size_t found);
static void secops_resource_check_match(secops_resource_plan_t *plan,
    size_t i);
static void secops_resource_check_id(secops_resource_plan_t *plan, size_t i);
static void secops_resource_give_ids(secops_resource_plan_t *plan,
    const size_t *order, int64_t *next_id);
static void secops_resource_finish(secops_resource_plan_t *plan, size_t i);
static int secops_resource_stamp(secops_resource_plan_t *plan,
    json_t *document, int created);


int
secops_resource_plan_decide(secops_resource_plan_t *plan, int64_t *next_id,
    secops_resource_faults_t *faults)
{
    size_t  i, *order;

    plan->faults = faults;

    secops_resource_match(plan);

    plan->round = plan->nlookups;

    secops_resource_link_follow(plan);

    if (plan->failed) {
        return SECOPS_RESOURCE_FAILED;
    }

    /* what was not looked up can not be told from what is not there */

    if (plan->crowded) {
        secops_resource_fault(faults, SECOPS_ERROR_INVALID, plan->set, NULL,
                              plan->set->prefix,
                              "refers to more than 10000 resources outside "
                              "of the request, those included that these "
                              "refer to");

        return faults->failed ? SECOPS_RESOURCE_FAILED
                              : SECOPS_RESOURCE_FAULTY;
    }

    if (plan->nlookups != plan->round
        && plan->rounds++ < SECOPS_RESOURCE_ROUNDS)
    {
        return SECOPS_RESOURCE_MORE;
    }

    if (plan->nlookups != plan->round) {
        secops_resource_fault(faults, SECOPS_ERROR_INVALID, plan->set, NULL,
                              plan->set->prefix,
                              "refers to stored resources that refer to "
                              "others, too often in a row");
    }

    order = calloc(plan->set->n + plan->nfound + 1, sizeof(size_t));
    if (order == NULL) {
        return SECOPS_RESOURCE_FAILED;
    }

    for (i = 0; i < plan->set->n; i++) {
        secops_resource_check_match(plan, i);
        secops_resource_build_type(plan, i);
    }

    if (secops_resource_link_order(plan, order)) {
        secops_resource_give_ids(plan, order, next_id);
    }

    free(order);

    for (i = 0; i < plan->set->n; i++) {
        secops_resource_build(plan, i);
    }

    if (faults->error == SECOPS_ERROR_NONE) {
        (void) secops_resource_link_check(plan);
    }

    if (plan->failed || faults->failed) {
        return SECOPS_RESOURCE_FAILED;
    }

    if (faults->error != SECOPS_ERROR_NONE) {
        return SECOPS_RESOURCE_FAULTY;
    }

    for (i = 0; i < plan->set->n; i++) {
        secops_resource_finish(plan, i);
    }

    return plan->failed ? SECOPS_RESOURCE_FAILED : SECOPS_RESOURCE_READY;
}


/*
 * Which stored resource each of the request is.  Those that say an id come
 * first: a title that they leave is free for others.
 */

static void
secops_resource_match(secops_resource_plan_t *plan)
{
    size_t  i;

    for (i = 0; i < plan->nfound; i++) {
        plan->found[i].entry = SECOPS_RESOURCE_NOBODY;
    }

    for (i = 0; i < plan->set->n; i++) {
        secops_resource_match_entry(plan, i,
                                    secops_resource_match_id(plan, i));
    }

    for (i = 0; i < plan->set->n; i++) {
        if (secops_resource_given_id(plan, i).len == 0) {
            secops_resource_match_entry(plan, i,
                                        secops_resource_match_title(plan, i));
        }
    }
}


static size_t
secops_resource_match_id(secops_resource_plan_t *plan, size_t i)
{
    const char      *key;
    secops_slice_t   id;

    id = secops_resource_given_id(plan, i);

    if (id.len == 0) {
        return SECOPS_RESOURCE_NOBODY;
    }

    key = secops_resource_plan_key(plan, plan->set->resources[i].type,
                                   SECOPS_RESOURCE_BY_ID, id);

    return key ? secops_resource_plan_number(plan->known, key)
               : SECOPS_RESOURCE_NOBODY;
}


/* what is stored with the title that the request gives, whoever that is */

static size_t
secops_resource_match_title(secops_resource_plan_t *plan, size_t i)
{
    size_t                    n;
    const char               *key;
    const secops_resource_t  *resource;

    resource = &plan->set->resources[i];

    if (!resource->sound) {
        return SECOPS_RESOURCE_NOBODY;
    }

    key = secops_resource_plan_key(plan, resource->type,
                                   SECOPS_RESOURCE_BY_TITLE, resource->title);

    n = key ? secops_resource_plan_number(plan->asked, key)
            : SECOPS_RESOURCE_NOBODY;

    return n != SECOPS_RESOURCE_NOBODY ? plan->answers[n] : n;
}


static void
secops_resource_match_entry(secops_resource_plan_t *plan, size_t i,
    size_t found)
{
    secops_slice_t            title;
    secops_resource_entry_t  *entry;

    if (!plan->set->resources[i].sound) {
        return;
    }

    entry = &plan->entries[i];

    entry->created = 1;
    entry->title = plan->set->resources[i].title;

    plan->nodes[i].found = SECOPS_RESOURCE_NOBODY;

    if (found == SECOPS_RESOURCE_NOBODY
        || plan->found[found].entry != SECOPS_RESOURCE_NOBODY)
    {
        return;
    }

    plan->found[found].entry = i;
    plan->nodes[i].found = found;

    entry->created = 0;
    entry->stored = plan->found[found].document;
    entry->id = secops_resource_text(plan->found[found].id);

    title = secops_resource_stored_title(entry->resource->type,
                                         entry->stored);

    if (!secops_slice_equal(title, entry->title)) {
        entry->old_title = title;
    }
}


static void
secops_resource_check_match(secops_resource_plan_t *plan, size_t i)
{
    size_t                    other;
    const secops_resource_t  *resource;

    resource = &plan->set->resources[i];

    if (!resource->sound) {
        return;
    }

    plan->path.len = 0;

    secops_resource_check_id(plan, i);

    if (!plan->entries[i].created && !plan->context->overwrite) {
        secops_resource_tell(plan, i, SECOPS_ERROR_EXISTS,
                             "exists already, and is not to be overwritten");
    }

    other = secops_resource_match_title(plan, i);

    if (other != SECOPS_RESOURCE_NOBODY && other != plan->nodes[i].found
        && plan->found[other].entry == SECOPS_RESOURCE_NOBODY)
    {
        (void) secops_resource_path_down(plan, "properties");
        (void) secops_resource_path_down(plan,
                              secops_resource_title_member(resource->type));

        secops_resource_say(plan, "is what the resource with the id ");
        secops_resource_say_name(plan,
                                 secops_resource_text(plan->found[other].id));
        secops_resource_tell(plan, i, SECOPS_ERROR_EXISTS, " is called");
    }
}


static void
secops_resource_check_id(secops_resource_plan_t *plan, size_t i)
{
    size_t          found;
    secops_slice_t  id;

    id = secops_resource_given_id(plan, i);
    found = secops_resource_match_id(plan, i);

    if (id.len == 0
        || (found != SECOPS_RESOURCE_NOBODY
            && plan->found[found].entry == i))
    {
        return;
    }

    (void) secops_resource_path_down(plan, "properties");
    (void) secops_resource_path_down(plan, "id");

    if (found == SECOPS_RESOURCE_NOBODY) {
        secops_resource_say_name(plan, id);
        secops_resource_tell(plan, i, SECOPS_ERROR_REFERENCE,
                             " is the id of no such resource; without an id, "
                             "one is created");

    } else {
        secops_resource_tell(plan, i, SECOPS_ERROR_INVALID,
                             "is given to another resource of this request, "
                             "too");
    }

    plan->path.len = 0;
}


/* in dependency order, so that ids tell what came first */

static void
secops_resource_give_ids(secops_resource_plan_t *plan, const size_t *order,
    int64_t *next_id)
{
    size_t                    i, k;
    secops_resource_node_t   *node;
    secops_resource_entry_t  *entry;

    for (k = 0; k < plan->set->n; k++) {

        i = order[k];
        node = &plan->nodes[i];
        entry = &plan->entries[i];

        if (!entry->created) {
            continue;
        }

        if (entry->resource->type == SECOPS_RESOURCE_API_KEY) {
            entry->id = plan->context->key_ids[i];
            continue;
        }

        entry->id.len = (size_t) snprintf(node->id, sizeof(node->id), "%lld",
                                          (long long) *next_id);
        entry->id.data = (unsigned char *) node->id;

        (*next_id)++;
    }
}


/* of what has not changed nothing is written */

static void
secops_resource_finish(secops_resource_plan_t *plan, size_t i)
{
    secops_resource_node_t   *node;
    secops_resource_entry_t  *entry;

    node = &plan->nodes[i];
    entry = &plan->entries[i];

    if (node->document == NULL
        || (entry->stored && json_equal(node->document, entry->stored)))
    {
        return;
    }

    if (secops_resource_stamp(plan, node->document, entry->created) != 0) {
        return;
    }

    node->text = json_dumps(node->document, SECOPS_RESOURCE_DUMP);

    if (node->text == NULL) {
        plan->failed = 1;
        return;
    }

    entry->document.len = strlen(node->text);
    entry->document.data = (unsigned char *) node->text;
    entry->built = node->document;
}


static int
secops_resource_stamp(secops_resource_plan_t *plan, json_t *document,
    int created)
{
    const secops_resource_context_t  *who;

    who = plan->context;

    if (created
        && (secops_resource_set_member(plan, document, "created_by",
                                       secops_resource_string(who->user))
            != 0
            || secops_resource_set_member(plan, document, "created_on",
                                          secops_resource_string(who->time))
               != 0))
    {
        return -1;
    }

    if (secops_resource_set_member(plan, document, "updated_by",
                                   secops_resource_string(who->user))
        != 0)
    {
        return -1;
    }

    return secops_resource_set_member(plan, document, "updated_on",
                                      secops_resource_string(who->time));
}
