
/*
 * What the APIs ask of the store, and what it answers, without Redis in
 * sight.  It sees no request.
 *
 * A call is started with its arguments and answered through the call's
 * handler, exactly once and never before the start returned; unless it was
 * cancelled, or the start did not return NGX_OK.  The caller owns the call
 * struct and keeps it until one of these.
 *
 * All starts return NGX_OK, the handler will be called; NGX_BUSY, Redis can not
 * be reached or has too much to do: the same as UNAVAILABLE, and
 * ngx_secops_store_busy() says which; or NGX_ERROR, no memory.
 *
 * This header has what all calls share; a header beside it for each of records,
 * resources, their index, api keys, the audit and scripts has the rest.
 */

#ifndef _NGX_SECOPS_STORE_H_INCLUDED_
#define _NGX_SECOPS_STORE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "model/audit/secops_audit.h"
#include "store/secops_keys.h"


/* of the layer below: nobody above the store needs to look inside */

struct ngx_secops_redis_s;
struct ngx_secops_redis_cmd_s;


/* one location's store; made when the configuration is read */

typedef struct {
    struct ngx_secops_redis_s  *redis;
    ngx_str_t                   prefix;         /* secops_keys_prefix_valid() */
    ngx_str_t                   audit_maxlen;   /* decimal; empty: keep all */
    ngx_str_t                   event_queue;    /* the same, of the events of a
                                                   job in one shard */
    int64_t                     retention;      /* of records whose table does
                                                   not say: seconds, or
                                                   SECOPS_TABLE_* */
    ngx_str_t                   durability;     /* that OK of a write stands
                                                   for, in words */
} ngx_secops_store_t;


typedef enum {
    NGX_SECOPS_STORE_OK = 0,
    NGX_SECOPS_STORE_NOT_FOUND,
    NGX_SECOPS_STORE_CHANGED,       /* not stored: somebody else was first */
    NGX_SECOPS_STORE_REFUSED,       /* not stored, and trying again is no use */
    NGX_SECOPS_STORE_TOO_MANY,      /* not stored: one of the limits of a */
    NGX_SECOPS_STORE_TOO_LARGE,     /* commit, of resources, of their bytes, */
    NGX_SECOPS_STORE_DOCUMENT,      /* or of the bytes of one */
    NGX_SECOPS_STORE_UNAVAILABLE,   /* not stored; worth another try */
    NGX_SECOPS_STORE_UNKNOWN        /* nobody knows whether it was stored, or
                                       whether it is as durable as it was to
                                       be */
} ngx_secops_store_status_e;


/* a resource as it is stored */

typedef struct {
    ngx_uint_t                  lookup;         /* index of what asked for it */
    ngx_str_t                   id;
    ngx_str_t                   document;       /* JSON */
    ngx_str_t                   last_used;      /* empty: not known */
} ngx_secops_store_found_t;


/* valid until the handler returns */

typedef struct {
    ngx_secops_store_status_e   status;
    ngx_str_t                   value;          /* of a read: the document */
    secops_audit_entry_t       *entries;        /* of an audit read, one for
                                                   each record; may be changed.
                                                   Their stream is not filled
                                                   in */
    ngx_uint_t                  nentries;
    ngx_uint_t                  nread;          /* of the stream, for these */
    ngx_str_t                   revision;       /* of resources: what a commit
                                                   wants to be still the same */
    ngx_str_t                   next_id;        /* of resources; empty: none
                                                   was given yet */
    off_t                       bytes;          /* of all resources; -1: it is
                                                   not known, see
                                                   _index_resources() */
    ngx_uint_t                  total;          /* of all resources, or of the
                                                   entries of a list */
    ngx_uint_t                  listed;         /* ... of the types of which all
                                                   were asked for */
    ngx_uint_t                  more;           /* 1: this is a part, see
                                                   _find_more() */
    ngx_secops_store_found_t   *found;          /* in the order of lookups */
    ngx_uint_t                  nfound;
    u_char                     *ids;            /* of records, one after the
                                                   other, and how many */
    ngx_uint_t                  nids;
    ngx_uint_t                  begin;          /* of a list: entries before the
                                                   first of ids, */
    ngx_uint_t                  rank;           /* and before an id */
    ngx_str_t                  *documents;      /* of records; of one that is
                                                   not there data is NULL */
    ngx_uint_t                  ndocuments;
    ngx_str_t                   reason;         /* for the log */
    ngx_msec_t                  time;           /* that Redis took */
} ngx_secops_store_result_t;


typedef struct ngx_secops_store_call_s  ngx_secops_store_call_t;

typedef void (*ngx_secops_store_handler_pt)(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result);

/* a call is cancelled that shares a command with others */

typedef void (*ngx_secops_store_leave_pt)(ngx_secops_store_call_t *call);

struct ngx_secops_store_call_s {
    ngx_secops_store_handler_pt     handler;    /* set by the caller */
    void                           *data;       /* the caller's */
    struct ngx_secops_redis_cmd_s  *cmd;        /* NULL: not under way */
    ngx_secops_store_call_t        *parts;      /* that it consists of, */
    ngx_uint_t                      nparts;     /* if there are several */
    ngx_secops_store_call_t        *also;       /* is cancelled with it; or
                                                   NULL */
    ngx_secops_store_leave_pt       leave;      /* NULL: it shares no command */
    void                           *share;      /* leave's own */
};


/* the part of the key space that a domain has */

void ngx_secops_store_space(const ngx_secops_store_t *store,
    secops_keyspace_t *space, const ngx_str_t *domain);


/* OK: a write was accepted just now, and is durable */

ngx_int_t ngx_secops_store_probe(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, ngx_uint_t share);

/* how many probes it takes for all servers: share is 0, ... of each */

ngx_uint_t ngx_secops_store_shares(ngx_secops_store_t *store);

/* who that server is: as in the log, and where its link leads to, empty without
   one.  In the pool; NGX_ERROR: no memory */

ngx_int_t ngx_secops_store_server(ngx_secops_store_t *store, ngx_uint_t share,
    ngx_pool_t *pool, ngx_str_t *name, ngx_str_t *address);

/* 1: a part of what could be stored has no server at present */

ngx_uint_t ngx_secops_store_gaps(ngx_secops_store_t *store);


/* why NGX_BUSY was returned just now, for the log: static text */

ngx_str_t *ngx_secops_store_busy(ngx_secops_store_t *store);


/* the handler will not be called; no harm when the call is not under way */

void ngx_secops_store_cancel(ngx_secops_store_call_t *call);


#endif /* _NGX_SECOPS_STORE_H_INCLUDED_ */
