
/*
 * A scan: the script that tells which ids are next, and how many of them fit,
 * runs one step ahead of MGET, which has their documents.  A script that reads
 * documents costs Redis three times as much as MGET; but MGET alone knows no
 * limit of bytes.
 *
 *     begin ──> ask ──> step: MGET, ask ──> handler
 *                         ^                    │
 *                         └─── next, as soon as the answer to ask is there
 */

#include "store/list/ngx_secops_store_list_internal.h"
#include "store/list/ngx_secops_store_scan.h"


static ngx_int_t ngx_secops_store_scan_ask(ngx_secops_store_scan_t *scan);
static void ngx_secops_store_scan_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_scan_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_scan_time(ngx_secops_redis_cmd_t *cmd,
    uint64_t msec);
static ngx_int_t ngx_secops_store_scan_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result);
static void ngx_secops_store_scan_told(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_secops_store_scan_step(ngx_secops_store_scan_t *scan);
static ngx_int_t ngx_secops_store_scan_get(ngx_secops_store_scan_t *scan);
static void ngx_secops_store_scan_got(void *data,
    ngx_secops_redis_result_t *reply);


static ngx_secops_store_script_t  ngx_secops_store_scan_script = {
    &secops_script_scan, NGX_SECOPS_REDIS_REPLAY,
    ngx_secops_store_scan_keys, ngx_secops_store_scan_args,
    ngx_secops_store_scan_read,
    0, ""
};


ngx_int_t
ngx_secops_store_scan_begin(ngx_secops_store_t *store,
    ngx_secops_store_scan_t *scan, const secops_keyspace_t *space,
    ngx_pool_t *pool)
{
    ngx_int_t  rc;

    if (scan->ids == NULL) {
        scan->ids = ngx_pnalloc(pool, scan->n * SECOPS_ID_LEN);
        scan->next = ngx_pnalloc(pool, scan->n * SECOPS_ID_LEN);

        if (scan->ids == NULL || scan->next == NULL) {
            return NGX_ERROR;
        }
    }

    scan->ask.store = store;
    scan->ask.space = space;
    scan->ask.script = &ngx_secops_store_scan_script;
    scan->ask.call.handler = ngx_secops_store_scan_told;
    scan->ask.call.data = scan;
    scan->call.also = &scan->ask.call;

    rc = ngx_secops_store_scan_ask(scan);

    scan->waiting = (rc == NGX_OK);

    return rc;
}


ngx_int_t
ngx_secops_store_scan_next(ngx_secops_store_scan_t *scan)
{
    ngx_int_t  rc;

    if (scan->known) {
        return ngx_secops_store_scan_step(scan);
    }

    /* if they could not be told in advance, they are asked for again */

    rc = scan->asking ? NGX_OK : ngx_secops_store_scan_ask(scan);

    scan->waiting = (rc == NGX_OK);

    return rc;
}


static ngx_int_t
ngx_secops_store_scan_ask(ngx_secops_store_scan_t *scan)
{
    ngx_int_t  rc;

    scan->ask.nkeys = 2;
    scan->ask.nargs = 6 + scan->marks.nbefore + scan->marks.nafter;

    rc = ngx_secops_store_eval(&scan->ask);

    scan->asking = (rc == NGX_OK);

    return rc;
}


static void
ngx_secops_store_scan_keys(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_store_scan_t  *scan;

    scan = eval->call.data;

    ngx_secops_store_list_keys(&scan->list, eval->space, cmd);
}


static void
ngx_secops_store_scan_args(ngx_secops_store_eval_t *eval,
    ngx_secops_redis_cmd_t *cmd)
{
    size_t                    i;
    secops_reply_marks_t     *marks;
    ngx_secops_store_scan_t  *scan;

    scan = eval->call.data;
    marks = &scan->marks;

    if (marks->nbefore) {
        ngx_secops_store_number(cmd, scan->left);

    } else {
        ngx_secops_store_literal(cmd, "");
    }

    ngx_secops_store_number(cmd, scan->n);
    ngx_secops_store_number(cmd, scan->bytes);
    ngx_secops_store_scan_time(cmd, scan->from);
    ngx_secops_store_scan_time(cmd, scan->to);

    ngx_secops_store_number(cmd, marks->nbefore);

    for (i = 0; i < marks->nbefore + marks->nafter; i++) {
        ngx_secops_redis_cmd_arg(cmd, marks->ids + i * SECOPS_ID_LEN,
                                 SECOPS_ID_LEN);
    }
}


static void
ngx_secops_store_scan_time(ngx_secops_redis_cmd_t *cmd, uint64_t msec)
{
    if (msec) {
        ngx_secops_store_number(cmd, (ngx_uint_t) msec);

    } else {
        ngx_secops_store_literal(cmd, "");
    }
}


static ngx_int_t
ngx_secops_store_scan_read(ngx_secops_store_eval_t *eval,
    secops_redis_value_t *value, ngx_secops_store_result_t *result)
{
    secops_reply_scan_t       reply;
    ngx_secops_store_scan_t  *scan;

    scan = eval->call.data;

    if (secops_reply_scan(&reply, value, value[0].next, scan->n) != 0) {
        return NGX_ERROR;
    }

    scan->left = (ngx_uint_t) reply.left;
    scan->passed += (ngx_uint_t) reply.passed;
    scan->nnext = reply.ids.n;
    scan->known = (reply.ids.n != 0);

    secops_reply_ids_copy(scan->next, &reply.ids, 0);

    secops_reply_marks_take(&scan->marks, &reply);

    return NGX_OK;
}


/* the next ids are there, or none of these entries is wanted, or Redis could
   not tell: then known stays 0, and the next step asks again */

static void
ngx_secops_store_scan_told(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result)
{
    ngx_int_t                  rc;
    ngx_secops_store_scan_t   *scan;
    ngx_secops_redis_result_t  reply;

    scan = call->data;
    scan->asking = 0;

    if (!scan->waiting) {
        return;
    }

    scan->waiting = 0;

    if (!scan->known) {
        scan->done = (scan->left == 0);
        scan->call.handler(&scan->call, result);
        return;
    }

    rc = ngx_secops_store_scan_step(scan);

    if (rc != NGX_OK) {
        ngx_memzero(&reply, sizeof(ngx_secops_redis_result_t));
        ngx_secops_store_unsent(scan->ask.store, rc, &reply);
        ngx_secops_store_answer(&scan->call, &reply, result);
    }
}


/* the script first, so that its answer is there when the documents are */

static ngx_int_t
ngx_secops_store_scan_step(ngx_secops_store_scan_t *scan)
{
    u_char     *ids;
    ngx_int_t   rc;

    ids = scan->ids;
    scan->ids = scan->next;
    scan->next = ids;
    scan->nids = scan->nnext;
    scan->known = 0;

    if (scan->left) {
        rc = ngx_secops_store_scan_ask(scan);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    rc = ngx_secops_store_scan_get(scan);

    if (rc != NGX_OK) {
        ngx_secops_store_cancel(&scan->ask.call);
        scan->asking = 0;
    }

    return rc;
}


static ngx_int_t
ngx_secops_store_scan_get(ngx_secops_store_scan_t *scan)
{
    ngx_uint_t               i, shard;
    secops_key_t             key;
    ngx_secops_redis_cmd_t  *cmd;

    shard = ngx_secops_store_list_shard(&scan->list);

    secops_keys_records(&key, scan->ask.space, shard, scan->list.table);

    cmd = ngx_secops_redis_cmd_create(scan->ask.store->redis,
                                      scan->nids
                                      * (key.len + SECOPS_ID_LEN + 8) + 32);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    ngx_secops_redis_cmd_begin(cmd, 1 + scan->nids);
    ngx_secops_store_literal(cmd, "MGET");

    for (i = 0; i < scan->nids; i++) {
        secops_keys_record(&key, scan->ask.space, shard, scan->list.table,
                           scan->ids + i * SECOPS_ID_LEN);
        ngx_secops_redis_cmd_key(cmd, key.data, key.len);
    }

    return ngx_secops_store_send(&scan->call, cmd, NGX_SECOPS_REDIS_REPLAY,
                                 ngx_secops_store_scan_got);
}


static void
ngx_secops_store_scan_got(void *data, ngx_secops_redis_result_t *reply)
{
    ngx_secops_store_scan_t  *scan = data;

    ngx_secops_store_result_t  result;

    ngx_memzero(&result, sizeof(ngx_secops_store_result_t));

    result.ids = scan->ids;
    result.nids = scan->nids;

    scan->done = (scan->left == 0 && !scan->asking && !scan->known);

    if (reply->status == NGX_SECOPS_REDIS_REPLIED
        && ngx_secops_store_list_documents(reply->value, scan->nids, scan->nids,
                                      &result)
           != NGX_OK)
    {
        result.status = NGX_SECOPS_STORE_REFUSED;
        ngx_str_set(&result.reason, "unexpected reply to MGET");
    }

    ngx_secops_store_answer(&scan->call, reply, &result);

    /* the scan may be gone */

    if (result.documents) {
        ngx_free(result.documents);
    }
}
