
/*
 * PUT /api/secops/v1/events/JOB/EVENT/decision: what a processor outside has
 * decided on an event of a job that runs.
 */

#include "api/ngx_http_secops_api.h"
#include "http/access/ngx_http_secops_job.h"
#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_json.h"
#include "http/ngx_http_secops_reply.h"
#include "model/event/secops_event.h"
#include "model/event/secops_event_decide.h"
#include "model/event/secops_job_label.h"
#include "store/event/ngx_secops_store_decide.h"
#include "util/ngx_secops_string.h"


/* in the request's pool, as all that it points to */

typedef struct {
    ngx_http_secops_ctx_t       *ctx;
    secops_event_decide_t        sent;
    ngx_str_t                    word;          /* for the label */
    ngx_http_secops_job_t        job;
    secops_keyspace_t            space;
    ngx_secops_store_audit_t     audit;
    ngx_secops_store_decide_t    decide;
    ngx_http_secops_call_t       link;
} ngx_http_secops_decision_t;


static ngx_int_t ngx_http_secops_decision_read(
    ngx_http_secops_decision_t *op);
static ngx_int_t ngx_http_secops_decision_check(
    ngx_http_secops_decision_t *op, const secops_json_t *json);
static ngx_int_t ngx_http_secops_decision_known(void *data);
static ngx_int_t ngx_http_secops_decision_label(
    ngx_http_secops_decision_t *op);
static ngx_int_t ngx_http_secops_decision_document(
    ngx_http_secops_decision_t *op, const secops_job_facts_label_t *label);
static ngx_int_t ngx_http_secops_decision_copy(
    ngx_http_secops_decision_t *op, secops_text_t *text,
    secops_slice_t *copy);
static ngx_int_t ngx_http_secops_decision_store(
    ngx_http_secops_decision_t *op);
static ngx_int_t ngx_http_secops_decision_stored(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_decision_refuse(
    ngx_http_secops_decision_t *op, secops_error_e error, const char *detail);
static ngx_int_t ngx_http_secops_decision_reply(
    ngx_http_secops_decision_t *op);


ngx_int_t
ngx_http_secops_events_decide(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                    rc;
    ngx_http_secops_decision_t  *op;

    op = ngx_pcalloc(r->pool, sizeof(ngx_http_secops_decision_t));
    if (op == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    op->ctx = ctx;

    op->job.ctx = ctx;
    op->job.then = ngx_http_secops_decision_known;
    op->job.data = op;

    op->decide.job = ngx_secops_slice(&ctx->params[0]);
    op->decide.event = ngx_secops_slice(&ctx->params[1]);

    if (secops_job_id_read(&op->job.id, op->decide.job) != 0) {
        op->job.id = 0;
    }

    rc = ngx_http_secops_decision_read(op);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    rc = ngx_http_secops_job_ask(&op->job, 1);

    if (rc == NGX_DECLINED) {
        rc = ngx_http_secops_decision_known(op);

        return (rc == NGX_DONE) ? ngx_http_secops_wait(r, ctx) : rc;
    }

    return ngx_http_secops_calls_wait(ctx, rc);
}


/* NGX_DECLINED: it is a decision */

static ngx_int_t
ngx_http_secops_decision_read(ngx_http_secops_decision_t *op)
{
    ngx_int_t            rc;
    ngx_str_t            detail;
    secops_json_t        json;
    ngx_http_request_t  *r;

    static ngx_str_t  none = ngx_null_string;

    r = op->ctx->request;

    switch (ngx_http_secops_read_json(r, 0, &json, &detail)) {

    case NGX_OK:
        rc = ngx_http_secops_decision_check(op, &json);
        ngx_http_secops_free_json(r, &json);
        return rc;

    case NGX_DECLINED:
        return ngx_http_secops_fail(r, op->ctx, SECOPS_ERROR_BODY, &none,
                                    &detail);

    default: /* NGX_ERROR */
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


static ngx_int_t
ngx_http_secops_decision_check(ngx_http_secops_decision_t *op,
    const secops_json_t *json)
{
    const char  *reason;

    reason = secops_event_decide_check(&op->sent, json);

    if (reason) {
        return ngx_http_secops_decision_refuse(op, SECOPS_ERROR_DECISION,
                                               reason);
    }

    op->word.data = ngx_pnalloc(op->ctx->request->pool,
                                json->tokens[op->sent.label].len + 1);
    if (op->word.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    op->word.len = secops_json_decode(json, op->sent.label, op->word.data);

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_secops_decision_known(void *data)
{
    ngx_http_secops_decision_t *op = data;

    ngx_int_t  rc;

    if (op->job.error) {
        return ngx_http_secops_job_fail(&op->job);
    }

    if (!secops_event_id_is_valid(op->decide.event)) {
        return ngx_http_secops_decision_refuse(op, SECOPS_ERROR_NO_EVENT,
                                               "there is no such event");
    }

    if (!op->job.facts->enabled) {
        return ngx_http_secops_decision_refuse(op, SECOPS_ERROR_JOB_RESTS,
                                  "nothing is decided until it is started");
    }

    rc = ngx_http_secops_decision_label(op);

    return (rc == NGX_DECLINED) ? ngx_http_secops_decision_store(op) : rc;
}


/* NGX_DECLINED: the job has it, and all that is stored is there */

static ngx_int_t
ngx_http_secops_decision_label(ngx_http_secops_decision_t *op)
{
    ngx_int_t                        rc;
    secops_text_t                    names;
    const char                      *detail;
    const secops_job_facts_label_t  *label;

    label = secops_job_label(op->job.facts, ngx_secops_slice(&op->word));

    if (label) {
        return ngx_http_secops_decision_document(op, label);
    }

    ngx_memzero(&names, sizeof(secops_text_t));

    secops_text_append_string(&names, "/label: must be one of ");
    secops_job_label_names(op->job.facts, &names);

    detail = secops_text_string(&names);

    rc = detail ? ngx_http_secops_decision_refuse(op, SECOPS_ERROR_DECISION,
                                                  detail)
                : NGX_HTTP_INTERNAL_SERVER_ERROR;

    secops_text_free(&names);

    return rc;
}


static ngx_int_t
ngx_http_secops_decision_document(ngx_http_secops_decision_t *op,
    const secops_job_facts_label_t *label)
{
    ngx_int_t                   rc;
    ngx_time_t                 *now;
    secops_text_t               head, tail;
    ngx_secops_store_decide_t  *decide;

    ngx_memzero(&head, sizeof(secops_text_t));
    ngx_memzero(&tail, sizeof(secops_text_t));

    now = ngx_timeofday();
    decide = &op->decide;

    secops_event_decide_write(&head, &tail, &op->sent, label->id,
                              ngx_secops_slice(&op->ctx->identity.user),
                              (uint64_t) now->sec * 1000 + now->msec);

    decide->label = label->id;
    decide->label_name = label->name;
    decide->confidence = secops_slice_bytes(op->sent.confidence, op->sent.len);
    decide->ingested = op->sent.ingested;

    rc = ngx_http_secops_decision_copy(op, &head, &decide->head);

    if (rc == NGX_DECLINED) {
        rc = ngx_http_secops_decision_copy(op, &tail, &decide->tail);
    }

    secops_text_free(&head);
    secops_text_free(&tail);

    return rc;
}


static ngx_int_t
ngx_http_secops_decision_copy(ngx_http_secops_decision_t *op,
    secops_text_t *text, secops_slice_t *copy)
{
    u_char  *p;

    p = text->failed ? NULL : ngx_pnalloc(op->ctx->request->pool, text->len);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memcpy(p, text->data, text->len);

    *copy = secops_slice_bytes(p, text->len);

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_secops_decision_store(ngx_http_secops_decision_t *op)
{
    ngx_int_t               rc;
    ngx_str_t               reason;
    secops_error_e          error;
    ngx_http_secops_ctx_t  *ctx;

    ctx = op->ctx;

    ngx_http_secops_keyspace(ctx, &op->space);
    ngx_http_secops_caller(ctx, &op->audit);

    op->decide.audit = &op->audit;

    ngx_http_secops_calls_add(ctx, &op->link, &op->decide.eval.call,
                              ngx_http_secops_decision_stored, op);

    rc = ngx_http_secops_calls_sent(ctx,
               ngx_secops_store_decide(ngx_http_secops_store(ctx),
                                       &op->decide, &op->space));

    switch (rc) {

    case NGX_OK:
        return NGX_DONE;

    case NGX_BUSY:
        error = ngx_http_secops_calls_busy(ctx, NGX_HTTP_SECOPS_DECIDE,
                                           &reason);
        return ngx_http_secops_fail_server(ctx->request, ctx, error, &reason);

    default: /* NGX_ERROR */
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


static ngx_int_t
ngx_http_secops_decision_stored(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_decision_t *op = data;

    secops_error_e  error;

    switch (result->status) {

    case NGX_SECOPS_STORE_OK:
        return ngx_http_secops_decision_reply(op);

    case NGX_SECOPS_STORE_NOT_FOUND:
        return ngx_http_secops_decision_refuse(op, SECOPS_ERROR_NO_EVENT,
                                               "there is no such event");

    case NGX_SECOPS_STORE_CHANGED:
        return ngx_http_secops_decision_refuse(op, SECOPS_ERROR_REPLACED,
                          "there is another one than that of ingest_timestamp");

    default:
        error = ngx_http_secops_store_error(NGX_HTTP_SECOPS_DECIDE,
                                            result->status);

        return ngx_http_secops_fail_server(op->ctx->request, op->ctx, error,
                                           &result->reason);
    }
}


static ngx_int_t
ngx_http_secops_decision_refuse(ngx_http_secops_decision_t *op,
    secops_error_e error, const char *detail)
{
    ngx_str_t         text;

    static ngx_str_t  none = ngx_null_string;

    text.data = (u_char *) detail;
    text.len = ngx_strlen(detail);

    return ngx_http_secops_fail(op->ctx->request, op->ctx, error, &none, &text);
}


static ngx_int_t
ngx_http_secops_decision_reply(ngx_http_secops_decision_t *op)
{
    u_char              *p;
    ngx_str_t            body;
    ngx_http_request_t  *r;

    r = op->ctx->request;

    p = ngx_pnalloc(r->pool, sizeof("{\"event_id\":\"\",\"job_id\":,"
                                    "\"status\":\"updated\","
                                    "\"error_message\":\"\"}")
                             + secops_text_escape_max(op->decide.event.len)
                             + NGX_INT64_LEN);

    if (p == NULL || ngx_http_secops_add_durability(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    body.data = p;

    p = ngx_cpymem(p, "{\"event_id\":\"", sizeof("{\"event_id\":\"") - 1);
    p = secops_text_escape(p, op->decide.event);
    p = ngx_sprintf(p, "\",\"job_id\":%L,\"status\":\"updated\","
                       "\"error_message\":\"\"}", op->job.id);

    body.len = p - body.data;

    return ngx_http_secops_reply(r, NGX_HTTP_OK, &body);
}
