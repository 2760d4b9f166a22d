
/* secops_max_resources: what a domain may have. */

#include "face/ngx_http_secops_conf.h"


#define NGX_HTTP_SECOPS_RESOURCES_MAX        100000
#define NGX_HTTP_SECOPS_RESOURCES_BYTES_MAX  (1024 * 1024 * 1024)


static char *ngx_http_secops_max_resources(ngx_http_secops_loc_conf_t *slcf,
    ngx_str_t *value);


char *
ngx_http_secops_set_max_resources(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_secops_loc_conf_t *slcf = conf;

    char        *rv;
    ngx_str_t   *value;
    ngx_uint_t   i;

    if (slcf->max_resources != NGX_CONF_UNSET_UINT
        || slcf->max_resources_bytes != NGX_CONF_UNSET_SIZE)
    {
        return "is duplicate";
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        rv = ngx_http_secops_max_resources(slcf, &value[i]);

        if (rv == NGX_CONF_ERROR) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"",
                               &value[i]);
        }

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_secops_max_resources(ngx_http_secops_loc_conf_t *slcf,
    ngx_str_t *value)
{
    ssize_t    size;
    ngx_int_t  n;
    ngx_str_t  text;

    if (ngx_strncmp(value->data, "count=", 6) == 0) {

        if (slcf->max_resources != NGX_CONF_UNSET_UINT) {
            return NGX_CONF_ERROR;
        }

        n = ngx_atoi(value->data + 6, value->len - 6);

        if (n < 1 || n > NGX_HTTP_SECOPS_RESOURCES_MAX) {
            return "needs a count from 1 to 100000";
        }

        slcf->max_resources = n;

        return NGX_CONF_OK;
    }

    if (ngx_strncmp(value->data, "bytes=", 6) == 0) {

        if (slcf->max_resources_bytes != NGX_CONF_UNSET_SIZE) {
            return NGX_CONF_ERROR;
        }

        text.len = value->len - 6;
        text.data = value->data + 6;

        size = ngx_parse_size(&text);

        if (size < 1024 || size > NGX_HTTP_SECOPS_RESOURCES_BYTES_MAX) {
            return "needs bytes from 1k to 1024m";
        }

        slcf->max_resources_bytes = size;

        return NGX_CONF_OK;
    }

    return NGX_CONF_ERROR;
}
