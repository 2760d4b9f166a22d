
/*
 * Numbers of a document, exactly: their decimal digits are read in place, of
 * which there may be millions, and meet a double only at the very end.
 */

#include <float.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/json/secops_json.h"
#include "model/json/secops_json_number.h"


/*
 * Digits that decide how a double is rounded.  No value halfway between two
 * doubles has more than 768; one more tells on which side of it the rest lies.
 */

#define SECOPS_JSON_DIGITS    768

/*
 * Digits of an exponent beyond the first 18 are not read: two numbers that
 * differ in these alone are taken for the same.
 */

#define SECOPS_JSON_EXPONENT  100000000000000000

/* digits that are hashed at a time */

#define SECOPS_JSON_HASHED    128


/*
 * A number as 0.DIGITS times ten to the exponent, where the first digit is
 * not zero.  The digits are read in place; zero has none.
 */

typedef struct {
    const unsigned char          *pos;
    const unsigned char          *last;     /* of the digits and their point */
    int64_t                       exponent;
    int                           negative;
} secops_json_decimal_t;


static void secops_json_decimal(secops_json_decimal_t *d,
    const unsigned char *pos, size_t len);
static size_t secops_json_count_digits(const unsigned char *pos,
    const unsigned char *last);
static int64_t secops_json_exponent(const unsigned char *pos,
    const unsigned char *last);
static int secops_json_compare_magnitudes(secops_json_decimal_t *a,
    secops_json_decimal_t *b);
static int secops_json_number_short(secops_json_decimal_t d, double *value);


/*
 * The smallest value that no longer rounds to a double, 2^1024 - 2^970: its
 * 309 digits.
 */

static const char  secops_json_too_large[] =
    "17976931348623158079372897140530341507993413271003782693617377898044"
    "49682927647509466490179775872070963302864166928879109465555478519404"
    "02630657488671505820681908902000708383676273854845817711531764475730"
    "27006985557136695962284291481986083493647529271907416844436551070434"
    "2711559699508093042880177904174497792";


int
secops_json_is_number(secops_slice_t text)
{
    size_t                n;
    const unsigned char  *p, *last;

    if (text.len == 0) {
        return 0;
    }

    p = text.data;
    last = p + text.len;

    p += (*p == '-');

    n = secops_json_count_digits(p, last);

    if (n == 0 || (*p == '0' && n > 1)) {
        return 0;
    }

    p += n;

    if (p < last && *p == '.') {
        n = secops_json_count_digits(++p, last);
        p += n;

        if (n == 0) {
            return 0;
        }
    }

    if (p < last && (*p | 0x20) == 'e') {
        p++;
        p += (p < last && (*p == '+' || *p == '-'));

        n = secops_json_count_digits(p, last);
        p += n;

        if (n == 0) {
            return 0;
        }
    }

    return p == last;
}


static size_t
secops_json_count_digits(const unsigned char *pos, const unsigned char *last)
{
    const unsigned char  *p;

    for (p = pos; p < last && *p >= '0' && *p <= '9'; p++) { /* void */ }

    return p - pos;
}


static void
secops_json_decimal(secops_json_decimal_t *d, const unsigned char *pos,
    size_t len)
{
    const unsigned char  *p, *last, *point;

    last = pos + len;

    d->negative = (*pos == '-');
    pos += d->negative;

    point = NULL;

    for (p = pos; p < last && (*p | 0x20) != 'e'; p++) {
        if (*p == '.') {
            point = p;
        }
    }

    d->last = p;
    d->exponent = secops_json_exponent(p, last);

    if (point == NULL) {
        point = p;
    }

    while (pos < d->last && (*pos == '0' || *pos == '.')) {
        pos++;
    }

    d->pos = pos;

    /* a first digit after the point has zeros before it instead of digits */
    d->exponent += (point - pos) + (pos > point);
}


/* of "e+12", or 0 of an empty text */

static int64_t
secops_json_exponent(const unsigned char *pos, const unsigned char *last)
{
    int      negative;
    int64_t  value;

    if (pos == last) {
        return 0;
    }

    pos++;
    negative = (*pos == '-');

    if (*pos == '-' || *pos == '+') {
        pos++;
    }

    for (value = 0; pos < last && value < SECOPS_JSON_EXPONENT; pos++) {
        value = value * 10 + (*pos - '0');
    }

    return negative ? -value : value;
}


/* the next digit; zeros without end after the last */

static inline int
secops_json_next_digit(secops_json_decimal_t *d)
{
    if (d->pos < d->last && *d->pos == '.') {
        d->pos++;
    }

    return (d->pos < d->last) ? *d->pos++ : '0';
}


int
secops_json_number_is_huge(const unsigned char *pos, size_t len, int real)
{
    int                    c;
    size_t                 n;
    const char            *limit;
    secops_json_decimal_t  d;

    secops_json_decimal(&d, pos, len);

    if (d.pos == d.last) {
        return 0;
    }

    /* the smallest magnitude that is too large */

    limit = real ? secops_json_too_large
                 : d.negative ? "9223372036854775809" : "9223372036854775808";

    n = strlen(limit);

    if (d.exponent != (int64_t) n) {
        return d.exponent > (int64_t) n;
    }

    for ( /* void */ ; *limit != '\0'; limit++) {
        c = secops_json_next_digit(&d);

        if (c != *limit) {
            return c > *limit;
        }
    }

    return 1;
}


/* exact: decimal digits are compared, not doubles */

int
secops_json_number_equal(secops_slice_t a, secops_slice_t b)
{
    secops_json_decimal_t  da, db;

    secops_json_decimal(&da, a.data, a.len);
    secops_json_decimal(&db, b.data, b.len);

    if (da.pos == da.last || db.pos == db.last) {
        return da.pos == da.last && db.pos == db.last;
    }

    if (da.negative != db.negative || da.exponent != db.exponent) {
        return 0;
    }

    while (da.pos < da.last || db.pos < db.last) {

        if (secops_json_next_digit(&da) != secops_json_next_digit(&db)) {
            return 0;
        }
    }

    return 1;
}


int
secops_json_number_compare(secops_slice_t a, secops_slice_t b)
{
    int                    rc, sign;
    secops_json_decimal_t  da, db;

    secops_json_decimal(&da, a.data, a.len);
    secops_json_decimal(&db, b.data, b.len);

    /* the sign of each, which is 0 of zero */

    rc = (da.pos == da.last) ? 0 : da.negative ? -1 : 1;
    sign = (db.pos == db.last) ? 0 : db.negative ? -1 : 1;

    if (rc != sign) {
        return rc - sign;
    }

    return sign * secops_json_compare_magnitudes(&da, &db);
}


/* both are read to their ends; of two zeros the exponents say nothing */

static int
secops_json_compare_magnitudes(secops_json_decimal_t *a,
    secops_json_decimal_t *b)
{
    int  rc;

    if (a->exponent != b->exponent) {
        return a->exponent > b->exponent ? 1 : -1;
    }

    while (a->pos < a->last || b->pos < b->last) {

        rc = secops_json_next_digit(a) - secops_json_next_digit(b);

        if (rc) {
            return rc;
        }
    }

    return 0;
}


/*
 * Of sign, digits and exponent, and not of the nearest double: there are as
 * many numbers as one likes that are nearest to the same.
 */

uint32_t
secops_json_number_hash(secops_slice_t text)
{
    size_t                 n;
    uint32_t               hash;
    secops_json_decimal_t  d;
    unsigned char          buf[sizeof(uint32_t) + SECOPS_JSON_HASHED];

    secops_json_decimal(&d, text.data, text.len);

    /* zeros after the last digit say nothing, nor does the point among them */

    while (d.last > d.pos && (d.last[-1] == '0' || d.last[-1] == '.')) {
        d.last--;
    }

    if (d.pos == d.last) {
        return 0;
    }

    memcpy(buf, &d.exponent, sizeof(int64_t));
    buf[sizeof(int64_t)] = (unsigned char) d.negative;

    hash = secops_json_hash(buf, sizeof(int64_t) + 1);

    while (d.pos < d.last) {

        memcpy(buf, &hash, sizeof(uint32_t));

        for (n = sizeof(uint32_t); n < sizeof(buf) && d.pos < d.last; n++) {
            buf[n] = (unsigned char) secops_json_next_digit(&d);
        }

        hash = secops_json_hash(buf, n);
    }

    return hash;
}


/* the digits without the zeros around them; of zero there are none */

void
secops_json_number_canonical(secops_text_t *text, secops_slice_t number,
    int64_t digits)
{
    int64_t                n;
    char                   exponent[24];
    unsigned char          c;
    secops_json_decimal_t  d;

    secops_json_decimal(&d, number.data, number.len);

    while (d.last > d.pos && (d.last[-1] == '0' || d.last[-1] == '.')) {
        d.last--;
    }

    if (d.pos == d.last) {
        secops_text_append_string(text, "0");
        return;
    }

    secops_text_append_string(text, d.negative ? "-" : "");

    for (n = 0; d.pos < d.last; n++) {
        c = (unsigned char) secops_json_next_digit(&d);
        secops_text_append(text, secops_slice_bytes(&c, 1));
    }

    if (n > d.exponent || d.exponent > digits) {
        (void) snprintf(exponent, sizeof(exponent), "e%lld",
                        (long long) d.exponent);
        secops_text_append_string(text, exponent);
        return;
    }

    for ( /* void */ ; n < d.exponent; n++) {
        secops_text_append_string(text, "0");
    }
}


/*
 * Correctly rounded by strtod(), which is given an integer and an exponent:
 * the decimal point that it expects would depend on the locale.
 */

double
secops_json_number_double(secops_slice_t text)
{
    double                 value;
    size_t                 n;
    secops_json_decimal_t  d;
    char                   buf[1 + SECOPS_JSON_DIGITS + 1 + sizeof("e") + 20];

    secops_json_decimal(&d, text.data, text.len);

    if (d.pos == d.last) {
        return d.negative ? -0.0 : 0.0;
    }

    if (secops_json_number_short(d, &value)) {
        return value;
    }

    n = 0;
    buf[n++] = d.negative ? '-' : '+';

    while (d.pos < d.last && n <= SECOPS_JSON_DIGITS) {
        buf[n++] = (char) secops_json_next_digit(&d);
    }

    while (d.pos < d.last) {

        if (secops_json_next_digit(&d) != '0') {
            buf[n++] = '1';
            break;
        }
    }

    (void) snprintf(buf + n, sizeof(buf) - n, "e%lld",
                    (long long) (d.exponent - (int64_t) (n - 1)));

    return strtod(buf, NULL);
}


/*
 * Up to 15 digits are an integer that a double holds, and so is a power of ten
 * up to 22: one operation on them rounds once, to the nearest double.  Unless
 * the processor computes in more bits and rounds twice.  0: it is no such
 * number.
 */

static int
secops_json_number_short(secops_json_decimal_t d, double *value)
{
#if (FLT_EVAL_METHOD == 0)

    int64_t   shift;
    uint64_t  digits;
    unsigned  n;

    static const double  powers[] = {
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
        1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22
    };

    digits = 0;

    for (n = 0; d.pos < d.last; n++) {

        if (n == 15) {
            return 0;
        }

        digits = digits * 10 + (uint64_t) (secops_json_next_digit(&d) - '0');
    }

    shift = d.exponent - n;

    if (shift < -22 || shift > 22) {
        return 0;
    }

    *value = (shift < 0) ? (double) digits / powers[-shift]
                         : (double) digits * powers[shift];

    if (d.negative) {
        *value = -*value;
    }

    return 1;

#else

    return 0;

#endif
}
