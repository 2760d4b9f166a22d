
/* Hash slots and who has them; see secops_redis_slots.h. */

#include "redis/resp/secops_redis_slots.h"


/* a range: first slot, last slot, the master, its replicas */

#define SECOPS_REDIS_SLOTS_FIRST   0
#define SECOPS_REDIS_SLOTS_LAST    1
#define SECOPS_REDIS_SLOTS_MASTER  2

/* a node: its host, its port, and more in newer versions */

#define SECOPS_REDIS_SLOTS_HOST      0
#define SECOPS_REDIS_SLOTS_PORT      1
#define SECOPS_REDIS_SLOTS_METADATA  3
#define SECOPS_REDIS_SLOTS_MEMBERS   4


static unsigned secops_redis_crc16(const unsigned char *data, size_t len);
static size_t secops_redis_slots_members(
    const secops_redis_value_t *values, size_t n, size_t array,
    size_t *members, size_t max);
static const char *secops_redis_slots_range(secops_redis_slots_t *slots,
    const secops_redis_value_t *values, size_t n, size_t range);
static const char *secops_redis_slots_own(secops_redis_slots_t *slots,
    int64_t first, int64_t last, uint16_t owner);
static const char *secops_redis_slots_master(secops_redis_slots_t *slots,
    const secops_redis_value_t *values, size_t n, size_t node,
    uint16_t *owner);
static int secops_redis_slots_host(const secops_redis_value_t *values,
    size_t n, const size_t *members, size_t count, secops_slice_t *host);
static int secops_redis_slots_is_text(const secops_redis_value_t *value);
static int secops_redis_slots_metadata(
    const secops_redis_value_t *values, size_t n, size_t array,
    secops_slice_t *ip);
static uint16_t secops_redis_slots_find(secops_redis_slots_t *slots,
    const secops_redis_address_t *address);
static const unsigned char *secops_redis_number(const unsigned char *p,
    const unsigned char *last, unsigned max, unsigned *number);


unsigned
secops_redis_slot(const unsigned char *key, size_t len)
{
    const unsigned char  *open, *close;

    open = len ? memchr(key, '{', len) : NULL;

    if (open) {
        open++;
        close = memchr(open, '}', len - (size_t) (open - key));

        if (close && close != open) {
            key = open;
            len = (size_t) (close - open);
        }
    }

    return secops_redis_crc16(key, len) % SECOPS_REDIS_SLOTS;
}


/* CRC-16/XMODEM, half a byte at a time */

static unsigned
secops_redis_crc16(const unsigned char *data, size_t len)
{
    unsigned              crc;
    const unsigned char  *last;

    static const uint16_t  table[] = {
        0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7,
        0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef
    };

    crc = 0;

    for (last = data + len; data < last; data++) {
        crc = (crc << 4 & 0xffff) ^ table[(crc >> 12) ^ (*data >> 4)];
        crc = (crc << 4 & 0xffff) ^ table[(crc >> 12) ^ (*data & 0xf)];
    }

    return crc;
}


const char *
secops_redis_slots_read(secops_redis_slots_t *slots,
    const secops_redis_value_t *values, size_t n)
{
    size_t       i;
    const char  *fault;

    memset(slots, 0, sizeof(secops_redis_slots_t));

    if (n == 0 || values[0].type != SECOPS_REDIS_ARRAY
        || values[0].next != n)
    {
        return "not an array of slots";
    }

    for (i = 1; i < n; i = values[i].next) {

        fault = secops_redis_slots_range(slots, values, n, i);

        if (fault) {
            return fault;
        }
    }

    return NULL;
}


/* indexes of an array's first elements; returns how many, 0 also when it is no
   array, or reaches beyond the end */

static size_t
secops_redis_slots_members(const secops_redis_value_t *values, size_t n,
    size_t array, size_t *members, size_t max)
{
    size_t  i, count, end;

    if (array >= n || values[array].type != SECOPS_REDIS_ARRAY) {
        return 0;
    }

    end = values[array].next;

    if (end <= array || end > n) {
        return 0;
    }

    count = 0;

    for (i = array + 1; i < end && count < max; i = values[i].next) {

        if (values[i].next <= i || values[i].next > end) {
            return 0;
        }

        members[count++] = i;
    }

    return count;
}


static const char *
secops_redis_slots_range(secops_redis_slots_t *slots,
    const secops_redis_value_t *values, size_t n, size_t range)
{
    size_t                       members[3];
    uint16_t                     owner;
    const char                  *fault;
    const secops_redis_value_t  *first, *last;

    if (secops_redis_slots_members(values, n, range, members, 3) != 3) {
        return "incomplete slot range";
    }

    first = &values[members[SECOPS_REDIS_SLOTS_FIRST]];
    last = &values[members[SECOPS_REDIS_SLOTS_LAST]];

    if (first->type != SECOPS_REDIS_INTEGER
        || last->type != SECOPS_REDIS_INTEGER
        || first->integer < 0
        || first->integer > last->integer
        || last->integer >= SECOPS_REDIS_SLOTS)
    {
        return "invalid slot range";
    }

    fault = secops_redis_slots_master(slots, values, n,
                                      members[SECOPS_REDIS_SLOTS_MASTER],
                                      &owner);
    if (fault) {
        return fault;
    }

    if (owner == 0) {
        slots->unusable += (unsigned) (last->integer - first->integer + 1);
        return NULL;
    }

    return secops_redis_slots_own(slots, first->integer, last->integer, owner);
}


/* that no slot comes twice bounds the number of ranges as well */

static const char *
secops_redis_slots_own(secops_redis_slots_t *slots, int64_t first,
    int64_t last, uint16_t owner)
{
    int64_t  slot;

    for (slot = first; slot <= last; slot++) {

        if (slots->owners[slot]) {
            return "a slot has two masters";
        }

        slots->owners[slot] = owner;
        slots->covered++;
    }

    return NULL;
}


/* *owner is 0 when it has no address that could be one */

static const char *
secops_redis_slots_master(secops_redis_slots_t *slots,
    const secops_redis_value_t *values, size_t n, size_t node,
    uint16_t *owner)
{
    size_t                   count, members[SECOPS_REDIS_SLOTS_MEMBERS];
    secops_redis_address_t   address;

    count = secops_redis_slots_members(values, n, node, members,
                                       SECOPS_REDIS_SLOTS_MEMBERS);

    if (count < 2
        || values[members[SECOPS_REDIS_SLOTS_PORT]].type
           != SECOPS_REDIS_INTEGER)
    {
        return "a master is incomplete";
    }

    *owner = 0;

    if (values[members[SECOPS_REDIS_SLOTS_PORT]].integer < 1
        || values[members[SECOPS_REDIS_SLOTS_PORT]].integer > 65535
        || secops_redis_slots_host(values, n, members, count, &address.host)
           != 0)
    {
        return NULL;
    }

    address.port = (unsigned) values[members[SECOPS_REDIS_SLOTS_PORT]].integer;

    *owner = secops_redis_slots_find(slots, &address);

    return *owner ? NULL : "too many masters";
}


/*
 * Nil and an empty host both mean: the one that you are talking to.  "?" stands
 * for a name that was to be announced and was not set; its address is among the
 * metadata then.
 */

static int
secops_redis_slots_host(const secops_redis_value_t *values, size_t n,
    const size_t *members, size_t count, secops_slice_t *host)
{
    const secops_redis_value_t  *value;

    value = &values[members[SECOPS_REDIS_SLOTS_HOST]];

    host->len = 0;
    host->data = NULL;

    if (value->type == SECOPS_REDIS_NIL) {
        return 0;
    }

    if (!secops_redis_slots_is_text(value)) {
        return -1;
    }

    if (value->text.len == 0) {
        return 0;
    }

    *host = value->text;

    if (host->len == 1 && host->data[0] == '?') {

        if (count <= SECOPS_REDIS_SLOTS_METADATA) {
            return -1;
        }

        return secops_redis_slots_metadata(values, n,
                                      members[SECOPS_REDIS_SLOTS_METADATA],
                                      host);
    }

    return secops_redis_host_valid(*host) ? 0 : -1;
}


/* names and values in turn */

static int
secops_redis_slots_metadata(const secops_redis_value_t *values, size_t n,
    size_t array, secops_slice_t *ip)
{
    size_t                       i, count, members[16];
    const secops_redis_value_t  *name, *value;

    static const secops_slice_t  key = secops_slice("ip");

    count = secops_redis_slots_members(values, n, array, members, 16);

    for (i = 0; i + 1 < count; i += 2) {

        name = &values[members[i]];
        value = &values[members[i + 1]];

        if (secops_redis_slots_is_text(name)
            && secops_redis_slots_is_text(value)
            && secops_slice_equal(name->text, key))
        {
            *ip = value->text;
            return secops_redis_host_valid(*ip) ? 0 : -1;
        }
    }

    return -1;
}


static int
secops_redis_slots_is_text(const secops_redis_value_t *value)
{
    return value->type == SECOPS_REDIS_STRING
           || value->type == SECOPS_REDIS_STATUS;
}


/* its index plus one; 0: there is no room for it */

static uint16_t
secops_redis_slots_find(secops_redis_slots_t *slots,
    const secops_redis_address_t *address)
{
    size_t  i;

    /* ranges of one master tend to follow one another */

    for (i = slots->nmasters; i; i--) {
        if (slots->masters[i - 1].port == address->port
            && secops_slice_equal(slots->masters[i - 1].host, address->host))
        {
            return (uint16_t) i;
        }
    }

    if (slots->nmasters == SECOPS_REDIS_SLOTS_NODES) {
        return 0;
    }

    slots->masters[slots->nmasters++] = *address;

    return (uint16_t) slots->nmasters;
}


int
secops_redis_redirect_read(secops_redis_redirect_t *redirect,
    secops_slice_t message)
{
    secops_slice_t       *host;
    const unsigned char  *p, *last, *colon;

    p = message.data;
    last = p + message.len;

    if (message.len > 6 && memcmp(p, "MOVED ", 6) == 0) {
        redirect->ask = 0;
        p += 6;

    } else if (message.len > 4 && memcmp(p, "ASK ", 4) == 0) {
        redirect->ask = 1;
        p += 4;

    } else {
        return -1;
    }

    p = secops_redis_number(p, last, SECOPS_REDIS_SLOTS - 1, &redirect->slot);

    if (p == NULL || p == last || *p++ != ' ') {
        return -1;
    }

    /* an IPv6 address stands without brackets: the last colon counts */

    for (colon = last; colon > p && colon[-1] != ':'; colon--) { /* void */ }

    if (colon == p) {
        return -1;
    }

    host = &redirect->address.host;
    host->data = p;
    host->len = (size_t) (colon - 1 - p);

    if (host->len && !secops_redis_host_valid(*host)) {
        return -1;
    }

    p = secops_redis_number(colon, last, 65535, &redirect->address.port);

    return (p == last && redirect->address.port) ? 0 : -1;
}


/* returns what follows it; NULL: there is no digit, or it is larger than max */

static const unsigned char *
secops_redis_number(const unsigned char *p, const unsigned char *last,
    unsigned max, unsigned *number)
{
    const unsigned char  *start;

    *number = 0;

    for (start = p; p < last && *p >= '0' && *p <= '9'; p++) {

        *number = *number * 10 + (unsigned) (*p - '0');

        if (*number > max) {
            return NULL;
        }
    }

    return (p == start) ? NULL : p;
}


int
secops_redis_host_valid(secops_slice_t host)
{
    size_t         i;
    unsigned char  c;

    if (host.len == 0 || host.len > SECOPS_REDIS_HOST_MAX) {
        return 0;
    }

    for (i = 0; i < host.len; i++) {
        c = host.data[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z')
              || c == '.' || c == '-' || c == '_' || c == ':' || c == '%'))
        {
            return 0;
        }
    }

    return 1;
}
