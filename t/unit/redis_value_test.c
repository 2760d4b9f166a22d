
/* What replies say: each reader is given the reply it is for, and others. */

#include "redis/resp/secops_redis_value.h"
#include "secops_tap.h"


static secops_redis_value_t
text(const char *data)
{
    secops_redis_value_t  value;

    memset(&value, 0, sizeof(secops_redis_value_t));

    value.type = SECOPS_REDIS_STRING;
    value.text = secops_slice_of(data);

    return value;
}


static secops_redis_value_t
integer(int64_t number)
{
    secops_redis_value_t  value;

    memset(&value, 0, sizeof(secops_redis_value_t));

    value.type = SECOPS_REDIS_INTEGER;
    value.integer = number;

    return value;
}


/* values[0] is to be an array of the n that follow, none of which is one */

static void
array(secops_redis_value_t *values, size_t n)
{
    size_t  i;

    memset(values, 0, sizeof(secops_redis_value_t));

    values->type = SECOPS_REDIS_ARRAY;
    values->elements = n;

    for (i = 0; i <= n; i++) {
        values[i].next = i ? i + 1 : n + 1;
    }
}


static void
test_texts(void)
{
    secops_redis_value_t  v[5];

    v[1] = text("master");
    v[2] = text("127.0.0.1");
    v[3] = text("port");
    v[4] = text("1");

    array(v, 2);
    ok(secops_redis_value_is_pair(v), "two texts are a pair");
    ok(secops_redis_value_is_master(v), "a master's ROLE");

    v[2] = integer(1);
    array(v, 2);
    ok(!secops_redis_value_is_pair(v), "a text and a number are none");

    v[1] = text("masters");
    array(v, 2);
    ok(!secops_redis_value_is_master(v), "another word is no master's");

    array(v, 0);
    ok(!secops_redis_value_is_pair(v) && !secops_redis_value_is_master(v),
       "nor is an empty array");
    ok(!secops_redis_value_is(NULL, ""), "no value is no text");

    v[1] = text("ip");
    v[2] = text("port");
    array(v, 4);
    is_str(secops_redis_value_field(v, 0, "port")->text.data, 1, "1",
           "the value after a name, and not one that looks like it");
    ok(secops_redis_value_field(v, 0, "name") == NULL, "a name not there");

    array(v, 3);
    ok(secops_redis_value_field(v, 0, "port") == NULL,
       "a name without a value");
}


static void
test_waits(void)
{
    secops_redis_value_t  v[3];

    v[0] = integer(2);
    is_int(secops_redis_wait_replicas(v), 2, "WAIT");
    v[0] = integer(-1);
    is_int(secops_redis_wait_replicas(v), 0, "... below zero");
    v[0] = integer((int64_t) INT32_MAX + 1);
    is_int(secops_redis_wait_replicas(v), 0, "... beyond all measure");
    v[0] = text("2");
    is_int(secops_redis_wait_replicas(v), 0, "... as a text");

    v[1] = integer(1);
    v[2] = integer(0);
    array(v, 2);
    ok(secops_redis_waitaof_is_synced(v), "WAITAOF: the server's own file");

    v[1] = integer(0);
    v[2] = integer(1);
    array(v, 2);
    ok(!secops_redis_waitaof_is_synced(v), "... only a replica's");

    v[1] = text("1");
    array(v, 2);
    ok(!secops_redis_waitaof_is_synced(v), "... as a text");
}


static void
test_settings(void)
{
    size_t                        i;
    secops_redis_value_t          v[7];
    const secops_redis_value_t   *actual;
    const secops_redis_setting_t *unset;

    static const char  *sound[] = {
        "appendfsync", "always", "appendonly", "yes",
        "no-appendfsync-on-rewrite", "no"
    };

    for (i = 0; i < 6; i++) {
        v[i + 1] = text(sound[i]);
    }

    array(v, 6);
    ok(secops_redis_sync_unset(v, &actual) == NULL, "CONFIG GET: all is set");

    v[6] = text("yes");
    array(v, 6);
    unset = secops_redis_sync_unset(v, &actual);
    ok(unset && strcmp(unset->name, "no-appendfsync-on-rewrite") == 0
       && actual == &v[6], "... but one");

    v[4] = text("no");
    array(v, 6);
    unset = secops_redis_sync_unset(v, &actual);
    ok(unset && strcmp(unset->name, "appendonly") == 0 && actual == &v[4],
       "... the first of two");

    array(v, 2);
    unset = secops_redis_sync_unset(v, &actual);
    ok(unset && actual == NULL, "... one that is not there");

    array(v, 5);
    ok(secops_redis_sync_unset(v, &actual) && actual == NULL,
       "... of an odd number");
}


static int
info(const char *reply)
{
    secops_redis_value_t  value;

    value = text(reply);

    return secops_redis_info_number(&value, "aof_enabled");
}


static void
test_info(void)
{
    secops_redis_value_t  value;

    is_int(info("# P\r\naof_enabled:1\r\nx:2\r\n"), 1, "a line of INFO");
    is_int(info("aof_enabled:12"), 12, "... the first and last one");
    is_int(info("xaof_enabled:1\r\naof_enabled:0\r\n"), 0,
           "... not one that ends like it");
    is_int(info("aof_enabled2:1\r\n"), -1, "... nor one that begins like it");
    is_int(info("aof_enabled:\r\n"), -1, "no number");
    is_int(info("aof_enabled:1x\r\n"), -1, "no number to its end");
    is_int(info("aof_enabled:999999999\n"), 999999999, "nine digits");
    is_int(info("aof_enabled:1000000000\n"), -1, "ten digits");
    is_int(info("aof_enabled"), -1, "a line without a value");
    is_int(info(""), -1, "nothing");

    value = integer(1);
    is_int(secops_redis_info_number(&value, "aof_enabled"), -1,
           "a reply that is no text");
}


int
main(void)
{
    test_texts();
    test_waits();
    test_settings();
    test_info();

    return tap_done();
}
