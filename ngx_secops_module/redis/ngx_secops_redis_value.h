
/*
 * What replies say: readers of values that came from a server.  Nothing in a
 * value is trusted but its form, which the reader of replies has made: types,
 * numbers of elements and numbers are looked at before they are used.
 *
 * They need no link and no node, so t/fuzz gives them any reply there can be.
 */

#ifndef _NGX_SECOPS_REDIS_VALUE_H_INCLUDED_
#define _NGX_SECOPS_REDIS_VALUE_H_INCLUDED_


#include "redis/ngx_secops_redis.h"


/* a setting of Redis, and what it must be */

typedef struct {
    const char                 *name;
    const char                 *wanted;
} ngx_secops_redis_setting_t;


/* 1: it is a bulk string, and this one; value may be NULL */

ngx_uint_t ngx_secops_redis_value_is(const secops_redis_value_t *value,
    const char *text);


/* 1: an array of just two bulk strings */

ngx_uint_t ngx_secops_redis_value_pair(const secops_redis_value_t *value);


/* values[i] is an array of names and values: the bulk string that follows the
   name, or NULL */

const secops_redis_value_t *ngx_secops_redis_value_field(
    const secops_redis_value_t *values, ngx_uint_t i, const char *name);


/* 1: a reply to ROLE, of a master */

ngx_uint_t ngx_secops_redis_is_master(const secops_redis_value_t *value);


/* a reply to WAIT: how many replicas have it; 0 also when it is no such
   reply */

ngx_uint_t ngx_secops_redis_wait_replicas(
    const secops_redis_value_t *value);


/* 1: a reply to WAITAOF which says that the server's own file was synced */

ngx_uint_t ngx_secops_redis_waitaof_synced(
    const secops_redis_value_t *value);


/*
 * The reply to CONFIG GET.  NULL: with these settings the server syncs its
 * append-only file before it answers a write, always; else the first one that
 * is otherwise, and in *actual its value, or NULL if the reply has no such
 * setting.
 */

#define NGX_SECOPS_REDIS_SYNC_SETTINGS  "*append*"

const ngx_secops_redis_setting_t *ngx_secops_redis_sync_unset(
    const secops_redis_value_t *value,
    const secops_redis_value_t **actual);


/* the number of a line "name:number" in the reply to INFO; NGX_ERROR: there is
   none, or it has more than nine digits */

ngx_int_t ngx_secops_redis_info_number(const secops_redis_value_t *value,
    const char *name);


#endif /* _NGX_SECOPS_REDIS_VALUE_H_INCLUDED_ */
