
/* What operations of jobs have in common; see ngx_http_secops_api_jobs.h. */

#include "api/jobs/ngx_http_secops_api_jobs.h"
#include "http/access/ngx_http_secops_access.h"
#include "model/json/secops_json_tree.h"
#include "model/resource/secops_resource_render.h"
#include "util/ngx_secops_string.h"


/* the lookups of a request about one job */

enum {
    NGX_HTTP_SECOPS_JOBS_JOB = 0,
    NGX_HTTP_SECOPS_JOBS_INPUTS,

    NGX_HTTP_SECOPS_JOBS_LOOKUPS
};


#define NGX_HTTP_SECOPS_JOBS_V1  "/api/v1/"


static void ngx_http_secops_jobs_caller(ngx_http_secops_jobs_t *jobs);
static ngx_int_t ngx_http_secops_jobs_look(ngx_http_secops_jobs_t *jobs,
    ngx_http_secops_jobs_then_pt then);
static ngx_int_t ngx_http_secops_jobs_prepare(
    ngx_http_secops_resources_t *op);
static ngx_int_t ngx_http_secops_jobs_found(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_jobs_keep(ngx_http_secops_jobs_t *jobs,
    ngx_secops_store_found_t *found);


ngx_http_secops_jobs_t *
ngx_http_secops_jobs_create(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ngx_http_secops_jobs_t       *jobs;
    ngx_http_secops_resources_t  *op;

    op = ngx_http_secops_resources_create(r, ctx);
    jobs = ngx_pcalloc(r->pool, sizeof(ngx_http_secops_jobs_t));

    if (op == NULL || jobs == NULL
        || ngx_array_init(&jobs->inputs, r->pool, 1,
                          sizeof(secops_job_facts_input_t))
           != NGX_OK)
    {
        return NULL;
    }

    jobs->op = op;
    ctx->data = jobs;

    op->late = SECOPS_ERROR_LATER;

    op->form = ngx_strncmp(ctx->route->path.data, NGX_HTTP_SECOPS_JOBS_V1,
                           sizeof(NGX_HTTP_SECOPS_JOBS_V1) - 1)
               == 0 ? NGX_HTTP_SECOPS_RESOURCES_V1
                    : NGX_HTTP_SECOPS_RESOURCES_FLAT;

    ngx_http_secops_jobs_caller(jobs);

    return jobs;
}


static void
ngx_http_secops_jobs_caller(ngx_http_secops_jobs_t *jobs)
{
    ngx_http_secops_ctx_t  *ctx;

    ctx = jobs->op->ctx;

    if (ngx_http_secops_granted_jobs(ctx)) {
        return;
    }

    /* the route lets nobody else in but api keys */

    jobs->key = ngx_secops_slice(&ctx->identity.user);
    jobs->key.data += sizeof(NGX_HTTP_SECOPS_API_KEY_USER) - 1;
    jobs->key.len -= sizeof(NGX_HTTP_SECOPS_API_KEY_USER) - 1;

    jobs->op->writes = 1;
}


ngx_int_t
ngx_http_secops_jobs_by_id(ngx_http_secops_jobs_t *jobs,
    ngx_http_secops_jobs_then_pt then)
{
    jobs->by = NGX_SECOPS_STORE_BY_ID;
    jobs->what = ngx_secops_slice(&jobs->op->ctx->params[0]);

    return ngx_http_secops_jobs_look(jobs, then);
}


ngx_int_t
ngx_http_secops_jobs_by_title(ngx_http_secops_jobs_t *jobs,
    secops_slice_t title, ngx_http_secops_jobs_then_pt then)
{
    jobs->by = NGX_SECOPS_STORE_BY_TITLE;
    jobs->what = title;

    return ngx_http_secops_jobs_look(jobs, then);
}


static ngx_int_t
ngx_http_secops_jobs_look(ngx_http_secops_jobs_t *jobs,
    ngx_http_secops_jobs_then_pt then)
{
    ngx_http_secops_resources_t  *op;

    op = jobs->op;

    jobs->then = then;

    op->prepare = ngx_http_secops_jobs_prepare;
    op->decide = ngx_http_secops_jobs_found;

    return ngx_http_secops_resources_start(op);
}


static ngx_int_t
ngx_http_secops_jobs_prepare(ngx_http_secops_resources_t *op)
{
    ngx_http_secops_jobs_t     *jobs;
    ngx_secops_store_lookup_t  *lookups;

    jobs = op->ctx->data;

    lookups = ngx_pcalloc(op->request->pool, NGX_HTTP_SECOPS_JOBS_LOOKUPS
                                         * sizeof(ngx_secops_store_lookup_t));
    if (lookups == NULL) {
        return NGX_ERROR;
    }

    lookups[NGX_HTTP_SECOPS_JOBS_JOB].type = SECOPS_RESOURCE_JOB;
    lookups[NGX_HTTP_SECOPS_JOBS_JOB].by = jobs->by;
    lookups[NGX_HTTP_SECOPS_JOBS_JOB].what = jobs->what;

    ngx_http_secops_jobs_inputs(jobs, &lookups[NGX_HTTP_SECOPS_JOBS_INPUTS]);

    op->find.lookups = lookups;
    op->find.nlookups = jobs->key.len ? NGX_HTTP_SECOPS_JOBS_LOOKUPS
                                      : NGX_HTTP_SECOPS_JOBS_INPUTS;

    return NGX_OK;
}


void
ngx_http_secops_jobs_inputs(ngx_http_secops_jobs_t *jobs,
    ngx_secops_store_lookup_t *lookup)
{
    lookup->type = SECOPS_RESOURCE_INTEGRATION;
    lookup->by = NGX_SECOPS_STORE_BY_REFS;
    lookup->target = SECOPS_RESOURCE_API_KEY;
    lookup->what = jobs->key;
}


static ngx_int_t
ngx_http_secops_jobs_found(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    int64_t                  number;
    ngx_uint_t               i;
    ngx_http_secops_jobs_t  *jobs;

    jobs = op->ctx->data;

    if (op->part == 0) {
        jobs->inputs.nelts = 0;
        ngx_str_null(&jobs->id);
    }

    for (i = 0; i < result->nfound; i++) {
        if (ngx_http_secops_jobs_keep(jobs, &result->found[i]) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    if (result->more) {
        return ngx_http_secops_resources_more(op);
    }

    if (jobs->id.len == 0
        || secops_job_id_read(&number, ngx_secops_slice(&jobs->id)) != 0)
    {
        return ngx_http_secops_resources_end(op, SECOPS_ERROR_NO_JOB);
    }

    switch (ngx_http_secops_jobs_reach(jobs, &jobs->id, &jobs->document)) {

    case NGX_OK:
        return jobs->then(jobs);

    case NGX_DECLINED:
        return ngx_http_secops_resources_end(op, SECOPS_ERROR_NO_JOB);

    default: /* NGX_ABORT, NGX_ERROR */
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


static ngx_int_t
ngx_http_secops_jobs_keep(ngx_http_secops_jobs_t *jobs,
    ngx_secops_store_found_t *found)
{
    ngx_http_secops_resources_t  *op;

    op = jobs->op;

    if (found->lookup == NGX_HTTP_SECOPS_JOBS_INPUTS) {
        return ngx_http_secops_jobs_add_input(jobs, found);
    }

    if (ngx_http_secops_resources_copy(op, &jobs->id, found->id.data,
                                       found->id.len)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_secops_resources_copy(op, &jobs->document,
                                          found->document.data,
                                          found->document.len);
}


ngx_int_t
ngx_http_secops_jobs_add_input(ngx_http_secops_jobs_t *jobs,
    ngx_secops_store_found_t *found)
{
    ngx_str_t                  id, document;
    secops_job_facts_input_t  *input;

    input = ngx_array_push(&jobs->inputs);

    if (input == NULL
        || ngx_http_secops_resources_copy(jobs->op, &id, found->id.data,
                                          found->id.len)
           != NGX_OK
        || ngx_http_secops_resources_copy(jobs->op, &document,
                                          found->document.data,
                                          found->document.len)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    input->id = ngx_secops_slice(&id);
    input->document = ngx_secops_slice(&document);

    return NGX_OK;
}


ngx_int_t
ngx_http_secops_jobs_reach(ngx_http_secops_jobs_t *jobs, ngx_str_t *id,
    ngx_str_t *document)
{
    int64_t              number;
    ngx_uint_t           reached;
    const char          *reason;
    secops_job_facts_t  *facts;

    if (jobs->key.len == 0) {
        return NGX_OK;
    }

    if (secops_job_id_read(&number, ngx_secops_slice(id)) != 0) {
        return NGX_DECLINED;
    }

    facts = secops_job_facts_create(number, ngx_secops_slice(document),
                                    jobs->inputs.elts, jobs->inputs.nelts,
                                    &reason);
    if (facts) {
        reached = ngx_http_secops_granted_job(jobs->op->ctx, facts);
        secops_job_facts_free(facts);

        return reached ? NGX_OK : NGX_DECLINED;
    }

    if (reason == NULL) {
        return NGX_ERROR;
    }

    ngx_http_secops_resources_cannot_read(jobs->op, SECOPS_RESOURCE_JOB, id);

    return NGX_ABORT;
}


json_t *
ngx_http_secops_jobs_read(ngx_http_secops_jobs_t *jobs, ngx_str_t *id,
    ngx_str_t *document, ngx_int_t *rc)
{
    json_t      *json;
    int64_t      number;
    const char  *reason;

    json = secops_json_tree_of(ngx_secops_slice(document), &reason);

    if (json == NULL && reason == NULL) {
        *rc = NGX_ERROR;
        return NULL;
    }

    if (json_is_object(json)
        && secops_resource_stored_title(SECOPS_RESOURCE_JOB, json).len
        && secops_job_id_read(&number, ngx_secops_slice(id)) == 0)
    {
        return json;
    }

    json_decref(json);

    ngx_http_secops_resources_cannot_read(jobs->op, SECOPS_RESOURCE_JOB, id);

    *rc = NGX_ABORT;

    return NULL;
}
