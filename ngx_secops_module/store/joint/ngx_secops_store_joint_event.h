
/* Events that join a group commit; see ngx_secops_store_joint.h. */

#ifndef _NGX_SECOPS_STORE_JOINT_EVENT_H_INCLUDED_
#define _NGX_SECOPS_STORE_JOINT_EVENT_H_INCLUDED_


#include "store/event/ngx_secops_store_event.h"
#include "store/joint/ngx_secops_store_joint.h"


/* zeroed, then store, space and shard of the first part filled in, and the
   event, whose JSON is not copied here */

typedef struct {
    ngx_secops_store_join_t     join;           /* must be the first */
    ngx_secops_store_event_t    event;
} ngx_secops_store_join_event_t;


/* as all calls, but never NGX_BUSY: that Redis can not be reached the call's
   handler is told when the turn ends */

ngx_int_t ngx_secops_store_join_event(ngx_secops_store_join_event_t *event,
    ngx_secops_store_call_t *call);


#endif /* _NGX_SECOPS_STORE_JOINT_EVENT_H_INCLUDED_ */
