
/* The configuration of sentinels: a master's name, and addresses. */

#include "redis/sentinel/ngx_secops_redis_sentinel.h"


#define NGX_SECOPS_REDIS_SENTINEL_PORT  26379


static ngx_int_t ngx_secops_redis_sentinel_words(ngx_conf_t *cf,
    ngx_secops_redis_conf_t *conf, ngx_str_t *bad, char **err);
static ngx_int_t ngx_secops_redis_sentinel_addr(ngx_conf_t *cf,
    ngx_secops_redis_conf_t *conf, ngx_str_t *text, char **err);


ngx_int_t
ngx_secops_redis_sentinel_complete(ngx_conf_t *cf,
    ngx_secops_redis_conf_t *conf)
{
    char                              *err;
    ngx_str_t                          bad;
    ngx_secops_redis_sentinel_conf_t  *sentinel;

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

    if (ngx_secops_redis_sentinel_words(cf, conf, &bad, &err) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid \"%V\" in \"secops_redis_sentinel\": %s",
                           &bad, err);
        return NGX_ERROR;
    }

    if (sentinel->password_file.len) {
        return ngx_secops_redis_password(cf, &sentinel->password_file,
                                         &sentinel->password);
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


/* NGX_ERROR: *err says why, and *bad is the word that it is about */

static ngx_int_t
ngx_secops_redis_sentinel_words(ngx_conf_t *cf, ngx_secops_redis_conf_t *conf,
    ngx_str_t *bad, char **err)
{
    ngx_str_t                         *words;
    ngx_uint_t                         i, j, nwords;
    secops_slice_t                     name;
    ngx_secops_redis_sentinel_conf_t  *sentinel;

    sentinel = &conf->sentinel;

    words = sentinel->words->elts;
    nwords = sentinel->words->nelts;

    *bad = words[0];

    name.data = words[0].data;
    name.len = words[0].len;

    if (!secops_redis_is_master_name(name)) {
        *err = "the master's name has letters, digits, \".\", \"-\" and \"_\", "
               "at most 128";
        return NGX_ERROR;
    }

    if (nwords - 1 > NGX_SECOPS_REDIS_SENTINELS_CONF) {
        *err = "there may be 16 sentinels";
        return NGX_ERROR;
    }

    sentinel->master = words[0];

    sentinel->addrs = ngx_array_create(cf->pool, nwords,
                                     sizeof(ngx_secops_redis_sentinel_addr_t));
    if (sentinel->addrs == NULL) {
        *err = "no memory";
        return NGX_ERROR;
    }

    for (i = 1; i < nwords; i++) {

        *bad = words[i];

        for (j = 1; j < i; j++) {
            if (words[j].len == words[i].len
                && ngx_strncasecmp(words[j].data, words[i].data, words[i].len)
                   == 0)
            {
                *err = "it is there twice";
                return NGX_ERROR;
            }
        }

        if (ngx_secops_redis_sentinel_addr(cf, conf, &words[i], err) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_secops_redis_sentinel_addr(ngx_conf_t *cf, ngx_secops_redis_conf_t *conf,
    ngx_str_t *text, char **err)
{
    ngx_secops_redis_sentinel_addr_t  *addr;

    if (ngx_strlchr(text->data, text->data + text->len, '/')) {
        *err = "a sentinel is \"host\" or \"host:port\"";
        return NGX_ERROR;
    }

    addr = ngx_array_push(conf->sentinel.addrs);
    if (addr == NULL) {
        *err = "no memory";
        return NGX_ERROR;
    }

    ngx_memzero(addr, sizeof(ngx_secops_redis_sentinel_addr_t));

    addr->name = *text;

    return ngx_secops_redis_host(cf, conf, &addr->endpoint, text,
                                 NGX_SECOPS_REDIS_SENTINEL_PORT, err);
}
