
/* What there is to decide on, as it is read: an event with its feedback and
   what a processor decided, the votes of its bucket, how much feedback its job
   has. */

#ifndef _NGX_SECOPS_STORE_CASE_H_INCLUDED_
#define _NGX_SECOPS_STORE_CASE_H_INCLUDED_


#include "store/ngx_secops_store.h"


/* result->documents of a case; of what is not there data is NULL */

#define NGX_SECOPS_STORE_CASE_EVENT     0
#define NGX_SECOPS_STORE_CASE_FEEDBACK  1
#define NGX_SECOPS_STORE_CASE_VERDICT   2
#define NGX_SECOPS_STORE_CASE           3


/* ids of a job and of an event, both valid, as in a key.  NOT_FOUND: there is
   no such event */

ngx_int_t ngx_secops_store_read_case(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, const secops_keyspace_t *space,
    secops_slice_t job, secops_slice_t event);


/* result->documents are the fields of the bucket's hash: a name and a value by
   turns.  There may be none */

ngx_int_t ngx_secops_store_read_bucket(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, const secops_keyspace_t *space,
    secops_slice_t job, const u_char digest[SECOPS_KEYS_DIGEST_LEN]);


/* result->total is how many events of a shard have been given feedback */

ngx_int_t ngx_secops_store_read_feedbacks(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, const secops_keyspace_t *space,
    secops_slice_t job, ngx_uint_t shard);


#endif /* _NGX_SECOPS_STORE_CASE_H_INCLUDED_ */
