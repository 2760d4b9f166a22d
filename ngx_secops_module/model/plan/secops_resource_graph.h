
/*
 * What depends on what: an order in which everything comes after what it
 * depends on, or a circle.  Pure C.
 */

#ifndef _SECOPS_RESOURCE_GRAPH_H_INCLUDED_
#define _SECOPS_RESOURCE_GRAPH_H_INCLUDED_


#include <stddef.h>


typedef struct {
    size_t                        from;
    size_t                        to;   /* what it depends on */
} secops_resource_edge_t;


/* zeroed at first, then nnodes is set; nodes are numbers below it */

typedef struct {
    size_t                        nnodes;
    secops_resource_edge_t       *edges;
    size_t                        nedges;
    size_t                        size;
    int                           failed;   /* no memory for one of them */
} secops_resource_graph_t;


void secops_resource_graph_add(secops_resource_graph_t *graph, size_t from,
    size_t to);


/*
 * path has room for nnodes numbers.  0: it holds all nodes, each after those
 * that it depends on, and otherwise in the order of their numbers.  1: there
 * is a circle; it holds the *n nodes of one, each of which depends on the
 * next, and the last on the first.  -1: no memory, now or before.
 */

int secops_resource_graph_order(const secops_resource_graph_t *graph,
    size_t *path, size_t *n);

void secops_resource_graph_free(secops_resource_graph_t *graph);


#endif /* _SECOPS_RESOURCE_GRAPH_H_INCLUDED_ */
