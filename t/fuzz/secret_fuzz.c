
/*
 * libFuzzer target: keys as a file may have them, envelopes that nobody has
 * made, and documents with both.
 *
 * The first byte chooses.  Stops when something opens that was not sealed, when
 * something sealed does not open or opens elsewhere, or when a document that
 * was encrypted again is not the same the next time.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/resource/secops_resource_secrets.h"


#define SECRET_FUZZ_KEY                                                       \
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"


int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static secops_catalog_t         secret_fuzz_catalog;
static secops_resource_model_t  secret_fuzz_model;
static secops_secret_keys_t     secret_fuzz_keys;


static void
secret_fuzz_require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}


int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    secops_schema_error_t  error;
    secops_secret_error_t  fault;

    secret_fuzz_require(secops_catalog_init(&secret_fuzz_catalog, &error) == 0
                        && secops_catalog_complete(&secret_fuzz_catalog,
                                                   &error) == 0
                        && secops_resource_model_compile(&secret_fuzz_model,
                                                         &secret_fuzz_catalog,
                                                         &error) == 0,
                        "the definitions do not compile");

    secret_fuzz_require(secops_secret_keys_read(&secret_fuzz_keys,
                                          secops_slice_of(SECRET_FUZZ_KEY),
                                          &fault) == 0, "no key");
    return 0;
}


static void
secret_fuzz_place(secops_secret_place_t *place, secops_slice_t pointer)
{
    place->domain = secops_slice_of("acme");
    place->type = secops_slice_of("integration");
    place->id = secops_slice_of("1000");
    place->pointer = pointer;
}


static void
secret_fuzz_read(secops_slice_t text)
{
    secops_secret_keys_t   keys;
    secops_secret_error_t  error;

    if (secops_secret_keys_read(&keys, text, &error) == 0) {
        secret_fuzz_require(keys.n > 0 && keys.n <= SECOPS_SECRET_KEYS_MAX
                            && error.reason == NULL, "no keys, or too many");

    } else {
        secret_fuzz_require(keys.n == 0 && error.reason, "no reason");
    }
}


/* with what an envelope begins with before it, and without */

static void
secret_fuzz_open(secops_slice_t text)
{
    int                    i;
    secops_text_t          made, secret;
    secops_secret_place_t  place;

    secret_fuzz_place(&place, secops_slice_of("/p"));

    for (i = 0; i < 2; i++) {
        memset(&made, 0, sizeof(made));
        memset(&secret, 0, sizeof(secret));

        if (i) {
            secops_text_append_string(&made, SECOPS_SECRET_BEGIN "1$");
            secops_text_append(&made,
                               secops_slice_bytes(secret_fuzz_keys.list[0].id,
                                                  SECOPS_SECRET_ID_LEN));
            secops_text_append_string(&made, "$");
        }

        secops_text_append(&made, text);

        secret_fuzz_require(secops_secret_open(&secret_fuzz_keys, &place,
                                               secops_text_slice(&made),
                                               &secret)
                            != SECOPS_SECRET_OK && secret.len == 0,
                            "opened what nobody sealed");

        (void) secops_secret_key_id(secops_text_slice(&made));

        secops_text_free(&made);
        secops_secret_wipe(&secret);
    }
}


/* the first two bytes say which one is changed, and how */

static void
secret_fuzz_seal(const uint8_t *data, size_t size)
{
    size_t                 at;
    secops_text_t          made, secret;
    secops_slice_t         text;
    secops_secret_place_t  place, other;

    if (size < 3) {
        return;
    }

    memset(&made, 0, sizeof(made));
    memset(&secret, 0, sizeof(secret));

    text = secops_slice_bytes(data + 2, size - 2);

    secret_fuzz_place(&place, text);
    secret_fuzz_place(&other, secops_slice_bytes(text.data, text.len - 1));

    secret_fuzz_require(secops_secret_seal(&secret_fuzz_keys, &place, text,
                                           &made)
                        == SECOPS_SECRET_OK, "not sealed");
    secret_fuzz_require(secops_secret_open(&secret_fuzz_keys, &place,
                                           secops_text_slice(&made), &secret)
                        == SECOPS_SECRET_OK
                        && secops_slice_equal(secops_text_slice(&secret),
                                              text), "not opened");

    secops_secret_wipe(&secret);
    memset(&secret, 0, sizeof(secret));

    secret_fuzz_require(secops_secret_open(&secret_fuzz_keys, &other,
                                           secops_text_slice(&made), &secret)
                        != SECOPS_SECRET_OK, "opened elsewhere");

    at = data[0] % made.len;
    made.data[at] ^= data[1] ? data[1] : 1;

    secret_fuzz_require(secops_secret_open(&secret_fuzz_keys, &place,
                                           secops_text_slice(&made), &secret)
                        != SECOPS_SECRET_OK, "opened what was altered");

    secops_text_free(&made);
    secops_secret_wipe(&secret);
}


static void
secret_fuzz_count(void *data, const secops_resource_secret_t *secret)
{
    size_t *n = data;

    (*n)++;

    secret_fuzz_require(secret->current || secret->rc != SECOPS_SECRET_OK
                        || secret->key_id.len == 0, "it was not changed");
}


static void
secret_fuzz_document(secops_slice_t text)
{
    int                      changed;
    size_t                   first, second;
    json_t                  *json;
    secops_resource_owner_t  owner;

    json = json_loadb((const char *) text.data, text.len, 0, NULL);
    if (json == NULL) {
        return;
    }

    owner.model = &secret_fuzz_model;
    owner.keys = &secret_fuzz_keys;
    owner.domain = secops_slice_of("acme");
    owner.type = SECOPS_RESOURCE_INTEGRATION;
    owner.id = secops_slice_of("1000");

    first = 0;
    second = 0;

    changed = secops_resource_secrets(&owner, json, 1, secret_fuzz_count,
                                      &first);
    secret_fuzz_require(changed >= 0 && (size_t) changed <= first,
                        "more were changed than there are");
    secret_fuzz_require(secops_resource_secrets(&owner, json, 1,
                                                secret_fuzz_count, &second)
                        == 0 && first == second, "not the same once more");

    json_decref(json);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }

    switch (data[0] % 4) {

    case 0:
        secret_fuzz_read(secops_slice_bytes(data + 1, size - 1));
        break;

    case 1:
        secret_fuzz_open(secops_slice_bytes(data + 1, size - 1));
        break;

    case 2:
        secret_fuzz_seal(data + 1, size - 1);
        break;

    default:
        secret_fuzz_document(secops_slice_bytes(data + 1, size - 1));
    }

    return 0;
}
