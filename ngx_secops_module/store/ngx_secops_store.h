
/*
 * What the APIs ask of the store, and what it answers, without Redis in
 * sight.  It sees no request.
 *
 * A call is started with its arguments and answered through the call's
 * handler, exactly once and never before the start returned; unless it was
 * cancelled, or the start did not return NGX_OK.  The caller owns the call
 * struct and keeps it until one of these.
 */

#ifndef _NGX_SECOPS_STORE_H_INCLUDED_
#define _NGX_SECOPS_STORE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "store/secops_keys.h"


/* of the layer below: nobody above the store needs to look inside */

struct ngx_secops_redis_s;
struct ngx_secops_redis_cmd_s;


/* one location's store; made when the configuration is read */

typedef struct {
    struct ngx_secops_redis_s  *redis;
    ngx_str_t                   prefix;         /* secops_keys_prefix_valid() */
    ngx_str_t                   audit_maxlen;   /* decimal; empty: keep all */
} ngx_secops_store_t;


typedef enum {
    NGX_SECOPS_STORE_OK = 0,
    NGX_SECOPS_STORE_NOT_FOUND,
    NGX_SECOPS_STORE_REFUSED,       /* not stored, and trying again is no use */
    NGX_SECOPS_STORE_UNAVAILABLE,   /* not stored; worth another try */
    NGX_SECOPS_STORE_UNKNOWN        /* nobody knows whether it was stored */
} ngx_secops_store_status_e;


/* valid until the handler returns */

typedef struct {
    ngx_secops_store_status_e   status;
    ngx_str_t                   value;          /* of a read: the document */
    ngx_str_t                   reason;         /* for the log */
    ngx_msec_t                  time;           /* that Redis took */
} ngx_secops_store_result_t;


typedef struct ngx_secops_store_call_s  ngx_secops_store_call_t;

typedef void (*ngx_secops_store_handler_pt)(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result);

struct ngx_secops_store_call_s {
    ngx_secops_store_handler_pt     handler;    /* set by the caller */
    void                           *data;       /* the caller's */
    struct ngx_secops_redis_cmd_s  *cmd;        /* NULL: not under way */
};


/* who does it, for the audit stream; borrowed, may be empty */

typedef struct {
    ngx_str_t                   user;
    ngx_str_t                   method;         /* how they were identified */
    ngx_str_t                   address;
    ngx_str_t                   request_id;
    ngx_str_t                   operation;
} ngx_secops_store_audit_t;


/* a record to be stored; borrowed */

typedef struct {
    const secops_keyspace_t    *space;
    secops_slice_t              table;
    const u_char               *sys_id;         /* SECOPS_ID_LEN bytes */
    const u_char               *digest;         /* of the subject, or NULL */
    uint64_t                    msec;           /* since the epoch */
    ngx_str_t                   json;
    ngx_secops_store_audit_t   *audit;
} ngx_secops_store_record_t;


/*
 * All of these: NGX_OK, the handler will be called; NGX_BUSY, Redis can not be
 * reached or has too much to do: the same as UNAVAILABLE, and
 * ngx_secops_store_busy() says which; NGX_ERROR, no memory.
 */

/* record, both indexes and audit entry: all or none.  Redis does not undo,
   though: should somebody have put another type under one of our keys, the
   rest of the group is there, and the answer is REFUSED */

ngx_int_t ngx_secops_store_insert_record(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, const ngx_secops_store_record_t *record);

ngx_int_t ngx_secops_store_get_record(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, const secops_keyspace_t *space,
    secops_slice_t table, ngx_str_t *sys_id);

/* OK: a write was accepted just now */

ngx_int_t ngx_secops_store_probe(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call);


/* why NGX_BUSY was returned just now, for the log: static text */

ngx_str_t *ngx_secops_store_busy(ngx_secops_store_t *store);


/* the handler will not be called; no harm when the call is not under way */

void ngx_secops_store_cancel(ngx_secops_store_call_t *call);


#endif /* _NGX_SECOPS_STORE_H_INCLUDED_ */
