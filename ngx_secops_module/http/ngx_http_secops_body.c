
/* The request body; see ngx_http_secops_body.h. */

#include "http/ngx_http_secops.h"
#include "http/ngx_http_secops_body.h"


static ngx_int_t ngx_http_secops_body_collect(ngx_http_request_t *r,
    ngx_str_t *body);
static ngx_uint_t ngx_http_secops_body_coding(const u_char *data, size_t len);


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

        if (ngx_http_secops_body_read_file(r, cl->buf, 0, p, size) != NGX_OK) {
            return NGX_ERROR;
        }

        p += size;
    }

    return NGX_OK;
}


/* the file was written a moment ago, so that this is a copy from memory */

ngx_int_t
ngx_http_secops_body_read_file(ngx_http_request_t *r, ngx_buf_t *b,
    off_t skip, u_char *dst, size_t len)
{
    off_t    offset;
    ssize_t  n;

    offset = b->file_pos + skip;

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


size_t
ngx_http_secops_body_max(ngx_http_request_t *r)
{
    off_t                      limit;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    limit = clcf->client_max_body_size;

    if (limit == 0 || limit > NGX_HTTP_SECOPS_MAX_UNPACKED) {
        limit = NGX_HTTP_SECOPS_MAX_UNPACKED;
    }

    return (size_t) limit;
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


ngx_int_t
ngx_http_secops_refuse_body(ngx_http_request_t *r)
{
    if (r == r->main && r->headers_in.expect && !r->expect_tested
        && r->http_version == NGX_HTTP_VERSION_11)
    {
        r->expect_tested = 1;
        r->keepalive = 0;
        r->lingering_close = 1;

        return NGX_OK;
    }

    return ngx_http_secops_discard_body(r);
}


ngx_int_t
ngx_http_secops_discard_body(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
    ngx_http_core_loc_conf_t  *clcf;

    rc = ngx_http_discard_request_body(r);

    if (rc == NGX_OK) {
        clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

        if (clcf->post_action.data) {
            ngx_http_secops_leave_body(r);
        }
    }

    return rc;
}


/*
 * nginx has a reference to a request whose body it discards, and a timer.  When
 * the body is over, it gives back the first and forgets the second; when the
 * body breaks off, it does not know that it has given it up.  Either ends a
 * request once too often that something else holds: one that waits, or one in
 * its post_action.
 */

void
ngx_http_secops_leave_body(ngx_http_request_t *r)
{
    ngx_event_t  *rev;

    if (!r->discard_body) {
        return;
    }

    r->discard_body = 0;
    r->main->count--;

    /* the rest is of nobody's interest, and read when the connection closes */

    r->headers_in.content_length_n = 0;
    r->keepalive = 0;
    r->lingering_close = 1;

    r->read_event_handler = ngx_http_block_reading;

    rev = r->connection->read;

    if (rev->timer_set) {
        ngx_del_timer(rev);
    }
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


/*
 * RFC 9110 8.4: the header is a list, and may be sent in several lines.  What
 * was packed twice is not taken.
 */

ngx_uint_t
ngx_http_secops_body_encoding(ngx_http_request_t *r)
{
    u_char           *p, *last, *comma;
    ngx_uint_t        i, coding, encoding;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    static ngx_str_t  name = ngx_string("content-encoding");

    encoding = NGX_HTTP_SECOPS_BODY_IDENTITY;

    part = &r->headers_in.headers.part;
    h = part->elts;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {
            part = part->next;

            if (part == NULL) {
                return encoding;
            }

            h = part->elts;
            i = 0;
        }

        if (h[i].key.len != name.len
            || ngx_memcmp(h[i].lowcase_key, name.data, name.len) != 0)
        {
            continue;
        }

        p = h[i].value.data;
        last = p + h[i].value.len;

        for ( ;; ) {
            comma = ngx_strlchr(p, last, ',');

            coding = ngx_http_secops_body_coding(p, (comma ? comma : last) - p);

            if (coding != NGX_HTTP_SECOPS_BODY_IDENTITY) {
                if (encoding != NGX_HTTP_SECOPS_BODY_IDENTITY) {
                    return NGX_HTTP_SECOPS_BODY_OTHER;
                }

                encoding = coding;
            }

            if (comma == NULL) {
                break;
            }

            p = comma + 1;
        }
    }
}


/* an empty element of the list counts for nothing */

static ngx_uint_t
ngx_http_secops_body_coding(const u_char *data, size_t len)
{
    while (len && (data[0] == ' ' || data[0] == '\t')) {
        data++;
        len--;
    }

    while (len && (data[len - 1] == ' ' || data[len - 1] == '\t')) {
        len--;
    }

    if (len == 0
        || (len == 8 && ngx_strncasecmp((u_char *) data, (u_char *) "identity",
                                        8) == 0))
    {
        return NGX_HTTP_SECOPS_BODY_IDENTITY;
    }

    /* RFC 9110 8.4.1.3: x-gzip is the same */

    if (len == 6
        && ngx_strncasecmp((u_char *) data, (u_char *) "x-gzip", 6) == 0)
    {
        data += 2;
        len -= 2;
    }

    if (len == 4
        && ngx_strncasecmp((u_char *) data, (u_char *) "gzip", 4) == 0)
    {
        return NGX_HTTP_SECOPS_BODY_GZIP;
    }

    return NGX_HTTP_SECOPS_BODY_OTHER;
}
