
/*
 * libFuzzer target: any bytes as a key set, JWK Set or PEM.
 *
 * What was accepted must hold what jose/secops_jwk.h promises of a set,
 * and must refuse a token without any harm; what was not must say why.
 */

#include <stdint.h>
#include <stdio.h>

#include <openssl/err.h>

#include "jose/secops_jws.h"

#include "jwt_issue.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
jwks_fuzz_require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}


static void
jwks_fuzz_key(const secops_jwk_t *key)
{
    int  bits;

    jwks_fuzz_require(key->alg == NULL || key->alg->type == key->type,
                      "an algorithm of another type");

    if (key->type == SECOPS_JWA_OCT) {
        jwks_fuzz_require(key->pkey == NULL && key->secret.len >= 32,
                          "a secret that is too short");
        return;
    }

    jwks_fuzz_require(key->pkey != NULL && key->secret.data == NULL,
                      "a public key that is none");

    if (key->type == SECOPS_JWA_RSA) {
        bits = EVP_PKEY_bits(key->pkey);

        jwks_fuzz_require(bits >= SECOPS_JWK_RSA_MIN_BITS
                          && bits <= SECOPS_JWK_RSA_MAX_BITS,
                          "an RSA key out of bounds");
    }
}


/* zeros for a signature, of every length that some algorithm has */

static void
jwks_fuzz_verify(const secops_jwk_t *key)
{
    size_t                i;
    char                  header[32], token[8192];
    char                 *p;
    const char           *reason;
    secops_jws_t          jws;
    secops_jwk_set_t      set, *sets;
    secops_slice_t        signature;
    static unsigned char  zeros[SECOPS_JWK_RSA_MAX_BITS / 8];

    static const char *const  algs[] = {
        "HS256", "RS256", "PS512", "ES256", "ES384", "ES512", "EdDSA"
    };

    set.keys = (secops_jwk_t *) key;
    set.nkeys = 1;
    sets = &set;

    signature.data = zeros;
    signature.len = key->pkey ? (size_t) EVP_PKEY_size(key->pkey) : 32;

    if (key->type >= SECOPS_JWA_P256 && key->type <= SECOPS_JWA_P521) {
        signature.len = (EVP_PKEY_bits(key->pkey) + 7) / 8 * 2;
    }

    for (i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {

        (void) snprintf(header, sizeof(header), "{\"alg\":\"%s\"}", algs[i]);

        p = jwt_issue_encode(token, secops_slice_of(header));
        p += sprintf(p, ".e30.");
        p = jwt_issue_encode(p, signature);

        jwks_fuzz_require(secops_jws_verify(&jws, secops_slice_of(token),
                                            sizeof(token), &sets, 1, &reason)
                          == SECOPS_JWS_INVALID, "zeros are a signature");
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t               i;
    secops_jwk_set_t    *set;
    secops_jwk_error_t   error;

    error.reason = NULL;

    set = secops_jwk_set_parse(data, size, &error);

    jwks_fuzz_require(ERR_peek_error() == 0, "an error was left behind");

    if (set == NULL) {
        jwks_fuzz_require(error.reason != NULL, "no reason was told");
        return 0;
    }

    jwks_fuzz_require(set->nkeys >= 1 && set->nkeys <= SECOPS_JWK_SET_MAX
                      && (set->nignored == 0) == (set->ignored.reason == NULL),
                      "a set contradicts itself");

    for (i = 0; i < set->nkeys; i++) {
        jwks_fuzz_key(&set->keys[i]);
    }

    jwks_fuzz_verify(&set->keys[0]);

    secops_jwk_set_free(set);

    return 0;
}
