
/*
 * Changing and deleting a record.  Each is one script, with its audit entry,
 * and both may be sent twice: what it finds done already it does not do again.
 */

#include "store/ngx_secops_store_internal.h"
#include "store/ngx_secops_store_change.h"


/* the arguments beside the document */

#define NGX_SECOPS_STORE_CHANGE_BYTES  1024


static ngx_int_t ngx_secops_store_record_eval(ngx_secops_store_t *store,
    ngx_secops_store_record_change_t *change, const secops_keyspace_t *space,
    ngx_secops_store_script_t *script, ngx_uint_t nkeys, ngx_uint_t nargs);
static void ngx_secops_store_change_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_delete_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_change_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_delete_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_change_audit(
    ngx_secops_store_record_change_t *change, ngx_secops_redis_cmd_t *cmd);
static ngx_int_t ngx_secops_store_change_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result);
static ngx_int_t ngx_secops_store_delete_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result);


static ngx_secops_store_script_t  ngx_secops_store_change_script = {
    &secops_script_change, NGX_SECOPS_REDIS_REPLAY|NGX_SECOPS_REDIS_DURABLE,
    ngx_secops_store_change_keys, ngx_secops_store_change_args,
    ngx_secops_store_change_read,
    0, ""
};

static ngx_secops_store_script_t  ngx_secops_store_delete_script = {
    &secops_script_delete, NGX_SECOPS_REDIS_REPLAY|NGX_SECOPS_REDIS_DURABLE,
    ngx_secops_store_delete_keys, ngx_secops_store_delete_args,
    ngx_secops_store_delete_read,
    0, ""
};


ngx_int_t
ngx_secops_store_change_record(ngx_secops_store_t *store,
    ngx_secops_store_record_change_t *change, const secops_keyspace_t *space)
{
    return ngx_secops_store_record_eval(store, change, space,
                                        &ngx_secops_store_change_script, 2, 3);
}


ngx_int_t
ngx_secops_store_delete_record(ngx_secops_store_t *store,
    ngx_secops_store_record_change_t *change, const secops_keyspace_t *space)
{
    return ngx_secops_store_record_eval(store, change, space,
                                        &ngx_secops_store_delete_script,
                                        3 + (change->digest != NULL)
                                        + (change->fact != NULL),
                                        4);
}


static ngx_int_t
ngx_secops_store_record_eval(ngx_secops_store_t *store,
    ngx_secops_store_record_change_t *change, const secops_keyspace_t *space,
    ngx_secops_store_script_t *script, ngx_uint_t nkeys, ngx_uint_t nargs)
{
    ngx_secops_store_eval_t  *eval;

    eval = &change->eval;

    eval->store = store;
    eval->space = space;
    eval->script = script;
    eval->nkeys = nkeys;
    eval->nargs = nargs + ngx_secops_store_audit_argc(&store->audit_maxlen,
                                                      change->audit);
    eval->bytes = change->head.len + change->document.len
                  + NGX_SECOPS_STORE_CHANGE_BYTES;

    return ngx_secops_store_eval(eval);
}


static void
ngx_secops_store_change_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_uint_t                         shard;
    secops_key_t                       key;
    ngx_secops_store_record_change_t  *change;

    change = (ngx_secops_store_record_change_t *) eval;

    shard = secops_id_known_shard(change->sys_id);

    secops_keys_record(&key, eval->space, shard, change->table,
                       change->sys_id);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_audit(&key, eval->space, shard);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);
}


static void
ngx_secops_store_delete_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_uint_t                         shard;
    secops_key_t                       key;
    ngx_secops_store_record_change_t  *change;

    change = (ngx_secops_store_record_change_t *) eval;

    shard = secops_id_known_shard(change->sys_id);

    ngx_secops_store_change_keys(eval, cmd);

    secops_keys_index(&key, eval->space, shard, change->table);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    if (change->digest) {
        secops_keys_subject(&key, eval->space, shard, change->table,
                            change->digest);
        ngx_secops_redis_cmd_key(cmd, key.data, key.len);
    }

    if (change->fact) {
        secops_keys_fact(&key, eval->space, shard, change->table,
                         change->fact);
        ngx_secops_redis_cmd_key(cmd, key.data, key.len);
    }
}


static void
ngx_secops_store_change_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_store_record_change_t  *change;

    change = (ngx_secops_store_record_change_t *) eval;

    ngx_secops_redis_cmd_arg(cmd, change->head.data, change->head.len);
    ngx_secops_store_number(cmd, change->len);
    ngx_secops_redis_cmd_arg(cmd, change->document.data, change->document.len);

    ngx_secops_store_change_audit(change, cmd);
}


static void
ngx_secops_store_delete_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_store_record_change_t  *change;

    change = (ngx_secops_store_record_change_t *) eval;

    ngx_secops_redis_cmd_arg(cmd, change->head.data, change->head.len);
    ngx_secops_store_number(cmd, change->len);
    ngx_secops_redis_cmd_arg(cmd, change->sys_id, SECOPS_ID_LEN);
    ngx_secops_redis_cmd_arg(cmd, change->fact ? "1" : "0", 1);

    ngx_secops_store_change_audit(change, cmd);
}


static void
ngx_secops_store_change_audit(ngx_secops_store_record_change_t *change,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_store_audit_args(cmd, &change->eval.store->audit_maxlen,
                                change->audit, change->table,
                                secops_slice_bytes(change->sys_id,
                                                   SECOPS_ID_LEN));
}


static ngx_int_t
ngx_secops_store_change_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    switch (secops_reply_record(value)) {

    case SECOPS_REPLY_RECORD_DONE:
        break;

    case SECOPS_REPLY_RECORD_GONE:
        result->status = NGX_SECOPS_STORE_NOT_FOUND;
        break;

    case SECOPS_REPLY_RECORD_SAME:

        /* the same change of the same record: who has sent it once was not the
           one who made it */

        if (!eval->unsure) {
            result->status = NGX_SECOPS_STORE_CHANGED;
        }

        break;

    case SECOPS_REPLY_RECORD_OTHER:

        /* who has sent it before may have been first, and somebody else after
           that */

        result->status = eval->unsure ? NGX_SECOPS_STORE_UNKNOWN
                                      : NGX_SECOPS_STORE_CHANGED;
        ngx_str_set(&result->reason, "others have changed the record");
        break;

    default: /* SECOPS_REPLY_RECORD_WRONG */
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_secops_store_delete_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    switch (secops_reply_record(value)) {

    case SECOPS_REPLY_RECORD_DONE:
        break;

    case SECOPS_REPLY_RECORD_GONE:

        /* no id is given twice: what was sent before has done it */

        if (!eval->unsure) {
            result->status = NGX_SECOPS_STORE_NOT_FOUND;
        }

        break;

    case SECOPS_REPLY_RECORD_OTHER:
        result->status = NGX_SECOPS_STORE_CHANGED;
        ngx_str_set(&result->reason, "others have changed the record");
        break;

    default: /* SECOPS_REPLY_RECORD_SAME, WRONG */
        return NGX_ERROR;
    }

    return NGX_OK;
}
