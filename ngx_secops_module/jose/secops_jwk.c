
/* A set of keys, whatever it was read from; see secops_jwk.h. */

#include <stdlib.h>

#include <openssl/err.h>

#include "jose/secops_jwk_internal.h"


static int secops_jwk_is_json(secops_slice_t text);


secops_jwk_set_t *
secops_jwk_set_parse(const unsigned char *data, size_t len,
    secops_jwk_error_t *error)
{
    secops_slice_t     text;
    secops_jwk_set_t  *set;

    text.len = len;
    text.data = data;

    error->key = 0;

    if (len > SECOPS_JWK_SET_MAX_SIZE) {
        error->reason = "it is longer than 1 MB";
        return NULL;
    }

    set = calloc(1, sizeof(secops_jwk_set_t));

    if (set == NULL) {
        error->reason = secops_jwk_no_memory;
        return NULL;
    }

    ERR_clear_error();

    if (secops_jwk_is_json(text)) {
        error->reason = secops_jwk_set_json(set, text, error);

    } else {
        error->reason = secops_jwk_set_pem(set, text, error);
    }

    ERR_clear_error();

    if (error->reason == NULL) {
        return set;
    }

    secops_jwk_set_free(set);

    return NULL;
}


static int
secops_jwk_is_json(secops_slice_t text)
{
    size_t         i;
    unsigned char  c;

    for (i = 0; i < text.len; i++) {

        c = text.data[i];

        if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
            return c == '{';
        }
    }

    return 0;
}


const secops_jwa_t *
secops_jwk_algorithm(const secops_jwk_t *key, secops_slice_t alg)
{
    const secops_jwa_t  *jwa;

    jwa = secops_jwa_find(alg, key->type);

    if (jwa == NULL || (key->alg && key->alg != jwa)) {
        return NULL;
    }

    /* RFC 7518, 3.2: a key shorter than the digest must not be used */

    if (jwa->scheme == SECOPS_JWA_HMAC && key->secret.len < jwa->size) {
        return NULL;
    }

    return jwa;
}


unsigned
secops_jwk_cost(const secops_jwk_t *key)
{
    unsigned  bits;

    static const unsigned  costs[] = {
        [SECOPS_JWA_OCT] = 20,          /* of the longest token */
        [SECOPS_JWA_RSA] = 50,          /* of 2048 bits */
        [SECOPS_JWA_P256] = 100,
        [SECOPS_JWA_P384] = 600,
        [SECOPS_JWA_P521] = 500,
        [SECOPS_JWA_ED25519] = 150,
        [SECOPS_JWA_ED448] = 300
    };

    if (key->type != SECOPS_JWA_RSA) {
        return costs[key->type];
    }

    /* it grows with the square of the modulus */

    bits = (unsigned) EVP_PKEY_bits(key->pkey) / 256;

    return costs[SECOPS_JWA_RSA] * bits * bits / 64;
}
