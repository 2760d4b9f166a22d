
/*
 * Audit API: who has written what, newest first, page by page, or all of it as
 * lines: ngx_http_secops_api_audit_export.c.  What is there when the first page
 * is asked for is on exactly one page, whatever is written meanwhile.
 */

#include "api/audit/ngx_http_secops_api_audit.h"
#include "api/ngx_http_secops_api.h"
#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_reply.h"
#include "util/ngx_secops_string.h"
#include "util/secops_text.h"


#define NGX_HTTP_SECOPS_AUDIT_HEAD  "{\"result\":["
#define NGX_HTTP_SECOPS_AUDIT_NEXT  "],\"next\":"
#define NGX_HTTP_SECOPS_AUDIT_NULL  "null}"

/* at most */

#define NGX_HTTP_SECOPS_AUDIT_TAIL_LEN                                        \
    (sizeof(NGX_HTTP_SECOPS_AUDIT_NEXT NGX_HTTP_SECOPS_AUDIT_NULL)            \
     + SECOPS_AUDIT_CURSOR_LEN)


static ngx_int_t ngx_http_secops_audit_query(ngx_http_secops_audit_t *audit);
static ngx_int_t ngx_http_secops_audit_reply(ngx_http_secops_audit_t *audit);
static ngx_int_t ngx_http_secops_audit_send(ngx_http_secops_audit_t *audit,
    const secops_audit_entry_t **page, size_t n,
    const secops_audit_position_t *next);
static u_char *ngx_http_secops_audit_tail(u_char *p,
    const secops_audit_position_t *next);


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
    audit->pool = r->pool;
    audit->reply = ngx_http_secops_audit_reply;

    rc = ngx_http_secops_audit_query(audit);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    ngx_http_secops_audit_streams(audit);

    if (ngx_http_secops_audit_exports(r)) {
        rc = ngx_http_secops_audit_export(audit);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

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
