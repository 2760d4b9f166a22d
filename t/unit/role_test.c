
/* Roles: names are compared whole, whatever stands between them. */

#include "identity/secops_role.h"
#include "util/secops_list.h"
#include "secops_tap.h"


typedef struct {
    secops_slice_t  list;
    secops_slice_t  role;
    int             listed;
    const char     *name;
} role_case_t;


static const role_case_t  role_cases[] = {
    { secops_slice("a"), secops_slice("a"), 1, "the only role" },
    { secops_slice("a,b"), secops_slice("a"), 1, "the first of two" },
    { secops_slice("a,b"), secops_slice("b"), 1, "the last of two" },
    { secops_slice("a b\tc"), secops_slice("b"), 1, "one in the middle" },
    { secops_slice("a, b"), secops_slice("b"), 1, "after a comma and a space" },
    { secops_slice(" ,\t a \t, "), secops_slice("a"), 1,
      "among separators of all kinds" },
    { secops_slice("ab a"), secops_slice("a"), 1,
      "after one that begins with it" },

    { secops_slice(""), secops_slice("a"), 0, "no list" },
    { secops_slice(" ,\t"), secops_slice("a"), 0, "nothing but separators" },
    { secops_slice("ab"), secops_slice("a"), 0, "a beginning" },
    { secops_slice("ba"), secops_slice("a"), 0, "an end" },
    { secops_slice("bab"), secops_slice("a"), 0, "a middle" },
    { secops_slice("a"), secops_slice("ab"), 0, "a role that is longer" },
    { secops_slice("A"), secops_slice("a"), 0, "other letters" },
    { secops_slice("a.b"), secops_slice("a"), 0, "a part before a dot" },
    { secops_slice("a;b"), secops_slice("a"), 0, "another separator" },
    { secops_slice("a\nb"), secops_slice("a"), 0, "a line feed" },
    { secops_slice("a\0b"), secops_slice("a"), 0, "a NUL" },
    { secops_slice("a,b"), secops_slice("a,b"), 0,
      "a role with a separator in it" },
    { secops_slice("a,,b"), secops_slice(""), 0, "an empty role" },
    { secops_slice(""), secops_slice(""), 0, "an empty role, no list" }
};


int
main(void)
{
    size_t                i;
    char                  names[16];
    size_t                n;
    secops_slice_t        none, nowhere, list, name;
    const role_case_t    *c;
    const secops_slice_t  r = secops_slice("x,r"), w = secops_slice("w");
    const secops_slice_t  both = secops_slice("r w"), x = secops_slice("rw");
    const secops_slice_t  a = secops_slice("a"), all = secops_slice("a,w");
    const secops_roles_t  roles = {
        secops_slice("r"), secops_slice("w"), secops_slice("a")
    };
    const secops_roles_t  unnamed = {
        secops_slice(""), secops_slice(""), secops_slice("")
    };

    for (i = 0; i < sizeof(role_cases) / sizeof(role_case_t); i++) {
        c = &role_cases[i];
        is_int(secops_list_has(c->list, c->role), c->listed, c->name);
    }

    nowhere.len = 0;
    nowhere.data = NULL;
    none = (secops_slice_t) secops_slice("");

    is_int(secops_list_has(nowhere, roles.read), 0, "a list that is NULL");

    list = (secops_slice_t) secops_slice(" ,a,\tbc, d ");
    n = 0;

    while (secops_list_next(&list, &name)) {
        memcpy(names + n, name.data, name.len);
        n += name.len;
        names[n++] = ';';
    }

    is_str(names, n, "a;bc;d;", "the names of a list, one by one");
    is_int(secops_list_next(&nowhere, &name), 0, "... of none, none");

    is_int(secops_role_permissions(r, &roles), SECOPS_PERMISSION_READ,
           "the read role may read");
    is_int(secops_role_permissions(w, &roles),
           SECOPS_PERMISSION_READ | SECOPS_PERMISSION_WRITE,
           "the write role may write and read");
    is_int(secops_role_permissions(both, &roles),
           SECOPS_PERMISSION_READ | SECOPS_PERMISSION_WRITE,
           "who has both may write");
    is_int(secops_role_permissions(x, &roles), SECOPS_PERMISSION_NONE,
           "who has neither may nothing");
    is_int(secops_role_permissions(none, &roles), SECOPS_PERMISSION_NONE,
           "who has no role may nothing");
    is_int(secops_role_permissions(none, &unnamed), SECOPS_PERMISSION_NONE,
           "roles that are empty give nothing to anybody");

    is_int(secops_role_permissions(a, &roles), SECOPS_PERMISSION_ADMIN,
           "an administrator may neither read nor write for that alone");
    is_int(secops_role_permissions(all, &roles),
           SECOPS_PERMISSION_READ | SECOPS_PERMISSION_WRITE
           | SECOPS_PERMISSION_ADMIN,
           "... but with the write role as well");

    return tap_done();
}
