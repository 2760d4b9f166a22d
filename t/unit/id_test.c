
/* Record ids: shard, time and randomness in 32 digits; and times as text. */

#include <stdlib.h>

#include "secops_tap.h"
#include "util/secops_id.h"
#include "util/secops_time.h"


#define ID_TEST_MANY  20000


static secops_id_stock_t  stock;


static int
test_compare(const void *one, const void *two)
{
    return memcmp(one, two, SECOPS_ID_LEN);
}


static int
test_shard(const char *text, size_t len)
{
    secops_slice_t  id;

    id.len = len;
    id.data = (const unsigned char *) text;

    return secops_id_shard(id);
}


static void
test_parts(void)
{
    unsigned       shard, made, shards, digits;
    unsigned char  id[SECOPS_ID_LEN];

    made = shards = digits = 1;

    for (shard = 0; shard < SECOPS_ID_SHARDS; shard++) {
        made &= secops_id_make(&stock, shard, 0x0123456789abULL, id) == 0;
        shards &= test_shard((char *) id, SECOPS_ID_LEN) == (int) shard;
        shards &= secops_id_digit(id[12]) == shard;
        digits &= memcmp(id, "0123456789ab", 12) == 0;
        digits &= secops_id_msec(id) == 0x0123456789abULL;
    }

    ok(made, "ids are made");
    ok(digits, "an id's first twelve digits are the time in milliseconds");
    ok(shards, "the next one is its shard");
}


/* of a time beyond these the shard could not be told */

static void
test_times(void)
{
    size_t         i;
    unsigned char  id[SECOPS_ID_LEN];

    static const struct {
        uint64_t     msec;
        const char  *digits;
    } cases[] = {
        { 0, "010000000000" },
        { 0x00ffffffffffULL, "010000000000" },
        { 0x010000000000ULL, "010000000000" },
        { 0x010000000001ULL, "010000000001" },
        { 0x0ffffffffffeULL, "0ffffffffffe" },
        { 0x0fffffffffffULL, "0fffffffffff" },
        { 0x100000000000ULL, "0fffffffffff" },
        { 0xffffffffffffffffULL, "0fffffffffff" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void) secops_id_make(&stock, 9, cases[i].msec, id);
        is_str(id, 12, cases[i].digits, "an id's time is one that it can have");
        is_int(test_shard((char *) id, SECOPS_ID_LEN), 9, "... in its shard");
    }
}


/* ids of versions that put the shard first */

static void
test_old(void)
{
    size_t                i;
    const unsigned char  *id;

    static const struct {
        const char  *id;
        int          shard;
        uint64_t     msec;
    } cases[] = {
        { "f01a2041fa93bafe01f6a2f43f9633f7", 15, 0x01a2041fa93bULL },
        { "001a2041fa7d5a9543e7bbd8efc78f3c", 0, 0x01a2041fa7d5ULL },
        { "101a2041fa7d5a9543e7bbd8efc78f3c", 1, 0x01a2041fa7d5ULL },
        { "00ffffffffffffffffffffffffffffff", 0, 0x0fffffffffffULL },
        { "01a2041fa7d5fa9543e7bbd8efc78f3c", 15, 0x01a2041fa7d5ULL },
        { "01000000000000000000000000000000", 0, 0x010000000000ULL },
        { "0f00000000000000000000000000000c", 0, 0x0f0000000000ULL }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        id = (const unsigned char *) cases[i].id;

        is_int(test_shard(cases[i].id, SECOPS_ID_LEN), cases[i].shard,
               "an id of either form has its shard");
        ok(secops_id_known_shard(id) == (unsigned) cases[i].shard
           && secops_id_msec(id) == cases[i].msec,
           "... and its time");
    }
}


/* 64 random bits: among so few no two are equal, and no digit is constant */

static void
test_random(void)
{
    int             equal;
    size_t          i, j, fixed;
    unsigned        seen[SECOPS_ID_LEN];
    unsigned char  *ids, c;

    ids = malloc(ID_TEST_MANY * SECOPS_ID_LEN);

    if (!ok(ids != NULL, "memory for many ids")) {
        return;
    }

    memset(seen, 0, sizeof(seen));

    for (i = 0; i < ID_TEST_MANY; i++) {
        (void) secops_id_make(&stock, 3, 5, ids + i * SECOPS_ID_LEN);

        for (j = 16; j < SECOPS_ID_LEN; j++) {
            c = ids[i * SECOPS_ID_LEN + j];
            seen[j] |= 1u << (c <= '9' ? c - '0' : c - 'a' + 10);
        }
    }

    for (j = 16, fixed = 0; j < SECOPS_ID_LEN; j++) {
        fixed += (seen[j] != 0xffff);
    }

    is_int(fixed, 0, "every random digit takes every value");

    qsort(ids, ID_TEST_MANY, SECOPS_ID_LEN, test_compare);

    for (i = 1, equal = 0; i < ID_TEST_MANY; i++) {
        equal += test_compare(ids + (i - 1) * SECOPS_ID_LEN,
                              ids + i * SECOPS_ID_LEN)
                 == 0;
    }

    is_int(equal, 0, "no two ids of the same time and shard are equal");

    free(ids);
}


/* each is older than the next one, or comes before it at the same time */

static void
test_order(void)
{
    int                   expected, order, wrong;
    size_t                i, j, n;
    const unsigned char  *one, *two;

    static const char  *ids[] = {
        "f01a2041fa7d4ffffffffffffffffff0",
        "001a2041fa7d5a9543e7bbd8efc78f3c",
        "01a2041fa7d50a9543e7bbd8efc78f3c",
        "01a2041fa7d5fa9543e7bbd8efc78f3b",
        "01a2041fa7d5fa9543e7bbd8efc78f3c",
        "101a2041fa7d5a9543e7bbd8efc78f3c",
        "f01a2041fa7d5a9543e7bbd8efc78f3c",
        "01a2041fa7d60000000000000000000f",
        "001a2041fa7d70000000000000000000"
    };

    n = sizeof(ids) / sizeof(ids[0]);
    wrong = 0;

    for (i = 0; i < n; i++) {
        for (j = 0; j < n; j++) {
            one = (const unsigned char *) ids[i];
            two = (const unsigned char *) ids[j];

            expected = (i > j) - (i < j);
            order = secops_id_compare(one, two);
            wrong += ((order > 0) - (order < 0) != expected);
        }
    }

    is_int(wrong, 0, "ids of both forms sort by their time, then by bytes");
}


/* a batch's records have one time: their ids keep the order of the batch */

static void
test_order_counted(void)
{
    unsigned           i, wrong;
    unsigned char      id[SECOPS_ID_LEN], before[SECOPS_ID_LEN];
    secops_id_stock_t  own;

    memset(&own, 0, sizeof(own));
    wrong = 0;

    for (i = 0; i <= SECOPS_ID_COUNT; i++) {
        (void) secops_id_make(&own, 7, 1767225600000ULL, id);
        wrong += i && i < SECOPS_ID_COUNT && secops_id_compare(before, id) >= 0;
        memcpy(before, id, SECOPS_ID_LEN);
    }

    is_int(wrong, 0, "ids of a millisecond sort in the order of their making");
    is_str(before + 13, 3, "fff", "... as far as the count goes");

    (void) secops_id_make(&own, 7, 1767225600001ULL, id);
    is_str(id + 13, 3, "000", "... which begins anew with the next one");

    secops_id_least(1767225600001ULL, before);
    ok(secops_id_compare(before, id) < 0
       && secops_id_msec(before) == 1767225600001ULL,
       "the least of a time comes before all ids of it");
}


static void
test_order_made(void)
{
    unsigned char  early[SECOPS_ID_LEN], late[SECOPS_ID_LEN];

    (void) secops_id_make(&stock, 15, 1767225599999ULL, early);
    (void) secops_id_make(&stock, 0, 1767225600000ULL, late);

    ok(memcmp(early, late, SECOPS_ID_LEN) < 0,
       "new ids sort by their time, whatever their shards");
}


/* all digits of a request's id are random, and none is given twice */

static void
test_request(void)
{
    size_t         i, j, fixed, equal, others;
    unsigned       seen[SECOPS_ID_LEN];
    unsigned char  last[SECOPS_ID_LEN], id[SECOPS_ID_LEN];

    memset(seen, 0, sizeof(seen));
    memset(last, 0, sizeof(last));

    for (i = 0, equal = 0, others = 0; i < ID_TEST_MANY; i++) {

        others += (secops_id_request(&stock, id) != 0);

        for (j = 0; j < SECOPS_ID_LEN; j++) {
            seen[j] |= 1u << secops_id_digit(id[j]);
            others += (strchr("0123456789abcdef", id[j]) == NULL);
        }

        equal += (memcmp(id, last, SECOPS_ID_LEN) == 0);
        memcpy(last, id, SECOPS_ID_LEN);
    }

    for (j = 0, fixed = 0; j < SECOPS_ID_LEN; j++) {
        fixed += (seen[j] != 0xffff);
    }

    is_int(others, 0, "a request's id is made of digits");
    is_int(fixed, 0, "... each of which takes every value");
    is_int(equal, 0, "... and is not that of the last one");
}


static void
test_random_shard(void)
{
    int       shard;
    unsigned  i, seen, range;

    for (i = 0, seen = 0, range = 1; i < 2000; i++) {
        shard = secops_id_random_shard(&stock);
        range &= (shard >= 0 && shard < SECOPS_ID_SHARDS);
        seen |= 1u << (shard & 0xf);
    }

    ok(range, "a random shard is one of the sixteen");
    is_int(seen, 0xffff, "each of them comes");
}


static void
test_valid(void)
{
    static const char  id[] = "f123456789abcdef0123456789abcdef";

    is_int(test_shard(id, 32), 15, "an id");
    is_int(test_shard("0023456789abcdef0123456789abcdef", 32), 0,
           "an id of shard 0");
    is_int(test_shard(id, 31), -1, "one digit less is none");
    is_int(test_shard("f123456789abcdef0123456789abcdef0", 33), -1,
           "one digit more is none");
    is_int(test_shard(id, 0), -1, "nothing is none");
    is_int(test_shard("F123456789abcdef0123456789abcdef", 32), -1,
           "capitals are none");
    is_int(test_shard("f123456789abcdef0123456789abcdeg", 32), -1,
           "g is no digit");
    is_int(test_shard("f123456789abcdef:123456789abcdef", 32), -1,
           "what follows 9 is none");
    is_int(test_shard("f123456789abcdef/123456789abcdef", 32), -1,
           "what precedes 0 is none");
    is_int(test_shard("f123456789abcdef`123456789abcdef", 32), -1,
           "what precedes a is none");
    is_int(test_shard("f123456789abcdef\0""123456789abcdef", 32), -1,
           "NUL is none");
}


static void
test_normalize(void)
{
    size_t         i;
    unsigned char  text[SECOPS_TIME_LEN];

    static const char  *cases[][2] = {
        { "2026-03-12 10:59:19", "2026-03-12 10:59:19" },
        { "2026-03-12T10:59:19", "2026-03-12 10:59:19" },
        { "2026-03-12t10:59:19z", "2026-03-12 10:59:19" },
        { "2026-03-12 10:59:19.768166", "2026-03-12 10:59:19" },
        { "2026-03-12T10:59:19.9Z", "2026-03-12 10:59:19" },
        { "2026-03-12T10:59:19+02:00", "2026-03-12 08:59:19" },
        { "2026-03-12T10:59:19.5-0230", "2026-03-12 13:29:19" },
        { "2026-01-01T00:30:00+01:00", "2025-12-31 23:30:00" },
        { "2024-02-28T23:30:00-01:00", "2024-02-29 00:30:00" },
        { "2023-02-28T23:30:00-01:00", "2023-03-01 00:30:00" },
        { "2000-03-01T00:00:00+00:01", "2000-02-29 23:59:00" },
        { "1900-03-01T00:00:00+00:01", "1900-02-28 23:59:00" },
        { "1969-12-31T23:59:59Z", "1969-12-31 23:59:59" },
        { "2016-12-31T23:59:60Z", "2016-12-31 23:59:59" },
        { "0000-01-01T00:00:00Z", "0000-01-01 00:00:00" },
        { "0000-01-01T00:00:00+23:59", "0000-01-01 00:00:00" },
        { "9999-12-31T23:59:59Z", "9999-12-31 23:59:59" },
        { "9999-12-31T23:59:59-23:59", "9999-12-31 23:59:59" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        is_int(secops_time_normalize(text, slice(cases[i][0])), 0,
               cases[i][0]);
        is_str(text, sizeof(text), cases[i][1], "Field 8: ... in one form");
    }

    is_int(secops_time_normalize(text, slice("2026-03-12")), -1,
           "a date is no time");
}


static void
test_time(void)
{
    unsigned char  text[SECOPS_TIME_LEN];

    secops_time_format(text, 0);
    is_str(text, sizeof(text), "1970-01-01 00:00:00", "the epoch");

    secops_time_format(text, 951827696);
    is_str(text, sizeof(text), "2000-02-29 12:34:56", "a leap day");

    secops_time_format(text, 1767225599);
    is_str(text, sizeof(text), "2025-12-31 23:59:59", "the end of a year");

    secops_time_format(text, 253402300799);
    is_str(text, sizeof(text), "9999-12-31 23:59:59", "the last second");

    secops_time_format(text, -1);
    is_str(text, sizeof(text), "1969-12-31 23:59:59", "before the epoch");
}


static void
test_read_time(void)
{
    size_t   i;
    int64_t  seconds;

    static const struct {
        const char  *text;
        int64_t      seconds;
    } times[] = {
        { "1970-01-01 00:00:00", 0 },
        { "2000-02-29 12:34:56", 951827696 },
        { "9999-12-31 23:59:59", 253402300799 },
        { "1969-12-31 23:59:59", -1 },
        { "2016-12-31 23:59:60", 1483228799 },
        { "2026-02-29 00:00:00", 1772323200 }
    };

    static const char  *others[] = {
        "", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z",
        "2026-00-01 00:00:00", "2026-13-01 00:00:00", "2026-01-00 00:00:00",
        "2026-01-32 00:00:00", "2026-01-01 24:00:00", "2026-01-01 00:60:00",
        "2026-01-01 00:00:61", "202x-01-01 00:00:00", "2026-01-01 00:00: 0"
    };

    for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        is_int(secops_time_read(&seconds, slice(times[i].text)), 0,
               times[i].text);
        is_int(seconds, times[i].seconds, "... in seconds");
    }

    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        is_int(secops_time_read(&seconds, slice(others[i])), -1, others[i]);
    }
}


int
main(void)
{
    /* must not matter: times are UTC */
    (void) setenv("TZ", "America/New_York", 1);

    test_parts();
    test_times();
    test_old();
    test_random();
    test_order();
    test_order_counted();
    test_order_made();
    test_request();
    test_random_shard();
    test_valid();
    test_time();
    test_read_time();
    test_normalize();

    return tap_done();
}
