
/*
 * The api keys of a request to the Resources API: their ids and values, their
 * documents, and the pointers to them.
 */

#include "api/resources/ngx_http_secops_api_resources.h"
#include "identity/ngx_secops_api_keys.h"
#include "model/resource/secops_resource_value.h"
#include "model/resource/secops_resource_changed.h"
#include "util/ngx_secops_string.h"


static ngx_int_t ngx_http_secops_resources_make_key(
    ngx_http_secops_resources_t *op, ngx_http_secops_resources_key_t *key);
static ngx_int_t ngx_http_secops_resources_note_key(
    ngx_http_secops_resources_t *op, ngx_http_secops_resources_key_t *key,
    const secops_resource_entry_t *entry);
static ngx_int_t ngx_http_secops_resources_note_id(
    ngx_http_secops_resources_t *op, ngx_http_secops_resources_key_t *key,
    secops_slice_t id);
static void ngx_http_secops_resources_note_value(
    ngx_http_secops_resources_value_t *value, secops_slice_t digest);
static ngx_int_t ngx_http_secops_resources_key_members(
    ngx_http_secops_resources_t *op, const secops_resource_entry_t *entry,
    const json_t *json, ngx_str_t *members);
static json_t *ngx_http_secops_resources_update_key(
    ngx_http_secops_resources_key_t *key, const secops_resource_entry_t *entry,
    const secops_apikey_change_t *change);
static void ngx_http_secops_resources_key_changed(
    ngx_http_secops_resources_key_t *key, const json_t *before,
    const json_t *after, secops_slice_t now);
static ngx_secops_store_pointer_t *ngx_http_secops_resources_add_pointer(
    ngx_secops_store_pointer_t *pointer, const u_char *digest, ngx_str_t *id);
static ngx_uint_t ngx_http_secops_resources_leads_nowhere(
    ngx_http_secops_resources_t *op, ngx_http_secops_resources_key_t *key);
static void ngx_http_secops_resources_forget(ngx_http_secops_resources_t *op,
    const u_char *digest);


ngx_int_t
ngx_http_secops_resources_make_keys(ngx_http_secops_resources_t *op)
{
    ngx_uint_t                        i;
    ngx_pool_t                       *pool;
    secops_slice_t                   *ids;
    ngx_http_secops_resources_key_t  *key;

    pool = op->request->pool;

    ids = ngx_pcalloc(pool, (op->set.n + 1) * sizeof(secops_slice_t));
    if (ids == NULL) {
        return NGX_ERROR;
    }

    op->context.key_ids = ids;

    for (i = 0; i < op->set.n; i++) {
        op->nkeys += (op->set.resources[i].type == SECOPS_RESOURCE_API_KEY);
    }

    key = ngx_pcalloc(pool, (op->nkeys + 1)
                            * sizeof(ngx_http_secops_resources_key_t));
    if (key == NULL) {
        op->nkeys = 0;
        return NGX_ERROR;
    }

    op->keys = key;

    for (i = 0; i < op->set.n; i++) {

        if (op->set.resources[i].type != SECOPS_RESOURCE_API_KEY) {
            continue;
        }

        if (ngx_http_secops_resources_make_key(op, key) != NGX_OK) {
            return NGX_ERROR;
        }

        ids[i].len = SECOPS_APIKEY_ID_LEN;
        ids[i].data = key->made_id;

        key->entry = i;
        key++;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_resources_make_key(ngx_http_secops_resources_t *op,
    ngx_http_secops_resources_key_t *key)
{
    if (secops_apikey_make_id(key->made_id) != 0
        || secops_apikey_make_value(key->value) != 0)
    {
        ngx_log_error(NGX_LOG_CRIT, op->request->connection->log, 0,
                      "secops: the random generator failed");
        return NGX_ERROR;
    }

    secops_apikey_digest(secops_slice_bytes(key->value,
                                            SECOPS_APIKEY_VALUE_LEN),
                         key->made_digest);

    return NGX_OK;
}


ngx_int_t
ngx_http_secops_resources_check_keys(ngx_http_secops_resources_t *op)
{
    size_t                            n;
    ngx_uint_t                        i;
    const secops_resource_entry_t    *entries, *entry;
    ngx_http_secops_resources_key_t  *key;

    entries = secops_resource_plan_entries(op->plan, &n);

    for (i = 0; i < op->nkeys; i++) {
        key = &op->keys[i];

        if (key->entry >= n) {
            break;
        }

        entry = &entries[key->entry];

        if (ngx_http_secops_resources_note_key(op, key, entry) != NGX_OK) {
            return NGX_ERROR;
        }

        if (entry->resource->properties) {
            ngx_http_secops_resources_check_key(op, entry);
        }
    }

    return op->faults.failed ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_secops_resources_note_key(ngx_http_secops_resources_t *op,
    ngx_http_secops_resources_key_t *key, const secops_resource_entry_t *entry)
{
    ngx_str_t        id;
    secops_apikey_t  stored;

    key->created = entry->created;
    key->rotated = 0;
    key->revoked = 0;

    ngx_memzero(key->values, sizeof(key->values));

    if (ngx_http_secops_resources_note_id(op, key, entry->id) != NGX_OK) {
        return NGX_ERROR;
    }

    if (entry->stored == NULL) {
        return NGX_OK;
    }

    if (secops_apikey_read(&stored, entry->stored) != 0) {
        id = ngx_secops_str(entry->id);

        ngx_log_error(NGX_LOG_ERR, op->request->connection->log, 0,
                      "secops: the stored api key \"%V\" can not be read",
                      &id);
        return NGX_ERROR;
    }

    key->rotated = secops_apikey_rotates(entry->resource->properties);

    ngx_http_secops_resources_note_values(key, &stored);

    return NGX_OK;
}


/* empty: of a resource that has faults.  With another attempt it may be another
   key that has this name: then the made value's pointer leads to the wrong
   one */

static ngx_int_t
ngx_http_secops_resources_note_id(ngx_http_secops_resources_t *op,
    ngx_http_secops_resources_key_t *key, secops_slice_t id)
{
    if (id.len == 0 || secops_slice_equal(ngx_secops_slice(&key->id), id)) {
        return NGX_OK;
    }

    key->pointed = 0;

    return ngx_http_secops_resources_copy(op, &key->id, id.data, id.len);
}


void
ngx_http_secops_resources_note_values(ngx_http_secops_resources_key_t *key,
    const secops_apikey_t *stored)
{
    ngx_http_secops_resources_note_value(&key->values[0], stored->digest);
    ngx_http_secops_resources_note_value(&key->values[1], stored->old_digest);
}


static void
ngx_http_secops_resources_note_value(ngx_http_secops_resources_value_t *value,
    secops_slice_t digest)
{
    value->ends = 0;
    value->known = (digest.len != 0);

    if (value->known) {
        ngx_memcpy(value->digest, digest.data, SECOPS_APIKEY_DIGEST_LEN);
    }
}


ngx_int_t
ngx_http_secops_resources_key_document(ngx_http_secops_resources_t *op,
    const secops_resource_entry_t *entry, ngx_http_secops_resources_key_t *key,
    ngx_str_t *document, ngx_str_t *members)
{
    json_t                  *json;
    secops_apikey_change_t   change;

    ngx_str_null(document);
    ngx_str_null(members);

    ngx_http_secops_resources_key_change(op, &change, key->made_digest);

    if (entry->created) {
        json = secops_apikey_create(entry->resource->properties, &change);

    } else {
        json = ngx_http_secops_resources_update_key(key, entry, &change);

        if (json_is_null(json)) {
            return NGX_OK;
        }

        if (json
            && ngx_http_secops_resources_key_members(op, entry, json, members)
               != NGX_OK)
        {
            json_decref(json);
            return NGX_ERROR;
        }
    }

    return json ? ngx_http_secops_resources_dump(op, document, json)
                : NGX_ERROR;
}


static ngx_int_t
ngx_http_secops_resources_key_members(ngx_http_secops_resources_t *op,
    const secops_resource_entry_t *entry, const json_t *json,
    ngx_str_t *members)
{
    ngx_int_t      rc;
    secops_text_t  list;

    ngx_memzero(&list, sizeof(secops_text_t));

    secops_resource_changed(&list, entry->stored, json);

    rc = list.failed ? NGX_ERROR
                     : ngx_http_secops_resources_copy(op, members, list.data,
                                                      list.len);
    secops_text_free(&list);

    return rc;
}


/* null: nothing has changed; NULL: no memory */

static json_t *
ngx_http_secops_resources_update_key(ngx_http_secops_resources_key_t *key,
    const secops_resource_entry_t *entry, const secops_apikey_change_t *change)
{
    int      changed;
    json_t  *json;

    json = secops_resource_copy(entry->stored);

    if (json == NULL) {
        return NULL;
    }

    changed = secops_apikey_update(json, entry->resource->properties, change);

    if (changed > 0) {
        ngx_http_secops_resources_key_changed(key, entry->stored, json,
                                              change->time);
        return json;
    }

    json_decref(json);

    return changed == 0 ? json_null() : NULL;
}


/* which values the key has no more */

static void
ngx_http_secops_resources_key_changed(ngx_http_secops_resources_key_t *key,
    const json_t *before, const json_t *after, secops_slice_t now)
{
    ngx_uint_t                          i;
    secops_slice_t                      until;
    secops_apikey_t                     was, is;
    ngx_http_secops_resources_value_t  *value;

    (void) secops_apikey_read(&was, before);
    (void) secops_apikey_read(&is, after);

    key->revoked = !secops_apikey_is_over(&was, now)
                   && secops_apikey_is_over(&is, now);

    for (i = 0; i < SECOPS_APIKEY_VALUES; i++) {
        value = &key->values[i];

        value->ends = value->known
                      && secops_apikey_value_of(&is, value->digest, &until)
                         < 0;
    }
}


ngx_int_t
ngx_http_secops_resources_pointers(ngx_http_secops_resources_t *op,
    ngx_secops_store_pointer_t **pointers, ngx_uint_t *n, ngx_uint_t put)
{
    ngx_uint_t                        i, k;
    ngx_secops_store_pointer_t       *pointer;
    ngx_http_secops_resources_key_t  *key;

    pointer = ngx_palloc(op->request->pool,
                         (op->nkeys * (1 + SECOPS_APIKEY_VALUES) + 1)
                         * sizeof(ngx_secops_store_pointer_t));
    if (pointer == NULL) {
        return NGX_ERROR;
    }

    *pointers = pointer;

    for (i = 0; i < op->nkeys; i++) {
        key = &op->keys[i];

        if (put) {

            if ((key->created || key->rotated) && !key->pointed) {
                key->pointed = 1;
                key->pointer = 1;

                pointer = ngx_http_secops_resources_add_pointer(pointer,
                                                             key->made_digest,
                                                             &key->id);
            }

            continue;
        }

        if (ngx_http_secops_resources_leads_nowhere(op, key)) {
            key->pointer = 0;

            pointer = ngx_http_secops_resources_add_pointer(pointer,
                                                            key->made_digest,
                                                            &key->id);
        }

        for (k = 0; k < SECOPS_APIKEY_VALUES; k++) {

            if (key->values[k].ends && op->error == SECOPS_ERROR_NONE) {
                pointer = ngx_http_secops_resources_add_pointer(pointer,
                                                       key->values[k].digest,
                                                       &key->id);
            }
        }
    }

    *n = pointer - *pointers;

    return NGX_OK;
}


static ngx_secops_store_pointer_t *
ngx_http_secops_resources_add_pointer(ngx_secops_store_pointer_t *pointer,
    const u_char *digest, ngx_str_t *id)
{
    pointer->digest = digest;
    pointer->id = *id;

    return pointer + 1;
}


/* the made value: of a key that was to be created or rotated, and was not */

static ngx_uint_t
ngx_http_secops_resources_leads_nowhere(ngx_http_secops_resources_t *op,
    ngx_http_secops_resources_key_t *key)
{
    return key->pointer
           && (op->error != SECOPS_ERROR_NONE
               || !(key->created || key->rotated));
}


void
ngx_http_secops_resources_forget_keys(ngx_http_secops_resources_t *op)
{
    ngx_uint_t                       i, k;
    ngx_http_secops_resources_key_t  *key;

    for (i = 0; i < op->nkeys; i++) {
        key = &op->keys[i];

        for (k = 0; k < SECOPS_APIKEY_VALUES; k++) {
            if (key->values[k].known) {
                ngx_http_secops_resources_forget(op, key->values[k].digest);
            }
        }
    }
}


static void
ngx_http_secops_resources_forget(ngx_http_secops_resources_t *op,
    const u_char *digest)
{
    ngx_uint_t                     n;
    ngx_secops_api_keys_t        **caches;
    ngx_http_secops_main_conf_t   *mcf;

    mcf = ngx_http_get_module_main_conf(op->request, ngx_http_secops_module);
    caches = mcf->api_keys.elts;

    for (n = 0; n < mcf->api_keys.nelts; n++) {
        ngx_secops_api_keys_forget(caches[n], digest);
    }
}


void
ngx_http_secops_resources_wipe_keys(ngx_http_secops_resources_t *op)
{
    ngx_uint_t  i;

    for (i = 0; i < op->nkeys; i++) {
        ngx_explicit_memzero(op->keys[i].value, SECOPS_APIKEY_VALUE_LEN);
    }
}
