
/* Verifying a signature; see secops_jws_signature.h. */

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "jose/secops_jws_signature.h"


/* SEQUENCE of two INTEGERs, each as long as a P-521 coordinate */

#define SECOPS_JWS_ECDSA_MAX  (4 + 2 * (2 + 1 + 66))


static secops_jws_status_e secops_jws_signature_hmac(const secops_jwa_t *jwa,
    const secops_jwk_t *key, secops_slice_t input, secops_slice_t signature);
static secops_jws_status_e secops_jws_signature_public(const secops_jwa_t *jwa,
    const secops_jwk_t *key, secops_slice_t input, secops_slice_t signature);
static int secops_jws_signature_pss(EVP_PKEY_CTX *ctx);
static size_t secops_jws_signature_ecdsa(unsigned char *der,
    secops_slice_t signature);


secops_jws_status_e
secops_jws_signature_verify(const secops_jwa_t *jwa, const secops_jwk_t *key,
    secops_slice_t input, secops_slice_t signature)
{
    size_t               size;
    secops_jws_status_e  status;

    size = jwa->size ? jwa->size : (size_t) EVP_PKEY_size(key->pkey);

    if (signature.len != size) {
        return SECOPS_JWS_INVALID;
    }

    ERR_clear_error();

    if (jwa->scheme == SECOPS_JWA_HMAC) {
        status = secops_jws_signature_hmac(jwa, key, input, signature);

    } else {
        status = secops_jws_signature_public(jwa, key, input, signature);
    }

    ERR_clear_error();

    return status;
}


static secops_jws_status_e
secops_jws_signature_hmac(const secops_jwa_t *jwa, const secops_jwk_t *key,
    secops_slice_t input, secops_slice_t signature)
{
    int            equal;
    unsigned       len;
    unsigned char  mac[EVP_MAX_MD_SIZE];

    if (HMAC(jwa->digest(), key->secret.data, (int) key->secret.len,
             input.data, input.len, mac, &len)
        == NULL)
    {
        return SECOPS_JWS_ERROR;
    }

    equal = len == signature.len
            && CRYPTO_memcmp(mac, signature.data, len) == 0;

    OPENSSL_cleanse(mac, sizeof(mac));

    return equal ? SECOPS_JWS_OK : SECOPS_JWS_INVALID;
}


static secops_jws_status_e
secops_jws_signature_public(const secops_jwa_t *jwa, const secops_jwk_t *key,
    secops_slice_t input, secops_slice_t signature)
{
    EVP_MD_CTX           *md;
    EVP_PKEY_CTX         *ctx;
    const EVP_MD         *digest;
    unsigned char         der[SECOPS_JWS_ECDSA_MAX];
    secops_jws_status_e   status;

    if (jwa->scheme == SECOPS_JWA_ECDSA) {
        signature.len = secops_jws_signature_ecdsa(der, signature);
        signature.data = der;

        if (signature.len == 0) {
            return SECOPS_JWS_ERROR;
        }
    }

    md = EVP_MD_CTX_new();

    if (md == NULL) {
        return SECOPS_JWS_ERROR;
    }

    status = SECOPS_JWS_ERROR;
    digest = jwa->digest ? jwa->digest() : NULL;

    if (EVP_DigestVerifyInit(md, &ctx, digest, NULL, key->pkey) == 1
        && (jwa->scheme != SECOPS_JWA_PSS || secops_jws_signature_pss(ctx)))
    {
        status = EVP_DigestVerify(md, signature.data, signature.len,
                                  input.data, input.len)
                 == 1 ? SECOPS_JWS_OK : SECOPS_JWS_INVALID;
    }

    EVP_MD_CTX_free(md);

    return status;
}


/* RFC 7518, 3.5: the salt is as long as the digest, MGF1 uses the same one */

static int
secops_jws_signature_pss(EVP_PKEY_CTX *ctx)
{
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1
           && EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST)
              == 1;
}


/* r and s, side by side in a JWS (RFC 7518, 3.4), as OpenSSL wants them;
   returns the bytes written, or 0: no memory */

static size_t
secops_jws_signature_ecdsa(unsigned char *der, secops_slice_t signature)
{
    int         len, size;
    BIGNUM     *r, *s;
    ECDSA_SIG  *numbers;

    size = (int) signature.len / 2;

    r = BN_bin2bn(signature.data, size, NULL);
    s = BN_bin2bn(signature.data + size, size, NULL);
    numbers = ECDSA_SIG_new();

    if (r == NULL || s == NULL || numbers == NULL) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(numbers);
        return 0;
    }

    (void) ECDSA_SIG_set0(numbers, r, s);

    len = i2d_ECDSA_SIG(numbers, &der);

    ECDSA_SIG_free(numbers);

    return len > 0 ? (size_t) len : 0;
}
