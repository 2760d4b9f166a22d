
/*
 * secops_auth header: a proxy in front has found out who calls, and says so in
 * request headers.  From any other peer they count for nothing.
 */

#include "identity/ngx_http_secops_identity.h"


static ngx_int_t ngx_http_secops_peer_trusted(ngx_http_request_t *r,
    ngx_array_t *trusted);
static ngx_int_t ngx_http_secops_peer_sockaddr(ngx_http_request_t *r,
    ngx_addr_t *peer);


ngx_int_t
ngx_http_secops_auth_header(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf, ngx_http_secops_auth_t *auth,
    ngx_http_secops_credential_t *credential)
{
    ngx_int_t  rc;

    rc = ngx_http_secops_header_value(r, &conf->header_user,
                                      &credential->user);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_secops_peer_trusted(r, conf->trusted);

    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_secops_header_value(r, &conf->header_roles,
                                     &credential->roles)
        == NGX_ABORT
        || ngx_http_secops_header_value(r, &conf->header_domain,
                                        &credential->domain)
           == NGX_ABORT)
    {
        return NGX_ABORT;
    }

    return NGX_OK;
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
