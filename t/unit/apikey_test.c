
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

/* printf %s VALUE | sha256sum; the others are just two more */

#define DIGEST                                                                \
    "c2c35d65a7f75692d3b040e647980f9360bac58556c4a6f4c5c686dceea45f5d"
#define DIGEST2                                                               \
    "2222222222222222222222222222222222222222222222222222222222222222"
#define DIGEST3                                                               \
    "3333333333333333333333333333333333333333333333333333333333333333"



static void test_values(void);
static void test_digest(void);
static void test_create(void);
static void test_update(void);
static void test_expiry(void);
static void test_rotate(void);
static void test_grace(void);
static void test_revoke(void);
static void test_over(void);
static void test_read(void);
static void test_scopes(void);
static void test_expired(void);
static void test_describe(void);
static int refused(const char *value);
static json_t *created(const char *properties);
static int changed(json_t *document, const char *properties, const char *when,
    const char *digest);
static int value_of(const json_t *document, const char *digest,
    const char *until);
static json_t *parsed(const char *text);
static void is_json(const json_t *got, const char *expected, const char *name);
static secops_slice_t slice_of(const char *text);


static secops_apikey_change_t  first = {
    secops_slice("alice"), secops_slice("2026-01-02 03:04:05"),
    secops_slice(""), secops_slice(DIGEST)
};

static secops_apikey_change_t  second = {
    secops_slice("bob"), secops_slice("2026-06-07 08:09:10"),
    secops_slice("2027-01-01 00:00:00"), secops_slice(DIGEST2)
};


int
main(void)
{
    test_values();
    test_digest();
    test_create();
    test_update();
    test_expiry();
    test_rotate();
    test_grace();
    test_revoke();
    test_over();
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

        ok(secops_apikey_is_value(text), "... it is one that can be a key's");
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

    ok(!refused(VALUE), "it is one");

    secops_apikey_digest(slice_of(VALUE), digest);
    is_str(digest, SECOPS_APIKEY_DIGEST_LEN, DIGEST,
           "its digest is its SHA-256");

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


/* until when, and for ever */

static void
test_expiry(void)
{
    json_t  *document;

    document = created("{\"name\":\"n\",\"scopes\":null,"
                       "\"expire_at\":\"2027-03-04 05:06:07\"}");

    is_int(changed(document, "{\"expire_at\":null}", "2026-02-01 00:00:00",
                   ""), 1, "null ends an expiry");
    ok(json_object_get(document, "expire_at") == NULL, "... which is gone");
    is_int(changed(document, "{\"expire_at\":null}", "2026-02-01 00:00:00",
                   ""), 0, "... and where there is none, changes nothing");
    is_int(changed(document, "{\"expire_at\":\"\"}", "2026-02-01 00:00:00",
                   ""), 0, "\"\" is as good as nothing");
    is_int(changed(document, "{\"expire_at\":\"2026-03-01T00:00:00Z\"}",
                   "2026-02-01 00:00:00", ""), 1, "an expiry may come later");
    is_int(changed(document, "{\"expire_at\":\"2026-03-01 00:00:00\"}",
                   "2026-04-01 00:00:00", ""), 0,
           "what has expired and is sent back as it is, does not change");
    ok(json_object_get(document, "revoked") == NULL,
       "... and nobody has revoked it");

    json_decref(document);
}


static void
test_rotate(void)
{
    json_t  *document;

    document = created("{\"name\":\"n\",\"scopes\":[\"read:resources\"],"
                       "\"expire_at\":\"2027-03-04 05:06:07\"}");

    is_int(changed(document, "{\"rotate\":false}", "2026-02-01 00:00:00",
                   DIGEST2), 0, "false rotates nothing");
    is_int(changed(document, "{\"rotate\":null}", "2026-02-01 00:00:00",
                   DIGEST2), 0, "... nor does null");

    is_int(changed(document, "{\"rotate\":true}", "2026-02-01 00:00:00",
                   DIGEST2), 1, "a key is rotated");
    is_json(document, "{\"name\":\"n\",\"scopes\":[\"read:resources\"],"
            "\"digest\":\"" DIGEST2 "\","
            "\"expire_at\":\"2027-03-04 05:06:07\","
            "\"created_by\":\"alice\",\"created_on\":\"2026-01-02 03:04:05\","
            "\"updated_by\":\"bob\",\"updated_on\":\"2026-02-01 00:00:00\"}",
            "... it has another value, and all else as before");

    ok(value_of(document, DIGEST2, "2027-03-04 05:06:07") == 0,
       "... which is good as long as the key");
    ok(value_of(document, DIGEST, "") == -1, "... the old one is not");

    json_decref(document);
}


static void
test_grace(void)
{
    json_t  *document;

    document = created("{\"name\":\"n\"}");

    is_int(changed(document, "{\"rotate\":true,\"grace\":86400}",
                   "2026-02-28 23:59:59", DIGEST2), 1,
           "a key is rotated with a grace of a day");
    is_json(json_object_get(document, "old_until"),
            "\"2026-03-01 23:59:59\"", "... which ends a day later");

    ok(value_of(document, DIGEST2, "") == 0, "the new value is good");
    ok(value_of(document, DIGEST, "2026-03-01 23:59:59") == 1,
       "... the old one, too, until then");
    ok(value_of(document, DIGEST3, "") == -1, "... and no other");

    is_int(changed(document, "{\"expire_at\":\"2026-03-01 12:00:00\"}",
                   "2026-03-01 00:00:00", ""), 1, "a key that ends earlier");
    ok(value_of(document, DIGEST, "2026-03-01 12:00:00") == 1,
       "... takes its old value along");

    is_int(changed(document, "{\"rotate\":true,\"grace\":10,"
                             "\"expire_at\":null}",
                   "2026-03-01 00:00:00", DIGEST3), 1,
           "rotated again, for ten seconds");
    ok(value_of(document, DIGEST3, "") == 0
       && value_of(document, DIGEST2, "2026-03-01 00:00:10") == 1
       && value_of(document, DIGEST, "") == -1,
       "... there is one old value: that of before");

    is_int(changed(document, "{\"scopes\":[\"read:resources\"]}",
                   "2026-03-01 00:00:09", ""), 1, "another change");
    ok(json_object_get(document, "old_digest") != NULL, "... leaves it");
    is_int(changed(document, "{\"scopes\":[]}", "2026-03-01 00:00:10", ""), 1,
           "... one after its time");
    ok(json_object_get(document, "old_digest") == NULL
       && json_object_get(document, "old_until") == NULL, "... does not");

    is_int(changed(document, "{\"rotate\":true,\"grace\":10}",
                   "2026-03-02 00:00:00", DIGEST), 1, "with a grace again");
    is_int(changed(document, "{\"rotate\":true,\"grace\":0}",
                   "2026-03-02 00:00:01", DIGEST2), 1, "... and without one");
    ok(value_of(document, DIGEST2, "") == 0
       && value_of(document, DIGEST, "") == -1
       && value_of(document, DIGEST3, "") == -1, "... no old value is left");

    (void) json_object_set_new(document, "old_digest", json_string(DIGEST));
    ok(value_of(document, DIGEST, "") == -1,
       "an old value without an end is none");
    (void) json_object_set_new(document, "old_until", json_string("tomorrow"));
    ok(value_of(document, DIGEST, "") == -1,
       "... nor with one that is no time");

    json_decref(document);
}


static void
test_revoke(void)
{
    json_t  *document, *shown;

    document = created("{\"name\":\"n\"}");

    (void) changed(document, "{\"rotate\":true,\"grace\":86400}",
                   "2026-02-01 00:00:00", DIGEST2);
    is_int(changed(document, "{\"expire_at\":\"2026-02-01 00:00:09\"}",
                   "2026-02-01 00:00:09", ""), 1,
           "a key that expires now is revoked");
    is_json(json_object_get(document, "revoked"), "true", "... it says so");
    ok(value_of(document, DIGEST, "") == -1, "... and ends its old value");

    shown = secops_apikey_describe(slice_of("abc"), document, slice_of(""),
                                   slice_of("2020-01-01 00:00:00"));
    is_json(json_object_get(shown, "revoked"), "true",
            "... the list says so, whatever the clock does");
    is_json(json_object_get(shown, "expire_at"), "\"2026-02-01 00:00:09\"",
            "... and since when");
    json_decref(shown);

    is_int(changed(document, "{\"expire_at\":\"2020-01-01 00:00:00\"}",
                   "2026-02-01 00:00:10", ""), 1, "the time may change");
    is_json(json_object_get(document, "revoked"), "true",
            "... it is revoked all the same");
    is_int(changed(document, "{\"expire_at\":null}", "2026-02-01 00:00:10",
                   ""), 1, "and if it had none");
    is_json(json_object_get(document, "revoked"), "true",
            "... it would be revoked still");

    is_int(changed(document, "{\"rotate\":true,\"grace\":86400,"
                             "\"expire_at\":\"2026-04-01 00:00:00\"}",
                   "2026-03-01 00:00:00", DIGEST3), 1, "it is rotated");
    ok(json_object_get(document, "revoked") == NULL, "... and back");
    ok(value_of(document, DIGEST3, "2026-04-01 00:00:00") == 0
       && value_of(document, DIGEST2, "") == -1
       && value_of(document, DIGEST, "") == -1,
       "... with its new value only, whatever the grace");

    is_int(changed(document, "{\"rotate\":true,\"grace\":86400,"
                             "\"expire_at\":null}",
                   "2026-05-01 00:00:00", DIGEST), 1,
           "one that has expired is rotated");
    ok(value_of(document, DIGEST, "") == 0
       && value_of(document, DIGEST3, "") == -1,
       "... and its old value is refused as it was before");

    json_decref(document);
}


/* of a document and of what a request says of it: is it over then? */

static void
test_over(void)
{
    size_t           i;
    json_t          *document, *properties;
    secops_slice_t   now;

    static const struct {
        const char  *document;      /* NULL: there is none */
        const char  *properties;    /* NULL: it does not say a thing */
        int          over;
    } cases[] = {
        { NULL, "{}", 0 },
        { NULL, "{\"expire_at\":null}", 0 },
        { NULL, "{\"expire_at\":\"2026-06-01 00:00:01\"}", 0 },
        { NULL, "{\"expire_at\":\"2026-06-01 00:00:00\"}", 1 },
        { "{}", NULL, 0 },
        { "{\"expire_at\":\"2026-06-01 00:00:01\"}", NULL, 0 },
        { "{\"expire_at\":\"2026-06-01 00:00:00\"}", NULL, 1 },
        { "{\"expire_at\":\"2026-06-01 00:00:00\"}", "{}", 1 },
        { "{\"expire_at\":\"2026-06-01 00:00:00\"}",
          "{\"expire_at\":\"2026-07-01 00:00:00\"}", 0 },
        { "{\"expire_at\":\"2026-06-01 00:00:00\"}",
          "{\"expire_at\":null}", 0 },
        { "{}", "{\"expire_at\":\"2026-05-01 00:00:00\"}", 1 },
        { "{\"revoked\":true}", NULL, 1 },
        { "{\"revoked\":true}", "{}", 1 },
        { "{\"revoked\":true}", "{\"expire_at\":null}", 1 },
        { "{\"revoked\":true}", "{\"expire_at\":\"2026-07-01 00:00:00\"}", 1 },
        { "{\"revoked\":true}", "{\"rotate\":true}", 1 },
        { "{\"revoked\":true}", "{\"expire_at\":null,\"rotate\":true}", 0 },
        { "{\"revoked\":true}", "{\"expire_at\":\"2026-07-01 00:00:00\","
                              "\"rotate\":true}", 0 }
    };

    now = slice_of("2026-06-01 00:00:00");

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        document = cases[i].document ? parsed(cases[i].document) : NULL;
        properties = cases[i].properties ? parsed(cases[i].properties) : NULL;

        if (document) {
            (void) json_object_set_new(document, "name", json_string("n"));
            (void) json_object_set_new(document, "digest",
                                       json_string(DIGEST));
        }

        is_int(secops_apikey_is_over_after(document, properties, now),
               cases[i].over, cases[i].over ? "over" : "not over");

        json_decref(document);
        json_decref(properties);
    }
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
                               parsed("[7,\"read:all\",\"write:event\","
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

    names = parsed("[\"read:records:b\",\"write:event\",\"write:records\","
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

    shown = secops_apikey_describe(slice_of("abc"), document, slice_of(""),
                                   slice_of("2026-06-01 00:00:00"));
    is_json(shown, "{\"id\":\"abc\",\"title\":\"n\",\"name\":\"n\","
            "\"type\":\"api_key\",\"scopes\":[\"read:resources\"],"
            "\"created_by\":\"alice\",\"created_on\":\"2026-01-02 03:04:05\","
            "\"updated_by\":\"alice\",\"updated_on\":\"2026-01-02 03:04:05\"}",
            "what is listed has no digest");
    json_decref(shown);

    shown = secops_apikey_describe(slice_of("abc"), document,
                                   slice_of("2026-07-08 09:10:11"),
                                   slice_of("2026-07-09 00:00:00"));
    is_json(json_object_get(shown, "last_used"), "\"2026-07-08 09:10:11\"",
            "... but when it was used last");
    json_decref(shown);

    (void) changed(document, "{\"rotate\":true,\"grace\":60}",
                   "2026-07-09 00:00:00", DIGEST2);
    shown = secops_apikey_describe(slice_of("abc"), document, slice_of(""),
                                   slice_of("2026-07-09 00:00:59"));
    is_json(json_object_get(shown, "old_value_until"),
            "\"2026-07-09 00:01:00\"", "... until when there is an old value");
    ok(json_object_get(shown, "old_digest") == NULL
       && json_object_get(shown, "digest") == NULL, "... and no digest of it");
    json_decref(shown);

    shown = secops_apikey_describe(slice_of("abc"), document, slice_of(""),
                                   slice_of("2026-07-09 00:01:00"));
    ok(json_object_get(shown, "old_value_until") == NULL, "... only so long");
    json_decref(shown);
    json_decref(document);

    document = parsed("{\"name\":\"n\"}");
    ok(secops_apikey_describe(slice_of("abc"), document, slice_of(""),
                              slice_of("2026-06-01 00:00:00")) == NULL,
       "what is no key is not listed");
    json_decref(document);
}


static int
refused(const char *value)
{
    return !secops_apikey_is_value(slice_of(value));
}


static json_t *
created(const char *properties)
{
    json_t  *json, *document;

    json = parsed(properties);

    document = secops_apikey_create(json, &first);
    json_decref(json);

    return document;
}


/* by bob, whose request has the name, too */

static int
changed(json_t *document, const char *properties, const char *when,
    const char *digest)
{
    int                      asked, rc;
    json_t                  *json;
    secops_apikey_change_t   change;

    change = second;
    change.time = slice_of(when);
    change.digest = slice_of(digest);

    json = parsed(properties);
    (void) json_object_set_new(json, "name", json_string("n"));

    asked = secops_apikey_changes(document, json, &change);
    rc = secops_apikey_update(document, json, &change);

    if (asked != (rc != 0)) {
        ok(0, "what changes a key is known before");
    }

    json_decref(json);

    return rc;
}


static int
value_of(const json_t *document, const char *digest, const char *until)
{
    int              rc;
    secops_slice_t   got;
    secops_apikey_t  key;

    if (secops_apikey_read(&key, document) != 0) {
        return -2;
    }

    rc = secops_apikey_value_of(&key, (const unsigned char *) digest, &got);

    return (rc < 0 || secops_slice_equal(got, slice_of(until))) ? rc : -3;
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
