
/*
 * Directives that no stock slot can parse, and what a location's conf needs
 * once it was merged.
 */

#include "face/ngx_http_secops_conf.h"
#include "face/ngx_http_secops_phases.h"
#include "api/ngx_http_secops_api.h"
#include "store/secops_keys.h"
#include "util/ngx_secops_string.h"


typedef struct {
    ngx_str_t   name;
    ngx_uint_t  group;
} ngx_http_secops_group_t;


static const ngx_http_secops_group_t  ngx_http_secops_groups[] = {
    { ngx_string("records"), NGX_HTTP_SECOPS_RECORDS },
    { ngx_string("tables"), NGX_HTTP_SECOPS_TABLES },
    { ngx_string("health"), NGX_HTTP_SECOPS_HEALTH },
    { ngx_string("resources"), NGX_HTTP_SECOPS_RESOURCES },
    { ngx_string("catalog"), NGX_HTTP_SECOPS_CATALOG },
    { ngx_string("jobs"), NGX_HTTP_SECOPS_JOBS },
    { ngx_string("events"), NGX_HTTP_SECOPS_EVENTS },
    { ngx_string("audit"), NGX_HTTP_SECOPS_AUDIT },
    { ngx_string("errors"), NGX_HTTP_SECOPS_ERRORS },
    { ngx_null_string, 0 }
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
                               "\"jobs\", \"events\", \"audit\", \"health\" or "
                               "\"errors\"",
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
ngx_http_secops_init_store(ngx_conf_t *cf, ngx_http_secops_loc_conf_t *conf)
{
    u_char  *p;

    if (conf->redis.url.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"secops_api\" needs \"secops_redis\"");
        return NGX_CONF_ERROR;
    }

    if (!secops_keys_prefix_valid(ngx_secops_slice(&conf->store.prefix))) {
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

    if (conf->event_queue) {

        p = ngx_pnalloc(cf->pool, NGX_INT_T_LEN);
        if (p == NULL) {
            return NGX_CONF_ERROR;
        }

        /* of each shard, rounded up */

        conf->store.event_queue.data = p;
        conf->store.event_queue.len =
            ngx_sprintf(p, "%i", (conf->event_queue + SECOPS_ID_SHARDS - 1)
                                 / SECOPS_ID_SHARDS)
            - p;
    }

    if (ngx_http_secops_init_redis(cf, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/*
 * secops_auth is no check of its own, as auth_basic is: it says how the API
 * finds out who calls.  Where another module serves the location, nobody asks.
 * What only nginx itself leads to is for others to protect.
 */

void
ngx_http_secops_warn_unserved(ngx_conf_t *cf, ngx_http_secops_loc_conf_t *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (conf->groups
        || conf->identity.methods == NULL
        || conf->identity.methods->nelts == 0
        || clcf->handler == NULL
        || clcf->internal || clcf->named || clcf->noname)
    {
        return;
    }

    ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                       "\"secops_auth\" does not protect location \"%V\", "
                       "which has no \"secops_api\": use \"auth_request\", or "
                       "say \"secops_auth off\" there", &clcf->name);
}
