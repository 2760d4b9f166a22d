
/* secops_auth: the list of methods, and what their conf becomes when merged. */

#include "identity/ngx_http_secops_identity.h"


/* all methods in a sentence */

#define NGX_HTTP_SECOPS_AUTH_NAMES  512


static const ngx_http_secops_auth_method_t *ngx_http_secops_auth_method(
    ngx_str_t *name);
static ngx_str_t *ngx_http_secops_auth_names(ngx_str_t *names, u_char *buf,
    ngx_uint_t who);


static const ngx_http_secops_auth_method_t  *ngx_http_secops_auth_methods[] = {
    &ngx_http_secops_auth_header,
    &ngx_http_secops_auth_variables,
    &ngx_http_secops_auth_jwt,
    &ngx_http_secops_auth_api_key,
    NULL
};


char *
ngx_http_secops_set_auth(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char *p = conf;

    u_char                                 buf[NGX_HTTP_SECOPS_AUTH_NAMES];
    ngx_str_t                             *value, names;
    ngx_uint_t                             i;
    ngx_http_secops_identity_conf_t       *icf;
    const ngx_http_secops_auth_method_t   *method, **elt;

    icf = (ngx_http_secops_identity_conf_t *) (p + cmd->offset);

    if (icf->methods != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    icf->methods = ngx_array_create(cf->pool, 2, sizeof(void *));
    if (icf->methods == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        return NGX_CONF_OK;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        method = ngx_http_secops_auth_method(&value[i]);

        if (method == NULL) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown method \"%V\", must be %V",
                               &value[i],
                               ngx_http_secops_auth_names(&names, buf, 0));
            return NGX_CONF_ERROR;
        }

        if (ngx_http_secops_auth_enabled(icf, method)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate method \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        elt = ngx_array_push(icf->methods);
        if (elt == NULL) {
            return NGX_CONF_ERROR;
        }

        *elt = method;
    }

    return NGX_CONF_OK;
}


static const ngx_http_secops_auth_method_t *
ngx_http_secops_auth_method(ngx_str_t *name)
{
    const ngx_http_secops_auth_method_t  **method;

    for (method = ngx_http_secops_auth_methods; *method; method++) {

        if (name->len == (*method)->name.len
            && ngx_strncmp(name->data, (*method)->name.data, name->len) == 0)
        {
            break;
        }
    }

    return *method;
}


/* "a", "b" or "c"; who: each with whom it learns it of */

static ngx_str_t *
ngx_http_secops_auth_names(ngx_str_t *names, u_char *buf, ngx_uint_t who)
{
    u_char                                *p, *last;
    const ngx_http_secops_auth_method_t  **method;

    p = buf;
    last = buf + NGX_HTTP_SECOPS_AUTH_NAMES;

    for (method = ngx_http_secops_auth_methods; *method; method++) {

        if (p != buf) {
            p = ngx_slprintf(p, last, method[1] ? ", " : " or ");
        }

        p = ngx_slprintf(p, last, "\"%V\"", &(*method)->name);

        if (who && (*method)->who) {
            p = ngx_slprintf(p, last, " (%s)", (*method)->who);
        }
    }

    names->data = buf;
    names->len = p - buf;

    return names;
}


void
ngx_http_secops_create_identity(ngx_http_secops_identity_conf_t *conf)
{
    const ngx_http_secops_auth_method_t  **method;

    /*
     * set by ngx_pcalloc():
     *
     *     conf->write_role = { 0, NULL };
     *     conf->read_role = { 0, NULL };
     *     conf->admin_role = { 0, NULL };
     *     conf->header_act_for = { { 0, NULL }, 0 };
     *     conf->parents = NULL;
     */

    conf->methods = NGX_CONF_UNSET_PTR;

    for (method = ngx_http_secops_auth_methods; *method; method++) {
        if ((*method)->create) {
            (*method)->create(conf);
        }
    }
}


char *
ngx_http_secops_merge_identity(ngx_conf_t *cf,
    ngx_http_secops_identity_conf_t *prev,
    ngx_http_secops_identity_conf_t *conf)
{
    const ngx_http_secops_auth_method_t  **method;

    ngx_conf_merge_ptr_value(conf->methods, prev->methods, NULL);

    ngx_conf_merge_str_value(conf->write_role, prev->write_role,
                             "sn_sec_cmn.api_write");
    ngx_conf_merge_str_value(conf->read_role, prev->read_role,
                             "sn_sec_cmn.api_read");
    ngx_conf_merge_str_value(conf->admin_role, prev->admin_role,
                             "sn_sec_cmn.admin");

    if (conf->parents == NULL) {
        conf->parents = prev->parents;
    }

    if (ngx_http_secops_merge_header(cf, &prev->header_act_for,
                                     &conf->header_act_for,
                                     NGX_HTTP_SECOPS_ACT_FOR)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    for (method = ngx_http_secops_auth_methods; *method; method++) {

        if ((*method)->merge
            && (*method)->merge(cf, prev, conf) != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


char *
ngx_http_secops_init_identity(ngx_conf_t *cf,
    ngx_http_secops_identity_conf_t *conf)
{
    u_char                                 buf[NGX_HTTP_SECOPS_AUTH_NAMES];
    ngx_str_t                              names;
    const ngx_http_secops_auth_method_t  **method;

    if (conf->methods == NULL || conf->methods->nelts == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"secops_api\" needs \"secops_auth\": say how "
                           "callers are identified, by %V",
                           ngx_http_secops_auth_names(&names, buf, 1));
        return NGX_CONF_ERROR;
    }

    for (method = ngx_http_secops_auth_methods; *method; method++) {

        if ((*method)->init
            && ngx_http_secops_auth_enabled(conf, *method)
            && (*method)->init(cf, conf) != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}
