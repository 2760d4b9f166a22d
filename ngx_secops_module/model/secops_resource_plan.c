
/* What a plan knows, and what it asks for; see secops_resource_plan.h. */

#include <stdlib.h>

#include "model/secops_resource_internal.h"
#include "model/secops_resource_render.h"


static void secops_resource_plan_names(secops_resource_plan_t *plan);
static void secops_resource_plan_forget(secops_resource_plan_t *plan);
static void secops_resource_plan_ask_all(secops_resource_plan_t *plan);
static size_t secops_resource_plan_add(secops_resource_plan_t *plan,
    secops_resource_type_e type, secops_slice_t id, json_t *document);
static secops_slice_t secops_resource_plan_id(
    const secops_resource_plan_t *plan, size_t node);


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

    plan->names = json_object();
    plan->titles = json_object();
    plan->entries = calloc(set->n + 1, sizeof(secops_resource_entry_t));
    plan->nodes = calloc(set->n + 1, sizeof(secops_resource_node_t));

    if (plan->names == NULL || plan->titles == NULL || plan->entries == NULL
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

        /* the name ends with a NUL: it is a member's */

        if (json_object_set_new(plan->names,
                                (const char *) resource->identifier.data,
                                json_integer((json_int_t) i))
            != 0)
        {
            plan->failed = 1;
        }

        if (!resource->sound) {
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


int
secops_resource_plan_reset(secops_resource_plan_t *plan)
{
    secops_resource_plan_forget(plan);

    plan->known = json_object();
    plan->asked = json_object();

    secops_resource_plan_ask_all(plan);

    return plan->failed ? -1 : 0;
}


static void
secops_resource_plan_forget(secops_resource_plan_t *plan)
{
    size_t  i;

    for (i = 0; i < plan->set->n && plan->nodes; i++) {
        json_decref(plan->nodes[i].document);
        free(plan->nodes[i].text);
        memset(&plan->nodes[i], 0, sizeof(secops_resource_node_t));
    }

    for (i = 0; i < plan->nfound; i++) {
        json_decref(plan->found[i].id);
        json_decref(plan->found[i].document);
    }

    json_decref(plan->known);
    json_decref(plan->asked);

    plan->known = NULL;
    plan->asked = NULL;
    plan->nfound = 0;
    plan->nlookups = 0;
    plan->patterns.steps = SECOPS_SCHEMA_STEPS;
    plan->crowded = 0;
    plan->round = 0;
    plan->rounds = 1;
}


/* the first round: who has these titles and ids, and what is referred to */

static void
secops_resource_plan_ask_all(secops_resource_plan_t *plan)
{
    size_t                    i;
    const secops_resource_t  *resource;

    for (i = 0; i < plan->set->n; i++) {

        plan->nodes[i].found = SECOPS_RESOURCE_NOBODY;

        memset(&plan->entries[i], 0, sizeof(secops_resource_entry_t));
        plan->entries[i].resource = &plan->set->resources[i];

        resource = &plan->set->resources[i];

        if (!resource->sound) {
            continue;
        }

        secops_resource_plan_ask(plan, resource->type,
                                 SECOPS_RESOURCE_BY_TITLE, resource->title);

        secops_resource_link_ask(plan, i);
    }
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
    secops_slice_t id, secops_slice_t document, int *unreadable)
{
    json_t                  *json;
    size_t                   number;
    const char              *key;
    secops_resource_type_e   type;

    *unreadable = 0;

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

        json = json_loadb((const char *) document.data, document.len, 0, NULL);

        if (secops_resource_stored_title(type, json).len == 0) {
            json_decref(json);
            *unreadable = 1;
            return -1;
        }

        number = secops_resource_plan_add(plan, type, id, json);
    }

    plan->answers[lookup] = number;

    return plan->failed ? -1 : 0;
}


/* takes over the document; plan->key is the key by id */

static size_t
secops_resource_plan_add(secops_resource_plan_t *plan,
    secops_resource_type_e type, secops_slice_t id, json_t *document)
{
    size_t                    size;
    secops_resource_found_t  *found;

    if (plan->nfound == plan->found_size) {
        size = plan->found_size * 2 + 64;
        found = realloc(plan->found, size * sizeof(secops_resource_found_t));

        if (found == NULL) {
            goto failed;
        }

        plan->found = found;
        plan->found_size = size;
    }

    found = &plan->found[plan->nfound];

    found->type = type;
    found->id = secops_resource_string(id);
    found->document = document;
    found->entry = SECOPS_RESOURCE_NOBODY;

    if (found->id == NULL
        || json_object_set_new(plan->known, (const char *) plan->key.data,
                               json_integer((json_int_t) plan->nfound))
           != 0)
    {
        json_decref(found->id);
        goto failed;
    }

    return plan->nfound++;

failed:

    json_decref(document);
    plan->failed = 1;

    return SECOPS_RESOURCE_NOBODY;
}


size_t
secops_resource_plan_node(secops_resource_plan_t *plan,
    secops_resource_type_e type, secops_resource_by_e by, secops_slice_t what)
{
    size_t       n;
    const char  *key;

    key = secops_resource_plan_key(plan, type, by, what);
    if (key == NULL) {
        return SECOPS_RESOURCE_NOBODY;
    }

    if (by == SECOPS_RESOURCE_BY_ID) {
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
    const json_t  *document;

    if (node < plan->set->n) {
        return plan->nodes[node].type;
    }

    document = plan->found[node - plan->set->n].document;

    return secops_catalog_type(plan->model->catalog,
                               secops_resource_text(json_object_get(document,
                                                        "integration_type")));
}


const secops_resource_entry_t *
secops_resource_plan_entries(const secops_resource_plan_t *plan, size_t *n)
{
    *n = plan->set->n;

    return plan->entries;
}


void
secops_resource_plan_free(secops_resource_plan_t *plan)
{
    if (plan == NULL) {
        return;
    }

    secops_resource_plan_forget(plan);

    json_decref(plan->names);
    json_decref(plan->titles);

    free(plan->entries);
    free(plan->nodes);
    free(plan->found);
    free(plan->lookups);
    free(plan->answers);

    secops_text_free(&plan->path);
    secops_text_free(&plan->message);
    secops_text_free(&plan->key);

    free(plan);
}
