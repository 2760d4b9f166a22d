
/*
 * A reply of Redis: an array of values in document order.  An array's elements
 * follow it, and next is the index after the last of them, so that values[0]
 * is the reply, and values[0].next the number of values.
 *
 * Nothing in a value is trusted but its form, which the reader of replies has
 * made: types, numbers of elements and numbers are looked at before they are
 * used.
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


/* a setting of Redis, and what it must be */

typedef struct {
    const char           *name;
    const char           *wanted;
} secops_redis_setting_t;


/* 1: it is a bulk string, and this one; value may be NULL */

int secops_redis_value_is(const secops_redis_value_t *value, const char *text);


/* 1: an array of just two bulk strings */

int secops_redis_value_is_pair(const secops_redis_value_t *value);


/* values[i] is an array of names and values: the bulk string that follows the
   name, or NULL */

const secops_redis_value_t *secops_redis_value_field(
    const secops_redis_value_t *values, size_t i, const char *name);


/* 1: a reply to ROLE, of a master */

int secops_redis_value_is_master(const secops_redis_value_t *value);


/* a reply to WAIT: how many replicas have it; 0 also when it is no such
   reply */

uint32_t secops_redis_wait_replicas(const secops_redis_value_t *value);


/* 1: a reply to WAITAOF which says that the server's own file was synced */

int secops_redis_waitaof_is_synced(const secops_redis_value_t *value);


/*
 * The reply to CONFIG GET.  NULL: with these settings the server syncs its
 * append-only file before it answers a write, always; else the first one that
 * is otherwise, and in *actual its value, or NULL if the reply has no such
 * setting.
 */

#define SECOPS_REDIS_SYNC_SETTINGS  "*append*"

const secops_redis_setting_t *secops_redis_sync_unset(
    const secops_redis_value_t *value, const secops_redis_value_t **actual);


/* the number of a line "name:number" in the reply to INFO; -1: there is none,
   or it has more than nine digits */

int32_t secops_redis_info_number(const secops_redis_value_t *value,
    const char *name);


#endif /* _SECOPS_REDIS_VALUE_H_INCLUDED_ */
