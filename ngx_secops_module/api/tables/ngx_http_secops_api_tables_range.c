
/*
 * A list without a condition, in the order of ids: the store finds the page's
 * ids and their total, however many records there are.  Where the page before
 * it begins, which a link tells, is found at the same time.
 */

#include "api/tables/ngx_http_secops_api_tables.h"
#include "util/ngx_secops_string.h"


static ngx_int_t ngx_http_secops_tables_range_ask(
    ngx_http_secops_tables_list_t *list, ngx_http_secops_tables_ask_t *ask);
static ngx_uint_t ngx_http_secops_tables_range_before(
    ngx_http_secops_tables_list_t *list);
static ngx_int_t ngx_http_secops_tables_range_answer(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_tables_range_found(
    ngx_http_secops_tables_list_t *list);


ngx_int_t
ngx_http_secops_tables_range(ngx_http_secops_tables_list_t *list)
{
    ngx_int_t                 rc;
    ngx_secops_store_page_t  *page;

    page = &list->ask.page;

    page->table = list->table->name;
    page->oldest = (list->plan.sequence == SECOPS_QUERY_OLDEST_FIRST);
    page->after = list->page.cursor;
    page->offset = page->after ? 0 : list->options.offset;

    /* with one more it is seen whether the table ends here */

    page->n = ngx_min(list->options.limit + 1, NGX_SECOPS_STORE_PAGE_MAX);

    rc = ngx_http_secops_tables_range_ask(list, &list->ask);

    if (rc != NGX_DONE || !ngx_http_secops_tables_range_before(list)) {
        return rc;
    }

    return ngx_http_secops_tables_range_ask(list, &list->ask_before);
}


static ngx_int_t
ngx_http_secops_tables_range_ask(ngx_http_secops_tables_list_t *list,
    ngx_http_secops_tables_ask_t *ask)
{
    ngx_int_t  rc;

    ngx_http_secops_calls_add(list->ctx, &ask->link, &ask->page.call,
                              ngx_http_secops_tables_range_answer, list);

    rc = ngx_secops_store_read_page(ngx_http_secops_store(list->ctx),
                                    &ask->page, list->spaces,
                                    list->request->pool);

    if (ngx_http_secops_calls_sent(list->ctx, rc) == NGX_OK) {
        return NGX_DONE;
    }

    return ngx_http_secops_calls_wait(list->ctx, rc);
}


/* 1: there is a page before this one that does not begin with the first record.
   It begins behind the last of limit records before the one that this page
   begins behind; or where that is not known, at its offset */

static ngx_uint_t
ngx_http_secops_tables_range_before(ngx_http_secops_tables_list_t *list)
{
    ngx_secops_store_page_t  *page, *before;

    page = &list->ask.page;
    before = &list->ask_before.page;

    if (list->options.suppress_pagination_header || list->options.limit == 0) {
        return 0;
    }

    before->table = page->table;

    if (page->after) {
        before->oldest = !page->oldest;
        before->after = page->after;
        before->n = list->options.limit;
        return 1;
    }

    if (page->offset <= list->options.limit) {
        return 0;
    }

    before->oldest = page->oldest;
    before->offset = page->offset - list->options.limit - 1;
    before->n = 1;

    return 1;
}


static ngx_int_t
ngx_http_secops_tables_range_answer(void *data,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_tables_list_t *list = data;

    if (result->status != NGX_SECOPS_STORE_OK) {
        return ngx_http_secops_tables_failed(list->ctx, result);
    }

    return list->ctx->calls.pending ? NGX_DONE
                                    : ngx_http_secops_tables_range_found(list);
}


static ngx_int_t
ngx_http_secops_tables_range_found(ngx_http_secops_tables_list_t *list)
{
    ngx_uint_t                limit;
    ngx_secops_store_page_t  *page, *before;

    page = &list->ask.page;
    before = &list->ask_before.page;
    limit = list->options.limit;

    list->found = page->ids;
    list->nfound = ngx_min(page->nids, limit);
    list->total = page->total;

    list->more = page->nids > limit
                 || (page->nids == limit && page->n == limit
                     && list->options.offset + limit < page->total);

    if (before->n && before->nids == before->n) {
        list->previous = before->ids + (before->nids - 1) * SECOPS_ID_LEN;
    }

    return ngx_http_secops_tables_page(list);
}
