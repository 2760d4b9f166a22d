
/* Who refers to whom: lookups, order, circles. */

#include <stdlib.h>

#include "model/secops_resource_internal.h"


/* of a circle, how many are named */

#define SECOPS_RESOURCE_CIRCLE_MAX  20


typedef void (*secops_resource_link_pt)(secops_resource_plan_t *plan,
    void *data, size_t node);


/* what is done with references: with those that lead to a node that is known,
   and with others */

typedef struct {
    secops_resource_plan_t     *plan;
    secops_resource_link_pt     handler;    /* NULL: nothing */
    void                       *data;
    int                         ask;        /* they are to be looked up */
} secops_resource_link_t;


/* a walk along references, in width */

typedef struct {
    size_t                     *queue;
    size_t                      n;
    unsigned char              *seen;       /* of each node */
} secops_resource_follow_t;


/* where an edge of the graph comes from */

typedef struct {
    secops_resource_graph_t    *graph;
    size_t                      from;
} secops_resource_link_from_t;


static void secops_resource_link_each(secops_resource_link_t *link, size_t i);
static int secops_resource_link_ref(void *data,
    const secops_resource_ref_t *ref);
static void secops_resource_link_plain(secops_resource_link_t *link,
    const json_t *entry);
static const json_t *secops_resource_link_document(
    const secops_resource_plan_t *plan, size_t node);
static void secops_resource_follow_add(secops_resource_plan_t *plan,
    void *data, size_t node);
static void secops_resource_link_edge(secops_resource_plan_t *plan,
    void *data, size_t node);
static void secops_resource_link_depends_on(secops_resource_plan_t *plan,
    size_t i, secops_resource_link_from_t *from);
static int secops_resource_link_sort(secops_resource_plan_t *plan,
    secops_resource_graph_t *graph, size_t *path);
static void secops_resource_link_tell(secops_resource_plan_t *plan,
    const size_t *circle, size_t n);
static secops_slice_t secops_resource_link_title(
    const secops_resource_plan_t *plan, size_t node);


void
secops_resource_link_ask(secops_resource_plan_t *plan, size_t i)
{
    secops_slice_t          id;
    secops_resource_link_t  link;

    id = secops_resource_given_id(plan, i);

    if (id.len) {
        secops_resource_plan_ask(plan, plan->set->resources[i].type,
                                 SECOPS_RESOURCE_BY_ID, id);
    }

    link.plan = plan;
    link.handler = NULL;
    link.data = NULL;
    link.ask = 1;

    secops_resource_link_each(&link, i);
}


/* the references of resource i of the request */

static void
secops_resource_link_each(secops_resource_link_t *link, size_t i)
{
    size_t                    k;
    const json_t             *list;
    const secops_resource_t  *resource;

    resource = &link->plan->set->resources[i];

    if (!resource->sound) {
        return;
    }

    if (secops_resource_refs(resource->properties, secops_resource_link_ref,
                             link)
        < 0)
    {
        link->plan->failed = 1;
    }

    list = json_object_get(resource->properties, "pipeline_integrations");

    for (k = 0; k < json_array_size(list); k++) {
        secops_resource_link_plain(link, json_array_get(list, k));
    }
}


static int
secops_resource_link_ref(void *data, const secops_resource_ref_t *ref)
{
    secops_resource_link_t *link = data;

    size_t  node;

    node = secops_resource_plan_target(link->plan, ref);

    if (node != SECOPS_RESOURCE_NOBODY) {
        if (link->handler) {
            link->handler(link->plan, link->data, node);
        }

        return 1;
    }

    /* an api key refers to nothing: nobody follows a reference to it */

    if (link->ask
        && (link->handler == NULL || ref->type != SECOPS_RESOURCE_API_KEY))
    {
        secops_resource_plan_ask(link->plan, ref->type,
                                 ref->by_id ? SECOPS_RESOURCE_BY_ID
                                            : SECOPS_RESOURCE_BY_TITLE,
                                 secops_text_slice(&ref->value));
    }

    return 1;
}


/* "resource" of an entry of a pipeline, unless it is an expression, or a
   processor that belongs to the job */

static void
secops_resource_link_plain(secops_resource_link_t *link, const json_t *entry)
{
    size_t                        node;
    secops_slice_t                name, role;
    secops_resource_ref_t         ref;
    const secops_catalog_type_t  *type;
    secops_resource_ref_error_t   error;

    name = secops_resource_text(json_object_get(entry, "resource"));
    role = secops_resource_text(json_object_get(entry, "integration_type"));
    type = secops_catalog_type(link->plan->model->catalog, name);

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

    node = secops_resource_link_name(link->plan, name);

    if (node == SECOPS_RESOURCE_NOBODY) {
        if (link->ask) {
            secops_resource_plan_ask(link->plan, SECOPS_RESOURCE_INTEGRATION,
                                     SECOPS_RESOURCE_BY_TITLE, name);
        }

    } else if (link->handler) {
        link->handler(link->plan, link->data, node);
    }
}


size_t
secops_resource_link_name(secops_resource_plan_t *plan, secops_slice_t name)
{
    size_t                    i;
    const secops_resource_t  *resource;

    i = secops_resource_plan_number(plan->names, (const char *) name.data);

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
    size_t                    i;
    secops_resource_link_t    link;
    secops_resource_follow_t  follow;

    i = plan->set->n + plan->nfound + 1;

    follow.queue = calloc(i, sizeof(size_t));
    follow.seen = calloc(i, 1);
    follow.n = 0;

    link.plan = plan;
    link.handler = secops_resource_follow_add;
    link.data = &follow;
    link.ask = 1;

    if (follow.queue == NULL || follow.seen == NULL) {
        plan->failed = 1;
        goto done;
    }

    for (i = 0; i < plan->set->n; i++) {
        secops_resource_link_each(&link, i);
    }

    for (i = 0; i < follow.n; i++) {
        if (secops_resource_refs(secops_resource_link_document(plan,
                                                           follow.queue[i]),
                                 secops_resource_link_ref, &link)
            < 0)
        {
            plan->failed = 1;
        }
    }

done:

    free(follow.queue);
    free(follow.seen);
}


static void
secops_resource_follow_add(secops_resource_plan_t *plan, void *data,
    size_t node)
{
    secops_resource_follow_t *follow = data;

    if (!follow->seen[node]) {
        follow->seen[node] = 1;
        follow->queue[follow->n++] = node;
    }
}


/* as it is stored; NULL: it is new */

static const json_t *
secops_resource_link_document(const secops_resource_plan_t *plan, size_t node)
{
    return node < plan->set->n
           ? secops_resource_plan_stored(plan, node)
           : plan->found[node - plan->set->n].document;
}


int
secops_resource_link_order(secops_resource_plan_t *plan, size_t *order)
{
    int                          rc;
    size_t                       i;
    secops_resource_link_t       link;
    secops_resource_graph_t      graph;
    secops_resource_link_from_t  from;

    memset(&graph, 0, sizeof(secops_resource_graph_t));

    graph.nnodes = plan->set->n + plan->nfound;
    from.graph = &graph;

    link.plan = plan;
    link.handler = secops_resource_link_edge;
    link.data = &from;
    link.ask = 0;

    for (i = 0; i < plan->set->n; i++) {
        from.from = i;
        secops_resource_link_depends_on(plan, i, &from);
        secops_resource_link_each(&link, i);
    }

    rc = secops_resource_link_sort(plan, &graph, order);

    secops_resource_graph_free(&graph);

    return rc;
}


int
secops_resource_link_check(secops_resource_plan_t *plan)
{
    int                          rc;
    size_t                       i, *order;
    const json_t                *document;
    secops_resource_link_t       link;
    secops_resource_graph_t      graph;
    secops_resource_link_from_t  from;

    memset(&graph, 0, sizeof(secops_resource_graph_t));

    graph.nnodes = plan->set->n + plan->nfound;
    from.graph = &graph;

    link.plan = plan;
    link.handler = secops_resource_link_edge;
    link.data = &from;
    link.ask = 0;

    order = calloc(graph.nnodes + 1, sizeof(size_t));
    if (order == NULL) {
        plan->failed = 1;
        return 0;
    }

    for (i = 0; i < graph.nnodes; i++) {
        from.from = i;

        document = secops_resource_link_document(plan, i);

        /* by an id those that are created now are not found: that is what
           the request itself refers to them for */

        if (i < plan->set->n) {
            secops_resource_link_depends_on(plan, i, &from);
            secops_resource_link_each(&link, i);
            document = plan->nodes[i].document;
        }

        if (secops_resource_refs(document, secops_resource_link_ref, &link)
            < 0)
        {
            plan->failed = 1;
        }
    }

    rc = secops_resource_link_sort(plan, &graph, order);

    free(order);
    secops_resource_graph_free(&graph);

    return rc;
}


static void
secops_resource_link_edge(secops_resource_plan_t *plan, void *data,
    size_t node)
{
    secops_resource_link_from_t *from = data;

    secops_resource_graph_add(from->graph, from->from, node);
}


static void
secops_resource_link_depends_on(secops_resource_plan_t *plan, size_t i,
    secops_resource_link_from_t *from)
{
    size_t         k, node;
    const json_t  *list, *name;

    list = plan->set->resources[i].depends_on;

    for (k = 0; k < json_array_size(list); k++) {

        name = json_array_get(list, k);

        if (!json_is_string(name)) {
            continue;
        }

        node = secops_resource_plan_number(plan->names,
                                           json_string_value(name));

        if (node != SECOPS_RESOURCE_NOBODY) {
            secops_resource_graph_add(from->graph, i, node);
        }
    }
}


/* 1: there is an order; it has the resources of the request only */

static int
secops_resource_link_sort(secops_resource_plan_t *plan,
    secops_resource_graph_t *graph, size_t *path)
{
    int     rc;
    size_t  i, k, n;

    rc = secops_resource_graph_order(graph, path, &n);

    if (rc < 0) {
        plan->failed = 1;
        return 0;
    }

    if (rc) {
        secops_resource_link_tell(plan, path, n);
        return 0;
    }

    for (i = 0, k = 0; i < n; i++) {
        if (path[i] < plan->set->n) {
            path[k++] = path[i];
        }
    }

    return 1;
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
    const json_t  *document;

    if (node < plan->set->n) {
        return plan->set->resources[node].identifier;
    }

    document = plan->found[node - plan->set->n].document;

    return secops_resource_text(json_object_get(document, "title"));
}
