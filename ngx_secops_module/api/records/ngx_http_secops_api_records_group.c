
/*
 * Record API: the records of a request in groups, each of which is one call of
 * the store.  A group of one shard's records makes a batch cheap for Redis; a
 * record is all the same stored, or not, with all that belongs to it.
 */

#include "api/records/ngx_http_secops_api_records.h"
#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_reply.h"
#include "http/ngx_http_secops_tables.h"


static ngx_http_secops_records_group_t *ngx_http_secops_records_group(
    ngx_http_secops_records_t *records, size_t len);
static ngx_int_t ngx_http_secops_records_join(
    ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry,
    const ngx_secops_store_record_t *record);
static ngx_http_secops_records_group_t *ngx_http_secops_records_call(
    ngx_http_secops_records_t *records);
static ngx_int_t ngx_http_secops_records_send_group(
    ngx_http_secops_records_t *records,
    ngx_http_secops_records_group_t *group);
static ngx_int_t ngx_http_secops_records_sent(
    ngx_http_secops_records_group_t *group, ngx_int_t rc);
static void ngx_http_secops_records_fail_group(
    ngx_http_secops_records_group_t *group, secops_error_e error,
    ngx_str_t *reason);
static ngx_int_t ngx_http_secops_records_apart(
    ngx_http_secops_records_t *records);
static ngx_int_t ngx_http_secops_records_too_large(
    ngx_http_secops_records_t *records);
static void ngx_http_secops_records_spare(ngx_http_secops_records_t *records);
static ngx_int_t ngx_http_secops_records_answered(void *data,
    ngx_secops_store_result_t *result);


ngx_int_t
ngx_http_secops_records_store(ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry,
    const ngx_secops_store_record_t *record)
{
    ngx_int_t                          rc;
    ngx_uint_t                         shard;
    ngx_http_secops_records_group_t  **open;

    if (!records->batch
        && ngx_secops_store_joins(ngx_http_secops_store(records->ctx),
                                  record->json.len))
    {
        return ngx_http_secops_records_join(records, entry, record);
    }

    /* of an atomic batch, the first shard's group has them all */

    shard = records->atomic ? 0 : secops_id_known_shard(entry->id.text);
    open = &records->open[shard];

    if (*open
        && ngx_secops_store_group_full((*open)->group, record->json.len))
    {
        rc = ngx_http_secops_records_send_group(records, *open);
        *open = NULL;

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    if (*open == NULL) {
        *open = ngx_http_secops_records_group(records, record->json.len);

        if (*open == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    if (!ngx_secops_store_group_takes((*open)->group,
                                      secops_id_known_shard(entry->id.text)))
    {
        return ngx_http_secops_records_apart(records);
    }

    entry->group = *open;

    ngx_secops_store_group_add(entry->group->group, record);

    return NGX_DECLINED;
}


/* a new one; len: of its first record */

static ngx_http_secops_records_group_t *
ngx_http_secops_records_group(ngx_http_secops_records_t *records, size_t len)
{
    ngx_uint_t                        share;
    ngx_secops_store_group_t         *store;
    ngx_http_secops_records_group_t  *group;

    group = ngx_http_secops_records_call(records);
    if (group == NULL) {
        return NULL;
    }

    store = ngx_pcalloc(records->request->pool,
                        sizeof(ngx_secops_store_group_t));
    if (store == NULL) {
        return NULL;
    }

    store->store = ngx_http_secops_store(records->ctx);
    store->space = &records->space;
    store->table = records->table->name;
    store->audit = &records->audit;
    store->whole = records->atomic;
    store->retention = ngx_http_secops_retention(records->ctx, records->table);

    group->group = store;

    /* the records of a batch are likely to be spread over all shards */

    share = records->atomic ? 1 : SECOPS_ID_SHARDS;

    if (ngx_secops_store_group_begin(store, len + records->size / share,
                                     1 + records->nentries / share)
        != NGX_OK)
    {
        return NULL;
    }

    return group;
}


/* a single record, which may share its transaction with other requests' */

static ngx_int_t
ngx_http_secops_records_join(ngx_http_secops_records_t *records,
    ngx_http_secops_records_entry_t *entry,
    const ngx_secops_store_record_t *record)
{
    ngx_secops_store_join_record_t   *join;
    ngx_http_secops_records_group_t  *group;

    group = ngx_http_secops_records_call(records);
    if (group == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    join = ngx_pcalloc(records->request->pool,
                       sizeof(ngx_secops_store_join_record_t));
    if (join == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    join->join.store = ngx_http_secops_store(records->ctx);
    join->join.space = &records->space;
    join->join.table = records->table->name;
    join->audit = &records->audit;
    join->retention = ngx_http_secops_retention(records->ctx, records->table);
    join->record = *record;

    entry->group = group;

    return ngx_http_secops_records_sent(group,
                           ngx_secops_store_join_record(join, &group->call));
}


static ngx_http_secops_records_group_t *
ngx_http_secops_records_call(ngx_http_secops_records_t *records)
{
    ngx_http_secops_records_group_t  *group;

    group = ngx_pcalloc(records->request->pool,
                        sizeof(ngx_http_secops_records_group_t));
    if (group == NULL) {
        return NULL;
    }

    group->records = records;

    ngx_http_secops_calls_add(records->ctx, &group->link, &group->call,
                              ngx_http_secops_records_answered, group);

    return group;
}


ngx_int_t
ngx_http_secops_records_send(ngx_http_secops_records_t *records)
{
    ngx_int_t                         rc;
    ngx_uint_t                        shard;
    ngx_http_secops_records_group_t  *group;

    if (records->atomic && records->refused) {
        ngx_http_secops_records_spare(records);
        return NGX_DECLINED;
    }

    for (shard = 0; shard < SECOPS_ID_SHARDS; shard++) {

        group = records->open[shard];

        if (group == NULL) {
            continue;
        }

        records->open[shard] = NULL;

        rc = ngx_http_secops_records_send_group(records, group);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    if (records->facts) {
        ngx_http_secops_records_fact_send(records);
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_secops_records_send_group(ngx_http_secops_records_t *records,
    ngx_http_secops_records_group_t *group)
{
    return ngx_http_secops_records_sent(group,
                           ngx_secops_store_group_send(group->group,
                                                       &group->call));
}


/* rc: how the store has started the call */

static ngx_int_t
ngx_http_secops_records_sent(ngx_http_secops_records_group_t *group,
    ngx_int_t rc)
{
    ngx_str_t                   reason;
    secops_error_e              error;
    ngx_http_secops_records_t  *records;

    static ngx_str_t  no_memory = ngx_string("no memory");
    static ngx_str_t  too_large = ngx_string("larger than all commands that "
                                             "may be pending");

    records = group->records;

    switch (ngx_http_secops_calls_sent(records->ctx, rc)) {

    case NGX_OK:
        break;

    case NGX_DECLINED:

        if (records->atomic) {
            return ngx_http_secops_records_too_large(records);
        }

        ngx_http_secops_records_fail_group(group, SECOPS_ERROR_PERSIST_LATER,
                                           &too_large);
        break;

    case NGX_BUSY:
        error = ngx_http_secops_calls_busy(records->ctx, NGX_HTTP_SECOPS_WRITE,
                                           &reason);
        ngx_http_secops_records_fail_group(group, error, &reason);
        break;

    default: /* NGX_ERROR */
        ngx_http_secops_records_fail_group(group, SECOPS_ERROR_PERSIST,
                                           &no_memory);
    }

    return NGX_DECLINED;
}


static void
ngx_http_secops_records_fail_group(ngx_http_secops_records_group_t *group,
    secops_error_e error, ngx_str_t *reason)
{
    group->error = error;
    group->records->reason = *reason;
}


static ngx_int_t
ngx_http_secops_records_apart(ngx_http_secops_records_t *records)
{
    static ngx_str_t  none = ngx_null_string;
    static ngx_str_t  detail = ngx_string("/data: this store is a Redis "
                                          "Cluster: the records of an atomic "
                                          "batch must lie in one shard, as "
                                          "those about one subject do");

    return ngx_http_secops_fail(records->request, records->ctx,
                                SECOPS_ERROR_BODY, &none, &detail);
}


static ngx_int_t
ngx_http_secops_records_too_large(ngx_http_secops_records_t *records)
{
    static ngx_str_t  none = ngx_null_string;
    static ngx_str_t  detail = ngx_string("an atomic batch must fit into "
                                          "secops_redis_max_pending");

    return ngx_http_secops_fail(records->request, records->ctx,
                                SECOPS_ERROR_TOO_LARGE, &none, &detail);
}


/* valid records of an atomic batch are dropped along with the invalid ones */

static void
ngx_http_secops_records_spare(ngx_http_secops_records_t *records)
{
    ngx_uint_t                        i;
    ngx_http_secops_records_entry_t  *entry;

    for (i = 0; i < records->nentries; i++) {

        entry = &records->entries[i];

        if (entry->error == SECOPS_ERROR_NONE) {
            entry->group = NULL;
            entry->error = SECOPS_ERROR_ATOMIC;
            ngx_str_set(&entry->detail, "this record is valid, others of "
                                        "the batch are not");
        }
    }
}


void
ngx_http_secops_records_drop(ngx_http_secops_records_t *records)
{
    ngx_uint_t  shard;

    for (shard = 0; shard < SECOPS_ID_SHARDS; shard++) {

        if (records->open[shard]) {
            ngx_secops_store_group_free(records->open[shard]->group);
            records->open[shard] = NULL;
        }
    }
}


static ngx_int_t
ngx_http_secops_records_answered(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_records_group_t *group = data;

    ngx_str_t                   reason;
    secops_error_e              error;
    ngx_http_secops_records_t  *records;

    records = group->records;

    error = ngx_http_secops_store_error(NGX_HTTP_SECOPS_WRITE, result->status);

    if (error != SECOPS_ERROR_NONE) {

        /* only the last reason is logged: they rarely differ */

        reason.data = ngx_pstrdup(records->request->pool, &result->reason);
        reason.len = reason.data ? result->reason.len : 0;

        ngx_http_secops_records_fail_group(group, error, &reason);
    }

    return records->ctx->calls.pending
           ? NGX_DONE : ngx_http_secops_records_reply(records);
}
