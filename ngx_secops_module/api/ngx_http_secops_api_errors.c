
/*
 * "secops_api errors": what nginx or another module refused (413, 429, the
 * 401 of auth_basic, a malformed request line, …), in the APIs' form.  It is
 * where error_page leads to; see docs/directives.md.
 */

#include "api/ngx_http_secops_api.h"
#include "http/ngx_http_secops_body.h"
#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_reply.h"
#include "util/ngx_secops_string.h"


static ngx_uint_t ngx_http_secops_errors_status(ngx_http_request_t *r);


ngx_int_t
ngx_http_secops_errors(ngx_http_request_t *r)
{
    ngx_int_t        rc;
    ngx_str_t        message, detail;
    ngx_uint_t       status;
    secops_slice_t   text;

    rc = ngx_http_secops_discard_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    status = ngx_http_secops_errors_status(r);

    /* otherwise the header filter would put its number in */
    r->err_status = 0;

    text = secops_error_status_message(status);

    message = ngx_secops_str(text);

    ngx_str_null(&detail);

    if (status >= NGX_HTTP_INTERNAL_SERVER_ERROR
        && ngx_http_secops_server_detail(r, SECOPS_ERROR_UNKNOWN, &detail)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_reply_error(r, status, &message, &detail);
}


/* nginx' own numbers above 493 are for its log only */

static ngx_uint_t
ngx_http_secops_errors_status(ngx_http_request_t *r)
{
    switch (r->err_status) {

    case 0:
        return NGX_HTTP_NOT_FOUND;

    case NGX_HTTP_REQUEST_HEADER_TOO_LARGE:
    case NGX_HTTPS_CERT_ERROR:
    case NGX_HTTPS_NO_CERT:
    case NGX_HTTP_TO_HTTPS:
        return NGX_HTTP_BAD_REQUEST;

    default:
        return r->err_status;
    }
}
