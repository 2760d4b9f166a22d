
/*
 * Record API: one record of a request, which is validated, written as it is to
 * be stored, and handed to its group.
 */

#include "api/records/ngx_http_secops_api_records.h"
#include "util/ngx_secops_string.h"


static void ngx_http_secops_records_created(u_char *created, time_t sec);
static ngx_int_t ngx_http_secops_records_insert(
    ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry, const secops_json_t *json,
    uint32_t i, const secops_record_body_t *body, const u_char *where);
static ngx_int_t ngx_http_secops_records_id(
    ngx_http_secops_records_t *records, const u_char *digest, u_char *id);
static int ngx_http_secops_records_free_shard(
    ngx_http_secops_records_t *records);
static u_char *ngx_http_secops_records_buffer(
    ngx_http_secops_records_t *records, size_t size);


/* the worker's */

static secops_id_stock_t  ngx_http_secops_records_ids;


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

    secops_record_faults_init(&faults, &records->budget);

    if (secops_record_check(records->table, json, i, body, &records->options,
                            (char *) where, &faults)
        == 0)
    {
        rc = (records->atomic && records->refused)
             ? NGX_DECLINED
             : ngx_http_secops_records_insert(records, entry, json, i, body,
                                              where);

    } else if (records->batch) {
        ngx_http_secops_records_refuse(records, entry, faults.all.error);
        rc = ngx_http_secops_records_entry_faults(records, entry, &faults);

    } else {
        rc = ngx_http_secops_records_reject(records->ctx, &faults);
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
    uint32_t i, const secops_record_body_t *body, const u_char *where)
{
    u_char                          *p;
    ngx_int_t                        rc;
    const u_char                    *digest;
    secops_record_t                  record;
    secops_slice_t                   subject;
    ngx_http_secops_ctx_t           *ctx;
    ngx_secops_store_record_t        insert;
    ngx_http_secops_records_fact_t  *fact;

    ctx = records->ctx;
    digest = NULL;
    fact = NULL;

    if (records->table->ncoalesce) {
        rc = ngx_http_secops_records_fact_create(records, entry, json, i,
                                                 &fact);
        if (rc != NGX_DECLINED) {
            return rc;
        }

        digest = ngx_http_secops_records_fact_digest(fact);
    }

    record.table = records->table;
    record.user = ngx_secops_slice(&ctx->identity.user);
    record.domain = ngx_secops_slice(&ctx->identity.domain);

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
        digest = entry->subject.digest;
    }

    if (ngx_http_secops_records_id(records, digest, entry->id.text) != NGX_OK)
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

    return fact ? ngx_http_secops_records_fact_add(fact, &insert, json, i, body,
                                                   where)
                : ngx_http_secops_records_store(records, entry, &insert);
}


/* records about one subject lie in one shard, as do those of one fact; others
   are free to lie where an atomic batch does already */

static ngx_int_t
ngx_http_secops_records_id(ngx_http_secops_records_t *records,
    const u_char *digest, u_char *id)
{
    int  shard;

    if (digest) {
        shard = (int) secops_keys_digest_shard(digest);

    } else if (records->atomic && records->open[0]) {
        shard = (int) records->open[0]->group->shard;

    } else {
        shard = ngx_http_secops_records_free_shard(records);
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


/* of a single record: where one lies that is stored along with it, so that they
   share their list */

static int
ngx_http_secops_records_free_shard(ngx_http_secops_records_t *records)
{
    ngx_int_t  shard;

    shard = NGX_DECLINED;

    if (!records->batch) {
        shard = ngx_secops_store_join_record_shard(
                                        ngx_http_secops_store(records->ctx),
                                        &records->space, records->table->name);
    }

    return (shard == NGX_DECLINED)
           ? secops_id_random_shard(&ngx_http_secops_records_ids)
           : (int) shard;
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
