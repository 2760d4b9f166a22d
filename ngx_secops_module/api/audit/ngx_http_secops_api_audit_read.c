
/*
 * A domain's audit lies in several streams.  They are asked in one pipeline,
 * and put together once all have answered.
 */

#include "api/audit/ngx_http_secops_api_audit.h"
#include "http/ngx_http_secops_fail.h"
#include "util/ngx_secops_string.h"
#include "util/secops_text.h"


static ngx_int_t ngx_http_secops_audit_answered(void *data,
    ngx_secops_store_result_t *result);
static void ngx_http_secops_audit_failed(ngx_http_secops_audit_t *audit,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_audit_keep(ngx_pool_t *pool,
    secops_audit_run_t *run);
static ngx_int_t ngx_http_secops_audit_keep_entry(ngx_pool_t *pool,
    secops_audit_entry_t *entry);


void
ngx_http_secops_audit_streams(ngx_http_secops_audit_t *audit)
{
    unsigned                         i;
    ngx_uint_t                       n;
    ngx_http_secops_audit_stream_t  *stream;

    n = 0;

    for (i = 0; i < SECOPS_AUDIT_STREAMS; i++) {

        if (!secops_audit_asks(&audit->query, i)) {
            continue;
        }

        stream = &audit->streams[n];

        stream->audit = audit;

        ngx_http_secops_calls_add(audit->ctx, &stream->link, &stream->call,
                                  ngx_http_secops_audit_answered, stream);

        audit->runs[n++].stream = i;
    }

    audit->nstreams = n;
    audit->count = secops_audit_count(&audit->query, n);
}


ngx_int_t
ngx_http_secops_audit_start(ngx_http_secops_audit_t *audit)
{
    ngx_int_t                       rc;
    ngx_uint_t                      i;
    secops_keyspace_t               space;
    ngx_secops_store_audit_read_t   read;

    ngx_http_secops_keyspace(audit->ctx, &space);

    read.after = audit->query.has_after ? &audit->query.after : NULL;
    read.count = audit->count;

    for (i = 0; i < audit->nstreams; i++) {

        read.stream = audit->runs[i].stream;

        rc = ngx_secops_store_read_audit(ngx_http_secops_store(audit->ctx),
                                         &audit->streams[i].call, &space,
                                         &read);

        if (ngx_http_secops_calls_sent(audit->ctx, rc) != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_audit_answered(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_audit_stream_t *stream = data;

    secops_audit_run_t       *run;
    ngx_http_secops_audit_t  *audit;

    audit = stream->audit;

    if (result->status != NGX_SECOPS_STORE_OK) {
        ngx_http_secops_audit_failed(audit, result);

    } else {
        run = &audit->runs[stream - audit->streams];

        secops_audit_select(run, &audit->query, result->entries,
                            result->nentries, result->nread < audit->count);

        if (ngx_http_secops_audit_keep(audit->pool, run) != NGX_OK) {
            audit->error = SECOPS_ERROR_READ;
            ngx_str_set(&audit->reason, "no memory");
        }
    }

    return audit->ctx->calls.pending ? NGX_DONE : audit->reply(audit);
}


/* that another try may help is said only when it may help with all streams */

static void
ngx_http_secops_audit_failed(ngx_http_secops_audit_t *audit,
    ngx_secops_store_result_t *result)
{
    u_char  *p;

    if (audit->error == SECOPS_ERROR_READ) {
        return;
    }

    audit->error = ngx_http_secops_store_error(NGX_HTTP_SECOPS_READ,
                                               result->status);

    p = ngx_pstrdup(audit->request->pool, &result->reason);

    if (p) {
        audit->reason.len = result->reason.len;
        audit->reason.data = p;
    }
}


/* copies what is the store's into the pool */

static ngx_int_t
ngx_http_secops_audit_keep(ngx_pool_t *pool, secops_audit_run_t *run)
{
    size_t                 i;
    secops_audit_entry_t  *entries;

    if (run->nentries == 0) {
        run->entries = NULL;
        return NGX_OK;
    }

    entries = ngx_palloc(pool, run->nentries * sizeof(secops_audit_entry_t));
    if (entries == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(entries, run->entries,
               run->nentries * sizeof(secops_audit_entry_t));

    run->entries = entries;

    for (i = 0; i < run->nentries; i++) {
        if (ngx_http_secops_audit_keep_entry(pool, &entries[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_audit_keep_entry(ngx_pool_t *pool, secops_audit_entry_t *entry)
{
    size_t           len;
    u_char          *p;
    ngx_uint_t       i;
    secops_slice_t  *field;

    len = 0;

    for (i = 0; i < SECOPS_AUDIT_FIELDS; i++) {
        len += entry->fields[i].len;
    }

    p = ngx_pnalloc(pool, len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < SECOPS_AUDIT_FIELDS; i++) {
        field = &entry->fields[i];

        if (field->len == 0) {
            continue;
        }

        ngx_memcpy(p, field->data, field->len);
        field->data = p;
        p += field->len;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_secops_audit_domain(ngx_http_secops_audit_t *audit,
    secops_slice_t *domain)
{
    u_char          *p;
    secops_slice_t   text;

    text = ngx_secops_slice(&audit->ctx->identity.domain);

    p = ngx_pnalloc(audit->request->pool, secops_text_escape_max(text.len));
    if (p == NULL) {
        return NGX_ERROR;
    }

    domain->data = p;
    domain->len = secops_text_escape(p, text) - p;

    return NGX_OK;
}
