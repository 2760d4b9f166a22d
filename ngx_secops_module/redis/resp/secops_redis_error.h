
/*
 * What is done about each error that Redis answers: one table, looked up by
 * the error's code, its first word.  The documentation prints this table.
 *
 * Pure C: no nginx, no allocation.
 */

#ifndef _SECOPS_REDIS_ERROR_H_INCLUDED_
#define _SECOPS_REDIS_ERROR_H_INCLUDED_


#include "util/secops_slice.h"


typedef enum {
    SECOPS_REDIS_REFUSE = 0,        /* sending it again changes nothing */
    SECOPS_REDIS_UNAVAILABLE,       /* not executed now, may be later */
    SECOPS_REDIS_PAUSE,             /* the same; in a cluster it is sent again
                                       after a pause */
    SECOPS_REDIS_FOLLOW,            /* in a cluster it is sent to the node that
                                       is named; else refused */
    SECOPS_REDIS_RECONNECT          /* the same, and this link is of no more
                                       use: a new one may reach a better
                                       server, or find this one recovered */
} secops_redis_action_e;


/* of rows there are at most so many */

#define SECOPS_REDIS_ERRORS_MAX  32


typedef struct {
    secops_slice_t          code;   /* empty in the last row: any other */
    secops_redis_action_e   action;
    const char             *text;   /* what the code means, for the docs */
} secops_redis_error_t;


/* the code of an error reply: up to its first space, a view into it */

secops_slice_t secops_redis_error_code(secops_slice_t message);


/* the row for a code; never NULL, codes not in the table have the last row */

const secops_redis_error_t *secops_redis_error(secops_slice_t code);


/* the rows in the order of the docs; NULL after the last */

const secops_redis_error_t *secops_redis_error_row(size_t i);

/* of a row that one of these gave: its number, by which they can be counted */

size_t secops_redis_error_index(const secops_redis_error_t *error);

const char *secops_redis_action_name(secops_redis_action_e action);


#endif /* _SECOPS_REDIS_ERROR_H_INCLUDED_ */
