
/*
 * Record API: records of a table with x-coalesce, each of which is a fact.  It
 * is added, unless a record is there that is the same fact: then that one is
 * changed.
 *
 *     add ──> added
 *      ^└──> change ──> changed
 *      └──────┘ others were first
 *
 * Those of a batch are asked for at the same time, up to a number; those that
 * are the same fact one after the other, in the order of the batch.
 */

#include "api/records/ngx_http_secops_api_records_fact.h"
#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_tables.h"


/* facts of one request that are under way at the same time */

#define NGX_HTTP_SECOPS_FACTS  64

/* after the nth try it waits up to n times this, in milliseconds */

#define NGX_HTTP_SECOPS_FACT_DELAY  10


static ngx_http_secops_records_facts_t *ngx_http_secops_records_facts(
    ngx_http_secops_records_t *records);
static void ngx_http_secops_records_facts_cleanup(void *data);
static ngx_int_t ngx_http_secops_records_fact_keep(
    ngx_http_secops_records_fact_t *fact,
    const ngx_secops_store_record_t *record, const secops_json_t *json,
    uint32_t i, const secops_record_body_t *body, const u_char *where);
static ngx_http_secops_records_fact_t *ngx_http_secops_records_fact_before(
    ngx_http_secops_records_fact_t *fact);
static void ngx_http_secops_records_fact_start(
    ngx_http_secops_records_fact_t *fact);
static ngx_int_t ngx_http_secops_records_fact_go_on(
    ngx_http_secops_records_t *records);
static ngx_int_t ngx_http_secops_records_fact_again(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_records_fact_found(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_records_fact_opened(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_records_fact_parsed(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_records_fact_added(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_records_fact_changed(void *data,
    ngx_secops_store_result_t *result);


ngx_int_t
ngx_http_secops_records_fact_create(ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry, const secops_json_t *json,
    uint32_t i, ngx_http_secops_records_fact_t **pfact)
{
    ngx_int_t                        rc;
    ngx_http_secops_records_fact_t  *fact;

    if (records->facts == NULL) {
        records->facts = ngx_http_secops_records_facts(records);
    }

    fact = ngx_pcalloc(records->request->pool,
                       sizeof(ngx_http_secops_records_fact_t));

    if (records->facts == NULL || fact == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    fact->records = records;
    fact->entry = entry;

    rc = ngx_http_secops_records_fact_of(fact, json, i, fact->digest);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    fact->known = (rc == NGX_OK);

    *pfact = fact;

    return NGX_DECLINED;
}


/* NULL: no memory */

static ngx_http_secops_records_facts_t *
ngx_http_secops_records_facts(ngx_http_secops_records_t *records)
{
    ngx_pool_cleanup_t               *cln;
    ngx_http_secops_records_facts_t  *facts;

    cln = ngx_pool_cleanup_add(records->request->pool,
                               sizeof(ngx_http_secops_records_facts_t));
    if (cln == NULL) {
        return NULL;
    }

    facts = cln->data;

    ngx_memzero(facts, sizeof(ngx_http_secops_records_facts_t));

    secops_record_budget(&facts->budget);

    cln->handler = ngx_http_secops_records_facts_cleanup;

    ngx_http_secops_calls_add(records->ctx, &facts->read_link, &facts->read,
                              ngx_http_secops_records_fact_found, records);

    return facts;
}


static void
ngx_http_secops_records_facts_cleanup(void *data)
{
    ngx_http_secops_records_facts_t *facts = data;

    ngx_http_secops_records_fact_t  *fact;

    for (fact = facts->first; fact; fact = fact->next) {
        secops_record_change_free(&fact->merged);
    }

    ngx_http_secops_records_fact_close(facts);
}


const u_char *
ngx_http_secops_records_fact_digest(const ngx_http_secops_records_fact_t *fact)
{
    return fact->known ? fact->digest : NULL;
}


ngx_int_t
ngx_http_secops_records_fact_add(ngx_http_secops_records_fact_t *fact,
    const ngx_secops_store_record_t *record, const secops_json_t *json,
    uint32_t i, const secops_record_body_t *body, const u_char *where)
{
    ngx_http_secops_records_t        *records;
    ngx_http_secops_records_fact_t   *before;
    ngx_http_secops_records_facts_t  *facts;

    records = fact->records;
    facts = records->facts;

    if (ngx_http_secops_records_fact_keep(fact, record, json, i, body, where)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (facts->first == NULL) {
        facts->first = fact;

    } else {
        facts->last->next = fact;
    }

    facts->last = fact;

    before = fact->known ? ngx_http_secops_records_fact_before(fact) : NULL;

    if (before) {
        before->after = fact;

    } else {
        ngx_http_secops_records_queue_push(&facts->ready, fact);
    }

    ngx_http_secops_calls_add(records->ctx, &fact->add_link,
                              &fact->add.eval.call,
                              ngx_http_secops_records_fact_added, fact);
    ngx_http_secops_calls_add(records->ctx, &fact->change_link,
                              &fact->change.eval.call,
                              ngx_http_secops_records_fact_changed, fact);

    return NGX_DECLINED;
}


/* all that is said again if it has to be sent again: the body's tokens, and the
   memory of a batch's record, are gone by then */

static ngx_int_t
ngx_http_secops_records_fact_keep(ngx_http_secops_records_fact_t *fact,
    const ngx_secops_store_record_t *record, const secops_json_t *json,
    uint32_t i, const secops_record_body_t *body, const u_char *where)
{
    size_t                      len;
    ngx_pool_t                 *pool;
    ngx_secops_store_add_t     *add;
    ngx_http_secops_records_t  *records;

    records = fact->records;
    pool = records->request->pool;
    add = &fact->add;

    len = ngx_strlen(where) + 1;

    fact->where = ngx_pnalloc(pool, len);
    fact->fields.data = ngx_pnalloc(pool, json->tokens[i].len);

    add->document = record->json;

    if (records->batch) {
        add->document.data = ngx_pstrdup(pool, &add->document);
    }

    if (fact->where == NULL || fact->fields.data == NULL
        || add->document.data == NULL)
    {
        return NGX_ERROR;
    }

    ngx_memcpy(fact->where, where, len);

    fact->fields.len = secops_record_write_fields(fact->fields.data, json, i,
                                                  body)
                       - fact->fields.data;

    add->table = records->table->name;
    add->sys_id = fact->entry->id.text;
    add->subject = record->subject ? record->subject->digest : NULL;
    add->fact = ngx_http_secops_records_fact_digest(fact);
    add->audit = &records->audit;
    add->retention = ngx_http_secops_retention(records->ctx, records->table);

    return NGX_OK;
}


/* the last one of the same fact that came before; the new one takes its place
   in the list.  NULL: it is the first */

static ngx_http_secops_records_fact_t *
ngx_http_secops_records_fact_before(ngx_http_secops_records_fact_t *fact)
{
    ngx_uint_t                       n;
    ngx_http_secops_records_fact_t  *before, **link;

    n = secops_id_digit(fact->digest[0]) * 16
        + secops_id_digit(fact->digest[1]);

    for (link = &fact->records->facts->lists[n]; *link; link = &(*link)->same)
    {
        before = *link;

        if (ngx_memcmp(before->digest, fact->digest, SECOPS_KEYS_DIGEST_LEN)
            == 0)
        {
            fact->same = before->same;
            *link = fact;
            return before;
        }
    }

    *link = fact;

    return NULL;
}


void
ngx_http_secops_records_fact_send(ngx_http_secops_records_t *records)
{
    ngx_http_secops_records_fact_t   *fact;
    ngx_http_secops_records_facts_t  *facts;

    facts = records->facts;

    while (facts->ready.first && facts->running < NGX_HTTP_SECOPS_FACTS) {
        fact = facts->ready.first;
        facts->ready.first = fact->ready;

        facts->running++;

        ngx_http_secops_records_fact_start(fact);
    }
}


static void
ngx_http_secops_records_fact_start(ngx_http_secops_records_fact_t *fact)
{
    ngx_int_t                   rc;
    ngx_http_secops_records_t  *records;

    records = fact->records;

    rc = ngx_secops_store_add_record(ngx_http_secops_store(records->ctx),
                                     &fact->add, &records->space);

    ngx_http_secops_records_fact_sent(fact, rc);
}


/* returns as an answer does */

static ngx_int_t
ngx_http_secops_records_fact_go_on(ngx_http_secops_records_t *records)
{
    ngx_msec_t                        time;
    ngx_http_secops_records_facts_t  *facts;

    facts = records->facts;

    ngx_http_secops_records_fact_send(records);

    /* of one that can not be asked for its record, the next is tried */

    while (records->ctx->calls.pending == 0 && facts->large.first) {
        ngx_http_secops_records_fact_read(records);
        ngx_http_secops_records_fact_send(records);
    }

    if (records->ctx->calls.pending) {
        return NGX_DONE;
    }

    if (facts->again.first == NULL) {
        return ngx_http_secops_records_reply(records);
    }

    /* another worker, or another machine, was faster: not at the same time
       again */

    time = 1 + ngx_random() % (facts->again.first->tries
                               * NGX_HTTP_SECOPS_FACT_DELAY);

    return ngx_http_secops_pause(records->ctx, time,
                                 ngx_http_secops_records_fact_again, records);
}


static ngx_int_t
ngx_http_secops_records_fact_again(void *data,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_records_t *records = data;

    ngx_http_secops_records_facts_t  *facts;

    facts = records->facts;

    /* nothing else is ready: all that was has been started */

    facts->ready = facts->again;
    facts->again.first = NULL;

    return ngx_http_secops_records_fact_go_on(records);
}


/* the record of a large one */

static ngx_int_t
ngx_http_secops_records_fact_found(void *data,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_records_t *records = data;

    ngx_int_t                        rc;
    secops_error_e                   error;
    ngx_http_secops_records_fact_t  *fact;

    fact = records->facts->current;

    switch (result->status) {

    case NGX_SECOPS_STORE_OK:
        rc = ngx_http_secops_records_fact_open(records, &result->value);

        if (rc == NGX_OK) {
            return ngx_http_secops_pause(records->ctx, 1,
                                         ngx_http_secops_records_fact_opened,
                                         records);
        }

        if (rc == NGX_ERROR) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        break;

    case NGX_SECOPS_STORE_NOT_FOUND:
        ngx_http_secops_records_fact_retry(fact);
        break;

    default:
        error = ngx_http_secops_store_error(NGX_HTTP_SECOPS_RECALL,
                                            result->status);
        ngx_http_secops_records_fact_fail(fact, error, &result->reason);
    }

    return ngx_http_secops_records_fact_go_on(records);
}


static ngx_int_t
ngx_http_secops_records_fact_opened(void *data,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_records_t *records = data;

    if (ngx_http_secops_records_fact_parse(records) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_pause(records->ctx, 1,
                                 ngx_http_secops_records_fact_parsed, records);
}


static ngx_int_t
ngx_http_secops_records_fact_parsed(void *data,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_records_t *records = data;

    ngx_int_t                         rc;
    ngx_http_secops_records_facts_t  *facts;

    facts = records->facts;

    rc = ngx_http_secops_records_fact_decide(facts->current, &facts->stored,
                                             &facts->fields);

    ngx_http_secops_records_fact_close(facts);

    return (rc == NGX_DECLINED) ? ngx_http_secops_records_fact_go_on(records)
                                : rc;
}


static ngx_int_t
ngx_http_secops_records_fact_added(void *data,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_records_fact_t *fact = data;

    ngx_int_t       rc;
    secops_error_e  error;

    switch (result->status) {

    case NGX_SECOPS_STORE_OK:
        ngx_http_secops_records_fact_end(fact);
        break;

    case NGX_SECOPS_STORE_CHANGED:
        rc = ngx_http_secops_records_fact_stored(fact, &result->value);

        if (rc != NGX_DECLINED) {
            return rc;
        }

        break;

    default:
        error = ngx_http_secops_store_error(NGX_HTTP_SECOPS_WRITE,
                                            result->status);
        ngx_http_secops_records_fact_fail(fact, error, &result->reason);
    }

    return ngx_http_secops_records_fact_go_on(fact->records);
}


static ngx_int_t
ngx_http_secops_records_fact_changed(void *data,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_records_fact_t *fact = data;

    secops_error_e  error;

    switch (result->status) {

    case NGX_SECOPS_STORE_OK:

        if (ngx_http_secops_records_fact_updated(fact) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        break;

    case NGX_SECOPS_STORE_CHANGED:
    case NGX_SECOPS_STORE_NOT_FOUND:
        ngx_http_secops_records_fact_retry(fact);
        break;

    default:
        error = ngx_http_secops_store_error(NGX_HTTP_SECOPS_WRITE,
                                            result->status);
        ngx_http_secops_records_fact_fail(fact, error, &result->reason);
    }

    return ngx_http_secops_records_fact_go_on(fact->records);
}
