
/* The query string of the Resources API; see secops_resource.h. */

#include "model/resource/secops_resource.h"
#include "util/secops_text.h"


typedef enum {
    SECOPS_RESOURCE_QUERY_TYPE = 0,
    SECOPS_RESOURCE_QUERY_TITLE,
    SECOPS_RESOURCE_QUERY_ID,
    SECOPS_RESOURCE_QUERY_OVERWRITE,

    SECOPS_RESOURCE_QUERY_PARAMETERS
} secops_resource_parameter_e;


static int secops_resource_parameter(secops_slice_t name);
static const char *secops_resource_query_set(secops_resource_query_t *query,
    int parameter, secops_slice_t value);


static const secops_slice_t
    secops_resource_parameters[SECOPS_RESOURCE_QUERY_PARAMETERS] = {
    secops_slice("resource_type"),
    secops_slice("title"),
    secops_slice("id"),
    secops_slice("overwrite")
};


/* a parameter that is there without a value counts as not there */

int
secops_resource_read_query(secops_resource_query_t *query,
    secops_slice_t args, unsigned char *buffer,
    secops_resource_faults_t *faults)
{
    int             parameter;
    unsigned        given;
    const char     *message;
    secops_slice_t  name, value;

    memset(query, 0, sizeof(secops_resource_query_t));

    query->type = -1;
    query->overwrite = -1;

    given = 0;

    while (secops_text_query_next(&args, &name, &value)) {

        name.len = secops_text_form_decode(buffer, name) - buffer;
        name.data = buffer;

        parameter = secops_resource_parameter(name);

        if (parameter < 0 || value.len == 0) {
            continue;
        }

        value.len = secops_text_form_decode(buffer, value) - buffer;
        value.data = buffer;
        buffer += value.len;

        message = (given & 1U << parameter)
                  ? "is given more than once"
                  : secops_resource_query_set(query, parameter, value);

        given |= 1U << parameter;

        if (message) {
            secops_resource_fault(faults, SECOPS_ERROR_RESOURCES, NULL, NULL,
                                  (const char *)
                                  secops_resource_parameters[parameter].data,
                                  message);
        }
    }

    if (query->title.len && query->id.len) {
        secops_resource_fault(faults, SECOPS_ERROR_RESOURCES, NULL, NULL, "id",
                              "excludes the parameter title");
    }

    return faults->error == SECOPS_ERROR_NONE ? 0 : -1;
}


static int
secops_resource_parameter(secops_slice_t name)
{
    int  i;

    for (i = 0; i < SECOPS_RESOURCE_QUERY_PARAMETERS; i++) {
        if (secops_slice_equal(name, secops_resource_parameters[i])) {
            return i;
        }
    }

    return -1;
}


/* NULL, or what is wrong with the value */

static const char *
secops_resource_query_set(secops_resource_query_t *query, int parameter,
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
