
/* The secops_jwt_* directives, and what they become when merged. */

#include "identity/jwt/ngx_http_secops_jwt.h"
#include "util/ngx_secops_string.h"


#define NGX_HTTP_SECOPS_JWT_MAX_FILE      SECOPS_JWK_SET_MAX_SIZE
#define NGX_HTTP_SECOPS_JWT_INTERVAL      300000    /* milliseconds */
#define NGX_HTTP_SECOPS_JWT_MIN_INTERVAL  10000
#define NGX_HTTP_SECOPS_JWT_TIMEOUT       5000


static secops_jwk_set_t *ngx_http_secops_jwt_read_keys(ngx_conf_t *cf,
    ngx_str_t *name);
static secops_jwk_set_t *ngx_http_secops_jwt_parse_keys(ngx_conf_t *cf,
    ngx_str_t *name, const u_char *data, size_t len);
static void ngx_http_secops_jwt_free_keys(void *data);
static ngx_int_t ngx_http_secops_jwt_add_issuer(ngx_conf_t *cf,
    ngx_str_t *value, ngx_array_t *issuers);
static char *ngx_http_secops_jwt_check_sources(ngx_conf_t *cf,
    ngx_http_secops_jwt_conf_t *conf);
static ngx_uint_t ngx_http_secops_jwt_unbound_issuers(
    ngx_http_secops_jwt_conf_t *conf);
static ngx_uint_t ngx_http_secops_jwt_is_bound(
    ngx_http_secops_jwt_conf_t *conf, secops_slice_t issuer);
static ngx_uint_t ngx_http_secops_jwt_listed(const secops_slice_t *list,
    ngx_uint_t n, secops_slice_t issuer);
static void ngx_http_secops_jwt_init_policy(ngx_http_secops_jwt_conf_t *conf);


char *
ngx_http_secops_set_jwt_key_file(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    char *p = conf;

    ngx_str_t                    *value;
    ngx_uint_t                    i;
    ngx_array_t                   issuers;
    secops_jwk_set_t             *set;
    secops_jwt_source_t          *source;
    ngx_http_secops_jwt_conf_t   *jcf;

    jcf = (ngx_http_secops_jwt_conf_t *) (p + cmd->offset);
    value = cf->args->elts;

    if (jcf->key_files == NGX_CONF_UNSET_PTR) {

        jcf->key_files = ngx_array_create(cf->pool, 1,
                                          sizeof(secops_jwt_source_t));
        if (jcf->key_files == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_array_init(&issuers, cf->pool, 1, sizeof(secops_slice_t))
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_http_secops_jwt_add_issuer(cf, &value[i], &issuers)
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_conf_full_name(cf->cycle, &value[1], 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    set = ngx_http_secops_jwt_read_keys(cf, &value[1]);
    if (set == NULL) {
        return NGX_CONF_ERROR;
    }

    source = ngx_array_push(jcf->key_files);
    if (source == NULL) {
        return NGX_CONF_ERROR;
    }

    source->set = set;
    source->issuers = issuers.elts;
    source->nissuers = issuers.nelts;

    return NGX_CONF_OK;
}


/* "issuer=URL": whose tokens the keys are for */

static ngx_int_t
ngx_http_secops_jwt_add_issuer(ngx_conf_t *cf, ngx_str_t *value,
    ngx_array_t *issuers)
{
    secops_slice_t  *issuer;

    if (value->len <= sizeof("issuer=") - 1
        || ngx_strncmp(value->data, "issuer=", sizeof("issuer=") - 1) != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"",
                           value);
        return NGX_ERROR;
    }

    issuer = ngx_array_push(issuers);
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

    ngx_int_t                     interval, min_interval, timeout, *time;
    ngx_str_t                    *value, text;
    ngx_uint_t                    i;
    ngx_http_secops_jwt_conf_t   *jcf;

    jcf = (ngx_http_secops_jwt_conf_t *) (p + cmd->offset);
    value = cf->args->elts;

    if (jcf->keys != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    if (value[1].len == 0 || value[1].data[0] != '/') {
        return "needs the path of a location";
    }

    jcf->keys_issuers = ngx_array_create(cf->pool, 1, sizeof(secops_slice_t));
    if (jcf->keys_issuers == NULL) {
        return NGX_CONF_ERROR;
    }

    interval = NGX_HTTP_SECOPS_JWT_INTERVAL;
    min_interval = NGX_HTTP_SECOPS_JWT_MIN_INTERVAL;
    timeout = NGX_HTTP_SECOPS_JWT_TIMEOUT;

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "interval=", 9) == 0) {
            time = &interval;
            text.data = value[i].data + 9;
            text.len = value[i].len - 9;

        } else if (ngx_strncmp(value[i].data, "min_interval=", 13) == 0) {
            time = &min_interval;
            text.data = value[i].data + 13;
            text.len = value[i].len - 13;

        } else if (ngx_strncmp(value[i].data, "timeout=", 8) == 0) {
            time = &timeout;
            text.data = value[i].data + 8;
            text.len = value[i].len - 8;

        } else {

            if (ngx_http_secops_jwt_add_issuer(cf, &value[i],
                                               jcf->keys_issuers)
                != NGX_OK)
            {
                return NGX_CONF_ERROR;
            }

            continue;
        }

        *time = ngx_parse_time(&text, 0);

        if (*time == NGX_ERROR || *time == 0) {
            goto invalid;
        }
    }

    jcf->keys = ngx_http_secops_jwt_keys_create(cf, &value[1], interval,
                                                min_interval, timeout);

    return jcf->keys ? NGX_CONF_OK : NGX_CONF_ERROR;

invalid:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"",
                       &value[i]);
    return NGX_CONF_ERROR;
}


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


char *
ngx_http_secops_set_jwt_cache(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char *p = conf;

    ngx_str_t                   *value;
    ngx_http_secops_jwt_conf_t  *jcf;

    jcf = (ngx_http_secops_jwt_conf_t *) (p + cmd->offset);

    if (jcf->cache_size != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        jcf->cache_size = 0;
        return NGX_CONF_OK;
    }

    jcf->cache_size = ngx_atoi(value[1].data, value[1].len);

    if (jcf->cache_size == NGX_ERROR || jcf->cache_size == 0) {
        return "must be a number of tokens or \"off\"";
    }

    return NGX_CONF_OK;
}


void
ngx_http_secops_create_jwt(ngx_http_secops_jwt_conf_t *conf)
{
    /*
     * set by ngx_pcalloc():
     *
     *     conf->claim_user = { 0, NULL };
     *     conf->claim_roles = { 0, NULL };
     *     conf->claim_domain = { 0, NULL };
     *     conf->keys_issuers = NULL;
     *     conf->cache = NULL;
     */

    conf->key_files = NGX_CONF_UNSET_PTR;
    conf->keys = NGX_CONF_UNSET_PTR;
    conf->issuers = NGX_CONF_UNSET_PTR;
    conf->audiences = NGX_CONF_UNSET_PTR;
    conf->leeway = NGX_CONF_UNSET;
    conf->max_lifetime = NGX_CONF_UNSET;
    conf->require_expiration = NGX_CONF_UNSET;
    conf->require_domain = NGX_CONF_UNSET;
    conf->cache_size = NGX_CONF_UNSET;
}


char *
ngx_http_secops_merge_jwt(ngx_conf_t *cf, ngx_http_secops_jwt_conf_t *prev,
    ngx_http_secops_jwt_conf_t *conf)
{
    /*
     * keys say whom to trust: where a location names some, it does not take
     * those of the level above as well
     */

    if (conf->key_files == NGX_CONF_UNSET_PTR
        && conf->keys == NGX_CONF_UNSET_PTR)
    {
        conf->key_files = prev->key_files;
        conf->keys = prev->keys;
        conf->keys_issuers = prev->keys_issuers;
    }

    ngx_conf_init_ptr_value(conf->key_files, NULL);
    ngx_conf_init_ptr_value(conf->keys, NULL);

    ngx_conf_merge_ptr_value(conf->issuers, prev->issuers, NULL);
    ngx_conf_merge_ptr_value(conf->audiences, prev->audiences, NULL);
    ngx_conf_merge_sec_value(conf->leeway, prev->leeway, 30);
    ngx_conf_merge_sec_value(conf->max_lifetime, prev->max_lifetime, 0);
    ngx_conf_merge_value(conf->require_expiration, prev->require_expiration,
                         1);
    ngx_conf_merge_value(conf->require_domain, prev->require_domain, 0);
    ngx_conf_merge_value(conf->cache_size, prev->cache_size, 1000);

    ngx_conf_merge_str_value(conf->claim_user, prev->claim_user, "sub");
    ngx_conf_merge_str_value(conf->claim_roles, prev->claim_roles, "roles");
    ngx_conf_merge_str_value(conf->claim_domain, prev->claim_domain,
                             "domain");

    return NGX_CONF_OK;
}


/* for a location where tokens are taken */

char *
ngx_http_secops_init_jwt(ngx_conf_t *cf, ngx_http_secops_jwt_conf_t *conf)
{
    if (conf->key_files == NULL && conf->keys == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"secops_auth jwt\" needs \"secops_jwt_key_file\" "
                           "or \"secops_jwt_key_request\"");
        return NGX_CONF_ERROR;
    }

    if (ngx_http_secops_jwt_check_sources(cf, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_http_secops_jwt_init_policy(conf);

    conf->cache = NULL;

    if (conf->cache_size) {

        conf->cache = ngx_secops_jwt_cache_create(cf, conf->cache_size);
        if (conf->cache == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


/*
 * Several sources of keys that are bound to nobody are good for one issuer: a
 * provider that changes its keys.  With several issuers each provider could
 * make tokens of the other, and nobody could tell (RFC 8725, 3.8).
 */

static char *
ngx_http_secops_jwt_check_sources(ngx_conf_t *cf,
    ngx_http_secops_jwt_conf_t *conf)
{
    ngx_uint_t            i, n;
    secops_jwt_source_t  *source;

    n = 0;

    if (conf->key_files) {
        source = conf->key_files->elts;

        for (i = 0; i < conf->key_files->nelts; i++) {
            n += (source[i].nissuers == 0);
        }
    }

    if (conf->keys) {
        n += (conf->keys_issuers->nelts == 0);
    }

    if (n < 2) {
        return NGX_CONF_OK;
    }

    if (ngx_http_secops_jwt_unbound_issuers(conf) > 1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "several issuers in \"secops_jwt_issuer\" and %ui "
                           "sources of keys that may sign for each of them: "
                           "say whose keys they are, by \"issuer=\" in "
                           "\"secops_jwt_key_file\" and "
                           "\"secops_jwt_key_request\"", n);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* how many are accepted that no source is bound to */

static ngx_uint_t
ngx_http_secops_jwt_unbound_issuers(ngx_http_secops_jwt_conf_t *conf)
{
    ngx_uint_t       i, n;
    secops_slice_t  *issuer;

    if (conf->issuers == NULL) {
        return 0;
    }

    n = 0;
    issuer = conf->issuers->elts;

    for (i = 0; i < conf->issuers->nelts; i++) {
        n += !ngx_http_secops_jwt_is_bound(conf, issuer[i]);
    }

    return n;
}


static ngx_uint_t
ngx_http_secops_jwt_is_bound(ngx_http_secops_jwt_conf_t *conf,
    secops_slice_t issuer)
{
    ngx_uint_t            i;
    secops_jwt_source_t  *source;

    if (conf->key_files) {
        source = conf->key_files->elts;

        for (i = 0; i < conf->key_files->nelts; i++) {

            if (ngx_http_secops_jwt_listed(source[i].issuers,
                                           source[i].nissuers, issuer))
            {
                return 1;
            }
        }
    }

    return conf->keys
           && ngx_http_secops_jwt_listed(conf->keys_issuers->elts,
                                         conf->keys_issuers->nelts, issuer);
}


static ngx_uint_t
ngx_http_secops_jwt_listed(const secops_slice_t *list, ngx_uint_t n,
    secops_slice_t issuer)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        if (secops_slice_equal(list[i], issuer)) {
            return 1;
        }
    }

    return 0;
}


static void
ngx_http_secops_jwt_init_policy(ngx_http_secops_jwt_conf_t *conf)
{
    ngx_memzero(&conf->policy, sizeof(secops_jwt_policy_t));

    if (conf->issuers) {
        conf->policy.issuers = conf->issuers->elts;
        conf->policy.nissuers = conf->issuers->nelts;
    }

    if (conf->audiences) {
        conf->policy.audiences = conf->audiences->elts;
        conf->policy.naudiences = conf->audiences->nelts;
    }

    conf->policy.leeway = conf->leeway;
    conf->policy.max_lifetime = conf->max_lifetime;
    conf->policy.require_expiration = conf->require_expiration;
    conf->policy.max_size = SECOPS_JWS_MAX_SIZE;
}
