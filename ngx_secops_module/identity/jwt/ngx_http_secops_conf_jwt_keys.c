
/*
 * Where the keys of a provider come from: secops_jwt_key_file and
 * secops_jwt_key_request, and the same two within secops_jwt_provider.
 */

#include "identity/jwt/ngx_http_secops_jwt.h"
#include "util/ngx_secops_string.h"


#define NGX_HTTP_SECOPS_JWT_MAX_FILE      SECOPS_JWK_SET_MAX_SIZE
#define NGX_HTTP_SECOPS_JWT_INTERVAL      300000    /* milliseconds */
#define NGX_HTTP_SECOPS_JWT_MIN_INTERVAL  10000
#define NGX_HTTP_SECOPS_JWT_TIMEOUT       5000


typedef struct {
    ngx_msec_t   interval;
    ngx_msec_t   min_interval;
    ngx_msec_t   timeout;
} ngx_http_secops_jwt_times_t;


static ngx_http_secops_jwt_source_t *ngx_http_secops_jwt_add_source(
    ngx_conf_t *cf, ngx_http_secops_jwt_provider_t *provider);
static ngx_int_t ngx_http_secops_jwt_add_issuer(ngx_conf_t *cf,
    ngx_http_secops_jwt_provider_t *provider,
    ngx_http_secops_jwt_source_t *source, ngx_str_t *value);
static secops_jwk_set_t *ngx_http_secops_jwt_read_keys(ngx_conf_t *cf,
    ngx_str_t *name);
static secops_jwk_set_t *ngx_http_secops_jwt_parse_keys(ngx_conf_t *cf,
    ngx_str_t *name, const u_char *data, size_t len);
static void ngx_http_secops_jwt_free_keys(void *data);
static ngx_uint_t ngx_http_secops_jwt_has_request(
    ngx_http_secops_jwt_provider_t *provider, ngx_str_t *uri);
static ngx_int_t ngx_http_secops_jwt_set_time(ngx_str_t *value,
    ngx_http_secops_jwt_times_t *times);


char *
ngx_http_secops_set_jwt_key_file(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    char *p = conf;

    ngx_str_t                       *value;
    ngx_uint_t                       i;
    ngx_http_secops_jwt_source_t    *source;
    ngx_http_secops_jwt_provider_t  *provider;

    provider = (ngx_http_secops_jwt_provider_t *) (p + cmd->offset);
    value = cf->args->elts;

    source = ngx_http_secops_jwt_add_source(cf, provider);
    if (source == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_http_secops_jwt_add_issuer(cf, provider, source, &value[i])
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_conf_full_name(cf->cycle, &value[1], 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    source->set = ngx_http_secops_jwt_read_keys(cf, &value[1]);

    return source->set ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* zeroed, and bound to nobody */

static ngx_http_secops_jwt_source_t *
ngx_http_secops_jwt_add_source(ngx_conf_t *cf,
    ngx_http_secops_jwt_provider_t *provider)
{
    ngx_http_secops_jwt_source_t  *source;

    if (provider->sources == NGX_CONF_UNSET_PTR) {

        provider->sources = ngx_array_create(cf->pool, 1,
                                        sizeof(ngx_http_secops_jwt_source_t));
        if (provider->sources == NULL) {
            return NULL;
        }
    }

    source = ngx_array_push(provider->sources);
    if (source == NULL) {
        return NULL;
    }

    ngx_memzero(source, sizeof(ngx_http_secops_jwt_source_t));

    if (ngx_array_init(&source->issuers, cf->pool, 1, sizeof(secops_slice_t))
        != NGX_OK)
    {
        return NULL;
    }

    return source;
}


/* "issuer=URL": whose tokens the keys are for.  All keys of a named provider
   are for the tokens of that provider */

static ngx_int_t
ngx_http_secops_jwt_add_issuer(ngx_conf_t *cf,
    ngx_http_secops_jwt_provider_t *provider,
    ngx_http_secops_jwt_source_t *source, ngx_str_t *value)
{
    secops_slice_t  *issuer;

    if (provider->name.len
        || value->len <= sizeof("issuer=") - 1
        || ngx_strncmp(value->data, "issuer=", sizeof("issuer=") - 1) != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"",
                           value);
        return NGX_ERROR;
    }

    issuer = ngx_array_push(&source->issuers);
    if (issuer == NULL) {
        return NGX_ERROR;
    }

    issuer->data = value->data + sizeof("issuer=") - 1;
    issuer->len = value->len - (sizeof("issuer=") - 1);

    return NGX_OK;
}


/* the set belongs to the cycle */

static secops_jwk_set_t *
ngx_http_secops_jwt_read_keys(ngx_conf_t *cf, ngx_str_t *name)
{
    u_char            *buf;
    size_t             size;
    ssize_t            n;
    ngx_fd_t           fd;
    secops_jwk_set_t  *set;

    fd = ngx_open_file(name->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", name);
        return NULL;
    }

    set = NULL;
    size = NGX_HTTP_SECOPS_JWT_MAX_FILE + 1;

    buf = ngx_alloc(size, cf->log);

    if (buf == NULL) {
        goto done;
    }

    n = ngx_read_fd(fd, buf, size);

    if (n == -1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_read_fd_n " \"%V\" failed", name);

    } else if ((size_t) n == size) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" is too large", name);

    } else {
        set = ngx_http_secops_jwt_parse_keys(cf, name, buf, n);
    }

    /* it may hold the secrets of HMAC */

    ngx_explicit_memzero(buf, size);
    ngx_free(buf);

done:

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", name);
    }

    return set;
}


static secops_jwk_set_t *
ngx_http_secops_jwt_parse_keys(ngx_conf_t *cf, ngx_str_t *name,
    const u_char *data, size_t len)
{
    secops_jwk_set_t     *set;
    ngx_pool_cleanup_t   *cln;
    secops_jwk_error_t    error;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    set = secops_jwk_set_parse(data, len, &error);

    if (set == NULL) {

        if (error.key) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\": key %uz: %s",
                               name, error.key, error.reason);

        } else {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\": %s", name,
                               error.reason);
        }

        return NULL;
    }

    cln->data = set;
    cln->handler = ngx_http_secops_jwt_free_keys;

    if (set->nignored) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"%V\": %uz keys are not usable, the first one is "
                           "key %uz: %s", name, set->nignored,
                           set->ignored.key, set->ignored.reason);
    }

    if (!secops_jws_can_try_all(set)) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"%V\": it has more keys without a kid than are "
                           "tried for one token: only the first ones are",
                           name);
    }

    return set;
}


static void
ngx_http_secops_jwt_free_keys(void *data)
{
    secops_jwk_set_free(data);
}


char *
ngx_http_secops_set_jwt_key_request(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    char *p = conf;

    ngx_int_t                        rc;
    ngx_str_t                       *value;
    ngx_uint_t                       i;
    ngx_http_secops_jwt_times_t      times;
    ngx_http_secops_jwt_source_t    *source;
    ngx_http_secops_jwt_provider_t  *provider;

    provider = (ngx_http_secops_jwt_provider_t *) (p + cmd->offset);
    value = cf->args->elts;

    if (value[1].len == 0 || value[1].data[0] != '/') {
        return "needs the path of a location";
    }

    if (ngx_http_secops_jwt_has_request(provider, &value[1])) {
        return "is duplicate";
    }

    source = ngx_http_secops_jwt_add_source(cf, provider);
    if (source == NULL) {
        return NGX_CONF_ERROR;
    }

    source->uri = value[1];

    times.interval = NGX_HTTP_SECOPS_JWT_INTERVAL;
    times.min_interval = NGX_HTTP_SECOPS_JWT_MIN_INTERVAL;
    times.timeout = NGX_HTTP_SECOPS_JWT_TIMEOUT;

    for (i = 2; i < cf->args->nelts; i++) {

        rc = ngx_http_secops_jwt_set_time(&value[i], &times);

        if (rc == NGX_DECLINED) {
            rc = ngx_http_secops_jwt_add_issuer(cf, provider, source,
                                                &value[i]);

        } else if (rc == NGX_ERROR) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[i]);
        }

        if (rc != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    source->keys = ngx_http_secops_jwt_keys_create(cf, &source->uri,
                                                   times.interval,
                                                   times.min_interval,
                                                   times.timeout);

    return source->keys ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static ngx_uint_t
ngx_http_secops_jwt_has_request(ngx_http_secops_jwt_provider_t *provider,
    ngx_str_t *uri)
{
    ngx_uint_t                     i;
    ngx_http_secops_jwt_source_t  *source;

    if (provider->sources == NGX_CONF_UNSET_PTR) {
        return 0;
    }

    source = provider->sources->elts;

    for (i = 0; i < provider->sources->nelts; i++) {

        if (source[i].uri.len == uri->len
            && ngx_strncmp(source[i].uri.data, uri->data, uri->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* NGX_DECLINED: the parameter is another; NGX_ERROR: it is no time */

static ngx_int_t
ngx_http_secops_jwt_set_time(ngx_str_t *value,
    ngx_http_secops_jwt_times_t *times)
{
    ngx_int_t    time;
    ngx_str_t    text;
    ngx_msec_t  *set;

    if (ngx_strncmp(value->data, "interval=", 9) == 0) {
        set = &times->interval;
        text.data = value->data + 9;

    } else if (ngx_strncmp(value->data, "min_interval=", 13) == 0) {
        set = &times->min_interval;
        text.data = value->data + 13;

    } else if (ngx_strncmp(value->data, "timeout=", 8) == 0) {
        set = &times->timeout;
        text.data = value->data + 8;

    } else {
        return NGX_DECLINED;
    }

    text.len = value->data + value->len - text.data;

    time = ngx_parse_time(&text, 0);

    if (time == NGX_ERROR || time == 0) {
        return NGX_ERROR;
    }

    *set = time;

    return NGX_OK;
}
