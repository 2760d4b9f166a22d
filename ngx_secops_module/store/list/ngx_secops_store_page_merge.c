
/* Lists are read from the page on, or a little before it, and merged. */

#include "store/list/ngx_secops_store_page_internal.h"


/* of each list, what is read again where it goes on: so many entries may be
   gone between two rounds, and eight times as many whenever it is all done
   again because of that */

#define NGX_SECOPS_STORE_PAGE_AGAIN   32
#define ngx_secops_store_page_again(paging)                                   \
    ((ngx_uint_t) NGX_SECOPS_STORE_PAGE_AGAIN << (3 * (paging)->tries))


static void ngx_secops_store_page_from(ngx_secops_store_paging_t *paging,
    const u_char *id);
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
static ngx_int_t ngx_secops_store_page_merge(
    ngx_secops_store_paging_t *paging);
static ngx_uint_t ngx_secops_store_page_skips(
    ngx_secops_store_paging_t *paging, const u_char *id);
static ngx_uint_t ngx_secops_store_page_is_near(
    ngx_secops_store_paging_t *paging, const u_char *id);
static ngx_int_t ngx_secops_store_page_more(ngx_secops_store_paging_t *paging);


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

ngx_int_t
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
    ngx_uint_t                       i, n, lists;
    ngx_uint_t                       share, left, missing, wanting, again;
    ngx_secops_store_paging_list_t  *list;

    missing = paging->skip + paging->page->n - paging->page->nids;
    share = ngx_secops_store_page_share(missing);
    again = ngx_secops_store_page_again(paging);
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

        n += again + left;

        list->read.at = NULL;
        list->read.n = ngx_min(n, NGX_SECOPS_STORE_IDS_MAX);
        list->read.skip = (ngx_int_t) (list->end - again);

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
