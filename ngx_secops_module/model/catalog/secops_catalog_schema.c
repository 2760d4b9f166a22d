
/*
 * One schema of a definition: compiled, and seen to that secrets and defaults
 * stand where whoever masks and fills them in will look.
 */

#include <stdio.h>

#include "model/catalog/secops_catalog_internal.h"
#include "model/resource/secops_resource.h"
#include "util/secops_pointer.h"


#define SECOPS_CATALOG_POINTER_MAX  256


/* what the value of a keyword is to the walk */

typedef enum {
    SECOPS_CATALOG_ONE = 0,             /* a schema, or a list of them */
    SECOPS_CATALOG_NAMED,               /* an object of schemas */
    SECOPS_CATALOG_NOT_HERE,
    SECOPS_CATALOG_DEFAULT,
    SECOPS_CATALOG_SECRET,
    SECOPS_CATALOG_REFERENCE,
    SECOPS_CATALOG_SECRET_FOR
} secops_catalog_keyword_e;


typedef struct {
    secops_slice_t              name;
    secops_catalog_keyword_e    kind;
    unsigned                    straight;   /* leads to a member or an element
                                               that is there if it is given */
} secops_catalog_keyword_t;


typedef struct {
    secops_catalog_document_t  *document;
    uint32_t                    root;       /* the schema as a whole */
    size_t                      len;
    char                        pointer[SECOPS_CATALOG_POINTER_MAX];
} secops_catalog_walk_t;


static secops_slice_t secops_catalog_raw(const secops_json_t *json,
    uint32_t i);
static int secops_catalog_walk(secops_catalog_walk_t *walk, uint32_t i,
    unsigned straight);
static int secops_catalog_walk_keyword(secops_catalog_walk_t *walk,
    uint32_t schema, uint32_t key, unsigned straight);
static const secops_catalog_keyword_t *secops_catalog_keyword(
    const secops_json_t *json, uint32_t key);
static int secops_catalog_walk_all(secops_catalog_walk_t *walk, uint32_t i,
    unsigned straight);
static int secops_catalog_check_default(secops_catalog_walk_t *walk,
    uint32_t schema, uint32_t value, unsigned straight);
static int secops_catalog_check_secret(secops_catalog_walk_t *walk,
    uint32_t schema, uint32_t value, unsigned straight);
static int secops_catalog_check_reference(secops_catalog_walk_t *walk,
    uint32_t schema, uint32_t value, unsigned straight);
static int secops_catalog_check_secret_for(secops_catalog_walk_t *walk,
    uint32_t schema, uint32_t value);
static int secops_catalog_is_secret(const secops_json_t *json,
    uint32_t schema);
static int secops_catalog_is_string(const secops_json_t *json,
    uint32_t schema);
static size_t secops_catalog_enter(secops_catalog_walk_t *walk,
    uint32_t key, size_t index);
static void secops_catalog_leave(secops_catalog_walk_t *walk, size_t len);
static void secops_catalog_add(secops_catalog_walk_t *walk, const char *text);


static const secops_catalog_keyword_t  secops_catalog_keywords[] = {
    { secops_slice("properties"), SECOPS_CATALOG_NAMED, 1 },
    { secops_slice("items"), SECOPS_CATALOG_ONE, 1 },
    { secops_slice("additionalProperties"), SECOPS_CATALOG_ONE, 1 },
    { secops_slice("additionalItems"), SECOPS_CATALOG_ONE, 0 },
    { secops_slice("contains"), SECOPS_CATALOG_ONE, 0 },
    { secops_slice("patternProperties"), SECOPS_CATALOG_NAMED, 0 },
    { secops_slice("propertyNames"), SECOPS_CATALOG_ONE, 0 },
    { secops_slice("dependencies"), SECOPS_CATALOG_NAMED, 0 },
    { secops_slice("allOf"), SECOPS_CATALOG_ONE, 0 },
    { secops_slice("anyOf"), SECOPS_CATALOG_ONE, 0 },
    { secops_slice("oneOf"), SECOPS_CATALOG_ONE, 0 },
    { secops_slice("not"), SECOPS_CATALOG_ONE, 0 },
    { secops_slice("if"), SECOPS_CATALOG_ONE, 0 },
    { secops_slice("then"), SECOPS_CATALOG_ONE, 0 },
    { secops_slice("else"), SECOPS_CATALOG_ONE, 0 },
    { secops_slice("$ref"), SECOPS_CATALOG_NOT_HERE, 0 },
    { secops_slice("$id"), SECOPS_CATALOG_NOT_HERE, 0 },
    { secops_slice("definitions"), SECOPS_CATALOG_NOT_HERE, 0 },
    { secops_slice("default"), SECOPS_CATALOG_DEFAULT, 0 },
    { secops_slice("writeOnly"), SECOPS_CATALOG_SECRET, 0 },
    { secops_slice("x-reference"), SECOPS_CATALOG_REFERENCE, 0 },
    { secops_slice("x-secret-for"), SECOPS_CATALOG_SECRET_FOR, 0 }
};


int
secops_catalog_schema(secops_catalog_document_t *document,
    secops_catalog_schema_t *schema, uint32_t i, const json_t *tree,
    const char *pointer, const char *name)
{
    char                    where[SECOPS_CATALOG_POINTER_MAX];
    uint32_t                token;
    secops_slice_t          raw;
    secops_catalog_walk_t   walk;
    secops_schema_error_t   error;

    token = secops_json_member(&document->json, i,
                               (const unsigned char *) name, strlen(name));
    raw = secops_catalog_raw(&document->json, token);

    walk.document = document;
    walk.root = token;
    walk.len = (size_t) snprintf(walk.pointer, sizeof(walk.pointer), "%s/%s",
                                 pointer, name);

    schema->json = json_object_get(tree, name);
    schema->schema = secops_schema_compile(raw.data, raw.len, &error);

    if (schema->schema == NULL) {
        (void) snprintf(where, sizeof(where), "%.*s%.*s",
                        (int) walk.len, walk.pointer,
                        (int) (sizeof(where) - 1 - walk.len), error.pointer);

        return secops_schema_error(document->error, where, "%s",
                                   error.reason);
    }

    return secops_catalog_walk(&walk, token, 1);
}


/* the bytes of the value at token i, a string with its quotes */

static secops_slice_t
secops_catalog_raw(const secops_json_t *json, uint32_t i)
{
    secops_slice_t  raw;

    raw = secops_json_raw(json, i);

    if (json->tokens[i].type == SECOPS_JSON_STRING) {
        raw.data--;
        raw.len += 2;
    }

    return raw;
}


/* straight: no condition stands between the instance's root and what this
   schema is of */

static int
secops_catalog_walk(secops_catalog_walk_t *walk, uint32_t i,
    unsigned straight)
{
    size_t                n;
    uint32_t              key;
    const secops_json_t  *json;

    json = &walk->document->json;

    if (json->tokens[i].type != SECOPS_JSON_OBJECT) {
        return 0;
    }

    key = i + 1;

    for (n = json->tokens[i].size; n; n--) {

        if (secops_catalog_walk_keyword(walk, i, key, straight) != 0) {
            return -1;
        }

        key = json->tokens[key].next;
    }

    return 0;
}


static int
secops_catalog_walk_keyword(secops_catalog_walk_t *walk, uint32_t schema,
    uint32_t key, unsigned straight)
{
    int                              rc;
    size_t                           len;
    unsigned                         below;
    const secops_json_t             *json;
    const secops_catalog_keyword_t  *keyword;

    json = &walk->document->json;
    keyword = secops_catalog_keyword(json, key);

    if (keyword == NULL) {
        return 0;
    }

    len = secops_catalog_enter(walk, key, 0);
    below = straight && keyword->straight;

    switch (keyword->kind) {

    case SECOPS_CATALOG_ONE:

        /* "items" as a list is for tuples */

        rc = (json->tokens[key + 1].type == SECOPS_JSON_ARRAY)
             ? secops_catalog_walk_all(walk, key + 1, 0)
             : secops_catalog_walk(walk, key + 1, below);
        break;

    case SECOPS_CATALOG_NAMED:
        rc = secops_catalog_walk_all(walk, key + 1, below);
        break;

    case SECOPS_CATALOG_DEFAULT:
        rc = secops_catalog_check_default(walk, schema, key + 1, straight);
        break;

    case SECOPS_CATALOG_SECRET:
        rc = secops_catalog_check_secret(walk, schema, key + 1, straight);
        break;

    case SECOPS_CATALOG_REFERENCE:
        rc = secops_catalog_check_reference(walk, schema, key + 1, straight);
        break;

    case SECOPS_CATALOG_SECRET_FOR:
        rc = secops_catalog_check_secret_for(walk, schema, key + 1);
        break;

    default: /* SECOPS_CATALOG_NOT_HERE */
        rc = secops_schema_error(walk->document->error, walk->pointer,
                                 "can not be used here: the schemas of all "
                                 "types are put into one document");
        break;
    }

    secops_catalog_leave(walk, len);

    return rc;
}


/* NULL: it is nothing to the walk */

static const secops_catalog_keyword_t *
secops_catalog_keyword(const secops_json_t *json, uint32_t key)
{
    size_t                           i;
    const secops_catalog_keyword_t  *keyword;

    for (i = 0;
         i < sizeof(secops_catalog_keywords) / sizeof(secops_catalog_keyword_t);
         i++)
    {
        keyword = &secops_catalog_keywords[i];

        if (secops_json_string_is(json, key, keyword->name.data,
                                  keyword->name.len))
        {
            return keyword;
        }
    }

    return NULL;
}


/* the members of an object, or the elements of an array, that are schemas */

static int
secops_catalog_walk_all(secops_catalog_walk_t *walk, uint32_t i,
    unsigned straight)
{
    size_t                n, len, index;
    uint32_t              token, object;
    const secops_json_t  *json;

    json = &walk->document->json;
    object = (json->tokens[i].type == SECOPS_JSON_OBJECT);
    token = i + 1;

    for (n = json->tokens[i].size, index = 0; n; n--, index++) {

        len = secops_catalog_enter(walk, object ? token : 0, index);

        if (secops_catalog_walk(walk, token + object, straight) != 0) {
            return -1;
        }

        secops_catalog_leave(walk, len);
        token = json->tokens[token].next;
    }

    return 0;
}


static int
secops_catalog_check_default(secops_catalog_walk_t *walk, uint32_t schema,
    uint32_t value, unsigned straight)
{
    int                     rc;
    secops_slice_t          text;
    secops_schema_t        *compiled;
    secops_schema_error_t   error;
    const secops_json_t    *document;

    document = &walk->document->json;

    if (!straight) {
        return secops_schema_error(walk->document->error, walk->pointer,
                                   "would not be filled in below a condition"
                                   " or a choice");
    }

    text = secops_catalog_raw(document, schema);
    compiled = secops_schema_compile(text.data, text.len, &error);

    if (compiled == NULL) {
        return secops_schema_error(walk->document->error, walk->pointer,
                                   "%s", error.reason);
    }

    rc = secops_schema_validate(compiled, document, value, 0, NULL, NULL,
                                NULL);

    secops_schema_free(compiled);

    return rc == 0 ? 0
                   : secops_schema_error(walk->document->error,
                                         walk->pointer, "is not valid by "
                                         "the schema that it stands in");
}


static int
secops_catalog_check_secret(secops_catalog_walk_t *walk, uint32_t schema,
    uint32_t value, unsigned straight)
{
    const secops_json_t  *json;

    json = &walk->document->json;

    if (json->tokens[value].type != SECOPS_JSON_TRUE) {
        return 0;
    }

    if (!straight) {
        return secops_schema_error(walk->document->error, walk->pointer,
                                   "would not be masked below a condition or"
                                   " a choice");
    }

    if (!secops_catalog_is_string(json, schema)) {
        return secops_schema_error(walk->document->error, walk->pointer,
                                   "goes with \"type\": \"string\" only");
    }

    if (secops_json_member(json, schema, (const unsigned char *) "default",
                           sizeof("default") - 1))
    {
        return secops_schema_error(walk->document->error, walk->pointer,
                                   "does not go with a default");
    }

    return 0;
}


static int
secops_catalog_check_reference(secops_catalog_walk_t *walk, uint32_t schema,
    uint32_t value, unsigned straight)
{
    secops_slice_t        name;
    const secops_json_t  *json;

    json = &walk->document->json;
    name = secops_json_raw(json, value);

    if (json->tokens[value].type != SECOPS_JSON_STRING
        || secops_resource_type(name) < 0)
    {
        return secops_schema_error(walk->document->error, walk->pointer,
                                   "must be \"api_key\", \"integration\" or"
                                   " \"job\"");
    }

    if (!straight || !secops_catalog_is_string(json, schema)) {
        return secops_schema_error(walk->document->error, walk->pointer,
                                   "goes with \"type\": \"string\" only, and"
                                   " not below a condition or a choice");
    }

    return 0;
}


/* names of parameters: the members of the instance's root */

static int
secops_catalog_check_secret_for(secops_catalog_walk_t *walk, uint32_t schema,
    uint32_t value)
{
    size_t                n;
    uint32_t              i, properties;
    secops_slice_t        name;
    const secops_json_t  *json;

    json = &walk->document->json;

    if (!secops_catalog_is_secret(json, schema)) {
        return secops_schema_error(walk->document->error, walk->pointer,
                                   "goes with \"writeOnly\": true only");
    }

    if (json->tokens[value].type != SECOPS_JSON_ARRAY) {
        return secops_schema_error(walk->document->error, walk->pointer,
                                   "must be a list of names of parameters");
    }

    properties = secops_json_member(json, walk->root,
                                    (const unsigned char *) "properties",
                                    sizeof("properties") - 1);

    for (n = json->tokens[value].size, i = value + 1; n; n--) {

        name = secops_json_raw(json, i);

        if (json->tokens[i].type != SECOPS_JSON_STRING || properties == 0
            || secops_json_member(json, properties, name.data, name.len) == 0)
        {
            return secops_schema_error(walk->document->error, walk->pointer,
                                       "names \"%.*s\", which is no "
                                       "parameter", (int) name.len,
                                       name.data);
        }

        i = json->tokens[i].next;
    }

    return 0;
}


static int
secops_catalog_is_secret(const secops_json_t *json, uint32_t schema)
{
    uint32_t  secret;

    secret = secops_json_member(json, schema,
                                (const unsigned char *) "writeOnly",
                                sizeof("writeOnly") - 1);

    return secret != 0 && json->tokens[secret].type == SECOPS_JSON_TRUE;
}


/* 1 when the schema says that the instance is a string, and nothing else */

static int
secops_catalog_is_string(const secops_json_t *json, uint32_t schema)
{
    uint32_t  type;

    type = secops_json_member(json, schema, (const unsigned char *) "type",
                              sizeof("type") - 1);

    return type != 0
           && json->tokens[type].type == SECOPS_JSON_STRING
           && secops_json_string_is(json, type,
                                    (const unsigned char *) "string",
                                    sizeof("string") - 1);
}


/* adds a member's name, or an index, to the pointer; returns what it is to be
   cut to again.  What there is no room for is left out */

static size_t
secops_catalog_enter(secops_catalog_walk_t *walk, uint32_t key, size_t index)
{
    char            number[24], text[2] = "";
    size_t          len, i;
    const char     *escape;
    secops_slice_t  name;

    len = walk->len;

    if (key) {
        name = secops_json_raw(&walk->document->json, key);

    } else {
        name.len = (size_t) snprintf(number, sizeof(number), "%zu", index);
        name.data = (unsigned char *) number;
    }

    secops_catalog_add(walk, "/");

    for (i = 0; i < name.len; i++) {

        escape = secops_pointer_escape(name.data[i]);
        text[0] = (char) name.data[i];

        secops_catalog_add(walk, escape ? escape : text);
    }

    return len;
}


static void
secops_catalog_leave(secops_catalog_walk_t *walk, size_t len)
{
    walk->len = len;
    walk->pointer[len] = '\0';
}


static void
secops_catalog_add(secops_catalog_walk_t *walk, const char *text)
{
    size_t  len;

    len = strlen(text);

    if (len < sizeof(walk->pointer) - walk->len) {
        memcpy(walk->pointer + walk->len, text, len + 1);
        walk->len += len;
    }
}
