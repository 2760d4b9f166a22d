
/*
 * Who calls: the methods of secops_auth, tried in the order given, make one
 * identity struct of a request.
 */

#ifndef _NGX_HTTP_SECOPS_IDENTITY_H_INCLUDED_
#define _NGX_HTTP_SECOPS_IDENTITY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "identity/secops_role.h"


#define NGX_HTTP_SECOPS_USER_MAX    255
#define NGX_HTTP_SECOPS_DOMAIN_MAX  1024


typedef enum {
    NGX_HTTP_SECOPS_AUTH_HEADER = 0,
    NGX_HTTP_SECOPS_AUTH_VARIABLES
} ngx_http_secops_auth_method_e;


/* a request header's name, as nginx compares them */

typedef struct {
    ngx_str_t                        name;      /* lower case */
    ngx_uint_t                       hash;
} ngx_http_secops_header_t;


/* read-only once the configuration was read */

typedef struct {
    ngx_array_t                     *methods;   /* of ngx_uint_t */

    ngx_http_complex_value_t        *user;      /* of variables */
    ngx_http_complex_value_t        *roles;
    ngx_http_complex_value_t        *domain;

    ngx_http_secops_header_t         header_user;
    ngx_http_secops_header_t         header_roles;
    ngx_http_secops_header_t         header_domain;
    ngx_array_t                     *trusted;   /* of ngx_cidr_t */

    ngx_str_t                        write_role;
    ngx_str_t                        read_role;
} ngx_http_secops_identity_conf_t;


/* user and domain are UTF-8 without control characters, not empty; all are
   valid as long as the request */

typedef struct {
    ngx_str_t                        user;
    ngx_str_t                        domain;
    ngx_uint_t                       permissions;   /* SECOPS_PERMISSION_* */
    ngx_uint_t                       method;
} ngx_http_secops_identity_t;


/*
 * NGX_OK: identity is filled in.  NGX_DECLINED: no method knows the caller.
 * NGX_ERROR: no memory, or a variable could not be evaluated.
 */

ngx_int_t ngx_http_secops_identify(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf,
    ngx_http_secops_identity_t *identity);


/* "header", "variables": as in secops_auth; never NULL */

ngx_str_t *ngx_http_secops_auth_method_name(ngx_uint_t method);


/* of the name given in secops_auth, or NGX_ERROR */

ngx_int_t ngx_http_secops_auth_method(ngx_str_t *name);


/* adds the WWW-Authenticate of a 401 to the response */

ngx_int_t ngx_http_secops_challenge(ngx_http_request_t *r);


#endif /* _NGX_HTTP_SECOPS_IDENTITY_H_INCLUDED_ */
