
/* Keys in PEM (RFC 7468): public keys and certificates. */

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "jose/secops_jwk_internal.h"


#define SECOPS_JWK_PEM_N                                                      \
    (sizeof(secops_jwk_pem_blocks) / sizeof(secops_jwk_pem_t))


/* leaves *der after what it read; NULL: it is not what the label says */

typedef EVP_PKEY *(*secops_jwk_pem_pt)(const unsigned char **der, long len);

typedef struct {
    const char         *label;
    secops_jwk_pem_pt   read;
} secops_jwk_pem_t;


static const char *secops_jwk_pem_block(secops_jwk_set_t *set,
    const char *label, const unsigned char *der, long len);
static secops_jwk_pem_pt secops_jwk_pem_find(const char *label);
static EVP_PKEY *secops_jwk_pem_public(const unsigned char **der, long len);
static EVP_PKEY *secops_jwk_pem_rsa(const unsigned char **der, long len);
static EVP_PKEY *secops_jwk_pem_certificate(const unsigned char **der,
    long len);
static const char *secops_jwk_pem_end(const secops_jwk_set_t *set,
    secops_jwk_error_t *error);


static const secops_jwk_pem_t  secops_jwk_pem_blocks[] = {
    { "PUBLIC KEY", secops_jwk_pem_public },
    { "RSA PUBLIC KEY", secops_jwk_pem_rsa },
    { "CERTIFICATE", secops_jwk_pem_certificate }
};


const char *
secops_jwk_set_pem(secops_jwk_set_t *set, secops_slice_t text,
    secops_jwk_error_t *error)
{
    BIO            *bio;
    char           *label, *header;
    long            len;
    const char     *reason;
    unsigned char  *der;

    bio = BIO_new_mem_buf(text.data, (int) text.len);

    if (bio == NULL) {
        return secops_jwk_no_memory;
    }

    reason = NULL;

    while (reason == NULL
           && PEM_read_bio(bio, &label, &header, &der, &len) == 1)
    {
        error->key++;
        reason = secops_jwk_pem_block(set, label, der, len);

        /* the block may be a private key that was put here by mistake */

        OPENSSL_cleanse(der, len);

        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_free(der);
    }

    BIO_free(bio);

    return reason ? reason : secops_jwk_pem_end(set, error);
}


static const char *
secops_jwk_pem_block(secops_jwk_set_t *set, const char *label,
    const unsigned char *der, long len)
{
    EVP_PKEY             *pkey;
    const char           *reason;
    secops_jwk_t          key;
    secops_jwk_pem_pt     read;
    const unsigned char  *end;

    read = secops_jwk_pem_find(label);

    if (read == NULL) {
        return "it is no public key and no certificate";
    }

    end = der + len;
    pkey = read(&der, len);

    if (pkey == NULL) {
        return "it can not be read as what its label says";
    }

    memset(&key, 0, sizeof(secops_jwk_t));

    reason = secops_jwk_adopt(&key, pkey);

    if (reason) {
        return reason;
    }

    reason = der == end ? secops_jwk_set_add(set, &key)
                        : "something follows it within its block";

    if (reason) {
        secops_jwk_free(&key);
    }

    return reason;
}


static secops_jwk_pem_pt
secops_jwk_pem_find(const char *label)
{
    size_t  i;

    for (i = 0; i < SECOPS_JWK_PEM_N; i++) {

        if (strcmp(secops_jwk_pem_blocks[i].label, label) == 0) {
            return secops_jwk_pem_blocks[i].read;
        }
    }

    return NULL;
}


static EVP_PKEY *
secops_jwk_pem_public(const unsigned char **der, long len)
{
    return d2i_PUBKEY(NULL, der, len);
}


static EVP_PKEY *
secops_jwk_pem_rsa(const unsigned char **der, long len)
{
    return d2i_PublicKey(EVP_PKEY_RSA, NULL, der, len);
}


static EVP_PKEY *
secops_jwk_pem_certificate(const unsigned char **der, long len)
{
    X509      *x509;
    EVP_PKEY  *pkey;

    x509 = d2i_X509(NULL, der, len);

    if (x509 == NULL) {
        return NULL;
    }

    pkey = X509_get_pubkey(x509);

    X509_free(x509);

    return pkey;
}


/* the blocks ended because there are no more, or because of a broken one */

static const char *
secops_jwk_pem_end(const secops_jwk_set_t *set, secops_jwk_error_t *error)
{
    unsigned long  e;

    e = ERR_peek_last_error();

    if (ERR_GET_LIB(e) != ERR_LIB_PEM
        || ERR_GET_REASON(e) != PEM_R_NO_START_LINE)
    {
        error->key = set->nkeys ? error->key + 1 : 0;
        return "it is not well-formed PEM";
    }

    return set->nkeys ? NULL : "it is neither JSON nor PEM";
}
