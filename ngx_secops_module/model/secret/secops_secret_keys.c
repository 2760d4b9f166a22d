
/* The keys that secrets are encrypted with, as a file has them; see
   secops_secret.h. */

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "model/secret/secops_secret.h"
#include "util/codec/secops_base64.h"
#include "util/secops_hex.h"


/* 32 bytes as text, without "=" */

#define SECOPS_SECRET_BASE64_LEN                                              \
    secops_base64url_length(SECOPS_SECRET_KEY_LEN)


static secops_slice_t secops_secret_line(secops_slice_t line);
static const char *secops_secret_keys_add(secops_secret_keys_t *keys,
    secops_slice_t line);
static int secops_secret_key_hex(unsigned char *key, secops_slice_t text);
static int secops_secret_key_base64(unsigned char *key, secops_slice_t text);
static int secops_secret_key_name(secops_secret_key_t *key);


int
secops_secret_keys_read(secops_secret_keys_t *keys, secops_slice_t text,
    secops_secret_error_t *error)
{
    secops_slice_t  line;

    memset(keys, 0, sizeof(secops_secret_keys_t));

    error->line = 0;
    error->reason = NULL;

    while (error->reason == NULL && secops_text_line_next(&text, &line)) {

        error->line++;
        line = secops_secret_line(line);

        if (line.len) {
            error->reason = secops_secret_keys_add(keys, line);
        }
    }

    if (error->reason == NULL && keys->n == 0) {
        error->line = 0;
        error->reason = "it has no key";
    }

    if (error->reason) {
        secops_secret_keys_wipe(keys);
        return -1;
    }

    return 0;
}


/* without a comment, and what is blank at its ends */

static secops_slice_t
secops_secret_line(secops_slice_t line)
{
    const unsigned char  *comment;

    comment = line.len ? memchr(line.data, '#', line.len) : NULL;

    if (comment) {
        line.len = (size_t) (comment - line.data);
    }

    while (line.len && secops_text_is_blank(secops_slice_bytes(line.data, 1)))
    {
        line.data++;
        line.len--;
    }

    while (line.len
           && secops_text_is_blank(secops_slice_bytes(line.data + line.len - 1,
                                                      1)))
    {
        line.len--;
    }

    return line;
}


/* NULL: it was added; else what is wrong */

static const char *
secops_secret_keys_add(secops_secret_keys_t *keys, secops_slice_t line)
{
    size_t                i;
    secops_secret_key_t  *key;

    if (keys->n == SECOPS_SECRET_KEYS_MAX) {
        return "there are more than 16 keys";
    }

    key = &keys->list[keys->n];

    if (secops_secret_key_hex(key->key, line) != 0
        && secops_secret_key_base64(key->key, line) != 0)
    {
        return "this is no key: 32 bytes as base64, or 64 hexadecimal digits";
    }

    if (secops_secret_key_name(key) != 0) {
        return "its SHA-256 could not be made";
    }

    for (i = 0; i < keys->n; i++) {

        /* two keys that have one id are as likely as a lottery's first prize */

        if (memcmp(keys->list[i].id, key->id, SECOPS_SECRET_ID_LEN) == 0) {
            return "this key is there twice";
        }
    }

    keys->n++;

    return NULL;
}


static int
secops_secret_key_hex(unsigned char *key, secops_slice_t text)
{
    int     high, low;
    size_t  i;

    if (text.len != 2 * SECOPS_SECRET_KEY_LEN) {
        return -1;
    }

    for (i = 0; i < SECOPS_SECRET_KEY_LEN; i++) {

        high = secops_hex_value(text.data[2 * i]);
        low = secops_hex_value(text.data[2 * i + 1]);

        if (high < 0 || low < 0) {
            return -1;
        }

        key[i] = (unsigned char) (high << 4 | low);
    }

    return 0;
}


static int
secops_secret_key_base64(unsigned char *key, secops_slice_t text)
{
    int             rc;
    size_t          i, len;
    unsigned char   url[SECOPS_SECRET_BASE64_LEN];

    if (text.len == SECOPS_SECRET_BASE64_LEN + 1
        && text.data[SECOPS_SECRET_BASE64_LEN] == '=')
    {
        text.len--;
    }

    if (text.len != SECOPS_SECRET_BASE64_LEN) {
        return -1;
    }

    for (i = 0; i < text.len; i++) {
        url[i] = text.data[i] == '+' ? '-' : text.data[i] == '/' ? '_'
                                                            : text.data[i];
    }

    rc = secops_base64url_decode(secops_slice_bytes(url, sizeof(url)), key,
                                 &len);

    OPENSSL_cleanse(url, sizeof(url));

    return rc;
}


static int
secops_secret_key_name(secops_secret_key_t *key)
{
    unsigned char  digest[EVP_MAX_MD_SIZE];

    if (EVP_Digest(key->key, SECOPS_SECRET_KEY_LEN, digest, NULL, EVP_sha256(),
                   NULL)
        != 1)
    {
        return -1;
    }

    (void) secops_hex_encode(key->id, digest, SECOPS_SECRET_ID_LEN / 2);

    return 0;
}


void
secops_secret_keys_wipe(secops_secret_keys_t *keys)
{
    OPENSSL_cleanse(keys, sizeof(secops_secret_keys_t));
}
