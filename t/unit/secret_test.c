
/*
 * secops_secret: keys as a file has them, and envelopes that open in their own
 * place only.  secops_resource_secrets: those of whole documents; and what a
 * plan makes of secrets that are encrypted.
 */

#include "model/resource/secops_resource_secrets.h"
#include "resource_store.h"


#define TWENTY         "0123456789abcdef\"\\ "
#define SECRET_OF_200  TWENTY TWENTY TWENTY TWENTY TWENTY                     \
                       TWENTY TWENTY TWENTY TWENTY TWENTY

#define HEX_A  "000102030405060708090a0b0c0d0e0f"                             \
               "101112131415161718191a1b1c1d1e1f"
#define ID_A   "630dcd29"       /* sha256sum of these 32 bytes */

#define B64_B  "//////////////////////////////////////////8="
#define URL_B  "__________________________________________8"
#define ID_B   "af961376"       /* ... of 32 bytes 0xff */


typedef struct {
    const char  *text;
    size_t       n;
    const char  *first;
    size_t       line;          /* of the fault, if there is one */
    const char  *reason;
} keys_case_t;


static const keys_case_t  keys_cases[] = {
    { HEX_A, 1, ID_A, 0, NULL },
    { "\n# old\n" HEX_A " # a comment\r\n\t" B64_B "\n", 2, ID_A, 0, NULL },
    { B64_B "\n" HEX_A "\n", 2, ID_B, 0, NULL },
    { URL_B, 1, ID_B, 0, NULL },
    { "//////////////////////////////////////////8", 1, ID_B, 0, NULL },
    { "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", 1,
      ID_A, 0, NULL },
    { "", 0, NULL, 0, "it has no key" },
    { "# nothing\n\n", 0, NULL, 0, "it has no key" },
    { HEX_A "\n\n" HEX_A "\n", 0, NULL, 3, "this key is there twice" },
    { URL_B "\n" B64_B "\n", 0, NULL, 2, "this key is there twice" },
    { HEX_A "\n0001\n", 0, NULL, 2, "this is no key: 32 bytes as base64, or 64"
      " hexadecimal digits" },
    { "g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 0,
      NULL, 1, "this is no key: 32 bytes as base64, or 64 hexadecimal digits" },
    { "//////////////////////////////////////////9=", 0, NULL, 1,
      "this is no key: 32 bytes as base64, or 64 hexadecimal digits" },
    { "correct horse battery staple", 0, NULL, 1,
      "this is no key: 32 bytes as base64, or 64 hexadecimal digits" },
};


static secops_secret_keys_t   one, both, other;
static secops_secret_place_t  place = {
    secops_slice("acme"), secops_slice("integration"), secops_slice("1000"),
    secops_slice("/parameters/password")
};


static void
read_keys(secops_secret_keys_t *keys, const char *text)
{
    secops_secret_error_t  error;

    ok(secops_secret_keys_read(keys, slice(text), &error) == 0,
       "keys are read");
}


static void
test_keys(void)
{
    int                     rc;
    char                    text[2048], line[80];
    size_t                  i;
    secops_secret_keys_t    keys;
    secops_secret_error_t   error;

    for (i = 0; i < sizeof(keys_cases) / sizeof(keys_cases[0]); i++) {

        rc = secops_secret_keys_read(&keys, slice(keys_cases[i].text), &error);

        ok(rc == (keys_cases[i].reason ? -1 : 0) && keys.n == keys_cases[i].n
           && (error.reason == NULL) == (rc == 0)
           && (rc != 0 || memcmp(keys.list[0].id, keys_cases[i].first, 8) == 0),
           "keys %zu: as many as there are, the first one first", i);

        if (rc != 0) {
            is_int(error.line, keys_cases[i].line, "... the line");
            is_str(error.reason, strlen(error.reason), keys_cases[i].reason,
                   "... and the reason");
        }
    }

    for (i = 0, text[0] = '\0'; i < 17; i++) {
        (void) snprintf(line, sizeof(line), "%064zx\n", i + 1);
        (void) strcat(text, line);
    }

    ok(secops_secret_keys_read(&keys, slice(text), &error) == -1
       && error.line == 17
       && strcmp(error.reason, "there are more than 16 keys") == 0,
       "17 keys are too many");

    text[16 * 65] = '\0';
    ok(secops_secret_keys_read(&keys, slice(text), &error) == 0
       && keys.n == 16, "16 are not");
}


static secops_secret_e
open_at(const secops_secret_keys_t *keys, const secops_secret_place_t *where,
    secops_slice_t envelope, const char *wanted)
{
    secops_text_t    text;
    secops_secret_e  rc;

    memset(&text, 0, sizeof(text));

    rc = secops_secret_open(keys, where, envelope, &text);

    ok(rc == SECOPS_SECRET_OK
       ? text.len == strlen(wanted)
         && (text.len == 0 || memcmp(text.data, wanted, text.len) == 0)
       : text.len == 0, "what is opened is the secret, or nothing");

    secops_secret_wipe(&text);

    return rc;
}


static void
test_envelopes(void)
{
    size_t                  i, k;
    char                   *copy;
    secops_text_t           text, again;
    secops_slice_t          envelope, *part;
    secops_secret_place_t   elsewhere;

    static const char  *secrets[] = { "", "s", "s3cret", "p\xc3\xa4ssword",
                                      "$secops$1$", SECRET_OF_200 };

    for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {

        memset(&text, 0, sizeof(text));
        memset(&again, 0, sizeof(again));

        ok(secops_secret_seal(&one, &place, slice(secrets[i]), &text)
           == SECOPS_SECRET_OK
           && secops_secret_seal(&one, &place, slice(secrets[i]), &again)
              == SECOPS_SECRET_OK, "a secret is encrypted");

        envelope = secops_text_slice(&text);

        ok(envelope.len > 19
           && memcmp(envelope.data, "$secops$1$" ID_A "$", 19) == 0,
           "... it begins with the id of the key");
        ok(!secops_slice_equal(envelope, secops_text_slice(&again)),
           "... twice the same secret is two envelopes");
        ok(secops_secret_is_envelope(envelope)
           && secops_secret_is_current(&one, envelope)
           && secops_secret_is_current(&both, envelope)
           && !secops_secret_is_current(&other, envelope)
           && !secops_secret_is_current(NULL, envelope),
           "... it is under the first key");

        ok(open_at(&one, &place, envelope, secrets[i]) == SECOPS_SECRET_OK,
           "it opens");
        ok(open_at(&both, &place, envelope, secrets[i]) == SECOPS_SECRET_OK,
           "... with any of the keys");
        ok(open_at(&other, &place, envelope, secrets[i])
           == SECOPS_SECRET_NO_KEY
           && open_at(NULL, &place, envelope, secrets[i])
              == SECOPS_SECRET_NO_KEY, "... not with another one, or none");

        /* each part of the place, and a byte moved from one to the next */

        for (k = 0; k < 4; k++) {
            elsewhere = place;
            part = &(&elsewhere.domain)[k];
            part->len--;
            ok(open_at(&one, &elsewhere, envelope, secrets[i])
               == SECOPS_SECRET_BROKEN, "... not in another place");
        }

        elsewhere = place;
        elsewhere.domain = slice("acmei");
        elsewhere.type = slice("ntegration");
        ok(open_at(&one, &elsewhere, envelope, secrets[i])
           == SECOPS_SECRET_BROKEN, "... nor in one that reads the same");

        /* each of its characters */

        copy = store_copy(envelope.data, envelope.len);

        for (k = 0; k < envelope.len && k < 200; k++) {
            copy[k] ^= 1;
            if (open_at(&both, &place, slice(copy), "") == SECOPS_SECRET_OK) {
                ok(0, "an envelope with another character %zu opens", k);
            }
            copy[k] ^= 1;
        }

        free(copy);

        /* cut anywhere */

        for (k = 0; k < envelope.len && k < 200; k++) {
            if (open_at(&one, &place, secops_slice_bytes(envelope.data, k), "")
                == SECOPS_SECRET_OK)
            {
                ok(0, "an envelope of %zu characters opens", k);
            }
        }

        secops_text_free(&text);
        secops_text_free(&again);
    }

    ok(!secops_secret_is_envelope(slice("")) && !secops_secret_is_envelope(
       slice("$secops")) && secops_secret_is_envelope(slice("$secops$")),
       "what an envelope begins with");
    ok(secops_secret_key_id(slice("$secops$1$0123456")).len == 0
       && secops_secret_key_id(slice("$secops$1$0123456g$")).len == 0
       && secops_secret_key_id(slice("$secops$2$01234567$")).len == 0
       && secops_secret_key_id(slice("$secops$1$01234567$")).len == 8,
       "what has the id of a key");
}


/* what is told of a document's secrets, one after the other */

static char  told[4096];


static void
tell(void *data, const secops_resource_secret_t *secret)
{
    size_t  len;

    len = strlen(told);

    (void) snprintf(told + len, sizeof(told) - len, " %.*s=%.*s%s%s",
                    (int) secret->pointer.len,
                    (const char *) secret->pointer.data,
                    (int) secret->key_id.len,
                    secret->key_id.len ? (const char *) secret->key_id.data
                                       : "",
                    secret->current ? "*" : "",
                    secret->rc != SECOPS_SECRET_OK ? "!" : "");
}


static void
is_told(json_t *document, const secops_secret_keys_t *keys,
    secops_resource_type_e type, const char *id, int again, int changed,
    const char *wanted, const char *name)
{
    int                      rc;
    secops_resource_owner_t  owner;

    memset(&owner, 0, sizeof(owner));
    owner.model = &model;
    owner.keys = keys;
    owner.domain = slice("global");
    owner.type = type;
    owner.id = slice(id);

    told[0] = '\0';

    rc = secops_resource_secrets(&owner, document, again, tell, NULL);

    is_str(told, strlen(told), wanted, name);
    is_int(rc, changed, "... and so many were changed");
}


static json_t *
document_of(secops_resource_type_e type, const char *title)
{
    return json_loads(store_document(type, title), 0, NULL);
}


static void
is_posted(const char *text, const char *wanted, const char *name)
{
    const char  *got;

    got = store_post(text);

    is_str(got, strlen(got), wanted, name);
}


#define WEBHOOK(url, more)                                                    \
    "{`w`:{`type`:`integration`,`properties`:{`title`:`W`,"                   \
    "`integration_type`:`Webhook`,`parameters`:{`url`:`" url "`,"             \
    "`headers`:{`X-Key~`:`hush`}" more "}}}}"
#define HUSH     WEBHOOK("https://a.example.com/x", "")
#define MASKED   WEBHOOK("********", ",`timeout`:5")


static void
test_plan(void)
{
    char    *shown;
    json_t  *document;

    store_secrets = &one;

    is_posted(HUSH, "+W#1000", "an integration with secrets");
    ok(strstr(store_document(SECOPS_RESOURCE_INTEGRATION, "W"), "hush") == NULL
       && strstr(store_document(SECOPS_RESOURCE_INTEGRATION, "W"),
                 "a.example.com") == NULL,
       "none of them is stored as it is");

    document = document_of(SECOPS_RESOURCE_INTEGRATION, "W");
    is_told(document, &one, SECOPS_RESOURCE_INTEGRATION, "1000", 0, 0,
            " /parameters/url=" ID_A "* /parameters/headers/X-Key~0=" ID_A
            "*", "they are found");
    is_told(document, NULL, SECOPS_RESOURCE_INTEGRATION, "1000", 0, 0,
            " /parameters/url=" ID_A " /parameters/headers/X-Key~0=" ID_A,
            "... without keys, too");

    shown = store_get(SECOPS_RESOURCE_INTEGRATION, "W", 1);
    ok(strstr(shown, "$secops$") == NULL && strstr(shown, "********"),
       "they are shown as masks");
    free(shown);

    is_posted(HUSH, "=W#1000", "the same secrets once more change nothing");
    is_posted(MASKED, "*W#1000", "masks keep them, and something changes");
    is_told(document, &other, SECOPS_RESOURCE_INTEGRATION, "1000", 1, 0,
            " /parameters/url=" ID_A "! /parameters/headers/X-Key~0=" ID_A
            "!", "without its key none of them can be encrypted again");
    json_decref(document);

    /* keys that are not there, and another place */

    store_secrets = &other;
    is_posted(MASKED, "sealed #1000 /parameters/url: its key is not in the"
              " file of keys", "a mask keeps nothing that can not be opened");
    is_posted("{`w`:{`type`:`integration`,`properties`:{`id`:1000,`rename`:"
              "true,`title`:`V`}}}", "*V<W#1000", "... its title changes");
    is_posted("{`w`:{`type`:`integration`,`properties`:{`id`:1000,`rename`:"
              "true,`title`:`W`}}}", "*W<V#1000", "... and back");
    is_posted(HUSH, "*W#1000", "... and other secrets take their place");

    document = document_of(SECOPS_RESOURCE_INTEGRATION, "W");
    is_told(document, &both, SECOPS_RESOURCE_INTEGRATION, "1000", 0, 0,
            " /parameters/url=" ID_B " /parameters/headers/X-Key~0=" ID_B,
            "... under the other key");
    is_told(document, &both, SECOPS_RESOURCE_INTEGRATION, "1001", 1, 0,
            " /parameters/url=" ID_B "! /parameters/headers/X-Key~0=" ID_B
            "!", "another integration's can not be encrypted again");
    is_told(document, &both, SECOPS_RESOURCE_INTEGRATION, "1000", 1, 2,
            " /parameters/url=" ID_A "* /parameters/headers/X-Key~0=" ID_A
            "*", "its own are");
    is_told(document, &both, SECOPS_RESOURCE_INTEGRATION, "1000", 1, 0,
            " /parameters/url=" ID_A "* /parameters/headers/X-Key~0=" ID_A
            "*", "... once");
    json_decref(document);

    is_posted(WEBHOOK("https://b.example.com/", ",`hmac_secret`:`$secops$x`"),
              "422|/w/properties/parameters/hmac_secret: must not begin with"
              " \"$secops$\", as what is encrypted here does",
              "what looks like an envelope is refused");

    /* plain from before */

    store_secrets = NULL;
    store_clear();
    is_posted(HUSH, "+W#1000", "without keys");
    document = document_of(SECOPS_RESOURCE_INTEGRATION, "W");
    is_told(document, NULL, SECOPS_RESOURCE_INTEGRATION, "1000", 1, 0,
            " /parameters/url= /parameters/headers/X-Key~0=",
            "secrets are plain");
    is_told(document, &one, SECOPS_RESOURCE_INTEGRATION, "1000", 1, 2,
            " /parameters/url=" ID_A "* /parameters/headers/X-Key~0=" ID_A
            "*", "... until they are encrypted");
    json_decref(document);

    store_secrets = &one;
    is_posted(HUSH, "=W#1000", "the same as plain from before is no change");
    is_posted(MASKED, "*W#1000", "with the next change");
    document = document_of(SECOPS_RESOURCE_INTEGRATION, "W");
    is_told(document, &one, SECOPS_RESOURCE_INTEGRATION, "1000", 0, 0,
            " /parameters/url=" ID_A "* /parameters/headers/X-Key~0=" ID_A
            "*", "... they are encrypted");
    json_decref(document);
}


int
main(void)
{
    read_keys(&one, HEX_A);
    read_keys(&both, HEX_A "\n" B64_B);
    read_keys(&other, B64_B);

    test_keys();
    test_envelopes();

    if (store_init() == 0) {
        test_plan();
        store_done();
    }

    return tap_done();
}
