
/* Headers of a response. */

#ifndef _NGX_HTTP_SECOPS_HEADER_H_INCLUDED_
#define _NGX_HTTP_SECOPS_HEADER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* adds a response header; name and value are borrowed.  NULL: no memory */

ngx_table_elt_t *ngx_http_secops_add_header(ngx_http_request_t *r,
    ngx_str_t *name, ngx_str_t *value);


#endif /* _NGX_HTTP_SECOPS_HEADER_H_INCLUDED_ */
