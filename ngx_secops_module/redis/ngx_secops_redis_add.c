
/*
 * From what directives say to a client: it is checked, completed, and shared
 * with those that say the same.
 */

#include "redis/cluster/ngx_secops_redis_cluster.h"
#include "redis/ngx_secops_redis_internal.h"
#include "redis/sentinel/ngx_secops_redis_sentinel.h"


static ngx_int_t ngx_secops_redis_complete(ngx_conf_t *cf,
    ngx_secops_redis_conf_t *conf);
static ngx_int_t ngx_secops_redis_complete_server(ngx_conf_t *cf,
    ngx_secops_redis_conf_t *conf);
static ngx_int_t ngx_secops_redis_complete_user(ngx_conf_t *cf,
    ngx_secops_redis_conf_t *conf, ngx_str_t *user, ngx_int_t database);


ngx_secops_redis_t *
ngx_secops_redis_add(ngx_conf_t *cf, ngx_array_t *clients,
    const ngx_secops_redis_conf_t *conf)
{
    ngx_uint_t                i;
    ngx_secops_redis_t       *redis, **client;
    ngx_secops_redis_conf_t   complete;

    complete = *conf;

    if (ngx_secops_redis_complete(cf, &complete) != NGX_OK) {
        return NULL;
    }

    client = clients->elts;

    for (i = 0; i < clients->nelts; i++) {
        if (ngx_secops_redis_conf_equal(&client[i]->conf, &complete)) {
            client[i]->conf.ssl.beside |= complete.ssl.beside;
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

    redis->conf = complete;
    redis->topology = ngx_secops_redis_topology(&complete);
    redis->masters = 1;

    ngx_queue_init(&redis->nodes);

    if (ngx_secops_redis_secret_init(cf, &redis->password,
                                     &complete.password_file,
                                     &complete.password)
        != NGX_OK
        || ngx_secops_redis_secret_init(cf, &redis->sentinel_password,
                                        &complete.sentinel.password_file,
                                        &complete.sentinel.password)
           != NGX_OK
        || ngx_secops_redis_ssl_create(cf, redis) != NGX_OK
        || redis->topology->create(cf, redis) != NGX_OK)
    {
        clients->nelts--;
        return NULL;
    }

    *client = redis;

    return redis;
}


/* what directives say is checked, and what a client needs is made of it */

static ngx_int_t
ngx_secops_redis_complete(ngx_conf_t *cf, ngx_secops_redis_conf_t *conf)
{
    if (conf->connect_timeout == 0 || conf->timeout == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"secops_redis_connect_timeout\" and "
                           "\"secops_redis_timeout\" must not be 0");
        return NGX_ERROR;
    }

    /* before the URL, which has no host with sentinels */

    if (ngx_secops_redis_sentinel_complete(cf, conf) != NGX_OK
        || ngx_secops_redis_complete_server(cf, conf) != NGX_OK
        || ngx_secops_redis_cluster_complete(cf, conf) != NGX_OK
        || ngx_secops_redis_ssl_complete(cf, conf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* or it would never be this one that ends */

    if (conf->durability != NGX_SECOPS_REDIS_MEMORY
        && conf->durability_timeout >= conf->timeout)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the timeout of \"secops_durability\" (%M ms) must "
                           "be less than \"secops_redis_timeout\" (%M ms)",
                           conf->durability_timeout, conf->timeout);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_secops_redis_complete_server(ngx_conf_t *cf, ngx_secops_redis_conf_t *conf)
{
    char       *err;
    ngx_int_t   database;
    ngx_str_t   user;

    user = conf->user;
    database = conf->database;

    if (ngx_secops_redis_url(cf, conf, &err) != NGX_OK) {

        /* the URL itself may hold a password, which is one of the errors */

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s in \"secops_redis\"",
                           err);
        return NGX_ERROR;
    }

    return ngx_secops_redis_complete_user(cf, conf, &user, database);
}


/* user and database are those of the directives; conf has those of the URL */

static ngx_int_t
ngx_secops_redis_complete_user(ngx_conf_t *cf, ngx_secops_redis_conf_t *conf,
    ngx_str_t *user, ngx_int_t database)
{
    if (user->len) {

        if (conf->user.len) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "user both in \"secops_redis\" and "
                               "\"secops_redis_user\"");
            return NGX_ERROR;
        }

        conf->user = *user;
    }

    if (database != NGX_CONF_UNSET) {

        if (conf->database) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "database both in \"secops_redis\" and "
                               "\"secops_redis_database\"");
            return NGX_ERROR;
        }

        conf->database = database;
    }

    if (conf->password_file.len) {
        return ngx_secops_redis_password(cf, &conf->password_file,
                                         &conf->password);
    }

    if (conf->user.len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "Redis user \"%V\" needs "
                           "\"secops_redis_password_file\"", &conf->user);
        return NGX_ERROR;
    }

    return NGX_OK;
}
