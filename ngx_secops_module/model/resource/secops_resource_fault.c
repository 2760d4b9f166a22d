
/* What is wrong with resources; see secops_resource.h. */

#include "model/resource/secops_resource_value.h"
#include "util/secops_pointer.h"


/* an answer has each fault as one of "errors", as one of "reason_details" and
   in "detail"; and what of that is the same for all */

#define SECOPS_RESOURCE_FAULT_TOLD   3
#define SECOPS_RESOURCE_FAULT_FRAME  64


static int secops_resource_fault_add(secops_resource_faults_t *faults,
    const secops_resource_t *resource, secops_slice_t pointer,
    secops_slice_t message);


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
    secops_text_t  pointer;

    if (faults->error == SECOPS_ERROR_NONE || error < faults->error) {
        faults->error = error;
    }

    if (secops_resource_faults_full(faults)) {
        faults->budget.more = 1;
        return;
    }

    memset(&pointer, 0, sizeof(secops_text_t));

    if (resource) {
        secops_text_append_string(&pointer, set->prefix);
        secops_resource_pointer_append(&pointer, resource->identifier);
    }

    secops_faults_append_pointer(&pointer, where);

    if (pointer.failed
        || secops_resource_fault_add(faults, resource,
                                     secops_text_slice(&pointer), message)
           != 0)
    {
        faults->failed = 1;
    }

    secops_text_free(&pointer);
}


/* 0: it was added, or there is no room for more; -1: no memory */

static int
secops_resource_fault_add(secops_resource_faults_t *faults,
    const secops_resource_t *resource, secops_slice_t pointer,
    secops_slice_t message)
{
    size_t          bytes;
    json_t         *fault;
    secops_slice_t  name;

    bytes = SECOPS_RESOURCE_FAULT_FRAME
            + SECOPS_RESOURCE_FAULT_TOLD * (secops_faults_size(pointer)
                                            + secops_faults_size(message));
    memset(&name, 0, sizeof(secops_slice_t));

    if (resource) {
        name = secops_faults_cut(resource->identifier,
                                 SECOPS_RESOURCE_IDENTIFIER_MAX);
        bytes += secops_faults_size(name);
    }

    if (secops_faults_take(&faults->budget, bytes) != 0) {
        return 0;
    }

    if (faults->list == NULL) {
        faults->list = json_array();
    }

    fault = json_object();

    if (json_object_set_new(fault, "resource",
                            resource ? secops_resource_string(name)
                                     : json_null())
        != 0
        || json_object_set_new(fault, "pointer",
                               secops_resource_string(pointer))
           != 0
        || json_object_set_new(fault, "message",
                               secops_resource_string(message))
           != 0)
    {
        json_decref(fault);
        return -1;
    }

    return json_array_append_new(faults->list, fault);
}


int
secops_resource_faults_full(const secops_resource_faults_t *faults)
{
    return faults->budget.more
           || json_array_size(faults->list) == SECOPS_RESOURCE_FAULTS_MAX;
}


/* RFC 6901 */

void
secops_resource_pointer_append(secops_text_t *pointer, secops_slice_t name)
{
    size_t          i, begin, len;
    const char     *escape;
    secops_slice_t  part;

    secops_text_append_string(pointer, "/");

    len = name.len;
    name = secops_faults_cut(name, SECOPS_FAULTS_NAME);
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

    if (name.len < len) {
        secops_text_append_string(pointer, "…");
    }
}


void
secops_resource_faults_free(secops_resource_faults_t *faults)
{
    json_decref(faults->list);

    memset(faults, 0, sizeof(secops_resource_faults_t));
}
