
/*
 * A page: rounds of readings, one of each shard's list, until the merged lists
 * have got as far as the end of the page.
 *
 *     deep:    sample ──> narrow ──┐
 *                ^──────────┘      │ a pivot before the page
 *                                  v
 *     after an id: ─────────────> fetch ──> merge ──> done
 *     near the end: ────────────>  ^          │ ^
 *                                  │          v │
 *                        restart <─┴───────  more
 *
 * What records are stored, deleted or shed meanwhile is noticed: where a list
 * goes on, the last id read is looked for, and what comes before a pivot is
 * counted anew, in the same script that reads from there.  If that does not
 * fit, it is all done again.
 *
 * Lists are a little out of order.  What stands before the place from which they
 * are read comes before whatever is SECOPS_MERGE_TIME after it: so where a page
 * begins is counted right if its first id is.
 */

#include "store/list/ngx_secops_store_list_internal.h"
#include "store/list/ngx_secops_store_page.h"
#include "store/list/secops_merge.h"
#include "store/list/secops_narrow.h"


/* an offset up to which all that is before it is read */

#define NGX_SECOPS_STORE_PAGE_NEAR    8000

/* entries between two bounds that are few enough to be read */

#define NGX_SECOPS_STORE_PAGE_WIDTH   4096

/* of each list, what is read before a place: by so much an entry may be from
   its own */

#define NGX_SECOPS_STORE_PAGE_BACK    (SECOPS_MERGE_DISORDER + 1)

/* ids between a pivot and the page: at first, and how many times as many the
   next time if the page may have some from before the pivot's moment */

#define NGX_SECOPS_STORE_PAGE_MARGIN                                          \
    (2 * NGX_SECOPS_STORE_PAGE_BACK * SECOPS_ID_SHARDS)
#define NGX_SECOPS_STORE_PAGE_WIDER   8

/* of each list, what is read again where it goes on: so many entries may be
   gone between two rounds */

#define NGX_SECOPS_STORE_PAGE_AGAIN   32

#define NGX_SECOPS_STORE_PAGE_ROUNDS  24
#define NGX_SECOPS_STORE_PAGE_TRIES   3


/* the list of a shard, as far as it was read */

typedef struct {
    ngx_secops_store_ids_read_t     read;       /* must be the first */
    ngx_uint_t                      total;      /* of the last answer */
    ngx_uint_t                      rank;
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

    ngx_secops_store_page_take_pt   take;
    ngx_secops_store_page_then_pt   then;
    ngx_uint_t                      pending;    /* lists, of this round */
    ngx_uint_t                      moved;      /* 1: a place was not found */
    ngx_uint_t                      rounds;
    ngx_uint_t                      tries;
    ngx_msec_t                      slowest;    /* of this round */
    ngx_msec_t                      time;       /* of those before */
};


static ngx_int_t ngx_secops_store_page_begin(
    ngx_secops_store_paging_t *paging);
static ngx_int_t ngx_secops_store_page_round(ngx_secops_store_paging_t *paging,
    ngx_uint_t lists, ngx_secops_store_page_take_pt take,
    ngx_secops_store_page_then_pt then);
static void ngx_secops_store_page_answered(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result);
static void ngx_secops_store_page_next(ngx_secops_store_paging_t *paging);
static void ngx_secops_store_page_fail(ngx_secops_store_paging_t *paging,
    ngx_int_t rc);
static void ngx_secops_store_page_end(ngx_secops_store_paging_t *paging,
    ngx_secops_store_result_t *result);

static ngx_int_t ngx_secops_store_page_sample(
    ngx_secops_store_paging_t *paging);
static ngx_int_t ngx_secops_store_page_take_first(
    ngx_secops_store_paging_t *paging, ngx_uint_t shard,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_secops_store_page_take_samples(
    ngx_secops_store_paging_t *paging, ngx_uint_t shard,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_secops_store_page_sampled(
    ngx_secops_store_paging_t *paging);
static ngx_int_t ngx_secops_store_page_narrowed(
    ngx_secops_store_paging_t *paging);
static ngx_int_t ngx_secops_store_page_narrow(
    ngx_secops_store_paging_t *paging);

static void ngx_secops_store_page_from(ngx_secops_store_paging_t *paging,
    const u_char *id);
static ngx_int_t ngx_secops_store_page_fetch(ngx_secops_store_paging_t *paging,
    const u_char *at);
static ngx_uint_t ngx_secops_store_page_share(ngx_uint_t n);
static ngx_int_t ngx_secops_store_page_take_ids(
    ngx_secops_store_paging_t *paging, ngx_uint_t shard,
    ngx_secops_store_result_t *result);
static ngx_uint_t ngx_secops_store_page_after(
    ngx_secops_store_paging_list_t *list, ngx_secops_store_result_t *result);
static ngx_int_t ngx_secops_store_page_room(ngx_secops_store_paging_t *paging,
    ngx_uint_t shard, size_t n);
static ngx_int_t ngx_secops_store_page_fetched(
    ngx_secops_store_paging_t *paging);
static ngx_uint_t ngx_secops_store_page_total(
    ngx_secops_store_paging_t *paging);
static ngx_int_t ngx_secops_store_page_merge(
    ngx_secops_store_paging_t *paging);
static ngx_uint_t ngx_secops_store_page_skips(
    ngx_secops_store_paging_t *paging, const u_char *id);
static ngx_uint_t ngx_secops_store_page_is_near(
    ngx_secops_store_paging_t *paging, const u_char *id);
static ngx_int_t ngx_secops_store_page_more(ngx_secops_store_paging_t *paging);


#define NGX_SECOPS_STORE_PAGE_ALL  ((1 << SECOPS_ID_SHARDS) - 1)


ngx_int_t
ngx_secops_store_read_page(ngx_secops_store_t *store,
    ngx_secops_store_page_t *page, const secops_keyspace_t *space,
    ngx_pool_t *pool)
{
    ngx_uint_t                       i;
    ngx_secops_store_paging_t       *paging;
    ngx_secops_store_paging_list_t  *list;

    paging = ngx_pcalloc(pool, sizeof(ngx_secops_store_paging_t));
    if (paging == NULL) {
        return NGX_ERROR;
    }

    page->ids = ngx_pnalloc(pool, page->n * SECOPS_ID_LEN + 1);
    if (page->ids == NULL) {
        return NGX_ERROR;
    }

    page->paging = paging;

    paging->page = page;
    paging->store = store;
    paging->space = space;
    paging->pool = pool;
    paging->margin = NGX_SECOPS_STORE_PAGE_MARGIN;

    for (i = SECOPS_ID_SHARDS; i > 0; i--) {
        list = &paging->lists[i - 1];

        list->read.list.table = page->table;
        list->read.list.shard = i - 1;
        list->read.oldest = page->oldest;
        list->read.eval.call.handler = ngx_secops_store_page_answered;
        list->read.eval.call.data = paging;
        list->read.eval.call.also = page->call.also;

        page->call.also = &list->read.eval.call;
    }

    return ngx_secops_store_page_begin(paging);
}


static ngx_int_t
ngx_secops_store_page_begin(ngx_secops_store_paging_t *paging)
{
    ngx_uint_t                i;
    ngx_secops_store_page_t  *page;

    page = paging->page;

    page->nids = 0;

    paging->deep = 0;
    paging->skip = 0;
    paging->moved = 0;

    for (i = 0; i < SECOPS_ID_SHARDS; i++) {
        paging->lists[i].begun = 0;
        paging->lists[i].capacity = 0;
    }

    secops_merge_init(&paging->merge, SECOPS_ID_SHARDS, (int) page->oldest);

    if (page->n == 0) {
        return ngx_secops_store_page_fetch(paging, NULL);
    }

    if (page->after) {
        return ngx_secops_store_page_fetch(paging, page->after);
    }

    if (page->offset > ngx_max(paging->margin, NGX_SECOPS_STORE_PAGE_NEAR)) {
        return ngx_secops_store_page_sample(paging);
    }

    paging->skip = page->offset;

    return ngx_secops_store_page_fetch(paging, NULL);
}


/* lists: which of them are asked, as bits */

static ngx_int_t
ngx_secops_store_page_round(ngx_secops_store_paging_t *paging,
    ngx_uint_t lists, ngx_secops_store_page_take_pt take,
    ngx_secops_store_page_then_pt then)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    if (paging->rounds++ == NGX_SECOPS_STORE_PAGE_ROUNDS) {
        return NGX_DECLINED;
    }

    paging->take = take;
    paging->then = then;
    paging->time += paging->slowest;
    paging->slowest = 0;

    for (i = 0; i < SECOPS_ID_SHARDS; i++) {

        if (!(lists & (1 << i))) {
            continue;
        }

        rc = ngx_secops_store_list_ids(paging->store, &paging->lists[i].read,
                                       paging->space);

        if (rc != NGX_OK) {
            ngx_secops_store_cancel(&paging->page->call);
            paging->pending = 0;
            return rc;
        }

        paging->pending++;
    }

    return NGX_OK;
}


static void
ngx_secops_store_page_answered(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result)
{
    ngx_uint_t                  shard;
    ngx_secops_store_paging_t  *paging;

    paging = call->data;
    shard = (ngx_secops_store_paging_list_t *) call - paging->lists;

    paging->pending--;
    paging->slowest = ngx_max(paging->slowest, result->time);

    if (result->status != NGX_SECOPS_STORE_OK) {
        ngx_secops_store_page_end(paging, result);
        return;
    }

    if (paging->take(paging, shard, result) != NGX_OK) {
        ngx_secops_store_page_fail(paging, NGX_ERROR);
        return;
    }

    if (paging->pending == 0) {
        ngx_secops_store_page_next(paging);
    }
}


static void
ngx_secops_store_page_next(ngx_secops_store_paging_t *paging)
{
    ngx_int_t                  rc;
    ngx_secops_store_result_t  result;

    rc = paging->moved ? NGX_DECLINED : paging->then(paging);

    if (rc == NGX_DECLINED
        && ++paging->tries < NGX_SECOPS_STORE_PAGE_TRIES)
    {
        paging->rounds = 0;
        rc = ngx_secops_store_page_begin(paging);
    }

    switch (rc) {

    case NGX_OK:
        return;

    case NGX_DONE:
        ngx_memzero(&result, sizeof(ngx_secops_store_result_t));
        ngx_secops_store_page_end(paging, &result);
        return;

    default:
        ngx_secops_store_page_fail(paging, rc);
    }
}


static void
ngx_secops_store_page_fail(ngx_secops_store_paging_t *paging, ngx_int_t rc)
{
    ngx_secops_store_result_t  result;

    ngx_memzero(&result, sizeof(ngx_secops_store_result_t));

    result.status = NGX_SECOPS_STORE_UNAVAILABLE;

    switch (rc) {

    case NGX_BUSY:
        result.reason = *ngx_secops_store_busy(paging->store);
        break;

    case NGX_DECLINED:
        ngx_str_set(&result.reason, "the lists change too fast");
        break;

    default: /* NGX_ERROR */
        ngx_str_set(&result.reason, "no memory");
    }

    ngx_secops_store_page_end(paging, &result);
}


/* the page, and what the result has, may be gone after this */

static void
ngx_secops_store_page_end(ngx_secops_store_paging_t *paging,
    ngx_secops_store_result_t *result)
{
    ngx_secops_store_page_t  *page;

    page = paging->page;

    if (paging->pending) {
        ngx_secops_store_cancel(&page->call);
    }

    result->time = paging->time + paging->slowest;

    page->call.handler(&page->call, result);
}


static ngx_int_t
ngx_secops_store_page_sample(ngx_secops_store_paging_t *paging)
{
    ngx_uint_t                    i;
    ngx_secops_store_ids_read_t  *read;

    if (paging->narrow == NULL) {
        paging->narrow = ngx_palloc(paging->pool, sizeof(secops_narrow_t));

        if (paging->narrow == NULL) {
            return NGX_ERROR;
        }
    }

    secops_narrow_init(paging->narrow, SECOPS_ID_SHARDS,
                       (int) paging->page->oldest,
                       paging->page->offset - paging->margin);

    for (i = 0; i < SECOPS_ID_SHARDS; i++) {
        read = &paging->lists[i].read;

        read->at = NULL;
        read->skip = 0;
        read->n = SECOPS_NARROW_SAMPLES;
        read->step = 0;
    }

    return ngx_secops_store_page_round(paging, NGX_SECOPS_STORE_PAGE_ALL,
                                       ngx_secops_store_page_take_first,
                                       ngx_secops_store_page_sampled);
}


/* all that follow are at places that are counted in the list as it is now */

static ngx_int_t
ngx_secops_store_page_take_first(ngx_secops_store_paging_t *paging,
    ngx_uint_t shard, ngx_secops_store_result_t *result)
{
    paging->lists[shard].total = result->total;

    secops_narrow_sample(paging->narrow, shard, 0, result->total);

    return ngx_secops_store_page_take_samples(paging, shard, result);
}


static ngx_int_t
ngx_secops_store_page_take_samples(ngx_secops_store_paging_t *paging,
    ngx_uint_t shard, ngx_secops_store_result_t *result)
{
    secops_narrow_list_t  *list;

    list = &paging->narrow->lists[shard];
    list->nsamples = ngx_min(list->nsamples, result->nids);

    if (list->nsamples) {
        ngx_memcpy(list->ids, result->ids, list->nsamples * SECOPS_ID_LEN);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_secops_store_page_sampled(ngx_secops_store_paging_t *paging)
{
    ngx_secops_store_page_t  *page;

    page = paging->page;
    page->total = ngx_secops_store_page_total(paging);

    if (page->offset >= page->total) {
        return NGX_DONE;
    }

    paging->narrow->width = page->total;

    return ngx_secops_store_page_narrowed(paging);
}


static ngx_int_t
ngx_secops_store_page_narrowed(ngx_secops_store_paging_t *paging)
{
    uint64_t          before;
    secops_narrow_t  *narrow;

    narrow = paging->narrow;
    before = narrow->width;

    secops_narrow_round(narrow);

    if (narrow->width > NGX_SECOPS_STORE_PAGE_WIDTH
        && narrow->width < before - before / 4)
    {
        return ngx_secops_store_page_narrow(paging);
    }

    if (!narrow->found) {
        return NGX_DECLINED;
    }

    paging->deep = 1;

    return ngx_secops_store_page_fetch(paging, narrow->pivot);
}


/* samples between the bounds; places are counted from the end to which nothing
   is added, the tail */

static ngx_int_t
ngx_secops_store_page_narrow(ngx_secops_store_paging_t *paging)
{
    ngx_uint_t                       i, lists;
    secops_narrow_list_t            *bounds;
    ngx_secops_store_paging_list_t  *list;

    lists = 0;

    for (i = 0; i < SECOPS_ID_SHARDS; i++) {
        list = &paging->lists[i];
        bounds = &paging->narrow->lists[i];

        secops_narrow_sample(paging->narrow, i, bounds->low, bounds->high);

        if (bounds->nsamples == 0) {
            continue;
        }

        list->read.n = bounds->nsamples;
        list->read.step = (ngx_uint_t) bounds->step;
        list->read.skip = (ngx_int_t) bounds->low;

        if (!list->read.oldest) {
            list->read.skip -= (ngx_int_t) list->total;
        }

        lists |= 1 << i;
    }

    return ngx_secops_store_page_round(paging, lists,
                                       ngx_secops_store_page_take_samples,
                                       ngx_secops_store_page_narrowed);
}


/* a little before an id, in time: an entry that comes after it may stand
   there */

static void
ngx_secops_store_page_from(ngx_secops_store_paging_t *paging,
    const u_char *id)
{
    uint64_t  msec;

    msec = secops_id_msec(id);

    if (paging->page->oldest) {
        msec -= ngx_min(msec, SECOPS_MERGE_TIME);

    } else {
        msec += SECOPS_MERGE_TIME;
    }

    secops_id_least(msec, paging->from);
}


/* reads each list from its end, or from a little before an id on */

static ngx_int_t
ngx_secops_store_page_fetch(ngx_secops_store_paging_t *paging,
    const u_char *id)
{
    ngx_uint_t                    i, n;
    secops_narrow_list_t         *bounds;
    ngx_secops_store_page_t      *page;
    ngx_secops_store_ids_read_t  *read;

    page = paging->page;

    n = page->n + (paging->deep ? paging->margin : paging->skip);
    n = page->n ? ngx_secops_store_page_share(n) : 0;

    if (id) {
        ngx_secops_store_page_from(paging, id);
    }

    for (i = 0; i < SECOPS_ID_SHARDS; i++) {
        read = &paging->lists[i].read;

        read->at = id ? paging->from : NULL;
        read->skip = id ? NGX_SECOPS_STORE_PAGE_BACK : 0;
        read->n = n + (ngx_uint_t) read->skip;
        read->step = 1;

        if (paging->deep) {
            bounds = &paging->narrow->lists[i];
            read->n += (ngx_uint_t) (bounds->high - bounds->low);
        }

        read->n = ngx_min(read->n, NGX_SECOPS_STORE_IDS_MAX);
    }

    return ngx_secops_store_page_round(paging, NGX_SECOPS_STORE_PAGE_ALL,
                                       ngx_secops_store_page_take_ids,
                                       ngx_secops_store_page_fetched);
}


/* of each list, for n ids of all: more than its part, as they are not spread
   evenly, and those that a merge holds back */

static ngx_uint_t
ngx_secops_store_page_share(ngx_uint_t n)
{
    n = n / SECOPS_ID_SHARDS + n / (4 * SECOPS_ID_SHARDS)
        + 2 * SECOPS_MERGE_DISORDER;

    return ngx_min(n, NGX_SECOPS_STORE_IDS_MAX);
}


static ngx_int_t
ngx_secops_store_page_take_ids(ngx_secops_store_paging_t *paging,
    ngx_uint_t shard, ngx_secops_store_result_t *result)
{
    ngx_uint_t                       from, n;
    ngx_secops_store_paging_list_t  *list;

    list = &paging->lists[shard];

    list->total = result->total;
    list->rank = result->rank;
    list->begin = result->begin;
    list->end = result->begin + result->nids;

    from = 0;

    if (list->begun) {
        from = ngx_secops_store_page_after(list, result);

        if (from == 0) {
            paging->moved = 1;
            return NGX_OK;
        }
    }

    n = result->nids - from;

    if (ngx_secops_store_page_room(paging, shard, n) != NGX_OK) {
        return NGX_ERROR;
    }

    secops_merge_add(&paging->merge, shard,
                     result->ids + from * SECOPS_ID_LEN, n,
                     list->end >= list->total);

    if (n) {
        list->begun = 1;
        ngx_memcpy(list->last,
                   result->ids + (result->nids - 1) * SECOPS_ID_LEN,
                   SECOPS_ID_LEN);
    }

    return NGX_OK;
}


/* where it goes on after the last id that was read; 0: that is not there */

static ngx_uint_t
ngx_secops_store_page_after(ngx_secops_store_paging_list_t *list,
    ngx_secops_store_result_t *result)
{
    ngx_uint_t  i;

    for (i = result->nids; i > 0; i--) {
        if (ngx_memcmp(result->ids + (i - 1) * SECOPS_ID_LEN, list->last,
                       SECOPS_ID_LEN)
            == 0)
        {
            return i;
        }
    }

    return 0;
}


static ngx_int_t
ngx_secops_store_page_room(ngx_secops_store_paging_t *paging, ngx_uint_t shard,
    size_t n)
{
    u_char                          *old;
    ngx_secops_store_paging_list_t  *list;

    list = &paging->lists[shard];

    n += secops_merge_left(&paging->merge, shard);

    if (n <= list->capacity) {
        return NGX_OK;
    }

    old = list->memory;

    list->memory = ngx_pnalloc(paging->pool, n * SECOPS_ID_LEN);
    if (list->memory == NULL) {
        return NGX_ERROR;
    }

    list->capacity = n;

    secops_merge_memory(&paging->merge, shard, list->memory, n);

    if (old) {
        (void) ngx_pfree(paging->pool, old);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_secops_store_page_fetched(ngx_secops_store_paging_t *paging)
{
    ngx_uint_t                i, begin;
    ngx_secops_store_page_t  *page;

    page = paging->page;
    page->total = ngx_secops_store_page_total(paging);

    if (page->n == 0) {
        return NGX_DONE;
    }

    if (paging->deep) {
        begin = 0;

        for (i = 0; i < SECOPS_ID_SHARDS; i++) {
            begin += paging->lists[i].begin;
        }

        if (begin > page->offset) {
            paging->margin *= NGX_SECOPS_STORE_PAGE_WIDER;
            return NGX_DECLINED;
        }

        paging->skip = page->offset - begin;
    }

    return ngx_secops_store_page_merge(paging);
}


static ngx_uint_t
ngx_secops_store_page_total(ngx_secops_store_paging_t *paging)
{
    ngx_uint_t  i, total;

    total = 0;

    for (i = 0; i < SECOPS_ID_SHARDS; i++) {
        total += paging->lists[i].total;
    }

    return total;
}


static ngx_int_t
ngx_secops_store_page_merge(ngx_secops_store_paging_t *paging)
{
    int                       rc;
    const u_char             *id;
    ngx_secops_store_page_t  *page;

    page = paging->page;

    while (page->nids < page->n) {

        rc = secops_merge_next(&paging->merge, &id);

        if (rc == 0) {
            break;
        }

        if (rc == -1) {
            return ngx_secops_store_page_more(paging);
        }

        if (ngx_secops_store_page_skips(paging, id)) {
            continue;
        }

        if (page->nids == 0 && ngx_secops_store_page_is_near(paging, id)) {
            paging->margin *= NGX_SECOPS_STORE_PAGE_WIDER;
            return NGX_DECLINED;
        }

        ngx_memcpy(page->ids + page->nids * SECOPS_ID_LEN, id, SECOPS_ID_LEN);
        page->nids++;
    }

    page->total = ngx_secops_store_page_total(paging);

    return NGX_DONE;
}


/* 1: it is before the page */

static ngx_uint_t
ngx_secops_store_page_skips(ngx_secops_store_paging_t *paging,
    const u_char *id)
{
    int                       order;
    ngx_secops_store_page_t  *page;

    page = paging->page;

    if (page->after) {
        order = secops_id_compare(id, page->after);

        return page->oldest ? order <= 0 : order >= 0;
    }

    if (paging->skip) {
        paging->skip--;
        return 1;
    }

    return 0;
}


/* 1: the page's first id is so near to where the lists were read from that it
   may not be the first: what belongs before it may come after it, and what was
   not read may belong after it */

static ngx_uint_t
ngx_secops_store_page_is_near(ngx_secops_store_paging_t *paging,
    const u_char *id)
{
    uint64_t  first, from;

    if (!paging->deep) {
        return 0;
    }

    first = secops_id_msec(id);
    from = secops_id_msec(paging->from);

    return paging->page->oldest ? first < from + SECOPS_MERGE_TIME
                                : first + SECOPS_MERGE_TIME > from;
}


/* the lists go on where they were, or a little before, counted from the tail:
   all of them, as the others would be waited for soon; and with twice as many
   as they have left, so that there are few rounds where much is held back.  A
   single list that is waited for may have all that is missing */

static ngx_int_t
ngx_secops_store_page_more(ngx_secops_store_paging_t *paging)
{
    ngx_uint_t                       i, n, share, left, missing, wanting, lists;
    ngx_secops_store_paging_list_t  *list;

    missing = paging->skip + paging->page->n - paging->page->nids;
    share = ngx_secops_store_page_share(missing);
    wanting = 0;
    lists = 0;

    for (i = 0; i < SECOPS_ID_SHARDS; i++) {
        wanting += secops_merge_is_wanting(&paging->merge, i);
    }

    for (i = 0; i < SECOPS_ID_SHARDS; i++) {
        list = &paging->lists[i];
        left = secops_merge_left(&paging->merge, i);

        if (secops_merge_is_wanting(&paging->merge, i)) {
            n = ngx_max(share, missing / wanting);

        } else if (!paging->merge.runs[i].ended && left <= SECOPS_MERGE_MOST) {
            n = share;

        } else {
            continue;
        }

        n += NGX_SECOPS_STORE_PAGE_AGAIN + left;

        list->read.at = NULL;
        list->read.n = ngx_min(n, NGX_SECOPS_STORE_IDS_MAX);
        list->read.skip = (ngx_int_t) list->end - NGX_SECOPS_STORE_PAGE_AGAIN;

        if (list->read.oldest) {
            list->read.skip = ngx_max(list->read.skip, 0);

        } else {
            list->read.skip -= (ngx_int_t) list->total;
        }

        lists |= 1 << i;
    }

    return ngx_secops_store_page_round(paging, lists,
                                       ngx_secops_store_page_take_ids,
                                       ngx_secops_store_page_merge);
}
