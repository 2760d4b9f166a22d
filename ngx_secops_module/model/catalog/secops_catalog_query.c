
/* Query strings; see secops_catalog_query.h. */

#include "model/catalog/secops_catalog_query.h"
#include "model/catalog/secops_catalog_view.h"
#include "util/secops_text.h"


typedef struct {
    secops_slice_t  name;
    unsigned        parameter;
} secops_catalog_parameter_t;


static const secops_catalog_parameter_t *secops_catalog_parameter(
    secops_slice_t name, unsigned parameters);
static void secops_catalog_query_set(secops_catalog_query_t *query,
    const secops_catalog_t *catalog,
    const secops_catalog_parameter_t *parameter, secops_slice_t value,
    secops_resource_faults_t *faults);
static void secops_catalog_query_role(const secops_catalog_query_t *query,
    secops_resource_faults_t *faults);
static void secops_catalog_query_list(secops_text_t *text, unsigned roles);


/* both names of the type are in use among clients */

static const secops_catalog_parameter_t  secops_catalog_parameters[] = {
    { secops_slice("integration_type"), SECOPS_CATALOG_QUERY_TYPE },
    { secops_slice("type"), SECOPS_CATALOG_QUERY_TYPE },
    { secops_slice("role"), SECOPS_CATALOG_QUERY_ROLE },
    { secops_slice("category"), SECOPS_CATALOG_QUERY_CATEGORY },
    { secops_slice(""), 0 }
};


int
secops_catalog_read_query(secops_catalog_query_t *query,
    const secops_catalog_t *catalog, unsigned parameters, secops_slice_t args,
    unsigned char *buffer, secops_resource_faults_t *faults)
{
    unsigned                           given;
    secops_slice_t                     name, value;
    const secops_catalog_parameter_t  *parameter;

    query->type = NULL;
    query->role = SECOPS_CATALOG_ANY_ROLE;
    query->category = NULL;

    given = 0;

    while (secops_text_query_next(&args, &name, &value)) {

        name.len = secops_text_form_decode(buffer, name) - buffer;
        name.data = buffer;

        parameter = secops_catalog_parameter(name, parameters);

        if (parameter == NULL || value.len == 0) {
            continue;
        }

        value.len = secops_text_form_decode(buffer, value) - buffer;
        value.data = buffer;

        if (given & parameter->parameter) {
            secops_resource_fault(faults, SECOPS_ERROR_RESOURCES, NULL, NULL,
                                  (const char *) parameter->name.data,
                                  "is given more than once");
            continue;
        }

        given |= parameter->parameter;

        secops_catalog_query_set(query, catalog, parameter, value, faults);
    }

    if (query->type && query->role != SECOPS_CATALOG_ANY_ROLE
        && !secops_catalog_supports(query->type, query->role))
    {
        secops_catalog_query_role(query, faults);
    }

    return faults->error == SECOPS_ERROR_NONE && !faults->failed ? 0 : -1;
}


static const secops_catalog_parameter_t *
secops_catalog_parameter(secops_slice_t name, unsigned parameters)
{
    const secops_catalog_parameter_t  *parameter;

    for (parameter = secops_catalog_parameters;
         parameter->parameter;
         parameter++)
    {
        if ((parameter->parameter & parameters)
            && secops_slice_equal(name, parameter->name))
        {
            return parameter;
        }
    }

    return NULL;
}


static void
secops_catalog_query_set(secops_catalog_query_t *query,
    const secops_catalog_t *catalog,
    const secops_catalog_parameter_t *parameter, secops_slice_t value,
    secops_resource_faults_t *faults)
{
    const char     *name;
    secops_text_t   message;

    name = (const char *) parameter->name.data;

    switch (parameter->parameter) {

    case SECOPS_CATALOG_QUERY_TYPE:
        query->type = secops_catalog_type(catalog, value);

        if (query->type == NULL) {
            secops_resource_fault(faults, SECOPS_ERROR_NO_RESOURCE, NULL, NULL,
                                  name, "names no integration type");
        }

        return;

    case SECOPS_CATALOG_QUERY_CATEGORY:
        query->category = secops_catalog_category(catalog, value);

        if (query->category == NULL) {
            secops_resource_fault(faults, SECOPS_ERROR_NO_RESOURCE, NULL, NULL,
                                  name, "names no job category");
        }

        return;

    default: /* SECOPS_CATALOG_QUERY_ROLE */
        break;
    }

    query->role = secops_catalog_role(value);

    if (query->role >= 0) {
        return;
    }

    query->role = SECOPS_CATALOG_ANY_ROLE;

    memset(&message, 0, sizeof(secops_text_t));

    secops_text_append_string(&message, "must be one of ");
    secops_catalog_query_list(&message, (1u << SECOPS_CATALOG_ROLES) - 1);

    secops_resource_fault(faults, SECOPS_ERROR_RESOURCES, NULL, NULL, name,
                          message.failed ? "" : (char *) message.data);

    secops_text_free(&message);
}


static void
secops_catalog_query_role(const secops_catalog_query_t *query,
    secops_resource_faults_t *faults)
{
    secops_text_t  message;

    memset(&message, 0, sizeof(secops_text_t));

    secops_text_append_string(&message, "is no role of ");
    secops_text_append(&message, query->type->name);
    secops_text_append_string(&message, ", which has ");
    secops_catalog_query_list(&message, query->type->roles);

    secops_resource_fault(faults, SECOPS_ERROR_NO_RESOURCE, NULL, NULL, "role",
                          message.failed ? "" : (char *) message.data);

    secops_text_free(&message);
}


/* ends with a NUL, which is no part of the text */

static void
secops_catalog_query_list(secops_text_t *text, unsigned roles)
{
    int                          role, n;
    static const secops_slice_t  end = { 1, (const unsigned char *) "" };

    n = 0;

    for (role = 0; role < SECOPS_CATALOG_ROLES; role++) {

        if (!(roles & 1u << role)) {
            continue;
        }

        if (n++) {
            secops_text_append_string(text, ", ");
        }

        secops_text_append(text, secops_catalog_role_name(role));
    }

    secops_text_append(text, end);
}
