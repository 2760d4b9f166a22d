
/*
 * secops_redis_resp: the bytes of commands, what is never let through, and how
 * many bytes may leave before Redis executes anything (a link that dies before
 * has lost nothing, one that dies after has an unknown outcome).
 */

#include <stdio.h>
#include <stdlib.h>

#include "redis/resp/secops_redis_resp.h"
#include "secops_tap.h"


static void resp_command(secops_redis_resp_t *resp, const char *first,
    const char *second);
static void test_bytes(void);
static void test_growth(void);
static void test_borrowed(void);
static void test_lengths(void);
static void test_faults(void);
static void test_effect(void);


int
main(void)
{
    test_bytes();
    test_growth();
    test_borrowed();
    test_lengths();
    test_faults();
    test_effect();

    return tap_done();
}


static void
resp_command(secops_redis_resp_t *resp, const char *first, const char *second)
{
    secops_redis_resp_begin(resp, second ? 2 : 1);
    secops_redis_resp_arg(resp, first, strlen(first));

    if (second) {
        secops_redis_resp_arg(resp, second, strlen(second));
    }
}


static void
test_bytes(void)
{
    secops_redis_resp_t  resp;

    ok(secops_redis_resp_init(&resp, 0) == 0, "a buffer of no expected size");

    secops_redis_resp_begin(&resp, 3);
    secops_redis_resp_arg(&resp, "SET", 3);
    secops_redis_resp_arg(&resp, "a\r\nb", 4);
    secops_redis_resp_arg(&resp, NULL, 0);
    resp_command(&resp, "PING", NULL);

    ok(secops_redis_resp_complete(&resp) == 0, "two commands are complete");

    is_str(resp.data, resp.len,
           "*3\r\n$3\r\nSET\r\n$4\r\na\r\nb\r\n$0\r\n\r\n"
           "*1\r\n$4\r\nPING\r\n",
           "arguments are length-prefixed, whatever is in them");

    is_int((long long) resp.commands, 2, "two replies are to be expected");

    secops_redis_resp_free(&resp);

    ok(resp.data == NULL, "free leaves nothing behind");
}


static void
test_growth(void)
{
    size_t                i;
    unsigned char        *large;
    secops_redis_resp_t   resp;

    large = malloc(1000000);

    if (large == NULL) {
        exit(1);
    }

    memset(large, 'x', 1000000);

    (void) secops_redis_resp_init(&resp, 10);

    secops_redis_resp_begin(&resp, 101);

    for (i = 0; i < 100; i++) {
        secops_redis_resp_arg(&resp, large, i);
    }

    secops_redis_resp_arg(&resp, large, 1000000);

    ok(secops_redis_resp_complete(&resp) == 0, "it grows as needed");

    /* 10 arguments below ten bytes, 90 below a hundred, one of a million */

    is_int((long long) resp.len,
           6 + 10 * (4 + 2) + 90 * (5 + 2) + 4950 + 10 + 1000000 + 2,
           "and every byte is there");

    ok(resp.data[resp.len - 3] == 'x', "the last argument's end is in place");

    secops_redis_resp_free(&resp);
    free(large);
}


static void
test_borrowed(void)
{
    unsigned char        *room;
    secops_redis_resp_t   resp;

    /* malloc'ed, so that the sanitizer sees a byte too many, and a free */

    room = malloc(40);

    if (room == NULL) {
        exit(1);
    }

    secops_redis_resp_borrow(&resp, room, 40);
    resp_command(&resp, "PING", NULL);

    ok(resp.data == room && resp.len == 14,
       "what fits is written where the caller wants it");

    resp_command(&resp, "GET", "12345678901234567890");

    ok(resp.data != room, "what does not fit moves");

    ok(secops_redis_resp_complete(&resp) == 0, "and goes on there");

    is_str(resp.data, resp.len,
           "*1\r\n$4\r\nPING\r\n"
           "*2\r\n$3\r\nGET\r\n$20\r\n12345678901234567890\r\n",
           "with all that was written before");

    secops_redis_resp_free(&resp);

    secops_redis_resp_borrow(&resp, room, 0);
    resp_command(&resp, "PING", NULL);

    is_str(resp.data, resp.len, "*1\r\n$4\r\nPING\r\n",
           "nothing may be lent");

    secops_redis_resp_free(&resp);

    secops_redis_resp_borrow(&resp, room, 40);
    secops_redis_resp_free(&resp);

    memset(room, 'x', 40);
    free(room);

    ok(resp.data == NULL, "what was lent stays the caller's");
}


static void
test_lengths(void)
{
    int                   n;
    size_t                i;
    char                  expected[64], bytes[1200];
    secops_redis_resp_t   resp;

    static const size_t   lengths[] = { 1, 9, 10, 11, 99, 100, 101, 999, 1000 };

    memset(bytes, 'x', sizeof(bytes));

    for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        (void) secops_redis_resp_init(&resp, 0);

        secops_redis_resp_begin(&resp, 1);
        secops_redis_resp_arg(&resp, bytes, lengths[i]);

        n = snprintf(expected, sizeof(expected), "*1\r\n$%zu\r\n",
                     lengths[i]);

        ok(resp.len == n + lengths[i] + 2
           && memcmp(resp.data, expected, n) == 0,
           "the length of %zu bytes", lengths[i]);

        secops_redis_resp_free(&resp);
    }
}


static void
test_faults(void)
{
    secops_redis_resp_t  resp;

    (void) secops_redis_resp_init(&resp, 0);
    ok(secops_redis_resp_complete(&resp) != 0, "no command is a fault");
    secops_redis_resp_free(&resp);

    (void) secops_redis_resp_init(&resp, 0);
    secops_redis_resp_begin(&resp, 2);
    secops_redis_resp_arg(&resp, "GET", 3);
    ok(secops_redis_resp_complete(&resp) != 0,
       "an argument too few is a fault at the end");
    secops_redis_resp_free(&resp);

    (void) secops_redis_resp_init(&resp, 0);
    secops_redis_resp_begin(&resp, 2);
    secops_redis_resp_arg(&resp, "GET", 3);
    resp_command(&resp, "PING", NULL);
    ok(secops_redis_resp_complete(&resp) != 0,
       "an argument too few is a fault before the next command");
    secops_redis_resp_free(&resp);

    (void) secops_redis_resp_init(&resp, 0);
    resp_command(&resp, "PING", NULL);
    secops_redis_resp_arg(&resp, "a", 1);
    resp_command(&resp, "PING", NULL);
    ok(secops_redis_resp_complete(&resp) != 0, "an argument too many is one");
    secops_redis_resp_free(&resp);

    (void) secops_redis_resp_init(&resp, 0);
    secops_redis_resp_arg(&resp, "a", 1);
    ok(secops_redis_resp_complete(&resp) != 0,
       "an argument of no command is one");
    secops_redis_resp_free(&resp);

    (void) secops_redis_resp_init(&resp, 0);
    secops_redis_resp_begin(&resp, 0);
    ok(secops_redis_resp_complete(&resp) != 0, "a command of nothing is one");
    secops_redis_resp_free(&resp);

    (void) secops_redis_resp_init(&resp, 0);
    secops_redis_resp_begin(&resp, 1);
    secops_redis_resp_arg(&resp, "a", (size_t) -1);
    ok(secops_redis_resp_complete(&resp) != 0,
       "a length that no memory can hold is one");
    secops_redis_resp_free(&resp);
}


static void
test_effect(void)
{
    size_t               whole;
    secops_redis_resp_t  resp;

    (void) secops_redis_resp_init(&resp, 0);
    resp_command(&resp, "DEL", "a");
    (void) secops_redis_resp_complete(&resp);
    is_int((long long) resp.effect, (long long) resp.len,
           "one command takes effect with its last byte");
    ok(!resp.transaction, "and is no transaction");
    whole = resp.len;
    secops_redis_resp_free(&resp);

    (void) secops_redis_resp_init(&resp, 0);
    resp_command(&resp, "DEL", "a");
    resp_command(&resp, "DEL", "b");
    (void) secops_redis_resp_complete(&resp);
    is_int((long long) resp.effect, (long long) whole,
           "of several the first does");
    secops_redis_resp_free(&resp);

    (void) secops_redis_resp_init(&resp, 0);
    resp_command(&resp, "multi", NULL);
    resp_command(&resp, "DEL", "EXEC");
    resp_command(&resp, "EXEC", NULL);
    whole = resp.len;
    resp_command(&resp, "DEL", "b");
    (void) secops_redis_resp_complete(&resp);
    is_int((long long) resp.effect, (long long) whole,
           "a transaction does with its EXEC, not with an argument like it");
    ok(resp.transaction, "and is one");
    secops_redis_resp_free(&resp);

    (void) secops_redis_resp_init(&resp, 0);
    resp_command(&resp, "MULTI", NULL);
    resp_command(&resp, "DEL", "a");
    (void) secops_redis_resp_complete(&resp);
    is_int((long long) resp.effect, (long long) resp.len,
           "without an EXEC all of it counts");
    secops_redis_resp_free(&resp);

    (void) secops_redis_resp_init(&resp, 0);
    resp_command(&resp, "DEL", "MULTI");
    whole = resp.len;
    resp_command(&resp, "MULTI", NULL);
    resp_command(&resp, "EXEC", NULL);
    (void) secops_redis_resp_complete(&resp);
    is_int((long long) resp.effect, (long long) whole,
           "a command before the MULTI takes effect by itself");
    secops_redis_resp_free(&resp);
}
