
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
static ngx_int_t ngx_http_secops_resources_note_id(
    ngx_http_secops_resources_t *op, ngx_http_secops_resources_key_t *key,
    secops_slice_t id);
static void ngx_http_secops_resources_note_value(
    ngx_http_secops_resources_value_t *value, secops_slice_t digest);
static void ngx_http_secops_resources_check_key(
    ngx_http_secops_resources_t *op, const secops_resource_entry_t *entry);
static void ngx_http_secops_resources_check_rotation(
    ngx_http_secops_resources_t *op, const secops_resource_entry_t *entry,
    ngx_uint_t over);
static void ngx_http_secops_resources_check_over(
    ngx_http_secops_resources_t *op, const secops_resource_entry_t *entry);
static void ngx_http_secops_resources_check_revoked(
    ngx_http_secops_resources_t *op, const secops_resource_entry_t *entry,
    ngx_uint_t over);
static void ngx_http_secops_resources_check_expiry(
    ngx_http_secops_resources_t *op, const secops_resource_entry_t *entry,
    const secops_apikey_t *stored);
static void ngx_http_secops_resources_key_fault(
    ngx_http_secops_resources_t *op, const secops_resource_entry_t *entry,
    const char *where, const char *message);
static secops_slice_t ngx_http_secops_resources_now(
    ngx_http_secops_resources_t *op);
static void ngx_http_secops_resources_changing(
    ngx_http_secops_resources_t *op, secops_apikey_change_t *change,
    const u_char *digest);
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


/*
 * What a key asks for: only what its creator may give, and not too late.  What
 * it has already it may be sent back with, by anybody who may write; but who
 * changes something about it must have all that it has, and live as long: a key
 * is no stronger than the one that made or changed it.
 */

static void
ngx_http_secops_resources_check_key(ngx_http_secops_resources_t *op,
    const secops_resource_entry_t *entry)
{
    ngx_uint_t              over;
    secops_apikey_t         stored;
    secops_apikey_change_t  change;

    over = 0;
    ngx_memzero(&stored, sizeof(secops_apikey_t));

    if (entry->stored) {

        (void) secops_apikey_read(&stored, entry->stored);

        over = secops_apikey_is_over(&stored,
                                     ngx_http_secops_resources_now(op));
    }

    ngx_http_secops_resources_check_rotation(op, entry, over);
    ngx_http_secops_resources_check_revoked(op, entry, over);

    if (entry->stored) {

        ngx_http_secops_resources_changing(op, &change, NULL);

        if (!secops_apikey_changes(entry->stored, entry->resource->properties,
                                   &change)
            || ngx_http_secops_resources_may_change_key(op, entry->resource,
                                                        &stored)
               != NGX_OK)
        {
            return;
        }
    }

    ngx_http_secops_resources_check_scopes(op, entry, &stored);
    ngx_http_secops_resources_check_expiry(op, entry, &stored);
}


/* over: the stored key is revoked, or has expired */

static void
ngx_http_secops_resources_check_rotation(ngx_http_secops_resources_t *op,
    const secops_resource_entry_t *entry, ngx_uint_t over)
{
    const json_t  *properties;

    properties = entry->resource->properties;

    if (!secops_apikey_rotates(properties)) {

        if (secops_apikey_grace(properties) >= 0) {
            ngx_http_secops_resources_key_fault(op, entry, "/properties/grace",
                                        "goes with \"rotate\": true only");
        }

    } else if (entry->created) {
        ngx_http_secops_resources_key_fault(op, entry, "/properties/rotate",
                                        "there is no such key yet: without "
                                        "it, the key is created");

    } else if (over && secops_apikey_grace(properties) > 0) {
        ngx_http_secops_resources_key_fault(op, entry, "/properties/grace",
                                        "must be 0: the key is revoked, and "
                                        "its old value stays so");
    }

    if (over) {
        ngx_http_secops_resources_check_over(op, entry);
    }
}


/* a key that is revoked comes back only with another value, and only if the
   request says until when: what it had may be why it is revoked */

static void
ngx_http_secops_resources_check_over(ngx_http_secops_resources_t *op,
    const secops_resource_entry_t *entry)
{
    int             expiry, lives, rotates;
    u_char          time[SECOPS_TIME_LEN];
    const json_t   *properties;

    properties = entry->resource->properties;

    rotates = secops_apikey_rotates(properties);
    expiry = secops_apikey_expire_at(properties, time);

    lives = expiry == SECOPS_APIKEY_EVER
            || (expiry == SECOPS_APIKEY_UNTIL
                && !secops_apikey_expired(
                                  secops_slice_bytes(time, SECOPS_TIME_LEN),
                                  ngx_http_secops_resources_now(op)));

    if (lives && !rotates) {
        ngx_http_secops_resources_key_fault(op, entry,
                                        "/properties/expire_at",
                                        "the key is revoked: it comes back "
                                        "only with \"rotate\": true");

    } else if (rotates && expiry == SECOPS_APIKEY_UNSAID) {
        ngx_http_secops_resources_key_fault(op, entry,
                                        "/properties/expire_at",
                                        "must be given to rotate a key that "
                                        "is revoked; null: it does not "
                                        "expire");
    }
}


/* what a list says of a key may be sent back, but says nothing that the request
   does not do */

static void
ngx_http_secops_resources_check_revoked(ngx_http_secops_resources_t *op,
    const secops_resource_entry_t *entry, ngx_uint_t over)
{
    int            will;
    const json_t  *revoked, *properties;

    properties = entry->resource->properties;
    revoked = json_object_get(properties, "revoked");

    will = secops_apikey_is_over_after(entry->stored, properties,
                                      ngx_http_secops_resources_now(op));

    if (json_is_true(revoked) && !over && !will) {
        ngx_http_secops_resources_key_fault(op, entry, "/properties/revoked",
                                        "revokes nothing: an \"expire_at\" "
                                        "that is over does");

    } else if (json_is_false(revoked) && will) {
        ngx_http_secops_resources_key_fault(op, entry, "/properties/revoked",
                                        "brings no key back: \"rotate\": "
                                        "true with a new \"expire_at\" does");
    }
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
 * A time that is over revokes a key that exists, whoever refers to it; a new
 * value is for a key that lives.  A new key that names no time, or is to live
 * for ever, gets the time of the key which creates it.
 */

static void
ngx_http_secops_resources_check_expiry(ngx_http_secops_resources_t *op,
    const secops_resource_entry_t *entry, const secops_apikey_t *stored)
{
    int              expiry;
    u_char           time[SECOPS_TIME_LEN];
    secops_slice_t   expire_at, last;

    expire_at = stored->expire_at;
    last = ngx_secops_slice(&op->ctx->identity.expire_at);
    expiry = secops_apikey_expire_at(entry->resource->properties, time);

    if (expiry == SECOPS_APIKEY_UNTIL) {
        expire_at = secops_slice_bytes(time, SECOPS_TIME_LEN);

    } else if (entry->created) {
        return;

    } else if (expiry == SECOPS_APIKEY_EVER) {
        expire_at.len = 0;
    }

    if (expiry == SECOPS_APIKEY_UNTIL
        && (entry->created
            || secops_apikey_rotates(entry->resource->properties))
        && secops_apikey_expired(expire_at, ngx_http_secops_resources_now(op)))
    {
        ngx_http_secops_resources_key_fault(op, entry, "/properties/expire_at",
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


/* a key that has expired outlives nobody */

ngx_int_t
ngx_http_secops_resources_may_change_key(ngx_http_secops_resources_t *op,
    const secops_resource_t *resource, const secops_apikey_t *stored)
{
    const char       *where, *message;
    secops_slice_t    last;
    secops_scopes_t   grantable;

    grantable = ngx_http_secops_resources_grantable(op->ctx);
    last = ngx_secops_slice(&op->ctx->identity.expire_at);

    if (!secops_apikey_is_within(stored->scopes, &grantable, NULL)) {
        message = "has scopes that the caller lacks";

    } else if (last.len && !secops_apikey_expired(stored->expire_at, last)) {
        message = "outlives the key that the caller has";

    } else {
        return NGX_OK;
    }

    where = resource ? "" : op->query.title.len ? "title" : "id";

    secops_resource_fault(&op->faults, SECOPS_ERROR_ACCESS,
                          resource ? &op->set : NULL, resource, where,
                          message);

    return NGX_DECLINED;
}


static void
ngx_http_secops_resources_key_fault(ngx_http_secops_resources_t *op,
    const secops_resource_entry_t *entry, const char *where,
    const char *message)
{
    secops_resource_fault(&op->faults, SECOPS_ERROR_INVALID, &op->set,
                          entry->resource, where, message);
}


static secops_slice_t
ngx_http_secops_resources_now(ngx_http_secops_resources_t *op)
{
    return secops_slice_bytes(op->time, SECOPS_TIME_LEN);
}


int
ngx_http_secops_resources_key_over(const secops_resource_context_t *context,
    const json_t *stored, const json_t *properties)
{
    return secops_apikey_is_over_after(stored, properties, context->time);
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


/* digest is that of the value which the key may get; NULL: any will do */

static void
ngx_http_secops_resources_changing(ngx_http_secops_resources_t *op,
    secops_apikey_change_t *change, const u_char *digest)
{
    change->user = op->context.user;
    change->time = op->context.time;
    change->expire_at = ngx_secops_slice(&op->ctx->identity.expire_at);
    change->digest = secops_slice_bytes(digest,
                                        digest ? SECOPS_APIKEY_DIGEST_LEN : 0);
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

    ngx_http_secops_resources_changing(op, &change, key->made_digest);

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
