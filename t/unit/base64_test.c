
/* secops_base64: base64url without padding, one encoding only of any bytes. */

#include "secops_tap.h"
#include "util/codec/secops_base64.h"


typedef struct {
    const char     *bytes;
    const char     *text;
} base64_case_t;


/* RFC 4648, section 10, and the two characters that base64 has not */

static const base64_case_t  base64_cases[] = {
    { "", "" },
    { "f", "Zg" },
    { "fo", "Zm8" },
    { "foo", "Zm9v" },
    { "foob", "Zm9vYg" },
    { "fooba", "Zm9vYmE" },
    { "foobar", "Zm9vYmFy" },
    { "\xfb\xff\xbf", "-_-_" },
    { "\xff\xff\xff", "____" }
};


static const char  *base64_refused[] = {
    "Z", "Zm9vY", "Zg==", "Zh", "Zm9", "Zm 9", "Zm\n9v", "+_-_", "-/-_",
    "Zm9v=", "Zm9\xc3"
};


static void test_cases(void);
static void test_refused(void);
static void test_all_lengths(void);
static void test_all_bytes(void);


int
main(void)
{
    test_cases();
    test_refused();
    test_all_lengths();
    test_all_bytes();

    return tap_done();
}


static void
test_cases(void)
{
    size_t          i, len;
    unsigned char   dst[16];
    secops_slice_t  slice;

    for (i = 0; i < sizeof(base64_cases) / sizeof(base64_cases[0]); i++) {

        slice.len = strlen(base64_cases[i].bytes);
        slice.data = (const unsigned char *) base64_cases[i].bytes;

        is_int(secops_base64url_length(slice.len),
               strlen(base64_cases[i].text), "the length is known before");
        is_str(dst, secops_base64url_encode(dst, slice) - dst,
               base64_cases[i].text, base64_cases[i].text);

        slice.len = strlen(base64_cases[i].text);
        slice.data = (const unsigned char *) base64_cases[i].text;

        ok(secops_base64url_decode(slice, dst, &len) == 0, "\"%s\" is decoded",
           base64_cases[i].text);
        is_int(secops_base64url_size(slice.len), (long long) len,
               "... to the size that was known before");
        is_str(dst, len, base64_cases[i].bytes, "... to the same bytes");
    }
}


static void
test_refused(void)
{
    size_t          i, len;
    unsigned char   dst[16];
    secops_slice_t  slice;

    for (i = 0; i < sizeof(base64_refused) / sizeof(base64_refused[0]); i++) {

        slice.len = strlen(base64_refused[i]);
        slice.data = (const unsigned char *) base64_refused[i];

        ok(secops_base64url_decode(slice, dst, &len) == -1,
           "case %u is refused", (unsigned) i);
    }
}


static void
test_all_lengths(void)
{
    size_t          i, n, len;
    unsigned        bad;
    unsigned char   bytes[200], text[300], back[200];
    secops_slice_t  slice;

    bad = 0;

    for (i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (unsigned char) (i * 37 + 11);
    }

    for (n = 0; n <= sizeof(bytes); n++) {

        slice.len = n;
        slice.data = bytes;

        slice.len = secops_base64url_encode(text, slice) - text;
        slice.data = text;

        if (slice.len != secops_base64url_length(n)
            || secops_base64url_decode(slice, back, &len) != 0
            || len != n
            || memcmp(back, bytes, n) != 0)
        {
            bad++;
        }
    }

    is_int(bad, 0, "bytes of every length come back");
}


/* one of them in each place of a text, among others that are good */

static void
test_all_bytes(void)
{
    int             rc;
    size_t          i, c, len;
    unsigned        bad;
    unsigned char   dst[4], text[4];
    const char     *found;
    secops_slice_t  slice;

    static const char  digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789-_";

    bad = 0;
    slice = secops_slice_bytes(text, sizeof(text));

    for (i = 0; i < sizeof(text); i++) {
        for (c = 0; c < 256; c++) {

            memset(text, 'A', sizeof(text));
            text[i] = (unsigned char) c;

            found = c ? strchr(digits, (int) c) : NULL;

            rc = secops_base64url_decode(slice, dst, &len);

            if (found == NULL) {
                bad += (rc != -1);
                continue;
            }

            bad += (rc != 0 || len != 3
                    || ((unsigned) dst[0] << 16 | dst[1] << 8 | dst[2])
                       != (unsigned) (found - digits) << (18 - 6 * i));
        }
    }

    is_int(bad, 0, "64 bytes are characters of it, and no others");
}
