
/*
 * The audit's pure part.  Streams are walked page by page, as the store would
 * give them, with limits and filters of every kind and with entries that come
 * in between; the list that comes out must be the one that sorting all entries
 * at once gives: nothing twice, nothing lost.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/audit/secops_audit.h"
#include "secops_tap.h"


#define STREAM_MAX  800
#define PARTS       16
#define ALL_MAX     (SECOPS_AUDIT_STREAMS * STREAM_MAX)


/* oldest first, as Redis has them; the parts of one entry follow one another */

typedef struct {
    size_t                n;
    secops_audit_entry_t  entries[STREAM_MAX];
} stream_t;


static stream_t              streams[SECOPS_AUDIT_STREAMS];
static secops_audit_entry_t  all[ALL_MAX];
static secops_audit_entry_t  batches[SECOPS_AUDIT_STREAMS][STREAM_MAX];

static const secops_slice_t  users[] = {
    secops_slice("alice"), secops_slice("bob"), secops_slice("ali")
};


static secops_slice_t
text(const char *s)
{
    secops_slice_t  slice;

    slice.len = strlen(s);
    slice.data = (const unsigned char *) s;

    return slice;
}


static unsigned
draw(unsigned n)
{
    static uint64_t  state = 88172645463325252ULL;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;

    return (unsigned) (state >> 33) % n;
}


static const char *
query_of(secops_audit_query_t *query, const char *args)
{
    static unsigned char  buffer[4096];

    return secops_audit_read_query(query, text(args), buffer);
}


static void
test_query(void)
{
    size_t                i;
    secops_audit_query_t  query;

    static const char *const  refused[] = {
        "limit=", "limit", "limit=0", "limit=1001", "limit=-1", "limit=1e2",
        "limit=+5", "limit=5+", "limit=05", "limit=5.0", "limit=0x5",
        "limit=18446744073709551617", "limit=99999999999999999999999999",
        "limit=5&limit=5", "limit=5&limit=6",
        "cursor=", "cursor=x", "cursor=1", "cursor=1-1", "cursor=1-1-",
        "cursor=1-1-18", "cursor=1-1--1", "cursor=-1-1-1", "cursor=1-1-1-",
        "cursor=1-1-1-0", "cursor=1-1-1-01", "cursor=1-1-1-1-1",
        "cursor=1-1-1-4294967296", "cursor=1-1-18-1", "cursor=0-0-1-1",
        "cursor=1--1-1", "cursor=0-0-0", "cursor=01-1-1", "cursor=1-01-1",
        "cursor=1-1-01", "cursor=1-1-1+", "cursor=+1-1-1", "cursor=1-1-a",
        "cursor=18446744073709551616-0-0", "cursor=1-18446744073709551616-0",
        "cursor=1-1-18446744073709551617", "cursor=1-1-4294967296",
        "cursor=%2b", "cursor=1-1-1%00", "cursor=--", "cursor=-",
        "user=", "user", "operation=", "id=", "user=%00", "user=a%0ab",
        "user=%ff", "user=%c0%af", "id=%ed%a0%80", "user=a&user=a",
        "user=a&operation=b&user=",
        "outcome=", "outcome", "outcome=x", "outcome=Done", "outcome=refused+",
        "outcome=done&outcome=refused",
        "usr=a", "User=a", "LIMIT=5", "domain=x", "type=x", "=5", "us%00er=a",
        "limit=5&x"
    };

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        ok(query_of(&query, refused[i]) != NULL, "refused: %s", refused[i]);
    }

    ok(query_of(&query, "") == NULL && query.limit == 100 && !query.has_after
       && query.filters[SECOPS_AUDIT_USER].data == NULL
       && query.filters[SECOPS_AUDIT_OPERATION].data == NULL
       && query.filters[SECOPS_AUDIT_ID].data == NULL,
       "no parameter: the newest 100 of all");
    ok(query_of(&query, "&&") == NULL && query.limit == 100,
       "separators alone say nothing");
    ok(query_of(&query, "limit=1") == NULL && query.limit == 1, "limit 1");
    ok(query_of(&query, "limit=1000") == NULL && query.limit == 1000,
       "limit 1000");
    ok(query_of(&query, "cursor=1732290000123-7-16") == NULL
       && query.has_after && query.after.msec == 1732290000123
       && query.after.seq == 7 && query.after.stream == 16,
       "a cursor is read");
    ok(query_of(&query, "cursor=18446744073709551615-18446744073709551615-0")
       == NULL
       && query.after.msec == UINT64_MAX && query.after.seq == UINT64_MAX,
       "the largest cursor");
    ok(query_of(&query, "cursor=0-1-0") == NULL && query.after.part == 0,
       "the smallest cursor");
    ok(query_of(&query, "cursor=5-6-7-15") == NULL && query.after.seq == 6
       && query.after.stream == 7 && query.after.part == 15,
       "a cursor within an entry");

    ok(query_of(&query, "%75ser=J%C3%B6rg+%2b%26&id=a%3Db&operation=x.y"
                        "&limit=%31%30&cursor=1%2D2%2d3")
       == NULL && query.limit == 10 && query.after.seq == 2,
       "all five, encoded");
    is_str(query.filters[SECOPS_AUDIT_USER].data,
           query.filters[SECOPS_AUDIT_USER].len, "J\xc3\xb6rg +&",
           "... user is decoded as a form is");
    is_str(query.filters[SECOPS_AUDIT_ID].data,
           query.filters[SECOPS_AUDIT_ID].len, "a=b", "... id");
    is_str(query.filters[SECOPS_AUDIT_OPERATION].data,
           query.filters[SECOPS_AUDIT_OPERATION].len, "x.y",
           "... operation");
}


static void
test_id(void)
{
    secops_audit_position_t  position;

    ok(secops_audit_read_id(text("18446744073709551615-0"), &position) == 0
       && position.msec == UINT64_MAX && position.seq == 0, "an id is read");
    ok(secops_audit_read_id(text(""), &position) != 0, "nothing is no id");
    ok(secops_audit_read_id(text("1"), &position) != 0, "1 is no id");
    ok(secops_audit_read_id(text("1-"), &position) != 0, "1- is no id");
    ok(secops_audit_read_id(text("-1"), &position) != 0, "-1 is no id");
    ok(secops_audit_read_id(text("1-2-3"), &position) != 0,
       "1-2-3 is no id");
    ok(secops_audit_read_id(text("1-2 "), &position) != 0, "1-2_ is no id");
    ok(secops_audit_read_id(text("0-0"), &position) != 0, "0-0 is no id");
}


static void
test_fields(void)
{
    unsigned        i, guess, wrong;
    secops_slice_t  name;

    wrong = 0;

    for (i = 0; i < SECOPS_AUDIT_FIELDS; i++) {
        name = secops_audit_field_name(i);

        for (guess = 0; guess < SECOPS_AUDIT_FIELDS + 3; guess++) {
            wrong += (secops_audit_field(name, guess) != i);
        }
    }

    is_int(wrong, 0, "a field is found by its name, whatever the guess");
    is_int(secops_audit_field(text("use"), 0), SECOPS_AUDIT_FIELDS,
           "a part of a name is unknown");
    is_int(secops_audit_field(text(""), 0), SECOPS_AUDIT_FIELDS,
           "an empty name is unknown");
}


static void
test_asks(void)
{
    unsigned              i, n;
    secops_audit_query_t  query;

    (void) query_of(&query, "user=alice");

    for (i = 0, n = 0; i < SECOPS_AUDIT_STREAMS; i++) {
        n += secops_audit_asks(&query, i);
    }

    is_int(n, 18, "all streams are asked");
    is_int(secops_audit_count(&query, 17), 588,
           "with a filter, as many as one request may read");

    (void) query_of(&query, "id=b0123456789abcdef0123456789abcde");

    for (i = 0, n = 0; i < SECOPS_AUDIT_STREAMS; i++) {
        n += secops_audit_asks(&query, i);
    }

    is_int(n, 18, "for a record's id, too: it may stand in another's entry");
    is_int(secops_audit_count(&query, 2), 5000,
           "of fewer streams, more of each are read");

    (void) query_of(&query, "outcome=refused");

    for (i = 0, n = 0; i < SECOPS_AUDIT_STREAMS; i++) {
        n += secops_audit_asks(&query, i);
    }

    ok(n == 1 && secops_audit_asks(&query, SECOPS_AUDIT_REFUSALS),
       "for refusals, theirs");

    (void) query_of(&query, "outcome=done");

    for (i = 0, n = 0; i < SECOPS_AUDIT_STREAMS; i++) {
        n += secops_audit_asks(&query, i);
    }

    ok(n == 17 && !secops_audit_asks(&query, SECOPS_AUDIT_REFUSALS),
       "for what was done, all others");

    (void) query_of(&query, "");
    is_int(secops_audit_count(&query, 17), 101,
           "without a filter, one more than the page has room for");
    (void) query_of(&query, "limit=1000");
    is_int(secops_audit_count(&query, 17), 588,
           "... but not more than one request may read");
}


static void
add_part(unsigned stream, uint64_t msec, uint64_t seq, unsigned part)
{
    stream_t              *s;
    secops_audit_entry_t  *entry;

    s = &streams[stream];
    entry = &s->entries[s->n++];

    memset(entry, 0, sizeof(secops_audit_entry_t));

    entry->position.msec = msec;
    entry->position.seq = seq;
    entry->position.stream = stream;
    entry->position.part = part;
    entry->fields[SECOPS_AUDIT_USER] = users[draw(3)];
    entry->fields[SECOPS_AUDIT_ID] = text(draw(50) ? "common" : "rare");
}


static void
add(unsigned stream, uint64_t msec, uint64_t seq)
{
    add_part(stream, msec, seq, 0);
}


/* few milliseconds, so that ids are equal in many streams */

static uint64_t
fill(size_t max, uint64_t msec, uint64_t spread)
{
    size_t    i, n;
    uint64_t  last, seq, top;
    unsigned  stream, part, parts;

    top = msec;

    for (stream = 0; stream < SECOPS_AUDIT_STREAMS; stream++) {

        n = draw(4) ? draw((unsigned) max + 1) : draw(3);
        last = msec;
        seq = 0;

        for (i = 0; i < n && streams[stream].n <= STREAM_MAX - PARTS; i++) {

            if (draw(2)) {
                last += 1 + draw((unsigned) spread);
                seq = 0;
            }

            seq++;
            parts = draw(3) ? 1 : 1 + draw(PARTS);

            for (part = 0; part < parts; part++) {
                add_part(stream, last, seq, part);
            }
        }

        if (last > top) {
            top = last;
        }
    }

    return top + 1;
}


/* what XREVRANGE gives, each part by itself; only the store knows the stream.
   *complete: it had less than count entries */

static size_t
read_stream(unsigned stream, const secops_audit_query_t *query, unsigned count,
    int *complete)
{
    size_t                          i, n;
    unsigned                        nread;
    const secops_audit_position_t  *after, *position, *before;

    after = query->has_after ? &query->after : NULL;
    before = NULL;
    nread = 0;
    n = 0;

    for (i = streams[stream].n; i > 0; i--) {

        position = &streams[stream].entries[i - 1].position;

        if (after
            && (position->msec > after->msec
                || (position->msec == after->msec
                    && (position->seq > after->seq
                        || (position->seq == after->seq
                            && (stream < after->stream
                                || (stream == after->stream
                                    && after->part == 0)))))))
        {
            continue;
        }

        if (before == NULL
            || before->msec != position->msec
            || before->seq != position->seq)
        {
            if (nread == count) {
                break;
            }

            before = position;
            nread++;
        }

        batches[stream][n] = streams[stream].entries[i - 1];
        batches[stream][n].position.stream = 0;
        n++;
    }

    *complete = (nread < count);

    return n;
}


static size_t
read_page(const secops_audit_query_t *query, secops_audit_entry_t *out,
    secops_audit_position_t *next, int *more, unsigned small)
{
    int                          complete;
    size_t                       i, n, nruns;
    unsigned                     stream, count, asked;
    secops_audit_run_t           runs[SECOPS_AUDIT_STREAMS];
    const secops_audit_entry_t  *page[SECOPS_AUDIT_LIMIT_MAX];

    asked = 0;

    for (stream = 0; stream < SECOPS_AUDIT_STREAMS; stream++) {
        asked += secops_audit_asks(query, stream);
    }

    count = small ? small : secops_audit_count(query, asked);
    nruns = 0;

    for (stream = 0; stream < SECOPS_AUDIT_STREAMS; stream++) {

        if (!secops_audit_asks(query, stream)) {
            continue;
        }

        n = read_stream(stream, query, count, &complete);

        runs[nruns].stream = stream;
        secops_audit_select(&runs[nruns], query, batches[stream], n,
                            complete);
        nruns++;
    }

    n = secops_audit_merge(runs, nruns, query, page, next, more);

    for (i = 0; i < n; i++) {
        out[i] = *page[i];
    }

    return n;
}


static int
compare(const void *one, const void *two)
{
    const secops_audit_position_t  *a, *b;

    a = &((const secops_audit_entry_t *) one)->position;
    b = &((const secops_audit_entry_t *) two)->position;

    if (a->msec != b->msec) {
        return a->msec > b->msec ? -1 : 1;
    }

    if (a->seq != b->seq) {
        return a->seq > b->seq ? -1 : 1;
    }

    if (a->stream != b->stream) {
        return (int) a->stream - (int) b->stream;
    }

    return (int) b->part - (int) a->part;
}


/* all that the query wants, in order */

static size_t
oracle(const secops_audit_query_t *query)
{
    size_t                       i, n;
    unsigned                     stream, field;
    const secops_audit_entry_t  *entry;

    n = 0;

    for (stream = 0; stream < SECOPS_AUDIT_STREAMS; stream++) {
        for (i = 0; i < streams[stream].n; i++) {

            entry = &streams[stream].entries[i];

            for (field = 0; field < SECOPS_AUDIT_FIELDS; field++) {
                if (query->filters[field].data
                    && !secops_slice_equal(query->filters[field],
                                           entry->fields[field]))
                {
                    break;
                }
            }

            if (field == SECOPS_AUDIT_FIELDS) {
                all[n++] = *entry;
            }
        }
    }

    qsort(all, n, sizeof(secops_audit_entry_t), compare);

    return n;
}


/* walks all pages; 0: they are the oracle's list */

static int
walk(const char *args, unsigned small, uint64_t *msec, int grow)
{
    int                      more;
    size_t                   i, n, wanted, seen;
    secops_audit_query_t     query;
    secops_audit_position_t  next;

    static secops_audit_entry_t  page[SECOPS_AUDIT_LIMIT_MAX];

    (void) query_of(&query, args);

    wanted = oracle(&query);
    seen = 0;

    do {
        n = read_page(&query, page, &next, &more, small);

        if (n > query.limit || seen + n > wanted) {
            return 1;
        }

        for (i = 0; i < n; i++, seen++) {

            if (compare(&page[i], &all[seen]) != 0
                || !secops_slice_equal(page[i].fields[SECOPS_AUDIT_USER],
                                       all[seen].fields[SECOPS_AUDIT_USER]))
            {
                return 2;
            }
        }

        if (more && query.has_after
            && compare(&(secops_audit_entry_t) { .position = next },
                       &(secops_audit_entry_t) { .position = query.after })
               <= 0)
        {
            return 3;
        }

        query.has_after = 1;
        query.after = next;

        if (grow && draw(2)) {
            *msec = fill(3, *msec, 3);
        }

    } while (more);

    return seen == wanted ? 0 : 4;
}


static void
test_walk(void)
{
    int       rc;
    char      args[128];
    size_t    i;
    uint64_t  msec;
    unsigned  round, small, wrong;

    static const char *const  filters[] = {
        "", "", "&user=alice", "&user=ali", "&id=rare", "&id=rare&user=bob",
        "&id=absent", "&user=bob&operation=x"
    };

    wrong = 0;

    for (round = 0; round < 250; round++) {

        for (i = 0; i < SECOPS_AUDIT_STREAMS; i++) {
            streams[i].n = 0;
        }

        msec = fill(round % 3 ? 12 : 120, 1000, 1 + draw(4));
        small = draw(2) ? 2 + draw(10) : 0;

        for (i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
            (void) snprintf(args, sizeof(args), "limit=%u%s",
                            1 + draw(round % 5 ? 20 : 1000), filters[i]);

            rc = walk(args, small, &msec, round % 2);

            if (rc && wrong++ == 0) {
                printf("# %s, %u per stream: %d\n", args, small, rc);
            }
        }
    }

    is_int(wrong, 0, "page by page the list is the same as at once");
}


/* the page after the last entry is never announced without a filter */

static void
test_last(void)
{
    int                      more;
    size_t                   i, n;
    secops_audit_query_t     query;
    secops_audit_entry_t     page[8];
    secops_audit_position_t  next;

    for (i = 0; i < SECOPS_AUDIT_STREAMS; i++) {
        streams[i].n = 0;
    }

    (void) query_of(&query, "limit=3");

    n = read_page(&query, page, &next, &more, 0);
    ok(n == 0 && !more, "no entry: an empty page, the last one");

    add(7, 10, 1);
    add(7, 10, 2);
    add(7, 10, 3);

    n = read_page(&query, page, &next, &more, 0);
    ok(n == 3 && !more, "as many in one stream as the limit: one page");

    streams[7].n = 0;

    for (i = 0; i < 5; i++) {
        add_part(7, 10, 1, (unsigned) i);
    }

    n = read_page(&query, page, &next, &more, 0);
    ok(n == 3 && more && page[0].position.part == 4 && next.part == 2
       && next.seq == 1,
       "an entry of more parts than the limit: the last ones come first");

    query.has_after = 1;
    query.after = next;

    n = read_page(&query, page, &next, &more, 0);
    ok(n == 2 && !more && page[0].position.part == 1,
       "... the others are on the next page, the last one");

    query.has_after = 0;
    streams[7].n = 0;

    add(4, 10, 1);
    add(4, 11, 1);
    add(9, 11, 1);

    n = read_page(&query, page, &next, &more, 0);
    ok(n == 3 && !more, "as many as the limit: one page");
    ok(page[0].position.stream == 4 && page[1].position.stream == 9
       && page[2].position.msec == 10, "... in order");

    add(9, 12, 1);

    n = read_page(&query, page, &next, &more, 0);
    ok(n == 3 && more && next.msec == 11 && next.seq == 1 && next.stream == 9,
       "one more: another page, after the last one shown");

    add(4, 12, 1);
    add(4, 12, 2);
    add(4, 12, 3);

    query.limit = 4;
    n = read_page(&query, page, &next, &more, 2);
    ok(n == 2 && more && next.msec == 12 && next.seq == 2 && next.stream == 4,
       "a page ends where a stream's end is not known");

    query.filters[SECOPS_AUDIT_ID] = text("nowhere");
    n = read_page(&query, page, &next, &more, 2);
    ok(n == 0 && more && next.seq == 2, "an empty page may have a next one");
}


static void
test_json(void)
{
    size_t                len;
    unsigned char         dst[4096];
    secops_audit_entry_t  entry;

    static const char     members[] = "\",\"user_name\":\"K 1\","
                                      "\"members\":\"a,\\\"b\"}";
    static const char     refusal[] = "\",\"outcome\":\"refused\","
                                      "\"status\":403,\"reason\":\"x\","
                                      "\"left_out\":\"0x\"}";

    memset(&entry, 0, sizeof(secops_audit_entry_t));

    entry.position.msec = 1732290000007;
    entry.fields[SECOPS_AUDIT_USER] = text("J\xc3\xb6rg \"x\" \\");
    entry.fields[SECOPS_AUDIT_METHOD] = text("header");
    entry.fields[SECOPS_AUDIT_ADDRESS] = text("\xff\xfe\"\\\n\x7f>");
    entry.fields[SECOPS_AUDIT_ID] = text("a\nb");

    len = secops_audit_write_json(dst, &entry, text("d\\\"")) - dst;

    is_str(dst, len, "{\"time\":\"2024-11-22T15:40:00.007Z\","
           "\"domain\":\"d\\\"\",\"user\":\"J\xc3\xb6rg \\\"x\\\" \\\\\","
           "\"method\":\"header\",\"address\":\"?????" "?>\",\"request\":\"\","
           "\"operation\":\"\",\"type\":\"\",\"id\":\"a?b\"}",
           "an entry as JSON, whatever bytes it holds");
    ok(len <= secops_audit_json_max(&entry, text("d\\\"")),
       "... fits into its room");

    entry.fields[SECOPS_AUDIT_USER_NAME] = text("K 1");
    entry.fields[SECOPS_AUDIT_MEMBERS] = text("a,\"b");
    len = secops_audit_write_json(dst, &entry, text("")) - dst;
    ok(len > sizeof(members)
       && memcmp(dst + len + 1 - sizeof(members), members, sizeof(members) - 1)
          == 0,
       "a key's name and the members of a change, where there are some");
    ok(len <= secops_audit_json_max(&entry, text("")),
       "... fit into their room");

    entry.fields[SECOPS_AUDIT_MEMBERS] = text("");
    entry.fields[SECOPS_AUDIT_OUTCOME] = text("refused");
    entry.fields[SECOPS_AUDIT_STATUS] = text("403");
    entry.fields[SECOPS_AUDIT_REASON] = text("x");
    entry.fields[SECOPS_AUDIT_LEFT_OUT] = text("0x");
    len = secops_audit_write_json(dst, &entry, text("")) - dst;
    ok(len > sizeof(refusal)
       && memcmp(dst + len + 1 - sizeof(refusal), refusal, sizeof(refusal) - 1)
          == 0,
       "a refusal; what should be a number and is none is a string");
    ok(len <= secops_audit_json_max(&entry, text("")), "... fits");

    entry.position.msec = UINT64_MAX;
    len = secops_audit_write_json(dst, &entry, text("")) - dst;
    ok(len > 34 && memcmp(dst, "{\"time\":\"9999-12-31T23:59:59.999Z\"", 34)
                   == 0,
       "a time without end is the last one that can be written");

    entry.position.msec = 0;
    len = secops_audit_write_json(dst, &entry, text("")) - dst;
    ok(len > 34 && memcmp(dst, "{\"time\":\"1970-01-01T00:00:00.000Z\"", 34)
                   == 0,
       "the first millisecond");
}


static void
test_cursor(void)
{
    char                     args[128];
    size_t                   len;
    unsigned char            dst[SECOPS_AUDIT_CURSOR_LEN];
    secops_audit_query_t     query;
    secops_audit_position_t  position;

    position.msec = UINT64_MAX;
    position.seq = UINT64_MAX;
    position.stream = 16;
    position.part = UINT32_MAX;

    len = secops_audit_write_cursor(dst, &position) - dst;
    is_str(dst, len, "18446744073709551615-18446744073709551615-16-4294967295",
           "the longest cursor");

    (void) snprintf(args, sizeof(args), "cursor=%.*s", (int) len, dst);
    ok(query_of(&query, args) == NULL && query.after.msec == UINT64_MAX
       && query.after.seq == UINT64_MAX && query.after.stream == 16
       && query.after.part == UINT32_MAX,
       "... is read as it was written");

    position.msec = 0;
    position.seq = 1;
    position.stream = 0;
    position.part = 0;

    len = secops_audit_write_cursor(dst, &position) - dst;
    is_str(dst, len, "0-1-0", "the shortest cursor");
}


int
main(void)
{
    test_query();
    test_id();
    test_fields();
    test_asks();
    test_last();
    test_walk();
    test_json();
    test_cursor();

    return tap_done();
}
