
/* What a plan knows, and what it asks for; see secops_resource_plan.h. */

#include <stdlib.h>

#include "model/plan/secops_resource_internal.h"


static int secops_resource_plan_is_id(const char *key);
static void secops_resource_plan_names(secops_resource_plan_t *plan);
static void secops_resource_plan_unsound(secops_resource_plan_t *plan,
    const secops_resource_t *resource);
static void secops_resource_plan_forget(secops_resource_plan_t *plan);
static void secops_resource_found_free(secops_resource_found_t *found);
static size_t secops_resource_plan_add(secops_resource_plan_t *plan,
    secops_resource_type_e type, secops_slice_t id, secops_slice_t document);
static secops_slice_t secops_resource_plan_id(
    const secops_resource_plan_t *plan, size_t node);
static int secops_resource_plan_take(secops_resource_targets_t *targets,
    const secops_resource_links_t *links);


secops_resource_plan_t *
secops_resource_plan_begin(const secops_resource_model_t *model,
    const secops_resource_set_t *set,
    const secops_resource_context_t *context)
{
    secops_resource_plan_t  *plan;

    plan = calloc(1, sizeof(secops_resource_plan_t));
    if (plan == NULL) {
        return NULL;
    }

    plan->model = model;
    plan->set = set;
    plan->context = context;

    plan->titles = json_object();
    plan->unsound = json_object();
    plan->entries = calloc(set->n + 1, sizeof(secops_resource_entry_t));
    plan->nodes = calloc(set->n + 1, sizeof(secops_resource_node_t));

    if (plan->titles == NULL || plan->unsound == NULL || plan->entries == NULL
        || plan->nodes == NULL)
    {
        secops_resource_plan_free(plan);
        return NULL;
    }

    secops_resource_plan_names(plan);

    if (secops_resource_plan_reset(plan) != 0) {
        secops_resource_plan_free(plan);
        return NULL;
    }

    return plan;
}


static void
secops_resource_plan_names(secops_resource_plan_t *plan)
{
    size_t                    i;
    const char               *key;
    const secops_resource_t  *resource;

    for (i = 0; i < plan->set->n; i++) {

        resource = &plan->set->resources[i];

        if (!resource->sound) {
            secops_resource_plan_unsound(plan, resource);
            continue;
        }

        key = secops_resource_plan_key(plan, resource->type,
                                       SECOPS_RESOURCE_BY_TITLE,
                                       resource->title);

        if (key == NULL
            || json_object_set_new(plan->titles, key,
                                   json_integer((json_int_t) i))
               != 0)
        {
            plan->failed = 1;
        }
    }
}


/* what may be referred to, and is told of as having faults of its own */

static void
secops_resource_plan_unsound(secops_resource_plan_t *plan,
    const secops_resource_t *resource)
{
    size_t       i;
    const char  *names[3];

    /* the identifier ends with a NUL: it is a member's name */

    names[0] = (const char *) resource->identifier.data;
    names[1] = json_string_value(json_object_get(resource->properties,
                                                 "title"));
    names[2] = json_string_value(json_object_get(resource->properties,
                                                 "name"));

    for (i = 0; i < 3; i++) {
        if (names[i]
            && json_object_set_new(plan->unsound, names[i], json_true()) != 0)
        {
            plan->failed = 1;
        }
    }
}


int
secops_resource_plan_reset(secops_resource_plan_t *plan)
{
    size_t  i;

    secops_resource_plan_forget(plan);

    plan->known = json_object();
    plan->asked = json_object();

    if (plan->known == NULL || plan->asked == NULL) {
        plan->failed = 1;
    }

    for (i = 0; i < plan->set->n; i++) {

        plan->nodes[i].found = SECOPS_RESOURCE_NOBODY;

        memset(&plan->entries[i], 0, sizeof(secops_resource_entry_t));
        plan->entries[i].resource = &plan->set->resources[i];
    }

    return plan->failed ? -1 : 0;
}


static void
secops_resource_plan_forget(secops_resource_plan_t *plan)
{
    size_t                   i;
    secops_resource_node_t  *node;

    for (i = 0; i < plan->set->n && plan->nodes; i++) {

        node = &plan->nodes[i];

        json_decref(node->document);
        secops_text_free(&node->text);
        secops_text_free(&node->members);
        secops_text_free(&node->links);
        secops_text_free(&node->after);
        memset(node, 0, sizeof(secops_resource_node_t));
    }

    for (i = 0; i < plan->nfound; i++) {
        secops_resource_found_free(&plan->found[i]);
    }

    json_decref(plan->known);
    json_decref(plan->asked);
    free(plan->queue);
    free(plan->seen);
    secops_resource_graph_free(&plan->graph);

    plan->known = NULL;
    plan->asked = NULL;
    plan->queue = NULL;
    plan->seen = NULL;
    plan->phase = SECOPS_RESOURCE_PLAN_ASK;
    plan->next = 0;
    plan->nfound = 0;
    plan->nread = 0;
    plan->found_bytes = 0;
    plan->largest = 0;
    plan->heavy = 0;
    plan->bytes = 0;
    plan->nlookups = 0;
    plan->patterns.steps = SECOPS_SCHEMA_STEPS;
    plan->sealed = SECOPS_SECRET_OK;
    plan->crowded = 0;
    plan->round = 0;
    plan->rounds = 1;
}


static void
secops_resource_found_free(secops_resource_found_t *found)
{
    json_decref(found->id);
    json_decref(found->document);
    json_decref(found->title);
    json_decref(found->kind);
    secops_text_free(&found->text);
    secops_text_free(&found->links);
}


int
secops_resource_plan_step(secops_resource_plan_t *plan, int64_t *next_id,
    secops_faults_t *faults)
{
    int  rc;

    plan->faults = faults;

    rc = secops_resource_phases[plan->phase](plan, next_id);

    if (plan->failed || faults->failed) {
        return SECOPS_RESOURCE_FAILED;
    }

    return plan->sealed != SECOPS_SECRET_OK ? SECOPS_RESOURCE_SEALED : rc;
}


const char *
secops_resource_plan_key(secops_resource_plan_t *plan,
    secops_resource_type_e type, secops_resource_by_e by, secops_slice_t what)
{
    secops_text_t  *key;

    static const secops_slice_t  nul = { 1, (const unsigned char *) "" };

    key = &plan->key;
    key->len = 0;

    secops_text_append(key, secops_resource_type_name(type));
    secops_text_append_string(key, by == SECOPS_RESOURCE_BY_ID ? "#" : ":");
    secops_text_append(key, what);
    secops_text_append(key, nul);

    if (key->failed) {
        plan->failed = 1;
        return NULL;
    }

    return (const char *) key->data;
}


/* 1: it is a key by an id, not by a title */

static int
secops_resource_plan_is_id(const char *key)
{
    return key[strcspn(key, "#:")] == '#';
}


const char *
secops_resource_links_next(const secops_resource_links_t *links, size_t *pos)
{
    const char  *key;

    if (*pos == links->len) {
        return NULL;
    }

    key = (const char *) links->data + *pos;
    *pos += strlen(key) + 1;

    return key;
}


void
secops_resource_plan_ask_key(secops_resource_plan_t *plan, const char *key)
{
    secops_slice_t        type;
    secops_resource_by_e  by;

    type.len = strcspn(key, "#:");
    type.data = (const unsigned char *) key;

    by = secops_resource_plan_is_id(key) ? SECOPS_RESOURCE_BY_ID
                                         : SECOPS_RESOURCE_BY_TITLE;

    secops_resource_plan_ask(plan, secops_resource_type(type), by,
                             secops_slice_of(key + type.len + 1));
}


void
secops_resource_plan_ask(secops_resource_plan_t *plan,
    secops_resource_type_e type, secops_resource_by_e by, secops_slice_t what)
{
    size_t                     size, *answers;
    const char                *key;
    secops_resource_lookup_t  *lookup, *lookups;

    key = secops_resource_plan_key(plan, type, by, what);

    if (key == NULL || json_object_get(plan->asked, key)) {
        return;
    }

    /* each of the set's own is asked for by its title, and maybe its id */

    if (plan->nlookups == 2 * plan->set->n + SECOPS_RESOURCE_REFERENCES) {
        plan->crowded = 1;
        return;
    }

    if (plan->nlookups == plan->lookups_size) {
        size = plan->lookups_size * 2 + 64;

        lookups = realloc(plan->lookups,
                          size * sizeof(secops_resource_lookup_t));
        if (lookups) {
            plan->lookups = lookups;
        }

        answers = realloc(plan->answers, size * sizeof(size_t));
        if (answers) {
            plan->answers = answers;
        }

        if (lookups == NULL || answers == NULL) {
            plan->failed = 1;
            return;
        }

        plan->lookups_size = size;
    }

    if (json_object_set_new(plan->asked, key,
                            json_integer((json_int_t) plan->nlookups))
        != 0)
    {
        plan->failed = 1;
        return;
    }

    /* the text is what the object keeps its key as */

    key = json_object_iter_key(json_object_iter_at(plan->asked, key));

    lookup = &plan->lookups[plan->nlookups];

    lookup->type = type;
    lookup->by = by;
    lookup->what.len = what.len;
    lookup->what.data = (const unsigned char *) key + plan->key.len - 1
                        - what.len;

    plan->answers[plan->nlookups++] = SECOPS_RESOURCE_NOBODY;
}


const secops_resource_lookup_t *
secops_resource_plan_lookups(const secops_resource_plan_t *plan, size_t *n)
{
    *n = plan->crowded ? 0 : plan->nlookups - plan->round;

    return *n ? plan->lookups + plan->round : NULL;
}


int
secops_resource_plan_found(secops_resource_plan_t *plan, size_t lookup,
    secops_slice_t id, secops_slice_t document)
{
    size_t                   number;
    const char              *key;
    secops_resource_type_e   type;

    if (lookup >= plan->nlookups - plan->round) {
        return -1;
    }

    lookup += plan->round;
    type = plan->lookups[lookup].type;
    key = secops_resource_plan_key(plan, type, SECOPS_RESOURCE_BY_ID, id);

    if (key == NULL) {
        return -1;
    }

    number = secops_resource_plan_number(plan->known, key);

    if (number == SECOPS_RESOURCE_NOBODY) {

        plan->found_bytes += document.len;

        if (document.len > plan->largest) {
            plan->largest = document.len;
        }

        /* one that was stored before there were limits is taken alone */

        if (plan->found_bytes - plan->largest > SECOPS_RESOURCE_SET_BYTES) {
            plan->heavy = 1;
            return 0;
        }

        number = secops_resource_plan_add(plan, type, id, document);
    }

    plan->answers[lookup] = number;

    return plan->failed ? -1 : 0;
}


/* plan->key is the key by id */

static size_t
secops_resource_plan_add(secops_resource_plan_t *plan,
    secops_resource_type_e type, secops_slice_t id, secops_slice_t document)
{
    size_t                    size;
    secops_resource_found_t  *found;

    if (plan->nfound == plan->found_size) {
        size = plan->found_size * 2 + 64;
        found = realloc(plan->found, size * sizeof(secops_resource_found_t));

        if (found == NULL) {
            plan->failed = 1;
            return SECOPS_RESOURCE_NOBODY;
        }

        plan->found = found;
        plan->found_size = size;
    }

    found = &plan->found[plan->nfound];

    memset(found, 0, sizeof(secops_resource_found_t));

    found->type = type;
    found->id = secops_resource_string(id);
    found->entry = SECOPS_RESOURCE_NOBODY;

    secops_text_append(&found->text, document);

    if (found->id == NULL || found->text.failed
        || json_object_set_new(plan->known, (const char *) plan->key.data,
                               json_integer((json_int_t) plan->nfound))
           != 0)
    {
        secops_resource_found_free(found);
        plan->failed = 1;
        return SECOPS_RESOURCE_NOBODY;
    }

    return plan->nfound++;
}


int
secops_resource_plan_is_heavy(const secops_resource_plan_t *plan)
{
    return plan->heavy;
}


secops_slice_t
secops_resource_plan_unreadable(const secops_resource_plan_t *plan,
    secops_resource_type_e *type)
{
    *type = plan->found[plan->nread].type;

    return secops_resource_text(plan->found[plan->nread].id);
}


void
secops_resource_plan_sealed(const secops_resource_plan_t *plan,
    secops_resource_sealed_t *sealed)
{
    sealed->rc = plan->sealed;
    sealed->type = plan->set->resources[plan->sealed_entry].type;
    sealed->id = plan->entries[plan->sealed_entry].id;
    sealed->pointer = secops_text_slice(&plan->sealed_pointer);
    sealed->key_id = secops_text_slice(&plan->sealed_key);
}


size_t
secops_resource_plan_node(secops_resource_plan_t *plan,
    secops_resource_type_e type, secops_resource_by_e by, secops_slice_t what)
{
    const char  *key;

    key = secops_resource_plan_key(plan, type, by, what);

    return key ? secops_resource_plan_node_of(plan, key)
               : SECOPS_RESOURCE_NOBODY;
}


size_t
secops_resource_plan_node_of(secops_resource_plan_t *plan, const char *key)
{
    size_t  n;

    if (secops_resource_plan_is_id(key)) {
        n = secops_resource_plan_number(plan->known, key);

    } else {
        n = secops_resource_plan_number(plan->titles, key);

        if (n != SECOPS_RESOURCE_NOBODY) {
            return n;
        }

        n = secops_resource_plan_number(plan->asked, key);

        if (n != SECOPS_RESOURCE_NOBODY) {
            n = plan->answers[n];
        }

        /* a title that the request takes away from it is its title no more */

        if (n != SECOPS_RESOURCE_NOBODY
            && plan->found[n].entry != SECOPS_RESOURCE_NOBODY)
        {
            return SECOPS_RESOURCE_NOBODY;
        }
    }

    if (n == SECOPS_RESOURCE_NOBODY) {
        return n;
    }

    return plan->found[n].entry != SECOPS_RESOURCE_NOBODY
           ? plan->found[n].entry : plan->set->n + n;
}


size_t
secops_resource_plan_target(secops_resource_plan_t *plan,
    const secops_resource_ref_t *ref)
{
    return secops_resource_plan_node(plan, ref->type,
                                     ref->by_id ? SECOPS_RESOURCE_BY_ID
                                                : SECOPS_RESOURCE_BY_TITLE,
                                     secops_text_slice(&ref->value));
}


json_t *
secops_resource_plan_refer(secops_resource_plan_t *plan,
    secops_resource_type_e type, size_t node)
{
    json_t         *value;
    secops_text_t   text;

    memset(&text, 0, sizeof(secops_text_t));

    secops_resource_ref_write(&text, type, secops_resource_plan_id(plan, node));

    value = text.failed ? NULL
                        : secops_resource_string(secops_text_slice(&text));

    if (value == NULL) {
        plan->failed = 1;
    }

    secops_text_free(&text);

    return value;
}


size_t
secops_resource_plan_number(const json_t *index, const char *key)
{
    const json_t  *number;

    number = json_object_get(index, key);

    return number ? (size_t) json_integer_value(number)
                  : SECOPS_RESOURCE_NOBODY;
}


const json_t *
secops_resource_plan_stored(const secops_resource_plan_t *plan, size_t i)
{
    size_t  found;

    found = plan->nodes[i].found;

    return found != SECOPS_RESOURCE_NOBODY ? plan->found[found].document
                                           : NULL;
}


static secops_slice_t
secops_resource_plan_id(const secops_resource_plan_t *plan, size_t node)
{
    return node < plan->set->n
           ? plan->entries[node].id
           : secops_resource_text(plan->found[node - plan->set->n].id);
}


const secops_catalog_type_t *
secops_resource_plan_type(const secops_resource_plan_t *plan, size_t node)
{
    const json_t  *kind;

    if (node < plan->set->n) {
        return plan->nodes[node].type;
    }

    kind = plan->found[node - plan->set->n].kind;

    return secops_catalog_type(plan->model->catalog,
                               secops_resource_text(kind));
}


const secops_resource_entry_t *
secops_resource_plan_entries(const secops_resource_plan_t *plan, size_t *n)
{
    *n = plan->set->n;

    return plan->entries;
}


int
secops_resource_plan_targets(const secops_resource_plan_t *plan, size_t i,
    secops_resource_targets_t *before, secops_resource_targets_t *after)
{
    size_t  found;

    memset(before, 0, sizeof(secops_resource_targets_t));
    memset(after, 0, sizeof(secops_resource_targets_t));

    found = plan->nodes[i].found;

    if (secops_resource_plan_take(after, &plan->nodes[i].after) != 0
        || (found != SECOPS_RESOURCE_NOBODY
            && secops_resource_plan_take(before, &plan->found[found].links)
               != 0))
    {
        return -1;
    }

    return 0;
}


/* what is stored refers to others by their ids only */

static int
secops_resource_plan_take(secops_resource_targets_t *targets,
    const secops_resource_links_t *links)
{
    size_t          pos;
    const char     *key;
    secops_slice_t  type;

    for (pos = 0; ; /* void */) {

        key = secops_resource_links_next(links, &pos);

        if (key == NULL) {
            break;
        }

        type.len = strcspn(key, "#:");
        type.data = (const unsigned char *) key;

        if (secops_resource_plan_is_id(key)
            && secops_resource_targets_take(targets,
                                     secops_resource_type(type),
                                     secops_slice_of(key + type.len + 1))
               != 0)
        {
            return -1;
        }
    }

    secops_resource_targets_order(targets);

    return 0;
}


void
secops_resource_plan_free(secops_resource_plan_t *plan)
{
    if (plan == NULL) {
        return;
    }

    secops_resource_plan_forget(plan);

    json_decref(plan->titles);
    json_decref(plan->unsound);

    free(plan->entries);
    free(plan->nodes);
    free(plan->found);
    free(plan->lookups);
    free(plan->answers);

    secops_text_free(&plan->path);
    secops_text_free(&plan->message);
    secops_text_free(&plan->key);
    secops_text_free(&plan->sealed_pointer);
    secops_text_free(&plan->sealed_key);

    free(plan);
}
