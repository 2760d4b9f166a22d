
/* Answers of the Resources API. */

#include "api/ngx_http_secops_api_resources.h"
#include "util/ngx_http_secops_reply.h"
#include "util/secops_text.h"


#define NGX_HTTP_SECOPS_SAVED_CREATED                                         \
    "{\"request\":{\"status\":\"OK\"},\"created\":["
#define NGX_HTTP_SECOPS_SAVED_UPDATED  "],\"updated\":["
#define NGX_HTTP_SECOPS_SAVED_TAIL     "]}"

#define NGX_HTTP_SECOPS_SAVED_TYPE     "{\"type\":\""
#define NGX_HTTP_SECOPS_SAVED_NAME     "\",\"resource_name\":\""
#define NGX_HTTP_SECOPS_SAVED_TITLE    "\",\"title\":\""
#define NGX_HTTP_SECOPS_SAVED_ID       "\",\"internal_id\":\""
#define NGX_HTTP_SECOPS_SAVED_URL      "\",\"url\":\""
#define NGX_HTTP_SECOPS_SAVED_VALUE    "/api-keys\",\"value\":\""
#define NGX_HTTP_SECOPS_SAVED_NO_VALUE "/api-keys"
#define NGX_HTTP_SECOPS_SAVED_END      "\"}"

/* what of an entry is always the same, rounded up */

#define NGX_HTTP_SECOPS_SAVED_ENTRY    192


static u_char *ngx_http_secops_resources_write(
    ngx_http_secops_resources_t *op, u_char *p, ngx_str_t *base,
    ngx_uint_t created);
static u_char *ngx_http_secops_resources_write_entry(u_char *p,
    ngx_http_secops_resources_entry_t *entry, ngx_str_t *base);
static u_char *ngx_http_secops_resources_escape(u_char *p, ngx_str_t *text);
static ngx_int_t ngx_http_secops_resources_base(ngx_http_request_t *r,
    ngx_str_t *base);
static ngx_int_t ngx_http_secops_resources_own_base(ngx_http_request_t *r,
    ngx_str_t *base);
static ngx_int_t ngx_http_secops_resources_refuse(
    ngx_http_secops_resources_t *op, ngx_str_t *detail);
static json_t *ngx_http_secops_resources_details(
    const secops_resource_faults_t *faults, ngx_str_t *detail,
    secops_text_t *all);
static json_t *ngx_http_secops_resources_string(const u_char *data,
    size_t len);


/*
 * Written by hand and not by the JSON library, which would leave copies of the
 * values of new keys in memory: this one is wiped with the request.
 */

ngx_int_t
ngx_http_secops_resources_saved(ngx_http_secops_resources_t *op)
{
    u_char                             *p;
    size_t                              size;
    ngx_str_t                           base;
    ngx_uint_t                          i;
    ngx_http_secops_resources_entry_t  *entry;

    if (ngx_http_secops_resources_base(op->request, &base) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    size = sizeof(NGX_HTTP_SECOPS_SAVED_CREATED NGX_HTTP_SECOPS_SAVED_UPDATED
                  NGX_HTTP_SECOPS_SAVED_TAIL);

    for (i = 0; i < op->nentries; i++) {
        entry = &op->entries[i];

        size += NGX_HTTP_SECOPS_SAVED_ENTRY + SECOPS_APIKEY_VALUE_LEN
                + secops_text_escape_max(entry->resource->identifier.len
                                         + entry->title.len + entry->id.len
                                         + base.len);
    }

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


static u_char *
ngx_http_secops_resources_write(ngx_http_secops_resources_t *op, u_char *p,
    ngx_str_t *base, ngx_uint_t created)
{
    u_char                             *begin;
    ngx_uint_t                          i;
    ngx_http_secops_resources_entry_t  *entry;

    begin = p;

    for (i = 0; i < op->nentries; i++) {
        entry = &op->entries[i];

        if (entry->created != created) {
            continue;
        }

        if (p != begin) {
            *p++ = ',';
        }

        p = ngx_http_secops_resources_write_entry(p, entry, base);
    }

    return p;
}


static u_char *
ngx_http_secops_resources_write_entry(u_char *p,
    ngx_http_secops_resources_entry_t *entry, ngx_str_t *base)
{
    secops_slice_t  type;

    type = secops_resource_type_name(entry->type);

    p = ngx_cpymem(p, NGX_HTTP_SECOPS_SAVED_TYPE,
                   sizeof(NGX_HTTP_SECOPS_SAVED_TYPE) - 1);
    p = ngx_cpymem(p, type.data, type.len);
    p = ngx_cpymem(p, NGX_HTTP_SECOPS_SAVED_NAME,
                   sizeof(NGX_HTTP_SECOPS_SAVED_NAME) - 1);
    p = secops_text_escape(p, entry->resource->identifier);
    p = ngx_cpymem(p, NGX_HTTP_SECOPS_SAVED_TITLE,
                   sizeof(NGX_HTTP_SECOPS_SAVED_TITLE) - 1);
    p = ngx_http_secops_resources_escape(p, &entry->title);
    p = ngx_cpymem(p, NGX_HTTP_SECOPS_SAVED_ID,
                   sizeof(NGX_HTTP_SECOPS_SAVED_ID) - 1);
    p = ngx_http_secops_resources_escape(p, &entry->id);
    p = ngx_cpymem(p, NGX_HTTP_SECOPS_SAVED_URL,
                   sizeof(NGX_HTTP_SECOPS_SAVED_URL) - 1);
    p = ngx_http_secops_resources_escape(p, base);

    if (entry->created) {
        p = ngx_cpymem(p, NGX_HTTP_SECOPS_SAVED_VALUE,
                       sizeof(NGX_HTTP_SECOPS_SAVED_VALUE) - 1);
        p = ngx_cpymem(p, entry->value, SECOPS_APIKEY_VALUE_LEN);

    } else {
        p = ngx_cpymem(p, NGX_HTTP_SECOPS_SAVED_NO_VALUE,
                       sizeof(NGX_HTTP_SECOPS_SAVED_NO_VALUE) - 1);
    }

    return ngx_cpymem(p, NGX_HTTP_SECOPS_SAVED_END,
                      sizeof(NGX_HTTP_SECOPS_SAVED_END) - 1);
}


static u_char *
ngx_http_secops_resources_escape(u_char *p, ngx_str_t *text)
{
    secops_slice_t  slice;

    slice.len = text->len;
    slice.data = text->data;

    return secops_text_escape(p, slice);
}


/* what the url members begin with: UTF-8, without a slash at its end */

static ngx_int_t
ngx_http_secops_resources_base(ngx_http_request_t *r, ngx_str_t *base)
{
    secops_slice_t               text;
    ngx_http_secops_loc_conf_t  *slcf;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);

    ngx_str_null(base);

    if (slcf->public_url
        && ngx_http_complex_value(r, slcf->public_url, base) != NGX_OK)
    {
        return NGX_ERROR;
    }

    while (base->len && base->data[base->len - 1] == '/') {
        base->len--;
    }

    text.len = base->len;
    text.data = base->data;

    if (base->len && secops_text_is_name(text)) {
        return NGX_OK;
    }

    return ngx_http_secops_resources_own_base(r, base);
}


/* as the client called it, or else the server's name */

static ngx_int_t
ngx_http_secops_resources_own_base(ngx_http_request_t *r, ngx_str_t *base)
{
    u_char                    *p;
    ngx_str_t                  host, scheme;
    secops_slice_t             text;
    ngx_http_core_srv_conf_t  *cscf;

    ngx_str_set(&scheme, "http://");

#if (NGX_HTTP_SSL)
    if (r->connection->ssl) {
        ngx_str_set(&scheme, "https://");
    }
#endif

    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);

    host = r->headers_in.host ? r->headers_in.host->value
                              : r->headers_in.server;

    text.len = host.len;
    text.data = host.data;

    if (host.len == 0 || !secops_text_is_name(text)) {
        host = cscf->server_name;
    }

    p = ngx_pnalloc(r->pool, scheme.len + host.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    base->data = p;
    base->len = scheme.len + host.len;

    p = ngx_cpymem(p, scheme.data, scheme.len);
    ngx_memcpy(p, host.data, host.len);

    return NGX_OK;
}


ngx_int_t
ngx_http_secops_resources_deleted(ngx_http_secops_resources_t *op)
{
    json_t                             *list, *json;
    ngx_uint_t                          i;
    secops_slice_t                      type;
    ngx_http_secops_resources_entry_t  *entry;

    list = json_array();

    for (i = 0; i < op->nentries; i++) {
        entry = &op->entries[i];
        type = secops_resource_type_name(entry->type);

        json = json_object();

        if (json_object_set_new(json, "type",
                                ngx_http_secops_resources_string(type.data,
                                                                 type.len))
            != 0
            || json_object_set_new(json, "title",
                                   ngx_http_secops_resources_string(
                                       entry->title.data, entry->title.len))
               != 0
            || json_object_set_new(json, "internal_id",
                                   ngx_http_secops_resources_string(
                                       entry->id.data, entry->id.len))
               != 0)
        {
            json_decref(json);
            json = NULL;
        }

        if (json_array_append_new(list, json) != 0) {
            json_decref(list);
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    return ngx_http_secops_resources_json(op, NGX_HTTP_OK, list);
}


ngx_int_t
ngx_http_secops_resources_json(ngx_http_secops_resources_t *op,
    ngx_uint_t status, json_t *json)
{
    ngx_str_t  *body;

    body = ngx_palloc(op->request->pool, sizeof(ngx_str_t));

    if (body == NULL) {
        json_decref(json);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_http_secops_resources_dump(op, body, json) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_reply(op->request, status, body);
}


ngx_int_t
ngx_http_secops_resources_fail(ngx_http_secops_resources_t *op,
    ngx_str_t *detail)
{
    ngx_str_t              reason;
    ngx_http_request_t    *r;
    const secops_error_t  *row;

    r = op->request;
    row = secops_error(op->error);

    reason.len = row->message.len;
    reason.data = (u_char *) row->message.data;

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "secops: %V refused: %V, %uz faults",
                  &op->ctx->route->operation, &reason,
                  json_array_size(op->faults.list));

    return ngx_http_secops_resources_refuse(op, detail);
}


ngx_int_t
ngx_http_secops_resources_fail_server(ngx_http_secops_resources_t *op)
{
    u_char              *p;
    ngx_str_t           *id, detail;
    ngx_http_request_t  *r;

    static ngx_str_t  prefix = ngx_string("request ");
    static ngx_str_t  retry_after = ngx_string("Retry-After");
    static ngx_str_t  second = ngx_string("1");

    r = op->request;
    id = &op->audit.request_id;

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "secops: %V failed: %V, request %V",
                  &op->ctx->route->operation, &op->reason, id);

    detail.len = prefix.len + id->len;
    detail.data = ngx_pnalloc(r->pool, detail.len);

    if (detail.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = ngx_cpymem(detail.data, prefix.data, prefix.len);
    ngx_memcpy(p, id->data, id->len);

    if (secops_error(op->error)->status == NGX_HTTP_SERVICE_UNAVAILABLE
        && ngx_http_secops_add_header(r, &retry_after, &second) == NULL)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_resources_refuse(op, &detail);
}


/* {"request": {"status": "NOK", "reason", "reason_details", "errors"},
    "created": [], "updated": [], "detail"} */

static ngx_int_t
ngx_http_secops_resources_refuse(ngx_http_secops_resources_t *op,
    ngx_str_t *detail)
{
    json_t                *json, *request, *errors, *details;
    secops_text_t          all;
    const secops_error_t  *row;

    op->ctx->error = op->error;

    row = secops_error(op->error);

    ngx_memzero(&all, sizeof(secops_text_t));

    json = json_object();
    request = json_object();
    details = ngx_http_secops_resources_details(&op->faults, detail, &all);
    errors = op->faults.list ? json_incref(op->faults.list) : json_array();

    if (json_object_set_new(request, "status", json_string("NOK")) != 0
        || json_object_set_new(request, "reason",
                               ngx_http_secops_resources_string(
                                   row->message.data, row->message.len))
           != 0
        || json_object_set(request, "reason_details", details) != 0
        || json_object_set(request, "errors", errors) != 0
        || json_object_set(json, "request", request) != 0
        || json_object_set_new(json, "created", json_array()) != 0
        || json_object_set_new(json, "updated", json_array()) != 0
        || json_object_set_new(json, "detail",
                               ngx_http_secops_resources_string(all.data,
                                                                all.len))
           != 0)
    {
        json_decref(json);
        json = NULL;
    }

    json_decref(request);
    json_decref(details);
    json_decref(errors);
    secops_text_free(&all);

    return ngx_http_secops_resources_json(op, row->status, json);
}


/* one sentence for each fault, and all of them in one text.  NULL: no memory */

static json_t *
ngx_http_secops_resources_details(const secops_resource_faults_t *faults,
    ngx_str_t *detail, secops_text_t *all)
{
    size_t           i, begin;
    json_t          *details;
    const json_t    *fault;
    secops_slice_t   text;

    details = json_array();

    if (detail) {
        text.len = detail->len;
        text.data = detail->data;
        secops_text_append(all, text);

        if (json_array_append_new(details,
                                  ngx_http_secops_resources_string(text.data,
                                                                   text.len))
            != 0)
        {
            goto failed;
        }
    }

    for (i = 0; i < json_array_size(faults->list); i++) {

        fault = json_array_get(faults->list, i);

        if (all->len) {
            secops_text_append_string(all, "; ");
        }

        begin = all->len;

        secops_text_append_string(all,
                       json_string_value(json_object_get(fault, "pointer")));
        secops_text_append_string(all, ": ");
        secops_text_append_string(all,
                       json_string_value(json_object_get(fault, "message")));

        if (all->failed
            || json_array_append_new(details,
                                     ngx_http_secops_resources_string(
                                         all->data + begin, all->len - begin))
               != 0)
        {
            goto failed;
        }
    }

    return details;

failed:

    json_decref(details);

    return NULL;
}


static json_t *
ngx_http_secops_resources_string(const u_char *data, size_t len)
{
    return json_stringn(len ? (const char *) data : "", len);
}
