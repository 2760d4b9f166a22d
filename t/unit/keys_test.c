
/*
 * Keys: each is spelled as the header says, and no domain, however it is
 * written, shares a key or a hash slot's tag with another one.
 */

#include <stdlib.h>

#include "secops_tap.h"
#include "store/secops_keys.h"
#include "util/secops_id.h"


static const unsigned char  sys_id[] = "5123456789abcdef0123456789abcdef";
static const unsigned char  digest[] = "c0ffee00c0ffee00c0ffee00c0ffee00";


static void
test_spelling(void)
{
    secops_key_t           key;
    secops_keyspace_t      space;
    const secops_slice_t   table = secops_slice("t_x");

    secops_keys_space(&space, slice("secops"), slice("acme"));

    is_str(secops_keys_domain(&space).data, secops_keys_domain(&space).len,
           "acme", "what stands for the domain");

    secops_keys_record(&key, &space, 5, table, sys_id);
    is_str(key.data, key.len,
           "secops:{acme:5}:rec:t_x:5123456789abcdef0123456789abcdef",
           "a record's key");

    secops_keys_index(&key, &space, 10, table);
    is_str(key.data, key.len, "secops:{acme:a}:idx:t_x", "an index's key");

    secops_keys_subject(&key, &space, 12, table, digest);
    is_str(key.data, key.len,
           "secops:{acme:c}:sub:t_x:c0ffee00c0ffee00c0ffee00c0ffee00",
           "a subject's key");

    secops_keys_fact(&key, &space, 12, table, digest);
    is_str(key.data, key.len,
           "secops:{acme:c}:one:t_x:c0ffee00c0ffee00c0ffee00c0ffee00",
           "a fact's key");

    secops_keys_records(&key, &space, 12, table);
    is_str(key.data, key.len, "secops:{acme:c}:rec:t_x:",
           "what the keys of a table's records begin with");

    secops_keys_audit(&key, &space, 0);
    is_str(key.data, key.len, "secops:{acme:0}:audit", "the audit's key");

    secops_keys_health(&key, slice("a:b"), 0);
    is_str(key.data, key.len, "a:b:{health}", "the probe's key");

    secops_keys_health(&key, slice("a:b"), 4294967295);
    is_str(key.data, key.len, "a:b:{health:4294967295}",
           "the probe's key for one of several servers");
}


static void
test_events(void)
{
    unsigned           shard;
    secops_key_t       key;
    secops_keyspace_t  space;

    const secops_slice_t  job = secops_slice("1001");
    const secops_slice_t  event = secops_slice("e1");

    secops_keys_space(&space, slice("secops"), slice("acme"));

    shard = secops_keys_event_shard(event);
    is_int(shard, 0x8, "an event's shard");

    secops_keys_event(&key, &space, shard, job, event);
    is_str(key.data, key.len, "secops:{acme:8}:ev:1001:e1", "an event's key");

    secops_keys_event_feedback(&key, &space, shard, job, event);
    is_str(key.data, key.len, "secops:{acme:8}:evfb:1001:e1",
           "... its feedback");

    secops_keys_event_decision(&key, &space, shard, job, event);
    is_str(key.data, key.len, "secops:{acme:8}:evdec:1001:e1",
           "... its decision");

    secops_keys_events(&key, &space, shard, job);
    is_str(key.data, key.len, "secops:{acme:8}:evidx:1001", "a job's events");

    secops_keys_event_queue(&key, &space, shard, job);
    is_str(key.data, key.len, "secops:{acme:8}:evq:1001", "... their stream");

    secops_keys_event_counts(&key, &space, shard, job);
    is_str(key.data, key.len, "secops:{acme:8}:evstat:1001",
           "... their counters");

    secops_keys_bucket(&key, &space, job, digest);
    is_str(key.data, key.len,
           "secops:{acme:c}:bkt:1001:c0ffee00c0ffee00c0ffee00c0ffee00",
           "a bucket's key");

    secops_keys_bucket_votes(&key, &space, job, digest);
    is_str(key.data, key.len,
           "secops:{acme:c}:bktv:1001:c0ffee00c0ffee00c0ffee00c0ffee00",
           "... its votes");
}


static void
test_resources(void)
{
    secops_key_t           key;
    secops_keyspace_t      space;
    const secops_slice_t   type = secops_slice("api_key");

    static const unsigned char  api_key[] =
        "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";

    secops_keys_space(&space, slice("secops"), slice("acme"));

    secops_keys_resources(&key, &space, type);
    is_str(key.data, key.len, "secops:{acme:res}:api_key", "resources");

    secops_keys_titles(&key, &space, type);
    is_str(key.data, key.len, "secops:{acme:res}:api_key:title",
           "... their titles");

    secops_keys_used(&key, &space, type);
    is_str(key.data, key.len, "secops:{acme:res}:api_key:used",
           "... their last use");

    secops_keys_revision(&key, &space);
    is_str(key.data, key.len, "secops:{acme:res}:rev", "... their revision");

    secops_keys_next_id(&key, &space);
    is_str(key.data, key.len, "secops:{acme:res}:next_id",
           "... the next of their ids");

    secops_keys_commits(&key, &space);
    is_str(key.data, key.len, "secops:{acme:res}:commits",
           "... what made their revisions");

    secops_keys_size(&key, &space);
    is_str(key.data, key.len, "secops:{acme:res}:size", "... their size");

    secops_keys_refs(&key, &space);
    is_str(key.data, key.len, "secops:{acme:res}:refs",
           "... who refers to whom");

    secops_keys_audit(&key, &space, SECOPS_KEYS_RESOURCES);
    is_str(key.data, key.len, "secops:{acme:res}:audit", "... their audit");

    /* no shard of a domain "key" has two digits, so none has this tag */

    secops_keys_api_key(&key, slice("secops"), api_key);
    is_str(key.data, key.len, "secops:{key:c0}:c0ffee00c0ffee00c0ffee00c0ffee00"
           "c0ffee00c0ffee00c0ffee00c0ffee00", "an api key's pointer");
}


static void
test_prefix(void)
{
    char  text[SECOPS_KEYS_PREFIX_MAX + 2];

    memset(text, 'x', sizeof(text));
    text[SECOPS_KEYS_PREFIX_MAX] = '\0';

    ok(secops_keys_prefix_valid(slice("Az09._-:")), "a prefix of all it may");
    ok(secops_keys_prefix_valid(slice(text)), "a prefix as long as it may");

    text[SECOPS_KEYS_PREFIX_MAX] = 'x';
    text[SECOPS_KEYS_PREFIX_MAX + 1] = '\0';

    ok(!secops_keys_prefix_valid(slice(text)), "a prefix too long");
    ok(!secops_keys_prefix_valid(slice("")), "no prefix");
    ok(!secops_keys_prefix_valid(slice("a{b")), "a prefix that opens a tag");
    ok(!secops_keys_prefix_valid(slice("a}b")), "a prefix that closes one");
    ok(!secops_keys_prefix_valid(slice("a b")), "a prefix with a space");
    ok(!secops_keys_prefix_valid(slice("\xc3\xa4")), "a prefix beyond ASCII");
}


/* of the domains below, no two may give the same key space */

static void
test_domains(void)
{
    int                         unlike, tagged;
    char                        long64[65], long65[66], long1000[1001];
    size_t                      i, j, n, brace;
    secops_keyspace_t           spaces[32];

    const char  *domains[] = {
        "acme", "ACME", "acme.", "global", "", "a}b", "a", "{x", "x", "}", "{}",
        "a:b", "a:0", ":", "a b", "a_b", "\xc3\xa4", "\n", "*", "~", "..", "0",
        "~44136fa355b3678a1146ad16f7e8649e", long64, long65, long1000
    };

    memset(long64, 'x', 64);
    memset(long65, 'x', 65);
    memset(long1000, 'x', 1000);
    long64[64] = long65[65] = long1000[1000] = '\0';

    n = sizeof(domains) / sizeof(char *);
    unlike = tagged = 1;

    for (i = 0; i < n; i++) {

        secops_keys_space(&spaces[i], slice("p"), slice(domains[i]));

        brace = 0;

        for (j = 0; j < spaces[i].len; j++) {
            brace += (spaces[i].data[j] == '{') + (spaces[i].data[j] == '}');
        }

        /* the tag is closed later, behind the shard */

        tagged &= brace == 1 && memcmp(spaces[i].data, "p:{", 3) == 0
                  && spaces[i].data[spaces[i].len - 1] == ':';

        for (j = 0; j < i; j++) {
            unlike &= spaces[i].len != spaces[j].len
                      || memcmp(spaces[i].data, spaces[j].data, spaces[i].len)
                         != 0;
        }
    }

    ok(unlike, "no two domains have the same keys");
    ok(tagged, "no domain opens or closes a hash tag");

    is_str(spaces[0].data, spaces[0].len, "p:{acme:",
           "a plain domain stands in its keys");

    secops_keys_space(&spaces[0], slice("p"), slice("{}"));
    is_str(spaces[0].data, spaces[0].len,
           "p:{~44136fa355b3678a1146ad16f7e8649e:",
           "another one's digest stands there");
    ok(spaces[0].len != spaces[22].len
       || memcmp(spaces[0].data, spaces[22].data, spaces[0].len) != 0,
       "a domain that looks like a digest is not the digest's");
}


static void
test_digest(void)
{
    unsigned        i, same;
    unsigned char   out[SECOPS_KEYS_DIGEST_LEN];
    secops_slice_t  none;

    secops_keys_digest(slice("{}"), out);
    is_str(out, sizeof(out), "44136fa355b3678a1146ad16f7e8649e",
           "a digest is the first half of SHA-256");

    none.len = 0;
    none.data = NULL;

    secops_keys_digest(none, out);
    is_str(out, sizeof(out), "e3b0c44298fc1c149afbf4c8996fb924",
           "that of nothing as well");

    for (i = 0, same = 1; i < 16; i++) {
        out[0] = "0123456789abcdef"[i];
        same &= (secops_keys_digest_shard(out) == i);
    }

    ok(same, "a digest's shard is its first digit");
}


/* everything as long as it may be: the sanitizer would tell */

static void
test_longest(void)
{
    char               prefix[SECOPS_KEYS_PREFIX_MAX + 1], domain[65];
    char               table[SECOPS_KEYS_TABLE_MAX + 1];
    char               job[SECOPS_KEYS_JOB_MAX + 1];
    char               event[SECOPS_KEYS_EVENT_MAX + 1];
    secops_key_t      *key;
    secops_keyspace_t  space;

    memset(prefix, 'p', SECOPS_KEYS_PREFIX_MAX);
    memset(domain, 'd', 64);
    memset(table, 't', SECOPS_KEYS_TABLE_MAX);
    memset(job, 'j', SECOPS_KEYS_JOB_MAX);
    memset(event, 'e', SECOPS_KEYS_EVENT_MAX);
    prefix[SECOPS_KEYS_PREFIX_MAX] = '\0';
    domain[64] = '\0';
    table[SECOPS_KEYS_TABLE_MAX] = '\0';
    job[SECOPS_KEYS_JOB_MAX] = '\0';
    event[SECOPS_KEYS_EVENT_MAX] = '\0';

    key = malloc(sizeof(secops_key_t));

    if (!ok(key != NULL, "memory for a key")) {
        return;
    }

    secops_keys_space(&space, slice(prefix), slice(domain));
    secops_keys_subject(key, &space, 15, slice(table), digest);
    ok(key->len == 64 + 2 + 64 + 3 + 5 + 80 + 1 + 32 && key->len
       <= SECOPS_KEY_MAX, "the longest key of a table fits");

    secops_keys_record(key, &space, 15, slice(table), sys_id);
    ok(key->len <= SECOPS_KEY_MAX, "so does the longest one of a record");

    secops_keys_event_decision(key, &space, 15, slice(job), slice(event));
    ok(key->len == 64 + 2 + 64 + 3 + 7 + 20 + 1 + 256 && key->len
       <= SECOPS_KEY_MAX, "... and the longest one of an event");

    free(key);
}


/* the domain of a key, and the key of a domain */

static void
test_domain_keys(void)
{
    size_t             i;
    secops_key_t       key, again;
    secops_slice_t     domain;
    secops_keyspace_t  space, same;

    static const char  *domains[] = { "acme", "a", "A.b_c-d", "", "a b", "a:b",
        "a}b", "~", "*", "\xc3\xa4", "0123456789abcdef0123456789abcdef"
        "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"
        "0123456789abcdef0123456789abcdef0" };

    static const char  *others[] = { "", "p:{acme:res}:re", "p:{acme:res}:revx",
        "p:{acme:0}:rev", "q:{acme:res}:rev", "p:{:res}:rev", "p:{a:b:res}:rev",
        "p:{*:res}:rev", "p:{~a:res}:rev", "p:{a}{b:res}:rev",
        "p:{~0123456789abcdef0123456789abcde_:res}:rev ",
        ("p:{0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0"
         ":res}:rev") };

    for (i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {

        secops_keys_space(&space, slice("p"), slice(domains[i]));
        secops_keys_revision(&key, &space);

        domain = secops_keys_domain_of(secops_slice_bytes(key.data, key.len),
                                       slice("p"));

        ok(secops_slice_equal(domain, secops_keys_domain(&space))
           && domain.len > 0, "domain %zu is told by its key", i);

        secops_keys_domain_space(&same, slice("p"), domain);
        secops_keys_revision(&again, &same);

        ok(again.len == key.len && memcmp(again.data, key.data, key.len) == 0,
           "... and has this key");
    }

    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        domain = secops_keys_domain_of(slice(others[i]), slice("p"));
        ok(domain.len == 0, "\"%s\" is no such key", others[i]);
    }

    secops_keys_domains(&key, slice("a:b"));
    is_str(key.data, key.len, "a:b:{*:res}:rev", "the pattern of all of them");

    secops_keys_rotation(&key, slice("a:b"));
    is_str(key.data, key.len, "a:b:{secrets}:rotation", "how far it has come");
}


int
main(void)
{
    test_spelling();
    test_domain_keys();
    test_events();
    test_resources();
    test_prefix();
    test_domains();
    test_digest();
    test_longest();

    return tap_done();
}
