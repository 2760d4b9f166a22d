
/*
 * Directives that no stock slot can parse, and what a location's conf needs
 * once it was merged.
 */

#include "ngx_http_secops.h"
#include "identity/ngx_secops_api_keys.h"


typedef struct {
    ngx_str_t   name;
    ngx_uint_t  group;
} ngx_http_secops_group_t;


static char *ngx_http_secops_merge_header(ngx_conf_t *cf,
    ngx_http_secops_header_t *prev, ngx_http_secops_header_t *conf,
    char *name);
static ngx_int_t ngx_http_secops_init_header(ngx_conf_t *cf,
    ngx_http_secops_header_t *header, ngx_str_t *name);
static ngx_int_t ngx_http_secops_push_cidr(ngx_conf_t *cf, ngx_array_t *cidrs,
    ngx_str_t *text);
static ngx_int_t ngx_http_secops_init_redis(ngx_conf_t *cf,
    ngx_http_secops_loc_conf_t *conf);
static ngx_int_t ngx_http_secops_redis_credentials(ngx_conf_t *cf,
    ngx_http_secops_redis_conf_t *conf, ngx_secops_redis_conf_t *redis);
static ngx_int_t ngx_http_secops_read_password(ngx_conf_t *cf,
    ngx_str_t *file, ngx_str_t *password);


#define NGX_HTTP_SECOPS_PASSWORD_MAX  4096

/* api keys that a worker remembers for one location */

#define NGX_HTTP_SECOPS_API_KEYS      1000


static const ngx_http_secops_group_t  ngx_http_secops_groups[] = {
    { ngx_string("records"), NGX_HTTP_SECOPS_RECORDS },
    { ngx_string("tables"), NGX_HTTP_SECOPS_TABLES },
    { ngx_string("health"), NGX_HTTP_SECOPS_HEALTH },
    { ngx_string("resources"), NGX_HTTP_SECOPS_RESOURCES },
    { ngx_string("catalog"), NGX_HTTP_SECOPS_CATALOG },
    { ngx_string("jobs"), NGX_HTTP_SECOPS_JOBS },
    { ngx_string("audit"), NGX_HTTP_SECOPS_AUDIT },
    { ngx_string("errors"), NGX_HTTP_SECOPS_ERRORS },
    { ngx_null_string, 0 }
};


static ngx_str_t  ngx_http_secops_default_trusted[] = {
    ngx_string("127.0.0.1"),
    ngx_string("::1"),
    ngx_string("unix:"),
    ngx_null_string
};


char *
ngx_http_secops_set_api(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_secops_loc_conf_t *slcf = conf;

    ngx_str_t                      *value;
    ngx_uint_t                      i;
    ngx_http_core_loc_conf_t       *clcf;
    const ngx_http_secops_group_t  *group;

    if (slcf->groups != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    slcf->groups = 0;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        for (group = ngx_http_secops_groups; group->group; group++) {
            if (value[i].len == group->name.len
                && ngx_strncmp(value[i].data, group->name.data, value[i].len)
                   == 0)
            {
                break;
            }
        }

        if (group->group == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown group \"%V\", must be \"records\", "
                               "\"tables\", \"resources\", \"catalog\", "
                               "\"jobs\", \"audit\", \"health\" or \"errors\"",
                               &value[i]);
            return NGX_CONF_ERROR;
        }

        if (slcf->groups & group->group) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate group \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        slcf->groups |= group->group;
    }

    if (slcf->groups == 0) {
        slcf->groups = NGX_HTTP_SECOPS_ALL;
    }

    if ((slcf->groups & NGX_HTTP_SECOPS_ERRORS)
        && slcf->groups != NGX_HTTP_SECOPS_ERRORS)
    {
        return "group \"errors\" stands alone";
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_secops_handler;

    return NGX_CONF_OK;
}


char *
ngx_http_secops_set_auth(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_secops_loc_conf_t *slcf = conf;

    ngx_int_t    method;
    ngx_str_t   *value;
    ngx_uint_t   i, j, *methods;

    if (slcf->identity.methods != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    slcf->identity.methods = ngx_array_create(cf->pool, 2, sizeof(ngx_uint_t));
    if (slcf->identity.methods == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        return NGX_CONF_OK;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        method = ngx_http_secops_auth_method(&value[i]);

        if (method == NGX_ERROR) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown method \"%V\", must be \"header\", "
                               "\"variables\", \"jwt\" or \"api_key\"",
                               &value[i]);
            return NGX_CONF_ERROR;
        }

        methods = slcf->identity.methods->elts;

        for (j = 0; j < slcf->identity.methods->nelts; j++) {
            if (methods[j] == (ngx_uint_t) method) {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "duplicate method \"%V\"", &value[i]);
                return NGX_CONF_ERROR;
            }
        }

        methods = ngx_array_push(slcf->identity.methods);
        if (methods == NULL) {
            return NGX_CONF_ERROR;
        }

        *methods = method;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_secops_set_header_name(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char *p = conf;

    ngx_str_t                 *value;
    ngx_http_secops_header_t  *header;

    header = (ngx_http_secops_header_t *) (p + cmd->offset);

    if (header->name.data != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "needs the name of a header";
    }

    if (ngx_http_secops_init_header(cf, header, &value[1]) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_secops_init_header(ngx_conf_t *cf, ngx_http_secops_header_t *header,
    ngx_str_t *name)
{
    header->name.len = name->len;
    header->name.data = ngx_pnalloc(cf->pool, name->len);

    if (header->name.data == NULL) {
        return NGX_ERROR;
    }

    header->hash = ngx_hash_strlow(header->name.data, name->data, name->len);

    return NGX_OK;
}


static char *
ngx_http_secops_merge_header(ngx_conf_t *cf, ngx_http_secops_header_t *prev,
    ngx_http_secops_header_t *conf, char *name)
{
    ngx_str_t  value;

    if (conf->name.data) {
        return NGX_CONF_OK;
    }

    if (prev->name.data) {
        *conf = *prev;
        return NGX_CONF_OK;
    }

    value.data = (u_char *) name;
    value.len = ngx_strlen(name);

    if (ngx_http_secops_init_header(cf, conf, &value) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_secops_set_trusted_proxy(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_secops_loc_conf_t *slcf = conf;

    ngx_str_t   *value;
    ngx_uint_t   i;

    if (slcf->identity.trusted == NGX_CONF_UNSET_PTR) {
        slcf->identity.trusted = ngx_array_create(cf->pool, 4,
                                                  sizeof(ngx_cidr_t));
        if (slcf->identity.trusted == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        if (ngx_http_secops_push_cidr(cf, slcf->identity.trusted, &value[i])
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_secops_push_cidr(ngx_conf_t *cf, ngx_array_t *cidrs, ngx_str_t *text)
{
    ngx_int_t    rc;
    ngx_cidr_t  *cidr;

    cidr = ngx_array_push(cidrs);
    if (cidr == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(cidr, sizeof(ngx_cidr_t));

    if (text->len == 5 && ngx_strncmp(text->data, "unix:", 5) == 0) {
        cidr->family = AF_UNIX;
        return NGX_OK;
    }

    rc = ngx_ptocidr(text, cidr);

    if (rc == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid address \"%V\" in "
                           "\"secops_trusted_proxy\"", text);
        return NGX_ERROR;
    }

    if (rc == NGX_DONE) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "low address bits of %V are meaningless", text);
    }

    return NGX_OK;
}


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


char *
ngx_http_secops_merge_redis(ngx_conf_t *cf, ngx_http_secops_redis_conf_t *prev,
    ngx_http_secops_redis_conf_t *conf)
{
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
    ngx_conf_merge_value(conf->max_commands, prev->max_commands, 10000);
    ngx_conf_merge_size_value(conf->max_bytes, prev->max_bytes,
                              64 * 1024 * 1024);

    return NGX_CONF_OK;
}


char *
ngx_http_secops_merge_identity(ngx_conf_t *cf,
    ngx_http_secops_identity_conf_t *prev,
    ngx_http_secops_identity_conf_t *conf)
{
    ngx_str_t  *text;

    ngx_conf_merge_ptr_value(conf->methods, prev->methods, NULL);
    ngx_conf_merge_ptr_value(conf->trusted, prev->trusted, NULL);

    ngx_conf_merge_str_value(conf->write_role, prev->write_role,
                             "sn_sec_cmn.api_write");
    ngx_conf_merge_str_value(conf->read_role, prev->read_role,
                             "sn_sec_cmn.api_read");
    ngx_conf_merge_str_value(conf->admin_role, prev->admin_role,
                             "sn_sec_cmn.admin");

    ngx_conf_merge_msec_value(conf->api_key_cache, prev->api_key_cache, 5000);

    if (ngx_http_secops_merge_jwt(cf, &prev->jwt, &conf->jwt) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (conf->user == NULL) {
        conf->user = prev->user;
    }

    if (conf->roles == NULL) {
        conf->roles = prev->roles;
    }

    if (conf->domain == NULL) {
        conf->domain = prev->domain;
    }

    if (ngx_http_secops_merge_header(cf, &prev->header_user,
                                     &conf->header_user, "X-SecOps-User")
        != NGX_CONF_OK
        || ngx_http_secops_merge_header(cf, &prev->header_roles,
                                        &conf->header_roles, "X-SecOps-Roles")
           != NGX_CONF_OK
        || ngx_http_secops_merge_header(cf, &prev->header_domain,
                                        &conf->header_domain,
                                        "X-SecOps-Domain")
           != NGX_CONF_OK
        || ngx_http_secops_merge_header(cf, &prev->header_api_key,
                                        &conf->header_api_key,
                                        "x-arcanna-api-key")
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (conf->trusted) {
        return NGX_CONF_OK;
    }

    conf->trusted = ngx_array_create(cf->pool, 3, sizeof(ngx_cidr_t));
    if (conf->trusted == NULL) {
        return NGX_CONF_ERROR;
    }

    for (text = ngx_http_secops_default_trusted; text->len; text++) {
        if (ngx_http_secops_push_cidr(cf, conf->trusted, text) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


/* once the store is there */

char *
ngx_http_secops_init_identity(ngx_conf_t *cf, ngx_http_secops_loc_conf_t *conf)
{
    ngx_http_secops_identity_conf_t  *identity;

    identity = &conf->identity;

    if (identity->methods == NULL || identity->methods->nelts == 0) {

        if (conf->groups == NGX_HTTP_SECOPS_HEALTH) {
            return NGX_CONF_OK;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"secops_api\" needs \"secops_auth\": say how "
                           "callers are identified, by \"header\" (set by a "
                           "proxy in front), \"variables\" (auth_basic, "
                           "auth_request, client certificates, ...), \"jwt\" "
                           "or \"api_key\"");
        return NGX_CONF_ERROR;
    }

    if (ngx_http_secops_auth_enabled(identity, NGX_HTTP_SECOPS_AUTH_VARIABLES)
        && identity->user == NULL)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"secops_auth variables\" needs "
                           "\"secops_user\"");
        return NGX_CONF_ERROR;
    }

    if (ngx_http_secops_auth_enabled(identity, NGX_HTTP_SECOPS_AUTH_JWT)
        && ngx_http_secops_init_jwt(cf, &identity->jwt) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    identity->store = &conf->store;

    if (ngx_http_secops_auth_enabled(identity, NGX_HTTP_SECOPS_AUTH_API_KEY)) {

        identity->api_keys = ngx_secops_api_keys_create(cf,
                                                 NGX_HTTP_SECOPS_API_KEYS);
        if (identity->api_keys == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


char *
ngx_http_secops_init_store(ngx_conf_t *cf, ngx_http_secops_loc_conf_t *conf)
{
    u_char          *p;
    secops_slice_t   prefix;

    if (conf->redis.url.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"secops_api\" needs \"secops_redis\"");
        return NGX_CONF_ERROR;
    }

    prefix.len = conf->store.prefix.len;
    prefix.data = conf->store.prefix.data;

    if (!secops_keys_prefix_valid(prefix)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid \"secops_redis_prefix\" \"%V\", must be "
                           "1 to %d of A-Z, a-z, 0-9, \".\", \"_\", \"-\" and "
                           "\":\"", &conf->store.prefix,
                           SECOPS_KEYS_PREFIX_MAX);
        return NGX_CONF_ERROR;
    }

    if (conf->audit_maxlen) {

        p = ngx_pnalloc(cf->pool, NGX_INT_T_LEN);
        if (p == NULL) {
            return NGX_CONF_ERROR;
        }

        conf->store.audit_maxlen.data = p;
        conf->store.audit_maxlen.len = ngx_sprintf(p, "%i", conf->audit_maxlen)
                                       - p;
    }

    if (ngx_http_secops_init_redis(cf, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
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
    redis.max_commands = conf->redis.max_commands;
    redis.max_bytes = conf->redis.max_bytes;
    redis.resolver_timeout = clcf->resolver_timeout;

    /* without "resolver", nginx has one that answers nothing */

    if (clcf->resolver && clcf->resolver->connections.nelts) {
        redis.resolver = clcf->resolver;
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


/* the file's first line */

static ngx_int_t
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
