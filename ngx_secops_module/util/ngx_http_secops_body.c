
/* The request body; see ngx_http_secops_body.h. */

#include "util/ngx_http_secops_body.h"


static ngx_int_t ngx_http_secops_body_collect(ngx_http_request_t *r,
    ngx_str_t *body);
static ngx_int_t ngx_http_secops_body_read_file(ngx_http_request_t *r,
    ngx_buf_t *b, u_char *dst, size_t len);


ngx_int_t
ngx_http_secops_body(ngx_http_request_t *r, ngx_str_t *body)
{
    ngx_chain_t  *cl;

    ngx_str_null(body);

    if (r->request_body == NULL || r->request_body->bufs == NULL) {
        return NGX_OK;
    }

    cl = r->request_body->bufs;

    if (cl->next == NULL && !cl->buf->in_file) {
        body->data = cl->buf->pos;
        body->len = cl->buf->last - cl->buf->pos;
        return NGX_OK;
    }

    return ngx_http_secops_body_collect(r, body);
}


static ngx_int_t
ngx_http_secops_body_collect(ngx_http_request_t *r, ngx_str_t *body)
{
    off_t         len;
    size_t        size;
    u_char       *p;
    ngx_chain_t  *cl;

    len = 0;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        len += ngx_buf_size(cl->buf);
    }

    p = ngx_pnalloc(r->pool, (size_t) len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    body->data = p;
    body->len = (size_t) len;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {

        size = (size_t) ngx_buf_size(cl->buf);

        if (size == 0) {
            continue;
        }

        if (!cl->buf->in_file) {
            p = ngx_cpymem(p, cl->buf->pos, size);
            continue;
        }

        if (ngx_http_secops_body_read_file(r, cl->buf, p, size) != NGX_OK) {
            return NGX_ERROR;
        }

        p += size;
    }

    return NGX_OK;
}


/* the file was written a moment ago, so that this is a copy from memory */

static ngx_int_t
ngx_http_secops_body_read_file(ngx_http_request_t *r, ngx_buf_t *b,
    u_char *dst, size_t len)
{
    off_t    offset;
    ssize_t  n;

    offset = b->file_pos;

    while (len) {

        n = ngx_read_file(b->file, dst, len, offset);

        if (n == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (n == 0) {
            ngx_log_error(NGX_LOG_CRIT, r->connection->log, 0,
                          "secops: request body file \"%V\" is truncated",
                          &b->file->name);
            return NGX_ERROR;
        }

        dst += n;
        len -= n;
        offset += n;
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_secops_has_body(ngx_http_request_t *r)
{
    return r->headers_in.content_length_n > 0 || r->headers_in.chunked
#if (NGX_HTTP_V2)
           || (r->stream && !r->stream->in_closed)
#endif
        ;
}


ngx_uint_t
ngx_http_secops_body_type(ngx_http_request_t *r)
{
    u_char     *p;
    ngx_str_t   type;

    static ngx_str_t  json = ngx_string("application/json");
    static ngx_str_t  lines = ngx_string("application/x-ndjson");
    static ngx_str_t  application = ngx_string("application/");
    static ngx_str_t  suffix = ngx_string("+json");

    if (r->headers_in.content_type == NULL) {
        return NGX_HTTP_SECOPS_BODY_JSON;
    }

    type = r->headers_in.content_type->value;

    /* as nearly all spell it */

    if (type.len == json.len
        && ngx_memcmp(type.data, json.data, json.len) == 0)
    {
        return NGX_HTTP_SECOPS_BODY_JSON;
    }

    p = ngx_strlchr(type.data, type.data + type.len, ';');

    if (p) {
        type.len = p - type.data;
    }

    while (type.len && (type.data[type.len - 1] == ' '
                        || type.data[type.len - 1] == '\t'))
    {
        type.len--;
    }

    if (type.len == json.len
        && ngx_strncasecmp(type.data, json.data, json.len) == 0)
    {
        return NGX_HTTP_SECOPS_BODY_JSON;
    }

    if (type.len == lines.len
        && ngx_strncasecmp(type.data, lines.data, lines.len) == 0)
    {
        return NGX_HTTP_SECOPS_BODY_LINES;
    }

    if (type.len > application.len + suffix.len
        && ngx_strncasecmp(type.data, application.data, application.len) == 0
        && ngx_strncasecmp(type.data + type.len - suffix.len, suffix.data,
                           suffix.len)
           == 0)
    {
        return NGX_HTTP_SECOPS_BODY_JSON;
    }

    return 0;
}
