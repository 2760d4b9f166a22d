
/* Responses; see ngx_http_secops_reply.h. */

#include "http/ngx_http_secops.h"
#include "http/ngx_http_secops_reply.h"
#include "util/ngx_http_secops_header.h"
#include "util/ngx_secops_string.h"
#include "util/secops_text.h"


#define NGX_HTTP_SECOPS_ERROR_HEAD    "{\"error\":{\"message\":\""
#define NGX_HTTP_SECOPS_ERROR_DETAIL  "\",\"detail\":"
#define NGX_HTTP_SECOPS_ERROR_TAIL    "},\"status\":\"failure\"}"

/* the same of what has its own form of errors */

#define NGX_HTTP_SECOPS_V1_HEAD                                               \
    "{\"status\":\"ERROR\",\"error_message\":\""
#define NGX_HTTP_SECOPS_V1_DETAIL     "\",\"detail\":\""
#define NGX_HTTP_SECOPS_V1_TAIL       "\"}"


static ngx_int_t ngx_http_secops_reply_headers(ngx_http_request_t *r,
    ngx_uint_t status, off_t len);
static ngx_uint_t ngx_http_secops_reply_is_v1(ngx_str_t *uri);
static ngx_int_t ngx_http_secops_reply_v1(ngx_http_request_t *r,
    ngx_uint_t status, ngx_str_t *message, ngx_str_t *detail);
static u_char *ngx_http_secops_escape(u_char *dst, ngx_str_t *text);


ngx_int_t
ngx_http_secops_reply(ngx_http_request_t *r, ngx_uint_t status,
    ngx_str_t *body)
{
    ngx_int_t               rc;
    ngx_buf_t              *b;
    ngx_chain_t             out;
    ngx_http_secops_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_secops_module);

    if (ngx_http_secops_reply_headers(r, status, body->len) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx && ctx->kept) {
        ctx->kept->status = status;
        ctx->kept->body = *body;

        return NGX_OK;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = body->data;
    b->last = body->data + body->len;
    b->memory = body->len ? 1 : 0;
    b->last_buf = (r == r->main) ? 1 : 0;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


ngx_int_t
ngx_http_secops_reply_chain(ngx_http_request_t *r, ngx_uint_t status,
    ngx_chain_t *out)
{
    off_t         len;
    ngx_int_t     rc;
    ngx_chain_t  *cl, *last;

    len = 0;
    last = out;

    for (cl = out; cl; cl = cl->next) {
        len += ngx_buf_size(cl->buf);
        last = cl;
    }

    if (ngx_http_secops_reply_headers(r, status, len) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    last->buf->last_buf = (r == r->main) ? 1 : 0;
    last->buf->last_in_chain = 1;

    return ngx_http_output_filter(r, out);
}


ngx_int_t
ngx_http_secops_reply_begin(ngx_http_request_t *r, ngx_uint_t status,
    ngx_str_t *type)
{
    if (ngx_http_secops_reply_headers(r, status, -1) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.content_type = *type;
    r->headers_out.content_type_len = type->len;

    return ngx_http_send_header(r);
}


ngx_int_t
ngx_http_secops_reply_part(ngx_http_request_t *r, ngx_chain_t *out)
{
    return ngx_http_output_filter(r, out);
}


ngx_int_t
ngx_http_secops_reply_end(ngx_http_request_t *r)
{
    return ngx_http_send_special(r, NGX_HTTP_LAST);
}


/* len is -1: nobody knows yet */

static ngx_int_t
ngx_http_secops_reply_headers(ngx_http_request_t *r, ngx_uint_t status,
    off_t len)
{
    static ngx_str_t  cache_control = ngx_string("Cache-Control");
    static ngx_str_t  no_store = ngx_string("no-store");
    static ngx_str_t  retry_after = ngx_string("Retry-After");
    static ngx_str_t  second = ngx_string("1");

    r->headers_out.status = status;
    r->headers_out.status_line.len = 0;

    if (status == NGX_HTTP_SECOPS_MULTI_STATUS) {
        ngx_str_set(&r->headers_out.status_line, "207 Multi-Status");
    }

    r->headers_out.content_length_n = len;

    /* it knows no version of what is answered, and would refuse a request with
       If-Match after it was executed */

    r->disable_not_modified = 1;

    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    /* what one caller may see, a cache in front must not show to another */

    if ((r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))
        && ngx_http_secops_add_header(r, &cache_control, &no_store) == NULL)
    {
        return NGX_ERROR;
    }

    if ((status == NGX_HTTP_SERVICE_UNAVAILABLE
         || status == NGX_HTTP_TOO_MANY_REQUESTS)
        && ngx_http_secops_add_header(r, &retry_after, &second) == NULL)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_secops_reply_error(ngx_http_request_t *r, ngx_uint_t status,
    ngx_str_t *message, ngx_str_t *detail)
{
    u_char     *p;
    size_t      size;
    ngx_str_t   body;

    /* an error_page has a path of its own: the form is that of what was asked
       for */

    if (ngx_http_secops_reply_is_v1(&r->uri)
        || (r->internal && ngx_http_secops_reply_is_v1(&r->unparsed_uri)))
    {
        return ngx_http_secops_reply_v1(r, status, message, detail);
    }

    size = sizeof(NGX_HTTP_SECOPS_ERROR_HEAD NGX_HTTP_SECOPS_ERROR_DETAIL
                  NGX_HTTP_SECOPS_ERROR_TAIL)
           + secops_text_escape_max(message->len + detail->len)
           + sizeof("null");

    body.data = ngx_pnalloc(r->pool, size);
    if (body.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = ngx_cpymem(body.data, NGX_HTTP_SECOPS_ERROR_HEAD,
                   sizeof(NGX_HTTP_SECOPS_ERROR_HEAD) - 1);
    p = ngx_http_secops_escape(p, message);
    p = ngx_cpymem(p, NGX_HTTP_SECOPS_ERROR_DETAIL,
                   sizeof(NGX_HTTP_SECOPS_ERROR_DETAIL) - 1);

    if (detail->len) {
        *p++ = '"';
        p = ngx_http_secops_escape(p, detail);
        *p++ = '"';

    } else {
        p = ngx_cpymem(p, "null", 4);
    }

    p = ngx_cpymem(p, NGX_HTTP_SECOPS_ERROR_TAIL,
                   sizeof(NGX_HTTP_SECOPS_ERROR_TAIL) - 1);

    body.len = p - body.data;

    return ngx_http_secops_reply(r, status, &body);
}


/* what the paths begin with at which errors have their own form */

static ngx_uint_t
ngx_http_secops_reply_is_v1(ngx_str_t *uri)
{
    ngx_str_t        *path;

    static ngx_str_t  paths[] = {
        ngx_string("/api/v1/"),
        ngx_string("/api/secops/v1/events"),
        ngx_null_string
    };

    for (path = paths; path->len; path++) {
        if (uri->len >= path->len
            && ngx_memcmp(uri->data, path->data, path->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_secops_reply_v1(ngx_http_request_t *r, ngx_uint_t status,
    ngx_str_t *message, ngx_str_t *detail)
{
    u_char     *p;
    size_t      size;
    ngx_str_t   body;

    size = sizeof(NGX_HTTP_SECOPS_V1_HEAD NGX_HTTP_SECOPS_V1_DETAIL
                  NGX_HTTP_SECOPS_V1_TAIL)
           + secops_text_escape_max(message->len + detail->len);

    body.data = ngx_pnalloc(r->pool, size);
    if (body.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = ngx_cpymem(body.data, NGX_HTTP_SECOPS_V1_HEAD,
                   sizeof(NGX_HTTP_SECOPS_V1_HEAD) - 1);
    p = ngx_http_secops_escape(p, message);
    p = ngx_cpymem(p, NGX_HTTP_SECOPS_V1_DETAIL,
                   sizeof(NGX_HTTP_SECOPS_V1_DETAIL) - 1);
    p = ngx_http_secops_escape(p, detail);
    p = ngx_cpymem(p, NGX_HTTP_SECOPS_V1_TAIL,
                   sizeof(NGX_HTTP_SECOPS_V1_TAIL) - 1);

    body.len = p - body.data;

    return ngx_http_secops_reply(r, status, &body);
}


static u_char *
ngx_http_secops_escape(u_char *dst, ngx_str_t *text)
{
    return secops_text_escape(dst, ngx_secops_slice(text));
}
