
/* Decisions of processors; see ngx_secops_store_decide.h. */

#include "store/ngx_secops_store_internal.h"
#include "store/event/ngx_secops_store_decide.h"


/* the arguments that are not counted below */

#define NGX_SECOPS_STORE_DECIDE_BYTES  1024

/* of the announcement: names and values */

#define NGX_SECOPS_STORE_DECIDE_WORDS  12


static void ngx_secops_store_decide_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_decide_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_decide_announced(
    const ngx_secops_store_decide_t *decide, ngx_secops_redis_cmd_t *cmd);
static ngx_int_t ngx_secops_store_decide_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result);


static ngx_secops_store_script_t  ngx_secops_store_decide_script = {
    &secops_script_decide, NGX_SECOPS_REDIS_REPLAY|NGX_SECOPS_REDIS_DURABLE,
    ngx_secops_store_decide_keys, ngx_secops_store_decide_args,
    ngx_secops_store_decide_read,
    0, ""
};


ngx_int_t
ngx_secops_store_decide(ngx_secops_store_t *store,
    ngx_secops_store_decide_t *decide, const secops_keyspace_t *space)
{
    ngx_secops_store_eval_t  *eval;

    eval = &decide->eval;

    eval->store = store;
    eval->space = space;
    eval->script = &ngx_secops_store_decide_script;
    eval->nkeys = 4;
    eval->nargs = 5 + NGX_SECOPS_STORE_DECIDE_WORDS
                  + ngx_secops_store_audit_argc(&store->audit_maxlen,
                                                decide->audit);
    eval->bytes = decide->head.len + decide->tail.len + decide->event.len
                  + decide->label_name.len + NGX_SECOPS_STORE_DECIDE_BYTES;

    return ngx_secops_store_eval(eval);
}


static void
ngx_secops_store_decide_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_uint_t                  shard;
    secops_key_t                key;
    ngx_secops_store_decide_t  *decide;

    decide = (ngx_secops_store_decide_t *) eval;

    shard = secops_keys_event_shard(decide->event);

    secops_keys_event(&key, eval->space, shard, decide->job, decide->event);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_event_decision(&key, eval->space, shard, decide->job,
                               decide->event);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_event_queue(&key, eval->space, shard, decide->job);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    secops_keys_audit(&key, eval->space, shard);
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);
}


static void
ngx_secops_store_decide_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    size_t                      len;
    u_char                      ingested[NGX_INT64_LEN];
    ngx_str_t                  *maxlen;
    ngx_secops_store_decide_t  *decide;

    decide = (ngx_secops_store_decide_t *) eval;

    len = decide->ingested
          ? ngx_sprintf(ingested, "%uL", decide->ingested) - ingested : 0;

    ngx_secops_redis_cmd_arg(cmd, ingested, len);
    ngx_secops_store_slice(cmd, decide->head);
    ngx_secops_store_slice(cmd, decide->tail);

    maxlen = &eval->store->event_queue;
    ngx_secops_redis_cmd_arg(cmd, maxlen->data, maxlen->len);

    ngx_secops_store_number(cmd, NGX_SECOPS_STORE_DECIDE_WORDS);
    ngx_secops_store_decide_announced(decide, cmd);

    ngx_secops_store_audit_args(cmd, &eval->store->audit_maxlen, decide->audit,
                                decide->job, decide->event);
}


/* the script adds ingest_timestamp, which it knows */

static void
ngx_secops_store_decide_announced(const ngx_secops_store_decide_t *decide,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_store_literal(cmd, "type");
    ngx_secops_store_literal(cmd, "decided");
    ngx_secops_store_literal(cmd, "event");
    ngx_secops_store_slice(cmd, decide->event);
    ngx_secops_store_literal(cmd, "job");
    ngx_secops_store_slice(cmd, decide->job);
    ngx_secops_store_literal(cmd, "label");
    ngx_secops_store_slice(cmd, decide->label);
    ngx_secops_store_literal(cmd, "label_name");
    ngx_secops_store_slice(cmd, decide->label_name);
    ngx_secops_store_literal(cmd, "confidence");
    ngx_secops_store_slice(cmd, decide->confidence);
}


static ngx_int_t
ngx_secops_store_decide_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    switch (secops_reply_record(value)) {

    case SECOPS_REPLY_RECORD_DONE:
    case SECOPS_REPLY_RECORD_SAME:
        break;

    case SECOPS_REPLY_RECORD_GONE:
        result->status = NGX_SECOPS_STORE_NOT_FOUND;
        break;

    case SECOPS_REPLY_RECORD_OTHER:
        result->status = NGX_SECOPS_STORE_CHANGED;
        break;

    default: /* SECOPS_REPLY_RECORD_WRONG */
        return NGX_ERROR;
    }

    return NGX_OK;
}
