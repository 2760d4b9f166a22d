
/*
 * API keys by their digest, in two steps: the digest leads to a domain and an
 * id, wherever in the key space; the resource there says what the key is.
 *
 * A Redis Cluster can not write both at once.  It need not: the resource alone
 * decides, so a key comes into being, changes and ends with one atomic change
 * of its domain, and is refused from the moment it is not listed any more.
 * What is left behind when something fails in between is a digest that leads
 * nowhere, of a value that nobody was told.
 */

#include "store/ngx_secops_store_api_key.h"
#include "store/ngx_secops_store_internal.h"


/* hash tags of pointers */

#define NGX_SECOPS_STORE_PLACES  256


static ngx_int_t ngx_secops_store_send_pointers(
    ngx_secops_store_pointers_t *set);
static ngx_int_t ngx_secops_store_spread_pointers(
    ngx_secops_store_pointers_t *set);
static ngx_int_t ngx_secops_store_send_place(ngx_secops_store_pointers_t *set,
    ngx_uint_t place, ngx_uint_t n);
static ngx_uint_t ngx_secops_store_place(
    const ngx_secops_store_pointer_t *pointer);
static ngx_secops_redis_cmd_t *ngx_secops_store_pointers_cmd(
    ngx_secops_store_pointers_t *set, ngx_uint_t n);
static void ngx_secops_store_add_pointer(ngx_secops_store_pointers_t *set,
    ngx_secops_redis_cmd_t *cmd, const ngx_secops_store_pointer_t *pointer);
static void ngx_secops_store_place_sent(void *data,
    ngx_secops_redis_result_t *reply);
static void ngx_secops_store_pointers_failed(ngx_secops_store_pointers_t *set,
    ngx_uint_t status, ngx_str_t *reason);
static void ngx_secops_store_pointer_read(void *data,
    ngx_secops_redis_result_t *reply);
static ngx_int_t ngx_secops_store_pointer_copy(
    ngx_secops_store_api_key_t *key, secops_redis_value_t *value,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_secops_store_api_key_document(
    ngx_secops_store_api_key_t *key);
static void ngx_secops_store_api_key_read(void *data,
    ngx_secops_redis_result_t *reply);
static void ngx_secops_store_pointer_key(ngx_secops_store_t *store,
    secops_key_t *key, const u_char *digest);


ngx_int_t
ngx_secops_store_put_pointers(ngx_secops_store_t *store,
    ngx_secops_store_pointers_t *set, ngx_str_t *domain,
    const ngx_secops_store_pointer_t *pointers, ngx_uint_t n,
    ngx_pool_t *pool)
{
    set->store = store;
    set->domain = domain;
    set->pointers = pointers;
    set->n = n;
    set->pool = pool;

    return ngx_secops_redis_cluster(store->redis)
           ? ngx_secops_store_spread_pointers(set)
           : ngx_secops_store_send_pointers(set);
}


ngx_int_t
ngx_secops_store_delete_pointers(ngx_secops_store_t *store,
    ngx_secops_store_pointers_t *set,
    const ngx_secops_store_pointer_t *pointers, ngx_uint_t n,
    ngx_pool_t *pool)
{
    return ngx_secops_store_put_pointers(store, set, NULL, pointers, n, pool);
}


/* this is no transaction: what was written of it leads nowhere by itself */

static ngx_int_t
ngx_secops_store_send_pointers(ngx_secops_store_pointers_t *set)
{
    ngx_uint_t               i;
    ngx_secops_redis_cmd_t  *cmd;

    cmd = ngx_secops_store_pointers_cmd(set, set->n);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < set->n; i++) {
        ngx_secops_store_add_pointer(set, cmd, &set->pointers[i]);
    }

    return ngx_secops_store_send(&set->call, cmd, NGX_SECOPS_REDIS_REPLAY
                                 |NGX_SECOPS_REDIS_DURABLE,
                                 ngx_secops_store_written);
}


/* those of one place, as their tag says it, are a transaction; all of them are
   sent at once */

static ngx_int_t
ngx_secops_store_spread_pointers(ngx_secops_store_pointers_t *set)
{
    ngx_int_t    rc;
    ngx_uint_t   i, place, nplaces;
    ngx_uint_t   counts[NGX_SECOPS_STORE_PLACES];

    ngx_memzero(counts, sizeof(counts));

    nplaces = 0;

    for (i = 0; i < set->n; i++) {
        place = ngx_secops_store_place(&set->pointers[i]);
        nplaces += counts[place]++ == 0;
    }

    set->call.nparts = 0;
    set->call.parts = ngx_pcalloc(set->pool, nplaces
                                             * sizeof(ngx_secops_store_call_t));
    if (set->call.parts == NULL) {
        return NGX_ERROR;
    }

    set->waiting = 0;
    set->status = NGX_SECOPS_REDIS_REPLIED;
    set->time = 0;
    ngx_str_null(&set->reason);

    for (place = 0; place < NGX_SECOPS_STORE_PLACES; place++) {

        if (counts[place] == 0) {
            continue;
        }

        rc = ngx_secops_store_send_place(set, place, counts[place]);

        if (rc == NGX_OK) {
            continue;
        }

        if (set->waiting == 0) {
            return rc;
        }

        /* the others are on their way */

        ngx_secops_store_pointers_failed(set, NGX_SECOPS_REDIS_UNAVAILABLE,
                                    ngx_secops_store_busy(set->store));
        break;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_secops_store_send_place(ngx_secops_store_pointers_t *set,
    ngx_uint_t place, ngx_uint_t n)
{
    ngx_int_t                 rc;
    ngx_uint_t                i;
    ngx_secops_redis_cmd_t   *cmd;
    ngx_secops_store_call_t  *part;

    cmd = ngx_secops_store_pointers_cmd(set, n);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    if (n > 1) {
        ngx_secops_redis_cmd_begin(cmd, 1);
        ngx_secops_store_literal(cmd, "MULTI");
    }

    for (i = 0; i < set->n; i++) {
        if (ngx_secops_store_place(&set->pointers[i]) == place) {
            ngx_secops_store_add_pointer(set, cmd, &set->pointers[i]);
        }
    }

    if (n > 1) {
        ngx_secops_redis_cmd_begin(cmd, 1);
        ngx_secops_store_literal(cmd, "EXEC");
    }

    part = &set->call.parts[set->call.nparts];
    part->data = set;

    rc = ngx_secops_store_send(part, cmd, NGX_SECOPS_REDIS_REPLAY
                               |NGX_SECOPS_REDIS_DURABLE,
                               ngx_secops_store_place_sent);

    if (rc == NGX_OK) {
        set->call.nparts++;
        set->waiting++;
    }

    return rc;
}


/* of the first two digits of its digest, which are its hash tag */

static ngx_uint_t
ngx_secops_store_place(const ngx_secops_store_pointer_t *pointer)
{
    return secops_id_digit(pointer->digest[0]) * 16
           + secops_id_digit(pointer->digest[1]);
}


static ngx_secops_redis_cmd_t *
ngx_secops_store_pointers_cmd(ngx_secops_store_pointers_t *set, ngx_uint_t n)
{
    return ngx_secops_redis_cmd_create(set->store->redis, n
                              * (SECOPS_KEY_MAX
                                 + (set->domain ? set->domain->len : 0)));
}


static void
ngx_secops_store_add_pointer(ngx_secops_store_pointers_t *set,
    ngx_secops_redis_cmd_t *cmd, const ngx_secops_store_pointer_t *pointer)
{
    secops_key_t  key;

    ngx_secops_store_pointer_key(set->store, &key, pointer->digest);

    if (set->domain == NULL) {
        ngx_secops_redis_cmd_begin(cmd, 2);
        ngx_secops_store_literal(cmd, "DEL");
        ngx_secops_redis_cmd_key(cmd, key.data, key.len);
        return;
    }

    ngx_secops_redis_cmd_begin(cmd, 6);
    ngx_secops_store_literal(cmd, "HSET");
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);
    ngx_secops_store_literal(cmd, "domain");
    ngx_secops_redis_cmd_arg(cmd, set->domain->data, set->domain->len);
    ngx_secops_store_literal(cmd, "id");
    ngx_secops_redis_cmd_arg(cmd, pointer->id.data, pointer->id.len);
}


static void
ngx_secops_store_place_sent(void *data, ngx_secops_redis_result_t *reply)
{
    ngx_secops_store_call_t *part = data;

    ngx_secops_redis_result_t     all;
    ngx_secops_store_result_t     result;
    ngx_secops_store_pointers_t  *set;

    static ngx_str_t  aborted = ngx_string("transaction not executed");

    set = part->data;
    part->cmd = NULL;

    set->time = ngx_max(set->time, reply->time);

    if (reply->status != NGX_SECOPS_REDIS_REPLIED) {
        ngx_secops_store_pointers_failed(set, reply->status, &reply->message);

    } else if (reply->value[0].type == SECOPS_REDIS_NIL) {
        ngx_secops_store_pointers_failed(set, NGX_SECOPS_REDIS_REFUSED,
                                         &aborted);
    }

    if (--set->waiting) {
        return;
    }

    set->call.nparts = 0;

    ngx_memzero(&all, sizeof(ngx_secops_redis_result_t));
    ngx_memzero(&result, sizeof(ngx_secops_store_result_t));

    all.status = set->status;
    all.message = set->reason;
    all.time = set->time;

    ngx_secops_store_answer(&set->call, &all, &result);
}


/* the last one may be of any status: nothing was promised of those that were
   written */

static void
ngx_secops_store_pointers_failed(ngx_secops_store_pointers_t *set,
    ngx_uint_t status, ngx_str_t *reason)
{
    set->status = status;
    set->reason.data = ngx_pstrdup(set->pool, reason);
    set->reason.len = set->reason.data ? reason->len : 0;
}


ngx_int_t
ngx_secops_store_get_api_key(ngx_secops_store_t *store,
    ngx_secops_store_api_key_t *key, const u_char *digest)
{
    secops_key_t             pointer;
    ngx_secops_redis_cmd_t  *cmd;

    key->store = store;

    ngx_secops_store_pointer_key(store, &pointer, digest);

    cmd = ngx_secops_redis_cmd_create(store->redis, pointer.len + 64);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    ngx_secops_redis_cmd_begin(cmd, 4);
    ngx_secops_store_literal(cmd, "HMGET");
    ngx_secops_redis_cmd_key(cmd, pointer.data, pointer.len);
    ngx_secops_store_literal(cmd, "id");
    ngx_secops_store_literal(cmd, "domain");

    return ngx_secops_store_send(&key->call, cmd, NGX_SECOPS_REDIS_REPLAY,
                                 ngx_secops_store_pointer_read);
}


static void
ngx_secops_store_pointer_read(void *data, ngx_secops_redis_result_t *reply)
{
    ngx_secops_store_call_t  *call = data;

    ngx_int_t                    rc;
    ngx_secops_store_result_t    result;
    ngx_secops_store_api_key_t  *key;

    key = (ngx_secops_store_api_key_t *) call;

    ngx_memzero(&result, sizeof(ngx_secops_store_result_t));

    if (reply->status == NGX_SECOPS_REDIS_REPLIED
        && ngx_secops_store_pointer_copy(key, reply->value, &result) == NGX_OK)
    {
        key->time = reply->time;

        rc = ngx_secops_store_api_key_document(key);

        if (rc == NGX_OK) {
            return;
        }

        ngx_secops_store_unsent(key->store, rc, reply);
    }

    ngx_secops_store_answer(call, reply, &result);
}


/* NGX_DECLINED: it leads nowhere; result says what that means */

static ngx_int_t
ngx_secops_store_pointer_copy(ngx_secops_store_api_key_t *key,
    secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    int             rc;
    secops_slice_t  id, domain;

    rc = secops_reply_pointer(value, value[0].next, &id,
                              SECOPS_RESOURCE_ID_MAX, &domain,
                              NGX_SECOPS_STORE_DOMAIN_MAX);

    if (rc == 0) {
        result->status = NGX_SECOPS_STORE_NOT_FOUND;
        return NGX_DECLINED;
    }

    if (rc < 0) {
        result->status = NGX_SECOPS_STORE_REFUSED;
        ngx_str_set(&result->reason, "unexpected pointer of an api key");
        return NGX_DECLINED;
    }

    key->id.len = id.len;
    key->id.data = key->id_bytes;
    ngx_memcpy(key->id_bytes, id.data, id.len);

    key->domain.len = domain.len;
    key->domain.data = key->domain_bytes;
    ngx_memcpy(key->domain_bytes, domain.data, domain.len);

    return NGX_OK;
}


static ngx_int_t
ngx_secops_store_api_key_document(ngx_secops_store_api_key_t *key)
{
    secops_key_t             documents;
    secops_keyspace_t        space;
    ngx_secops_redis_cmd_t  *cmd;

    ngx_secops_store_space(key->store, &space, &key->domain);
    secops_keys_resources(&documents, &space,
                          secops_resource_type_name(SECOPS_RESOURCE_API_KEY));

    cmd = ngx_secops_redis_cmd_create(key->store->redis, documents.len + 128);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    ngx_secops_redis_cmd_begin(cmd, 3);
    ngx_secops_store_literal(cmd, "HGET");
    ngx_secops_redis_cmd_key(cmd, documents.data, documents.len);
    ngx_secops_redis_cmd_arg(cmd, key->id.data, key->id.len);

    return ngx_secops_store_send(&key->call, cmd, NGX_SECOPS_REDIS_REPLAY,
                                 ngx_secops_store_api_key_read);
}


static void
ngx_secops_store_api_key_read(void *data, ngx_secops_redis_result_t *reply)
{
    ngx_secops_store_api_key_t  *key = data;

    reply->time += key->time;

    ngx_secops_store_got(data, reply);
}


static void
ngx_secops_store_pointer_key(ngx_secops_store_t *store, secops_key_t *key,
    const u_char *digest)
{
    secops_keys_api_key(key, ngx_secops_slice(&store->prefix), digest);
}
