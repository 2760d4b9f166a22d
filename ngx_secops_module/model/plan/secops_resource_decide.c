
/*
 * What becomes of a set, once it is known what is stored: the work of a plan,
 * one function for each of its phases.  A function does a part, and moves the
 * plan to the next phase when all is done.
 */

#include <stdio.h>
#include <stdlib.h>

#include "model/json/secops_json_dump.h"
#include "model/json/secops_json_tree.h"
#include "model/plan/secops_resource_internal.h"
#include "model/resource/secops_resource_render.h"


static int secops_resource_plan_turn(secops_resource_plan_t *plan,
    secops_resource_plan_e phase);
static int secops_resource_plan_refuse(secops_resource_plan_t *plan,
    const char *message);

static int secops_resource_phase_ask(secops_resource_plan_t *plan,
    int64_t *next_id);
static int secops_resource_phase_read(secops_resource_plan_t *plan,
    int64_t *next_id);
static int secops_resource_read_found(secops_resource_plan_t *plan,
    secops_resource_found_t *found);
static int secops_resource_phase_match(secops_resource_plan_t *plan,
    int64_t *next_id);
static int secops_resource_phase_follow(secops_resource_plan_t *plan,
    int64_t *next_id);
static int secops_resource_phase_reach(secops_resource_plan_t *plan,
    int64_t *next_id);
static int secops_resource_phase_check(secops_resource_plan_t *plan,
    int64_t *next_id);
static int secops_resource_phase_order(secops_resource_plan_t *plan,
    int64_t *next_id);
static int secops_resource_phase_load(secops_resource_plan_t *plan,
    int64_t *next_id);
static int secops_resource_phase_build(secops_resource_plan_t *plan,
    int64_t *next_id);
static int secops_resource_phase_finish(secops_resource_plan_t *plan,
    int64_t *next_id);
static int secops_resource_phase_link(secops_resource_plan_t *plan,
    int64_t *next_id);
static int secops_resource_phase_circle(secops_resource_plan_t *plan,
    int64_t *next_id);

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
static void secops_resource_check_title(secops_resource_plan_t *plan,
    size_t i);
static void secops_resource_give_ids(secops_resource_plan_t *plan,
    const size_t *order, int64_t *next_id);


const secops_resource_phase_pt
    secops_resource_phases[SECOPS_RESOURCE_PLAN_PHASES] = {
    [SECOPS_RESOURCE_PLAN_ASK] = secops_resource_phase_ask,
    [SECOPS_RESOURCE_PLAN_READ] = secops_resource_phase_read,
    [SECOPS_RESOURCE_PLAN_MATCH] = secops_resource_phase_match,
    [SECOPS_RESOURCE_PLAN_FOLLOW] = secops_resource_phase_follow,
    [SECOPS_RESOURCE_PLAN_REACH] = secops_resource_phase_reach,
    [SECOPS_RESOURCE_PLAN_CHECK] = secops_resource_phase_check,
    [SECOPS_RESOURCE_PLAN_ORDER] = secops_resource_phase_order,
    [SECOPS_RESOURCE_PLAN_LOAD] = secops_resource_phase_load,
    [SECOPS_RESOURCE_PLAN_BUILD] = secops_resource_phase_build,
    [SECOPS_RESOURCE_PLAN_FINISH] = secops_resource_phase_finish,
    [SECOPS_RESOURCE_PLAN_LINK] = secops_resource_phase_link,
    [SECOPS_RESOURCE_PLAN_CIRCLE] = secops_resource_phase_circle,
};


static int
secops_resource_plan_turn(secops_resource_plan_t *plan,
    secops_resource_plan_e phase)
{
    plan->phase = phase;
    plan->next = 0;

    return SECOPS_RESOURCE_BUSY;
}


/* a fault of the set as a whole, with which it can not be looked at further */

static int
secops_resource_plan_refuse(secops_resource_plan_t *plan, const char *message)
{
    secops_resource_fault(plan->faults, SECOPS_ERROR_INVALID, plan->set, NULL,
                          plan->set->prefix, message);

    return SECOPS_RESOURCE_FAULTY;
}


/* the first round: who has these titles and ids, and what is referred to */

static int
secops_resource_phase_ask(secops_resource_plan_t *plan, int64_t *next_id)
{
    size_t                    i;
    const secops_resource_t  *resource;

    if (plan->next < plan->set->n && !plan->crowded) {

        i = plan->next++;
        resource = &plan->set->resources[i];

        if (resource->sound) {
            secops_resource_plan_ask(plan, resource->type,
                                     SECOPS_RESOURCE_BY_TITLE,
                                     resource->title);

            secops_resource_link_properties(plan, i);
            secops_resource_link_ask(plan, i);
        }

        return SECOPS_RESOURCE_BUSY;
    }

    (void) secops_resource_plan_turn(plan, SECOPS_RESOURCE_PLAN_READ);

    /* what was not looked up can not be told from what is not there */

    return plan->crowded
           ? secops_resource_plan_refuse(plan, "refers to more than 10000 "
                                         "resources outside of the request, "
                                         "those included that these refer to")
           : SECOPS_RESOURCE_MORE;
}


/* what was found in this round: its tree is needed again only when it is
   built */

static int
secops_resource_phase_read(secops_resource_plan_t *plan, int64_t *next_id)
{
    if (plan->heavy) {
        return secops_resource_plan_refuse(plan, "names, or refers to, stored "
                                           "resources of more than 8388608 "
                                           "bytes: send fewer at a time");
    }

    if (plan->nread == plan->nfound) {
        return secops_resource_plan_turn(plan, SECOPS_RESOURCE_PLAN_MATCH);
    }

    if (secops_resource_read_found(plan, &plan->found[plan->nread]) != 0) {
        return SECOPS_RESOURCE_UNREADABLE;
    }

    plan->nread++;

    return SECOPS_RESOURCE_BUSY;
}


/* -1: it is no document of a resource, or there is no memory */

static int
secops_resource_read_found(secops_resource_plan_t *plan,
    secops_resource_found_t *found)
{
    json_t      *document;
    const char  *reason;

    document = secops_json_tree_of(secops_text_slice(&found->text), &reason);

    if (document == NULL && reason == NULL) {
        plan->failed = 1;
        return -1;
    }

    if (secops_resource_stored_title(found->type, document).len == 0) {
        json_decref(document);
        return -1;
    }

    found->title = json_incref(json_object_get(document,
                               secops_resource_title_member(found->type)));

    if (found->type == SECOPS_RESOURCE_API_KEY) {
        found->document = document;
        return 0;
    }

    found->kind = json_incref(json_object_get(document, "integration_type"));
    found->values = secops_json_values(document);

    secops_resource_link_collect(plan, document, &found->links);

    json_decref(document);

    return 0;
}


static int
secops_resource_phase_match(secops_resource_plan_t *plan, int64_t *next_id)
{
    secops_resource_match(plan);
    secops_resource_link_follow(plan);

    plan->round = plan->nlookups;

    return secops_resource_plan_turn(plan, SECOPS_RESOURCE_PLAN_FOLLOW);
}


static int
secops_resource_phase_follow(secops_resource_plan_t *plan, int64_t *next_id)
{
    if (plan->next == plan->set->n) {
        return secops_resource_plan_turn(plan, SECOPS_RESOURCE_PLAN_REACH);
    }

    secops_resource_link_follow_one(plan, plan->next++);

    return SECOPS_RESOURCE_BUSY;
}


static int
secops_resource_phase_reach(secops_resource_plan_t *plan, int64_t *next_id)
{
    if (plan->crowded) {
        return secops_resource_plan_refuse(plan, "refers to more than 10000 "
                                           "resources outside of the request, "
                                           "those included that these refer "
                                           "to");
    }

    if (plan->next < plan->nqueue) {
        secops_resource_link_reach(plan, plan->next++);
        return SECOPS_RESOURCE_BUSY;
    }

    if (plan->nlookups == plan->round) {
        return secops_resource_plan_turn(plan, SECOPS_RESOURCE_PLAN_CHECK);
    }

    if (plan->rounds++ < SECOPS_RESOURCE_ROUNDS) {
        (void) secops_resource_plan_turn(plan, SECOPS_RESOURCE_PLAN_READ);
        return SECOPS_RESOURCE_MORE;
    }

    (void) secops_resource_plan_refuse(plan, "refers to stored resources that "
                                       "refer to others, too often in a row");

    return secops_resource_plan_turn(plan, SECOPS_RESOURCE_PLAN_CHECK);
}


static int
secops_resource_phase_check(secops_resource_plan_t *plan, int64_t *next_id)
{
    if (plan->next == plan->set->n) {
        return secops_resource_plan_turn(plan, SECOPS_RESOURCE_PLAN_ORDER);
    }

    secops_resource_check_match(plan, plan->next);
    secops_resource_build_type(plan, plan->next);

    plan->next++;

    return SECOPS_RESOURCE_BUSY;
}


static int
secops_resource_phase_order(secops_resource_plan_t *plan, int64_t *next_id)
{
    size_t  *order;

    order = calloc(plan->set->n + plan->nfound + 1, sizeof(size_t));

    if (order == NULL) {
        return SECOPS_RESOURCE_FAILED;
    }

    if (secops_resource_link_order(plan, order) == 0) {
        secops_resource_give_ids(plan, order, next_id);
    }

    free(order);

    return secops_resource_plan_turn(plan, SECOPS_RESOURCE_PLAN_LOAD);
}


/* the stored document of the next one; once no fault more is told, none is
   looked for */

static int
secops_resource_phase_load(secops_resource_plan_t *plan, int64_t *next_id)
{
    const char               *reason;
    secops_resource_node_t   *node;
    secops_resource_found_t  *found;

    if (plan->next < plan->set->n && secops_faults_full(plan->faults))
    {
        plan->faults->more = 1;
        return SECOPS_RESOURCE_FAULTY;
    }

    if (plan->next == plan->set->n) {
        return plan->faults->error != SECOPS_ERROR_NONE
               ? SECOPS_RESOURCE_FAULTY
               : secops_resource_plan_turn(plan, SECOPS_RESOURCE_PLAN_LINK);
    }

    plan->phase = SECOPS_RESOURCE_PLAN_BUILD;
    node = &plan->nodes[plan->next];

    if (node->found == SECOPS_RESOURCE_NOBODY) {
        return SECOPS_RESOURCE_BUSY;
    }

    found = &plan->found[node->found];

    if (found->document == NULL) {
        found->document = secops_json_tree_of(secops_text_slice(&found->text),
                                              &reason);

        if (found->document == NULL) {
            return SECOPS_RESOURCE_FAILED;
        }
    }

    return SECOPS_RESOURCE_BUSY;
}


static int
secops_resource_phase_build(secops_resource_plan_t *plan, int64_t *next_id)
{
    secops_resource_build(plan, plan->next);

    plan->phase = SECOPS_RESOURCE_PLAN_FINISH;

    return SECOPS_RESOURCE_BUSY;
}


/* the trees are given up: what is written is text by now */

static int
secops_resource_phase_finish(secops_resource_plan_t *plan, int64_t *next_id)
{
    secops_resource_node_t   *node;
    secops_resource_found_t  *found;

    node = &plan->nodes[plan->next];

    if (node->document && plan->faults->error == SECOPS_ERROR_NONE
        && !plan->failed)
    {
        secops_resource_finish(plan, plan->next);
    }

    json_decref(node->document);
    node->document = NULL;

    if (node->found != SECOPS_RESOURCE_NOBODY) {
        found = &plan->found[node->found];

        if (found->type != SECOPS_RESOURCE_API_KEY) {
            json_decref(found->document);
            found->document = NULL;
        }
    }

    plan->next++;
    plan->phase = SECOPS_RESOURCE_PLAN_LOAD;

    return SECOPS_RESOURCE_BUSY;
}


static int
secops_resource_phase_link(secops_resource_plan_t *plan, int64_t *next_id)
{
    if (plan->next == plan->set->n + plan->nfound) {
        return secops_resource_plan_turn(plan, SECOPS_RESOURCE_PLAN_CIRCLE);
    }

    secops_resource_link_edges(plan, plan->next++);

    return SECOPS_RESOURCE_BUSY;
}


static int
secops_resource_phase_circle(secops_resource_plan_t *plan, int64_t *next_id)
{
    return secops_resource_link_check(plan) == 0 ? SECOPS_RESOURCE_READY
                                                 : SECOPS_RESOURCE_FAULTY;
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

    title = secops_resource_text(plan->found[found].title);

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
    secops_resource_check_title(plan, i);

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


/*
 * What is read in one domain, or on one machine, and sent to another brings an
 * id with it that may be somebody else's there.  So a title that is not the
 * resource's own is a new one only if the request says so.
 */

static void
secops_resource_check_title(secops_resource_plan_t *plan, size_t i)
{
    secops_resource_entry_t  *entry;

    entry = &plan->entries[i];

    if (entry->old_title.len == 0 || entry->resource->rename) {
        return;
    }

    (void) secops_resource_path_down(plan, "properties");
    (void) secops_resource_path_down(plan,
                        secops_resource_title_member(entry->resource->type));

    secops_resource_say_name(plan, entry->title);
    secops_resource_say(plan, " is not the title of the resource with the id ");
    secops_resource_say_name(plan, entry->id);
    secops_resource_say(plan, ", which is called ");
    secops_resource_say_name(plan, entry->old_title);
    secops_resource_tell(plan, i, SECOPS_ERROR_EXISTS,
                         "; a new title takes \"rename\": true");

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
