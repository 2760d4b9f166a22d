
/* What the writing operations of the Table API share; see the header. */

#include "api/tables/ngx_http_secops_api_tables_write.h"
#include "http/ngx_http_secops_body.h"
#include "http/ngx_http_secops_etag.h"
#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_reply.h"
#include "http/ngx_http_secops_tables.h"
#include "util/ngx_secops_string.h"


static ngx_int_t ngx_http_secops_tables_write_text(ngx_http_secops_ctx_t *ctx,
    const ngx_http_secops_tables_written_t *written, ngx_str_t *body);


ngx_int_t
ngx_http_secops_tables_write_table(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, secops_table_t **table)
{
    ngx_int_t                     rc;
    ngx_http_secops_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_secops_module);

    *table = ngx_http_secops_table_by_name(mcf, &ctx->params[0]);

    if (*table) {
        return NGX_DECLINED;
    }

    rc = ngx_http_secops_refuse_body(r);

    return (rc == NGX_OK)
           ? ngx_http_secops_no_table(r, ctx, &ctx->params[0]) : rc;
}


ngx_int_t
ngx_http_secops_tables_write_id(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t  rc;

    if (secops_id_shard(ngx_secops_slice(&ctx->params[1])) >= 0) {
        return NGX_DECLINED;
    }

    rc = ngx_http_secops_refuse_body(r);

    return (rc == NGX_OK) ? ngx_http_secops_tables_none(r, ctx) : rc;
}


ngx_int_t
ngx_http_secops_tables_write_gone(ngx_http_secops_edit_t *edit)
{
    return ngx_http_secops_tables_none(edit->ctx->request, edit->ctx);
}


ngx_int_t
ngx_http_secops_tables_write_view(ngx_http_secops_ctx_t *ctx,
    secops_table_t *table, ngx_http_secops_tables_written_t *written)
{
    secops_table_options_t  options;

    return ngx_http_secops_tables_options(ctx, table, &options,
                                          &written->view);
}


ngx_int_t
ngx_http_secops_tables_write_reply(ngx_http_secops_ctx_t *ctx,
    ngx_uint_t status, const ngx_http_secops_tables_written_t *written,
    ngx_uint_t simple)
{
    ngx_str_t  body;

    if (ngx_http_secops_add_etag(ctx->request, written->mod_count) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (simple) {
        ngx_str_set(&body, "{\"result\":{\"success\":true}}");

    } else if (ngx_http_secops_tables_write_text(ctx, written, &body)
               != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_reply(ctx->request, status, &body);
}


static ngx_int_t
ngx_http_secops_tables_write_text(ngx_http_secops_ctx_t *ctx,
    const ngx_http_secops_tables_written_t *written, ngx_str_t *body)
{
    secops_text_t            text;
    ngx_pool_cleanup_t      *cln;
    secops_record_stored_t   stored;

    cln = ngx_pool_cleanup_add(ctx->request->pool, 0);

    if (cln == NULL
        || secops_record_stored_read(&stored, written->document) != 0)
    {
        return NGX_ERROR;
    }

    ngx_memzero(&text, sizeof(secops_text_t));

    secops_text_append_string(&text, "{\"result\":");
    secops_record_view(&text, &written->view, &stored.json);
    secops_text_append_string(&text, "}");

    secops_record_stored_free(&stored);

    /* what secops_text_free() would do, once it was sent */

    cln->handler = free;
    cln->data = text.data;

    *body = ngx_secops_str(secops_text_slice(&text));

    return text.failed ? NGX_ERROR : NGX_OK;
}
