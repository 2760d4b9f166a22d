
/* $secops_* variables, for logs and map. */

#include "face/ngx_http_secops_conf.h"
#include "api/ngx_http_secops_api.h"


static ngx_int_t ngx_http_secops_variable_identity(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_secops_variable_auth_method(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_secops_variable_act_for(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_secops_variable_operation(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_secops_variable_error(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_secops_variable_redis_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_http_secops_identity_t *ngx_http_secops_variable_caller(
    ngx_http_request_t *r, ngx_http_secops_identity_t *early);
static ngx_int_t ngx_http_secops_variable_set(ngx_http_variable_value_t *v,
    size_t len, const u_char *data);


/* none is cacheable: they come to be known in the course of a request */

static ngx_http_variable_t  ngx_http_secops_variables[] = {

    { ngx_string("secops_user"), NULL, ngx_http_secops_variable_identity,
      offsetof(ngx_http_secops_identity_t, user),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("secops_domain"), NULL, ngx_http_secops_variable_identity,
      offsetof(ngx_http_secops_identity_t, own_domain),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("secops_auth_method"), NULL,
      ngx_http_secops_variable_auth_method, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("secops_act_for"), NULL,
      ngx_http_secops_variable_act_for, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("secops_operation"), NULL,
      ngx_http_secops_variable_operation, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("secops_error"), NULL,
      ngx_http_secops_variable_error, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("secops_redis_time"), NULL,
      ngx_http_secops_variable_redis_time, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


ngx_int_t
ngx_http_secops_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_secops_variables; v->name.len; v++) {

        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_variable_identity(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                   *value;
    ngx_http_secops_identity_t  *caller, early;

    caller = ngx_http_secops_variable_caller(r, &early);

    if (caller == NULL) {
        return ngx_http_secops_variable_set(v, 0, NULL);
    }

    value = (ngx_str_t *) ((u_char *) caller + data);

    return ngx_http_secops_variable_set(v, value->len, value->data);
}


static ngx_int_t
ngx_http_secops_variable_auth_method(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    const ngx_str_t             *name;
    ngx_http_secops_identity_t  *caller, early;

    caller = ngx_http_secops_variable_caller(r, &early);

    if (caller == NULL) {
        return ngx_http_secops_variable_set(v, 0, NULL);
    }

    name = &caller->method->name;

    return ngx_http_secops_variable_set(v, name->len, name->data);
}


/*
 * Whom the check has found; before it, who it would be as things stand, which
 * is what limit_req goes by.  Once the check has begun, or an answer has, only
 * the check counts: a log must not name somebody whom auth_basic has refused.
 * NULL: nobody.
 */

static ngx_http_secops_identity_t *
ngx_http_secops_variable_caller(ngx_http_request_t *r,
    ngx_http_secops_identity_t *early)
{
    ngx_http_secops_ctx_t       *ctx;
    ngx_http_secops_loc_conf_t  *slcf;

    ctx = ngx_http_secops_get_ctx(r);

    if (ctx && ctx->identity.user.len) {
        return &ctx->identity;
    }

    if (ctx || r->err_status || r->headers_out.status) {
        return NULL;
    }

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_secops_module);

    if (slcf->groups == 0 || (slcf->groups & NGX_HTTP_SECOPS_ERRORS)) {
        return NULL;
    }

    return (ngx_http_secops_identify_early(r, &slcf->identity, early)
            == NGX_OK) ? early : NULL;
}


static ngx_int_t
ngx_http_secops_variable_act_for(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_secops_ctx_t  *ctx;

    ctx = ngx_http_secops_get_ctx(r);

    if (ctx == NULL) {
        return ngx_http_secops_variable_set(v, 0, NULL);
    }

    return ngx_http_secops_variable_set(v, ctx->act_for.len,
                                        ctx->act_for.data);
}


static ngx_int_t
ngx_http_secops_variable_operation(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_secops_ctx_t  *ctx;

    ctx = ngx_http_secops_get_ctx(r);

    if (ctx == NULL || ctx->route == NULL) {
        return ngx_http_secops_variable_set(v, 0, NULL);
    }

    return ngx_http_secops_variable_set(v, ctx->route->operation.len,
                                        ctx->route->operation.data);
}


static ngx_int_t
ngx_http_secops_variable_error(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_secops_ctx_t  *ctx;
    const secops_error_t   *error;

    ctx = ngx_http_secops_get_ctx(r);

    if (ctx == NULL || ctx->error == SECOPS_ERROR_NONE) {
        return ngx_http_secops_variable_set(v, 0, NULL);
    }

    error = secops_error(ctx->error);

    return ngx_http_secops_variable_set(v, error->message.len,
                                        error->message.data);
}


/* seconds with milliseconds, as $upstream_response_time */

static ngx_int_t
ngx_http_secops_variable_redis_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                 *p;
    ngx_http_secops_ctx_t  *ctx;

    ctx = ngx_http_secops_get_ctx(r);

    if (ctx == NULL || ctx->redis_time == NGX_CONF_UNSET_MSEC) {
        return ngx_http_secops_variable_set(v, 0, NULL);
    }

    p = ngx_pnalloc(r->pool, NGX_TIME_T_LEN + 4);
    if (p == NULL) {
        return NGX_ERROR;
    }

    v->len = ngx_sprintf(p, "%T.%03M", (time_t) (ctx->redis_time / 1000),
                         ctx->redis_time % 1000)
             - p;

    return ngx_http_secops_variable_set(v, v->len, p);
}


/* an empty value counts as not found: a log shows it as "-" */

static ngx_int_t
ngx_http_secops_variable_set(ngx_http_variable_value_t *v, size_t len,
    const u_char *data)
{
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = (len == 0);
    v->len = len;
    v->data = (u_char *) data;

    return NGX_OK;
}
