
/* Store calls as Redis commands; see ngx_secops_store.h. */

#include "redis/ngx_secops_redis_stats.h"
#include "store/ngx_secops_store_internal.h"


/* the readiness probe's key must not stay behind for ever */

#define NGX_SECOPS_STORE_PROBE_TTL  "60"

#define NGX_SECOPS_STORE_PROBE_NAMES  16384


static void ngx_secops_store_probe_key(ngx_secops_store_t *store,
    secops_key_t *key, ngx_uint_t share);
static void ngx_secops_store_string(const secops_redis_value_t *value,
    ngx_secops_store_result_t *result);


void
ngx_secops_store_space(const ngx_secops_store_t *store,
    secops_keyspace_t *space, const ngx_str_t *domain)
{
    secops_keys_space(space, ngx_secops_slice(&store->prefix),
                      ngx_secops_slice(domain));
}


ngx_int_t
ngx_secops_store_probe(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, ngx_uint_t share)
{
    secops_key_t             key;
    ngx_secops_redis_cmd_t  *cmd;

    ngx_secops_store_probe_key(store, &key, share);

    cmd = ngx_secops_redis_cmd_create(store->redis, key.len + 64);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    ngx_secops_redis_cmd_begin(cmd, 5);
    ngx_secops_store_literal(cmd, "SET");
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);
    ngx_secops_store_literal(cmd, "1");
    ngx_secops_store_literal(cmd, "EX");
    ngx_secops_store_literal(cmd, NGX_SECOPS_STORE_PROBE_TTL);

    return ngx_secops_store_send(call, cmd, NGX_SECOPS_REDIS_REPLAY
                                 |NGX_SECOPS_REDIS_DURABLE,
                                 ngx_secops_store_written);
}


/* tries names until one lies there; a server that has hardly any slot may be
   left out, another one is asked twice then */

static void
ngx_secops_store_probe_key(ngx_secops_store_t *store, secops_key_t *key,
    ngx_uint_t share)
{
    unsigned        number;
    secops_slice_t  prefix;

    prefix = ngx_secops_slice(&store->prefix);

    for (number = 0; number < NGX_SECOPS_STORE_PROBE_NAMES; number++) {

        secops_keys_health(key, prefix, number);

        if (ngx_secops_redis_share(store->redis, key->data, key->len)
            == (ngx_int_t) share)
        {
            return;
        }
    }

    secops_keys_health(key, prefix, 0);
}


ngx_uint_t
ngx_secops_store_shares(ngx_secops_store_t *store)
{
    return ngx_secops_redis_shares(store->redis);
}


ngx_int_t
ngx_secops_store_server(ngx_secops_store_t *store, ngx_uint_t share,
    ngx_pool_t *pool, ngx_str_t *name, ngx_str_t *address)
{
    void                       *walk;
    ngx_int_t                   rc;
    ngx_secops_redis_server_t   server;

    walk = NULL;

    do {
        rc = ngx_secops_redis_server_next(store->redis, &walk, &server);
    } while (rc == NGX_OK && server.share != share);

    if (rc != NGX_OK) {
        ngx_str_set(name, "unknown");
        ngx_str_null(address);
        return NGX_OK;
    }

    name->len = server.name.len;
    name->data = ngx_pstrdup(pool, &server.name);
    address->len = server.address.len;
    address->data = ngx_pstrdup(pool, &server.address);

    return (name->data && address->data) ? NGX_OK : NGX_ERROR;
}


ngx_uint_t
ngx_secops_store_gaps(ngx_secops_store_t *store)
{
    return ngx_secops_redis_holes(store->redis);
}


ngx_int_t
ngx_secops_store_send(ngx_secops_store_call_t *call,
    ngx_secops_redis_cmd_t *cmd, ngx_uint_t flags,
    ngx_secops_redis_handler_pt handler)
{
    ngx_int_t  rc;

    rc = ngx_secops_redis_cmd_send(cmd, flags, handler, call);

    call->cmd = (rc == NGX_OK) ? cmd : NULL;

    return rc;
}


void
ngx_secops_store_unsent(ngx_secops_store_t *store, ngx_int_t rc,
    ngx_secops_redis_result_t *reply)
{
    static ngx_str_t  no_memory = ngx_string("no memory");

    reply->status = NGX_SECOPS_REDIS_UNAVAILABLE;
    reply->message = (rc == NGX_BUSY) ? *ngx_secops_store_busy(store)
                                      : no_memory;
}


ngx_str_t *
ngx_secops_store_busy(ngx_secops_store_t *store)
{
    return ngx_secops_redis_busy(store->redis);
}


void
ngx_secops_store_cancel(ngx_secops_store_call_t *call)
{
    ngx_uint_t  i;

    if (call->cmd) {
        ngx_secops_redis_cmd_cancel(call->cmd);
        call->cmd = NULL;
    }

    if (call->leave) {
        call->leave(call);
        call->leave = NULL;
    }

    for (i = 0; i < call->nparts; i++) {
        ngx_secops_store_cancel(&call->parts[i]);
    }

    call->nparts = 0;

    if (call->also) {
        ngx_secops_store_cancel(call->also);

        /* its memory may go before the call's does */

        call->also = NULL;
    }
}


void
ngx_secops_store_written(void *data, ngx_secops_redis_result_t *reply)
{
    ngx_secops_store_call_t  *call = data;

    ngx_secops_store_result_t  result;

    ngx_memzero(&result, sizeof(ngx_secops_store_result_t));

    if (reply->status == NGX_SECOPS_REDIS_REPLIED
        && reply->value[0].type == SECOPS_REDIS_NIL)
    {
        /* EXEC answers so when it did not execute */
        result.status = NGX_SECOPS_STORE_REFUSED;
        ngx_str_set(&result.reason, "transaction not executed");
    }

    ngx_secops_store_answer(call, reply, &result);
}


ngx_int_t
ngx_secops_store_get(ngx_secops_store_t *store, ngx_secops_store_call_t *call,
    const secops_key_t *key)
{
    ngx_secops_redis_cmd_t  *cmd;

    cmd = ngx_secops_redis_cmd_create(store->redis, key->len + 32);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    ngx_secops_redis_cmd_begin(cmd, 2);
    ngx_secops_store_literal(cmd, "GET");
    ngx_secops_redis_cmd_key(cmd, key->data, key->len);

    return ngx_secops_store_send(call, cmd, NGX_SECOPS_REDIS_REPLAY,
                                 ngx_secops_store_got);
}


void
ngx_secops_store_got(void *data, ngx_secops_redis_result_t *reply)
{
    ngx_secops_store_call_t  *call = data;

    ngx_secops_store_result_t  result;

    ngx_memzero(&result, sizeof(ngx_secops_store_result_t));

    if (reply->status == NGX_SECOPS_REDIS_REPLIED) {
        ngx_secops_store_string(&reply->value[0], &result);
    }

    ngx_secops_store_answer(call, reply, &result);
}


static void
ngx_secops_store_string(const secops_redis_value_t *value,
    ngx_secops_store_result_t *result)
{
    switch (value->type) {

    case SECOPS_REDIS_STRING:
        result->value = ngx_secops_str(value->text);
        break;

    case SECOPS_REDIS_NIL:
        result->status = NGX_SECOPS_STORE_NOT_FOUND;
        break;

    default:
        result->status = NGX_SECOPS_STORE_REFUSED;
        ngx_str_set(&result->reason, "unexpected type of reply");
    }
}


void
ngx_secops_store_answer(ngx_secops_store_call_t *call,
    ngx_secops_redis_result_t *reply, ngx_secops_store_result_t *result)
{
    call->cmd = NULL;

    result->time = reply->time;

    switch (reply->status) {

    case NGX_SECOPS_REDIS_REPLIED:
        break;

    case NGX_SECOPS_REDIS_REFUSED:
        result->status = NGX_SECOPS_STORE_REFUSED;
        result->reason = reply->message;
        break;

    case NGX_SECOPS_REDIS_UNAVAILABLE:
        result->status = NGX_SECOPS_STORE_UNAVAILABLE;
        result->reason = reply->message;
        break;

    default: /* NGX_SECOPS_REDIS_UNKNOWN */
        result->status = NGX_SECOPS_STORE_UNKNOWN;
        result->reason = reply->message;
    }

    call->handler(call, result);
}
