
/*
 * Table API: PATCH and PUT of one record.  Both change the members that the
 * body names, and no others.
 */

#include "api/records/ngx_http_secops_api_change.h"
#include "api/records/ngx_http_secops_api_records.h"
#include "api/tables/ngx_http_secops_api_tables_write.h"
#include "http/ngx_http_secops_etag.h"
#include "http/ngx_http_secops_json.h"


/* in the request's pool; the edit leads back to it */

typedef struct {
    ngx_http_secops_change_t           change;  /* must be the first */
    ngx_http_secops_records_t         *records; /* the parameters, and the
                                                   table */
    secops_json_t                      json;
    secops_record_body_t               body;
    ngx_http_secops_tables_written_t   written;
} ngx_http_secops_tables_change_t;


static ngx_int_t ngx_http_secops_tables_change_begin(
    ngx_http_secops_tables_change_t *op);
static ngx_int_t ngx_http_secops_tables_change_decide(
    ngx_http_secops_edit_t *edit);
static ngx_int_t ngx_http_secops_tables_change_done(
    ngx_http_secops_edit_t *edit);


ngx_int_t
ngx_http_secops_tables_change_head(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                   rc;
    secops_table_t             *table;
    ngx_http_secops_records_t  *records;

    rc = ngx_http_secops_tables_write_table(r, ctx, &table);

    if (rc == NGX_DECLINED) {
        rc = ngx_http_secops_tables_write_id(r, ctx);
    }

    if (rc == NGX_DECLINED) {
        rc = ngx_http_secops_records_begin(r, ctx, table);
    }

    if (rc == NGX_DECLINED) {
        records = ctx->data;

        records->single = 1;
        records->change = 1;
    }

    return rc;
}


ngx_int_t
ngx_http_secops_tables_change(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                         rc;
    ngx_http_secops_tables_change_t  *op;

    op = ngx_pcalloc(r->pool, sizeof(ngx_http_secops_tables_change_t));
    if (op == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    op->records = ctx->data;

    rc = ngx_http_secops_records_read(op->records, &op->json, &op->body);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (ngx_http_secops_keep_json(r, &op->json) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_secops_tables_write_view(ctx, op->records->table,
                                           &op->written);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    rc = ngx_http_secops_tables_change_begin(op);

    return (rc == NGX_DONE) ? ngx_http_secops_wait(r, ctx) : rc;
}


static ngx_int_t
ngx_http_secops_tables_change_begin(ngx_http_secops_tables_change_t *op)
{
    ngx_http_secops_ctx_t     *ctx;
    ngx_http_secops_edit_t    *edit;
    ngx_http_secops_change_t  *change;

    ctx = op->records->ctx;
    change = &op->change;
    edit = &change->edit;

    edit->ctx = ctx;
    edit->table = op->records->table;
    edit->sys_id = ctx->params[1].data;
    edit->decide = ngx_http_secops_tables_change_decide;
    edit->done = ngx_http_secops_tables_change_done;
    edit->gone = ngx_http_secops_tables_write_gone;

    change->json = &op->json;
    change->fields = op->body.fields;
    change->body = &op->body;
    change->options = &op->records->options;
    change->where = op->body.flat ? "" : "/data";

    return ngx_http_secops_change(change);
}


static ngx_int_t
ngx_http_secops_tables_change_decide(ngx_http_secops_edit_t *edit)
{
    ngx_int_t  rc;

    rc = ngx_http_secops_check_etag(edit->ctx->request, edit->ctx,
                                    edit->stored.mod_count);

    return (rc == NGX_DECLINED) ? ngx_http_secops_change_decide(edit) : rc;
}


static ngx_int_t
ngx_http_secops_tables_change_done(ngx_http_secops_edit_t *edit)
{
    ngx_http_secops_tables_change_t  *op;

    op = (ngx_http_secops_tables_change_t *) edit;

    if (edit->store
        && ngx_http_secops_add_durability(edit->ctx->request) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    op->written.document = secops_text_slice(&op->change.change.document);
    op->written.mod_count = op->change.change.mod_count;

    return ngx_http_secops_tables_write_reply(edit->ctx, NGX_HTTP_OK,
                                       &op->written,
                                       op->records->options.simple_response);
}
