
/*
 * libFuzzer target: any bytes as a token, and, because no fuzzer finds a
 * signature, any bytes as a header and claims that are then signed.
 *
 * The first byte says which: even, the rest is a token; odd, the rest is a
 * header, a NUL and claims.  A token that nobody signed must be refused; one
 * that is good must be so by the rules, and can be read by any path.
 */

#include <stdint.h>
#include <stdio.h>

#include <openssl/err.h>

#include "jose/secops_jwt.h"

#include "jwt_issue.h"


#define JWS_FUZZ_NOW     1700000000
#define JWS_FUZZ_LEEWAY  30


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static secops_jwk_set_t  *jws_fuzz_set;


static void
jws_fuzz_require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}


/* a secret, and a P-256 key that has a kid */

static void
jws_fuzz_init(void)
{
    secops_slice_t      text;
    secops_jwk_error_t  error;

    if (jws_fuzz_set) {
        return;
    }

    text = secops_slice_of("{\"keys\":[" JWT_ISSUE_JWK ","
                     "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\","
                     "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                     "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
                     "}]}");

    jws_fuzz_set = secops_jwk_set_parse(text.data, text.len, &error);
    jws_fuzz_require(jws_fuzz_set != NULL, "no keys");
}


static void
jws_fuzz_read(const secops_jwt_t *jwt)
{
    size_t              i, text, list;
    secops_slice_t      path;
    unsigned char      *buf;
    secops_jwt_claim_e  is_text, is_list;

    static const char *const  paths[] = {
        "sub", "roles", "a.b", "a.b.c", "a.b.c.d", "", ".", "aud", "x"
    };

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {

        path = secops_slice_of(paths[i]);
        buf = malloc(secops_jwt_claim_max(jwt));

        jws_fuzz_require(buf != NULL, "no memory");

        is_text = secops_jwt_claim_text(jwt, path, buf, &text);
        is_list = secops_jwt_claim_list(jwt, path, buf, &list);

        jws_fuzz_require((is_text == SECOPS_JWT_CLAIM_ABSENT)
                         == (is_list == SECOPS_JWT_CLAIM_ABSENT)
                         && (text > 0) == (is_text == SECOPS_JWT_CLAIM_USABLE)
                         && (list == 0 || is_list == SECOPS_JWT_CLAIM_USABLE),
                         "a claim is there and is not");

        jws_fuzz_require(list <= secops_jwt_claim_max(jwt)
                         && memchr(buf, '\0', list) == NULL
                         && (text == 0 || text == list),
                         "a claim contradicts itself");
        free(buf);
    }
}


static void
jws_fuzz_verify(const char *token, size_t len, int is_signed)
{
    const char           *reason;
    secops_jwt_t          jwt;
    secops_slice_t        slice;
    secops_jws_status_e   status;
    secops_jwt_policy_t   policy;

    memset(&policy, 0, sizeof(secops_jwt_policy_t));

    policy.leeway = JWS_FUZZ_LEEWAY;
    policy.max_size = SECOPS_JWS_MAX_SIZE;

    slice.len = len;
    slice.data = (const unsigned char *) token;

    reason = NULL;

    status = secops_jwt_verify(&jwt, slice, &jws_fuzz_set, 1, &policy,
                               JWS_FUZZ_NOW, &reason);

    jws_fuzz_require(ERR_peek_error() == 0, "an error was left behind");

    if (status != SECOPS_JWS_OK) {
        jws_fuzz_require(status != SECOPS_JWS_ERROR && reason != NULL,
                         "no reason was told");
        return;
    }

    jws_fuzz_require(is_signed, "nobody signed it");
    jws_fuzz_require(jwt.expiry > JWS_FUZZ_NOW
                     && jwt.claims.tokens[0].type == SECOPS_JSON_OBJECT,
                     "it is not good");

    jws_fuzz_read(&jwt);
    secops_jwt_free(&jwt);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char            *token;
    const uint8_t   *nul;
    secops_slice_t   header, claims;

    jws_fuzz_init();

    if (size < 2) {
        return 0;
    }

    if (data[0] % 2 == 0) {
        jws_fuzz_verify((const char *) data + 1, size - 1, 0);
        return 0;
    }

    data++;
    size--;
    nul = memchr(data, '\0', size);

    if (nul == NULL) {
        return 0;
    }

    header.data = data;
    header.len = nul - data;

    claims.data = nul + 1;
    claims.len = size - header.len - 1;

    token = jwt_issue(header, claims, secops_slice_of(JWT_ISSUE_SECRET));

    jws_fuzz_verify(token, strlen(token), 1);
    free(token);

    return 0;
}
