
/* Records that join a group commit; see ngx_secops_store_joint.h. */

#ifndef _NGX_SECOPS_STORE_JOINT_RECORD_H_INCLUDED_
#define _NGX_SECOPS_STORE_JOINT_RECORD_H_INCLUDED_


#include "store/joint/ngx_secops_store_joint.h"


/* zeroed, then the first parts filled in; of it only the id is copied */

typedef struct {
    ngx_secops_store_join_t     join;           /* must be the first */
    ngx_secops_store_audit_t   *audit;
    int64_t                     retention;      /* seconds, or
                                                   SECOPS_TABLE_* */
    ngx_secops_store_record_t   record;

    ngx_secops_store_id_t       id;             /* the record's, from now on */
} ngx_secops_store_join_record_t;


/* the shard of a record that is about to be stored, of this domain and table:
   another one that lies there costs less than one anywhere else.  NGX_DECLINED:
   there is none */

ngx_int_t ngx_secops_store_join_record_shard(const ngx_secops_store_t *store,
    const secops_keyspace_t *space, secops_slice_t table);


/* as all calls, but never NGX_BUSY: that Redis can not be reached the call's
   handler is told when the turn ends */

ngx_int_t ngx_secops_store_join_record(ngx_secops_store_join_record_t *record,
    ngx_secops_store_call_t *call);


#endif /* _NGX_SECOPS_STORE_JOINT_RECORD_H_INCLUDED_ */
