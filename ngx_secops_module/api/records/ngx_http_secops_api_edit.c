
/* A record that is read, decided on, and stored; see the header. */

#include "api/records/ngx_http_secops_api_edit.h"
#include "http/ngx_http_secops_fail.h"
#include "store/ngx_secops_store_record.h"
#include "util/ngx_secops_string.h"


/* so often others may be first */

#define NGX_HTTP_SECOPS_EDIT_TRIES  10

/* after the nth time it waits up to n times this, in milliseconds */

#define NGX_HTTP_SECOPS_EDIT_DELAY  10


/* a document of more bytes is read, and decided on, each at a stretch of its
   own: either takes up to 5 ms for a megabyte */

#define NGX_HTTP_SECOPS_EDIT_LARGE  (128 * 1024)


static void ngx_http_secops_edit_cleanup(void *data);
static ngx_int_t ngx_http_secops_edit_read(ngx_http_secops_edit_t *edit);
static ngx_int_t ngx_http_secops_edit_found(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_edit_open(ngx_http_secops_edit_t *edit,
    secops_slice_t document);
static ngx_int_t ngx_http_secops_edit_opened(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_edit_decide(ngx_http_secops_edit_t *edit);
static void ngx_http_secops_edit_close(ngx_http_secops_edit_t *edit);
static ngx_int_t ngx_http_secops_edit_version(ngx_http_secops_edit_t *edit);
static ngx_int_t ngx_http_secops_edit_write(ngx_http_secops_edit_t *edit);
static ngx_int_t ngx_http_secops_edit_written(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_edit_again(ngx_http_secops_edit_t *edit);
static ngx_int_t ngx_http_secops_edit_retry(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_edit_sent(ngx_http_secops_edit_t *edit,
    ngx_int_t rc, ngx_http_secops_kind_e kind);
static ngx_int_t ngx_http_secops_edit_failed(ngx_http_secops_edit_t *edit,
    ngx_http_secops_kind_e kind, ngx_secops_store_result_t *result);


ngx_int_t
ngx_http_secops_edit(ngx_http_secops_edit_t *edit)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(edit->ctx->request->pool, 0);
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_http_secops_edit_cleanup;
    cln->data = edit;

    edit->id.data = (u_char *) edit->sys_id;
    edit->id.len = SECOPS_ID_LEN;

    edit->write.table = edit->table->name;
    edit->write.sys_id = edit->sys_id;
    edit->write.audit = &edit->audit;

    ngx_http_secops_keyspace(edit->ctx, &edit->space);
    ngx_http_secops_caller(edit->ctx, &edit->audit);

    ngx_http_secops_calls_add(edit->ctx, &edit->read_link, &edit->read,
                              ngx_http_secops_edit_found, edit);
    ngx_http_secops_calls_add(edit->ctx, &edit->write_link,
                              &edit->write.eval.call,
                              ngx_http_secops_edit_written, edit);

    return ngx_http_secops_edit_read(edit);
}


static void
ngx_http_secops_edit_cleanup(void *data)
{
    ngx_http_secops_edit_close(data);
}


static ngx_int_t
ngx_http_secops_edit_read(ngx_http_secops_edit_t *edit)
{
    ngx_int_t            rc;
    ngx_secops_store_t  *store;

    store = ngx_http_secops_store(edit->ctx);

    rc = ngx_secops_store_get_record(store, &edit->read, &edit->space,
                                     edit->table->name, &edit->id);

    return ngx_http_secops_edit_sent(edit, rc, NGX_HTTP_SECOPS_READ);
}


static ngx_int_t
ngx_http_secops_edit_found(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_edit_t  *edit = data;

    switch (result->status) {

    case NGX_SECOPS_STORE_OK:
        return ngx_http_secops_edit_open(edit,
                                         ngx_secops_slice(&result->value));

    case NGX_SECOPS_STORE_NOT_FOUND:
        return edit->gone(edit);

    default:
        return ngx_http_secops_edit_failed(edit, NGX_HTTP_SECOPS_READ, result);
    }
}


static ngx_int_t
ngx_http_secops_edit_open(ngx_http_secops_edit_t *edit,
    secops_slice_t document)
{
    ngx_uint_t        large;

    static ngx_str_t  unreadable = ngx_string("the stored record is no JSON "
                                              "object");

    large = (document.len > NGX_HTTP_SECOPS_EDIT_LARGE);

    if (large) {
        secops_text_append(&edit->copy, document);

        if (edit->copy.failed) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        document = secops_text_slice(&edit->copy);
    }

    if (secops_record_stored_read(&edit->stored, document) != 0) {
        return ngx_http_secops_fail_server(edit->ctx->request, edit->ctx,
                                           SECOPS_ERROR_READ, &unreadable);
    }

    return large ? ngx_http_secops_pause(edit->ctx, 1,
                                         ngx_http_secops_edit_opened, edit)
                 : ngx_http_secops_edit_decide(edit);
}


static ngx_int_t
ngx_http_secops_edit_opened(void *data, ngx_secops_store_result_t *result)
{
    return ngx_http_secops_edit_decide(data);
}


static ngx_int_t
ngx_http_secops_edit_decide(ngx_http_secops_edit_t *edit)
{
    ngx_int_t  rc;

    edit->store = 0;

    rc = (ngx_http_secops_edit_version(edit) == NGX_OK)
         ? edit->decide(edit) : NGX_HTTP_INTERNAL_SERVER_ERROR;

    ngx_http_secops_edit_close(edit);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    return edit->store ? ngx_http_secops_edit_write(edit) : edit->done(edit);
}


static void
ngx_http_secops_edit_close(ngx_http_secops_edit_t *edit)
{
    secops_record_stored_free(&edit->stored);
    secops_text_free(&edit->copy);
}


/* what tells the record as it was read from what others may make of it */

static ngx_int_t
ngx_http_secops_edit_version(ngx_http_secops_edit_t *edit)
{
    u_char          *p;
    ngx_str_t       *head;
    ngx_pool_t      *pool;
    secops_slice_t   read;

    head = &edit->write.head;
    pool = edit->ctx->request->pool;
    read = edit->stored.head;

    if (head->data) {
        (void) ngx_pfree(pool, head->data);
        head->data = NULL;
    }

    p = ngx_pnalloc(pool, read.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, read.data, read.len);

    head->data = p;
    head->len = read.len;
    edit->write.len = edit->stored.json.text.len;

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_edit_write(ngx_http_secops_edit_t *edit)
{
    ngx_int_t            rc;
    ngx_secops_store_t  *store;

    store = ngx_http_secops_store(edit->ctx);

    rc = (edit->kind == NGX_HTTP_SECOPS_DELETE)
         ? ngx_secops_store_delete_record(store, &edit->write, &edit->space)
         : ngx_secops_store_change_record(store, &edit->write, &edit->space);

    return ngx_http_secops_edit_sent(edit, rc, edit->kind);
}


static ngx_int_t
ngx_http_secops_edit_written(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_edit_t  *edit = data;

    switch (result->status) {

    case NGX_SECOPS_STORE_OK:
        return edit->done(edit);

    case NGX_SECOPS_STORE_NOT_FOUND:
        return edit->gone(edit);

    case NGX_SECOPS_STORE_CHANGED:

        if (++edit->tries < NGX_HTTP_SECOPS_EDIT_TRIES) {
            return ngx_http_secops_edit_again(edit);
        }

        /* fall through */

    default:
        return ngx_http_secops_edit_failed(edit, edit->kind, result);
    }
}


/* another worker, or another machine, was faster: not at the same time again */

static ngx_int_t
ngx_http_secops_edit_again(ngx_http_secops_edit_t *edit)
{
    ngx_msec_t  time;

    time = 1 + ngx_random() % (edit->tries * NGX_HTTP_SECOPS_EDIT_DELAY);

    return ngx_http_secops_pause(edit->ctx, time, ngx_http_secops_edit_retry,
                                 edit);
}


static ngx_int_t
ngx_http_secops_edit_retry(void *data, ngx_secops_store_result_t *result)
{
    return ngx_http_secops_edit_read(data);
}


static ngx_int_t
ngx_http_secops_edit_sent(ngx_http_secops_edit_t *edit, ngx_int_t rc,
    ngx_http_secops_kind_e kind)
{
    ngx_str_t       reason;
    secops_error_e  error;

    switch (ngx_http_secops_calls_sent(edit->ctx, rc)) {

    case NGX_OK:
        return NGX_DONE;

    case NGX_BUSY:
        error = ngx_http_secops_calls_busy(edit->ctx, kind, &reason);
        return ngx_http_secops_fail_server(edit->ctx->request, edit->ctx,
                                           error, &reason);

    default: /* NGX_ERROR */
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


static ngx_int_t
ngx_http_secops_edit_failed(ngx_http_secops_edit_t *edit,
    ngx_http_secops_kind_e kind, ngx_secops_store_result_t *result)
{
    return ngx_http_secops_fail_server(edit->ctx->request, edit->ctx,
                                       ngx_http_secops_store_error(kind,
                                                            result->status),
                                       &result->reason);
}
