
/*
 * Roles: which permissions a list of role names gives.  Pure C.
 */

#ifndef _SECOPS_ROLE_H_INCLUDED_
#define _SECOPS_ROLE_H_INCLUDED_


#include "util/secops_slice.h"


#define SECOPS_PERMISSION_NONE    0x00
#define SECOPS_PERMISSION_READ    0x01
#define SECOPS_PERMISSION_WRITE   0x02
#define SECOPS_PERMISSION_ADMIN   0x04


/* the names that stand for the permissions; borrowed */

typedef struct {
    secops_slice_t  read;
    secops_slice_t  write;
    secops_slice_t  admin;
} secops_roles_t;


/* the permissions that a list of roles gives, as secops_list_has() reads it: a
   writer may read, and an administrator may do neither for that reason alone */

unsigned secops_role_permissions(secops_slice_t list,
    const secops_roles_t *roles);


#endif /* _SECOPS_ROLE_H_INCLUDED_ */
