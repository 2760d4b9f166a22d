
/* The Table API, writing: what its operations share. */

#ifndef _NGX_HTTP_SECOPS_API_TABLES_WRITE_H_INCLUDED_
#define _NGX_HTTP_SECOPS_API_TABLES_WRITE_H_INCLUDED_


#include "api/ngx_http_secops_api.h"
#include "api/records/ngx_http_secops_api_edit.h"
#include "api/tables/ngx_http_secops_api_tables.h"


/*
 * The table that the path names.  NGX_DECLINED: there it is; otherwise it was
 * refused, to be returned.  The same of the path's sys_id.  A body that is to
 * come is refused with it.
 */

ngx_int_t ngx_http_secops_tables_write_table(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, secops_table_t **table);
ngx_int_t ngx_http_secops_tables_write_id(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);

/* edit->gone: there is no such record */

ngx_int_t ngx_http_secops_tables_write_gone(ngx_http_secops_edit_t *edit);


/* what is answered of a record that is stored; in the request's pool, zeroed */

typedef struct {
    secops_record_view_t   view;
    secops_slice_t         document;
    uint64_t               mod_count;
} ngx_http_secops_tables_written_t;

/* reads how the query string wants the record answered, once the body was read.
   NGX_DECLINED, or what was answered, to be returned */

ngx_int_t ngx_http_secops_tables_write_view(ngx_http_secops_ctx_t *ctx,
    secops_table_t *table, ngx_http_secops_tables_written_t *written);

/* answers with the record, in the Table API's form, and its ETag.  simple: with
   no more than that it is stored */

ngx_int_t ngx_http_secops_tables_write_reply(ngx_http_secops_ctx_t *ctx,
    ngx_uint_t status, const ngx_http_secops_tables_written_t *written,
    ngx_uint_t simple);


#endif /* _NGX_HTTP_SECOPS_API_TABLES_WRITE_H_INCLUDED_ */
