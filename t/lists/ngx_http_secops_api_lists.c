
/*
 * An operation for t/327-lists.t, which compiles it into a copy of the module:
 * what the store reads of lists, asked for over HTTP.
 *
 *     /api/secops/v1/lists/page/TABLE?oldest=&offset=&after=&n=
 *         {"total":…,"ids":[…]}
 *     /api/secops/v1/lists/scan/TABLE?shard=&digest=&from=&to=&n=&bytes=&wait=
 *         {"passed":…,"steps":[[id,…],…]}, wait milliseconds between two steps;
 *         of a record that was deleted just now "gone" follows
 *     /api/secops/v1/lists/records/TABLE?ids=&bytes=
 *         {"documents":[length or null,…]}
 */

#include "api/ngx_http_secops_api.h"
#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_reply.h"
#include "http/ngx_http_secops_tables.h"
#include "store/list/ngx_secops_store_page.h"
#include "store/list/ngx_secops_store_scan.h"
#include "util/ngx_secops_string.h"


typedef struct {
    ngx_http_secops_ctx_t              *ctx;
    secops_keyspace_t                   space;
    ngx_http_secops_call_t              link;
    ngx_array_t                         text;   /* of u_char: the answer */
    ngx_uint_t                          wait;

    ngx_secops_store_page_t             page;
    ngx_secops_store_scan_t             scan;
    ngx_secops_store_documents_read_t   documents;
} ngx_http_secops_lists_t;


static ngx_int_t ngx_http_secops_lists_page(ngx_http_request_t *r,
    ngx_http_secops_lists_t *lists, secops_slice_t table);
static ngx_int_t ngx_http_secops_lists_scan(ngx_http_request_t *r,
    ngx_http_secops_lists_t *lists, secops_slice_t table);
static ngx_int_t ngx_http_secops_lists_records(ngx_http_request_t *r,
    ngx_http_secops_lists_t *lists, secops_slice_t table);
static ngx_int_t ngx_http_secops_lists_paged(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_lists_scanned(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_lists_next(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_lists_read(void *data,
    ngx_secops_store_result_t *result);


static ngx_uint_t
ngx_http_secops_lists_number(ngx_http_request_t *r, const char *name,
    ngx_uint_t otherwise)
{
    ngx_int_t  n;
    ngx_str_t  value;

    if (ngx_http_arg(r, (u_char *) name, ngx_strlen(name), &value) != NGX_OK) {
        return otherwise;
    }

    n = ngx_atoi(value.data, value.len);

    return n < 0 ? otherwise : (ngx_uint_t) n;
}


static u_char *
ngx_http_secops_lists_text(ngx_http_request_t *r, const char *name, size_t len)
{
    ngx_str_t  value;

    if (ngx_http_arg(r, (u_char *) name, ngx_strlen(name), &value) != NGX_OK
        || value.len != len)
    {
        return NULL;
    }

    return value.data;
}


static void
ngx_http_secops_lists_add(ngx_http_secops_lists_t *lists, const char *fmt, ...)
{
    size_t   len;
    u_char  *p, buf[256];
    va_list  args;

    va_start(args, fmt);
    len = ngx_vslprintf(buf, buf + sizeof(buf), fmt, args) - buf;
    va_end(args);

    p = ngx_array_push_n(&lists->text, len);

    if (p) {
        ngx_memcpy(p, buf, len);
    }
}


static ngx_int_t
ngx_http_secops_lists_reply(ngx_http_secops_lists_t *lists)
{
    ngx_str_t  body;

    body.data = lists->text.elts;
    body.len = lists->text.nelts;

    return ngx_http_secops_reply(lists->ctx->request, NGX_HTTP_OK, &body);
}


static ngx_int_t
ngx_http_secops_lists_fail(ngx_http_secops_lists_t *lists,
    ngx_secops_store_result_t *result)
{
    return ngx_http_secops_fail_server(lists->ctx->request, lists->ctx,
        ngx_http_secops_store_error(NGX_HTTP_SECOPS_READ, result->status),
        &result->reason);
}


ngx_int_t
ngx_http_secops_lists_get(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    secops_table_t           *table;
    ngx_http_secops_lists_t  *lists;

    table = ngx_http_secops_table_by_name(
                ngx_http_get_module_main_conf(r, ngx_http_secops_module),
                &ctx->params[1]);

    lists = ngx_pcalloc(r->pool, sizeof(ngx_http_secops_lists_t));

    if (table == NULL
        || lists == NULL
        || ngx_array_init(&lists->text, r->pool, 4096, 1) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    lists->ctx = ctx;
    ngx_http_secops_keyspace(ctx, &lists->space);

    switch (ctx->params[0].data[0]) {

    case 'p':
        return ngx_http_secops_lists_page(r, lists, table->name);

    case 's':
        return ngx_http_secops_lists_scan(r, lists, table->name);

    default:
        return ngx_http_secops_lists_records(r, lists, table->name);
    }
}


static ngx_int_t
ngx_http_secops_lists_page(ngx_http_request_t *r,
    ngx_http_secops_lists_t *lists, secops_slice_t table)
{
    ngx_int_t                 rc;
    ngx_secops_store_page_t  *page;

    page = &lists->page;

    page->table = table;
    page->oldest = ngx_http_secops_lists_number(r, "oldest", 0);
    page->offset = ngx_http_secops_lists_number(r, "offset", 0);
    page->after = ngx_http_secops_lists_text(r, "after", SECOPS_ID_LEN);
    page->n = ngx_http_secops_lists_number(r, "n", 100);

    ngx_http_secops_calls_add(lists->ctx, &lists->link, &page->call,
                              ngx_http_secops_lists_paged, lists);

    rc = ngx_secops_store_read_page(ngx_http_secops_store(lists->ctx), page,
                                    &lists->space, r->pool);

    return ngx_http_secops_calls_wait(lists->ctx,
                                 ngx_http_secops_calls_sent(lists->ctx, rc));
}


static ngx_int_t
ngx_http_secops_lists_paged(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_lists_t *lists = data;

    ngx_uint_t                i;
    ngx_secops_store_page_t  *page;

    if (result->status != NGX_SECOPS_STORE_OK) {
        return ngx_http_secops_lists_fail(lists, result);
    }

    page = &lists->page;

    ngx_http_secops_lists_add(lists, "{\"total\":%ui,\"ids\":[", page->total);

    for (i = 0; i < page->nids; i++) {
        ngx_http_secops_lists_add(lists, "%s\"%*s\"", i ? "," : "",
                                  (size_t) SECOPS_ID_LEN,
                                  page->ids + i * SECOPS_ID_LEN);
    }

    ngx_http_secops_lists_add(lists, "]}");

    return ngx_http_secops_lists_reply(lists);
}


static ngx_int_t
ngx_http_secops_lists_scan(ngx_http_request_t *r,
    ngx_http_secops_lists_t *lists, secops_slice_t table)
{
    ngx_int_t                 rc;
    ngx_secops_store_scan_t  *scan;

    scan = &lists->scan;

    scan->list.table = table;
    scan->list.shard = ngx_http_secops_lists_number(r, "shard", 0);
    scan->list.digest = ngx_http_secops_lists_text(r, "digest",
                                                   SECOPS_KEYS_DIGEST_LEN);
    scan->from = ngx_http_secops_lists_number(r, "from", 0);
    scan->to = ngx_http_secops_lists_number(r, "to", 0);
    scan->n = ngx_http_secops_lists_number(r, "n",
                                           NGX_SECOPS_STORE_SCAN_RECORDS);
    scan->bytes = ngx_http_secops_lists_number(r, "bytes",
                                               NGX_SECOPS_STORE_SCAN_BYTES);

    lists->wait = ngx_http_secops_lists_number(r, "wait", 0);

    ngx_http_secops_lists_add(lists, "{\"steps\":[");

    ngx_http_secops_calls_add(lists->ctx, &lists->link, &scan->call,
                              ngx_http_secops_lists_scanned, lists);

    rc = ngx_secops_store_scan_begin(ngx_http_secops_store(lists->ctx), scan,
                                     &lists->space, r->pool);

    return ngx_http_secops_calls_wait(lists->ctx,
                                 ngx_http_secops_calls_sent(lists->ctx, rc));
}


static ngx_int_t
ngx_http_secops_lists_scanned(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_lists_t *lists = data;

    ngx_uint_t                i;
    ngx_secops_store_scan_t  *scan;

    if (result->status != NGX_SECOPS_STORE_OK) {
        return ngx_http_secops_lists_fail(lists, result);
    }

    scan = &lists->scan;

    ngx_http_secops_lists_add(lists, "[");

    for (i = 0; i < result->ndocuments; i++) {
        ngx_http_secops_lists_add(lists, "%s\"%*s\"%s", i ? "," : "",
                                  (size_t) SECOPS_ID_LEN,
                                  result->ids + i * SECOPS_ID_LEN,
                                  result->documents[i].data ? ""
                                                            : ",\"gone\"");
    }

    if (scan->done) {
        ngx_http_secops_lists_add(lists, "]],\"passed\":%ui}", scan->passed);

        return ngx_http_secops_lists_reply(lists);
    }

    ngx_http_secops_lists_add(lists, "],");

    if (lists->wait) {
        return ngx_http_secops_pause(lists->ctx, lists->wait,
                                     ngx_http_secops_lists_next, lists);
    }

    return ngx_http_secops_lists_next(lists, NULL);
}


static ngx_int_t
ngx_http_secops_lists_next(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_lists_t *lists = data;

    ngx_int_t  rc;

    rc = ngx_secops_store_scan_next(&lists->scan);

    return ngx_http_secops_calls_wait(lists->ctx,
                                 ngx_http_secops_calls_sent(lists->ctx, rc));
}


static ngx_int_t
ngx_http_secops_lists_records(ngx_http_request_t *r,
    ngx_http_secops_lists_t *lists, secops_slice_t table)
{
    u_char                             *ids;
    ngx_int_t                           rc;
    ngx_str_t                           value;
    ngx_uint_t                          i;
    ngx_secops_store_documents_read_t  *documents;

    ngx_str_null(&value);
    (void) ngx_http_arg(r, (u_char *) "ids", 3, &value);

    documents = &lists->documents;

    documents->table = table;
    documents->nids = (value.len + 1) / (SECOPS_ID_LEN + 1);
    documents->bytes = ngx_http_secops_lists_number(r, "bytes", 1000000);

    ids = ngx_pnalloc(r->pool, value.len + 1);

    if (ids == NULL || documents->nids == 0) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    for (i = 0; i < documents->nids; i++) {
        ngx_memcpy(ids + i * SECOPS_ID_LEN,
                   value.data + i * (SECOPS_ID_LEN + 1), SECOPS_ID_LEN);
    }

    documents->ids = ids;
    documents->shard = secops_id_known_shard(ids);

    ngx_http_secops_calls_add(lists->ctx, &lists->link, &documents->eval.call,
                              ngx_http_secops_lists_read, lists);

    rc = ngx_secops_store_get_records(ngx_http_secops_store(lists->ctx),
                                      documents, &lists->space);

    return ngx_http_secops_calls_wait(lists->ctx,
                                 ngx_http_secops_calls_sent(lists->ctx, rc));
}


static ngx_int_t
ngx_http_secops_lists_read(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_lists_t *lists = data;

    ngx_uint_t  i;

    if (result->status != NGX_SECOPS_STORE_OK) {
        return ngx_http_secops_lists_fail(lists, result);
    }

    ngx_http_secops_lists_add(lists, "{\"documents\":[");

    for (i = 0; i < result->ndocuments; i++) {
        if (result->documents[i].data) {
            ngx_http_secops_lists_add(lists, "%s%uz", i ? "," : "",
                                      result->documents[i].len);

        } else {
            ngx_http_secops_lists_add(lists, "%snull", i ? "," : "");
        }
    }

    ngx_http_secops_lists_add(lists, "]}");

    return ngx_http_secops_lists_reply(lists);
}
