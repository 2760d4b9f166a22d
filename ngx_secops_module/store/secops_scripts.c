
/* Names of scripts; see secops_scripts.h. */

#include <openssl/sha.h>

#include "store/secops_scripts.h"
#include "util/secops_hex.h"


void
secops_script_sha(const secops_script_t *script,
    unsigned char sha[SECOPS_SCRIPTS_SHA_LEN])
{
    unsigned char  bytes[SHA_DIGEST_LENGTH];

    (void) SHA1(script->text.data, script->text.len, bytes);

    (void) secops_hex_encode(sha, bytes, sizeof(bytes));
}
