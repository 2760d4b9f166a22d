
/* Table API: DELETE of one record. */

#include "api/tables/ngx_http_secops_api_tables_write.h"
#include "http/ngx_http_secops_etag.h"
#include "http/ngx_http_secops_reply.h"
#include "model/record/secops_record.h"


/* in the request's pool; the edit leads back to it */

typedef struct {
    ngx_http_secops_edit_t   edit;              /* must be the first */
    u_char                   digest[SECOPS_KEYS_DIGEST_LEN];
    u_char                   fact[SECOPS_KEYS_DIGEST_LEN];
} ngx_http_secops_tables_delete_t;


static ngx_int_t ngx_http_secops_tables_delete_decide(
    ngx_http_secops_edit_t *edit);
static ngx_int_t ngx_http_secops_tables_delete_fact(
    ngx_http_secops_tables_delete_t *op);
static ngx_int_t ngx_http_secops_tables_delete_done(
    ngx_http_secops_edit_t *edit);


ngx_int_t
ngx_http_secops_tables_delete(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                         rc;
    secops_table_t                   *table;
    ngx_http_secops_edit_t           *edit;
    ngx_http_secops_tables_delete_t  *op;

    rc = ngx_http_secops_tables_write_table(r, ctx, &table);

    if (rc == NGX_DECLINED) {
        rc = ngx_http_secops_tables_write_id(r, ctx);
    }

    if (rc != NGX_DECLINED) {
        return rc;
    }

    op = ngx_pcalloc(r->pool, sizeof(ngx_http_secops_tables_delete_t));
    if (op == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    edit = &op->edit;

    edit->ctx = ctx;
    edit->table = table;
    edit->sys_id = ctx->params[1].data;
    edit->kind = NGX_HTTP_SECOPS_DELETE;
    edit->decide = ngx_http_secops_tables_delete_decide;
    edit->done = ngx_http_secops_tables_delete_done;
    edit->gone = ngx_http_secops_tables_write_gone;

    rc = ngx_http_secops_edit(edit);

    return (rc == NGX_DONE) ? ngx_http_secops_wait(r, ctx) : rc;
}


/* what the record is about tells which of the subjects' lists it stands in */

static ngx_int_t
ngx_http_secops_tables_delete_decide(ngx_http_secops_edit_t *edit)
{
    u_char                           *buf;
    ngx_int_t                         rc;
    secops_slice_t                    subject;
    const secops_json_t              *json;
    ngx_http_secops_tables_delete_t  *op;

    op = (ngx_http_secops_tables_delete_t *) edit;
    json = &edit->stored.json;

    rc = ngx_http_secops_check_etag(edit->ctx->request, edit->ctx,
                                    edit->stored.mod_count);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    buf = ngx_pnalloc(edit->ctx->request->pool, json->text.len);
    if (buf == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    edit->write.digest = NULL;

    subject = secops_record_subject(edit->table, json, 0, buf);

    if (subject.len) {
        secops_keys_digest(subject, op->digest);

        if (secops_keys_digest_shard(op->digest)
            == secops_id_known_shard(edit->sys_id))
        {
            edit->write.digest = op->digest;
        }
    }

    (void) ngx_pfree(edit->ctx->request->pool, buf);

    if (ngx_http_secops_tables_delete_fact(op) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    edit->store = 1;

    return NGX_DECLINED;
}


/* what it is found by when the same is said again */

static ngx_int_t
ngx_http_secops_tables_delete_fact(ngx_http_secops_tables_delete_t *op)
{
    int                      rc;
    secops_text_t            text;
    ngx_http_secops_edit_t  *edit;

    edit = &op->edit;

    edit->write.fact = NULL;

    ngx_memzero(&text, sizeof(secops_text_t));

    rc = secops_record_fact(edit->table, &edit->stored.json, 0, &text);

    if (rc == 1) {
        secops_keys_digest(secops_text_slice(&text), op->fact);
        edit->write.fact = op->fact;
    }

    secops_text_free(&text);

    return (rc < 0) ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_secops_tables_delete_done(ngx_http_secops_edit_t *edit)
{
    ngx_str_t  empty = ngx_null_string;

    if (ngx_http_secops_add_durability(edit->ctx->request) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_reply(edit->ctx->request, NGX_HTTP_NO_CONTENT,
                                 &empty);
}
