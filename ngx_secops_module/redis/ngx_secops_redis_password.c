
/*
 * A password, which never stands in nginx.conf but in a file of its own.  The
 * master process reads it along with the configuration; a worker that may read
 * the file looks into it before each login, as there are passwords that live
 * for some minutes only.
 */

#include "redis/ngx_secops_redis_internal.h"


static ngx_int_t ngx_secops_redis_password_line(ngx_conf_t *cf, ngx_fd_t fd,
    ngx_str_t *name, ngx_str_t *password);
static size_t ngx_secops_redis_password_len(u_char *buf, ssize_t n);
static ngx_int_t ngx_secops_redis_secret_file(
    ngx_secops_redis_secret_t *secret, u_char *buf, ssize_t *n);
static ngx_int_t ngx_secops_redis_secret_fd(ngx_fd_t fd, u_char *buf,
    ssize_t *n);
static void ngx_secops_redis_secret_take(ngx_secops_redis_node_t *node,
    ngx_secops_redis_secret_t *secret, u_char *buf, ssize_t n);


ngx_int_t
ngx_secops_redis_password(ngx_conf_t *cf, ngx_str_t *file, ngx_str_t *password)
{
    ngx_fd_t   fd;
    ngx_int_t  rc;

    if (ngx_conf_full_name(cf->cycle, file, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    fd = ngx_open_file(file->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", file);
        return NGX_ERROR;
    }

    rc = ngx_secops_redis_password_line(cf, fd, file, password);

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", file);
    }

    return rc;
}


static ngx_int_t
ngx_secops_redis_password_line(ngx_conf_t *cf, ngx_fd_t fd, ngx_str_t *name,
    ngx_str_t *password)
{
    u_char    buf[NGX_SECOPS_REDIS_PASSWORD_MAX];
    size_t    len;
    ssize_t   n;

    n = ngx_read_fd(fd, buf, sizeof(buf));

    if (n == -1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_read_fd_n " \"%V\" failed", name);
        return NGX_ERROR;
    }

    len = ngx_secops_redis_password_len(buf, n);

    if (len) {
        password->data = ngx_pnalloc(cf->pool, len);

        if (password->data) {
            ngx_memcpy(password->data, buf, len);
            password->len = len;
        }

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "no password in the first line of \"%V\"", name);
    }

    ngx_explicit_memzero(buf, sizeof(buf));

    return password->len ? NGX_OK : NGX_ERROR;
}


/* of the first line; 0: it is empty, or too long */

static size_t
ngx_secops_redis_password_len(u_char *buf, ssize_t n)
{
    u_char  *p;
    size_t   len;

    p = ngx_strlchr(buf, buf + n, LF);
    len = (p ? p : buf + n) - buf;

    if (len && buf[len - 1] == CR) {
        len--;
    }

    return (len < NGX_SECOPS_REDIS_PASSWORD_MAX) ? len : 0;
}


ngx_int_t
ngx_secops_redis_secret_init(ngx_conf_t *cf, ngx_secops_redis_secret_t *secret,
    const ngx_str_t *file, const ngx_str_t *password)
{
    secret->file = *file;

    if (password->len == 0) {
        return NGX_OK;
    }

    secret->text.data = ngx_pnalloc(cf->pool, NGX_SECOPS_REDIS_PASSWORD_MAX);
    if (secret->text.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(secret->text.data, password->data, password->len);
    secret->text.len = password->len;

    return NGX_OK;
}


ngx_str_t *
ngx_secops_redis_secret(ngx_secops_redis_node_t *node,
    ngx_secops_redis_secret_t *secret)
{
    u_char     buf[NGX_SECOPS_REDIS_PASSWORD_MAX];
    ssize_t    n;
    ngx_err_t  err;

    if (secret->text.len == 0) {
        return &secret->text;
    }

    if (ngx_secops_redis_secret_file(secret, buf, &n) == NGX_OK) {
        secret->err = 0;
        ngx_secops_redis_secret_take(node, secret, buf, n);

    } else {
        err = ngx_errno;

        if (secret->err != err) {
            secret->err = err;

            ngx_log_error(NGX_LOG_INFO, node->log, err,
                          "secops redis \"%V\": \"%V\" is not readable by "
                          "worker processes, a new password takes a reload",
                          &node->redis->conf.url, &secret->file);
        }
    }

    ngx_explicit_memzero(buf, sizeof(buf));

    return &secret->text;
}


/* NGX_ERROR: why is in ngx_errno */

static ngx_int_t
ngx_secops_redis_secret_file(ngx_secops_redis_secret_t *secret, u_char *buf,
    ssize_t *n)
{
    ngx_fd_t   fd;
    ngx_err_t  err;
    ngx_int_t  rc;

    /* a worker must not wait for who writes into a pipe */

    fd = ngx_open_file(secret->file.data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        return NGX_ERROR;
    }

    rc = ngx_secops_redis_secret_fd(fd, buf, n);
    err = ngx_errno;

    (void) ngx_close_file(fd);

    ngx_set_errno(err);

    return rc;
}


static ngx_int_t
ngx_secops_redis_secret_fd(ngx_fd_t fd, u_char *buf, ssize_t *n)
{
    ngx_file_info_t  info;

    if (ngx_fd_info(fd, &info) == NGX_FILE_ERROR) {
        return NGX_ERROR;
    }

    if (!ngx_is_file(&info)) {
        ngx_set_errno(NGX_EINVAL);
        return NGX_ERROR;
    }

    *n = ngx_read_fd(fd, buf, NGX_SECOPS_REDIS_PASSWORD_MAX);

    return (*n == -1) ? NGX_ERROR : NGX_OK;
}


/* a file without a password is one that is being written: the one that was
   there before stays */

static void
ngx_secops_redis_secret_take(ngx_secops_redis_node_t *node,
    ngx_secops_redis_secret_t *secret, u_char *buf, ssize_t n)
{
    size_t      len;
    ngx_str_t  *text;

    len = ngx_secops_redis_password_len(buf, n);
    text = &secret->text;

    if (len == 0
        || (len == text->len && ngx_memcmp(buf, text->data, len) == 0))
    {
        return;
    }

    ngx_explicit_memzero(text->data, NGX_SECOPS_REDIS_PASSWORD_MAX);
    ngx_memcpy(text->data, buf, len);
    text->len = len;

    ngx_log_error(NGX_LOG_NOTICE, node->log, 0,
                  "secops redis \"%V\": there is another password in \"%V\"",
                  &node->redis->conf.url, &secret->file);
}
