
/* Answers of the Resources API. */

#include "api/resources/ngx_http_secops_api_resources.h"
#include "http/access/ngx_http_secops_refusal.h"
#include "http/ngx_http_secops_fail.h"
#include "model/resource/secops_resource_value.h"
#include "http/ngx_http_secops_reply.h"
#include "util/ngx_secops_string.h"
#include "util/secops_text.h"


static ngx_int_t ngx_http_secops_resources_refuse(
    ngx_http_secops_resources_t *op, ngx_str_t *detail);
static json_t *ngx_http_secops_resources_refusal(json_t *status,
    json_t *details, json_t *errors, secops_text_t *all);
static json_t *ngx_http_secops_resources_flat(json_t *status,
    secops_text_t *all);
static ngx_int_t ngx_http_secops_resources_details(
    const secops_faults_t *faults, ngx_str_t *detail, json_t *details,
    json_t *errors, secops_text_t *all);
static json_t *ngx_http_secops_resources_error(const secops_fault_t *fault);


ngx_int_t
ngx_http_secops_resources_removed(ngx_http_secops_resources_t *op)
{
    json_t                               *json, *id;
    secops_slice_t                        type;
    ngx_http_secops_resources_deleted_t  *deleted;

    deleted = &op->deleted;
    type = secops_resource_type_name(deleted->type);

    if (deleted->type == SECOPS_RESOURCE_API_KEY) {
        id = secops_resource_string(ngx_secops_slice(&deleted->id));

    } else {
        id = json_integer(ngx_atoof(deleted->id.data, deleted->id.len));
    }

    json = json_pack("[{s:o, s:o, s:o}]",
                     "type", secops_resource_string(type),
                     "title", secops_resource_string(
                                          ngx_secops_slice(&deleted->title)),
                     "internal_id", id);

    return json ? ngx_http_secops_resources_json(op, NGX_HTTP_OK, json)
                : NGX_HTTP_INTERNAL_SERVER_ERROR;
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

    reason = ngx_secops_str(row->message);

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "secops: %V refused: %V, %ui faults",
                  &op->ctx->route->operation, &reason,
                  (ngx_uint_t) op->faults.told);

    return ngx_http_secops_resources_refuse(op, detail);
}


ngx_int_t
ngx_http_secops_resources_fail_server(ngx_http_secops_resources_t *op)
{
    ngx_str_t            detail;
    ngx_http_request_t  *r;

    r = op->request;

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "secops: %V failed: %V, request %V",
                  &op->ctx->route->operation, &op->reason,
                  &op->audit.request_id);

    if (ngx_http_secops_server_detail(r, op->error, &detail) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_resources_refuse(op, &detail);
}


static ngx_int_t
ngx_http_secops_resources_refuse(ngx_http_secops_resources_t *op,
    ngx_str_t *detail)
{
    json_t                *json, *status, *details, *errors;
    secops_text_t          all;
    const secops_error_t  *row;

    op->ctx->error = op->error;

    ngx_http_secops_refused(op->ctx);

    row = secops_error(op->error);

    ngx_memzero(&all, sizeof(secops_text_t));

    details = json_array();
    errors = json_array();

    if (ngx_http_secops_resources_details(&op->faults, detail, details, errors,
                                          &all)
        != NGX_OK)
    {
        json_decref(details);
        json_decref(errors);
        secops_text_free(&all);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    status = json_pack("{s:s, s:o}", "status", "NOK", "reason",
                       secops_resource_string(row->message));

    switch (op->form) {

    case NGX_HTTP_SECOPS_RESOURCES_FLAT:
        json = ngx_http_secops_resources_flat(status, &all);
        break;

    case NGX_HTTP_SECOPS_RESOURCES_V1:
        json = json_pack("{s:s, s:o, s:o}", "status", "ERROR", "error_message",
                         secops_resource_string(row->message), "detail",
                         secops_resource_string(secops_text_slice(&all)));
        break;

    default: /* NGX_HTTP_SECOPS_RESOURCES_REQUEST */
        json = ngx_http_secops_resources_refusal(status, details, errors, &all);
    }

    json_decref(status);
    json_decref(details);
    json_decref(errors);
    secops_text_free(&all);

    return json ? ngx_http_secops_resources_json(op, row->status, json)
                : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


/* {"request": {"status": "NOK", "reason", "reason_details", "errors"},
    "created": [], "updated": [], "detail"}.  NULL: no memory */

static json_t *
ngx_http_secops_resources_refusal(json_t *status, json_t *details,
    json_t *errors, secops_text_t *all)
{
    if (json_object_set(status, "reason_details", details) != 0
        || json_object_set(status, "errors", errors) != 0)
    {
        return NULL;
    }

    return json_pack("{s:O, s:[], s:[], s:o}", "request", status, "created",
                     "updated", "detail",
                     secops_resource_string(secops_text_slice(all)));
}


/* {"status": "NOK", "reason", "reason_details", "detail"}.  NULL: no memory */

static json_t *
ngx_http_secops_resources_flat(json_t *status, secops_text_t *all)
{
    secops_slice_t  detail;

    detail = secops_text_slice(all);

    if (json_object_set_new(status, "reason_details",
                            secops_resource_string(detail))
        != 0
        || json_object_set_new(status, "detail",
                               secops_resource_string(detail))
           != 0)
    {
        return NULL;
    }

    return json_incref(status);
}


/* each fault as an object and as a sentence, and all sentences in a text, with
   a last one if there are more.  NGX_ERROR: no memory */

static ngx_int_t
ngx_http_secops_resources_details(const secops_faults_t *faults,
    ngx_str_t *detail, json_t *details, json_t *errors, secops_text_t *all)
{
    size_t          place, begin;
    secops_fault_t  fault;
    secops_slice_t  text;

    if (detail) {
        text = ngx_secops_slice(detail);
        secops_text_append(all, text);

        if (json_array_append_new(details, secops_resource_string(text))
            != 0)
        {
            return NGX_ERROR;
        }
    }

    place = 0;

    while (secops_faults_next(faults, &place, &fault)) {

        if (all->len) {
            secops_text_append_string(all, "; ");
        }

        begin = all->len;

        secops_faults_write_one(all, &fault);

        if (all->failed) {
            return NGX_ERROR;
        }

        text.len = all->len - begin;
        text.data = all->data + begin;

        if (json_array_append_new(details, secops_resource_string(text)) != 0
            || json_array_append_new(errors,
                                     ngx_http_secops_resources_error(&fault))
               != 0)
        {
            return NGX_ERROR;
        }
    }

    if (faults->more) {
        secops_text_append_string(all, "; " SECOPS_FAULTS_MORE);

        if (json_array_append_new(details, json_string(SECOPS_FAULTS_MORE))
            != 0)
        {
            return NGX_ERROR;
        }
    }

    return all->failed ? NGX_ERROR : NGX_OK;
}


/* NULL: no memory */

static json_t *
ngx_http_secops_resources_error(const secops_fault_t *fault)
{
    return json_pack("{s:o, s:o, s:o}", "resource", fault->about.data
                     ? secops_resource_string(fault->about) : json_null(),
                     "pointer", secops_resource_string(fault->pointer),
                     "message", secops_resource_string(fault->message));
}
