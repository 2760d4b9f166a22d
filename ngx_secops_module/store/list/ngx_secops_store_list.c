
/* Ids of lists, and documents of ids; see ngx_secops_store_list.h. */

#include "store/list/ngx_secops_store_list_internal.h"


/* dead entries that a reading of ids takes away: a fifth of a millisecond */

#define NGX_SECOPS_STORE_SHED  200


static void ngx_secops_store_ids_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_ids_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static ngx_int_t ngx_secops_store_ids_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result);

static void ngx_secops_store_documents_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_documents_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static ngx_int_t ngx_secops_store_documents_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result);


/* a reading although it sheds: what is dead at the tail may be taken away
   twice */

static ngx_secops_store_script_t  ngx_secops_store_ids_script = {
    &secops_script_ids, NGX_SECOPS_REDIS_REPLAY,
    ngx_secops_store_ids_keys, ngx_secops_store_ids_args,
    ngx_secops_store_ids_read,
    0, ""
};

static ngx_secops_store_script_t  ngx_secops_store_documents_script = {
    &secops_script_documents, NGX_SECOPS_REDIS_REPLAY,
    ngx_secops_store_documents_keys, ngx_secops_store_documents_args,
    ngx_secops_store_documents_read,
    0, ""
};


ngx_uint_t
ngx_secops_store_list_shard(const ngx_secops_store_list_t *list)
{
    return list->digest ? secops_keys_digest_shard(list->digest) : list->shard;
}


void
ngx_secops_store_list_keys(const ngx_secops_store_list_t *list,
    const secops_keyspace_t *space, ngx_secops_redis_cmd_t *cmd)
{
    ngx_uint_t    shard;
    secops_key_t  key;

    shard = ngx_secops_store_list_shard(list);

    if (list->digest) {
        secops_keys_subject(&key, space, shard, list->table, list->digest);

    } else {
        secops_keys_index(&key, space, shard, list->table);
    }

    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_records(&key, space, shard, list->table);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);
}


ngx_int_t
ngx_secops_store_list_ids(ngx_secops_store_t *store,
    ngx_secops_store_ids_read_t *read, const secops_keyspace_t *space)
{
    ngx_secops_store_eval_t  *eval;

    eval = &read->eval;

    eval->store = store;
    eval->space = space;
    eval->script = &ngx_secops_store_ids_script;
    eval->nkeys = 2;
    eval->nargs = 6;

    return ngx_secops_store_eval(eval);
}


static void
ngx_secops_store_ids_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_store_ids_read_t  *read;

    read = (ngx_secops_store_ids_read_t *) eval;

    ngx_secops_store_list_keys(&read->list, eval->space, cmd);
}


static void
ngx_secops_store_ids_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    size_t                        len;
    u_char                        skip[NGX_INT_T_LEN];
    ngx_secops_store_ids_read_t  *read;

    read = (ngx_secops_store_ids_read_t *) eval;

    len = ngx_sprintf(skip, "%i", read->skip) - skip;

    ngx_secops_store_number(cmd, NGX_SECOPS_STORE_SHED);
    ngx_secops_redis_cmd_arg(cmd, read->at ? read->at : (u_char *) "",
                             read->at ? SECOPS_ID_LEN : 0);
    ngx_secops_store_number(cmd, read->oldest);
    ngx_secops_redis_cmd_arg(cmd, skip, len);
    ngx_secops_store_number(cmd, read->n);
    ngx_secops_store_number(cmd, read->step);
}


static ngx_int_t
ngx_secops_store_ids_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    secops_reply_ids_t            reply;
    ngx_secops_store_ids_read_t  *read;

    read = (ngx_secops_store_ids_read_t *) eval;

    if (secops_reply_ids(&reply, value, value[0].next, read->n) != 0) {
        return NGX_ERROR;
    }

    result->total = (ngx_uint_t) reply.total;
    result->begin = (ngx_uint_t) reply.begin;
    result->rank = (ngx_uint_t) ngx_max(reply.rank, 0);

    if (reply.ids.n == 0) {
        return NGX_OK;
    }

    result->ids = ngx_alloc(reply.ids.n * SECOPS_ID_LEN, ngx_cycle->log);
    if (result->ids == NULL) {
        return NGX_ERROR;
    }

    result->nids = reply.ids.n;

    secops_reply_ids_copy(result->ids, &reply.ids, (int) read->oldest);

    return NGX_OK;
}


ngx_int_t
ngx_secops_store_get_records(ngx_secops_store_t *store,
    ngx_secops_store_documents_read_t *read, const secops_keyspace_t *space)
{
    ngx_secops_store_eval_t  *eval;

    eval = &read->eval;

    eval->store = store;
    eval->space = space;
    eval->script = &ngx_secops_store_documents_script;
    eval->nkeys = 1;
    eval->nargs = 1 + read->nids;
    eval->bytes = read->nids * (SECOPS_ID_LEN + sizeof("$32" CRLF CRLF));

    return ngx_secops_store_eval(eval);
}


static void
ngx_secops_store_documents_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    secops_key_t                        key;
    ngx_secops_store_documents_read_t  *read;

    read = (ngx_secops_store_documents_read_t *) eval;

    secops_keys_records(&key, eval->space, read->shard, read->table);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);
}


static void
ngx_secops_store_documents_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_uint_t                          i;
    ngx_secops_store_documents_read_t  *read;

    read = (ngx_secops_store_documents_read_t *) eval;

    ngx_secops_store_number(cmd, read->bytes);

    for (i = 0; i < read->nids; i++) {
        ngx_secops_redis_cmd_arg(cmd, read->ids + i * SECOPS_ID_LEN,
                                 SECOPS_ID_LEN);
    }
}


static ngx_int_t
ngx_secops_store_documents_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    ngx_secops_store_documents_read_t  *read;

    read = (ngx_secops_store_documents_read_t *) eval;

    return ngx_secops_store_list_documents(value, 1, read->nids, result);
}


ngx_int_t
ngx_secops_store_list_documents(const secops_redis_value_t *value, size_t min,
    size_t max, ngx_secops_store_result_t *result)
{
    int64_t     n;
    ngx_uint_t  i;

    n = secops_reply_documents(value, value[0].next, min, max);

    if (n < 0) {
        return NGX_ERROR;
    }

    if (n == 0) {
        return NGX_OK;
    }

    result->documents = ngx_calloc(n * sizeof(ngx_str_t), ngx_cycle->log);
    if (result->documents == NULL) {
        return NGX_ERROR;
    }

    result->ndocuments = (ngx_uint_t) n;

    for (i = 0; i < result->ndocuments; i++) {
        if (value[1 + i].type == SECOPS_REDIS_STRING) {
            result->documents[i] = ngx_secops_str(value[1 + i].text);
        }
    }

    return NGX_OK;
}
