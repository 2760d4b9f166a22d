
/* Reading of what decides; see ngx_secops_store_case.h. */

#include "store/ngx_secops_store_internal.h"
#include "store/event/ngx_secops_store_case.h"


/* digits of a count that is believed */

#define NGX_SECOPS_STORE_CASE_DIGITS  15


static void ngx_secops_store_case_read(void *data,
    ngx_secops_redis_result_t *reply);
static void ngx_secops_store_bucket_read(void *data,
    ngx_secops_redis_result_t *reply);
static ngx_int_t ngx_secops_store_case_strings(secops_redis_value_t *values,
    ngx_uint_t n, ngx_secops_store_result_t *result);
static void ngx_secops_store_feedbacks_read(void *data,
    ngx_secops_redis_result_t *reply);


ngx_int_t
ngx_secops_store_read_case(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, const secops_keyspace_t *space,
    secops_slice_t job, secops_slice_t event)
{
    unsigned                 shard;
    secops_key_t             key;
    ngx_secops_redis_cmd_t  *cmd;

    shard = secops_keys_event_shard(event);

    secops_keys_event(&key, space, shard, job, event);

    cmd = ngx_secops_redis_cmd_create(store->redis,
                                      NGX_SECOPS_STORE_CASE * (key.len + 32));
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    ngx_secops_redis_cmd_begin(cmd, 1 + NGX_SECOPS_STORE_CASE);
    ngx_secops_store_literal(cmd, "MGET");
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_event_feedback(&key, space, shard, job, event);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_event_decision(&key, space, shard, job, event);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    return ngx_secops_store_send(call, cmd, NGX_SECOPS_REDIS_REPLAY,
                                 ngx_secops_store_case_read);
}


static void
ngx_secops_store_case_read(void *data, ngx_secops_redis_result_t *reply)
{
    ngx_secops_store_call_t  *call = data;

    ngx_str_t                  documents[NGX_SECOPS_STORE_CASE];
    ngx_secops_store_result_t  result;

    ngx_memzero(&result, sizeof(ngx_secops_store_result_t));

    if (reply->status == NGX_SECOPS_REDIS_REPLIED) {

        result.documents = documents;

        if (reply->value[0].elements != NGX_SECOPS_STORE_CASE
            || ngx_secops_store_case_strings(reply->value,
                                             NGX_SECOPS_STORE_CASE, &result)
               != NGX_OK)
        {
            result.status = NGX_SECOPS_STORE_REFUSED;
            ngx_str_set(&result.reason, "unexpected reply to MGET");

        } else if (documents[NGX_SECOPS_STORE_CASE_EVENT].data == NULL) {
            result.status = NGX_SECOPS_STORE_NOT_FOUND;
        }
    }

    ngx_secops_store_answer(call, reply, &result);
}


/* an array of so many strings and nils, and nothing else */

static ngx_int_t
ngx_secops_store_case_strings(secops_redis_value_t *values, ngx_uint_t n,
    ngx_secops_store_result_t *result)
{
    ngx_uint_t             i;
    secops_redis_value_t  *value;

    if (values[0].type != SECOPS_REDIS_ARRAY || values[0].next != 1 + n) {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {

        value = &values[1 + i];

        if (value->type == SECOPS_REDIS_STRING) {
            result->documents[i] = ngx_secops_str(value->text);

        } else if (value->type == SECOPS_REDIS_NIL) {
            ngx_str_null(&result->documents[i]);

        } else {
            return NGX_ERROR;
        }
    }

    result->ndocuments = n;

    return NGX_OK;
}


ngx_int_t
ngx_secops_store_read_bucket(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, const secops_keyspace_t *space,
    secops_slice_t job, const u_char digest[SECOPS_KEYS_DIGEST_LEN])
{
    secops_key_t             key;
    ngx_secops_redis_cmd_t  *cmd;

    secops_keys_bucket(&key, space, job, digest);

    cmd = ngx_secops_redis_cmd_create(store->redis, key.len + 64);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    ngx_secops_redis_cmd_begin(cmd, 2);
    ngx_secops_store_literal(cmd, "HGETALL");
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    return ngx_secops_store_send(call, cmd, NGX_SECOPS_REDIS_REPLAY,
                                 ngx_secops_store_bucket_read);
}


static void
ngx_secops_store_bucket_read(void *data, ngx_secops_redis_result_t *reply)
{
    ngx_secops_store_call_t  *call = data;

    ngx_uint_t                 n;
    ngx_str_t                 *documents;
    ngx_secops_store_result_t  result;

    ngx_memzero(&result, sizeof(ngx_secops_store_result_t));

    documents = NULL;

    if (reply->status == NGX_SECOPS_REDIS_REPLIED) {

        n = reply->value[0].elements;
        documents = ngx_alloc((n + 1) * sizeof(ngx_str_t), ngx_cycle->log);

        result.documents = documents;

        if (documents == NULL) {
            result.status = NGX_SECOPS_STORE_REFUSED;
            ngx_str_set(&result.reason, "no memory");

        } else if (ngx_secops_store_case_strings(reply->value, n, &result)
                   != NGX_OK)
        {
            result.status = NGX_SECOPS_STORE_REFUSED;
            ngx_str_set(&result.reason, "unexpected reply to HGETALL");
        }
    }

    ngx_secops_store_answer(call, reply, &result);

    if (documents) {
        ngx_free(documents);
    }
}


ngx_int_t
ngx_secops_store_read_feedbacks(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, const secops_keyspace_t *space,
    secops_slice_t job, ngx_uint_t shard)
{
    secops_key_t             key;
    ngx_secops_redis_cmd_t  *cmd;

    secops_keys_event_counts(&key, space, shard, job);

    cmd = ngx_secops_redis_cmd_create(store->redis, key.len + 64);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    ngx_secops_redis_cmd_begin(cmd, 3);
    ngx_secops_store_literal(cmd, "HGET");
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);
    ngx_secops_store_literal(cmd, "feedback");

    return ngx_secops_store_send(call, cmd, NGX_SECOPS_REDIS_REPLAY,
                                 ngx_secops_store_feedbacks_read);
}


static void
ngx_secops_store_feedbacks_read(void *data, ngx_secops_redis_result_t *reply)
{
    ngx_secops_store_call_t  *call = data;

    off_t                      n;
    ngx_secops_store_result_t  result;

    ngx_memzero(&result, sizeof(ngx_secops_store_result_t));

    if (reply->status == NGX_SECOPS_REDIS_REPLIED
        && reply->value[0].type == SECOPS_REDIS_STRING
        && reply->value[0].text.len <= NGX_SECOPS_STORE_CASE_DIGITS)
    {
        n = ngx_atoof((u_char *) reply->value[0].text.data,
                      reply->value[0].text.len);

        result.total = (n > 0) ? (ngx_uint_t) n : 0;
    }

    ngx_secops_store_answer(call, reply, &result);
}
