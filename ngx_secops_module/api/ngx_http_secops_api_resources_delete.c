
/* DELETE /api/v2/resources: one resource, by its title or its id. */

#include "api/ngx_http_secops_api_resources.h"


static ngx_int_t ngx_http_secops_resources_remove(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_resources_remove_one(
    ngx_http_secops_resources_t *op, ngx_http_secops_resources_entry_t *entry,
    ngx_secops_store_found_t *found);


ngx_int_t
ngx_http_secops_resources_delete(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    ngx_int_t                     rc;
    ngx_http_secops_resources_t  *op;

    static ngx_str_t  detail = ngx_string("say what is to be deleted, by its "
                                          "title or its id");

    rc = ngx_http_secops_resources_begin(r, ctx, &op);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (op->query.title.len == 0 && op->query.id.len == 0) {
        op->error = SECOPS_ERROR_RESOURCES;
        return ngx_http_secops_resources_fail(op, &detail);
    }

    if (ngx_http_secops_resources_lookups(op) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (op->find.nlookups == 0) {
        return ngx_http_secops_resources_end(op, SECOPS_ERROR_NO_RESOURCE);
    }

    op->decide = ngx_http_secops_resources_remove;
    op->reply = ngx_http_secops_resources_deleted;

    return ngx_http_secops_resources_start(op);
}


static ngx_int_t
ngx_http_secops_resources_remove(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    ngx_uint_t  i, n;

    n = result->nfound;

    if (n == 0) {
        return ngx_http_secops_resources_end(op, SECOPS_ERROR_NO_RESOURCE);
    }

    if (n > 1) {
        secops_resource_fault(&op->faults, SECOPS_ERROR_RESOURCES, NULL, NULL,
                              "resource_type",
                              "is needed: there are several such resources");
        return ngx_http_secops_resources_end(op, SECOPS_ERROR_RESOURCES);
    }

    op->nentries = 0;

    op->entries = ngx_pcalloc(op->request->pool,
                              n * sizeof(ngx_http_secops_resources_entry_t));
    op->commit.changes = ngx_pcalloc(op->request->pool,
                                     n * sizeof(ngx_secops_store_change_t));

    if (op->entries == NULL || op->commit.changes == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    op->nentries = n;
    op->commit.nchanges = 0;

    for (i = 0; i < n; i++) {
        if (ngx_http_secops_resources_remove_one(op, &op->entries[i],
                                                 &result->found[i])
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    return ngx_http_secops_resources_commit(op, &result->revision);
}


/* one that can not be read can be deleted all the same */

static ngx_int_t
ngx_http_secops_resources_remove_one(ngx_http_secops_resources_t *op,
    ngx_http_secops_resources_entry_t *entry, ngx_secops_store_found_t *found)
{
    json_t                     *document;
    ngx_int_t                   rc;
    secops_apikey_t             key;
    ngx_secops_store_change_t  *change;

    document = json_loadb((char *) found->document.data, found->document.len,
                          0, NULL);

    entry->known = (secops_apikey_read(&key, document) == 0);

    if (entry->known) {
        ngx_memcpy(entry->digest, key.digest.data, SECOPS_APIKEY_DIGEST_LEN);

    } else {
        key.name = op->query.title;
    }

    rc = ngx_http_secops_resources_copy(op, &entry->title, key.name.data,
                                        key.name.len);
    json_decref(document);

    if (rc != NGX_OK
        || ngx_http_secops_resources_copy(op, &entry->id, found->id.data,
                                          found->id.len)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    entry->type = op->find.lookups[found->lookup].type;

    change = &op->commit.changes[op->commit.nchanges++];

    change->type = entry->type;
    change->id.len = entry->id.len;
    change->id.data = entry->id.data;
    change->title.len = entry->title.len;
    change->title.data = entry->title.data;

    ngx_str_set(&change->operation, "resources.delete");

    return NGX_OK;
}
