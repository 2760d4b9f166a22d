
/*
 * A page far inside: samples of all lists narrow down where it is, until a
 * pivot is found that comes before it, and is near enough.
 */

#include "store/list/ngx_secops_store_page_internal.h"


/* entries between two bounds that are few enough to be read */

#define NGX_SECOPS_STORE_PAGE_WIDTH   4096


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


ngx_int_t
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
