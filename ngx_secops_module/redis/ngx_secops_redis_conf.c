
/*
 * Configuration of the Redis transport: a URL is taken apart, equal confs
 * share one client.
 */

#include "redis/ngx_secops_redis_internal.h"


#define NGX_SECOPS_REDIS_PORT          6379
#define NGX_SECOPS_REDIS_MAX_DATABASE  65535


static ngx_int_t ngx_secops_redis_url_unix(ngx_conf_t *cf,
    ngx_secops_redis_conf_t *conf, ngx_str_t *url, char **err);
static ngx_int_t ngx_secops_redis_url_user(ngx_secops_redis_conf_t *conf,
    ngx_str_t *rest, char **err);
static ngx_int_t ngx_secops_redis_url_database(ngx_secops_redis_conf_t *conf,
    ngx_str_t *rest, char **err);
static ngx_int_t ngx_secops_redis_url_host(ngx_conf_t *cf,
    ngx_secops_redis_conf_t *conf, ngx_str_t *rest, char **err);
static ngx_uint_t ngx_secops_redis_conf_equal(const ngx_secops_redis_conf_t *a,
    const ngx_secops_redis_conf_t *b);
static ngx_uint_t ngx_secops_redis_str_equal(const ngx_str_t *a,
    const ngx_str_t *b);


ngx_int_t
ngx_secops_redis_url(ngx_conf_t *cf, ngx_secops_redis_conf_t *conf,
    ngx_str_t *url, char **err)
{
    ngx_str_t  rest;

    conf->url = *url;
    conf->database = 0;
    conf->addrs = NULL;
    conf->naddrs = 0;
    ngx_str_null(&conf->host);
    ngx_str_null(&conf->user);

    if (url->len >= 5 && ngx_strncasecmp(url->data, (u_char *) "unix:", 5) == 0)
    {
        return ngx_secops_redis_url_unix(cf, conf, url, err);
    }

    if (url->len >= 9
        && ngx_strncasecmp(url->data, (u_char *) "rediss://", 9) == 0)
    {
        *err = "TLS to Redis is not supported yet, use \"redis://\"";
        return NGX_ERROR;
    }

    if (url->len < 8
        || ngx_strncasecmp(url->data, (u_char *) "redis://", 8) != 0)
    {
        *err = "it must begin with \"redis://\" or \"unix:\"";
        return NGX_ERROR;
    }

    rest.data = url->data + 8;
    rest.len = url->len - 8;

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

    conf->addrs = u.addrs;
    conf->naddrs = u.naddrs;

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
    ngx_url_t  u;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = *rest;
    u.default_port = NGX_SECOPS_REDIS_PORT;

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

    conf->port = u.port;

    if (u.naddrs) {
        conf->addrs = u.addrs;
        conf->naddrs = u.naddrs;

    } else {
        conf->host = u.host;
    }

    return NGX_OK;
}


ngx_secops_redis_t *
ngx_secops_redis_add(ngx_conf_t *cf, ngx_array_t *clients,
    const ngx_secops_redis_conf_t *conf)
{
    ngx_uint_t            i;
    ngx_secops_redis_t   *redis, **client;

    client = clients->elts;

    for (i = 0; i < clients->nelts; i++) {
        if (ngx_secops_redis_conf_equal(&client[i]->conf, conf)) {
            return client[i];
        }
    }

    client = ngx_array_push(clients);
    if (client == NULL) {
        return NULL;
    }

    redis = ngx_pcalloc(cf->pool, sizeof(ngx_secops_redis_t));
    if (redis == NULL) {
        clients->nelts--;
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     redis->link = NULL;
     *     redis->state = NGX_SECOPS_REDIS_CLOSED;
     *     redis->failures = 0;
     *     redis->stats = { 0 };
     */

    redis->conf = *conf;

    ngx_queue_init(&redis->sent);
    ngx_queue_init(&redis->waiting);

    *client = redis;

    return redis;
}


/* what the URL was resolved to may differ from one lookup to the next, so
   addresses do not count */

static ngx_uint_t
ngx_secops_redis_conf_equal(const ngx_secops_redis_conf_t *a,
    const ngx_secops_redis_conf_t *b)
{
    return ngx_secops_redis_str_equal(&a->url, &b->url)
           && ngx_secops_redis_str_equal(&a->user, &b->user)
           && ngx_secops_redis_str_equal(&a->password, &b->password)
           && a->database == b->database
           && a->connect_timeout == b->connect_timeout
           && a->timeout == b->timeout
           && a->max_commands == b->max_commands
           && a->max_bytes == b->max_bytes
           && a->resolver == b->resolver
           && a->resolver_timeout == b->resolver_timeout;
}


static ngx_uint_t
ngx_secops_redis_str_equal(const ngx_str_t *a, const ngx_str_t *b)
{
    return a->len == b->len
           && (a->len == 0 || ngx_memcmp(a->data, b->data, a->len) == 0);
}
