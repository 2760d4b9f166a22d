
/*
 * From a schema document to nodes: one per schema in it, made when a keyword,
 * or a $ref, first comes to it.
 */

#include <stdio.h>
#include <stdlib.h>

#include "model/json/secops_json_tokens.h"
#include "model/schema/secops_schema_internal.h"


#define SECOPS_SCHEMA_MAX_SIZE   0x100000u  /* of the document */
#define SECOPS_SCHEMA_MAX_DEPTH  64         /* in the document */


static int secops_schema_compile_document(secops_schema_compiler_t *c,
    const unsigned char *data, size_t len);
static int secops_schema_decode_strings(secops_schema_compiler_t *c,
    unsigned char *text);


secops_schema_t *
secops_schema_compile(const unsigned char *data, size_t len,
    secops_schema_error_t *error)
{
    int                       rc;
    secops_schema_t          *schema;
    secops_schema_compiler_t  c;

    error->pointer[0] = '\0';
    error->reason[0] = '\0';

    schema = calloc(1, sizeof(secops_schema_t));

    c.schema = schema;
    c.nodes = NULL;
    c.error = error;

    if (schema == NULL) {
        (void) secops_schema_no_memory(&c);
        return NULL;
    }

    c.json = &schema->json;

    rc = secops_schema_compile_document(&c, data, len);

    free(c.nodes);

    if (rc != SECOPS_SCHEMA_OK) {
        secops_schema_free(schema);
        return NULL;
    }

    return schema;
}


secops_slice_t
secops_schema_annotation(const secops_schema_t *schema, const char *name)
{
    uint32_t              i;
    secops_slice_t        value = secops_slice("");
    const secops_json_t  *json;

    json = &schema->json;

    if (json->tokens[0].type != SECOPS_JSON_OBJECT) {
        return value;
    }

    i = secops_json_member(json, 0, (const unsigned char *) name,
                           strlen(name));

    if (i == 0 || json->tokens[i].type != SECOPS_JSON_STRING) {
        return value;
    }

    return secops_json_raw(json, i);
}


const secops_json_t *
secops_schema_document(const secops_schema_t *schema)
{
    return &schema->json;
}


int
secops_schema_has_property(const secops_schema_t *schema,
    const unsigned char *name, size_t len)
{
    uint32_t              i;
    const secops_json_t  *json;

    json = &schema->json;

    if (json->tokens[0].type != SECOPS_JSON_OBJECT) {
        return 0;
    }

    i = secops_json_member(json, 0, (const unsigned char *) "properties",
                           sizeof("properties") - 1);

    return i != 0
           && json->tokens[i].type == SECOPS_JSON_OBJECT
           && secops_json_member(json, i, name, len) != 0;
}


int
secops_schema_has_warning(const secops_schema_t *schema, unsigned n,
    secops_schema_error_t *warning)
{
    const secops_schema_node_t  *node;

    for (node = schema->nodes; node; node = node->next) {

        if (node->pattern == NULL
            || node->max_length != UINT32_MAX
            || secops_schema_pattern_anchored(node->pattern)
            || n-- > 0)
        {
            continue;
        }

        secops_schema_locate(&schema->json, node->token, warning->pointer,
                             sizeof(warning->pointer));

        (void) snprintf(warning->reason, sizeof(warning->reason),
                        "has a \"pattern\" that does not begin with \"^\" and"
                        " no \"maxLength\": texts of more than %u bytes are"
                        " refused", SECOPS_SCHEMA_UNANCHORED);
        return 1;
    }

    return 0;
}


static int
secops_schema_compile_document(secops_schema_compiler_t *c,
    const unsigned char *data, size_t len)
{
    int                   rc;
    secops_slice_t        text;
    unsigned char        *copy;
    secops_schema_t      *schema;
    secops_json_error_t   error;

    static const secops_json_reading_t  how = {
        .limits = { SECOPS_SCHEMA_MAX_DEPTH, SECOPS_SCHEMA_MAX_SIZE }
    };

    schema = c->schema;

    if (len > SECOPS_SCHEMA_MAX_SIZE) {
        return secops_schema_error(c->error, "", "is longer than %u bytes",
                                   SECOPS_SCHEMA_MAX_SIZE);
    }

    copy = secops_schema_alloc(schema, len);

    if (copy == NULL) {
        return secops_schema_no_memory(c);
    }

    memcpy(copy, data, len);

    text.len = len;
    text.data = copy;

    rc = secops_json_tokens(&schema->json, text, &how, &error);

    if (rc == SECOPS_JSON_MORE) {
        return secops_schema_no_memory(c);
    }

    if (rc == SECOPS_JSON_ERROR) {
        return secops_schema_error(c->error, "", "is not JSON: %s at offset"
                                   " %zu", error.reason, error.offset);
    }

    c->nodes = calloc(schema->json.ntokens, sizeof(secops_schema_node_t *));

    if (c->nodes == NULL) {
        return secops_schema_no_memory(c);
    }

    if (secops_schema_decode_strings(c, copy) != SECOPS_SCHEMA_OK) {
        return SECOPS_SCHEMA_ERROR;
    }

    schema->root = secops_schema_compile_node(c, 0);

    if (schema->root == NULL
        || secops_schema_resolve(c) != SECOPS_SCHEMA_OK)
    {
        return SECOPS_SCHEMA_ERROR;
    }

    return secops_schema_measure(c);
}


/* see secops_schema_s */

static int
secops_schema_decode_strings(secops_schema_compiler_t *c, unsigned char *text)
{
    size_t                len;
    uint32_t              i;
    unsigned char        *decoded;
    secops_json_token_t  *token;

    for (i = 0; i < c->json->ntokens; i++) {
        token = &c->json->tokens[i];

        if (!(token->flags & SECOPS_JSON_ESCAPED)) {
            continue;
        }

        decoded = malloc(token->len);
        if (decoded == NULL) {
            return secops_schema_no_memory(c);
        }

        len = secops_json_decode(c->json, i, decoded);
        memcpy(text + token->start, decoded, len);

        free(decoded);

        token->len = len;
        token->flags &= ~SECOPS_JSON_ESCAPED;
    }

    return SECOPS_SCHEMA_OK;
}


secops_schema_node_t *
secops_schema_compile_node(secops_schema_compiler_t *c, uint32_t i)
{
    secops_schema_node_t  *node;

    if (c->nodes[i]) {
        return c->nodes[i];
    }

    node = secops_schema_alloc(c->schema, sizeof(secops_schema_node_t));
    if (node == NULL) {
        (void) secops_schema_no_memory(c);
        return NULL;
    }

    node->token = i;
    node->types = SECOPS_SCHEMA_ANY_TYPE;
    node->max_length = UINT32_MAX;
    node->max_items = UINT32_MAX;
    node->max_properties = UINT32_MAX;

    node->next = c->schema->nodes;
    c->schema->nodes = node;
    c->schema->nnodes++;
    c->nodes[i] = node;

    switch (c->json->tokens[i].type) {

    case SECOPS_JSON_TRUE:
        return node;

    case SECOPS_JSON_FALSE:
        node->types = 0;
        return node;

    case SECOPS_JSON_OBJECT:
        break;

    default:
        (void) secops_schema_refuse(c, i, "must be a schema: an object or a"
                                    " boolean");
        return NULL;
    }

    if (secops_schema_compile_keywords(c, node) != SECOPS_SCHEMA_OK) {
        return NULL;
    }

    return node;
}
