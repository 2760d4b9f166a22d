
/*
 * Events.  A group of them is one transaction: MULTI, each event and its
 * announcement, the places of all, EXEC.
 */

#include "store/ngx_secops_store_internal.h"
#include "store/event/ngx_secops_store_event.h"


/* of so many announcements one trims the queue: Redis trims whole blocks of 100
   entries in any case, and what says so is a part of the arguments */

#define NGX_SECOPS_STORE_EVENT_TRIM    16


static void ngx_secops_store_events_set(ngx_secops_store_events_t *events,
    const ngx_secops_store_event_t *event);
static void ngx_secops_store_events_renew(ngx_secops_store_events_t *events,
    const ngx_secops_store_event_t *event);
static void ngx_secops_store_events_announce(
    ngx_secops_store_events_t *events, const ngx_secops_store_event_t *event);
static ngx_secops_store_event_t *ngx_secops_store_events_place(
    ngx_secops_store_events_t *events, ngx_secops_store_event_t *first);
static void ngx_secops_store_event_time(ngx_secops_redis_cmd_t *cmd,
    uint64_t msec);


/* the worker's: announcements since one that trims */

static ngx_uint_t  ngx_secops_store_event_announced;


ngx_int_t
ngx_secops_store_events_begin(ngx_secops_store_events_t *events,
    size_t bytes, ngx_uint_t n)
{
    size_t                   size;
    ngx_secops_redis_cmd_t  *cmd;

    events->limit = ngx_secops_store_group_limit(events->store);

    size = bytes + n * NGX_SECOPS_STORE_OVERHEAD;

    cmd = ngx_secops_redis_cmd_create(events->store->redis,
                                      ngx_min(size, events->limit));
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    ngx_secops_redis_cmd_begin(cmd, 1);
    ngx_secops_store_literal(cmd, "MULTI");

    ngx_secops_store_events_join(events, cmd);

    return NGX_OK;
}


void
ngx_secops_store_events_join(ngx_secops_store_events_t *events,
    ngx_secops_redis_cmd_t *cmd)
{
    events->cmd = cmd;

    events->ending.retention = events->retention;
    events->ending.space = events->space;
    events->ending.events = 1;

    if (events->retention > 0) {
        events->ttl_len = ngx_sprintf(events->ttl, "%L", events->retention)
                          - events->ttl;
    }
}


ngx_uint_t
ngx_secops_store_events_full(ngx_secops_store_events_t *events, size_t len)
{
    return events->first
           && events->size + len + NGX_SECOPS_STORE_OVERHEAD
              > events->limit;
}


void
ngx_secops_store_events_add(ngx_secops_store_events_t *events,
    ngx_secops_store_event_t *event)
{
    events->size += event->json.len + NGX_SECOPS_STORE_OVERHEAD;

    event->next = NULL;

    if (events->first == NULL) {
        events->first = event;

    } else {
        events->last->next = event;
    }

    events->last = event;

    ngx_secops_store_events_set(events, event);
    ngx_secops_store_events_announce(events, event);
}


static void
ngx_secops_store_events_set(ngx_secops_store_events_t *events,
    const ngx_secops_store_event_t *event)
{
    secops_key_t             key;
    ngx_secops_redis_cmd_t  *cmd;

    cmd = events->cmd;

    secops_keys_event(&key, events->space, (unsigned) events->shard,
                      ngx_secops_slice(&event->job),
                      ngx_secops_slice(&event->id));

    if (events->retention > 0) {

        /* says the same as SET with EX, and costs Redis less */

        ngx_secops_redis_cmd_begin(cmd, 4);
        ngx_secops_store_literal(cmd, "SETEX");
        ngx_secops_redis_cmd_key(cmd, key.data, key.len);
        ngx_secops_redis_cmd_arg(cmd, events->ttl, events->ttl_len);

    } else {
        ngx_secops_redis_cmd_begin(cmd, 3);
        ngx_secops_store_literal(cmd, "SET");
        ngx_secops_redis_cmd_key(cmd, key.data, key.len);
    }

    ngx_secops_redis_cmd_arg(cmd, event->json.data, event->json.len);

    if (events->retention > 0 && !event->made) {
        ngx_secops_store_events_renew(events, event);
    }
}


/* what it takes the place of may have feedback, which is to end with it */

static void
ngx_secops_store_events_renew(ngx_secops_store_events_t *events,
    const ngx_secops_store_event_t *event)
{
    secops_key_t             key;
    ngx_secops_redis_cmd_t  *cmd;

    cmd = events->cmd;

    secops_keys_event_feedback(&key, events->space, (unsigned) events->shard,
                               ngx_secops_slice(&event->job),
                               ngx_secops_slice(&event->id));

    ngx_secops_redis_cmd_begin(cmd, 3);
    ngx_secops_store_literal(cmd, "EXPIRE");
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);
    ngx_secops_redis_cmd_arg(cmd, events->ttl, events->ttl_len);
}


/* the entries' own ids are their time */

static void
ngx_secops_store_events_announce(ngx_secops_store_events_t *events,
    const ngx_secops_store_event_t *event)
{
    ngx_uint_t               trim;
    secops_key_t             key;
    ngx_secops_redis_cmd_t  *cmd;

    cmd = events->cmd;

    trim = events->store->event_queue.len
           && ngx_secops_store_event_announced++ % NGX_SECOPS_STORE_EVENT_TRIM
              == 0;

    secops_keys_event_queue(&key, events->space, (unsigned) events->shard,
                            ngx_secops_slice(&event->job));

    ngx_secops_redis_cmd_begin(cmd, trim ? 14 : 11);
    ngx_secops_store_literal(cmd, "XADD");
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    if (trim) {
        ngx_secops_store_literal(cmd, "MAXLEN");
        ngx_secops_store_literal(cmd, "~");
        ngx_secops_redis_cmd_arg(cmd, events->store->event_queue.data,
                                 events->store->event_queue.len);
    }

    ngx_secops_store_literal(cmd, "*");
    ngx_secops_store_literal(cmd, "type");
    ngx_secops_store_literal(cmd, "accepted");
    ngx_secops_store_literal(cmd, "event");
    ngx_secops_redis_cmd_arg(cmd, event->id.data, event->id.len);
    ngx_secops_store_literal(cmd, "job");
    ngx_secops_redis_cmd_arg(cmd, event->job.data, event->job.len);
    ngx_secops_store_literal(cmd, "ingest_timestamp");
    ngx_secops_store_event_time(cmd, event->ingested);
}


void
ngx_secops_store_events_places(ngx_secops_store_events_t *events)
{
    ngx_secops_store_event_t  *event;

    for (event = events->first; event; /* void */ ) {
        event = ngx_secops_store_events_place(events, event);
    }
}


/* of events of one job that stand together; returns the first of another job,
   or NULL */

static ngx_secops_store_event_t *
ngx_secops_store_events_place(ngx_secops_store_events_t *events,
    ngx_secops_store_event_t *first)
{
    ngx_uint_t                 n;
    secops_key_t               key;
    ngx_secops_redis_cmd_t    *cmd;
    ngx_secops_store_event_t  *event, *end;

    n = 0;

    for (end = first;
         end && secops_slice_equal(ngx_secops_slice(&end->job),
                                   ngx_secops_slice(&first->job));
         end = end->next)
    {
        n++;
    }

    cmd = events->cmd;

    secops_keys_events(&key, events->space, (unsigned) events->shard,
                       ngx_secops_slice(&first->job));

    ngx_secops_redis_cmd_begin(cmd, 2 + 2 * n);
    ngx_secops_store_literal(cmd, "ZADD");
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);

    for (event = first; event != end; event = event->next) {
        ngx_secops_store_event_time(cmd, event->ingested);
        ngx_secops_redis_cmd_arg(cmd, event->id.data, event->id.len);
    }

    events->ending.table = ngx_secops_slice(&first->job);

    ngx_secops_store_ending_begin(&events->ending, events->store);
    ngx_secops_store_ending_list(&events->ending, events->store, cmd, &key,
                                 events->shard, NULL, n, NULL);

    return end;
}


static void
ngx_secops_store_event_time(ngx_secops_redis_cmd_t *cmd, uint64_t msec)
{
    size_t  len;
    u_char  digits[NGX_INT64_LEN];

    len = ngx_sprintf(digits, "%uL", msec) - digits;

    ngx_secops_redis_cmd_arg(cmd, digits, len);
}


/*
 * The command is not marked NGX_SECOPS_REDIS_REPLAY: writing it twice would
 * announce the events twice.
 */

ngx_int_t
ngx_secops_store_events_send(ngx_secops_store_events_t *events,
    ngx_secops_store_call_t *call)
{
    ngx_secops_redis_cmd_t  *cmd;

    ngx_secops_store_events_places(events);

    cmd = events->cmd;
    events->cmd = NULL;

    return ngx_secops_store_ending_exec(&events->ending, events->store, call,
                                        cmd);
}


void
ngx_secops_store_events_free(ngx_secops_store_events_t *events)
{
    if (events->cmd) {
        ngx_secops_redis_cmd_free(events->cmd);
        events->cmd = NULL;
    }
}
