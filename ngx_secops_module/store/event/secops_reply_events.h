
/* What secops_script_events answers.  Nothing in a reply is believed: what
   comes out can be used without another look.  Pure C. */

#ifndef _SECOPS_REPLY_EVENTS_H_INCLUDED_
#define _SECOPS_REPLY_EVENTS_H_INCLUDED_


#include "redis/resp/secops_redis_value.h"


/* a text that is not there is empty */

typedef struct {
    secops_slice_t        id;           /* 1 byte at least */
    uint64_t              msec;
    secops_slice_t        head;         /* the beginning of the document */
    secops_slice_t        feedback;
    secops_slice_t        verdict;
} secops_reply_event_t;


/* how many events there are, max at most; -1: this is no such reply, of n
   values.  *more: there may be others after them */

int secops_reply_events(const secops_redis_value_t *values, size_t n,
    size_t max, int *more);

/* event i of those.  -1: it is none */

int secops_reply_event(secops_reply_event_t *event,
    const secops_redis_value_t *values, size_t i);


#endif /* _SECOPS_REPLY_EVENTS_H_INCLUDED_ */
