
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
static ngx_int_t ngx_http_secops_tables_documents_shards(
    ngx_http_secops_tables_list_t *list);
static ngx_http_secops_tables_shard_t *ngx_http_secops_tables_documents_shard(
    ngx_http_secops_tables_list_t *list, ngx_uint_t i);
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
    const u_char *ids, const u_char *origins, ngx_uint_t n)
{
    ngx_uint_t                       i;
    ngx_http_secops_tables_ids_t    *all;
    ngx_http_secops_tables_shard_t  *shard;

    ngx_http_secops_tables_documents_free(list);

    all = &list->ids;

    all->ids = ids;
    all->origins = origins;
    all->n = n;
    all->taken = 0;

    if (ngx_http_secops_tables_documents_shards(list) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {
        shard = ngx_http_secops_tables_documents_shard(list, i);

        ngx_memcpy(shard->ids + shard->n++ * SECOPS_ID_LEN,
                   ids + i * SECOPS_ID_LEN, SECOPS_ID_LEN);
    }

    return NGX_OK;
}


/* with room for the ids that each of them has */

static ngx_int_t
ngx_http_secops_tables_documents_shards(ngx_http_secops_tables_list_t *list)
{
    u_char                          *p;
    ngx_uint_t                       i, n;
    ngx_http_secops_tables_shard_t  *shard;

    n = list->nspaces * SECOPS_ID_SHARDS;

    list->ids.nshards = 0;
    list->ids.shards = ngx_pcalloc(list->request->pool, n
                                     * sizeof(ngx_http_secops_tables_shard_t));
    p = ngx_pnalloc(list->request->pool, list->ids.n * SECOPS_ID_LEN + 1);

    if (list->ids.shards == NULL || p == NULL) {
        return NGX_ERROR;
    }

    list->ids.nshards = n;

    for (i = 0; i < list->ids.n; i++) {
        ngx_http_secops_tables_documents_shard(list, i)->n++;
    }

    for (i = 0; i < n; i++) {
        shard = &list->ids.shards[i];

        shard->list = list;
        shard->ids = p;
        p += shard->n * SECOPS_ID_LEN;
        shard->n = 0;

        shard->space = i / SECOPS_ID_SHARDS;
        shard->read.table = list->table->name;
        shard->read.shard = i % SECOPS_ID_SHARDS;

        ngx_http_secops_calls_add(list->ctx, &shard->link,
                                  &shard->read.eval.call,
                                  ngx_http_secops_tables_shard_answer, shard);
    }

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

    shard = ngx_http_secops_tables_documents_shard(list, ids->taken);

    *record = ngx_http_secops_tables_next(&shard->queue);

    if (*record == NULL) {
        return NGX_AGAIN;
    }

    ids->taken++;

    return NGX_OK;
}


/* that has this one of the ids */

static ngx_http_secops_tables_shard_t *
ngx_http_secops_tables_documents_shard(ngx_http_secops_tables_list_t *list,
    ngx_uint_t i)
{
    ngx_uint_t                     space;
    ngx_http_secops_tables_ids_t  *ids;

    ids = &list->ids;

    space = ids->origins ? ids->origins[i] : 0;

    return &ids->shards[space * SECOPS_ID_SHARDS
                        + secops_id_known_shard(ids->ids + i * SECOPS_ID_LEN)];
}


static ngx_int_t
ngx_http_secops_tables_documents_step(ngx_http_secops_tables_list_t *list)
{
    ngx_int_t                        rc;
    ngx_uint_t                       i, n, left;
    ngx_http_secops_tables_shard_t  *shards;

    shards = list->ids.shards;
    n = 0;

    for (i = 0; i < list->ids.nshards; i++) {
        n += ngx_http_secops_tables_shard_wants(&shards[i]);
    }

    n = ngx_min(n, list->calls);

    /* that of the next id is one of them */

    i = ngx_http_secops_tables_documents_shard(list, list->ids.taken) - shards;

    for (left = n; left; i = (i + 1) % list->ids.nshards) {

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
                                        read,
                                        &shard->list->spaces[shard->space]);
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

    if (ngx_http_secops_tables_keep(list, &shard->queue, shard->space,
                                    shard->read.ids, result->documents,
                                    result->ndocuments)
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

    for (i = 0; i < list->ids.nshards; i++) {
        ngx_http_secops_tables_queue_free(&list->ids.shards[i].queue);
    }
}
