
/* gzip, step by step: whole, cut, broken, in several members, too large. */

#include <stdlib.h>

#include "secops_tap.h"
#include "util/secops_gunzip.h"


#define GUNZIP_ROOM  (4 * 1024 * 1024)


static unsigned char  gunzip_packed[GUNZIP_ROOM];
static size_t         gunzip_len;


static void
gunzip_pack(const unsigned char *data, size_t len, int level)
{
    z_stream  stream;

    memset(&stream, 0, sizeof(z_stream));

    (void) deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8,
                        Z_DEFAULT_STRATEGY);

    stream.next_in = (unsigned char *) data;
    stream.avail_in = (uInt) len;
    stream.next_out = gunzip_packed + gunzip_len;
    stream.avail_out = (uInt) (GUNZIP_ROOM - gunzip_len);

    (void) deflate(&stream, Z_FINISH);

    gunzip_len = GUNZIP_ROOM - stream.avail_out;

    (void) deflateEnd(&stream);
}


/* what is packed, in pieces of this size; freed by the caller */

static int
gunzip_run(secops_gunzip_t *gunzip, size_t limit, size_t piece)
{
    int             rc;
    size_t          done;
    unsigned char  *copy;
    secops_slice_t  input;

    (void) secops_gunzip_init(gunzip, limit);

    input.len = 0;
    copy = NULL;
    done = 0;

    for ( ;; ) {

        if (input.len == 0 && !gunzip->more) {

            free(copy);
            copy = NULL;

            if (done == gunzip_len) {
                return secops_gunzip_end(gunzip);
            }

            input.len = gunzip_len - done < piece ? gunzip_len - done : piece;

            /* in memory of its own, so that a sanitizer sees its end */

            copy = malloc(input.len);
            memcpy(copy, gunzip_packed + done, input.len);

            input.data = copy;
            done += input.len;
        }

        rc = secops_gunzip_step(gunzip, &input);

        if (rc != SECOPS_GUNZIP_MORE) {
            free(copy);
            return rc;
        }
    }
}


static void
gunzip_is(size_t limit, size_t piece, const unsigned char *data, size_t len,
    const char *name)
{
    int              rc;
    secops_gunzip_t  gunzip;

    rc = gunzip_run(&gunzip, limit, piece);

    ok(rc == SECOPS_GUNZIP_OK && gunzip.len == len
       && (len == 0 || memcmp(gunzip.data, data, len) == 0),
       "%s, in pieces of %zu", name, piece);

    secops_gunzip_free(&gunzip);
    secops_gunzip_free(&gunzip);
}


static void
gunzip_refuses(size_t limit, int expected, const char *reason,
    const char *name)
{
    int              rc;
    size_t           piece;
    secops_gunzip_t  gunzip;

    for (piece = 1; piece <= 10000; piece *= 100) {
        rc = gunzip_run(&gunzip, limit, piece);

        ok(rc == expected && (reason == NULL
                              || strcmp(gunzip.reason, reason) == 0),
           "%s, in pieces of %zu", name, piece);

        if (rc == SECOPS_GUNZIP_LARGE) {
            ok(gunzip.size <= limit + 1, "... and takes no more memory");
        }

        secops_gunzip_free(&gunzip);
    }
}


static void
gunzip_whole(void)
{
    size_t                i, piece;
    static unsigned char  text[300000];

    for (i = 0; i < sizeof(text); i++) {
        text[i] = (unsigned char) ((i * i) >> 7);
    }

    for (piece = 1; piece < 1000000; piece *= 17) {
        gunzip_len = 0;
        gunzip_pack(text, sizeof(text), 6);
        gunzip_is(sizeof(text), piece, text, sizeof(text),
                  "as large as may be");

        gunzip_len = 0;
        gunzip_pack(text, 0, 6);
        gunzip_is(0, piece, text, 0, "nothing at all");

        gunzip_len = 0;
        gunzip_pack(text, 1000, 0);
        gunzip_pack(text + 1000, 0, 9);
        gunzip_pack(text + 1000, 9000, 9);
        gunzip_is(10000, piece, text, 10000, "three members are one text");
    }
}


static void
gunzip_faults(void)
{
    size_t                len;
    static unsigned char  text[100000];

    gunzip_len = 0;
    gunzip_refuses(10, SECOPS_GUNZIP_ERROR, "it is cut off", "no byte");

    gunzip_pack(text, 1000, 6);
    len = gunzip_len;

    while (--gunzip_len) {
        secops_gunzip_t  gunzip;

        if (gunzip_run(&gunzip, 1000, 7) != SECOPS_GUNZIP_ERROR
            || strcmp(gunzip.reason, "it is cut off") != 0)
        {
            break;
        }

        secops_gunzip_free(&gunzip);
    }

    is_int(gunzip_len, 0, "cut off anywhere, it says so");

    gunzip_len = len;
    gunzip_packed[gunzip_len++] = 'x';
    gunzip_refuses(1000, SECOPS_GUNZIP_ERROR, "something else follows",
                   "a byte behind it");

    gunzip_packed[gunzip_len - 1] = 0x1f;
    gunzip_refuses(1000, SECOPS_GUNZIP_ERROR, "it is cut off",
                   "half a member behind it");

    gunzip_len = len;
    gunzip_packed[len - 5] ^= 1;
    gunzip_refuses(1000, SECOPS_GUNZIP_ERROR, "incorrect data check",
                   "a wrong checksum");

    gunzip_packed[len - 5] ^= 1;
    gunzip_packed[len - 1] ^= 1;
    gunzip_refuses(1000, SECOPS_GUNZIP_ERROR, "incorrect length check",
                   "a wrong length");

    memcpy(gunzip_packed, "{\"a\":1}", 7);
    gunzip_len = 7;
    gunzip_refuses(1000, SECOPS_GUNZIP_ERROR, "incorrect header check",
                   "what was never packed");

    gunzip_len = 0;
    gunzip_pack(text, 1001, 9);
    gunzip_refuses(1000, SECOPS_GUNZIP_LARGE, NULL, "a byte too many");

    gunzip_len = 0;
    gunzip_pack(text, sizeof(text), 9);
    gunzip_refuses(999, SECOPS_GUNZIP_LARGE, NULL, "a hundred times too many");

    gunzip_len = 0;
    gunzip_pack(text, 600, 9);
    gunzip_pack(text, 600, 9);
    gunzip_refuses(1000, SECOPS_GUNZIP_LARGE, NULL, "too many in two members");
}


int
main(void)
{
    gunzip_whole();
    gunzip_faults();

    return tap_done();
}
