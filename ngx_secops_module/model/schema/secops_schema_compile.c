
/*
 * From a schema document to nodes: one per schema in it, made when a keyword,
 * or a $ref, first comes to it.
 *
 * A schema owns its memory as a whole: chunks, never given back one by one,
 * its tokens, and a chain of patterns.  So a compilation that fails midway
 * has but one thing to free.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/schema/secops_schema_internal.h"
#include "util/secops_pointer.h"


#define SECOPS_SCHEMA_CHUNK      8192
#define SECOPS_SCHEMA_MAX_SIZE   0x100000u  /* of the document */
#define SECOPS_SCHEMA_MAX_DEPTH  64         /* in the document */


struct secops_schema_chunk_s {
    secops_schema_chunk_t  *next;
    size_t                  used;
    size_t                  size;
    max_align_t             data[1];        /* the rest follows */
};


static int secops_schema_compile_document(secops_schema_compiler_t *c,
    const unsigned char *data, size_t len);
static int secops_schema_decode_strings(secops_schema_compiler_t *c,
    unsigned char *text);
static void secops_schema_locate(const secops_json_t *json, uint32_t target,
    char *dst, size_t size);
static size_t secops_schema_locate_name(const secops_json_t *json,
    uint32_t key, char *dst, size_t size);


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


void
secops_schema_free(secops_schema_t *schema)
{
    secops_schema_chunk_t  *chunk, *next;

    if (schema == NULL) {
        return;
    }

    for (chunk = schema->chunks; chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }

    secops_schema_pattern_free(schema->regexes);
    free(schema->json.tokens);
    free(schema);
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
secops_schema_warning(const secops_schema_t *schema, unsigned n,
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
    uint32_t              capacity;
    unsigned char        *text;
    secops_schema_t      *schema;
    secops_json_error_t   error;
    secops_json_limits_t  limits;

    schema = c->schema;

    if (len > SECOPS_SCHEMA_MAX_SIZE) {
        snprintf(c->error->reason, sizeof(c->error->reason),
                 "is longer than %u bytes", SECOPS_SCHEMA_MAX_SIZE);
        return SECOPS_SCHEMA_ERROR;
    }

    capacity = secops_json_max_tokens(len);

    text = secops_schema_alloc(schema, len);
    schema->json.tokens = calloc(capacity, sizeof(secops_json_token_t));

    if (text == NULL || schema->json.tokens == NULL) {
        return secops_schema_no_memory(c);
    }

    memcpy(text, data, len);

    limits.depth = SECOPS_SCHEMA_MAX_DEPTH;
    limits.members = SECOPS_SCHEMA_MAX_SIZE;

    rc = secops_json_parse(&schema->json, text, len, schema->json.tokens,
                           capacity, &limits, &error);

    if (rc != SECOPS_JSON_OK) {
        snprintf(c->error->reason, sizeof(c->error->reason),
                 "is not JSON: %s at offset %zu", error.reason, error.offset);
        return SECOPS_SCHEMA_ERROR;
    }

    c->nodes = calloc(schema->json.ntokens, sizeof(secops_schema_node_t *));

    if (c->nodes == NULL) {
        return secops_schema_no_memory(c);
    }

    if (secops_schema_decode_strings(c, text) != SECOPS_SCHEMA_OK) {
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


int
secops_schema_refuse(secops_schema_compiler_t *c, uint32_t i, const char *fmt,
    ...)
{
    va_list  args;

    secops_schema_locate(c->json, i, c->error->pointer,
                         sizeof(c->error->pointer));

    va_start(args, fmt);
    vsnprintf(c->error->reason, sizeof(c->error->reason), fmt, args);
    va_end(args);

    return SECOPS_SCHEMA_ERROR;
}


int
secops_schema_no_memory(secops_schema_compiler_t *c)
{
    c->error->pointer[0] = '\0';

    snprintf(c->error->reason, sizeof(c->error->reason), "no memory");

    return SECOPS_SCHEMA_ERROR;
}


/* the pointer of a value, found from the root down: only errors need it */

static void
secops_schema_locate(const secops_json_t *json, uint32_t target, char *dst,
    size_t size)
{
    size_t    len;
    uint32_t  i, child, index;

    i = 0;
    len = 0;
    dst[0] = '\0';

    while (i != target) {

        index = 0;
        child = i + 1;

        if (json->tokens[i].type == SECOPS_JSON_OBJECT) {

            while (json->tokens[child + 1].next <= target) {
                child = json->tokens[child + 1].next;
            }

            len += secops_schema_locate_name(json, child, dst + len,
                                             size - len);
            child++;

        } else {

            while (json->tokens[child].next <= target) {
                child = json->tokens[child].next;
                index++;
            }

            len += snprintf(dst + len, size - len, "/%u", index);
        }

        if (len >= size) {
            return;
        }

        i = child;
    }
}


static size_t
secops_schema_locate_name(const secops_json_t *json, uint32_t key, char *dst,
    size_t size)
{
    size_t          i, len;
    const char     *escape;
    secops_slice_t  name;

    name = secops_json_raw(json, key);
    len = snprintf(dst, size, "/");

    for (i = 0; i < name.len && len < size; i++) {
        escape = secops_pointer_escape(name.data[i]);

        if (escape) {
            len += snprintf(dst + len, size - len, "%s", escape);

        } else {
            len += snprintf(dst + len, size - len, "%c", name.data[i]);
        }
    }

    return len;
}


void *
secops_schema_alloc(secops_schema_t *schema, size_t size)
{
    size_t                  room;
    unsigned char          *p;
    secops_schema_chunk_t  *chunk;

    size = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
    chunk = schema->chunks;

    if (chunk == NULL || chunk->size - chunk->used < size) {
        room = size > SECOPS_SCHEMA_CHUNK ? size : SECOPS_SCHEMA_CHUNK;

        chunk = calloc(1, offsetof(secops_schema_chunk_t, data) + room);
        if (chunk == NULL) {
            return NULL;
        }

        chunk->size = room;
        chunk->next = schema->chunks;
        schema->chunks = chunk;
    }

    p = (unsigned char *) chunk->data + chunk->used;
    chunk->used += size;

    return p;
}
