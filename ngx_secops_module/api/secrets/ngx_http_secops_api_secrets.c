
/*
 * /api/secops/v1/secrets/rotate: POST encrypts again all secrets that are not
 * under the first key, of all domains, and answers when it is done.  GET tells
 * how far the last one has come, and counts what is under which key.
 */

#include "api/secrets/ngx_http_secops_api_secrets.h"
#include "http/ngx_http_secops_reply.h"
#include "model/json/secops_json_dump.h"
#include "util/ngx_secops_string.h"


/* passes until one has nothing to change; on a sound Redis it is the second */

#define NGX_HTTP_SECOPS_SECRETS_PASSES  5


static ngx_int_t ngx_http_secops_secrets_begin(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, ngx_uint_t again);
static ngx_int_t ngx_http_secops_secrets_start(ngx_http_secops_secrets_t *op);
static void ngx_http_secops_secrets_cleanup(void *data);
static ngx_int_t ngx_http_secops_secrets_rotated(
    ngx_http_secops_secrets_t *op);
static ngx_int_t ngx_http_secops_secrets_report(ngx_http_secops_secrets_t *op);
static ngx_int_t ngx_http_secops_secrets_counted(
    ngx_http_secops_secrets_t *op);
static ngx_int_t ngx_http_secops_secrets_status(ngx_http_secops_secrets_t *op,
    ngx_secops_store_result_t *result);
static json_t *ngx_http_secops_secrets_last(
    ngx_secops_store_result_t *result);
static json_t *ngx_http_secops_secrets_left(ngx_http_secops_secrets_t *op);
static json_t *ngx_http_secops_secrets_key_id(ngx_http_secops_secrets_t *op);
static ngx_int_t ngx_http_secops_secrets_reply(ngx_http_secops_secrets_t *op,
    json_t *json);


ngx_int_t
ngx_http_secops_secrets_rotate(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    return ngx_http_secops_secrets_begin(r, ctx, 1);
}


ngx_int_t
ngx_http_secops_secrets_get(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    return ngx_http_secops_secrets_begin(r, ctx, 0);
}


static ngx_int_t
ngx_http_secops_secrets_begin(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, ngx_uint_t again)
{
    ngx_int_t                    rc;
    ngx_pool_cleanup_t          *cln;
    ngx_http_secops_secrets_t   *op;
    ngx_http_secops_loc_conf_t  *slcf;

    static ngx_str_t  none = ngx_null_string;
    static ngx_str_t  detail = ngx_string("this location has no "
                                          "secops_secrets_key_file");

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);

    if (again && slcf->secrets == NULL) {
        return ngx_http_secops_fail(r, ctx, SECOPS_ERROR_NO_KEYS, &none,
                                    &detail);
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_secops_secrets_t));
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    op = cln->data;
    ngx_memzero(op, sizeof(ngx_http_secops_secrets_t));

    cln->handler = ngx_http_secops_secrets_cleanup;

    op->request = r;
    op->ctx = ctx;
    op->keys = slcf->secrets;
    op->again = again;

    op->page = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, r->connection->log);
    op->pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, r->connection->log);

    if (op->page == NULL || op->pool == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_secops_secrets_start(op);

    return rc == NGX_DONE ? ngx_http_secops_wait(r, ctx) : rc;
}


static ngx_int_t
ngx_http_secops_secrets_start(ngx_http_secops_secrets_t *op)
{
    ngx_http_secops_secrets_add_calls(op);
    ngx_http_secops_caller(op->ctx, &op->audit);

    op->commit.audit = &op->audit;

    /* an envelope is longer than its secret: that is no reason to leave a
       secret in plain text */

    op->commit.limits.count = NGX_SECOPS_STORE_UNLIMITED;
    op->commit.limits.bytes = NGX_SECOPS_STORE_UNLIMITED;
    op->commit.limits.document = NGX_SECOPS_STORE_UNLIMITED;

    secops_time_format(op->begun, ngx_time());

    op->passed = op->again ? ngx_http_secops_secrets_rotated
                           : ngx_http_secops_secrets_counted;

    /* the first note is due at once */

    op->note_time = ngx_current_msec - NGX_MAX_INT32_VALUE;

    op->noted = ngx_http_secops_secrets_walk;

    return ngx_http_secops_secrets_note(op, 0);
}


static void
ngx_http_secops_secrets_cleanup(void *data)
{
    ngx_http_secops_secrets_t  *op = data;

    if (op->page) {
        ngx_destroy_pool(op->page);
    }

    if (op->pool) {
        ngx_destroy_pool(op->pool);
    }
}


static ngx_int_t
ngx_http_secops_secrets_rotated(ngx_http_secops_secrets_t *op)
{
    op->passes++;

    if (op->count.changed && op->passes < NGX_HTTP_SECOPS_SECRETS_PASSES) {
        return ngx_http_secops_secrets_walk(op);
    }

    op->noted = ngx_http_secops_secrets_report;

    return ngx_http_secops_secrets_note(op, 1);
}


static ngx_int_t
ngx_http_secops_secrets_report(ngx_http_secops_secrets_t *op)
{
    return ngx_http_secops_secrets_reply(op,
                     json_pack("{s:s, s:I, s:I, s:I, s:o, s:o}",
                               "status", op->count.failed ? "INCOMPLETE" : "OK",
                               "checked", (json_int_t) op->count.secrets,
                               "changed", (json_int_t) op->changed,
                               "failed", (json_int_t) op->count.failed,
                               "key_id", ngx_http_secops_secrets_key_id(op),
                               "left", ngx_http_secops_secrets_left(op)));
}


static ngx_int_t
ngx_http_secops_secrets_counted(ngx_http_secops_secrets_t *op)
{
    ngx_int_t  rc;

    rc = ngx_secops_store_read_rotation(ngx_http_secops_store(op->ctx),
                                        &op->note);

    return ngx_http_secops_secrets_asked(op, rc, NGX_HTTP_SECOPS_FIND,
                                         ngx_http_secops_secrets_status);
}


static ngx_int_t
ngx_http_secops_secrets_status(ngx_http_secops_secrets_t *op,
    ngx_secops_store_result_t *result)
{
    json_t     *last;
    ngx_int_t   rc;

    if (result->status != NGX_SECOPS_STORE_NOT_FOUND
        && ngx_http_secops_secrets_answered(op, result, NGX_HTTP_SECOPS_FIND,
                                            &rc)
           != NGX_OK)
    {
        return rc;
    }

    last = ngx_http_secops_secrets_last(result);

    if (last
        && (json_object_set_new(last, "key_id",
                                ngx_http_secops_secrets_key_id(op))
            != 0
            || json_object_set_new(last, "secrets",
                                   json_integer(op->count.secrets))
               != 0
            || json_object_set_new(last, "left",
                                   ngx_http_secops_secrets_left(op))
               != 0))
    {
        json_decref(last);
        last = NULL;
    }

    return ngx_http_secops_secrets_reply(op, last);
}


/* what was noted of the last rotation; NULL: no memory */

static json_t *
ngx_http_secops_secrets_last(ngx_secops_store_result_t *result)
{
    json_t  *last;

    last = json_loadb((char *) result->value.data, result->value.len, 0, NULL);

    if (json_is_object(last)) {
        return last;
    }

    json_decref(last);

    return json_pack("{s:b, s:i, s:i, s:i, s:n, s:n, s:n}", "running", 0,
                     "checked", 0, "changed", 0, "failed", 0, "started_by",
                     "started_on", "updated_on");
}


/* how many are not under the first key, by what they are under; NULL: no
   memory */

static json_t *
ngx_http_secops_secrets_left(ngx_http_secops_secrets_t *op)
{
    char         name[SECOPS_SECRET_ID_LEN + 1];
    json_t      *left;
    ngx_uint_t   i, failed;

    left = json_object();
    failed = (left == NULL);

    for (i = 0; i < op->count.nkeys; i++) {

        ngx_memcpy(name, op->count.keys[i].id, SECOPS_SECRET_ID_LEN);
        name[SECOPS_SECRET_ID_LEN] = '\0';

        failed |= json_object_set_new(left, name,
                                      json_integer(op->count.keys[i].n))
                  != 0;
    }

    if (op->count.plain) {
        failed |= json_object_set_new(left, "plain",
                                      json_integer(op->count.plain))
                  != 0;
    }

    if (op->count.unknown) {
        failed |= json_object_set_new(left, "unknown",
                                      json_integer(op->count.unknown))
                  != 0;
    }

    if (failed) {
        json_decref(left);
        return NULL;
    }

    return left;
}


static json_t *
ngx_http_secops_secrets_key_id(ngx_http_secops_secrets_t *op)
{
    return op->keys ? json_stringn((const char *) op->keys->list[0].id,
                                   SECOPS_SECRET_ID_LEN)
                    : json_null();
}


/* takes over the document; NULL: there was no memory for it */

static ngx_int_t
ngx_http_secops_secrets_reply(ngx_http_secops_secrets_t *op, json_t *json)
{
    ngx_int_t       rc;
    ngx_str_t      *body;
    secops_text_t   text;

    if (json == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    body = ngx_palloc(op->request->pool, sizeof(ngx_str_t));

    ngx_memzero(&text, sizeof(secops_text_t));

    secops_json_dump(&text, json);

    json_decref(json);

    rc = body == NULL || text.failed
         ? NGX_ERROR : ngx_http_secops_secrets_copy(op->request->pool, body,
                                                    text.data, text.len);
    secops_text_free(&text);

    return rc == NGX_OK ? ngx_http_secops_reply(op->request, NGX_HTTP_OK, body)
                        : NGX_HTTP_INTERNAL_SERVER_ERROR;
}
