
/* The secops_redis* directives that no stock slot can parse, and the client
   that they become. */

#include "face/ngx_http_secops_conf.h"


static char *ngx_http_secops_cluster_address(ngx_conf_t *cf, ngx_str_t *text,
    ngx_str_t *host, in_port_t *port);
static ngx_int_t ngx_http_secops_durability_text(ngx_conf_t *cf,
    const ngx_secops_redis_conf_t *redis, ngx_str_t *text);


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

    if (slcf->redis.max_commands != NGX_CONF_UNSET_UINT
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


char *
ngx_http_secops_set_durability(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_secops_loc_conf_t *slcf = conf;

    ngx_int_t                 n;
    ngx_str_t                *value, text;
    ngx_secops_redis_conf_t  *redis;

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


char *
ngx_http_secops_set_redis_words(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    char *p = conf;

    size_t         n;
    ngx_str_t     *value, *word;
    ngx_array_t  **words;

    words = (ngx_array_t **) (p + cmd->offset);
    n = cf->args->nelts - 1;

    if (*words == NGX_CONF_UNSET_PTR) {
        *words = ngx_array_create(cf->pool, n, sizeof(ngx_str_t));
        if (*words == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    word = ngx_array_push_n(*words, n);
    if (word == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    ngx_memcpy(word, &value[1], n * sizeof(ngx_str_t));

    return NGX_CONF_OK;
}


char *
ngx_http_secops_set_sentinel(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_secops_loc_conf_t *slcf = conf;

    if (slcf->redis.sentinel.words != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    return ngx_http_secops_set_redis_words(cf, cmd, conf);
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


ngx_int_t
ngx_http_secops_init_redis(ngx_conf_t *cf, ngx_http_secops_loc_conf_t *conf)
{
    ngx_http_core_loc_conf_t     *clcf;
    ngx_http_secops_main_conf_t  *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_secops_module);
    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    conf->redis.resolver_timeout = clcf->resolver_timeout;

    /* without "resolver", nginx has one that answers nothing */

    if (clcf->resolver && clcf->resolver->connections.nelts) {
        conf->redis.resolver = clcf->resolver;
    }

    if (ngx_http_secops_durability_text(cf, &conf->redis,
                                        &conf->store.durability)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    conf->store.redis = ngx_secops_redis_add(cf, &mcf->redis, &conf->redis);

    return conf->store.redis ? NGX_OK : NGX_ERROR;
}


/* what replies say of it */

static ngx_int_t
ngx_http_secops_durability_text(ngx_conf_t *cf,
    const ngx_secops_redis_conf_t *redis, ngx_str_t *text)
{
    u_char  *p;

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
    }

    return NGX_OK;
}
