
/* What may be asked of the audit: the query string, a cursor, an id. */

#include "model/audit/secops_audit.h"
#include "util/secops_text.h"


typedef const char *(*secops_audit_parameter_pt)(secops_audit_query_t *query,
    unsigned field, secops_slice_t value);


typedef struct {
    secops_slice_t             name;
    unsigned                   field;       /* of a filter */
    secops_audit_parameter_pt  handler;
} secops_audit_parameter_t;


static const secops_audit_parameter_t *secops_audit_parameter(
    secops_slice_t name);
static const char *secops_audit_set_limit(secops_audit_query_t *query,
    unsigned field, secops_slice_t value);
static const char *secops_audit_set_cursor(secops_audit_query_t *query,
    unsigned field, secops_slice_t value);
static const char *secops_audit_set_filter(secops_audit_query_t *query,
    unsigned field, secops_slice_t value);
static const unsigned char *secops_audit_read_pair(const unsigned char *p,
    const unsigned char *last, secops_audit_position_t *position);
static const unsigned char *secops_audit_read_number(const unsigned char *p,
    const unsigned char *last, uint64_t *number);


#define SECOPS_AUDIT_PARAMETERS  5


static const secops_audit_parameter_t
    secops_audit_parameters[SECOPS_AUDIT_PARAMETERS] = {
    { secops_slice("limit"), 0, secops_audit_set_limit },
    { secops_slice("cursor"), 0, secops_audit_set_cursor },
    { secops_slice("user"), SECOPS_AUDIT_USER, secops_audit_set_filter },
    { secops_slice("operation"), SECOPS_AUDIT_OPERATION,
      secops_audit_set_filter },
    { secops_slice("id"), SECOPS_AUDIT_ID, secops_audit_set_filter }
};


/* an unknown name is a fault: whoever misspells a filter must not take for
   its result what has passed no filter */

const char *
secops_audit_read_query(secops_audit_query_t *query, secops_slice_t args,
    unsigned char *buffer)
{
    unsigned                         bit, given;
    const char                      *fault;
    secops_slice_t                   name, value;
    const secops_audit_parameter_t  *parameter;

    memset(query, 0, sizeof(secops_audit_query_t));

    query->limit = SECOPS_AUDIT_LIMIT;
    given = 0;

    while (secops_text_query_next(&args, &name, &value)) {

        name.len = secops_text_form_decode(buffer, name) - buffer;
        name.data = buffer;

        parameter = secops_audit_parameter(name);

        if (parameter == NULL) {
            return "unknown query parameter, must be limit, cursor, user, "
                   "operation or id";
        }

        bit = 1U << (parameter - secops_audit_parameters);

        if (given & bit) {
            return "a query parameter is given twice";
        }

        given |= bit;

        /* the name is not needed any more, its place is */

        value.len = secops_text_form_decode(buffer, value) - buffer;
        value.data = buffer;
        buffer += value.len;

        fault = parameter->handler(query, parameter->field, value);

        if (fault) {
            return fault;
        }
    }

    return NULL;
}


static const secops_audit_parameter_t *
secops_audit_parameter(secops_slice_t name)
{
    unsigned  i;

    for (i = 0; i < SECOPS_AUDIT_PARAMETERS; i++) {
        if (secops_slice_equal(name, secops_audit_parameters[i].name)) {
            return &secops_audit_parameters[i];
        }
    }

    return NULL;
}


static const char *
secops_audit_set_limit(secops_audit_query_t *query, unsigned field,
    secops_slice_t value)
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

    return NULL;
}


/* as secops_audit_write_cursor() writes it */

static const char *
secops_audit_set_cursor(secops_audit_query_t *query, unsigned field,
    secops_slice_t value)
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


static const char *
secops_audit_set_filter(secops_audit_query_t *query, unsigned field,
    secops_slice_t value)
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
