
/* Roles; see secops_role.h. */

#include "identity/secops_role.h"


static int secops_role_separator(unsigned char c);


int
secops_role_listed(secops_slice_t list, secops_slice_t role)
{
    secops_slice_t        name;
    const unsigned char  *p, *last;

    if (role.len == 0 || list.len == 0) {
        return 0;
    }

    p = list.data;
    last = p + list.len;

    while (p < last) {

        if (secops_role_separator(*p)) {
            p++;
            continue;
        }

        name.data = p;

        while (p < last && !secops_role_separator(*p)) {
            p++;
        }

        name.len = p - name.data;

        if (secops_slice_equal(name, role)) {
            return 1;
        }
    }

    return 0;
}


static int
secops_role_separator(unsigned char c)
{
    return c == ',' || c == ' ' || c == '\t';
}


unsigned
secops_role_permissions(secops_slice_t list, const secops_roles_t *roles)
{
    unsigned  permissions;

    permissions = SECOPS_PERMISSION_NONE;

    if (secops_role_listed(list, roles->write)) {
        permissions = SECOPS_PERMISSION_READ | SECOPS_PERMISSION_WRITE;

    } else if (secops_role_listed(list, roles->read)) {
        permissions = SECOPS_PERMISSION_READ;
    }

    if (secops_role_listed(list, roles->admin)) {
        permissions |= SECOPS_PERMISSION_ADMIN;
    }

    return permissions;
}
