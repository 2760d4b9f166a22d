
/* A record that is changed by the members of a document. */

#ifndef _NGX_HTTP_SECOPS_API_CHANGE_H_INCLUDED_
#define _NGX_HTTP_SECOPS_API_CHANGE_H_INCLUDED_


#include "api/records/ngx_http_secops_api_edit.h"
#include "model/record/secops_record_change.h"


/*
 * In the request's pool, zeroed.  Of edit, the operation sets ctx, table,
 * sys_id, decide, done and gone.  The document that changes the record, and all
 * that is said of it here, is valid as long as the request.
 */

typedef struct {
    ngx_http_secops_edit_t           edit;      /* must be the first */
    const secops_json_t             *json;
    uint32_t                         fields;    /* token of the members */
    const secops_record_body_t      *body;
    const secops_record_options_t   *options;
    const char                      *where;     /* pointer to the fields */

    secops_record_change_t           change;    /* its result; always is the
                                                   operation's */
} ngx_http_secops_change_t;


/* begins, as ngx_http_secops_edit() does */

ngx_int_t ngx_http_secops_change(ngx_http_secops_change_t *change);

/*
 * The decision: what becomes of the stored record.  It is edit->decide, or the
 * last thing that it does.  When edit->done is called, change->change has the
 * record that is stored, if it was changed.
 */

ngx_int_t ngx_http_secops_change_decide(ngx_http_secops_edit_t *edit);


#endif /* _NGX_HTTP_SECOPS_API_CHANGE_H_INCLUDED_ */
