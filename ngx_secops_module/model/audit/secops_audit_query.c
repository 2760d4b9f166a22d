
/* What may be asked of the audit: the query string, a cursor, an id. */

#include "model/audit/secops_audit.h"
#include "util/secops_query.h"
#include "util/secops_text.h"


typedef enum {
    SECOPS_AUDIT_QUERY_LIMIT = 0,
    SECOPS_AUDIT_QUERY_CURSOR,
    SECOPS_AUDIT_QUERY_USER,
    SECOPS_AUDIT_QUERY_OPERATION,
    SECOPS_AUDIT_QUERY_ID,
    SECOPS_AUDIT_QUERY_OUTCOME
} secops_audit_parameter_e;


static const char *secops_audit_query_set(secops_audit_query_t *query,
    unsigned parameter, secops_slice_t value);
static const char *secops_audit_set_limit(secops_audit_query_t *query,
    secops_slice_t value);
static const char *secops_audit_set_cursor(secops_audit_query_t *query,
    secops_slice_t value);
static const char *secops_audit_set_outcome(secops_audit_query_t *query,
    secops_slice_t value);
static const char *secops_audit_set_filter(secops_audit_query_t *query,
    secops_audit_field_e field, secops_slice_t value);
static const unsigned char *secops_audit_read_pair(const unsigned char *p,
    const unsigned char *last, secops_audit_position_t *position);
static const unsigned char *secops_audit_read_number(const unsigned char *p,
    const unsigned char *last, uint64_t *number);


static const secops_query_name_t  secops_audit_parameters[] = {
    { "limit", SECOPS_AUDIT_QUERY_LIMIT },
    { "cursor", SECOPS_AUDIT_QUERY_CURSOR },
    { "user", SECOPS_AUDIT_QUERY_USER },
    { "operation", SECOPS_AUDIT_QUERY_OPERATION },
    { "id", SECOPS_AUDIT_QUERY_ID },
    { "outcome", SECOPS_AUDIT_QUERY_OUTCOME },
    { NULL, 0 }
};


/* an unknown name is a fault: whoever misspells a filter must not take for
   its result what has passed no filter */

static const secops_query_rules_t  secops_audit_query_rules = {
    secops_audit_parameters, .unknown = 1, .empty = 1, .twice = 1
};


const char *
secops_audit_read_query(secops_audit_query_t *query, secops_slice_t args,
    unsigned char *buffer)
{
    const char      *fault;
    secops_query_t   reader;

    memset(query, 0, sizeof(secops_audit_query_t));

    query->limit = SECOPS_AUDIT_LIMIT;

    secops_query_begin(&reader, &secops_audit_query_rules, args, buffer);

    for ( ;; ) {

        switch (secops_query_next(&reader)) {

        case SECOPS_QUERY_END:
            return NULL;

        case SECOPS_QUERY_UNKNOWN:
            return "unknown query parameter, must be limit, cursor, user, "
                   "operation, id or outcome";

        case SECOPS_QUERY_TWICE:
            return "a query parameter is given twice";

        case SECOPS_QUERY_PARAMETER:
            break;
        }

        fault = secops_audit_query_set(query, reader.name->id, reader.value);

        if (fault) {
            return fault;
        }
    }
}


static const char *
secops_audit_query_set(secops_audit_query_t *query, unsigned parameter,
    secops_slice_t value)
{
    switch (parameter) {

    case SECOPS_AUDIT_QUERY_LIMIT:
        return secops_audit_set_limit(query, value);

    case SECOPS_AUDIT_QUERY_CURSOR:
        return secops_audit_set_cursor(query, value);

    case SECOPS_AUDIT_QUERY_USER:
        return secops_audit_set_filter(query, SECOPS_AUDIT_USER, value);

    case SECOPS_AUDIT_QUERY_OPERATION:
        return secops_audit_set_filter(query, SECOPS_AUDIT_OPERATION, value);

    case SECOPS_AUDIT_QUERY_ID:
        return secops_audit_set_filter(query, SECOPS_AUDIT_ID, value);

    default: /* SECOPS_AUDIT_QUERY_OUTCOME */
        return secops_audit_set_outcome(query, value);
    }
}


static const char *
secops_audit_set_limit(secops_audit_query_t *query, secops_slice_t value)
{
    uint64_t              limit;
    const unsigned char  *last;

    last = value.data + value.len;

    if (secops_audit_read_number(value.data, last, &limit) != last
        || limit == 0
        || limit > SECOPS_AUDIT_LIMIT_MAX)
    {
        return "query parameter limit: must be a number from 1 to 1000";
    }

    query->limit = (unsigned) limit;
    query->has_limit = 1;

    return NULL;
}


/* as secops_audit_write_cursor() writes it */

static const char *
secops_audit_set_cursor(secops_audit_query_t *query, secops_slice_t value)
{
    uint64_t              stream, part;
    const unsigned char  *p, *last;

    static const char  fault[] = "query parameter cursor: must be the next of "
                                 "a reply";

    last = value.data + value.len;
    part = 0;

    p = secops_audit_read_pair(value.data, last, &query->after);

    if (p == NULL || p == last || *p++ != '-') {
        return fault;
    }

    p = secops_audit_read_number(p, last, &stream);

    if (p != NULL && p < last && *p == '-') {
        p = secops_audit_read_number(p + 1, last, &part);

        if (part == 0) {
            return fault;
        }
    }

    if (p != last || stream >= SECOPS_AUDIT_STREAMS || part > UINT32_MAX) {
        return fault;
    }

    query->after.stream = (unsigned) stream;
    query->after.part = (unsigned) part;
    query->has_after = 1;

    return NULL;
}


/* an entry of what was done has no outcome */

static const char *
secops_audit_set_outcome(secops_audit_query_t *query, secops_slice_t value)
{
    static const secops_slice_t  done = secops_slice("done");
    static const secops_slice_t  refused = secops_slice(SECOPS_AUDIT_REFUSED);
    static const secops_slice_t  none = secops_slice("");

    if (secops_slice_equal(value, done)) {
        query->filters[SECOPS_AUDIT_OUTCOME] = none;
        return NULL;
    }

    if (secops_slice_equal(value, refused)) {
        query->filters[SECOPS_AUDIT_OUTCOME] = refused;
        return NULL;
    }

    return "query parameter outcome: must be done or refused";
}


static const char *
secops_audit_set_filter(secops_audit_query_t *query,
    secops_audit_field_e field, secops_slice_t value)
{
    if (value.len == 0 || !secops_text_is_name(value)) {
        return "query parameters user, operation and id: must be text, not "
               "empty";
    }

    query->filters[field] = value;

    return NULL;
}


int
secops_audit_read_id(secops_slice_t text, secops_audit_position_t *position)
{
    const unsigned char  *p, *last;

    last = text.data + text.len;
    p = secops_audit_read_pair(text.data, last, position);

    return (p != NULL && p == last) ? 0 : -1;
}


/* the byte after both numbers, or NULL.  0-0 is no entry's id, and Redis takes
   no range that ends before it */

static const unsigned char *
secops_audit_read_pair(const unsigned char *p, const unsigned char *last,
    secops_audit_position_t *position)
{
    p = secops_audit_read_number(p, last, &position->msec);

    if (p == NULL || p == last || *p++ != '-') {
        return NULL;
    }

    p = secops_audit_read_number(p, last, &position->seq);

    if (position->msec == 0 && position->seq == 0) {
        return NULL;
    }

    return p;
}


/* the byte after the digits; NULL: there are none, too many, or they begin
   with a zero without need */

static const unsigned char *
secops_audit_read_number(const unsigned char *p, const unsigned char *last,
    uint64_t *number)
{
    unsigned              digit;
    const unsigned char  *first;

    first = p;
    *number = 0;

    for ( /* void */ ; p < last && *p >= '0' && *p <= '9'; p++) {
        digit = *p - '0';

        if (*number > (UINT64_MAX - digit) / 10) {
            return NULL;
        }

        *number = *number * 10 + digit;
    }

    if (p == first || (*first == '0' && p - first > 1)) {
        return NULL;
    }

    return p;
}
