
/* A password, which never stands in nginx.conf but in a file of its own. */

#include "redis/ngx_secops_redis_internal.h"


#define NGX_SECOPS_REDIS_PASSWORD_MAX  4096


static ngx_int_t ngx_secops_redis_password_line(ngx_conf_t *cf, ngx_fd_t fd,
    ngx_str_t *name, ngx_str_t *password);


ngx_int_t
ngx_secops_redis_password(ngx_conf_t *cf, ngx_str_t *file, ngx_str_t *password)
{
    ngx_fd_t   fd;
    ngx_int_t  rc;
    ngx_str_t  name;

    name = *file;
    ngx_str_null(file);

    if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    fd = ngx_open_file(name.data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", &name);
        return NGX_ERROR;
    }

    rc = ngx_secops_redis_password_line(cf, fd, &name, password);

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", &name);
    }

    return rc;
}


static ngx_int_t
ngx_secops_redis_password_line(ngx_conf_t *cf, ngx_fd_t fd, ngx_str_t *name,
    ngx_str_t *password)
{
    u_char   *p, buf[NGX_SECOPS_REDIS_PASSWORD_MAX];
    size_t    len;
    ssize_t   n;

    n = ngx_read_fd(fd, buf, sizeof(buf));

    if (n == -1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_read_fd_n " \"%V\" failed", name);
        return NGX_ERROR;
    }

    p = ngx_strlchr(buf, buf + n, LF);
    len = (p ? p : buf + n) - buf;

    if (len && buf[len - 1] == CR) {
        len--;
    }

    if (len && len < sizeof(buf)) {

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
