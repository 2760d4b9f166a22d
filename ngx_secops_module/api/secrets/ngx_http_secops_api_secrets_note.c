
/*
 * How far a rotation has come, for whoever asks, any worker of any machine:
 * noted in Redis while it runs, and kept for a while afterwards.  One that has
 * died is not running any more once its note has expired.
 */

#include "api/secrets/ngx_http_secops_api_secrets.h"
#include "model/json/secops_json_dump.h"
#include "util/ngx_secops_string.h"


/* milliseconds between two notes, and how long one is kept, in seconds */

#define NGX_HTTP_SECOPS_SECRETS_NOTES    1000
#define NGX_HTTP_SECOPS_SECRETS_RUNNING  30
#define NGX_HTTP_SECOPS_SECRETS_ENDED    2592000


static json_t *ngx_http_secops_secrets_progress(ngx_http_secops_secrets_t *op,
    ngx_uint_t over);
static ngx_int_t ngx_http_secops_secrets_was_noted(
    ngx_http_secops_secrets_t *op, ngx_secops_store_result_t *result);


ngx_int_t
ngx_http_secops_secrets_note(ngx_http_secops_secrets_t *op, ngx_uint_t over)
{
    json_t         *progress;
    ngx_int_t       rc;
    ngx_str_t       text;
    secops_text_t   json;

    if (!op->again
        || (!over && ngx_current_msec - op->note_time
                     < NGX_HTTP_SECOPS_SECRETS_NOTES))
    {
        return op->noted(op);
    }

    op->note_time = ngx_current_msec;

    ngx_memzero(&json, sizeof(secops_text_t));

    progress = ngx_http_secops_secrets_progress(op, over);

    if (progress) {
        secops_json_dump(&json, progress);
    }

    json_decref(progress);

    if (progress == NULL || json.failed) {
        secops_text_free(&json);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    text.len = json.len;
    text.data = json.data;

    rc = ngx_secops_store_note_rotation(ngx_http_secops_store(op->ctx),
                                        &op->note, &text,
                                        over ? NGX_HTTP_SECOPS_SECRETS_ENDED
                                             : NGX_HTTP_SECOPS_SECRETS_RUNNING);
    secops_text_free(&json);

    return ngx_http_secops_secrets_asked(op, rc, NGX_HTTP_SECOPS_SAVE,
                                         ngx_http_secops_secrets_was_noted);
}


/* NULL: no memory */

static json_t *
ngx_http_secops_secrets_progress(ngx_http_secops_secrets_t *op,
    ngx_uint_t over)
{
    u_char          now[SECOPS_TIME_LEN];
    secops_slice_t  user;

    secops_time_format(now, ngx_time());

    user = ngx_secops_slice(&op->audit.user);

    return json_pack("{s:b, s:I, s:I, s:I, s:s%, s:s%, s:s%}",
                     "running", !over,
                     "checked", (json_int_t) op->count.secrets,
                     "changed", (json_int_t) op->changed,
                     "failed", (json_int_t) op->count.failed,
                     "started_by", user.data, user.len,
                     "started_on", op->begun, (size_t) SECOPS_TIME_LEN,
                     "updated_on", now, (size_t) SECOPS_TIME_LEN);
}


/* a note that is not there is no reason to stop */

static ngx_int_t
ngx_http_secops_secrets_was_noted(ngx_http_secops_secrets_t *op,
    ngx_secops_store_result_t *result)
{
    if (result->status != NGX_SECOPS_STORE_OK) {
        ngx_log_error(NGX_LOG_WARN, op->request->connection->log, 0,
                      "secops: how far a rotation has come was not noted: %V",
                      &result->reason);
    }

    return op->noted(op);
}
