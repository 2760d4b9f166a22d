
/*
 * libFuzzer target: any two texts as a host and a port that a sentinel
 * announces.  What was taken must be safe to log, to resolve and to connect
 * to; what was not must say why.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis/sentinel/secops_redis_sentinel.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
sentinel_fuzz_require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}


/* the first LF parts host and port */

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t                    i;
    const char               *reason;
    const uint8_t            *lf;
    secops_slice_t            host, port;
    secops_redis_announced_t  announced;

    lf = size ? memchr(data, '\n', size) : NULL;

    host.data = data;
    host.len = lf ? (size_t) (lf - data) : size;

    port.data = lf ? lf + 1 : data + size;
    port.len = (size_t) (data + size - port.data);

    (void) secops_redis_is_master_name(host);
    (void) secops_redis_has_switched(host, port);

    announced.port = 0;

    reason = secops_redis_announced(&announced, host, port);

    if (reason) {
        sentinel_fuzz_require(announced.port == 0, "half an address");
        return 0;
    }

    sentinel_fuzz_require(announced.port >= 1 && announced.port <= 65535,
                          "a port out of bounds");
    sentinel_fuzz_require(secops_slice_equal(announced.host, host),
                          "another host");
    sentinel_fuzz_require(host.len >= 1
                          && host.len <= SECOPS_REDIS_SENTINEL_HOST_MAX,
                          "a host of a length that no host has");

    for (i = 0; i < host.len; i++) {
        sentinel_fuzz_require(host.data[i] > ' ' && host.data[i] < 0x7f,
                              "a host that can not be logged");
    }

    return 0;
}
