
/*
 * The lists of a table's records, read: their ids, and the documents of ids.
 *
 * A list is that of a shard, which has all of the table's records in it, or
 * that of a subject.  The newest stands first.  Entries are sorted by
 * secops_id_compare(), but for what machines' clocks, and the writes on their
 * way, differ by: by a minute at most where a place is looked for, and by what
 * store/list/secops_merge.h says where lists are merged.  A list may name
 * records that are gone: they have expired, or were deleted where the list is
 * very deep.  Whoever reads skips them.
 *
 * These calls are one script each.  Those for several lists are started in a
 * row: they leave in one write, and of a Redis Cluster each node is asked once.
 * None of them holds Redis for longer than 3 milliseconds.
 *
 * What a result has of ids and documents is valid until the handler returns.
 *
 * For a page of records see ngx_secops_store_page.h, which uses these; to read
 * all records of a list, one after the other, see ngx_secops_store_scan.h.
 */

#ifndef _NGX_SECOPS_STORE_LIST_H_INCLUDED_
#define _NGX_SECOPS_STORE_LIST_H_INCLUDED_


#include "store/ngx_secops_store_script.h"
#include "util/secops_id.h"


/* what one call reads at most */

#define NGX_SECOPS_STORE_IDS_MAX        4000
#define NGX_SECOPS_STORE_DOCUMENTS_MAX  500


/* one list; borrowed until the call is answered */

typedef struct {
    secops_slice_t                  table;
    ngx_uint_t                      shard;
    const u_char                   *digest;     /* of a subject, of which the
                                                   shard follows; NULL: all of
                                                   the shard */
} ngx_secops_store_list_t;


/*
 * A reading of ids.  They come in the order in which the list is read: the
 * newest first, or the oldest first.  Where it begins:
 *
 *     at is NULL    skip entries after the end that is read first; below 0: so
 *                   many before the other end
 *     at is an id   at the first entry that does not come before this id, and
 *                   skip entries earlier
 *
 * Beforehand dead entries at the tail of the list are removed, 200 at most: so
 * total is exact once they were few.  That does not hurt if Redis is asked
 * twice, or cannot write at present.
 *
 * In the result: total, the entries of the list; begin, how many of them come
 * before the first that was read; rank, with at, how many come before at; ids,
 * nids of them, one after the other, SECOPS_ID_LEN bytes each.
 */

typedef struct {
    ngx_secops_store_eval_t         eval;       /* must be the first: its call
                                                   has the caller's handler */
    ngx_secops_store_list_t         list;
    ngx_uint_t                      oldest;     /* 1: the oldest first */
    const u_char                   *at;
    ngx_int_t                       skip;
    ngx_uint_t                      n;          /* _IDS_MAX at most */
    ngx_uint_t                      step;       /* of so many entries one; 1:
                                                   all; 0: as many that n are
                                                   spread over the list, from
                                                   its end on */
} ngx_secops_store_ids_read_t;


/*
 * A reading of documents, of ids of one shard.
 *
 * In the result: documents, ndocuments of them, for ids from the first on;
 * their data is NULL where there is no record.  If ndocuments is less than
 * nids, so many bytes were read: ask again for the rest.  It is 1 at least.
 */

typedef struct {
    ngx_secops_store_eval_t         eval;       /* must be the first */
    secops_slice_t                  table;      /* borrowed, as ids */
    ngx_uint_t                      shard;
    const u_char                   *ids;        /* one after the other */
    ngx_uint_t                      nids;       /* 1 at least,
                                                   _DOCUMENTS_MAX at most */
    size_t                          bytes;      /* read until it are so many */
} ngx_secops_store_documents_read_t;


/* the struct was zeroed, but for what is described above */

ngx_int_t ngx_secops_store_list_ids(ngx_secops_store_t *store,
    ngx_secops_store_ids_read_t *read, const secops_keyspace_t *space);
ngx_int_t ngx_secops_store_get_records(ngx_secops_store_t *store,
    ngx_secops_store_documents_read_t *read, const secops_keyspace_t *space);


#endif /* _NGX_SECOPS_STORE_LIST_H_INCLUDED_ */
