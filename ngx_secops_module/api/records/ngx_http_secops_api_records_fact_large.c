
/*
 * A large record that is there and is the same fact: it is read, the fact's
 * fields are read, and it is changed, each at a stretch of its own, so that the
 * worker is held no longer than a few milliseconds; see the header.
 */

#include "api/records/ngx_http_secops_api_records_fact.h"
#include "model/json/secops_json_tree.h"
#include "util/ngx_secops_string.h"


void
ngx_http_secops_records_fact_read(ngx_http_secops_records_t *records)
{
    ngx_int_t                         rc;
    ngx_http_secops_records_facts_t  *facts;

    facts = records->facts;

    facts->current = facts->large.first;
    facts->large.first = facts->current->ready;
    facts->running++;

    facts->id.data = facts->current->add.found;
    facts->id.len = SECOPS_ID_LEN;

    rc = ngx_secops_store_get_record(ngx_http_secops_store(records->ctx),
                                     &facts->read, &records->space,
                                     records->table->name, &facts->id);

    ngx_http_secops_records_fact_sent(facts->current, rc);
}


ngx_int_t
ngx_http_secops_records_fact_open(ngx_http_secops_records_t *records,
    ngx_str_t *document)
{
    ngx_http_secops_records_facts_t  *facts;

    static ngx_str_t  unreadable = ngx_string("the record is no JSON object");

    facts = records->facts;

    secops_text_append(&facts->copy, ngx_secops_slice(document));

    if (facts->copy.failed) {
        return NGX_ERROR;
    }

    if (secops_record_stored_read(&facts->stored,
                                  secops_text_slice(&facts->copy))
        != 0)
    {
        ngx_http_secops_records_fact_close(facts);
        ngx_http_secops_records_fact_fail(facts->current, SECOPS_ERROR_PERSIST,
                                          &unreadable);
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* they were read before: all that they may lack is memory */

ngx_int_t
ngx_http_secops_records_fact_parse(ngx_http_secops_records_t *records)
{
    secops_json_error_t               unused;
    ngx_http_secops_records_facts_t  *facts;

    facts = records->facts;

    if (secops_json_tokens(&facts->fields,
                           ngx_secops_slice(&facts->current->fields),
                           &secops_json_tree_reading, &unused)
        != SECOPS_JSON_OK)
    {
        facts->fields.tokens = NULL;
        return NGX_ERROR;
    }

    return NGX_OK;
}


void
ngx_http_secops_records_fact_close(ngx_http_secops_records_facts_t *facts)
{
    secops_record_stored_free(&facts->stored);
    secops_text_free(&facts->copy);

    free(facts->fields.tokens);
    facts->fields.tokens = NULL;
}
