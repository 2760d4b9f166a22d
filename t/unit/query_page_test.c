
/*
 * Pages of what meets a query: for random records, orders, offsets and cursors
 * the same as sorting all of them; memory is no more than the page needs.
 */

#include <stdlib.h>

#include "model/query/secops_column.h"
#include "model/query/secops_query_page.h"
#include "secops_tap.h"


#define PAGE_TEST_RECORDS  300
#define PAGE_TEST_TOKENS   64


typedef struct {
    unsigned char  id[SECOPS_ID_LEN + 1];
    char           text[128];
    int            a;           /* its columns */
    char           b[8];
} page_test_record_t;


static page_test_record_t      records[PAGE_TEST_RECORDS];
static page_test_record_t     *sorted[PAGE_TEST_RECORDS];
static secops_encoded_query_t  query;
static secops_query_sequence_e  sequence;
static unsigned                state = 1;


static unsigned
test_random(unsigned n)
{
    state = state * 1103515245 + 12345;

    return (state >> 8) % n;
}


/* ids of some milliseconds, of both forms; columns with many equal values */

static void
test_records(size_t n)
{
    size_t               i, k;
    page_test_record_t  *record;

    static const char    *words[] = { "", "9", "10", "b", "B", "1e1", "a" };

    for (i = 0; i < n; i++) {
        record = &records[i];

        for (k = 0; k < SECOPS_ID_LEN; k++) {
            record->id[k] = "0123456789abcdef"[test_random(16)];
        }

        if (test_random(8)) {
            memcpy(record->id, "019a0000000", 11);

        } else {
            memcpy(record->id, "5019a0000000", 12);
        }

        record->a = (int) test_random(5) * 7 - 14;
        (void) snprintf(record->b, sizeof(record->b), "%s",
                        words[test_random(7)]);
        (void) snprintf(record->text, sizeof(record->text),
                        "{\"a\":%d,\"b\":\"%s\"}", record->a, record->b);
    }
}


/* a naive order: of "a" by its number, of "b" as secops_column.h has it */

static int
test_number(const char *b)
{
    return strcmp(b, "9") == 0 ? 9 : strcmp(b, "") == 0 ? -1 : 10;
}


static int
test_is_number(const char *b)
{
    return *b >= '0' && *b <= '9';
}


static int
test_compare_b(const char *one, const char *two)
{
    if (*one == '\0' || *two == '\0') {
        return (*one != '\0') - (*two != '\0');
    }

    if (test_is_number(one) && test_is_number(two)) {
        return test_number(one) - test_number(two);
    }

    if (test_is_number(one) || test_is_number(two)) {
        return test_is_number(two) - test_is_number(one);
    }

    return strcmp(one, two);
}


static int
test_compare(const void *one, const void *two)
{
    int                  rc;
    size_t               i;
    page_test_record_t  *a = *(page_test_record_t * const *) one;
    page_test_record_t  *b = *(page_test_record_t * const *) two;

    for (i = 0; sequence == SECOPS_QUERY_SORTED && i < query.norders; i++) {

        rc = (*query.orders[i].column.data == 'a') ? a->a - b->a
                                               : test_compare_b(a->b, b->b);
        if (rc) {
            return query.orders[i].descending ? -rc : rc;
        }
    }

    rc = secops_id_compare(a->id, b->id);

    return sequence == SECOPS_QUERY_NEWEST_FIRST ? -rc : rc;
}


static unsigned char test_origin(const unsigned char *id);


static int
test_add(secops_query_page_t *page, page_test_record_t *record)
{
    secops_json_t               json;
    secops_json_error_t         error;
    secops_json_limits_t        limits = { 4, 8 };
    static secops_json_token_t  tokens[PAGE_TEST_TOKENS];

    if (secops_json_parse(&json, (unsigned char *) record->text,
                          strlen(record->text), tokens, PAGE_TEST_TOKENS,
                          &limits, &error)
        != SECOPS_JSON_OK)
    {
        return -2;
    }

    page->origin = test_origin(record->id);

    return secops_query_page_add(page, record->id, &json);
}


/* something that depends on the record, so that it is seen to stay with it */

static unsigned char
test_origin(const unsigned char *id)
{
    size_t         i;
    unsigned char  sum;

    sum = 0;

    for (i = 0; i < SECOPS_ID_LEN; i++) {
        sum = (unsigned char) (sum * 31 + id[i]);
    }

    return sum;
}


/* 1: all is as it should be.  begin is where the page has to begin */

static int
test_is_right(secops_query_page_t *page, size_t n, size_t begin)
{
    size_t  i, left;

    left = (begin < n) ? n - begin : 0;

    if (page->total != n
        || page->nids != (left < page->limit ? left : page->limit)
        || (page->limit && page->more != (left > page->limit)))
    {
        return 0;
    }

    for (i = 0; i < page->nids; i++) {
        if (memcmp(page->ids + i * SECOPS_ID_LEN, sorted[begin + i]->id,
                   SECOPS_ID_LEN)
            != 0)
        {
            return 0;
        }
    }

    if (sequence == SECOPS_QUERY_SORTED || begin <= page->limit
        || begin - page->limit > n)
    {
        return !page->has_previous;
    }

    return page->has_previous
           && memcmp(page->previous, sorted[begin - page->limit - 1]->id,
                     SECOPS_ID_LEN)
              == 0;
}


/* 1: a page is that of a naive implementation */

static int
test_page(size_t n, size_t offset, size_t limit, int cursor)
{
    int                   right;
    size_t                i;
    secops_query_page_t   page;
    const unsigned char  *last;

    test_records(n);

    for (i = 0; i < n; i++) {
        sorted[i] = &records[i];
    }

    qsort(sorted, n, sizeof(sorted[0]), test_compare);

    memset(&page, 0, sizeof(secops_query_page_t));

    page.query = &query;
    page.sequence = sequence;
    page.offset = cursor ? 7 : offset;
    page.limit = limit;

    if (cursor) {
        page.cursor = sorted[offset - 1]->id;
    }

    right = (secops_query_page_begin(&page) == 0);

    for (i = 0; i < n; i++) {
        right &= (test_add(&page, &records[i]) == 0);
    }

    last = secops_query_page_last(&page);

    right &= (limit == 0 && offset == 0) || cursor
             ? 1 : (last != NULL) == (n >= offset + limit)
             && (last == NULL
                 || memcmp(last, sorted[offset + limit - 1]->id, SECOPS_ID_LEN)
                    == 0);

    right &= page.kept.n <= (cursor ? 0 : offset) + limit
             && page.before.n <= limit + 1;

    while (secops_query_page_end(&page, 3) == SECOPS_QUERY_PAGE_AGAIN);

    right &= test_is_right(&page, n, offset);

    for (i = 0; i < page.nids; i++) {
        right &= (page.origins[i]
                  == test_origin(page.ids + i * SECOPS_ID_LEN));
    }

    if (!right) {
        printf("# %u records, offset %u, limit %u, %s: %u of %u\n",
               (unsigned) n, (unsigned) offset, (unsigned) limit,
               cursor ? "cursor" : "offset", (unsigned) page.nids,
               (unsigned) page.total);
    }

    secops_query_page_free(&page);

    return right;
}


static void
test_pages(secops_query_sequence_e order, const char *name)
{
    int     right;
    size_t  i, n, offset;

    sequence = order;
    right = 1;

    for (i = 0; i < 2000; i++) {
        n = test_random(PAGE_TEST_RECORDS);
        offset = test_random(4) ? test_random(n + 20) : 0;

        right &= test_page(n, offset, test_random(n / 4 + 30), 0);
    }

    ok(right, "%s: pages at an offset", name);

    if (order == SECOPS_QUERY_SORTED) {
        return;
    }

    right = 1;

    for (i = 0; i < 2000; i++) {
        n = 1 + test_random(PAGE_TEST_RECORDS - 1);

        right &= test_page(n, 1 + test_random(n), test_random(n / 4 + 30), 1);
    }

    ok(right, "%s: pages behind a record", name);
}


static void
test_orders(const char *columns, unsigned descending)
{
    size_t  i;

    memset(&query, 0, sizeof(secops_encoded_query_t));

    for (i = 0; columns[i]; i++) {
        query.orders[i].column = secops_slice_bytes(
                                      (const unsigned char *) columns + i, 1);
        query.orders[i].descending = (descending >> i) & 1;
        query.norders++;
    }
}


static void
test_many(void)
{
    int                  rc;
    size_t               i;
    secops_query_page_t  page;

    test_orders("b", 0);
    test_records(1);

    memset(&page, 0, sizeof(secops_query_page_t));

    page.query = &query;
    page.sequence = SECOPS_QUERY_SORTED;
    page.limit = 10;

    (void) secops_query_page_begin(&page);

    for (i = 0, rc = 0; i < SECOPS_QUERY_PAGE_SORTED && rc == 0; i++) {
        rc = test_add(&page, &records[0]);
    }

    ok(rc == 0, "10000 records are sorted by any column");
    ok(test_add(&page, &records[0]) == SECOPS_QUERY_PAGE_MANY,
       "... and no more");
    ok(page.kept.capacity <= 10, "... of which those of the page are kept");

    secops_query_page_free(&page);

    memset(&page, 0, sizeof(secops_query_page_t));

    page.query = &query;
    page.limit = 10;
    page.offset = UINT64_MAX;

    ok(secops_query_page_begin(&page) == 0 && test_add(&page, &records[0]) == 0
       && secops_query_page_end(&page, 1) == 0 && page.nids == 0
       && page.total == 1,
       "an offset beyond all records");

    secops_query_page_free(&page);
}


/* only the first 256 bytes of a text count */

static void
test_long(void)
{
    char                 text[2][1024], xs[SECOPS_COLUMN_SORTED];
    size_t               i;
    secops_json_t        json;
    secops_json_error_t  error;
    secops_query_page_t  page;
    secops_json_limits_t  limits = { 4, 8 };
    secops_json_token_t  tokens[PAGE_TEST_TOKENS];

    test_orders("b", 0);
    test_records(2);

    memset(&page, 0, sizeof(secops_query_page_t));

    page.query = &query;
    page.sequence = SECOPS_QUERY_SORTED;
    page.limit = 10;

    (void) secops_query_page_begin(&page);

    memset(xs, 'x', sizeof(xs) - 1);
    xs[sizeof(xs) - 1] = '\0';

    for (i = 0; i < 2; i++) {

        /* the second one is written with an escape, and would be the first */

        (void) snprintf(text[i], sizeof(text[i]), "{\"b\":\"%s%s%s\"}",
                        i ? "\\u0078" : "x", xs, i ? "a" : "z");

        (void) secops_json_parse(&json, (unsigned char *) text[i],
                                 strlen(text[i]), tokens, PAGE_TEST_TOKENS,
                                 &limits, &error);
        (void) secops_query_page_add(&page, records[i].id, &json);
    }

    while (secops_query_page_end(&page, 1) == SECOPS_QUERY_PAGE_AGAIN);

    i = (secops_id_compare(records[0].id, records[1].id) < 0) ? 0 : 1;

    ok(page.nids == 2
       && memcmp(page.ids, records[i].id, SECOPS_ID_LEN) == 0,
       "what is equal in 256 bytes is sorted by sys_id");

    secops_query_page_free(&page);
}


int
main(void)
{
    secops_json_seed(1);

    test_orders("", 0);
    test_pages(SECOPS_QUERY_NEWEST_FIRST, "the newest first");
    test_pages(SECOPS_QUERY_OLDEST_FIRST, "the oldest first");

    test_orders("a", 0);
    test_pages(SECOPS_QUERY_SORTED, "a number");
    test_orders("b", 1);
    test_pages(SECOPS_QUERY_SORTED, "a text, descending");
    test_orders("ab", 1);
    test_pages(SECOPS_QUERY_SORTED, "two columns");
    test_orders("ba", 2);
    test_pages(SECOPS_QUERY_SORTED, "two columns the other way");

    test_many();
    test_long();

    return tap_done();
}
