
/* The audit; see secops_audit.h. */

#include "model/audit/secops_audit.h"
#include "util/secops_text.h"


#define SECOPS_AUDIT_MSEC_MAX  253402300799999      /* the end of 9999 */


static int secops_audit_precedes(const secops_audit_position_t *a,
    const secops_audit_position_t *b);
static int secops_audit_wanted(const secops_audit_query_t *query,
    const secops_audit_entry_t *entry);
static secops_audit_run_t *secops_audit_newest(secops_audit_run_t *runs,
    size_t nruns);
static unsigned char *secops_audit_copy(unsigned char *dst,
    secops_slice_t text);
static unsigned char *secops_audit_write_number(unsigned char *dst,
    uint64_t number);
static unsigned char *secops_audit_write_time(unsigned char *dst,
    uint64_t msec);
static unsigned char *secops_audit_write_member(unsigned char *dst,
    unsigned field, const secops_audit_entry_t *entry);
static int secops_audit_is_number(unsigned field, secops_slice_t text);
static unsigned char *secops_audit_write_text(unsigned char *dst,
    secops_slice_t text);


static const secops_slice_t  secops_audit_names[SECOPS_AUDIT_FIELDS] = {
    secops_slice("user"),
    secops_slice("method"),
    secops_slice("address"),
    secops_slice("request"),
    secops_slice("operation"),
    secops_slice("type"),
    secops_slice("id"),
    secops_slice("user_name"),
    secops_slice("members"),
    secops_slice("caller_domain"),
    secops_slice("outcome"),
    secops_slice("status"),
    secops_slice("reason"),
    secops_slice("left_out")
};


secops_slice_t
secops_audit_field_name(unsigned field)
{
    return secops_audit_names[field];
}


unsigned
secops_audit_field(secops_slice_t name, unsigned guess)
{
    unsigned  i;

    if (guess < SECOPS_AUDIT_FIELDS
        && secops_slice_equal(name, secops_audit_names[guess]))
    {
        return guess;
    }

    for (i = 0; i < SECOPS_AUDIT_FIELDS; i++) {
        if (secops_slice_equal(name, secops_audit_names[i])) {
            break;
        }
    }

    return i;
}


/* 1: a is shown before b */

static int
secops_audit_precedes(const secops_audit_position_t *a,
    const secops_audit_position_t *b)
{
    if (a->msec != b->msec) {
        return a->msec > b->msec;
    }

    if (a->seq != b->seq) {
        return a->seq > b->seq;
    }

    if (a->stream != b->stream) {
        return a->stream < b->stream;
    }

    return a->part > b->part;
}


/* a record's id leaves out none: with it, any stream may have what was stored
   together with others */

int
secops_audit_asks(const secops_audit_query_t *query, unsigned stream)
{
    secops_slice_t  outcome;

    outcome = query->filters[SECOPS_AUDIT_OUTCOME];

    return outcome.data == NULL
           || (stream == SECOPS_AUDIT_REFUSALS) == (outcome.len != 0);
}


/* without a filter, one stream alone may have to fill the page; one more tells
   whether there is another page */

unsigned
secops_audit_count(const secops_audit_query_t *query, unsigned nstreams)
{
    unsigned  i, count;

    count = SECOPS_AUDIT_READ_MAX / nstreams;

    for (i = 0; i < SECOPS_AUDIT_FIELDS; i++) {
        if (query->filters[i].data) {
            return count;
        }
    }

    return query->limit < count ? query->limit + 1 : count;
}


void
secops_audit_select(secops_audit_run_t *run,
    const secops_audit_query_t *query, secops_audit_entry_t *entries,
    size_t n, int complete)
{
    size_t  i;

    run->entries = entries;
    run->nentries = 0;
    run->taken = 0;
    run->complete = complete;
    run->end = query->after;

    for (i = 0; i < n; i++) {

        entries[i].position.stream = run->stream;

        /* parts of an entry may have been on the page before */

        if (query->has_after
            && !secops_audit_precedes(&query->after, &entries[i].position))
        {
            continue;
        }

        if (run->nentries == query->limit) {

            /* no page will have room for what is left */

            run->complete = 0;
            break;
        }

        run->end = entries[i].position;

        if (secops_audit_wanted(query, &entries[i])) {
            entries[run->nentries++] = entries[i];
        }
    }
}


static int
secops_audit_wanted(const secops_audit_query_t *query,
    const secops_audit_entry_t *entry)
{
    unsigned  i;

    for (i = 0; i < SECOPS_AUDIT_FIELDS; i++) {

        if (query->filters[i].data
            && !secops_slice_equal(query->filters[i], entry->fields[i]))
        {
            return 0;
        }
    }

    return 1;
}


/*
 * Where one of the runs is not complete, nobody knows what follows its end:
 * the page reaches to the first such end and no further, the next one begins
 * there.
 */

size_t
secops_audit_merge(secops_audit_run_t *runs, size_t nruns,
    const secops_audit_query_t *query, const secops_audit_entry_t **page,
    secops_audit_position_t *next, int *more)
{
    size_t                          i, n;
    secops_audit_run_t             *run;
    const secops_audit_entry_t     *entry;
    const secops_audit_position_t  *end;

    end = NULL;

    for (i = 0; i < nruns; i++) {

        if (!runs[i].complete
            && (end == NULL || secops_audit_precedes(&runs[i].end, end)))
        {
            end = &runs[i].end;
        }
    }

    for (n = 0; /* void */ ; n++) {

        run = secops_audit_newest(runs, nruns);
        entry = run ? &run->entries[run->taken] : NULL;

        if (entry && end && secops_audit_precedes(end, &entry->position)) {
            entry = NULL;
        }

        if (entry == NULL || n == query->limit) {
            break;
        }

        page[n] = entry;
        run->taken++;
    }

    *more = (entry || end);

    if (entry) {
        *next = page[n - 1]->position;

    } else if (end) {
        *next = *end;
    }

    return n;
}


/* the run whose next entry is to be shown first; NULL: all are used up */

static secops_audit_run_t *
secops_audit_newest(secops_audit_run_t *runs, size_t nruns)
{
    size_t               i;
    secops_audit_run_t  *run, *newest;

    newest = NULL;

    for (i = 0; i < nruns; i++) {

        run = &runs[i];

        if (run->taken < run->nentries
            && (newest == NULL
                || secops_audit_precedes(
                                 &run->entries[run->taken].position,
                                 &newest->entries[newest->taken].position)))
        {
            newest = run;
        }
    }

    return newest;
}


size_t
secops_audit_json_max(const secops_audit_entry_t *entry, secops_slice_t domain)
{
    size_t    len;
    unsigned  i;

    len = sizeof("{\"time\":\"0000-00-00T00:00:00.000Z\",\"domain\":\"\"},")
          + domain.len;

    for (i = 0; i < SECOPS_AUDIT_FIELDS; i++) {
        len += sizeof("\"\":\"\",") + secops_audit_names[i].len
               + secops_text_escape_max(entry->fields[i].len);
    }

    return len;
}


unsigned char *
secops_audit_write_json(unsigned char *dst, const secops_audit_entry_t *entry,
    secops_slice_t domain)
{
    unsigned  i;

    static const secops_slice_t  time = secops_slice("{\"time\":\"");
    static const secops_slice_t  name = secops_slice("\",\"domain\":\"");
    static const secops_slice_t  quote = secops_slice("\"");

    dst = secops_audit_copy(dst, time);
    dst = secops_audit_write_time(dst, entry->position.msec);
    dst = secops_audit_copy(dst, name);
    dst = secops_audit_copy(dst, domain);
    dst = secops_audit_copy(dst, quote);

    for (i = 0; i < SECOPS_AUDIT_FIELDS; i++) {
        if (i < SECOPS_AUDIT_OPTIONAL || entry->fields[i].len) {
            dst = secops_audit_write_member(dst, i, entry);
        }
    }

    *dst++ = '}';

    return dst;
}


static unsigned char *
secops_audit_write_member(unsigned char *dst, unsigned field,
    const secops_audit_entry_t *entry)
{
    static const secops_slice_t  before = secops_slice(",\"");
    static const secops_slice_t  between = secops_slice("\":");

    dst = secops_audit_copy(dst, before);
    dst = secops_audit_copy(dst, secops_audit_names[field]);
    dst = secops_audit_copy(dst, between);

    if (secops_audit_is_number(field, entry->fields[field])) {
        return secops_audit_copy(dst, entry->fields[field]);
    }

    *dst++ = '"';
    dst = secops_audit_write_text(dst, entry->fields[field]);
    *dst++ = '"';

    return dst;
}


/* of what somebody else has put there it may be a text */

static int
secops_audit_is_number(unsigned field, secops_slice_t text)
{
    size_t  i;

    if ((field != SECOPS_AUDIT_STATUS && field != SECOPS_AUDIT_LEFT_OUT)
        || text.len == 0
        || text.len > 10
        || text.data[0] == '0')
    {
        return 0;
    }

    for (i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return 0;
        }
    }

    return 1;
}


/* whatever somebody else has put into a stream, the reply remains JSON: of
   what is no text, only ASCII is shown */

static unsigned char *
secops_audit_write_text(unsigned char *dst, secops_slice_t text)
{
    size_t         i;
    unsigned char  c;

    if (text.len == 0) {
        return dst;
    }

    if (secops_text_is_name(text)) {
        return secops_text_escape(dst, text);
    }

    for (i = 0; i < text.len; i++) {
        c = text.data[i];

        *dst++ = (c < 0x20 || c > 0x7e || c == '"' || c == '\\') ? '?' : c;
    }

    return dst;
}


/* RFC 3339: "YYYY-MM-DDThh:mm:ss.mmmZ" */

static unsigned char *
secops_audit_write_time(unsigned char *dst, uint64_t msec)
{
    if (msec > SECOPS_AUDIT_MSEC_MAX) {
        msec = SECOPS_AUDIT_MSEC_MAX;
    }

    secops_time_format(dst, (int64_t) (msec / 1000));
    dst[sizeof("YYYY-MM-DD") - 1] = 'T';
    dst += SECOPS_TIME_LEN;

    *dst++ = '.';
    *dst++ = (unsigned char) ('0' + msec / 100 % 10);
    *dst++ = (unsigned char) ('0' + msec / 10 % 10);
    *dst++ = (unsigned char) ('0' + msec % 10);
    *dst++ = 'Z';

    return dst;
}


unsigned char *
secops_audit_write_cursor(unsigned char *dst,
    const secops_audit_position_t *position)
{
    dst = secops_audit_write_number(dst, position->msec);
    *dst++ = '-';
    dst = secops_audit_write_number(dst, position->seq);
    *dst++ = '-';
    dst = secops_audit_write_number(dst, position->stream);

    /* behind an entry's last part, as behind an entry, nothing of it is left */

    if (position->part == 0) {
        return dst;
    }

    *dst++ = '-';

    return secops_audit_write_number(dst, position->part);
}


static unsigned char *
secops_audit_write_number(unsigned char *dst, uint64_t number)
{
    unsigned       n;
    unsigned char  digits[20];

    n = 0;

    do {
        digits[n++] = (unsigned char) ('0' + number % 10);
        number /= 10;
    } while (number);

    while (n) {
        *dst++ = digits[--n];
    }

    return dst;
}


static unsigned char *
secops_audit_copy(unsigned char *dst, secops_slice_t text)
{
    memcpy(dst, text.data, text.len);

    return dst + text.len;
}
