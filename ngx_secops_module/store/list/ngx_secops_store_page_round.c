
/* Rounds of a page: lists are asked at the same time, and all awaited. */

#include "store/list/ngx_secops_store_page_internal.h"


#define NGX_SECOPS_STORE_PAGE_ROUNDS  24
#define NGX_SECOPS_STORE_PAGE_TRIES   3


static void ngx_secops_store_page_next(ngx_secops_store_paging_t *paging);
static void ngx_secops_store_page_fail(ngx_secops_store_paging_t *paging,
    ngx_int_t rc);
static void ngx_secops_store_page_end(ngx_secops_store_paging_t *paging,
    ngx_secops_store_result_t *result);


/* lists: which of them are asked, as bits */

ngx_int_t
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


void
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
        rc = paging->begin(paging);
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


ngx_uint_t
ngx_secops_store_page_total(ngx_secops_store_paging_t *paging)
{
    ngx_uint_t  i, total;

    total = 0;

    for (i = 0; i < SECOPS_ID_SHARDS; i++) {
        total += paging->lists[i].total;
    }

    return total;
}
