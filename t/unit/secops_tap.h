
/*
 * TAP for unit tests: one function per kind of check, the plan at the end.
 * A test ends with "return tap_done();".
 */

#ifndef _SECOPS_TAP_H_INCLUDED_
#define _SECOPS_TAP_H_INCLUDED_


#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/secops_slice.h"


/* short, as it stands in tables */

#define slice(string)  secops_slice_of(string)


static unsigned  tap_count;
static unsigned  tap_failed;


/* prints "ok 1 - name"; returns the condition, to tell more when it failed */

static inline int __attribute__((format(printf, 2, 3)))
ok(int condition, const char *name, ...)
{
    va_list  args;

    tap_count++;
    tap_failed += !condition;

    printf("%sok %u - ", condition ? "" : "not ", tap_count);

    va_start(args, name);
    vprintf(name, args);
    va_end(args);

    printf("\n");
    fflush(stdout);

    return condition;
}


static inline int
is_int(long long got, long long expected, const char *name)
{
    if (ok(got == expected, "%s", name)) {
        return 1;
    }

    printf("#      got: %lld\n# expected: %lld\n", got, expected);

    return 0;
}


/* got need not end with a NUL */

static inline int
is_str(const void *got, size_t len, const char *expected, const char *name)
{
    if (ok(len == strlen(expected)
           && (len == 0 || memcmp(got, expected, len) == 0), "%s", name))
    {
        return 1;
    }

    printf("#      got: \"%.*s\"\n# expected: \"%s\"\n", (int) len,
           (const char *) got, expected);

    return 0;
}


static inline void
tap_skip(const char *name, const char *reason)
{
    printf("ok %u - %s # SKIP %s\n", ++tap_count, name, reason);
}


static inline int
tap_done(void)
{
    printf("1..%u\n", tap_count);

    return tap_failed != 0;
}


#endif /* _SECOPS_TAP_H_INCLUDED_ */
