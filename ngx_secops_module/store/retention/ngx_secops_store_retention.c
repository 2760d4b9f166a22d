
/* The end of records; see ngx_secops_store_retention.h. */

#include "store/ngx_secops_store_internal.h"
#include "model/record/secops_table.h"
#include "store/retention/ngx_secops_store_retention.h"


/* a list whose expiry is to be taken away is told from one that is to have one
   by what is remembered of it, too */

#define NGX_SECOPS_STORE_FOR_EVER_RENEW  3600

/* digits of a subject's digest that tell it from others, here */

#define NGX_SECOPS_STORE_DIGEST_PART     16

/* lists that a write may have shed; the others are shed by a later one */

#define NGX_SECOPS_STORE_RETIRES_MAX     32

/* a line in the log for all failures of so many milliseconds */

#define NGX_SECOPS_STORE_RETIRE_QUIET    60000


/* a list that is shed; on its own from the moment it was sent */

typedef struct ngx_secops_store_retire_s  ngx_secops_store_retire_t;

struct ngx_secops_store_retire_s {
    ngx_secops_store_eval_t      eval;          /* must be the first */
    ngx_secops_store_retire_t   *next;
    int64_t                      retention;
    uint64_t                     list;
    secops_key_t                 key;
    secops_key_t                 records;
};


static void ngx_secops_store_ending_renew(ngx_secops_store_ending_t *ending,
    ngx_secops_redis_cmd_t *cmd, const secops_key_t *key);
static void ngx_secops_store_ending_retire(ngx_secops_store_ending_t *ending,
    ngx_secops_store_t *store, const secops_key_t *key, ngx_uint_t shard,
    uint64_t list);
static void ngx_secops_store_ending_sent(ngx_secops_store_ending_t *ending);
static void ngx_secops_store_ending_failed(ngx_secops_store_ending_t *ending);
static void ngx_secops_store_ending_written(void *data,
    ngx_secops_redis_result_t *reply);
static void ngx_secops_store_retire_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_retire_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static ngx_int_t ngx_secops_store_retire_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result);
static void ngx_secops_store_retired(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result);


/* executing it twice is the same as once */

static ngx_secops_store_script_t  ngx_secops_store_retire_script = {
    &secops_script_retire, NGX_SECOPS_REDIS_REPLAY,
    ngx_secops_store_retire_keys, ngx_secops_store_retire_args,
    ngx_secops_store_retire_read,
    0, ""
};

static ngx_secops_store_script_t  ngx_secops_store_retire_events_script = {
    &secops_script_retire_events, NGX_SECOPS_REDIS_REPLAY,
    ngx_secops_store_retire_keys, ngx_secops_store_retire_args,
    ngx_secops_store_retire_read,
    0, ""
};


/* the worker's; nothing touches it as long as all records are kept */

static secops_retention_t  ngx_secops_store_retention_memory;

/* lists that were written to before a write failed have another number */

static uint64_t  ngx_secops_store_retention_epoch;


void
ngx_secops_store_ending_begin(ngx_secops_store_ending_t *ending,
    const ngx_secops_store_t *store)
{
    uint64_t  where;

    if (ending->retention == SECOPS_TABLE_NOT_SAID) {
        return;
    }

    if (ending->retention == SECOPS_TABLE_FOR_EVER) {
        ending->times.list = 0;
        ending->times.renew = NGX_SECOPS_STORE_FOR_EVER_RENEW;
        ending->times.shed = (uint32_t) -1;

    } else {
        secops_retention_times(&ending->times, ending->retention);
    }

    /* the same list is another one with another retention, too */

    where = (uintptr_t) store->redis ^ ((uint64_t) ending->retention << 20)
            ^ ((uint64_t) ending->events << 44)
            ^ (ngx_secops_store_retention_epoch << 48);

    where = secops_retention_list(ending->space->data, ending->space->len,
                                  where);

    ending->where = secops_retention_list(ending->table.data,
                                          ending->table.len, where);
}


void
ngx_secops_store_ending_list(ngx_secops_store_ending_t *ending,
    ngx_secops_store_t *store, ngx_secops_redis_cmd_t *cmd,
    const secops_key_t *key, ngx_uint_t shard, const u_char *digest,
    ngx_uint_t n, const u_char first[SECOPS_ID_LEN])
{
    u_char      digit;
    uint64_t    list;
    ngx_uint_t  todo, at_once;

    if (ending->retention == SECOPS_TABLE_NOT_SAID) {
        return;
    }

    if (digest) {

        /* five bits of what is random in an id */

        at_once = secops_id_digit(first[SECOPS_ID_LEN - 1]) == 0
                  && secops_id_digit(first[SECOPS_ID_LEN - 2]) % 2 == 0;

        list = secops_retention_list(digest, NGX_SECOPS_STORE_DIGEST_PART,
                                     ending->where);

    } else {
        at_once = 1;
        digit = (u_char) shard;
        list = secops_retention_list(&digit, 1, ending->where);
    }

    todo = secops_retention_written(&ngx_secops_store_retention_memory, list,
                                    ngx_current_msec, &ending->times, n,
                                    at_once);

    if (cmd && (todo & SECOPS_RETENTION_RENEW)) {
        ngx_secops_store_ending_renew(ending, cmd, key);
    }

    if (ending->retention > 0 && (todo & SECOPS_RETENTION_SHED)) {
        ngx_secops_store_ending_retire(ending, store, key, shard, list);
    }
}


static void
ngx_secops_store_ending_renew(ngx_secops_store_ending_t *ending,
    ngx_secops_redis_cmd_t *cmd, const secops_key_t *key)
{
    if (ending->retention == SECOPS_TABLE_FOR_EVER) {
        ngx_secops_redis_cmd_begin(cmd, 2);
        ngx_secops_store_literal(cmd, "PERSIST");
        ngx_secops_redis_cmd_key(cmd, key->data, key->len);
        return;
    }

    ngx_secops_redis_cmd_begin(cmd, 3);
    ngx_secops_store_literal(cmd, "EXPIRE");
    ngx_secops_redis_cmd_key(cmd, key->data, key->len);
    ngx_secops_store_number(cmd, (ngx_uint_t) ending->times.list);
}


/* without memory for it, the list is shed another time */

static void
ngx_secops_store_ending_retire(ngx_secops_store_ending_t *ending,
    ngx_secops_store_t *store, const secops_key_t *key, ngx_uint_t shard,
    uint64_t list)
{
    ngx_secops_store_eval_t    *eval;
    ngx_secops_store_retire_t  *retire;

    if (ending->nretires == NGX_SECOPS_STORE_RETIRES_MAX) {
        return;
    }

    retire = ngx_alloc(sizeof(ngx_secops_store_retire_t), ngx_cycle->log);
    if (retire == NULL) {
        return;
    }

    retire->retention = ending->retention;
    retire->list = list;
    retire->key = *key;

    if (!ending->events) {
        secops_keys_records(&retire->records, ending->space, shard,
                            ending->table);
    }

    eval = &retire->eval;

    ngx_memzero(eval, sizeof(ngx_secops_store_eval_t));

    eval->call.handler = ngx_secops_store_retired;
    eval->store = store;
    eval->script = ending->events ? &ngx_secops_store_retire_events_script
                                  : &ngx_secops_store_retire_script;
    eval->nkeys = ending->events ? 1 : 2;
    eval->nargs = 2;
    eval->bytes = 2 * NGX_INT_T_LEN;

    retire->next = ending->retires;
    ending->retires = retire;
    ending->nretires++;
}


ngx_int_t
ngx_secops_store_ending_exec(ngx_secops_store_ending_t *ending,
    ngx_secops_store_t *store, ngx_secops_store_call_t *call,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_int_t  rc;

    ngx_secops_redis_cmd_begin(cmd, 1);
    ngx_secops_store_literal(cmd, "EXEC");

    if (ngx_secops_redis_cmd_size(cmd)
        > ngx_secops_redis_max_bytes(store->redis))
    {
        ngx_secops_redis_cmd_free(cmd);
        ngx_secops_store_ending_failed(ending);
        return NGX_DECLINED;
    }

    rc = ngx_secops_store_send(call, cmd, NGX_SECOPS_REDIS_DURABLE,
                               ngx_secops_store_ending_written);

    ngx_secops_store_ending_follow(ending, rc);

    return rc;
}


static void
ngx_secops_store_ending_written(void *data, ngx_secops_redis_result_t *reply)
{
    if (reply->status != NGX_SECOPS_REDIS_REPLIED
        || reply->value[0].type == SECOPS_REDIS_NIL)
    {
        ngx_secops_store_ending_lost();
    }

    ngx_secops_store_written(data, reply);
}


void
ngx_secops_store_ending_follow(ngx_secops_store_ending_t *ending, ngx_int_t rc)
{
    if (rc == NGX_OK) {
        ngx_secops_store_ending_sent(ending);

    } else {
        ngx_secops_store_ending_failed(ending);
    }
}


static void
ngx_secops_store_ending_sent(ngx_secops_store_ending_t *ending)
{
    ngx_secops_store_retire_t  *retire;

    while (ending->retires) {

        retire = ending->retires;
        ending->retires = retire->next;

        if (ngx_secops_store_eval(&retire->eval) != NGX_OK) {
            ngx_free(retire);
        }
    }
}


static void
ngx_secops_store_ending_failed(ngx_secops_store_ending_t *ending)
{
    ngx_secops_store_retire_t  *retire;

    while (ending->retires) {
        retire = ending->retires;
        ending->retires = retire->next;
        ngx_free(retire);
    }

    ngx_secops_store_ending_lost();
}


void
ngx_secops_store_ending_lost(void)
{
    ngx_secops_store_retention_epoch++;
}


static void
ngx_secops_store_retire_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_store_retire_t  *retire;

    retire = (ngx_secops_store_retire_t *) eval;

    ngx_secops_redis_cmd_key(cmd, retire->key.data, retire->key.len);

    if (eval->nkeys > 1) {
        ngx_secops_redis_cmd_key(cmd, retire->records.data,
                                 retire->records.len);
    }
}


static void
ngx_secops_store_retire_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_store_retire_t  *retire;

    retire = (ngx_secops_store_retire_t *) eval;

    ngx_secops_store_number(cmd, (ngx_uint_t) retire->retention);
    ngx_secops_store_number(cmd, SECOPS_RETENTION_BATCH);
}


static ngx_int_t
ngx_secops_store_retire_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    if (value[0].type != SECOPS_REDIS_INTEGER || value[0].integer < 0) {
        return NGX_ERROR;
    }

    result->total = (ngx_uint_t) value[0].integer;

    return NGX_OK;
}


static void
ngx_secops_store_retired(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result)
{
    ngx_secops_store_retire_t  *retire;

    static ngx_msec_t  quiet;

    retire = (ngx_secops_store_retire_t *) call;

    if (result->status == NGX_SECOPS_STORE_OK) {
        secops_retention_found(&ngx_secops_store_retention_memory,
                               retire->list,
                               result->total >= SECOPS_RETENTION_BATCH);

    } else if (quiet == 0
               || ngx_current_msec - quiet >= NGX_SECOPS_STORE_RETIRE_QUIET)
    {
        quiet = ngx_current_msec;

        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "secops: old records were not removed: %V",
                      &result->reason);
    }

    ngx_free(retire);
}
