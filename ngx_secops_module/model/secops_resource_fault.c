
/* What is wrong with resources; see secops_resource.h. */

#include "model/secops_resource_value.h"
#include "util/secops_pointer.h"


void
secops_resource_fault(secops_resource_faults_t *faults, secops_error_e error,
    const secops_resource_set_t *set, const secops_resource_t *resource,
    const char *where, const char *message)
{
    secops_resource_fault_at(faults, error, set, resource,
                             secops_slice_of(where), secops_slice_of(message));
}


void
secops_resource_fault_at(secops_resource_faults_t *faults,
    secops_error_e error, const secops_resource_set_t *set,
    const secops_resource_t *resource, secops_slice_t where,
    secops_slice_t message)
{
    json_t         *fault;
    secops_text_t   pointer;

    if (faults->error == SECOPS_ERROR_NONE || error < faults->error) {
        faults->error = error;
    }

    if (faults->list == NULL) {
        faults->list = json_array();
    }

    if (json_array_size(faults->list) == SECOPS_RESOURCE_FAULTS_MAX) {
        return;
    }

    memset(&pointer, 0, sizeof(secops_text_t));

    if (resource) {
        secops_text_append_string(&pointer, set->prefix);
        secops_resource_pointer_append(&pointer, resource->identifier);
    }

    secops_text_append(&pointer, where);

    fault = json_object();

    if (pointer.failed
        || json_object_set_new(fault, "resource",
                               resource
                               ? secops_resource_string(resource->identifier)
                               : json_null())
           != 0
        || json_object_set_new(fault, "pointer",
                               secops_resource_string(
                                   secops_text_slice(&pointer)))
           != 0
        || json_object_set_new(fault, "message",
                               secops_resource_string(message))
           != 0)
    {
        faults->failed = 1;
        json_decref(fault);

    } else if (json_array_append_new(faults->list, fault) != 0) {
        faults->failed = 1;
    }

    secops_text_free(&pointer);
}


/* RFC 6901 */

void
secops_resource_pointer_append(secops_text_t *pointer, secops_slice_t name)
{
    size_t          i, begin;
    const char     *escape;
    secops_slice_t  part;

    secops_text_append_string(pointer, "/");

    begin = 0;

    for (i = 0; i <= name.len; i++) {

        escape = i < name.len ? secops_pointer_escape(name.data[i]) : "";

        if (escape == NULL) {
            continue;
        }

        part.len = i - begin;
        part.data = name.data + begin;

        secops_text_append(pointer, part);
        secops_text_append_string(pointer, escape);

        begin = i + 1;
    }
}


void
secops_resource_faults_free(secops_resource_faults_t *faults)
{
    json_decref(faults->list);

    memset(faults, 0, sizeof(secops_resource_faults_t));
}
