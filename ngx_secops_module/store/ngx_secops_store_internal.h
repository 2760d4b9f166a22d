
/* What the files of the store share, and nobody else sees. */

#ifndef _NGX_SECOPS_STORE_INTERNAL_H_INCLUDED_
#define _NGX_SECOPS_STORE_INTERNAL_H_INCLUDED_


#include "redis/ngx_secops_redis.h"
#include "store/ngx_secops_store.h"


#define ngx_secops_store_literal(cmd, text)                                   \
    ngx_secops_redis_cmd_arg(cmd, text, sizeof(text) - 1)


/* sends the command of a call; returns as the call does */

ngx_int_t ngx_secops_store_send(ngx_secops_store_call_t *call,
    ngx_secops_redis_cmd_t *cmd, ngx_uint_t flags,
    ngx_secops_redis_handler_pt handler);


/* a call's next command could not be sent, as rc says: makes the reply to the
   one before the end of the call, surely not done */

void ngx_secops_store_unsent(ngx_secops_store_t *store, ngx_int_t rc,
    ngx_secops_redis_result_t *reply);


/* ends a call: result holds what only the caller can tell of a reply that is
   no error */

void ngx_secops_store_answer(ngx_secops_store_call_t *call,
    ngx_secops_redis_result_t *reply, ngx_secops_store_result_t *result);


/* the end of a call whose reply says no more than that it was done */

void ngx_secops_store_written(void *data, ngx_secops_redis_result_t *reply);


/* the value of a read: a document, or none */

void ngx_secops_store_string(ngx_secops_redis_value_t *value,
    ngx_secops_store_result_t *result);


/*
 * An entry in the stream of a shard may be about so many records, which one
 * request has stored: their ids, all of one length, with a comma between two.
 * Each of them is an entry to whoever reads the audit.
 */

#define NGX_SECOPS_STORE_AUDIT_IDS    16
#define NGX_SECOPS_STORE_AUDIT_COMMA  ','
#define NGX_SECOPS_STORE_AUDIT_LEN                                            \
    (NGX_SECOPS_STORE_AUDIT_IDS * (SECOPS_ID_LEN + 1) - 1)


/*
 * An audit entry, as the arguments of XADD that follow the key, _argc() of
 * them: "[MAXLEN ~ maxlen] * user … id …", without the former when it is empty.
 * A script is given the same and hands them on.
 */

ngx_uint_t ngx_secops_store_audit_argc(const ngx_str_t *maxlen);
void ngx_secops_store_audit_args(ngx_secops_redis_cmd_t *cmd,
    const ngx_str_t *maxlen, const ngx_secops_store_audit_t *audit,
    secops_slice_t type, secops_slice_t id);


#endif /* _NGX_SECOPS_STORE_INTERNAL_H_INCLUDED_ */
