
/*
 * What a POST to the Record API carries while it waits for the store, between
 * the file that stores and the file that replies.
 */

#ifndef _NGX_HTTP_SECOPS_API_RECORDS_H_INCLUDED_
#define _NGX_HTTP_SECOPS_API_RECORDS_H_INCLUDED_


#include "ngx_http_secops.h"
#include "model/secops_record.h"


/* the standard wrapper of scripted REST APIs, around what is answered */

#define NGX_HTTP_SECOPS_RECORDS_HEAD       "{\"result\":"
#define NGX_HTTP_SECOPS_RECORDS_TAIL       "}"
#define NGX_HTTP_SECOPS_RECORDS_WRAP_HEAD                                     \
    (sizeof(NGX_HTTP_SECOPS_RECORDS_HEAD) - 1)
#define NGX_HTTP_SECOPS_RECORDS_WRAP                                          \
    (NGX_HTTP_SECOPS_RECORDS_WRAP_HEAD                                        \
     + sizeof(NGX_HTTP_SECOPS_RECORDS_TAIL) - 1)


typedef struct ngx_http_secops_records_s  ngx_http_secops_records_t;


/* one record of the request: stored, or why not */

typedef struct {
    ngx_http_secops_records_t    *records;
    ngx_secops_store_call_t       call;
    secops_error_e                error;    /* NONE: stored, once answered */
    ngx_str_t                     more;     /* of a batch's invalid record: the
                                               end of its message, … */
    ngx_str_t                     detail;   /* … and its faults */
    u_char                        sys_id[SECOPS_ID_LEN];
} ngx_http_secops_records_entry_t;


/* in the request's pool; the calls are cancelled before that goes */

struct ngx_http_secops_records_s {
    ngx_http_request_t               *request;
    ngx_http_secops_ctx_t            *ctx;
    secops_table_t                   *table;
    secops_record_options_t           options;
    secops_keyspace_t                 space;
    ngx_secops_store_audit_t          audit;

    ngx_uint_t                        batch;
    ngx_http_secops_records_entry_t  *entries;
    ngx_uint_t                        nentries;
    ngx_uint_t                        pending;  /* calls under way */

    ngx_str_t                         buffer;   /* room for one record, and for
                                                   the wrapper around it */
    ngx_str_t                         json;     /* the single record in it */
    ngx_str_t                         reason;   /* of the last failure, for the
                                                   log */
};


/* once nothing is pending; to be returned like any reply */

ngx_int_t ngx_http_secops_records_reply(ngx_http_secops_records_t *records);


/* keeps the faults of a batch's record for the reply.  NGX_DECLINED: nothing
   was answered yet */

ngx_int_t ngx_http_secops_records_entry_faults(
    ngx_http_secops_records_entry_t *entry, secops_record_faults_t *faults);


#endif /* _NGX_HTTP_SECOPS_API_RECORDS_H_INCLUDED_ */
