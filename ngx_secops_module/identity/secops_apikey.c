
/* API keys; see secops_apikey.h. */

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "identity/secops_apikey.h"
#include "util/codec/secops_base64.h"
#include "util/codec/secops_sha256.h"
#include "util/secops_hex.h"


#define SECOPS_APIKEY_VALUE_BYTES  64
#define SECOPS_APIKEY_ID_BYTES     15


static int secops_apikey_random(unsigned char *dst, size_t len);
static int secops_apikey_update_expiry(json_t *document,
    const json_t *properties, secops_slice_t now);
static int secops_apikey_rotate(json_t *document, const json_t *properties,
    const secops_apikey_t *before, const secops_apikey_change_t *change);
static void secops_apikey_end_old(json_t *document, secops_slice_t now);
static json_t *secops_apikey_sorted(const json_t *names);
static int secops_apikey_insert(json_t *sorted, size_t first,
    secops_slice_t name);
static secops_slice_t secops_apikey_string(const json_t *value);
static int secops_apikey_remove(json_t *document, const char *name);
static int secops_apikey_set(json_t *document, const char *name,
    secops_slice_t text);
static int secops_apikey_replace(json_t *document, const char *name,
    json_t *value);
static secops_slice_t secops_apikey_text(const json_t *document,
    const char *name);


int
secops_apikey_make_value(unsigned char value[SECOPS_APIKEY_VALUE_LEN])
{
    return secops_apikey_random(value, SECOPS_APIKEY_VALUE_BYTES);
}


int
secops_apikey_make_id(unsigned char id[SECOPS_APIKEY_ID_LEN])
{
    return secops_apikey_random(id, SECOPS_APIKEY_ID_BYTES);
}


static int
secops_apikey_random(unsigned char *dst, size_t len)
{
    unsigned char  bytes[SECOPS_APIKEY_VALUE_BYTES];

    if (RAND_bytes(bytes, (int) len) != 1) {
        return -1;
    }

    (void) secops_base64url_encode(dst, secops_slice_bytes(bytes, len));

    OPENSSL_cleanse(bytes, sizeof(bytes));

    return 0;
}


int
secops_apikey_is_value(secops_slice_t text)
{
    int            valid;
    size_t         len;
    unsigned char  bytes[SECOPS_APIKEY_VALUE_BYTES];

    if (text.len != SECOPS_APIKEY_VALUE_LEN) {
        return 0;
    }

    valid = secops_base64url_decode(text, bytes, &len) == 0;

    OPENSSL_cleanse(bytes, sizeof(bytes));

    return valid;
}


void
secops_apikey_digest(secops_slice_t text,
    unsigned char digest[SECOPS_APIKEY_DIGEST_LEN])
{
    unsigned char  sha[SECOPS_SHA256_LEN];

    secops_sha256(text, sha);

    (void) secops_hex_encode(digest, sha, sizeof(sha));
}


/* as many as there may be: names that are not known take no room in the end */

size_t
secops_apikey_scopes_size(const json_t *names)
{
    size_t  i, size;

    size = 0;

    for (i = 0; i < json_array_size(names); i++) {
        size += secops_apikey_scope_at(names, i).len + 1;
    }

    return size;
}


void
secops_apikey_scopes(secops_scopes_t *scopes, const json_t *names,
    unsigned char *dst)
{
    size_t          i;
    unsigned        scope;
    secops_slice_t  name, table;

    scopes->whole = SECOPS_SCOPE_NONE;
    scopes->narrow.len = 0;
    scopes->narrow.data = dst;

    for (i = 0; i < json_array_size(names); i++) {

        name = secops_apikey_scope_at(names, i);
        scope = secops_scope(name, &table);

        if (scope == SECOPS_SCOPE_NONE) {
            continue;
        }

        if (table.len == 0) {
            scopes->whole |= scope;
            continue;
        }

        memcpy(dst, name.data, name.len);
        dst += name.len;
        *dst++ = ' ';

        scopes->narrow.len += name.len + 1;
    }
}


int
secops_apikey_is_within(const json_t *names,
    const secops_scopes_t *scopes, const json_t *stored)
{
    size_t          i;
    secops_slice_t  name, table;

    for (i = 0; i < json_array_size(names); i++) {

        name = secops_apikey_scope_at(names, i);

        if (secops_scope(name, &table) != SECOPS_SCOPE_NONE
            && !secops_scopes_has_name(scopes, name)
            && !secops_apikey_has_scope(stored, name))
        {
            return 0;
        }
    }

    return 1;
}


int
secops_apikey_has_scope(const json_t *names, secops_slice_t name)
{
    size_t  i;

    for (i = 0; i < json_array_size(names); i++) {
        if (secops_slice_equal(secops_apikey_scope_at(names, i), name)) {
            return 1;
        }
    }

    return 0;
}


secops_slice_t
secops_apikey_scope_at(const json_t *names, size_t i)
{
    return secops_apikey_string(json_array_get(names, i));
}


static secops_slice_t
secops_apikey_string(const json_t *value)
{
    secops_slice_t  text;

    text.len = json_string_length(value);
    text.data = (const unsigned char *) json_string_value(value);

    return text;
}


int
secops_apikey_expire_at(const json_t *properties,
    unsigned char time[SECOPS_TIME_LEN])
{
    secops_slice_t  text;

    if (json_is_null(json_object_get(properties, "expire_at"))) {
        return SECOPS_APIKEY_EVER;
    }

    text = secops_apikey_text(properties, "expire_at");

    return secops_time_normalize(time, text) == 0 ? SECOPS_APIKEY_UNTIL
                                                  : SECOPS_APIKEY_UNSAID;
}


int
secops_apikey_rotates(const json_t *properties)
{
    return json_is_true(json_object_get(properties, "rotate"));
}


int64_t
secops_apikey_grace(const json_t *properties)
{
    double         seconds;
    const json_t  *grace;

    grace = json_object_get(properties, "grace");

    if (!json_is_number(grace)) {
        return -1;
    }

    /* an integer may be written with a point or an exponent; what is out of
       range has been refused */

    seconds = json_number_value(grace);

    if (seconds < 0) {
        return 0;
    }

    return seconds < SECOPS_APIKEY_GRACE_MAX ? (int64_t) seconds
                                             : SECOPS_APIKEY_GRACE_MAX;
}


/* a new key that is to live for ever lives as long as the key that makes it */

json_t *
secops_apikey_create(const json_t *properties,
    const secops_apikey_change_t *change)
{
    json_t         *document;
    secops_slice_t  expire_at;
    unsigned char   time[SECOPS_TIME_LEN];

    expire_at = change->expire_at;

    if (secops_apikey_expire_at(properties, time) == SECOPS_APIKEY_UNTIL) {
        expire_at = secops_slice_bytes(time, SECOPS_TIME_LEN);
    }

    document = json_object();

    if (secops_apikey_set(document, "name",
                          secops_apikey_text(properties, "name"))
        != 0
        || json_object_set_new(document, "scopes",
                               secops_apikey_sorted(
                                   json_object_get(properties, "scopes")))
           != 0
        || secops_apikey_set(document, "digest", change->digest) != 0
        || (expire_at.len
            && secops_apikey_set(document, "expire_at", expire_at) != 0)
        || secops_apikey_set(document, "created_by", change->user) != 0
        || secops_apikey_set(document, "created_on", change->time) != 0
        || secops_apikey_set(document, "updated_by", change->user) != 0
        || secops_apikey_set(document, "updated_on", change->time) != 0)
    {
        json_decref(document);
        return NULL;
    }

    return document;
}


int
secops_apikey_update(json_t *document, const json_t *properties,
    const secops_apikey_change_t *change)
{
    int              name, scopes, expiry, rotated;
    json_t          *names;
    secops_apikey_t  before;

    if (secops_apikey_read(&before, document) != 0) {
        return -1;
    }

    scopes = 0;

    /* what was read is borrowed from members that this may replace */

    rotated = secops_apikey_rotate(document, properties, &before, change);
    expiry = secops_apikey_update_expiry(document, properties, change->time);

    name = secops_apikey_replace(document, "name",
                                 json_incref(json_object_get(properties,
                                                             "name")));

    names = json_object_get(properties, "scopes");

    if (json_is_array(names)) {
        scopes = secops_apikey_replace(document, "scopes",
                                       secops_apikey_sorted(names));
    }

    if (name < 0 || scopes < 0 || expiry < 0 || rotated < 0) {
        return -1;
    }

    if (!name && !scopes && !expiry && !rotated) {
        return 0;
    }

    secops_apikey_end_old(document, change->time);

    if (secops_apikey_set(document, "updated_by", change->user) != 0
        || secops_apikey_set(document, "updated_on", change->time) != 0)
    {
        return -1;
    }

    return 1;
}


/* 1: it was another one */

static int
secops_apikey_update_expiry(json_t *document, const json_t *properties,
    secops_slice_t now)
{
    int             changed;
    secops_slice_t  expire_at;
    unsigned char   time[SECOPS_TIME_LEN];

    switch (secops_apikey_expire_at(properties, time)) {

    case SECOPS_APIKEY_UNTIL:
        expire_at = secops_slice_bytes(time, SECOPS_TIME_LEN);
        changed = secops_apikey_replace(document, "expire_at",
                                        json_stringn((const char *) time,
                                                     SECOPS_TIME_LEN));

        if (changed > 0
            && secops_apikey_expired(expire_at, now)
            && json_object_set_new(document, "revoked", json_true()) != 0)
        {
            return -1;
        }

        return changed;

    case SECOPS_APIKEY_EVER:
        return secops_apikey_remove(document, "expire_at");

    default:
        return 0;
    }
}


/*
 * 1: it has a new value.  There is one old value at most: one from before ends.
 * What was refused before stays refused.
 */

static int
secops_apikey_rotate(json_t *document, const json_t *properties,
    const secops_apikey_t *before, const secops_apikey_change_t *change)
{
    int64_t        now, grace;
    json_t        *digest;
    unsigned char  until[SECOPS_TIME_LEN];

    if (!secops_apikey_rotates(properties)) {
        return 0;
    }

    grace = secops_apikey_grace(properties);

    if (secops_apikey_is_over(before, change->time)
        || secops_time_read(&now, change->time) != 0)
    {
        grace = 0;
    }

    digest = json_incref(json_object_get(document, "digest"));

    (void) secops_apikey_remove(document, "old_digest");
    (void) secops_apikey_remove(document, "old_until");
    (void) secops_apikey_remove(document, "revoked");

    if (grace <= 0) {
        json_decref(digest);

    } else {
        secops_time_format(until, now + grace);

        if (json_object_set_new(document, "old_digest", digest) != 0
            || secops_apikey_set(document, "old_until",
                                 secops_slice_bytes(until, SECOPS_TIME_LEN))
               != 0)
        {
            return -1;
        }
    }

    return secops_apikey_set(document, "digest", change->digest) == 0 ? 1 : -1;
}


/* an old value whose time is over leaves with the next change */

static void
secops_apikey_end_old(json_t *document, secops_slice_t now)
{
    secops_apikey_t  key;

    if (secops_apikey_read(&key, document) == 0
        && key.old_digest.len
        && (secops_apikey_is_over(&key, now)
            || secops_apikey_expired(key.old_until, now)))
    {
        (void) secops_apikey_remove(document, "old_digest");
        (void) secops_apikey_remove(document, "old_until");
    }
}


int
secops_apikey_changes(const json_t *document, const json_t *properties,
    const secops_apikey_change_t *change)
{
    int      rc;
    json_t  *copy;

    copy = json_deep_copy(document);

    rc = copy ? secops_apikey_update(copy, properties, change) : -1;

    json_decref(copy);

    return rc != 0;
}


/* value is taken over; 1: it is another one than was there */

static int
secops_apikey_replace(json_t *document, const char *name, json_t *value)
{
    if (value && json_equal(json_object_get(document, name), value)) {
        json_decref(value);
        return 0;
    }

    return json_object_set_new(document, name, value) == 0 ? 1 : -1;
}


/* The names that are known, each once: whole scopes in the order of their bits,
   then narrowed ones by their bytes.  NULL: no memory */

static json_t *
secops_apikey_sorted(const json_t *names)
{
    json_t          *sorted;
    size_t           i, nwhole;
    unsigned         bit;
    secops_slice_t   name, table;

    sorted = json_array();

    for (bit = 0; bit < SECOPS_SCOPES; bit++) {

        name = secops_scope_name(bit);

        if (secops_apikey_has_scope(names, name)
            && secops_apikey_insert(sorted, json_array_size(sorted), name)
               != 0)
        {
            goto failed;
        }
    }

    nwhole = json_array_size(sorted);

    for (i = 0; i < json_array_size(names); i++) {

        name = secops_apikey_scope_at(names, i);

        if (secops_scope(name, &table) != SECOPS_SCOPE_NONE
            && table.len
            && secops_apikey_insert(sorted, nwhole, name) != 0)
        {
            goto failed;
        }
    }

    return sorted;

failed:

    json_decref(sorted);

    return NULL;
}


/* at its place among those from first on, unless it is there */

static int
secops_apikey_insert(json_t *sorted, size_t first, secops_slice_t name)
{
    int     order;
    size_t  i;

    for (i = json_array_size(sorted); i > first; i--) {

        order = secops_slice_compare(secops_apikey_scope_at(sorted, i - 1),
                                     name);

        if (order == 0) {
            return 0;
        }

        if (order < 0) {
            break;
        }
    }

    return json_array_insert_new(sorted, i,
                                 json_stringn((const char *) name.data,
                                              name.len));
}


/* 1: it was there */

static int
secops_apikey_remove(json_t *document, const char *name)
{
    return json_object_del(document, name) == 0;
}


static int
secops_apikey_set(json_t *document, const char *name, secops_slice_t text)
{
    return json_object_set_new(document, name,
                               json_stringn((const char *) text.data,
                                            text.len));
}


/* empty: there is none */

static secops_slice_t
secops_apikey_text(const json_t *document, const char *name)
{
    return secops_apikey_string(json_object_get(document, name));
}


int
secops_apikey_read(secops_apikey_t *key, const json_t *document)
{
    key->name = secops_apikey_text(document, "name");
    key->digest = secops_apikey_text(document, "digest");
    key->old_digest = secops_apikey_text(document, "old_digest");
    key->old_until = secops_apikey_text(document, "old_until");
    key->expire_at = secops_apikey_text(document, "expire_at");
    key->revoked = json_is_true(json_object_get(document, "revoked"));
    key->scopes = json_object_get(document, "scopes");

    if (key->old_digest.len != SECOPS_APIKEY_DIGEST_LEN
        || key->old_until.len != SECOPS_TIME_LEN)
    {
        key->old_digest.len = 0;
    }

    return (key->name.len && key->digest.len == SECOPS_APIKEY_DIGEST_LEN)
           ? 0 : -1;
}


int
secops_apikey_expired(secops_slice_t expire_at, secops_slice_t now)
{
    size_t  len;

    if (expire_at.len == 0) {
        return 0;
    }

    len = expire_at.len < now.len ? expire_at.len : now.len;

    return memcmp(expire_at.data, now.data, len) <= 0;
}


int
secops_apikey_is_over(const secops_apikey_t *key, secops_slice_t now)
{
    return key->revoked || secops_apikey_expired(key->expire_at, now);
}


int
secops_apikey_is_over_after(const json_t *document, const json_t *properties,
    secops_slice_t now)
{
    secops_apikey_t  key;
    unsigned char    time[SECOPS_TIME_LEN];

    switch (secops_apikey_expire_at(properties, time)) {

    case SECOPS_APIKEY_UNTIL:

        if (secops_apikey_expired(secops_slice_bytes(time, SECOPS_TIME_LEN),
                                  now))
        {
            return 1;
        }

        break;

    case SECOPS_APIKEY_UNSAID:

        if (secops_apikey_read(&key, document) == 0) {
            return secops_apikey_is_over(&key, now);
        }

        break;

    default:
        break;
    }

    /* without another value, the flag stays */

    return secops_apikey_read(&key, document) == 0
           && key.revoked
           && !secops_apikey_rotates(properties);
}


/* whoever measures how long this takes learns of a digest, which leads to no
   value */

int
secops_apikey_value_of(const secops_apikey_t *key,
    const unsigned char digest[SECOPS_APIKEY_DIGEST_LEN],
    secops_slice_t *until)
{
    *until = key->expire_at;

    if (CRYPTO_memcmp(key->digest.data, digest, SECOPS_APIKEY_DIGEST_LEN) == 0)
    {
        return 0;
    }

    if (key->old_digest.len == 0
        || CRYPTO_memcmp(key->old_digest.data, digest,
                         SECOPS_APIKEY_DIGEST_LEN)
           != 0)
    {
        return -1;
    }

    /* what ends first has ended when the other does */

    if (until->len == 0 || secops_apikey_expired(key->old_until, *until)) {
        *until = key->old_until;
    }

    return 1;
}


json_t *
secops_apikey_describe(secops_slice_t id, const json_t *document,
    secops_slice_t last_used, secops_slice_t now)
{
    int               over;
    json_t           *list;
    size_t            i;
    secops_slice_t    name, text;
    secops_apikey_t   key;

    static const char  *shown[] = {
        "expire_at", "created_by", "created_on", "updated_by", "updated_on"
    };

    if (secops_apikey_read(&key, document) != 0) {
        return NULL;
    }

    name = key.name;
    list = json_object();

    if (secops_apikey_set(list, "id", id) != 0
        || secops_apikey_set(list, "title", name) != 0
        || secops_apikey_set(list, "name", name) != 0
        || json_object_set_new(list, "type", json_string("api_key")) != 0
        || json_object_set_new(list, "scopes",
                               secops_apikey_sorted(key.scopes))
           != 0)
    {
        goto failed;
    }

    for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {

        text = secops_apikey_text(document, shown[i]);

        if (text.len && secops_apikey_set(list, shown[i], text) != 0) {
            goto failed;
        }
    }

    over = secops_apikey_is_over(&key, now);

    if ((over && json_object_set_new(list, "revoked", json_true()) != 0)
        || (!over && key.old_digest.len
            && !secops_apikey_expired(key.old_until, now)
            && secops_apikey_set(list, "old_value_until", key.old_until) != 0)
        || (last_used.len
            && secops_apikey_set(list, "last_used", last_used) != 0))
    {
        goto failed;
    }

    return list;

failed:

    json_decref(list);

    return NULL;
}
