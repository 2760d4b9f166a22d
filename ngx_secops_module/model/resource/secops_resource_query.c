
/* The query string of the Resources API; see secops_resource.h. */

#include "model/resource/secops_resource.h"
#include "util/secops_query.h"
#include "util/secops_text.h"


typedef enum {
    SECOPS_RESOURCE_QUERY_TYPE = 0,
    SECOPS_RESOURCE_QUERY_TITLE,
    SECOPS_RESOURCE_QUERY_ID,
    SECOPS_RESOURCE_QUERY_OVERWRITE
} secops_resource_parameter_e;


static const char *secops_resource_query_set(secops_resource_query_t *query,
    unsigned parameter, secops_slice_t value);


static const secops_query_name_t  secops_resource_parameters[] = {
    { "resource_type", SECOPS_RESOURCE_QUERY_TYPE },
    { "title", SECOPS_RESOURCE_QUERY_TITLE },
    { "id", SECOPS_RESOURCE_QUERY_ID },
    { "overwrite", SECOPS_RESOURCE_QUERY_OVERWRITE },
    { NULL, 0 }
};


/* a parameter that is there without a value counts as not there */

static const secops_query_rules_t  secops_resource_query_rules = {
    secops_resource_parameters, .unknown = 0, .empty = 0, .twice = 1
};


int
secops_resource_read_query(secops_resource_query_t *query,
    secops_slice_t args, unsigned char *buffer,
    secops_faults_t *faults)
{
    const char             *message;
    secops_query_t          reader;
    secops_query_status_e   status;

    memset(query, 0, sizeof(secops_resource_query_t));

    query->type = -1;
    query->overwrite = -1;

    secops_query_begin(&reader, &secops_resource_query_rules, args, buffer);

    while ((status = secops_query_next(&reader)) != SECOPS_QUERY_END) {

        message = (status == SECOPS_QUERY_TWICE)
                  ? "is given more than once"
                  : secops_resource_query_set(query, reader.name->id,
                                              reader.value);

        if (message) {
            secops_resource_fault(faults, SECOPS_ERROR_RESOURCES, NULL, NULL,
                                  reader.name->name, message);
        }
    }

    if (query->title.len && query->id.len) {
        secops_resource_fault(faults, SECOPS_ERROR_RESOURCES, NULL, NULL, "id",
                              "excludes the parameter title");
    }

    return faults->error == SECOPS_ERROR_NONE ? 0 : -1;
}


/* NULL, or what is wrong with the value */

static const char *
secops_resource_query_set(secops_resource_query_t *query, unsigned parameter,
    secops_slice_t value)
{
    switch (parameter) {

    case SECOPS_RESOURCE_QUERY_TYPE:
        query->type = secops_resource_type(value);
        return query->type < 0
               ? "must be api_key, integration or job" : NULL;

    case SECOPS_RESOURCE_QUERY_TITLE:
        query->title = value;
        return NULL;

    case SECOPS_RESOURCE_QUERY_ID:
        query->id = value;
        return NULL;

    default: /* SECOPS_RESOURCE_QUERY_OVERWRITE */
        query->overwrite = secops_text_boolean(value);
        return query->overwrite < 0 ? "must be true or false" : NULL;
    }
}
