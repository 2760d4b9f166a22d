
/*
 * A page on its way; what these files share:
 *
 *     …_page.c          what is asked for, and the way there
 *     …_page_round.c    a round: some of the lists are read
 *     …_page_deep.c     finds a pivot before a page that is far inside
 *     …_page_merge.c    reads the lists from there on, and merges them
 *
 *     deep:    sample ──> narrow ──┐
 *                ^──────────┘      │ a pivot before the page
 *                                  v
 *     after an id: ─────────────> fetch ──> merge ──> done
 *     near the ends: ───────────>  ^          │ ^
 *                                  │          v │
 *                        restart <─┴───────  more
 *
 * What records are stored, deleted or shed meanwhile is noticed: where a list
 * goes on, the last id read is looked for, and what comes before a pivot is
 * counted anew, in the same script that reads from there.  If that does not
 * fit, it is all done again.
 *
 * Lists are a little out of order.  What stands before the place from which
 * they are read comes before all that is SECOPS_MERGE_TIME after it: so the
 * page's place is counted right if its first id is so far from it.
 */

#ifndef _NGX_SECOPS_STORE_PAGE_INTERNAL_H_INCLUDED_
#define _NGX_SECOPS_STORE_PAGE_INTERNAL_H_INCLUDED_


#include "store/list/ngx_secops_store_list_internal.h"
#include "store/list/ngx_secops_store_page.h"
#include "store/list/secops_merge.h"
#include "store/list/secops_narrow.h"


/* of each list, what is read before a place: by so much an entry may be from
   its own */

#define NGX_SECOPS_STORE_PAGE_BACK    (SECOPS_MERGE_DISORDER + 1)

/* ids between a pivot and the page: at first, and how many times as many the
   next time if the page may have some from before the pivot's moment */

#define NGX_SECOPS_STORE_PAGE_MARGIN                                          \
    (2 * NGX_SECOPS_STORE_PAGE_BACK * SECOPS_ID_SHARDS)
#define NGX_SECOPS_STORE_PAGE_WIDER   8

#define NGX_SECOPS_STORE_PAGE_ALL     ((1 << SECOPS_ID_SHARDS) - 1)


/* the list of a shard, as far as it was read */

typedef struct {
    ngx_secops_store_ids_read_t     read;       /* must be the first */
    ngx_uint_t                      total;      /* of the last answer */
    ngx_uint_t                      begin;
    ngx_uint_t                      end;        /* after the last id read */
    ngx_uint_t                      begun;      /* 1: some were read, */
    u_char                          last[SECOPS_ID_LEN];  /* and this last */
    u_char                         *memory;
    size_t                          capacity;   /* of it, in ids */
} ngx_secops_store_paging_list_t;


/* takes what a list has answered; NGX_ERROR: there is no memory */

typedef ngx_int_t (*ngx_secops_store_page_take_pt)(
    ngx_secops_store_paging_t *paging, ngx_uint_t shard,
    ngx_secops_store_result_t *result);

/* goes on when all lists of a round have answered.  NGX_OK: another round is
   under way; NGX_DONE: the page is complete; NGX_DECLINED: all is to be done
   again; else as calls that do not start */

typedef ngx_int_t (*ngx_secops_store_page_then_pt)(
    ngx_secops_store_paging_t *paging);


struct ngx_secops_store_paging_s {
    ngx_secops_store_page_t        *page;
    ngx_secops_store_t             *store;
    const secops_keyspace_t        *space;
    ngx_pool_t                     *pool;

    ngx_secops_store_paging_list_t  lists[SECOPS_ID_SHARDS];
    secops_merge_t                  merge;
    secops_narrow_t                *narrow;     /* of a page deep inside */
    ngx_uint_t                      margin;     /* between pivot and page */
    ngx_uint_t                      deep;       /* 1: there is a pivot */
    u_char                          from[SECOPS_ID_LEN];  /* before it, or
                                                   before after */
    ngx_uint_t                      skip;       /* merged ids before the page */

    ngx_secops_store_page_then_pt   begin;      /* the first round */
    ngx_secops_store_page_take_pt   take;
    ngx_secops_store_page_then_pt   then;
    ngx_uint_t                      pending;    /* lists, of this round */
    ngx_uint_t                      moved;      /* 1: a place was not found */
    ngx_uint_t                      rounds;
    ngx_uint_t                      tries;
    ngx_msec_t                      slowest;    /* of this round */
    ngx_msec_t                      time;       /* of those before */
};


/* asks lists, those whose bits are set; what they answer is taken, and then it
   goes on.  NGX_DECLINED: there were too many rounds */

ngx_int_t ngx_secops_store_page_round(ngx_secops_store_paging_t *paging,
    ngx_uint_t lists, ngx_secops_store_page_take_pt take,
    ngx_secops_store_page_then_pt then);

/* one of them has answered */

void ngx_secops_store_page_answered(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result);

ngx_uint_t ngx_secops_store_page_total(ngx_secops_store_paging_t *paging);


/* finds a pivot, and reads the lists from there on */

ngx_int_t ngx_secops_store_page_sample(ngx_secops_store_paging_t *paging);


/* reads the lists from a little before an id on; NULL: from their ends */

ngx_int_t ngx_secops_store_page_fetch(ngx_secops_store_paging_t *paging,
    const u_char *id);


#endif /* _NGX_SECOPS_STORE_PAGE_INTERNAL_H_INCLUDED_ */
