
/*
 * The records of ids, in the order of the ids.  They are read by shard, so many
 * at once, ahead of where they are taken: what was read and not taken is a step
 * at most.
 */

#include "api/tables/ngx_http_secops_api_tables.h"
#include "util/ngx_secops_string.h"


static ngx_int_t ngx_http_secops_tables_documents_next(
    ngx_http_secops_tables_list_t *list,
    ngx_http_secops_tables_record_t **record);
static ngx_uint_t ngx_http_secops_tables_documents_shard(
    ngx_http_secops_tables_list_t *list);
static ngx_int_t ngx_http_secops_tables_documents_step(
    ngx_http_secops_tables_list_t *list);
static ngx_uint_t ngx_http_secops_tables_shard_wants(
    ngx_http_secops_tables_shard_t *shard);
static ngx_int_t ngx_http_secops_tables_shard_read(
    ngx_http_secops_tables_shard_t *shard, ngx_uint_t share);
static ngx_int_t ngx_http_secops_tables_shard_answer(void *data,
    ngx_secops_store_result_t *result);


const ngx_http_secops_tables_source_t  ngx_http_secops_tables_documents = {
    ngx_http_secops_tables_documents_next,
    ngx_http_secops_tables_documents_step
};


ngx_int_t
ngx_http_secops_tables_documents_begin(ngx_http_secops_tables_list_t *list,
    const u_char *ids, ngx_uint_t n)
{
    u_char                          *p;
    ngx_uint_t                       i;
    ngx_http_secops_tables_shard_t  *shards, *shard;

    shards = ngx_pcalloc(list->request->pool, SECOPS_ID_SHARDS
                                     * sizeof(ngx_http_secops_tables_shard_t));
    p = ngx_pnalloc(list->request->pool, n * SECOPS_ID_LEN + 1);

    if (shards == NULL || p == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {
        shards[secops_id_known_shard(ids + i * SECOPS_ID_LEN)].n++;
    }

    for (i = 0; i < SECOPS_ID_SHARDS; i++) {
        shard = &shards[i];

        shard->list = list;
        shard->ids = p;
        p += shard->n * SECOPS_ID_LEN;
        shard->n = 0;

        shard->read.table = list->table->name;
        shard->read.shard = i;

        ngx_http_secops_calls_add(list->ctx, &shard->link,
                                  &shard->read.eval.call,
                                  ngx_http_secops_tables_shard_answer, shard);
    }

    for (i = 0; i < n; i++) {
        shard = &shards[secops_id_known_shard(ids + i * SECOPS_ID_LEN)];

        ngx_memcpy(shard->ids + shard->n++ * SECOPS_ID_LEN,
                   ids + i * SECOPS_ID_LEN, SECOPS_ID_LEN);
    }

    ngx_http_secops_tables_documents_free(list);

    list->ids.shards = shards;
    list->ids.ids = ids;
    list->ids.n = n;
    list->ids.taken = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_tables_documents_next(ngx_http_secops_tables_list_t *list,
    ngx_http_secops_tables_record_t **record)
{
    ngx_http_secops_tables_ids_t    *ids;
    ngx_http_secops_tables_shard_t  *shard;

    ids = &list->ids;

    if (ids->taken == ids->n) {
        return NGX_DONE;
    }

    shard = &ids->shards[ngx_http_secops_tables_documents_shard(list)];

    *record = ngx_http_secops_tables_next(&shard->queue);

    if (*record == NULL) {
        return NGX_AGAIN;
    }

    ids->taken++;

    return NGX_OK;
}


/* that has the next id */

static ngx_uint_t
ngx_http_secops_tables_documents_shard(ngx_http_secops_tables_list_t *list)
{
    return secops_id_known_shard(list->ids.ids
                                 + list->ids.taken * SECOPS_ID_LEN);
}


static ngx_int_t
ngx_http_secops_tables_documents_step(ngx_http_secops_tables_list_t *list)
{
    ngx_int_t                        rc;
    ngx_uint_t                       i, n, left;
    ngx_http_secops_tables_shard_t  *shards;

    shards = list->ids.shards;
    n = 0;

    for (i = 0; i < SECOPS_ID_SHARDS; i++) {
        n += ngx_http_secops_tables_shard_wants(&shards[i]);
    }

    n = ngx_min(n, list->calls);

    /* that of the next id is one of them */

    i = ngx_http_secops_tables_documents_shard(list);

    for (left = n; left; i = (i + 1) % SECOPS_ID_SHARDS) {

        if (!ngx_http_secops_tables_shard_wants(&shards[i])) {
            continue;
        }

        left--;

        rc = ngx_http_secops_tables_shard_read(&shards[i], n);

        if (ngx_http_secops_calls_sent(list->ctx, rc) != NGX_OK) {
            return ngx_http_secops_calls_wait(list->ctx, rc);
        }
    }

    return NGX_DONE;
}


static ngx_uint_t
ngx_http_secops_tables_shard_wants(ngx_http_secops_tables_shard_t *shard)
{
    ngx_http_secops_tables_batch_t  *batch;

    batch = shard->queue.first;

    return shard->answered < shard->n
           && (batch == NULL
               || (batch->taken == batch->n && batch->next == NULL));
}


/* one of so many that share a step */

static ngx_int_t
ngx_http_secops_tables_shard_read(ngx_http_secops_tables_shard_t *shard,
    ngx_uint_t share)
{
    ngx_uint_t                          n;
    ngx_secops_store_documents_read_t  *read;

    read = &shard->read;

    n = (NGX_HTTP_SECOPS_TABLES_RECORDS + share - 1) / share;

    read->ids = shard->ids + shard->answered * SECOPS_ID_LEN;
    read->nids = ngx_min(n, shard->n - shard->answered);
    read->bytes = NGX_HTTP_SECOPS_TABLES_BYTES / share;

    return ngx_secops_store_get_records(ngx_http_secops_store(shard->list->ctx),
                                        read, &shard->list->space);
}


static ngx_int_t
ngx_http_secops_tables_shard_answer(void *data,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_tables_shard_t *shard = data;

    ngx_http_secops_tables_list_t  *list;

    list = shard->list;

    if (result->status != NGX_SECOPS_STORE_OK) {
        return ngx_http_secops_tables_failed(list->ctx, result);
    }

    if (ngx_http_secops_tables_keep(list, &shard->queue, shard->read.ids,
                                    result->documents, result->ndocuments)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    shard->answered += result->ndocuments;

    return list->ctx->calls.pending ? NGX_DONE : list->goes_on(list, NULL);
}


void
ngx_http_secops_tables_documents_free(ngx_http_secops_tables_list_t *list)
{
    ngx_uint_t  i;

    for (i = 0; list->ids.shards && i < SECOPS_ID_SHARDS; i++) {
        ngx_http_secops_tables_queue_free(&list->ids.shards[i].queue);
    }
}
