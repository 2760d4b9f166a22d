
/*
 * All records of the plan's lists: of each shard's list, or of those of the
 * subjects that are asked for.  Some lists are read at the same time, each from
 * its newest record on; a step is one call for each of them.
 */

#include "api/tables/ngx_http_secops_api_tables.h"
#include "util/ngx_secops_string.h"


static ngx_int_t ngx_http_secops_tables_lists_next(
    ngx_http_secops_tables_list_t *list,
    ngx_http_secops_tables_record_t **record);
static ngx_int_t ngx_http_secops_tables_lists_step(
    ngx_http_secops_tables_list_t *list);
static ngx_uint_t ngx_http_secops_tables_lists_fill(
    ngx_http_secops_tables_list_t *list);
static void ngx_http_secops_tables_scan_begin(
    ngx_http_secops_tables_list_t *list, ngx_http_secops_tables_scan_t *scan,
    ngx_uint_t n);
static ngx_int_t ngx_http_secops_tables_scan_answer(void *data,
    ngx_secops_store_result_t *result);


const ngx_http_secops_tables_source_t  ngx_http_secops_tables_lists = {
    ngx_http_secops_tables_lists_next,
    ngx_http_secops_tables_lists_step
};


ngx_int_t
ngx_http_secops_tables_lists_begin(ngx_http_secops_tables_list_t *list)
{
    ngx_uint_t                       i;
    ngx_http_secops_tables_scan_t   *scan;
    ngx_http_secops_tables_lists_t  *lists;

    lists = &list->lists;

    lists->nlists = (list->plan.kind == SECOPS_QUERY_PLAN_SUBJECTS)
                    ? list->plan.nvalues : SECOPS_ID_SHARDS;
    lists->nlists *= list->nspaces;
    lists->nscans = ngx_min(lists->nlists, NGX_HTTP_SECOPS_TABLES_LISTS);

    lists->scans = ngx_pcalloc(list->request->pool, (lists->nscans + 1)
                                     * sizeof(ngx_http_secops_tables_scan_t));
    if (lists->scans == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < lists->nscans; i++) {
        scan = &lists->scans[i];
        scan->list = list;

        ngx_http_secops_calls_add(list->ctx, &scan->link, &scan->scan.call,
                                  ngx_http_secops_tables_scan_answer, scan);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_tables_lists_next(ngx_http_secops_tables_list_t *list,
    ngx_http_secops_tables_record_t **record)
{
    ngx_uint_t                       i;
    ngx_http_secops_tables_lists_t  *lists;

    lists = &list->lists;

    *record = ngx_http_secops_tables_next(&lists->queue);

    if (*record) {
        return NGX_OK;
    }

    if (lists->begun < lists->nlists) {
        return NGX_AGAIN;
    }

    for (i = 0; i < lists->nscans; i++) {
        if (lists->scans[i].begun && !lists->scans[i].scan.done) {
            return NGX_AGAIN;
        }
    }

    return NGX_DONE;
}


static ngx_int_t
ngx_http_secops_tables_lists_step(ngx_http_secops_tables_list_t *list)
{
    ngx_int_t                        rc;
    ngx_uint_t                       n, left;
    ngx_http_secops_tables_scan_t   *scan;
    ngx_http_secops_tables_lists_t  *lists;

    lists = &list->lists;

    n = ngx_http_secops_tables_lists_fill(list);
    n = ngx_min(n, list->calls);

    for (left = n; left; lists->next = (lists->next + 1) % lists->nscans) {

        scan = &lists->scans[lists->next];

        if (!scan->begun) {
            continue;
        }

        left--;

        scan->scan.bytes = NGX_HTTP_SECOPS_TABLES_BYTES / n;

        rc = scan->asked ? ngx_secops_store_scan_next(&scan->scan)
                         : ngx_secops_store_scan_begin(
                                           ngx_http_secops_store(list->ctx),
                                           &scan->scan,
                                           &list->spaces[scan->space],
                                           list->request->pool);

        if (ngx_http_secops_calls_sent(list->ctx, rc) != NGX_OK) {
            return ngx_http_secops_calls_wait(list->ctx, rc);
        }

        scan->asked = 1;
    }

    return NGX_DONE;
}


/* others take the places of lists that were read: how many there are now */

static ngx_uint_t
ngx_http_secops_tables_lists_fill(ngx_http_secops_tables_list_t *list)
{
    ngx_uint_t                       i, n;
    ngx_http_secops_tables_scan_t   *scan;
    ngx_http_secops_tables_lists_t  *lists;

    lists = &list->lists;
    n = 0;

    for (i = 0; i < lists->nscans; i++) {
        scan = &lists->scans[i];

        if (scan->scan.done) {
            scan->begun = 0;
        }

        if (!scan->begun && lists->begun < lists->nlists) {
            ngx_http_secops_tables_scan_begin(list, scan, lists->begun++);
        }

        n += scan->begun;
    }

    return n;
}


/* the store's memory for ids is used again, as it says */

static void
ngx_http_secops_tables_scan_begin(ngx_http_secops_tables_list_t *list,
    ngx_http_secops_tables_scan_t *scan, ngx_uint_t n)
{
    ngx_secops_store_list_t  *one;
    ngx_secops_store_scan_t   last;

    last = scan->scan;

    ngx_memzero(&scan->scan, sizeof(ngx_secops_store_scan_t));

    scan->scan.call = last.call;
    scan->scan.ids = last.ids;
    scan->scan.next = last.next;

    scan->space = n % list->nspaces;
    n /= list->nspaces;

    one = &scan->scan.list;
    one->table = list->table->name;
    one->shard = n;

    if (list->plan.kind == SECOPS_QUERY_PLAN_SUBJECTS) {
        secops_keys_digest(list->plan.values[n], scan->digest);

        one->digest = scan->digest;
        one->shard = secops_keys_digest_shard(scan->digest);
    }

    scan->scan.from = list->plan.from;
    scan->scan.to = (list->plan.to == UINT64_MAX) ? 0 : list->plan.to;
    scan->scan.n = (NGX_HTTP_SECOPS_TABLES_RECORDS + list->lists.nscans - 1)
                   / list->lists.nscans;

    scan->begun = 1;
    scan->asked = 0;
    scan->reached = 0;
}


static ngx_int_t
ngx_http_secops_tables_scan_answer(void *data,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_tables_scan_t *scan = data;

    ngx_http_secops_tables_list_t  *list;

    list = scan->list;

    if (result->status != NGX_SECOPS_STORE_OK) {
        return ngx_http_secops_tables_failed(list->ctx, result);
    }

    if (ngx_http_secops_tables_keep(list, &list->lists.queue, scan->space,
                                    result->ids, result->documents,
                                    result->ndocuments)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    list->lists.read += result->ndocuments;

    if (result->ndocuments) {
        scan->reached = secops_id_msec(result->ids + (result->ndocuments - 1)
                                                     * SECOPS_ID_LEN);
    }

    return list->ctx->calls.pending ? NGX_DONE : list->goes_on(list, NULL);
}


uint64_t
ngx_http_secops_tables_lists_reached(ngx_http_secops_tables_list_t *list)
{
    uint64_t                        reached;
    ngx_uint_t                      i;
    ngx_http_secops_tables_scan_t  *scan;

    reached = 0;

    if (list->lists.begun < list->lists.nlists) {
        return 0;
    }

    for (i = 0; i < list->lists.nscans; i++) {
        scan = &list->lists.scans[i];

        if (!scan->begun || scan->scan.done) {
            continue;
        }

        if (scan->reached == 0) {
            return 0;
        }

        reached = ngx_max(reached, scan->reached);
    }

    return reached;
}


void
ngx_http_secops_tables_lists_free(ngx_http_secops_tables_list_t *list)
{
    ngx_http_secops_tables_queue_free(&list->lists.queue);
}
