
/*
 * The names that an object's schema knows, of "properties" and "required", in
 * one hash table: built by the compiler, asked once per member.
 */

#include "model/schema/secops_schema_internal.h"


static void secops_schema_name_properties(secops_schema_compiler_t *c,
    secops_schema_node_t *node);
static int secops_schema_name_required(secops_schema_compiler_t *c,
    secops_schema_node_t *node);
static secops_schema_name_t *secops_schema_name_add(
    secops_schema_node_t *node, secops_slice_t text);


int
secops_schema_compile_names(secops_schema_compiler_t *c,
    secops_schema_node_t *node)
{
    uint32_t  n, size;

    if (node->properties_token
        && secops_schema_compile_map(c, node->properties_token)
           != SECOPS_SCHEMA_OK)
    {
        return SECOPS_SCHEMA_ERROR;
    }

    if (node->required_token
        && secops_schema_name_list(c, node->required_token)
           != SECOPS_SCHEMA_OK)
    {
        return SECOPS_SCHEMA_ERROR;
    }

    n = 0;

    if (node->properties_token) {
        n += c->json->tokens[node->properties_token].size;
    }

    if (node->required_token) {
        n += c->json->tokens[node->required_token].size;
    }

    if (n == 0) {
        return SECOPS_SCHEMA_OK;
    }

    for (size = 4; size / 2 < n; size *= 2) { /* void */ }

    node->mask = size - 1;
    node->names = secops_schema_alloc(c->schema,
                                      n * sizeof(secops_schema_name_t));
    node->slots = secops_schema_alloc(c->schema, size * sizeof(uint32_t));

    if (node->names == NULL || node->slots == NULL) {
        return secops_schema_no_memory(c);
    }

    if (node->properties_token) {
        secops_schema_name_properties(c, node);
    }

    if (node->required_token) {
        return secops_schema_name_required(c, node);
    }

    return SECOPS_SCHEMA_OK;
}


static void
secops_schema_name_properties(secops_schema_compiler_t *c,
    secops_schema_node_t *node)
{
    uint32_t               i, key;
    secops_schema_name_t  *name;

    i = node->properties_token;

    for (key = i + 1;
         key < c->json->tokens[i].next;
         key = c->json->tokens[key + 1].next)
    {
        name = secops_schema_name_add(node, secops_json_raw(c->json, key));
        name->node = c->nodes[key + 1];
    }
}


static int
secops_schema_name_required(secops_schema_compiler_t *c,
    secops_schema_node_t *node)
{
    uint32_t               i, child;
    secops_schema_name_t  *name;

    i = node->required_token;

    for (child = i + 1;
         child < c->json->tokens[i].next;
         child = c->json->tokens[child].next)
    {
        name = secops_schema_name_add(node, secops_json_raw(c->json, child));

        if (name->required) {
            return secops_schema_refuse(c, child, "is there twice");
        }

        name->required = 1;
        node->nrequired++;
    }

    return SECOPS_SCHEMA_OK;
}


/* the entry of this name, a new one if there is none; names has room */

static secops_schema_name_t *
secops_schema_name_add(secops_schema_node_t *node, secops_slice_t text)
{
    uint32_t               hash, slot;
    secops_schema_name_t  *name;

    hash = secops_json_hash(text.data, text.len);

    for (slot = hash & node->mask;
         node->slots[slot];
         slot = (slot + 1) & node->mask)
    {
        name = &node->names[node->slots[slot] - 1];

        if (secops_slice_equal(name->name, text)) {
            return name;
        }
    }

    name = &node->names[node->nnames++];
    name->name = text;
    name->hash = hash;

    node->slots[slot] = node->nnames;

    return name;
}


int
secops_schema_name_list(secops_schema_compiler_t *c, uint32_t i)
{
    uint32_t  child;

    if (c->json->tokens[i].type != SECOPS_JSON_ARRAY) {
        return secops_schema_refuse(c, i, "must be an array of names");
    }

    for (child = i + 1;
         child < c->json->tokens[i].next;
         child = c->json->tokens[child].next)
    {
        if (c->json->tokens[child].type != SECOPS_JSON_STRING) {
            return secops_schema_refuse(c, child, "must be a string");
        }
    }

    return SECOPS_SCHEMA_OK;
}


const secops_schema_name_t *
secops_schema_find_name(const secops_schema_node_t *node,
    const secops_json_t *json, uint32_t key)
{
    uint32_t                     slot;
    const secops_json_token_t   *token;
    const secops_schema_name_t  *name;

    if (node->nnames == 0) {
        return NULL;
    }

    token = &json->tokens[key];

    for (slot = token->size & node->mask;
         node->slots[slot];
         slot = (slot + 1) & node->mask)
    {
        name = &node->names[node->slots[slot] - 1];

        if (name->hash == token->size
            && secops_json_string_is(json, key, name->name.data,
                                     name->name.len))
        {
            return name;
        }
    }

    return NULL;
}
