
/*
 * The keywords that ask something of the value itself: what each makes of a
 * node.  JSON Schema calls them assertions.
 */

#include "model/schema/secops_schema_keyword.h"


typedef struct {
    const char                 *name;
    unsigned                    types;
} secops_schema_type_name_t;


static int secops_schema_compile_type(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i);
static void secops_schema_choice(secops_schema_compiler_t *c,
    secops_schema_choice_t *choice, uint32_t i);


static const secops_schema_type_name_t  secops_schema_type_names[] = {

    { "string", secops_schema_type_bit(SECOPS_JSON_STRING) },
    { "integer", SECOPS_SCHEMA_INTEGER },
    { "number", secops_schema_type_bit(SECOPS_JSON_NUMBER) },
    { "boolean", secops_schema_type_bit(SECOPS_JSON_TRUE)
                 | secops_schema_type_bit(SECOPS_JSON_FALSE) },
    { "object", secops_schema_type_bit(SECOPS_JSON_OBJECT) },
    { "array", secops_schema_type_bit(SECOPS_JSON_ARRAY) },
    { "null", secops_schema_type_bit(SECOPS_JSON_NULL) },

    { NULL, 0 }
};


int
secops_schema_type(secops_schema_compiler_t *c, secops_schema_node_t *node,
    uint32_t i, const secops_schema_keyword_t *keyword)
{
    uint32_t  child;

    node->types = 0;

    if (c->json->tokens[i].type == SECOPS_JSON_STRING) {
        return secops_schema_compile_type(c, node, i);
    }

    if (c->json->tokens[i].type != SECOPS_JSON_ARRAY
        || c->json->tokens[i].size == 0)
    {
        return secops_schema_refuse(c, i, "must be the name of a type or an"
                                    " array of such names");
    }

    for (child = i + 1;
         child < c->json->tokens[i].next;
         child = c->json->tokens[child].next)
    {
        if (secops_schema_compile_type(c, node, child) != SECOPS_SCHEMA_OK) {
            return SECOPS_SCHEMA_ERROR;
        }
    }

    return SECOPS_SCHEMA_OK;
}


static int
secops_schema_compile_type(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i)
{
    secops_slice_t                    name;
    const secops_schema_type_name_t  *type;

    if (c->json->tokens[i].type != SECOPS_JSON_STRING) {
        return secops_schema_refuse(c, i, "must be the name of a type");
    }

    name = secops_json_raw(c->json, i);

    for (type = secops_schema_type_names; type->name; type++) {

        if (strlen(type->name) == name.len
            && memcmp(type->name, name.data, name.len) == 0)
        {
            node->types |= type->types;
            return SECOPS_SCHEMA_OK;
        }
    }

    return secops_schema_refuse(c, i, "unknown type \"%.*s\"",
                                (int) name.len, name.data);
}


int
secops_schema_enum(secops_schema_compiler_t *c, secops_schema_node_t *node,
    uint32_t i, const secops_schema_keyword_t *keyword)
{
    uint32_t                  child, n;
    secops_schema_choices_t  *choices;

    if (c->json->tokens[i].type != SECOPS_JSON_ARRAY
        || c->json->tokens[i].size == 0)
    {
        return secops_schema_refuse(c, i, "must be an array that is not"
                                    " empty");
    }

    choices = &node->enumeration;
    n = c->json->tokens[i].size;

    choices->elts = secops_schema_alloc(c->schema,
                                        n * sizeof(secops_schema_choice_t));
    if (choices->elts == NULL) {
        return secops_schema_no_memory(c);
    }

    for (child = i + 1;
         child < c->json->tokens[i].next;
         child = c->json->tokens[child].next)
    {
        secops_schema_choice(c, &choices->elts[choices->nelts++], child);
    }

    return SECOPS_SCHEMA_OK;
}


int
secops_schema_const(secops_schema_compiler_t *c, secops_schema_node_t *node,
    uint32_t i, const secops_schema_keyword_t *keyword)
{
    secops_schema_choices_t  *choices;

    choices = &node->constant;

    choices->elts = secops_schema_alloc(c->schema,
                                        sizeof(secops_schema_choice_t));
    if (choices->elts == NULL) {
        return secops_schema_no_memory(c);
    }

    secops_schema_choice(c, &choices->elts[choices->nelts++], i);

    return SECOPS_SCHEMA_OK;
}


static void
secops_schema_choice(secops_schema_compiler_t *c,
    secops_schema_choice_t *choice, uint32_t i)
{
    choice->token = i;

    if (c->json->tokens[i].type == SECOPS_JSON_STRING) {
        choice->string = secops_json_raw(c->json, i);
    }
}


int
secops_schema_count_slot(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword)
{
    double     value;
    uint32_t  *field;

    if (c->json->tokens[i].type == SECOPS_JSON_NUMBER) {
        value = secops_json_number(c->json, i);

        if (value >= 0 && value <= UINT32_MAX
            && secops_schema_number_is_multiple(secops_json_raw(c->json, i),
                                                1, 0))
        {
            field = (uint32_t *) ((char *) node + keyword->offset);
            *field = value;

            return SECOPS_SCHEMA_OK;
        }
    }

    return secops_schema_refuse(c, i, "must be an integer from 0 to 2^32 - 1");
}


int
secops_schema_pattern(secops_schema_compiler_t *c, secops_schema_node_t *node,
    uint32_t i, const secops_schema_keyword_t *keyword)
{
    if (c->json->tokens[i].type != SECOPS_JSON_STRING) {
        return secops_schema_refuse(c, i, "must be a string");
    }

    node->pattern = secops_schema_compile_pattern(c, i, i);

    return node->pattern ? SECOPS_SCHEMA_OK : SECOPS_SCHEMA_ERROR;
}


secops_schema_pattern_t *
secops_schema_compile_pattern(secops_schema_compiler_t *c, uint32_t i,
    uint32_t at)
{
    char                      reason[192];
    secops_schema_pattern_t  *pattern;

    pattern = secops_schema_pattern_create(secops_json_raw(c->json, i),
                                           reason, sizeof(reason));
    if (pattern == NULL) {
        (void) secops_schema_refuse(c, at, "%s", reason);
        return NULL;
    }

    secops_schema_pattern_push(&c->schema->regexes, pattern);

    return pattern;
}


int
secops_schema_format_name(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword)
{
    secops_slice_t  name;

    if (c->json->tokens[i].type != SECOPS_JSON_STRING) {
        return secops_schema_refuse(c, i, "must be a string");
    }

    name = secops_json_raw(c->json, i);

    node->format = secops_schema_format(name.data, name.len);

    if (node->format == NULL) {
        return secops_schema_refuse(c, i, "unknown format \"%.*s\"",
                                    (int) name.len, name.data);
    }

    return SECOPS_SCHEMA_OK;
}


int
secops_schema_number_slot(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword)
{
    secops_schema_number_t  *number, **field;

    if (c->json->tokens[i].type != SECOPS_JSON_NUMBER) {
        return secops_schema_refuse(c, i, "must be a number");
    }

    if (c->json->tokens[i].flags & SECOPS_JSON_HUGE) {
        return secops_schema_refuse(c, i, "must be a number that fits in 64"
                                    " bits");
    }

    number = secops_schema_alloc(c->schema, sizeof(secops_schema_number_t));
    if (number == NULL) {
        return secops_schema_no_memory(c);
    }

    secops_schema_number_read(c->json, i, number);

    field = (secops_schema_number_t **) ((char *) node + keyword->offset);
    *field = number;

    return SECOPS_SCHEMA_OK;
}


int
secops_schema_multiple_of(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword)
{
    if (secops_schema_number_slot(c, node, i, keyword) != SECOPS_SCHEMA_OK) {
        return SECOPS_SCHEMA_ERROR;
    }

    if (secops_schema_number_split(node->multiple_of) != SECOPS_SCHEMA_OK) {
        return secops_schema_refuse(c, i, "must be above 0 and have at most"
                                    " 18 digits");
    }

    return SECOPS_SCHEMA_OK;
}


int
secops_schema_unique_items(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword)
{
    node->unique_items = (c->json->tokens[i].type == SECOPS_JSON_TRUE);

    return secops_schema_note_flag(c, node, i, keyword);
}


int
secops_schema_note_flag(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword)
{
    if (c->json->tokens[i].type != SECOPS_JSON_TRUE
        && c->json->tokens[i].type != SECOPS_JSON_FALSE)
    {
        return secops_schema_refuse(c, i, "must be true or false");
    }

    return SECOPS_SCHEMA_OK;
}
