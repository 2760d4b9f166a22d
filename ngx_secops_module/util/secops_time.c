
/* Times as records carry them; see secops_time.h. */

#include <time.h>

#include "util/secops_time.h"


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
