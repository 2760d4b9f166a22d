
/* The reader of query strings; see secops_query.h. */

#include "util/secops_query.h"
#include "util/secops_text.h"


static const secops_query_name_t *secops_query_name(
    const secops_query_rules_t *rules, secops_slice_t name);


void
secops_query_begin(secops_query_t *query, const secops_query_rules_t *rules,
    secops_slice_t args, unsigned char *buffer)
{
    query->rules = rules;
    query->rest = args;
    query->given = 0;
    query->buffer = buffer;
}


secops_query_status_e
secops_query_next(secops_query_t *query)
{
    unsigned        bit;
    secops_slice_t  name, value;

    static const secops_slice_t  domain = secops_slice(SECOPS_QUERY_DOMAIN);

    while (secops_text_query_next(&query->rest, &name, &value)) {

        name.len = secops_text_form_decode(query->buffer, name)
                   - query->buffer;
        name.data = query->buffer;

        query->name = secops_query_name(query->rules, name);

        if (query->name == NULL) {

            if (query->rules->unknown && !secops_slice_equal(name, domain)) {
                return SECOPS_QUERY_UNKNOWN;
            }

            continue;
        }

        if (value.len == 0 && !query->rules->empty) {
            continue;
        }

        /* the name is not needed any more, its place is */

        query->value.data = query->buffer;
        query->buffer = secops_text_form_decode(query->buffer, value);
        query->value.len = query->buffer - query->value.data;

        bit = 1U << query->name->id;

        if (query->rules->twice && (query->given & bit)) {
            return SECOPS_QUERY_TWICE;
        }

        query->given |= bit;

        return SECOPS_QUERY_PARAMETER;
    }

    return SECOPS_QUERY_END;
}


static const secops_query_name_t *
secops_query_name(const secops_query_rules_t *rules, secops_slice_t name)
{
    const secops_query_name_t  *known;

    for (known = rules->names; known->name; known++) {
        if (secops_slice_equal(name, secops_slice_of(known->name))) {
            return known;
        }
    }

    return NULL;
}
