
/* How the steps of a record that is a fact end; see the header. */

#include "api/records/ngx_http_secops_api_records_fact.h"


/* so often others may be first with one */

#define NGX_HTTP_SECOPS_FACT_TRIES  20


void
ngx_http_secops_records_queue_push(ngx_http_secops_records_queue_t *queue,
    ngx_http_secops_records_fact_t *fact)
{
    fact->ready = NULL;

    if (queue->first == NULL) {
        queue->first = fact;

    } else {
        queue->last->ready = fact;
    }

    queue->last = fact;
}


void
ngx_http_secops_records_fact_sent(ngx_http_secops_records_fact_t *fact,
    ngx_int_t rc)
{
    ngx_str_t       reason;
    secops_error_e  error;

    static ngx_str_t  no_memory = ngx_string("no memory");

    switch (ngx_http_secops_calls_sent(fact->records->ctx, rc)) {

    case NGX_OK:
        break;

    case NGX_BUSY:
        error = ngx_http_secops_calls_busy(fact->records->ctx,
                                           NGX_HTTP_SECOPS_WRITE, &reason);
        ngx_http_secops_records_fact_fail(fact, error, &reason);
        break;

    default: /* NGX_ERROR */
        ngx_http_secops_records_fact_fail(fact, SECOPS_ERROR_PERSIST,
                                          &no_memory);
    }
}


void
ngx_http_secops_records_fact_retry(ngx_http_secops_records_fact_t *fact)
{
    ngx_http_secops_records_facts_t  *facts;

    static ngx_str_t  others = ngx_string("others keep changing the record");

    if (++fact->tries == NGX_HTTP_SECOPS_FACT_TRIES) {
        ngx_http_secops_records_fact_fail(fact, SECOPS_ERROR_PERSIST_LATER,
                                          &others);
        return;
    }

    facts = fact->records->facts;

    facts->running--;

    ngx_http_secops_records_queue_push(&facts->again, fact);
}


/* only the last reason is logged: they rarely differ */

void
ngx_http_secops_records_fact_fail(ngx_http_secops_records_fact_t *fact,
    secops_error_e error, ngx_str_t *reason)
{
    u_char                     *p;
    ngx_http_secops_records_t  *records;

    records = fact->records;

    fact->entry->error = error;

    p = ngx_pstrdup(records->request->pool, reason);

    records->reason.data = p;
    records->reason.len = p ? reason->len : 0;

    ngx_http_secops_records_fact_end(fact);
}


void
ngx_http_secops_records_fact_end(ngx_http_secops_records_fact_t *fact)
{
    ngx_http_secops_records_facts_t  *facts;

    facts = fact->records->facts;

    facts->running--;

    secops_record_change_free(&fact->merged);

    if (fact->after) {
        ngx_http_secops_records_queue_push(&facts->ready, fact->after);
    }
}
