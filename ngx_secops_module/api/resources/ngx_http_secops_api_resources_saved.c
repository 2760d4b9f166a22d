
/*
 * The answer to a set that was saved: what was created and what was updated.
 * It is written by hand and not by the JSON library, which would leave copies
 * of the values of new keys in memory: this one is wiped with the request.
 */

#include "api/resources/ngx_http_secops_api_resources.h"
#include "http/ngx_http_secops_reply.h"
#include "http/ngx_http_secops_url.h"
#include "util/ngx_secops_string.h"
#include "util/secops_text.h"


#define NGX_HTTP_SECOPS_SAVED_CREATED                                         \
    "{\"request\":{\"status\":\"OK\"},\"created\":["
#define NGX_HTTP_SECOPS_SAVED_UPDATED  "],\"updated\":["
#define NGX_HTTP_SECOPS_SAVED_TAIL     "]}"

/* what of an entry is always the same, rounded up */

#define NGX_HTTP_SECOPS_SAVED_ENTRY    192


/* where people look at a resource of a type: with its id between, if at all */

typedef struct {
    ngx_str_t    path;
    ngx_str_t    rest;
    ngx_uint_t   quoted;    /* its id is text */
} ngx_http_secops_saved_type_t;


static size_t ngx_http_secops_resources_saved_size(
    ngx_http_secops_resources_t *op, ngx_str_t *base);
static u_char *ngx_http_secops_resources_write(
    ngx_http_secops_resources_t *op, u_char *p, ngx_str_t *base,
    ngx_uint_t created);
static u_char *ngx_http_secops_resources_write_entry(u_char *p,
    const secops_resource_entry_t *entry, ngx_http_secops_resources_key_t *key,
    ngx_str_t *base);
static u_char *ngx_http_secops_resources_member(u_char *p, const char *name,
    secops_slice_t value);


static const ngx_http_secops_saved_type_t
    ngx_http_secops_saved_types[SECOPS_RESOURCE_TYPES] = {
    [SECOPS_RESOURCE_API_KEY] =
        { ngx_string("/api-keys"), ngx_string(""), 1 },
    [SECOPS_RESOURCE_INTEGRATION] =
        { ngx_string("/integrations/"), ngx_string("/edit"), 0 },
    [SECOPS_RESOURCE_JOB] =
        { ngx_string("/use-cases/overview/"), ngx_string(""), 0 }
};


ngx_int_t
ngx_http_secops_resources_saved(ngx_http_secops_resources_t *op)
{
    u_char     *p;
    size_t      size;
    ngx_str_t   base;

    if (ngx_http_secops_public_url(op->request, &base) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    size = ngx_http_secops_resources_saved_size(op, &base);

    p = ngx_pnalloc(op->request->pool, size);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    op->secret.data = p;

    p = ngx_cpymem(p, NGX_HTTP_SECOPS_SAVED_CREATED,
                   sizeof(NGX_HTTP_SECOPS_SAVED_CREATED) - 1);
    p = ngx_http_secops_resources_write(op, p, &base, 1);
    p = ngx_cpymem(p, NGX_HTTP_SECOPS_SAVED_UPDATED,
                   sizeof(NGX_HTTP_SECOPS_SAVED_UPDATED) - 1);
    p = ngx_http_secops_resources_write(op, p, &base, 0);
    p = ngx_cpymem(p, NGX_HTTP_SECOPS_SAVED_TAIL,
                   sizeof(NGX_HTTP_SECOPS_SAVED_TAIL) - 1);

    op->secret.len = p - op->secret.data;

    return ngx_http_secops_reply(op->request, NGX_HTTP_OK, &op->secret);
}


static size_t
ngx_http_secops_resources_saved_size(ngx_http_secops_resources_t *op,
    ngx_str_t *base)
{
    size_t                          i, n, size;
    const secops_resource_entry_t  *entries, *entry;

    entries = secops_resource_plan_entries(op->plan, &n);

    size = sizeof(NGX_HTTP_SECOPS_SAVED_CREATED NGX_HTTP_SECOPS_SAVED_UPDATED
                  NGX_HTTP_SECOPS_SAVED_TAIL);

    for (i = 0; i < n; i++) {
        entry = &entries[i];

        size += NGX_HTTP_SECOPS_SAVED_ENTRY + SECOPS_APIKEY_VALUE_LEN
                + secops_text_escape_max(entry->resource->identifier.len
                                         + entry->title.len
                                         + 2 * entry->id.len + base->len);
    }

    return size;
}


static u_char *
ngx_http_secops_resources_write(ngx_http_secops_resources_t *op, u_char *p,
    ngx_str_t *base, ngx_uint_t created)
{
    size_t                            i, n;
    u_char                           *begin;
    const secops_resource_entry_t    *entries;
    ngx_http_secops_resources_key_t  *key, *next;

    entries = secops_resource_plan_entries(op->plan, &n);

    begin = p;
    next = op->keys;

    for (i = 0; i < n; i++) {

        key = (entries[i].resource->type == SECOPS_RESOURCE_API_KEY)
              ? next++ : NULL;

        if ((entries[i].created != 0) != created) {
            continue;
        }

        if (p != begin) {
            *p++ = ',';
        }

        p = ngx_http_secops_resources_write_entry(p, &entries[i], key, base);
    }

    return p;
}


/* of an api key with its value, if that is new */

static u_char *
ngx_http_secops_resources_write_entry(u_char *p,
    const secops_resource_entry_t *entry, ngx_http_secops_resources_key_t *key,
    ngx_str_t *base)
{
    secops_slice_t                       value;
    const ngx_http_secops_saved_type_t  *type;

    type = &ngx_http_secops_saved_types[entry->resource->type];

    *p++ = '{';
    p = ngx_http_secops_resources_member(p, "type",
                           secops_resource_type_name(entry->resource->type));
    *p++ = ',';
    p = ngx_http_secops_resources_member(p, "resource_name",
                                         entry->resource->identifier);
    *p++ = ',';
    p = ngx_http_secops_resources_member(p, "title", entry->title);
    *p++ = ',';

    if (type->quoted) {
        p = ngx_http_secops_resources_member(p, "internal_id", entry->id);

    } else {
        p = ngx_cpymem(p, "\"internal_id\":", 14);
        p = ngx_cpymem(p, entry->id.data, entry->id.len);
    }

    p = ngx_cpymem(p, ",\"url\":\"", 8);
    p = secops_text_escape(p, ngx_secops_slice(base));
    p = ngx_cpymem(p, type->path.data, type->path.len);

    if (!type->quoted) {
        p = ngx_cpymem(p, entry->id.data, entry->id.len);
    }

    p = ngx_cpymem(p, type->rest.data, type->rest.len);
    *p++ = '"';

    if (key && (key->created || key->rotated)) {
        value = secops_slice_bytes(key->value, SECOPS_APIKEY_VALUE_LEN);

        *p++ = ',';
        p = ngx_http_secops_resources_member(p, "value", value);
    }

    *p++ = '}';

    return p;
}


static u_char *
ngx_http_secops_resources_member(u_char *p, const char *name,
    secops_slice_t value)
{
    *p++ = '"';
    p = ngx_cpymem(p, name, ngx_strlen(name));
    p = ngx_cpymem(p, "\":\"", 3);
    p = secops_text_escape(p, value);
    *p++ = '"';

    return p;
}
