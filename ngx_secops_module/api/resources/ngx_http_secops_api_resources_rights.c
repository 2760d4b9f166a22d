
/*
 * What a request may do to an api key: what its creator may give it, how long
 * it may live, and how one comes back that is revoked.
 */

#include "api/resources/ngx_http_secops_api_resources.h"
#include "http/ngx_http_secops_tables.h"
#include "util/ngx_secops_string.h"


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
static void ngx_http_secops_resources_check_scopes(
    ngx_http_secops_resources_t *op, const secops_resource_entry_t *entry,
    const secops_apikey_t *stored);
static void ngx_http_secops_resources_no_table(
    ngx_http_secops_resources_t *op, const secops_resource_entry_t *entry,
    size_t i, secops_slice_t table);
static secops_scopes_t ngx_http_secops_resources_grantable(
    ngx_http_secops_ctx_t *ctx);


/*
 * What a key asks for: only what its creator may give, and not too late.  What
 * it has already it may be sent back with, by anybody who may write; but who
 * changes something about it must have all that it has, and live as long: a key
 * is no stronger than the one that made or changed it.
 */

void
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

        ngx_http_secops_resources_key_change(op, &change, NULL);

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


void
ngx_http_secops_resources_key_change(ngx_http_secops_resources_t *op,
    secops_apikey_change_t *change, const u_char *digest)
{
    change->user = op->context.user;
    change->time = op->context.time;
    change->expire_at = ngx_secops_slice(&op->ctx->identity.expire_at);
    change->digest = secops_slice_bytes(digest,
                                        digest ? SECOPS_APIKEY_DIGEST_LEN : 0);
}
