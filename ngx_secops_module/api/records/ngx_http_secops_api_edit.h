
/*
 * One record that is there is changed or deleted: it is read, somebody decides
 * what becomes of it, and that is stored if the record is still the same.  When
 * somebody else was first, it is read again.
 */

#ifndef _NGX_HTTP_SECOPS_API_EDIT_H_INCLUDED_
#define _NGX_HTTP_SECOPS_API_EDIT_H_INCLUDED_


#include "api/ngx_http_secops_api.h"
#include "model/record/secops_record_stored.h"
#include "store/ngx_secops_store_change.h"
#include "util/secops_text.h"


typedef struct ngx_http_secops_edit_s  ngx_http_secops_edit_t;

/* returns as an answer does: what the request is to be finalized with, or
   NGX_DONE, it waits for more */

typedef ngx_int_t (*ngx_http_secops_edit_pt)(ngx_http_secops_edit_t *edit);


/* in the request's pool, zeroed; the first part is set by the operation, and
   what it points to is valid as long as the request */

struct ngx_http_secops_edit_s {
    ngx_http_secops_ctx_t             *ctx;
    secops_table_t                    *table;
    const u_char                      *sys_id;      /* an id */
    ngx_http_secops_kind_e             kind;        /* _CHANGE, or _DELETE */

    /*
     * Looks at stored, which is valid until it returns.  NGX_DECLINED: nothing
     * was answered yet; if store was set, write and audit have what is to be
     * stored, for as long as the request.  Anything else is returned.  It may
     * be called again, if others were first.
     */

    ngx_http_secops_edit_pt            decide;
    ngx_http_secops_edit_pt            done;        /* stored, or nothing was
                                                       to be stored */
    ngx_http_secops_edit_pt            gone;        /* there is no record */

    secops_record_stored_t             stored;
    ngx_secops_store_record_change_t   write;       /* document, or digest */
    ngx_secops_store_audit_t           audit;       /* operation, members */
    ngx_uint_t                         store;       /* 1: something is to be
                                                       stored, or was */

    /* its own */

    secops_keyspace_t                  space;
    ngx_str_t                          id;
    secops_text_t                      copy;        /* of a large document, that
                                                       stored is of */
    ngx_http_secops_call_t             read_link;
    ngx_secops_store_call_t            read;
    ngx_http_secops_call_t             write_link;
    ngx_uint_t                         tries;
};


/* begins; the audit's operation may be set after it.  Returns as an answer
   does */

ngx_int_t ngx_http_secops_edit(ngx_http_secops_edit_t *edit);


#endif /* _NGX_HTTP_SECOPS_API_EDIT_H_INCLUDED_ */
