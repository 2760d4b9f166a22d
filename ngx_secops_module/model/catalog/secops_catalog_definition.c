
/* Definitions: one file, read, checked and compiled. */

#include <stdio.h>
#include <stdlib.h>

#include "model/catalog/secops_catalog_internal.h"
#include "model/json/secops_json_tree.h"


#define SECOPS_CATALOG_FILE_MAX   80        /* of a file's name */
#define SECOPS_CATALOG_MAX_SIZE   0x100000u
#define SECOPS_CATALOG_MAX_DEPTH  64


static int secops_catalog_open(secops_catalog_document_t *document,
    const secops_schema_t *meta, const unsigned char *data, size_t len,
    secops_schema_error_t *error);
static void secops_catalog_close(secops_catalog_document_t *document);
static int secops_catalog_parse(secops_catalog_document_t *document,
    const unsigned char *data, size_t len);
static int secops_catalog_meta_fault(void *data,
    const secops_schema_fault_t *fault);
static int secops_catalog_file(secops_slice_t *copy, secops_slice_t file,
    secops_schema_error_t *error);
static int secops_catalog_compile_type(secops_catalog_document_t *document,
    secops_catalog_type_t *type);
static int secops_catalog_put_type(secops_catalog_t *catalog,
    const secops_catalog_type_t *type, secops_schema_error_t *error);
static int secops_catalog_compile_category(
    secops_catalog_document_t *document, secops_catalog_category_t *category,
    uint32_t token, size_t i);
static secops_slice_t secops_catalog_string(const json_t *object,
    const char *name);
static json_int_t secops_catalog_id(const json_t *object);


/* what it reads must be as meta says.  -1: error says where and why, and there
   is nothing to close */

static int
secops_catalog_open(secops_catalog_document_t *document,
    const secops_schema_t *meta, const unsigned char *data, size_t len,
    secops_schema_error_t *error)
{
    int          n;
    const char  *reason;

    document->error = error;
    document->tree = NULL;
    document->json.tokens = NULL;

    error->pointer[0] = '\0';
    error->reason[0] = '\0';

    if (secops_catalog_parse(document, data, len) != 0) {
        goto failed;
    }

    n = secops_schema_validate(meta, &document->json, 0, 0, NULL,
                               secops_catalog_meta_fault, error);

    if (n == 0) {

        document->tree = secops_json_tree(&document->json, 0, &reason);

        if (document->tree) {
            return 0;
        }
    }

    if (error->reason[0] == '\0') {
        (void) secops_schema_error(error, "", "no memory");
    }

failed:

    free(document->json.tokens);

    return -1;
}


static void
secops_catalog_close(secops_catalog_document_t *document)
{
    json_decref(document->tree);
    free(document->json.tokens);
}


static int
secops_catalog_parse(secops_catalog_document_t *document,
    const unsigned char *data, size_t len)
{
    int                  rc;
    uint32_t             i;
    secops_slice_t       text;
    secops_json_error_t  error;

    static const secops_json_reading_t  how = {
        .limits = { SECOPS_CATALOG_MAX_DEPTH, SECOPS_CATALOG_MAX_SIZE }
    };

    if (len > SECOPS_CATALOG_MAX_SIZE) {
        return secops_schema_error(document->error, "",
                                   "is longer than %u bytes",
                                   SECOPS_CATALOG_MAX_SIZE);
    }

    text.len = len;
    text.data = data;

    rc = secops_json_tokens(&document->json, text, &how, &error);

    if (rc == SECOPS_JSON_MORE) {
        return secops_schema_error(document->error, "", "no memory");
    }

    if (rc == SECOPS_JSON_ERROR) {
        return secops_schema_error(document->error, "",
                                   "is not JSON: %s at offset %zu",
                                   error.reason, error.offset);
    }

    for (i = 0; i < document->json.ntokens; i++) {

        if (document->json.tokens[i].flags & SECOPS_JSON_HUGE) {
            return secops_schema_error(document->error, "", "has a number"
                                       " that does not fit in 64 bits, at"
                                       " offset %zu", (size_t)
                                       document->json.tokens[i].start);
        }
    }

    return 0;
}


/* the first of them is told: nginx -t stops at one */

static int
secops_catalog_meta_fault(void *data, const secops_schema_fault_t *fault)
{
    secops_schema_error_t  *error = data;

    if (error->reason[0] != '\0') {
        return SECOPS_SCHEMA_ENOUGH;
    }

    (void) snprintf(error->pointer, sizeof(error->pointer), "%.*s",
                    (int) fault->pointer.len, fault->pointer.data);
    (void) snprintf(error->reason, sizeof(error->reason), "%.*s",
                    (int) fault->message.len, fault->message.data);

    return SECOPS_SCHEMA_ENOUGH;
}


int
secops_catalog_add_type(secops_catalog_t *catalog, secops_slice_t file,
    const unsigned char *data, size_t len, secops_schema_error_t *error)
{
    int                        rc;
    secops_catalog_type_t      type;
    secops_catalog_document_t  document;

    memset(&type, 0, sizeof(secops_catalog_type_t));

    if (secops_catalog_open(&document,
                            catalog->meta[SECOPS_CATALOG_META_TYPE], data, len,
                            error)
        != 0)
    {
        return -1;
    }

    rc = secops_catalog_file(&type.file, file, error);

    if (rc == 0) {
        rc = secops_catalog_compile_type(&document, &type);
    }

    if (rc == 0) {
        rc = secops_catalog_put_type(catalog, &type, error);
    }

    if (rc != 0) {
        secops_catalog_free_type(&type);
    }

    secops_catalog_close(&document);

    return rc;
}


static int
secops_catalog_file(secops_slice_t *copy, secops_slice_t file,
    secops_schema_error_t *error)
{
    size_t          i;
    unsigned char   c, *name;

    for (i = 0; i < file.len; i++) {

        c = file.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'
              || c == '-'))
        {
            break;
        }
    }

    if (i < file.len || i == 0 || i > SECOPS_CATALOG_FILE_MAX) {
        return secops_schema_error(error, "",
                                   "an integration type's file is called by "
                                   "a-z, 0-9, _ and -, %d at most",
                                   SECOPS_CATALOG_FILE_MAX);
    }

    name = malloc(file.len + 1);

    if (name == NULL) {
        return secops_schema_error(error, "", "no memory");
    }

    memcpy(name, file.data, file.len);
    name[file.len] = '\0';

    copy->len = file.len;
    copy->data = name;

    return 0;
}


static int
secops_catalog_compile_type(secops_catalog_document_t *document,
    secops_catalog_type_t *type)
{
    int              role;
    uint32_t         roles;
    const char      *name;
    const json_t    *tree;

    type->json = json_incref(document->tree);
    type->id = secops_catalog_id(document->tree);
    type->name = secops_catalog_string(document->tree, "title");
    type->description = secops_catalog_string(document->tree, "description");
    type->creatable = !json_is_false(json_object_get(document->tree,
                                                     "x-creatable"));

    if (secops_catalog_schema(document, &type->connection, 0, document->tree,
                              "", "connection")
        != 0)
    {
        return -1;
    }

    tree = json_object_get(document->tree, "roles");
    roles = secops_json_member(&document->json, 0,
                               (const unsigned char *) "roles",
                               sizeof("roles") - 1);

    for (role = 0; role < SECOPS_CATALOG_ROLES; role++) {

        name = (const char *) secops_catalog_role_name(role).data;

        if (json_object_get(tree, name) == NULL) {
            continue;
        }

        if (secops_catalog_schema(document, &type->role[role], roles, tree,
                                  "/roles", name)
            != 0)
        {
            return -1;
        }

        type->roles |= 1u << role;
    }

    return 0;
}


/* takes over what type holds */

static int
secops_catalog_put_type(secops_catalog_t *catalog,
    const secops_catalog_type_t *type, secops_schema_error_t *error)
{
    size_t                  i;
    secops_catalog_type_t  *types;

    for (i = 0; i < catalog->ntypes; i++) {

        if (secops_slice_equal(catalog->types[i].file, type->file)) {
            secops_catalog_free_type(&catalog->types[i]);
            catalog->types[i] = *type;
            return 0;
        }
    }

    types = realloc(catalog->types,
                    (catalog->ntypes + 1) * sizeof(secops_catalog_type_t));

    if (types == NULL) {
        return secops_schema_error(error, "", "no memory");
    }

    catalog->types = types;
    catalog->types[catalog->ntypes++] = *type;

    return 0;
}


void
secops_catalog_free_type(secops_catalog_type_t *type)
{
    int  role;

    for (role = 0; role < SECOPS_CATALOG_ROLES; role++) {
        secops_schema_free(type->role[role].schema);
    }

    secops_schema_free(type->connection.schema);
    json_decref(type->json);
    free((void *) type->file.data);
}


int
secops_catalog_set_categories(secops_catalog_t *catalog,
    const unsigned char *data, size_t len, secops_schema_error_t *error)
{
    int                         rc;
    size_t                      i, n;
    json_t                     *list;
    uint32_t                    token;
    secops_catalog_category_t  *category;
    secops_catalog_document_t   document;

    if (secops_catalog_open(&document,
                            catalog->meta[SECOPS_CATALOG_META_CATEGORIES],
                            data, len, error)
        != 0)
    {
        return -1;
    }

    secops_catalog_free_categories(catalog);

    list = json_object_get(document.tree, "categories");
    token = secops_json_member(&document.json, 0,
                               (const unsigned char *) "categories",
                               sizeof("categories") - 1);
    token++;

    n = json_array_size(list);

    catalog->categories = calloc(n, sizeof(secops_catalog_category_t));

    rc = catalog->categories ? 0
                             : secops_schema_error(error, "", "no memory");

    for (i = 0; i < n && rc == 0; i++) {

        category = &catalog->categories[catalog->ncategories++];
        category->json = json_incref(json_array_get(list, i));

        rc = secops_catalog_compile_category(&document, category, token, i);

        token = document.json.tokens[token].next;
    }

    secops_catalog_close(&document);

    return rc;
}


static int
secops_catalog_compile_category(secops_catalog_document_t *document,
    secops_catalog_category_t *category, uint32_t token, size_t i)
{
    char  pointer[SECOPS_CATALOG_PLACE];

    (void) snprintf(pointer, sizeof(pointer), "/categories/%zu", i);

    category->id = secops_catalog_id(category->json);
    category->name = secops_catalog_string(category->json, "title");
    category->description = secops_catalog_string(category->json,
                                                  "description");
    category->labels = json_object_get(category->json, "labels");

    return secops_catalog_schema(document, &category->job, token,
                                 category->json, pointer, "job");
}


void
secops_catalog_free_categories(secops_catalog_t *catalog)
{
    size_t                      i;
    secops_catalog_category_t  *category;

    for (i = 0; i < catalog->ncategories; i++) {

        category = &catalog->categories[i];

        secops_schema_free(category->job.schema);
        json_decref(category->json);
        free(category->processors);
    }

    free(catalog->categories);

    catalog->categories = NULL;
    catalog->ncategories = 0;
}


/* a string of a definition: borrowed, NUL-terminated */

static secops_slice_t
secops_catalog_string(const json_t *object, const char *name)
{
    const json_t    *value;
    secops_slice_t   text;

    value = json_object_get(object, name);

    text.len = json_string_length(value);
    text.data = (const unsigned char *) json_string_value(value);

    return text;
}


/* 1.0 is an integer to JSON Schema, and a real to jansson */

static json_int_t
secops_catalog_id(const json_t *object)
{
    return (json_int_t) json_number_value(json_object_get(object, "x-id"));
}
