
/* What the absolute URLs in answers begin with. */

#ifndef _NGX_HTTP_SECOPS_URL_H_INCLUDED_
#define _NGX_HTTP_SECOPS_URL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * "https://secops.example", without a slash at its end: secops_public_url, or
 * else scheme and host as this request has them.  It is UTF-8 without control
 * characters, and valid as long as the request.  NGX_ERROR: no memory.
 */

ngx_int_t ngx_http_secops_public_url(ngx_http_request_t *r, ngx_str_t *base);


#endif /* _NGX_HTTP_SECOPS_URL_H_INCLUDED_ */
