
/*
 * "$ref": finds the schema that a reference means, and sees to it that no
 * schema can ask for itself on one and the same value without end.
 */

#include "model/schema/secops_schema_internal.h"
#include "util/secops_hex.h"
#include "util/secops_pointer.h"


#define SECOPS_SCHEMA_MAX_HEIGHT  100
#define SECOPS_SCHEMA_VISITING    255


static int secops_schema_resolve_ref(secops_schema_compiler_t *c,
    secops_schema_node_t *node);
static int secops_schema_ref_target(const secops_json_t *json,
    unsigned char *pointer, size_t len, uint32_t *target);
static int secops_schema_ref_step(const secops_json_t *json, uint32_t *i,
    unsigned char *name, size_t len);
static int secops_schema_ref_index(const secops_json_t *json, uint32_t *i,
    const unsigned char *name, size_t len);
static size_t secops_schema_unescape_uri(unsigned char *data, size_t len);
static int secops_schema_visit(secops_schema_compiler_t *c,
    secops_schema_node_t *node, unsigned depth);
static int secops_schema_visit_children(secops_schema_compiler_t *c,
    secops_schema_node_t *node, unsigned depth, unsigned *height);
static int secops_schema_visit_list(secops_schema_compiler_t *c,
    const secops_schema_list_t *list, unsigned depth, unsigned *height);
static int secops_schema_visit_child(secops_schema_compiler_t *c,
    secops_schema_node_t *child, unsigned depth, unsigned *height);


/* a target may be new, and hold further references: new nodes come first in
   the chain, before those that are done */

int
secops_schema_resolve(secops_schema_compiler_t *c)
{
    secops_schema_node_t  *node, *first, *done;

    for (done = NULL; c->schema->nodes != done; done = first) {
        first = c->schema->nodes;

        for (node = first; node != done; node = node->next) {

            if (node->ref_token
                && secops_schema_resolve_ref(c, node) != SECOPS_SCHEMA_OK)
            {
                return SECOPS_SCHEMA_ERROR;
            }
        }
    }

    return SECOPS_SCHEMA_OK;
}


static int
secops_schema_resolve_ref(secops_schema_compiler_t *c,
    secops_schema_node_t *node)
{
    size_t           len;
    uint32_t         target;
    unsigned char   *pointer;
    secops_slice_t   ref;

    ref = secops_json_raw(c->json, node->ref_token);

    if (ref.len == 0 || ref.data[0] != '#') {
        return secops_schema_refuse(c, node->ref_token,
                            "a reference to another document: \"%.*s\"",
                            (int) ref.len, ref.data);
    }

    pointer = secops_schema_alloc(c->schema, ref.len);
    if (pointer == NULL) {
        return secops_schema_no_memory(c);
    }

    memcpy(pointer, ref.data + 1, ref.len - 1);
    len = secops_schema_unescape_uri(pointer, ref.len - 1);

    if (secops_schema_ref_target(c->json, pointer, len, &target)
        != SECOPS_SCHEMA_OK)
    {
        return secops_schema_refuse(c, node->ref_token,
                            "refers to nothing in this document: \"%.*s\"",
                            (int) ref.len, ref.data);
    }

    node->ref = secops_schema_compile_node(c, target);

    return node->ref ? SECOPS_SCHEMA_OK : SECOPS_SCHEMA_ERROR;
}


/* pointer is written to */

static int
secops_schema_ref_target(const secops_json_t *json, unsigned char *pointer,
    size_t len, uint32_t *target)
{
    size_t  i, end;

    *target = 0;

    for (i = 0; i < len; i = end) {

        if (pointer[i] != '/') {
            return SECOPS_SCHEMA_ERROR;
        }

        for (end = i + 1; end < len && pointer[end] != '/'; end++) {
            /* void */
        }

        if (secops_schema_ref_step(json, target, pointer + i + 1, end - i - 1)
            != SECOPS_SCHEMA_OK)
        {
            return SECOPS_SCHEMA_ERROR;
        }
    }

    return SECOPS_SCHEMA_OK;
}


static int
secops_schema_ref_step(const secops_json_t *json, uint32_t *i,
    unsigned char *name, size_t len)
{
    switch (json->tokens[*i].type) {

    case SECOPS_JSON_OBJECT:
        len = secops_pointer_unescape(name, len);
        *i = secops_json_member(json, *i, name, len);

        return *i ? SECOPS_SCHEMA_OK : SECOPS_SCHEMA_ERROR;

    case SECOPS_JSON_ARRAY:
        return secops_schema_ref_index(json, i, name, len);

    default:
        return SECOPS_SCHEMA_ERROR;
    }
}


static int
secops_schema_ref_index(const secops_json_t *json, uint32_t *i,
    const unsigned char *name, size_t len)
{
    size_t    n;
    uint32_t  index, child;

    if (len == 0 || len > 9 || (len > 1 && name[0] == '0')) {
        return SECOPS_SCHEMA_ERROR;
    }

    for (n = 0, index = 0; n < len; n++) {
        if (name[n] < '0' || name[n] > '9') {
            return SECOPS_SCHEMA_ERROR;
        }

        index = index * 10 + (name[n] - '0');
    }

    if (index >= json->tokens[*i].size) {
        return SECOPS_SCHEMA_ERROR;
    }

    for (child = *i + 1; index; index--) {
        child = json->tokens[child].next;
    }

    *i = child;

    return SECOPS_SCHEMA_OK;
}


/* both in place, returning the new length; what is no escape stays */

static size_t
secops_schema_unescape_uri(unsigned char *data, size_t len)
{
    size_t  i, n;

    for (i = 0, n = 0; i < len; i++) {

        if (data[i] == '%' && len - i > 2
            && secops_hex_value(data[i + 1]) >= 0
            && secops_hex_value(data[i + 2]) >= 0)
        {
            data[n++] = secops_hex_value(data[i + 1]) * 16
                        + secops_hex_value(data[i + 2]);
            i += 2;

        } else {
            data[n++] = data[i];
        }
    }

    return n;
}


int
secops_schema_measure(secops_schema_compiler_t *c)
{
    secops_schema_node_t  *node;

    for (node = c->schema->nodes; node; node = node->next) {
        if (secops_schema_visit(c, node, 0) != SECOPS_SCHEMA_OK) {
            return SECOPS_SCHEMA_ERROR;
        }
    }

    /* no circles any more: chains of references end */

    for (node = c->schema->nodes; node; node = node->next) {
        while (node->ref && node->ref->ref) {
            node->ref = node->ref->ref;
        }
    }

    return SECOPS_SCHEMA_OK;
}


static int
secops_schema_visit(secops_schema_compiler_t *c, secops_schema_node_t *node,
    unsigned depth)
{
    unsigned  height;

    if (node->height == SECOPS_SCHEMA_VISITING) {
        return secops_schema_refuse(c, node->token,
                                    "refers to itself without end");
    }

    if (node->height) {
        return SECOPS_SCHEMA_OK;
    }

    height = 0;
    node->height = SECOPS_SCHEMA_VISITING;

    if (depth > SECOPS_SCHEMA_MAX_HEIGHT) {
        return secops_schema_refuse(c, node->token,
                            "too many schemas that lead from one to the next");
    }

    if (secops_schema_visit_children(c, node, depth + 1, &height)
        != SECOPS_SCHEMA_OK)
    {
        return SECOPS_SCHEMA_ERROR;
    }

    if (height >= SECOPS_SCHEMA_MAX_HEIGHT) {
        return secops_schema_refuse(c, node->token,
                            "too many schemas that lead from one to the next");
    }

    node->height = height + 1;

    return SECOPS_SCHEMA_OK;
}


/* only those that look at the same value as the node itself */

static int
secops_schema_visit_children(secops_schema_compiler_t *c,
    secops_schema_node_t *node, unsigned depth, unsigned *height)
{
    uint32_t               i;
    secops_schema_node_t  *children[] = {
        node->ref, node->not_schema, node->if_schema, node->then_schema,
        node->else_schema
    };

    for (i = 0; i < sizeof(children) / sizeof(children[0]); i++) {
        if (secops_schema_visit_child(c, children[i], depth, height)
            != SECOPS_SCHEMA_OK)
        {
            return SECOPS_SCHEMA_ERROR;
        }
    }

    for (i = 0; i < node->ndependencies; i++) {
        if (secops_schema_visit_child(c, node->dependencies[i].node, depth,
                                      height)
            != SECOPS_SCHEMA_OK)
        {
            return SECOPS_SCHEMA_ERROR;
        }
    }

    if (secops_schema_visit_list(c, &node->all_of, depth, height)
        != SECOPS_SCHEMA_OK
        || secops_schema_visit_list(c, &node->any_of, depth, height)
           != SECOPS_SCHEMA_OK)
    {
        return SECOPS_SCHEMA_ERROR;
    }

    return secops_schema_visit_list(c, &node->one_of, depth, height);
}


static int
secops_schema_visit_list(secops_schema_compiler_t *c,
    const secops_schema_list_t *list, unsigned depth, unsigned *height)
{
    uint32_t  i;

    for (i = 0; i < list->nelts; i++) {
        if (secops_schema_visit_child(c, list->elts[i], depth, height)
            != SECOPS_SCHEMA_OK)
        {
            return SECOPS_SCHEMA_ERROR;
        }
    }

    return SECOPS_SCHEMA_OK;
}


static int
secops_schema_visit_child(secops_schema_compiler_t *c,
    secops_schema_node_t *child, unsigned depth, unsigned *height)
{
    if (child == NULL) {
        return SECOPS_SCHEMA_OK;
    }

    if (secops_schema_visit(c, child, depth) != SECOPS_SCHEMA_OK) {
        return SECOPS_SCHEMA_ERROR;
    }

    if (child->height > *height) {
        *height = child->height;
    }

    return SECOPS_SCHEMA_OK;
}
