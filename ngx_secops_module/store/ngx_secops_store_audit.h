
/* The audit: who did it, as a write has it, and entries that are read. */

#ifndef _NGX_SECOPS_STORE_AUDIT_H_INCLUDED_
#define _NGX_SECOPS_STORE_AUDIT_H_INCLUDED_


#include "store/ngx_secops_store.h"


/* who does it, for the audit stream; borrowed, may be empty */

typedef struct {
    ngx_str_t                   user;
    ngx_str_t                   user_name;      /* of an api key: its name */
    ngx_str_t                   method;         /* how they were identified */
    ngx_str_t                   address;
    ngx_str_t                   request_id;
    ngx_str_t                   operation;
    ngx_str_t                   members;        /* of a change: names of those
                                                   that it has changed */
    ngx_str_t                   caller_domain;  /* of who acts for another */
    ngx_str_t                   outcome;        /* the rest of a refusal only */
    ngx_str_t                   status;
    ngx_str_t                   reason;
    ngx_str_t                   left_out;
} ngx_secops_store_audit_t;


/* a part of an audit stream; borrowed */

typedef struct {
    unsigned                        stream;
    const secops_audit_position_t  *after;      /* NULL: from the newest on */
    ngx_uint_t                      count;
} ngx_secops_store_audit_read_t;


/*
 * An entry about a request that was refused: in a stream of its own, which is
 * shorter than the others may be.  type and id tell what it was about; they may
 * be empty.
 */

ngx_int_t ngx_secops_store_add_refusal(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, const secops_keyspace_t *space,
    const ngx_secops_store_audit_t *audit, secops_slice_t type,
    secops_slice_t id);


/* at most read->count entries, newest first */

ngx_int_t ngx_secops_store_read_audit(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, const secops_keyspace_t *space,
    const ngx_secops_store_audit_read_t *read);


#endif /* _NGX_SECOPS_STORE_AUDIT_H_INCLUDED_ */
