
/* Counts of events; see ngx_secops_store_event_count.h. */

#include "store/event/ngx_secops_store_event_count.h"
#include "store/ngx_secops_store_internal.h"


static void ngx_secops_store_event_count_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_event_count_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static ngx_int_t ngx_secops_store_event_count_read(
    ngx_secops_store_eval_t *eval, secops_redis_value_t *value,
    ngx_secops_store_result_t *result);


static ngx_secops_store_script_t  ngx_secops_store_event_count_script = {
    &secops_script_event_count, NGX_SECOPS_REDIS_REPLAY,
    ngx_secops_store_event_count_keys, ngx_secops_store_event_count_args,
    ngx_secops_store_event_count_read,
    0, ""
};


ngx_int_t
ngx_secops_store_count_events(ngx_secops_store_t *store,
    ngx_secops_store_event_count_t *count, const secops_keyspace_t *space)
{
    ngx_secops_store_eval_t  *eval;

    eval = &count->eval;

    eval->store = store;
    eval->space = space;
    eval->script = &ngx_secops_store_event_count_script;
    eval->nkeys = 2 * count->njobs;
    eval->nargs = 0;

    return ngx_secops_store_eval(eval);
}


static void
ngx_secops_store_event_count_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_uint_t                       i;
    secops_key_t                     key;
    ngx_secops_store_event_count_t  *count;

    count = (ngx_secops_store_event_count_t *) eval;

    for (i = 0; i < count->njobs; i++) {

        secops_keys_events(&key, eval->space, count->shard,
                                count->jobs[i]);
        ngx_secops_redis_cmd_key(cmd, key.data, key.len);

        secops_keys_event_counts(&key, eval->space, count->shard,
                                 count->jobs[i]);
        ngx_secops_redis_cmd_key(cmd, key.data, key.len);
    }
}


static void
ngx_secops_store_event_count_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    /* void */
}


static ngx_int_t
ngx_secops_store_event_count_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    ngx_secops_store_event_count_t  *count;

    count = (ngx_secops_store_event_count_t *) eval;

    return secops_reply_event_count(value, value[0].next, count->counts,
                                    count->njobs) == 0 ? NGX_OK : NGX_ERROR;
}
