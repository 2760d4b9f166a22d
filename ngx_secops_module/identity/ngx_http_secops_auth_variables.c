
/*
 * secops_auth variables: any module that sets variables says who calls:
 * auth_basic, auth_request, client certificates, map.
 */

#include "identity/ngx_http_secops_identity.h"


static char *ngx_http_secops_auth_variables_merge(ngx_conf_t *cf,
    ngx_http_secops_identity_conf_t *prev,
    ngx_http_secops_identity_conf_t *conf);
static char *ngx_http_secops_auth_variables_init(ngx_conf_t *cf,
    ngx_http_secops_identity_conf_t *conf);
static ngx_int_t ngx_http_secops_auth_variables_handler(
    ngx_http_request_t *r, ngx_http_secops_identity_conf_t *conf,
    ngx_http_secops_auth_t *auth, ngx_http_secops_credential_t *credential);


/*
 * set by ngx_pcalloc() in a conf:
 *
 *     conf->user = NULL;
 *     conf->roles = NULL;
 *     conf->domain = NULL;
 */

const ngx_http_secops_auth_method_t  ngx_http_secops_auth_variables = {
    .name = ngx_string("variables"),
    .who = "auth_basic, auth_request, client certificates, ...",
    .merge = ngx_http_secops_auth_variables_merge,
    .init = ngx_http_secops_auth_variables_init,
    .handler = ngx_http_secops_auth_variables_handler
};


static char *
ngx_http_secops_auth_variables_merge(ngx_conf_t *cf,
    ngx_http_secops_identity_conf_t *prev,
    ngx_http_secops_identity_conf_t *conf)
{
    if (conf->user == NULL) {
        conf->user = prev->user;
    }

    if (conf->roles == NULL) {
        conf->roles = prev->roles;
    }

    if (conf->domain == NULL) {
        conf->domain = prev->domain;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_secops_auth_variables_init(ngx_conf_t *cf,
    ngx_http_secops_identity_conf_t *conf)
{
    if (conf->user == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"secops_auth variables\" needs "
                           "\"secops_user\"");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_secops_auth_variables_handler(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf, ngx_http_secops_auth_t *auth,
    ngx_http_secops_credential_t *credential)
{
    ngx_str_t  roles;

    if (ngx_http_complex_value(r, conf->user, &credential->user) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_str_null(&roles);

    if (conf->roles
        && ngx_http_complex_value(r, conf->roles, &roles) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (conf->domain
        && ngx_http_complex_value(r, conf->domain, &credential->domain)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    credential->permissions = ngx_http_secops_permissions(conf, &roles);

    return credential->user.len ? NGX_OK : NGX_DECLINED;
}
