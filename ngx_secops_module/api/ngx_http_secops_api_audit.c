
/*
 * Audit API: who has written what, newest first, page by page.
 *
 * A domain's entries lie in several streams.  They are asked in one pipeline
 * and put together once all have answered.  What is there when the first page
 * is asked for is on exactly one page, whatever is written meanwhile.
 */

#include "api/ngx_http_secops_api.h"
#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_reply.h"
#include "store/ngx_secops_store_audit.h"
#include "util/ngx_secops_string.h"
#include "util/secops_text.h"


#define NGX_HTTP_SECOPS_AUDIT_HEAD  "{\"result\":["
#define NGX_HTTP_SECOPS_AUDIT_NEXT  "],\"next\":"
#define NGX_HTTP_SECOPS_AUDIT_NULL  "null}"

/* at most */

#define NGX_HTTP_SECOPS_AUDIT_TAIL_LEN                                        \
    (sizeof(NGX_HTTP_SECOPS_AUDIT_NEXT NGX_HTTP_SECOPS_AUDIT_NULL)            \
     + SECOPS_AUDIT_CURSOR_LEN)


typedef struct ngx_http_secops_audit_s  ngx_http_secops_audit_t;


/* one stream of the request */

typedef struct {
    ngx_http_secops_audit_t         *audit;
    ngx_http_secops_call_t           link;
    ngx_secops_store_call_t          call;
} ngx_http_secops_audit_stream_t;


/* in the request's pool; the calls are cancelled before that goes */

struct ngx_http_secops_audit_s {
    ngx_http_request_t              *request;
    ngx_http_secops_ctx_t           *ctx;
    secops_audit_query_t             query;
    ngx_uint_t                       count;     /* asked of each stream */

    ngx_http_secops_audit_stream_t   streams[SECOPS_AUDIT_STREAMS];
    secops_audit_run_t               runs[SECOPS_AUDIT_STREAMS];
    ngx_uint_t                       nstreams;

    secops_error_e                   error;     /* NONE: all have answered */
    ngx_str_t                        reason;    /* for the log */
};


static ngx_int_t ngx_http_secops_audit_query(ngx_http_secops_audit_t *audit);
static void ngx_http_secops_audit_init_streams(
    ngx_http_secops_audit_t *audit);
static ngx_int_t ngx_http_secops_audit_start(ngx_http_secops_audit_t *audit);
static ngx_int_t ngx_http_secops_audit_answered(void *data,
    ngx_secops_store_result_t *result);
static void ngx_http_secops_audit_failed(ngx_http_secops_audit_t *audit,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_audit_keep(ngx_pool_t *pool,
    secops_audit_run_t *run);
static ngx_int_t ngx_http_secops_audit_keep_entry(ngx_pool_t *pool,
    secops_audit_entry_t *entry);
static ngx_int_t ngx_http_secops_audit_reply(ngx_http_secops_audit_t *audit);
static ngx_int_t ngx_http_secops_audit_send(ngx_http_secops_audit_t *audit,
    const secops_audit_entry_t **page, size_t n,
    const secops_audit_position_t *next);
static u_char *ngx_http_secops_audit_tail(u_char *p,
    const secops_audit_position_t *next);
static ngx_int_t ngx_http_secops_audit_domain(ngx_http_secops_audit_t *audit,
    secops_slice_t *domain);


ngx_int_t
ngx_http_secops_audit_get(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                 rc;
    ngx_http_secops_audit_t  *audit;

    audit = ngx_pcalloc(r->pool, sizeof(ngx_http_secops_audit_t));
    if (audit == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    audit->request = r;
    audit->ctx = ctx;

    rc = ngx_http_secops_audit_query(audit);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    ngx_http_secops_audit_init_streams(audit);

    return ngx_http_secops_calls_wait(ctx, ngx_http_secops_audit_start(audit));
}


/* NGX_DECLINED: nothing was answered yet; else to be returned like any reply */

static ngx_int_t
ngx_http_secops_audit_query(ngx_http_secops_audit_t *audit)
{
    u_char              *buffer;
    ngx_str_t            detail;
    const char          *fault;
    ngx_http_request_t  *r;

    static ngx_str_t  none = ngx_null_string;

    r = audit->request;

    buffer = ngx_pnalloc(r->pool, r->args.len + 1);
    if (buffer == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    fault = secops_audit_read_query(&audit->query, ngx_secops_slice(&r->args),
                                    buffer);

    if (fault == NULL) {
        return NGX_DECLINED;
    }

    detail.data = (u_char *) fault;
    detail.len = ngx_strlen(fault);

    return ngx_http_secops_fail(r, audit->ctx, SECOPS_ERROR_QUERY, &none,
                                &detail);
}


static void
ngx_http_secops_audit_init_streams(ngx_http_secops_audit_t *audit)
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


/* returns as the store does: NGX_OK, or why not all could be started */

static ngx_int_t
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

        if (ngx_http_secops_audit_keep(audit->request->pool, run) != NGX_OK) {
            audit->error = SECOPS_ERROR_READ;
            ngx_str_set(&audit->reason, "no memory");
        }
    }

    return audit->ctx->calls.pending ? NGX_DONE
                                     : ngx_http_secops_audit_reply(audit);
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


static ngx_int_t
ngx_http_secops_audit_reply(ngx_http_secops_audit_t *audit)
{
    int                           more;
    size_t                        n;
    ngx_http_request_t           *r;
    secops_audit_position_t       next;
    const secops_audit_entry_t  **page;

    r = audit->request;

    if (audit->error != SECOPS_ERROR_NONE) {
        return ngx_http_secops_fail_server(r, audit->ctx, audit->error,
                                           &audit->reason);
    }

    page = ngx_palloc(r->pool,
                      audit->query.limit * sizeof(secops_audit_entry_t *));
    if (page == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    n = secops_audit_merge(audit->runs, audit->nstreams, &audit->query, page,
                           &next, &more);

    return ngx_http_secops_audit_send(audit, page, n, more ? &next : NULL);
}


/* next is NULL on the last page */

static ngx_int_t
ngx_http_secops_audit_send(ngx_http_secops_audit_t *audit,
    const secops_audit_entry_t **page, size_t n,
    const secops_audit_position_t *next)
{
    size_t           i, size;
    u_char          *p;
    ngx_str_t        body;
    secops_slice_t   domain;

    if (ngx_http_secops_audit_domain(audit, &domain) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    size = sizeof(NGX_HTTP_SECOPS_AUDIT_HEAD) + NGX_HTTP_SECOPS_AUDIT_TAIL_LEN;

    for (i = 0; i < n; i++) {
        size += secops_audit_json_max(page[i], domain) + 1;
    }

    body.data = ngx_pnalloc(audit->request->pool, size);
    if (body.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = ngx_cpymem(body.data, NGX_HTTP_SECOPS_AUDIT_HEAD,
                   sizeof(NGX_HTTP_SECOPS_AUDIT_HEAD) - 1);

    for (i = 0; i < n; i++) {

        if (i) {
            *p++ = ',';
        }

        p = secops_audit_write_json(p, page[i], domain);
    }

    body.len = ngx_http_secops_audit_tail(p, next) - body.data;

    return ngx_http_secops_reply(audit->request, NGX_HTTP_OK, &body);
}


static u_char *
ngx_http_secops_audit_tail(u_char *p, const secops_audit_position_t *next)
{
    p = ngx_cpymem(p, NGX_HTTP_SECOPS_AUDIT_NEXT,
                   sizeof(NGX_HTTP_SECOPS_AUDIT_NEXT) - 1);

    if (next == NULL) {
        return ngx_cpymem(p, NGX_HTTP_SECOPS_AUDIT_NULL,
                          sizeof(NGX_HTTP_SECOPS_AUDIT_NULL) - 1);
    }

    *p++ = '"';
    p = secops_audit_write_cursor(p, next);
    *p++ = '"';
    *p++ = '}';

    return p;
}


/* the caller's domain as the inside of a JSON string, in the request's pool */

static ngx_int_t
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
