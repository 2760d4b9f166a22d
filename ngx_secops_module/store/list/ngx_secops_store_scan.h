
/*
 * All records of a list, the newest first, some in each step.
 *
 *     scan = ngx_pcalloc(pool, sizeof(ngx_secops_store_scan_t));
 *     scan->call.handler = …, and what is to be read
 *
 *     rc = ngx_secops_store_scan_begin(store, scan, space, pool);
 *
 *     handler(call, result), once for each step:
 *         result->documents, result->ndocuments of them, and result->ids
 *         if (!scan->done)
 *             rc = ngx_secops_store_scan_next(scan), now or at any time
 *
 * It is cancelled as any call, at any time.
 *
 * The place where it goes on is counted from the tail, and the ids around it
 * are kept: so records that are stored, deleted or shed meanwhile do not move
 * it.  Each record that was there when the scan began comes once, but for those
 * that are deleted before it is their turn; of those that are stored later none
 * comes.
 *
 * A step is two commands: the documents of some ids, and, on its way at the
 * same time, which ids are next and how many documents are so many bytes.  So
 * the first step takes two round trips, each after it one.  Redis is held for 3
 * milliseconds at most.
 */

#ifndef _NGX_SECOPS_STORE_SCAN_H_INCLUDED_
#define _NGX_SECOPS_STORE_SCAN_H_INCLUDED_


#include "store/list/ngx_secops_store_list.h"
#include "store/list/secops_reply_ids.h"


/* what a step may read at most */

#define NGX_SECOPS_STORE_SCAN_RECORDS  500
#define NGX_SECOPS_STORE_SCAN_BYTES    1000000


/*
 * Created zeroed.  The first part is the caller's, and borrowed until the last
 * step.  In a step's result there may be fewer documents than ids, even none
 * at all: entries that are gone, or out of range, are passed by in steps, too.
 * The data of a document is NULL when its record was deleted just now.
 */

typedef struct {
    ngx_secops_store_call_t         call;       /* must be the first */
    ngx_secops_store_list_t         list;
    uint64_t                        from;       /* milliseconds: which records
                                                   are neither older */
    uint64_t                        to;         /* nor newer; 0: all of them */
    ngx_uint_t                      n;          /* entries of a step, 1 to
                                                   _SCAN_RECORDS */
    size_t                          bytes;      /* ... of its documents, 1 to
                                                   _SCAN_BYTES; a document that
                                                   is larger comes alone */

    ngx_uint_t                      done;       /* 1: this step is the last */
    ngx_uint_t                      passed;     /* entries so far */

    ngx_secops_store_eval_t         ask;        /* the store's own from here */
    ngx_uint_t                      asking;     /* 1: for the next ids */
    ngx_uint_t                      waiting;    /* 1: a step waits for them */
    ngx_uint_t                      known;      /* 1: the next ids are there */
    ngx_uint_t                      left;       /* entries behind these */
    ngx_uint_t                      nnext;
    ngx_uint_t                      nids;       /* of documents under way */
    u_char                         *next;
    u_char                         *ids;
    secops_reply_marks_t            marks;      /* around the place where it
                                                   goes on */
} ngx_secops_store_scan_t;


/* memory for twice n ids is taken from the pool, which lives longer; a scan
   that is zeroed but for next and ids, and has the same n, takes none */

ngx_int_t ngx_secops_store_scan_begin(ngx_secops_store_t *store,
    ngx_secops_store_scan_t *scan, const secops_keyspace_t *space,
    ngx_pool_t *pool);

/* after a step that was OK, and not done */

ngx_int_t ngx_secops_store_scan_next(ngx_secops_store_scan_t *scan);


#endif /* _NGX_SECOPS_STORE_SCAN_H_INCLUDED_ */
