
/*
 * Adding a record of a table with x-coalesce: one script, which looks for the
 * fact and adds the record in one go, so that of two that come at the same time
 * one finds the other's.
 */

#include "store/ngx_secops_store_internal.h"
#include "model/record/secops_table.h"
#include "store/ngx_secops_store_add.h"
#include "store/retention/ngx_secops_store_retention.h"
#include "store/retention/secops_retention.h"


/* the arguments beside the document */

#define NGX_SECOPS_STORE_ADD_BYTES  1024


static void ngx_secops_store_add_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_add_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_add_expiry(ngx_secops_redis_cmd_t *cmd,
    int64_t retention);
static void ngx_secops_store_add_ending(ngx_secops_store_add_t *add);
static ngx_int_t ngx_secops_store_add_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result);


static ngx_secops_store_script_t  ngx_secops_store_add_script = {
    &secops_script_add,
    NGX_SECOPS_REDIS_REPLAY|NGX_SECOPS_REDIS_DURABLE|NGX_SECOPS_REDIS_WHOLE,
    ngx_secops_store_add_keys, ngx_secops_store_add_args,
    ngx_secops_store_add_read,
    0, ""
};


ngx_int_t
ngx_secops_store_add_record(ngx_secops_store_t *store,
    ngx_secops_store_add_t *add, const secops_keyspace_t *space)
{
    ngx_int_t                 rc;
    ngx_secops_store_eval_t  *eval;

    eval = &add->eval;

    eval->store = store;
    eval->space = space;
    eval->script = &ngx_secops_store_add_script;
    eval->nkeys = 3 + (add->subject != NULL) + (add->fact != NULL);
    eval->nargs = 7 + ngx_secops_store_audit_argc(&store->audit_maxlen,
                                                  add->audit);
    eval->bytes = add->document.len + NGX_SECOPS_STORE_ADD_BYTES;

    rc = ngx_secops_store_eval(eval);

    if (rc == NGX_OK) {
        ngx_secops_store_add_ending(add);
    }

    return rc;
}


/* the script gives the lists their expiry; what they have of old records leaves
   behind it, whether the record is added or not */

static void
ngx_secops_store_add_ending(ngx_secops_store_add_t *add)
{
    ngx_uint_t                  shard;
    secops_key_t                key;
    ngx_secops_store_t         *store;
    ngx_secops_store_ending_t   ending;

    store = add->eval.store;
    shard = secops_id_known_shard(add->sys_id);

    ngx_memzero(&ending, sizeof(ngx_secops_store_ending_t));

    ending.retention = add->retention;
    ending.space = add->eval.space;
    ending.table = add->table;

    ngx_secops_store_ending_begin(&ending, store);

    secops_keys_index(&key, ending.space, shard, add->table);
    ngx_secops_store_ending_list(&ending, store, NULL, &key, shard, NULL, 1,
                                 add->sys_id);

    if (add->subject) {
        secops_keys_subject(&key, ending.space, shard, add->table,
                            add->subject);
        ngx_secops_store_ending_list(&ending, store, NULL, &key, shard,
                                     add->subject, 1, add->sys_id);
    }

    ngx_secops_store_ending_follow(&ending, NGX_OK);
}


static void
ngx_secops_store_add_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_uint_t               shard;
    secops_key_t             key;
    ngx_secops_store_add_t  *add;

    add = (ngx_secops_store_add_t *) eval;

    shard = secops_id_known_shard(add->sys_id);

    secops_keys_record(&key, eval->space, shard, add->table, add->sys_id);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_audit(&key, eval->space, shard);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_index(&key, eval->space, shard, add->table);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    if (add->subject) {
        secops_keys_subject(&key, eval->space, shard, add->table,
                            add->subject);
        ngx_secops_redis_cmd_key(cmd, key.data, key.len);
    }

    if (add->fact) {
        secops_keys_fact(&key, eval->space, shard, add->table, add->fact);
        ngx_secops_redis_cmd_key(cmd, key.data, key.len);
    }
}


static void
ngx_secops_store_add_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    secops_key_t             key;
    ngx_secops_store_add_t  *add;

    add = (ngx_secops_store_add_t *) eval;

    ngx_secops_redis_cmd_arg(cmd, add->sys_id, SECOPS_ID_LEN);
    ngx_secops_redis_cmd_arg(cmd, add->document.data, add->document.len);

    ngx_secops_store_add_expiry(cmd, add->retention);

    secops_keys_records(&key, eval->space, secops_id_known_shard(add->sys_id),
                        add->table);
    ngx_secops_redis_cmd_arg(cmd, key.data, key.len);

    ngx_secops_redis_cmd_arg(cmd, add->fact ? "1" : "0", 1);
    ngx_secops_redis_cmd_arg(cmd, add->found,
                             add->ignore ? SECOPS_ID_LEN : 0);

    ngx_secops_store_audit_args(cmd, &eval->store->audit_maxlen, add->audit,
                                add->table,
                                secops_slice_bytes(add->sys_id,
                                                   SECOPS_ID_LEN));
}


/* of the record, and of the lists */

static void
ngx_secops_store_add_expiry(ngx_secops_redis_cmd_t *cmd, int64_t retention)
{
    secops_retention_times_t  times;

    if (retention > 0) {
        secops_retention_times(&times, retention);

        ngx_secops_store_number(cmd, (ngx_uint_t) retention);
        ngx_secops_store_number(cmd, (ngx_uint_t) times.list);
        return;
    }

    ngx_secops_store_literal(cmd, "");
    ngx_secops_redis_cmd_arg(cmd, "0",
                             retention == SECOPS_TABLE_FOR_EVER ? 1 : 0);
}


static ngx_int_t
ngx_secops_store_add_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    const u_char            *id;
    secops_slice_t           document;
    ngx_secops_store_add_t  *add;

    add = (ngx_secops_store_add_t *) eval;

    switch (secops_reply_add(value, value[0].next, &id, &document)) {

    case 1:
        return NGX_OK;

    case 0:
        ngx_memcpy(add->found, id, SECOPS_ID_LEN);

        result->status = NGX_SECOPS_STORE_CHANGED;
        result->value = ngx_secops_str(document);

        return NGX_OK;

    default: /* -1 */
        return NGX_ERROR;
    }
}
