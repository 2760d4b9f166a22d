
/* Roles; see secops_role.h. */

#include "identity/secops_role.h"
#include "util/secops_list.h"


unsigned
secops_role_permissions(secops_slice_t list, const secops_roles_t *roles)
{
    unsigned  permissions;

    permissions = SECOPS_PERMISSION_NONE;

    if (secops_list_has(list, roles->write)) {
        permissions = SECOPS_PERMISSION_READ | SECOPS_PERMISSION_WRITE;

    } else if (secops_list_has(list, roles->read)) {
        permissions = SECOPS_PERMISSION_READ;
    }

    if (secops_list_has(list, roles->admin)) {
        permissions |= SECOPS_PERMISSION_ADMIN;
    }

    return permissions;
}
