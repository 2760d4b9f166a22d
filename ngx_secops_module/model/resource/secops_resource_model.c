
/* Types of resources, and their schemas; see secops_resource.h. */

#include "model/secops_definitions.h"
#include "model/resource/secops_resource.h"


static const secops_slice_t  secops_resource_types[SECOPS_RESOURCE_TYPES] = {
    secops_slice("api_key"),
    secops_slice("integration"),
    secops_slice("job")
};


secops_slice_t
secops_resource_type_name(secops_resource_type_e type)
{
    return secops_resource_types[type];
}


const char *
secops_resource_title_member(secops_resource_type_e type)
{
    return type == SECOPS_RESOURCE_API_KEY ? "name" : "title";
}


int
secops_resource_type(secops_slice_t name)
{
    int  i;

    for (i = 0; i < SECOPS_RESOURCE_TYPES; i++) {
        if (secops_slice_equal(name, secops_resource_types[i])) {
            return i;
        }
    }

    return -1;
}


int
secops_resource_model_compile(secops_resource_model_t *model,
    const secops_catalog_t *catalog, secops_schema_error_t *error)
{
    int                         type;
    secops_slice_t              name;
    const secops_definition_t  *definition;

    memset(model, 0, sizeof(secops_resource_model_t));

    model->catalog = catalog;

    for (definition = secops_definitions; definition->kind; definition++) {

        name = secops_slice_of(definition->name);

        type = secops_resource_type(name);

        if (type < 0 || strcmp(definition->kind, "resources") != 0) {
            continue;
        }

        model->schemas[type] = secops_schema_compile(definition->data,
                                                     definition->len, error);

        if (model->schemas[type] == NULL) {
            secops_resource_model_free(model);
            return -1;
        }
    }

    return 0;
}


void
secops_resource_model_free(secops_resource_model_t *model)
{
    int  i;

    for (i = 0; i < SECOPS_RESOURCE_TYPES; i++) {
        secops_schema_free(model->schemas[i]);
        model->schemas[i] = NULL;
    }
}
