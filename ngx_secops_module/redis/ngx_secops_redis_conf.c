
/*
 * Configuration of the Redis transport: a URL is taken apart, equal confs
 * share one client.
 */

#include "redis/cluster/ngx_secops_redis_cluster.h"
#include "redis/ngx_secops_redis_internal.h"
#include "redis/sentinel/ngx_secops_redis_sentinel.h"


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
static ngx_int_t ngx_secops_redis_add_nodes(ngx_conf_t *cf,
    ngx_secops_redis_t *redis);
static ngx_uint_t ngx_secops_redis_seeds_equal(const ngx_array_t *a,
    const ngx_array_t *b);
static ngx_uint_t ngx_secops_redis_nat_equal(const ngx_array_t *a,
    const ngx_array_t *b);
static ngx_uint_t ngx_secops_redis_sentinel_equal(
    const ngx_secops_redis_sentinel_conf_t *a,
    const ngx_secops_redis_sentinel_conf_t *b);
static ngx_uint_t ngx_secops_redis_conf_equal(const ngx_secops_redis_conf_t *a,
    const ngx_secops_redis_conf_t *b);
static ngx_uint_t ngx_secops_redis_ssl_equal(
    const ngx_secops_redis_ssl_conf_t *a,
    const ngx_secops_redis_ssl_conf_t *b);
static ngx_uint_t ngx_secops_redis_str_equal(const ngx_str_t *a,
    const ngx_str_t *b);


ngx_int_t
ngx_secops_redis_url(ngx_conf_t *cf, ngx_secops_redis_conf_t *conf,
    ngx_str_t *url, char **err)
{
    ngx_str_t  rest;

    conf->url = *url;
    conf->database = 0;
    conf->ssl.scheme = 0;
    conf->ssl.on = 0;
    ngx_memzero(&conf->endpoint, sizeof(ngx_secops_redis_endpoint_t));
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

    if (rest->len == 0 || ngx_secops_redis_str_equal(rest, &sentinel->master)) {

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


ngx_int_t
ngx_secops_redis_seed(ngx_conf_t *cf, ngx_secops_redis_conf_t *conf,
    ngx_str_t *text, char **err)
{
    u_char                   *last;
    ngx_secops_redis_seed_t  *seed;

    last = text->data + text->len;

    if (ngx_strlchr(text->data, last, '/')
        || (text->len > 4 && ngx_strncasecmp(text->data, (u_char *) "unix:", 5)
                             == 0))
    {
        *err = "a node of a cluster is \"host\" or \"host:port\"";
        return NGX_ERROR;
    }

    seed = ngx_array_push(conf->seeds);
    if (seed == NULL) {
        *err = "no memory";
        return NGX_ERROR;
    }

    ngx_memzero(seed, sizeof(ngx_secops_redis_seed_t));

    seed->text = *text;

    return ngx_secops_redis_host(cf, conf, &seed->endpoint, text,
                                 NGX_SECOPS_REDIS_PORT, err);
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

    redis->conf = *conf;

    ngx_queue_init(&redis->nodes);

    if (ngx_secops_redis_ssl_create(cf, redis) != NGX_OK
        || ngx_secops_redis_add_nodes(cf, redis) != NGX_OK)
    {
        clients->nelts--;
        return NULL;
    }

    *client = redis;

    return redis;
}


static ngx_int_t
ngx_secops_redis_add_nodes(ngx_conf_t *cf, ngx_secops_redis_t *redis)
{
    ngx_secops_redis_conf_t  *conf;

    conf = &redis->conf;

    if (conf->seeds) {
        return ngx_secops_redis_cluster_create(cf, redis);
    }

    redis->node = ngx_secops_redis_node_create(redis, cf->pool, &conf->url,
                                               &conf->endpoint);
    if (redis->node == NULL) {
        return NGX_ERROR;
    }

    ngx_queue_insert_tail(&redis->nodes, &redis->node->peers);

    if (conf->sentinel.master.len) {
        return ngx_secops_redis_sentinels_create(cf, redis);
    }

    return NGX_OK;
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
           && ngx_secops_redis_ssl_equal(&a->ssl, &b->ssl)
           && a->connect_timeout == b->connect_timeout
           && a->timeout == b->timeout
           && a->ping == b->ping
           && a->max_commands == b->max_commands
           && a->max_bytes == b->max_bytes
           && ngx_secops_redis_seeds_equal(a->seeds, b->seeds)
           && ngx_secops_redis_nat_equal(a->nat, b->nat)
           && ngx_secops_redis_sentinel_equal(&a->sentinel, &b->sentinel)
           && a->durability == b->durability
           && a->replicas == b->replicas
           && a->durability_timeout == b->durability_timeout
           && a->resolver == b->resolver
           && a->resolver_timeout == b->resolver_timeout;
}


/* the first one is the URL's */

static ngx_uint_t
ngx_secops_redis_seeds_equal(const ngx_array_t *a, const ngx_array_t *b)
{
    ngx_uint_t                      i;
    const ngx_secops_redis_seed_t  *x, *y;

    if (a == NULL || b == NULL || a->nelts != b->nelts) {
        return a == b;
    }

    x = a->elts;
    y = b->elts;

    for (i = 0; i < a->nelts; i++) {
        if (!ngx_secops_redis_str_equal(&x[i].text, &y[i].text)) {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
ngx_secops_redis_nat_equal(const ngx_array_t *a, const ngx_array_t *b)
{
    ngx_uint_t                     i;
    const ngx_secops_redis_nat_t  *x, *y;

    if (a == NULL || b == NULL || a->nelts != b->nelts) {
        return a == b;
    }

    x = a->elts;
    y = b->elts;

    for (i = 0; i < a->nelts; i++) {
        if (!ngx_secops_redis_str_equal(&x[i].announced, &y[i].announced)
            || !ngx_secops_redis_str_equal(&x[i].host, &y[i].host)
            || x[i].announced_port != y[i].announced_port
            || x[i].port != y[i].port)
        {
            return 0;
        }
    }

    return 1;
}


/* without TLS its directives make no difference */

static ngx_uint_t
ngx_secops_redis_ssl_equal(const ngx_secops_redis_ssl_conf_t *a,
    const ngx_secops_redis_ssl_conf_t *b)
{
    if (!a->on || !b->on) {
        return a->on == b->on;
    }

    return a->scheme == b->scheme
           && a->verify == b->verify
           && a->verify_depth == b->verify_depth
           && a->protocols == b->protocols
           && ngx_secops_redis_str_equal(&a->ciphers, &b->ciphers)
           && ngx_secops_redis_str_equal(&a->trusted_certificate,
                                         &b->trusted_certificate)
           && ngx_secops_redis_str_equal(&a->crl, &b->crl)
           && ngx_secops_redis_str_equal(&a->name, &b->name)
           && ngx_secops_redis_str_equal(&a->certificate, &b->certificate)
           && ngx_secops_redis_str_equal(&a->certificate_key,
                                         &b->certificate_key)
           && ngx_secops_redis_str_equal(&a->password_file,
                                         &b->password_file);
}


static ngx_uint_t
ngx_secops_redis_sentinel_equal(const ngx_secops_redis_sentinel_conf_t *a,
    const ngx_secops_redis_sentinel_conf_t *b)
{
    ngx_uint_t                               i;
    const ngx_secops_redis_sentinel_addr_t  *x, *y;

    if (a->master.len == 0 && b->master.len == 0) {
        return 1;
    }

    if (!ngx_secops_redis_str_equal(&a->master, &b->master)
        || !ngx_secops_redis_str_equal(&a->user, &b->user)
        || !ngx_secops_redis_str_equal(&a->password, &b->password)
        || a->ssl != b->ssl
        || a->addrs->nelts != b->addrs->nelts)
    {
        return 0;
    }

    x = a->addrs->elts;
    y = b->addrs->elts;

    for (i = 0; i < a->addrs->nelts; i++) {
        if (!ngx_secops_redis_str_equal(&x[i].name, &y[i].name)) {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
ngx_secops_redis_str_equal(const ngx_str_t *a, const ngx_str_t *b)
{
    return a->len == b->len
           && (a->len == 0 || ngx_memcmp(a->data, b->data, a->len) == 0);
}
