
/* The catalog as a whole; see secops_catalog.h. */

#include <stdio.h>
#include <stdlib.h>

#include "model/catalog/secops_catalog_internal.h"
#include "model/secops_definitions.h"


#define SECOPS_CATALOG_META     "meta"
#define SECOPS_CATALOG_TYPES    "integrations"
#define SECOPS_CATALOG_JOBS     "job-categories"


static int secops_catalog_compile_meta(secops_catalog_t *catalog,
    secops_schema_error_t *error);
static int secops_catalog_add_built_in(secops_catalog_t *catalog,
    const secops_definition_t *definition, secops_schema_error_t *error);
static int secops_catalog_check_types(const secops_catalog_t *catalog,
    secops_schema_error_t *error);
static int secops_catalog_check_categories(secops_catalog_t *catalog,
    secops_schema_error_t *error);
static int secops_catalog_check_labels(
    const secops_catalog_category_t *category, size_t i,
    secops_schema_error_t *error);
static int secops_catalog_find_processors(const secops_catalog_t *catalog,
    secops_catalog_category_t *category, size_t i,
    secops_schema_error_t *error);
static int secops_catalog_order(const void *one, const void *two);
static int secops_catalog_compare(secops_slice_t one, secops_slice_t two);


const secops_catalog_type_t *
secops_catalog_type(const secops_catalog_t *catalog, secops_slice_t name)
{
    int     order;
    size_t  low, high, middle;

    low = 0;
    high = catalog->ntypes;

    while (low < high) {

        middle = low + (high - low) / 2;
        order = secops_catalog_compare(name, catalog->types[middle].name);

        if (order == 0) {
            return &catalog->types[middle];
        }

        if (order < 0) {
            high = middle;

        } else {
            low = middle + 1;
        }
    }

    return NULL;
}


const secops_catalog_category_t *
secops_catalog_category(const secops_catalog_t *catalog, secops_slice_t name)
{
    size_t  i;

    for (i = 0; i < catalog->ncategories; i++) {
        if (secops_catalog_compare(name, catalog->categories[i].name) == 0) {
            return &catalog->categories[i];
        }
    }

    return NULL;
}


int
secops_catalog_init(secops_catalog_t *catalog, secops_schema_error_t *error)
{
    const secops_definition_t  *definition;

    memset(catalog, 0, sizeof(secops_catalog_t));

    if (secops_catalog_compile_meta(catalog, error) != 0) {
        return -1;
    }

    for (definition = secops_definitions; definition->kind; definition++) {
        if (secops_catalog_add_built_in(catalog, definition, error) != 0) {
            return -1;
        }
    }

    return 0;
}


static int
secops_catalog_compile_meta(secops_catalog_t *catalog,
    secops_schema_error_t *error)
{
    int                         i;
    const secops_definition_t  *definition;

    static const char *const  names[] = { "integration", "job-categories" };

    for (definition = secops_definitions; definition->kind; definition++) {

        if (strcmp(definition->kind, SECOPS_CATALOG_META) != 0) {
            continue;
        }

        for (i = 0; i < 2; i++) {

            if (strcmp(definition->name, names[i]) != 0) {
                continue;
            }

            catalog->meta[i] = secops_schema_compile(definition->data,
                                                     definition->len, error);
            if (catalog->meta[i] == NULL) {
                return -1;
            }
        }
    }

    return 0;
}


/* of what else is compiled in, others make use */

static int
secops_catalog_add_built_in(secops_catalog_t *catalog,
    const secops_definition_t *definition, secops_schema_error_t *error)
{
    secops_slice_t  name;

    if (strcmp(definition->kind, SECOPS_CATALOG_TYPES) == 0) {

        name = secops_slice_of(definition->name);

        return secops_catalog_add_type(catalog, name, definition->data,
                                       definition->len, error);
    }

    if (definition->kind[0] == '\0'
        && strcmp(definition->name, SECOPS_CATALOG_JOBS) == 0)
    {
        return secops_catalog_set_categories(catalog, definition->data,
                                             definition->len, error);
    }

    return 0;
}


int
secops_catalog_complete(secops_catalog_t *catalog,
    secops_schema_error_t *error)
{
    int  i;

    for (i = 0; i < 2; i++) {
        secops_schema_free(catalog->meta[i]);
        catalog->meta[i] = NULL;
    }

    if (catalog->ntypes) {
        qsort(catalog->types, catalog->ntypes, sizeof(secops_catalog_type_t),
              secops_catalog_order);
    }

    if (secops_catalog_check_types(catalog, error) != 0) {
        return -1;
    }

    return secops_catalog_check_categories(catalog, error);
}


static int
secops_catalog_order(const void *one, const void *two)
{
    int                           order;
    const secops_catalog_type_t  *first = one, *second = two;

    order = secops_catalog_compare(first->name, second->name);

    if (order != 0) {
        return order;
    }

    /* two of one name are refused, always with the same sentence */

    return strcmp((const char *) first->file.data,
                  (const char *) second->file.data);
}


static int
secops_catalog_check_types(const secops_catalog_t *catalog,
    secops_schema_error_t *error)
{
    size_t                        i, j;
    const char                   *what, *pointer;
    const secops_catalog_type_t  *one, *two;

    for (i = 1; i < catalog->ntypes; i++) {

        for (j = 0; j < i; j++) {

            one = &catalog->types[j];
            two = &catalog->types[i];

            if (one->id == two->id) {
                what = "x-id";
                pointer = "/x-id";

            } else if (secops_catalog_compare(one->name, two->name) == 0) {
                what = "title";
                pointer = "/title";

            } else {
                continue;
            }

            return secops_schema_error(error, pointer,
                                       "integration types \"%.60s\" and "
                                       "\"%.60s\" have the same \"%s\"",
                                       one->file.data, two->file.data, what);
        }
    }

    return 0;
}


static int
secops_catalog_check_categories(secops_catalog_t *catalog,
    secops_schema_error_t *error)
{
    char                        pointer[SECOPS_CATALOG_PLACE];
    size_t                      i, j;
    secops_catalog_category_t  *one, *two;

    for (i = 0; i < catalog->ncategories; i++) {

        one = &catalog->categories[i];

        for (j = 0; j < i; j++) {

            two = &catalog->categories[j];

            if (one->id != two->id
                && secops_catalog_compare(one->name, two->name) != 0)
            {
                continue;
            }

            (void) snprintf(pointer, sizeof(pointer), "/categories/%zu", i);

            return secops_schema_error(error, pointer,
                                       "job category \"%.60s\" has the \"%s\""
                                       " of another", one->name.data,
                                       one->id == two->id ? "x-id" : "title");
        }

        if (secops_catalog_check_labels(one, i, error) != 0
            || secops_catalog_find_processors(catalog, one, i, error) != 0)
        {
            return -1;
        }
    }

    return 0;
}


static int
secops_catalog_check_labels(const secops_catalog_category_t *category,
    size_t i, secops_schema_error_t *error)
{
    char         pointer[SECOPS_CATALOG_PLACE];
    size_t       j, k;
    const char  *one, *two;

    for (j = 1; j < json_array_size(category->labels); j++) {

        one = json_string_value(json_object_get(
                  json_array_get(category->labels, j), "name"));

        for (k = 0; k < j; k++) {

            two = json_string_value(json_object_get(
                      json_array_get(category->labels, k), "name"));

            if (strcmp(one, two) != 0) {
                continue;
            }

            (void) snprintf(pointer, sizeof(pointer),
                            "/categories/%zu/labels/%zu/name", i, j);

            return secops_schema_error(error, pointer,
                                       "job category \"%.60s\" has the label "
                                       "\"%.60s\" twice",
                                       category->name.data, one);
        }
    }

    return 0;
}


static int
secops_catalog_find_processors(const secops_catalog_t *catalog,
    secops_catalog_category_t *category, size_t i,
    secops_schema_error_t *error)
{
    char                          pointer[SECOPS_CATALOG_PLACE];
    size_t                        j;
    json_t                       *value;
    const json_t                 *names;
    secops_slice_t                name;
    const secops_catalog_type_t  *type;

    names = json_object_get(category->json, "processors");

    category->nprocessors = 0;
    category->processors = calloc(json_array_size(names) + 1,
                                  sizeof(secops_catalog_type_t *));

    if (category->processors == NULL) {
        return secops_schema_error(error, "", "no memory");
    }

    json_array_foreach(names, j, value) {

        name.len = json_string_length(value);
        name.data = (const unsigned char *) json_string_value(value);

        type = secops_catalog_type(catalog, name);

        if (type == NULL || type->creatable
            || !secops_catalog_supports(type, SECOPS_CATALOG_PROCESSOR))
        {
            (void) snprintf(pointer, sizeof(pointer),
                            "/categories/%zu/processors/%zu", i, j);

            return secops_schema_error(error, pointer,
                                       "\"%.80s\" is no integration type with"
                                       " the role processor and "
                                       "\"x-creatable\": false", name.data);
        }

        category->processors[category->nprocessors++] = type;
    }

    return 0;
}


void
secops_catalog_free(secops_catalog_t *catalog)
{
    size_t  i;

    for (i = 0; i < 2; i++) {
        secops_schema_free(catalog->meta[i]);
    }

    for (i = 0; i < catalog->ntypes; i++) {
        secops_catalog_free_type(&catalog->types[i]);
    }

    secops_catalog_free_categories(catalog);

    free(catalog->types);

    memset(catalog, 0, sizeof(secops_catalog_t));
}


/* as strcmp() and memcmp() return, without regard to ASCII letter case */

static int
secops_catalog_compare(secops_slice_t one, secops_slice_t two)
{
    size_t         i;
    unsigned char  a, b;

    for (i = 0; i < one.len && i < two.len; i++) {

        a = one.data[i];
        b = two.data[i];

        a |= (a >= 'A' && a <= 'Z') ? 0x20 : 0;
        b |= (b >= 'A' && b <= 'Z') ? 0x20 : 0;

        if (a != b) {
            return a < b ? -1 : 1;
        }
    }

    return one.len == two.len ? 0 : one.len < two.len ? -1 : 1;
}
