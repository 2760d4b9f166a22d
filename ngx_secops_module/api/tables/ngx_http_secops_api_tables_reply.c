
/*
 * The response to a list: X-Total-Count, and the pages around this one as links
 * (RFC 8288).  A page that begins behind a record, by its sysparm_cursor, stays
 * the same whatever is stored meanwhile; so the links have it where they can.
 */

#include "api/tables/ngx_http_secops_api_tables.h"
#include "http/ngx_http_secops_reply.h"
#include "http/ngx_http_secops_url.h"
#include "util/ngx_http_secops_header.h"
#include "util/ngx_secops_string.h"
#include "util/secops_text.h"


/* bytes of the header Link at most: proxies do not take more than some
   kilobytes of headers */

#define NGX_HTTP_SECOPS_LINK_MAX  8000

/* what of one link is always the same, rounded up */

#define NGX_HTTP_SECOPS_LINK_SIZE  160


static ngx_int_t ngx_http_secops_tables_total(
    ngx_http_secops_tables_list_t *list);
static ngx_int_t ngx_http_secops_tables_links(
    ngx_http_secops_tables_list_t *list);
static u_char *ngx_http_secops_tables_links_write(
    ngx_http_secops_tables_list_t *list, u_char *p, ngx_str_t *url);
static ngx_int_t ngx_http_secops_tables_link_url(
    ngx_http_secops_tables_list_t *list, ngx_str_t *url);
static u_char *ngx_http_secops_tables_link_path(u_char *p,
    ngx_http_secops_tables_list_t *list);
static u_char *ngx_http_secops_tables_link_args(u_char *p, ngx_str_t *args);
static u_char *ngx_http_secops_tables_link(u_char *p, ngx_str_t *url,
    uint64_t offset, const u_char *cursor, const char *rel);


ngx_int_t
ngx_http_secops_tables_answer(ngx_http_secops_tables_list_t *list)
{
    if (list->text.failed) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (!list->options.no_count
        && ngx_http_secops_tables_total(list) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (!list->options.suppress_pagination_header && list->options.limit
        && ngx_http_secops_tables_links(list) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    list->body.len = list->text.len;
    list->body.data = list->text.data;

    return ngx_http_secops_reply(list->request, NGX_HTTP_OK, &list->body);
}


static ngx_int_t
ngx_http_secops_tables_total(ngx_http_secops_tables_list_t *list)
{
    u_char            *p;
    ngx_str_t          value;

    static ngx_str_t   name = ngx_string("X-Total-Count");

    p = ngx_pnalloc(list->request->pool, NGX_INT64_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value.data = p;
    value.len = ngx_sprintf(p, "%uL", list->total) - p;

    return ngx_http_secops_add_header(list->request, &name, &value) ? NGX_OK
                                                                    : NGX_ERROR;
}


static ngx_int_t
ngx_http_secops_tables_links(ngx_http_secops_tables_list_t *list)
{
    u_char            *p;
    size_t             size;
    ngx_str_t          url, value;

    static ngx_str_t   name = ngx_string("Link");

    if (ngx_http_secops_tables_link_url(list, &url) != NGX_OK) {
        return NGX_ERROR;
    }

    size = 4 * (url.len + NGX_HTTP_SECOPS_LINK_SIZE);

    p = ngx_pnalloc(list->request->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value.data = p;
    value.len = ngx_http_secops_tables_links_write(list, p, &url) - p;

    if (value.len == 0 || value.len > NGX_HTTP_SECOPS_LINK_MAX) {
        return NGX_OK;
    }

    return ngx_http_secops_add_header(list->request, &name, &value) ? NGX_OK
                                                                    : NGX_ERROR;
}


static u_char *
ngx_http_secops_tables_links_write(ngx_http_secops_tables_list_t *list,
    u_char *p, ngx_str_t *url)
{
    uint64_t       offset, limit, before;
    const u_char  *cursor;

    limit = list->options.limit;
    offset = list->options.offset;

    if (list->total == 0 && !list->options.no_count) {
        return p;
    }

    p = ngx_http_secops_tables_link(p, url, 0, NULL, "first");

    if (offset || list->page.cursor) {

        /* a page that begins behind no record is the first one, or else the one
           at its offset */

        before = (offset > limit) ? offset - limit : 0;

        if (list->previous == NULL && list->page.cursor) {
            before = 0;
        }

        p = ngx_http_secops_tables_link(p, url, before, list->previous, "prev");
    }

    if (list->more) {
        cursor = (list->plan.sequence == SECOPS_QUERY_SORTED)
                 ? NULL : list->found + (list->nfound - 1) * SECOPS_ID_LEN;

        p = ngx_http_secops_tables_link(p, url, offset + limit, cursor,
                                        "next");
    }

    if (!list->options.no_count) {
        p = ngx_http_secops_tables_link(p, url,
                                        (list->total - 1) / limit * limit,
                                        NULL, "last");
    }

    /* over the comma after the last one */

    return p - 1;
}


/* up to where the offset is added */

static ngx_int_t
ngx_http_secops_tables_link_url(ngx_http_secops_tables_list_t *list,
    ngx_str_t *url)
{
    u_char              *p;
    ngx_str_t            base;
    ngx_http_request_t  *r;

    r = list->request;

    if (ngx_http_secops_public_url(r, &base) != NGX_OK) {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(r->pool, base.len + list->ctx->route->path.len
                             + list->table->name.len + 3 * r->args.len + 2);
    if (p == NULL) {
        return NGX_ERROR;
    }

    url->data = p;

    p = ngx_cpymem(p, base.data, base.len);
    p = ngx_http_secops_tables_link_path(p, list);
    *p++ = '?';
    p = ngx_http_secops_tables_link_args(p, &r->args);

    url->len = p - url->data;

    return NGX_OK;
}


/* the route's, with the table in it: the name is plain */

static u_char *
ngx_http_secops_tables_link_path(u_char *p,
    ngx_http_secops_tables_list_t *list)
{
    ngx_str_t  path;

    path = list->ctx->route->path;

    p = ngx_cpymem(p, path.data, path.len - 1);

    return ngx_cpymem(p, list->table->name.data, list->table->name.len);
}


/* those that the client has sent, but for what the links set themselves; each
   one with an ampersand behind it.  What has no place in a URL becomes %XX */

static u_char *
ngx_http_secops_tables_link_args(u_char *p, ngx_str_t *args)
{
    const u_char    *c;
    secops_slice_t   rest, name, value;

    static const secops_slice_t  offset = secops_slice("sysparm_offset");
    static const secops_slice_t  cursor = secops_slice("sysparm_cursor");

    rest = ngx_secops_slice(args);

    while (secops_text_query_next(&rest, &name, &value)) {

        if (name.len == 0
            || secops_slice_equal(name, offset)
            || secops_slice_equal(name, cursor))
        {
            continue;
        }

        for (c = name.data; c < value.data + value.len; c++) {

            if (*c > 0x20 && *c < 0x7f
                && ngx_strchr("<>\"\\^`{|}", *c) == NULL)
            {
                *p++ = *c;

            } else {
                p = ngx_sprintf(p, "%%%02Xd", (int) *c);
            }
        }

        *p++ = '&';
    }

    return p;
}


static u_char *
ngx_http_secops_tables_link(u_char *p, ngx_str_t *url, uint64_t offset,
    const u_char *cursor, const char *rel)
{
    p = ngx_sprintf(p, "<%Vsysparm_offset=%uL", url, offset);

    if (cursor) {
        p = ngx_sprintf(p, "&sysparm_cursor=%*s", (size_t) SECOPS_ID_LEN,
                        cursor);
    }

    return ngx_sprintf(p, ">;rel=\"%s\",", rel);
}
