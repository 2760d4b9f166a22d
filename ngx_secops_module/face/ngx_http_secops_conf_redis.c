
/* The secops_redis* directives, and the client that they become. */

#include "face/ngx_http_secops_conf.h"


static ngx_int_t ngx_http_secops_redis_credentials(ngx_conf_t *cf,
    ngx_http_secops_redis_conf_t *conf, ngx_secops_redis_conf_t *redis);
static void ngx_http_secops_merge_durability(
    ngx_http_secops_redis_conf_t *prev, ngx_http_secops_redis_conf_t *conf);
static ngx_int_t ngx_http_secops_init_durability(ngx_conf_t *cf,
    ngx_http_secops_loc_conf_t *conf, ngx_secops_redis_conf_t *redis);


#define NGX_HTTP_SECOPS_PASSWORD_MAX  4096
#define NGX_HTTP_SECOPS_REPLICAS_MAX  100


char *
ngx_http_secops_set_max_pending(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_secops_loc_conf_t *slcf = conf;

    ssize_t      size;
    ngx_int_t    n;
    ngx_str_t   *value, text;
    ngx_uint_t   i;

    if (slcf->redis.max_commands != NGX_CONF_UNSET
        || slcf->redis.max_bytes != NGX_CONF_UNSET_SIZE)
    {
        return "is duplicate";
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "commands=", 9) == 0) {

            n = ngx_atoi(value[i].data + 9, value[i].len - 9);

            if (n == NGX_ERROR || n == 0) {
                goto invalid;
            }

            slcf->redis.max_commands = n;
            continue;
        }

        if (ngx_strncmp(value[i].data, "bytes=", 6) == 0) {

            text.data = value[i].data + 6;
            text.len = value[i].len - 6;

            size = ngx_parse_size(&text);

            if (size == NGX_ERROR || size == 0) {
                goto invalid;
            }

            slcf->redis.max_bytes = size;
            continue;
        }

        goto invalid;
    }

    return NGX_CONF_OK;

invalid:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"",
                       &value[i]);
    return NGX_CONF_ERROR;
}


void
ngx_http_secops_create_redis(ngx_http_secops_redis_conf_t *conf)
{
    /* the rest was zeroed with the location's conf */

    conf->database = NGX_CONF_UNSET;
    conf->connect_timeout = NGX_CONF_UNSET_MSEC;
    conf->timeout = NGX_CONF_UNSET_MSEC;
    conf->ping = NGX_CONF_UNSET_MSEC;
    conf->max_commands = NGX_CONF_UNSET;
    conf->max_bytes = NGX_CONF_UNSET_SIZE;
    conf->cluster = NGX_CONF_UNSET;
    conf->seeds = NGX_CONF_UNSET_PTR;
    conf->nat = NGX_CONF_UNSET_PTR;
    conf->sentinel.ssl = NGX_CONF_UNSET;
    conf->durability = NGX_CONF_UNSET_UINT;

    ngx_http_secops_create_redis_ssl(conf);
}


char *
ngx_http_secops_merge_redis(ngx_conf_t *cf, ngx_http_secops_redis_conf_t *prev,
    ngx_http_secops_redis_conf_t *conf)
{
    ngx_http_secops_merge_cluster(prev, conf);
    ngx_http_secops_merge_sentinel(prev, conf);
    ngx_http_secops_merge_redis_ssl(prev, conf);

    /*
     * user, password and database belong to the server that they were given
     * for: they are not sent to another one
     */

    if (conf->url.data == NULL) {

        ngx_conf_merge_str_value(conf->url, prev->url, "");
        ngx_conf_merge_str_value(conf->user, prev->user, "");
        ngx_conf_merge_str_value(conf->password_file, prev->password_file, "");
        ngx_conf_merge_value(conf->database, prev->database, NGX_CONF_UNSET);
    }

    ngx_conf_merge_msec_value(conf->connect_timeout, prev->connect_timeout,
                              1000);
    ngx_conf_merge_msec_value(conf->timeout, prev->timeout, 2000);
    ngx_conf_merge_msec_value(conf->ping, prev->ping, 10000);
    ngx_conf_merge_value(conf->max_commands, prev->max_commands, 10000);
    ngx_conf_merge_size_value(conf->max_bytes, prev->max_bytes,
                              64 * 1024 * 1024);

    ngx_http_secops_merge_durability(prev, conf);

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_secops_init_redis(ngx_conf_t *cf, ngx_http_secops_loc_conf_t *conf)
{
    char                         *err;
    ngx_secops_redis_conf_t       redis;
    ngx_http_core_loc_conf_t     *clcf;
    ngx_http_secops_main_conf_t  *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_secops_module);
    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (conf->redis.connect_timeout == 0 || conf->redis.timeout == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"secops_redis_connect_timeout\" and "
                           "\"secops_redis_timeout\" must not be 0");
        return NGX_ERROR;
    }

    ngx_memzero(&redis, sizeof(ngx_secops_redis_conf_t));

    redis.connect_timeout = conf->redis.connect_timeout;
    redis.timeout = conf->redis.timeout;
    redis.ping = conf->redis.ping;
    redis.max_commands = conf->redis.max_commands;
    redis.max_bytes = conf->redis.max_bytes;
    redis.resolver_timeout = clcf->resolver_timeout;

    /* without "resolver", nginx has one that answers nothing */

    if (clcf->resolver && clcf->resolver->connections.nelts) {
        redis.resolver = clcf->resolver;
    }

    if (ngx_http_secops_init_sentinel(cf, &conf->redis, &redis) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_secops_redis_url(cf, &redis, &conf->redis.url, &err) != NGX_OK) {
        /* the URL itself may hold a password, which is one of the errors */

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s in \"secops_redis\"",
                           err);
        return NGX_ERROR;
    }

    if (ngx_http_secops_redis_credentials(cf, &conf->redis, &redis)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_secops_init_cluster(cf, &conf->redis, &redis) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_secops_init_redis_ssl(cf, &conf->redis, &redis) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_secops_init_durability(cf, conf, &redis) != NGX_OK) {
        return NGX_ERROR;
    }

    conf->store.redis = ngx_secops_redis_add(cf, &mcf->redis, &redis);

    return conf->store.redis ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_secops_redis_credentials(ngx_conf_t *cf,
    ngx_http_secops_redis_conf_t *conf, ngx_secops_redis_conf_t *redis)
{
    if (conf->user.len) {

        if (redis->user.len) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "user both in \"secops_redis\" and "
                               "\"secops_redis_user\"");
            return NGX_ERROR;
        }

        redis->user = conf->user;
    }

    if (conf->database != NGX_CONF_UNSET) {

        if (redis->database) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "database both in \"secops_redis\" and "
                               "\"secops_redis_database\"");
            return NGX_ERROR;
        }

        redis->database = conf->database;
    }

    if (conf->password_file.len) {
        return ngx_http_secops_read_password(cf, &conf->password_file,
                                             &redis->password);
    }

    if (redis->user.len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "Redis user \"%V\" needs "
                           "\"secops_redis_password_file\"", &redis->user);
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_secops_read_password(ngx_conf_t *cf, ngx_str_t *file,
    ngx_str_t *password)
{
    u_char      *p, buf[NGX_HTTP_SECOPS_PASSWORD_MAX];
    ssize_t      n;
    ngx_fd_t     fd;
    ngx_int_t    rc;
    ngx_str_t    name;

    name = *file;

    if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    fd = ngx_open_file(name.data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", &name);
        return NGX_ERROR;
    }

    rc = NGX_ERROR;

    n = ngx_read_fd(fd, buf, sizeof(buf));

    if (n == -1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_read_fd_n " \"%V\" failed", &name);
        goto done;
    }

    p = ngx_strlchr(buf, buf + n, LF);

    password->len = (p ? p : buf + n) - buf;

    if (password->len && buf[password->len - 1] == CR) {
        password->len--;
    }

    if (password->len == 0 || password->len == sizeof(buf)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "no password in the first line of \"%V\"", &name);
        goto done;
    }

    password->data = ngx_pnalloc(cf->pool, password->len);

    if (password->data == NULL) {
        goto done;
    }

    ngx_memcpy(password->data, buf, password->len);

    rc = NGX_OK;

done:

    ngx_explicit_memzero(buf, sizeof(buf));

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", &name);
    }

    return rc;
}


char *
ngx_http_secops_set_durability(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_secops_loc_conf_t *slcf = conf;

    ngx_int_t                      n;
    ngx_str_t                     *value, text;
    ngx_http_secops_redis_conf_t  *redis;

    redis = &slcf->redis;

    if (redis->durability != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "memory") == 0) {
        redis->durability = NGX_SECOPS_REDIS_MEMORY;

        return (cf->args->nelts == 2) ? NGX_CONF_OK
                                      : "memory has nothing to wait for";
    }

    redis->durability_timeout = 500;

    if (ngx_strcmp(value[1].data, "fsync") == 0) {
        redis->durability = NGX_SECOPS_REDIS_FSYNC;

    } else if (ngx_strncmp(value[1].data, "replicas=", 9) == 0) {
        redis->durability = NGX_SECOPS_REDIS_REPLICAS;

        n = ngx_atoi(value[1].data + 9, value[1].len - 9);

        if (n < 1 || n > NGX_HTTP_SECOPS_REPLICAS_MAX) {
            return "needs a number of replicas from 1 to 100";
        }

        redis->replicas = n;

    } else {
        return "must be \"memory\", \"fsync\" or \"replicas=NUMBER\"";
    }

    if (cf->args->nelts == 2) {
        return NGX_CONF_OK;
    }

    text.data = value[2].data + 8;
    text.len = value[2].len - 8;

    if (ngx_strncmp(value[2].data, "timeout=", 8) != 0
        || (n = ngx_parse_time(&text, 0)) == NGX_ERROR
        || n == 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"",
                           &value[2]);
        return NGX_CONF_ERROR;
    }

    redis->durability_timeout = n;

    return NGX_CONF_OK;
}


/* all of it is of one place */

static void
ngx_http_secops_merge_durability(ngx_http_secops_redis_conf_t *prev,
    ngx_http_secops_redis_conf_t *conf)
{
    if (conf->durability == NGX_CONF_UNSET_UINT) {
        conf->replicas = prev->replicas;
        conf->durability_timeout = prev->durability_timeout;
    }

    ngx_conf_merge_uint_value(conf->durability, prev->durability,
                              NGX_SECOPS_REDIS_MEMORY);
}


static ngx_int_t
ngx_http_secops_init_durability(ngx_conf_t *cf,
    ngx_http_secops_loc_conf_t *conf, ngx_secops_redis_conf_t *redis)
{
    u_char     *p;
    ngx_str_t  *text;

    redis->durability = conf->redis.durability;
    redis->replicas = conf->redis.replicas;
    redis->durability_timeout = conf->redis.durability_timeout;

    text = &conf->store.durability;

    switch (redis->durability) {

    case NGX_SECOPS_REDIS_REPLICAS:

        p = ngx_pnalloc(cf->pool, sizeof("replicas=") + NGX_INT_T_LEN);
        if (p == NULL) {
            return NGX_ERROR;
        }

        text->data = p;
        text->len = ngx_sprintf(p, "replicas=%ui", redis->replicas) - p;
        break;

    case NGX_SECOPS_REDIS_FSYNC:
        ngx_str_set(text, "fsync");
        break;

    default:
        ngx_str_set(text, "memory");
        return NGX_OK;
    }

    /* or it would never be this one that ends */

    if (redis->durability_timeout >= redis->timeout) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the timeout of \"secops_durability\" (%M ms) must "
                           "be less than \"secops_redis_timeout\" (%M ms)",
                           redis->durability_timeout, redis->timeout);
        return NGX_ERROR;
    }

    return NGX_OK;
}
