
/*
 * Several lists of ids become one: in order, nothing lost, nothing twice, with
 * lists that are a little out of order and come in parts; and a place far
 * inside of them is found by samples.
 */

#include <stdio.h>
#include <stdlib.h>

#include "secops_tap.h"
#include "store/list/secops_merge.h"
#include "store/list/secops_narrow.h"


#define MERGE_TEST_MANY      40000

/* places from where it belongs that an entry may be, whenever it was made */

#define MERGE_TEST_DISORDER  32


static uint64_t        seed = 88172645463325252ULL;
static unsigned        pace = 40;       /* milliseconds between two, at most */
static unsigned char  *sorted;          /* of all ids, newest first */
static unsigned char  *list[SECOPS_MERGE_RUNS];
static size_t          len[SECOPS_MERGE_RUNS];


static uint64_t
test_random(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;

    return seed % below;
}


static int
test_newest(const void *one, const void *two)
{
    return secops_id_compare(two, one);
}


/* n ids of the time, the shard and a number; every tenth of the old form */

static void
test_id(unsigned char *id, uint64_t msec, unsigned shard, unsigned number)
{
    char  text[SECOPS_ID_LEN + 1];

    if (number % 10 == 0) {
        (void) snprintf(text, sizeof(text), "%x%012llx%019x", shard,
                        (unsigned long long) msec, number);

    } else {
        (void) snprintf(text, sizeof(text), "%012llx%x%019x",
                        (unsigned long long) msec, shard, number);
    }

    memcpy(id, text, SECOPS_ID_LEN);
}


/* lists of n ids in all; share: of 100 ids so many go to shard 0; disorder: so
   many places at most is an id from where it belongs */

static void
test_lists(size_t n, unsigned share, size_t disorder)
{
    size_t          i, k, from;
    uint64_t        msec;
    unsigned        shard;
    unsigned char  *p, swap[SECOPS_ID_LEN];

    sorted = calloc(n, SECOPS_ID_LEN);
    msec = 0x01a2041fa93bULL + (uint64_t) pace * n;

    for (shard = 0; shard < SECOPS_MERGE_RUNS; shard++) {
        list[shard] = calloc(n, SECOPS_ID_LEN);
        len[shard] = 0;
    }

    for (i = 0; i < n; i++) {
        msec -= test_random(pace);
        shard = test_random(100) < share ? 0
                                         : (unsigned) test_random(16);

        test_id(sorted + i * SECOPS_ID_LEN, msec, shard, (unsigned) i);
    }

    qsort(sorted, n, SECOPS_ID_LEN, test_newest);

    for (i = 0; i < n; i++) {
        p = sorted + i * SECOPS_ID_LEN;
        shard = secops_id_known_shard(p);
        memcpy(list[shard] + len[shard]++ * SECOPS_ID_LEN, p, SECOPS_ID_LEN);
    }

    /* two that are swapped are so far from their places, once each */

    for (shard = 0; disorder && shard < SECOPS_MERGE_RUNS; shard++) {
        for (k = 0; k + disorder < len[shard]; k += disorder + 1) {
            from = k + 1 + test_random(disorder);
            p = list[shard];

            memcpy(swap, p + k * SECOPS_ID_LEN, SECOPS_ID_LEN);
            memcpy(p + k * SECOPS_ID_LEN, p + from * SECOPS_ID_LEN,
                   SECOPS_ID_LEN);
            memcpy(p + from * SECOPS_ID_LEN, swap, SECOPS_ID_LEN);
        }
    }
}


static void
test_free(void)
{
    unsigned  i;

    for (i = 0; i < SECOPS_MERGE_RUNS; i++) {
        free(list[i]);
    }

    free(sorted);
}


/* the i-th entry of a list in the order of reading */

static const unsigned char *
test_entry(unsigned shard, size_t i, int oldest)
{
    return list[shard]
           + (oldest ? len[shard] - 1 - i : i) * SECOPS_ID_LEN;
}


/* the next entries of each list that wants some, part at most; memory is of
   just the size that is needed */

static void
test_feed(secops_merge_t *merge, size_t *read, size_t part, int oldest)
{
    size_t          k, n, left;
    unsigned        i;
    unsigned char  *ids, *memory, *old;

    for (i = 0; i < SECOPS_MERGE_RUNS; i++) {

        if (!secops_merge_is_wanting(merge, i)) {
            continue;
        }

        n = 1 + test_random(part);
        n = n < len[i] - read[i] ? n : len[i] - read[i];
        left = secops_merge_left(merge, i);

        ids = malloc(n * SECOPS_ID_LEN + 1);
        memory = malloc((left + n) * SECOPS_ID_LEN + 1);

        for (k = 0; k < n; k++) {
            memcpy(ids + k * SECOPS_ID_LEN, test_entry(i, read[i]++, oldest),
                   SECOPS_ID_LEN);
        }

        old = merge->runs[i].ids;

        secops_merge_memory(merge, i, memory, left + n);
        secops_merge_add(merge, i, ids, n, read[i] == len[i]);

        free(old);
        free(ids);
    }
}


static void
test_merge(size_t n, unsigned share, size_t disorder, size_t part, int oldest)
{
    int                   rc;
    size_t                count, wrong, read[SECOPS_MERGE_RUNS];
    unsigned              i, calls;
    secops_merge_t        merge;
    const unsigned char  *id, *expected;

    test_lists(n, share, disorder);
    memset(read, 0, sizeof(read));

    secops_merge_init(&merge, SECOPS_MERGE_RUNS, oldest);

    count = wrong = 0;
    calls = 0;

    for ( ;; ) {
        rc = secops_merge_next(&merge, &id);

        if (rc == 0 || ++calls > 10 * n + 100) {
            break;
        }

        if (rc == -1) {
            test_feed(&merge, read, part, oldest);
            continue;
        }

        expected = sorted + (oldest ? n - 1 - count : count) * SECOPS_ID_LEN;

        wrong += (count >= n || memcmp(id, expected, SECOPS_ID_LEN) != 0
                  || merge.last != secops_id_known_shard(id));
        count++;
    }

    ok(count == n && wrong == 0,
       "%u ids, %u%% of one list, %u places out of order, parts of %u, %s: "
       "all in order", (unsigned) n, share, (unsigned) disorder,
       (unsigned) part, oldest ? "oldest first" : "newest first");

    for (i = 0; i < SECOPS_MERGE_RUNS; i++) {
        free(merge.runs[i].ids);
    }

    test_free();
}


/* of what is out of order by more, nothing is lost or comes twice */

static void
test_disorder(void)
{
    int                   rc;
    size_t                count, twice, read[SECOPS_MERGE_RUNS];
    unsigned              i;
    unsigned char        *got;
    secops_merge_t        merge;
    const unsigned char  *id;

    test_lists(MERGE_TEST_MANY, 30, 200);
    memset(read, 0, sizeof(read));

    got = calloc(MERGE_TEST_MANY, SECOPS_ID_LEN);
    secops_merge_init(&merge, SECOPS_MERGE_RUNS, 0);

    for (count = 0; count < MERGE_TEST_MANY; /* void */) {
        rc = secops_merge_next(&merge, &id);

        if (rc == 0) {
            break;
        }

        if (rc == -1) {
            test_feed(&merge, read, 100, 0);
            continue;
        }

        memcpy(got + count++ * SECOPS_ID_LEN, id, SECOPS_ID_LEN);
    }

    qsort(got, count, SECOPS_ID_LEN, test_newest);

    for (i = 0, twice = 0; i < count; i++) {
        twice += (memcmp(got + i * SECOPS_ID_LEN, sorted + i * SECOPS_ID_LEN,
                         SECOPS_ID_LEN)
                  != 0);
    }

    ok(count == MERGE_TEST_MANY && twice == 0 && rc != 0
       && secops_merge_next(&merge, &id) == 0,
       "of lists that are more out of order than they may be, all comes once");

    for (i = 0; i < SECOPS_MERGE_RUNS; i++) {
        free(merge.runs[i].ids);
    }

    free(got);
    test_free();
}


static void
test_sample(secops_narrow_t *narrow, unsigned i, int oldest)
{
    size_t                 k;
    secops_narrow_list_t  *l;

    l = &narrow->lists[i];

    for (k = 0; k < l->nsamples; k++) {
        memcpy(l->ids + k * SECOPS_ID_LEN,
               test_entry(i, l->low + k * l->step, oldest), SECOPS_ID_LEN);
    }
}


/* how many ids come before this one */

static size_t
test_rank(size_t n, const unsigned char *id, int oldest)
{
    int     order;
    size_t  i, rank;

    for (i = 0, rank = 0; i < n; i++) {
        order = secops_id_compare(sorted + i * SECOPS_ID_LEN, id);
        rank += oldest ? order < 0 : order > 0;
    }

    return rank;
}


static void
test_narrow(size_t n, unsigned share, uint64_t target, unsigned most,
    int oldest)
{
    size_t            rank;
    unsigned          i, rounds;
    uint64_t          width;
    secops_narrow_t  *narrow;

    test_lists(n, share, 0);

    narrow = malloc(sizeof(secops_narrow_t));
    secops_narrow_init(narrow, SECOPS_MERGE_RUNS, oldest, target);

    for (i = 0; i < SECOPS_MERGE_RUNS; i++) {
        narrow->lists[i].high = len[i];
    }

    width = n;
    rounds = 0;

    do {
        for (i = 0; i < SECOPS_MERGE_RUNS; i++) {
            secops_narrow_sample(narrow, i, narrow->lists[i].low,
                                 narrow->lists[i].high);
            test_sample(narrow, i, oldest);
        }

        secops_narrow_round(narrow);

        if (narrow->width > width) {
            break;
        }

        width = narrow->width;
        rounds++;

    } while (width > 100 && rounds < 10);

    rank = narrow->found ? test_rank(n, narrow->pivot, oldest) : 0;

    ok((narrow->found || target == 0) && rank <= target
       && target - rank <= 100 && rounds <= most,
       "of %u ids, %u%% in one list, number %u is found in %u rounds, "
       "%u before it", (unsigned) n, share, (unsigned) target, rounds,
       (unsigned) (target - rank));

    free(narrow);
    test_free();
}


/* two batches of one moment, written one after the other into one list: what
   is of the same time is not given away before all of it has come */

static void
test_block(void)
{
    size_t                n, wrong;
    unsigned              i;
    secops_merge_t        merge;
    unsigned char         ids[400 * SECOPS_ID_LEN], memory[sizeof(ids)];
    unsigned char         before[SECOPS_ID_LEN];
    const unsigned char  *id;

    for (i = 0; i < 400; i++) {
        test_id(ids + i * SECOPS_ID_LEN, 0x01a2041fa93bULL, 3,
                10000 + 20 * (i % 200) + 10 * (i / 200) + 1);
    }

    secops_merge_init(&merge, 1, 1);
    secops_merge_memory(&merge, 0, memory, 400);
    secops_merge_add(&merge, 0, ids, 200, 0);

    is_int(secops_merge_next(&merge, &id), -1,
           "of one time, ids are held back however many there are");

    secops_merge_add(&merge, 0, ids + 200 * SECOPS_ID_LEN, 200, 1);

    for (n = 0, wrong = 0; secops_merge_next(&merge, &id) == 1; n++) {
        wrong += n && secops_id_compare(before, id) >= 0;
        memcpy(before, id, SECOPS_ID_LEN);
    }

    ok(n == 400 && wrong == 0, "... and come in order");
}


int
main(void)
{
    test_merge(0, 0, 0, 10, 0);
    test_merge(1, 0, 0, 10, 0);
    test_merge(1, 0, 0, 10, 1);
    test_merge(100, 0, 0, 7, 0);
    test_merge(100, 100, 0, 7, 1);
    test_merge(MERGE_TEST_MANY, 0, 0, 500, 0);
    test_merge(MERGE_TEST_MANY, 0, 0, 500, 1);
    test_merge(MERGE_TEST_MANY, 90, 0, 100, 0);
    test_merge(MERGE_TEST_MANY, 0, 1, 1, 0);
    test_merge(MERGE_TEST_MANY, 0, MERGE_TEST_DISORDER, 500, 0);
    test_merge(MERGE_TEST_MANY, 0, MERGE_TEST_DISORDER, 1, 1);
    test_merge(MERGE_TEST_MANY, 60, MERGE_TEST_DISORDER, 33, 0);
    test_disorder();
    test_block();

    test_narrow(1000, 0, 0, 3, 0);
    test_narrow(1000, 0, 1, 3, 0);
    test_narrow(1000, 0, 500, 3, 0);
    test_narrow(1000, 0, 999, 3, 1);
    test_narrow(1000, 100, 500, 3, 1);
    test_narrow(MERGE_TEST_MANY, 0, 30000, 3, 0);
    test_narrow(MERGE_TEST_MANY, 0, 8001, 3, 1);
    test_narrow(MERGE_TEST_MANY, 95, 20000, 4, 0);
    test_narrow(1000000, 0, 654321, 4, 0);
    test_narrow(1000000, 50, 345678, 4, 1);

    return tap_done();
}
