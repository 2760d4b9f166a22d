
/*
 * Events of a group commit.  Each is written and announced as if it were alone;
 * those of a job in one shard find their places by one command.  Two that have
 * the same id come in the order in which they joined, so that the later one
 * takes the place of the other.
 */

#include "store/joint/ngx_secops_store_joint_internal.h"
#include "store/joint/ngx_secops_store_joint_event.h"


static void ngx_secops_store_joint_event_own(ngx_secops_store_join_t *join,
    ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_joint_event_shared(
    ngx_secops_store_joint_t *joint, ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_joint_event_sent(ngx_int_t rc);
static ngx_int_t ngx_secops_store_joint_event_alone(
    ngx_secops_store_join_t *join);
static ngx_secops_store_events_t *ngx_secops_store_joint_events_group(
    const ngx_secops_store_join_t *join, ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_store_joint_events_of(
    ngx_secops_store_events_t *events, const ngx_secops_store_join_t *join);


static const ngx_secops_store_join_kind_t  ngx_secops_store_joint_kind = {
    ngx_secops_store_joint_event_own,
    ngx_secops_store_joint_event_shared,
    ngx_secops_store_joint_event_sent,
    ngx_secops_store_joint_event_alone
};


/* while one is written: its groups, each of the events of a job in one shard */

static ngx_secops_store_events_t
    ngx_secops_store_joint_events[NGX_SECOPS_STORE_JOINT_MAX];
static ngx_uint_t  ngx_secops_store_joint_nevents;


ngx_int_t
ngx_secops_store_join_event(ngx_secops_store_join_event_t *event,
    ngx_secops_store_call_t *call)
{
    event->join.kind = &ngx_secops_store_joint_kind;
    event->join.table = ngx_secops_slice(&event->event.job);
    event->join.len = event->event.json.len;

    return ngx_secops_store_join(&event->join, call);
}


static ngx_int_t
ngx_secops_store_joint_event_alone(ngx_secops_store_join_t *join)
{
    ngx_secops_store_events_t  events;

    ngx_secops_store_joint_events_of(&events, join);

    if (ngx_secops_store_events_begin(&events, join->len, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_secops_store_events_add(&events,
                             &((ngx_secops_store_join_event_t *) join)->event);

    return ngx_secops_store_events_send(&events, join->call);
}


static void
ngx_secops_store_joint_event_own(ngx_secops_store_join_t *join,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_store_events_add(ngx_secops_store_joint_events_group(join, cmd),
                             &((ngx_secops_store_join_event_t *) join)->event);
}


/* there is room for one group for each event.  A location of its own may say
   how long events are kept, and how many announcements */

static ngx_secops_store_events_t *
ngx_secops_store_joint_events_group(const ngx_secops_store_join_t *join,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_uint_t                  i;
    ngx_secops_store_events_t  *events;

    for (i = 0; i < ngx_secops_store_joint_nevents; i++) {

        events = &ngx_secops_store_joint_events[i];

        if (events->store == join->store
            && events->shard == join->shard
            && secops_slice_equal(ngx_secops_slice(&events->first->job),
                                  join->table)
            && ngx_secops_store_same_space(events->space, join->space))
        {
            return events;
        }
    }

    events = &ngx_secops_store_joint_events[ngx_secops_store_joint_nevents++];

    ngx_secops_store_joint_events_of(events, join);
    ngx_secops_store_events_join(events, cmd);

    return events;
}


/* a new group, which is to have this event */

static void
ngx_secops_store_joint_events_of(ngx_secops_store_events_t *events,
    const ngx_secops_store_join_t *join)
{
    ngx_memzero(events, sizeof(ngx_secops_store_events_t));

    events->store = join->store;
    events->space = join->space;
    events->retention = join->store->retention;
    events->shard = join->shard;
}


static void
ngx_secops_store_joint_event_shared(ngx_secops_store_joint_t *joint,
    ngx_secops_redis_cmd_t *cmd)
{
    ngx_uint_t                      i, n;
    ngx_secops_store_span_t         span;
    ngx_secops_store_event_t       *event;
    ngx_secops_store_events_t      *events;
    ngx_secops_store_join_event_t  *join;

    for (i = 0; i < ngx_secops_store_joint_nevents; i++) {

        events = &ngx_secops_store_joint_events[i];

        n = ngx_secops_redis_cmd_count(cmd);

        ngx_secops_store_events_places(events);

        ngx_secops_store_span(&span, cmd, n);

        for (event = events->first; event; event = event->next) {

            join = (ngx_secops_store_join_event_t *)
                       ((u_char *) event
                        - offsetof(ngx_secops_store_join_event_t, event));

            join->join.spans[NGX_SECOPS_STORE_JOIN_INDEX] = span;
        }
    }
}


static void
ngx_secops_store_joint_event_sent(ngx_int_t rc)
{
    ngx_uint_t  i;

    for (i = 0; i < ngx_secops_store_joint_nevents; i++) {
        ngx_secops_store_ending_follow(
                                &ngx_secops_store_joint_events[i].ending, rc);
    }

    ngx_secops_store_joint_nevents = 0;
}
