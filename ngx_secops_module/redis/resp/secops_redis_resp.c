
/*
 * RESP writer.  Apart from the bytes it keeps one fact that the transport
 * needs when a link dies under a half-written group: how many bytes may have
 * left without any effect.  A single command takes effect with its last byte,
 * a transaction with the last byte of its EXEC, other groups with the last
 * byte of their first command.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "redis/resp/secops_redis_resp.h"


/* '*' or '$', 20 digits, CRLF */
#define SECOPS_REDIS_RESP_HEAD  23

#define SECOPS_REDIS_RESP_MIN   64


static int secops_redis_resp_grow(secops_redis_resp_t *resp, size_t size);
static unsigned char *secops_redis_resp_size(unsigned char *p, size_t n);
static void secops_redis_resp_end(secops_redis_resp_t *resp);
static void secops_redis_resp_name(secops_redis_resp_t *resp,
    const void *data, size_t len);


int
secops_redis_resp_init(secops_redis_resp_t *resp, size_t size)
{
    secops_redis_resp_borrow(resp, NULL, 0);

    return secops_redis_resp_grow(resp, size);
}


void
secops_redis_resp_borrow(secops_redis_resp_t *resp, void *data, size_t size)
{
    memset(resp, 0, sizeof(secops_redis_resp_t));

    resp->data = data;
    resp->capacity = size;
    resp->borrowed = 1;
}


void
secops_redis_resp_free(secops_redis_resp_t *resp)
{
    if (!resp->borrowed) {
        free(resp->data);
    }

    memset(resp, 0, sizeof(secops_redis_resp_t));
}


/* 0: there is room for size more bytes; -1: nothing can be written any more */

static inline int
secops_redis_resp_reserve(secops_redis_resp_t *resp, size_t size)
{
    if (resp->failed) {
        return -1;
    }

    if (size <= resp->capacity - resp->len) {
        return 0;
    }

    return secops_redis_resp_grow(resp, size);
}


/* there is room for SECOPS_REDIS_RESP_HEAD bytes; returns the byte after the
   last one written.  Nearly all sizes have one digit or two */

static inline unsigned char *
secops_redis_resp_head(unsigned char *p, unsigned char type, size_t n)
{
    *p++ = type;

    if (n < 10) {
        *p++ = (unsigned char) ('0' + n);

    } else if (n < 100) {
        *p++ = (unsigned char) ('0' + n / 10);
        *p++ = (unsigned char) ('0' + n % 10);

    } else {
        p = secops_redis_resp_size(p, n);
    }

    *p++ = '\r';
    *p++ = '\n';

    return p;
}


void
secops_redis_resp_begin(secops_redis_resp_t *resp, size_t argc)
{
    unsigned char  *p;

    secops_redis_resp_end(resp);

    if (argc == 0) {
        resp->failed = 1;
    }

    if (secops_redis_resp_reserve(resp, SECOPS_REDIS_RESP_HEAD) != 0) {
        return;
    }

    p = secops_redis_resp_head(resp->data + resp->len, '*', argc);
    resp->len = (size_t) (p - resp->data);

    resp->commands++;
    resp->missing = argc;
    resp->named = 0;
}


void
secops_redis_resp_arg(secops_redis_resp_t *resp, const void *data, size_t len)
{
    unsigned char  *p;

    if (resp->missing == 0) {
        resp->failed = 1;
    }

    if (len > SIZE_MAX / 4
        || secops_redis_resp_reserve(resp, SECOPS_REDIS_RESP_HEAD + len + 2)
           != 0)
    {
        resp->failed = 1;
        return;
    }

    p = secops_redis_resp_head(resp->data + resp->len, '$', len);

    if (len) {
        memcpy(p, data, len);
        p += len;
    }

    *p++ = '\r';
    *p++ = '\n';

    resp->len = (size_t) (p - resp->data);

    if (!resp->named) {
        resp->named = 1;
        secops_redis_resp_name(resp, data, len);
    }

    resp->missing--;
}


int
secops_redis_resp_complete(secops_redis_resp_t *resp)
{
    secops_redis_resp_end(resp);

    if (resp->failed || resp->commands == 0) {
        return -1;
    }

    /* a MULTI without EXEC */

    if (resp->effect == 0) {
        resp->effect = resp->len;
    }

    return 0;
}


/* the command that was begun last, if any, is whole */

static void
secops_redis_resp_end(secops_redis_resp_t *resp)
{
    if (resp->missing) {
        resp->failed = 1;
        return;
    }

    if (resp->commands && !resp->multi && resp->effect == 0) {
        resp->effect = resp->len;
    }
}


static void
secops_redis_resp_name(secops_redis_resp_t *resp, const void *data, size_t len)
{
    if (resp->commands == 1) {
        resp->transaction = (len == 5 && strncasecmp(data, "MULTI", 5) == 0);
        resp->multi = resp->transaction;
        return;
    }

    if (resp->multi && len == 4 && strncasecmp(data, "EXEC", 4) == 0) {
        resp->multi = 0;
    }
}


/* n in decimal; returns the byte after it */

static unsigned char *
secops_redis_resp_size(unsigned char *p, size_t n)
{
    size_t          rest;
    unsigned char  *digit;

    for (rest = n / 10; rest; rest /= 10) {
        p++;
    }

    digit = p++;

    do {
        *digit-- = (unsigned char) ('0' + n % 10);
        n /= 10;
    } while (n);

    return p;
}


/* makes room for size more bytes; 0, or -1: no memory */

static int
secops_redis_resp_grow(secops_redis_resp_t *resp, size_t size)
{
    size_t          capacity;
    unsigned char  *data;

    capacity = 2 * resp->capacity;

    if (capacity < SECOPS_REDIS_RESP_MIN) {
        capacity = SECOPS_REDIS_RESP_MIN;
    }

    if (capacity < resp->len + size) {
        capacity = resp->len + size;
    }

    data = realloc(resp->borrowed ? NULL : resp->data, capacity);

    if (data == NULL) {
        resp->failed = 1;
        return -1;
    }

    if (resp->borrowed) {

        if (resp->len) {
            memcpy(data, resp->data, resp->len);
        }

        resp->borrowed = 0;
    }

    resp->data = data;
    resp->capacity = capacity;

    return 0;
}
