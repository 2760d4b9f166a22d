
/* What a processor decided on an event: stored beside it, and announced in the
   stream of its job. */

#ifndef _NGX_SECOPS_STORE_DECIDE_H_INCLUDED_
#define _NGX_SECOPS_STORE_DECIDE_H_INCLUDED_


#include "store/ngx_secops_store_audit.h"
#include "store/ngx_secops_store_script.h"


/*
 * The caller's, zeroed at first, and borrowed with all that it points to until
 * it is answered.  The handler's status: OK, also when the same was decided
 * before, which changes nothing and is announced no second time; NOT_FOUND,
 * there is no such event; CHANGED, it is not the one of ingested; and what all
 * calls may have.
 *
 * A decision expires with its event, and counts for the event that was there
 * when it was stored: once the id is sent again, it is one of the past.
 */

typedef struct {
    ngx_secops_store_eval_t          eval;      /* must be the first */
    secops_slice_t                   job;       /* its id */
    secops_slice_t                   event;     /* its id */
    secops_slice_t                   label;     /* its id, and its name */
    secops_slice_t                   label_name;
    secops_slice_t                   confidence;  /* a JSON number, always
                                                     spelled the same */
    secops_slice_t                   head;      /* of its document, up to the
                                                   ingest_timestamp, and */
    secops_slice_t                   tail;      /* after that: as
                                                   secops_event_decide_write()
                                                   has made both */
    uint64_t                         ingested;  /* of the event that was
                                                   decided; 0: of any */
    const ngx_secops_store_audit_t  *audit;
} ngx_secops_store_decide_t;


ngx_int_t ngx_secops_store_decide(ngx_secops_store_t *store,
    ngx_secops_store_decide_t *decide, const secops_keyspace_t *space);


#endif /* _NGX_SECOPS_STORE_DECIDE_H_INCLUDED_ */
