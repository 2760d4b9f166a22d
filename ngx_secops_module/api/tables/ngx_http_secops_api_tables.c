
/* Table API: a record by its id. */

#include "api/ngx_http_secops_api.h"
#include "api/tables/ngx_http_secops_api_tables_write.h"
#include "http/ngx_http_secops_etag.h"
#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_tables.h"
#include "http/ngx_http_secops_reply.h"
#include "store/ngx_secops_store_record.h"
#include "util/ngx_secops_string.h"
#include "util/secops_id.h"


#define NGX_HTTP_SECOPS_RESULT_HEAD  "{\"result\":"
#define NGX_HTTP_SECOPS_RESULT_TAIL  "}"


typedef struct {
    ngx_http_secops_ctx_t    *ctx;
    ngx_http_secops_call_t    link;
    ngx_secops_store_call_t   call;
} ngx_http_secops_tables_t;


static ngx_int_t ngx_http_secops_tables_reply(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_tables_result(ngx_http_request_t *r,
    ngx_str_t *json);


ngx_int_t
ngx_http_secops_tables_get(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                     rc;
    ngx_str_t                    *name, *sys_id;
    secops_table_t               *table;
    secops_keyspace_t             space;
    ngx_http_secops_tables_t     *get;
    ngx_http_secops_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_secops_module);

    name = &ctx->params[0];
    sys_id = &ctx->params[1];

    table = ngx_http_secops_table_by_name(mcf, name);

    if (table == NULL) {
        return ngx_http_secops_no_table(r, ctx, name);
    }

    if (secops_id_shard(ngx_secops_slice(sys_id)) < 0) {
        return ngx_http_secops_tables_none(r, ctx);
    }

    get = ngx_pcalloc(r->pool, sizeof(ngx_http_secops_tables_t));
    if (get == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    get->ctx = ctx;

    ngx_http_secops_keyspace(ctx, &space);
    ngx_http_secops_calls_add(ctx, &get->link, &get->call,
                              ngx_http_secops_tables_reply, get);

    rc = ngx_secops_store_get_record(ngx_http_secops_store(ctx), &get->call,
                                     &space, table->name, sys_id);

    return ngx_http_secops_calls_wait(ctx, ngx_http_secops_calls_sent(ctx, rc));
}


static ngx_int_t
ngx_http_secops_tables_reply(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_tables_t  *get = data;

    secops_error_e          error;
    ngx_http_request_t     *r;
    ngx_http_secops_ctx_t  *ctx;

    ctx = get->ctx;
    r = ctx->request;

    switch (result->status) {

    case NGX_SECOPS_STORE_OK:
        return ngx_http_secops_tables_result(r, &result->value);

    case NGX_SECOPS_STORE_NOT_FOUND:
        return ngx_http_secops_tables_none(r, ctx);

    default:
        error = ngx_http_secops_store_error(NGX_HTTP_SECOPS_READ,
                                            result->status);
        return ngx_http_secops_fail_server(r, ctx, error, &result->reason);
    }
}


static ngx_int_t
ngx_http_secops_tables_result(ngx_http_request_t *r, ngx_str_t *json)
{
    u_char                  *p;
    ngx_int_t                rc;
    ngx_str_t                body;
    secops_record_stored_t   stored;

    if (secops_record_stored_read(&stored, ngx_secops_slice(json)) == 0) {

        rc = ngx_http_secops_add_etag(r, stored.mod_count);

        secops_record_stored_free(&stored);

        if (rc != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    body.len = sizeof(NGX_HTTP_SECOPS_RESULT_HEAD) - 1 + json->len
               + sizeof(NGX_HTTP_SECOPS_RESULT_TAIL) - 1;

    body.data = ngx_pnalloc(r->pool, body.len);
    if (body.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = ngx_cpymem(body.data, NGX_HTTP_SECOPS_RESULT_HEAD,
                   sizeof(NGX_HTTP_SECOPS_RESULT_HEAD) - 1);
    p = ngx_cpymem(p, json->data, json->len);
    ngx_memcpy(p, NGX_HTTP_SECOPS_RESULT_TAIL,
               sizeof(NGX_HTTP_SECOPS_RESULT_TAIL) - 1);

    return ngx_http_secops_reply(r, NGX_HTTP_OK, &body);
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
