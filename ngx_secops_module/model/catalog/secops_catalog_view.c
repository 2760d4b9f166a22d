
/* What clients are told; see secops_catalog_view.h. */

#include "model/catalog/secops_catalog_internal.h"
#include "model/catalog/secops_catalog_view.h"


static int secops_catalog_view_put_schema(json_t *properties,
    const secops_catalog_type_t *type, int role);
static json_t *secops_catalog_view_entry(json_int_t id, secops_slice_t name,
    secops_slice_t description);
static json_t *secops_catalog_view_summary(const secops_catalog_type_t *type);
static json_t *secops_catalog_view_roles(const secops_catalog_type_t *type);
static json_t *secops_catalog_view_details(const secops_catalog_type_t *type);
static json_t *secops_catalog_view_parameters(
    const secops_catalog_schema_t *schema);
static json_t *secops_catalog_view_parameter(const json_t *parameter,
    int required);
static int secops_catalog_view_required(const json_t *schema,
    const char *name);
static json_t *secops_catalog_view_pipeline(const secops_catalog_type_t *type,
    int role);
static json_t *secops_catalog_view_list(const char *name, json_t *list);
static json_t *secops_catalog_view_string(secops_slice_t text);


/* what a role is for, for people */

static const char *const  secops_catalog_view_purposes[] = {
    "collects events",
    "adds what is known elsewhere to an event",
    "makes the decisions",
    "opens a case for an event",
    "acts once a decision was made",
    "stores events and decisions"
};


json_t *
secops_catalog_view_schema(const secops_catalog_t *catalog,
    const secops_catalog_type_t *type, int role)
{
    size_t   i;
    json_t  *schema, *properties;

    properties = json_object();

    for (i = 0; i < catalog->ntypes; i++) {

        if (type ? type != &catalog->types[i]
                 : role == SECOPS_CATALOG_ANY_ROLE
                   ? !catalog->types[i].creatable
                   : !secops_catalog_supports(&catalog->types[i], role))
        {
            continue;
        }

        if (secops_catalog_view_put_schema(properties, &catalog->types[i],
                                           role)
            != 0)
        {
            json_decref(properties);
            return NULL;
        }
    }

    schema = json_pack("{s:s, s:s, s:o, s:b}",
                       "$schema", "http://json-schema.org/draft-07/schema#",
                       "type", "object", "properties", properties,
                       "additionalProperties", 0);

    return schema;
}


/* the definition's schema under the type's own title */

static int
secops_catalog_view_put_schema(json_t *properties,
    const secops_catalog_type_t *type, int role)
{
    json_t                         *schema;
    const secops_catalog_schema_t  *source;

    source = role == SECOPS_CATALOG_ANY_ROLE ? &type->connection
                                             : &type->role[role];
    schema = json_object();

    /* what the schema says of itself goes before what the type says */

    if (json_object_set_new(schema, "title",
                            secops_catalog_view_string(type->name))
        != 0
        || json_object_set_new(schema, "description",
                               secops_catalog_view_string(type->description))
           != 0
        || json_object_update(schema, (json_t *) source->json) != 0)
    {
        json_decref(schema);
        return -1;
    }

    return json_object_set_new(properties, (const char *) type->name.data,
                               schema);
}


json_t *
secops_catalog_view_types(const secops_catalog_t *catalog, int role)
{
    size_t   i;
    json_t  *list;

    list = json_array();

    for (i = 0; i < catalog->ntypes; i++) {

        if (role != SECOPS_CATALOG_ANY_ROLE
            && !secops_catalog_supports(&catalog->types[i], role))
        {
            continue;
        }

        if (json_array_append_new(list,
                           secops_catalog_view_summary(&catalog->types[i]))
            != 0)
        {
            json_decref(list);
            return NULL;
        }
    }

    return secops_catalog_view_list("integration_types", list);
}


json_t *
secops_catalog_view_type(const secops_catalog_type_t *type, int role)
{
    json_t  *entry;

    entry = secops_catalog_view_summary(type);

    if (json_object_set_new(entry, "connection_parameters",
                            secops_catalog_view_parameters(&type->connection))
        != 0
        || json_object_set_new(entry, "pipeline_parameters",
                               secops_catalog_view_pipeline(type, role))
           != 0)
    {
        json_decref(entry);
        return NULL;
    }

    return entry;
}


json_t *
secops_catalog_view_categories(const secops_catalog_t *catalog)
{
    size_t                            i;
    json_t                           *list;
    const secops_catalog_category_t  *category;

    list = json_array();

    for (i = 0; i < catalog->ncategories; i++) {

        category = &catalog->categories[i];

        if (json_array_append_new(list,
                           secops_catalog_view_entry(category->id,
                                                     category->name,
                                                     category->description))
            != 0)
        {
            json_decref(list);
            return NULL;
        }
    }

    return secops_catalog_view_list("job_categories", list);
}


json_t *
secops_catalog_view_category(const secops_catalog_category_t *category)
{
    json_t  *entry, *processors;

    entry = secops_catalog_view_entry(category->id, category->name,
                                      category->description);

    processors = json_object_get(category->json, "processors");

    if (json_object_set_new(entry, "parameters",
                            secops_catalog_view_parameters(&category->job))
        != 0
        || json_object_set(entry, "default_labels",
                           (json_t *) category->labels)
           != 0
        || json_object_set(entry, "processors", processors) != 0)
    {
        json_decref(entry);
        return NULL;
    }

    return entry;
}


static json_t *
secops_catalog_view_entry(json_int_t id, secops_slice_t name,
    secops_slice_t description)
{
    return json_pack("{s:I, s:o, s:o}", "id", id,
                     "name", secops_catalog_view_string(name),
                     "description", secops_catalog_view_string(description));
}


static json_t *
secops_catalog_view_summary(const secops_catalog_type_t *type)
{
    json_t  *entry;

    entry = secops_catalog_view_entry(type->id, type->name,
                                      type->description);

    if (json_object_set_new(entry, "creatable", json_boolean(type->creatable))
        != 0
        || json_object_set_new(entry, "roles",
                               secops_catalog_view_roles(type))
           != 0
        || json_object_set_new(entry, "roles_details",
                               secops_catalog_view_details(type))
           != 0
        || json_object_set_new(entry, "pipeline_role_identifiers",
                               secops_catalog_view_roles(type))
           != 0)
    {
        json_decref(entry);
        return NULL;
    }

    return entry;
}


static json_t *
secops_catalog_view_roles(const secops_catalog_type_t *type)
{
    int      role;
    json_t  *list;

    list = json_array();

    for (role = 0; role < SECOPS_CATALOG_ROLES; role++) {

        if (secops_catalog_supports(type, role)
            && json_array_append_new(list,
                   secops_catalog_view_string(secops_catalog_role_name(role)))
               != 0)
        {
            json_decref(list);
            return NULL;
        }
    }

    return list;
}


static json_t *
secops_catalog_view_details(const secops_catalog_type_t *type)
{
    int             role;
    json_t         *list, *details;
    secops_slice_t  name, label;

    list = json_array();

    for (role = 0; role < SECOPS_CATALOG_ROLES; role++) {

        if (!secops_catalog_supports(type, role)) {
            continue;
        }

        name = secops_catalog_role_name(role);
        label = secops_catalog_role_label(role);

        details = json_pack("{s:o, s:o, s:s}",
                            "identifier", secops_catalog_view_string(name),
                            "name", secops_catalog_view_string(label),
                            "description", secops_catalog_view_purposes[role]);

        if (json_array_append_new(list, details) != 0) {
            json_decref(list);
            return NULL;
        }
    }

    return list;
}


static json_t *
secops_catalog_view_pipeline(const secops_catalog_type_t *type, int role)
{
    int          i;
    json_t      *pipeline;
    const char  *name;

    pipeline = json_object();

    for (i = 0; i < SECOPS_CATALOG_ROLES; i++) {

        if (!secops_catalog_supports(type, i)
            || (role != SECOPS_CATALOG_ANY_ROLE && role != i))
        {
            continue;
        }

        name = (const char *) secops_catalog_role_name(i).data;

        if (json_object_set_new(pipeline, name,
                              secops_catalog_view_parameters(&type->role[i]))
            != 0)
        {
            json_decref(pipeline);
            return NULL;
        }
    }

    return pipeline;
}


/* a table for people: each parameter's schema, and whether it is required */

static json_t *
secops_catalog_view_parameters(const secops_catalog_schema_t *schema)
{
    json_t      *parameters, *value;
    const char  *name;

    parameters = json_object();

    json_object_foreach(json_object_get(schema->json, "properties"), name,
                        value)
    {
        if (json_object_set_new(parameters, name,
                secops_catalog_view_parameter(value,
                    secops_catalog_view_required(schema->json, name)))
            != 0)
        {
            json_decref(parameters);
            return NULL;
        }
    }

    return parameters;
}


static json_t *
secops_catalog_view_parameter(const json_t *parameter, int required)
{
    json_t  *copy;

    /* a schema may be true or false */

    copy = json_is_object(parameter) ? json_copy((json_t *) parameter)
                                     : json_object();

    /* a copy that there was no memory for may lack members */

    if (json_object_size(copy) < json_object_size(parameter)) {
        json_decref(copy);
        return NULL;
    }

    if (json_object_set_new(copy, "required", json_boolean(required)) != 0) {
        json_decref(copy);
        return NULL;
    }

    return copy;
}


static int
secops_catalog_view_required(const json_t *schema, const char *name)
{
    size_t   i;
    json_t  *value;

    json_array_foreach(json_object_get(schema, "required"), i, value) {
        if (strcmp(json_string_value(value), name) == 0) {
            return 1;
        }
    }

    return 0;
}


/* takes over the list */

static json_t *
secops_catalog_view_list(const char *name, json_t *list)
{
    json_t  *object;

    object = json_object();

    if (json_object_set_new(object, name, list) != 0) {
        json_decref(object);
        return NULL;
    }

    return object;
}


static json_t *
secops_catalog_view_string(secops_slice_t text)
{
    return json_stringn((const char *) text.data, text.len);
}
