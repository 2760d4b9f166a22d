
/*
 * A page of a table's records, by their ids: of all shards, in the order of
 * ids, at an offset or after an id, with the number of all records.
 *
 *     page = ngx_pcalloc(pool, sizeof(ngx_secops_store_page_t));
 *     page->call.handler = …, and what is to be read
 *
 *     rc = ngx_secops_store_read_page(store, page, space, pool);
 *
 *     handler(call, result):
 *         if (result->status == NGX_SECOPS_STORE_OK)
 *             page->ids, page->nids of them, out of page->total; each one's
 *             shard is secops_id_known_shard(); their documents are read by
 *             ngx_secops_store_get_records(), for each shard
 *
 * It is cancelled as any call.  A page that begins at 8,000 or before, or after
 * an id, takes one round trip, rarely two; one that is further inside three to
 * five, however large the table is.
 *
 * Records that are stored meanwhile do not move a page that is read the oldest
 * first.  The total may count records that are gone, and a page may name some:
 * see ngx_secops_store_list.h.
 */

#ifndef _NGX_SECOPS_STORE_PAGE_H_INCLUDED_
#define _NGX_SECOPS_STORE_PAGE_H_INCLUDED_


#include "store/list/ngx_secops_store_list.h"


#define NGX_SECOPS_STORE_PAGE_MAX  10000


typedef struct ngx_secops_store_paging_s  ngx_secops_store_paging_t;


/* Created zeroed.  The first part is the caller's, and borrowed; the second is
   the answer.  All memory is the pool's, 3 MB at most, which lives longer than
   the call */

typedef struct {
    ngx_secops_store_call_t         call;       /* must be the first */
    secops_slice_t                  table;
    ngx_uint_t                      oldest;     /* 1: the oldest first */
    ngx_uint_t                      offset;
    const u_char                   *after;      /* an id: instead of the offset;
                                                   the page begins with the
                                                   first that comes after it.
                                                   It need not exist */
    ngx_uint_t                      n;          /* _PAGE_MAX at most; 0: only
                                                   the total is wanted */

    u_char                         *ids;        /* one after the other,
                                                   SECOPS_ID_LEN bytes each */
    ngx_uint_t                      nids;
    ngx_uint_t                      total;

    ngx_secops_store_paging_t      *paging;     /* the store's own */
} ngx_secops_store_page_t;


/* as all calls; status UNAVAILABLE also: the lists change too fast, three times
   the place of the page was lost */

ngx_int_t ngx_secops_store_read_page(ngx_secops_store_t *store,
    ngx_secops_store_page_t *page, const secops_keyspace_t *space,
    ngx_pool_t *pool);


#endif /* _NGX_SECOPS_STORE_PAGE_H_INCLUDED_ */
