
/*
 * libFuzzer target: any values as the reply to CLUSTER SLOTS, any bytes as an
 * error that redirects.
 *
 * What was read must hold what redis/resp/secops_redis_slots.h promises: only
 * slots that there are, each with a master that there is, at an address that
 * could be one.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "redis/resp/secops_redis_slots.h"


#define SLOTS_FUZZ_VALUES  512


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
slots_fuzz_require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}


static void
slots_fuzz_address(const secops_redis_address_t *address)
{
    slots_fuzz_require(address->port >= 1 && address->port <= 65535, "a port");
    slots_fuzz_require(address->host.len == 0
                       || secops_redis_host_valid(address->host), "a host");
}


/* four bytes of input are a value: its type, the length of what is in it, a
   number; a text is taken from the input itself */

static size_t
slots_fuzz_values(secops_redis_value_t *values, const uint8_t *data,
    size_t size)
{
    size_t          n;
    const uint8_t  *p;

    n = 0;

    for (p = data; p + 4 <= data + size && n < SLOTS_FUZZ_VALUES; p += 4) {

        values[n].type = SECOPS_REDIS_STRING + p[0] % 6;
        values[n].next = n + p[1];
        values[n].integer = (int16_t) (p[2] << 8 | p[3]);
        values[n].text.data = p;
        values[n].text.len = p[2] % ((size_t) (data + size - p) + 1);
        n++;
    }

    return n;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t                   i, n, covered;
    secops_redis_redirect_t  redirect;
    secops_redis_value_t    *values;

    static secops_redis_slots_t  slots;

    if (secops_redis_redirect_read(&redirect,
                                   secops_slice_bytes(data, size))
        == 0)
    {
        slots_fuzz_require(redirect.slot < SECOPS_REDIS_SLOTS, "a slot");
        slots_fuzz_address(&redirect.address);
    }

    slots_fuzz_require(secops_redis_slot(data, size) < SECOPS_REDIS_SLOTS,
                       "a slot");

    values = calloc(size / 4 + 1, sizeof(secops_redis_value_t));
    n = slots_fuzz_values(values, data, size);

    if (n) {
        values[0].type = SECOPS_REDIS_ARRAY;
        values[0].next = n;
    }

    if (secops_redis_slots_read(&slots, values, n) == NULL) {

        for (i = 0; i < slots.nmasters; i++) {
            slots_fuzz_address(&slots.masters[i]);
        }

        for (i = 0, covered = 0; i < SECOPS_REDIS_SLOTS; i++) {
            slots_fuzz_require(slots.owners[i] <= slots.nmasters, "a master");
            covered += slots.owners[i] != 0;
        }

        slots_fuzz_require(covered == slots.covered, "the number of slots");
    }

    free(values);

    return 0;
}
