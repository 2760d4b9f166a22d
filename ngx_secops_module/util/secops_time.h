
/* Times as records carry them, and lengths of time as nginx.conf has them.
   Pure C. */

#ifndef _SECOPS_TIME_H_INCLUDED_
#define _SECOPS_TIME_H_INCLUDED_


#include <stdint.h>

#include "util/secops_slice.h"


#define SECOPS_TIME_LEN  19


/* seconds since the epoch as "YYYY-MM-DD HH:MM:SS", UTC, without a NUL; years
   0 to 9999 */

void secops_time_format(unsigned char dst[SECOPS_TIME_LEN], int64_t seconds);


/*
 * The same form of a text that is a "glide-date-time" by its schema: with "T"
 * or a space, with a fraction (which is dropped) or none, with an offset or
 * none.  What leaves the years 0 to 9999 by its offset is their first or last
 * second.  -1: it is no such text.
 */

int secops_time_normalize(unsigned char dst[SECOPS_TIME_LEN],
    secops_slice_t text);


/*
 * The seconds since the epoch that "YYYY-MM-DD HH:MM:SS" says, in UTC.  A day
 * that its month does not have is one of the next month.  -1: the text is not
 * of this form.
 */

int secops_time_read(int64_t *seconds, secops_slice_t text);


/*
 * A length of time as nginx.conf has it: numbers with the units "y" (365 days),
 * "M" (30 days), "w", "d", "h", "m" and "s", the larger ones first, each at
 * most once: "90d", "1y 6M", "1h30m".  A number without a unit is the last one,
 * and means seconds.  0: it is in *seconds; -1: it is no length of time, or
 * more than SECOPS_TIME_SPAN_MAX.
 */

#define SECOPS_TIME_SPAN_MAX  ((int64_t) 100 * 365 * 86400)

int secops_time_span(int64_t *seconds, secops_slice_t text);


#endif /* _SECOPS_TIME_H_INCLUDED_ */
