
/* SHA-256; see secops_sha256.h. */

/*
 * OpenSSL would rather be asked through EVP_*, which looks the algorithm up
 * for every digest: of a short text that takes three times as long as the
 * digest itself, and it can fail.
 */

#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/sha.h>

#include "util/codec/secops_sha256.h"


void
secops_sha256(secops_slice_t text, unsigned char digest[SECOPS_SHA256_LEN])
{
    SHA256_CTX  ctx;

    (void) SHA256_Init(&ctx);
    (void) SHA256_Update(&ctx, text.data, text.len);
    (void) SHA256_Final(digest, &ctx);
}
