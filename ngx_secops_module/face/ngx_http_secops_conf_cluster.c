
/* The directives of Redis Cluster: nodes to ask, addresses to replace. */

#include "face/ngx_http_secops_conf.h"


static ngx_int_t ngx_http_secops_check_cluster(ngx_conf_t *cf,
    ngx_http_secops_redis_conf_t *conf, ngx_secops_redis_conf_t *redis);
static char *ngx_http_secops_cluster_address(ngx_conf_t *cf, ngx_str_t *text,
    ngx_str_t *host, in_port_t *port);


char *
ngx_http_secops_set_cluster_seed(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_secops_loc_conf_t *slcf = conf;

    ngx_str_t   *value, *seed;
    ngx_uint_t   i;

    if (slcf->redis.seeds == NGX_CONF_UNSET_PTR) {
        slcf->redis.seeds = ngx_array_create(cf->pool, 4, sizeof(ngx_str_t));
        if (slcf->redis.seeds == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        seed = ngx_array_push(slcf->redis.seeds);
        if (seed == NULL) {
            return NGX_CONF_ERROR;
        }

        *seed = value[i];
    }

    return NGX_CONF_OK;
}


char *
ngx_http_secops_set_cluster_map(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_secops_loc_conf_t *slcf = conf;

    char                    *err;
    ngx_str_t               *value;
    ngx_uint_t               i;
    ngx_secops_redis_nat_t  *nat, *other;

    if (slcf->redis.nat == NGX_CONF_UNSET_PTR) {
        slcf->redis.nat = ngx_array_create(cf->pool, 4,
                                           sizeof(ngx_secops_redis_nat_t));
        if (slcf->redis.nat == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    nat = ngx_array_push(slcf->redis.nat);
    if (nat == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    err = ngx_http_secops_cluster_address(cf, &value[1], &nat->announced,
                                          &nat->announced_port);
    if (err != NGX_CONF_OK) {
        return err;
    }

    err = ngx_http_secops_cluster_address(cf, &value[2], &nat->host,
                                          &nat->port);
    if (err != NGX_CONF_OK) {
        return err;
    }

    if (nat->port && nat->announced_port == 0) {
        return "can not give all ports of a host the same one";
    }

    other = slcf->redis.nat->elts;

    for (i = 0; i < slcf->redis.nat->nelts - 1; i++) {

        if (other[i].announced_port == nat->announced_port
            && other[i].announced.len == nat->announced.len
            && ngx_strncasecmp(other[i].announced.data, nat->announced.data,
                               nat->announced.len)
               == 0)
        {
            return "is duplicate for this announced address";
        }
    }

    return NGX_CONF_OK;
}


/* "host", "host:port", "[host]", "[host]:port"; port 0: none */

static char *
ngx_http_secops_cluster_address(ngx_conf_t *cf, ngx_str_t *text,
    ngx_str_t *host, in_port_t *port)
{
    ngx_url_t  u;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = *text;
    u.no_resolve = 1;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK || u.host.len == 0
        || u.family == AF_UNIX || u.uri.len)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid address \"%V\" in \"%V\"", text,
                           (ngx_str_t *) cf->args->elts);
        return NGX_CONF_ERROR;
    }

    *host = u.host;
    *port = u.no_port ? 0 : u.port;

    return NGX_CONF_OK;
}


/* whether it is a cluster belongs to the URL, as do the other nodes to ask: a
   second URL, further in, has its own */

void
ngx_http_secops_merge_cluster(ngx_http_secops_redis_conf_t *prev,
    ngx_http_secops_redis_conf_t *conf)
{
    if (conf->url.data == NULL || prev->url.len == 0) {
        ngx_conf_merge_value(conf->cluster, prev->cluster, 0);
        ngx_conf_merge_ptr_value(conf->seeds, prev->seeds, NULL);
        ngx_conf_merge_ptr_value(conf->nat, prev->nat, NULL);
        return;
    }

    if (conf->cluster == NGX_CONF_UNSET) {
        conf->cluster = 0;
    }

    if (conf->seeds == NGX_CONF_UNSET_PTR) {
        conf->seeds = NULL;
    }

    if (conf->nat == NGX_CONF_UNSET_PTR) {
        conf->nat = NULL;
    }
}


/* what contradicts itself */

static ngx_int_t
ngx_http_secops_check_cluster(ngx_conf_t *cf,
    ngx_http_secops_redis_conf_t *conf, ngx_secops_redis_conf_t *redis)
{
    if (!conf->cluster) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%s\" needs \"secops_redis_cluster on\"",
                           conf->seeds ? "secops_redis_cluster_seed"
                                       : "secops_redis_cluster_map");
        return NGX_ERROR;
    }

    if (redis->endpoint.port == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"secops_redis_cluster\" needs a host in "
                           "\"secops_redis\": the nodes of a cluster are not "
                           "reached by a unix socket");
        return NGX_ERROR;
    }

    if (redis->database) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "a Redis Cluster has no database %ui, it has "
                           "0 only", redis->database);
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_secops_init_cluster(ngx_conf_t *cf,
    ngx_http_secops_redis_conf_t *conf, ngx_secops_redis_conf_t *redis)
{
    char                     *err;
    ngx_str_t                *text;
    ngx_uint_t                i;
    ngx_secops_redis_seed_t  *seed;

    if (!conf->cluster && conf->seeds == NULL && conf->nat == NULL) {
        return NGX_OK;
    }

    if (ngx_http_secops_check_cluster(cf, conf, redis) != NGX_OK) {
        return NGX_ERROR;
    }

    redis->nat = conf->nat;
    redis->seeds = ngx_array_create(cf->pool, 4,
                                    sizeof(ngx_secops_redis_seed_t));
    if (redis->seeds == NULL) {
        return NGX_ERROR;
    }

    seed = ngx_array_push(redis->seeds);
    if (seed == NULL) {
        return NGX_ERROR;
    }

    seed->text = redis->url;
    seed->endpoint = redis->endpoint;

    if (conf->seeds == NULL) {
        return NGX_OK;
    }

    text = conf->seeds->elts;

    for (i = 0; i < conf->seeds->nelts; i++) {

        if (ngx_secops_redis_seed(cf, redis, &text[i], &err) != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "%s in \"%V\" of \"secops_redis_cluster_seed\"",
                               err, &text[i]);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
