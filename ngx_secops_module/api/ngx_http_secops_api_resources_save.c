
/*
 * POST /api/v2/resources: creates or replaces a set of resources, all or none.
 *
 * The set is checked by itself, then against what is stored.  Of a document
 * that says nothing about overwriting, existing resources are overwritten.
 */

#include "api/ngx_http_secops_api_resources.h"


static ngx_int_t ngx_http_secops_resources_read(
    ngx_http_secops_resources_t *op);
static ngx_int_t ngx_http_secops_resources_init_entries(
    ngx_http_secops_resources_t *op);
static void ngx_http_secops_resources_check(ngx_http_secops_resources_t *op,
    const secops_resource_t *resource);
static unsigned ngx_http_secops_resources_grantable(
    ngx_http_secops_ctx_t *ctx);
static ngx_int_t ngx_http_secops_resources_decide(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_resources_plan(
    ngx_http_secops_resources_t *op, ngx_http_secops_resources_entry_t *entry,
    ngx_secops_store_found_t *found);
static ngx_uint_t ngx_http_secops_resources_overwrite(
    ngx_http_secops_resources_t *op);
static ngx_int_t ngx_http_secops_resources_create_key(
    ngx_http_secops_resources_t *op,
    ngx_http_secops_resources_entry_t *entry);
static ngx_int_t ngx_http_secops_resources_make_key(
    ngx_http_secops_resources_t *op,
    ngx_http_secops_resources_entry_t *entry);
static ngx_int_t ngx_http_secops_resources_update_key(
    ngx_http_secops_resources_t *op, ngx_http_secops_resources_entry_t *entry,
    ngx_secops_store_found_t *found);
static ngx_int_t ngx_http_secops_resources_change(
    ngx_http_secops_resources_t *op, ngx_http_secops_resources_entry_t *entry,
    json_t *document);
static void ngx_http_secops_resources_who(ngx_http_secops_resources_t *op,
    secops_apikey_change_t *change, u_char time[SECOPS_TIME_LEN]);


ngx_int_t
ngx_http_secops_resources_save(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                     rc;
    ngx_uint_t                    i;
    ngx_http_secops_resources_t  *op;

    rc = ngx_http_secops_resources_begin(r, ctx, &op);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    rc = ngx_http_secops_resources_read(op);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    for (i = 0; i < op->set.n; i++) {
        ngx_http_secops_resources_check(op, &op->set.resources[i]);
    }

    if (op->faults.failed) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (op->faults.error != SECOPS_ERROR_NONE) {
        op->error = op->faults.error;
        return ngx_http_secops_resources_fail(op, NULL);
    }

    if (ngx_http_secops_resources_init_entries(op) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    op->decide = ngx_http_secops_resources_decide;
    op->reply = ngx_http_secops_resources_saved;

    return ngx_http_secops_resources_start(op);
}


/* NGX_DECLINED: nothing was answered yet */

static ngx_int_t
ngx_http_secops_resources_read(ngx_http_secops_resources_t *op)
{
    ngx_int_t                     rc;
    ngx_str_t                     detail;
    secops_json_t                 json;
    ngx_http_secops_loc_conf_t   *slcf;
    ngx_http_secops_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(op->request, ngx_http_secops_module);
    slcf = ngx_http_get_module_loc_conf(op->request, ngx_http_secops_module);

    rc = ngx_http_secops_read_json(op->request, &json, &detail);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc != NGX_OK) {
        op->error = SECOPS_ERROR_RESOURCES;
        return ngx_http_secops_resources_fail(op, &detail);
    }

    if (secops_resource_read(&op->set, &mcf->resources, &json,
                             slcf->max_batch, &op->faults)
        == 0)
    {
        return NGX_DECLINED;
    }

    if (op->faults.failed) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    op->error = op->faults.error;

    return ngx_http_secops_resources_fail(op, NULL);
}


/* what a key asks for: only what its creator may give, and not too late */

static void
ngx_http_secops_resources_check(ngx_http_secops_resources_t *op,
    const secops_resource_t *resource)
{
    u_char          now[SECOPS_TIME_LEN], time[SECOPS_TIME_LEN];
    unsigned        scopes;
    secops_slice_t  expire_at, present;

    scopes = secops_apikey_scopes(resource->properties);

    if (scopes & ~ngx_http_secops_resources_grantable(op->ctx)) {
        secops_resource_fault(&op->faults, SECOPS_ERROR_ACCESS, &op->set,
                              resource, "/properties/scopes",
                              "must not go beyond the caller's own scopes");
    }

    if (!secops_apikey_expire_at(resource->properties, time)) {
        return;
    }

    secops_time_format(now, ngx_time());

    expire_at.len = SECOPS_TIME_LEN;
    expire_at.data = time;
    present.len = SECOPS_TIME_LEN;
    present.data = now;

    if (secops_apikey_expired(expire_at, present)) {
        secops_resource_fault(&op->faults, SECOPS_ERROR_INVALID, &op->set,
                              resource, "/properties/expire_at",
                              "must lie in the future");
    }
}


/*
 * A caller with roles may write, or would not be here: that is everything.  A
 * key passes on what it has; and the keys for inputs, which are created
 * without scopes, are a part of the resources that it may write.
 */

static unsigned
ngx_http_secops_resources_grantable(ngx_http_secops_ctx_t *ctx)
{
    if (ctx->identity.permissions & SECOPS_PERMISSION_WRITE) {
        return ~0U;
    }

    return (unsigned) ctx->identity.scopes | SECOPS_SCOPE_INPUT;
}


static ngx_int_t
ngx_http_secops_resources_init_entries(ngx_http_secops_resources_t *op)
{
    ngx_uint_t                          i, n;
    ngx_pool_t                         *pool;
    ngx_http_secops_resources_entry_t  *entry;

    n = op->set.n;
    pool = op->request->pool;

    op->entries = ngx_pcalloc(pool,
                              n * sizeof(ngx_http_secops_resources_entry_t));
    op->find.lookups = ngx_palloc(pool, n * sizeof(ngx_secops_store_lookup_t));
    op->commit.changes = ngx_palloc(pool,
                                    n * sizeof(ngx_secops_store_change_t));

    if (op->entries == NULL || op->find.lookups == NULL
        || op->commit.changes == NULL)
    {
        return NGX_ERROR;
    }

    op->nentries = n;
    op->find.nlookups = n;

    for (i = 0; i < n; i++) {
        entry = &op->entries[i];

        entry->resource = &op->set.resources[i];
        entry->type = entry->resource->type;
        entry->title.len = entry->resource->title.len;
        entry->title.data = (u_char *) entry->resource->title.data;

        op->find.lookups[i].type = entry->type;
        op->find.lookups[i].by = NGX_SECOPS_STORE_BY_TITLE;
        op->find.lookups[i].what = entry->resource->title;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_resources_decide(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    ngx_uint_t                 i, n;
    ngx_secops_store_found_t  *found;

    op->commit.nchanges = 0;

    for (i = 0, n = 0; i < op->nentries; i++) {

        found = NULL;

        if (n < result->nfound && result->found[n].lookup == i) {
            found = &result->found[n++];
        }

        if (ngx_http_secops_resources_plan(op, &op->entries[i], found)
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    if (op->faults.failed) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (op->faults.error != SECOPS_ERROR_NONE) {
        return ngx_http_secops_resources_end(op, op->faults.error);
    }

    if (op->commit.nchanges == 0) {
        return ngx_http_secops_resources_end(op, SECOPS_ERROR_NONE);
    }

    return ngx_http_secops_resources_commit(op, &result->revision);
}


static ngx_int_t
ngx_http_secops_resources_plan(ngx_http_secops_resources_t *op,
    ngx_http_secops_resources_entry_t *entry, ngx_secops_store_found_t *found)
{
    entry->created = (found == NULL);
    entry->changed = 0;
    entry->known = 0;

    if (found == NULL) {
        return ngx_http_secops_resources_create_key(op, entry);
    }

    if (!ngx_http_secops_resources_overwrite(op)) {
        secops_resource_fault(&op->faults, SECOPS_ERROR_EXISTS, &op->set,
                              entry->resource, "",
                              "exists already, and is not to be overwritten");
        return NGX_OK;
    }

    return ngx_http_secops_resources_update_key(op, entry, found);
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
ngx_http_secops_resources_create_key(ngx_http_secops_resources_t *op,
    ngx_http_secops_resources_entry_t *entry)
{
    u_char                   time[SECOPS_TIME_LEN];
    json_t                  *document;
    secops_apikey_change_t   who;

    if (entry->made_id.len == 0
        && ngx_http_secops_resources_make_key(op, entry) != NGX_OK)
    {
        return NGX_ERROR;
    }

    entry->id = entry->made_id;

    ngx_http_secops_resources_who(op, &who, time);

    document = secops_apikey_create(entry->resource->properties,
                                    entry->made_digest, &who);

    return ngx_http_secops_resources_change(op, entry, document);
}


static ngx_int_t
ngx_http_secops_resources_make_key(ngx_http_secops_resources_t *op,
    ngx_http_secops_resources_entry_t *entry)
{
    u_char          *id;
    secops_slice_t   value;

    id = ngx_pnalloc(op->request->pool, SECOPS_APIKEY_ID_LEN);
    if (id == NULL) {
        return NGX_ERROR;
    }

    value.len = SECOPS_APIKEY_VALUE_LEN;
    value.data = entry->value;

    if (secops_apikey_make_id(id) != 0
        || secops_apikey_make_value(entry->value) != 0
        || secops_apikey_digest(value, entry->made_digest) != 0)
    {
        ngx_log_error(NGX_LOG_CRIT, op->request->connection->log, 0,
                      "secops: the random generator failed");
        return NGX_ERROR;
    }

    entry->made_id.data = id;
    entry->made_id.len = SECOPS_APIKEY_ID_LEN;

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_resources_update_key(ngx_http_secops_resources_t *op,
    ngx_http_secops_resources_entry_t *entry, ngx_secops_store_found_t *found)
{
    int                      changed;
    u_char                   time[SECOPS_TIME_LEN];
    json_t                  *document;
    secops_apikey_t          key;
    secops_apikey_change_t   who;

    if (ngx_http_secops_resources_copy(op, &entry->id, found->id.data,
                                       found->id.len)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    document = json_loadb((char *) found->document.data, found->document.len,
                          0, NULL);

    if (secops_apikey_read(&key, document) != 0) {
        ngx_log_error(NGX_LOG_ERR, op->request->connection->log, 0,
                      "secops: the stored api key \"%V\" can not be read",
                      &found->id);
        json_decref(document);
        return NGX_ERROR;
    }

    ngx_memcpy(entry->digest, key.digest.data, SECOPS_APIKEY_DIGEST_LEN);
    entry->known = 1;

    ngx_http_secops_resources_who(op, &who, time);

    changed = secops_apikey_update(document, entry->resource->properties,
                                   &who);
    if (changed <= 0) {
        json_decref(document);
        return changed == 0 ? NGX_OK : NGX_ERROR;
    }

    return ngx_http_secops_resources_change(op, entry, document);
}


/* takes over the document; NULL: there was no memory for it */

static ngx_int_t
ngx_http_secops_resources_change(ngx_http_secops_resources_t *op,
    ngx_http_secops_resources_entry_t *entry, json_t *document)
{
    ngx_secops_store_change_t  *change;

    if (document == NULL) {
        return NGX_ERROR;
    }

    change = &op->commit.changes[op->commit.nchanges++];

    change->type = entry->type;
    change->id.len = entry->id.len;
    change->id.data = entry->id.data;
    change->title = entry->resource->title;

    if (entry->created) {
        ngx_str_set(&change->operation, "resources.create");

    } else {
        ngx_str_set(&change->operation, "resources.update");
    }

    entry->changed = 1;

    return ngx_http_secops_resources_dump(op, &change->document, document);
}


static void
ngx_http_secops_resources_who(ngx_http_secops_resources_t *op,
    secops_apikey_change_t *change, u_char time[SECOPS_TIME_LEN])
{
    secops_time_format(time, ngx_time());

    change->user.len = op->ctx->identity.user.len;
    change->user.data = op->ctx->identity.user.data;
    change->time.len = SECOPS_TIME_LEN;
    change->time.data = time;
}
