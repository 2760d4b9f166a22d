
/* The tables that the configuration knows. */

#ifndef _NGX_HTTP_SECOPS_TABLES_H_INCLUDED_
#define _NGX_HTTP_SECOPS_TABLES_H_INCLUDED_


#include "http/ngx_http_secops.h"


/* NULL: there is none */

secops_table_t *ngx_http_secops_table_by_endpoint(
    ngx_http_secops_main_conf_t *mcf, ngx_str_t *endpoint);
secops_table_t *ngx_http_secops_table_by_name(
    ngx_http_secops_main_conf_t *mcf, ngx_str_t *name);

/* answers that there is no such table.  To be returned like any reply */

ngx_int_t ngx_http_secops_no_table(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, ngx_str_t *name);


/* how long its records are kept here: seconds, or SECOPS_TABLE_*.  What the
   table says counts */

int64_t ngx_http_secops_retention(ngx_http_secops_ctx_t *ctx,
    const secops_table_t *table);


#endif /* _NGX_HTTP_SECOPS_TABLES_H_INCLUDED_ */
