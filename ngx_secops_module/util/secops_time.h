
/* Times as records carry them.  Pure C. */

#ifndef _SECOPS_TIME_H_INCLUDED_
#define _SECOPS_TIME_H_INCLUDED_


#include <stdint.h>


#define SECOPS_TIME_LEN  19


/* seconds since the epoch as "YYYY-MM-DD HH:MM:SS", UTC, without a NUL; years
   0 to 9999 */

void secops_time_format(unsigned char dst[SECOPS_TIME_LEN], int64_t seconds);


#endif /* _SECOPS_TIME_H_INCLUDED_ */
