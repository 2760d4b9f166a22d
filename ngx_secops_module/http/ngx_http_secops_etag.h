
/* The ETag of a record, and the precondition of a request that names one. */

#ifndef _NGX_HTTP_SECOPS_ETAG_H_INCLUDED_
#define _NGX_HTTP_SECOPS_ETAG_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "http/ngx_http_secops_request.h"


/*
 * For a request that changes a record with this mod_count.  NGX_DECLINED: it
 * may go on; otherwise If-Match does not have its ETag: 412 was answered, to be
 * returned.
 */

ngx_int_t ngx_http_secops_check_etag(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, uint64_t mod_count);

/* adds the header of such a record to the response.  NGX_ERROR: no memory */

ngx_int_t ngx_http_secops_add_etag(ngx_http_request_t *r, uint64_t mod_count);


#endif /* _NGX_HTTP_SECOPS_ETAG_H_INCLUDED_ */
