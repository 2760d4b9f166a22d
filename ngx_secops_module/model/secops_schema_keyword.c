
/*
 * The keywords: what each may say, and what it makes of a node.  A name that
 * is not in the table is refused, and so is a value that would make a check
 * mean less than it says.
 */

#include "model/secops_schema_internal.h"


typedef struct secops_schema_keyword_s  secops_schema_keyword_t;

struct secops_schema_keyword_s {
    const char                 *name;
    int                       (*compile)(secops_schema_compiler_t *c,
                                    secops_schema_node_t *node, uint32_t i,
                                    const secops_schema_keyword_t *keyword);
    size_t                      offset;     /* of the node's field */
    unsigned                    checks;     /* that the keyword asks for */
};


typedef struct {
    const char                 *name;
    unsigned                    types;
} secops_schema_type_name_t;


static int secops_schema_compile_keyword(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t key);

static int secops_schema_schema_slot(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
static int secops_schema_list_slot(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
static int secops_schema_count_slot(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
static int secops_schema_number_slot(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
static int secops_schema_token_slot(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
static int secops_schema_type(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
static int secops_schema_enum(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
static int secops_schema_const(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
static int secops_schema_multiple_of(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
static int secops_schema_pattern(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
static int secops_schema_format_name(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
static int secops_schema_unique_items(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
static int secops_schema_pattern_properties(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
static int secops_schema_dependencies(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
static int secops_schema_definitions(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
static int secops_schema_dialect(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
static int secops_schema_id(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
static int secops_schema_note(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
static int secops_schema_note_string(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);
static int secops_schema_note_flag(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword);

static int secops_schema_compile_type(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i);
static void secops_schema_choice(secops_schema_compiler_t *c,
    secops_schema_choice_t *choice, uint32_t i);
static int secops_schema_compile_list(secops_schema_compiler_t *c,
    secops_schema_list_t *list, uint32_t i);
static int secops_schema_compile_items(secops_schema_compiler_t *c,
    secops_schema_node_t *node);
static secops_schema_pattern_t *secops_schema_compile_pattern(
    secops_schema_compiler_t *c, uint32_t i, uint32_t at);
static int secops_schema_compile_dependency(secops_schema_compiler_t *c,
    secops_schema_dependency_t *dependency, uint32_t i);


static const secops_schema_keyword_t  secops_schema_keywords[] = {

    { "type", secops_schema_type, 0, 0 },

    { "enum", secops_schema_enum, 0, SECOPS_SCHEMA_CHECK_VALUE },

    { "const", secops_schema_const, 0, SECOPS_SCHEMA_CHECK_VALUE },

    { "minLength", secops_schema_count_slot,
      offsetof(secops_schema_node_t, min_length),
      SECOPS_SCHEMA_CHECK_STRING },

    { "maxLength", secops_schema_count_slot,
      offsetof(secops_schema_node_t, max_length),
      SECOPS_SCHEMA_CHECK_STRING },

    { "pattern", secops_schema_pattern, 0, SECOPS_SCHEMA_CHECK_STRING },

    { "format", secops_schema_format_name, 0, SECOPS_SCHEMA_CHECK_STRING },

    { "minimum", secops_schema_number_slot,
      offsetof(secops_schema_node_t, minimum),
      SECOPS_SCHEMA_CHECK_NUMBER },

    { "maximum", secops_schema_number_slot,
      offsetof(secops_schema_node_t, maximum),
      SECOPS_SCHEMA_CHECK_NUMBER },

    { "exclusiveMinimum", secops_schema_number_slot,
      offsetof(secops_schema_node_t, exclusive_minimum),
      SECOPS_SCHEMA_CHECK_NUMBER },

    { "exclusiveMaximum", secops_schema_number_slot,
      offsetof(secops_schema_node_t, exclusive_maximum),
      SECOPS_SCHEMA_CHECK_NUMBER },

    { "multipleOf", secops_schema_multiple_of,
      offsetof(secops_schema_node_t, multiple_of),
      SECOPS_SCHEMA_CHECK_NUMBER },

    { "items", secops_schema_token_slot,
      offsetof(secops_schema_node_t, items_token),
      SECOPS_SCHEMA_CHECK_ARRAY },

    { "additionalItems", secops_schema_token_slot,
      offsetof(secops_schema_node_t, additional_items_token),
      SECOPS_SCHEMA_CHECK_ARRAY },

    { "contains", secops_schema_schema_slot,
      offsetof(secops_schema_node_t, contains),
      SECOPS_SCHEMA_CHECK_ARRAY },

    { "minItems", secops_schema_count_slot,
      offsetof(secops_schema_node_t, min_items),
      SECOPS_SCHEMA_CHECK_ARRAY },

    { "maxItems", secops_schema_count_slot,
      offsetof(secops_schema_node_t, max_items),
      SECOPS_SCHEMA_CHECK_ARRAY },

    { "uniqueItems", secops_schema_unique_items, 0,
      SECOPS_SCHEMA_CHECK_ARRAY },

    { "properties", secops_schema_token_slot,
      offsetof(secops_schema_node_t, properties_token),
      SECOPS_SCHEMA_CHECK_OBJECT },

    { "required", secops_schema_token_slot,
      offsetof(secops_schema_node_t, required_token),
      SECOPS_SCHEMA_CHECK_OBJECT },

    { "patternProperties", secops_schema_pattern_properties, 0,
      SECOPS_SCHEMA_CHECK_OBJECT },

    { "additionalProperties", secops_schema_schema_slot,
      offsetof(secops_schema_node_t, additional_properties),
      SECOPS_SCHEMA_CHECK_OBJECT },

    { "propertyNames", secops_schema_schema_slot,
      offsetof(secops_schema_node_t, property_names),
      SECOPS_SCHEMA_CHECK_OBJECT },

    { "minProperties", secops_schema_count_slot,
      offsetof(secops_schema_node_t, min_properties),
      SECOPS_SCHEMA_CHECK_OBJECT },

    { "maxProperties", secops_schema_count_slot,
      offsetof(secops_schema_node_t, max_properties),
      SECOPS_SCHEMA_CHECK_OBJECT },

    { "dependencies", secops_schema_dependencies, 0,
      SECOPS_SCHEMA_CHECK_OBJECT },

    { "allOf", secops_schema_list_slot,
      offsetof(secops_schema_node_t, all_of),
      SECOPS_SCHEMA_CHECK_COMBINED },

    { "anyOf", secops_schema_list_slot,
      offsetof(secops_schema_node_t, any_of),
      SECOPS_SCHEMA_CHECK_COMBINED },

    { "oneOf", secops_schema_list_slot,
      offsetof(secops_schema_node_t, one_of),
      SECOPS_SCHEMA_CHECK_COMBINED },

    { "not", secops_schema_schema_slot,
      offsetof(secops_schema_node_t, not_schema),
      SECOPS_SCHEMA_CHECK_COMBINED },

    { "if", secops_schema_schema_slot,
      offsetof(secops_schema_node_t, if_schema),
      SECOPS_SCHEMA_CHECK_COMBINED },

    { "then", secops_schema_schema_slot,
      offsetof(secops_schema_node_t, then_schema),
      SECOPS_SCHEMA_CHECK_COMBINED },

    { "else", secops_schema_schema_slot,
      offsetof(secops_schema_node_t, else_schema),
      SECOPS_SCHEMA_CHECK_COMBINED },

    { "definitions", secops_schema_definitions, 0, 0 },

    { "$schema", secops_schema_dialect, 0, 0 },
    { "$id", secops_schema_id, 0, 0 },
    { "$comment", secops_schema_note_string, 0, 0 },
    { "title", secops_schema_note_string, 0, 0 },
    { "description", secops_schema_note_string, 0, 0 },
    { "default", secops_schema_note, 0, 0 },
    { "examples", secops_schema_note, 0, 0 },
    { "readOnly", secops_schema_note_flag, 0, 0 },
    { "writeOnly", secops_schema_note_flag, 0, 0 },

    { NULL, NULL, 0, 0 }
};


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
secops_schema_compile_keywords(secops_schema_compiler_t *c,
    secops_schema_node_t *node)
{
    uint32_t  key, ref;

    ref = secops_json_member(c->json, node->token,
                             (const unsigned char *) "$ref",
                             sizeof("$ref") - 1);

    if (ref) {
        if (c->json->tokens[ref].type != SECOPS_JSON_STRING) {
            return secops_schema_refuse(c, ref, "must be a string");
        }

        node->ref_token = ref;

        return SECOPS_SCHEMA_OK;
    }

    for (key = node->token + 1;
         key < c->json->tokens[node->token].next;
         key = c->json->tokens[key + 1].next)
    {
        if (secops_schema_compile_keyword(c, node, key) != SECOPS_SCHEMA_OK) {
            return SECOPS_SCHEMA_ERROR;
        }
    }

    if (secops_schema_compile_items(c, node) != SECOPS_SCHEMA_OK) {
        return SECOPS_SCHEMA_ERROR;
    }

    return secops_schema_compile_names(c, node);
}


static int
secops_schema_compile_keyword(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t key)
{
    secops_slice_t                  name;
    const secops_schema_keyword_t  *keyword;

    name = secops_json_raw(c->json, key);

    if (name.len > 2 && memcmp(name.data, "x-", 2) == 0) {
        return SECOPS_SCHEMA_OK;
    }

    for (keyword = secops_schema_keywords; keyword->name; keyword++) {

        if (strlen(keyword->name) == name.len
            && memcmp(keyword->name, name.data, name.len) == 0)
        {
            node->checks |= keyword->checks;

            return keyword->compile(c, node, key + 1, keyword);
        }
    }

    return secops_schema_refuse(c, key + 1, "unknown keyword \"%.*s\"",
                                (int) name.len, name.data);
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


static int
secops_schema_schema_slot(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword)
{
    secops_schema_node_t  **field;

    field = (secops_schema_node_t **) ((char *) node + keyword->offset);

    *field = secops_schema_compile_node(c, i);

    return *field ? SECOPS_SCHEMA_OK : SECOPS_SCHEMA_ERROR;
}


static int
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


static int
secops_schema_count_slot(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword)
{
    double     value;
    uint32_t  *field;

    if (c->json->tokens[i].type == SECOPS_JSON_NUMBER) {
        value = secops_json_number(c->json, i);

        if (value >= 0 && value <= UINT32_MAX
            && secops_schema_number_multiple(secops_json_raw(c->json, i),
                                             1, 0))
        {
            field = (uint32_t *) ((char *) node + keyword->offset);
            *field = value;

            return SECOPS_SCHEMA_OK;
        }
    }

    return secops_schema_refuse(c, i, "must be an integer from 0 to 2^32 - 1");
}


static int
secops_schema_number_slot(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword)
{
    secops_schema_number_t  *number, **field;

    if (c->json->tokens[i].type != SECOPS_JSON_NUMBER) {
        return secops_schema_refuse(c, i, "must be a number");
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


static int
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


/* keeps the value for when all keywords were seen */

static int
secops_schema_token_slot(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword)
{
    uint32_t  *field;

    field = (uint32_t *) ((char *) node + keyword->offset);
    *field = i;

    return SECOPS_SCHEMA_OK;
}


static int
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


static int
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


static int
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


static int
secops_schema_pattern(secops_schema_compiler_t *c, secops_schema_node_t *node,
    uint32_t i, const secops_schema_keyword_t *keyword)
{
    if (c->json->tokens[i].type != SECOPS_JSON_STRING) {
        return secops_schema_refuse(c, i, "must be a string");
    }

    node->pattern = secops_schema_compile_pattern(c, i, i);

    return node->pattern ? SECOPS_SCHEMA_OK : SECOPS_SCHEMA_ERROR;
}


/* the pattern is the string i; a fault of it is told of the place at */

static secops_schema_pattern_t *
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


static int
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


static int
secops_schema_unique_items(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword)
{
    node->unique_items = (c->json->tokens[i].type == SECOPS_JSON_TRUE);

    return secops_schema_note_flag(c, node, i, keyword);
}


/* "items" and "additionalItems", which means nothing without a tuple */

static int
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


static int
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


static int
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


static int
secops_schema_definitions(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword)
{
    return secops_schema_compile_map(c, i);
}


/* another draft's schema could mean something else by the same words */

static int
secops_schema_dialect(secops_schema_compiler_t *c, secops_schema_node_t *node,
    uint32_t i, const secops_schema_keyword_t *keyword)
{
    secops_slice_t  name;

    static const secops_slice_t  draft = secops_slice(
        "http://json-schema.org/draft-07/schema");

    if (c->json->tokens[i].type == SECOPS_JSON_STRING) {
        name = secops_json_raw(c->json, i);

        if (name.len == draft.len + 1 && name.data[draft.len] == '#') {
            name.len--;
        }

        if (secops_slice_equal(name, draft)) {
            return SECOPS_SCHEMA_OK;
        }
    }

    return secops_schema_refuse(c, i, "must be \"%s#\"", draft.data);
}


/* further down it would change what a $ref means */

static int
secops_schema_id(secops_schema_compiler_t *c, secops_schema_node_t *node,
    uint32_t i, const secops_schema_keyword_t *keyword)
{
    if (node->token != 0) {
        return secops_schema_refuse(c, i, "\"$id\" is supported at the root"
                                    " only");
    }

    return secops_schema_note_string(c, node, i, keyword);
}


static int
secops_schema_note(secops_schema_compiler_t *c, secops_schema_node_t *node,
    uint32_t i, const secops_schema_keyword_t *keyword)
{
    return SECOPS_SCHEMA_OK;
}


static int
secops_schema_note_string(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t i,
    const secops_schema_keyword_t *keyword)
{
    if (c->json->tokens[i].type != SECOPS_JSON_STRING) {
        return secops_schema_refuse(c, i, "must be a string");
    }

    return SECOPS_SCHEMA_OK;
}


static int
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
