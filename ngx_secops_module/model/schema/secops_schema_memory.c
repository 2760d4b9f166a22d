
/*
 * A schema owns its memory as a whole: chunks, never given back one by one,
 * its tokens, and a chain of patterns.  So a compilation that fails midway
 * has but one thing to free.
 */

#include <stdlib.h>

#include "model/schema/secops_schema_internal.h"


#define SECOPS_SCHEMA_CHUNK  8192


struct secops_schema_chunk_s {
    secops_schema_chunk_t  *next;
    size_t                  used;
    size_t                  size;
    max_align_t             data[1];        /* the rest follows */
};


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
