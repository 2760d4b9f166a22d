
/*
 * From credential to identity: the order of the methods, and what holds for
 * all of them.  What a method can not vouch for counts for nothing.
 */

#include "identity/ngx_http_secops_identity.h"
#include "util/ngx_http_secops_header.h"
#include "util/ngx_secops_string.h"
#include "util/secops_text.h"


static ngx_int_t ngx_http_secops_identity_check(ngx_http_request_t *r,
    const ngx_http_secops_auth_method_t *method,
    ngx_http_secops_credential_t *credential);
static ngx_uint_t ngx_http_secops_identity_is_key(ngx_str_t *user);
static void ngx_http_secops_identity_set(
    ngx_http_secops_credential_t *credential,
    ngx_http_secops_identity_t *identity);


static ngx_str_t  ngx_http_secops_default_domain =
                                   ngx_string(NGX_HTTP_SECOPS_DEFAULT_DOMAIN);


ngx_int_t
ngx_http_secops_identify(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf, ngx_http_secops_auth_t *auth,
    ngx_http_secops_identity_t *identity)
{
    ngx_int_t                              rc;
    ngx_http_secops_credential_t           credential;
    const ngx_http_secops_auth_method_t   *method, **methods;

    methods = conf->methods->elts;

    for ( /* void */ ; auth->current < conf->methods->nelts; auth->current++) {

        method = methods[auth->current];

        ngx_memzero(&credential, sizeof(ngx_http_secops_credential_t));

        rc = method->handler(r, conf, auth, &credential);

        if (rc == NGX_OK) {
            rc = ngx_http_secops_identity_check(r, method, &credential);
        }

        ngx_log_debug3(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                       "secops auth %V: %i \"%V\"", &method->name, rc,
                       &credential.user);

        switch (rc) {

        case NGX_OK:
            identity->method = method;
            ngx_http_secops_identity_set(&credential, identity);
            return NGX_OK;

        case NGX_ABORT:
            auth->rejected = 1;
            break;

        case NGX_DECLINED:
            break;

        default:
            return rc;
        }

        auth->data = NULL;
        auth->cancel = NULL;
        auth->needed = NULL;
    }

    return NGX_DECLINED;
}


/*
 * Who calls may be what a variable says, and that may be made of the one that
 * asks here: while it is being found out, nobody is known.  Maps that are found
 * out on the way may be others later, as what other modules say.
 */

ngx_int_t
ngx_http_secops_identify_early(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf,
    ngx_http_secops_identity_t *identity)
{
    u_char                  *known;
    ngx_int_t                rc, *map;
    ngx_uint_t               i, n;
    ngx_http_secops_auth_t   auth;

    static ngx_uint_t        looking;    /* the worker's */

    if (conf->methods == NULL || conf->methods->nelts == 0 || looking) {
        return NGX_DECLINED;
    }

    map = conf->maps->elts;
    n = conf->maps->nelts;

    known = ngx_palloc(r->pool, n + 1);
    if (known == NULL) {
        return NGX_DECLINED;
    }

    for (i = 0; i < n; i++) {
        known[i] = r->variables[map[i]].valid;
    }

    ngx_memzero(&auth, sizeof(ngx_http_secops_auth_t));
    ngx_memzero(identity, sizeof(ngx_http_secops_identity_t));

    auth.early = 1;

    looking = 1;
    rc = ngx_http_secops_identify(r, conf, &auth, identity);
    looking = 0;

    for (i = 0; i < n; i++) {
        r->variables[map[i]].valid &= known[i];
    }

    return (rc == NGX_OK) ? NGX_OK : NGX_DECLINED;
}


void
ngx_http_secops_forget_maps(ngx_http_request_t *r, ngx_array_t *maps)
{
    ngx_int_t   *map;
    ngx_uint_t   i;

    map = maps->elts;

    for (i = 0; i < maps->nelts; i++) {
        r->variables[map[i]].valid = 0;
        r->variables[map[i]].not_found = 0;
    }
}


void
ngx_http_secops_auth_cancel(ngx_http_secops_auth_t *auth)
{
    if (auth->data && auth->cancel) {
        auth->cancel(auth->data);
    }
}


ngx_uint_t
ngx_http_secops_auth_needed(ngx_http_secops_auth_t *auth)
{
    return auth->data && auth->needed && auth->needed(auth->data);
}


static ngx_int_t
ngx_http_secops_identity_check(ngx_http_request_t *r,
    const ngx_http_secops_auth_method_t *method,
    ngx_http_secops_credential_t *credential)
{
    secops_slice_t  name;

    if (credential->user.len == 0) {
        return NGX_DECLINED;
    }

    if (credential->domain.len == 0) {
        credential->domain = ngx_http_secops_default_domain;
    }

    name = ngx_secops_slice(&credential->user);

    if (name.len > NGX_HTTP_SECOPS_USER_MAX || !secops_text_is_name(name)) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "secops: the user's name is longer than %d bytes or "
                      "not UTF-8 text", NGX_HTTP_SECOPS_USER_MAX);
        return NGX_ABORT;
    }

    if (!method->keys && ngx_http_secops_identity_is_key(&credential->user)) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "secops: the user's name begins like that of an api key");
        return NGX_ABORT;
    }

    name = ngx_secops_slice(&credential->domain);

    if (name.len > NGX_HTTP_SECOPS_DOMAIN_MAX || !secops_text_is_name(name)) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "secops: the domain's name is longer than %d bytes or "
                      "not UTF-8 text", NGX_HTTP_SECOPS_DOMAIN_MAX);
        return NGX_ABORT;
    }

    return NGX_OK;
}


/* in any letter case: people read it */

static ngx_uint_t
ngx_http_secops_identity_is_key(ngx_str_t *user)
{
    size_t  len;

    len = sizeof(NGX_HTTP_SECOPS_API_KEY_USER) - 1;

    return user->len >= len
           && ngx_strncasecmp(user->data,
                              (u_char *) NGX_HTTP_SECOPS_API_KEY_USER, len)
              == 0;
}


static void
ngx_http_secops_identity_set(ngx_http_secops_credential_t *credential,
    ngx_http_secops_identity_t *identity)
{
    identity->user = credential->user;
    identity->user_name = credential->user_name;
    identity->domain = credential->domain;
    identity->own_domain = credential->domain;
    identity->parents = credential->parents;
    identity->scopes = credential->scopes;
    identity->expire_at = credential->expire_at;
    identity->permissions = credential->permissions;
}


ngx_uint_t
ngx_http_secops_permissions(ngx_http_secops_identity_conf_t *conf,
    ngx_str_t *roles)
{
    secops_roles_t  names;

    names.read = ngx_secops_slice(&conf->read_role);
    names.write = ngx_secops_slice(&conf->write_role);
    names.admin = ngx_secops_slice(&conf->admin_role);

    return secops_role_permissions(ngx_secops_slice(roles), &names);
}


ngx_uint_t
ngx_http_secops_auth_enabled(ngx_http_secops_identity_conf_t *conf,
    const ngx_http_secops_auth_method_t *method)
{
    ngx_uint_t                             i;
    const ngx_http_secops_auth_method_t  **methods;

    if (conf->methods == NULL) {
        return 0;
    }

    methods = conf->methods->elts;

    for (i = 0; i < conf->methods->nelts; i++) {
        if (methods[i] == method) {
            return 1;
        }
    }

    return 0;
}


/*
 * A location that takes tokens says so, as RFC 6750 has it.  Otherwise: scripts
 * of these APIs log in with Basic, and look for this very challenge.
 */

ngx_int_t
ngx_http_secops_challenge(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf, ngx_http_secops_auth_t *auth)
{
    ngx_str_t                             *value;
    ngx_uint_t                             i, n;
    ngx_table_elt_t                       *h;
    const ngx_http_secops_auth_method_t  **methods;

    static ngx_str_t  name = ngx_string("WWW-Authenticate");
    static ngx_str_t  basic = ngx_string("Basic realm=\"Service-now\"");
    static ngx_str_t  bearer = ngx_string("Bearer realm=\"Service-now\"");
    static ngx_str_t  invalid = ngx_string("Bearer error=\"invalid_token\"");

    value = &basic;

    n = conf->methods ? conf->methods->nelts : 0;
    methods = n ? conf->methods->elts : NULL;

    for (i = 0; i < n; i++) {
        if (methods[i]->tokens) {
            value = auth->rejected ? &invalid : &bearer;
        }
    }

    h = ngx_http_secops_add_header(r, &name, value);
    if (h == NULL) {
        return NGX_ERROR;
    }

    r->headers_out.www_authenticate = h;

    return NGX_OK;
}
