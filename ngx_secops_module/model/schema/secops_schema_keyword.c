
/*
 * The keywords: which there are, and which only annotate.  A name that is not
 * in the table is refused, and so is a value that would make a check mean less
 * than it says.
 */

#include "model/schema/secops_schema_keyword.h"


static int secops_schema_compile_keyword(secops_schema_compiler_t *c,
    secops_schema_node_t *node, uint32_t key);

static int secops_schema_token_slot(secops_schema_compiler_t *c,
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
