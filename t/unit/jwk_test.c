
/*
 * The contract of jose/secops_jwk.h: which keys are usable, what becomes
 * of those that are not, and which algorithm each is for; with base64url,
 * which keys are read with.
 */

#include <openssl/err.h>

#include "jose/secops_jwk.h"
#include "util/codec/secops_base64.h"

#include "jwk_pem.h"
#include "jwt_issue.h"
#include "secops_tap.h"


#define TEST_RSA(more)                                                        \
    "{\"kty\":\"RSA\",\"n\":\"" JWK_MODULUS "\",\"e\":\"AQAB\"" more "}"
#define TEST_RSA_N(n)   "{\"kty\":\"RSA\",\"n\":\"" n "\",\"e\":\"AQAB\"}"
#define TEST_RSA_E(e)                                                         \
    "{\"kty\":\"RSA\",\"n\":\"" JWK_MODULUS "\",\"e\":\"" e "\"}"
#define TEST_OCT(k)     "{\"kty\":\"oct\",\"k\":\"" k "\"}"
#define TEST_EC(crv, x, y)                                                    \
    "{\"kty\":\"EC\",\"crv\":\"" crv "\",\"x\":\"" x "\",\"y\":\"" y "\"}"
#define TEST_OKP(crv, x)                                                      \
    "{\"kty\":\"OKP\",\"crv\":\"" crv "\",\"x\":\"" x "\"}"

/* RFC 7515, A.3; RFC 8037, A.2 */

#define TEST_X   "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define TEST_Y   "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define TEST_ED  "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"

#define TEST_NUMBERS  "its numbers make no key"
#define TEST_N_E      "its n or its e is not a number in base64url, or is too" \
                      " long"
#define TEST_RANGE    "its n or its e is out of range"
#define TEST_X_Y      "its x or its y is not a whole coordinate in base64url"
#define TEST_TYPE     "its type or its curve is not supported"
#define TEST_ALG      "its alg is not for signatures of its type"
#define TEST_OPS      "its key_ops do not have \"verify\""
#define TEST_SECRET   "a secret must be as long as the algorithm's digest"


/* reason is NULL: it is usable */

typedef struct {
    const char         *name;
    const char         *text;
    const char         *reason;
    secops_jwa_type_e   type;
} test_key_t;


typedef struct {
    const char         *text;
    const char         *reason;
    size_t              key;
} test_set_t;


typedef struct {
    const char         *key;
    const char         *algs;           /* those it is for */
} test_alg_t;


typedef struct {
    const char         *text;
    const char         *bytes;          /* NULL: it is refused */
} test_base64_t;


static const test_key_t  test_jwks[] = {

    { "RSA", TEST_RSA(""), NULL, SECOPS_JWA_RSA },
    { "RSA with its private part", TEST_RSA(",\"d\":\"AQ\""), NULL,
      SECOPS_JWA_RSA },
    { "RSA, zero bytes before n", TEST_RSA_N("AAAA" JWK_MODULUS), NULL,
      SECOPS_JWA_RSA },
    { "RSA of 2047 bits", TEST_RSA_N(JWK_MODULUS_2047),
      "an RSA key must have 2048 bits or more", 0 },
    { "RSA, n is empty", TEST_RSA_N(""),
      "an RSA key must have 2048 bits or more", 0 },
    { "RSA, n with padding", TEST_RSA_N(JWK_MODULUS "=="), TEST_N_E, 0 },
    { "RSA without n", "{\"kty\":\"RSA\",\"e\":\"AQAB\"}", TEST_N_E, 0 },
    { "RSA, e is 3", TEST_RSA_E("Aw"), NULL, SECOPS_JWA_RSA },
    { "RSA, e is 1", TEST_RSA_E("AQ"), TEST_RANGE, 0 },
    { "RSA, e is 1 with zeros", TEST_RSA_E("AAAB"), TEST_RANGE, 0 },
    { "RSA, e is 65536", TEST_RSA_E("AQAA"), TEST_RANGE, 0 },
    { "RSA, e is 0", TEST_RSA_E("AA"), TEST_RANGE, 0 },
    { "RSA, e is empty", TEST_RSA_E(""), TEST_RANGE, 0 },
    { "RSA, e of nine bytes", TEST_RSA_E("AQAAAAAAAAAB"), TEST_N_E, 0 },

    { "oct", JWT_ISSUE_JWK, NULL, SECOPS_JWA_OCT },
    { "oct, empty", TEST_OCT(""), TEST_SECRET, 0 },
    { "oct of 31 bytes", TEST_OCT("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZQ"),
      TEST_SECRET, 0 },
    { "oct, not base64url", TEST_OCT("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlh+w"),
      "its k is not base64url", 0 },
    { "oct without k", "{\"kty\":\"oct\"}", "its k is not a string", 0 },
    { "oct of 32 bytes for HS384",
      "{\"kty\":\"oct\",\"alg\":\"HS384\",\"k\":\"" JWT_ISSUE_K "\"}",
      TEST_SECRET, 0 },

    { "EC", TEST_EC("P-256", TEST_X, TEST_Y), NULL, SECOPS_JWA_P256 },
    { "EC, not on the curve", TEST_EC("P-256", TEST_X, TEST_X), TEST_NUMBERS,
      0 },
    { "EC, on another curve", TEST_EC("P-384", TEST_X, TEST_Y), TEST_X_Y, 0 },
    { "EC on secp256k1", TEST_EC("secp256k1", TEST_X, TEST_Y), TEST_TYPE, 0 },
    { "EC, x is short", TEST_EC("P-256", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus"
                                "9uPHvRVE", TEST_Y), TEST_X_Y, 0 },
    { "EC, x is long", TEST_EC("P-256", "AH_NzidT9sRdQYPL7m_bS3tYBzM1e-nvE7rP"
                               "bjx70VRF", TEST_Y), TEST_X_Y, 0 },
    { "EC without crv", "{\"kty\":\"EC\",\"x\":\"" TEST_X "\",\"y\":\"" TEST_Y
                        "\"}", TEST_TYPE, 0 },
    { "EC without y", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" TEST_X "\"}",
      TEST_X_Y, 0 },

    { "OKP", TEST_OKP("Ed25519", TEST_ED), NULL, SECOPS_JWA_ED25519 },
    { "OKP, x is short", TEST_OKP("Ed25519", "11qYAYKx"),
      "its x is not a whole key in base64url", 0 },
    { "OKP, of another curve", TEST_OKP("Ed448", TEST_ED),
      "its x is not a whole key in base64url", 0 },
    { "OKP for key agreement", TEST_OKP("X25519", TEST_ED), TEST_TYPE, 0 },

    { "use is sig", TEST_RSA(",\"use\":\"sig\""), NULL, SECOPS_JWA_RSA },
    { "use is enc", TEST_RSA(",\"use\":\"enc\""), "its use is not \"sig\"", 0 },
    { "use is no string", TEST_RSA(",\"use\":1"), "its use is not \"sig\"",
      0 },
    { "key_ops has verify", TEST_RSA(",\"key_ops\":[\"sign\",\"verify\"]"),
      NULL, SECOPS_JWA_RSA },
    { "key_ops has not", TEST_RSA(",\"key_ops\":[\"sign\"]"), TEST_OPS, 0 },
    { "key_ops is empty", TEST_RSA(",\"key_ops\":[]"), TEST_OPS, 0 },
    { "key_ops is no array", TEST_RSA(",\"key_ops\":\"verify\""), TEST_OPS,
      0 },
    { "alg fits", TEST_RSA(",\"alg\":\"PS256\""), NULL, SECOPS_JWA_RSA },
    { "alg of another type", TEST_RSA(",\"alg\":\"ES256\""), TEST_ALG, 0 },
    { "alg for encryption", TEST_RSA(",\"alg\":\"RSA-OAEP\""), TEST_ALG, 0 },
    { "alg is no string", TEST_RSA(",\"alg\":null"), TEST_ALG, 0 },
    { "kid is no string", TEST_RSA(",\"kid\":7"), "its kid is not a string",
      0 },

    { "kty is unknown", "{\"kty\":\"AKP\"}", TEST_TYPE, 0 },
    { "kty is no string", "{\"kty\":[\"RSA\"]}", TEST_TYPE, 0 },
};


static const test_key_t  test_pems[] = {
    { "RSA", JWK_PEM_RSA, NULL, SECOPS_JWA_RSA },
    { "RSA as PKCS #1", JWK_PEM_RSA_PKCS1, NULL, SECOPS_JWA_RSA },
    { "P-256", JWK_PEM_P256, NULL, SECOPS_JWA_P256 },
    { "P-256, compressed", JWK_PEM_P256_COMPRESSED, NULL, SECOPS_JWA_P256 },
    { "P-384", JWK_PEM_P384, NULL, SECOPS_JWA_P384 },
    { "Ed25519", JWK_PEM_ED25519, NULL, SECOPS_JWA_ED25519 },
    { "certificate", JWK_PEM_CERTIFICATE, NULL, SECOPS_JWA_P256 },
    { "text around", "a\n" JWK_PEM_P256 "b\n", NULL, SECOPS_JWA_P256 },
    { "RSA of 2047 bits", JWK_PEM_RSA_2047,
      "an RSA key must have 2048 bits or more", 0 },
    { "RSA for PSS alone", JWK_PEM_RSA_PSS, TEST_TYPE, 0 },
    { "P-256, parameters spelled out", JWK_PEM_P256_EXPLICIT, TEST_TYPE, 0 },
    { "secp256k1", JWK_PEM_SECP256K1, TEST_TYPE, 0 },
    { "X25519", JWK_PEM_X25519, TEST_TYPE, 0 },
    { "private key", JWK_PEM_PRIVATE,
      "it is no public key and no certificate", 0 },
    { "a byte after the key", JWK_PEM_P256_TRAILING,
      "something follows it within its block", 0 },
    { "not what its label says",
      "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n",
      "it can not be read as what its label says", 0 },
};


static const test_set_t  test_sets[] = {
    { "", "it is neither JSON nor PEM", 0 },
    { "key", "it is neither JSON nor PEM", 0 },
    { "-----BEGIN PUBLIC KEY-----\nMAMCAQE=\n", "it is not well-formed PEM",
      0 },
    { JWK_PEM_P256 "-----BEGIN PUBLIC KEY-----\n", "it is not well-formed PEM",
      2 },
    { JWK_PEM_P256 JWK_PEM_PRIVATE JWK_PEM_RSA,
      "it is no public key and no certificate", 2 },
    { "{}", "it has no keys", 0 },
    { "{\"keys\":[]}", "it has no keys", 0 },
    { "{\"keys\":{}}", "it has no keys", 0 },
    { "{\"keys\":[{\"kty\":\"oct\",\"k\":\"\"},1]}", TEST_SECRET, 1 },
    { "{\"keys\":[1]}", "it is not an object", 1 },
    { "{\"keys\":[" JWT_ISSUE_JWK "]", "it is not well-formed JSON", 0 },
    { "{\"keys\":[" JWT_ISSUE_JWK "]}x", "it is not well-formed JSON", 0 },
    { "{\"keys\":[" JWT_ISSUE_JWK "],\"keys\":[]}",
      "it is not well-formed JSON", 0 },
    { "{\"kty\":\"oct\",\"kty\":\"oct\",\"k\":\"" JWT_ISSUE_K "\"}",
      "it is not well-formed JSON", 0 },
};


static const char *const  test_names[] = {
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384",
    "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "Ed448",
    "none", "HS25", "HS2567", "hs256", "", "ES256K", "RS1"
};


static const test_alg_t  test_algs[] = {
    { JWT_ISSUE_JWK, "HS256 " },
    { TEST_OCT(JWT_ISSUE_K "wMTIzNDU2Nzg5YWJjZGVm"), "HS256 HS384 " },
    { TEST_OCT(JWT_ISSUE_K "wMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg"),
      "HS256 HS384 HS512 " },
    { TEST_RSA(""), "RS256 RS384 RS512 PS256 PS384 PS512 " },
    { TEST_RSA(",\"alg\":\"PS384\""), "PS384 " },
    { JWK_PEM_RSA, "RS256 RS384 RS512 PS256 PS384 PS512 " },
    { JWK_PEM_P256, "ES256 " },
    { JWK_PEM_P384, "ES384 " },
    { JWK_PEM_ED25519, "EdDSA Ed25519 " },
    { "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"EdDSA\",\"x\":\"" TEST_ED
      "\"}", "EdDSA " },
};


static const test_base64_t  test_base64[] = {
    { "", "" },
    { "Zg", "f" },
    { "Zm8", "fo" },
    { "Zm9v", "foo" },
    { "Zm9vYg", "foob" },
    { "-_-_", "\xfb\xff\xbf" },
    { "A", NULL },
    { "Z", NULL },
    { "Zm9vA", NULL },
    { "Zm9vY", NULL },
    { "Zh", NULL },
    { "Zm9", NULL },
    { "Zg==", NULL },
    { "Zm8=", NULL },
    { "+/+/", NULL },
    { "Zm9v\t", NULL },
    { " Zm9v", NULL },
    { "Zm.v", NULL },
};


static secops_jwk_error_t  error;


static secops_jwk_set_t *
test_parse(const char *text)
{
    error.reason = NULL;
    error.key = 99;

    return secops_jwk_set_parse((const unsigned char *) text, strlen(text),
                                &error);
}


static void
test_usable(const char *kind, const test_key_t *keys, size_t n)
{
    size_t             i;
    secops_jwk_set_t  *set;

    for (i = 0; i < n; i++) {

        set = test_parse(keys[i].text);

        if (keys[i].reason) {
            ok(set == NULL && error.key == 1
               && strcmp(error.reason, keys[i].reason) == 0,
               "%s: %s: is refused: %s", kind, keys[i].name,
               set ? "no" : error.reason);

        } else {
            ok(set && set->nkeys == 1 && set->keys[0].type == keys[i].type,
               "%s: %s: is usable: %s", kind, keys[i].name,
               set ? "yes" : error.reason);
        }

        secops_jwk_set_free(set);
    }
}


static void
test_documents(void)
{
    size_t             i;
    secops_jwk_set_t  *set;

    for (i = 0; i < sizeof(test_sets) / sizeof(test_set_t); i++) {

        set = test_parse(test_sets[i].text);

        ok(set == NULL && error.key == test_sets[i].key
           && strcmp(error.reason, test_sets[i].reason) == 0,
           "document %zu is refused at key %zu: %s", i, error.key,
           set ? "no" : error.reason);

        secops_jwk_set_free(set);
    }
}


static void
test_members(void)
{
    secops_jwk_set_t  *set;

    set = test_parse("\r\n {\"keys\":["
                     "{\"kty\":\"oct\",\"k\":\"" JWT_ISSUE_K "\","
                     "\"kid\":\"a\\u00e9\\/b\"},"
                     "{\"kty\":\"EC\",\"crv\":\"P-000\",\"x5c\":[\"AA==\"]},"
                     "{\"kty\":\"oct\",\"k\":\"" JWT_ISSUE_K "\",\"kid\":\"\"},"
                     "{\"kty\":\"oct\",\"k\":\"" JWT_ISSUE_K "\"},"
                     "null]}");

    if (!ok(set && set->nkeys == 3, "usable keys are kept")) {
        return;
    }

    is_int(set->nignored, 2, "the others are counted");
    is_int(set->ignored.key, 2, "the first of those is known");
    is_str(set->ignored.reason, strlen(set->ignored.reason), TEST_TYPE,
           "and why it is not usable");

    is_str(set->keys[0].secret.data, set->keys[0].secret.len,
           JWT_ISSUE_SECRET, "a secret is decoded");
    is_str(set->keys[0].kid.data, set->keys[0].kid.len, "a\xc3\xa9/b",
           "a kid is decoded");
    ok(set->keys[1].kid.data && set->keys[1].kid.len == 0,
       "an empty kid is one");
    ok(set->keys[2].kid.data == NULL, "no kid is none");

    secops_jwk_set_free(set);
    secops_jwk_set_free(NULL);
}


static void
test_several(void)
{
    secops_jwk_set_t  *set;

    set = test_parse(JWK_PEM_RSA JWK_PEM_P256 "\n" JWK_PEM_CERTIFICATE
                     JWK_PEM_ED25519);

    ok(set && set->nkeys == 4 && set->keys[0].type == SECOPS_JWA_RSA
       && set->keys[1].type == SECOPS_JWA_P256
       && set->keys[2].type == SECOPS_JWA_P256
       && set->keys[3].type == SECOPS_JWA_ED25519,
       "a PEM file may have several keys");

    ok(set && EVP_PKEY_bits(set->keys[0].pkey) == 2048
       && set->keys[0].kid.data == NULL, "a key in PEM has no kid");

    secops_jwk_set_free(set);
}


/* n copies of a key are a set, or not */

static void
test_many(size_t n, int accepted)
{
    char              *text, *p;
    size_t             i;
    secops_jwk_set_t  *set;

    text = malloc(n * sizeof(JWT_ISSUE_JWK) + 16);

    if (text == NULL) {
        abort();
    }

    p = text + sprintf(text, "{\"keys\":[");

    for (i = 0; i < n; i++) {
        p += sprintf(p, "%s%s", i ? "," : "", JWT_ISSUE_JWK);
    }

    (void) strcpy(p, "]}");

    set = test_parse(text);

    if (accepted) {
        ok(set && set->nkeys == n, "%zu keys are accepted", n);

    } else {
        ok(set == NULL && error.key == n, "%zu keys are refused", n);
    }

    secops_jwk_set_free(set);
    free(text);
}


static void
test_size(void)
{
    char              *text;
    secops_jwk_set_t  *set;

    text = malloc(SECOPS_JWK_SET_MAX_SIZE + 2);

    if (text == NULL) {
        abort();
    }

    memset(text, ' ', SECOPS_JWK_SET_MAX_SIZE + 1);
    text[SECOPS_JWK_SET_MAX_SIZE + 1] = '\0';
    memcpy(text, JWT_ISSUE_JWK, sizeof(JWT_ISSUE_JWK) - 1);

    ok(test_parse(text) == NULL && error.key == 0,
       "a document above 1 MB is refused");

    text[SECOPS_JWK_SET_MAX_SIZE] = '\0';
    set = test_parse(text);

    ok(set != NULL, "one of 1 MB is not");

    secops_jwk_set_free(set);
    free(text);
}


static void
test_algorithms(void)
{
    char               algs[256];
    size_t             i, n;
    secops_jwk_set_t  *set;

    for (i = 0; i < sizeof(test_algs) / sizeof(test_alg_t); i++) {

        set = test_parse(test_algs[i].key);

        if (!ok(set != NULL, "key %zu is usable", i)) {
            continue;
        }

        algs[0] = '\0';

        for (n = 0; n < sizeof(test_names) / sizeof(char *); n++) {

            if (secops_jwk_algorithm(&set->keys[0], slice(test_names[n]))) {
                (void) strcat(strcat(algs, test_names[n]), " ");
            }
        }

        is_str(algs, strlen(algs), test_algs[i].algs,
               "and for its algorithms only");

        secops_jwk_set_free(set);
    }
}


static void
test_encodings(void)
{
    int             rc;
    size_t          i, len;
    secops_slice_t  text;
    unsigned char   buf[16];

    for (i = 0; i < sizeof(test_base64) / sizeof(test_base64_t); i++) {

        text = slice(test_base64[i].text);
        rc = secops_base64url_decode(text, buf, &len);

        if (test_base64[i].bytes == NULL) {
            ok(rc == -1, "base64url: \"%s\" is refused", test_base64[i].text);
            continue;
        }

        ok(rc == 0 && len == secops_base64url_size(text.len)
           && len == strlen(test_base64[i].bytes)
           && memcmp(buf, test_base64[i].bytes, len) == 0,
           "base64url: \"%s\" is decoded", test_base64[i].text);
    }
}


int
main(void)
{
    test_usable("JWK", test_jwks, sizeof(test_jwks) / sizeof(test_key_t));
    test_usable("PEM", test_pems, sizeof(test_pems) / sizeof(test_key_t));

    test_documents();
    test_members();
    test_several();
    test_many(SECOPS_JWK_SET_MAX, 1);
    test_many(SECOPS_JWK_SET_MAX + 1, 0);
    test_size();
    test_algorithms();
    test_encodings();

    is_int(ERR_peek_error(), 0, "nothing is left in OpenSSL's error queue");

    return tap_done();
}
