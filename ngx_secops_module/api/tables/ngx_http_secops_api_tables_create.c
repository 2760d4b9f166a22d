
/* Table API: POST of one record, which is stored as the Record API does it. */

#include "api/records/ngx_http_secops_api_records.h"
#include "api/tables/ngx_http_secops_api_tables_write.h"
#include "util/ngx_secops_string.h"


static ngx_int_t ngx_http_secops_tables_create_reply(
    ngx_http_secops_records_t *records);


ngx_int_t
ngx_http_secops_tables_create_head(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                   rc;
    secops_table_t             *table;
    ngx_http_secops_records_t  *records;

    rc = ngx_http_secops_tables_write_table(r, ctx, &table);

    if (rc == NGX_DECLINED) {
        rc = ngx_http_secops_records_begin(r, ctx, table);
    }

    if (rc == NGX_DECLINED) {
        records = ctx->data;

        records->single = 1;
        records->answer = ngx_http_secops_tables_create_reply;
    }

    return rc;
}


ngx_int_t
ngx_http_secops_tables_create(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                          rc;
    ngx_http_secops_records_t         *records;
    ngx_http_secops_tables_written_t  *written;

    records = ctx->data;

    written = ngx_pcalloc(r->pool, sizeof(ngx_http_secops_tables_written_t));
    if (written == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    records->data = written;

    rc = ngx_http_secops_tables_write_view(ctx, records->table, written);

    return (rc == NGX_DECLINED) ? ngx_http_secops_records_create(r, ctx) : rc;
}


static ngx_int_t
ngx_http_secops_tables_create_reply(ngx_http_secops_records_t *records)
{
    ngx_uint_t                         status;
    ngx_http_secops_tables_written_t  *written;

    written = records->data;
    written->document = ngx_secops_slice(&records->json);
    written->mod_count = records->mod_count;

    status = records->entries[0].updated ? NGX_HTTP_OK : NGX_HTTP_CREATED;

    return ngx_http_secops_tables_write_reply(records->ctx, status, written,
                                              records->options.simple_response);
}
