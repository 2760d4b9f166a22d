
/*
 * Every public key passes through its SubjectPublicKeyInfo (RFC 5280, 4.1):
 * numbers become a key by it, and a key of any origin tells its type by it.
 * It is the one way that is the same in OpenSSL 1.1.1 and 3.x.
 */

#include <openssl/x509.h>

#include "jose/secops_jwk_internal.h"
#include "jose/secops_der.h"


#define SECOPS_JWK_SPKI_N                                                     \
    (sizeof(secops_jwk_spki) / sizeof(secops_jwk_spki_t))

/* the longest RSA key, and what is around it */

#define SECOPS_JWK_SPKI_MAX  (SECOPS_JWK_RSA_MAX_BITS / 8 + 64)


typedef struct {
    secops_jwa_type_e  type;
    secops_slice_t     algorithm;       /* AlgorithmIdentifier, DER */
} secops_jwk_spki_t;


static const secops_jwk_spki_t *secops_jwk_spki_find(const unsigned char *der,
    size_t len);
static const char *secops_jwk_check_rsa(EVP_PKEY *pkey);


static const secops_jwk_spki_t  secops_jwk_spki[] = {

    { SECOPS_JWA_RSA,                   /* rsaEncryption, NULL */
      secops_slice("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
                   "\x05\x00") },

    { SECOPS_JWA_P256,                  /* id-ecPublicKey, secp256r1 */
      secops_slice("\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
                   "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07") },

    { SECOPS_JWA_P384,                  /* id-ecPublicKey, secp384r1 */
      secops_slice("\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
                   "\x06\x05\x2b\x81\x04\x00\x22") },

    { SECOPS_JWA_P521,                  /* id-ecPublicKey, secp521r1 */
      secops_slice("\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
                   "\x06\x05\x2b\x81\x04\x00\x23") },

    { SECOPS_JWA_ED25519, secops_slice("\x30\x05\x06\x03\x2b\x65\x70") },

    { SECOPS_JWA_ED448, secops_slice("\x30\x05\x06\x03\x2b\x65\x71") }
};


EVP_PKEY *
secops_jwk_spki_read(secops_jwa_type_e type, secops_slice_t content)
{
    size_t                    i, len;
    secops_slice_t            algorithm;
    unsigned char            *p;
    const unsigned char      *der;
    unsigned char             buf[SECOPS_JWK_SPKI_MAX];

    for (i = 0; secops_jwk_spki[i].type != type; i++) { /* void */ }

    algorithm = secops_jwk_spki[i].algorithm;

    /* a bit string's content begins with the number of its unused bits */

    len = secops_der_header_size(content.len + 1) + content.len + 1;

    if (algorithm.len + len + 4 > sizeof(buf)) {
        return NULL;
    }

    p = secops_der_header(buf, SECOPS_DER_SEQUENCE, algorithm.len + len);

    memcpy(p, algorithm.data, algorithm.len);
    p += algorithm.len;

    p = secops_der_header(p, SECOPS_DER_BIT_STRING, content.len + 1);
    *p++ = 0;

    memcpy(p, content.data, content.len);
    p += content.len;

    der = buf;

    return d2i_PUBKEY(NULL, &der, p - buf);
}


const char *
secops_jwk_adopt(secops_jwk_t *key, EVP_PKEY *pkey)
{
    int                       len;
    const char               *reason;
    unsigned char            *der;
    const secops_jwk_spki_t  *spki;

    der = NULL;
    len = i2d_PUBKEY(pkey, &der);
    spki = len > 0 ? secops_jwk_spki_find(der, len) : NULL;

    OPENSSL_free(der);

    if (spki == NULL) {
        EVP_PKEY_free(pkey);
        return "its type or its curve is not supported";
    }

    reason = spki->type == SECOPS_JWA_RSA ? secops_jwk_check_rsa(pkey) : NULL;

    if (reason) {
        EVP_PKEY_free(pkey);
        return reason;
    }

    key->type = spki->type;
    key->pkey = pkey;

    return NULL;
}


static const secops_jwk_spki_t *
secops_jwk_spki_find(const unsigned char *der, size_t len)
{
    size_t          i, size;
    secops_slice_t  algorithm;

    /* past the outer header, whose length is short or has its own length */

    size = der[1] & 0x80 ? 2u + (der[1] & 0x7f) : 2;

    for (i = 0; i < SECOPS_JWK_SPKI_N; i++) {

        algorithm = secops_jwk_spki[i].algorithm;

        if (len >= size + algorithm.len
            && memcmp(der + size, algorithm.data, algorithm.len) == 0)
        {
            return &secops_jwk_spki[i];
        }
    }

    return NULL;
}


static const char *
secops_jwk_check_rsa(EVP_PKEY *pkey)
{
    int  bits;

    bits = EVP_PKEY_bits(pkey);

    if (bits < SECOPS_JWK_RSA_MIN_BITS) {
        return "an RSA key must have 2048 bits or more";
    }

    if (bits > SECOPS_JWK_RSA_MAX_BITS) {
        return "an RSA key must have 16384 bits or less";
    }

    return NULL;
}
