
/* Record ids; see secops_id.h. */

#include <openssl/rand.h>

#include "util/secops_hex.h"
#include "util/secops_id.h"


#define SECOPS_ID_TIME    12        /* digits */
#define SECOPS_ID_RANDOM  8         /* bytes, of two digits each */


static unsigned secops_id_count(secops_id_stock_t *stock, uint64_t msec);
static void secops_id_write_time(unsigned char *id, uint64_t msec);
static const unsigned char *secops_id_random(secops_id_stock_t *stock,
    size_t len);


int
secops_id_make(secops_id_stock_t *stock, unsigned shard, uint64_t msec,
    unsigned char id[SECOPS_ID_LEN])
{
    unsigned              i, count;
    const unsigned char  *random;

    random = secops_id_random(stock, SECOPS_ID_RANDOM);

    if (random == NULL) {
        return -1;
    }

    count = secops_id_count(stock, msec);

    secops_id_write_time(id, msec);

    id[SECOPS_ID_TIME] = secops_hex_digit(shard);

    for (i = SECOPS_ID_TIME + 3; i > SECOPS_ID_TIME; i--) {
        id[i] = secops_hex_digit(count);
        count >>= 4;
    }

    (void) secops_hex_encode(id + SECOPS_ID_TIME + 4, random,
                             SECOPS_ID_RANDOM);

    return 0;
}


/* how many ids of this millisecond were made before */

static unsigned
secops_id_count(secops_id_stock_t *stock, uint64_t msec)
{
    if (msec != stock->msec) {
        stock->msec = msec;
        stock->count = 0;

    } else if (stock->count < SECOPS_ID_COUNT - 1) {
        stock->count++;
    }

    return stock->count;
}


static void
secops_id_write_time(unsigned char *id, uint64_t msec)
{
    unsigned  i;

    if (msec < SECOPS_ID_MSEC_MIN) {
        msec = SECOPS_ID_MSEC_MIN;

    } else if (msec > SECOPS_ID_MSEC_MAX) {
        msec = SECOPS_ID_MSEC_MAX;
    }

    for (i = SECOPS_ID_TIME; i > 0; i--) {
        id[i - 1] = secops_hex_digit((unsigned) msec);
        msec >>= 4;
    }
}


void
secops_id_least(uint64_t msec, unsigned char id[SECOPS_ID_LEN])
{
    memset(id, '0', SECOPS_ID_LEN);
    secops_id_write_time(id, msec);
}


int
secops_id_request(secops_id_stock_t *stock, unsigned char id[SECOPS_ID_LEN])
{
    const unsigned char  *random;

    random = secops_id_random(stock, SECOPS_ID_LEN / 2);

    if (random == NULL) {
        return -1;
    }

    (void) secops_hex_encode(id, random, SECOPS_ID_LEN / 2);

    return 0;
}


int
secops_id_random_shard(secops_id_stock_t *stock)
{
    const unsigned char  *random;

    random = secops_id_random(stock, 1);

    return random == NULL ? -1 : *random % SECOPS_ID_SHARDS;
}


/* len bytes that were never given before and are valid until the next call */

static const unsigned char *
secops_id_random(secops_id_stock_t *stock, size_t len)
{
    if (stock->left < len) {

        if (RAND_bytes(stock->bytes, sizeof(stock->bytes)) != 1) {
            stock->left = 0;
            return NULL;
        }

        stock->left = sizeof(stock->bytes);
    }

    stock->left -= len;

    return stock->bytes + stock->left;
}


int
secops_id_shard(secops_slice_t id)
{
    size_t         i;
    unsigned char  c;

    if (id.len != SECOPS_ID_LEN) {
        return -1;
    }

    for (i = 0; i < SECOPS_ID_LEN; i++) {

        c = id.data[i];

        if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
            return -1;
        }
    }

    return (int) secops_id_known_shard(id.data);
}


uint64_t
secops_id_msec(const unsigned char id[SECOPS_ID_LEN])
{
    size_t    i;
    uint64_t  msec;

    id += secops_id_old(id);

    for (i = 0, msec = 0; i < SECOPS_ID_TIME; i++) {
        msec = (msec << 4) | secops_id_digit(id[i]);
    }

    return msec;
}


/* the times are compared as digits: those of two forms begin at two places */

int
secops_id_compare(const unsigned char one[SECOPS_ID_LEN],
    const unsigned char two[SECOPS_ID_LEN])
{
    int  order;

    order = memcmp(one + secops_id_old(one), two + secops_id_old(two),
                   SECOPS_ID_TIME);

    return order ? order : memcmp(one, two, SECOPS_ID_LEN);
}
