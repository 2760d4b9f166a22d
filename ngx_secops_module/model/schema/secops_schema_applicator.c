
/*
 * The keywords that have schemas in them: what each makes of a node.  JSON
 * Schema calls them applicators.
 */

#include "model/schema/secops_schema_keyword.h"


static int secops_schema_compile_list(secops_schema_compiler_t *c,
    secops_schema_list_t *list, uint32_t i);
static int secops_schema_compile_dependency(secops_schema_compiler_t *c,
    secops_schema_dependency_t *dependency, uint32_t i);


int
secops_schema_schema_slot(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword)
{
    secops_schema_node_t  **field;

    field = (secops_schema_node_t **) ((char *) node + keyword->offset);

    *field = secops_schema_compile_node(c, i);

    return *field ? SECOPS_SCHEMA_OK : SECOPS_SCHEMA_ERROR;
}


int
secops_schema_list_slot(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword)
{
    if (c->json->tokens[i].type != SECOPS_JSON_ARRAY
        || c->json->tokens[i].size == 0)
    {
        return secops_schema_refuse(c, i, "must be an array of schemas that"
                                    " is not empty");
    }

    return secops_schema_compile_list(c, (secops_schema_list_t *)
                                         ((char *) node + keyword->offset), i);
}


static int
secops_schema_compile_list(secops_schema_compiler_t *c,
    secops_schema_list_t *list, uint32_t i)
{
    uint32_t                child;
    secops_schema_node_t  **elt;

    list->elts = secops_schema_alloc(c->schema, c->json->tokens[i].size
                                            * sizeof(secops_schema_node_t *));
    if (list->elts == NULL) {
        return secops_schema_no_memory(c);
    }

    for (child = i + 1;
         child < c->json->tokens[i].next;
         child = c->json->tokens[child].next)
    {
        elt = &list->elts[list->nelts];

        *elt = secops_schema_compile_node(c, child);
        if (*elt == NULL) {
            return SECOPS_SCHEMA_ERROR;
        }

        list->nelts++;
    }

    return SECOPS_SCHEMA_OK;
}


int
secops_schema_compile_map(secops_schema_compiler_t *c, uint32_t i)
{
    uint32_t  key;

    if (c->json->tokens[i].type != SECOPS_JSON_OBJECT) {
        return secops_schema_refuse(c, i, "must be an object");
    }

    for (key = i + 1;
         key < c->json->tokens[i].next;
         key = c->json->tokens[key + 1].next)
    {
        if (secops_schema_compile_node(c, key + 1) == NULL) {
            return SECOPS_SCHEMA_ERROR;
        }
    }

    return SECOPS_SCHEMA_OK;
}


/* "additionalItems" means nothing without a tuple */

int
secops_schema_compile_items(secops_schema_compiler_t *c,
    secops_schema_node_t *node)
{
    secops_schema_node_t  *additional;

    additional = NULL;

    if (node->additional_items_token) {
        additional = secops_schema_compile_node(c,
                                                node->additional_items_token);
        if (additional == NULL) {
            return SECOPS_SCHEMA_ERROR;
        }
    }

    if (node->items_token == 0) {
        return SECOPS_SCHEMA_OK;
    }

    if (c->json->tokens[node->items_token].type == SECOPS_JSON_ARRAY) {
        node->items = additional;

        return secops_schema_compile_list(c, &node->tuple, node->items_token);
    }

    node->items = secops_schema_compile_node(c, node->items_token);

    return node->items ? SECOPS_SCHEMA_OK : SECOPS_SCHEMA_ERROR;
}


int
secops_schema_pattern_properties(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword)
{
    uint32_t                           key, n;
    secops_schema_pattern_property_t  *property;

    if (secops_schema_compile_map(c, i) != SECOPS_SCHEMA_OK) {
        return SECOPS_SCHEMA_ERROR;
    }

    n = c->json->tokens[i].size;

    node->patterns = secops_schema_alloc(c->schema,
                               n * sizeof(secops_schema_pattern_property_t));
    if (node->patterns == NULL) {
        return secops_schema_no_memory(c);
    }

    for (key = i + 1;
         key < c->json->tokens[i].next;
         key = c->json->tokens[key + 1].next)
    {
        property = &node->patterns[node->npatterns++];
        property->node = c->nodes[key + 1];

        property->pattern = secops_schema_compile_pattern(c, key, key + 1);
        if (property->pattern == NULL) {
            return SECOPS_SCHEMA_ERROR;
        }
    }

    return SECOPS_SCHEMA_OK;
}


int
secops_schema_dependencies(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword)
{
    uint32_t                     key, n;
    secops_schema_dependency_t  *dependency;

    if (c->json->tokens[i].type != SECOPS_JSON_OBJECT) {
        return secops_schema_refuse(c, i, "must be an object");
    }

    n = c->json->tokens[i].size;

    node->dependencies = secops_schema_alloc(c->schema,
                                     n * sizeof(secops_schema_dependency_t));
    if (node->dependencies == NULL) {
        return secops_schema_no_memory(c);
    }

    for (key = i + 1;
         key < c->json->tokens[i].next;
         key = c->json->tokens[key + 1].next)
    {
        dependency = &node->dependencies[node->ndependencies++];
        dependency->name = secops_json_raw(c->json, key);

        if (secops_schema_compile_dependency(c, dependency, key + 1)
            != SECOPS_SCHEMA_OK)
        {
            return SECOPS_SCHEMA_ERROR;
        }
    }

    return SECOPS_SCHEMA_OK;
}


static int
secops_schema_compile_dependency(secops_schema_compiler_t *c,
    secops_schema_dependency_t *dependency, uint32_t i)
{
    uint32_t  child;

    if (c->json->tokens[i].type != SECOPS_JSON_ARRAY) {
        dependency->node = secops_schema_compile_node(c, i);

        return dependency->node ? SECOPS_SCHEMA_OK : SECOPS_SCHEMA_ERROR;
    }

    if (secops_schema_name_list(c, i) != SECOPS_SCHEMA_OK) {
        return SECOPS_SCHEMA_ERROR;
    }

    dependency->names = secops_schema_alloc(c->schema, c->json->tokens[i].size
                                                     * sizeof(secops_slice_t));
    if (dependency->names == NULL) {
        return secops_schema_no_memory(c);
    }

    for (child = i + 1;
         child < c->json->tokens[i].next;
         child = c->json->tokens[child].next)
    {
        dependency->names[dependency->nnames++] = secops_json_raw(c->json,
                                                                  child);
    }

    return SECOPS_SCHEMA_OK;
}


int
secops_schema_definitions(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword)
{
    return secops_schema_compile_map(c, i);
}
