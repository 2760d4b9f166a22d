
/* Lists that the directives of a provider take: values, claims, and claims with
   the values that they must have. */

#include "identity/jwt/ngx_http_secops_jwt.h"
#include "util/ngx_secops_string.h"


static ngx_int_t ngx_http_secops_jwt_add_slice(ngx_array_t *list,
    ngx_str_t *value);


/* an array of secops_slice_t; each directive adds to it.  Empty: "off" */

char *
ngx_http_secops_set_jwt_list(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char *p = conf;

    ngx_str_t        *value;
    ngx_uint_t        i, off;
    ngx_array_t     **list;
    secops_slice_t   *slice;

    list = (ngx_array_t **) (p + cmd->offset);
    value = cf->args->elts;

    off = (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0);

    if (*list == NGX_CONF_UNSET_PTR) {
        *list = ngx_array_create(cf->pool, 2, sizeof(secops_slice_t));
        if (*list == NULL) {
            return NGX_CONF_ERROR;
        }

    } else if (off || (*list)->nelts == 0) {
        return "can not be \"off\" and a list at once";
    }

    if (off) {
        return NGX_CONF_OK;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (value[i].len == 0) {
            return "has an empty value";
        }

        slice = ngx_array_push(*list);
        if (slice == NULL) {
            return NGX_CONF_ERROR;
        }

        *slice = ngx_secops_slice(&value[i]);
    }

    return NGX_CONF_OK;
}


/* "claim value ...", or "off"; each directive adds to what is required */

char *
ngx_http_secops_set_jwt_require(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    char *p = conf;

    ngx_str_t                       *value;
    ngx_uint_t                       i, off;
    ngx_array_t                    **list;
    ngx_http_secops_jwt_required_t  *required;

    list = (ngx_array_t **) (p + cmd->offset);
    value = cf->args->elts;

    off = (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0);

    if (cf->args->nelts == 2 && !off) {
        return "needs a claim and a value, or \"off\"";
    }

    if (*list == NGX_CONF_UNSET_PTR) {
        *list = ngx_array_create(cf->pool, 2,
                                 sizeof(ngx_http_secops_jwt_required_t));
        if (*list == NULL) {
            return NGX_CONF_ERROR;
        }

    } else if (off || (*list)->nelts == 0) {
        return "can not be \"off\" and a list at once";
    }

    if (off) {
        return NGX_CONF_OK;
    }

    required = ngx_array_push(*list);

    if (required == NULL
        || ngx_array_init(&required->values, cf->pool, 1,
                          sizeof(secops_slice_t))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    required->claim = value[1];

    for (i = 1; i < cf->args->nelts; i++) {

        if (value[i].len == 0) {
            return "has an empty value";
        }

        if (i > 1 && ngx_http_secops_jwt_add_slice(&required->values,
                                                   &value[i])
                     != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


/* paths of claims, no two the same */

char *
ngx_http_secops_set_jwt_paths(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char *p = conf;

    ngx_str_t    *value;
    ngx_uint_t    i;
    ngx_array_t  *paths, **list;

    list = (ngx_array_t **) (p + cmd->offset);
    value = cf->args->elts;

    if (*list != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    paths = ngx_array_create(cf->pool, cf->args->nelts, sizeof(secops_slice_t));
    if (paths == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (value[i].len == 0) {
            return "has an empty value";
        }

        if (ngx_http_secops_jwt_listed(paths, ngx_secops_slice(&value[i]))) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate claim \"%V\" in \"%V\"", &value[i],
                               &cmd->name);
            return NGX_CONF_ERROR;
        }

        if (ngx_http_secops_jwt_add_slice(paths, &value[i]) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    *list = paths;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_secops_jwt_add_slice(ngx_array_t *list, ngx_str_t *value)
{
    secops_slice_t  *slice;

    slice = ngx_array_push(list);
    if (slice == NULL) {
        return NGX_ERROR;
    }

    *slice = ngx_secops_slice(value);

    return NGX_OK;
}


ngx_uint_t
ngx_http_secops_jwt_listed(ngx_array_t *list, secops_slice_t value)
{
    ngx_uint_t       i;
    secops_slice_t  *slice;

    slice = list->elts;

    for (i = 0; i < list->nelts; i++) {
        if (secops_slice_equal(slice[i], value)) {
            return 1;
        }
    }

    return 0;
}
