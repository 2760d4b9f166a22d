
/*
 * What is known about one subject.  All records about it lie in one shard,
 * whatever their table: so one script reads the newest of all tables.
 */

#include "store/ngx_secops_store_internal.h"
#include "store/list/ngx_secops_store_subject.h"


/* clocks differ, so that a list is not quite in the order of its ids */

#define NGX_SECOPS_STORE_ABOUT_SKEW  60000

#define NGX_SECOPS_STORE_ABOUT_TIME  12     /* digits, as in an id */


static void ngx_secops_store_about_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_about_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_about_since(ngx_secops_redis_cmd_t *cmd,
    uint64_t since);
static ngx_int_t ngx_secops_store_about_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result);
static ngx_int_t ngx_secops_store_about_list(
    ngx_secops_store_about_t *about, ngx_uint_t i,
    const secops_redis_value_t *values, size_t *next,
    ngx_secops_store_result_t *result);


static ngx_secops_store_script_t  ngx_secops_store_about_script = {
    &secops_script_subject, NGX_SECOPS_REDIS_REPLAY,
    ngx_secops_store_about_keys, ngx_secops_store_about_args,
    ngx_secops_store_about_read,
    0, ""
};


ngx_int_t
ngx_secops_store_read_about(ngx_secops_store_t *store,
    ngx_secops_store_about_t *about, const secops_keyspace_t *space)
{
    about->eval.store = store;
    about->eval.space = space;
    about->eval.script = &ngx_secops_store_about_script;
    about->eval.nkeys = about->nlists;
    about->eval.nargs = 3 + 2 * about->nlists;
    about->eval.bytes = about->nlists * SECOPS_KEY_MAX;

    return ngx_secops_store_eval(&about->eval);
}


static void
ngx_secops_store_about_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_uint_t                 i, shard;
    secops_key_t               key;
    ngx_secops_store_about_t  *about;

    about = (ngx_secops_store_about_t *) eval;
    shard = secops_keys_digest_shard(about->digest);

    for (i = 0; i < about->nlists; i++) {
        secops_keys_subject(&key, eval->space, shard, about->lists[i].table,
                            about->digest);
        ngx_secops_redis_cmd_key(cmd, key.data, key.len);
    }
}


static void
ngx_secops_store_about_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_uint_t                 i, shard;
    secops_key_t               key;
    ngx_secops_store_about_t  *about;

    about = (ngx_secops_store_about_t *) eval;
    shard = secops_keys_digest_shard(about->digest);

    ngx_secops_store_literal(cmd, NGX_SECOPS_STORE_ABOUT_LIST);
    ngx_secops_store_number(cmd, about->most);
    ngx_secops_store_number(cmd, about->bytes);

    for (i = 0; i < about->nlists; i++) {
        secops_keys_records(&key, eval->space, shard, about->lists[i].table);
        ngx_secops_redis_cmd_arg(cmd, key.data, key.len);

        ngx_secops_store_about_since(cmd, about->lists[i].since);
    }
}


static void
ngx_secops_store_about_since(ngx_secops_redis_cmd_t *cmd, uint64_t since)
{
    u_char  digits[NGX_INT64_LEN];

    if (since <= NGX_SECOPS_STORE_ABOUT_SKEW) {
        ngx_secops_store_literal(cmd, "");
        return;
    }

    (void) ngx_sprintf(digits, "%012xL", since - NGX_SECOPS_STORE_ABOUT_SKEW);

    ngx_secops_redis_cmd_arg(cmd, digits, NGX_SECOPS_STORE_ABOUT_TIME);
}


static ngx_int_t
ngx_secops_store_about_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    size_t                     next;
    ngx_uint_t                 i;
    ngx_secops_store_about_t  *about;

    about = (ngx_secops_store_about_t *) eval;

    /* there are two values for each record, and others */

    result->found = ngx_alloc(value[0].next * sizeof(ngx_secops_store_found_t)
                              / 2,
                              ngx_cycle->log);
    if (result->found == NULL) {
        return NGX_ERROR;
    }

    next = 1;

    for (i = 0; i < about->nlists; i++) {
        if (ngx_secops_store_about_list(about, i, value, &next, result)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return next == value[0].next ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_secops_store_about_list(ngx_secops_store_about_t *about, ngx_uint_t i,
    const secops_redis_value_t *values, size_t *next,
    ngx_secops_store_result_t *result)
{
    ngx_uint_t                      n;
    secops_reply_about_t            reply;
    ngx_secops_store_found_t       *found;
    secops_reply_about_record_t     record;
    ngx_secops_store_about_list_t  *list;

    if (secops_reply_about(values, values[0].next, next, &reply) != 0) {
        return NGX_ERROR;
    }

    list = &about->lists[i];

    list->records = reply.records;
    list->oldest = reply.oldest;
    list->nread = reply.nread;

    for (n = 0; n < reply.nread; n++) {

        if (secops_reply_about_record(values, values[0].next, next, &record)
            != 0)
        {
            return NGX_ERROR;
        }

        found = &result->found[result->nfound++];

        ngx_memzero(found, sizeof(ngx_secops_store_found_t));

        found->lookup = i;
        found->id.data = (u_char *) record.id;
        found->id.len = SECOPS_ID_LEN;
        found->document = ngx_secops_str(record.document);
    }

    return NGX_OK;
}
