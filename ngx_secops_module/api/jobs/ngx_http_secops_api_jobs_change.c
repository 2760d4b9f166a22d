
/*
 * POST …/jobs/ID/start, …/stop and …/train, of /api/v1 and /api/v2: a job is
 * made to run or to rest, or all feedback is made to count that there is by
 * now.  What is written is in its document, see model/event/secops_job_state.h.
 */

#include "api/jobs/ngx_http_secops_api_jobs.h"
#include "http/ngx_http_secops_reply.h"
#include "model/event/secops_job_state.h"
#include "model/resource/secops_resource_render.h"
#include "model/resource/secops_resource_secrets.h"
#include "util/ngx_secops_string.h"


static ngx_int_t ngx_http_secops_jobs_operate(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, ngx_http_secops_jobs_then_pt then);
static ngx_int_t ngx_http_secops_jobs_do_start(ngx_http_secops_jobs_t *jobs);
static ngx_int_t ngx_http_secops_jobs_do_stop(ngx_http_secops_jobs_t *jobs);
static ngx_int_t ngx_http_secops_jobs_do_count(ngx_http_secops_jobs_t *jobs);
static ngx_int_t ngx_http_secops_jobs_do_train(ngx_http_secops_jobs_t *jobs);
static ngx_int_t ngx_http_secops_jobs_commit(ngx_http_secops_jobs_t *jobs,
    json_t *document, int changed, ngx_str_t *members);
static ngx_int_t ngx_http_secops_jobs_change(ngx_http_secops_jobs_t *jobs,
    json_t *document, ngx_str_t *members);
static ngx_int_t ngx_http_secops_jobs_seal(ngx_http_secops_jobs_t *jobs,
    json_t *document);
static uint64_t ngx_http_secops_jobs_now(void);
static ngx_int_t ngx_http_secops_jobs_done(ngx_http_secops_resources_t *op);


ngx_int_t
ngx_http_secops_jobs_start(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    return ngx_http_secops_jobs_operate(r, ctx, ngx_http_secops_jobs_do_start);
}


ngx_int_t
ngx_http_secops_jobs_stop(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    return ngx_http_secops_jobs_operate(r, ctx, ngx_http_secops_jobs_do_stop);
}


ngx_int_t
ngx_http_secops_jobs_train(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    return ngx_http_secops_jobs_operate(r, ctx, ngx_http_secops_jobs_do_count);
}


static ngx_int_t
ngx_http_secops_jobs_operate(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx,
    ngx_http_secops_jobs_then_pt then)
{
    ngx_http_secops_jobs_t       *jobs;
    ngx_http_secops_resources_t  *op;

    jobs = ngx_http_secops_jobs_create(r, ctx);
    if (jobs == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    op = jobs->op;

    op->reply = ngx_http_secops_jobs_done;
    op->writes = 1;
    op->late = SECOPS_ERROR_SAVE_LATER;

    /* a job can always be stopped, however much there is */

    op->commit.limits.count = NGX_SECOPS_STORE_UNLIMITED;
    op->commit.limits.bytes = NGX_SECOPS_STORE_UNLIMITED;
    op->commit.limits.document = NGX_SECOPS_STORE_UNLIMITED;

    return ngx_http_secops_jobs_by_id(jobs, then);
}


static ngx_int_t
ngx_http_secops_jobs_do_start(ngx_http_secops_jobs_t *jobs)
{
    json_t            *document;
    ngx_int_t          rc;

    static ngx_str_t  members = ngx_string(SECOPS_JOB_START_MEMBERS);

    document = ngx_http_secops_jobs_read(jobs, &jobs->id, &jobs->document,
                                         &rc);
    if (document == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_jobs_commit(jobs, document,
                                       secops_job_start(document), &members);
}


static ngx_int_t
ngx_http_secops_jobs_do_stop(ngx_http_secops_jobs_t *jobs)
{
    int                changed;
    json_t            *document;
    ngx_int_t          rc;

    static ngx_str_t  members = ngx_string(SECOPS_JOB_STOP_MEMBERS);

    document = ngx_http_secops_jobs_read(jobs, &jobs->id, &jobs->document,
                                         &rc);
    if (document == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    changed = secops_job_stop(document, ngx_http_secops_jobs_now());

    return ngx_http_secops_jobs_commit(jobs, document, changed, &members);
}


/* feedback that is given meanwhile may count or not */

static ngx_int_t
ngx_http_secops_jobs_do_count(ngx_http_secops_jobs_t *jobs)
{
    return ngx_http_secops_jobs_count_one(jobs, ngx_http_secops_jobs_do_train);
}


static ngx_int_t
ngx_http_secops_jobs_do_train(ngx_http_secops_jobs_t *jobs)
{
    int                changed;
    json_t            *document;
    ngx_int_t          rc;

    static ngx_str_t  members = ngx_string(SECOPS_JOB_TRAIN_MEMBERS);

    document = ngx_http_secops_jobs_read(jobs, &jobs->id, &jobs->document,
                                         &rc);
    if (document == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    changed = secops_job_train(document, ngx_http_secops_jobs_now(),
                               jobs->counts.feedback);

    return ngx_http_secops_jobs_commit(jobs, document, changed, &members);
}


/* one that is what it shall be already is left alone.  Gives up the document */

static ngx_int_t
ngx_http_secops_jobs_commit(ngx_http_secops_jobs_t *jobs, json_t *document,
    int changed, ngx_str_t *members)
{
    ngx_int_t  rc;

    rc = (changed < 0) ? NGX_ERROR : NGX_OK;

    if (changed > 0) {
        rc = ngx_http_secops_jobs_change(jobs, document, members);
    }

    json_decref(document);

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return changed ? ngx_http_secops_resources_commit(jobs->op,
                                                      &jobs->op->revision)
                   : ngx_http_secops_resources_end(jobs->op,
                                                   SECOPS_ERROR_NONE);
}


static ngx_int_t
ngx_http_secops_jobs_change(ngx_http_secops_jobs_t *jobs, json_t *document,
    ngx_str_t *members)
{
    ngx_str_t                     title;
    secops_slice_t                stored;
    ngx_secops_store_change_t    *change;
    ngx_http_secops_resources_t  *op;

    op = jobs->op;
    stored = secops_resource_stored_title(SECOPS_RESOURCE_JOB, document);

    change = ngx_pcalloc(op->request->pool, sizeof(ngx_secops_store_change_t));

    if (change == NULL
        || ngx_http_secops_resources_copy(op, &title, stored.data, stored.len)
           != NGX_OK
        || ngx_http_secops_jobs_seal(jobs, document) != NGX_OK
        || ngx_http_secops_resources_dump(op, &change->document,
                                          json_incref(document))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    change->type = SECOPS_RESOURCE_JOB;
    change->id = ngx_secops_slice(&jobs->id);
    change->title = ngx_secops_slice(&title);
    change->operation = op->ctx->route->operation;
    change->members = *members;

    op->commit.changes = change;
    op->commit.nchanges = 1;

    return NGX_OK;
}


/* secrets that are plain text from before do not stay so */

static ngx_int_t
ngx_http_secops_jobs_seal(ngx_http_secops_jobs_t *jobs, json_t *document)
{
    secops_resource_owner_t       owner;
    ngx_http_secops_loc_conf_t   *slcf;
    ngx_http_secops_main_conf_t  *mcf;
    ngx_http_secops_resources_t  *op;

    op = jobs->op;

    mcf = ngx_http_get_module_main_conf(op->request, ngx_http_secops_module);
    slcf = ngx_http_get_module_loc_conf(op->request, ngx_http_secops_module);

    owner.model = &mcf->resources;
    owner.keys = slcf->secrets;
    owner.domain = secops_keys_domain(&op->space);
    owner.type = SECOPS_RESOURCE_JOB;
    owner.id = ngx_secops_slice(&jobs->id);

    return secops_resource_seal(&owner, document) == 0 ? NGX_OK : NGX_ERROR;
}


/* milliseconds since the epoch, as events have the time of their coming */

static uint64_t
ngx_http_secops_jobs_now(void)
{
    ngx_time_t  *now;

    now = ngx_timeofday();

    return (uint64_t) now->sec * 1000 + now->msec;
}


static ngx_int_t
ngx_http_secops_jobs_done(ngx_http_secops_resources_t *op)
{
    static ngx_str_t  flat = ngx_string("{\"status\":\"OK\",\"reason\":\"\","
                                        "\"reason_details\":\"\"}");
    static ngx_str_t  v1 = ngx_string("{\"status\":\"OK\","
                                      "\"error_message\":\"\"}");

    return ngx_http_secops_reply(op->request, NGX_HTTP_OK,
                                 op->form == NGX_HTTP_SECOPS_RESOURCES_V1
                                 ? &v1 : &flat);
}
