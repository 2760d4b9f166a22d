
/* The table of algorithms; see secops_jwa.h. */

#include "jose/secops_jwa.h"


#define SECOPS_JWA_N  (sizeof(secops_jwa_table) / sizeof(secops_jwa_t))


/*
 * What is not here is not verified.  "EdDSA" is the one name that two types
 * of key share.
 */

static const secops_jwa_t  secops_jwa_table[] = {

    { secops_slice("HS256"),
      SECOPS_JWA_OCT, SECOPS_JWA_HMAC, EVP_sha256, 32 },
    { secops_slice("HS384"),
      SECOPS_JWA_OCT, SECOPS_JWA_HMAC, EVP_sha384, 48 },
    { secops_slice("HS512"),
      SECOPS_JWA_OCT, SECOPS_JWA_HMAC, EVP_sha512, 64 },

    { secops_slice("RS256"),
      SECOPS_JWA_RSA, SECOPS_JWA_PKCS1, EVP_sha256, 0 },
    { secops_slice("RS384"),
      SECOPS_JWA_RSA, SECOPS_JWA_PKCS1, EVP_sha384, 0 },
    { secops_slice("RS512"),
      SECOPS_JWA_RSA, SECOPS_JWA_PKCS1, EVP_sha512, 0 },

    { secops_slice("PS256"),
      SECOPS_JWA_RSA, SECOPS_JWA_PSS, EVP_sha256, 0 },
    { secops_slice("PS384"),
      SECOPS_JWA_RSA, SECOPS_JWA_PSS, EVP_sha384, 0 },
    { secops_slice("PS512"),
      SECOPS_JWA_RSA, SECOPS_JWA_PSS, EVP_sha512, 0 },

    { secops_slice("ES256"),
      SECOPS_JWA_P256, SECOPS_JWA_ECDSA, EVP_sha256, 64 },
    { secops_slice("ES384"),
      SECOPS_JWA_P384, SECOPS_JWA_ECDSA, EVP_sha384, 96 },
    { secops_slice("ES512"),
      SECOPS_JWA_P521, SECOPS_JWA_ECDSA, EVP_sha512, 132 },

    { secops_slice("EdDSA"),
      SECOPS_JWA_ED25519, SECOPS_JWA_EDDSA, NULL, 64 },
    { secops_slice("EdDSA"),
      SECOPS_JWA_ED448, SECOPS_JWA_EDDSA, NULL, 114 },
    { secops_slice("Ed25519"),
      SECOPS_JWA_ED25519, SECOPS_JWA_EDDSA, NULL, 64 },
    { secops_slice("Ed448"),
      SECOPS_JWA_ED448, SECOPS_JWA_EDDSA, NULL, 114 }
};


const secops_jwa_t *
secops_jwa_find(secops_slice_t name, secops_jwa_type_e type)
{
    size_t  i;

    for (i = 0; i < SECOPS_JWA_N; i++) {

        if (secops_jwa_table[i].type == type
            && secops_slice_equal(secops_jwa_table[i].name, name))
        {
            return &secops_jwa_table[i];
        }
    }

    return NULL;
}


int
secops_jwa_known(secops_slice_t name)
{
    size_t  i;

    for (i = 0; i < SECOPS_JWA_N; i++) {

        if (secops_slice_equal(secops_jwa_table[i].name, name)) {
            return 1;
        }
    }

    return 0;
}
