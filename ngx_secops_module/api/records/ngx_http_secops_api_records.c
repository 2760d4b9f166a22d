
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
static ngx_int_t ngx_http_secops_records_reject(
    ngx_http_secops_records_t *records, secops_record_faults_t *faults);
static void ngx_http_secops_records_created(u_char *created, time_t sec);
static ngx_int_t ngx_http_secops_records_insert(
    ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry, const secops_json_t *json,
    uint32_t i, const secops_record_body_t *body);
static ngx_int_t ngx_http_secops_records_id(
    ngx_http_secops_records_t *records,
    const ngx_secops_store_subject_t *subject, u_char *id);
static u_char *ngx_http_secops_records_buffer(
    ngx_http_secops_records_t *records, size_t size);


/* the worker's */

static secops_id_stock_t  ngx_http_secops_records_ids;


ngx_int_t
ngx_http_secops_records_head(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                     rc;
    ngx_http_secops_records_t    *records;
    ngx_http_secops_main_conf_t  *mcf;

    static ngx_str_t  none = ngx_null_string;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_secops_module);

    records = ngx_pcalloc(r->pool, sizeof(ngx_http_secops_records_t));
    if (records == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    secops_record_budget(&records->budget);

    records->request = r;
    records->ctx = ctx;
    records->table = ngx_http_secops_table_by_endpoint(mcf, &ctx->params[0]);

    ctx->data = records;

    if (records->table) {
        return ngx_http_secops_records_options(records, NULL, NULL);
    }

    rc = ngx_http_secops_refuse_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_secops_fail(r, ctx, SECOPS_ERROR_NOT_FOUND, &none, &none);
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
    ngx_int_t              rc;
    ngx_str_t              detail;
    secops_json_t          json;
    ngx_http_request_t    *r;
    secops_record_body_t   body;

    static ngx_str_t  none = ngx_null_string;

    r = records->request;

    rc = ngx_http_secops_read_batch(r, &json, &detail);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc != NGX_OK) {
        return ngx_http_secops_fail(r, records->ctx, SECOPS_ERROR_BODY, &none,
                                    &detail);
    }

    rc = ngx_http_secops_records_options(records, &json, &body);

    /* the request's own memory, which nobody else reads */

    body.bytes = (u_char *) json.text.data;

    records->unsound = (detail.len != 0);

    if (rc == NGX_DECLINED && records->unsound && !body.batch) {
        rc = ngx_http_secops_fail(r, records->ctx, SECOPS_ERROR_BODY, &none,
                                  &detail);
    }

    if (rc == NGX_DECLINED) {
        rc = body.batch ? ngx_http_secops_records_array(records, &json, &body)
                        : ngx_http_secops_records_fields(records, &json,
                                                         &body);
    }

    ngx_http_secops_free_json(r, &json);

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

    ngx_memzero(&faults, sizeof(secops_record_faults_t));
    faults.budget = &records->budget;

    valid = (json == NULL
             || secops_record_read_body(body, json, &records->options, &faults)
                == 0)
            && secops_record_read_query(ngx_secops_slice(args), buffer,
                                        &records->options, &faults)
               == 0;

    if (valid) {
        rc = NGX_DECLINED;

    } else {
        rc = json ? NGX_OK : ngx_http_secops_refuse_body(records->request);

        if (rc == NGX_OK) {
            rc = ngx_http_secops_records_reject(records, &faults);
        }
    }

    secops_record_faults_free(&faults);

    return rc;
}


static ngx_int_t
ngx_http_secops_records_reject(ngx_http_secops_records_t *records,
    secops_record_faults_t *faults)
{
    ngx_str_t  more, detail;

    ngx_str_null(&more);

    if (faults->error == SECOPS_ERROR_UNKNOWN) {
        ngx_str_set(&detail, "the record could not be validated");
        return ngx_http_secops_fail_server(records->request, records->ctx,
                                           SECOPS_ERROR_UNKNOWN, &detail);
    }

    if (faults->error == SECOPS_ERROR_MANDATORY) {
        more.len = faults->missing.len;
        more.data = faults->missing.data;
    }

    detail.len = faults->detail.len;
    detail.data = faults->detail.data;

    return ngx_http_secops_fail(records->request, records->ctx, faults->error,
                                &more, &detail);
}


ngx_int_t
ngx_http_secops_records_expect(ngx_http_secops_records_t *records,
    ngx_uint_t n)
{
    ngx_time_t  *tp;

    records->entries = ngx_pcalloc(records->request->pool,
                                   n * sizeof(ngx_http_secops_records_entry_t));
    if (records->entries == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    records->nentries = n;

    ngx_http_secops_keyspace(records->ctx, &records->space);
    ngx_http_secops_caller(records->ctx, &records->audit);

    tp = ngx_timeofday();

    records->msec = (uint64_t) tp->sec * 1000 + tp->msec;
    ngx_http_secops_records_created(records->created, tp->sec);

    return NGX_DECLINED;
}


/* most records share their second with the one before */

static void
ngx_http_secops_records_created(u_char *created, time_t sec)
{
    static time_t  last = -1;
    static u_char  text[SECOPS_TIME_LEN];

    if (sec != last) {
        secops_time_format(text, sec);
        last = sec;
    }

    ngx_memcpy(created, text, SECOPS_TIME_LEN);
}


/*
 * Validates one record and, unless the batch is lost anyway, stores it.  A
 * fault of a batch's record goes into its entry; that of a single one is the
 * reply.
 */

ngx_int_t
ngx_http_secops_records_add(ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry, const secops_json_t *json,
    uint32_t i, const secops_record_body_t *body, u_char *where)
{
    ngx_int_t                rc;
    secops_record_faults_t   faults;

    ngx_memzero(&faults, sizeof(secops_record_faults_t));
    faults.budget = &records->budget;

    if (secops_record_check(records->table, json, i, body, &records->options,
                            (char *) where, &faults)
        == 0)
    {
        rc = (records->atomic && records->refused)
             ? NGX_DECLINED
             : ngx_http_secops_records_insert(records, entry, json, i, body);

    } else if (records->batch) {
        ngx_http_secops_records_refuse(records, entry, faults.error);
        rc = ngx_http_secops_records_entry_faults(records, entry, &faults);

    } else {
        rc = ngx_http_secops_records_reject(records, &faults);
    }

    secops_record_faults_free(&faults);

    return rc;
}


void
ngx_http_secops_records_refuse(ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry, secops_error_e error)
{
    entry->error = error;

    records->refused++;

    if (records->atomic) {
        ngx_http_secops_records_drop(records);
    }
}


static ngx_int_t
ngx_http_secops_records_insert(ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry, const secops_json_t *json,
    uint32_t i, const secops_record_body_t *body)
{
    u_char                     *p;
    secops_record_t             record;
    secops_slice_t              subject;
    ngx_http_secops_ctx_t      *ctx;
    ngx_secops_store_record_t   insert;

    ctx = records->ctx;

    record.table = records->table;
    record.user.len = ctx->identity.user.len;
    record.user.data = ctx->identity.user.data;
    record.domain.len = ctx->identity.domain.len;
    record.domain.data = ctx->identity.domain.data;

    p = ngx_http_secops_records_buffer(records,
                                       secops_record_size(&record, json, i));
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* the buffer serves for the subject before it does for the record */

    subject = secops_record_subject(records->table, json, i, p);

    insert.id = &entry->id;
    insert.subject = NULL;

    if (subject.len) {
        secops_keys_digest(subject, entry->subject.digest);
        insert.subject = &entry->subject;
    }

    if (ngx_http_secops_records_id(records, insert.subject, entry->id.text)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memcpy(record.sys_id, entry->id.text, SECOPS_ID_LEN);
    ngx_memcpy(record.created, records->created, SECOPS_TIME_LEN);

    insert.json.data = p;
    insert.json.len = secops_record_write(p, &record, json, i, body) - p;

    if (!records->batch) {
        records->json = insert.json;
    }

    return ngx_http_secops_records_store(records, entry, &insert);
}


/* records about one subject lie in one shard; others are free to lie where an
   atomic batch does already */

static ngx_int_t
ngx_http_secops_records_id(ngx_http_secops_records_t *records,
    const ngx_secops_store_subject_t *subject, u_char *id)
{
    int  shard;

    if (subject) {
        shard = (int) secops_keys_digest_shard(subject->digest);

    } else if (records->atomic && records->open[0]) {
        shard = (int) records->open[0]->group.shard;

    } else {
        shard = secops_id_random_shard(&ngx_http_secops_records_ids);
    }

    if (shard < 0
        || secops_id_make(&ngx_http_secops_records_ids, shard, records->msec,
                          id)
           != 0)
    {
        ngx_log_error(NGX_LOG_CRIT, records->request->connection->log, 0,
                      "secops: the random generator failed");
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * Memory for one record at a time: the store copies it, so that the records of
 * a batch take turns.  A single record's stays, it is the reply.
 */

static u_char *
ngx_http_secops_records_buffer(ngx_http_secops_records_t *records, size_t size)
{
    if (records->buffer.len < size) {

        if (records->buffer.data) {
            (void) ngx_pfree(records->request->pool, records->buffer.data);
        }

        size += NGX_HTTP_SECOPS_RECORDS_WRAP;

        records->buffer.data = ngx_pnalloc(records->request->pool, size);
        if (records->buffer.data == NULL) {
            records->buffer.len = 0;
            return NULL;
        }

        records->buffer.len = size - NGX_HTTP_SECOPS_RECORDS_WRAP;
    }

    return records->buffer.data + NGX_HTTP_SECOPS_RECORDS_WRAP_HEAD;
}
