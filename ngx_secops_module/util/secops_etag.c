
/* Entity tags; see secops_etag.h. */

#include "util/secops_etag.h"


static secops_slice_t secops_etag_skip(secops_slice_t list);
static size_t secops_etag_len(secops_slice_t list);


int
secops_etag_is_listed(secops_slice_t list, secops_slice_t tag)
{
    size_t          len;
    secops_slice_t  one, rest;

    list = secops_etag_skip(list);

    if (list.len && list.data[0] == '*') {
        list.len--;
        list.data++;

        return secops_etag_skip(list).len == 0;
    }

    for ( ;; ) {

        len = secops_etag_len(list);

        if (len == 0) {
            return 0;
        }

        one = secops_slice_bytes(list.data, len);

        if (secops_slice_equal(one, tag)) {
            return 1;
        }

        list.len -= len;
        list.data += len;

        /* between two tags there is a comma */

        rest = secops_etag_skip(list);

        if (rest.len == list.len
            || memchr(list.data, ',', list.len - rest.len) == NULL)
        {
            return 0;
        }

        list = rest;
    }
}


/* a list may have empty elements */

static secops_slice_t
secops_etag_skip(secops_slice_t list)
{
    while (list.len
           && (list.data[0] == ' ' || list.data[0] == '\t'
               || list.data[0] == ','))
    {
        list.len--;
        list.data++;
    }

    return list;
}


/* of the tag at the beginning, "W/" and quotes included; 0: there is none */

static size_t
secops_etag_len(secops_slice_t list)
{
    size_t                first;
    const unsigned char  *last;

    first = (list.len > 2 && list.data[0] == 'W' && list.data[1] == '/')
            ? 2 : 0;

    if (list.len <= first || list.data[first] != '"') {
        return 0;
    }

    last = memchr(list.data + first + 1, '"', list.len - first - 1);

    return last ? (size_t) (last + 1 - list.data) : 0;
}
