
/* A page of events: what was sent of each, and the reply. */

#include "api/events/ngx_http_secops_api_events_list.h"
#include "http/ngx_http_secops_reply.h"
#include "util/ngx_secops_string.h"


/* shards of which documents are read at once */

#define NGX_HTTP_SECOPS_EVENTS_READS  4

/* of what was sent, in a page, but for its first event */

#define NGX_HTTP_SECOPS_EVENTS_TEXT   (1024 * 1024)


static ngx_uint_t ngx_http_secops_events_list_some(
    ngx_http_secops_events_list_t *list,
    ngx_http_secops_events_shard_t *shard);
static ngx_int_t ngx_http_secops_events_list_sort(
    ngx_http_secops_events_list_t *list);
static ngx_int_t ngx_http_secops_events_list_read(void *data,
    ngx_secops_store_result_t *result);
static void ngx_http_secops_events_list_row(
    ngx_http_secops_events_list_t *list, ngx_uint_t i, ngx_str_t *document);
static void ngx_http_secops_events_list_members(
    ngx_http_secops_events_list_t *list, ngx_uint_t i, secops_slice_t members);
static ngx_int_t ngx_http_secops_events_list_reply(
    ngx_http_secops_events_list_t *list);
static void ngx_http_secops_events_list_write(
    ngx_http_secops_events_list_t *list, secops_text_t *text);
static void ngx_http_secops_events_list_next(
    ngx_http_secops_events_list_t *list, secops_text_t *text);


ngx_int_t
ngx_http_secops_events_list_add(ngx_http_secops_events_list_t *list,
    const ngx_http_secops_events_candidate_t *candidate,
    const secops_decision_t *decision)
{
    u_char                        *p;
    secops_slice_t                 id, text;
    ngx_http_secops_events_row_t  *row;

    id = candidate->place->id;
    text = candidate->event.id;

    p = ngx_pnalloc(list->request->pool, id.len + text.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    row = &list->rows[list->nrows++];

    ngx_memzero(row, sizeof(ngx_http_secops_events_row_t));

    row->place.msec = candidate->place->msec;
    row->place.id = secops_slice_bytes(p, id.len);
    row->id = secops_slice_bytes(p + id.len, text.len);
    row->ingested = candidate->event.ingested;
    row->large = candidate->large;
    row->decision = *decision;

    p = ngx_cpymem(p, id.data, id.len);
    ngx_memcpy(p, text.data, text.len);

    return NGX_OK;
}


ngx_int_t
ngx_http_secops_events_list_documents(ngx_http_secops_events_list_t *list)
{
    ngx_int_t                        rc;
    ngx_uint_t                       i, n;
    ngx_http_secops_events_shard_t  *shard;

    if (!list->sorted && ngx_http_secops_events_list_sort(list) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    n = 0;
    rc = NGX_OK;

    for (i = 0;
         i < SECOPS_ID_SHARDS && n < NGX_HTTP_SECOPS_EVENTS_READS
         && rc == NGX_OK;
         i++)
    {
        shard = &list->shards[i];

        if (shard->nread == shard->nids) {
            continue;
        }

        rc = ngx_http_secops_calls_sent(list->ctx,
                 ngx_secops_store_get_events(ngx_http_secops_store(list->ctx),
                              &shard->read, &list->space, i,
                              list->query.job_id, shard->ids + shard->nread,
                              ngx_http_secops_events_list_some(list, shard)));
        n++;
    }

    return n ? ngx_http_secops_events_list_sent(list, rc)
             : ngx_http_secops_events_list_reply(list);
}


/* how many documents are to be read next: what is large is read alone */

static ngx_uint_t
ngx_http_secops_events_list_some(ngx_http_secops_events_list_t *list,
    ngx_http_secops_events_shard_t *shard)
{
    ngx_uint_t  i, n;

    n = ngx_min(shard->nids - shard->nread, NGX_SECOPS_STORE_EVENT_LIST_READ);

    for (i = 0; i < n; i++) {
        if (list->rows[shard->rows[shard->nread + i]].large) {
            break;
        }
    }

    return ngx_max(i, 1);
}


/* tells each shard which of the page's events are there */

static ngx_int_t
ngx_http_secops_events_list_sort(ngx_http_secops_events_list_t *list)
{
    ngx_uint_t                       i;
    ngx_pool_t                      *pool;
    secops_slice_t                   id;
    ngx_http_secops_events_shard_t  *shard;

    pool = list->request->pool;

    for (i = 0; i < list->nrows; i++) {
        id = list->rows[i].place.id;
        list->shards[secops_keys_event_shard(id)].nids++;
    }

    for (i = 0; i < SECOPS_ID_SHARDS; i++) {
        shard = &list->shards[i];

        shard->ids = ngx_palloc(pool,
                                (shard->nids + 1) * sizeof(secops_slice_t));
        shard->rows = ngx_palloc(pool, (shard->nids + 1) * sizeof(ngx_uint_t));

        if (shard->ids == NULL || shard->rows == NULL) {
            return NGX_ERROR;
        }

        shard->nids = 0;

        ngx_http_secops_calls_add(list->ctx, &shard->read_link, &shard->read,
                                  ngx_http_secops_events_list_read, shard);
    }

    for (i = 0; i < list->nrows; i++) {
        id = list->rows[i].place.id;
        shard = &list->shards[secops_keys_event_shard(id)];

        shard->ids[shard->nids] = id;
        shard->rows[shard->nids++] = i;
    }

    list->sorted = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_events_list_read(void *data,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_events_shard_t *shard = data;

    ngx_uint_t                      i;
    ngx_http_secops_events_list_t  *list;

    list = shard->list;

    if (result->status != NGX_SECOPS_STORE_OK) {
        return ngx_http_secops_events_list_failed(list, result);
    }

    for (i = 0; i < result->ndocuments && shard->nread < shard->nids; i++) {
        ngx_http_secops_events_list_row(list, shard->rows[shard->nread++],
                                        &result->documents[i]);
    }

    return list->ctx->calls.pending ? NGX_DONE : list->goes_on(list, NULL);
}


/* an event that is gone, or another by now, is none of the page: it has become
   the newest */

static void
ngx_http_secops_events_list_row(ngx_http_secops_events_list_t *list,
    ngx_uint_t i, ngx_str_t *document)
{
    secops_event_t                 event;
    ngx_http_secops_events_row_t  *row;

    row = &list->rows[i];

    row->there = (document->data
                  && secops_event_read(&event, ngx_secops_slice(document)) == 0
                  && event.ingested == row->ingested);

    if (row->there) {
        ngx_http_secops_events_list_members(list, i, event.members);
    }
}


/* what does not fit is cut off, with all events behind it */

static void
ngx_http_secops_events_list_members(ngx_http_secops_events_list_t *list,
    ngx_uint_t i, secops_slice_t members)
{
    ngx_http_secops_events_row_t  *row;

    row = &list->rows[i];

    row->members = list->text.len;

    secops_event_write_members(&list->text, members);

    row->len = list->text.len - row->members;

    if (i && list->text.len > NGX_HTTP_SECOPS_EVENTS_TEXT && row->len) {
        list->text.len = row->members;
        row->len = 0;
        row->cut = 1;
    }
}


/* the text is freed with the request's pool, once it was sent */

static ngx_int_t
ngx_http_secops_events_list_reply(ngx_http_secops_events_list_t *list)
{
    ngx_str_t            body;
    secops_text_t        text;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(list->request->pool, 0);
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memzero(&text, sizeof(secops_text_t));

    secops_text_append_string(&text, "{\"result\":[");
    ngx_http_secops_events_list_write(list, &text);
    secops_text_append_string(&text, "],\"next\":");
    ngx_http_secops_events_list_next(list, &text);
    secops_text_append_string(&text, "}");

    cln->handler = free;
    cln->data = text.data;

    if (text.failed || list->text.failed) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    body = ngx_secops_str(secops_text_slice(&text));

    return ngx_http_secops_reply(list->request, NGX_HTTP_OK, &body);
}


static void
ngx_http_secops_events_list_write(ngx_http_secops_events_list_t *list,
    secops_text_t *text)
{
    ngx_uint_t                     i, n;
    secops_slice_t                 members;
    ngx_http_secops_events_row_t  *row;

    n = 0;

    for (i = 0; i < list->nrows; i++) {
        row = &list->rows[i];

        if (row->cut) {
            list->last = list->rows[i - 1].place;
            list->more = 1;
            return;
        }

        if (!row->there) {
            continue;
        }

        members = secops_text_slice(&list->text);

        secops_text_append_string(text, n++ ? ",{" : "{");
        secops_decision_write(&row->decision, row->id, row->ingested, text);

        if (row->len) {
            members = secops_slice_bytes(members.data + row->members,
                                         row->len);
            secops_text_append(text, members);
        }

        secops_text_append_string(text, "}");
    }
}


static void
ngx_http_secops_events_list_next(ngx_http_secops_events_list_t *list,
    secops_text_t *text)
{
    u_char          cursor[SECOPS_EVENT_CURSOR_MAX];
    secops_slice_t  next;

    if (!list->more) {
        secops_text_append_string(text, "null");
        return;
    }

    next.data = cursor;
    next.len = secops_event_write_cursor(cursor, &list->last) - cursor;

    secops_text_append_string(text, "\"");
    secops_text_append(text, next);
    secops_text_append_string(text, "\"");
}
