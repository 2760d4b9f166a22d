
/* Replies about events; see secops_reply_events.h. */

#include "store/event/secops_reply_events.h"


#define SECOPS_REPLY_EVENTS_VALUES  5
#define SECOPS_REPLY_EVENTS_DIGITS  15


static int secops_reply_events_time(secops_slice_t text, uint64_t *msec);


int
secops_reply_events(const secops_redis_value_t *values, size_t n, size_t max,
    int *more)
{
    size_t  i;

    if (values[0].type != SECOPS_REDIS_ARRAY
        || values[0].elements + 1 != n
        || n < 2
        || (n - 2) % SECOPS_REPLY_EVENTS_VALUES
        || (n - 2) / SECOPS_REPLY_EVENTS_VALUES > max)
    {
        return -1;
    }

    for (i = 1; i < n; i++) {
        if (values[i].type != SECOPS_REDIS_STRING) {
            return -1;
        }
    }

    *more = secops_redis_value_is(&values[1], "1");

    return (int) ((n - 2) / SECOPS_REPLY_EVENTS_VALUES);
}


int
secops_reply_event(secops_reply_event_t *event,
    const secops_redis_value_t *values, size_t i)
{
    values += 2 + i * SECOPS_REPLY_EVENTS_VALUES;

    event->id = values[0].text;
    event->head = values[2].text;
    event->feedback = values[3].text;
    event->verdict = values[4].text;

    if (event->id.len == 0) {
        return -1;
    }

    return secops_reply_events_time(values[1].text, &event->msec);
}


/* whole milliseconds, which is what is stored */

static int
secops_reply_events_time(secops_slice_t text, uint64_t *msec)
{
    size_t  i;

    if (text.len == 0 || text.len > SECOPS_REPLY_EVENTS_DIGITS) {
        return -1;
    }

    *msec = 0;

    for (i = 0; i < text.len; i++) {

        if (text.data[i] < '0' || text.data[i] > '9') {
            return -1;
        }

        *msec = *msec * 10 + (text.data[i] - '0');
    }

    return 0;
}
