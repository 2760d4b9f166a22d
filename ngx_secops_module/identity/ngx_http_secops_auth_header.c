
/*
 * secops_auth header: a proxy in front has found out who calls, and says so in
 * request headers.  From any other peer they count for nothing.
 */

#include "identity/ngx_http_secops_identity.h"


static void ngx_http_secops_auth_header_create(
    ngx_http_secops_identity_conf_t *conf);
static char *ngx_http_secops_auth_header_merge(ngx_conf_t *cf,
    ngx_http_secops_identity_conf_t *prev,
    ngx_http_secops_identity_conf_t *conf);
static ngx_int_t ngx_http_secops_push_cidr(ngx_conf_t *cf, ngx_array_t *cidrs,
    ngx_str_t *text);
static ngx_int_t ngx_http_secops_auth_header_handler(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf, ngx_http_secops_auth_t *auth,
    ngx_http_secops_credential_t *credential);
static ngx_int_t ngx_http_secops_peer_trusted(ngx_http_request_t *r,
    ngx_array_t *trusted);
static ngx_int_t ngx_http_secops_peer_sockaddr(ngx_http_request_t *r,
    ngx_addr_t *peer);


static ngx_str_t  ngx_http_secops_default_trusted[] = {
    ngx_string("127.0.0.1"),
    ngx_string("::1"),
    ngx_string("unix:"),
    ngx_null_string
};


const ngx_http_secops_auth_method_t  ngx_http_secops_auth_header = {
    .name = ngx_string("header"),
    .who = "set by a proxy in front",
    .create = ngx_http_secops_auth_header_create,
    .merge = ngx_http_secops_auth_header_merge,
    .handler = ngx_http_secops_auth_header_handler
};


static void
ngx_http_secops_auth_header_create(ngx_http_secops_identity_conf_t *conf)
{
    /*
     * set by ngx_pcalloc():
     *
     *     conf->header_user = { { 0, NULL }, 0 };
     *     conf->header_roles = { { 0, NULL }, 0 };
     *     conf->header_domain = { { 0, NULL }, 0 };
     */

    conf->trusted = NGX_CONF_UNSET_PTR;
}


char *
ngx_http_secops_set_trusted_proxy(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    char *p = conf;

    ngx_str_t                        *value;
    ngx_uint_t                        i;
    ngx_http_secops_identity_conf_t  *icf;

    icf = (ngx_http_secops_identity_conf_t *) (p + cmd->offset);

    if (icf->trusted == NGX_CONF_UNSET_PTR) {
        icf->trusted = ngx_array_create(cf->pool, 4, sizeof(ngx_cidr_t));
        if (icf->trusted == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        if (ngx_http_secops_push_cidr(cf, icf->trusted, &value[i]) != NGX_OK) {
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


static char *
ngx_http_secops_auth_header_merge(ngx_conf_t *cf,
    ngx_http_secops_identity_conf_t *prev,
    ngx_http_secops_identity_conf_t *conf)
{
    ngx_str_t  *text;

    if (ngx_http_secops_merge_header(cf, &prev->header_user,
                                     &conf->header_user, "X-SecOps-User")
        != NGX_CONF_OK
        || ngx_http_secops_merge_header(cf, &prev->header_roles,
                                        &conf->header_roles, "X-SecOps-Roles")
           != NGX_CONF_OK
        || ngx_http_secops_merge_header(cf, &prev->header_domain,
                                        &conf->header_domain,
                                        "X-SecOps-Domain")
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_conf_merge_ptr_value(conf->trusted, prev->trusted, NULL);

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


static ngx_int_t
ngx_http_secops_auth_header_handler(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf, ngx_http_secops_auth_t *auth,
    ngx_http_secops_credential_t *credential)
{
    ngx_int_t  rc;
    ngx_str_t  roles;

    rc = ngx_http_secops_header_value(r, &conf->header_user,
                                      &credential->user);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_secops_peer_trusted(r, conf->trusted);

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_str_null(&roles);

    if (ngx_http_secops_header_value(r, &conf->header_roles, &roles)
        == NGX_ABORT
        || ngx_http_secops_header_value(r, &conf->header_domain,
                                        &credential->domain)
           == NGX_ABORT)
    {
        return NGX_ABORT;
    }

    credential->permissions = ngx_http_secops_permissions(conf, &roles);

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
