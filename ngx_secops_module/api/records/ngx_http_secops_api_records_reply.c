
/* Record API: what is answered once the store has spoken. */

#include "api/records/ngx_http_secops_api_records.h"
#include "http/ngx_http_secops_fail.h"
#include "util/ngx_http_secops_header.h"
#include "http/ngx_http_secops_reply.h"
#include "util/ngx_secops_string.h"


#define NGX_HTTP_SECOPS_RECORDS_LOCATION  "/api/now/table/"


static ngx_int_t ngx_http_secops_records_reply_single(
    ngx_http_secops_records_t *records);
static ngx_int_t ngx_http_secops_records_location(
    ngx_http_secops_records_t *records);
static ngx_int_t ngx_http_secops_records_reply_batch(
    ngx_http_secops_records_t *records);
static secops_error_e ngx_http_secops_records_error(
    const ngx_http_secops_records_entry_t *entry);
static ngx_uint_t ngx_http_secops_records_batch_status(
    ngx_http_secops_records_t *records, ngx_uint_t stored);
static void ngx_http_secops_records_write_batch(
    ngx_http_secops_records_t *records, secops_text_t *text,
    ngx_uint_t stored);
static ngx_int_t ngx_http_secops_records_details(
    ngx_http_secops_records_t *records);
static void ngx_http_secops_records_write_entry(
    ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry, secops_text_t *text);


ngx_int_t
ngx_http_secops_records_reply(ngx_http_secops_records_t *records)
{
    secops_error_e  error;

    if (records->batch) {
        return ngx_http_secops_records_reply_batch(records);
    }

    error = ngx_http_secops_records_error(&records->entries[0]);

    if (error != SECOPS_ERROR_NONE) {
        return ngx_http_secops_fail_server(records->request, records->ctx,
                                           error, &records->reason);
    }

    return ngx_http_secops_records_reply_single(records);
}


static ngx_int_t
ngx_http_secops_records_reply_single(ngx_http_secops_records_t *records)
{
    u_char      *p;
    ngx_str_t    body;
    ngx_uint_t   status;

    static ngx_str_t  simple = ngx_string("{\"success\":true}");
    static ngx_str_t  wrapped = ngx_string("{\"result\":{\"success\":true}}");

    if (ngx_http_secops_records_location(records) != NGX_OK
        || ngx_http_secops_add_durability(records->request) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (records->answer) {
        return records->answer(records);
    }

    status = records->entries[0].updated ? NGX_HTTP_OK : NGX_HTTP_CREATED;

    if (records->options.simple_response) {
        return ngx_http_secops_reply(records->request, status,
                                     records->options.include_wrap ? &wrapped
                                                                   : &simple);
    }

    body = records->json;

    if (records->options.include_wrap) {

        /* the buffer was made with room for both ends */

        p = body.data - NGX_HTTP_SECOPS_RECORDS_WRAP_HEAD;

        ngx_memcpy(p, NGX_HTTP_SECOPS_RECORDS_HEAD,
                   NGX_HTTP_SECOPS_RECORDS_WRAP_HEAD);
        ngx_memcpy(body.data + body.len, NGX_HTTP_SECOPS_RECORDS_TAIL,
                   sizeof(NGX_HTTP_SECOPS_RECORDS_TAIL) - 1);

        body.data = p;
        body.len += NGX_HTTP_SECOPS_RECORDS_WRAP;
    }

    return ngx_http_secops_reply(records->request, status, &body);
}


/* a path, not a URL: which machine answers is the load balancer's affair */

static ngx_int_t
ngx_http_secops_records_location(ngx_http_secops_records_t *records)
{
    u_char     *p;
    ngx_str_t   location;

    static ngx_str_t  name = ngx_string("Location");

    location.len = sizeof(NGX_HTTP_SECOPS_RECORDS_LOCATION) - 1
                   + records->table->name.len + 1 + SECOPS_ID_LEN;

    location.data = ngx_pnalloc(records->request->pool, location.len);
    if (location.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(location.data, NGX_HTTP_SECOPS_RECORDS_LOCATION,
                   sizeof(NGX_HTTP_SECOPS_RECORDS_LOCATION) - 1);
    p = ngx_cpymem(p, records->table->name.data, records->table->name.len);
    *p++ = '/';
    ngx_memcpy(p, records->entries[0].id.text, SECOPS_ID_LEN);

    if (ngx_http_secops_add_header(records->request, &name, &location)
        == NULL)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_secops_records_reject(ngx_http_secops_ctx_t *ctx,
    secops_record_faults_t *faults)
{
    ngx_str_t       more, detail;
    secops_error_e  error;

    ngx_str_null(&more);

    error = faults->all.error;

    if (error == SECOPS_ERROR_UNKNOWN) {
        ngx_str_set(&detail, "the record could not be validated");
        return ngx_http_secops_fail_server(ctx->request, ctx, error, &detail);
    }

    if (error == SECOPS_ERROR_MANDATORY) {
        more = ngx_secops_str(secops_text_slice(&faults->missing));
    }

    detail = ngx_secops_str(secops_record_detail(faults));

    return ngx_http_secops_fail(ctx->request, ctx, error, &more, &detail);
}


ngx_int_t
ngx_http_secops_records_entry_faults(ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry, secops_record_faults_t *faults)
{
    ngx_str_t    text;
    ngx_pool_t  *pool;

    pool = records->request->pool;

    text = ngx_secops_str(secops_record_detail(faults));

    entry->detail.len = text.len;
    entry->detail.data = ngx_pstrdup(pool, &text);

    if (entry->detail.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (faults->all.error == SECOPS_ERROR_MANDATORY) {
        text = ngx_secops_str(secops_text_slice(&faults->missing));

        entry->more.len = text.len;
        entry->more.data = ngx_pstrdup(pool, &text);

        if (entry->more.data == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_secops_records_reply_batch(ngx_http_secops_records_t *records)
{
    ngx_str_t            id, body;
    ngx_uint_t           i, status, stored;
    secops_text_t        text;
    ngx_pool_cleanup_t  *cln;
    ngx_http_request_t  *r;

    r = records->request;

    stored = 0;

    for (i = 0; i < records->nentries; i++) {
        stored += (ngx_http_secops_records_error(&records->entries[i])
                   == SECOPS_ERROR_NONE);
    }

    status = ngx_http_secops_records_batch_status(records, stored);

    if (records->reason.len) {
        (void) ngx_http_secops_request_id(r, &id);

        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "secops: %V: %ui of %ui records not stored, last: %V, "
                      "request %V",
                      &records->ctx->route->operation,
                      records->nentries - stored, records->nentries,
                      &records->reason, &id);
    }

    if (stored < records->nentries
        && ngx_http_secops_records_details(records) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (stored && ngx_http_secops_add_durability(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memzero(&text, sizeof(secops_text_t));

    ngx_http_secops_records_write_batch(records, &text, stored);

    /* what secops_text_free() would do, once it was sent */

    cln->handler = free;
    cln->data = text.data;

    if (text.failed) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    body = ngx_secops_str(secops_text_slice(&text));

    return ngx_http_secops_reply(r, status, &body);
}


/* once nothing is pending: NONE, the record is stored; or why not */

static secops_error_e
ngx_http_secops_records_error(const ngx_http_secops_records_entry_t *entry)
{
    return entry->group ? entry->group->error : entry->error;
}


/* of records that Redis did not store, or perhaps not: the request's id, by
   which the reason is found in the log */

static ngx_int_t
ngx_http_secops_records_details(ngx_http_secops_records_t *records)
{
    if (ngx_http_secops_server_detail(records->request, SECOPS_ERROR_PERSIST,
                                      &records->failed)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_secops_server_detail(records->request,
                                         SECOPS_ERROR_PERSIST_UNKNOWN,
                                         &records->unknown);
}


/*
 * 201: all were stored; 200: all have changed one that was there; 207: some
 * were stored.  None: 400 when that was the records' fault, otherwise what a
 * single record would have got.
 */

static ngx_uint_t
ngx_http_secops_records_batch_status(ngx_http_secops_records_t *records,
    ngx_uint_t stored)
{
    ngx_uint_t      i, status;
    secops_error_e  error;

    if (stored == records->nentries) {

        for (i = 0; i < records->nentries; i++) {
            if (!records->entries[i].updated) {
                return NGX_HTTP_CREATED;
            }
        }

        return NGX_HTTP_OK;
    }

    for (i = 0; i < records->nentries; i++) {
        error = ngx_http_secops_records_error(&records->entries[i]);

        if (error != SECOPS_ERROR_NONE && error != SECOPS_ERROR_ATOMIC) {
            records->ctx->error = error;
            break;
        }
    }

    if (stored) {
        return NGX_HTTP_SECOPS_MULTI_STATUS;
    }

    for (i = 0; i < records->nentries; i++) {

        error = ngx_http_secops_records_error(&records->entries[i]);
        status = secops_error(error)->status;

        if (status >= NGX_HTTP_INTERNAL_SERVER_ERROR) {
            records->ctx->error = error;
            return status;
        }
    }

    return NGX_HTTP_BAD_REQUEST;
}


static void
ngx_http_secops_records_write_batch(ngx_http_secops_records_t *records,
    secops_text_t *text, ngx_uint_t stored)
{
    u_char          counts[128];
    ngx_uint_t      i;
    secops_slice_t  slice;

    if (records->options.include_wrap) {
        secops_text_append_string(text, NGX_HTTP_SECOPS_RECORDS_HEAD);
    }

    secops_text_append_string(text, stored == records->nentries
                                    ? "{\"success\":true"
                                    : "{\"success\":false");

    if (!records->options.simple_response) {

        slice.data = counts;
        slice.len = ngx_sprintf(counts, ",\"total\":%ui,\"stored\":%ui,"
                                "\"failed\":%ui,\"records\":[",
                                records->nentries, stored,
                                records->nentries - stored)
                    - counts;

        secops_text_append(text, slice);

        for (i = 0; i < records->nentries; i++) {

            if (i) {
                secops_text_append_string(text, ",");
            }

            ngx_http_secops_records_write_entry(records, &records->entries[i],
                                                text);
        }

        secops_text_append_string(text, "]");
    }

    secops_text_append_string(text, "}");

    if (records->options.include_wrap) {
        secops_text_append_string(text, NGX_HTTP_SECOPS_RECORDS_TAIL);
    }
}


static void
ngx_http_secops_records_write_entry(ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry, secops_text_t *text)
{
    ngx_str_t             *detail;
    secops_slice_t         id;
    secops_error_e         code;
    const secops_error_t  *error;

    code = ngx_http_secops_records_error(entry);

    if (code == SECOPS_ERROR_NONE) {

        id = secops_slice_bytes(entry->id.text, SECOPS_ID_LEN);

        secops_text_append_string(text, "{\"success\":true,\"sys_id\":\"");
        secops_text_append(text, id);
        secops_text_append_string(text, entry->updated ? "\",\"updated\":true}"
                                                       : "\"}");

        return;
    }

    error = secops_error(code);

    secops_text_append_string(text,
                              "{\"success\":false,\"error\":{\"message\":\"");
    secops_text_append_escaped(text, error->message);
    secops_text_append_escaped(text, ngx_secops_slice(&entry->more));

    detail = (error->status < NGX_HTTP_INTERNAL_SERVER_ERROR)
             ? &entry->detail
             : (code == SECOPS_ERROR_PERSIST_UNKNOWN) ? &records->unknown
                                                      : &records->failed;

    if (detail->len) {
        secops_text_append_string(text, "\",\"detail\":\"");
        secops_text_append_escaped(text, ngx_secops_slice(detail));
        secops_text_append_string(text, "\"}}");

    } else {
        secops_text_append_string(text, "\",\"detail\":null}}");
    }
}
