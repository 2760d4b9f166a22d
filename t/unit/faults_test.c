
/* How much faults may say: the budget, and names that are cut. */

#include "secops_tap.h"
#include "util/secops_faults.h"


static void
test_budget(void)
{
    unsigned                n;
    secops_faults_budget_t  budget;

    memset(&budget, 0, sizeof(budget));

    for (n = 0; secops_faults_take(&budget, 1000) == 0; n++) {
        /* void */
    }

    is_int(n, SECOPS_FAULTS_BYTES / 1000, "faults are told up to the budget");
    ok(budget.more, "... and it is known that there are more");
    ok(secops_faults_take(&budget, 1) == -1, "no shorter one follows");
    ok(budget.used <= SECOPS_FAULTS_BYTES, "the budget is kept");
}


static void
test_size(void)
{
    is_int(secops_faults_size(secops_slice_of("abc/ä")), 6, "plain bytes");
    is_int(secops_faults_size(secops_slice_of("\"\\\n")), 2 + 2 + 6,
           "escapes are counted, control characters at their longest");
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
    test_budget();
    test_size();

    cut("abc", 3, "abc");
    cut("abcd", 3, "abc…");
    cut("aäb", 2, "a…");
    cut("ä", 1, "…");
    cut("", 5, "");

    test_pointer();

    return tap_done();
}
