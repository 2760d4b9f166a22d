
/*
 * secops_auth variables: any module that sets variables says who calls:
 * auth_basic, auth_request, client certificates, map.
 */

#include "identity/ngx_http_secops_identity.h"


ngx_int_t
ngx_http_secops_auth_variables(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf, ngx_http_secops_auth_t *auth,
    ngx_http_secops_credential_t *credential)
{
    if (ngx_http_complex_value(r, conf->user, &credential->user) != NGX_OK) {
        return NGX_ERROR;
    }

    if (conf->roles
        && ngx_http_complex_value(r, conf->roles, &credential->roles)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (conf->domain
        && ngx_http_complex_value(r, conf->domain, &credential->domain)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return credential->user.len ? NGX_OK : NGX_DECLINED;
}
