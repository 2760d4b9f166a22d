
/*
 * Records as one transaction: MULTI, for each record what is its own, then the
 * index of each shard with all its new members, EXEC.
 */

#include "store/ngx_secops_store_internal.h"


/* names, lengths and small arguments of a record's commands, rounded up */

#define NGX_SECOPS_STORE_OVERHEAD  1024

/* Redis does nothing else while it executes a transaction, and beyond some
   dozens of records a larger one is not cheaper */

#define NGX_SECOPS_STORE_GROUP     (256 * 1024)


static void ngx_secops_store_group_set(ngx_secops_store_group_t *group,
    ngx_uint_t shard, const ngx_secops_store_record_t *record);
static void ngx_secops_store_group_subject(ngx_secops_store_group_t *group,
    ngx_uint_t shard, const ngx_secops_store_record_t *record);
static void ngx_secops_store_group_audit(ngx_secops_store_group_t *group,
    ngx_uint_t shard, const ngx_secops_store_record_t *record);
static void ngx_secops_store_group_index(ngx_secops_store_group_t *group,
    ngx_uint_t shard);


ngx_int_t
ngx_secops_store_group_begin(ngx_secops_store_group_t *group, size_t bytes,
    ngx_uint_t n)
{
    size_t               size;
    ngx_uint_t           shard;
    ngx_secops_redis_t  *redis;

    redis = group->store->redis;

    group->limit = ngx_secops_redis_max_bytes(redis);

    if (!group->whole) {
        group->limit = ngx_min(group->limit / SECOPS_ID_SHARDS,
                               NGX_SECOPS_STORE_GROUP);
    }

    size = bytes + n * NGX_SECOPS_STORE_OVERHEAD;

    group->cmd = ngx_secops_redis_cmd_create(redis,
                                             ngx_min(size, group->limit));
    if (group->cmd == NULL) {
        return NGX_ERROR;
    }

    for (shard = 0; shard < SECOPS_ID_SHARDS; shard++) {
        group->last[shard] = &group->ids[shard];
    }

    ngx_secops_redis_cmd_begin(group->cmd, 1);
    ngx_secops_store_literal(group->cmd, "MULTI");

    return NGX_OK;
}


ngx_uint_t
ngx_secops_store_group_full(ngx_secops_store_group_t *group, size_t len)
{
    return !group->whole
           && ngx_secops_redis_cmd_size(group->cmd) + len
              + NGX_SECOPS_STORE_OVERHEAD
              > group->limit;
}


ngx_uint_t
ngx_secops_store_group_takes(ngx_secops_store_group_t *group,
    ngx_uint_t shard)
{
    return group->nrecords == 0
           || group->shard == shard
           || !ngx_secops_redis_cluster(group->store->redis);
}


void
ngx_secops_store_group_add(ngx_secops_store_group_t *group,
    const ngx_secops_store_record_t *record)
{
    ngx_uint_t  shard;

    shard = secops_id_digit(record->id->text[0]);

    if (group->nrecords++ == 0) {
        group->shard = shard;
    }

    ngx_secops_store_group_set(group, shard, record);

    if (record->digest) {
        ngx_secops_store_group_subject(group, shard, record);
    }

    ngx_secops_store_group_audit(group, shard, record);

    record->id->next = NULL;
    *group->last[shard] = record->id;
    group->last[shard] = &record->id->next;
    group->nids[shard]++;
}


static void
ngx_secops_store_group_set(ngx_secops_store_group_t *group, ngx_uint_t shard,
    const ngx_secops_store_record_t *record)
{
    secops_key_t  key;

    secops_keys_record(&key, group->space, shard, group->table,
                       record->id->text);

    ngx_secops_redis_cmd_begin(group->cmd, 3);
    ngx_secops_store_literal(group->cmd, "SET");
    ngx_secops_redis_cmd_key(group->cmd, key.data, key.len);
    ngx_secops_redis_cmd_arg(group->cmd, record->json.data, record->json.len);
}


static void
ngx_secops_store_group_subject(ngx_secops_store_group_t *group,
    ngx_uint_t shard, const ngx_secops_store_record_t *record)
{
    secops_key_t  key;

    secops_keys_subject(&key, group->space, shard, group->table,
                        record->digest);

    ngx_secops_redis_cmd_begin(group->cmd, 3);
    ngx_secops_store_literal(group->cmd, "LPUSH");
    ngx_secops_redis_cmd_key(group->cmd, key.data, key.len);
    ngx_secops_redis_cmd_arg(group->cmd, record->id->text, SECOPS_ID_LEN);
}


/* the entry's own id is its time.  The first one trims for all of a stream's */

static void
ngx_secops_store_group_audit(ngx_secops_store_group_t *group, ngx_uint_t shard,
    const ngx_secops_store_record_t *record)
{
    ngx_str_t       maxlen;
    secops_key_t    key;
    secops_slice_t  id;

    ngx_str_null(&maxlen);

    if (group->nids[shard] == 0) {
        maxlen = group->store->audit_maxlen;
    }

    secops_keys_audit(&key, group->space, shard);

    id.len = SECOPS_ID_LEN;
    id.data = record->id->text;

    ngx_secops_redis_cmd_begin(group->cmd,
                               2 + ngx_secops_store_audit_argc(&maxlen));
    ngx_secops_store_literal(group->cmd, "XADD");
    ngx_secops_redis_cmd_key(group->cmd, key.data, key.len);
    ngx_secops_store_audit_args(group->cmd, &maxlen, group->audit,
                                group->table, id);
}


/*
 * The command is not marked NGX_SECOPS_REDIS_REPLAY, although the ids were
 * chosen before: writing it twice would leave two audit entries of one write.
 */

ngx_int_t
ngx_secops_store_group_send(ngx_secops_store_group_t *group,
    ngx_secops_store_call_t *call)
{
    ngx_uint_t               shard;
    ngx_secops_redis_cmd_t  *cmd;

    for (shard = 0; shard < SECOPS_ID_SHARDS; shard++) {
        if (group->nids[shard]) {
            ngx_secops_store_group_index(group, shard);
        }
    }

    cmd = group->cmd;
    group->cmd = NULL;

    ngx_secops_redis_cmd_begin(cmd, 1);
    ngx_secops_store_literal(cmd, "EXEC");

    if (ngx_secops_redis_cmd_size(cmd)
        > ngx_secops_redis_max_bytes(group->store->redis))
    {
        ngx_secops_redis_cmd_free(cmd);
        return NGX_DECLINED;
    }

    return ngx_secops_store_send(call, cmd, NGX_SECOPS_REDIS_DURABLE,
                                 ngx_secops_store_written);
}


/* the oldest first, so that the newest comes to stand at the head */

static void
ngx_secops_store_group_index(ngx_secops_store_group_t *group, ngx_uint_t shard)
{
    secops_key_t            key;
    ngx_secops_store_id_t  *id;

    secops_keys_index(&key, group->space, shard, group->table);

    ngx_secops_redis_cmd_begin(group->cmd, 2 + group->nids[shard]);
    ngx_secops_store_literal(group->cmd, "LPUSH");
    ngx_secops_redis_cmd_key(group->cmd, key.data, key.len);

    for (id = group->ids[shard]; id; id = id->next) {
        ngx_secops_redis_cmd_arg(group->cmd, id->text, SECOPS_ID_LEN);
    }
}


void
ngx_secops_store_group_free(ngx_secops_store_group_t *group)
{
    if (group->cmd) {
        ngx_secops_redis_cmd_free(group->cmd);
        group->cmd = NULL;
    }
}
