
/*
 * A reply of Redis: an array of values in document order.  An array's elements
 * follow it, and next is the index after the last of them, so that values[0]
 * is the reply, and values[0].next the number of values.
 *
 * Pure C: no nginx, no allocation.
 */

#ifndef _SECOPS_REDIS_VALUE_H_INCLUDED_
#define _SECOPS_REDIS_VALUE_H_INCLUDED_


#include <stdint.h>

#include "util/secops_slice.h"


typedef enum {
    SECOPS_REDIS_STRING = 1,
    SECOPS_REDIS_STATUS,
    SECOPS_REDIS_INTEGER,
    SECOPS_REDIS_NIL,
    SECOPS_REDIS_ARRAY,
    SECOPS_REDIS_ERROR
} secops_redis_type_e;


typedef struct {
    secops_redis_type_e   type;
    size_t                next;
    size_t                elements;     /* of an array */
    int64_t               integer;
    secops_slice_t        text;         /* STRING, STATUS, ERROR; borrowed from
                                           whoever has the reply */
} secops_redis_value_t;


#endif /* _SECOPS_REDIS_VALUE_H_INCLUDED_ */
