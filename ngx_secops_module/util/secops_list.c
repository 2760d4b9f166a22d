
/* Lists of names; see secops_list.h. */

#include "util/secops_list.h"


static int secops_list_is_separator(unsigned char c);


int
secops_list_has(secops_slice_t list, secops_slice_t name)
{
    secops_slice_t        one;
    const unsigned char  *p, *last;

    if (name.len == 0 || list.len == 0) {
        return 0;
    }

    p = list.data;
    last = p + list.len;

    while (p < last) {

        if (secops_list_is_separator(*p)) {
            p++;
            continue;
        }

        one.data = p;

        while (p < last && !secops_list_is_separator(*p)) {
            p++;
        }

        one.len = p - one.data;

        if (secops_slice_equal(one, name)) {
            return 1;
        }
    }

    return 0;
}


static int
secops_list_is_separator(unsigned char c)
{
    return c == ',' || c == ' ' || c == '\t';
}
