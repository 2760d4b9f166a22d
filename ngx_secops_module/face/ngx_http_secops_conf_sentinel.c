
/* The directives of Redis Sentinel: who knows which server is the master. */

#include "face/ngx_http_secops_conf.h"


char *
ngx_http_secops_set_sentinel(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_secops_loc_conf_t *slcf = conf;

    size_t        n;
    ngx_str_t    *value, *word;
    ngx_array_t  *words;

    if (slcf->redis.sentinel.words) {
        return "is duplicate";
    }

    n = cf->args->nelts - 1;

    words = ngx_array_create(cf->pool, n, sizeof(ngx_str_t));
    if (words == NULL) {
        return NGX_CONF_ERROR;
    }

    word = ngx_array_push_n(words, n);
    if (word == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    ngx_memcpy(word, &value[1], n * sizeof(ngx_str_t));

    slcf->redis.sentinel.words = words;

    return NGX_CONF_OK;
}


/*
 * The sentinels belong to the URL: they know nothing of another one.  Their
 * user and password belong to them.
 */

void
ngx_http_secops_merge_sentinel(ngx_http_secops_redis_conf_t *prev,
    ngx_http_secops_redis_conf_t *conf)
{
    ngx_http_secops_sentinel_conf_t  *from, *to;

    from = &prev->sentinel;
    to = &conf->sentinel;

    if (conf->url.data == NULL && to->words == NULL) {
        to->words = from->words;

        ngx_conf_merge_str_value(to->user, from->user, "");
        ngx_conf_merge_str_value(to->password_file, from->password_file, "");
        ngx_conf_merge_value(to->ssl, from->ssl, NGX_CONF_UNSET);
    }
}


/* before the URL is read: with sentinels it has no host */

ngx_int_t
ngx_http_secops_init_sentinel(ngx_conf_t *cf,
    ngx_http_secops_redis_conf_t *conf, ngx_secops_redis_conf_t *redis)
{
    char                             *err;
    ngx_str_t                         bad;
    ngx_http_secops_sentinel_conf_t  *sentinel;

    sentinel = &conf->sentinel;

    if (sentinel->words == NULL) {

        if (sentinel->user.len || sentinel->password_file.len
            || sentinel->ssl != NGX_CONF_UNSET)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"secops_redis_sentinel_user\", "
                               "\"..._password_file\" and \"..._ssl\" need "
                               "\"secops_redis_sentinel\"");
            return NGX_ERROR;
        }

        return NGX_OK;
    }

    if (conf->cluster) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"secops_redis_sentinel\" and "
                           "\"secops_redis_cluster\" exclude each other: the "
                           "nodes of a cluster replace a master themselves");
        return NGX_ERROR;
    }

    if (ngx_secops_redis_sentinel(cf, redis, sentinel->words->elts,
                                  sentinel->words->nelts, &bad, &err)
        != NGX_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid \"%V\" in \"secops_redis_sentinel\": %s",
                           &bad, err);
        return NGX_ERROR;
    }

    redis->sentinel.ssl = sentinel->ssl;

    if (sentinel->password_file.len) {
        redis->sentinel.user = sentinel->user;

        return ngx_http_secops_read_password(cf, &sentinel->password_file,
                                             &redis->sentinel.password);
    }

    if (sentinel->user.len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "sentinels' user \"%V\" needs "
                           "\"secops_redis_sentinel_password_file\"",
                           &sentinel->user);
        return NGX_ERROR;
    }

    return NGX_OK;
}
