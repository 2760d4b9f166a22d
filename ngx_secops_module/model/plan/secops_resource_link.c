
/* Who refers to whom: lookups, order, circles. */

#include <stdlib.h>

#include "model/plan/secops_resource_internal.h"


/* of a circle, how many are named */

#define SECOPS_RESOURCE_CIRCLE_MAX  20


/* what references are appended with */

typedef struct {
    secops_resource_plan_t     *plan;
    secops_resource_links_t    *links;
} secops_resource_collect_t;


static int secops_resource_link_ref(void *data,
    const secops_resource_ref_t *ref);
static void secops_resource_link_plain(secops_resource_plan_t *plan,
    const json_t *entry, secops_resource_links_t *links);
static size_t secops_resource_link_target(secops_resource_plan_t *plan,
    const char *key);
static void secops_resource_link_reach_all(secops_resource_plan_t *plan,
    const secops_resource_links_t *links);
static void secops_resource_link_add(secops_resource_plan_t *plan,
    secops_resource_graph_t *graph, size_t from,
    const secops_resource_links_t *links);
static void secops_resource_link_depends_on(secops_resource_plan_t *plan,
    secops_resource_graph_t *graph, size_t i);
static int secops_resource_link_sort(secops_resource_plan_t *plan,
    secops_resource_graph_t *graph, size_t *path);
static void secops_resource_link_tell(secops_resource_plan_t *plan,
    const size_t *circle, size_t n);
static secops_slice_t secops_resource_link_title(
    const secops_resource_plan_t *plan, size_t node);


void
secops_resource_link_collect(secops_resource_plan_t *plan,
    const json_t *resource, secops_resource_links_t *links)
{
    secops_resource_collect_t  collect;

    collect.plan = plan;
    collect.links = links;

    if (secops_resource_refs(resource, secops_resource_link_ref, &collect) < 0
        || links->failed)
    {
        plan->failed = 1;
    }
}


static int
secops_resource_link_ref(void *data, const secops_resource_ref_t *ref)
{
    secops_resource_collect_t *collect = data;

    const char  *key;

    key = secops_resource_plan_key(collect->plan, ref->type,
                                   ref->by_id ? SECOPS_RESOURCE_BY_ID
                                              : SECOPS_RESOURCE_BY_TITLE,
                                   secops_text_slice(&ref->value));
    if (key == NULL) {
        return -1;
    }

    /* with its NUL */

    secops_text_append(collect->links, secops_text_slice(&collect->plan->key));

    return collect->links->failed ? -1 : 0;
}


void
secops_resource_link_properties(secops_resource_plan_t *plan, size_t i)
{
    size_t                    k;
    const json_t             *list;
    secops_resource_links_t  *links;
    const secops_resource_t  *resource;

    resource = &plan->set->resources[i];
    links = &plan->nodes[i].links;

    if (!resource->sound) {
        return;
    }

    secops_resource_link_collect(plan, resource->properties, links);

    list = json_object_get(resource->properties, "pipeline_integrations");

    for (k = 0; k < json_array_size(list); k++) {
        secops_resource_link_plain(plan, json_array_get(list, k), links);
    }

    if (links->failed) {
        plan->failed = 1;
    }
}


/* "resource" of an entry of a pipeline, unless it is an expression, or a
   processor that belongs to the job */

static void
secops_resource_link_plain(secops_resource_plan_t *plan, const json_t *entry,
    secops_resource_links_t *links)
{
    secops_slice_t                name, role;
    secops_resource_ref_t         ref;
    const secops_catalog_type_t  *type;
    secops_resource_ref_error_t   error;

    static const secops_slice_t  nul = { 1, (const unsigned char *) "" };

    name = secops_resource_text(json_object_get(entry, "resource"));
    role = secops_resource_text(json_object_get(entry, "integration_type"));
    type = secops_catalog_type(plan->model->catalog, name);

    if (name.len == 0
        || (type && !type->creatable
            && secops_catalog_role(role) == SECOPS_CATALOG_PROCESSOR))
    {
        return;
    }

    if (secops_resource_ref_parse(&ref, name, &error)
        == SECOPS_RESOURCE_REF_OK)
    {
        secops_text_free(&ref.value);
        return;
    }

    secops_text_append_string(links, "=");
    secops_text_append(links, name);
    secops_text_append(links, nul);
}


/* a plain name is one of an integration */

static size_t
secops_resource_link_target(secops_resource_plan_t *plan, const char *key)
{
    return *key == '=' ? secops_resource_link_name(plan,
                                                   secops_slice_of(key + 1))
                       : secops_resource_plan_node_of(plan, key);
}


void
secops_resource_link_ask(secops_resource_plan_t *plan, size_t i)
{
    size_t          pos;
    const char     *key;
    secops_slice_t  id;

    id = secops_resource_given_id(plan, i);

    if (id.len) {
        secops_resource_plan_ask(plan, plan->set->resources[i].type,
                                 SECOPS_RESOURCE_BY_ID, id);
    }

    for (pos = 0; !plan->crowded; /* void */) {

        key = secops_resource_links_next(&plan->nodes[i].links, &pos);

        if (key == NULL) {
            return;
        }

        if (secops_resource_link_target(plan, key) != SECOPS_RESOURCE_NOBODY) {
            continue;
        }

        if (*key == '=') {
            secops_resource_plan_ask(plan, SECOPS_RESOURCE_INTEGRATION,
                                     SECOPS_RESOURCE_BY_TITLE,
                                     secops_slice_of(key + 1));
        } else {
            secops_resource_plan_ask_key(plan, key);
        }
    }
}


size_t
secops_resource_link_name(secops_resource_plan_t *plan, secops_slice_t name)
{
    size_t                    i;
    const secops_resource_t  *resource;

    i = secops_resource_plan_number(plan->set->index,
                                    (const char *) name.data);

    if (i != SECOPS_RESOURCE_NOBODY) {
        resource = &plan->set->resources[i];

        if (resource->sound && resource->type == SECOPS_RESOURCE_INTEGRATION) {
            return i;
        }
    }

    return secops_resource_plan_node(plan, SECOPS_RESOURCE_INTEGRATION,
                                     SECOPS_RESOURCE_BY_TITLE, name);
}


/*
 * A new circle has a reference in it that this request brings.  So it is found
 * if all is known that can be reached from what the request refers to; nothing
 * else that is stored needs to be read for it.
 */

void
secops_resource_link_follow(secops_resource_plan_t *plan)
{
    size_t  n;

    n = plan->set->n + plan->nfound + 1;

    free(plan->queue);
    free(plan->seen);

    plan->queue = calloc(n, sizeof(size_t));
    plan->seen = calloc(n, 1);
    plan->nqueue = 0;

    if (plan->queue == NULL || plan->seen == NULL) {
        plan->failed = 1;
    }
}


void
secops_resource_link_follow_one(secops_resource_plan_t *plan, size_t i)
{
    secops_resource_link_reach_all(plan, &plan->nodes[i].links);
}


/* as it is stored; of one that is new there is nothing */

void
secops_resource_link_reach(secops_resource_plan_t *plan, size_t n)
{
    size_t  node, found;

    node = plan->queue[n];
    found = node < plan->set->n ? plan->nodes[node].found
                                : node - plan->set->n;

    if (found != SECOPS_RESOURCE_NOBODY) {
        secops_resource_link_reach_all(plan, &plan->found[found].links);
    }
}


static void
secops_resource_link_reach_all(secops_resource_plan_t *plan,
    const secops_resource_links_t *links)
{
    size_t       pos, node;
    const char  *key;

    for (pos = 0; !plan->crowded; /* void */) {

        key = secops_resource_links_next(links, &pos);

        if (key == NULL) {
            return;
        }

        node = secops_resource_link_target(plan, key);

        if (node != SECOPS_RESOURCE_NOBODY) {

            if (!plan->seen[node]) {
                plan->seen[node] = 1;
                plan->queue[plan->nqueue++] = node;
            }

            continue;
        }

        /* an api key refers to nothing, and a plain name was asked for */

        if (*key != '=' && *key != *secops_resource_type_name(
                                        SECOPS_RESOURCE_API_KEY).data)
        {
            secops_resource_plan_ask_key(plan, key);
        }
    }
}


int
secops_resource_link_order(secops_resource_plan_t *plan, size_t *order)
{
    int                      rc;
    size_t                   i;
    secops_resource_graph_t  graph;

    memset(&graph, 0, sizeof(secops_resource_graph_t));

    graph.nnodes = plan->set->n + plan->nfound;

    for (i = 0; i < plan->set->n; i++) {
        secops_resource_link_depends_on(plan, &graph, i);
        secops_resource_link_add(plan, &graph, i, &plan->nodes[i].links);
    }

    rc = secops_resource_link_sort(plan, &graph, order);

    secops_resource_graph_free(&graph);

    return rc;
}


/* by an id those that are created now are not found: that is what the request
   itself refers to them for */

void
secops_resource_link_edges(secops_resource_plan_t *plan, size_t node)
{
    size_t                    found;
    secops_resource_graph_t  *graph;

    graph = &plan->graph;

    if (node < plan->set->n) {
        secops_resource_link_depends_on(plan, graph, node);
        secops_resource_link_add(plan, graph, node, &plan->nodes[node].links);
        secops_resource_link_add(plan, graph, node, &plan->nodes[node].after);
        return;
    }

    found = node - plan->set->n;

    if (plan->found[found].entry == SECOPS_RESOURCE_NOBODY) {
        secops_resource_link_add(plan, graph, node, &plan->found[found].links);
    }
}


int
secops_resource_link_check(secops_resource_plan_t *plan)
{
    int      rc;
    size_t  *order;

    plan->graph.nnodes = plan->set->n + plan->nfound;

    order = calloc(plan->graph.nnodes + 1, sizeof(size_t));
    if (order == NULL) {
        plan->failed = 1;
        return -1;
    }

    rc = secops_resource_link_sort(plan, &plan->graph, order);

    free(order);

    return rc;
}


static void
secops_resource_link_add(secops_resource_plan_t *plan,
    secops_resource_graph_t *graph, size_t from,
    const secops_resource_links_t *links)
{
    size_t       pos, node;
    const char  *key;

    pos = 0;

    for ( ;; ) {

        key = secops_resource_links_next(links, &pos);

        if (key == NULL) {
            return;
        }

        node = secops_resource_link_target(plan, key);

        if (node != SECOPS_RESOURCE_NOBODY) {
            secops_resource_graph_add(graph, from, node);
        }
    }
}


static void
secops_resource_link_depends_on(secops_resource_plan_t *plan,
    secops_resource_graph_t *graph, size_t i)
{
    size_t         k, node;
    const json_t  *list, *name;

    list = plan->set->resources[i].depends_on;

    for (k = 0; k < json_array_size(list); k++) {

        name = json_array_get(list, k);

        if (!json_is_string(name)) {
            continue;
        }

        node = secops_resource_plan_number(plan->set->index,
                                           json_string_value(name));

        if (node != SECOPS_RESOURCE_NOBODY) {
            secops_resource_graph_add(graph, i, node);
        }
    }
}


/* 0: there is an order; it has the resources of the request only */

static int
secops_resource_link_sort(secops_resource_plan_t *plan,
    secops_resource_graph_t *graph, size_t *path)
{
    int     rc;
    size_t  i, k, n;

    rc = secops_resource_graph_order(graph, path, &n);

    if (rc < 0) {
        plan->failed = 1;
        return -1;
    }

    if (rc) {
        secops_resource_link_tell(plan, path, n);
        return -1;
    }

    for (i = 0, k = 0; i < n; i++) {
        if (path[i] < plan->set->n) {
            path[k++] = path[i];
        }
    }

    return 0;
}


/* of the first in the request that takes part in it */

static void
secops_resource_link_tell(secops_resource_plan_t *plan, const size_t *circle,
    size_t n)
{
    size_t  i, begin;

    for (i = 0, begin = 0; i < n; i++) {
        if (circle[i] < circle[begin]) {
            begin = i;
        }
    }

    plan->path.len = 0;

    secops_resource_say(plan, "needs itself: ");

    for (i = 0; i <= n; i++) {

        if (i == SECOPS_RESOURCE_CIRCLE_MAX && n > i) {
            secops_resource_say(plan, " needs …");
            i = n;
        }

        if (i) {
            secops_resource_say(plan, " needs ");
        }

        secops_resource_say_name(plan,
                  secops_resource_link_title(plan, circle[(begin + i) % n]));
    }

    secops_resource_tell(plan, circle[begin], SECOPS_ERROR_INVALID, "");
}


/* how a request knows it, or else what it is called */

static secops_slice_t
secops_resource_link_title(const secops_resource_plan_t *plan, size_t node)
{
    return node < plan->set->n
           ? plan->set->resources[node].identifier
           : secops_resource_text(plan->found[node - plan->set->n].title);
}
