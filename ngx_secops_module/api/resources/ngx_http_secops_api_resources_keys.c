
/*
 * The api keys of a request to the Resources API: their ids and values, what
 * their creator may give them, their documents, and the pointers to them.
 */

#include "api/resources/ngx_http_secops_api_resources.h"
#include "http/ngx_http_secops_tables.h"
#include "identity/ngx_secops_api_keys.h"
#include "model/resource/secops_resource_value.h"
#include "model/resource/secops_resource_changed.h"
#include "util/ngx_secops_string.h"


static ngx_int_t ngx_http_secops_resources_make_key(
    ngx_http_secops_resources_t *op, ngx_http_secops_resources_key_t *key);
static ngx_int_t ngx_http_secops_resources_note_key(
    ngx_http_secops_resources_t *op, ngx_http_secops_resources_key_t *key,
    const secops_resource_entry_t *entry);
static void ngx_http_secops_resources_check_key(
    ngx_http_secops_resources_t *op, const secops_resource_entry_t *entry);
static void ngx_http_secops_resources_check_expiry(
    ngx_http_secops_resources_t *op, const secops_resource_entry_t *entry,
    const secops_apikey_t *stored);
static ngx_uint_t ngx_http_secops_resources_too_late(
    ngx_http_secops_resources_t *op, secops_slice_t expire_at);
static void ngx_http_secops_resources_check_scopes(
    ngx_http_secops_resources_t *op, const secops_resource_entry_t *entry,
    const secops_apikey_t *stored);
static void ngx_http_secops_resources_no_table(
    ngx_http_secops_resources_t *op, const secops_resource_entry_t *entry,
    size_t i, secops_slice_t table);
static secops_scopes_t ngx_http_secops_resources_grantable(
    ngx_http_secops_ctx_t *ctx);
static ngx_int_t ngx_http_secops_resources_key_members(
    ngx_http_secops_resources_t *op, const secops_resource_entry_t *entry,
    const json_t *json, ngx_str_t *members);
static json_t *ngx_http_secops_resources_update_key(
    const secops_resource_entry_t *entry, secops_apikey_change_t *who);
static ngx_uint_t ngx_http_secops_resources_leads_nowhere(
    ngx_http_secops_resources_t *op, ngx_http_secops_resources_key_t *key);


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
    secops_slice_t  value;

    value = secops_slice_bytes(key->value, SECOPS_APIKEY_VALUE_LEN);

    if (secops_apikey_make_id(key->made_id) != 0
        || secops_apikey_make_value(key->value) != 0
        || secops_apikey_digest(value, key->made_digest) != 0)
    {
        ngx_log_error(NGX_LOG_CRIT, op->request->connection->log, 0,
                      "secops: the random generator failed");
        return NGX_ERROR;
    }

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
    key->known = 0;

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

    ngx_memcpy(key->digest, stored.digest.data, SECOPS_APIKEY_DIGEST_LEN);
    key->known = 1;

    return NGX_OK;
}


/*
 * What a key asks for: only what its creator may give, and not too late.  What
 * it has already it may be sent back with, by anybody who may write; but who
 * changes something about it must have all that it has, and its life must not
 * go beyond theirs: a key is no stronger than the one that made or changed it.
 */

static void
ngx_http_secops_resources_check_key(ngx_http_secops_resources_t *op,
    const secops_resource_entry_t *entry)
{
    const json_t     *properties;
    secops_apikey_t   stored;

    ngx_memzero(&stored, sizeof(secops_apikey_t));

    properties = entry->resource->properties;

    if (entry->stored) {

        if (!secops_apikey_changes(entry->stored, properties)) {
            return;
        }

        (void) secops_apikey_read(&stored, entry->stored);

        ngx_http_secops_resources_may_change_key(op, entry->resource, &stored);
    }

    ngx_http_secops_resources_check_scopes(op, entry, &stored);
    ngx_http_secops_resources_check_expiry(op, entry, &stored);
}


/*
 * Whoever misspells a table is told, and not left with a key that gives
 * nothing.  But a table may be configured elsewhere, or may have been here
 * before: what a key has already can be sent back.
 */

static void
ngx_http_secops_resources_check_scopes(ngx_http_secops_resources_t *op,
    const secops_resource_entry_t *entry, const secops_apikey_t *stored)
{
    size_t                        i;
    ngx_str_t                     table;
    const json_t                 *names;
    secops_slice_t                name, of;
    secops_scopes_t               grantable;
    ngx_http_secops_main_conf_t  *mcf;

    names = json_object_get(entry->resource->properties, "scopes");
    grantable = ngx_http_secops_resources_grantable(op->ctx);

    if (!secops_apikey_is_within(names, &grantable, stored->scopes)) {
        secops_resource_fault(&op->faults, SECOPS_ERROR_ACCESS, &op->set,
                              entry->resource, "/properties/scopes",
                              "must not go beyond the caller's own scopes");
    }

    mcf = ngx_http_get_module_main_conf(op->request, ngx_http_secops_module);

    for (i = 0; i < json_array_size(names); i++) {

        name = secops_apikey_scope_at(names, i);

        (void) secops_scope(name, &of);

        table = ngx_secops_str(of);

        if (of.len
            && ngx_http_secops_table_by_name(mcf, &table) == NULL
            && !secops_apikey_has_scope(stored->scopes, name))
        {
            ngx_http_secops_resources_no_table(op, entry, i, of);
        }
    }
}


static void
ngx_http_secops_resources_no_table(ngx_http_secops_resources_t *op,
    const secops_resource_entry_t *entry, size_t i, secops_slice_t table)
{
    u_char     where[sizeof("/properties/scopes/") + NGX_INT64_LEN],
               message[sizeof("there is no table called \"\"")
                       + SECOPS_TABLE_NAME_MAX];
    u_char    *where_end, *message_end;
    ngx_str_t  name;

    name = ngx_secops_str(table);

    where_end = ngx_sprintf(where, "/properties/scopes/%uz", i);
    message_end = ngx_sprintf(message, "there is no table called \"%V\"",
                              &name);

    secops_resource_fault_at(&op->faults, SECOPS_ERROR_INVALID, &op->set,
                             entry->resource,
                             secops_slice_bytes(where, where_end - where),
                             secops_slice_bytes(message,
                                                message_end - message));
}


/*
 * A time that is over revokes a key that exists, whoever refers to it.  A new
 * key that names no time gets that of the key which creates it.
 */

static void
ngx_http_secops_resources_check_expiry(ngx_http_secops_resources_t *op,
    const secops_resource_entry_t *entry, const secops_apikey_t *stored)
{
    u_char           time[SECOPS_TIME_LEN];
    secops_slice_t   expire_at, last;

    expire_at = stored->expire_at;
    last = ngx_secops_slice(&op->ctx->identity.expire_at);

    if (secops_apikey_expire_at(entry->resource->properties, time) == 0) {
        expire_at = secops_slice_bytes(time, SECOPS_TIME_LEN);

    } else if (entry->created) {
        return;
    }

    if (entry->created && ngx_http_secops_resources_too_late(op, expire_at)) {
        secops_resource_fault(&op->faults, SECOPS_ERROR_INVALID, &op->set,
                              entry->resource, "/properties/expire_at",
                              "must lie in the future");
    }

    /* the one that expires earlier has expired when the other does */

    if (last.len && !secops_apikey_expired(expire_at, last)) {
        secops_resource_fault(&op->faults, SECOPS_ERROR_ACCESS, &op->set,
                              entry->resource, "/properties/expire_at",
                              "must be given, and not be later than that of "
                              "the key that the caller has");
    }
}


void
ngx_http_secops_resources_may_change_key(ngx_http_secops_resources_t *op,
    const secops_resource_t *resource, const secops_apikey_t *stored)
{
    secops_scopes_t  grantable;

    grantable = ngx_http_secops_resources_grantable(op->ctx);

    if (!secops_apikey_is_within(stored->scopes, &grantable, NULL)) {
        secops_resource_fault(&op->faults, SECOPS_ERROR_ACCESS,
                              resource ? &op->set : NULL, resource,
                              resource ? ""
                                       : op->query.title.len ? "title" : "id",
                              "has scopes that the caller lacks");
    }
}


static ngx_uint_t
ngx_http_secops_resources_too_late(ngx_http_secops_resources_t *op,
    secops_slice_t expire_at)
{
    return secops_apikey_expired(expire_at,
                                 secops_slice_bytes(op->time, SECOPS_TIME_LEN));
}


/* a caller with roles may write, or would not be here: that is everything.  A
   key passes on what it has */

static secops_scopes_t
ngx_http_secops_resources_grantable(ngx_http_secops_ctx_t *ctx)
{
    static const secops_scopes_t  all = { ~0U, secops_slice("") };

    return (ctx->identity.permissions & SECOPS_PERMISSION_WRITE)
           ? all : ctx->identity.scopes;
}


ngx_int_t
ngx_http_secops_resources_key_document(ngx_http_secops_resources_t *op,
    const secops_resource_entry_t *entry, ngx_http_secops_resources_key_t *key,
    ngx_str_t *document, ngx_str_t *members)
{
    json_t                  *json;
    secops_apikey_change_t   who;

    ngx_str_null(document);
    ngx_str_null(members);

    who.user = op->context.user;
    who.time = op->context.time;
    who.expire_at = ngx_secops_slice(
                                               &op->ctx->identity.expire_at);

    if (entry->created) {
        json = secops_apikey_create(entry->resource->properties,
                                    key->made_digest, &who);

    } else {
        json = ngx_http_secops_resources_update_key(entry, &who);

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
ngx_http_secops_resources_update_key(const secops_resource_entry_t *entry,
    secops_apikey_change_t *who)
{
    int      changed;
    json_t  *json;

    json = secops_resource_copy(entry->stored);

    if (json == NULL) {
        return NULL;
    }

    changed = secops_apikey_update(json, entry->resource->properties, who);

    if (changed > 0) {
        return json;
    }

    json_decref(json);

    return changed == 0 ? json_null() : NULL;
}


ngx_int_t
ngx_http_secops_resources_pointers(ngx_http_secops_resources_t *op,
    ngx_secops_store_pointer_t **pointers, ngx_uint_t *n, ngx_uint_t put)
{
    ngx_uint_t                        i, want;
    ngx_secops_store_pointer_t       *pointer;
    ngx_http_secops_resources_key_t  *key;

    pointer = ngx_palloc(op->request->pool,
                         (op->nkeys + 1) * sizeof(ngx_secops_store_pointer_t));
    if (pointer == NULL) {
        return NGX_ERROR;
    }

    *pointers = pointer;

    for (i = 0; i < op->nkeys; i++) {
        key = &op->keys[i];

        want = put ? key->created && !key->pointer
                   : ngx_http_secops_resources_leads_nowhere(op, key);
        if (!want) {
            continue;
        }

        key->pointer = put;

        if (key->deleted) {
            pointer->digest = key->digest;
            pointer->id = key->id;

        } else {
            pointer->digest = key->made_digest;
            pointer->id.len = SECOPS_APIKEY_ID_LEN;
            pointer->id.data = key->made_id;
        }

        pointer++;
    }

    *n = pointer - *pointers;

    return NGX_OK;
}


/* of a key that was to be created and was not, or of one that was deleted */

static ngx_uint_t
ngx_http_secops_resources_leads_nowhere(ngx_http_secops_resources_t *op,
    ngx_http_secops_resources_key_t *key)
{
    if (key->deleted) {
        return key->known && op->error == SECOPS_ERROR_NONE;
    }

    return key->pointer && (op->error != SECOPS_ERROR_NONE || !key->created);
}


void
ngx_http_secops_resources_forget_keys(ngx_http_secops_resources_t *op)
{
    ngx_uint_t                     i, n;
    ngx_secops_api_keys_t        **caches;
    ngx_http_secops_main_conf_t   *mcf;

    mcf = ngx_http_get_module_main_conf(op->request, ngx_http_secops_module);
    caches = mcf->api_keys.elts;

    for (i = 0; i < op->nkeys; i++) {

        if (!op->keys[i].known) {
            continue;
        }

        for (n = 0; n < mcf->api_keys.nelts; n++) {
            ngx_secops_api_keys_forget(caches[n], op->keys[i].digest);
        }
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
