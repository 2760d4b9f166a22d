
/*
 * secops_redis_sentinel: which announced addresses are looked up or connected
 * to, and which are nonsense.
 */

#include "redis/sentinel/secops_redis_sentinel.h"
#include "secops_tap.h"


typedef struct {
    const char  *host;
    const char  *port;
    unsigned     n;             /* 0: refused */
    const char  *reason;
} announced_case_t;


#define HOST  "the host is empty"
#define LONG  "the host is too long"
#define UNKNOWN  "the host is not known"
#define IPV6  "the host is no IPv6 address"
#define IPV4  "the host is no IPv4 address"
#define NAME  "the host is no name"
#define PORT  "the port is not a number from 1 to 65535"

#define TEN     "aaaaaaaaaa"
#define SIXTY   TEN TEN TEN TEN TEN TEN


static const announced_case_t  announced_cases[] = {

    { "10.0.0.1", "6379", 6379, NULL },
    { "127.0.0.1", "1", 1, NULL },
    { "255.255.255.255", "65535", 65535, NULL },
    { "::1", "6379", 6379, NULL },
    { "2001:db8::7", "6379", 6379, NULL },
    { "::ffff:10.0.0.1", "6379", 6379, NULL },
    { "redis-0", "6379", 6379, NULL },
    { "redis_0.redis.svc.cluster.local", "6379", 6379, NULL },
    { "a", "06379", 6379, NULL },
    { "1a.2b", "6379", 6379, NULL },
    { SIXTY "aaa.example", "6379", 6379, NULL },
    { SIXTY "." SIXTY "." SIXTY "." SIXTY "." "aaaaaaaaa", "6379", 6379,
      NULL },

    { "", "6379", 0, HOST },
    { "?", "6379", 0, UNKNOWN },
    { SIXTY "." SIXTY "." SIXTY "." SIXTY "." TEN, "6379", 0, LONG },
    { SIXTY "aaaa.example", "6379", 0, NAME },
    { "??", "6379", 0, NAME },
    { "-redis", "6379", 0, NAME },
    { "redis..example", "6379", 0, NAME },
    { ".example", "6379", 0, NAME },
    { "example.", "6379", 0, NAME },
    { ".", "6379", 0, NAME },
    { "10.0.0.1 ", "6379", 0, NAME },
    { "redis 0", "6379", 0, NAME },
    { "redis\t", "6379", 0, NAME },
    { "r\xc3\xa9" "dis", "6379", 0, NAME },
    { "redis/0", "6379", 0, NAME },
    { "user@redis", "6379", 0, NAME },
    { "10.0.0", "6379", 0, IPV4 },
    { "10.0.0.256", "6379", 0, IPV4 },
    { "10.0.0.1.1", "6379", 0, IPV4 },
    { "0.0.0.0", "6379", 0, IPV4 },
    { "1234", "6379", 0, IPV4 },
    { "redis.1", "6379", 0, IPV4 },
    { "::", "6379", 0, IPV6 },
    { "[::1]", "6379", 0, IPV6 },
    { "fe80::1%eth0", "6379", 0, IPV6 },
    { "10.0.0.1:6379", "6379", 0, IPV6 },
    { "unix:/redis.sock", "6379", 0, IPV6 },
    { "1:2:3:4:5:6:7:8:9", "6379", 0, IPV6 },
    { ":::::::::::::::::::::::::::::::::::::::::::::::::::", "6379", 0, IPV6 },

    { "10.0.0.1", "", 0, PORT },
    { "10.0.0.1", "0", 0, PORT },
    { "10.0.0.1", "00000", 0, PORT },
    { "10.0.0.1", "65536", 0, PORT },
    { "10.0.0.1", "99999", 0, PORT },
    { "10.0.0.1", "100000", 0, PORT },
    { "10.0.0.1", "006379", 0, PORT },
    { "10.0.0.1", "-1", 0, PORT },
    { "10.0.0.1", "+1", 0, PORT },
    { "10.0.0.1", " 1", 0, PORT },
    { "10.0.0.1", "1 ", 0, PORT },
    { "10.0.0.1", "0x1", 0, PORT },
    { "10.0.0.1", "?", 0, PORT }
};


#define ANNOUNCED_CASES                                                       \
    (sizeof(announced_cases) / sizeof(announced_cases[0]))


static void test_announced(void);
static void test_bytes(void);
static void test_names(void);
static void test_switched(void);


int
main(void)
{
    test_announced();
    test_bytes();
    test_names();
    test_switched();

    return tap_done();
}


static void
test_announced(void)
{
    size_t                    i;
    const char               *reason;
    secops_slice_t            host;
    const announced_case_t   *c;
    secops_redis_announced_t  announced;

    for (i = 0; i < ANNOUNCED_CASES; i++) {
        c = &announced_cases[i];

        announced.port = 0;
        host = slice(c->host);

        reason = secops_redis_announced(&announced, host, slice(c->port));

        if (c->n) {
            ok(reason == NULL && announced.port == c->n
               && secops_slice_equal(announced.host, host),
               "\"%s\" port \"%s\" is an address", c->host, c->port);
            continue;
        }

        ok(reason != NULL && strcmp(reason, c->reason) == 0
           && announced.port == 0,
           "\"%s\" port \"%s\" is none: %s", c->host, c->port,
           reason ? reason : "taken");
    }
}


/* a NUL ends nothing: what stands behind it counts */

static void
test_bytes(void)
{
    secops_redis_announced_t  announced;

    secops_slice_t  port = secops_slice("6379");
    secops_slice_t  ipv4 = secops_slice("10.0.0.1\0.1");
    secops_slice_t  ipv6 = secops_slice("::1\0x");
    secops_slice_t  name = secops_slice("redis\0x");
    secops_slice_t  none = { 0, NULL };

    ok(secops_redis_announced(&announced, ipv4, port) != NULL,
       "an IPv4 address with a NUL in it is none");
    ok(secops_redis_announced(&announced, ipv6, port) != NULL,
       "an IPv6 address with a NUL in it is none");
    ok(secops_redis_announced(&announced, name, port) != NULL,
       "a name with a NUL in it is none");
    ok(secops_redis_announced(&announced, none, port) != NULL,
       "no host at all is none");
    ok(secops_redis_announced(&announced, slice("a"), none) != NULL,
       "no port at all is none");
}


static void
test_names(void)
{
    char  name[SECOPS_REDIS_SENTINEL_NAME_MAX + 2];

    ok(secops_redis_is_master_name(slice("mymaster")), "a name");
    ok(secops_redis_is_master_name(slice("A-z_0.9")),
       "all that a name may have");
    ok(!secops_redis_is_master_name(slice("")), "nothing is no name");
    ok(!secops_redis_is_master_name(slice("my master")),
       "a space is not in it");
    ok(!secops_redis_is_master_name(slice("my/master")),
       "a slash is not in it");
    ok(!secops_redis_is_master_name(slice("my:master")),
       "a colon is not in it");

    memset(name, 'm', sizeof(name));
    name[sizeof(name) - 1] = '\0';

    ok(!secops_redis_is_master_name(slice(name)), "a name that is too long");

    name[sizeof(name) - 2] = '\0';

    ok(secops_redis_is_master_name(slice(name)), "the longest name");
}


static void
test_switched(void)
{
    secops_slice_t  m;

    m = slice("m");

    ok(secops_redis_has_switched(slice("m 10.0.0.1 6379 10.0.0.2 6379"), m),
       "a message about this master");
    ok(!secops_redis_has_switched(slice("m2 10.0.0.1 6379 10.0.0.2 6379"), m),
       "a master whose name begins alike is another");
    ok(!secops_redis_has_switched(slice("M 10.0.0.1 6379 10.0.0.2 6379"), m),
       "letter case counts");
    ok(!secops_redis_has_switched(slice("m"), m),
       "the name alone says nothing");
    ok(!secops_redis_has_switched(slice(""), m), "an empty message");
}
