
/* What depends on what; see secops_resource_graph.h. */

#include <stdlib.h>
#include <string.h>

#include "model/plan/secops_resource_graph.h"


/*
 * A walk in depth.  It keeps its own stack: a request may have more resources
 * in one chain than a thread's stack has room for.
 */

typedef struct {
    size_t           *first;        /* of each node: where its targets begin;
                                       one more at the end */
    size_t           *targets;
    size_t           *next;         /* of each node: its target to be seen */
    size_t           *stack;
    unsigned char    *state;
    size_t           *memory;       /* of all of these */
} secops_resource_walk_t;


enum {
    SECOPS_RESOURCE_NODE_NEW = 0,
    SECOPS_RESOURCE_NODE_OPEN,      /* it is on the stack */
    SECOPS_RESOURCE_NODE_DONE
};


static int secops_resource_walk_init(secops_resource_walk_t *walk,
    const secops_resource_graph_t *graph);
static int secops_resource_walk_from(secops_resource_walk_t *walk,
    size_t node, size_t *path, size_t *n);


void
secops_resource_graph_add(secops_resource_graph_t *graph, size_t from,
    size_t to)
{
    size_t                   size;
    secops_resource_edge_t  *edges;

    if (graph->nedges == graph->size) {
        size = graph->size * 2 + 64;
        edges = realloc(graph->edges, size * sizeof(secops_resource_edge_t));

        if (edges == NULL) {
            graph->failed = 1;
            return;
        }

        graph->edges = edges;
        graph->size = size;
    }

    graph->edges[graph->nedges].from = from;
    graph->edges[graph->nedges].to = to;
    graph->nedges++;
}


int
secops_resource_graph_order(const secops_resource_graph_t *graph,
    size_t *path, size_t *n)
{
    int                     rc;
    size_t                  i;
    secops_resource_walk_t  walk;

    if (graph->failed || secops_resource_walk_init(&walk, graph) != 0) {
        return -1;
    }

    rc = 0;
    *n = 0;

    for (i = 0; i < graph->nnodes && rc == 0; i++) {
        if (walk.state[i] == SECOPS_RESOURCE_NODE_NEW) {
            rc = secops_resource_walk_from(&walk, i, path, n);
        }
    }

    free(walk.memory);
    free(walk.state);

    return rc;
}


/* sorts the edges by where they come from */

static int
secops_resource_walk_init(secops_resource_walk_t *walk,
    const secops_resource_graph_t *graph)
{
    size_t  i, nodes, edges;

    nodes = graph->nnodes;
    edges = graph->nedges;

    walk->memory = calloc(3 * nodes + edges + 2, sizeof(size_t));
    walk->state = calloc(nodes + 1, 1);

    if (walk->memory == NULL || walk->state == NULL) {
        free(walk->memory);
        free(walk->state);
        return -1;
    }

    walk->first = walk->memory;
    walk->next = walk->first + nodes + 1;
    walk->stack = walk->next + nodes;
    walk->targets = walk->stack + nodes;

    for (i = 0; i < edges; i++) {
        walk->first[graph->edges[i].from + 1]++;
    }

    for (i = 0; i < nodes; i++) {
        walk->first[i + 1] += walk->first[i];
        walk->next[i] = walk->first[i];
    }

    for (i = 0; i < edges; i++) {
        walk->targets[walk->next[graph->edges[i].from]++] = graph->edges[i].to;
    }

    for (i = 0; i < nodes; i++) {
        walk->next[i] = walk->first[i];
    }

    return 0;
}


static int
secops_resource_walk_from(secops_resource_walk_t *walk, size_t node,
    size_t *path, size_t *n)
{
    size_t  depth, target, i;

    depth = 0;
    walk->stack[depth++] = node;
    walk->state[node] = SECOPS_RESOURCE_NODE_OPEN;

    while (depth) {

        node = walk->stack[depth - 1];

        if (walk->next[node] == walk->first[node + 1]) {
            walk->state[node] = SECOPS_RESOURCE_NODE_DONE;
            path[(*n)++] = node;
            depth--;
            continue;
        }

        target = walk->targets[walk->next[node]++];

        if (walk->state[target] == SECOPS_RESOURCE_NODE_OPEN) {

            for (i = depth; walk->stack[i - 1] != target; i--) {
                /* void */
            }

            *n = depth - i + 1;
            memcpy(path, walk->stack + i - 1, *n * sizeof(size_t));

            return 1;
        }

        if (walk->state[target] == SECOPS_RESOURCE_NODE_NEW) {
            walk->state[target] = SECOPS_RESOURCE_NODE_OPEN;
            walk->stack[depth++] = target;
        }
    }

    return 0;
}


void
secops_resource_graph_free(secops_resource_graph_t *graph)
{
    free(graph->edges);
    memset(graph, 0, sizeof(secops_resource_graph_t));
}
