
/* Times as records carry them; see secops_time.h. */

#include <time.h>

#include "util/secops_time.h"


#define SECOPS_TIME_FIRST  (-62167219200)       /* 0000-01-01 00:00:00 */
#define SECOPS_TIME_LAST   253402300799         /* 9999-12-31 23:59:59 */


typedef struct {
    unsigned char  name;        /* '\0': seconds, and nothing may follow */
    int64_t        seconds;
} secops_time_unit_t;


static const secops_time_unit_t  secops_time_units[] = {
    { 'y', 365 * 86400 },
    { 'M', 30 * 86400 },
    { 'w', 7 * 86400 },
    { 'd', 86400 },
    { 'h', 3600 },
    { 'm', 60 },
    { 's', 1 },
    { '\0', 1 }
};

#define SECOPS_TIME_UNITS                                                     \
    (sizeof(secops_time_units) / sizeof(secops_time_units[0]))


static const unsigned char *secops_time_amount(int64_t *amount,
    const unsigned char *p, const unsigned char *last);
static int64_t secops_time_seconds(const unsigned char *p);
static int64_t secops_time_offset(const unsigned char *p,
    const unsigned char *last);
static int secops_time_number(const unsigned char *p, int digits);
static unsigned char *secops_time_digits(unsigned char *dst, int value,
    int digits);


void
secops_time_format(unsigned char dst[SECOPS_TIME_LEN], int64_t seconds)
{
    time_t     t;
    struct tm  tm;

    t = (time_t) seconds;
    gmtime_r(&t, &tm);

    dst = secops_time_digits(dst, tm.tm_year + 1900, 4);
    *dst++ = '-';
    dst = secops_time_digits(dst, tm.tm_mon + 1, 2);
    *dst++ = '-';
    dst = secops_time_digits(dst, tm.tm_mday, 2);
    *dst++ = ' ';
    dst = secops_time_digits(dst, tm.tm_hour, 2);
    *dst++ = ':';
    dst = secops_time_digits(dst, tm.tm_min, 2);
    *dst++ = ':';
    (void) secops_time_digits(dst, tm.tm_sec, 2);
}


int
secops_time_normalize(unsigned char dst[SECOPS_TIME_LEN], secops_slice_t text)
{
    int64_t               seconds;
    const unsigned char  *p, *last;

    if (text.len < SECOPS_TIME_LEN) {
        return -1;
    }

    p = text.data;
    last = p + text.len;

    seconds = secops_time_seconds(p);

    p += SECOPS_TIME_LEN;

    while (p < last && (*p == '.' || (*p >= '0' && *p <= '9'))) {
        p++;
    }

    seconds -= secops_time_offset(p, last);

    if (seconds < SECOPS_TIME_FIRST) {
        seconds = SECOPS_TIME_FIRST;
    }

    if (seconds > SECOPS_TIME_LAST) {
        seconds = SECOPS_TIME_LAST;
    }

    secops_time_format(dst, seconds);

    return 0;
}


int
secops_time_read(int64_t *seconds, secops_slice_t text)
{
    size_t         i;
    unsigned char  c;

    static const char  form[SECOPS_TIME_LEN + 1] = "9999-19-39 29:59:69";

    if (text.len != SECOPS_TIME_LEN) {
        return -1;
    }

    for (i = 0; i < SECOPS_TIME_LEN; i++) {

        c = text.data[i];

        if (form[i] < '0' || form[i] > '9') {

            if (c != (unsigned char) form[i]) {
                return -1;
            }

        } else if (c < '0' || c > (unsigned char) form[i]) {
            return -1;
        }
    }

    if (secops_time_number(text.data + 5, 2) < 1
        || secops_time_number(text.data + 5, 2) > 12
        || secops_time_number(text.data + 8, 2) < 1
        || secops_time_number(text.data + 8, 2) > 31
        || secops_time_number(text.data + 11, 2) > 23
        || secops_time_number(text.data + 17, 2) > 60)
    {
        return -1;
    }

    *seconds = secops_time_seconds(text.data);

    return 0;
}


/* of digits that stand in their places */

static int64_t
secops_time_seconds(const unsigned char *p)
{
    struct tm  tm;

    memset(&tm, 0, sizeof(struct tm));

    tm.tm_year = secops_time_number(p, 4) - 1900;
    tm.tm_mon = secops_time_number(p + 5, 2) - 1;
    tm.tm_mday = secops_time_number(p + 8, 2);
    tm.tm_hour = secops_time_number(p + 11, 2);
    tm.tm_min = secops_time_number(p + 14, 2);
    tm.tm_sec = secops_time_number(p + 17, 2);

    /* a leap second is the one before it */

    tm.tm_sec -= (tm.tm_sec == 60);

    return (int64_t) timegm(&tm);
}


/* seconds east of UTC that "+hh:mm" or "+hhmm" says; else 0 */

static int64_t
secops_time_offset(const unsigned char *p, const unsigned char *last)
{
    int64_t  seconds;

    if (last - p < 5 || (*p != '+' && *p != '-')) {
        return 0;
    }

    seconds = secops_time_number(p + 1, 2) * 3600
              + secops_time_number(last - 2, 2) * 60;

    return (*p == '-') ? -seconds : seconds;
}


static int
secops_time_number(const unsigned char *p, int digits)
{
    int  i, value;

    value = 0;

    for (i = 0; i < digits; i++) {
        value = value * 10 + (p[i] - '0');
    }

    return value;
}


static unsigned char *
secops_time_digits(unsigned char *dst, int value, int digits)
{
    int  i;

    for (i = digits - 1; i >= 0; i--) {
        dst[i] = (unsigned char) ('0' + value % 10);
        value /= 10;
    }

    return dst + digits;
}


int
secops_time_span(int64_t *seconds, secops_slice_t text)
{
    size_t                unit;
    int64_t               amount, total;
    unsigned char         name;
    const unsigned char  *p, *last;

    p = text.data;
    last = p + text.len;

    total = 0;
    unit = 0;

    do {
        p = secops_time_amount(&amount, p, last);

        if (p == NULL) {
            return -1;
        }

        name = (p < last) ? *p++ : '\0';

        while (unit < SECOPS_TIME_UNITS
               && secops_time_units[unit].name != name)
        {
            unit++;
        }

        if (unit == SECOPS_TIME_UNITS) {
            return -1;
        }

        total += amount * secops_time_units[unit++].seconds;

        if (total > SECOPS_TIME_SPAN_MAX) {
            return -1;
        }

        while (p < last && *p == ' ') {
            p++;
        }

    } while (p < last);

    *seconds = total;

    return 0;
}


/* a number, at least of one digit; returns the byte after it, or NULL: there is
   none, or it is too large even for seconds */

static const unsigned char *
secops_time_amount(int64_t *amount, const unsigned char *p,
    const unsigned char *last)
{
    if (p == last || *p < '0' || *p > '9') {
        return NULL;
    }

    *amount = 0;

    while (p < last && *p >= '0' && *p <= '9') {

        *amount = *amount * 10 + (*p++ - '0');

        if (*amount > SECOPS_TIME_SPAN_MAX) {
            return NULL;
        }
    }

    return p;
}
