
/*
 * How long records are kept: the lengths of time that there are, what a table
 * says of it, and what a worker remembers of the lists that it writes to.
 */

#include <stdio.h>
#include <stdlib.h>

#include "model/record/secops_table.h"
#include "store/retention/secops_retention.h"
#include "util/secops_time.h"
#include "secops_tap.h"


#define DAY  ((int64_t) 86400)


static secops_retention_t  memory;


static void test_spans(void);
static void test_no_spans(void);
static void test_tables(void);
static void test_times(void);
static void test_renew(void);
static void test_shed(void);
static void test_more(void);
static void test_many(void);
static unsigned asked(uint64_t list, uint64_t now, unsigned n);


int
main(void)
{
    test_spans();
    test_no_spans();
    test_tables();
    test_times();
    test_renew();
    test_shed();
    test_more();
    test_many();

    return tap_done();
}


static void
test_spans(void)
{
    size_t   i;
    int64_t  seconds;

    static const struct {
        const char  *text;
        int64_t      seconds;
    } spans[] = {
        { "0", 0 },
        { "1", 1 },
        { "1s", 1 },
        { "0090d", 90 * DAY },
        { "90d", 90 * DAY },
        { "2w", 14 * DAY },
        { "1M", 30 * DAY },
        { "1y", 365 * DAY },
        { "1y 6M", 545 * DAY },
        { "1h30m", 5400 },
        { "1d  12h 30", DAY + 43230 },
        { "1y1M1w1d1h1m1s", 403 * DAY + 3661 },
        { "1m 1", 61 },
        { "1d1", DAY + 1 },
        { "100y", 36500 * DAY },
        { "36500d", 36500 * DAY },
        { "3153600000", 36500 * DAY }
    };

    for (i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {

        seconds = -1;

        is_int(secops_time_span(&seconds, slice(spans[i].text)), 0,
               spans[i].text);
        is_int(seconds, spans[i].seconds, "... in seconds");
    }
}


static void
test_no_spans(void)
{
    size_t   i;
    int64_t  seconds;

    static const char  *others[] = {
        "", " ", "d", "90x", "90D", "-1d", "+1d", "1.5d", "1 d", " 1d",
        "1m1h", "1d1d", "1 1", "1ms", "10ms", "1d,", "1d-",
        "100y1s", "36501d", "3153600001", "99999999999999999999", "0x10"
    };

    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        ok(secops_time_span(&seconds, slice(others[i])) == -1,
           "\"%s\" is no length of time", others[i]);
    }
}


static void
test_tables(void)
{
    int                     rc;
    char                    text[200];
    size_t                  i;
    secops_table_t          table;
    secops_schema_error_t   error;

    static const struct {
        const char  *annotation;
        int64_t      retention;
        int          rc;
    } tables[] = {
        { "", SECOPS_TABLE_NOT_SAID, 0 },
        { ",\"x-retention\":\"off\"", SECOPS_TABLE_FOR_EVER, 0 },
        { ",\"x-retention\":\"90d\"", 90 * DAY, 0 },
        { ",\"x-retention\":\"1\"", 1, 0 },
        { ",\"x-retention\":\"1y 6M\"", 545 * DAY, 0 },
        { ",\"x-retention\":90", 0, -1 },
        { ",\"x-retention\":null", 0, -1 },
        { ",\"x-retention\":\"\"", 0, -1 },
        { ",\"x-retention\":\"0\"", 0, -1 },
        { ",\"x-retention\":\"0d\"", 0, -1 },
        { ",\"x-retention\":\"Off\"", 0, -1 },
        { ",\"x-retention\":\"never\"", 0, -1 },
        { ",\"x-retention\":\"101y\"", 0, -1 }
    };

    for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {

        (void) snprintf(text, sizeof(text), "{\"x-endpoint\":\"e\","
                        "\"x-label\":\"E\"%s}", tables[i].annotation);

        rc = secops_table_compile(&table, slice("t"),
                                  (const unsigned char *) text, strlen(text),
                                  &error);

        is_int(rc, tables[i].rc, text);

        if (rc != 0) {
            ok(strcmp(error.pointer, "/x-retention") == 0
               && strcmp(error.reason, secops_table_retention_form) == 0,
               "... %s: %s", error.pointer, error.reason);
            continue;
        }

        is_int(table.retention, tables[i].retention, "... in seconds");

        secops_table_free(&table);
    }
}


/* a list outlives the last of its records, and not by much */

static void
test_times(void)
{
    size_t                    i;
    secops_retention_times_t  times;

    static const int64_t  seconds[] = { 1, 2, 7, 60, 3600, DAY, 90 * DAY,
                                        36500 * DAY };

    for (i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {

        secops_retention_times(&times, seconds[i]);

        /* a second more: renewed is in whole seconds */

        ok(times.list >= seconds[i] + times.renew + 1,
           "%lld s: the list outlives its records", (long long) seconds[i]);
        ok(times.list <= seconds[i] + 2 * times.renew + 1
           && times.renew <= 3600 && times.renew <= seconds[i] / 8,
           "... not by much");
        ok(times.shed <= 60 * 1000 && times.shed <= seconds[i] * 125
           && times.shed > 0,
           "... and is shed at least once a minute");
    }
}


static secops_retention_times_t  day = { 86400 + 7201, 3600, 60 * 1000 };


/* the number of a list: both halves of it count */

#define LIST(n)  ((uint64_t) (n) * 0x9e3779b97f4a7c15ULL)


static unsigned
asked(uint64_t list, uint64_t now, unsigned n)
{
    return secops_retention_written(&memory, list, now, &day, n, 0);
}


static void
test_renew(void)
{
    memset(&memory, 0, sizeof(memory));

    is_int(asked(LIST(5), 1000, 1), SECOPS_RETENTION_RENEW,
           "a list that is new");
    is_int(asked(LIST(5), 1000, 1), 0, "... is known then");
    is_int(asked(LIST(6), 1000, 1), SECOPS_RETENTION_RENEW,
           "another one is not");
    is_int(asked(LIST(5), 60 * 1000, 1), 0, "... and still is");
    is_int(asked(LIST(6), 1000 + 3600 * 1000 - 1, 1) & SECOPS_RETENTION_RENEW,
           0, "... for the time that its expiry may be old");
    is_int(asked(LIST(5), 1000 + 3600 * 1000, 1) & SECOPS_RETENTION_RENEW,
           SECOPS_RETENTION_RENEW, "... not longer");
    is_int(asked(LIST(5), 1001 + 3600 * 1000, 1), 0, "... that was noted");
}


static void
test_shed(void)
{
    unsigned  i, n;

    memset(&memory, 0, sizeof(memory));

    is_int(secops_retention_written(&memory, LIST(5), 1000, &day, 1, 1),
           SECOPS_RETENTION_RENEW|SECOPS_RETENTION_SHED,
           "a list that is new may be shed at once");
    is_int(asked(LIST(5), 1000 + 59999, 1), 0, "... not again within a minute");
    is_int(asked(LIST(5), 1000 + 60000, 1), SECOPS_RETENTION_SHED,
           "... but then");
    is_int(asked(LIST(5), 1000 + 60000, 100000), 0, "... once");

    n = 0;

    for (i = 0; i < 600 * 1000; i++) {
        n += (asked(LIST(6), 1000 + 10 * i, 1) & SECOPS_RETENTION_SHED) != 0;
    }

    is_int(n, 99, "a hundred minutes of writes");
}


/* what was added before is taken away in the time of as many writes */

static void
test_more(void)
{
    unsigned  i, n;

    memset(&memory, 0, sizeof(memory));

    (void) secops_retention_written(&memory, LIST(5), 1000, &day, 1, 1);
    secops_retention_found(&memory, LIST(5), 1);

    is_int(asked(LIST(5), 1000, SECOPS_RETENTION_BATCH / 2 - 1), 0,
           "more to shed: it waits");
    is_int(asked(LIST(5), 1000, 1), SECOPS_RETENTION_SHED,
           "... for half as many as are shed at once");
    is_int(asked(LIST(5), 1000, 10), 0, "... and for the answer");

    secops_retention_found(&memory, LIST(5), 1);

    is_int(asked(LIST(5), 1099, 1), 0, "more again: it waits");
    is_int(asked(LIST(5), 1100, 1), SECOPS_RETENTION_SHED, "... for a moment");

    secops_retention_found(&memory, LIST(5), 0);

    is_int(asked(LIST(5), 1200, 10000), 0,
           "nothing more: it waits for a minute");
    is_int(asked(LIST(5), 61100, 1), SECOPS_RETENTION_SHED, "... no longer");

    secops_retention_found(&memory, LIST(7), 1);

    is_int(asked(LIST(7), 61100, 1), SECOPS_RETENTION_RENEW,
           "an answer about a list that was forgotten");

    /* 10,000 a second, which die 1000 s later: half of what is shed at once is
       enough to keep pace */

    memset(&memory, 0, sizeof(memory));
    n = 0;

    for (i = 0; i < 1000 * 1000; i++) {

        if (asked(LIST(5), 1000 + i / 10, 1) & SECOPS_RETENTION_SHED) {
            n++;
            secops_retention_found(&memory, LIST(5), 1);
        }
    }

    ok(n >= 1000 * 1000 / SECOPS_RETENTION_BATCH * 3 / 4
       && n <= 1000 * 1000 / SECOPS_RETENTION_BATCH * 2,
       "as much is shed as is written: %u times %u", n,
       SECOPS_RETENTION_BATCH);
}


/* what is written to stays; of many that are written to once, some do */

static void
test_many(void)
{
    unsigned  i, n;

    memset(&memory, 0, sizeof(memory));

    (void) asked(LIST(1), 1000, 1);

    n = 0;

    for (i = 2; i < 100000; i++) {
        (void) asked(LIST(i), 1000 + i / 100, 1);

        if (i % 100 == 0) {
            n += asked(LIST(1), 1000 + i / 100, 1) & SECOPS_RETENTION_RENEW;
        }
    }

    is_int(n, 0, "a list that is written to often is not forgotten");

    n = 0;

    for (i = 2; i < 4002; i++) {
        n += (asked(LIST(i), 3000, 1)
              & SECOPS_RETENTION_RENEW) != 0;
    }

    is_int(n, 4000, "lists that were not written to are");

    n = 0;

    for (i = 2; i < 4002; i++) {
        n += (asked(LIST(i), 3001, 1)
              & SECOPS_RETENTION_RENEW) != 0;
    }

    ok(n < 400, "4000 lists are remembered, but for %u", n);

    ok(secops_retention_list((const unsigned char *) "abcdefgh1", 9, 1)
       != secops_retention_list((const unsigned char *) "abcdefgh2", 9, 1)
       && secops_retention_list((const unsigned char *) "abcdefgh", 8, 1)
          != secops_retention_list((const unsigned char *) "abcdefgh", 8, 2),
       "a list is told by its key, and by where it is");
}
