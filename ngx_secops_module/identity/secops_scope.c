
/* Scopes; see secops_scope.h. */

#include "identity/secops_scope.h"


/* in the order of their bits */

static const secops_slice_t  secops_scope_names[SECOPS_SCOPES] = {
    secops_slice("read:resources"),
    secops_slice("write:resources"),
    secops_slice("delete:resources"),
    secops_slice("execute:job_operations")
};


secops_slice_t
secops_scope_name(unsigned i)
{
    return secops_scope_names[i];
}


unsigned
secops_scope(secops_slice_t name)
{
    unsigned  i;

    for (i = 0; i < SECOPS_SCOPES; i++) {
        if (secops_slice_equal(name, secops_scope_names[i])) {
            return 1U << i;
        }
    }

    return SECOPS_SCOPE_NONE;
}
