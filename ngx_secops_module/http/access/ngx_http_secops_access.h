
/* The only place that decides whether a caller may do something. */

#ifndef _NGX_HTTP_SECOPS_ACCESS_H_INCLUDED_
#define _NGX_HTTP_SECOPS_ACCESS_H_INCLUDED_


#include "http/ngx_http_secops.h"


/* 1: the caller, who was identified, may use the context's route, with the
   parameters that its path has */

ngx_uint_t ngx_http_secops_granted(ngx_http_secops_ctx_t *ctx);


#endif /* _NGX_HTTP_SECOPS_ACCESS_H_INCLUDED_ */
