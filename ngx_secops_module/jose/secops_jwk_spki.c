
/*
 * Every public key passes through its SubjectPublicKeyInfo (RFC 5280, 4.1):
 * numbers become a key by it, and a key of any origin tells its type by it.
 * It is the one way that is the same in OpenSSL 1.1.1 and 3.x.
 */

#include <openssl/x509.h>

#include "jose/secops_jwk_internal.h"


#define SECOPS_JWK_SPKI_N                                                     \
    (sizeof(secops_jwk_spki) / sizeof(secops_jwk_spki_t))


typedef struct {
    secops_jwa_type_e  type;
    int                algorithm;       /* NID of the AlgorithmIdentifier's */
    int                parameter;       /* ASN.1 type of what stands beside */
    int                curve;           /* NID, where that is one */
} secops_jwk_spki_t;


static const secops_jwk_spki_t *secops_jwk_spki_find(X509_PUBKEY *info);
static const char *secops_jwk_check_rsa(EVP_PKEY *pkey);


static const secops_jwk_spki_t  secops_jwk_spki[] = {
    { SECOPS_JWA_RSA, NID_rsaEncryption, V_ASN1_NULL, NID_undef },
    { SECOPS_JWA_P256, NID_X9_62_id_ecPublicKey, V_ASN1_OBJECT,
      NID_X9_62_prime256v1 },
    { SECOPS_JWA_P384, NID_X9_62_id_ecPublicKey, V_ASN1_OBJECT,
      NID_secp384r1 },
    { SECOPS_JWA_P521, NID_X9_62_id_ecPublicKey, V_ASN1_OBJECT,
      NID_secp521r1 },
    { SECOPS_JWA_ED25519, NID_ED25519, V_ASN1_UNDEF, NID_undef },
    { SECOPS_JWA_ED448, NID_ED448, V_ASN1_UNDEF, NID_undef }
};


EVP_PKEY *
secops_jwk_spki_read(secops_jwa_type_e type, secops_slice_t content)
{
    int                       len;
    EVP_PKEY                 *pkey;
    ASN1_OBJECT              *curve;
    X509_PUBKEY              *info;
    unsigned char            *bits, *der;
    const unsigned char      *p;
    const secops_jwk_spki_t  *spki;

    for (spki = secops_jwk_spki; spki->type != type; spki++) { /* void */ }

    curve = spki->curve != NID_undef ? OBJ_nid2obj(spki->curve) : NULL;
    info = X509_PUBKEY_new();
    bits = OPENSSL_memdup(content.data, content.len);

    if (info == NULL || bits == NULL
        || X509_PUBKEY_set0_param(info, OBJ_nid2obj(spki->algorithm),
                                  spki->parameter, curve, bits,
                                  (int) content.len)
           != 1)
    {
        OPENSSL_free(bits);
        X509_PUBKEY_free(info);
        return NULL;
    }

    /* only what is read is decoded, by all versions */

    der = NULL;
    len = i2d_X509_PUBKEY(info, &der);

    X509_PUBKEY_free(info);

    p = der;
    pkey = len > 0 ? d2i_PUBKEY(NULL, &p, len) : NULL;

    OPENSSL_free(der);

    return pkey;
}


const char *
secops_jwk_adopt(secops_jwk_t *key, EVP_PKEY *pkey)
{
    const char               *reason;
    X509_PUBKEY              *info;
    const secops_jwk_spki_t  *spki;

    info = NULL;
    spki = X509_PUBKEY_set(&info, pkey) == 1 ? secops_jwk_spki_find(info)
                                             : NULL;
    X509_PUBKEY_free(info);

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


/* a curve that is not named, but described, is not supported */

static const secops_jwk_spki_t *
secops_jwk_spki_find(X509_PUBKEY *info)
{
    int                 type, algorithm, curve;
    size_t              i;
    const void         *value;
    X509_ALGOR         *identifier;
    const ASN1_OBJECT  *object;

    (void) X509_PUBKEY_get0_param(NULL, NULL, NULL, &identifier, info);

    X509_ALGOR_get0(&object, &type, &value, identifier);

    algorithm = OBJ_obj2nid(object);
    curve = type == V_ASN1_OBJECT ? OBJ_obj2nid(value) : NID_undef;

    for (i = 0; i < SECOPS_JWK_SPKI_N; i++) {

        if (algorithm == secops_jwk_spki[i].algorithm
            && curve == secops_jwk_spki[i].curve)
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
