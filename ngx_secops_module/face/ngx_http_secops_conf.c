
/*
 * Directives that no stock slot can parse, and what a location's conf needs
 * once it was merged.
 */

#include "face/ngx_http_secops_conf.h"
#include "face/ngx_http_secops_phases.h"
#include "api/ngx_http_secops_api.h"
#include "identity/ngx_secops_api_keys.h"
#include "store/secops_keys.h"


typedef struct {
    ngx_str_t   name;
    ngx_uint_t  group;
} ngx_http_secops_group_t;


static ngx_int_t ngx_http_secops_push_cidr(ngx_conf_t *cf, ngx_array_t *cidrs,
    ngx_str_t *text);


/* api keys that a worker remembers for one location */

#define NGX_HTTP_SECOPS_API_KEYS      1000


static const ngx_http_secops_group_t  ngx_http_secops_groups[] = {
    { ngx_string("records"), NGX_HTTP_SECOPS_RECORDS },
    { ngx_string("tables"), NGX_HTTP_SECOPS_TABLES },
    { ngx_string("health"), NGX_HTTP_SECOPS_HEALTH },
    { ngx_string("resources"), NGX_HTTP_SECOPS_RESOURCES },
    { ngx_string("catalog"), NGX_HTTP_SECOPS_CATALOG },
    { ngx_string("jobs"), NGX_HTTP_SECOPS_JOBS },
    { ngx_string("audit"), NGX_HTTP_SECOPS_AUDIT },
    { ngx_string("errors"), NGX_HTTP_SECOPS_ERRORS },
    { ngx_null_string, 0 }
};


static ngx_str_t  ngx_http_secops_default_trusted[] = {
    ngx_string("127.0.0.1"),
    ngx_string("::1"),
    ngx_string("unix:"),
    ngx_null_string
};


char *
ngx_http_secops_set_api(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_secops_loc_conf_t *slcf = conf;

    ngx_str_t                      *value;
    ngx_uint_t                      i;
    ngx_http_core_loc_conf_t       *clcf;
    const ngx_http_secops_group_t  *group;

    if (slcf->groups != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    slcf->groups = 0;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        for (group = ngx_http_secops_groups; group->group; group++) {
            if (value[i].len == group->name.len
                && ngx_strncmp(value[i].data, group->name.data, value[i].len)
                   == 0)
            {
                break;
            }
        }

        if (group->group == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown group \"%V\", must be \"records\", "
                               "\"tables\", \"resources\", \"catalog\", "
                               "\"jobs\", \"audit\", \"health\" or \"errors\"",
                               &value[i]);
            return NGX_CONF_ERROR;
        }

        if (slcf->groups & group->group) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate group \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        slcf->groups |= group->group;
    }

    if (slcf->groups == 0) {
        slcf->groups = NGX_HTTP_SECOPS_ALL;
    }

    if ((slcf->groups & NGX_HTTP_SECOPS_ERRORS)
        && slcf->groups != NGX_HTTP_SECOPS_ERRORS)
    {
        return "group \"errors\" stands alone";
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_secops_handler;

    return NGX_CONF_OK;
}


char *
ngx_http_secops_set_auth(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_secops_loc_conf_t *slcf = conf;

    ngx_int_t    method;
    ngx_str_t   *value;
    ngx_uint_t   i, j, *methods;

    if (slcf->identity.methods != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    slcf->identity.methods = ngx_array_create(cf->pool, 2, sizeof(ngx_uint_t));
    if (slcf->identity.methods == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        return NGX_CONF_OK;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        method = ngx_http_secops_auth_method(&value[i]);

        if (method == NGX_ERROR) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown method \"%V\", must be \"header\", "
                               "\"variables\", \"jwt\" or \"api_key\"",
                               &value[i]);
            return NGX_CONF_ERROR;
        }

        methods = slcf->identity.methods->elts;

        for (j = 0; j < slcf->identity.methods->nelts; j++) {
            if (methods[j] == (ngx_uint_t) method) {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "duplicate method \"%V\"", &value[i]);
                return NGX_CONF_ERROR;
            }
        }

        methods = ngx_array_push(slcf->identity.methods);
        if (methods == NULL) {
            return NGX_CONF_ERROR;
        }

        *methods = method;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_secops_set_trusted_proxy(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_secops_loc_conf_t *slcf = conf;

    ngx_str_t   *value;
    ngx_uint_t   i;

    if (slcf->identity.trusted == NGX_CONF_UNSET_PTR) {
        slcf->identity.trusted = ngx_array_create(cf->pool, 4,
                                                  sizeof(ngx_cidr_t));
        if (slcf->identity.trusted == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        if (ngx_http_secops_push_cidr(cf, slcf->identity.trusted, &value[i])
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_secops_push_cidr(ngx_conf_t *cf, ngx_array_t *cidrs, ngx_str_t *text)
{
    ngx_int_t    rc;
    ngx_cidr_t  *cidr;

    cidr = ngx_array_push(cidrs);
    if (cidr == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(cidr, sizeof(ngx_cidr_t));

    if (text->len == 5 && ngx_strncmp(text->data, "unix:", 5) == 0) {
        cidr->family = AF_UNIX;
        return NGX_OK;
    }

    rc = ngx_ptocidr(text, cidr);

    if (rc == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid address \"%V\" in "
                           "\"secops_trusted_proxy\"", text);
        return NGX_ERROR;
    }

    if (rc == NGX_DONE) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "low address bits of %V are meaningless", text);
    }

    return NGX_OK;
}


char *
ngx_http_secops_merge_identity(ngx_conf_t *cf,
    ngx_http_secops_identity_conf_t *prev,
    ngx_http_secops_identity_conf_t *conf)
{
    ngx_str_t  *text;

    ngx_conf_merge_ptr_value(conf->methods, prev->methods, NULL);
    ngx_conf_merge_ptr_value(conf->trusted, prev->trusted, NULL);

    ngx_conf_merge_str_value(conf->write_role, prev->write_role,
                             "sn_sec_cmn.api_write");
    ngx_conf_merge_str_value(conf->read_role, prev->read_role,
                             "sn_sec_cmn.api_read");
    ngx_conf_merge_str_value(conf->admin_role, prev->admin_role,
                             "sn_sec_cmn.admin");

    ngx_conf_merge_msec_value(conf->api_key_cache, prev->api_key_cache, 5000);

    if (ngx_http_secops_merge_jwt(cf, &prev->jwt, &conf->jwt) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (conf->user == NULL) {
        conf->user = prev->user;
    }

    if (conf->roles == NULL) {
        conf->roles = prev->roles;
    }

    if (conf->domain == NULL) {
        conf->domain = prev->domain;
    }

    if (ngx_http_secops_merge_header(cf, &prev->header_user,
                                     &conf->header_user, "X-SecOps-User")
        != NGX_CONF_OK
        || ngx_http_secops_merge_header(cf, &prev->header_roles,
                                        &conf->header_roles, "X-SecOps-Roles")
           != NGX_CONF_OK
        || ngx_http_secops_merge_header(cf, &prev->header_domain,
                                        &conf->header_domain,
                                        "X-SecOps-Domain")
           != NGX_CONF_OK
        || ngx_http_secops_merge_header(cf, &prev->header_api_key,
                                        &conf->header_api_key,
                                        "x-arcanna-api-key")
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (conf->trusted) {
        return NGX_CONF_OK;
    }

    conf->trusted = ngx_array_create(cf->pool, 3, sizeof(ngx_cidr_t));
    if (conf->trusted == NULL) {
        return NGX_CONF_ERROR;
    }

    for (text = ngx_http_secops_default_trusted; text->len; text++) {
        if (ngx_http_secops_push_cidr(cf, conf->trusted, text) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


/* once the store is there */

char *
ngx_http_secops_init_identity(ngx_conf_t *cf, ngx_http_secops_loc_conf_t *conf)
{
    ngx_secops_api_keys_t            **keys;
    ngx_http_secops_main_conf_t       *mcf;
    ngx_http_secops_identity_conf_t   *identity;

    identity = &conf->identity;

    if (identity->methods == NULL || identity->methods->nelts == 0) {

        if (conf->groups == NGX_HTTP_SECOPS_HEALTH) {
            return NGX_CONF_OK;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"secops_api\" needs \"secops_auth\": say how "
                           "callers are identified, by \"header\" (set by a "
                           "proxy in front), \"variables\" (auth_basic, "
                           "auth_request, client certificates, ...), \"jwt\" "
                           "or \"api_key\"");
        return NGX_CONF_ERROR;
    }

    if (ngx_http_secops_auth_enabled(identity, NGX_HTTP_SECOPS_AUTH_VARIABLES)
        && identity->user == NULL)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"secops_auth variables\" needs "
                           "\"secops_user\"");
        return NGX_CONF_ERROR;
    }

    if (ngx_http_secops_auth_enabled(identity, NGX_HTTP_SECOPS_AUTH_JWT)
        && ngx_http_secops_init_jwt(cf, &identity->jwt) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    identity->store = &conf->store;

    if (ngx_http_secops_auth_enabled(identity, NGX_HTTP_SECOPS_AUTH_API_KEY)) {

        mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_secops_module);

        keys = ngx_array_push(&mcf->api_keys);
        if (keys == NULL) {
            return NGX_CONF_ERROR;
        }

        *keys = ngx_secops_api_keys_create(cf, NGX_HTTP_SECOPS_API_KEYS);
        if (*keys == NULL) {
            return NGX_CONF_ERROR;
        }

        identity->api_keys = *keys;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_secops_init_store(ngx_conf_t *cf, ngx_http_secops_loc_conf_t *conf)
{
    u_char          *p;
    secops_slice_t   prefix;

    if (conf->redis.url.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"secops_api\" needs \"secops_redis\"");
        return NGX_CONF_ERROR;
    }

    prefix.len = conf->store.prefix.len;
    prefix.data = conf->store.prefix.data;

    if (!secops_keys_prefix_valid(prefix)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid \"secops_redis_prefix\" \"%V\", must be "
                           "1 to %d of A-Z, a-z, 0-9, \".\", \"_\", \"-\" and "
                           "\":\"", &conf->store.prefix,
                           SECOPS_KEYS_PREFIX_MAX);
        return NGX_CONF_ERROR;
    }

    if (conf->audit_maxlen) {

        p = ngx_pnalloc(cf->pool, NGX_INT_T_LEN);
        if (p == NULL) {
            return NGX_CONF_ERROR;
        }

        conf->store.audit_maxlen.data = p;
        conf->store.audit_maxlen.len = ngx_sprintf(p, "%i", conf->audit_maxlen)
                                       - p;
    }

    if (ngx_http_secops_init_redis(cf, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
