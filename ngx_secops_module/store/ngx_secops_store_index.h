
/* What is kept beside the resources: made where it is missing. */

#ifndef _NGX_SECOPS_STORE_INDEX_H_INCLUDED_
#define _NGX_SECOPS_STORE_INDEX_H_INCLUDED_


#include "store/ngx_secops_store_resource.h"


/*
 * The making of what is kept beside the resources: their bytes, and who refers
 * to whom.  The calls are for cancel, and for the store's own use like the
 * rest, but for handler and data of the first, which are the caller's.
 */

typedef struct {
    ngx_secops_store_call_t         call;       /* must be the first */
    ngx_secops_store_find_t         find;
    ngx_secops_store_eval_t         step;
    ngx_secops_store_lookup_t       lookups[SECOPS_RESOURCE_TYPES];

    ngx_pool_t                     *pool;
    ngx_str_t                       revision;
    ngx_uint_t                      total;
    ngx_uint_t                      begun;      /* the first step was sent */
    ngx_uint_t                      more;       /* to be read */
    off_t                           bytes;      /* of all, in the last step */
    ngx_msec_t                      time;

    ngx_array_t                     seen;       /* what was read of each */
    ngx_array_t                     refs;       /* of ngx_str_t, to be sent */
    ngx_uint_t                      sent;       /* of refs */
} ngx_secops_store_index_t;


/*
 * When the bytes of all resources are not known: makes them, and the references
 * that lookups by them want.  A commit wants that as well.  CHANGED: others
 * have changed the resources meanwhile.  All memory is the pool's, which lives
 * longer than the call.
 */

ngx_int_t ngx_secops_store_index_resources(ngx_secops_store_t *store,
    ngx_secops_store_index_t *index, const secops_keyspace_t *space,
    ngx_pool_t *pool);


#endif /* _NGX_SECOPS_STORE_INDEX_H_INCLUDED_ */
