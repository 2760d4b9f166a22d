
/* Envelopes; see secops_secret.h. */

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "model/secret/secops_secret.h"
#include "util/codec/secops_base64.h"
#include "util/secops_hex.h"


/* "$secops$", the version, and what ends it */

#define SECOPS_SECRET_HEAD      SECOPS_SECRET_BEGIN "1$"
#define SECOPS_SECRET_HEAD_LEN  (sizeof(SECOPS_SECRET_HEAD) - 1)

/* all that comes before the base64url */

#define SECOPS_SECRET_LEAD                                                    \
    (SECOPS_SECRET_HEAD_LEN + SECOPS_SECRET_ID_LEN + 1)

#define SECOPS_SECRET_NONCE_LEN  12
#define SECOPS_SECRET_TAG_LEN    16
#define SECOPS_SECRET_OVERHEAD                                                \
    (SECOPS_SECRET_NONCE_LEN + SECOPS_SECRET_TAG_LEN)

/* parts of the additional data */

#define SECOPS_SECRET_PARTS  5


static const secops_secret_key_t *secops_secret_key(
    const secops_secret_keys_t *keys, secops_slice_t id);
static int secops_secret_encrypt(const secops_secret_key_t *key,
    const secops_secret_place_t *place, secops_slice_t secret,
    unsigned char *raw);
static int secops_secret_decrypt(const secops_secret_key_t *key,
    const secops_secret_place_t *place, secops_slice_t raw,
    unsigned char *secret);
static EVP_CIPHER_CTX *secops_secret_cipher(const secops_secret_key_t *key,
    const secops_secret_place_t *place, const unsigned char *nonce,
    int encrypt);
static int secops_secret_bind(EVP_CIPHER_CTX *ctx,
    const secops_secret_place_t *place);


int
secops_secret_is_envelope(secops_slice_t text)
{
    return text.len >= sizeof(SECOPS_SECRET_BEGIN) - 1
           && memcmp(text.data, SECOPS_SECRET_BEGIN,
                     sizeof(SECOPS_SECRET_BEGIN) - 1)
              == 0;
}


secops_slice_t
secops_secret_key_id(secops_slice_t envelope)
{
    size_t          i;
    secops_slice_t  id;

    if (envelope.len < SECOPS_SECRET_LEAD
        || memcmp(envelope.data, SECOPS_SECRET_HEAD, SECOPS_SECRET_HEAD_LEN)
           != 0
        || envelope.data[SECOPS_SECRET_LEAD - 1] != '$')
    {
        return secops_slice_bytes(NULL, 0);
    }

    id = secops_slice_bytes(envelope.data + SECOPS_SECRET_HEAD_LEN,
                            SECOPS_SECRET_ID_LEN);

    for (i = 0; i < id.len; i++) {
        if (secops_hex_value(id.data[i]) < 0) {
            return secops_slice_bytes(NULL, 0);
        }
    }

    return id;
}


int
secops_secret_is_current(const secops_secret_keys_t *keys,
    secops_slice_t envelope)
{
    return keys && keys->n
           && secops_slice_equal(secops_secret_key_id(envelope),
                                 secops_slice_bytes(keys->list[0].id,
                                                    SECOPS_SECRET_ID_LEN));
}


/* NULL: there is none with this id */

static const secops_secret_key_t *
secops_secret_key(const secops_secret_keys_t *keys, secops_slice_t id)
{
    size_t  i;

    for (i = 0; keys && i < keys->n; i++) {
        if (memcmp(keys->list[i].id, id.data, SECOPS_SECRET_ID_LEN) == 0) {
            return &keys->list[i];
        }
    }

    return NULL;
}


secops_secret_e
secops_secret_seal(const secops_secret_keys_t *keys,
    const secops_secret_place_t *place, secops_slice_t secret,
    secops_text_t *envelope)
{
    size_t                      len;
    unsigned char              *raw, *text, *p;
    const secops_secret_key_t  *key;

    if (secret.len > INT_MAX / 2 - SECOPS_SECRET_OVERHEAD) {
        return SECOPS_SECRET_FAILED;
    }

    key = &keys->list[0];
    len = secret.len + SECOPS_SECRET_OVERHEAD;

    raw = malloc(len + SECOPS_SECRET_LEAD + secops_base64url_length(len));

    if (raw == NULL) {
        return SECOPS_SECRET_FAILED;
    }

    if (secops_secret_encrypt(key, place, secret, raw) != 0) {
        free(raw);
        return SECOPS_SECRET_FAILED;
    }

    text = raw + len;

    memcpy(text, SECOPS_SECRET_HEAD, SECOPS_SECRET_HEAD_LEN);
    p = text + SECOPS_SECRET_HEAD_LEN;

    memcpy(p, key->id, SECOPS_SECRET_ID_LEN);
    p += SECOPS_SECRET_ID_LEN;

    *p++ = '$';
    p = secops_base64url_encode(p, secops_slice_bytes(raw, len));

    secops_text_append(envelope, secops_slice_bytes(text, (size_t) (p - text)));

    free(raw);

    return envelope->failed ? SECOPS_SECRET_FAILED : SECOPS_SECRET_OK;
}


secops_secret_e
secops_secret_open(const secops_secret_keys_t *keys,
    const secops_secret_place_t *place, secops_slice_t envelope,
    secops_text_t *secret)
{
    size_t                      len;
    unsigned char              *raw;
    secops_slice_t              id;
    secops_secret_e             rc;
    const secops_secret_key_t  *key;

    id = secops_secret_key_id(envelope);

    if (id.len == 0 || envelope.len > INT_MAX) {
        return SECOPS_SECRET_NO_ENVELOPE;
    }

    key = secops_secret_key(keys, id);

    if (key == NULL) {
        return SECOPS_SECRET_NO_KEY;
    }

    envelope.data += SECOPS_SECRET_LEAD;
    envelope.len -= SECOPS_SECRET_LEAD;

    /* the bytes, and behind them room for what is in them */

    raw = malloc(2 * secops_base64url_size(envelope.len) + 1);

    if (raw == NULL) {
        return SECOPS_SECRET_FAILED;
    }

    if (secops_base64url_decode(envelope, raw, &len) != 0
        || len < SECOPS_SECRET_OVERHEAD)
    {
        free(raw);
        return SECOPS_SECRET_NO_ENVELOPE;
    }

    rc = SECOPS_SECRET_BROKEN;

    if (secops_secret_decrypt(key, place, secops_slice_bytes(raw, len),
                              raw + len)
        == 0)
    {
        secops_text_append(secret,
                           secops_slice_bytes(raw + len,
                                              len - SECOPS_SECRET_OVERHEAD));

        rc = secret->failed ? SECOPS_SECRET_FAILED : SECOPS_SECRET_OK;
    }

    /* also if it is not the secret: it was decrypted before the tag said so */

    OPENSSL_cleanse(raw + len, len - SECOPS_SECRET_OVERHEAD);
    free(raw);

    return rc;
}


/* raw has room for nonce, ciphertext and tag */

static int
secops_secret_encrypt(const secops_secret_key_t *key,
    const secops_secret_place_t *place, secops_slice_t secret,
    unsigned char *raw)
{
    int              rc, n;
    unsigned char   *text;
    EVP_CIPHER_CTX  *ctx;

    if (RAND_bytes(raw, SECOPS_SECRET_NONCE_LEN) != 1) {
        return -1;
    }

    ctx = secops_secret_cipher(key, place, raw, 1);

    if (ctx == NULL) {
        return -1;
    }

    text = raw + SECOPS_SECRET_NONCE_LEN;

    rc = (secret.len == 0
          || EVP_EncryptUpdate(ctx, text, &n, secret.data, (int) secret.len)
             == 1)
         && EVP_EncryptFinal_ex(ctx, text + secret.len, &n) == 1
         && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG,
                                SECOPS_SECRET_TAG_LEN, text + secret.len)
            == 1
         ? 0 : -1;

    EVP_CIPHER_CTX_free(ctx);

    return rc;
}


/* -1: the tag does not fit */

static int
secops_secret_decrypt(const secops_secret_key_t *key,
    const secops_secret_place_t *place, secops_slice_t raw,
    unsigned char *secret)
{
    int                   rc, n;
    size_t                len;
    EVP_CIPHER_CTX       *ctx;
    const unsigned char  *text;

    ctx = secops_secret_cipher(key, place, raw.data, 0);

    if (ctx == NULL) {
        return -1;
    }

    len = raw.len - SECOPS_SECRET_OVERHEAD;
    text = raw.data + SECOPS_SECRET_NONCE_LEN;

    rc = (len == 0 || EVP_DecryptUpdate(ctx, secret, &n, text, (int) len) == 1)
         && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG,
                                SECOPS_SECRET_TAG_LEN, (void *) (text + len))
            == 1
         && EVP_DecryptFinal_ex(ctx, secret + len, &n) == 1
         ? 0 : -1;

    EVP_CIPHER_CTX_free(ctx);

    return rc;
}


/* with the key, the nonce and the place; NULL: no memory */

static EVP_CIPHER_CTX *
secops_secret_cipher(const secops_secret_key_t *key,
    const secops_secret_place_t *place, const unsigned char *nonce,
    int encrypt)
{
    EVP_CIPHER_CTX  *ctx;

    ctx = EVP_CIPHER_CTX_new();

    if (ctx == NULL) {
        return NULL;
    }

    /* the length of the nonce is the cipher's own */

    if (EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->key, nonce,
                          encrypt)
        != 1
        || secops_secret_bind(ctx, place) != 0)
    {
        EVP_CIPHER_CTX_free(ctx);
        return NULL;
    }

    return ctx;
}


/* each part with its length before it: so no two places read the same */

static int
secops_secret_bind(EVP_CIPHER_CTX *ctx, const secops_secret_place_t *place)
{
    int             n;
    size_t          i, k;
    unsigned char   len[8];
    secops_slice_t  parts[SECOPS_SECRET_PARTS] = {
        secops_slice("secops 1"), place->domain, place->type, place->id,
        place->pointer
    };

    for (i = 0; i < SECOPS_SECRET_PARTS; i++) {

        for (k = 0; k < sizeof(len); k++) {
            len[k] = (unsigned char) ((uint64_t) parts[i].len >> (56 - 8 * k));
        }

        if (EVP_CipherUpdate(ctx, NULL, &n, len, sizeof(len)) != 1
            || (parts[i].len
                && EVP_CipherUpdate(ctx, NULL, &n, parts[i].data,
                                    (int) parts[i].len)
                   != 1))
        {
            return -1;
        }
    }

    return 0;
}


void
secops_secret_wipe(secops_text_t *secret)
{
    if (secret->data) {
        OPENSSL_cleanse(secret->data, secret->size);
    }

    secops_text_free(secret);
}


const char *
secops_secret_reason(secops_secret_e rc)
{
    static const char  *reasons[] = {
        "it can be opened",
        "it has not the form of an encrypted secret",
        "its key is not in the file of keys",
        "it was altered, or belongs to another place",
        "there is no memory"
    };

    return reasons[rc];
}
