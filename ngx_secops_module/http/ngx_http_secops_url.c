
/* The URL by which clients reach the APIs; see ngx_http_secops_url.h. */

#include "http/ngx_http_secops.h"
#include "http/ngx_http_secops_url.h"
#include "util/ngx_secops_string.h"
#include "util/secops_text.h"


static ngx_int_t ngx_http_secops_own_url(ngx_http_request_t *r,
    ngx_str_t *base);


ngx_int_t
ngx_http_secops_public_url(ngx_http_request_t *r, ngx_str_t *base)
{
    ngx_http_secops_loc_conf_t  *slcf;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);

    ngx_str_null(base);

    if (slcf->public_url
        && ngx_http_complex_value(r, slcf->public_url, base) != NGX_OK)
    {
        return NGX_ERROR;
    }

    while (base->len && base->data[base->len - 1] == '/') {
        base->len--;
    }

    if (base->len && secops_text_is_name(ngx_secops_slice(base))) {
        return NGX_OK;
    }

    return ngx_http_secops_own_url(r, base);
}


/* as the client called it, or else the server's name */

static ngx_int_t
ngx_http_secops_own_url(ngx_http_request_t *r, ngx_str_t *base)
{
    u_char                    *p;
    ngx_str_t                  host, scheme;
    ngx_http_core_srv_conf_t  *cscf;

    ngx_str_set(&scheme, "http://");

#if (NGX_HTTP_SSL)
    if (r->connection->ssl) {
        ngx_str_set(&scheme, "https://");
    }
#endif

    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);

    host = r->headers_in.host ? r->headers_in.host->value
                              : r->headers_in.server;

    if (host.len == 0 || !secops_text_is_name(ngx_secops_slice(&host))) {
        host = cscf->server_name;
    }

    p = ngx_pnalloc(r->pool, scheme.len + host.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    base->data = p;
    base->len = scheme.len + host.len;

    p = ngx_cpymem(p, scheme.data, scheme.len);
    ngx_memcpy(p, host.data, host.len);

    return NGX_OK;
}
