
/*
 * secops_apikey: values and digests, and the document that says what a key may
 * do, from its creation to what is listed of it.
 */

#include <stdlib.h>

#include "identity/secops_apikey.h"
#include "identity/secops_scope.h"
#include "secops_tap.h"


#define VALUE                                                                 \
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1" \
    "Njc4OTo7PD0-Pw"

/* printf %s VALUE | sha256sum */

#define DIGEST                                                                \
    "c2c35d65a7f75692d3b040e647980f9360bac58556c4a6f4c5c686dceea45f5d"


static void test_values(void);
static void test_digest(void);
static void test_create(void);
static void test_update(void);
static void test_read(void);
static void test_scopes(void);
static void test_expired(void);
static void test_describe(void);
static int refused(const char *value);
static json_t *created(const char *properties);
static json_t *parsed(const char *text);
static void is_json(const json_t *got, const char *expected, const char *name);
static secops_slice_t slice_of(const char *text);


static secops_apikey_change_t  first = {
    secops_slice("alice"), secops_slice("2026-01-02 03:04:05"),
    secops_slice("")
};

static secops_apikey_change_t  second = {
    secops_slice("bob"), secops_slice("2026-06-07 08:09:10"),
    secops_slice("2027-01-01 00:00:00")
};


int
main(void)
{
    test_values();
    test_digest();
    test_create();
    test_update();
    test_read();
    test_scopes();
    test_expired();
    test_describe();

    return tap_done();
}


static void
test_values(void)
{
    size_t          i;
    unsigned        same;
    unsigned char   value[2][SECOPS_APIKEY_VALUE_LEN + 1];
    unsigned char   id[2][SECOPS_APIKEY_ID_LEN + 1];
    unsigned char   digest[SECOPS_APIKEY_DIGEST_LEN];
    secops_slice_t  text;

    same = 0;

    for (i = 0; i < 2; i++) {
        value[i][SECOPS_APIKEY_VALUE_LEN] = '!';
        id[i][SECOPS_APIKEY_ID_LEN] = '!';

        ok(secops_apikey_make_value(value[i]) == 0, "a value is made");
        ok(secops_apikey_make_id(id[i]) == 0, "... and an id");
        ok(value[i][SECOPS_APIKEY_VALUE_LEN] == '!'
           && id[i][SECOPS_APIKEY_ID_LEN] == '!', "... no longer than said");

        text.len = SECOPS_APIKEY_VALUE_LEN;
        text.data = value[i];

        ok(secops_apikey_digest(text, digest) == 0,
           "... it is one that can be a key's");
    }

    for (i = 0; i < SECOPS_APIKEY_VALUE_LEN; i++) {
        same += (value[0][i] == value[1][i]);
    }

    ok(same < 20, "two values have hardly a character in common");
    ok(memcmp(id[0], id[1], SECOPS_APIKEY_ID_LEN) != 0, "two ids differ");
}


static void
test_digest(void)
{
    unsigned char  digest[SECOPS_APIKEY_DIGEST_LEN];

    is_int(strlen(VALUE), SECOPS_APIKEY_VALUE_LEN, "a value has 86 characters");

    ok(secops_apikey_digest(slice_of(VALUE), digest) == 0, "it has a digest");
    is_str(digest, SECOPS_APIKEY_DIGEST_LEN, DIGEST, "... its SHA-256");

    ok(refused(""), "nothing is no value");
    ok(refused("A" VALUE), "one character more");
    ok(refused(&VALUE[1]), "one character less");
    ok(refused("+AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKiss"
               "LS4vMDEyMzQ1Njc4OTo7PD0-Pw"), "base64 that is not base64url");
    ok(refused("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKiss"
               "LS4vMDEyMzQ1Njc4OTo7PD0-Px"), "another spelling of the same");
    ok(refused("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKiss"
               "LS4vMDEyMzQ1Njc4OTo7PD0-P="), "padding");
}


static void
test_create(void)
{
    json_t  *document;

    document = created("{\"name\":\"n\",\"title\":\"n\"}");
    is_json(document, "{\"name\":\"n\",\"scopes\":[],"
            "\"digest\":\"" DIGEST "\",\"created_by\":\"alice\","
            "\"created_on\":\"2026-01-02 03:04:05\",\"updated_by\":\"alice\","
            "\"updated_on\":\"2026-01-02 03:04:05\"}",
            "without scopes a key has none, and never expires");
    json_decref(document);

    document = created("{\"name\":\"n\",\"scopes\":null,\"expire_at\":\"\"}");
    ok(json_array_size(json_object_get(document, "scopes")) == 0
       && json_object_get(document, "expire_at") == NULL,
       "null and \"\" are not there");
    json_decref(document);

    document = created("{\"name\":\"n\",\"scopes\":[\"write:resources\","
                       "\"read:resources\"],"
                       "\"expire_at\":\"2027-03-04T05:06:07Z\"}");
    is_json(json_object_get(document, "scopes"),
            "[\"read:resources\",\"write:resources\"]",
            "scopes are stored in one order");
    is_json(json_object_get(document, "expire_at"),
            "\"2027-03-04 05:06:07\"", "... and times in one form");
    json_decref(document);

    document = created("{\"name\":\"n\",\"scopes\":[\"write:records:b\","
                       "\"read:records:c\",\"write:records\","
                       "\"read:records:ca\",\"write:records:a\","
                       "\"read:records:c\",\"read:resources\"]}");
    is_json(json_object_get(document, "scopes"),
            "[\"read:resources\",\"write:records\",\"read:records:c\","
            "\"read:records:ca\",\"write:records:a\",\"write:records:b\"]",
            "... those for one table behind the others, each once");
    json_decref(document);

    document = created("{\"name\":\"n\","
                       "\"expire_at\":\"2027-03-04T05:06:07.25+02:00\"}");
    is_json(json_object_get(document, "expire_at"),
            "\"2027-03-04 03:06:07\"", "Field 8: ... in UTC");
    json_decref(document);
}


static void
test_update(void)
{
    json_t  *document, *before, *properties;

    document = created("{\"name\":\"n\",\"scopes\":[\"read:resources\"]}");
    before = json_deep_copy(document);

    properties = parsed("{\"name\":\"n\"}");
    is_int(secops_apikey_update(document, properties, &second), 0,
           "a request that names nothing");
    ok(json_equal(document, before), "... changes nothing");
    json_decref(properties);

    properties = parsed("{\"name\":\"n\",\"scopes\":[\"read:resources\"]}");
    is_int(secops_apikey_update(document, properties, &second), 0,
           "one that names what is there already");
    ok(json_equal(document, before), "... changes nothing either");
    json_decref(properties);

    properties = parsed("{\"name\":\"n\","
                        "\"scopes\":[\"write:resources\"],"
                        "\"expire_at\":\"2027-01-01 00:00:00\"}");
    is_int(secops_apikey_update(document, properties, &second), 1,
           "one that names something else");
    is_json(document, "{\"name\":\"n\",\"scopes\":[\"write:resources\"],"
            "\"digest\":\"" DIGEST "\",\"created_by\":\"alice\","
            "\"created_on\":\"2026-01-02 03:04:05\",\"updated_by\":\"bob\","
            "\"updated_on\":\"2026-06-07 08:09:10\","
            "\"expire_at\":\"2027-01-01 00:00:00\"}",
            "... replaces that, and says who did");
    json_decref(properties);

    properties = parsed("{\"name\":\"n\",\"scopes\":[]}");
    is_int(secops_apikey_update(document, properties, &second), 1,
           "one with no scope at all");
    ok(json_array_size(json_object_get(document, "scopes")) == 0,
       "... takes all away");
    json_decref(properties);

    properties = parsed("{\"name\":\"m\"}");
    is_int(secops_apikey_update(document, properties, &second), 1,
           "one with a new name");
    is_str(json_string_value(json_object_get(document, "name")), 1, "m",
           "... gives the key that name");
    json_decref(properties);

    json_decref(before);
    json_decref(document);
}


static void
test_read(void)
{
    json_t           *document;
    secops_apikey_t   key;
    secops_scopes_t   scopes;
    unsigned char     narrow[128];

    document = created("{\"name\":\"n\",\"scopes\":[\"read:resources\"],"
                       "\"expire_at\":\"2027-01-01 00:00:00\"}");

    ok(secops_apikey_read(&key, document) == 0, "a document is read");
    is_str(key.name.data, key.name.len, "n", "... its name");
    is_str(key.digest.data, key.digest.len, DIGEST, "... its digest");
    is_str(key.expire_at.data, key.expire_at.len, "2027-01-01 00:00:00",
           "... its end");
    is_json(key.scopes, "[\"read:resources\"]", "... its scopes");

    (void) json_object_set_new(document, "scopes",
                               parsed("[7,\"read:all\",\"write:events\","
                                      "\"write:resources\"]"));
    ok(secops_apikey_read(&key, document) == 0,
       "a key of before, with a scope that is not known, is read");
    secops_apikey_scopes(&scopes, key.scopes, narrow);
    is_int(scopes.whole, SECOPS_SCOPE_WRITE_RESOURCES,
           "... and that scope gives nothing");
    is_int(scopes.narrow.len, 0, "... for no table either");

    (void) json_object_del(document, "scopes");
    (void) secops_apikey_read(&key, document);
    secops_apikey_scopes(&scopes, key.scopes, narrow);
    is_int(scopes.whole, SECOPS_SCOPE_NONE, "... nor do none at all");
    is_int(secops_apikey_scopes_size(key.scopes), 0, "... which take no room");

    (void) json_object_set_new(document, "digest", json_string("abc"));
    ok(secops_apikey_read(&key, document) == -1, "a digest of another length");

    (void) json_object_del(document, "digest");
    ok(secops_apikey_read(&key, document) == -1, "... or none");

    json_decref(document);

    document = parsed("[]");
    ok(secops_apikey_read(&key, document) == -1, "an array is no key");
    ok(secops_apikey_read(&key, NULL) == -1, "nothing is no key");
    json_decref(document);
}


static void
test_scopes(void)
{
    json_t           *names, *stored;
    secops_scopes_t   scopes;
    unsigned char     narrow[128];

    names = parsed("[\"read:records:b\",\"write:events\",\"write:records\","
                   "{},\"read:records:a\",\"read:records:B\"]");

    ok(secops_apikey_scopes_size(names) <= sizeof(narrow),
       "names of scopes take little room");
    secops_apikey_scopes(&scopes, names, narrow);
    is_int(scopes.whole, SECOPS_SCOPE_WRITE_RECORDS, "the whole ones are bits");
    is_str(scopes.narrow.data, scopes.narrow.len,
           "read:records:b read:records:a ", "... the narrowed ones a list");

    ok(secops_apikey_is_within(names, &scopes, NULL),
       "a key is within its own scopes: what is not known is nothing");
    ok(secops_apikey_is_within(NULL, &scopes, NULL),
       "... so is one without any");
    json_decref(names);

    names = parsed("[\"write:records:x\",\"read:records:c\"]");
    stored = parsed("[\"read:records:c\",\"read:resources\"]");
    ok(!secops_apikey_is_within(names, &scopes, NULL),
       "a scope for another table is beyond them");
    ok(secops_apikey_is_within(names, &scopes, stored),
       "... unless it is one that was there");
    json_decref(names);

    names = parsed("[\"read:records\"]");
    ok(!secops_apikey_is_within(names, &scopes, stored),
       "... and a whole one is more than narrowed ones");
    json_decref(names);
    json_decref(stored);
}


static void
test_expired(void)
{
    secops_slice_t  now;

    now = slice_of("2026-11-22 12:00:00");

    ok(!secops_apikey_expired(slice_of(""), now), "a key without an end");
    ok(!secops_apikey_expired(slice_of("2026-11-22 12:00:01"), now),
       "... with one in a second");
    ok(secops_apikey_expired(slice_of("2026-11-22 12:00:00"), now),
       "... with one just now");
    ok(secops_apikey_expired(slice_of("2025-12-31 23:59:59"), now),
       "... with one long ago");
    ok(!secops_apikey_expired(slice_of("2027-01-01 00:00:00"), now),
       "... with one next year");
    ok(secops_apikey_expired(slice_of("2026"), now),
       "... with one that was cut off: rather too early");
}


static void
test_describe(void)
{
    json_t  *document, *shown;

    document = created("{\"name\":\"n\",\"scopes\":[\"read:resources\"]}");

    shown = secops_apikey_describe(slice_of("abc"), document, slice_of(""));
    is_json(shown, "{\"id\":\"abc\",\"title\":\"n\",\"name\":\"n\","
            "\"type\":\"api_key\",\"scopes\":[\"read:resources\"],"
            "\"created_by\":\"alice\",\"created_on\":\"2026-01-02 03:04:05\","
            "\"updated_by\":\"alice\",\"updated_on\":\"2026-01-02 03:04:05\"}",
            "what is listed has no digest");
    json_decref(shown);

    shown = secops_apikey_describe(slice_of("abc"), document,
                                   slice_of("2026-07-08 09:10:11"));
    is_json(json_object_get(shown, "last_used"), "\"2026-07-08 09:10:11\"",
            "... but when it was used last");
    json_decref(shown);
    json_decref(document);

    document = parsed("{\"name\":\"n\"}");
    ok(secops_apikey_describe(slice_of("abc"), document, slice_of("")) == NULL,
       "what is no key is not listed");
    json_decref(document);
}


static int
refused(const char *value)
{
    unsigned char  digest[SECOPS_APIKEY_DIGEST_LEN];

    return secops_apikey_digest(slice_of(value), digest) == -1;
}


static json_t *
created(const char *properties)
{
    json_t  *json, *document;

    json = parsed(properties);

    document = secops_apikey_create(json, (const unsigned char *) DIGEST,
                                    &first);
    json_decref(json);

    return document;
}


static json_t *
parsed(const char *text)
{
    return json_loads(text, JSON_DECODE_ANY, NULL);
}


static void
is_json(const json_t *got, const char *expected, const char *name)
{
    char  *text;

    text = json_dumps(got, JSON_COMPACT|JSON_ENCODE_ANY);

    is_str(text ? text : "", text ? strlen(text) : 0, expected, name);

    free(text);
}


static secops_slice_t
slice_of(const char *text)
{
    secops_slice_t  slice;

    slice.len = strlen(text);
    slice.data = (const unsigned char *) text;

    return slice;
}
