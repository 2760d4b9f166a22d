
/*
 * Records.  A group of them is one transaction: MULTI, each record, then the
 * indexes and the audit with what is new to them, EXEC.  The fewer commands,
 * the cheaper for Redis: what goes to one key goes there at once.
 */

#include "store/ngx_secops_store_internal.h"
#include "model/audit/secops_audit_parts.h"


/* Redis does nothing else while it executes a transaction, and beyond some
   dozens of records a larger one is not cheaper */

#define NGX_SECOPS_STORE_GROUP     (256 * 1024)


static void ngx_secops_store_group_set(ngx_secops_store_group_t *group,
    ngx_uint_t shard, const ngx_secops_store_record_t *record);
static void ngx_secops_store_group_about(ngx_secops_store_group_t *group,
    const ngx_secops_store_record_t *record);
static void ngx_secops_store_group_audit(ngx_secops_store_group_t *group,
    ngx_uint_t shard);
static void ngx_secops_store_group_index(ngx_secops_store_group_t *group,
    ngx_uint_t shard);


ngx_int_t
ngx_secops_store_group_begin(ngx_secops_store_group_t *group, size_t bytes,
    ngx_uint_t n)
{
    size_t                   size;
    ngx_secops_redis_t      *redis;
    ngx_secops_redis_cmd_t  *cmd;

    redis = group->store->redis;

    group->limit = group->whole ? ngx_secops_redis_max_bytes(redis)
                                : ngx_secops_store_group_limit(group->store);

    size = bytes + n * NGX_SECOPS_STORE_OVERHEAD;

    cmd = ngx_secops_redis_cmd_create(redis, ngx_min(size, group->limit));
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    ngx_secops_redis_cmd_begin(cmd, 1);
    ngx_secops_store_literal(cmd, "MULTI");

    ngx_secops_store_group_join(group, cmd);

    return NGX_OK;
}


void
ngx_secops_store_group_join(ngx_secops_store_group_t *group,
    ngx_secops_redis_cmd_t *cmd)
{
    group->cmd = cmd;

    group->ending.retention = group->retention;
    group->ending.space = group->space;
    group->ending.table = group->table;

    ngx_secops_store_ending_begin(&group->ending, group->store);

    if (group->retention > 0) {
        group->ttl_len = ngx_sprintf(group->ttl, "%L", group->retention)
                         - group->ttl;
    }
}


size_t
ngx_secops_store_group_limit(const ngx_secops_store_t *store)
{
    return ngx_min(ngx_secops_redis_max_bytes(store->redis) / SECOPS_ID_SHARDS,
                   NGX_SECOPS_STORE_GROUP);
}


ngx_uint_t
ngx_secops_store_group_full(ngx_secops_store_group_t *group, size_t len)
{
    return !group->whole
           && group->size + len + NGX_SECOPS_STORE_OVERHEAD > group->limit;
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
    ngx_uint_t               shard;
    ngx_secops_store_ids_t  *ids;

    shard = secops_id_known_shard(record->id->text);

    if (group->nrecords++ == 0) {
        group->shard = shard;
    }

    group->size += record->json.len + NGX_SECOPS_STORE_OVERHEAD;

    ngx_secops_store_group_set(group, shard, record);

    ids = &group->ids[shard];

    record->id->next = NULL;

    if (ids->n++ == 0) {
        ids->first = record->id;

    } else {
        ids->last->next = record->id;
    }

    ids->last = record->id;

    if (record->subject) {
        ngx_secops_store_group_about(group, record);
    }
}


static void
ngx_secops_store_group_set(ngx_secops_store_group_t *group, ngx_uint_t shard,
    const ngx_secops_store_record_t *record)
{
    secops_key_t  key;

    secops_keys_record(&key, group->space, shard, group->table,
                       record->id->text);

    if (group->retention > 0) {

        /* says the same as SET with EX, and costs Redis less */

        ngx_secops_redis_cmd_begin(group->cmd, 4);
        ngx_secops_store_literal(group->cmd, "SETEX");
        ngx_secops_redis_cmd_key(group->cmd, key.data, key.len);
        ngx_secops_redis_cmd_arg(group->cmd, group->ttl, group->ttl_len);

    } else {
        ngx_secops_redis_cmd_begin(group->cmd, 3);
        ngx_secops_store_literal(group->cmd, "SET");
        ngx_secops_redis_cmd_key(group->cmd, key.data, key.len);
    }

    ngx_secops_redis_cmd_arg(group->cmd, record->json.data, record->json.len);
}


/* joins those that are about the same */

static void
ngx_secops_store_group_about(ngx_secops_store_group_t *group,
    const ngx_secops_store_record_t *record)
{
    ngx_secops_store_id_t       *id;
    ngx_secops_store_subject_t  *subject, **list;

    id = record->id;
    id->same = NULL;

    /* the first digit is the shard, which most of them share */

    list = &group->subjects[secops_id_digit(record->subject->digest[1])];

    for (subject = *list; subject; subject = subject->next) {

        if (ngx_memcmp(subject->digest, record->subject->digest,
                       SECOPS_KEYS_DIGEST_LEN)
            == 0)
        {
            subject->ids.last->same = id;
            subject->ids.last = id;
            subject->ids.n++;
            return;
        }
    }

    subject = record->subject;

    subject->ids.first = id;
    subject->ids.last = id;
    subject->ids.n = 1;

    subject->next = *list;
    *list = subject;
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

    ngx_secops_store_group_subjects(group);

    for (shard = 0; shard < SECOPS_ID_SHARDS; shard++) {
        if (group->ids[shard].n) {
            ngx_secops_store_group_audit(group, shard);
            ngx_secops_store_group_index(group, shard);
        }
    }

    cmd = group->cmd;
    group->cmd = NULL;

    return ngx_secops_store_ending_exec(&group->ending, group->store, call,
                                        cmd);
}


/* the oldest first, so that the newest comes to stand at the head */

void
ngx_secops_store_group_subjects(ngx_secops_store_group_t *group)
{
    ngx_uint_t                   i, n, shard;
    secops_key_t                 key;
    ngx_secops_store_id_t       *id;
    ngx_secops_store_subject_t  *subject;

    for (i = 0; i < NGX_SECOPS_STORE_SUBJECTS; i++) {

        for (subject = group->subjects[i]; subject; subject = subject->next) {

            shard = secops_keys_digest_shard(subject->digest);

            secops_keys_subject(&key, group->space, shard, group->table,
                                subject->digest);

            n = ngx_secops_redis_cmd_count(group->cmd);

            ngx_secops_redis_cmd_begin(group->cmd, 2 + subject->ids.n);
            ngx_secops_store_literal(group->cmd, "LPUSH");
            ngx_secops_redis_cmd_key(group->cmd, key.data, key.len);

            for (id = subject->ids.first; id; id = id->same) {
                ngx_secops_redis_cmd_arg(group->cmd, id->text, SECOPS_ID_LEN);
            }

            ngx_secops_store_ending_list(&group->ending, group->store,
                                         group->cmd, &key, shard,
                                         subject->digest, subject->ids.n,
                                         subject->ids.first->text);

            ngx_secops_store_span(&subject->ids.span, group->cmd, n);
        }
    }
}


/* the entries' own ids are their time.  The first one trims for all */

static void
ngx_secops_store_group_audit(ngx_secops_store_group_t *group, ngx_uint_t shard)
{
    u_char                 *p, text[SECOPS_AUDIT_IDS_LEN];
    ngx_str_t               maxlen;
    ngx_uint_t              n;
    secops_key_t            key;
    secops_slice_t          fields[SECOPS_AUDIT_FIELDS];
    ngx_secops_store_id_t  *id;

    static const secops_slice_t  none = secops_slice("");

    secops_keys_audit(&key, group->space, shard);

    id = group->ids[shard].first;

    ngx_secops_store_audit_trim(group->store, id->text, &maxlen);

    do {
        p = text;

        for (n = 0; n < SECOPS_AUDIT_PARTS && id; n++) {

            if (n) {
                *p++ = SECOPS_AUDIT_COMMA;
            }

            p = ngx_cpymem(p, id->text, SECOPS_ID_LEN);
            id = id->next;
        }

        ngx_secops_store_audit_record(group->audit, group->table,
                                      secops_slice_bytes(text, p - text),
                                      fields);
        ngx_secops_store_audit_add_entry(group->cmd, &key, &maxlen, fields,
                                         none);

        ngx_str_null(&maxlen);

    } while (id);
}


void
ngx_secops_store_group_indexes(ngx_secops_store_group_t *group)
{
    ngx_uint_t  shard;

    for (shard = 0; shard < SECOPS_ID_SHARDS; shard++) {
        if (group->ids[shard].n) {
            ngx_secops_store_group_index(group, shard);
        }
    }
}


static void
ngx_secops_store_group_index(ngx_secops_store_group_t *group, ngx_uint_t shard)
{
    ngx_uint_t              n;
    secops_key_t            key;
    ngx_secops_store_id_t  *id;

    secops_keys_index(&key, group->space, shard, group->table);

    n = ngx_secops_redis_cmd_count(group->cmd);

    ngx_secops_redis_cmd_begin(group->cmd, 2 + group->ids[shard].n);
    ngx_secops_store_literal(group->cmd, "LPUSH");
    ngx_secops_redis_cmd_key(group->cmd, key.data, key.len);

    for (id = group->ids[shard].first; id; id = id->next) {
        ngx_secops_redis_cmd_arg(group->cmd, id->text, SECOPS_ID_LEN);
    }

    ngx_secops_store_ending_list(&group->ending, group->store, group->cmd,
                                 &key, shard, NULL, group->ids[shard].n,
                                 group->ids[shard].first->text);

    ngx_secops_store_span(&group->ids[shard].span, group->cmd, n);
}


void
ngx_secops_store_group_free(ngx_secops_store_group_t *group)
{
    if (group->cmd) {
        ngx_secops_redis_cmd_free(group->cmd);
        group->cmd = NULL;
    }
}


ngx_int_t
ngx_secops_store_get_record(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, const secops_keyspace_t *space,
    secops_slice_t table, ngx_str_t *sys_id)
{
    ngx_int_t     shard;
    secops_key_t  key;

    shard = secops_id_shard(ngx_secops_slice(sys_id));

    if (shard < 0) {
        return NGX_ERROR;
    }

    secops_keys_record(&key, space, shard, table, sys_id->data);

    return ngx_secops_store_get(store, call, &key);
}
