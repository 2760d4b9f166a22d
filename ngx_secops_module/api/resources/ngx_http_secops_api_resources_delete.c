
/*
 * DELETE /api/v2/resources: one resource, by its title or its id, unless
 * others refer to it.
 *
 * First it is looked for; then it is read again together with what may refer
 * to it, so that the decision is about one revision, and the commit notices
 * whoever comes in between.
 */

#include "api/resources/ngx_http_secops_api_resources.h"
#include "model/json/secops_json_tree.h"
#include "model/resource/secops_resource_render.h"
#include "util/ngx_secops_string.h"
#include "util/secops_text.h"


/* the lookups of the second reading */

enum {
    NGX_HTTP_SECOPS_REMOVE_TARGET = 0,

    /* who refers to it */

    NGX_HTTP_SECOPS_REMOVE_INTEGRATIONS,
    NGX_HTTP_SECOPS_REMOVE_JOBS,

    /* who may, as far as anybody knows: their documents can not be read */

    NGX_HTTP_SECOPS_REMOVE_ODD_INTEGRATIONS,
    NGX_HTTP_SECOPS_REMOVE_ODD_JOBS,

    NGX_HTTP_SECOPS_REMOVE_LOOKUPS
};


static ngx_int_t ngx_http_secops_resources_remove_prepare(
    ngx_http_secops_resources_t *op);
static ngx_int_t ngx_http_secops_resources_remove(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_resources_remove_look(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_resources_remove_target(
    ngx_http_secops_resources_t *op);
static ngx_int_t ngx_http_secops_resources_remove_read(
    ngx_http_secops_resources_t *op, ngx_secops_store_found_t *found);
static ngx_int_t ngx_http_secops_resources_dependants(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_resources_dependant(
    ngx_http_secops_resources_t *op, ngx_secops_store_found_t *found);
static ngx_int_t ngx_http_secops_resources_remove_change(
    ngx_http_secops_resources_t *op, const json_t *document);


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

    op->prepare = ngx_http_secops_resources_remove_prepare;
    op->decide = ngx_http_secops_resources_remove;
    op->reply = ngx_http_secops_resources_removed;
    op->writes = 1;

    op->commit.limits.count = NGX_SECOPS_STORE_UNLIMITED;
    op->commit.limits.bytes = NGX_SECOPS_STORE_UNLIMITED;
    op->commit.limits.document = NGX_SECOPS_STORE_UNLIMITED;

    return ngx_http_secops_resources_start(op);
}


static ngx_int_t
ngx_http_secops_resources_remove_prepare(ngx_http_secops_resources_t *op)
{
    op->nkeys = 0;
    op->deleted.found = 0;

    return ngx_http_secops_resources_lookups(op);
}


static ngx_int_t
ngx_http_secops_resources_remove(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    if (op->rounds == 1) {
        return ngx_http_secops_resources_remove_look(op, result);
    }

    if (op->part == 0) {

        if (result->nfound == 0
            || result->found[0].lookup != NGX_HTTP_SECOPS_REMOVE_TARGET)
        {
            return ngx_http_secops_resources_end(op, SECOPS_ERROR_NO_RESOURCE);
        }

        if (ngx_http_secops_resources_remove_read(op, &result->found[0])
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    if (ngx_http_secops_resources_dependants(op, result) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (result->more && !secops_faults_full(&op->faults)) {
        return ngx_http_secops_resources_more(op);
    }

    if (op->faults.error != SECOPS_ERROR_NONE) {
        return ngx_http_secops_resources_end(op, op->faults.error);
    }

    return ngx_http_secops_resources_commit(op, &op->revision);
}


/* its title may be that of several, each of another type */

static ngx_int_t
ngx_http_secops_resources_remove_look(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    ngx_secops_store_found_t             *found;
    ngx_http_secops_resources_deleted_t  *deleted;

    deleted = &op->deleted;

    if (deleted->found == 0 && result->nfound) {
        found = &result->found[0];
        deleted->type = op->find.lookups[found->lookup].type;

        if (ngx_http_secops_resources_copy(op, &deleted->id, found->id.data,
                                           found->id.len)
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    deleted->found += result->nfound;

    if (deleted->found > 1) {
        secops_resource_fault(&op->faults, SECOPS_ERROR_RESOURCES, NULL, NULL,
                              "resource_type",
                              "is needed: there are several such resources");
        return ngx_http_secops_resources_end(op, SECOPS_ERROR_RESOURCES);
    }

    if (result->more) {
        return ngx_http_secops_resources_more(op);
    }

    if (deleted->found == 0) {
        return ngx_http_secops_resources_end(op, SECOPS_ERROR_NO_RESOURCE);
    }

    return ngx_http_secops_resources_remove_target(op);
}


/* who refers to it is kept beside the resources */

static ngx_int_t
ngx_http_secops_resources_remove_target(ngx_http_secops_resources_t *op)
{
    ngx_uint_t                            i;
    ngx_secops_store_lookup_t            *lookup, *lookups;
    ngx_http_secops_resources_deleted_t  *deleted;

    deleted = &op->deleted;

    lookups = ngx_pcalloc(op->request->pool, NGX_HTTP_SECOPS_REMOVE_LOOKUPS
                                         * sizeof(ngx_secops_store_lookup_t));
    if (lookups == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    for (i = 0; i < NGX_HTTP_SECOPS_REMOVE_LOOKUPS; i++) {
        lookup = &lookups[i];

        lookup->by = NGX_SECOPS_STORE_BY_REFS;
        lookup->what = ngx_secops_slice(&deleted->id);

        switch (i) {

        case NGX_HTTP_SECOPS_REMOVE_TARGET:
            lookup->by = NGX_SECOPS_STORE_BY_ID;
            lookup->type = deleted->type;
            break;

        case NGX_HTTP_SECOPS_REMOVE_INTEGRATIONS:
        case NGX_HTTP_SECOPS_REMOVE_JOBS:
            lookup->target = deleted->type;
            break;

        default:
            lookup->target = SECOPS_RESOURCE_ANYBODY;
        }
    }

    lookups[NGX_HTTP_SECOPS_REMOVE_INTEGRATIONS].type
        = SECOPS_RESOURCE_INTEGRATION;
    lookups[NGX_HTTP_SECOPS_REMOVE_ODD_INTEGRATIONS].type
        = SECOPS_RESOURCE_INTEGRATION;
    lookups[NGX_HTTP_SECOPS_REMOVE_JOBS].type = SECOPS_RESOURCE_JOB;
    lookups[NGX_HTTP_SECOPS_REMOVE_ODD_JOBS].type = SECOPS_RESOURCE_JOB;

    op->find.lookups = lookups;
    op->find.nlookups = NGX_HTTP_SECOPS_REMOVE_LOOKUPS;

    return ngx_http_secops_resources_find(op);
}


/* one that can not be read can be deleted all the same */

static ngx_int_t
ngx_http_secops_resources_remove_read(ngx_http_secops_resources_t *op,
    ngx_secops_store_found_t *found)
{
    json_t                           *document;
    ngx_int_t                         rc;
    ngx_uint_t                        i;
    const char                       *reason;
    secops_slice_t                    title;
    secops_apikey_t                   stored;
    ngx_http_secops_resources_key_t  *key;

    op->nkeys = 0;

    key = ngx_pcalloc(op->request->pool,
                      sizeof(ngx_http_secops_resources_key_t));
    if (key == NULL) {
        return NGX_ERROR;
    }

    document = secops_json_tree_of(ngx_secops_slice(&found->document), &reason);

    if (document == NULL && reason == NULL) {
        return NGX_ERROR;
    }

    title = secops_resource_stored_title(op->deleted.type, document);

    if (title.len == 0) {
        title = op->query.title;
    }

    if (op->deleted.type == SECOPS_RESOURCE_API_KEY
        && secops_apikey_read(&stored, document) == 0)
    {
        (void) ngx_http_secops_resources_may_change_key(op, NULL, &stored);

        ngx_http_secops_resources_note_values(key, &stored);

        for (i = 0; i < SECOPS_APIKEY_VALUES; i++) {
            key->values[i].ends = key->values[i].known;
        }

        key->id = op->deleted.id;

        op->keys = key;
        op->nkeys = 1;
    }

    rc = ngx_http_secops_resources_copy(op, &op->deleted.title, title.data,
                                        title.len);
    if (rc == NGX_OK) {
        rc = ngx_http_secops_resources_remove_change(op, document);
    }

    json_decref(document);

    return rc;
}


static ngx_int_t
ngx_http_secops_resources_dependants(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    int                        refers;
    ngx_uint_t                 i;
    ngx_secops_store_found_t  *found;

    for (i = 0; i < result->nfound; i++) {
        found = &result->found[i];

        if (found->lookup == NGX_HTTP_SECOPS_REMOVE_TARGET) {
            continue;
        }

        refers = secops_resource_refers(ngx_secops_slice(&found->document),
                                        op->deleted.type,
                                        ngx_secops_slice(&op->deleted.id));

        if (refers == -1) {
            ngx_http_secops_resources_unreadable(op, found);
        }

        if (refers < 0) {
            return NGX_ERROR;
        }

        if (refers && ngx_http_secops_resources_dependant(op, found) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return op->faults.failed ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_secops_resources_dependant(ngx_http_secops_resources_t *op,
    ngx_secops_store_found_t *found)
{
    json_t                  *document;
    const char              *where, *reason;
    secops_text_t            message;
    secops_resource_type_e   type;

    ngx_memzero(&message, sizeof(secops_text_t));

    type = op->find.lookups[found->lookup].type;

    document = secops_json_tree_of(ngx_secops_slice(&found->document), &reason);

    if (document == NULL && reason == NULL) {
        return NGX_ERROR;
    }

    secops_text_append_string(&message, "is in use by the ");
    secops_text_append(&message, secops_resource_type_name(type));
    secops_text_append_string(&message, " \"");
    secops_text_append(&message, secops_resource_stored_title(type, document));
    secops_text_append_string(&message, "\"");

    json_decref(document);

    if (message.failed) {
        secops_text_free(&message);
        return NGX_ERROR;
    }

    where = op->query.title.len ? "title" : "id";

    secops_resource_fault_at(&op->faults, SECOPS_ERROR_REFERRED, NULL, NULL,
                             secops_slice_of(where),
                             secops_text_slice(&message));

    secops_text_free(&message);

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_resources_remove_change(ngx_http_secops_resources_t *op,
    const json_t *document)
{
    ngx_secops_store_change_t            *change;
    ngx_http_secops_resources_deleted_t  *deleted;

    static const secops_resource_target_t  anybody = {
        SECOPS_RESOURCE_ANYBODY, 0, ""
    };

    change = ngx_pcalloc(op->request->pool, sizeof(ngx_secops_store_change_t));
    if (change == NULL) {
        return NGX_ERROR;
    }

    deleted = &op->deleted;

    change->type = deleted->type;
    change->id = ngx_secops_slice(&deleted->id);
    change->title = ngx_secops_slice(&deleted->title);

    ngx_str_set(&change->operation, "resources.delete");

    if (document == NULL) {
        change->removed.list = &anybody;
        change->removed.n = 1;

    } else if (ngx_http_secops_resources_no_refs(op, change, document)
               != NGX_OK)
    {
        return NGX_ERROR;
    }

    op->commit.changes = change;
    op->commit.nchanges = 1;

    return NGX_OK;
}
