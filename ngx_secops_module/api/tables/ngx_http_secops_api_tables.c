
/* Table API: a record by its id, and how others are refused. */

#include "api/tables/ngx_http_secops_api_tables.h"
#include "http/ngx_http_secops_etag.h"
#include "http/ngx_http_secops_reply.h"
#include "model/record/secops_record_stored.h"
#include "store/ngx_secops_store_record.h"
#include "util/ngx_secops_string.h"


/* in the request's pool, as what the view refers to; the text is freed with
   it */

typedef struct {
    ngx_http_secops_ctx_t    *ctx;
    ngx_http_secops_call_t    link;
    ngx_secops_store_call_t   call;
    secops_record_view_t      view;
    secops_text_t             text;
    ngx_str_t                 body;
} ngx_http_secops_tables_get_t;


static ngx_http_secops_tables_get_t *ngx_http_secops_tables_get_create(
    ngx_http_secops_ctx_t *ctx);
static void ngx_http_secops_tables_get_cleanup(void *data);
static ngx_int_t ngx_http_secops_tables_get_reply(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_tables_get_record(
    ngx_http_secops_tables_get_t *get, ngx_str_t *document);


ngx_int_t
ngx_http_secops_tables_get(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                      rc;
    secops_table_t                *table;
    secops_keyspace_t              space;
    secops_table_options_t         options;
    ngx_http_secops_main_conf_t   *mcf;
    ngx_http_secops_tables_get_t  *get;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_secops_module);

    table = ngx_http_secops_table_by_name(mcf, &ctx->params[0]);

    if (table == NULL) {
        return ngx_http_secops_no_table(r, ctx, &ctx->params[0]);
    }

    if (secops_id_shard(ngx_secops_slice(&ctx->params[1])) < 0) {
        return ngx_http_secops_tables_none(r, ctx);
    }

    get = ngx_http_secops_tables_get_create(ctx);

    if (get == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_secops_tables_options(ctx, table, &options, &get->view);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    ngx_http_secops_keyspace(ctx, &space);
    ngx_http_secops_calls_add(ctx, &get->link, &get->call,
                              ngx_http_secops_tables_get_reply, get);

    rc = ngx_secops_store_get_record(ngx_http_secops_store(ctx), &get->call,
                                     &space, table->name, &ctx->params[1]);

    return ngx_http_secops_calls_wait(ctx, ngx_http_secops_calls_sent(ctx, rc));
}


static ngx_http_secops_tables_get_t *
ngx_http_secops_tables_get_create(ngx_http_secops_ctx_t *ctx)
{
    ngx_pool_cleanup_t            *cln;
    ngx_http_secops_tables_get_t  *get;

    cln = ngx_pool_cleanup_add(ctx->request->pool,
                               sizeof(ngx_http_secops_tables_get_t));
    if (cln == NULL) {
        return NULL;
    }

    get = cln->data;
    ngx_memzero(get, sizeof(ngx_http_secops_tables_get_t));

    cln->handler = ngx_http_secops_tables_get_cleanup;

    get->ctx = ctx;

    return get;
}


static void
ngx_http_secops_tables_get_cleanup(void *data)
{
    ngx_http_secops_tables_get_t *get = data;

    secops_text_free(&get->text);
}


static ngx_int_t
ngx_http_secops_tables_get_reply(void *data,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_tables_get_t *get = data;

    switch (result->status) {

    case NGX_SECOPS_STORE_OK:
        return ngx_http_secops_tables_get_record(get, &result->value);

    case NGX_SECOPS_STORE_NOT_FOUND:
        return ngx_http_secops_tables_none(get->ctx->request, get->ctx);

    default:
        return ngx_http_secops_tables_failed(get->ctx, result);
    }
}


static ngx_int_t
ngx_http_secops_tables_get_record(ngx_http_secops_tables_get_t *get,
    ngx_str_t *document)
{
    ngx_int_t               rc;
    ngx_http_request_t     *r;
    secops_record_stored_t  stored;

    static ngx_str_t  reason = ngx_string("the record is no JSON object");

    r = get->ctx->request;

    if (secops_record_stored_read(&stored, ngx_secops_slice(document)) != 0) {
        return ngx_http_secops_fail_server(r, get->ctx, SECOPS_ERROR_READ,
                                           &reason);
    }

    secops_text_append_string(&get->text, "{\"result\":");
    secops_record_view(&get->text, &get->view, &stored.json);
    secops_text_append_string(&get->text, "}");

    rc = ngx_http_secops_add_etag(r, stored.mod_count);

    secops_record_stored_free(&stored);

    if (rc != NGX_OK || get->text.failed) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    get->body.len = get->text.len;
    get->body.data = get->text.data;

    return ngx_http_secops_reply(r, NGX_HTTP_OK, &get->body);
}


/* absent, of another domain, or no id at all: the answer is the same */

ngx_int_t
ngx_http_secops_tables_none(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    static ngx_str_t  none = ngx_null_string;
    static ngx_str_t  detail = ngx_string("Record doesn't exist or ACL "
                                          "restricts the record retrieval");

    return ngx_http_secops_fail(r, ctx, SECOPS_ERROR_NO_RECORD, &none,
                                &detail);
}


ngx_int_t
ngx_http_secops_tables_failed(ngx_http_secops_ctx_t *ctx,
    ngx_secops_store_result_t *result)
{
    secops_error_e  error;

    error = ngx_http_secops_store_error(NGX_HTTP_SECOPS_READ, result->status);

    return ngx_http_secops_fail_server(ctx->request, ctx, error,
                                       &result->reason);
}
