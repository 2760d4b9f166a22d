
/* Lists of events; see secops_event_query.h. */

#include <stdio.h>

#include "model/event/secops_event_decide.h"
#include "model/event/secops_event_query.h"
#include "util/secops_query.h"
#include "util/secops_time.h"


/* a time as digits, and the colon after it */

#define SECOPS_EVENT_CURSOR_TIME  (20 + 1)


typedef enum {
    SECOPS_EVENT_QUERY_JOB = 0,
    SECOPS_EVENT_QUERY_LABEL,
    SECOPS_EVENT_QUERY_STATUS,
    SECOPS_EVENT_QUERY_BUCKET_STATE,
    SECOPS_EVENT_QUERY_SINCE,
    SECOPS_EVENT_QUERY_LIMIT,
    SECOPS_EVENT_QUERY_CURSOR
} secops_event_parameter_e;


static const char *secops_event_query_set(secops_event_query_t *query,
    unsigned parameter, secops_slice_t value);
static const char *secops_event_set_job(secops_event_query_t *query,
    secops_slice_t value);
static const char *secops_event_set_filter(secops_event_filter_e *filter,
    secops_slice_t value, const char *yes, const char *no, const char *fault);
static const char *secops_event_set_since(secops_event_query_t *query,
    secops_slice_t value);
static const char *secops_event_set_limit(secops_event_query_t *query,
    secops_slice_t value);
static const char *secops_event_set_cursor(secops_event_query_t *query,
    secops_slice_t value);
static int secops_event_number(secops_slice_t text, uint64_t *number);
static int secops_event_passes(secops_event_filter_e filter, int yes);


static size_t secops_event_member(secops_slice_t name);
static int secops_event_next_member(secops_slice_t *members,
    secops_slice_t *name, secops_slice_t *value);
static secops_slice_t secops_event_without(secops_slice_t text,
    const char *these);
static size_t secops_event_string(secops_slice_t text, size_t i);
static size_t secops_event_value(secops_slice_t text);


/* what is told of an event as it was sent */

static const secops_slice_t  secops_event_members[] = {
    secops_slice("title"), secops_slice("severity"),
    secops_slice("data_source")
};

#define SECOPS_EVENT_MEMBERS                                                  \
    (sizeof(secops_event_members) / sizeof(secops_event_members[0]))


static const secops_query_name_t  secops_event_parameters[] = {
    { "job", SECOPS_EVENT_QUERY_JOB },
    { "label", SECOPS_EVENT_QUERY_LABEL },
    { "status", SECOPS_EVENT_QUERY_STATUS },
    { "bucket_state", SECOPS_EVENT_QUERY_BUCKET_STATE },
    { "since", SECOPS_EVENT_QUERY_SINCE },
    { "limit", SECOPS_EVENT_QUERY_LIMIT },
    { "cursor", SECOPS_EVENT_QUERY_CURSOR },
    { NULL, 0 }
};


/* an unknown name is a fault: whoever misspells a filter must not take for
   its result what has passed no filter */

static const secops_query_rules_t  secops_event_query_rules = {
    secops_event_parameters, .unknown = 1, .empty = 1, .twice = 1
};


const char *
secops_event_read_query(secops_event_query_t *query, secops_slice_t args,
    unsigned char *buffer)
{
    const char      *fault;
    secops_query_t   reader;

    memset(query, 0, sizeof(secops_event_query_t));

    query->limit = SECOPS_EVENT_LIMIT;

    secops_query_begin(&reader, &secops_event_query_rules, args, buffer);

    for ( ;; ) {

        switch (secops_query_next(&reader)) {

        case SECOPS_QUERY_END:
            return query->job ? NULL : "query parameter job: is missing";

        case SECOPS_QUERY_UNKNOWN:
            return "unknown query parameter, must be job, label, status, "
                   "bucket_state, since, limit or cursor";

        case SECOPS_QUERY_TWICE:
            return "a query parameter is given twice";

        case SECOPS_QUERY_PARAMETER:
            break;
        }

        fault = secops_event_query_set(query, reader.name->id, reader.value);

        if (fault) {
            return fault;
        }
    }
}


static const char *
secops_event_query_set(secops_event_query_t *query, unsigned parameter,
    secops_slice_t value)
{
    switch (parameter) {

    case SECOPS_EVENT_QUERY_JOB:
        return secops_event_set_job(query, value);

    case SECOPS_EVENT_QUERY_LABEL:
        query->label = value;

        return value.len ? NULL : "query parameter label: must be a label of "
                                  "the job";

    case SECOPS_EVENT_QUERY_STATUS:
        return secops_event_set_filter(&query->pending, value,
                   "pending_inference", "OK",
                   "query parameter status: must be OK or pending_inference");

    case SECOPS_EVENT_QUERY_BUCKET_STATE:
        return secops_event_set_filter(&query->known, value, "known", "new",
                   "query parameter bucket_state: must be new or known");

    case SECOPS_EVENT_QUERY_SINCE:
        return secops_event_set_since(query, value);

    case SECOPS_EVENT_QUERY_LIMIT:
        return secops_event_set_limit(query, value);

    default: /* SECOPS_EVENT_QUERY_CURSOR */
        return secops_event_set_cursor(query, value);
    }
}


static const char *
secops_event_set_job(secops_event_query_t *query, secops_slice_t value)
{
    query->job_id = value;

    return (secops_job_id_read(&query->job, value) == 0)
           ? NULL : "query parameter job: must be the number of a job";
}


static const char *
secops_event_set_filter(secops_event_filter_e *filter, secops_slice_t value,
    const char *yes, const char *no, const char *fault)
{
    if (secops_slice_equal(value, secops_slice_of(yes))) {
        *filter = SECOPS_EVENT_YES;
        return NULL;
    }

    if (secops_slice_equal(value, secops_slice_of(no))) {
        *filter = SECOPS_EVENT_NO;
        return NULL;
    }

    return fault;
}


/* a time as answers have it, also without a fraction of the second */

static const char *
secops_event_set_since(secops_event_query_t *query, secops_slice_t value)
{
    unsigned char  whole[SECOPS_TIME_LEN + sizeof(".000Z") - 1];

    if (value.len == SECOPS_TIME_LEN + 1
        && value.data[SECOPS_TIME_LEN] == 'Z')
    {
        memcpy(whole, value.data, SECOPS_TIME_LEN);
        memcpy(whole + SECOPS_TIME_LEN, ".000Z", sizeof(".000Z") - 1);

        value = secops_slice_bytes(whole, sizeof(whole));
    }

    return (secops_event_decide_time(&query->since, value) == 0)
           ? NULL : "query parameter since: must be a time, as "
                    "2026-11-29T18:10:00Z, or milliseconds since the epoch";
}


static const char *
secops_event_set_limit(secops_event_query_t *query, secops_slice_t value)
{
    uint64_t  limit;

    if (secops_event_number(value, &limit) != 0
        || limit == 0
        || limit > SECOPS_EVENT_LIMIT_MAX)
    {
        return "query parameter limit: must be a number from 1 to 200";
    }

    query->limit = (unsigned) limit;

    return NULL;
}


/* as secops_event_write_cursor() writes it; decoded in its own place, which it
   is longer than */

static const char *
secops_event_set_cursor(secops_event_query_t *query, secops_slice_t value)
{
    size_t          i, len;
    unsigned char  *text;

    static const char  fault[] = "query parameter cursor: must be the next of "
                                 "a reply";

    text = (unsigned char *) value.data;

    if (value.len > SECOPS_EVENT_CURSOR_MAX
        || secops_base64url_decode(value, text, &len) != 0)
    {
        return fault;
    }

    for (i = 0; i < len && text[i] != ':'; i++) { /* void */ }

    if (i == len
        || secops_event_number(secops_slice_bytes(text, i),
                               &query->after.msec)
           != 0)
    {
        return fault;
    }

    query->after.id = secops_slice_bytes(text + i + 1, len - i - 1);
    query->has_after = 1;

    return secops_event_id_is_valid(query->after.id) ? NULL : fault;
}


/* digits without a zero before them, of what is below 10^15: Redis keeps such
   a time exactly */

static int
secops_event_number(secops_slice_t text, uint64_t *number)
{
    size_t  i;

    if (text.len == 0 || text.len > 15 || (text.data[0] == '0' && text.len > 1))
    {
        return -1;
    }

    *number = 0;

    for (i = 0; i < text.len; i++) {

        if (text.data[i] < '0' || text.data[i] > '9') {
            return -1;
        }

        *number = *number * 10 + (text.data[i] - '0');
    }

    return 0;
}


int
secops_event_is_wanted(const secops_event_query_t *query,
    const secops_job_facts_label_t *label, const secops_decision_t *decision)
{
    return (label == NULL || decision->label == label)
           && secops_event_passes(query->pending, decision->pending)
           && secops_event_passes(query->known, decision->known);
}


static int
secops_event_passes(secops_event_filter_e filter, int yes)
{
    return filter == SECOPS_EVENT_ANY || (filter == SECOPS_EVENT_YES) == yes;
}


int
secops_event_place_compare(const secops_event_place_t *a,
    const secops_event_place_t *b)
{
    if (a->msec != b->msec) {
        return (a->msec > b->msec) ? -1 : 1;
    }

    return secops_slice_compare(b->id, a->id);
}


unsigned char *
secops_event_write_cursor(unsigned char *dst,
    const secops_event_place_t *place)
{
    int   n;
    char  text[SECOPS_EVENT_CURSOR_TIME + SECOPS_EVENT_ID_MAX + 1];

    n = snprintf(text, sizeof(text), "%llu:%.*s",
                 (unsigned long long) place->msec, (int) place->id.len,
                 (const char *) place->id.data);

    return secops_base64url_encode(dst,
                                   secops_slice_bytes((unsigned char *) text,
                                                      (size_t) n));
}


void
secops_event_write_members(secops_text_t *text, secops_slice_t members)
{
    size_t          i;
    secops_slice_t  name, value, found[SECOPS_EVENT_MEMBERS];

    memset(found, 0, sizeof(found));

    while (secops_event_next_member(&members, &name, &value)) {
        i = secops_event_member(name);

        if (i < SECOPS_EVENT_MEMBERS) {
            found[i] = value;
        }
    }

    for (i = 0; i < SECOPS_EVENT_MEMBERS; i++) {

        if (found[i].len == 0) {
            continue;
        }

        secops_text_append_string(text, ",\"");
        secops_text_append(text, secops_event_members[i]);
        secops_text_append_string(text, "\":");
        secops_text_append(text, found[i]);
    }
}


/* which of those that are told; SECOPS_EVENT_MEMBERS: none.  Names may be
   written with escapes */

static size_t
secops_event_member(secops_slice_t name)
{
    size_t               i;
    secops_json_t        json;
    secops_json_token_t  token;

    memset(&token, 0, sizeof(secops_json_token_t));

    token.len = (uint32_t) name.len;
    token.type = SECOPS_JSON_STRING;
    token.flags = (name.len && memchr(name.data, '\\', name.len))
                  ? SECOPS_JSON_ESCAPED : 0;

    json.text = name;
    json.tokens = &token;
    json.ntokens = 1;

    for (i = 0; i < SECOPS_EVENT_MEMBERS; i++) {
        if (secops_json_string_is(&json, 0, secops_event_members[i].data,
                                  secops_event_members[i].len))
        {
            break;
        }
    }

    return i;
}


/* takes the next member off those that are left: its name, without quotes, and
   its value.  0: there is none.  What is stored was read as JSON before, and is
   only skipped here: a document of a megabyte takes a millisecond so, and ten
   with all of its values */

static int
secops_event_next_member(secops_slice_t *members, secops_slice_t *name,
    secops_slice_t *value)
{
    size_t          i;
    secops_slice_t  rest;

    rest = secops_event_without(*members, ", \t\r\n");

    if (rest.len == 0 || rest.data[0] != '"') {
        return 0;
    }

    i = secops_event_string(rest, 1);

    if (i == rest.len) {
        return 0;
    }

    *name = secops_slice_bytes(rest.data + 1, i - 2);

    rest = secops_slice_bytes(rest.data + i, rest.len - i);
    rest = secops_event_without(rest, ": \t\r\n");

    i = secops_event_value(rest);

    *members = secops_slice_bytes(rest.data + i, rest.len - i);

    while (i && strchr(" \t\r\n", rest.data[i - 1])) {
        i--;
    }

    *value = secops_slice_bytes(rest.data, i);

    return 1;
}


/* without what it begins with of these */

static secops_slice_t
secops_event_without(secops_slice_t text, const char *these)
{
    while (text.len && text.data[0] && strchr(these, text.data[0])) {
        text.data++;
        text.len--;
    }

    return text;
}


/* the byte after the quote that ends the string in which i is */

static size_t
secops_event_string(secops_slice_t text, size_t i)
{
    for ( /* void */ ; i < text.len && text.data[i] != '"'; i++) {
        i += (text.data[i] == '\\');
    }

    return (i < text.len) ? i + 1 : text.len;
}


/* the byte after the value that a text begins with, and white space */

static size_t
secops_event_value(secops_slice_t text)
{
    size_t  i, depth;

    depth = 0;

    for (i = 0; i < text.len; /* void */ ) {

        switch (text.data[i++]) {

        case '"':
            i = secops_event_string(text, i);
            break;

        case '{':
        case '[':
            depth++;
            break;

        case '}':
        case ']':
            depth--;
            break;

        case ',':
            if (depth == 0) {
                return i - 1;
            }
        }
    }

    return text.len;
}
