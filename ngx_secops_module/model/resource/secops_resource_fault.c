
/* What is wrong with resources; see secops_resource.h. */

#include "model/resource/secops_resource.h"


void
secops_resource_fault(secops_faults_t *faults, secops_error_e error,
    const secops_resource_set_t *set, const secops_resource_t *resource,
    const char *where, const char *message)
{
    secops_resource_fault_at(faults, error, set, resource,
                             secops_slice_of(where), secops_slice_of(message));
}


void
secops_resource_fault_at(secops_faults_t *faults, secops_error_e error,
    const secops_resource_set_t *set, const secops_resource_t *resource,
    secops_slice_t where, secops_slice_t message)
{
    secops_text_t   pointer;
    secops_fault_t  fault;

    memset(&pointer, 0, sizeof(secops_text_t));
    memset(&fault, 0, sizeof(secops_fault_t));

    if (resource) {
        secops_text_append_string(&pointer, set->prefix);
        secops_faults_append_member(&pointer, resource->identifier);

        fault.about = secops_faults_cut(resource->identifier,
                                        SECOPS_RESOURCE_IDENTIFIER_MAX);
    }

    secops_faults_append_pointer(&pointer, where);

    fault.pointer = secops_text_slice(&pointer);
    fault.message = message;

    secops_faults_add(faults, error, &fault);

    if (pointer.failed) {
        faults->failed = 1;
    }

    secops_text_free(&pointer);
}
