
/*
 * A host is taken for what it looks like: with a colon it must be an IPv6
 * address, with a number for its last label an IPv4 address, otherwise a name.
 * So no resolver is asked for "10.0.0" or "256.0.0.1".
 */

#include <string.h>

#include <arpa/inet.h>

#include "redis/sentinel/secops_redis_sentinel.h"


#define SECOPS_REDIS_SENTINEL_LABEL_MAX  63


static int secops_redis_sentinel_port(secops_slice_t text);
static int secops_redis_sentinel_numeric(secops_slice_t host);
static int secops_redis_sentinel_literal(secops_slice_t host, int family);
static int secops_redis_sentinel_host_name(secops_slice_t host);
static int secops_redis_sentinel_is(unsigned char c, const char *more);


const char *
secops_redis_announced(secops_redis_announced_t *announced,
    secops_slice_t host, secops_slice_t port)
{
    int  n;

    if (host.len == 0) {
        return "the host is empty";
    }

    if (host.len > SECOPS_REDIS_SENTINEL_HOST_MAX) {
        return "the host is too long";
    }

    if (host.len == 1 && host.data[0] == '?') {
        return "the host is not known";
    }

    if (memchr(host.data, ':', host.len)) {

        if (!secops_redis_sentinel_literal(host, AF_INET6)) {
            return "the host is no IPv6 address";
        }

    } else if (secops_redis_sentinel_numeric(host)) {

        if (!secops_redis_sentinel_literal(host, AF_INET)) {
            return "the host is no IPv4 address";
        }

    } else if (!secops_redis_sentinel_host_name(host)) {
        return "the host is no name";
    }

    n = secops_redis_sentinel_port(port);

    if (n == 0) {
        return "the port is not a number from 1 to 65535";
    }

    announced->host = host;
    announced->port = (unsigned) n;

    return NULL;
}


/* 0: it is none */

static int
secops_redis_sentinel_port(secops_slice_t text)
{
    int     n;
    size_t  i;

    if (text.len > 5) {
        return 0;
    }

    n = 0;

    for (i = 0; i < text.len; i++) {

        if (text.data[i] < '0' || text.data[i] > '9') {
            return 0;
        }

        n = n * 10 + (text.data[i] - '0');
    }

    return (n <= 65535) ? n : 0;
}


/* 1: the last label is a number, and so the whole is no name */

static int
secops_redis_sentinel_numeric(secops_slice_t host)
{
    size_t  i;

    i = host.len;

    while (i > 0 && host.data[i - 1] != '.') {
        i--;

        if (host.data[i] < '0' || host.data[i] > '9') {
            return 0;
        }
    }

    return i < host.len;
}


/* 1: an address of the family, and not the one that stands for any */

static int
secops_redis_sentinel_literal(secops_slice_t host, int family)
{
    char           text[INET6_ADDRSTRLEN];
    unsigned char  addr[16];

    static const unsigned char  any[16];

    if (host.len >= sizeof(text) || memchr(host.data, '\0', host.len)) {
        return 0;
    }

    memcpy(text, host.data, host.len);
    text[host.len] = '\0';

    if (inet_pton(family, text, addr) != 1) {
        return 0;
    }

    return memcmp(addr, any, family == AF_INET6 ? 16 : 4) != 0;
}


static int
secops_redis_sentinel_host_name(secops_slice_t host)
{
    size_t  i, label;

    label = 0;

    for (i = 0; i < host.len; i++) {

        if (host.data[i] == '.') {

            if (label == 0) {
                return 0;
            }

            label = 0;
            continue;
        }

        if (!secops_redis_sentinel_is(host.data[i], "-_")
            || (label == 0 && host.data[i] == '-')
            || ++label > SECOPS_REDIS_SENTINEL_LABEL_MAX)
        {
            return 0;
        }
    }

    return label > 0;
}


int
secops_redis_is_master_name(secops_slice_t name)
{
    size_t  i;

    if (name.len == 0 || name.len > SECOPS_REDIS_SENTINEL_NAME_MAX) {
        return 0;
    }

    for (i = 0; i < name.len; i++) {
        if (!secops_redis_sentinel_is(name.data[i], "-_.")) {
            return 0;
        }
    }

    return 1;
}


/* 1: a letter, a digit, or one of more */

static int
secops_redis_sentinel_is(unsigned char c, const char *more)
{
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
        || (c >= 'a' && c <= 'z'))
    {
        return 1;
    }

    return c != '\0' && strchr(more, c) != NULL;
}


/* "name ip port ip port": where it moved to, the sentinels are asked */

int
secops_redis_has_switched(secops_slice_t message, secops_slice_t master)
{
    return message.len > master.len
           && memcmp(message.data, master.data, master.len) == 0
           && message.data[master.len] == ' ';
}
