
/* A Redis URL is taken apart: user, host, port, database. */

#include "redis/ngx_secops_redis_internal.h"


#define NGX_SECOPS_REDIS_MAX_DATABASE  65535


static ngx_int_t ngx_secops_redis_url_unix(ngx_conf_t *cf,
    ngx_secops_redis_conf_t *conf, ngx_str_t *url, char **err);
static ngx_int_t ngx_secops_redis_url_user(ngx_secops_redis_conf_t *conf,
    ngx_str_t *rest, char **err);
static ngx_int_t ngx_secops_redis_url_database(ngx_secops_redis_conf_t *conf,
    ngx_str_t *rest, char **err);
static ngx_int_t ngx_secops_redis_url_host(ngx_conf_t *cf,
    ngx_secops_redis_conf_t *conf, ngx_str_t *rest, char **err);


ngx_int_t
ngx_secops_redis_url(ngx_conf_t *cf, ngx_secops_redis_conf_t *conf,
    char **err)
{
    ngx_str_t  *url, rest;

    url = &conf->url;

    conf->database = 0;
    ngx_str_null(&conf->user);

    if (url->len >= 5 && ngx_strncasecmp(url->data, (u_char *) "unix:", 5) == 0)
    {
        return ngx_secops_redis_url_unix(cf, conf, url, err);
    }

    if (url->len >= 9
        && ngx_strncasecmp(url->data, (u_char *) "rediss://", 9) == 0)
    {
        conf->ssl.scheme = 1;
        conf->ssl.on = 1;

    } else if (url->len < 8
               || ngx_strncasecmp(url->data, (u_char *) "redis://", 8) != 0)
    {
        *err = "it must begin with \"redis://\", \"rediss://\" or \"unix:\"";
        return NGX_ERROR;
    }

    rest.data = url->data + 8 + conf->ssl.scheme;
    rest.len = url->len - 8 - conf->ssl.scheme;

    if (ngx_secops_redis_url_user(conf, &rest, err) != NGX_OK
        || ngx_secops_redis_url_database(conf, &rest, err) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_secops_redis_url_host(cf, conf, &rest, err);
}


static ngx_int_t
ngx_secops_redis_url_unix(ngx_conf_t *cf, ngx_secops_redis_conf_t *conf,
    ngx_str_t *url, char **err)
{
    ngx_url_t  u;

    if (conf->sentinel.master.len) {
        *err = "with \"secops_redis_sentinel\" it must begin with "
               "\"redis://\" or \"rediss://\"";
        return NGX_ERROR;
    }

    if (url->len == 5 || url->data[5] != '/') {
        *err = "\"unix:\" must be followed by an absolute path";
        return NGX_ERROR;
    }

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = *url;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK) {
        *err = u.err ? u.err : "no memory";
        return NGX_ERROR;
    }

    conf->endpoint.addrs = u.addrs;
    conf->endpoint.naddrs = u.naddrs;

    return NGX_OK;
}


/* takes "user@" off rest */

static ngx_int_t
ngx_secops_redis_url_user(ngx_secops_redis_conf_t *conf, ngx_str_t *rest,
    char **err)
{
    u_char  *p, *at;

    at = ngx_strlchr(rest->data, rest->data + rest->len, '@');

    if (at == NULL) {
        return NGX_OK;
    }

    for (p = rest->data; p < at; p++) {

        if (*p == ':') {
            *err = "a password does not belong in the URL, "
                   "use \"secops_redis_password_file\"";
            return NGX_ERROR;
        }

        if (*p == '%' || *p == '/') {
            *err = "a user's name is taken as it stands and can not have "
                   "\"%\" or \"/\" in it";
            return NGX_ERROR;
        }
    }

    if (at == rest->data) {
        *err = "no user before \"@\"";
        return NGX_ERROR;
    }

    conf->user.data = rest->data;
    conf->user.len = at - rest->data;

    rest->data = at + 1;
    rest->len -= conf->user.len + 1;

    return NGX_OK;
}


/* takes "/database" off rest; a lone "/" is database 0 */

static ngx_int_t
ngx_secops_redis_url_database(ngx_secops_redis_conf_t *conf, ngx_str_t *rest,
    char **err)
{
    u_char     *slash, *last;
    ngx_int_t   n;

    last = rest->data + rest->len;
    slash = ngx_strlchr(rest->data, last, '/');

    if (slash == NULL) {
        return NGX_OK;
    }

    rest->len = slash - rest->data;

    if (++slash == last) {
        return NGX_OK;
    }

    n = ngx_atoi(slash, last - slash);

    if (n == NGX_ERROR || n > NGX_SECOPS_REDIS_MAX_DATABASE) {
        *err = "the database must be a number from 0 to 65535";
        return NGX_ERROR;
    }

    conf->database = n;

    return NGX_OK;
}


static ngx_int_t
ngx_secops_redis_url_host(ngx_conf_t *cf, ngx_secops_redis_conf_t *conf,
    ngx_str_t *rest, char **err)
{
    ngx_secops_redis_sentinel_conf_t  *sentinel;

    sentinel = &conf->sentinel;

    if (sentinel->master.len == 0) {
        return ngx_secops_redis_host(cf, conf, &conf->endpoint, rest,
                                     NGX_SECOPS_REDIS_PORT, err);
    }

    if (rest->len == 0
        || (rest->len == sentinel->master.len
            && ngx_memcmp(rest->data, sentinel->master.data, rest->len) == 0))
    {
        if (sentinel->ssl == NGX_CONF_UNSET) {
            sentinel->ssl = conf->ssl.scheme;
        }

        if (sentinel->ssl) {
            conf->ssl.on = 1;
        }

        return NGX_OK;
    }

    *err = "with \"secops_redis_sentinel\" the host must be the name of the "
           "master, without a port";

    return NGX_ERROR;
}


ngx_int_t
ngx_secops_redis_host(ngx_conf_t *cf, ngx_secops_redis_conf_t *conf,
    ngx_secops_redis_endpoint_t *endpoint, ngx_str_t *text, in_port_t port,
    char **err)
{
    ngx_url_t  u;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = *text;
    u.default_port = port;

    /* nginx gives a location without "resolver" one that knows no server */

    u.no_resolve = (conf->resolver && conf->resolver->connections.nelts);

    if (u.url.len == 0 || u.url.data[0] == ':') {
        *err = "no host";
        return NGX_ERROR;
    }

    if (ngx_parse_url(cf->pool, &u) != NGX_OK) {
        *err = u.err ? u.err : "no memory";
        return NGX_ERROR;
    }

    endpoint->name = u.host;

    if (u.host.data[0] == '[') {
        endpoint->name.data++;
        endpoint->name.len -= 2;
    }

    endpoint->port = u.port;

    if (u.naddrs) {
        endpoint->addrs = u.addrs;
        endpoint->naddrs = u.naddrs;

    } else {
        endpoint->host = u.host;
    }

    return NGX_OK;
}
