
/* Events: those of a request in groups, each of which is one call of the store;
   so is a single event. */

#include "api/events/ngx_http_secops_api_events.h"
#include "http/ngx_http_secops_fail.h"


static ngx_http_secops_events_group_t *ngx_http_secops_events_group(
    ngx_http_secops_events_t *events, ngx_uint_t shard, size_t len);
static ngx_int_t ngx_http_secops_events_join(ngx_http_secops_events_t *events,
    ngx_http_secops_events_entry_t *entry, ngx_uint_t shard);
static ngx_http_secops_events_group_t *ngx_http_secops_events_call(
    ngx_http_secops_events_t *events);
static void ngx_http_secops_events_send_group(
    ngx_http_secops_events_group_t *group);
static void ngx_http_secops_events_sent(ngx_http_secops_events_group_t *group,
    ngx_int_t rc);
static ngx_int_t ngx_http_secops_events_stored(void *data,
    ngx_secops_store_result_t *result);


ngx_int_t
ngx_http_secops_events_store(ngx_http_secops_events_t *events,
    ngx_http_secops_events_entry_t *entry)
{
    unsigned                          shard;
    ngx_http_secops_events_group_t  **open;

    shard = secops_keys_event_shard(entry->head.id);

    if (!events->batch
        && ngx_secops_store_joins(ngx_http_secops_store(events->ctx),
                                  entry->store.json.len))
    {
        return ngx_http_secops_events_join(events, entry, shard);
    }

    open = &events->open[shard];

    if (*open
        && ngx_secops_store_events_full((*open)->group,
                                        entry->store.json.len))
    {
        ngx_http_secops_events_send_group(*open);
        *open = NULL;
    }

    if (*open == NULL) {
        *open = ngx_http_secops_events_group(events, shard,
                                             entry->store.json.len);

        if (*open == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    entry->group = *open;

    ngx_secops_store_events_add(entry->group->group, &entry->store);

    return NGX_DECLINED;
}


/* a new one; len: of its first event */

static ngx_http_secops_events_group_t *
ngx_http_secops_events_group(ngx_http_secops_events_t *events,
    ngx_uint_t shard, size_t len)
{
    size_t                           bytes;
    ngx_uint_t                       n;
    ngx_secops_store_events_t       *store;
    ngx_http_secops_events_group_t  *group;

    group = ngx_http_secops_events_call(events);
    if (group == NULL) {
        return NULL;
    }

    store = ngx_pcalloc(events->request->pool,
                        sizeof(ngx_secops_store_events_t));
    if (store == NULL) {
        return NULL;
    }

    store->store = ngx_http_secops_store(events->ctx);
    store->space = &events->space;
    store->retention = store->store->retention;
    store->shard = shard;

    group->group = store;

    n = 1;
    bytes = len;

    if (events->batch) {

        /* they are likely to be spread over all shards */

        n += events->nentries / SECOPS_ID_SHARDS;
        bytes += events->size / SECOPS_ID_SHARDS;
    }

    return ngx_secops_store_events_begin(store, bytes, n) == NGX_OK ? group
                                                                     : NULL;
}


/* a single event, which may share its transaction with other requests */

static ngx_int_t
ngx_http_secops_events_join(ngx_http_secops_events_t *events,
    ngx_http_secops_events_entry_t *entry, ngx_uint_t shard)
{
    ngx_secops_store_join_event_t   *join;
    ngx_http_secops_events_group_t  *group;

    group = ngx_http_secops_events_call(events);
    if (group == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    join = ngx_pcalloc(events->request->pool,
                       sizeof(ngx_secops_store_join_event_t));
    if (join == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    join->join.store = ngx_http_secops_store(events->ctx);
    join->join.space = &events->space;
    join->join.shard = shard;
    join->event = entry->store;

    entry->group = group;

    ngx_http_secops_events_sent(group,
                                ngx_secops_store_join_event(join,
                                                            &group->call));

    return NGX_DECLINED;
}


static ngx_http_secops_events_group_t *
ngx_http_secops_events_call(ngx_http_secops_events_t *events)
{
    ngx_http_secops_events_group_t  *group;

    group = ngx_pcalloc(events->request->pool,
                        sizeof(ngx_http_secops_events_group_t));
    if (group == NULL) {
        return NULL;
    }

    group->events = events;

    ngx_http_secops_calls_add(events->ctx, &group->link, &group->call,
                              ngx_http_secops_events_stored, group);

    return group;
}


void
ngx_http_secops_events_send(ngx_http_secops_events_t *events)
{
    ngx_uint_t                       shard;
    ngx_http_secops_events_group_t  *group;

    for (shard = 0; shard < SECOPS_ID_SHARDS; shard++) {

        group = events->open[shard];

        if (group) {
            events->open[shard] = NULL;
            ngx_http_secops_events_send_group(group);
        }
    }
}


static void
ngx_http_secops_events_send_group(ngx_http_secops_events_group_t *group)
{
    ngx_http_secops_events_sent(group,
                                ngx_secops_store_events_send(group->group,
                                                             &group->call));
}


/* rc: how the store has started the call */

static void
ngx_http_secops_events_sent(ngx_http_secops_events_group_t *group,
    ngx_int_t rc)
{
    ngx_http_secops_events_t  *events;

    static ngx_str_t  no_memory = ngx_string("no memory");
    static ngx_str_t  too_large = ngx_string("larger than all commands that "
                                             "may be pending");

    events = group->events;

    switch (ngx_http_secops_calls_sent(events->ctx, rc)) {

    case NGX_OK:
        break;

    case NGX_DECLINED:
        group->error = SECOPS_ERROR_EVENT_LATER;
        events->reason = too_large;
        break;

    case NGX_BUSY:
        group->error = ngx_http_secops_calls_busy(events->ctx,
                                                  NGX_HTTP_SECOPS_SEND,
                                                  &events->reason);
        break;

    default: /* NGX_ERROR */
        group->error = SECOPS_ERROR_EVENT_STORE;
        events->reason = no_memory;
    }
}


void
ngx_http_secops_events_drop(void *data)
{
    ngx_http_secops_events_t *events = data;

    ngx_uint_t  shard;

    for (shard = 0; shard < SECOPS_ID_SHARDS; shard++) {

        if (events->open[shard]) {
            ngx_secops_store_events_free(events->open[shard]->group);
            events->open[shard] = NULL;
        }
    }
}


static ngx_int_t
ngx_http_secops_events_stored(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_events_group_t *group = data;

    ngx_http_secops_events_t  *events;

    events = group->events;

    group->error = ngx_http_secops_store_error(NGX_HTTP_SECOPS_SEND,
                                               result->status);

    if (group->error != SECOPS_ERROR_NONE) {

        /* only the last reason is logged: they rarely differ */

        events->reason.data = ngx_pstrdup(events->request->pool,
                                          &result->reason);
        events->reason.len = events->reason.data ? result->reason.len : 0;
    }

    return events->ctx->calls.pending ? NGX_DONE : events->answered(events);
}
