
/* Lists of names; see secops_list.h. */

#include "util/secops_list.h"


static int secops_list_is_separator(unsigned char c);


int
secops_list_has(secops_slice_t list, secops_slice_t name)
{
    secops_slice_t  one;

    if (name.len == 0) {
        return 0;
    }

    while (secops_list_next(&list, &one)) {

        if (secops_slice_equal(one, name)) {
            return 1;
        }
    }

    return 0;
}


int
secops_list_next(secops_slice_t *rest, secops_slice_t *name)
{
    while (rest->len && secops_list_is_separator(*rest->data)) {
        rest->data++;
        rest->len--;
    }

    name->data = rest->data;

    while (rest->len && !secops_list_is_separator(*rest->data)) {
        rest->data++;
        rest->len--;
    }

    name->len = rest->data - name->data;

    return name->len > 0;
}


static int
secops_list_is_separator(unsigned char c)
{
    return c == ',' || c == ' ' || c == '\t';
}
