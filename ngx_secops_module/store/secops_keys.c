
/* The key space; see secops_keys.h. */

#include "store/secops_keys.h"
#include "util/codec/secops_sha256.h"
#include "util/secops_hex.h"
#include "util/secops_id.h"


#define SECOPS_KEYS_DOMAIN_MAX  64


static int secops_keys_domain_is_told(secops_slice_t domain);
static int secops_keys_domain_plain(secops_slice_t domain);
static int secops_keys_char_plain(unsigned char c);
static void secops_keys_begin(secops_key_t *key,
    const secops_keyspace_t *space, unsigned shard);
static void secops_keys_event_begin(secops_key_t *key,
    const secops_keyspace_t *space, unsigned shard, secops_slice_t name,
    secops_slice_t job);
static void secops_keys_append(secops_key_t *key, const void *data,
    size_t len);


int
secops_keys_prefix_valid(secops_slice_t prefix)
{
    size_t  i;

    if (prefix.len == 0 || prefix.len > SECOPS_KEYS_PREFIX_MAX) {
        return 0;
    }

    for (i = 0; i < prefix.len; i++) {
        if (prefix.data[i] != ':' && !secops_keys_char_plain(prefix.data[i])) {
            return 0;
        }
    }

    return 1;
}


void
secops_keys_space(secops_keyspace_t *space, secops_slice_t prefix,
    secops_slice_t domain)
{
    unsigned char  digest[SECOPS_KEYS_DIGEST_LEN];

    space->len = 0;

    secops_keys_append(space, prefix.data, prefix.len);
    secops_keys_append(space, ":{", 2);

    if (secops_keys_domain_plain(domain)) {
        secops_keys_append(space, domain.data, domain.len);

    } else {
        secops_keys_digest(domain, digest);
        secops_keys_append(space, "~", 1);
        secops_keys_append(space, digest, SECOPS_KEYS_DIGEST_LEN);
    }

    secops_keys_append(space, ":", 1);
}


/* no prefix has a brace, and no D a colon */

secops_slice_t
secops_keys_domain(const secops_keyspace_t *space)
{
    const unsigned char  *begin;

    begin = memchr(space->data, '{', space->len);

    if (begin == NULL) {
        return secops_slice_bytes(NULL, 0);
    }

    begin++;

    return secops_slice_bytes(begin,
                              (size_t) (space->data + space->len - 1 - begin));
}


void
secops_keys_domain_space(secops_keyspace_t *space, secops_slice_t prefix,
    secops_slice_t domain)
{
    space->len = 0;

    secops_keys_append(space, prefix.data, prefix.len);
    secops_keys_append(space, ":{", 2);
    secops_keys_append(space, domain.data, domain.len);
    secops_keys_append(space, ":", 1);
}


/* a prefix has nothing that a pattern takes for another thing than itself, nor
   have the braces */

void
secops_keys_domains(secops_key_t *pattern, secops_slice_t prefix)
{
    secops_keyspace_t  space;

    secops_keys_domain_space(&space, prefix,
                             secops_slice_bytes((const unsigned char *) "*",
                                                1));
    secops_keys_revision(pattern, &space);
}


secops_slice_t
secops_keys_domain_of(secops_slice_t key, secops_slice_t prefix)
{
    size_t             head, tail;
    secops_key_t       same;
    secops_slice_t     domain, none;
    secops_keyspace_t  space;

    none = secops_slice_bytes(NULL, 0);
    head = prefix.len + sizeof(":{") - 1;
    tail = sizeof(":res}:rev") - 1;

    if (key.len <= head + tail
        || key.len - head - tail > SECOPS_KEYS_DOMAIN_MAX)
    {
        return none;
    }

    domain = secops_slice_bytes(key.data + head, key.len - head - tail);

    if (!secops_keys_domain_is_told(domain)) {
        return none;
    }

    /* it is one if it is spelled like one */

    secops_keys_domain_space(&space, prefix, domain);
    secops_keys_revision(&same, &space);

    return secops_slice_equal(secops_slice_bytes(same.data, same.len), key)
           ? domain : none;
}


/* 1: D is plain, or "~" and a digest */

static int
secops_keys_domain_is_told(secops_slice_t domain)
{
    if (domain.len == 1 + SECOPS_KEYS_DIGEST_LEN && domain.data[0] == '~') {
        domain.data++;
        domain.len--;
    }

    return secops_keys_domain_plain(domain);
}


static int
secops_keys_domain_plain(secops_slice_t domain)
{
    size_t  i;

    if (domain.len == 0 || domain.len > SECOPS_KEYS_DOMAIN_MAX) {
        return 0;
    }

    for (i = 0; i < domain.len; i++) {
        if (!secops_keys_char_plain(domain.data[i])) {
            return 0;
        }
    }

    return 1;
}


static int
secops_keys_char_plain(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
           || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
}


void
secops_keys_digest(secops_slice_t subject,
    unsigned char digest[SECOPS_KEYS_DIGEST_LEN])
{
    unsigned char  sha[SECOPS_SHA256_LEN];

    secops_sha256(subject, sha);

    (void) secops_hex_encode(digest, sha, SECOPS_KEYS_DIGEST_LEN / 2);
}


unsigned
secops_keys_digest_shard(const unsigned char digest[SECOPS_KEYS_DIGEST_LEN])
{
    return secops_id_digit(digest[0]);
}


void
secops_keys_record(secops_key_t *key, const secops_keyspace_t *space,
    unsigned shard, secops_slice_t table, const unsigned char *sys_id)
{
    secops_keys_records(key, space, shard, table);
    secops_keys_append(key, sys_id, SECOPS_ID_LEN);
}


void
secops_keys_records(secops_key_t *key, const secops_keyspace_t *space,
    unsigned shard, secops_slice_t table)
{
    secops_keys_begin(key, space, shard);
    secops_keys_append(key, ":rec:", 5);
    secops_keys_append(key, table.data, table.len);
    secops_keys_append(key, ":", 1);
}


void
secops_keys_index(secops_key_t *key, const secops_keyspace_t *space,
    unsigned shard, secops_slice_t table)
{
    secops_keys_begin(key, space, shard);
    secops_keys_append(key, ":idx:", 5);
    secops_keys_append(key, table.data, table.len);
}


void
secops_keys_subject(secops_key_t *key, const secops_keyspace_t *space,
    unsigned shard, secops_slice_t table,
    const unsigned char digest[SECOPS_KEYS_DIGEST_LEN])
{
    secops_keys_begin(key, space, shard);
    secops_keys_append(key, ":sub:", 5);
    secops_keys_append(key, table.data, table.len);
    secops_keys_append(key, ":", 1);
    secops_keys_append(key, digest, SECOPS_KEYS_DIGEST_LEN);
}


void
secops_keys_fact(secops_key_t *key, const secops_keyspace_t *space,
    unsigned shard, secops_slice_t table,
    const unsigned char fact[SECOPS_KEYS_DIGEST_LEN])
{
    secops_keys_begin(key, space, shard);
    secops_keys_append(key, ":one:", 5);
    secops_keys_append(key, table.data, table.len);
    secops_keys_append(key, ":", 1);
    secops_keys_append(key, fact, SECOPS_KEYS_DIGEST_LEN);
}


unsigned
secops_keys_event_shard(secops_slice_t event)
{
    unsigned char  digest[SECOPS_KEYS_DIGEST_LEN];

    secops_keys_digest(event, digest);

    return secops_keys_digest_shard(digest);
}


void
secops_keys_event(secops_key_t *key, const secops_keyspace_t *space,
    unsigned shard, secops_slice_t job, secops_slice_t event)
{
    static const secops_slice_t  name = secops_slice(":ev:");

    secops_keys_event_begin(key, space, shard, name, job);
    secops_keys_append(key, ":", 1);
    secops_keys_append(key, event.data, event.len);
}


void
secops_keys_event_feedback(secops_key_t *key, const secops_keyspace_t *space,
    unsigned shard, secops_slice_t job, secops_slice_t event)
{
    static const secops_slice_t  name = secops_slice(":evfb:");

    secops_keys_event_begin(key, space, shard, name, job);
    secops_keys_append(key, ":", 1);
    secops_keys_append(key, event.data, event.len);
}


void
secops_keys_event_decision(secops_key_t *key, const secops_keyspace_t *space,
    unsigned shard, secops_slice_t job, secops_slice_t event)
{
    static const secops_slice_t  name = secops_slice(":evdec:");

    secops_keys_event_begin(key, space, shard, name, job);
    secops_keys_append(key, ":", 1);
    secops_keys_append(key, event.data, event.len);
}


void
secops_keys_events(secops_key_t *key, const secops_keyspace_t *space,
    unsigned shard, secops_slice_t job)
{
    static const secops_slice_t  name = secops_slice(":evidx:");

    secops_keys_event_begin(key, space, shard, name, job);
}


void
secops_keys_event_queue(secops_key_t *key, const secops_keyspace_t *space,
    unsigned shard, secops_slice_t job)
{
    static const secops_slice_t  name = secops_slice(":evq:");

    secops_keys_event_begin(key, space, shard, name, job);
}


void
secops_keys_event_counts(secops_key_t *key, const secops_keyspace_t *space,
    unsigned shard, secops_slice_t job)
{
    static const secops_slice_t  name = secops_slice(":evstat:");

    secops_keys_event_begin(key, space, shard, name, job);
}


void
secops_keys_bucket(secops_key_t *key, const secops_keyspace_t *space,
    secops_slice_t job, const unsigned char digest[SECOPS_KEYS_DIGEST_LEN])
{
    static const secops_slice_t  name = secops_slice(":bkt:");

    secops_keys_event_begin(key, space, secops_keys_digest_shard(digest), name,
                            job);
    secops_keys_append(key, ":", 1);
    secops_keys_append(key, digest, SECOPS_KEYS_DIGEST_LEN);
}


void
secops_keys_bucket_votes(secops_key_t *key, const secops_keyspace_t *space,
    secops_slice_t job, const unsigned char digest[SECOPS_KEYS_DIGEST_LEN])
{
    static const secops_slice_t  name = secops_slice(":bktv:");

    secops_keys_event_begin(key, space, secops_keys_digest_shard(digest), name,
                            job);
    secops_keys_append(key, ":", 1);
    secops_keys_append(key, digest, SECOPS_KEYS_DIGEST_LEN);
}


static void
secops_keys_event_begin(secops_key_t *key, const secops_keyspace_t *space,
    unsigned shard, secops_slice_t name, secops_slice_t job)
{
    secops_keys_begin(key, space, shard);
    secops_keys_append(key, name.data, name.len);
    secops_keys_append(key, job.data, job.len);
}


void
secops_keys_audit(secops_key_t *key, const secops_keyspace_t *space,
    unsigned stream)
{
    if (stream == SECOPS_KEYS_REFUSALS) {
        secops_keys_begin(key, space, SECOPS_KEYS_RESOURCES);
        secops_keys_append(key, ":refusals", 9);
        return;
    }

    secops_keys_begin(key, space, stream);
    secops_keys_append(key, ":audit", 6);
}


void
secops_keys_resources(secops_key_t *key, const secops_keyspace_t *space,
    secops_slice_t type)
{
    secops_keys_begin(key, space, SECOPS_KEYS_RESOURCES);
    secops_keys_append(key, ":", 1);
    secops_keys_append(key, type.data, type.len);
}


void
secops_keys_titles(secops_key_t *key, const secops_keyspace_t *space,
    secops_slice_t type)
{
    secops_keys_resources(key, space, type);
    secops_keys_append(key, ":title", 6);
}


void
secops_keys_used(secops_key_t *key, const secops_keyspace_t *space,
    secops_slice_t type)
{
    secops_keys_resources(key, space, type);
    secops_keys_append(key, ":used", 5);
}


void
secops_keys_revision(secops_key_t *key, const secops_keyspace_t *space)
{
    secops_keys_begin(key, space, SECOPS_KEYS_RESOURCES);
    secops_keys_append(key, ":rev", 4);
}


void
secops_keys_next_id(secops_key_t *key, const secops_keyspace_t *space)
{
    secops_keys_begin(key, space, SECOPS_KEYS_RESOURCES);
    secops_keys_append(key, ":next_id", 8);
}


void
secops_keys_commits(secops_key_t *key, const secops_keyspace_t *space)
{
    secops_keys_begin(key, space, SECOPS_KEYS_RESOURCES);
    secops_keys_append(key, ":commits", 8);
}


void
secops_keys_size(secops_key_t *key, const secops_keyspace_t *space)
{
    secops_keys_begin(key, space, SECOPS_KEYS_RESOURCES);
    secops_keys_append(key, ":size", 5);
}


void
secops_keys_refs(secops_key_t *key, const secops_keyspace_t *space)
{
    secops_keys_begin(key, space, SECOPS_KEYS_RESOURCES);
    secops_keys_append(key, ":refs", 5);
}


void
secops_keys_api_key(secops_key_t *key, secops_slice_t prefix,
    const unsigned char digest[SECOPS_KEYS_API_KEY_LEN])
{
    key->len = 0;
    secops_keys_append(key, prefix.data, prefix.len);
    secops_keys_append(key, ":{key:", 6);
    secops_keys_append(key, digest, 2);
    secops_keys_append(key, "}:", 2);
    secops_keys_append(key, digest, SECOPS_KEYS_API_KEY_LEN);
}


void
secops_keys_rotation(secops_key_t *key, secops_slice_t prefix)
{
    key->len = 0;
    secops_keys_append(key, prefix.data, prefix.len);
    secops_keys_append(key, ":{secrets}:rotation", 19);
}


void
secops_keys_health(secops_key_t *key, secops_slice_t prefix, unsigned number)
{
    unsigned char  *p, digits[10];

    key->len = 0;
    secops_keys_append(key, prefix.data, prefix.len);
    secops_keys_append(key, ":{health", 8);

    if (number) {
        p = digits + sizeof(digits);

        do {
            *--p = (unsigned char) ('0' + number % 10);
            number /= 10;
        } while (number);

        secops_keys_append(key, ":", 1);
        secops_keys_append(key, p, (size_t) (digits + sizeof(digits) - p));
    }

    secops_keys_append(key, "}", 1);
}


/* shard may be SECOPS_KEYS_RESOURCES */

static void
secops_keys_begin(secops_key_t *key, const secops_keyspace_t *space,
    unsigned shard)
{
    unsigned char  digit;

    key->len = 0;
    secops_keys_append(key, space->data, space->len);

    if (shard == SECOPS_KEYS_RESOURCES) {
        secops_keys_append(key, "res", 3);

    } else {
        digit = secops_hex_digit(shard);
        secops_keys_append(key, &digit, 1);
    }

    secops_keys_append(key, "}", 1);
}


/* the parts' limits add up to less than SECOPS_KEY_MAX */

static void
secops_keys_append(secops_key_t *key, const void *data, size_t len)
{
    memcpy(key->data + key->len, data, len);
    key->len += len;
}
