
/*
 * secops_redis_slots: the slot of a key as Redis has it, maps of slots as
 * nodes of all versions announce them, and what no map and no redirection is.
 *
 * The replies are written here as a line of text, of which each word is a
 * value: "(" and ")" an array, digits an integer, "~" nil, '' an empty string,
 * "!" an error, anything else a string.
 */

#include <stdlib.h>

#include "redis/resp/secops_redis_slots.h"
#include "secops_tap.h"


#define TEST_VALUES  256


typedef struct {
    secops_redis_value_t  values[TEST_VALUES];
    size_t                n;
} test_reply_t;


typedef struct {
    const char  *reply;
    const char  *fault;
    const char  *name;
} refused_case_t;


typedef struct {
    const char  *message;
    int          ask;
    unsigned     slot;
    const char  *host;
    unsigned     port;
} redirect_case_t;


static void test_slots(void);
static void test_map(void);
static void test_announced(void);
static void test_refused(void);
static void test_damaged(void);
static void test_many(void);
static void test_redirects(void);
static void test_hosts(void);
static const char *read_map(const char *text);
static void parse(test_reply_t *reply, const char *text);
static const char *master_of(unsigned slot);


static secops_redis_slots_t  map;


static const refused_case_t  refused_cases[] = {

    { "~", "not an array of slots", "nil is no map" },
    { "! ", "not an array of slots", "an error is no map" },
    { "5", "not an array of slots", "a number is no map" },
    { "( 5 )", "incomplete slot range", "a range is an array" },
    { "( ( 0 5 ) )", "incomplete slot range",
      "a range has a master" },
    { "( ( 0 x ( h 1 ) ) )", "invalid slot range",
      "the last slot is a number" },
    { "( ( -1 5 ( h 1 ) ) )", "invalid slot range",
      "no slot is below 0" },
    { "( ( 5 4 ( h 1 ) ) )", "invalid slot range",
      "a range does not run backwards" },
    { "( ( 0 16384 ( h 1 ) ) )", "invalid slot range",
      "16383 is the last slot" },
    { "( ( 0 5 h ) )", "a master is incomplete", "a master is an array" },
    { "( ( 0 5 ( h ) ) )", "a master is incomplete", "a master has a port" },
    { "( ( 0 5 ( h p ) ) )", "a master is incomplete", "a port is a number" },
    { "( ( 0 5 ( h 1 ) ) ( 5 6 ( i 1 ) ) )", "a slot has two masters",
      "ranges do not overlap" },
    { "( ( 0 5 ( h 1 ) ) ( 0 5 ( h 1 ) ) )", "a slot has two masters",
      "nor does a range come twice" }
};


static const redirect_case_t  redirect_cases[] = {

    { "MOVED 3999 127.0.0.1:6381", 0, 3999, "127.0.0.1", 6381 },
    { "ASK 0 redis-1.example:65535", 1, 0, "redis-1.example", 65535 },
    { "MOVED 16383 2001:db8::1:6379", 0, 16383, "2001:db8::1", 6379 },
    { "MOVED 1 :6379", 0, 1, "", 6379 },

    { "MOVED", -1, 0, NULL, 0 },
    { "MOVED ", -1, 0, NULL, 0 },
    { "MOVED 1", -1, 0, NULL, 0 },
    { "MOVED 1 ", -1, 0, NULL, 0 },
    { "MOVED 1 host", -1, 0, NULL, 0 },
    { "MOVED 1 host:", -1, 0, NULL, 0 },
    { "MOVED 1 host:0", -1, 0, NULL, 0 },
    { "MOVED 1 host:65536", -1, 0, NULL, 0 },
    { "MOVED 1 host:4294967297", -1, 0, NULL, 0 },
    { "MOVED 1 host:1x", -1, 0, NULL, 0 },
    { "MOVED 1 host:1 ", -1, 0, NULL, 0 },
    { "MOVED 1 ?:6379", -1, 0, NULL, 0 },
    { "MOVED 1 a b:6379", -1, 0, NULL, 0 },
    { "MOVED 1 a/b:6379", -1, 0, NULL, 0 },
    { "MOVED 16384 host:1", -1, 0, NULL, 0 },
    { "MOVED -1 host:1", -1, 0, NULL, 0 },
    { "MOVED x host:1", -1, 0, NULL, 0 },
    { "MOVED 4294967296 host:1", -1, 0, NULL, 0 },
    { "MOVED  1 host:1", -1, 0, NULL, 0 },
    { "moved 1 host:1", -1, 0, NULL, 0 },
    { "ASKING 1 host:1", -1, 0, NULL, 0 },
    { "ASK 1", -1, 0, NULL, 0 },
    { "", -1, 0, NULL, 0 }
};


int
main(void)
{
    test_slots();
    test_map();
    test_announced();
    test_refused();
    test_damaged();
    test_many();
    test_redirects();
    test_hosts();

    return tap_done();
}


static unsigned
slot_of(const char *key)
{
    return secops_redis_slot((const unsigned char *) key, strlen(key));
}


/* the numbers are those of CLUSTER KEYSLOT */

static void
test_slots(void)
{
    ok(slot_of("123456789") == 0x31c3, "the check value of CRC16");
    ok(slot_of("") == 0, "the empty key");
    ok(slot_of("foo") == 12182 && slot_of("bar") == 5061, "two keys");
    ok(slot_of("{user1000}.following") == slot_of("user1000"),
       "the hash tag counts");
    ok(slot_of("x{foo}y{bar}z") == 12182, "the first hash tag");
    ok(slot_of("foo{}{bar}") == 8363, "an empty one is none");
    ok(slot_of("foo{{bar}}zap") == slot_of("{bar"), "a brace in the tag");
    ok(slot_of("{foo") != 12182 && slot_of("foo}") != 12182,
       "a tag has both braces");
    ok(slot_of("}{foo}") == 12182, "a brace that closes nothing");
    ok(secops_redis_slot((const unsigned char *) "a\0b", 3)
       != secops_redis_slot((const unsigned char *) "a\0c", 3),
       "NUL is a byte like others");
}


static void
test_map(void)
{
    ok(read_map("( ( 0 5460 ( 10.0.0.1 6379 id1 ( ) )"
                "                ( 10.0.0.4 6379 id4 ( ) ) )"
                " ( 5461 10922 ( 10.0.0.2 6379 id2 ( ) ) )"
                " ( 10923 16383 ( 10.0.0.3 6380 id3 ( ) ) ) )")
       == NULL, "three masters, one with a replica");

    ok(map.nmasters == 3 && map.covered == 16384 && map.unusable == 0,
       "... have all slots");
    ok(strcmp(master_of(0), "10.0.0.1:6379") == 0
       && strcmp(master_of(5460), "10.0.0.1:6379") == 0
       && strcmp(master_of(5461), "10.0.0.2:6379") == 0
       && strcmp(master_of(10923), "10.0.0.3:6380") == 0
       && strcmp(master_of(16383), "10.0.0.3:6380") == 0,
       "... each its own");

    ok(read_map("( ( 0 0 ( a 1 ) ) ( 2 2 ( b 1 ) ) ( 4 4 ( a 1 ) ) )") == NULL
       && map.nmasters == 2 && map.covered == 3,
       "a master of several ranges is one");
    ok(strcmp(master_of(1), "") == 0 && strcmp(master_of(4), "a:1") == 0,
       "... and a gap has none");

    ok(read_map("( ( 0 0 ( a 1 ) ) ( 1 1 ( a 2 ) ) )") == NULL
       && map.nmasters == 2, "another port is another master");

    ok(read_map("( )") == NULL && map.covered == 0, "no slot at all");
}


static void
test_announced(void)
{
    ok(read_map("( ( 0 0 ( ~ 6379 ) ) )") == NULL
       && strcmp(master_of(0), ":6379") == 0,
       "nil: the host that was asked");
    ok(read_map("( ( 0 0 ( '' 6379 id ) ) )") == NULL
       && strcmp(master_of(0), ":6379") == 0,
       "nothing: the host that was asked");
    ok(read_map("( ( 0 0 ( ? 6379 id ( hostname h ip 10.0.0.9 ) ) ) )") == NULL
       && strcmp(master_of(0), "10.0.0.9:6379") == 0,
       "?: the address in the metadata");
    ok(read_map("( ( 0 0 ( redis-0.example 6379 id ( ip 10.0.0.9 ) ) ) )")
       == NULL
       && strcmp(master_of(0), "redis-0.example:6379") == 0,
       "a name that was announced goes before the address");
    ok(read_map("( ( 0 0 ( ::1 6379 ) ) )") == NULL
       && strcmp(master_of(0), "::1:6379") == 0, "IPv6");

    ok(read_map("( ( 0 9 ( ? 6379 id ) ) ( 10 11 ( h 1 ) ) )") == NULL
       && map.unusable == 10 && map.covered == 2,
       "? without metadata: no address, the others have theirs");
    ok(read_map("( ( 0 9 ( ? 6379 id ( ip ) ) ) )") == NULL
       && map.unusable == 10, "? with a name and no value");
    ok(read_map("( ( 0 9 ( ? 6379 id ( ip ? ) ) ) )") == NULL
       && map.unusable == 10, "? with ?");
    ok(read_map("( ( 0 9 ( ? 6379 id ip ) ) )") == NULL
       && map.unusable == 10, "? with metadata that are no array");
    ok(read_map("( ( 0 9 ( h 0 ) ) )") == NULL && map.unusable == 10,
       "port 0");
    ok(read_map("( ( 0 9 ( h 65536 ) ) )") == NULL && map.unusable == 10,
       "port 65536");
    ok(read_map("( ( 0 9 ( h -1 ) ) )") == NULL && map.unusable == 10,
       "port -1");
    ok(read_map("( ( 0 9 ( a/b 1 ) ) )") == NULL && map.unusable == 10,
       "a host that can be none");
    ok(read_map("( ( 0 9 ( 12 1 ) ) )") == NULL && map.unusable == 10,
       "a host that is a number");
    ok(read_map("( ( 0 9 ( ( h ) 1 ) ) )") == NULL && map.unusable == 10,
       "a host that is an array");
}


static void
test_refused(void)
{
    size_t       i;
    const char  *fault;

    for (i = 0; i < sizeof(refused_cases) / sizeof(refused_cases[0]); i++) {

        fault = read_map(refused_cases[i].reply);

        ok(fault && strcmp(fault, refused_cases[i].fault) == 0, "%s",
           refused_cases[i].name);
    }
}


/* next says where a value ends: whatever it says, no byte beside the values is
   read, and the reading comes to its end */

static void
test_damaged(void)
{
    size_t        i, wrong;
    unsigned      refused;
    test_reply_t  reply;

    refused = 0;

    parse(&reply, "( ( 0 5 ( ? 1 id ( ip 10.0.0.1 ) ) ) ( 6 7 ( b 1 ) ) )");

    for (i = 0; i < reply.n; i++) {
        for (wrong = 0; wrong < reply.n + 3; wrong++) {

            test_reply_t           damaged = reply;
            secops_redis_value_t  *exact;

            damaged.values[i].next = wrong;

            exact = malloc(reply.n * sizeof(secops_redis_value_t));
            memcpy(exact, damaged.values,
                   reply.n * sizeof(secops_redis_value_t));

            if (secops_redis_slots_read(&map, exact, reply.n)) {
                refused++;
            }

            free(exact);
        }
    }

    ok(refused > reply.n, "values that end in wrong places: %u refused",
       refused);
    ok(secops_redis_slots_read(&map, reply.values, 0) != NULL, "no value");
    ok(secops_redis_slots_read(&map, reply.values, reply.n - 1) != NULL,
       "a value less");
}


static void
test_many(void)
{
    size_t                 i, n;
    unsigned               slot;
    const char            *fault;
    secops_redis_value_t  *values, *value;

    /* every slot has a master of its own: an array, two numbers, an array, a
       host, a port */

    n = 1 + SECOPS_REDIS_SLOTS * 6;
    values = calloc(n, sizeof(secops_redis_value_t));

    values[0].type = SECOPS_REDIS_ARRAY;
    values[0].next = n;

    for (slot = 0; slot < SECOPS_REDIS_SLOTS; slot++) {

        value = &values[1 + slot * 6];

        for (i = 0; i < 6; i++) {
            value[i].type = SECOPS_REDIS_INTEGER;
            value[i].next = 1 + slot * 6 + i + 1;
            value[i].integer = slot;
        }

        value[0].type = value[3].type = SECOPS_REDIS_ARRAY;
        value[0].next = value[3].next = 1 + slot * 6 + 6;
        value[4].type = SECOPS_REDIS_STRING;
        value[5].integer = 1 + slot % SECOPS_REDIS_SLOTS_NODES;
    }

    fault = secops_redis_slots_read(&map, values, n);
    ok(fault == NULL && map.nmasters == SECOPS_REDIS_SLOTS_NODES
       && map.covered == SECOPS_REDIS_SLOTS,
       "as many ranges as slots, as many masters as there may be");

    values[n - 1].integer = 1 + SECOPS_REDIS_SLOTS_NODES;
    fault = secops_redis_slots_read(&map, values, n);
    ok(fault && strcmp(fault, "too many masters") == 0, "one more is too many");

    free(values);
}


static void
test_redirects(void)
{
    int                      rc;
    size_t                   i, len;
    unsigned char           *exact;
    const redirect_case_t   *c;
    secops_redis_redirect_t  redirect;

    for (i = 0; i < sizeof(redirect_cases) / sizeof(redirect_cases[0]); i++) {

        c = &redirect_cases[i];

        len = strlen(c->message);
        exact = malloc(len + !len);
        memcpy(exact, c->message, len);

        rc = secops_redis_redirect_read(&redirect,
                                        secops_slice_bytes(exact, len));

        if (c->host == NULL) {
            ok(rc == -1, "no redirection: \"%s\"", c->message);

        } else {
            ok(rc == 0 && redirect.ask == c->ask && redirect.slot == c->slot
               && redirect.address.port == c->port
               && redirect.address.host.len == strlen(c->host)
               && memcmp(redirect.address.host.data, c->host,
                         strlen(c->host)) == 0,
               "\"%s\"", c->message);
        }

        free(exact);
    }
}


static int
host_valid(const char *text, size_t len)
{
    secops_slice_t  host;

    host.data = (const unsigned char *) text;
    host.len = len;

    return secops_redis_host_valid(host);
}


static void
test_hosts(void)
{
    char  longest[SECOPS_REDIS_HOST_MAX + 1];

    memset(longest, 'a', sizeof(longest));

    ok(host_valid(longest, SECOPS_REDIS_HOST_MAX), "a long name");
    ok(!host_valid(longest, SECOPS_REDIS_HOST_MAX + 1), "one too long");
    ok(host_valid("fe80::1%eth0", 12), "a scope");
    ok(!host_valid("", 0) && !host_valid("a b", 3) && !host_valid("a\0", 2)
       && !host_valid("a\n", 2) && !host_valid("[::1]", 5)
       && !host_valid("\xc3\xa4", 2) && !host_valid("a@b", 3),
       "what no host is");
}


static const char *
read_map(const char *text)
{
    const char            *fault;
    test_reply_t           reply;
    secops_redis_value_t  *exact;

    static secops_redis_value_t  *last;

    parse(&reply, text);

    exact = malloc(reply.n * sizeof(secops_redis_value_t));
    memcpy(exact, reply.values, reply.n * sizeof(secops_redis_value_t));

    fault = secops_redis_slots_read(&map, exact, reply.n);

    free(last);
    last = exact;

    return fault;
}


static void
parse(test_reply_t *reply, const char *text)
{
    size_t                 depth, len, open[8];
    secops_redis_value_t  *value;

    memset(reply, 0, sizeof(test_reply_t));

    depth = 0;

    for ( ;; ) {
        text += strspn(text, " ");
        len = strcspn(text, " ");

        if (len == 0) {
            return;
        }

        if (*text == ')') {
            reply->values[open[--depth]].next = reply->n;
            text += len;
            continue;
        }

        value = &reply->values[reply->n++];
        value->next = reply->n;

        if (*text == '(') {
            value->type = SECOPS_REDIS_ARRAY;
            open[depth++] = reply->n - 1;

        } else if (*text == '~') {
            value->type = SECOPS_REDIS_NIL;

        } else if (*text == '!') {
            value->type = SECOPS_REDIS_ERROR;

        } else if (strspn(text, "-0123456789") == len) {
            value->type = SECOPS_REDIS_INTEGER;
            value->integer = atoi(text);

        } else {
            value->type = SECOPS_REDIS_STRING;
            value->text.data = (const unsigned char *) text;
            value->text.len = (*text == '\'') ? 0 : len;
        }

        text += len;
    }
}


static const char *
master_of(unsigned slot)
{
    const secops_redis_address_t  *master;

    static char  text[8][64];
    static int   n;

    if (map.owners[slot] == 0) {
        return "";
    }

    master = &map.masters[map.owners[slot] - 1];
    n = (n + 1) % 8;

    snprintf(text[n], sizeof(text[n]), "%.*s:%u", (int) master->host.len,
             master->host.len ? (const char *) master->host.data : "",
             master->port);

    return text[n];
}
