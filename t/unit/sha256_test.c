
/* secops_sha256: the digests that FIPS 180-4 has as examples. */

#include "secops_tap.h"
#include "util/codec/secops_sha256.h"
#include "util/secops_hex.h"


static const struct {
    const char     *text;
    const char     *digest;
} sha256_cases[] = {
    { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc",
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" }
};


int
main(void)
{
    size_t         i;
    unsigned char  sha[SECOPS_SHA256_LEN], hex[2 * SECOPS_SHA256_LEN];

    for (i = 0; i < sizeof(sha256_cases) / sizeof(sha256_cases[0]); i++) {

        secops_sha256(secops_slice_of(sha256_cases[i].text), sha);

        (void) secops_hex_encode(hex, sha, SECOPS_SHA256_LEN);

        is_str(hex, sizeof(hex), sha256_cases[i].digest,
               sha256_cases[i].text);
    }

    return tap_done();
}
