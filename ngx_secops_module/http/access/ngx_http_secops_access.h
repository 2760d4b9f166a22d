
/* The only place that decides whether a caller may do something. */

#ifndef _NGX_HTTP_SECOPS_ACCESS_H_INCLUDED_
#define _NGX_HTTP_SECOPS_ACCESS_H_INCLUDED_


#include "http/ngx_http_secops.h"
#include "model/event/secops_job_facts.h"


/* 1: the caller, who was identified, may use the context's route, with the
   parameters that its path has */

ngx_uint_t ngx_http_secops_granted(ngx_http_secops_ctx_t *ctx);

/* 1: the same, as far as records of this table are concerned.  An empty name is
   that of no table: only who may use the route for all of them gets 1 */

ngx_uint_t ngx_http_secops_granted_table(ngx_http_secops_ctx_t *ctx,
    secops_slice_t table);

/* 1: the same, for the job with these facts: it is one of the caller's, or all
   are.  And whether all jobs of the domain are */

ngx_uint_t ngx_http_secops_granted_job(ngx_http_secops_ctx_t *ctx,
    const secops_job_facts_t *facts);
ngx_uint_t ngx_http_secops_granted_jobs(ngx_http_secops_ctx_t *ctx);


#endif /* _NGX_HTTP_SECOPS_ACCESS_H_INCLUDED_ */
