
/* A document of resources, read to its end: all steps in a row. */

#ifndef _RESOURCE_READ_H_INCLUDED_
#define _RESOURCE_READ_H_INCLUDED_


#include "model/resource/secops_resource.h"


static inline int
read_all(secops_resource_set_t *set, const secops_resource_model_t *model,
    const secops_json_t *json, size_t max, secops_faults_t *faults)
{
    int  rc;

    if (secops_resource_read_begin(set, model, json, max, faults) != 0) {
        return -1;
    }

    do {
        rc = secops_resource_read_step(set, json);
    } while (rc == SECOPS_RESOURCE_BUSY);

    return rc;
}


#endif /* _RESOURCE_READ_H_INCLUDED_ */
