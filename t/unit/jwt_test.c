
/*
 * The contracts of jose/secops_jws.h and jose/secops_jwt.h: published
 * examples, every algorithm with every type of key, damaged tokens, what a
 * header may say, each rule about claims at its edges, and how claims are
 * read.
 *
 * The file $SECOPS_JWT_TOKENS holds what t/tools/make-tokens.py printed: keys
 * and tokens of an issuer that shares no code with this project.
 */

#include <time.h>

#include <openssl/ec.h>
#include <openssl/err.h>

#include "jose/secops_jws_signature.h"
#include "jose/secops_jwt.h"

#include "jwk_pem.h"
#include "jwt_issue.h"
#include "jwt_vectors.h"
#include "secops_tap.h"


#define TEST_NOW     1700000000
#define TEST_HEADER  "{\"alg\":\"HS256\"}"
#define TEST_N(a)    (sizeof(a) / sizeof((a)[0]))

#define TEST_DEPTH_8  "[[[[[[[["
#define TEST_END_8    "]]]]]]]]"


typedef struct {
    const char           *text;         /* header, claims, or token */
    secops_jws_status_e   status;
    const char           *reason;       /* NULL: whatever it is */
} test_case_t;


typedef struct {
    const char           *name;
    const char           *claims;
    int                   valid;
    int64_t               expiry;
} test_claims_t;


typedef struct {
    const char           *header;
    const char           *set;          /* of JWKs */
    secops_jws_status_e   status;
} test_kid_t;


typedef struct {
    const char           *path;
    const char           *text;
    const char           *list;
    secops_jwt_claim_e    is_text;
    secops_jwt_claim_e    is_list;
} test_path_t;


static const char  *reason;


static secops_jwk_set_t *
test_keys(const char *text)
{
    secops_jwk_set_t    *set;
    secops_jwk_error_t   error;

    set = secops_jwk_set_parse((const unsigned char *) text, strlen(text),
                               &error);

    if (set == NULL) {
        printf("Bail out! a key of the test is refused: %s\n", error.reason);
        exit(1);
    }

    return set;
}


static secops_jws_status_e
test_jws(const char *token, size_t len, secops_jwk_set_t *set,
    const char *payload)
{
    secops_jws_t         jws;
    secops_slice_t       slice;
    secops_jws_status_e  status;

    slice.len = len;
    slice.data = (const unsigned char *) token;

    reason = NULL;

    status = secops_jws_verify(&jws, slice, SECOPS_JWS_MAX_SIZE, &set, 1,
                               &reason);

    if (status == SECOPS_JWS_OK) {

        if (payload && (jws.payload.len < strlen(payload)
                        || memcmp(jws.payload.data, payload, strlen(payload))))
        {
            status = SECOPS_JWS_ERROR;
        }

        secops_jws_free(&jws);

    } else if (reason == NULL) {
        return SECOPS_JWS_ERROR;
    }

    return status;
}


/* issues a token and verifies it; jwt is to be freed when it is OK */

static secops_jws_status_e
test_jwt(secops_jwt_t *jwt, const char *header, const char *claims,
    const secops_jwt_policy_t *policy, int64_t now)
{
    char                 *token;
    secops_jwk_set_t     *set;
    secops_jws_status_e   status;

    set = test_keys(JWT_ISSUE_JWK);
    token = jwt_issue(slice(header), slice(claims),
                      slice(JWT_ISSUE_SECRET));

    reason = NULL;

    status = secops_jwt_verify(jwt, slice(token), &set, 1, policy, now,
                               &reason);

    secops_jwk_set_free(set);
    free(token);

    return status;
}


static secops_jwt_policy_t
test_policy(void)
{
    secops_jwt_policy_t  policy;

    memset(&policy, 0, sizeof(secops_jwt_policy_t));

    policy.max_size = SECOPS_JWS_MAX_SIZE;

    return policy;
}


static void
test_vectors(void)
{
    size_t                i, n, len, wrong;
    secops_jwk_set_t     *set;
    const jwt_vector_t   *vector;

    for (i = 0; i < TEST_N(jwt_vectors); i++) {

        vector = &jwt_vectors[i];
        set = test_keys(vector->jwk);
        len = strlen(vector->token);

        ok(test_jws(vector->token, len, set, vector->payload) == SECOPS_JWS_OK,
           "%s: is verified", vector->name);

        wrong = 0;

        for (n = 0; n < len; n++) {
            wrong += test_jws(vector->token, n, set, NULL)
                     != SECOPS_JWS_INVALID;
        }

        ok(wrong == 0, "%s: is refused when cut short anywhere (%zu)",
           vector->name, wrong);

        secops_jwk_set_free(set);
    }
}


/* one bit changed: of each character, so of each part, bit after bit */

static void
test_flipped(void)
{
    char              *token;
    size_t             i, n, len, wrong;
    secops_jwk_set_t  *set;

    for (i = 0; i < TEST_N(jwt_vectors); i++) {

        set = test_keys(jwt_vectors[i].jwk);
        len = strlen(jwt_vectors[i].token);
        token = strdup(jwt_vectors[i].token);
        wrong = 0;

        for (n = 0; n < len; n++) {
            token[n] ^= 1 << n % 7;
            wrong += test_jws(token, len, set, NULL) == SECOPS_JWS_OK;
            token[n] ^= 1 << n % 7;
        }

        ok(wrong == 0, "%s: is refused when any bit is changed",
           jwt_vectors[i].name);

        free(token);
        secops_jwk_set_free(set);
    }
}


/* the same key in different words, the same words for different keys */

static void
test_confusion(void)
{
    char              *token;
    size_t             i;
    secops_slice_t     header, claims;
    secops_jwk_set_t  *set;

    static const char *const  secrets[] = {
        JWK_PEM_RSA, JWK_PEM_RSA_PKCS1, JWK_MODULUS
    };

    header = slice(TEST_HEADER);
    claims = slice("{}");
    set = test_keys(JWK_PEM_RSA);

    for (i = 0; i < TEST_N(secrets); i++) {

        token = jwt_issue(header, claims, slice(secrets[i]));

        ok(test_jws(token, strlen(token), set, NULL) == SECOPS_JWS_INVALID
           && strcmp(reason, "no key is for its alg") == 0,
           "a public key is no HMAC secret, however it is written (%zu)", i);

        free(token);
    }

    secops_jwk_set_free(set);

    token = jwt_issue(header, claims, slice(""));
    set = test_keys(JWT_ISSUE_JWK);

    ok(test_jws(token, strlen(token), set, NULL) == SECOPS_JWS_INVALID,
       "an empty HMAC secret is no key");

    free(token);
    secops_jwk_set_free(set);
}


/* ECDSA with r and s of zero, of other lengths, and in DER */

static void
test_ecdsa(void)
{
    char                  token[512];
    size_t                i, len;
    char                 *p;
    secops_slice_t        signature;
    secops_jwk_set_t     *set;
    unsigned char         bytes[80];

    static const size_t  lengths[] = { 0, 32, 63, 64, 65, 70, 71, 72 };

    set = test_keys(jwt_vectors[2].jwk);

    p = strrchr(jwt_vectors[2].token, '.') + 1;
    len = p - jwt_vectors[2].token;

    memcpy(token, jwt_vectors[2].token, len);
    memset(bytes, 0, sizeof(bytes));

    for (i = 0; i < TEST_N(lengths); i++) {

        signature.data = bytes;
        signature.len = lengths[i];

        p = jwt_issue_encode(token + len, signature);

        ok(test_jws(token, p - token, set, NULL) == SECOPS_JWS_INVALID,
           "ES256: %zu zero bytes are no signature", lengths[i]);
    }

    secops_jwk_set_free(set);
}


static void
test_ecdsa_bytes(unsigned char bytes[64], const unsigned char *der, size_t len)
{
    ECDSA_SIG  *numbers;

    numbers = d2i_ECDSA_SIG(NULL, &der, (long) len);

    (void) BN_bn2binpad(ECDSA_SIG_get0_r(numbers), bytes, 32);
    (void) BN_bn2binpad(ECDSA_SIG_get0_s(numbers), bytes + 32, 32);

    ECDSA_SIG_free(numbers);
}


/*
 * The numbers of a signature have a fixed length in a JWS and the shortest one
 * in DER: one that begins with a zero byte, and one whose first bit is set, are
 * the two in which they differ.  Some hundred signatures have some of both.
 */

static void
test_ecdsa_numbers(void)
{
    size_t               i, len, wrong, short_ones, high;
    EVP_PKEY            *pkey;
    secops_jwk_t         key;
    EVP_MD_CTX          *md;
    EVP_PKEY_CTX        *ctx;
    secops_slice_t       input, signature;
    unsigned char        der[80], bytes[64];
    const secops_jwa_t  *jwa;

    pkey = NULL;
    ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);

    (void) EVP_PKEY_keygen_init(ctx);
    (void) EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, NID_X9_62_prime256v1);
    (void) EVP_PKEY_keygen(ctx, &pkey);

    EVP_PKEY_CTX_free(ctx);

    memset(&key, 0, sizeof(secops_jwk_t));
    key.type = SECOPS_JWA_P256;
    key.pkey = pkey;

    jwa = secops_jwk_algorithm(&key, slice("ES256"));
    input = slice("what is signed");
    signature.data = bytes;
    signature.len = sizeof(bytes);
    wrong = 0;
    short_ones = 0;
    high = 0;

    for (i = 0; i < 4000 && (short_ones < 2 || high < 2); i++) {

        md = EVP_MD_CTX_new();
        len = sizeof(der);

        (void) EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, pkey);
        (void) EVP_DigestSign(md, der, &len, input.data, input.len);

        EVP_MD_CTX_free(md);

        test_ecdsa_bytes(bytes, der, len);

        short_ones += bytes[0] == 0 || bytes[32] == 0;
        high += bytes[0] > 0x7f && bytes[32] > 0x7f;

        wrong += secops_jws_signature_verify(jwa, &key, input, signature)
                 != SECOPS_JWS_OK;
    }

    ok(wrong == 0 && short_ones >= 2 && high >= 2,
       "ES256: signatures verify, whatever their numbers begin with");

    bytes[63] ^= 1;

    is_int(secops_jws_signature_verify(jwa, &key, input, signature),
           SECOPS_JWS_INVALID, "ES256: not if a bit of one differs");

    EVP_PKEY_free(pkey);
}


static const test_case_t  test_headers[] = {
    { TEST_HEADER, SECOPS_JWS_OK, NULL },
    { "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", SECOPS_JWS_OK, NULL },
    { " { \"alg\" : \"HS256\" } ", SECOPS_JWS_OK, NULL },
    { "{\"alg\":\"HS256\",\"b64\":true}", SECOPS_JWS_OK, NULL },
    { "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"\"}}",
      SECOPS_JWS_OK, NULL },
    { "{\"alg\":\"none\"}", SECOPS_JWS_INVALID, "its alg is not supported" },
    { "{\"alg\":\"None\"}", SECOPS_JWS_INVALID, "its alg is not supported" },
    { "{\"alg\":\"\"}", SECOPS_JWS_INVALID, "its alg is not supported" },
    { "{\"alg\":\"hs256\"}", SECOPS_JWS_INVALID, "its alg is not supported" },
    { "{\"alg\":\"HS256 \"}", SECOPS_JWS_INVALID, "its alg is not supported" },
    { "{\"alg\":\"HS2\\u0035\\u0036\"}", SECOPS_JWS_INVALID,
      "its alg is not supported" },
    { "{\"alg\":\"A256KW\"}", SECOPS_JWS_INVALID, "its alg is not supported" },
    { "{\"alg\":\"RS256\"}", SECOPS_JWS_INVALID, "no key is for its alg" },
    { "{\"alg\":\"HS384\"}", SECOPS_JWS_INVALID, "no key is for its alg" },
    { "{\"alg\":[\"HS256\"]}", SECOPS_JWS_INVALID, "its header has no alg" },
    { "{\"alg\":null}", SECOPS_JWS_INVALID, "its header has no alg" },
    { "{}", SECOPS_JWS_INVALID, "its header has no alg" },
    { "{\"Alg\":\"HS256\"}", SECOPS_JWS_INVALID, "its header has no alg" },
    { "[\"alg\",\"HS256\"]", SECOPS_JWS_INVALID, "its header has no alg" },
    { "\"HS256\"", SECOPS_JWS_INVALID, "its header has no alg" },
    { "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", SECOPS_JWS_INVALID,
      "its header has crit" },
    { "{\"alg\":\"HS256\",\"crit\":[]}", SECOPS_JWS_INVALID,
      "its header has crit" },
    { "{\"alg\":\"HS256\",\"crit\":null}", SECOPS_JWS_INVALID,
      "its header has crit" },
    { "{\"alg\":\"HS256\",\"b64\":false}", SECOPS_JWS_INVALID,
      "its payload is not in base64url" },
    { "{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}",
      SECOPS_JWS_INVALID, "its header has crit" },
    { "{\"alg\":\"HS256\",\"b64\":\"true\"}", SECOPS_JWS_INVALID,
      "its payload is not in base64url" },
    { "{\"alg\":\"HS256\",\"kid\":1}", SECOPS_JWS_INVALID,
      "its kid is not a string" },
    { "{\"alg\":\"HS256\",\"kid\":null}", SECOPS_JWS_INVALID,
      "its kid is not a string" },
    { "{\"alg\":\"none\",\"alg\":\"HS256\"}", SECOPS_JWS_INVALID,
      "its header is not well-formed JSON" },
    { "{\"alg\":\"HS256\",\"al\\u0067\":\"HS256\"}", SECOPS_JWS_INVALID,
      "its header is not well-formed JSON" },
    { "{\"alg\":\"HS256\"}{}", SECOPS_JWS_INVALID,
      "its header is not well-formed JSON" },
    { "{\"alg\":\"HS256\"", SECOPS_JWS_INVALID,
      "its header is not well-formed JSON" },
    { "", SECOPS_JWS_INVALID, "its header is not well-formed JSON" },
};


static void
test_header(void)
{
    size_t                i;
    const test_case_t    *test;
    secops_jwt_t          jwt;
    secops_jws_status_e   status;
    secops_jwt_policy_t   policy;

    policy = test_policy();

    for (i = 0; i < TEST_N(test_headers); i++) {

        test = &test_headers[i];
        status = test_jwt(&jwt, test->text, "{}", &policy, TEST_NOW);

        ok(status == test->status
           && (test->reason == NULL || strcmp(reason, test->reason) == 0),
           "header %s: %s", test->text, reason ? reason : "is good");

        if (status == SECOPS_JWS_OK) {
            secops_jwt_free(&jwt);
        }
    }
}


/* {"alg":"HS256"}.{}, and 32 bytes that are not its signature */

#define TEST_SIGNED     "eyJhbGciOiJIUzI1NiJ9.e30."
#define TEST_SIGNATURE  "0W6XNMWSjR8YDKRxX4XKmqRmWZWVQnqbYhCXKkrGMqk"

static const test_case_t  test_tokens[] = {
    { "", SECOPS_JWS_INVALID, "it does not have three parts" },
    { ".", SECOPS_JWS_INVALID, "it does not have three parts" },
    { "..", SECOPS_JWS_INVALID, "its header is not well-formed JSON" },
    { "...", SECOPS_JWS_INVALID, "a part of it is not base64url" },
    { "eyJhbGciOiJIUzI1NiJ9", SECOPS_JWS_INVALID,
      "it does not have three parts" },
    { "eyJhbGciOiJIUzI1NiJ9.e30", SECOPS_JWS_INVALID,
      "it does not have three parts" },
    { TEST_SIGNED, SECOPS_JWS_INVALID, "its signature is wrong" },
    { TEST_SIGNED TEST_SIGNATURE, SECOPS_JWS_INVALID,
      "its signature is wrong" },
    { TEST_SIGNED "!", SECOPS_JWS_INVALID, "a part of it is not base64url" },
    { TEST_SIGNED TEST_SIGNATURE ".", SECOPS_JWS_INVALID,
      "a part of it is not base64url" },
    { TEST_SIGNED TEST_SIGNATURE ".AA.AA", SECOPS_JWS_INVALID,
      "a part of it is not base64url" },
    { "eyJhbGciOiJub25lIn0.e30.", SECOPS_JWS_INVALID,
      "its alg is not supported" },
    { "eyJhbGciOiJIUzI1NiJ9.e30=." TEST_SIGNATURE, SECOPS_JWS_INVALID,
      "a part of it is not base64url" },
    { " eyJhbGciOiJIUzI1NiJ9.e30." TEST_SIGNATURE, SECOPS_JWS_INVALID,
      "a part of it is not base64url" },
};


static void
test_structure(void)
{
    char               *token;
    size_t              i, len;
    const test_case_t  *test;
    secops_jwk_set_t   *set;

    set = test_keys(JWT_ISSUE_JWK);

    for (i = 0; i < TEST_N(test_tokens); i++) {

        test = &test_tokens[i];

        ok(test_jws(test->text, strlen(test->text), set, NULL) == test->status
           && strcmp(reason, test->reason) == 0, "token \"%s\": %s",
           test->text, reason);
    }

    token = jwt_issue(slice(TEST_HEADER), slice("{}"),
                      slice(JWT_ISSUE_SECRET));
    len = strlen(token);

    ok(test_jws(token, len, set, "{}") == SECOPS_JWS_OK, "a token is verified");

    /* 256 bits leave two unused in the last of 43 characters */

    token[len - 1]++;

    ok(test_jws(token, len, set, NULL) == SECOPS_JWS_INVALID
       && strcmp(reason, "a part of it is not base64url") == 0,
       "but not with other unused bits");

    free(token);
    secops_jwk_set_free(set);
}


#define TEST_OTHER_K  "YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODk"

#define TEST_KEY(kid)                                                         \
    "{\"kty\":\"oct\",\"kid\":\"" kid "\",\"k\":\"" JWT_ISSUE_K "\"}"
#define TEST_OTHER(kid)                                                       \
    "{\"kty\":\"oct\",\"kid\":\"" kid "\",\"k\":\"" TEST_OTHER_K "\"}"
#define TEST_HS512(kid)                                                       \
    "{\"kty\":\"oct\",\"kid\":\"" kid "\",\"alg\":\"HS512\","                 \
    "\"k\":\"" JWT_ISSUE_K "wMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg\"}"
#define TEST_NAMED(kid)  "{\"alg\":\"HS256\",\"kid\":\"" kid "\"}"

static const test_kid_t  test_kids[] = {
    { TEST_NAMED("a"), TEST_KEY("a"), SECOPS_JWS_OK },
    { TEST_NAMED("\\u0061"), TEST_KEY("a"), SECOPS_JWS_OK },
    { TEST_NAMED("a"), TEST_OTHER("a") "," TEST_KEY("a"), SECOPS_JWS_OK },
    { TEST_NAMED("a"), TEST_OTHER("b") "," JWT_ISSUE_JWK, SECOPS_JWS_OK },
    { TEST_NAMED(""), TEST_KEY(""), SECOPS_JWS_OK },
    { TEST_NAMED("a"), TEST_KEY("b"), SECOPS_JWS_UNKNOWN_KEY },
    { TEST_NAMED("a"), TEST_KEY("aa"), SECOPS_JWS_UNKNOWN_KEY },
    { TEST_NAMED("aa"), TEST_KEY("a"), SECOPS_JWS_UNKNOWN_KEY },
    { TEST_NAMED(""), TEST_KEY("a"), SECOPS_JWS_UNKNOWN_KEY },
    { TEST_NAMED("a"), TEST_KEY(""), SECOPS_JWS_UNKNOWN_KEY },
    { TEST_NAMED("a"), "{\"kty\":\"oct\",\"k\":\"" TEST_OTHER_K "\"}",
      SECOPS_JWS_UNKNOWN_KEY },
    { TEST_NAMED("a"), TEST_OTHER("a"), SECOPS_JWS_INVALID },
    { TEST_NAMED("a"), TEST_OTHER("a") "," TEST_KEY("b"), SECOPS_JWS_INVALID },
    { TEST_NAMED("a"), TEST_HS512("a"), SECOPS_JWS_INVALID },
    { TEST_HEADER, TEST_KEY("a"), SECOPS_JWS_OK },
    { TEST_HEADER, TEST_OTHER("a") "," TEST_KEY("b"), SECOPS_JWS_OK },
    { TEST_HEADER, TEST_OTHER("a"), SECOPS_JWS_INVALID },
    { TEST_HEADER, TEST_HS512("a"), SECOPS_JWS_INVALID },
};


static void
test_kid(void)
{
    char                 *token, keys[1024];
    size_t                i;
    const test_kid_t     *test;
    secops_jwk_set_t     *set;
    secops_jws_status_e   status;

    for (i = 0; i < TEST_N(test_kids); i++) {

        test = &test_kids[i];

        (void) snprintf(keys, sizeof(keys), "{\"keys\":[%s]}", test->set);

        set = test_keys(keys);
        token = jwt_issue(slice(test->header), slice("{}"),
                          slice(JWT_ISSUE_SECRET));

        status = test_jws(token, strlen(token), set, NULL);

        ok(status == test->status, "kid %zu: %s: %s", i, test->header,
           reason ? reason : "is good");

        free(token);
        secops_jwk_set_free(set);
    }
}


static void
test_sets(void)
{
    char              *token;
    secops_jws_t       jws;
    secops_jwk_set_t  *sets[3];

    sets[0] = test_keys(TEST_OTHER("a"));
    sets[1] = test_keys(JWK_PEM_RSA);
    sets[2] = test_keys(TEST_KEY("b"));

    token = jwt_issue(slice(TEST_NAMED("b")), slice("{}"),
                      slice(JWT_ISSUE_SECRET));

    ok(secops_jws_verify(&jws, slice(token), SECOPS_JWS_MAX_SIZE, sets, 3,
                         &reason)
       == SECOPS_JWS_OK, "every set is looked into");

    secops_jws_free(&jws);

    ok(secops_jws_verify(&jws, slice(token), SECOPS_JWS_MAX_SIZE, sets, 2,
                         &reason)
       == SECOPS_JWS_UNKNOWN_KEY, "a kid that is in none is unknown");

    ok(secops_jws_verify(&jws, slice(token), SECOPS_JWS_MAX_SIZE, NULL, 0,
                         &reason)
       == SECOPS_JWS_UNKNOWN_KEY, "without sets, every kid is");

    free(token);
    secops_jwk_set_free(sets[0]);
    secops_jwk_set_free(sets[1]);
    secops_jwk_set_free(sets[2]);
}


static void
test_claims_run(const test_claims_t *tests, size_t n, const char *rule,
    const secops_jwt_policy_t *policy)
{
    size_t               i;
    secops_jwt_t         jwt;
    secops_jws_status_e  status;

    for (i = 0; i < n; i++) {

        status = test_jwt(&jwt, TEST_HEADER, tests[i].claims, policy,
                          TEST_NOW);

        if (!tests[i].valid) {
            ok(status == SECOPS_JWS_INVALID, "%s: %s: is refused: %s", rule,
               tests[i].name, reason ? reason : "no");

        } else if (ok(status == SECOPS_JWS_OK, "%s: %s: is good: %s", rule,
                      tests[i].name, reason ? reason : "yes"))
        {
            is_int(jwt.expiry, tests[i].expiry ? tests[i].expiry
                                               : SECOPS_JWT_NEVER,
                   "and is so until it expires");
        }

        if (status == SECOPS_JWS_OK) {
            secops_jwt_free(&jwt);
        }
    }
}


/* with a leeway of 30 seconds; now is 1700000000 */

static const test_claims_t  test_dates[] = {
    { "no dates", "{}", 1, 0 },
    { "exp in the future", "{\"exp\":1700000001}", 1, 1700000031 },
    { "exp now", "{\"exp\":1700000000}", 1, 1700000030 },
    { "exp at the leeway's edge", "{\"exp\":1699999971}", 1, 1700000001 },
    { "exp beyond the leeway", "{\"exp\":1699999970}", 0, 0 },
    { "exp beyond by a fraction", "{\"exp\":1699999969.9}", 0, 0 },
    { "exp within by a fraction", "{\"exp\":1699999970.1}", 1, 1700000001 },
    { "exp as a real", "{\"exp\":1.7e9}", 1, 1700000030 },
    { "exp of 0", "{\"exp\":0}", 0, 0 },
    { "exp in the year 9999", "{\"exp\":253402300799}", 1, 253402300829 },
    { "exp beyond it", "{\"exp\":253402300800}", 0, 0 },
    { "exp of 1e300", "{\"exp\":1e300}", 0, 0 },
    { "exp of 1e999", "{\"exp\":1e999}", 0, 0 },
    { "exp of 2^63", "{\"exp\":9223372036854775808}", 0, 0 },
    { "exp of 2^63 - 1", "{\"exp\":9223372036854775807}", 0, 0 },
    { "exp of 2^64 + 1.7e9", "{\"exp\":18446744075409551616}", 0, 0 },
    { "exp negative", "{\"exp\":-1700000001}", 0, 0 },
    { "exp a string", "{\"exp\":\"1800000000\"}", 0, 0 },
    { "exp null", "{\"exp\":null}", 0, 0 },
    { "exp true", "{\"exp\":true}", 0, 0 },
    { "exp twice", "{\"exp\":1800000000,\"exp\":1800000000}", 0, 0 },

    { "nbf now", "{\"nbf\":1700000000}", 1, 0 },
    { "nbf at the leeway's edge", "{\"nbf\":1700000030}", 1, 0 },
    { "nbf beyond the leeway", "{\"nbf\":1700000031}", 0, 0 },
    { "nbf beyond by a fraction", "{\"nbf\":1700000030.5}", 0, 0 },
    { "nbf a string", "{\"nbf\":\"1\"}", 0, 0 },
    { "nbf negative", "{\"nbf\":-1}", 0, 0 },

    { "iat in the past", "{\"iat\":1}", 1, 0 },
    { "iat at the leeway's edge", "{\"iat\":1700000030}", 1, 0 },
    { "iat beyond the leeway", "{\"iat\":1700000031}", 0, 0 },
    { "iat a string", "{\"iat\":\"1\"}", 0, 0 },
    { "iat negative", "{\"iat\":-0.5}", 0, 0 },
    { "iat huge", "{\"iat\":1e18}", 0, 0 },
};


static const test_claims_t  test_lifetimes[] = {
    { "of an hour", "{\"iat\":1700000000,\"exp\":1700003600}", 1, 1700003600 },
    { "of more", "{\"iat\":1700000000,\"exp\":1700003601}", 0, 0 },
    { "of a fraction more", "{\"iat\":1700000000,\"exp\":1700003600.5}", 0, 0 },
    { "without iat", "{\"exp\":1700003600}", 0, 0 },
    { "without exp", "{\"iat\":1700000000}", 0, 0 },
    { "without both", "{}", 0, 0 },
};


/* whatever the limit is, there must be something to compare with it */

static const test_claims_t  test_unlimited[] = {
    { "of any length", "{\"iat\":0,\"exp\":253402300799}", 1, 253402300799 },
    { "without iat", "{\"exp\":1700003600}", 0, 0 },
};


static const test_claims_t  test_required[] = {
    { "there", "{\"exp\":1700000001}", 1, 1700000001 },
    { "not there", "{\"iat\":1}", 0, 0 },
    { "expired just now", "{\"exp\":1700000000}", 0, 0 },
};


static const test_claims_t  test_issuers[] = {
    { "the first", "{\"iss\":\"https://a.example\"}", 1, 0 },
    { "the second", "{\"iss\":\"https:\\/\\/b.example\"}", 1, 0 },
    { "another", "{\"iss\":\"https://c.example\"}", 0, 0 },
    { "shorter", "{\"iss\":\"https://a.exampl\"}", 0, 0 },
    { "longer", "{\"iss\":\"https://a.example/\"}", 0, 0 },
    { "in another case", "{\"iss\":\"HTTPS://a.example\"}", 0, 0 },
    { "an array", "{\"iss\":[\"https://a.example\"]}", 0, 0 },
    { "none", "{}", 0, 0 },
};


static const test_claims_t  test_audiences[] = {
    { "a string", "{\"aud\":\"api\"}", 1, 0 },
    { "the other", "{\"aud\":\"api2\"}", 1, 0 },
    { "in an array", "{\"aud\":[\"x\",\"api2\"]}", 1, 0 },
    { "another", "{\"aud\":\"ap\"}", 0, 0 },
    { "another in an array", "{\"aud\":[\"x\",\"api 2\"]}", 0, 0 },
    { "an empty array", "{\"aud\":[]}", 0, 0 },
    { "a number that reads the same", "{\"aud\":7}", 0, 0 },
    { "such a number in an array", "{\"aud\":[7]}", 0, 0 },
    { "the same as a string", "{\"aud\":[7,\"7\"]}", 1, 0 },
    { "nested", "{\"aud\":[[\"api\"],{\"api\":\"api\"}]}", 0, 0 },
    { "an object", "{\"aud\":{\"api\":\"api\"}}", 0, 0 },
    { "null", "{\"aud\":null}", 0, 0 },
    { "none", "{}", 0, 0 },
};


static const test_claims_t  test_documents[] = {
    { "an array", "[]", 0, 0 },
    { "a string", "\"sub\"", 0, 0 },
    { "empty", "", 0, 0 },
    { "not JSON", "sub", 0, 0 },
    { "cut short", "{\"sub\":\"a\"", 0, 0 },
    { "a member twice", "{\"sub\":\"a\",\"sub\":\"b\"}", 0, 0 },
    { "a member twice, deep", "{\"a\":[{\"b\":1,\"\\u0062\":1}]}", 0, 0 },
    { "an escaped NUL", "{\"sub\":\"a\\u0000b\"}", 0, 0 },
    { "31 arrays deep", "{\"a\":" TEST_DEPTH_8 TEST_DEPTH_8 TEST_DEPTH_8
      "[[[[[[[" "]]]]]]]" TEST_END_8 TEST_END_8 TEST_END_8 "}", 1, 0 },
    { "32 arrays deep", "{\"a\":" TEST_DEPTH_8 TEST_DEPTH_8 TEST_DEPTH_8
      TEST_DEPTH_8 TEST_END_8 TEST_END_8 TEST_END_8 TEST_END_8 "}", 1, 0 },
};


static void
test_claims(void)
{
    secops_jwt_policy_t  policy;

    static const secops_slice_t  issuers[] = {
        secops_slice("https://a.example"), secops_slice("https://b.example")
    };
    static const secops_slice_t  audiences[] = {
        secops_slice("api"), secops_slice("api2"), secops_slice("7")
    };

    policy = test_policy();
    policy.leeway = 30;
    test_claims_run(test_dates, TEST_N(test_dates), "dates", &policy);

    policy = test_policy();
    policy.max_lifetime = 3600;
    test_claims_run(test_lifetimes, TEST_N(test_lifetimes), "a lifetime",
                    &policy);

    policy.max_lifetime = INT64_MAX;
    test_claims_run(test_unlimited, TEST_N(test_unlimited), "any lifetime",
                    &policy);

    policy = test_policy();
    policy.require_expiration = 1;
    test_claims_run(test_required, TEST_N(test_required), "a required exp",
                    &policy);

    policy = test_policy();
    policy.issuers = issuers;
    policy.nissuers = TEST_N(issuers);
    test_claims_run(test_issuers, TEST_N(test_issuers), "issuer", &policy);

    policy = test_policy();
    policy.audiences = audiences;
    policy.naudiences = TEST_N(audiences);
    test_claims_run(test_audiences, TEST_N(test_audiences), "audience",
                    &policy);

    policy = test_policy();
    test_claims_run(test_documents, TEST_N(test_documents), "claims", &policy);
}


#define TEST_PATHS                                                            \
    "{\"sub\":\"al\\u00efce smith\",\"n\":7,\"empty\":\"\",\"null\":null,"  \
    "\"none\":[],"                                                            \
    "\"realm_access\":{\"roles\":[\"a\",\"b\"],\"realm\":\"r\"},"             \
    "\"realm_access.realm\":\"literal\","                                     \
    "\"https://example.com/roles\":[\"x\"],"                                  \
    "\"https://example.com\":{\"app.one\":{\"roles\":\"deep\"}},"             \
    "\"https://example.com/app\":{\"roles\":\"mid\"},"                        \
    "\"a.b\":{\"x\":\"dead end\"},\"a\":{\"b\":{\"c\":\"abc\"}},"             \
    "\"scope\":\"read write\",\"commas\":\"r1,r2\",\"one\":[\"only\"],"       \
    "\"mixed\":[\"ok\",\"ad min\",\"a,b\",\"\",null,1,[\"in\"],\"t\\tb\","    \
    "{\"o\":\"o\"},\"last\\\"\"],\"bad\":[\"a b\",\"\"],\".\":\"dot\"}"

#define TEST_IS(text, list)                                                   \
    SECOPS_JWT_CLAIM_##text, SECOPS_JWT_CLAIM_##list

static const test_path_t  test_paths[] = {
    { "sub", "al\xc3\xaf" "ce smith", "al\xc3\xaf" "ce smith",
      TEST_IS(USABLE, USABLE) },
    { "su", "", "", TEST_IS(ABSENT, ABSENT) },
    { "subs", "", "", TEST_IS(ABSENT, ABSENT) },
    { "", "", "", TEST_IS(ABSENT, ABSENT) },
    { ".", "dot", "dot", TEST_IS(USABLE, USABLE) },
    { "..", "", "", TEST_IS(UNUSABLE, UNUSABLE) },
    { "sub.", "", "", TEST_IS(UNUSABLE, UNUSABLE) },
    { ".sub", "", "", TEST_IS(ABSENT, ABSENT) },
    { "sub.x", "", "", TEST_IS(UNUSABLE, UNUSABLE) },
    { "n", "", "", TEST_IS(UNUSABLE, UNUSABLE) },
    { "n.x", "", "", TEST_IS(UNUSABLE, UNUSABLE) },
    { "empty", "", "", TEST_IS(UNUSABLE, USABLE) },
    { "null", "", "", TEST_IS(UNUSABLE, USABLE) },
    { "none", "", "", TEST_IS(UNUSABLE, USABLE) },
    { "realm_access", "", "", TEST_IS(UNUSABLE, UNUSABLE) },
    { "realm_access.no", "", "", TEST_IS(ABSENT, ABSENT) },
    { "realm_access.roles", "", "a,b", TEST_IS(UNUSABLE, USABLE) },
    { "realm_access.realm", "literal", "literal", TEST_IS(USABLE, USABLE) },
    { "realm_access.roles.a", "", "", TEST_IS(UNUSABLE, UNUSABLE) },
    { "https://example.com/roles", "", "x", TEST_IS(UNUSABLE, USABLE) },
    { "https://example.com.app.one.roles", "deep", "deep",
      TEST_IS(USABLE, USABLE) },
    { "https://example.com/app.roles", "mid", "mid", TEST_IS(USABLE, USABLE) },
    { "a.b.x", "dead end", "dead end", TEST_IS(USABLE, USABLE) },
    { "a.b.c", "abc", "abc", TEST_IS(USABLE, USABLE) },
    { "scope", "read write", "read write", TEST_IS(USABLE, USABLE) },
    { "commas", "r1,r2", "r1,r2", TEST_IS(USABLE, USABLE) },
    { "one", "", "only", TEST_IS(UNUSABLE, USABLE) },
    { "mixed", "", "ok,last\"", TEST_IS(UNUSABLE, USABLE) },
    { "bad", "", "", TEST_IS(UNUSABLE, USABLE) },
};


static void
test_reading(void)
{
    size_t                i, len;
    secops_jwt_t          jwt;
    unsigned char        *buf;
    const test_path_t    *test;
    secops_jwt_policy_t   policy;

    policy = test_policy();

    if (!ok(test_jwt(&jwt, TEST_HEADER, TEST_PATHS, &policy, TEST_NOW)
            == SECOPS_JWS_OK, "a token with many claims is good"))
    {
        return;
    }

    for (i = 0; i < TEST_N(test_paths); i++) {

        test = &test_paths[i];

        /* of its own size, so that a sanitizer sees a byte too many */

        buf = malloc(secops_jwt_claim_max(&jwt));

        ok(secops_jwt_claim_text(&jwt, slice(test->path), buf, &len)
           == test->is_text, "R.10: whether \"%s\" is a text", test->path);
        is_str(buf, len, test->text, "a claim's text");

        ok(secops_jwt_claim_list(&jwt, slice(test->path), buf, &len)
           == test->is_list, "R.10: whether \"%s\" is a list", test->path);
        ok(len == strlen(test->list) && memcmp(buf, test->list, len) == 0,
           "\"%s\" has the list \"%s\"", test->path, test->list);

        free(buf);
    }

    secops_jwt_free(&jwt);
}


/* several lists are one, and a claim is one of the values required */

static void
test_merging(void)
{
    size_t                i, len;
    secops_jwt_t          jwt;
    unsigned char        *buf;
    secops_slice_t        paths[3];
    secops_jwt_claim_e    is;
    secops_jwt_policy_t   policy;

    static const struct {
        const char          *paths[3];
        const char          *list;
        secops_jwt_claim_e   is;
    }  lists[] = {
        { { "one", "scope", "commas" }, "only,read write,r1,r2",
          SECOPS_JWT_CLAIM_USABLE },
        { { "none", "mixed", "su" }, "ok,last\"", SECOPS_JWT_CLAIM_USABLE },
        { { "one", "null", "empty" }, "only", SECOPS_JWT_CLAIM_USABLE },
        { { "null", "none", "bad" }, "", SECOPS_JWT_CLAIM_USABLE },
        { { "su", "x", "realm_access.no" }, "", SECOPS_JWT_CLAIM_ABSENT },
        { { "one", "n", "scope" }, "", SECOPS_JWT_CLAIM_UNUSABLE },
        { { "su", "x", "sub.x" }, "", SECOPS_JWT_CLAIM_UNUSABLE },
    };

    static const struct {
        const char  *path;
        const char  *value;
        int          is;
    }  values[] = {
        { "sub", "al\xc3\xaf" "ce smith", 1 },
        { "sub", "smith", 0 },
        { "sub", "", 0 },
        { "empty", "", 1 },
        { "n", "7", 1 },
        { "n", "7.0", 0 },
        { "null", "null", 0 },
        { "none", "", 0 },
        { "absent", "x", 0 },
        { "realm_access", "roles", 0 },
        { "realm_access.roles", "b", 1 },
        { "realm_access.roles", "a,b", 0 },
        { "commas", "r1", 0 },
        { "scope", "write", 1 },
        { "scope", "read write", 0 },
        { "scope", "rea", 0 },
        { "mixed", "1", 1 },
        { "mixed", "in", 0 },
        { "mixed", "ad min", 1 },
    };

    policy = test_policy();

    if (!ok(test_jwt(&jwt, TEST_HEADER, TEST_PATHS, &policy, TEST_NOW)
            == SECOPS_JWS_OK, "a token with many claims is good"))
    {
        return;
    }

    for (i = 0; i < TEST_N(lists); i++) {

        for (len = 0; len < 3; len++) {
            paths[len] = slice(lists[i].paths[len]);
        }

        buf = malloc(secops_jwt_claim_max(&jwt));

        is = secops_jwt_claim_lists(&jwt, paths, 3, buf, &len);

        ok(is == lists[i].is, "whether \"%s\", \"%s\" and \"%s\" are lists",
           lists[i].paths[0], lists[i].paths[1], lists[i].paths[2]);
        is_str(buf, len, lists[i].list, "... as one");

        free(buf);
    }

    for (i = 0; i < TEST_N(values); i++) {

        buf = malloc(secops_jwt_claim_max(&jwt));
        paths[0] = slice(values[i].value);

        ok(secops_jwt_claim_is(&jwt, slice(values[i].path), paths, 1, buf)
           == values[i].is, "whether \"%s\" is \"%s\"", values[i].path,
           values[i].value);

        free(buf);
    }

    secops_jwt_free(&jwt);
}


/* whose keys a token is verified with */

static void
test_sources(void)
{
    char                        *token;
    size_t                       i, nchosen;
    secops_jwt_source_t          sources[3];
    secops_jws_status_e          status;
    const secops_jwt_source_t   *chosen[3];

    static const secops_slice_t  a[] = { secops_slice("A"),
                                         secops_slice("A2") };
    static const secops_slice_t  b[] = { secops_slice("B") };

    /* which of these three is chosen */

    static const struct {
        const char           *claims;
        unsigned              source;
        secops_jws_status_e   status;
    }  cases[] = {
        { "{\"iss\":\"A\"}", 0, SECOPS_JWS_OK },
        { "{\"iss\":\"A2\"}", 0, SECOPS_JWS_OK },
        { "{\"iss\":\"\\u0041\"}", 0, SECOPS_JWS_OK },
        { "{\"iss\":\"B\"}", 1, SECOPS_JWS_OK },
        { "{\"iss\":\"C\"}", 2, SECOPS_JWS_OK },
        { "{\"iss\":[\"A\"]}", 2, SECOPS_JWS_OK },
        { "{}", 2, SECOPS_JWS_OK },
        { "[\"iss\"]", 2, SECOPS_JWS_OK },
        { "no claims", 0, SECOPS_JWS_INVALID },
        { "{\"iss\":\"A\",\"iss\":\"B\"}", 0, SECOPS_JWS_INVALID },
    };

    memset(sources, 0, sizeof(sources));

    sources[0].issuers = a;
    sources[0].nissuers = 2;
    sources[1].issuers = b;
    sources[1].nissuers = 1;

    for (i = 0; i < TEST_N(cases); i++) {

        token = jwt_issue(slice(TEST_HEADER), slice(cases[i].claims),
                          slice(JWT_ISSUE_SECRET));

        status = secops_jwt_choose(sources, 3, slice(token),
                                   SECOPS_JWS_MAX_SIZE, chosen, &nchosen,
                                   &reason);

        ok(status == cases[i].status
           && (status != SECOPS_JWS_OK
               || (nchosen == 1 && chosen[0] == &sources[cases[i].source])),
           "Field 1: the keys for %s", cases[i].claims);
        free(token);
    }

    token = jwt_issue(slice(TEST_HEADER), slice("{\"iss\":\"B\"}"),
                      slice(JWT_ISSUE_SECRET));

    status = secops_jwt_choose(sources, 1, slice(token), SECOPS_JWS_MAX_SIZE,
                               chosen, &nchosen, &reason);
    ok(status == SECOPS_JWS_INVALID, "Field 1: without keys of one's own none");

    sources[2].issuers = b;
    sources[2].nissuers = 1;

    status = secops_jwt_choose(sources, 3, slice(token), SECOPS_JWS_MAX_SIZE,
                               chosen, &nchosen, &reason);
    ok(status == SECOPS_JWS_OK && nchosen == 2 && chosen[0] == &sources[1]
       && chosen[1] == &sources[2], "two sources of one issuer");

    free(token);
}


/* what a wrong token may cost */

static void
test_budget(void)
{
    char              *pem, *p;
    clock_t            start;
    unsigned           i, ms;
    secops_jws_t       jws;
    secops_slice_t     token;
    secops_jwk_set_t  *sets[2];

    static char  text[256];

    /* {"alg":"ES384"}, {}, and 96 bytes that are no signature of it */

    p = stpcpy(text, "eyJhbGciOiJFUzM4NCJ9.e30.");

    for (i = 0; i < 128; i++) {
        *p++ = 'A' + i % 2;
    }

    pem = malloc(sizeof(JWK_PEM_P384) * 128);
    p = pem;

    for (i = 0; i < 128; i++) {
        p = stpcpy(p, JWK_PEM_P384);
    }

    sets[0] = test_keys(pem);
    sets[1] = test_keys(TEST_KEY("b"));
    token = slice(text);

    ok(!secops_jws_can_try_all(sets[0]), "R.17: 128 keys are too many");
    ok(secops_jws_can_try_all(sets[1]), "... one is not");

    start = clock();

    ok(secops_jws_verify(&jws, token, SECOPS_JWS_MAX_SIZE, sets, 2, &reason)
       == SECOPS_JWS_INVALID && strstr(reason, "too many keys") != NULL,
       "R.17: a token that fits 128 keys and names none");

    ms = (unsigned) ((clock() - start) * 1000 / CLOCKS_PER_SEC);
    printf("# %u ms\n", ms);

    ok(ms < 60, "R.17: ... is not tried with all of them");

    token.data = (unsigned char *) jwt_issue(slice(TEST_NAMED("b")),
                                             slice("{}"),
                                             slice(JWT_ISSUE_SECRET));
    token.len = strlen((const char *) token.data);

    ok(secops_jws_verify(&jws, token, SECOPS_JWS_MAX_SIZE, sets, 2, &reason)
       == SECOPS_JWS_OK, "... and one that names its key is tried with that");

    secops_jws_free(&jws);
    free((void *) token.data);
    free(pem);
    secops_jwk_set_free(sets[0]);
    secops_jwk_set_free(sets[1]);
}


static void
test_limit(void)
{
    char                 *claims, *token;
    secops_jwt_t          jwt;
    secops_jwk_set_t     *set;
    secops_jws_status_e   status;
    secops_jwt_policy_t   policy;

    set = test_keys(JWT_ISSUE_JWK);
    policy = test_policy();

    claims = malloc(75000);
    memset(claims, ' ', 75000);
    memcpy(claims, "{}", 2);
    claims[74999] = '\0';

    token = jwt_issue(slice(TEST_HEADER), slice(claims),
                      slice(JWT_ISSUE_SECRET));

    ok(strlen(token) > 100000
       && secops_jwt_verify(&jwt, slice(token), &set, 1, &policy, TEST_NOW,
                            &reason)
          == SECOPS_JWS_INVALID && strcmp(reason, "it is too long") == 0,
       "a token of 100 kB is refused");

    policy.max_size = strlen(token) - 1;
    status = secops_jwt_verify(&jwt, slice(token), &set, 1, &policy,
                               TEST_NOW, &reason);

    ok(status == SECOPS_JWS_INVALID, "a token above the limit is refused");

    policy.max_size++;
    status = secops_jwt_verify(&jwt, slice(token), &set, 1, &policy,
                               TEST_NOW, &reason);

    if (ok(status == SECOPS_JWS_OK, "a token at the limit is not")) {
        secops_jwt_free(&jwt);
    }

    free(token);
    free(claims);
    secops_jwk_set_free(set);
}


/* what others left in the error queue must not matter, and none is left */

static void
test_errors(void)
{
    char              *token;
    size_t             len;
    secops_jwk_set_t  *set;

    set = test_keys(jwt_vectors[1].jwk);
    token = strdup(jwt_vectors[1].token);
    len = strlen(token);

    ERR_put_error(ERR_LIB_USER, 0, ERR_R_MALLOC_FAILURE, __FILE__, __LINE__);

    ok(test_jws(token, len, set, NULL) == SECOPS_JWS_OK,
       "an error of somebody else is none of the token");

    is_int(ERR_peek_error(), 0, "and is gone");

    token[len - 9] ^= 1;

    ok(test_jws(token, len, set, NULL) == SECOPS_JWS_INVALID
       && strcmp(reason, "its signature is wrong") == 0, "a wrong signature");

    is_int(ERR_peek_error(), 0, "leaves no error behind");

    free(token);
    secops_jwk_set_free(set);
}


/* the tokens of another issuer */

#define TEST_KEYS_MAX    32
#define TEST_TOKENS_MAX  256


typedef struct {
    char              type[16];
    char              form[8];          /* jwk, pem, cert */
    secops_jwk_set_t *set;
} test_issued_key_t;


typedef struct {
    char              alg[16];
    char              type[16];
    char              maker[16];
    char              token[2048];
} test_issued_t;


static test_issued_key_t  issued_keys[TEST_KEYS_MAX];
static test_issued_t      issued[TEST_TOKENS_MAX];
static size_t             nkeys, nissued;


static void
test_issued_line(char *line)
{
    int    n;
    char  *p, form[8], type[16];

    if (strncmp(line, "token ", 6) == 0 && nissued < TEST_TOKENS_MAX) {

        if (sscanf(line, "token %15s %15s %15s %2047s", issued[nissued].alg,
                   issued[nissued].type, issued[nissued].maker,
                   issued[nissued].token)
            == 4)
        {
            nissued++;
        }

        return;
    }

    if (sscanf(line, "%7s %15s %n", form, type, &n) != 2
        || nkeys == TEST_KEYS_MAX)
    {
        return;
    }

    for (p = line + n; *p && line[0] != 'j'; p++) {
        *p = *p == '|' ? '\n' : *p == '~' ? ' ' : *p;
    }

    (void) strcpy(issued_keys[nkeys].type, type);
    (void) strcpy(issued_keys[nkeys].form, form);
    issued_keys[nkeys++].set = test_keys(line + n);
}


/* by the letter of RFC 7518, RFC 8037 and RFC 9864 */

static int
test_belongs(const char *alg, const char *type)
{
    size_t  i;

    static const char *const  pairs[] = {
        "HS256 oct", "HS384 oct", "HS512 oct", "RS256 rsa", "RS384 rsa",
        "RS512 rsa", "PS256 rsa", "PS384 rsa", "PS512 rsa", "ES256 p256",
        "ES384 p384", "ES512 p521", "EdDSA ed25519", "EdDSA ed448",
        "Ed25519 ed25519", "Ed448 ed448"
    };

    for (i = 0; i < TEST_N(pairs); i++) {

        if (strncmp(pairs[i], alg, strlen(alg)) == 0
            && pairs[i][strlen(alg)] == ' '
            && strcmp(pairs[i] + strlen(alg) + 1, type) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* each token against each key, in each form; good only with its own, and only
   when key and algorithm belong together */

static void
test_issued_matrix(void)
{
    int                        expected;
    size_t                     i, n;
    secops_jws_status_e        status;
    const test_issued_key_t   *key;

    for (i = 0; i < nissued; i++) {
        for (n = 0; n < nkeys; n++) {

            key = &issued_keys[n];
            expected = strcmp(key->type, issued[i].type) == 0
                       && test_belongs(issued[i].alg, key->type);

            status = test_jws(issued[i].token, strlen(issued[i].token),
                              key->set, "{\"sub\":\"alice\"");

            ok(status == (expected ? SECOPS_JWS_OK : SECOPS_JWS_INVALID),
               "%s by %s, made with %s, is %s with a key %s as %s",
               issued[i].alg, issued[i].maker, issued[i].type,
               expected ? "good" : "refused", key->type, key->form);
        }
    }

    for (n = 0; n < nkeys; n++) {
        secops_jwk_set_free(issued_keys[n].set);
    }
}


static void
test_issued_file(void)
{
    FILE         *file;
    const char   *path;
    static char   line[8192];

    path = getenv("SECOPS_JWT_TOKENS");
    file = path ? fopen(path, "r") : NULL;

    if (file == NULL) {
        tap_skip("the tokens of another issuer",
                 path ? "$SECOPS_JWT_TOKENS can not be read"
                      : "$SECOPS_JWT_TOKENS is not set");
        return;
    }

    while (fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\n")] = '\0';
        test_issued_line(line);
    }

    (void) fclose(file);

    is_int(nkeys, 19, "there are 19 keys: 7 types, in up to three forms");
    ok(nissued >= 15 * 7, "there are tokens of each algorithm by each key");

    test_issued_matrix();
}


int
main(void)
{
    test_vectors();
    test_flipped();
    test_confusion();
    test_ecdsa();
    test_ecdsa_numbers();
    test_header();
    test_structure();
    test_kid();
    test_sets();
    test_claims();
    test_reading();
    test_merging();
    test_sources();
    test_budget();
    test_limit();
    test_errors();
    test_issued_file();

    return tap_done();
}
