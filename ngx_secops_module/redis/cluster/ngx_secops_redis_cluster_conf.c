
/* The configuration of a cluster: the nodes that are asked at first. */

#include "redis/cluster/ngx_secops_redis_cluster.h"


static ngx_int_t ngx_secops_redis_cluster_check(ngx_conf_t *cf,
    ngx_secops_redis_conf_t *conf);
static ngx_int_t ngx_secops_redis_cluster_seed(ngx_conf_t *cf,
    ngx_secops_redis_conf_t *conf, ngx_str_t *text, char **err);


ngx_int_t
ngx_secops_redis_cluster_complete(ngx_conf_t *cf, ngx_secops_redis_conf_t *conf)
{
    char                     *err;
    ngx_str_t                *text;
    ngx_uint_t                i;
    ngx_secops_redis_seed_t  *seed;

    if (!conf->cluster && conf->seeds == NULL && conf->nat == NULL) {
        return NGX_OK;
    }

    if (ngx_secops_redis_cluster_check(cf, conf) != NGX_OK) {
        return NGX_ERROR;
    }

    conf->nodes = ngx_array_create(cf->pool, 4,
                                   sizeof(ngx_secops_redis_seed_t));
    if (conf->nodes == NULL) {
        return NGX_ERROR;
    }

    seed = ngx_array_push(conf->nodes);
    if (seed == NULL) {
        return NGX_ERROR;
    }

    seed->text = conf->url;
    seed->endpoint = conf->endpoint;

    if (conf->seeds == NULL) {
        return NGX_OK;
    }

    text = conf->seeds->elts;

    for (i = 0; i < conf->seeds->nelts; i++) {

        if (ngx_secops_redis_cluster_seed(cf, conf, &text[i], &err) != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "%s in \"%V\" of \"secops_redis_cluster_seed\"",
                               err, &text[i]);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* what contradicts itself */

static ngx_int_t
ngx_secops_redis_cluster_check(ngx_conf_t *cf, ngx_secops_redis_conf_t *conf)
{
    if (!conf->cluster) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%s\" needs \"secops_redis_cluster on\"",
                           conf->seeds ? "secops_redis_cluster_seed"
                                       : "secops_redis_cluster_map");
        return NGX_ERROR;
    }

    if (conf->endpoint.port == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"secops_redis_cluster\" needs a host in "
                           "\"secops_redis\": the nodes of a cluster are not "
                           "reached by a unix socket");
        return NGX_ERROR;
    }

    if (conf->database) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "a Redis Cluster has no database %i, it has "
                           "0 only", conf->database);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_secops_redis_cluster_seed(ngx_conf_t *cf, ngx_secops_redis_conf_t *conf,
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

    seed = ngx_array_push(conf->nodes);
    if (seed == NULL) {
        *err = "no memory";
        return NGX_ERROR;
    }

    ngx_memzero(seed, sizeof(ngx_secops_redis_seed_t));

    seed->text = *text;

    return ngx_secops_redis_host(cf, conf, &seed->endpoint, text,
                                 NGX_SECOPS_REDIS_PORT, err);
}
