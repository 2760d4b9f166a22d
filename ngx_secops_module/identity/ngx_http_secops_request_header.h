
/* Request headers that a directive names. */

#ifndef _NGX_HTTP_SECOPS_REQUEST_HEADER_H_INCLUDED_
#define _NGX_HTTP_SECOPS_REQUEST_HEADER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* a request header's name, as nginx compares them */

typedef struct {
    ngx_str_t                        name;      /* lower case */
    ngx_uint_t                       hash;
} ngx_http_secops_header_t;


/* a slot: sets the ngx_http_secops_header_t at the command's offset */

char *ngx_http_secops_set_header_name(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* name is the default; NGX_CONF_ERROR: no memory */

char *ngx_http_secops_merge_header(ngx_conf_t *cf,
    ngx_http_secops_header_t *prev, ngx_http_secops_header_t *conf,
    char *name);


/*
 * The value of a request header that may stand there once.  NGX_DECLINED:
 * there is none; NGX_ABORT: there are several, said in the log.
 */

ngx_int_t ngx_http_secops_header_value(ngx_http_request_t *r,
    ngx_http_secops_header_t *header, ngx_str_t *value);


#endif /* _NGX_HTTP_SECOPS_REQUEST_HEADER_H_INCLUDED_ */
