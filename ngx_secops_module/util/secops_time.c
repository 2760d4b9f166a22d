
/* Times as records carry them; see secops_time.h. */

#include <time.h>

#include "util/secops_time.h"


#define SECOPS_TIME_FIRST  (-62167219200)       /* 0000-01-01 00:00:00 */
#define SECOPS_TIME_LAST   253402300799         /* 9999-12-31 23:59:59 */


static int64_t secops_time_offset(const unsigned char *p,
    const unsigned char *last);
static int64_t secops_time_days(int year, int month, int day);
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
    int                   second;
    int64_t               seconds;
    const unsigned char  *p, *last;

    if (text.len < SECOPS_TIME_LEN) {
        return 0;
    }

    p = text.data;
    last = p + text.len;

    /* a leap second is the one before it */

    second = secops_time_number(p + 17, 2);
    second -= (second == 60);

    seconds = secops_time_days(secops_time_number(p, 4),
                               secops_time_number(p + 5, 2),
                               secops_time_number(p + 8, 2))
              * 86400
              + secops_time_number(p + 11, 2) * 3600
              + secops_time_number(p + 14, 2) * 60
              + second;

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

    return 1;
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


/* from 1970-01-01 on, by the calendar of today; years begin with March, so
   that a leap day is their last */

static int64_t
secops_time_days(int year, int month, int day)
{
    int64_t  y, days;

    y = year - (month <= 2);
    days = 365 * (y + 400) + (y + 400) / 4 - (y + 400) / 100 + (y + 400) / 400;

    month = (month + 9) % 12;

    /* 719468 days from 0000-03-01 on, and those of the 400 years in between */

    return days + (153 * month + 2) / 5 + day - 1 - 719468 - 146097;
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
