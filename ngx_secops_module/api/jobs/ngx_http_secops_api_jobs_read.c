
/* One job as /api/v1 shows it, or the names of its labels; by its id, or by its
   title. */

#include "api/jobs/ngx_http_secops_api_jobs.h"
#include "http/ngx_http_secops_json.h"
#include "http/ngx_http_secops_reply.h"
#include "model/json/secops_json_tree.h"
#include "model/resource/secops_resource_value.h"
#include "util/ngx_secops_string.h"


/* tokens of a body that names a job; clients send one member, or two */

#define NGX_HTTP_SECOPS_JOBS_TOKENS  1000


static ngx_int_t ngx_http_secops_jobs_named(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, ngx_http_secops_jobs_then_pt then);
static ngx_int_t ngx_http_secops_jobs_name(ngx_http_secops_jobs_t *jobs,
    ngx_str_t *name, ngx_str_t *detail);
static ngx_int_t ngx_http_secops_jobs_name_of(ngx_http_secops_jobs_t *jobs,
    const json_t *body, ngx_str_t *name);
static ngx_int_t ngx_http_secops_jobs_show(ngx_http_secops_jobs_t *jobs);
static ngx_int_t ngx_http_secops_jobs_shown(ngx_http_secops_jobs_t *jobs);
static ngx_int_t ngx_http_secops_jobs_show_labels(
    ngx_http_secops_jobs_t *jobs);
static ngx_int_t ngx_http_secops_jobs_text(ngx_http_secops_jobs_t *jobs,
    ngx_uint_t labels, ngx_str_t *body);


ngx_int_t
ngx_http_secops_jobs_get(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ngx_http_secops_jobs_t  *jobs;

    jobs = ngx_http_secops_jobs_create(r, ctx);

    return jobs ? ngx_http_secops_jobs_by_id(jobs, ngx_http_secops_jobs_show)
                : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


ngx_int_t
ngx_http_secops_jobs_labels(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ngx_http_secops_jobs_t  *jobs;

    jobs = ngx_http_secops_jobs_create(r, ctx);

    return jobs ? ngx_http_secops_jobs_by_id(jobs,
                                             ngx_http_secops_jobs_show_labels)
                : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


ngx_int_t
ngx_http_secops_jobs_get_named(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    return ngx_http_secops_jobs_named(r, ctx, ngx_http_secops_jobs_show);
}


ngx_int_t
ngx_http_secops_jobs_labels_named(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    return ngx_http_secops_jobs_named(r, ctx,
                                      ngx_http_secops_jobs_show_labels);
}


static ngx_int_t
ngx_http_secops_jobs_named(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx,
    ngx_http_secops_jobs_then_pt then)
{
    ngx_str_t                name, detail;
    ngx_http_secops_jobs_t  *jobs;

    jobs = ngx_http_secops_jobs_create(r, ctx);
    if (jobs == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    switch (ngx_http_secops_jobs_name(jobs, &name, &detail)) {

    case NGX_OK:
        return ngx_http_secops_jobs_by_title(jobs, ngx_secops_slice(&name),
                                             then);

    case NGX_DECLINED:
        jobs->op->error = SECOPS_ERROR_BODY;
        return ngx_http_secops_resources_fail(jobs->op, &detail);

    default: /* NGX_ERROR */
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


/* NGX_DECLINED: the body names none, as detail says */

static ngx_int_t
ngx_http_secops_jobs_name(ngx_http_secops_jobs_t *jobs, ngx_str_t *name,
    ngx_str_t *detail)
{
    json_t              *body;
    ngx_int_t            rc;
    const char          *reason;
    secops_json_t        json;
    ngx_http_request_t  *r;

    r = jobs->op->request;

    rc = ngx_http_secops_read_json(r, NGX_HTTP_SECOPS_JOBS_TOKENS, &json,
                                   detail);
    if (rc != NGX_OK) {
        return rc;
    }

    body = secops_json_tree(&json, 0, &reason);

    ngx_http_secops_free_json(r, &json);

    if (body == NULL && reason == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_secops_jobs_name_of(jobs, body, name);

    json_decref(body);

    if (rc == NGX_DECLINED) {
        ngx_str_set(detail, "job_name: is required, and must be text");
    }

    return rc;
}


static ngx_int_t
ngx_http_secops_jobs_name_of(ngx_http_secops_jobs_t *jobs, const json_t *body,
    ngx_str_t *name)
{
    const json_t    *value;
    secops_slice_t   text;

    value = json_object_get(body, "job_name");

    if (!json_is_string(value)) {
        return NGX_DECLINED;
    }

    text = secops_resource_text(value);

    return ngx_http_secops_resources_copy(jobs->op, name, text.data, text.len);
}


static ngx_int_t
ngx_http_secops_jobs_show(ngx_http_secops_jobs_t *jobs)
{
    return ngx_http_secops_jobs_count_one(jobs, ngx_http_secops_jobs_shown);
}


static ngx_int_t
ngx_http_secops_jobs_shown(ngx_http_secops_jobs_t *jobs)
{
    ngx_str_t  body;

    if (ngx_http_secops_jobs_text(jobs, 0, &body) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_reply(jobs->op->request, NGX_HTTP_OK, &body);
}


static ngx_int_t
ngx_http_secops_jobs_show_labels(ngx_http_secops_jobs_t *jobs)
{
    ngx_str_t  body;

    if (ngx_http_secops_jobs_text(jobs, 1, &body) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_reply(jobs->op->request, NGX_HTTP_OK, &body);
}


/* in the request's pool; NGX_ABORT, NGX_ERROR: as _jobs_read() says */

static ngx_int_t
ngx_http_secops_jobs_text(ngx_http_secops_jobs_t *jobs, ngx_uint_t labels,
    ngx_str_t *body)
{
    u_char         *end, tail[SECOPS_JOB_COUNTS_MAX];
    json_t         *document;
    ngx_int_t       rc;
    secops_text_t   text;

    document = ngx_http_secops_jobs_read(jobs, &jobs->id, &jobs->document,
                                         &rc);
    if (document == NULL) {
        return rc;
    }

    ngx_memzero(&text, sizeof(secops_text_t));

    if (labels) {
        secops_job_view_labels(&text, document);

    } else {
        secops_job_view_write(&text, ngx_secops_slice(&jobs->id), document);

        end = secops_job_view_counts(tail, &jobs->counts);
        secops_text_append(&text, secops_slice_bytes(tail, end - tail));
    }

    json_decref(document);

    rc = text.failed ? NGX_ERROR
                     : ngx_http_secops_resources_copy(jobs->op, body,
                                                      text.data, text.len);
    secops_text_free(&text);

    return rc;
}
