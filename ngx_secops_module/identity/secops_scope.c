
/* Scopes; see secops_scope.h. */

#include "identity/secops_scope.h"
#include "model/record/secops_table.h"


/* those that can be narrowed to a table */

#define SECOPS_SCOPE_RECORDS                                                  \
    (SECOPS_SCOPE_READ_RECORDS|SECOPS_SCOPE_WRITE_RECORDS)


/* in the order of their bits */

static const secops_slice_t  secops_scope_names[SECOPS_SCOPES] = {
    secops_slice("read:resources"),
    secops_slice("write:resources"),
    secops_slice("delete:resources"),
    secops_slice("execute:job_operations"),
    secops_slice("read:records"),
    secops_slice("write:records"),
    secops_slice("write:events"),
    secops_slice("read:event_export"),
    secops_slice("write:event_feedback"),
    secops_slice("write:decisions")
};


secops_slice_t
secops_scope_name(unsigned i)
{
    return secops_scope_names[i];
}


unsigned
secops_scope(secops_slice_t name, secops_slice_t *table)
{
    unsigned        i, bit;
    secops_slice_t  known, rest;

    table->len = 0;
    table->data = NULL;

    for (i = 0; i < SECOPS_SCOPES; i++) {

        known = secops_scope_names[i];
        bit = 1U << i;

        if (secops_slice_equal(name, known)) {
            return bit;
        }

        if (!(bit & SECOPS_SCOPE_RECORDS)
            || name.len <= known.len
            || memcmp(name.data, known.data, known.len) != 0
            || name.data[known.len] != ':')
        {
            continue;
        }

        rest.len = name.len - known.len - 1;
        rest.data = name.data + known.len + 1;

        if (!secops_table_is_name(rest)) {
            return SECOPS_SCOPE_NONE;
        }

        *table = rest;

        return bit;
    }

    return SECOPS_SCOPE_NONE;
}


int
secops_scopes_has(const secops_scopes_t *scopes, unsigned scope,
    secops_slice_t table)
{
    secops_slice_t  rest, name, one;

    if (scopes->whole & scope) {
        return 1;
    }

    if (table.len == 0) {
        return 0;
    }

    rest = scopes->narrow;

    while (secops_scopes_next(&rest, &name)) {

        if ((secops_scope(name, &one) & scope)
            && secops_slice_equal(one, table))
        {
            return 1;
        }
    }

    return 0;
}


int
secops_scopes_has_name(const secops_scopes_t *scopes, secops_slice_t name)
{
    secops_slice_t  rest, one;

    if (scopes->whole & secops_scope(name, &one)) {
        return 1;
    }

    rest = scopes->narrow;

    while (secops_scopes_next(&rest, &one)) {
        if (secops_slice_equal(one, name)) {
            return 1;
        }
    }

    return 0;
}


int
secops_scopes_next(secops_slice_t *narrow, secops_slice_t *name)
{
    const unsigned char  *space;

    if (narrow->len == 0) {
        return 0;
    }

    space = memchr(narrow->data, ' ', narrow->len);

    name->data = narrow->data;
    name->len = space ? (size_t) (space - narrow->data) : narrow->len;

    narrow->len -= name->len + (space != NULL);
    narrow->data += name->len + (space != NULL);

    return 1;
}
