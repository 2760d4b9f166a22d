
/* Replies of the scripts that read lists: what they say, and what is none. */

#include <stdio.h>

#include "secops_tap.h"
#include "store/list/secops_reply_ids.h"


#define REPLY_TEST_MAX  40


static secops_redis_value_t  values[REPLY_TEST_MAX];
static size_t                nvalues;


static const char  *ids[] = {
    "01a2041fa7d50a9543e7bbd8efc78f3c", "01a2041fa7d50a9543e7bbd8efc78f3b",
    "f01a2041fa7d5a9543e7bbd8efc78f3c", "001a2041fa7d5a9543e7bbd8efc78f3c"
};


static void
add(secops_redis_type_e type, int64_t integer, const char *text)
{
    secops_redis_value_t  *value;

    value = &values[nvalues++];

    memset(value, 0, sizeof(secops_redis_value_t));

    value->type = type;
    value->integer = integer;
    value->elements = (size_t) integer;

    if (text) {
        value->text = slice(text);
    }
}


static void
add_ids(size_t first, size_t n)
{
    size_t  i;

    add(SECOPS_REDIS_ARRAY, (int64_t) n, NULL);

    for (i = 0; i < n; i++) {
        add(SECOPS_REDIS_STRING, 0, ids[first + i]);
    }
}


static void
make_ids(int64_t total, int64_t rank, int64_t begin, size_t n)
{
    nvalues = 0;

    add(SECOPS_REDIS_ARRAY, 4, NULL);
    add(SECOPS_REDIS_INTEGER, total, NULL);
    add(SECOPS_REDIS_INTEGER, rank, NULL);
    add(SECOPS_REDIS_INTEGER, begin, NULL);
    add_ids(0, n);
}


static void
test_ids(void)
{
    unsigned char       copy[3 * SECOPS_ID_LEN];
    secops_reply_ids_t  reply;

    make_ids(9, -1, 2, 3);

    is_int(secops_reply_ids(&reply, values, nvalues, 3), 0, "ids of a list");
    ok(reply.total == 9 && reply.rank == -1 && reply.begin == 2
       && reply.ids.n == 3, "... with what is told beside them");

    secops_reply_ids_copy(copy, &reply.ids, 0);
    ok(memcmp(copy, ids[0], SECOPS_ID_LEN) == 0
       && memcmp(copy + 2 * SECOPS_ID_LEN, ids[2], SECOPS_ID_LEN) == 0,
       "... in their order");

    secops_reply_ids_copy(copy, &reply.ids, 1);
    ok(memcmp(copy, ids[2], SECOPS_ID_LEN) == 0
       && memcmp(copy + 2 * SECOPS_ID_LEN, ids[0], SECOPS_ID_LEN) == 0,
       "... or the other way round");

    make_ids(0, 0, 0, 0);
    is_int(secops_reply_ids(&reply, values, nvalues, 0), 0, "of none");
}


/* each is a reply but for one thing */

static void
test_no_ids(void)
{
    size_t              i;
    secops_reply_ids_t  reply;

    make_ids(9, 3, 2, 3);
    is_int(secops_reply_ids(&reply, values, nvalues, 2), -1,
           "more ids than were asked for");
    is_int(secops_reply_ids(&reply, values, nvalues - 1, 3), -1,
           "one value less");
    is_int(secops_reply_ids(&reply, values, nvalues + 1, 3), -1,
           "one value more");

    for (i = 0; i < nvalues; i++) {
        make_ids(9, 3, 2, 3);
        values[i].type = SECOPS_REDIS_NIL;
        is_int(secops_reply_ids(&reply, values, nvalues, 3), -1,
               "a value of another type");
    }

    make_ids(-1, -1, 0, 3);
    is_int(secops_reply_ids(&reply, values, nvalues, 3), -1,
           "a list of less than nothing");
    make_ids(9, 10, 2, 3);
    is_int(secops_reply_ids(&reply, values, nvalues, 3), -1,
           "a rank beyond the list");
    make_ids(9, -2, 2, 3);
    is_int(secops_reply_ids(&reply, values, nvalues, 3), -1,
           "a rank below all");
    make_ids(9, 3, 10, 3);
    is_int(secops_reply_ids(&reply, values, nvalues, 3), -1,
           "a begin beyond the list");
    make_ids(9, 3, -1, 3);
    is_int(secops_reply_ids(&reply, values, nvalues, 3), -1,
           "a begin before the list");
    make_ids(9, 3, 2, 3);
    values[6].text.len--;
    is_int(secops_reply_ids(&reply, values, nvalues, 3), -1, "what is no id");
    make_ids(9, 3, 2, 3);
    values[4].elements = (size_t) -1;
    is_int(secops_reply_ids(&reply, values, nvalues, 3), -1,
           "more elements than there are values");

    nvalues = 0;
    add(SECOPS_REDIS_INTEGER, 1, NULL);
    is_int(secops_reply_ids(&reply, values, nvalues, 3), -1, "a number");
}


static void
make_scan(int64_t left, int64_t passed, size_t before, size_t after, size_t n)
{
    nvalues = 0;

    add(SECOPS_REDIS_ARRAY, 5, NULL);
    add(SECOPS_REDIS_INTEGER, left, NULL);
    add(SECOPS_REDIS_INTEGER, passed, NULL);
    add_ids(0, before);
    add_ids(1, after);
    add_ids(0, n);
}


static void
test_scan(void)
{
    size_t               i, n;
    secops_reply_scan_t  reply;

    make_scan(7, 2, 1, 2, 3);

    is_int(secops_reply_scan(&reply, values, nvalues, 3), 0, "a scan's step");
    ok(reply.left == 7 && reply.passed == 2 && reply.before.n == 1
       && reply.after.n == 2 && reply.ids.n == 3
       && secops_slice_equal(reply.after.values[1].text, slice(ids[2]))
       && secops_slice_equal(reply.ids.values[2].text, slice(ids[2])),
       "... with all that it tells");

    n = nvalues;

    for (i = 0; i < n; i++) {
        make_scan(7, 2, 1, 2, 3);
        values[i].type = SECOPS_REDIS_ERROR;
        is_int(secops_reply_scan(&reply, values, nvalues, 3), -1,
               "a value of another type");
        make_scan(7, 2, 1, 2, 3);
        is_int(secops_reply_scan(&reply, values, i + 1 < n ? i + 1 : n + 1, 3),
               -1, "fewer values, or more");
    }

    make_scan(0, 0, 0, 0, 0);
    is_int(secops_reply_scan(&reply, values, nvalues, 3), 0, "the last step");
    make_scan(7, 2, 0, 2, 3);
    is_int(secops_reply_scan(&reply, values, nvalues, 3), -1,
           "no place although there is more");
    make_scan(7, 2, 1, 2, 3);
    is_int(secops_reply_scan(&reply, values, nvalues, 2), -1,
           "more ids than were asked for");
    make_scan(7, 3 + SECOPS_REPLY_PASSED, 1, 2, 3);
    is_int(secops_reply_scan(&reply, values, nvalues, 3), 0,
           "a step that has passed all it may");
    make_scan(7, 4 + SECOPS_REPLY_PASSED, 1, 2, 3);
    is_int(secops_reply_scan(&reply, values, nvalues, 3), -1,
           "more entries than were asked for");
    make_scan(-1, 2, 1, 2, 3);
    is_int(secops_reply_scan(&reply, values, nvalues, 3), -1,
           "less than nothing left");
    make_scan(7, -1, 1, 2, 3);
    is_int(secops_reply_scan(&reply, values, nvalues, 3), -1,
           "less than nothing passed");

    make_scan(7, 2, 1, 2, 3);
    nvalues = 3;
    add(SECOPS_REDIS_ARRAY, SECOPS_REPLY_MARKS + 1, NULL);

    for (i = 0; i <= SECOPS_REPLY_MARKS; i++) {
        add(SECOPS_REDIS_STRING, 0, ids[0]);
    }

    add_ids(0, 0);
    add_ids(0, 0);
    is_int(secops_reply_scan(&reply, values, nvalues, 3), -1,
           "more marks than there may be");
}


/* of the ids a, b, c, …: one step after the other, as its marks are told */

static void
test_marks(void)
{
    size_t                i, k, n, first, wrong;
    char                  texts[64][SECOPS_ID_LEN + 1];
    secops_reply_scan_t   reply;
    secops_reply_marks_t  marks;
    secops_redis_value_t  before[SECOPS_REPLY_MARKS], after[2];

    static const size_t  steps[] = { 1, 1, 3, 8, 1, 2, 8, 5, 5, 1 };

    for (i = 0; i < 64; i++) {
        (void) snprintf(texts[i], sizeof(texts[i]), "%s", ids[0]);
        (void) snprintf(texts[i] + 30, 3, "%02x", (unsigned) i);
    }

    memset(&marks, 0, sizeof(secops_reply_marks_t));

    for (i = 0, n = 0, wrong = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {

        for (k = 0; k < steps[i]; k++, n++) {
            before[k].text = slice(texts[n]);
        }

        after[0].text = slice(texts[n]);
        after[1].text = slice(texts[n + 1]);

        reply.before.values = before;
        reply.before.n = steps[i];
        reply.after.values = after;
        reply.after.n = i % 3;

        secops_reply_marks_take(&marks, &reply);

        first = n > SECOPS_REPLY_MARKS ? n - SECOPS_REPLY_MARKS : 0;

        wrong += (marks.nbefore != n - first || marks.nafter != i % 3);

        for (k = 0; k < marks.nbefore + marks.nafter; k++) {
            wrong += (memcmp(marks.ids + k * SECOPS_ID_LEN, texts[first + k],
                             SECOPS_ID_LEN)
                      != 0);
        }
    }

    is_int(wrong, 0, "marks are the last eight before the place, of however "
           "many steps, and those after it");
}


static void
test_documents(void)
{
    nvalues = 0;
    add(SECOPS_REDIS_ARRAY, 3, NULL);
    add(SECOPS_REDIS_STRING, 0, "{}");
    add(SECOPS_REDIS_NIL, 0, NULL);
    add(SECOPS_REDIS_STRING, 0, "");

    is_int(secops_reply_documents(values, 4, 1, 3), 3, "documents");
    is_int(secops_reply_documents(values, 4, 3, 3), 3, "... just as many");
    is_int(secops_reply_documents(values, 4, 1, 2), -1, "... too many");
    is_int(secops_reply_documents(values, 4, 4, 5), -1, "... too few");
    is_int(secops_reply_documents(values, 3, 1, 3), -1, "... a value less");

    values[2].type = SECOPS_REDIS_INTEGER;
    is_int(secops_reply_documents(values, 4, 1, 3), -1, "... a number");

    values[0].type = SECOPS_REDIS_STRING;
    is_int(secops_reply_documents(values, 1, 0, 3), -1, "... a text");
}


int
main(void)
{
    test_ids();
    test_no_ids();
    test_scan();
    test_marks();
    test_documents();

    return tap_done();
}
