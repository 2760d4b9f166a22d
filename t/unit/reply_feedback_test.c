
/* Replies of the script that stores feedback: what they say, what is none. */

#include <stdio.h>

#include "secops_tap.h"
#include "store/secops_reply.h"


#define DIGEST  "c0ffee00c0ffee00c0ffee00c0ffee00"
#define OTHER   "0123456789abcdef0123456789abcdef"


static secops_redis_value_t     values[8];
static secops_reply_feedback_t  feedback;


/* an array of so many strings */

static int
reads(size_t n, const char *const *texts)
{
    size_t  i;

    memset(values, 0, sizeof(values));

    values[0].type = SECOPS_REDIS_ARRAY;
    values[0].elements = n;
    values[0].next = n + 1;

    for (i = 0; i < n; i++) {
        values[i + 1].type = SECOPS_REDIS_STRING;
        values[i + 1].next = i + 2;
        values[i + 1].text = slice(texts[i]);
    }

    return secops_reply_feedback(values, n + 1, &feedback);
}


int
main(void)
{
    size_t  i;

    static const char *const  stored[] = {
        "1", "1764439454123456", DIGEST, "", "label_1", "7"
    };
    static const char *const  moved[] = {
        "0", "1764439454123456", DIGEST, OTHER, "label_1", "7"
    };
    static const char *const  plain[] = {
        "1", "1", "", "", "label_1", "0"
    };

    static const char *const  odd[][6] = {
        { "1", "x", DIGEST, "", "label_1", "7" },
        { "1", "-1", DIGEST, "", "label_1", "7" },
        { "1", "1764439454123456000", DIGEST, "", "label_1", "7" },
        { "1", "1", "c0ffee", "", "label_1", "7" },
        { "1", "1", DIGEST "0", "", "label_1", "7" },
        { "1", "1", "C0FFEE00c0ffee00c0ffee00c0ffee00", "", "label_1", "7" },
        { "1", "1", DIGEST, "x", "label_1", "7" },
        { "1", "1", DIGEST, "", "label_1", "" }
    };

    is_int(reads(6, stored), 1, "feedback was stored");
    is_int((long long) feedback.n, 1764439454123456LL, "its number");
    is_str(feedback.digest.data, feedback.digest.len, DIGEST, "its bucket");
    is_int((long long) feedback.old.len, 0, "no other");
    is_str(feedback.label.data, feedback.label.len, "label_1", "its label");
    is_int((long long) feedback.generation, 7, "trainings");

    is_int(reads(6, moved), 0, "another one comes first");
    is_str(feedback.old.data, feedback.old.len, OTHER, "its bucket before");

    is_int(reads(6, plain), 1, "feedback without a bucket");
    is_int(reads(0, NULL), -2, "there is no event");

    is_int(reads(5, stored), -1, "too few values");
    is_int(reads(1, stored), -1, "one value");

    for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        is_int(reads(6, odd[i]), -1, "a value that can not be");
    }

    (void) reads(6, stored);
    values[3].type = SECOPS_REDIS_INTEGER;
    is_int(secops_reply_feedback(values, 7, &feedback), -1, "a number");

    (void) reads(6, stored);
    values[0].type = SECOPS_REDIS_STRING;
    is_int(secops_reply_feedback(values, 7, &feedback), -1, "no array");

    return tap_done();
}
