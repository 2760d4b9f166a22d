
/*
 * POST /api/v2/resources: creates or changes a set of resources, all or none.
 *
 * What is wrong with the set by itself and what is wrong with it beside what
 * is stored is told in one answer.  Of a document that says nothing about
 * overwriting, existing resources are overwritten.
 */

#include "api/ngx_http_secops_api.h"
#include "api/resources/ngx_http_secops_api_resources.h"
#include "http/ngx_http_secops_json.h"
#include "util/ngx_secops_string.h"


/* names and values, of a set after which memory is given back to the system */

#define NGX_HTTP_SECOPS_SAVE_LARGE  20000


static ngx_int_t ngx_http_secops_resources_parse(
    ngx_http_secops_resources_t *op);
static ngx_int_t ngx_http_secops_resources_prepare(
    ngx_http_secops_resources_t *op);
static ngx_int_t ngx_http_secops_resources_read(
    ngx_http_secops_resources_t *op);
static ngx_int_t ngx_http_secops_resources_faulty(
    ngx_http_secops_resources_t *op);
static ngx_int_t ngx_http_secops_resources_begin_plan(
    ngx_http_secops_resources_t *op);
static ngx_uint_t ngx_http_secops_resources_overwrite(
    ngx_http_secops_resources_t *op);
static ngx_int_t ngx_http_secops_resources_plan(
    ngx_http_secops_resources_t *op);
static ngx_int_t ngx_http_secops_resources_unplanned(
    ngx_http_secops_resources_t *op);
static ngx_int_t ngx_http_secops_resources_round(
    ngx_http_secops_resources_t *op);
static ngx_int_t ngx_http_secops_resources_decide(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_resources_same_revision(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_resources_read_next_id(
    ngx_http_secops_resources_t *op, ngx_str_t *next_id);
static ngx_int_t ngx_http_secops_resources_take(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_resources_decided(
    ngx_http_secops_resources_t *op);
static ngx_int_t ngx_http_secops_resources_change_next(
    ngx_http_secops_resources_t *op);
static ngx_int_t ngx_http_secops_resources_change(
    ngx_http_secops_resources_t *op, const secops_resource_entry_t *entry,
    ngx_http_secops_resources_key_t *key);
static ngx_str_t ngx_http_secops_resources_operation(
    const secops_resource_entry_t *entry,
    ngx_http_secops_resources_key_t *key);
static ngx_int_t ngx_http_secops_resources_set_next_id(
    ngx_http_secops_resources_t *op);


ngx_int_t
ngx_http_secops_resources_save_head(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                     rc;
    ngx_http_secops_resources_t  *op;

    rc = ngx_http_secops_resources_begin(r, ctx, &op);

    if (rc == NGX_DECLINED) {
        ctx->data = op;
    }

    return rc;
}


ngx_int_t
ngx_http_secops_resources_save(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                     rc;
    ngx_http_secops_resources_t  *op;

    op = ctx->data;

    /* a body may have taken its time */

    secops_time_format(op->time, ngx_time());

    rc = ngx_http_secops_resources_parse(op);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    op->prepare = ngx_http_secops_resources_prepare;
    op->decide = ngx_http_secops_resources_decide;
    op->reply = ngx_http_secops_resources_saved;
    op->writes = 1;

    ngx_http_secops_resources_limits(op);

    return ngx_http_secops_resources_start(op);
}


/* NGX_DECLINED: nothing was answered yet */

static ngx_int_t
ngx_http_secops_resources_parse(ngx_http_secops_resources_t *op)
{
    ngx_int_t                     rc;
    ngx_str_t                     detail;
    ngx_http_secops_loc_conf_t   *slcf;
    ngx_http_secops_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(op->request, ngx_http_secops_module);
    slcf = ngx_http_get_module_loc_conf(op->request, ngx_http_secops_module);

    op->begun = ngx_http_secops_resources_clock();

    rc = ngx_http_secops_read_json(op->request, 0, &op->json, &detail);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc != NGX_OK) {
        op->error = SECOPS_ERROR_RESOURCES;
        return ngx_http_secops_resources_fail(op, &detail);
    }

    if (secops_resource_read_begin(&op->set, &mcf->resources, &op->json,
                                   slcf->max_batch, &op->faults)
        != 0)
    {
        return ngx_http_secops_resources_faulty(op);
    }

    op->large = op->json.ntokens > NGX_HTTP_SECOPS_SAVE_LARGE;

    return NGX_DECLINED;
}


/* what is asked for is read once, and planned in each attempt */

static ngx_int_t
ngx_http_secops_resources_prepare(ngx_http_secops_resources_t *op)
{
    if (op->plan == NULL) {
        op->work = ngx_http_secops_resources_read;
        return NGX_AGAIN;
    }

    if (secops_resource_plan_reset(op->plan) != 0) {
        return NGX_ERROR;
    }

    op->work = ngx_http_secops_resources_plan;

    return NGX_AGAIN;
}


static ngx_int_t
ngx_http_secops_resources_read(ngx_http_secops_resources_t *op)
{
    int  rc;

    rc = secops_resource_read_step(&op->set, &op->json);

    if (rc == SECOPS_RESOURCE_BUSY) {
        return NGX_AGAIN;
    }

    ngx_http_secops_free_json(op->request, &op->json);
    op->json.tokens = NULL;

    if (rc != 0) {
        return ngx_http_secops_resources_faulty(op);
    }

    op->work = ngx_http_secops_resources_begin_plan;

    return NGX_AGAIN;
}


/* what is wrong with a set by itself is told at once: Redis is not asked */

static ngx_int_t
ngx_http_secops_resources_faulty(ngx_http_secops_resources_t *op)
{
    if (op->faults.failed) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    op->error = op->faults.error;

    return ngx_http_secops_resources_fail(op, NULL);
}


static ngx_int_t
ngx_http_secops_resources_begin_plan(ngx_http_secops_resources_t *op)
{
    ngx_http_secops_loc_conf_t   *slcf;
    ngx_http_secops_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(op->request, ngx_http_secops_module);
    slcf = ngx_http_get_module_loc_conf(op->request, ngx_http_secops_module);

    if (ngx_http_secops_resources_make_keys(op) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    op->context.user = ngx_secops_slice(&op->audit.user);
    op->context.time = secops_slice_bytes(op->time, SECOPS_TIME_LEN);
    op->context.overwrite = ngx_http_secops_resources_overwrite(op);
    op->context.secrets = slcf->secrets;
    op->context.domain = secops_keys_domain(&op->space);
    op->context.key_over = ngx_http_secops_resources_key_over;

    op->plan = secops_resource_plan_begin(&mcf->resources, &op->set,
                                          &op->context);
    if (op->plan == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    op->work = ngx_http_secops_resources_plan;

    return NGX_AGAIN;
}


static ngx_uint_t
ngx_http_secops_resources_overwrite(ngx_http_secops_resources_t *op)
{
    if (op->query.overwrite >= 0) {
        return op->query.overwrite;
    }

    return op->set.overwrite != 0;
}


static ngx_int_t
ngx_http_secops_resources_plan(ngx_http_secops_resources_t *op)
{
    switch (secops_resource_plan_step(op->plan, &op->next_id, &op->faults)) {

    case SECOPS_RESOURCE_BUSY:
        return NGX_AGAIN;

    case SECOPS_RESOURCE_MORE:

        if (ngx_http_secops_resources_round(op) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return ngx_http_secops_resources_find(op);

    case SECOPS_RESOURCE_READY:
    case SECOPS_RESOURCE_FAULTY:
        op->work = ngx_http_secops_resources_decided;
        return NGX_AGAIN;

    case SECOPS_RESOURCE_UNREADABLE:
        return ngx_http_secops_resources_unplanned(op);

    case SECOPS_RESOURCE_SEALED:
        ngx_http_secops_resources_sealed(op);
        ngx_str_set(&op->reason, "a secret can not be kept");
        return ngx_http_secops_resources_end(op, SECOPS_ERROR_SAVE);

    default:
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


static ngx_int_t
ngx_http_secops_resources_unplanned(ngx_http_secops_resources_t *op)
{
    ngx_str_t               id;
    secops_slice_t          text;
    secops_resource_type_e  type;

    text = secops_resource_plan_unreadable(op->plan, &type);

    id = ngx_secops_str(text);

    ngx_http_secops_resources_cannot_read(op, type, &id);

    return NGX_HTTP_INTERNAL_SERVER_ERROR;
}


/* what the plan wants to know */

static ngx_int_t
ngx_http_secops_resources_round(ngx_http_secops_resources_t *op)
{
    size_t                           i, n;
    ngx_secops_store_lookup_t       *lookup;
    const secops_resource_lookup_t  *lookups;

    lookups = secops_resource_plan_lookups(op->plan, &n);

    lookup = ngx_palloc(op->request->pool,
                        (n + 1) * sizeof(ngx_secops_store_lookup_t));
    if (lookup == NULL) {
        return NGX_ERROR;
    }

    op->find.lookups = lookup;
    op->find.nlookups = n;

    for (i = 0; i < n; i++) {
        lookup[i].type = lookups[i].type;
        lookup[i].what = lookups[i].what;
        lookup[i].by = (lookups[i].by == SECOPS_RESOURCE_BY_ID)
                       ? NGX_SECOPS_STORE_BY_ID : NGX_SECOPS_STORE_BY_TITLE;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_resources_decide(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    ngx_int_t  rc;

    rc = ngx_http_secops_resources_same_revision(op, result);

    if (rc == NGX_DECLINED) {
        ngx_str_set(&op->reason, "others have changed the resources");
        return ngx_http_secops_resources_again(op);
    }

    if (rc != NGX_OK || ngx_http_secops_resources_take(op, result) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (result->more && !secops_resource_plan_is_heavy(op->plan)) {
        return ngx_http_secops_resources_more(op);
    }

    return ngx_http_secops_resources_work(op, ngx_http_secops_resources_plan);
}


/* of the first round everything is new; NGX_DECLINED: others came between two
   rounds */

static ngx_int_t
ngx_http_secops_resources_same_revision(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    ngx_str_t  *revision;

    revision = &op->commit.revision;

    if (op->rounds > 1 || op->part) {
        return (revision->len == result->revision.len
                && ngx_memcmp(revision->data, result->revision.data,
                              revision->len)
                   == 0)
               ? NGX_OK : NGX_DECLINED;
    }

    if (ngx_http_secops_resources_read_next_id(op, &result->next_id) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_secops_resources_copy(op, revision, result->revision.data,
                                          result->revision.len);
}


/* after it there must be room for all that the set may create */

static ngx_int_t
ngx_http_secops_resources_read_next_id(ngx_http_secops_resources_t *op,
    ngx_str_t *next_id)
{
    op->next_id = next_id->len ? ngx_atoof(next_id->data, next_id->len)
                               : SECOPS_RESOURCE_FIRST_ID;

    if (op->next_id == NGX_ERROR) {
        ngx_log_error(NGX_LOG_ERR, op->request->connection->log, 0,
                      "secops: the stored next id \"%V\" is no number",
                      next_id);
        return NGX_ERROR;
    }

    if (op->next_id > SECOPS_RESOURCE_LAST_ID - (int64_t) op->set.n) {
        ngx_log_error(NGX_LOG_ERR, op->request->connection->log, 0,
                      "secops: the stored next id \"%V\" is too large",
                      next_id);
        return NGX_ERROR;
    }

    op->first_id = op->next_id;

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_resources_take(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    ngx_uint_t                 i;
    ngx_secops_store_found_t  *found;

    for (i = 0; i < result->nfound; i++) {
        found = &result->found[i];

        if (secops_resource_plan_found(op->plan, found->lookup,
                                       ngx_secops_slice(&found->id),
                                       ngx_secops_slice(&found->document))
            != 0)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_resources_decided(ngx_http_secops_resources_t *op)
{
    size_t  n;

    if (op->faults.failed
        || ngx_http_secops_resources_check_keys(op) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (op->faults.error != SECOPS_ERROR_NONE) {
        return ngx_http_secops_resources_end(op, op->faults.error);
    }

    (void) secops_resource_plan_entries(op->plan, &n);

    op->commit.changes = ngx_pcalloc(op->request->pool,
                                     n * sizeof(ngx_secops_store_change_t));
    if (op->commit.changes == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    op->commit.nchanges = 0;
    op->next = 0;
    op->next_key = op->keys;
    op->work = ngx_http_secops_resources_change_next;

    return NGX_AGAIN;
}


/* the change of one entry; after the last one, the commit */

static ngx_int_t
ngx_http_secops_resources_change_next(ngx_http_secops_resources_t *op)
{
    size_t                          n;
    ngx_int_t                       rc;
    const secops_resource_entry_t  *entries, *entry;

    entries = secops_resource_plan_entries(op->plan, &n);

    if (op->next < n) {
        entry = &entries[op->next];

        if (ngx_http_secops_resources_change(op, entry, op->next_key)
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        if (entry->resource->type == SECOPS_RESOURCE_API_KEY) {
            op->next_key++;
        }

        op->next++;

        return NGX_AGAIN;
    }

    if (op->commit.nchanges == 0) {
        return ngx_http_secops_resources_end(op, SECOPS_ERROR_NONE);
    }

    rc = ngx_http_secops_resources_check_refs(op);

    if (rc == NGX_DECLINED) {
        return ngx_http_secops_resources_end(op, op->faults.error);
    }

    if (rc != NGX_OK || ngx_http_secops_resources_set_next_id(op) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_resources_commit(op, &op->commit.revision);
}


static ngx_int_t
ngx_http_secops_resources_change(ngx_http_secops_resources_t *op,
    const secops_resource_entry_t *entry, ngx_http_secops_resources_key_t *key)
{
    ngx_secops_store_change_t  *change;

    change = &op->commit.changes[op->commit.nchanges];

    if (entry->resource->type == SECOPS_RESOURCE_API_KEY) {

        if (ngx_http_secops_resources_key_document(op, entry, key,
                                                   &change->document,
                                                   &change->members)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

    } else {
        change->document = ngx_secops_str(entry->document);
        change->members = ngx_secops_str(entry->members);

        if (change->document.len
            && ngx_http_secops_resources_refs(op, change, op->next) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (change->document.len == 0) {
        return NGX_OK;
    }

    change->type = entry->resource->type;
    change->id = entry->id;
    change->title = entry->title;
    change->old_title = entry->old_title;

    change->operation = ngx_http_secops_resources_operation(entry, key);

    op->commit.nchanges++;

    return NGX_OK;
}


/* as it stands in the audit */

static ngx_str_t
ngx_http_secops_resources_operation(const secops_resource_entry_t *entry,
    ngx_http_secops_resources_key_t *key)
{
    static ngx_str_t  create = ngx_string("resources.create");
    static ngx_str_t  update = ngx_string("resources.update");
    static ngx_str_t  rotate = ngx_string("resources.rotate");
    static ngx_str_t  revoke = ngx_string("resources.revoke");

    if (entry->created) {
        return create;
    }

    if (entry->resource->type != SECOPS_RESOURCE_API_KEY) {
        return update;
    }

    return key->rotated ? rotate : key->revoked ? revoke : update;
}


static ngx_int_t
ngx_http_secops_resources_set_next_id(ngx_http_secops_resources_t *op)
{
    ngx_str_t  *text;

    text = &op->commit.next_id;

    if (op->next_id == op->first_id) {
        ngx_str_null(text);
        return NGX_OK;
    }

    text->data = ngx_pnalloc(op->request->pool, NGX_INT64_LEN);
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    text->len = ngx_sprintf(text->data, "%L", op->next_id) - text->data;

    return NGX_OK;
}
