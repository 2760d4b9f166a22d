
/*
 * The end of records, as far as a write has to do with it: the lists that it
 * has added to get their expiry, in its transaction, and are shed behind it.
 *
 * Nobody waits for the shedding, nor does its failure concern the write: a list
 * that could not be shed is shed later.
 */

#ifndef _NGX_SECOPS_STORE_RETENTION_H_INCLUDED_
#define _NGX_SECOPS_STORE_RETENTION_H_INCLUDED_


#include "store/ngx_secops_store.h"
#include "store/retention/secops_retention.h"
#include "util/secops_id.h"


struct ngx_secops_redis_cmd_s;
struct ngx_secops_store_retire_s;


/* a write's part; zeroed, then retention, table and space set */

typedef struct {
    int64_t                            retention;   /* seconds, or
                                                       SECOPS_TABLE_* */
    const secops_keyspace_t           *space;       /* borrowed, both */
    secops_slice_t                     table;       /* of events: the job */
    ngx_uint_t                         events;      /* 1: its lists are those
                                                       of events, which are
                                                       sorted sets */

    uint64_t                           where;       /* of its lists */
    secops_retention_times_t           times;
    struct ngx_secops_store_retire_s  *retires;     /* to be sent */
    ngx_uint_t                         nretires;
} ngx_secops_store_ending_t;


/* before the first list; a list's part of the key is told from others by the
   Redis, the space, the table and the retention, which are taken here */

void ngx_secops_store_ending_begin(ngx_secops_store_ending_t *ending,
    const ngx_secops_store_t *store);


/*
 * A list to which n entries were just added: the commands that it needs go
 * into cmd; NULL: the write gives it its expiry each time.  key is the list's,
 * in the shard; first is one of the entries.  digest: of its subject; NULL: it
 * is the table's.  There are so many of the former that one which is not
 * remembered is shed by chance only, at one write in 32.
 */

void ngx_secops_store_ending_list(ngx_secops_store_ending_t *ending,
    ngx_secops_store_t *store, struct ngx_secops_redis_cmd_s *cmd,
    const secops_key_t *key, ngx_uint_t shard, const u_char *digest,
    ngx_uint_t n, const u_char first[SECOPS_ID_LEN]);


/*
 * The write, a transaction that lacks its EXEC, is sent, and with it leaves
 * what is to follow.  As all calls; NGX_DECLINED too: it is larger than all
 * that may ever wait for Redis.  cmd is sent, or freed, however it ends.
 *
 * If it is sent and is not executed, or nobody knows, no list that was written
 * to before counts as one that has its expiry.  Of a write whose client has
 * left nobody hears this: should it be the first to a list, and should another
 * follow within the hour that is executed, this list has no expiry until one
 * follows after it.
 */

ngx_int_t ngx_secops_store_ending_exec(ngx_secops_store_ending_t *ending,
    ngx_secops_store_t *store, ngx_secops_store_call_t *call,
    struct ngx_secops_redis_cmd_s *cmd);


/* the same where others send the write: rc tells whether it was sent (NGX_OK),
   and what is to follow leaves with it; or it was sent before, and was not
   executed, or nobody knows */

void ngx_secops_store_ending_follow(ngx_secops_store_ending_t *ending,
    ngx_int_t rc);
void ngx_secops_store_ending_lost(void);


#endif /* _NGX_SECOPS_STORE_RETENTION_H_INCLUDED_ */
