
/*
 * Strings of a document: hashed, decoded and compared in place.
 */

#include "model/json/secops_json.h"
#include "model/json/secops_json_text.h"
#include "util/secops_hex.h"


/* a string's bytes one by one, escapes decoded */

typedef struct {
    const unsigned char          *pos;
    const unsigned char          *last;
    unsigned char                 bytes[4]; /* of the last escape */
    size_t                        have;
    size_t                        taken;
    int                           escaped;
} secops_json_reader_t;


static void secops_json_reader(secops_json_reader_t *r,
    const unsigned char *data, size_t len, int escaped);
static int secops_json_read(secops_json_reader_t *r);
static int secops_json_same(secops_json_reader_t *a, secops_json_reader_t *b);


/* never all zero, so that an unseeded hash works too */

static uint64_t  secops_json_secret[3] = {
    0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb
};


static inline uint64_t
secops_json_load64(const unsigned char *p)
{
    uint64_t  v;

    memcpy(&v, p, sizeof(v));

    return v;
}


static inline uint32_t
secops_json_load32(const unsigned char *p)
{
    uint32_t  v;

    memcpy(&v, p, sizeof(v));

    return v;
}


/* both halves of the 128-bit product, folded */

static inline uint64_t
secops_json_mix(uint64_t a, uint64_t b)
{
#if defined(__SIZEOF_INT128__)

    unsigned __int128  r;

    r = (unsigned __int128) a * b;

    return (uint64_t) r ^ (uint64_t) (r >> 64);

#else

    uint64_t  ll, lh, hl, hh, mid;

    ll = (a & 0xffffffff) * (b & 0xffffffff);
    lh = (a & 0xffffffff) * (b >> 32);
    hl = (a >> 32) * (b & 0xffffffff);
    hh = (a >> 32) * (b >> 32);

    mid = (ll >> 32) + (lh & 0xffffffff) + (hl & 0xffffffff);

    return (a * b) ^ (hh + (lh >> 32) + (hl >> 32) + (mid >> 32));

#endif
}


void
secops_json_seed(uint64_t seed)
{
    uint64_t    z;
    unsigned    n;

    for (n = 0; n < 3; n++) {
        seed += 0x9e3779b97f4a7c15;

        z = seed;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;

        secops_json_secret[n] = z ^ (z >> 31);
    }
}


/*
 * Both factors of each product are masked with secrets: with a known one, an
 * attacker could make a factor zero, and the other would no longer matter.
 */

uint32_t
secops_json_hash(const unsigned char *data, size_t len)
{
    size_t    n;
    uint64_t  a, b, h;

    h = secops_json_secret[2] ^ len;

    for (n = len; n > 16; n -= 16, data += 16) {
        a = secops_json_load64(data) ^ secops_json_secret[0];
        b = secops_json_load64(data + 8) ^ secops_json_secret[1];

        h = secops_json_mix(a ^ h, b);
    }

    if (n >= 8) {
        a = secops_json_load64(data);
        b = secops_json_load64(data + n - 8);

    } else if (n >= 4) {
        a = secops_json_load32(data);
        b = secops_json_load32(data + n - 4);

    } else if (n > 0) {
        a = (uint64_t) data[0] << 16 | (uint64_t) data[n / 2] << 8
            | data[n - 1];
        b = 0;

    } else {
        a = 0;
        b = 0;
    }

    h = secops_json_mix(a ^ secops_json_secret[0] ^ h,
                        b ^ secops_json_secret[1]);

    return (uint32_t) (h ^ (h >> 32));
}


int
secops_json_hex4(const unsigned char *pos, const unsigned char *last)
{
    int       digit, value;
    unsigned  n;

    if (last - pos < 4) {
        return -1;
    }

    value = 0;

    for (n = 0; n < 4; n++, pos++) {

        digit = secops_hex_value(*pos);

        if (digit < 0) {
            return -1;
        }

        value = value * 16 + digit;
    }

    return value;
}


size_t
secops_json_unescape(const unsigned char **pos, unsigned char *dst)
{
    uint32_t              c;
    const unsigned char  *p;

    static const char     from[] = "bfnrt";
    static const char     to[] = "\b\f\n\r\t";

    p = *pos + 1;

    if (*p != 'u') {
        *pos += 2;
        *dst = *p;

        for (c = 0; from[c] != '\0'; c++) {
            if (*p == from[c]) {
                *dst = (unsigned char) to[c];
            }
        }

        return 1;
    }

    c = (uint32_t) secops_json_hex4(p + 1, p + 5);
    *pos += 6;

    if (c < 0x80) {
        dst[0] = (unsigned char) c;
        return 1;
    }

    if (c < 0x800) {
        dst[0] = (unsigned char) (0xc0 | c >> 6);
        dst[1] = (unsigned char) (0x80 | (c & 0x3f));
        return 2;
    }

    /* a lone surrogate, which only a batch may have; the quote after the
       string keeps this within the document */

    if (c >= 0xd800 && c <= 0xdfff && (c > 0xdbff || p[5] != '\\'
                                       || p[6] != 'u' || (p[7] | 0x20) != 'd'
                                       || (p[8] | 0x20) < 'c'))
    {
        c = 0xfffd;
    }

    if (c < 0xd800 || c > 0xdfff) {
        dst[0] = (unsigned char) (0xe0 | c >> 12);
        dst[1] = (unsigned char) (0x80 | ((c >> 6) & 0x3f));
        dst[2] = (unsigned char) (0x80 | (c & 0x3f));
        return 3;
    }

    c = 0x10000 + ((c - 0xd800) << 10);
    c += (uint32_t) secops_json_hex4(p + 7, p + 11) - 0xdc00;
    *pos += 6;

    dst[0] = (unsigned char) (0xf0 | c >> 18);
    dst[1] = (unsigned char) (0x80 | ((c >> 12) & 0x3f));
    dst[2] = (unsigned char) (0x80 | ((c >> 6) & 0x3f));
    dst[3] = (unsigned char) (0x80 | (c & 0x3f));

    return 4;
}


size_t
secops_json_unescape_all(const unsigned char *pos, size_t len,
    unsigned char *dst)
{
    unsigned char        *start;
    const unsigned char  *last, *slash;

    start = dst;
    last = pos + len;

    while (pos < last) {
        slash = memchr(pos, '\\', (size_t) (last - pos));

        if (slash == NULL) {
            slash = last;
        }

        memcpy(dst, pos, (size_t) (slash - pos));
        dst += slash - pos;
        pos = slash;

        if (pos < last) {
            dst += secops_json_unescape(&pos, dst);
        }
    }

    return (size_t) (dst - start);
}


static void
secops_json_reader(secops_json_reader_t *r, const unsigned char *data,
    size_t len, int escaped)
{
    r->pos = data;
    r->last = data + len;
    r->have = 0;
    r->taken = 0;
    r->escaped = escaped;
}


/* the next byte, or -1 at the end */

static int
secops_json_read(secops_json_reader_t *r)
{
    if (r->taken < r->have) {
        return r->bytes[r->taken++];
    }

    if (r->pos == r->last) {
        return -1;
    }

    if (r->escaped && *r->pos == '\\') {
        r->have = secops_json_unescape(&r->pos, r->bytes);
        r->taken = 1;

        return r->bytes[0];
    }

    return *r->pos++;
}


static int
secops_json_same(secops_json_reader_t *a, secops_json_reader_t *b)
{
    int  c;

    do {
        c = secops_json_read(a);

        if (c != secops_json_read(b)) {
            return 0;
        }

    } while (c != -1);

    return 1;
}


int
secops_json_same_string(const unsigned char *a_text,
    const secops_json_token_t *a, const unsigned char *b_text,
    const secops_json_token_t *b)
{
    secops_json_reader_t  ra, rb;

    if (!((a->flags | b->flags) & SECOPS_JSON_ESCAPED)) {
        return a->len == b->len
               && memcmp(a_text + a->start, b_text + b->start, a->len) == 0;
    }

    secops_json_reader(&ra, a_text + a->start, a->len,
                       a->flags & SECOPS_JSON_ESCAPED);
    secops_json_reader(&rb, b_text + b->start, b->len,
                       b->flags & SECOPS_JSON_ESCAPED);

    return secops_json_same(&ra, &rb);
}


int
secops_json_escaped_is(const secops_json_t *json, uint32_t i,
    const unsigned char *data, size_t len)
{
    secops_slice_t        raw;
    secops_json_reader_t  a, b;

    raw = secops_json_raw(json, i);

    secops_json_reader(&a, raw.data, raw.len, 1);
    secops_json_reader(&b, data, len, 0);

    return secops_json_same(&a, &b);
}
