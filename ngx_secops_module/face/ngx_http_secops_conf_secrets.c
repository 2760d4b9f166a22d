
/* secops_secrets_key_file: the keys that secrets of integrations are encrypted
   with in Redis. */

#include "face/ngx_http_secops_conf.h"
#include "api/ngx_http_secops_api.h"


/* bytes of the file, comments included */

#define NGX_HTTP_SECOPS_SECRETS_MAX  16384


static ngx_int_t ngx_http_secops_read_secrets_keys(ngx_conf_t *cf,
    ngx_fd_t fd, ngx_str_t *name, secops_secret_keys_t *keys);
static ngx_int_t ngx_http_secops_parse_secrets_keys(ngx_conf_t *cf,
    ngx_str_t *name, secops_slice_t text, secops_secret_keys_t *keys);
static void ngx_http_secops_check_secrets_mode(ngx_conf_t *cf, ngx_fd_t fd,
    ngx_str_t *name);
static void ngx_http_secops_wipe_secrets_keys(void *data);


char *
ngx_http_secops_set_secrets_key_file(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_secops_loc_conf_t *slcf = conf;

    ngx_fd_t             fd;
    ngx_int_t            rc;
    ngx_str_t            name, *value;
    ngx_pool_cleanup_t  *cln;

    if (slcf->secrets != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;
    name = value[1];

    if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    /* the keys go with the cycle, in the master as in the workers */

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(secops_secret_keys_t));
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(cln->data, sizeof(secops_secret_keys_t));
    cln->handler = ngx_http_secops_wipe_secrets_keys;

    slcf->secrets = cln->data;

    fd = ngx_open_file(name.data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", &name);
        return NGX_CONF_ERROR;
    }

    rc = ngx_http_secops_read_secrets_keys(cf, fd, &name, cln->data);

    if (rc == NGX_OK) {
        ngx_http_secops_check_secrets_mode(cf, fd, &name);
    }

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", &name);
    }

    return rc == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static ngx_int_t
ngx_http_secops_read_secrets_keys(ngx_conf_t *cf, ngx_fd_t fd, ngx_str_t *name,
    secops_secret_keys_t *keys)
{
    u_char     *buf;
    ssize_t     n;
    ngx_int_t   rc;

    buf = ngx_alloc(NGX_HTTP_SECOPS_SECRETS_MAX, cf->log);
    if (buf == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_ERROR;
    n = ngx_read_fd(fd, buf, NGX_HTTP_SECOPS_SECRETS_MAX);

    if (n == -1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_read_fd_n " \"%V\" failed", name);

    } else if (n == NGX_HTTP_SECOPS_SECRETS_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" is too large", name);

    } else {
        rc = ngx_http_secops_parse_secrets_keys(cf, name,
                                                secops_slice_bytes(buf, n),
                                                keys);
    }

    ngx_explicit_memzero(buf, NGX_HTTP_SECOPS_SECRETS_MAX);
    ngx_free(buf);

    return rc;
}


static ngx_int_t
ngx_http_secops_parse_secrets_keys(ngx_conf_t *cf, ngx_str_t *name,
    secops_slice_t text, secops_secret_keys_t *keys)
{
    secops_secret_error_t  error;

    if (secops_secret_keys_read(keys, text, &error) == 0) {
        return NGX_OK;
    }

    if (error.line) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\": line %uz: %s", name,
                           error.line, error.reason);

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\": %s", name,
                           error.reason);
    }

    return NGX_ERROR;
}


static void
ngx_http_secops_check_secrets_mode(ngx_conf_t *cf, ngx_fd_t fd,
    ngx_str_t *name)
{
    ngx_file_info_t  fi;

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, ngx_errno,
                           ngx_fd_info_n " \"%V\" failed", name);
        return;
    }

    if (ngx_is_file(&fi) && (fi.st_mode & (S_IROTH|S_IWOTH))) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"%V\" can be read or written by everybody: it "
                           "opens all secrets that are stored", name);
    }
}


static void
ngx_http_secops_wipe_secrets_keys(void *data)
{
    secops_secret_keys_wipe(data);
}


void
ngx_http_secops_check_secrets(ngx_conf_t *cf,
    ngx_http_secops_main_conf_t *mcf, ngx_http_secops_loc_conf_t *conf)
{
    if (conf->secrets || mcf->plain_secrets
        || !(conf->groups & NGX_HTTP_SECOPS_RESOURCES))
    {
        return;
    }

    /* once, however many locations there are */

    mcf->plain_secrets = 1;

    ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                       "secrets of integrations are stored in Redis as they "
                       "are sent: \"secops_secrets_key_file\" encrypts them");
}
