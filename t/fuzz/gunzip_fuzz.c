
/*
 * libFuzzer target: any bytes, in any pieces, below any limit.
 *
 * The first two bytes choose the piece and the limit.  Stops when the answer
 * depends on the pieces, or when there is more memory than the limit allows.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/secops_gunzip.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
gunzip_fuzz_require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}


static int
gunzip_fuzz_run(secops_gunzip_t *gunzip, const uint8_t *data, size_t size,
    size_t limit, size_t piece)
{
    int             rc;
    secops_slice_t  input;

    gunzip_fuzz_require(secops_gunzip_init(gunzip, limit) == 0, "no memory");

    input.len = 0;
    input.data = data;

    for ( ;; ) {

        if (input.len == 0 && !gunzip->more) {

            if (size == 0) {
                return secops_gunzip_end(gunzip);
            }

            input.len = size < piece ? size : piece;
            size -= input.len;
        }

        rc = secops_gunzip_step(gunzip, &input);

        gunzip_fuzz_require(gunzip->size <= limit + 1, "beyond the limit");

        if (rc != SECOPS_GUNZIP_MORE) {
            return rc;
        }
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int              one, other;
    size_t           limit;
    secops_gunzip_t  a, b;

    if (size < 2) {
        return 0;
    }

    limit = (size_t) data[1] * data[1];

    one = gunzip_fuzz_run(&a, data + 2, size - 2, limit, size);
    other = gunzip_fuzz_run(&b, data + 2, size - 2, limit, data[0] + 1);

    gunzip_fuzz_require(one == other, "the pieces decide");

    gunzip_fuzz_require(one != SECOPS_GUNZIP_OK
                        || (a.len == b.len
                            && (a.len == 0
                                || memcmp(a.data, b.data, a.len) == 0)),
                        "the pieces change it");

    secops_gunzip_free(&a);
    secops_gunzip_free(&b);

    return 0;
}
