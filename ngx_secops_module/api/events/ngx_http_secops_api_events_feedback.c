
/*
 * PUT /api/v1/events/JOB/EVENT/feedback, and the same of /api/v2: the label
 * that an analyst gives to an event.  The feedback is stored first, then the
 * vote that it is; the answer comes when both are there.
 */

#include "api/ngx_http_secops_api.h"
#include "api/events/ngx_http_secops_api_events_vote.h"
#include "http/access/ngx_http_secops_job.h"
#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_json.h"
#include "http/ngx_http_secops_reply.h"
#include "model/event/secops_event.h"
#include "model/event/secops_feedback_sent.h"
#include "model/event/secops_job_label.h"
#include "util/ngx_secops_string.h"


/* another feedback on the event may have to be settled first, and then again */

#define NGX_HTTP_SECOPS_FEEDBACK_TRIES  5


/* in the request's pool, as all that it points to */

typedef struct {
    ngx_http_secops_ctx_t           *ctx;
    ngx_str_t                        body;      /* of the answer */
    ngx_str_t                        word;      /* for the label */
    ngx_http_secops_job_t            job;
    const secops_job_facts_label_t  *label;
    secops_keyspace_t                space;
    ngx_secops_store_audit_t         audit;
    ngx_secops_store_feedback_t      feedback;
    ngx_http_secops_call_t           link;
    ngx_uint_t                       tries;
    ngx_uint_t                       others;    /* 1: the votes are those of
                                                   another feedback */
    ngx_http_secops_votes_t          votes;
} ngx_http_secops_feedback_t;


static ngx_http_secops_feedback_t *ngx_http_secops_feedback_create(
    ngx_http_secops_ctx_t *ctx);
static ngx_int_t ngx_http_secops_feedback_read(
    ngx_http_secops_feedback_t *op);
static ngx_int_t ngx_http_secops_feedback_query(
    ngx_http_secops_feedback_t *op);
static ngx_int_t ngx_http_secops_feedback_take(
    ngx_http_secops_feedback_t *op, const secops_feedback_sent_t *sent);
static ngx_int_t ngx_http_secops_feedback_text(ngx_pool_t *pool,
    const secops_json_t *json, uint32_t token, ngx_str_t *text);
static ngx_int_t ngx_http_secops_feedback_begin(
    ngx_http_secops_feedback_t *op, ngx_int_t rc);
static ngx_int_t ngx_http_secops_feedback_known(void *data);
static ngx_int_t ngx_http_secops_feedback_no_label(
    ngx_http_secops_feedback_t *op);
static ngx_int_t ngx_http_secops_feedback_prepare(
    ngx_http_secops_feedback_t *op);
static ngx_int_t ngx_http_secops_feedback_send(
    ngx_http_secops_feedback_t *op);
static ngx_int_t ngx_http_secops_feedback_stored(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_feedback_cast(
    ngx_http_secops_feedback_t *op);
static ngx_int_t ngx_http_secops_feedback_others(
    ngx_http_secops_feedback_t *op, ngx_str_t *label);
static ngx_int_t ngx_http_secops_feedback_done(void *data);
static ngx_int_t ngx_http_secops_feedback_refuse(
    ngx_http_secops_feedback_t *op, secops_error_e error, const char *detail);


ngx_int_t
ngx_http_secops_events_feedback(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    ngx_http_secops_feedback_t  *op;

    op = ngx_http_secops_feedback_create(ctx);
    if (op == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_str_set(&op->body, "{\"status\":\"updated\"}");

    return ngx_http_secops_feedback_begin(op,
                                          ngx_http_secops_feedback_read(op));
}


ngx_int_t
ngx_http_secops_events_feedback_v2(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    ngx_http_secops_feedback_t  *op;

    op = ngx_http_secops_feedback_create(ctx);
    if (op == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_str_set(&op->body, "{\"status\":\"OK\",\"reason\":\"\","
                           "\"reason_details\":\"\"}");

    return ngx_http_secops_feedback_begin(op,
                                          ngx_http_secops_feedback_query(op));
}


/* who gives feedback is who calls, unless it is said */

static ngx_http_secops_feedback_t *
ngx_http_secops_feedback_create(ngx_http_secops_ctx_t *ctx)
{
    ngx_http_secops_feedback_t  *op;

    op = ngx_pcalloc(ctx->request->pool, sizeof(ngx_http_secops_feedback_t));
    if (op == NULL) {
        return NULL;
    }

    op->ctx = ctx;

    op->job.ctx = ctx;
    op->job.then = ngx_http_secops_feedback_known;
    op->job.data = op;

    op->feedback.vote.job = ngx_secops_slice(&ctx->params[0]);
    op->feedback.vote.event = ngx_secops_slice(&ctx->params[1]);
    op->feedback.user = ctx->identity.user_name.len ? ctx->identity.user_name
                                                    : ctx->identity.user;

    if (secops_job_id_read(&op->job.id, op->feedback.vote.job) != 0) {
        op->job.id = 0;
    }

    return op;
}


/* NGX_DECLINED: it is feedback */

static ngx_int_t
ngx_http_secops_feedback_read(ngx_http_secops_feedback_t *op)
{
    ngx_int_t                rc;
    ngx_str_t                detail;
    const char              *reason;
    secops_json_t            json;
    ngx_http_request_t      *r;
    secops_feedback_sent_t   sent;

    static ngx_str_t  none = ngx_null_string;

    r = op->ctx->request;

    switch (ngx_http_secops_read_json(r, 0, &json, &detail)) {

    case NGX_OK:
        break;

    case NGX_DECLINED:
        return ngx_http_secops_fail(r, op->ctx, SECOPS_ERROR_BODY, &none,
                                    &detail);

    default: /* NGX_ERROR */
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (json.tokens[0].type != SECOPS_JSON_OBJECT) {
        rc = ngx_http_secops_feedback_refuse(op, SECOPS_ERROR_BODY,
                                             "must be an object");

    } else {
        reason = secops_feedback_sent_json(&sent, &json);

        rc = reason ? ngx_http_secops_feedback_refuse(op,
                                             SECOPS_ERROR_FEEDBACK, reason)
                    : ngx_http_secops_feedback_take(op, &sent);
    }

    ngx_http_secops_free_json(r, &json);

    return rc;
}


/* the same of the query */

static ngx_int_t
ngx_http_secops_feedback_query(ngx_http_secops_feedback_t *op)
{
    u_char              *buffer;
    const char          *reason;
    secops_slice_t       word;
    ngx_http_request_t  *r;

    r = op->ctx->request;

    buffer = ngx_pnalloc(r->pool, r->args.len + 1);
    if (buffer == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    reason = secops_feedback_sent_query(&word, ngx_secops_slice(&r->args),
                                        buffer);

    if (reason) {
        return ngx_http_secops_feedback_refuse(op, SECOPS_ERROR_FEEDBACK,
                                               reason);
    }

    op->word = ngx_secops_str(word);

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_secops_feedback_take(ngx_http_secops_feedback_t *op,
    const secops_feedback_sent_t *sent)
{
    ngx_pool_t  *pool;

    pool = op->ctx->request->pool;

    if (ngx_http_secops_feedback_text(pool, sent->json, sent->label, &op->word)
        != NGX_OK
        || ngx_http_secops_feedback_text(pool, sent->json, sent->user,
                                         &op->feedback.user)
           != NGX_OK
        || ngx_http_secops_feedback_text(pool, sent->json, sent->notes,
                                         &op->feedback.notes)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_DECLINED;
}


/* a copy, as the tokens do not stay; what is not there leaves it as it is */

static ngx_int_t
ngx_http_secops_feedback_text(ngx_pool_t *pool, const secops_json_t *json,
    uint32_t token, ngx_str_t *text)
{
    if (token == 0) {
        return NGX_OK;
    }

    text->data = ngx_pnalloc(pool, json->tokens[token].len + 1);
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    text->len = secops_json_decode(json, token, text->data);

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_feedback_begin(ngx_http_secops_feedback_t *op, ngx_int_t rc)
{
    ngx_http_secops_ctx_t  *ctx;

    if (rc != NGX_DECLINED) {
        return rc;
    }

    ctx = op->ctx;

    rc = ngx_http_secops_job_ask(&op->job, 1);

    if (rc == NGX_DECLINED) {
        rc = ngx_http_secops_feedback_known(op);

        return (rc == NGX_DONE) ? ngx_http_secops_wait(ctx->request, ctx) : rc;
    }

    return ngx_http_secops_calls_wait(ctx, rc);
}


static ngx_int_t
ngx_http_secops_feedback_known(void *data)
{
    ngx_http_secops_feedback_t *op = data;

    if (op->job.error) {
        return ngx_http_secops_job_fail(&op->job);
    }

    if (!secops_event_id_is_valid(op->feedback.vote.event)) {
        return ngx_http_secops_feedback_refuse(op, SECOPS_ERROR_NO_EVENT,
                                               "the job has no such event");
    }

    op->label = secops_job_label(op->job.facts, ngx_secops_slice(&op->word));

    if (op->label == NULL) {
        return ngx_http_secops_feedback_no_label(op);
    }

    return ngx_http_secops_feedback_prepare(op);
}


static ngx_int_t
ngx_http_secops_feedback_no_label(ngx_http_secops_feedback_t *op)
{
    ngx_int_t      rc;
    const char    *detail;
    secops_text_t  names;

    ngx_memzero(&names, sizeof(secops_text_t));

    secops_text_append_string(&names, "the label must be one of ");
    secops_job_label_names(op->job.facts, &names);

    detail = secops_text_string(&names);

    rc = detail ? ngx_http_secops_feedback_refuse(op, SECOPS_ERROR_FEEDBACK,
                                                  detail)
                : NGX_HTTP_INTERNAL_SERVER_ERROR;

    secops_text_free(&names);

    return rc;
}


static ngx_int_t
ngx_http_secops_feedback_prepare(ngx_http_secops_feedback_t *op)
{
    ngx_http_secops_ctx_t        *ctx;
    ngx_secops_store_feedback_t  *feedback;

    ctx = op->ctx;
    feedback = &op->feedback;

    ngx_http_secops_keyspace(ctx, &op->space);
    ngx_http_secops_caller(ctx, &op->audit);

    op->audit.members = ngx_secops_str(op->label->id);

    feedback->audit = &op->audit;
    feedback->token = op->audit.request_id;

    op->votes.ctx = ctx;
    op->votes.facts = op->job.facts;
    op->votes.space = &op->space;
    op->votes.then = ngx_http_secops_feedback_done;
    op->votes.data = op;

    ngx_http_secops_calls_add(ctx, &op->link, &feedback->eval.call,
                              ngx_http_secops_feedback_stored, op);

    return ngx_http_secops_feedback_send(op);
}


/* NGX_DONE, or an answer */

static ngx_int_t
ngx_http_secops_feedback_send(ngx_http_secops_feedback_t *op)
{
    ngx_int_t               rc;
    ngx_str_t               reason;
    secops_error_e          error;
    ngx_http_secops_ctx_t  *ctx;

    ctx = op->ctx;

    op->feedback.vote.label = op->label->id;
    op->feedback.vote.generation = op->job.facts->generation;

    rc = ngx_http_secops_calls_sent(ctx,
               ngx_secops_store_feedback(ngx_http_secops_store(ctx),
                                         &op->feedback, &op->space));

    switch (rc) {

    case NGX_OK:
        return NGX_DONE;

    case NGX_BUSY:
        error = ngx_http_secops_calls_busy(ctx, NGX_HTTP_SECOPS_FEEDBACK,
                                           &reason);
        return ngx_http_secops_fail_server(ctx->request, ctx, error, &reason);

    default: /* NGX_ERROR */
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


static ngx_int_t
ngx_http_secops_feedback_stored(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_feedback_t *op = data;

    secops_error_e  error;

    switch (result->status) {

    case NGX_SECOPS_STORE_OK:
        op->others = 0;
        return ngx_http_secops_feedback_cast(op);

    case NGX_SECOPS_STORE_CHANGED:
        return ngx_http_secops_feedback_others(op, &result->value);

    case NGX_SECOPS_STORE_NOT_FOUND:
        return ngx_http_secops_feedback_refuse(op, SECOPS_ERROR_NO_EVENT,
                                               "the job has no such event");

    default:
        error = ngx_http_secops_store_error(NGX_HTTP_SECOPS_FEEDBACK,
                                            result->status);

        return ngx_http_secops_fail_server(op->ctx->request, op->ctx, error,
                                           &result->reason);
    }
}


static ngx_int_t
ngx_http_secops_feedback_cast(ngx_http_secops_feedback_t *op)
{
    op->votes.vote = op->feedback.vote;

    return ngx_http_secops_votes_cast(&op->votes);
}


/* the vote of the feedback that is there has to arrive first */

static ngx_int_t
ngx_http_secops_feedback_others(ngx_http_secops_feedback_t *op,
    ngx_str_t *label)
{
    u_char  *p;

    static ngx_str_t  reason = ngx_string("others give feedback on the event");

    if (++op->tries == NGX_HTTP_SECOPS_FEEDBACK_TRIES) {
        return ngx_http_secops_fail_server(op->ctx->request, op->ctx,
                                           SECOPS_ERROR_FEED_LATER, &reason);
    }

    p = ngx_pstrdup(op->ctx->request->pool, label);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    op->others = 1;
    op->feedback.vote.label = secops_slice_bytes(p, label->len);

    return ngx_http_secops_feedback_cast(op);
}


static ngx_int_t
ngx_http_secops_feedback_done(void *data)
{
    ngx_http_secops_feedback_t *op = data;

    ngx_http_request_t  *r;

    r = op->ctx->request;

    if (op->votes.error) {
        return ngx_http_secops_fail_server(r, op->ctx, op->votes.error,
                                           &op->votes.reason);
    }

    if (op->others) {
        return ngx_http_secops_feedback_send(op);
    }

    if (ngx_http_secops_add_durability(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_reply(r, NGX_HTTP_OK, &op->body);
}


static ngx_int_t
ngx_http_secops_feedback_refuse(ngx_http_secops_feedback_t *op,
    secops_error_e error, const char *detail)
{
    ngx_str_t  text;

    static ngx_str_t  none = ngx_null_string;

    text.data = (u_char *) detail;
    text.len = ngx_strlen(detail);

    return ngx_http_secops_fail(op->ctx->request, op->ctx, error, &none, &text);
}
