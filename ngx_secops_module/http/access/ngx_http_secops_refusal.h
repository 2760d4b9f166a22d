
/*
 * Requests that were refused, in the audit: callers that are not known or not
 * valid (401), that may not (403), and sets of resources that are not valid
 * (422).
 *
 * Such an entry is written beside the request, which does not wait for it, and
 * who is not refused pays nothing.  Whoever likes can be refused as often as
 * they like: so a worker writes no more than secops_audit_refusals of them for
 * a domain, and the next entry has the number of those that were left out.
 */

#ifndef _NGX_HTTP_SECOPS_REFUSAL_H_INCLUDED_
#define _NGX_HTTP_SECOPS_REFUSAL_H_INCLUDED_


#include "http/ngx_http_secops_request.h"


/*
 * The request is answered with ctx->error, which is no refusal perhaps: then
 * nothing is done, nor if the audit knows it already.
 */

void ngx_http_secops_refused(ngx_http_secops_ctx_t *ctx);

/* the same at the end of the request, if it is still so: another module may yet
   let it in.  NGX_ERROR: no memory */

ngx_int_t ngx_http_secops_refused_later(ngx_http_secops_ctx_t *ctx);


#endif /* _NGX_HTTP_SECOPS_REFUSAL_H_INCLUDED_ */
