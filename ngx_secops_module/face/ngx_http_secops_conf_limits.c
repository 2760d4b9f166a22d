
/* secops_max_resources: what a domain may have; secops_query_scan: what a query
   may read; secops_audit_refusals: how many entries there are of a kind. */

#include "face/ngx_http_secops_conf.h"


#define NGX_HTTP_SECOPS_RESOURCES_MAX        100000
#define NGX_HTTP_SECOPS_RESOURCES_BYTES_MAX  (1024 * 1024 * 1024)

#define NGX_HTTP_SECOPS_SCAN_RECORDS_MAX     10000000
#define NGX_HTTP_SECOPS_SCAN_TIME_MAX        (60 * 60 * 1000)

#define NGX_HTTP_SECOPS_REFUSALS_MAX         1000


/* one parameter of a directive: NGX_CONF_OK; NGX_CONF_ERROR, it is none; or
   what the directive needs */

typedef char *(*ngx_http_secops_limit_pt)(ngx_http_secops_loc_conf_t *slcf,
    ngx_str_t *value);


static char *ngx_http_secops_limits(ngx_conf_t *cf,
    ngx_http_secops_loc_conf_t *slcf, ngx_http_secops_limit_pt limit);
static char *ngx_http_secops_max_resources(ngx_http_secops_loc_conf_t *slcf,
    ngx_str_t *value);
static char *ngx_http_secops_query_scan(ngx_http_secops_loc_conf_t *slcf,
    ngx_str_t *value);


char *
ngx_http_secops_set_max_resources(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_secops_loc_conf_t *slcf = conf;

    if (slcf->max_resources != NGX_CONF_UNSET_UINT
        || slcf->max_resources_bytes != NGX_CONF_UNSET_SIZE)
    {
        return "is duplicate";
    }

    return ngx_http_secops_limits(cf, slcf, ngx_http_secops_max_resources);
}


char *
ngx_http_secops_set_query_scan(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_secops_loc_conf_t *slcf = conf;

    if (slcf->scan_records != NGX_CONF_UNSET_UINT
        || slcf->scan_time != NGX_CONF_UNSET_MSEC)
    {
        return "is duplicate";
    }

    return ngx_http_secops_limits(cf, slcf, ngx_http_secops_query_scan);
}


static char *
ngx_http_secops_limits(ngx_conf_t *cf, ngx_http_secops_loc_conf_t *slcf,
    ngx_http_secops_limit_pt limit)
{
    char        *rv;
    ngx_str_t   *value;
    ngx_uint_t   i;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        rv = limit(slcf, &value[i]);

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


static char *
ngx_http_secops_query_scan(ngx_http_secops_loc_conf_t *slcf, ngx_str_t *value)
{
    ngx_int_t  n;
    ngx_str_t  text;

    if (ngx_strncmp(value->data, "records=", 8) == 0) {

        if (slcf->scan_records != NGX_CONF_UNSET_UINT) {
            return NGX_CONF_ERROR;
        }

        n = ngx_atoi(value->data + 8, value->len - 8);

        if (n < 1 || n > NGX_HTTP_SECOPS_SCAN_RECORDS_MAX) {
            return "needs records from 1 to 10000000";
        }

        slcf->scan_records = n;

        return NGX_CONF_OK;
    }

    if (ngx_strncmp(value->data, "time=", 5) == 0) {

        if (slcf->scan_time != NGX_CONF_UNSET_MSEC) {
            return NGX_CONF_ERROR;
        }

        text.len = value->len - 5;
        text.data = value->data + 5;

        n = ngx_parse_time(&text, 0);

        if (n < 1 || n > NGX_HTTP_SECOPS_SCAN_TIME_MAX) {
            return "needs a time from 1ms to 1h";
        }

        slcf->scan_time = n;

        return NGX_CONF_OK;
    }

    return NGX_CONF_ERROR;
}


/* "off", or a number and its period, as limit_req_zone has it */

char *
ngx_http_secops_set_audit_refusals(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_secops_main_conf_t *mcf = conf;

    u_char     *p;
    ngx_int_t   n;
    ngx_str_t  *value;

    if (mcf->refusals != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    mcf->refusals_period = 1;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        mcf->refusals = 0;
        return NGX_CONF_OK;
    }

    n = NGX_ERROR;

    if (value[1].len > 3) {
        p = value[1].data + value[1].len - 3;
        n = ngx_atoi(value[1].data, value[1].len - 3);

        if (ngx_strcmp(p, "r/m") == 0) {
            mcf->refusals_period = 60;

        } else if (ngx_strcmp(p, "r/s") != 0) {
            n = NGX_ERROR;
        }
    }

    if (n < 1 || n > NGX_HTTP_SECOPS_REFUSALS_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid rate \"%V\", must be \"off\", or 1 to "
                           "%d with \"r/s\" or \"r/m\"", &value[1],
                           NGX_HTTP_SECOPS_REFUSALS_MAX);
        return NGX_CONF_ERROR;
    }

    mcf->refusals = n;

    return NGX_CONF_OK;
}
