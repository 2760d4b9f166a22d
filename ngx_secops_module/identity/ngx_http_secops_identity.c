
/*
 * Identity from trusted headers and from variables.  What a method can not
 * vouch for counts for nothing: a name that is no text, a header that stands
 * there twice, headers from a peer that is not trusted.
 */

#include "identity/ngx_http_secops_identity.h"
#include "util/ngx_http_secops_reply.h"
#include "util/secops_text.h"


typedef ngx_int_t (*ngx_http_secops_auth_pt)(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf, ngx_str_t *user, ngx_str_t *roles,
    ngx_str_t *domain);


typedef struct {
    ngx_str_t                name;
    ngx_http_secops_auth_pt  handler;
} ngx_http_secops_auth_method_t;


static ngx_int_t ngx_http_secops_auth_header(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf, ngx_str_t *user, ngx_str_t *roles,
    ngx_str_t *domain);
static ngx_int_t ngx_http_secops_auth_variables(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf, ngx_str_t *user, ngx_str_t *roles,
    ngx_str_t *domain);
static ngx_int_t ngx_http_secops_identity_check(ngx_http_request_t *r,
    ngx_str_t *user, ngx_str_t *domain);
static ngx_int_t ngx_http_secops_peer_trusted(ngx_http_request_t *r,
    ngx_array_t *trusted);
static ngx_int_t ngx_http_secops_peer_sockaddr(ngx_http_request_t *r,
    ngx_addr_t *peer);
static ngx_int_t ngx_http_secops_header_value(ngx_http_request_t *r,
    ngx_http_secops_header_t *header, ngx_str_t *value);


/* in the order of ngx_http_secops_auth_method_e */

static ngx_http_secops_auth_method_t  ngx_http_secops_auth_methods[] = {
    { ngx_string("header"), ngx_http_secops_auth_header },
    { ngx_string("variables"), ngx_http_secops_auth_variables }
};


static ngx_str_t  ngx_http_secops_default_domain = ngx_string("global");


ngx_int_t
ngx_http_secops_identify(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf,
    ngx_http_secops_identity_t *identity)
{
    ngx_int_t                       rc;
    ngx_str_t                       roles;
    ngx_uint_t                      i, *methods;
    secops_slice_t                  list, read_role, write_role;
    ngx_http_secops_auth_method_t  *method;

    methods = conf->methods->elts;

    for (i = 0; i < conf->methods->nelts; i++) {

        method = &ngx_http_secops_auth_methods[methods[i]];

        ngx_str_null(&roles);
        ngx_str_null(&identity->user);
        ngx_str_null(&identity->domain);

        rc = method->handler(r, conf, &identity->user, &roles,
                             &identity->domain);

        if (rc == NGX_OK) {
            rc = ngx_http_secops_identity_check(r, &identity->user,
                                                &identity->domain);
        }

        ngx_log_debug3(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                       "secops auth %V: %i \"%V\"", &method->name, rc,
                       &identity->user);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc != NGX_OK) {
            continue;
        }

        list.len = roles.len;
        list.data = roles.data;
        read_role.len = conf->read_role.len;
        read_role.data = conf->read_role.data;
        write_role.len = conf->write_role.len;
        write_role.data = conf->write_role.data;

        identity->method = methods[i];
        identity->permissions = secops_role_permissions(list, read_role,
                                                        write_role);
        return NGX_OK;
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_secops_identity_check(ngx_http_request_t *r, ngx_str_t *user,
    ngx_str_t *domain)
{
    secops_slice_t  name;

    if (user->len == 0) {
        return NGX_DECLINED;
    }

    if (domain->len == 0) {
        *domain = ngx_http_secops_default_domain;
    }

    name.len = user->len;
    name.data = user->data;

    if (user->len > NGX_HTTP_SECOPS_USER_MAX || !secops_text_is_name(name)) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "secops: the user's name is longer than %d bytes or "
                      "not UTF-8 text", NGX_HTTP_SECOPS_USER_MAX);
        return NGX_DECLINED;
    }

    name.len = domain->len;
    name.data = domain->data;

    if (domain->len > NGX_HTTP_SECOPS_DOMAIN_MAX
        || !secops_text_is_name(name))
    {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "secops: the domain's name is longer than %d bytes or "
                      "not UTF-8 text", NGX_HTTP_SECOPS_DOMAIN_MAX);
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_auth_header(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf, ngx_str_t *user, ngx_str_t *roles,
    ngx_str_t *domain)
{
    ngx_int_t  rc;

    rc = ngx_http_secops_header_value(r, &conf->header_user, user);

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_secops_peer_trusted(r, conf->trusted);

    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_secops_header_value(r, &conf->header_roles, roles)
        == NGX_ABORT
        || ngx_http_secops_header_value(r, &conf->header_domain, domain)
           == NGX_ABORT)
    {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_auth_variables(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf, ngx_str_t *user, ngx_str_t *roles,
    ngx_str_t *domain)
{
    if (ngx_http_complex_value(r, conf->user, user) != NGX_OK) {
        return NGX_ERROR;
    }

    if (conf->roles && ngx_http_complex_value(r, conf->roles, roles) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (conf->domain
        && ngx_http_complex_value(r, conf->domain, domain) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * NGX_OK; NGX_DECLINED, there is none; NGX_ABORT, there are several: somebody
 * between the client and here forgot to remove the client's own.
 */

static ngx_int_t
ngx_http_secops_header_value(ngx_http_request_t *r,
    ngx_http_secops_header_t *header, ngx_str_t *value)
{
    ngx_uint_t        i, found;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    found = 0;
    part = &r->headers_in.headers.part;
    h = part->elts;

    for (i = 0; /* void */; i++) {

        if (i >= part->nelts) {

            if (part->next == NULL) {
                break;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (h[i].hash != header->hash
            || h[i].key.len != header->name.len
            || ngx_memcmp(h[i].lowcase_key, header->name.data,
                          header->name.len)
               != 0)
        {
            continue;
        }

        if (found++) {
            ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                          "secops: more than one header \"%V\", ignored",
                          &header->name);
            ngx_str_null(value);
            return NGX_ABORT;
        }

        *value = h[i].value;
    }

    return found ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_http_secops_peer_trusted(ngx_http_request_t *r, ngx_array_t *trusted)
{
    ngx_int_t   rc;
    ngx_addr_t  peer;

    rc = ngx_http_secops_peer_sockaddr(r, &peer);

    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_cidr_match(peer.sockaddr, trusted) == NGX_OK) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "secops: identity headers from untrusted peer \"%V\", "
                  "ignored", &peer.name);

    return NGX_DECLINED;
}


/*
 * The address of the connection itself.  The realip module replaces it by one
 * that a header names, and keeps the original only for its variable; where
 * that module is not built in, there is no such variable.
 */

static ngx_int_t
ngx_http_secops_peer_sockaddr(ngx_http_request_t *r, ngx_addr_t *peer)
{
    ngx_uint_t                  key;
    ngx_str_t                   text;
    ngx_connection_t           *c;
    ngx_http_variable_value_t  *v;
    static ngx_str_t            name = ngx_string("realip_remote_addr");
    static struct sockaddr      local = { .sa_family = AF_UNIX };

    c = r->connection;

    key = ngx_hash_key(name.data, name.len);
    v = ngx_http_get_variable(r, &name, key);

    if (v == NULL) {
        return NGX_ERROR;
    }

    if (v->not_found
        || (v->len == c->addr_text.len
            && ngx_memcmp(v->data, c->addr_text.data, v->len) == 0))
    {
        peer->sockaddr = c->sockaddr;
        peer->socklen = c->socklen;
        peer->name = c->addr_text;
        return NGX_OK;
    }

    text.len = v->len;
    text.data = v->data;

    if (text.len == 5 && ngx_strncmp(text.data, "unix:", 5) == 0) {
        peer->sockaddr = &local;
        peer->socklen = sizeof(local);
        peer->name = text;
        return NGX_OK;
    }

    if (ngx_parse_addr(r->pool, peer, text.data, text.len) != NGX_OK) {
        return NGX_ERROR;
    }

    peer->name = text;

    return NGX_OK;
}


ngx_str_t *
ngx_http_secops_auth_method_name(ngx_uint_t method)
{
    return &ngx_http_secops_auth_methods[method].name;
}


ngx_int_t
ngx_http_secops_auth_method(ngx_str_t *name)
{
    ngx_str_t   *method;
    ngx_uint_t   i, n;

    n = sizeof(ngx_http_secops_auth_methods)
        / sizeof(ngx_http_secops_auth_method_t);

    for (i = 0; i < n; i++) {

        method = &ngx_http_secops_auth_methods[i].name;

        if (name->len == method->len
            && ngx_strncmp(name->data, method->data, name->len) == 0)
        {
            return i;
        }
    }

    return NGX_ERROR;
}


/* scripts of these APIs log in with Basic, and look for this very challenge */

ngx_int_t
ngx_http_secops_challenge(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h;

    static ngx_str_t  name = ngx_string("WWW-Authenticate");
    static ngx_str_t  value = ngx_string("Basic realm=\"Service-now\"");

    h = ngx_http_secops_add_header(r, &name, &value);
    if (h == NULL) {
        return NGX_ERROR;
    }

    r->headers_out.www_authenticate = h;

    return NGX_OK;
}
