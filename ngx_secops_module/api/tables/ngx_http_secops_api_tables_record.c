
/*
 * Records on their way from the store to whoever looks at them: copied from the
 * answers, which end with their handlers, and read as JSON one by one.
 */

#include "api/tables/ngx_http_secops_api_tables.h"
#include "model/json/secops_json_tree.h"
#include "util/ngx_secops_string.h"


static void ngx_http_secops_tables_queue_shift(
    ngx_http_secops_tables_queue_t *queue);


ngx_int_t
ngx_http_secops_tables_keep(ngx_http_secops_tables_list_t *list,
    ngx_http_secops_tables_queue_t *queue, ngx_uint_t space,
    const u_char *ids, ngx_str_t *documents, ngx_uint_t n)
{
    u_char                           *p;
    size_t                            size;
    ngx_uint_t                        i;
    ngx_http_secops_tables_batch_t   *batch;
    ngx_http_secops_tables_record_t  *record;

    if (n == 0) {
        return NGX_OK;
    }

    size = sizeof(ngx_http_secops_tables_batch_t)
           + n * sizeof(ngx_http_secops_tables_record_t);

    for (i = 0; i < n; i++) {
        size += documents[i].len;
    }

    batch = ngx_alloc(size, list->request->connection->log);
    if (batch == NULL) {
        return NGX_ERROR;
    }

    batch->next = NULL;
    batch->records = (ngx_http_secops_tables_record_t *) (batch + 1);
    batch->n = n;
    batch->taken = 0;

    p = (u_char *) (batch->records + n);

    for (i = 0; i < n; i++) {
        record = &batch->records[i];

        ngx_memcpy(record->id, ids + i * SECOPS_ID_LEN, SECOPS_ID_LEN);
        record->space = (u_char) space;

        if (documents[i].data == NULL) {
            ngx_str_null(&record->document);
            continue;
        }

        p = ngx_secops_str_copy(p, &record->document, &documents[i]);
    }

    list->bytes += size;

    if (queue->first) {
        queue->last->next = batch;

    } else {
        queue->first = batch;
    }

    queue->last = batch;

    return NGX_OK;
}


ngx_http_secops_tables_record_t *
ngx_http_secops_tables_next(ngx_http_secops_tables_queue_t *queue)
{
    while (queue->first && queue->first->taken == queue->first->n) {
        ngx_http_secops_tables_queue_shift(queue);
    }

    return queue->first ? &queue->first->records[queue->first->taken++] : NULL;
}


static void
ngx_http_secops_tables_queue_shift(ngx_http_secops_tables_queue_t *queue)
{
    ngx_http_secops_tables_batch_t  *batch;

    batch = queue->first;
    queue->first = batch->next;

    ngx_free(batch);
}


void
ngx_http_secops_tables_queue_free(ngx_http_secops_tables_queue_t *queue)
{
    while (queue->first) {
        ngx_http_secops_tables_queue_shift(queue);
    }
}


/* whatever was stored once can be read: limits of today do not count */

ngx_int_t
ngx_http_secops_tables_open(ngx_http_secops_tables_list_t *list)
{
    secops_json_error_t    error;
    secops_json_reading_t  how;

    how = secops_json_tree_reading;
    how.first = list->tokens;
    how.nfirst = NGX_HTTP_SECOPS_TABLES_TOKENS;

    switch (secops_json_tokens(&list->json,
                               ngx_secops_slice(&list->record->document), &how,
                               &error))
    {

    case SECOPS_JSON_OK:

        if (list->json.tokens[0].type == SECOPS_JSON_OBJECT) {
            return NGX_OK;
        }

        ngx_http_secops_tables_close(list);

        /* fall through */

    case SECOPS_JSON_ERROR:
        list->json.tokens = NULL;

        if (list->unreadable++ == 0) {
            ngx_log_error(NGX_LOG_ERR, list->request->connection->log, 0,
                          "secops: %V: the record \"%*s\" can not be read",
                          &list->ctx->route->operation,
                          (size_t) SECOPS_ID_LEN, list->record->id);
        }

        return NGX_DECLINED;

    default: /* SECOPS_JSON_MORE */
        list->json.tokens = NULL;
        return NGX_ERROR;
    }
}


void
ngx_http_secops_tables_close(ngx_http_secops_tables_list_t *list)
{
    if (list->json.tokens != list->tokens) {
        free(list->json.tokens);
    }

    list->json.tokens = NULL;
}
