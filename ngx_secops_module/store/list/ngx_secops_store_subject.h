
/* What several tables know about one subject, in one round trip. */

#ifndef _NGX_SECOPS_STORE_SUBJECT_H_INCLUDED_
#define _NGX_SECOPS_STORE_SUBJECT_H_INCLUDED_


#include "store/ngx_secops_store_script.h"
#include "util/secops_id.h"


/*
 * What is read at most, the newest of each list: records of one list and of
 * all, and bytes of all documents.  Redis takes some two milliseconds for it.
 */

#define NGX_SECOPS_STORE_ABOUT_LIST   "200"
#define NGX_SECOPS_STORE_ABOUT_ALL    500
#define NGX_SECOPS_STORE_ABOUT_BYTES  1000000


/* one table's list of records about the subject */

typedef struct {
    secops_slice_t             table;
    uint64_t                   since;   /* what was created earlier, in
                                           milliseconds, need not be read; 0:
                                           all may be */

    /* answered, valid until the handler returns */

    uint64_t                   records; /* in the list: of the oldest some may
                                           be gone */
    const u_char              *oldest;  /* the id of the oldest that is there;
                                           NULL: it is among those that were
                                           read, or not known */
    ngx_uint_t                 nread;
} ngx_secops_store_about_list_t;


/*
 * A call.  What was read is found in the result, of each list in their order
 * nread, the newest first, with the list's index as lookup.  A document without
 * data is of a record that is gone, an empty one was too large to be read.
 */

typedef struct {
    ngx_secops_store_eval_t         eval;   /* must be the first: its call */
    const u_char                   *digest; /* of the subject; borrowed, as */
    ngx_secops_store_about_list_t  *lists;  /* these are, while it is under
                                               way */
    ngx_uint_t                      nlists; /* 1 at least */
    ngx_uint_t                      most;   /* records of all lists, and */
    size_t                          bytes;  /* bytes of their documents: no more
                                               than the numbers above */
} ngx_secops_store_about_t;


/* about was zeroed; its call's handler and data, digest, lists, nlists, most
   and bytes are set.  space is borrowed while it is under way, too: the script
   may have to be sent twice */

ngx_int_t ngx_secops_store_read_about(ngx_secops_store_t *store,
    ngx_secops_store_about_t *about, const secops_keyspace_t *space);


#endif /* _NGX_SECOPS_STORE_SUBJECT_H_INCLUDED_ */
