
/*
 * A list of several domains without a condition, in the order of ids.  The
 * store finds a page of each domain, one after the other, and each becomes a
 * part of the page of them all: the first ids of both are kept, in their order,
 * with the domain that each is of.
 *
 *     page of a domain ──> merge ──> page of the next one ──> … ──> documents
 *
 * Behind a cursor, where the page before this one begins is found in the same
 * way, in the other direction; at an offset it is known from the beginning, so
 * an offset can not be large.
 *
 * Memory: what the store takes for one page, and 33 bytes twice for each id.
 */

#include "api/tables/ngx_http_secops_api_tables.h"
#include "util/ngx_secops_string.h"


static ngx_int_t ngx_http_secops_tables_merge_begin(
    ngx_http_secops_tables_list_t *list, ngx_uint_t room);
static ngx_int_t ngx_http_secops_tables_merge_ask(
    ngx_http_secops_tables_list_t *list);
static ngx_int_t ngx_http_secops_tables_merge_answer(void *data,
    ngx_secops_store_result_t *result);
static void ngx_http_secops_tables_merge_add(
    ngx_http_secops_tables_list_t *list);
static ngx_uint_t ngx_http_secops_tables_merge_oldest(
    ngx_http_secops_tables_list_t *list);
static ngx_int_t ngx_http_secops_tables_merge_end(
    ngx_http_secops_tables_list_t *list);
static ngx_int_t ngx_http_secops_tables_merge_found(
    ngx_http_secops_tables_list_t *list);


ngx_int_t
ngx_http_secops_tables_merge(ngx_http_secops_tables_list_t *list)
{
    uint64_t  last;

    last = list->options.limit + (list->page.cursor ? 0 : list->options.offset);

    if (last > NGX_SECOPS_STORE_PAGE_MAX) {
        return ngx_http_secops_tables_invalid(list->ctx,
                   "sysparm_offset and sysparm_limit may be 10000 together "
                   "when several domains are read; sysparm_cursor leads "
                   "further");
    }

    ngx_http_secops_calls_add(list->ctx, &list->merge.ask.link,
                              &list->merge.ask.page.call,
                              ngx_http_secops_tables_merge_answer, list);

    /* with one more it is seen whether the tables end here */

    last = ngx_min(last + 1, NGX_SECOPS_STORE_PAGE_MAX);

    return ngx_http_secops_tables_merge_begin(list, (ngx_uint_t) last);
}


/* of so many ids, from the first domain on */

static ngx_int_t
ngx_http_secops_tables_merge_begin(ngx_http_secops_tables_list_t *list,
    ngx_uint_t room)
{
    u_char                          *p;
    ngx_http_secops_tables_merge_t  *merge;

    merge = &list->merge;

    p = ngx_pnalloc(list->request->pool, 2 * room * (SECOPS_ID_LEN + 1) + 1);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    merge->ids = p;
    merge->spare_ids = p + room * SECOPS_ID_LEN;
    merge->origins = p + 2 * room * SECOPS_ID_LEN;
    merge->spare_origins = merge->origins + room;

    merge->room = room;
    merge->nids = 0;
    merge->space = 0;

    return ngx_http_secops_tables_merge_ask(list);
}


static ngx_int_t
ngx_http_secops_tables_merge_ask(ngx_http_secops_tables_list_t *list)
{
    ngx_int_t                        rc;
    ngx_secops_store_call_t          call;
    ngx_secops_store_page_t         *page;
    ngx_http_secops_tables_merge_t  *merge;

    merge = &list->merge;
    page = &merge->ask.page;

    merge->pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE,
                                  list->request->connection->log);
    if (merge->pool == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    call = page->call;

    ngx_memzero(page, sizeof(ngx_secops_store_page_t));

    page->call = call;
    page->table = list->table->name;
    page->oldest = ngx_http_secops_tables_merge_oldest(list);
    page->after = list->page.cursor;
    page->n = merge->room;

    rc = ngx_secops_store_read_page(ngx_http_secops_store(list->ctx), page,
                                    &list->spaces[merge->space], merge->pool);

    if (ngx_http_secops_calls_sent(list->ctx, rc) == NGX_OK) {
        return NGX_DONE;
    }

    return ngx_http_secops_calls_wait(list->ctx, rc);
}


/* in the order in which pages are asked for now */

static ngx_uint_t
ngx_http_secops_tables_merge_oldest(ngx_http_secops_tables_list_t *list)
{
    return (list->plan.sequence == SECOPS_QUERY_OLDEST_FIRST)
           != list->merge.before;
}


static ngx_int_t
ngx_http_secops_tables_merge_answer(void *data,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_tables_list_t *list = data;

    ngx_http_secops_tables_merge_t  *merge;

    merge = &list->merge;

    if (result->status != NGX_SECOPS_STORE_OK) {
        return ngx_http_secops_tables_failed(list->ctx, result);
    }

    ngx_http_secops_tables_merge_add(list);

    if (!merge->before) {
        list->total += merge->ask.page.total;
    }

    ngx_http_secops_tables_merge_free(list);

    if (++merge->space < list->nspaces) {
        return ngx_http_secops_tables_merge_ask(list);
    }

    return ngx_http_secops_tables_merge_end(list);
}


/* the page of a domain is one more part of what is there */

static void
ngx_http_secops_tables_merge_add(ngx_http_secops_tables_list_t *list)
{
    int                              rc;
    u_char                          *ids, *origins;
    ngx_uint_t                       i, j, n, oldest;
    ngx_secops_store_page_t         *page;
    ngx_http_secops_tables_merge_t  *merge;

    merge = &list->merge;
    page = &merge->ask.page;

    ids = merge->spare_ids;
    origins = merge->spare_origins;
    oldest = ngx_http_secops_tables_merge_oldest(list);

    i = 0;
    j = 0;

    for (n = 0; n < merge->room && (i < merge->nids || j < page->nids); n++) {

        if (i == merge->nids) {
            rc = 1;

        } else if (j == page->nids) {
            rc = -1;

        } else {
            rc = secops_id_compare(merge->ids + i * SECOPS_ID_LEN,
                                   page->ids + j * SECOPS_ID_LEN);
            rc = oldest ? rc : -rc;
        }

        if (rc <= 0) {
            ngx_memcpy(ids + n * SECOPS_ID_LEN,
                       merge->ids + i * SECOPS_ID_LEN, SECOPS_ID_LEN);
            origins[n] = merge->origins[i++];

        } else {
            ngx_memcpy(ids + n * SECOPS_ID_LEN,
                       page->ids + j++ * SECOPS_ID_LEN, SECOPS_ID_LEN);
            origins[n] = (u_char) merge->space;
        }
    }

    merge->spare_ids = merge->ids;
    merge->spare_origins = merge->origins;
    merge->ids = ids;
    merge->origins = origins;
    merge->nids = n;
}


/* all domains were asked */

static ngx_int_t
ngx_http_secops_tables_merge_end(ngx_http_secops_tables_list_t *list)
{
    ngx_uint_t                       limit;
    ngx_http_secops_tables_merge_t  *merge;

    merge = &list->merge;
    limit = list->options.limit;

    if (merge->before) {

        if (merge->nids == limit) {
            list->previous = merge->ids + (limit - 1) * SECOPS_ID_LEN;
        }

        return ngx_http_secops_tables_page(list);
    }

    return ngx_http_secops_tables_merge_found(list);
}


static ngx_int_t
ngx_http_secops_tables_merge_found(ngx_http_secops_tables_list_t *list)
{
    ngx_uint_t                       first, limit;
    ngx_http_secops_tables_merge_t  *merge;

    merge = &list->merge;
    limit = list->options.limit;

    first = list->page.cursor ? 0 : (ngx_uint_t) list->options.offset;
    first = ngx_min(first, merge->nids);

    list->found = merge->ids + first * SECOPS_ID_LEN;
    list->origins = merge->origins + first;
    list->nfound = ngx_min(merge->nids - first, limit);

    list->more = merge->nids - first > limit
                 || (list->nfound == limit && merge->room == first + limit
                     && list->options.offset + limit < list->total);

    if (list->options.suppress_pagination_header || limit == 0) {
        return ngx_http_secops_tables_page(list);
    }

    if (list->page.cursor == NULL) {

        if (first > limit) {
            list->previous = merge->ids + (first - limit - 1) * SECOPS_ID_LEN;
        }

        return ngx_http_secops_tables_page(list);
    }

    merge->before = 1;

    return ngx_http_secops_tables_merge_begin(list, limit);
}


/* the store's calls have to go before their memory does */

void
ngx_http_secops_tables_merge_free(ngx_http_secops_tables_list_t *list)
{
    ngx_http_secops_tables_merge_t  *merge;

    merge = &list->merge;

    if (merge->pool) {
        ngx_http_secops_calls_cancel(&merge->ask.link);

        ngx_destroy_pool(merge->pool);
        merge->pool = NULL;
    }
}
