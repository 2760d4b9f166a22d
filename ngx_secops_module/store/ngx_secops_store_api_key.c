
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

#include "store/ngx_secops_store_internal.h"


static ngx_int_t ngx_secops_store_send_pointers(
    ngx_secops_store_pointers_t *set);
static void ngx_secops_store_add_pointer(ngx_secops_store_pointers_t *set,
    ngx_secops_redis_cmd_t *cmd, const ngx_secops_store_pointer_t *pointer);
static void ngx_secops_store_pointers_sent(void *data,
    ngx_secops_redis_result_t *reply);
static void ngx_secops_store_pointer_read(void *data,
    ngx_secops_redis_result_t *reply);
static ngx_int_t ngx_secops_store_pointer_copy(
    ngx_secops_store_api_key_t *key, ngx_secops_redis_value_t *value,
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
    const ngx_secops_store_pointer_t *pointers, ngx_uint_t n)
{
    set->store = store;
    set->domain = domain;
    set->pointers = pointers;
    set->n = n;
    set->sent = 0;
    set->time = 0;

    return ngx_secops_store_send_pointers(set);
}


ngx_int_t
ngx_secops_store_delete_pointers(ngx_secops_store_t *store,
    ngx_secops_store_pointers_t *set,
    const ngx_secops_store_pointer_t *pointers, ngx_uint_t n)
{
    return ngx_secops_store_put_pointers(store, set, NULL, pointers, n);
}


/* every digest is another slot: this is no transaction, and in a Redis Cluster
   they go one after the other */

static ngx_int_t
ngx_secops_store_send_pointers(ngx_secops_store_pointers_t *set)
{
    ngx_uint_t               last;
    ngx_secops_redis_t      *redis;
    ngx_secops_redis_cmd_t  *cmd;

    redis = set->store->redis;
    last = ngx_secops_redis_cluster(redis) ? set->sent + 1 : set->n;

    cmd = ngx_secops_redis_cmd_create(redis, (last - set->sent)
                                             * (SECOPS_KEY_MAX
                                                + (set->domain
                                                   ? set->domain->len : 0)));
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    while (set->sent < last) {
        ngx_secops_store_add_pointer(set, cmd, &set->pointers[set->sent++]);
    }

    return ngx_secops_store_send(&set->call, cmd, NGX_SECOPS_REDIS_REPLAY
                                 |NGX_SECOPS_REDIS_DURABLE,
                                 ngx_secops_store_pointers_sent);
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
ngx_secops_store_pointers_sent(void *data, ngx_secops_redis_result_t *reply)
{
    ngx_secops_store_pointers_t *set = data;

    ngx_int_t  rc;

    reply->time += set->time;

    if (reply->status == NGX_SECOPS_REDIS_REPLIED && set->sent < set->n) {

        set->time = reply->time;

        rc = ngx_secops_store_send_pointers(set);

        if (rc == NGX_OK) {
            return;
        }

        /* those that were written lead nowhere */

        ngx_secops_store_unsent(set->store, rc, reply);
    }

    ngx_secops_store_written(&set->call, reply);
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
    ngx_secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    int                    rc;
    secops_slice_t         id, domain;
    secops_reply_value_t  *values;

    rc = -1;

    if (ngx_secops_store_values(value, value[0].next, &values) == NGX_OK) {

        rc = secops_reply_pointer(values, value[0].next, &id,
                                  NGX_SECOPS_STORE_ID_MAX, &domain,
                                  NGX_SECOPS_STORE_DOMAIN_MAX);
        ngx_free(values);
    }

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
    secops_slice_t           prefix, domain;
    secops_keyspace_t        space;
    ngx_secops_redis_cmd_t  *cmd;

    prefix.len = key->store->prefix.len;
    prefix.data = key->store->prefix.data;
    domain.len = key->domain.len;
    domain.data = key->domain.data;

    secops_keys_space(&space, prefix, domain);
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
    ngx_secops_store_call_t  *call = data;

    ngx_secops_store_result_t    result;
    ngx_secops_store_api_key_t  *key;

    key = (ngx_secops_store_api_key_t *) call;

    ngx_memzero(&result, sizeof(ngx_secops_store_result_t));

    reply->time += key->time;

    if (reply->status == NGX_SECOPS_REDIS_REPLIED) {
        ngx_secops_store_string(reply->value, &result);
    }

    ngx_secops_store_answer(call, reply, &result);
}


static void
ngx_secops_store_pointer_key(ngx_secops_store_t *store, secops_key_t *key,
    const u_char *digest)
{
    secops_slice_t  prefix;

    prefix.len = store->prefix.len;
    prefix.data = store->prefix.data;

    secops_keys_api_key(key, prefix, digest);
}
