
/*
 * Record API: POST of one record, or of a batch, into any table.
 *
 * Every record that passes its table's schema becomes one store call; all
 * calls of a request are started together, so that a batch takes one round
 * trip.  The reply is sent when the last of them was answered.
 */

#include "ngx_http_secops.h"
#include "api/ngx_http_secops_api_records.h"
#include "util/ngx_http_secops_reply.h"


static ngx_int_t ngx_http_secops_records_read(
    ngx_http_secops_records_t *records, secops_json_t *json,
    secops_record_body_t *body);
static ngx_int_t ngx_http_secops_records_reject(
    ngx_http_secops_records_t *records, secops_record_faults_t *faults);
static ngx_int_t ngx_http_secops_records_init_entries(
    ngx_http_secops_records_t *records, ngx_uint_t n);
static ngx_int_t ngx_http_secops_records_start(
    ngx_http_secops_records_t *records, const secops_json_t *json,
    const secops_record_body_t *body);
static ngx_int_t ngx_http_secops_records_start_entry(
    ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry, const secops_json_t *json,
    uint32_t i, const secops_record_body_t *body);
static ngx_int_t ngx_http_secops_records_insert(
    ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry, const secops_json_t *json,
    uint32_t i, const secops_record_body_t *body);
static ngx_int_t ngx_http_secops_records_id(
    ngx_http_secops_records_t *records,
    const ngx_secops_store_record_t *insert, u_char *sys_id);
static void ngx_http_secops_records_store(ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry,
    const ngx_secops_store_record_t *insert);
static u_char *ngx_http_secops_records_buffer(
    ngx_http_secops_records_t *records, size_t size);
static void ngx_http_secops_records_audit(
    ngx_http_secops_records_t *records);
static void ngx_http_secops_records_stored(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result);


/* the worker's */

static secops_id_stock_t  ngx_http_secops_records_ids;


ngx_int_t
ngx_http_secops_records_create(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                     rc;
    secops_json_t                 json;
    secops_record_body_t          body;
    ngx_http_secops_records_t    *records;
    ngx_http_secops_main_conf_t  *mcf;

    static ngx_str_t  none = ngx_null_string;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_secops_module);

    records = ngx_pcalloc(r->pool, sizeof(ngx_http_secops_records_t));
    if (records == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    records->request = r;
    records->ctx = ctx;
    records->table = ngx_http_secops_table_by_endpoint(mcf, &ctx->params[0]);

    if (records->table == NULL) {
        return ngx_http_secops_fail(r, ctx, SECOPS_ERROR_NOT_FOUND, &none,
                                    &none);
    }

    rc = ngx_http_secops_records_read(records, &json, &body);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    rc = ngx_http_secops_records_start(records, &json, &body);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (records->pending) {
        return ngx_http_secops_wait(r, ctx);
    }

    return ngx_http_secops_records_reply(records);
}


/* NGX_DECLINED: nothing was answered yet; else to be returned like any reply */

static ngx_int_t
ngx_http_secops_records_read(ngx_http_secops_records_t *records,
    secops_json_t *json, secops_record_body_t *body)
{
    int                      valid;
    ngx_int_t                rc;
    ngx_str_t                detail;
    secops_slice_t           query;
    ngx_http_request_t      *r;
    secops_record_faults_t   faults;

    static ngx_str_t  none = ngx_null_string;

    r = records->request;

    rc = ngx_http_secops_read_json(r, json, &detail);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc != NGX_OK) {
        return ngx_http_secops_fail(r, records->ctx, SECOPS_ERROR_BODY, &none,
                                    &detail);
    }

    ngx_memzero(&faults, sizeof(secops_record_faults_t));

    query.len = r->args.len;
    query.data = r->args.data;

    valid = secops_record_read_body(body, json, &records->options, &faults)
            == 0
            && secops_record_read_query(query, &records->options, &faults)
               == 0;

    rc = valid ? NGX_DECLINED
               : ngx_http_secops_records_reject(records, &faults);

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


/* NGX_DECLINED: nothing was answered yet, calls may be under way */

static ngx_int_t
ngx_http_secops_records_start(ngx_http_secops_records_t *records,
    const secops_json_t *json, const secops_record_body_t *body)
{
    u_char                            detail[128];
    uint32_t                          i, last;
    ngx_int_t                         rc;
    ngx_str_t                         text;
    ngx_uint_t                        n;
    ngx_http_request_t               *r;
    ngx_http_secops_loc_conf_t       *slcf;
    const secops_json_token_t        *fields;

    static ngx_str_t  none = ngx_null_string;
    static ngx_str_t  empty = ngx_string("/data: has no record");

    r = records->request;
    slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);

    fields = &json->tokens[body->fields];

    records->batch = body->batch;

    if (!body->batch) {

        if (ngx_http_secops_records_init_entries(records, 1) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return ngx_http_secops_records_start_entry(records, records->entries,
                                                   json, body->fields, body);
    }

    if (fields->size == 0) {
        return ngx_http_secops_fail(r, records->ctx, SECOPS_ERROR_NO_FIELDS,
                                    &none, &empty);
    }

    if (fields->size > (uint32_t) slcf->max_batch) {
        text.data = detail;
        text.len = ngx_sprintf(detail, "/data: has more than %i records",
                               slcf->max_batch)
                   - detail;

        return ngx_http_secops_fail(r, records->ctx, SECOPS_ERROR_BODY, &none,
                                    &text);
    }

    if (ngx_http_secops_records_init_entries(records, fields->size) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    last = fields->next;

    for (i = body->fields + 1, n = 0; i < last; i = json->tokens[i].next, n++)
    {
        rc = ngx_http_secops_records_start_entry(records, &records->entries[n],
                                                 json, i, body);
        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_secops_records_init_entries(ngx_http_secops_records_t *records,
    ngx_uint_t n)
{
    ngx_uint_t                    i;
    secops_slice_t                prefix, domain;
    ngx_http_request_t           *r;
    ngx_secops_store_call_t     **calls;
    ngx_http_secops_loc_conf_t   *slcf;

    r = records->request;

    records->entries = ngx_pcalloc(r->pool,
                                   n * sizeof(ngx_http_secops_records_entry_t));
    calls = ngx_palloc(r->pool, n * sizeof(ngx_secops_store_call_t *));

    if (records->entries == NULL || calls == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {
        records->entries[i].records = records;
        records->entries[i].call.handler = ngx_http_secops_records_stored;
        records->entries[i].call.data = &records->entries[i];
        calls[i] = &records->entries[i].call;
    }

    records->nentries = n;

    records->ctx->calls = calls;
    records->ctx->ncalls = n;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);

    prefix.len = slcf->store.prefix.len;
    prefix.data = slcf->store.prefix.data;
    domain.len = records->ctx->identity.domain.len;
    domain.data = records->ctx->identity.domain.data;

    secops_keys_space(&records->space, prefix, domain);

    ngx_http_secops_records_audit(records);

    return NGX_OK;
}


static void
ngx_http_secops_records_audit(ngx_http_secops_records_t *records)
{
    ngx_http_request_t          *r;
    ngx_secops_store_audit_t    *audit;
    ngx_http_secops_identity_t  *identity;

    r = records->request;
    audit = &records->audit;
    identity = &records->ctx->identity;

    audit->user = identity->user;
    audit->method = *ngx_http_secops_auth_method_name(identity->method);
    audit->address = r->connection->addr_text;
    audit->operation = records->ctx->route->operation;

    (void) ngx_http_secops_request_id(r, &audit->request_id);
}


/*
 * Validates one record and starts to store it.  A fault of a batch's record
 * goes into its entry; that of a single one is the reply.  NGX_DECLINED:
 * nothing was answered yet.
 */

static ngx_int_t
ngx_http_secops_records_start_entry(ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry, const secops_json_t *json,
    uint32_t i, const secops_record_body_t *body)
{
    u_char                   where[sizeof("/data/") + NGX_INT_T_LEN];
    ngx_int_t                rc;
    secops_record_faults_t   faults;

    ngx_memzero(&faults, sizeof(secops_record_faults_t));

    if (body->flat) {
        where[0] = '\0';

    } else if (body->batch) {
        *ngx_sprintf(where, "/data/%ui",
                     (ngx_uint_t) (entry - records->entries)) = '\0';

    } else {
        ngx_memcpy(where, "/data", sizeof("/data"));
    }

    if (secops_record_check(records->table, json, i, body, &records->options,
                            (char *) where, &faults)
        == 0)
    {
        rc = ngx_http_secops_records_insert(records, entry, json, i, body);

    } else if (records->batch) {
        rc = ngx_http_secops_records_entry_faults(entry, &faults);

    } else {
        rc = ngx_http_secops_records_reject(records, &faults);
    }

    secops_record_faults_free(&faults);

    return rc;
}


static ngx_int_t
ngx_http_secops_records_insert(ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry, const secops_json_t *json,
    uint32_t i, const secops_record_body_t *body)
{
    u_char                     *p, digest[SECOPS_KEYS_DIGEST_LEN];
    ngx_time_t                 *tp;
    secops_record_t             record;
    secops_slice_t              subject;
    ngx_http_secops_ctx_t      *ctx;
    ngx_secops_store_record_t   insert;

    ctx = records->ctx;
    tp = ngx_timeofday();

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

    insert.digest = NULL;

    if (subject.len) {
        secops_keys_digest(subject, digest);
        insert.digest = digest;
    }

    insert.space = &records->space;
    insert.table = records->table->name;
    insert.sys_id = record.sys_id;
    insert.msec = (uint64_t) tp->sec * 1000 + tp->msec;
    insert.audit = &records->audit;

    if (ngx_http_secops_records_id(records, &insert, record.sys_id)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    secops_time_format(record.created, tp->sec);

    insert.json.data = p;
    insert.json.len = secops_record_write(p, &record, json, i, body) - p;

    ngx_memcpy(entry->sys_id, record.sys_id, SECOPS_ID_LEN);

    if (!records->batch) {
        records->json = insert.json;
    }

    ngx_http_secops_records_store(records, entry, &insert);

    return NGX_DECLINED;
}


/* records about one subject lie in one shard */

static ngx_int_t
ngx_http_secops_records_id(ngx_http_secops_records_t *records,
    const ngx_secops_store_record_t *insert, u_char *sys_id)
{
    int  shard;

    shard = insert->digest
            ? (int) secops_keys_digest_shard(insert->digest)
            : secops_id_random_shard(&ngx_http_secops_records_ids);

    if (shard < 0
        || secops_id_make(&ngx_http_secops_records_ids, shard, insert->msec,
                          sys_id)
           != 0)
    {
        ngx_log_error(NGX_LOG_CRIT, records->request->connection->log, 0,
                      "secops: the random generator failed");
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_secops_records_store(ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry,
    const ngx_secops_store_record_t *insert)
{
    ngx_http_secops_loc_conf_t  *slcf;

    slcf = ngx_http_get_module_loc_conf(records->request,
                                        ngx_http_secops_module);

    switch (ngx_secops_store_insert_record(&slcf->store, &entry->call, insert))
    {

    case NGX_OK:
        records->pending++;
        break;

    case NGX_BUSY:
        entry->error = SECOPS_ERROR_PERSIST_LATER;
        records->reason = *ngx_secops_store_busy(&slcf->store);
        break;

    default:
        entry->error = SECOPS_ERROR_PERSIST;
        ngx_str_set(&records->reason, "no memory");
    }
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


static void
ngx_http_secops_records_stored(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result)
{
    u_char                           *p;
    ngx_http_request_t               *r;
    ngx_http_secops_ctx_t            *ctx;
    ngx_http_secops_records_t        *records;
    ngx_http_secops_records_entry_t  *entry;

    entry = call->data;
    records = entry->records;
    r = records->request;
    ctx = records->ctx;

    ngx_http_secops_resume(r);

    if (ctx->redis_time == NGX_CONF_UNSET_MSEC
        || ctx->redis_time < result->time)
    {
        ctx->redis_time = result->time;
    }

    if (result->status != NGX_SECOPS_STORE_OK) {

        entry->error = (result->status == NGX_SECOPS_STORE_UNAVAILABLE)
                       ? SECOPS_ERROR_PERSIST_LATER : SECOPS_ERROR_PERSIST;

        /* the last reason is logged, it is hardly ever another one */

        p = ngx_pstrdup(r->pool, &result->reason);

        if (p) {
            records->reason.len = result->reason.len;
            records->reason.data = p;
        }
    }

    if (--records->pending == 0) {
        ngx_http_secops_finish(r, ctx, ngx_http_secops_records_reply(records));
    }
}
