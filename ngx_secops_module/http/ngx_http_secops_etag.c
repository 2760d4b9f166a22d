
/* ETag and If-Match; see ngx_http_secops_etag.h. */

#include "http/ngx_http_secops_etag.h"
#include "http/ngx_http_secops_fail.h"
#include "model/record/secops_record_stored.h"
#include "util/ngx_http_secops_header.h"
#include "util/ngx_secops_string.h"
#include "util/secops_etag.h"


ngx_int_t
ngx_http_secops_check_etag(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx,
    uint64_t mod_count)
{
    u_char           *p, etag[SECOPS_RECORD_ETAG];
    size_t            len;
    ngx_str_t         detail;
    ngx_table_elt_t  *match;

    static ngx_str_t  none = ngx_null_string;
    static ngx_str_t  now = ngx_string("If-Match: the record's ETag is ");

    match = r->headers_in.if_match;
    len = secops_record_etag(etag, mod_count) - etag;

    if (match == NULL
        || secops_etag_is_listed(ngx_secops_slice(&match->value),
                                 secops_slice_bytes(etag, len)))
    {
        return NGX_DECLINED;
    }

    detail.len = now.len + len;
    detail.data = ngx_pnalloc(r->pool, detail.len);

    if (detail.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = ngx_cpymem(detail.data, now.data, now.len);
    ngx_memcpy(p, etag, len);

    return ngx_http_secops_fail(r, ctx, SECOPS_ERROR_PRECONDITION, &none,
                                &detail);
}


/*
 * nginx does not come to know of it: where it packs the response it would make
 * the tag a weak one, which no If-Match takes.
 */

ngx_int_t
ngx_http_secops_add_etag(ngx_http_request_t *r, uint64_t mod_count)
{
    ngx_str_t         value;

    static ngx_str_t  name = ngx_string("ETag");

    value.data = ngx_pnalloc(r->pool, SECOPS_RECORD_ETAG);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    value.len = secops_record_etag(value.data, mod_count) - value.data;

    return ngx_http_secops_add_header(r, &name, &value) ? NGX_OK : NGX_ERROR;
}
