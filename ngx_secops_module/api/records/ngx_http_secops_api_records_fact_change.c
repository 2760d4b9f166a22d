
/*
 * A record that is there and is the same fact as one of a request: what becomes
 * of it; see the header.
 */

#include "api/records/ngx_http_secops_api_records_fact.h"
#include "http/ngx_http_secops_body.h"
#include "model/json/secops_json_tree.h"
#include "util/ngx_secops_string.h"


/* bytes of the documents that are changed at one stretch: a megabyte takes some
   10 ms */

#define NGX_HTTP_SECOPS_FACT_STRETCH  (256 * 1024)


static ngx_uint_t ngx_http_secops_records_fact_has_time(
    ngx_http_secops_records_facts_t *facts, size_t size);
static ngx_int_t ngx_http_secops_records_fact_merge(
    ngx_http_secops_records_fact_t *fact,
    const secops_record_stored_t *stored, const secops_json_t *fields);
static ngx_int_t ngx_http_secops_records_fact_refuse(
    ngx_http_secops_records_fact_t *fact, secops_record_faults_t *faults);
static ngx_int_t ngx_http_secops_records_fact_change(
    ngx_http_secops_records_fact_t *fact,
    const secops_record_stored_t *stored);


ngx_int_t
ngx_http_secops_records_fact_of(ngx_http_secops_records_fact_t *fact,
    const secops_json_t *json, uint32_t i, u_char *digest)
{
    int            rc;
    secops_text_t  text;

    ngx_memzero(&text, sizeof(secops_text_t));

    rc = secops_record_fact(fact->records->table, json, i, &text);

    if (rc == 1) {
        secops_keys_digest(secops_text_slice(&text), digest);
    }

    secops_text_free(&text);

    return (rc == 1) ? NGX_OK : (rc == 0) ? NGX_DECLINED : NGX_ERROR;
}


ngx_int_t
ngx_http_secops_records_fact_stored(ngx_http_secops_records_fact_t *fact,
    ngx_str_t *document)
{
    ngx_int_t                         rc;
    secops_json_t                     json;
    secops_json_error_t               unused;
    secops_record_stored_t            stored;
    ngx_http_secops_records_facts_t  *facts;

    static ngx_str_t  unreadable = ngx_string("the record is no JSON object");

    facts = fact->records->facts;

    if (document->len == 0
        || !ngx_http_secops_records_fact_has_time(facts, document->len
                                                         + fact->fields.len))
    {
        facts->running--;
        ngx_http_secops_records_queue_push(&facts->large, fact);
        return NGX_DECLINED;
    }

    if (secops_record_stored_read(&stored, ngx_secops_slice(document)) != 0) {
        ngx_http_secops_records_fact_fail(fact, SECOPS_ERROR_PERSIST,
                                          &unreadable);
        return NGX_DECLINED;
    }

    /* it was read before: all that it may lack is memory */

    if (secops_json_tokens(&json, ngx_secops_slice(&fact->fields),
                           &secops_json_tree_reading, &unused)
        == SECOPS_JSON_OK)
    {
        rc = ngx_http_secops_records_fact_decide(fact, &stored, &json);
        free(json.tokens);

    } else {
        rc = NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    secops_record_stored_free(&stored);

    return rc;
}


/* the replies that have come with one read are handled at one stretch, whatever
   request they are of: this is what one request may have of it */

static ngx_uint_t
ngx_http_secops_records_fact_has_time(ngx_http_secops_records_facts_t *facts,
    size_t size)
{
    if (facts->stretch != ngx_current_msec) {
        facts->stretch = ngx_current_msec;
        facts->size = 0;
    }

    facts->size += size;

    return facts->size <= NGX_HTTP_SECOPS_FACT_STRETCH;
}


ngx_int_t
ngx_http_secops_records_fact_decide(ngx_http_secops_records_fact_t *fact,
    const secops_record_stored_t *stored, const secops_json_t *fields)
{
    u_char     digest[SECOPS_KEYS_DIGEST_LEN];
    ngx_int_t  rc;

    rc = ngx_http_secops_records_fact_of(fact, &stored->json, 0, digest);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc == NGX_OK
        && ngx_memcmp(digest, fact->digest, SECOPS_KEYS_DIGEST_LEN) == 0)
    {
        return ngx_http_secops_records_fact_merge(fact, stored, fields);
    }

    /* somebody has changed it while the table had no x-coalesce */

    fact->add.ignore = 1;
    ngx_http_secops_records_fact_retry(fact);

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_secops_records_fact_merge(ngx_http_secops_records_fact_t *fact,
    const secops_record_stored_t *stored, const secops_json_t *fields)
{
    ngx_int_t                    rc;
    secops_record_body_t         body;
    secops_record_faults_t       faults;
    secops_record_change_t      *merged;
    ngx_http_secops_records_t   *records;
    ngx_http_secops_loc_conf_t  *slcf;

    records = fact->records;
    merged = &fact->merged;

    slcf = ngx_http_get_module_loc_conf(records->request,
                                        ngx_http_secops_module);

    secops_record_change_free(merged);

    merged->table = records->table;
    merged->limits.depth = slcf->max_depth;
    merged->limits.members = NGX_HTTP_SECOPS_MAX_MEMBERS;
    merged->max = ngx_http_secops_body_max(records->request);
    merged->user = ngx_secops_slice(&records->ctx->identity.user);
    merged->always = 1;

    secops_time_format(merged->updated, ngx_time());

    ngx_memzero(&body, sizeof(secops_record_body_t));
    secops_record_faults_init(&faults, &records->facts->budget);

    rc = secops_record_change(merged, stored, fields, 0, &body,
                              &records->options, (char *) fact->where, &faults)
         == 0
         ? ngx_http_secops_records_fact_change(fact, stored)
         : ngx_http_secops_records_fact_refuse(fact, &faults);

    secops_record_faults_free(&faults);

    return rc;
}


static ngx_int_t
ngx_http_secops_records_fact_refuse(ngx_http_secops_records_fact_t *fact,
    secops_record_faults_t *faults)
{
    ngx_int_t                   rc;
    ngx_http_secops_records_t  *records;

    records = fact->records;

    if (!records->batch) {
        return ngx_http_secops_records_reject(records->ctx, faults);
    }

    rc = ngx_http_secops_records_entry_faults(records, fact->entry, faults);

    fact->entry->error = faults->all.error;

    ngx_http_secops_records_fact_end(fact);

    return rc;
}


static ngx_int_t
ngx_http_secops_records_fact_change(ngx_http_secops_records_fact_t *fact,
    const secops_record_stored_t *stored)
{
    ngx_int_t                          rc;
    ngx_str_t                          head;
    ngx_http_secops_records_t         *records;
    ngx_secops_store_record_change_t  *change;

    records = fact->records;
    change = &fact->change;

    head = ngx_secops_str(stored->head);

    change->head.len = head.len;
    change->head.data = ngx_pstrdup(records->request->pool, &head);

    if (change->head.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    fact->audit = records->audit;
    fact->audit.members = ngx_secops_str(
                                    secops_text_slice(&fact->merged.members));
    ngx_str_set(&fact->audit.operation, "records.update");

    change->table = records->table->name;
    change->sys_id = fact->add.found;
    change->len = stored->json.text.len;
    change->document = ngx_secops_str(
                                    secops_text_slice(&fact->merged.document));
    change->audit = &fact->audit;

    rc = ngx_secops_store_change_record(ngx_http_secops_store(records->ctx),
                                        change, &records->space);

    ngx_http_secops_records_fact_sent(fact, rc);

    return NGX_DECLINED;
}


/* a single record is the reply, which may get a wrapper */

ngx_int_t
ngx_http_secops_records_fact_updated(ngx_http_secops_records_fact_t *fact)
{
    u_char                     *p;
    secops_slice_t              document;
    ngx_http_secops_records_t  *records;

    records = fact->records;

    fact->entry->updated = 1;
    ngx_memcpy(fact->entry->id.text, fact->add.found, SECOPS_ID_LEN);

    if (!records->batch) {
        document = secops_text_slice(&fact->merged.document);

        p = ngx_pnalloc(records->request->pool,
                        document.len + NGX_HTTP_SECOPS_RECORDS_WRAP);
        if (p == NULL) {
            return NGX_ERROR;
        }

        p += NGX_HTTP_SECOPS_RECORDS_WRAP_HEAD;

        ngx_memcpy(p, document.data, document.len);

        records->json.data = p;
        records->json.len = document.len;
        records->mod_count = fact->merged.mod_count;
    }

    ngx_http_secops_records_fact_end(fact);

    return NGX_OK;
}
