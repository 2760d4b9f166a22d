
/*
 * libFuzzer target: any bytes as what a Redis sends, in any pieces.
 *
 * The reader of replies must find the same replies however the bytes are cut,
 * and each reply must have the form that redis/ngx_secops_redis.h promises:
 * elements lie inside their array, strings can be read.  Then all who read
 * replies are given each of them: what they return is within the bounds that
 * its users rely on.
 */

#include <hiredis/hiredis.h>

/* a reader that has held more is given back: most have, here */
#undef REDIS_READER_MAX_BUF
#define REDIS_READER_MAX_BUF  64

#include "redis/link/ngx_secops_redis_reply.c"

#include "redis/resp/secops_redis_error.h"
#include "redis/resp/secops_redis_slots.h"
#include "redis/sentinel/secops_redis_sentinel.h"


#define REPLY_FUZZ_REPLIES  4096


typedef struct {
    ngx_int_t   rc;                             /* of the last call */
    size_t      n;                              /* replies */
    uint32_t    sums[REPLY_FUZZ_REPLIES];       /* of the values of each */
} reply_fuzz_run_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
reply_fuzz_require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}


static uint32_t
reply_fuzz_sum(uint32_t sum, const void *data, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        sum = (sum ^ ((const uint8_t *) data)[i]) * 16777619;
    }

    return sum;
}


/* the values from i on, until the end of values[i]; returns their sum */

static uint32_t
reply_fuzz_form(const secops_redis_value_t *values, ngx_uint_t i,
    ngx_uint_t end, uint32_t sum)
{
    ngx_uint_t                   n, next;
    const secops_redis_value_t  *value;

    value = &values[i];

    reply_fuzz_require(value->next > i && value->next <= end, "the next value");

    sum = reply_fuzz_sum(sum, &value->type, sizeof(value->type));
    sum = reply_fuzz_sum(sum, &value->integer, sizeof(value->integer));
    sum = reply_fuzz_sum(sum, value->text.data, value->text.len);

    reply_fuzz_require(value->type == SECOPS_REDIS_ARRAY
                       || value->elements == 0, "elements of no array");

    next = i + 1;

    for (n = 0; n < value->elements; n++) {
        reply_fuzz_require(next < value->next, "an element outside");
        sum = reply_fuzz_form(values, next, value->next, sum);
        next = values[next].next;
    }

    reply_fuzz_require(next == value->next, "the end of an array");

    return sum;
}


static void
reply_fuzz_sentinel(const secops_redis_value_t *values, ngx_uint_t i)
{
    secops_redis_announced_t     announced;
    const secops_redis_value_t  *ip, *number;

    ip = secops_redis_value_field(values, i, "ip");
    number = secops_redis_value_field(values, i, "port");

    if (ip == NULL || number == NULL) {
        return;
    }

    if (secops_redis_announced(&announced, ip->text, number->text) == NULL) {
        reply_fuzz_require(announced.port >= 1 && announced.port <= 65535,
                           "the port of a sentinel");
    }
}


static void
reply_fuzz_slots(const secops_redis_value_t *values, ngx_uint_t n)
{
    size_t  i;

    static secops_redis_slots_t  slots;

    if (secops_redis_slots_read(&slots, values, n) == NULL) {

        for (i = 0; i < SECOPS_REDIS_SLOTS; i++) {
            reply_fuzz_require(slots.owners[i] <= slots.nmasters, "a master");
        }

        for (i = 0; i < slots.nmasters; i++) {
            reply_fuzz_require(slots.masters[i].port >= 1
                               && slots.masters[i].port <= 65535,
                               "the port of a master");
        }
    }
}


static void
reply_fuzz_error(secops_slice_t text)
{
    secops_redis_redirect_t  redirect;

    (void) secops_redis_error(secops_redis_error_code(text));

    if (secops_redis_redirect_read(&redirect, text) == 0) {
        reply_fuzz_require(redirect.slot < SECOPS_REDIS_SLOTS, "a slot");
        reply_fuzz_require(redirect.address.port >= 1
                           && redirect.address.port <= 65535, "a port");
    }
}


static void
reply_fuzz_readers(const secops_redis_value_t *values, ngx_uint_t n)
{
    ngx_uint_t                     i;
    const secops_redis_value_t    *actual;
    const secops_redis_setting_t  *unset;

    (void) secops_redis_value_is_master(values);
    (void) secops_redis_value_is_pair(values);
    (void) secops_redis_waitaof_is_synced(values);

    reply_fuzz_require(secops_redis_wait_replicas(values)
                       <= NGX_MAX_INT32_VALUE, "a number of replicas");

    unset = secops_redis_sync_unset(values, &actual);
    reply_fuzz_require(unset || actual, "a setting that is not there");

    if (unset && actual) {
        reply_fuzz_require(actual > values && actual < values + n,
                           "a setting outside");
        (void) reply_fuzz_sum(0, actual->text.data, actual->text.len);
    }

    for (i = 0; i < n; i++) {

        reply_fuzz_require(secops_redis_info_number(&values[i], "aof_enabled")
                           <= 999999999, "a number of INFO");

        if (values[i].type == SECOPS_REDIS_ARRAY) {
            reply_fuzz_sentinel(values, i);

        } else if (values[i].type == SECOPS_REDIS_ERROR) {
            reply_fuzz_error(values[i].text);
        }
    }

    reply_fuzz_slots(values, n);
}


/* in memory of just their size, so that a value too many is noticed */

static uint32_t
reply_fuzz_reply(const ngx_secops_redis_reply_t *reply)
{
    uint32_t               sum;
    secops_redis_value_t  *values;

    reply_fuzz_require(reply->nvalues > 0, "no value");

    values = malloc(reply->nvalues * sizeof(secops_redis_value_t));
    reply_fuzz_require(values != NULL, "memory");

    ngx_memcpy(values, reply->values,
               reply->nvalues * sizeof(secops_redis_value_t));

    reply_fuzz_require(values[0].next == reply->nvalues,
                       "the values of a reply");

    sum = reply_fuzz_form(values, 0, reply->nvalues, 2166136261u);

    reply_fuzz_readers(values, reply->nvalues);

    free(values);

    return sum;
}


/* all replies that are there, until more is needed or something is wrong */

static ngx_int_t
reply_fuzz_take(ngx_secops_redis_reply_t *reply, reply_fuzz_run_t *run)
{
    run->rc = ngx_secops_redis_reply_next(reply);

    while (run->rc == NGX_OK) {

        reply_fuzz_require(run->n < REPLY_FUZZ_REPLIES, "too many replies");

        run->sums[run->n++] = reply_fuzz_reply(reply);

        run->rc = ngx_secops_redis_reply_next(reply);
    }

    reply_fuzz_require(run->rc == NGX_AGAIN || reply->fault != NULL,
                       "no reason");

    return run->rc;
}


/* pieces of 1 to most bytes, chosen by seed; most 0: all at once */

static void
reply_fuzz_run(reply_fuzz_run_t *run, const uint8_t *data, size_t size,
    size_t most, uint32_t seed)
{
    size_t                    piece;
    uint8_t                  *copy;
    ngx_secops_redis_reply_t  reply;

    run->rc = NGX_AGAIN;
    run->n = 0;

    reply_fuzz_require(ngx_secops_redis_reply_init(&reply) == NGX_OK,
                       "memory");

    while (size && run->rc == NGX_AGAIN) {

        seed = seed * 1103515245 + 12345;
        piece = most ? 1 + (seed >> 16) % most : size;
        piece = ngx_min(piece, size);

        /* of just this size, so that a byte too many is noticed */

        copy = malloc(piece);
        reply_fuzz_require(copy != NULL, "memory");
        ngx_memcpy(copy, data, piece);

        run->rc = ngx_secops_redis_reply_feed(&reply, copy, piece);

        free(copy);

        if (run->rc == NGX_OK) {
            (void) reply_fuzz_take(&reply, run);
        }

        data += piece;
        size -= piece;
    }

    ngx_secops_redis_reply_free(&reply);
}


/* the first two bytes say how the others are cut */

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static reply_fuzz_run_t  whole, cut;

    if (size < 3) {
        return 0;
    }

    reply_fuzz_run(&whole, data + 2, size - 2, 0, 0);
    reply_fuzz_run(&cut, data + 2, size - 2, 1 + data[0], data[1]);

    reply_fuzz_require(whole.rc == cut.rc && whole.n == cut.n
                       && memcmp(whole.sums, cut.sums,
                                 whole.n * sizeof(whole.sums[0])) == 0,
                       "other replies, when they come in pieces");

    return 0;
}
