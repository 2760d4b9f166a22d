
/* Query strings; see secops_catalog_query.h. */

#include "model/catalog/secops_catalog_query.h"
#include "model/catalog/secops_catalog_view.h"
#include "util/secops_query.h"
#include "util/secops_text.h"


/* the bits of SECOPS_CATALOG_QUERY_* by number */

typedef enum {
    SECOPS_CATALOG_PARAMETER_TYPE = 0,
    SECOPS_CATALOG_PARAMETER_ROLE,
    SECOPS_CATALOG_PARAMETER_CATEGORY
} secops_catalog_parameter_e;


static void secops_catalog_query_set(secops_catalog_query_t *query,
    const secops_catalog_t *catalog, const secops_query_name_t *parameter,
    secops_slice_t value, secops_faults_t *faults);
static void secops_catalog_query_role(const secops_catalog_query_t *query,
    secops_faults_t *faults);
static void secops_catalog_query_list(secops_text_t *text, unsigned roles);


/* both names of the type are in use among clients */

static const secops_query_name_t  secops_catalog_parameters[] = {
    { "integration_type", SECOPS_CATALOG_PARAMETER_TYPE },
    { "type", SECOPS_CATALOG_PARAMETER_TYPE },
    { "role", SECOPS_CATALOG_PARAMETER_ROLE },
    { "category", SECOPS_CATALOG_PARAMETER_CATEGORY },
    { NULL, 0 }
};

static const secops_query_rules_t  secops_catalog_query_rules = {
    secops_catalog_parameters, .unknown = 0, .empty = 0, .twice = 1
};


int
secops_catalog_read_query(secops_catalog_query_t *query,
    const secops_catalog_t *catalog, unsigned parameters, secops_slice_t args,
    unsigned char *buffer, secops_faults_t *faults)
{
    secops_query_t         reader;
    secops_query_status_e  status;

    query->type = NULL;
    query->role = SECOPS_CATALOG_ANY_ROLE;
    query->category = NULL;

    secops_query_begin(&reader, &secops_catalog_query_rules, args, buffer);

    while ((status = secops_query_next(&reader)) != SECOPS_QUERY_END) {

        if (!(parameters & 1U << reader.name->id)) {
            continue;
        }

        if (status == SECOPS_QUERY_TWICE) {
            secops_faults_tell(faults, SECOPS_ERROR_RESOURCES,
                               secops_slice_of(reader.name->name),
                               secops_slice_of("is given more than once"));
            continue;
        }

        secops_catalog_query_set(query, catalog, reader.name, reader.value,
                                 faults);
    }

    if (query->type && query->role != SECOPS_CATALOG_ANY_ROLE
        && !secops_catalog_supports(query->type, query->role))
    {
        secops_catalog_query_role(query, faults);
    }

    return faults->error == SECOPS_ERROR_NONE && !faults->failed ? 0 : -1;
}


static void
secops_catalog_query_set(secops_catalog_query_t *query,
    const secops_catalog_t *catalog, const secops_query_name_t *parameter,
    secops_slice_t value, secops_faults_t *faults)
{
    secops_text_t   message;
    secops_slice_t  name;

    name = secops_slice_of(parameter->name);

    switch (parameter->id) {

    case SECOPS_CATALOG_PARAMETER_TYPE:
        query->type = secops_catalog_type(catalog, value);

        if (query->type == NULL) {
            secops_faults_tell(faults, SECOPS_ERROR_NO_RESOURCE, name,
                               secops_slice_of("names no integration type"));
        }

        return;

    case SECOPS_CATALOG_PARAMETER_CATEGORY:
        query->category = secops_catalog_category(catalog, value);

        if (query->category == NULL) {
            secops_faults_tell(faults, SECOPS_ERROR_NO_RESOURCE, name,
                               secops_slice_of("names no job category"));
        }

        return;

    default: /* SECOPS_CATALOG_PARAMETER_ROLE */
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

    secops_faults_tell(faults, SECOPS_ERROR_RESOURCES, name,
                       secops_text_slice(&message));

    secops_text_free(&message);
}


static void
secops_catalog_query_role(const secops_catalog_query_t *query,
    secops_faults_t *faults)
{
    secops_text_t  message;

    memset(&message, 0, sizeof(secops_text_t));

    secops_text_append_string(&message, "is no role of ");
    secops_text_append(&message, query->type->name);
    secops_text_append_string(&message, ", which has ");
    secops_catalog_query_list(&message, query->type->roles);

    secops_faults_tell(faults, SECOPS_ERROR_NO_RESOURCE,
                       secops_slice_of("role"), secops_text_slice(&message));

    secops_text_free(&message);
}


static void
secops_catalog_query_list(secops_text_t *text, unsigned roles)
{
    int  role, n;

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
}
