
/*
 * Record API: POST of one record, or of a batch, into any table.
 *
 * Every record that passes its table's schema goes into a group of records
 * that are stored together; all groups of a request leave in one write, so
 * that a batch takes one round trip.  The reply is sent when the last of them
 * was answered.
 */

#include "api/ngx_http_secops_api.h"
#include "api/records/ngx_http_secops_api_records.h"
#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_json.h"
#include "http/ngx_http_secops_tables.h"
#include "http/ngx_http_secops_body.h"
#include "http/ngx_http_secops_reply.h"
#include "util/ngx_secops_string.h"


static ngx_int_t ngx_http_secops_records_document(
    ngx_http_secops_records_t *records);
static ngx_int_t ngx_http_secops_records_fields(
    ngx_http_secops_records_t *records, const secops_json_t *json,
    const secops_record_body_t *body);
static ngx_int_t ngx_http_secops_records_options(
    ngx_http_secops_records_t *records, const secops_json_t *json,
    secops_record_body_t *body);
static ngx_int_t ngx_http_secops_records_body(
    ngx_http_secops_records_t *records, const secops_json_t *json,
    secops_record_body_t *body, secops_record_faults_t *faults);


ngx_int_t
ngx_http_secops_records_head(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                     rc;
    secops_table_t               *table;
    ngx_http_secops_main_conf_t  *mcf;

    static ngx_str_t  none = ngx_null_string;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_secops_module);
    table = ngx_http_secops_table_by_endpoint(mcf, &ctx->params[0]);

    if (table) {
        return ngx_http_secops_records_begin(r, ctx, table);
    }

    rc = ngx_http_secops_refuse_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_secops_fail(r, ctx, SECOPS_ERROR_NOT_FOUND, &none, &none);
}


ngx_int_t
ngx_http_secops_records_begin(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, secops_table_t *table)
{
    ngx_http_secops_records_t  *records;

    records = ngx_pcalloc(r->pool, sizeof(ngx_http_secops_records_t));
    if (records == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    secops_record_budget(&records->budget);

    records->request = r;
    records->ctx = ctx;
    records->table = table;

    ctx->data = records;

    return ngx_http_secops_records_options(records, NULL, NULL);
}


ngx_int_t
ngx_http_secops_records_create(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                   rc;
    ngx_http_secops_records_t  *records;

    records = ctx->data;

    if (ngx_http_secops_body_type(r) == NGX_HTTP_SECOPS_BODY_LINES) {
        rc = ngx_http_secops_records_lines(records);

    } else {
        rc = ngx_http_secops_records_document(records);
    }

    if (rc == NGX_DECLINED) {
        rc = ngx_http_secops_records_send(records);
    }

    if (rc != NGX_DECLINED) {
        ngx_http_secops_records_drop(records);
        return rc;
    }

    if (ctx->calls.pending) {
        return ngx_http_secops_wait(r, ctx);
    }

    return ngx_http_secops_records_reply(records);
}


static ngx_int_t
ngx_http_secops_records_document(ngx_http_secops_records_t *records)
{
    ngx_int_t             rc;
    secops_json_t         json;
    secops_record_body_t  body;

    rc = ngx_http_secops_records_read(records, &json, &body);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    rc = body.batch ? ngx_http_secops_records_array(records, &json, &body)
                    : ngx_http_secops_records_fields(records, &json, &body);

    ngx_http_secops_free_json(records->request, &json);

    return rc;
}


ngx_int_t
ngx_http_secops_records_read(ngx_http_secops_records_t *records,
    secops_json_t *json, secops_record_body_t *body)
{
    ngx_int_t            rc;
    ngx_str_t            detail;
    ngx_http_request_t  *r;

    static ngx_str_t  none = ngx_null_string;
    static ngx_str_t  single = ngx_string("/data: must be an object: here it "
                                          "is one record at a time");

    r = records->request;

    rc = ngx_http_secops_read_batch(r, json, &detail);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc != NGX_OK) {
        return ngx_http_secops_fail(r, records->ctx, SECOPS_ERROR_BODY, &none,
                                    &detail);
    }

    rc = ngx_http_secops_records_options(records, json, body);

    /* the request's own memory, which nobody else reads */

    body->bytes = (u_char *) json->text.data;

    records->unsound = (detail.len != 0);

    if (rc == NGX_DECLINED && records->single && body->batch) {
        rc = ngx_http_secops_fail(r, records->ctx, SECOPS_ERROR_BODY, &none,
                                  &single);
    }

    if (rc == NGX_DECLINED && records->unsound && !body->batch) {
        rc = ngx_http_secops_fail(r, records->ctx, SECOPS_ERROR_BODY, &none,
                                  &detail);
    }

    if (rc != NGX_DECLINED) {
        ngx_http_secops_free_json(r, json);
    }

    return rc;
}


static ngx_int_t
ngx_http_secops_records_fields(ngx_http_secops_records_t *records,
    const secops_json_t *json, const secops_record_body_t *body)
{
    ngx_int_t         rc;

    static ngx_str_t  data = ngx_string("/data");
    static ngx_str_t  root = ngx_string("");

    rc = ngx_http_secops_records_expect(records, 1);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    return ngx_http_secops_records_add(records, records->entries, json,
                                       body->fields, body,
                                       body->flat ? root.data : data.data);
}


/* of the query; and before that of a body that is a document, once that was
   read: what the query says counts */

static ngx_int_t
ngx_http_secops_records_options(ngx_http_secops_records_t *records,
    const secops_json_t *json, secops_record_body_t *body)
{
    int                      valid;
    u_char                  *buffer;
    ngx_int_t                rc;
    ngx_str_t               *args;
    secops_record_faults_t   faults;

    args = &records->request->args;

    buffer = NULL;

    if (args->len) {
        buffer = ngx_pnalloc(records->request->pool, args->len);
        if (buffer == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    secops_record_faults_init(&faults, &records->budget);

    valid = (json == NULL
             || ngx_http_secops_records_body(records, json, body, &faults)
                == 0)
            && secops_record_read_query(ngx_secops_slice(args), buffer,
                                        &records->options, &faults)
               == 0;

    if (valid) {
        rc = NGX_DECLINED;

    } else {
        rc = json ? NGX_OK : ngx_http_secops_refuse_body(records->request);

        if (rc == NGX_OK) {
            rc = ngx_http_secops_records_reject(records->ctx, &faults);
        }
    }

    secops_record_faults_free(&faults);

    return rc;
}


/* 0, or -1: faults says why it can not be one */

static ngx_int_t
ngx_http_secops_records_body(ngx_http_secops_records_t *records,
    const secops_json_t *json, secops_record_body_t *body,
    secops_record_faults_t *faults)
{
    if (records->change
        && json->tokens[0].type == SECOPS_JSON_OBJECT
        && json->tokens[0].size == 0)
    {
        ngx_memzero(body, sizeof(secops_record_body_t));
        body->flat = 1;

        return 0;
    }

    return secops_record_read_body(body, json, &records->options, faults);
}
