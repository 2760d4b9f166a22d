
/*
 * GET /api/v1/jobs: the jobs that the caller reaches, by their titles.
 *
 * They are read and written as resources are listed, some at a time; then their
 * events are counted, of some jobs at a time and of all shards together.
 *
 *     read a part ─> … ─> text of some ─> … ─> sorted
 *         ─> counts of some ─> … ─> answered
 */

#include "api/jobs/ngx_http_secops_api_jobs.h"
#include "api/resources/ngx_http_secops_api_list.h"
#include "http/ngx_http_secops_reply.h"
#include "model/resource/secops_resource_render.h"
#include "util/ngx_secops_string.h"


/* what is counted of a list, some of it at a time; in the request's pool */

struct ngx_http_secops_jobs_list_s {
    ngx_str_t                *tails;        /* of jobs that were counted */
    ngx_uint_t                next;         /* how many they are */
    ngx_uint_t                n;            /* how many are under way */
    secops_slice_t            ids[NGX_SECOPS_STORE_COUNT_JOBS];
    secops_job_counts_t       counts[NGX_SECOPS_STORE_COUNT_JOBS];
};


static ngx_int_t ngx_http_secops_jobs_list_prepare(
    ngx_http_secops_resources_t *op);
static ngx_int_t ngx_http_secops_jobs_list_found(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_jobs_list_inputs(ngx_http_secops_jobs_t *jobs,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_jobs_list_of_inputs(
    ngx_http_secops_jobs_t *jobs);
static ngx_int_t ngx_http_secops_jobs_list_write(ngx_http_secops_list_t *list,
    ngx_secops_store_found_t *found, ngx_str_t *title);
static ngx_int_t ngx_http_secops_jobs_list_one(ngx_http_secops_list_t *list,
    ngx_secops_store_found_t *found, ngx_str_t *title);
static ngx_int_t ngx_http_secops_jobs_list_done(ngx_http_secops_list_t *list);
static ngx_int_t ngx_http_secops_jobs_list_count(ngx_http_secops_jobs_t *jobs);
static ngx_int_t ngx_http_secops_jobs_list_counted(
    ngx_http_secops_jobs_t *jobs);
static ngx_int_t ngx_http_secops_jobs_list_reply(ngx_http_secops_jobs_t *jobs);


ngx_int_t
ngx_http_secops_jobs_list(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx)
{
    ngx_http_secops_list_t       *list;
    ngx_http_secops_jobs_t       *jobs;
    ngx_http_secops_resources_t  *op;

    jobs = ngx_http_secops_jobs_create(r, ctx);
    if (jobs == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    op = jobs->op;

    list = ngx_http_secops_list_create(op, ngx_http_secops_jobs_list_write,
                                       ngx_http_secops_jobs_list_done);

    jobs->list = ngx_pcalloc(r->pool, sizeof(ngx_http_secops_jobs_list_t));

    if (list == NULL || jobs->list == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    list->whole = (jobs->key.len == 0);

    op->prepare = ngx_http_secops_jobs_list_prepare;
    op->decide = ngx_http_secops_jobs_list_found;

    return ngx_http_secops_resources_start(op);
}


/* all jobs; or the integrations that may make some of them reached */

static ngx_int_t
ngx_http_secops_jobs_list_prepare(ngx_http_secops_resources_t *op)
{
    ngx_http_secops_jobs_t     *jobs;
    ngx_secops_store_lookup_t  *lookup;

    jobs = op->ctx->data;

    lookup = ngx_pcalloc(op->request->pool, sizeof(ngx_secops_store_lookup_t));
    if (lookup == NULL) {
        return NGX_ERROR;
    }

    if (jobs->key.len) {
        ngx_http_secops_jobs_inputs(jobs, lookup);

    } else {
        lookup->type = SECOPS_RESOURCE_JOB;
        lookup->by = NGX_SECOPS_STORE_BY_ALL;
    }

    op->find.lookups = lookup;
    op->find.nlookups = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_jobs_list_found(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_jobs_t  *jobs;

    jobs = op->ctx->data;

    if (jobs->key.len == 0) {
        return ngx_http_secops_list_take(op->list, result);
    }

    if (op->rounds == 1) {
        return ngx_http_secops_jobs_list_inputs(jobs, result);
    }

    /* the jobs must be those that these integrations were inputs of */

    if (op->revision.len != jobs->revision.len
        || ngx_memcmp(op->revision.data, jobs->revision.data,
                      op->revision.len)
           != 0)
    {
        ngx_str_set(&op->reason, "others have changed the resources");
        return ngx_http_secops_resources_again(op);
    }

    return ngx_http_secops_list_take(op->list, result);
}


static ngx_int_t
ngx_http_secops_jobs_list_inputs(ngx_http_secops_jobs_t *jobs,
    ngx_secops_store_result_t *result)
{
    ngx_uint_t                    i;
    ngx_http_secops_resources_t  *op;

    static ngx_str_t  none = ngx_string("[]");

    op = jobs->op;

    if (op->part == 0) {
        jobs->inputs.nelts = 0;
    }

    for (i = 0; i < result->nfound; i++) {
        if (ngx_http_secops_jobs_add_input(jobs, &result->found[i]) != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    if (result->more) {
        return ngx_http_secops_resources_more(op);
    }

    if (jobs->inputs.nelts == 0) {
        return ngx_http_secops_reply(op->request, NGX_HTTP_OK, &none);
    }

    return ngx_http_secops_jobs_list_of_inputs(jobs);
}


static ngx_int_t
ngx_http_secops_jobs_list_of_inputs(ngx_http_secops_jobs_t *jobs)
{
    ngx_uint_t                    i;
    secops_job_facts_input_t     *input;
    ngx_secops_store_lookup_t    *lookup;
    ngx_http_secops_resources_t  *op;

    op = jobs->op;
    input = jobs->inputs.elts;

    lookup = ngx_pcalloc(op->request->pool, jobs->inputs.nelts
                                         * sizeof(ngx_secops_store_lookup_t));
    if (lookup == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    for (i = 0; i < jobs->inputs.nelts; i++) {
        lookup[i].type = SECOPS_RESOURCE_JOB;
        lookup[i].by = NGX_SECOPS_STORE_BY_REFS;
        lookup[i].target = SECOPS_RESOURCE_INTEGRATION;
        lookup[i].what = input[i].id;
    }

    op->find.lookups = lookup;
    op->find.nlookups = jobs->inputs.nelts;

    jobs->revision = op->revision;

    return ngx_http_secops_resources_find(op);
}


static ngx_int_t
ngx_http_secops_jobs_list_write(ngx_http_secops_list_t *list,
    ngx_secops_store_found_t *found, ngx_str_t *title)
{
    ngx_int_t                rc;
    ngx_http_secops_jobs_t  *jobs;

    jobs = list->op->ctx->data;

    rc = ngx_http_secops_jobs_reach(jobs, &found->id, &found->document);

    if (rc == NGX_OK) {
        rc = ngx_http_secops_jobs_list_one(list, found, title);
    }

    /* the others are of use */

    return (rc == NGX_ABORT) ? NGX_DECLINED : rc;
}


static ngx_int_t
ngx_http_secops_jobs_list_one(ngx_http_secops_list_t *list,
    ngx_secops_store_found_t *found, ngx_str_t *title)
{
    json_t          *document;
    ngx_int_t        rc;
    secops_slice_t   name;

    document = ngx_http_secops_jobs_read(list->op->ctx->data, &found->id,
                                         &found->document, &rc);
    if (document == NULL) {
        return rc;
    }

    secops_job_view_write(&list->text, ngx_secops_slice(&found->id), document);

    name = secops_resource_stored_title(SECOPS_RESOURCE_JOB, document);

    rc = ngx_http_secops_resources_copy(list->op, title, name.data, name.len);

    json_decref(document);

    return rc;
}


/* those that are not shown are left out from here on */

static ngx_int_t
ngx_http_secops_jobs_list_done(ngx_http_secops_list_t *list)
{
    ngx_uint_t               i, n;
    ngx_http_secops_jobs_t  *jobs;

    jobs = list->op->ctx->data;

    for (i = 0, n = 0; i < list->n; i++) {
        if (list->listed[i].len) {
            list->listed[n++] = list->listed[i];
        }
    }

    list->n = n;

    jobs->list->next = 0;
    jobs->list->tails = ngx_palloc(list->op->request->pool,
                                   (n + 1) * sizeof(ngx_str_t));

    return jobs->list->tails ? ngx_http_secops_jobs_list_count(jobs)
                             : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


static ngx_int_t
ngx_http_secops_jobs_list_count(ngx_http_secops_jobs_t *jobs)
{
    ngx_uint_t                    i;
    ngx_http_secops_list_t       *list;
    ngx_http_secops_jobs_list_t  *counted;

    list = jobs->op->list;
    counted = jobs->list;

    counted->n = ngx_min(list->n - counted->next, NGX_SECOPS_STORE_COUNT_JOBS);

    if (counted->n == 0) {
        return ngx_http_secops_jobs_list_reply(jobs);
    }

    for (i = 0; i < counted->n; i++) {
        counted->ids[i] = ngx_secops_slice(&list->listed[counted->next + i].id);
    }

    return ngx_http_secops_jobs_count(jobs, counted->ids, counted->counts,
                                      counted->n,
                                      ngx_http_secops_jobs_list_counted);
}


static ngx_int_t
ngx_http_secops_jobs_list_counted(ngx_http_secops_jobs_t *jobs)
{
    u_char                       *p;
    ngx_str_t                    *tail;
    ngx_uint_t                    i;
    ngx_http_secops_jobs_list_t  *counted;

    counted = jobs->list;

    p = ngx_pnalloc(jobs->op->request->pool,
                    counted->n * SECOPS_JOB_COUNTS_MAX);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    for (i = 0; i < counted->n; i++) {
        tail = &counted->tails[counted->next++];

        tail->data = p;
        p = secops_job_view_counts(p, &counted->counts[i]);
        tail->len = p - tail->data;
    }

    return ngx_http_secops_jobs_list_count(jobs);
}


static ngx_int_t
ngx_http_secops_jobs_list_reply(ngx_http_secops_jobs_t *jobs)
{
    u_char                    *p;
    size_t                     size;
    ngx_str_t                  body, *tail;
    ngx_uint_t                 i;
    ngx_http_secops_list_t    *list;
    ngx_http_secops_listed_t  *listed;

    list = jobs->op->list;
    listed = list->listed;
    tail = jobs->list->tails;

    size = list->text.len + list->n + sizeof("[]");

    for (i = 0; i < list->n; i++) {
        size += tail[i].len;
    }

    p = ngx_pnalloc(jobs->op->request->pool, size);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    body.data = p;

    *p++ = '[';

    for (i = 0; i < list->n; i++) {

        if (i) {
            *p++ = ',';
        }

        p = ngx_cpymem(p, list->text.data + listed[i].offset, listed[i].len);
        p = ngx_cpymem(p, tail[i].data, tail[i].len);
    }

    *p++ = ']';

    body.len = p - body.data;

    secops_text_free(&list->text);

    return ngx_http_secops_reply(jobs->op->request, NGX_HTTP_OK, &body);
}
