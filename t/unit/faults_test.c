
/* Faults: what is told of them, the budget, and names that are cut. */

#include "secops_tap.h"
#include "util/secops_faults.h"


/* what is told, as secops_faults_write() has it */

static void
told(const secops_faults_t *faults, const char *expected, const char *name)
{
    secops_text_t  text;

    memset(&text, 0, sizeof(text));

    secops_faults_write(&text, faults);
    is_str(text.data ? (char *) text.data : "", text.len, expected, name);
    secops_text_free(&text);
}


static void
test_list(void)
{
    size_t           place;
    secops_fault_t   fault;
    secops_faults_t  faults;

    memset(&faults, 0, sizeof(faults));
    memset(&fault, 0, sizeof(fault));

    place = 0;
    ok(!secops_faults_next(&faults, &place, &fault), "there is no fault");
    told(&faults, "", "... and none is told");

    secops_faults_tell(&faults, SECOPS_ERROR_MANDATORY, secops_slice_of("/a"),
                       secops_slice_of("is required"));
    is_int(faults.error, SECOPS_ERROR_MANDATORY, "the first fault's error");

    fault.about = secops_slice_of("");
    fault.message = secops_slice_of("is wrong");
    secops_faults_add(&faults, SECOPS_ERROR_BODY, &fault);
    is_int(faults.error, SECOPS_ERROR_BODY, "one that comes first wins");

    secops_faults_tell(&faults, SECOPS_ERROR_UNKNOWN, secops_slice_of("/b"),
                       secops_slice_of("is odd"));
    is_int(faults.error, SECOPS_ERROR_BODY, "... and stays");

    told(&faults, "/a: is required; is wrong; /b: is odd", "all are told");

    ok(secops_faults_next(&faults, &place, &fault)
       && fault.about.data == NULL, "the first one is about nothing");
    ok(secops_faults_next(&faults, &place, &fault)
       && fault.about.data && fault.about.len == 0,
       "the second one is about what has an empty name");
    ok(secops_faults_next(&faults, &place, &fault)
       && !secops_faults_next(&faults, &place, &fault), "there is no fourth");

    secops_faults_free(&faults);
    ok(faults.error == SECOPS_ERROR_NONE && faults.told == 0, "all are gone");
}


static void
test_budget(void)
{
    unsigned         n;
    secops_faults_t  faults;

    static char  text[1000];

    memset(&faults, 0, sizeof(faults));
    memset(text, 'x', sizeof(text) - 1);

    for (n = 0; !faults.more; n++) {
        secops_faults_tell(&faults, SECOPS_ERROR_BODY, secops_slice_of("/a"),
                           secops_slice_of(text));
    }

    is_int(n, SECOPS_FAULTS_BYTES / (3 * 1001 + 64) + 1,
           "faults are told up to the budget, for an answer with each thrice");
    is_int(faults.told, n - 1, "... and it is known that there are more");

    secops_faults_tell(&faults, SECOPS_ERROR_BODY, secops_slice_of(""),
                       secops_slice_of(""));
    is_int(faults.told, n - 1, "no shorter one follows");

    secops_faults_free(&faults);
}


/* records share a budget, in which each has its own number of faults */

static void
test_shared(void)
{
    size_t           bytes;
    unsigned         n;
    secops_faults_t  first, second;

    static char  text[1000];

    memset(&first, 0, sizeof(first));
    memset(text, 'x', sizeof(text) - 1);

    bytes = 0;
    first.shared = &bytes;
    first.once = 1;
    second = first;

    for (n = 0; n < SECOPS_FAULTS_MAX; n++) {
        secops_faults_tell(&first, SECOPS_ERROR_BODY, secops_slice_of("/a"),
                           secops_slice_of("\"\n"));
    }

    ok(secops_faults_full(&first) && !first.more, "as many as may be told");
    is_int(bytes, (2 + 2 + 2 + 6) * 100 + 2 * 99, "... are counted as they are"
           " written, control characters at their longest");

    secops_faults_tell(&first, SECOPS_ERROR_BODY, secops_slice_of("/a"),
                       secops_slice_of("b"));
    ok(first.more && first.told == SECOPS_FAULTS_MAX, "one more is not told");

    n = (SECOPS_FAULTS_BYTES - bytes + 2) / 1003;

    while (!second.more) {
        secops_faults_tell(&second, SECOPS_ERROR_BODY, secops_slice_of(""),
                           secops_slice_of(text));
    }

    is_int(second.told, n, "those of another one take what is left");

    secops_faults_free(&second);
    second.shared = &bytes;

    secops_faults_tell(&second, SECOPS_ERROR_BODY, secops_slice_of("/a"),
                       secops_slice_of("b"));
    told(&second, "and more", "nothing is left for a third");
    is_int(second.error, SECOPS_ERROR_BODY, "... but its error");

    secops_faults_free(&first);
    secops_faults_free(&second);
}


static void
cut(const char *text, size_t max, const char *expected)
{
    secops_text_t  result;

    memset(&result, 0, sizeof(result));

    secops_faults_append_name(&result, secops_slice_of(text), max);
    is_str(result.data, result.len, expected, expected);
    secops_text_free(&result);
}


static void
test_pointer(void)
{
    size_t         i;
    char           long_name[3000];
    secops_text_t  result, pointer;

    memset(&result, 0, sizeof(result));
    memset(&pointer, 0, sizeof(pointer));

    secops_faults_append_pointer(&result, secops_slice_of("/a/b~1c//d"));
    is_str(result.data, result.len, "/a/b~1c//d", "a short pointer stays");

    memset(long_name, 'x', sizeof(long_name));
    long_name[0] = '/';
    long_name[sizeof(long_name) - 1] = '\0';

    result.len = 0;
    secops_faults_append_pointer(&result, secops_slice_of(long_name));
    is_int(result.len, SECOPS_FAULTS_NAME + strlen("…"),
           "a long name in it is cut");

    result.len = 0;
    secops_faults_append_member(&result, secops_slice_of("a/b~c"));
    is_str(result.data, result.len, "/a~1b~0c", "a member's name is escaped");

    result.len = 0;
    secops_faults_append_member(&result, secops_slice_of(long_name));
    is_int(result.len, strlen("/~1") + SECOPS_FAULTS_NAME - 1 + strlen("…"),
           "... and cut");

    for (i = 0; i < 1000; i++) {
        secops_text_append_string(&pointer, "/name");
    }

    result.len = 0;
    secops_faults_append_pointer(&result, secops_text_slice(&pointer));
    ok(result.len <= SECOPS_FAULTS_POINTER + strlen("/…"),
       "a pointer of many steps is cut");
    is_str(result.data + result.len - 9, 9, "/name/…", "... between two");

    secops_text_free(&result);
    secops_text_free(&pointer);
}


int
main(void)
{
    test_list();
    test_budget();
    test_shared();

    cut("abc", 3, "abc");
    cut("abcd", 3, "abc…");
    cut("aäb", 2, "a…");
    cut("ä", 1, "…");
    cut("", 5, "");

    test_pointer();

    return tap_done();
}
