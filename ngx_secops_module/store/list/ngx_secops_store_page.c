
/* A page: what is asked for, and the way there; see ngx_secops_store_page.h. */

#include "store/list/ngx_secops_store_page_internal.h"


/* an offset up to which all that is before it is read */

#define NGX_SECOPS_STORE_PAGE_NEAR    8000


static ngx_int_t ngx_secops_store_page_begin(
    ngx_secops_store_paging_t *paging);


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
    paging->begin = ngx_secops_store_page_begin;

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
