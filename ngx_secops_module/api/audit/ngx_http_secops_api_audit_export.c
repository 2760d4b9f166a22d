
/*
 * The audit as lines of JSON, all of it, newest first: read in parts, each of
 * which is sent before the next one is read.
 *
 * A part is what one round of the list is, with less of each stream.  Parts
 * follow one another as pages do: so what is written meanwhile changes nothing,
 * and an entry is there once.
 */

#include "api/audit/ngx_http_secops_api_audit.h"
#include "http/ngx_http_secops_fail.h"


/* asked of each stream for a part, and in one part, at most */

#define NGX_HTTP_SECOPS_EXPORT_COUNT  64
#define NGX_HTTP_SECOPS_EXPORT_PART   500

#define NGX_HTTP_SECOPS_EXPORT_POOL   16384


static ngx_uint_t ngx_http_secops_export_names(ngx_str_t *value,
    ngx_str_t *type);
static ngx_int_t ngx_http_secops_export_pool(ngx_http_secops_audit_t *audit);
static void ngx_http_secops_export_cleanup(void *data);
static void ngx_http_secops_export_size(ngx_http_secops_audit_t *audit);
static ngx_int_t ngx_http_secops_export_part(ngx_http_secops_audit_t *audit);
static ngx_int_t ngx_http_secops_export_failed(ngx_http_secops_audit_t *audit);
static ngx_int_t ngx_http_secops_export_merge(ngx_http_secops_audit_t *audit,
    ngx_str_t *part);
static ngx_int_t ngx_http_secops_export_lines(ngx_http_secops_audit_t *audit,
    const secops_audit_entry_t **page, size_t n, ngx_str_t *part);
static ngx_int_t ngx_http_secops_export_sent(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_export_next(ngx_http_secops_audit_t *audit);


static ngx_str_t  ngx_http_secops_export_type =
                                       ngx_string("application/x-ndjson");


/* in a subrequest the response is a part of another one */

ngx_uint_t
ngx_http_secops_audit_exports(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    if (r != r->main) {
        return 0;
    }

    part = &r->headers_in.headers.part;
    header = part->elts;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {

            if (part->next == NULL) {
                return 0;
            }

            part = part->next;
            header = part->elts;
            i = 0;
        }

        if (header[i].key.len == sizeof("Accept") - 1
            && ngx_strncasecmp(header[i].key.data, (u_char *) "Accept",
                               sizeof("Accept") - 1)
               == 0
            && ngx_http_secops_export_names(&header[i].value,
                                            &ngx_http_secops_export_type))
        {
            return 1;
        }
    }
}


/* 1: the type is in the list; what is said of it does not count */

static ngx_uint_t
ngx_http_secops_export_names(ngx_str_t *value, ngx_str_t *type)
{
    u_char  *p, *last;

    p = value->data;
    last = p + value->len;

    while (p < last) {

        while (p < last && (*p == ' ' || *p == '\t' || *p == ',')) {
            p++;
        }

        if ((size_t) (last - p) >= type->len
            && ngx_strncasecmp(p, type->data, type->len) == 0
            && ((size_t) (last - p) == type->len
                || ngx_strchr(" \t,;", p[type->len])))
        {
            return 1;
        }

        p = ngx_strlchr(p, last, ',');

        if (p == NULL) {
            return 0;
        }
    }

    return 0;
}


ngx_int_t
ngx_http_secops_audit_export(ngx_http_secops_audit_t *audit)
{
    ngx_pool_cleanup_t  *cln;

    if (ngx_http_secops_audit_domain(audit, &audit->domain) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    audit->pool = NULL;
    audit->part = NULL;

    cln = ngx_pool_cleanup_add(audit->request->pool, 0);
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_http_secops_export_cleanup;
    cln->data = audit;

    if (ngx_http_secops_export_pool(audit) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    audit->reply = ngx_http_secops_export_part;
    audit->count = NGX_HTTP_SECOPS_EXPORT_COUNT;
    audit->bounded = audit->query.has_limit;
    audit->left = audit->query.limit;

    ngx_http_secops_export_size(audit);

    return NGX_DECLINED;
}


/* of the entries of the next part */

static ngx_int_t
ngx_http_secops_export_pool(ngx_http_secops_audit_t *audit)
{
    audit->pool = ngx_create_pool(NGX_HTTP_SECOPS_EXPORT_POOL,
                                  ngx_cycle->log);

    return audit->pool ? NGX_OK : NGX_ERROR;
}


static void
ngx_http_secops_export_cleanup(void *data)
{
    ngx_http_secops_audit_t *audit = data;

    if (audit->pool) {
        ngx_destroy_pool(audit->pool);
        audit->pool = NULL;
    }

    if (audit->part) {
        ngx_free(audit->part);
        audit->part = NULL;
    }
}


static void
ngx_http_secops_export_size(ngx_http_secops_audit_t *audit)
{
    audit->query.limit = NGX_HTTP_SECOPS_EXPORT_PART;

    if (audit->bounded && audit->left < audit->query.limit) {
        audit->query.limit = (unsigned) audit->left;
    }
}


static ngx_int_t
ngx_http_secops_export_part(ngx_http_secops_audit_t *audit)
{
    ngx_int_t   rc;
    ngx_str_t   part;

    if (audit->error != SECOPS_ERROR_NONE) {
        return ngx_http_secops_export_failed(audit);
    }

    if (ngx_http_secops_export_merge(audit, &part) != NGX_OK) {
        return audit->begun ? NGX_ERROR : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (!audit->begun) {
        audit->begun = 1;

        rc = ngx_http_secops_stream_begin(&audit->stream, audit->ctx,
                                          &ngx_http_secops_export_type);
        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    if (part.len == 0) {
        return ngx_http_secops_export_next(audit);
    }

    rc = ngx_http_secops_stream_send(&audit->stream, &part,
                                     ngx_http_secops_export_sent, audit);

    return (rc == NGX_DECLINED) ? ngx_http_secops_export_next(audit) : rc;
}


/* an error can be answered only as long as nothing else was */

static ngx_int_t
ngx_http_secops_export_failed(ngx_http_secops_audit_t *audit)
{
    if (!audit->begun) {
        return ngx_http_secops_fail_server(audit->request, audit->ctx,
                                           audit->error, &audit->reason);
    }

    audit->ctx->error = audit->error;

    ngx_log_error(NGX_LOG_ERR, audit->request->connection->log, 0,
                  "secops: %V broken off: %V", &audit->ctx->route->operation,
                  &audit->reason);

    return NGX_ERROR;
}


/* the next lines, of which there may be none.  While they are sent, which takes
   as long as the client likes, the entries are not there */

static ngx_int_t
ngx_http_secops_export_merge(ngx_http_secops_audit_t *audit, ngx_str_t *part)
{
    int                           more;
    ngx_int_t                     rc;
    size_t                        n;
    secops_audit_position_t       next;
    const secops_audit_entry_t  **page;

    page = ngx_palloc(audit->pool,
                      audit->query.limit * sizeof(secops_audit_entry_t *));
    if (page == NULL) {
        return NGX_ERROR;
    }

    n = secops_audit_merge(audit->runs, audit->nstreams, &audit->query, page,
                           &next, &more);

    if (audit->bounded) {
        audit->left -= n;
    }

    audit->more = (more && !(audit->bounded && audit->left == 0));

    if (audit->more) {
        audit->query.after = next;
        audit->query.has_after = 1;
    }

    rc = ngx_http_secops_export_lines(audit, page, n, part);

    ngx_destroy_pool(audit->pool);
    audit->pool = NULL;

    return rc;
}


static ngx_int_t
ngx_http_secops_export_lines(ngx_http_secops_audit_t *audit,
    const secops_audit_entry_t **page, size_t n, ngx_str_t *part)
{
    size_t   i, size;
    u_char  *p;

    size = 1;

    for (i = 0; i < n; i++) {
        size += secops_audit_json_max(page[i], audit->domain) + 1;
    }

    p = ngx_alloc(size, audit->request->connection->log);
    if (p == NULL) {
        return NGX_ERROR;
    }

    audit->part = p;
    part->data = p;

    for (i = 0; i < n; i++) {
        p = secops_audit_write_json(p, page[i], audit->domain);
        *p++ = LF;
    }

    part->len = p - part->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_export_sent(void *data, ngx_secops_store_result_t *result)
{
    return ngx_http_secops_export_next(data);
}


/* what was sent before is of no more use */

static ngx_int_t
ngx_http_secops_export_next(ngx_http_secops_audit_t *audit)
{
    ngx_http_secops_export_cleanup(audit);

    if (!audit->more) {
        return ngx_http_secops_stream_end(&audit->stream);
    }

    if (ngx_http_secops_export_pool(audit) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_secops_export_size(audit);

    switch (ngx_http_secops_audit_start(audit)) {

    case NGX_OK:
        return NGX_DONE;

    case NGX_BUSY:
        audit->error = ngx_http_secops_calls_busy(audit->ctx,
                                                  NGX_HTTP_SECOPS_READ,
                                                  &audit->reason);
        return ngx_http_secops_export_failed(audit);

    default: /* NGX_ERROR */
        return NGX_ERROR;
    }
}
