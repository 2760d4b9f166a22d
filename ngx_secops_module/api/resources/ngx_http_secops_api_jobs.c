
/*
 * POST /api/v2/jobs/ID/start, …/stop, …/train: a job is made to run, or to
 * rest; its status says which.  Training is done elsewhere.
 */

#include "api/resources/ngx_http_secops_api_resources.h"
#include "model/json/secops_json_tree.h"
#include "model/resource/secops_resource_render.h"
#include "model/resource/secops_resource_secrets.h"
#include "http/ngx_http_secops_reply.h"
#include "util/ngx_secops_string.h"


#define NGX_HTTP_SECOPS_JOB_STATUS  "status"
#define NGX_HTTP_SECOPS_JOB_MEMBER  "/" NGX_HTTP_SECOPS_JOB_STATUS


static ngx_int_t ngx_http_secops_jobs_switch(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx,
    ngx_http_secops_resources_decide_pt decide);
static ngx_int_t ngx_http_secops_jobs_begin(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, ngx_http_secops_resources_t **begun);
static ngx_int_t ngx_http_secops_jobs_prepare(
    ngx_http_secops_resources_t *op);
static ngx_int_t ngx_http_secops_jobs_decide_start(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_jobs_decide_stop(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_jobs_set(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result, const char *status);
static ngx_int_t ngx_http_secops_jobs_change(ngx_http_secops_resources_t *op,
    json_t *document, const char *status);
static ngx_int_t ngx_http_secops_jobs_seal(ngx_http_secops_resources_t *op,
    json_t *document);
static ngx_int_t ngx_http_secops_jobs_done(ngx_http_secops_resources_t *op);


ngx_int_t
ngx_http_secops_jobs_start(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    return ngx_http_secops_jobs_switch(r, ctx,
                                       ngx_http_secops_jobs_decide_start);
}


ngx_int_t
ngx_http_secops_jobs_stop(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    return ngx_http_secops_jobs_switch(r, ctx,
                                       ngx_http_secops_jobs_decide_stop);
}


ngx_int_t
ngx_http_secops_jobs_train(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                     rc;
    ngx_http_secops_resources_t  *op;

    rc = ngx_http_secops_jobs_begin(r, ctx, &op);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    op->error = SECOPS_ERROR_TRAIN;

    return ngx_http_secops_resources_fail(op, NULL);
}


static ngx_int_t
ngx_http_secops_jobs_switch(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx,
    ngx_http_secops_resources_decide_pt decide)
{
    ngx_int_t                     rc;
    ngx_http_secops_resources_t  *op;

    rc = ngx_http_secops_jobs_begin(r, ctx, &op);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    op->prepare = ngx_http_secops_jobs_prepare;
    op->decide = decide;
    op->reply = ngx_http_secops_jobs_done;
    op->writes = 1;

    /* a job can always be stopped, however much there is */

    op->commit.limits.count = NGX_SECOPS_STORE_UNLIMITED;
    op->commit.limits.bytes = NGX_SECOPS_STORE_UNLIMITED;
    op->commit.limits.document = NGX_SECOPS_STORE_UNLIMITED;

    return ngx_http_secops_resources_start(op);
}


static ngx_int_t
ngx_http_secops_jobs_prepare(ngx_http_secops_resources_t *op)
{
    ngx_secops_store_lookup_t  *lookup;

    lookup = ngx_palloc(op->request->pool, sizeof(ngx_secops_store_lookup_t));
    if (lookup == NULL) {
        return NGX_ERROR;
    }

    lookup->type = SECOPS_RESOURCE_JOB;
    lookup->by = NGX_SECOPS_STORE_BY_ID;
    lookup->what = ngx_secops_slice(&op->ctx->params[0]);

    op->find.lookups = lookup;
    op->find.nlookups = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_jobs_decide_start(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    return ngx_http_secops_jobs_set(op, result, "ENABLED");
}


static ngx_int_t
ngx_http_secops_jobs_decide_stop(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    return ngx_http_secops_jobs_set(op, result, "DISABLED");
}


/* one that is what it shall be already is left alone */

static ngx_int_t
ngx_http_secops_jobs_set(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result, const char *status)
{
    json_t      *document;
    ngx_int_t    rc;
    const char  *present, *reason;

    if (result->nfound == 0) {
        return ngx_http_secops_resources_end(op, SECOPS_ERROR_NO_JOB);
    }

    document = secops_json_tree_of(
                         ngx_secops_slice(&result->found[0].document), &reason);

    if (document == NULL && reason == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (!json_is_object(document)) {
        ngx_http_secops_resources_unreadable(op, &result->found[0]);
        json_decref(document);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    present = json_string_value(json_object_get(document,
                                                NGX_HTTP_SECOPS_JOB_STATUS));

    if (present && ngx_strcmp(present, status) == 0) {
        json_decref(document);
        return ngx_http_secops_resources_end(op, SECOPS_ERROR_NONE);
    }

    rc = ngx_http_secops_jobs_change(op, document, status);

    json_decref(document);

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_resources_commit(op, &result->revision);
}


static ngx_int_t
ngx_http_secops_jobs_change(ngx_http_secops_resources_t *op, json_t *document,
    const char *status)
{
    ngx_str_t                   title;
    secops_slice_t              stored;
    ngx_secops_store_change_t  *change;

    stored = secops_resource_stored_title(SECOPS_RESOURCE_JOB, document);

    change = ngx_pcalloc(op->request->pool, sizeof(ngx_secops_store_change_t));

    if (change == NULL
        || ngx_http_secops_resources_copy(op, &title, stored.data, stored.len)
           != NGX_OK
        || json_object_set_new(document, NGX_HTTP_SECOPS_JOB_STATUS,
                               json_string(status))
           != 0
        || ngx_http_secops_jobs_seal(op, document) != NGX_OK
        || ngx_http_secops_resources_dump(op, &change->document,
                                          json_incref(document))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    change->type = SECOPS_RESOURCE_JOB;
    change->id = op->find.lookups[0].what;
    change->title = ngx_secops_slice(&title);
    change->operation = op->ctx->route->operation;
    ngx_str_set(&change->members, NGX_HTTP_SECOPS_JOB_MEMBER);

    op->commit.changes = change;
    op->commit.nchanges = 1;

    return NGX_OK;
}


/* secrets that are plain text from before do not stay so */

static ngx_int_t
ngx_http_secops_jobs_seal(ngx_http_secops_resources_t *op, json_t *document)
{
    secops_resource_owner_t       owner;
    ngx_http_secops_loc_conf_t   *slcf;
    ngx_http_secops_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(op->request, ngx_http_secops_module);
    slcf = ngx_http_get_module_loc_conf(op->request, ngx_http_secops_module);

    owner.model = &mcf->resources;
    owner.keys = slcf->secrets;
    owner.domain = secops_keys_domain(&op->space);
    owner.type = SECOPS_RESOURCE_JOB;
    owner.id = op->find.lookups[0].what;

    return secops_resource_seal(&owner, document) == 0 ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_secops_jobs_done(ngx_http_secops_resources_t *op)
{
    static ngx_str_t  body = ngx_string("{\"status\":\"OK\",\"reason\":\"\","
                                        "\"reason_details\":\"\"}");

    return ngx_http_secops_reply(op->request, NGX_HTTP_OK, &body);
}


static ngx_int_t
ngx_http_secops_jobs_begin(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx,
    ngx_http_secops_resources_t **begun)
{
    ngx_int_t  rc;

    rc = ngx_http_secops_resources_begin(r, ctx, begun);

    if (rc == NGX_DECLINED) {
        (*begun)->flat = 1;
    }

    return rc;
}
