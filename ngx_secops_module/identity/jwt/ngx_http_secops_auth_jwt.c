
/*
 * secops_auth jwt: a bearer token in the Authorization header (RFC 6750).
 */

#include "identity/ngx_http_secops_identity.h"
#include "util/ngx_secops_string.h"


static void ngx_http_secops_auth_jwt_create(
    ngx_http_secops_identity_conf_t *conf);
static char *ngx_http_secops_auth_jwt_merge(ngx_conf_t *cf,
    ngx_http_secops_identity_conf_t *prev,
    ngx_http_secops_identity_conf_t *conf);
static char *ngx_http_secops_auth_jwt_init(ngx_conf_t *cf,
    ngx_http_secops_identity_conf_t *conf);
static ngx_int_t ngx_http_secops_auth_jwt_handler(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf, ngx_http_secops_auth_t *auth,
    ngx_http_secops_credential_t *credential);
static const char *ngx_http_secops_auth_jwt_waits(
    ngx_http_secops_identity_conf_t *conf);
static ngx_int_t ngx_http_secops_auth_jwt_token(ngx_http_request_t *r,
    ngx_str_t *token);
static ngx_int_t ngx_http_secops_auth_jwt_keys(ngx_http_request_t *r,
    ngx_http_secops_jwt_conf_t *conf, ngx_http_secops_auth_t *auth,
    ngx_uint_t unknown);
static ngx_int_t ngx_http_secops_auth_jwt_recall(ngx_http_request_t *r,
    ngx_http_secops_jwt_conf_t *conf, ngx_str_t *token, u_char *digest,
    ngx_http_secops_credential_t *credential);
static ngx_int_t ngx_http_secops_auth_jwt_verify(ngx_http_request_t *r,
    ngx_http_secops_jwt_conf_t *conf, ngx_str_t *token, const u_char *digest,
    ngx_http_secops_credential_t *credential);
static secops_jws_status_e ngx_http_secops_auth_jwt_sets(
    ngx_http_request_t *r, ngx_http_secops_jwt_conf_t *conf,
    secops_slice_t token, ngx_array_t *sets, const char **reason);
static ngx_int_t ngx_http_secops_auth_jwt_sources(ngx_http_request_t *r,
    ngx_http_secops_jwt_conf_t *conf, ngx_array_t *sources);
static ngx_int_t ngx_http_secops_auth_jwt_read(ngx_http_request_t *r,
    ngx_http_secops_jwt_conf_t *conf, secops_jwt_t *jwt,
    ngx_secops_jwt_claims_t *claims);
static secops_jwt_claim_e ngx_http_secops_auth_jwt_claim(secops_jwt_t *jwt,
    ngx_str_t *name, ngx_uint_t list, u_char *p, ngx_str_t *value);
static ngx_int_t ngx_http_secops_auth_jwt_copy(ngx_http_request_t *r,
    const ngx_secops_jwt_claims_t *claims,
    ngx_http_secops_credential_t *credential);
static ngx_uint_t ngx_http_secops_auth_jwt_generation(
    ngx_http_secops_jwt_conf_t *conf);


const ngx_http_secops_auth_method_t  ngx_http_secops_auth_jwt = {
    .name = ngx_string("jwt"),
    .tokens = 1,
    .create = ngx_http_secops_auth_jwt_create,
    .merge = ngx_http_secops_auth_jwt_merge,
    .init = ngx_http_secops_auth_jwt_init,
    .handler = ngx_http_secops_auth_jwt_handler,
    .waits = ngx_http_secops_auth_jwt_waits
};


static void
ngx_http_secops_auth_jwt_create(ngx_http_secops_identity_conf_t *conf)
{
    ngx_http_secops_create_jwt(&conf->jwt);
}


static char *
ngx_http_secops_auth_jwt_merge(ngx_conf_t *cf,
    ngx_http_secops_identity_conf_t *prev,
    ngx_http_secops_identity_conf_t *conf)
{
    return ngx_http_secops_merge_jwt(cf, &prev->jwt, &conf->jwt);
}


static char *
ngx_http_secops_auth_jwt_init(ngx_conf_t *cf,
    ngx_http_secops_identity_conf_t *conf)
{
    return ngx_http_secops_init_jwt(cf, &conf->jwt);
}


static ngx_int_t
ngx_http_secops_auth_jwt_handler(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf, ngx_http_secops_auth_t *auth,
    ngx_http_secops_credential_t *credential)
{
    u_char                       digest[NGX_SECOPS_JWT_DIGEST_LEN];
    ngx_int_t                    rc;
    ngx_str_t                    token;
    ngx_http_secops_jwt_conf_t  *jcf;

    jcf = &conf->jwt;

    rc = ngx_http_secops_auth_jwt_token(r, &token);

    if (rc != NGX_OK) {
        return rc;
    }

    if (token.len > jcf->policy.max_size) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "secops: token refused: it is %uz bytes long",
                      token.len);
        return NGX_ABORT;
    }

    /* before the keys that may have changed are asked for what is known */

    rc = ngx_http_secops_auth_jwt_keys(r, jcf, auth, 0);

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_secops_auth_jwt_recall(r, jcf, &token, digest, credential);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    rc = ngx_http_secops_auth_jwt_verify(r, jcf, &token, digest, credential);

    if (rc != NGX_AGAIN) {
        return rc;
    }

    /* a key that is not known: there may be newer ones */

    rc = ngx_http_secops_auth_jwt_keys(r, jcf, auth, 1);

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "secops: token refused: it names a key that is not known");

    return NGX_ABORT;
}


static const char *
ngx_http_secops_auth_jwt_waits(ngx_http_secops_identity_conf_t *conf)
{
    return conf->jwt.keys ? "the keys that verify a token were fetched" : NULL;
}


/* NGX_DECLINED: there is no token */

static ngx_int_t
ngx_http_secops_auth_jwt_token(ngx_http_request_t *r, ngx_str_t *token)
{
    u_char     *p, *last;
    ngx_str_t   value;

    if (r->headers_in.authorization == NULL) {
        return NGX_DECLINED;
    }

    value = r->headers_in.authorization->value;

    if (value.len < sizeof("Bearer ") - 1
        || ngx_strncasecmp(value.data, (u_char *) "Bearer ",
                           sizeof("Bearer ") - 1)
           != 0)
    {
        return NGX_DECLINED;
    }

    p = value.data + sizeof("Bearer ") - 1;
    last = value.data + value.len;

    while (p < last && *p == ' ') {
        p++;
    }

    while (last > p && last[-1] == ' ') {
        last--;
    }

    token->data = p;
    token->len = last - p;

    return NGX_OK;
}


/* NGX_OK: there are keys, the newest to be had; NGX_BUSY: there are none */

static ngx_int_t
ngx_http_secops_auth_jwt_keys(ngx_http_request_t *r,
    ngx_http_secops_jwt_conf_t *conf, ngx_http_secops_auth_t *auth,
    ngx_uint_t unknown)
{
    ngx_int_t  rc;

    if (conf->keys == NULL) {
        return NGX_OK;
    }

    if (auth->early) {
        return (unknown || ngx_http_secops_jwt_keys_set(conf->keys) == NULL)
               ? NGX_BUSY : NGX_OK;
    }

    auth->cancel = ngx_http_secops_jwt_keys_cancel;
    auth->needed = ngx_http_secops_jwt_keys_needed;

    rc = ngx_http_secops_jwt_keys_fetch(r, conf->keys, unknown, &auth->data,
                                        auth->wake, auth->wake_data);
    if (rc != NGX_OK) {
        return rc;
    }

    if (conf->key_files == NULL
        && ngx_http_secops_jwt_keys_set(conf->keys) == NULL)
    {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "secops: there are no keys to verify tokens with");
        return NGX_BUSY;
    }

    return NGX_OK;
}


/* NGX_DECLINED: it is not remembered; then digest is set, for the cache */

static ngx_int_t
ngx_http_secops_auth_jwt_recall(ngx_http_request_t *r,
    ngx_http_secops_jwt_conf_t *conf, ngx_str_t *token, u_char *digest,
    ngx_http_secops_credential_t *credential)
{
    ngx_secops_jwt_claims_t  *claims;

    if (conf->cache == NULL) {
        return NGX_DECLINED;
    }

    if (ngx_secops_jwt_cache_digest(conf->cache, token, digest) != NGX_OK) {
        return NGX_ERROR;
    }

    claims = ngx_secops_jwt_cache_get(conf->cache, digest,
                                      ngx_http_secops_auth_jwt_generation(conf),
                                      ngx_time());

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "secops jwt remembered: %d", claims != NULL);

    if (claims == NULL) {
        return NGX_DECLINED;
    }

    return ngx_http_secops_auth_jwt_copy(r, claims, credential);
}


/* NGX_AGAIN: it names a key that is not known */

static ngx_int_t
ngx_http_secops_auth_jwt_verify(ngx_http_request_t *r,
    ngx_http_secops_jwt_conf_t *conf, ngx_str_t *token, const u_char *digest,
    ngx_http_secops_credential_t *credential)
{
    ngx_int_t                 rc;
    const char               *reason;
    ngx_array_t               sets;
    secops_jwt_t              jwt;
    secops_slice_t            text;
    secops_jws_status_e       status;
    ngx_secops_jwt_claims_t   claims;

    text = ngx_secops_slice(token);

    status = ngx_http_secops_auth_jwt_sets(r, conf, text, &sets, &reason);

    if (status == SECOPS_JWS_OK) {
        status = secops_jwt_verify(&jwt, text, sets.elts, sets.nelts,
                                   &conf->policy, ngx_time(), &reason);
    }

    switch (status) {

    case SECOPS_JWS_OK:
        break;

    case SECOPS_JWS_UNKNOWN_KEY:
        return NGX_AGAIN;

    case SECOPS_JWS_INVALID:
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "secops: token refused: %s", reason);
        return NGX_ABORT;

    default: /* SECOPS_JWS_ERROR */
        ngx_log_error(NGX_LOG_CRIT, r->connection->log, 0,
                      "secops: token could not be verified: %s", reason);
        return NGX_ERROR;
    }

    rc = ngx_http_secops_auth_jwt_read(r, conf, &jwt, &claims);

    if (rc == NGX_OK && conf->cache) {
        ngx_secops_jwt_cache_put(conf->cache, digest,
                                 ngx_http_secops_auth_jwt_generation(conf),
                                 jwt.expiry, &claims, r->connection->log);
    }

    secops_jwt_free(&jwt);

    if (rc != NGX_OK) {
        return rc;
    }

    credential->user = claims.user;
    credential->roles = claims.roles;
    credential->domain = claims.domain;

    return NGX_OK;
}


/* the keys that the token may be verified with */

static secops_jws_status_e
ngx_http_secops_auth_jwt_sets(ngx_http_request_t *r,
    ngx_http_secops_jwt_conf_t *conf, secops_slice_t token, ngx_array_t *sets,
    const char **reason)
{
    ngx_array_t  sources;

    *reason = "there is no memory";

    if (ngx_http_secops_auth_jwt_sources(r, conf, &sources) != NGX_OK
        || ngx_array_init(sets, r->pool, sources.nelts + 1,
                          sizeof(secops_jwk_set_t *))
           != NGX_OK)
    {
        return SECOPS_JWS_ERROR;
    }

    return secops_jwt_choose(sources.elts, sources.nelts, token,
                             conf->policy.max_size, sets->elts, &sets->nelts,
                             reason);
}


static ngx_int_t
ngx_http_secops_auth_jwt_sources(ngx_http_request_t *r,
    ngx_http_secops_jwt_conf_t *conf, ngx_array_t *sources)
{
    ngx_uint_t            i, n;
    secops_jwt_source_t  *files, *source;

    n = conf->key_files ? conf->key_files->nelts : 0;

    if (ngx_array_init(sources, r->pool, n + 1, sizeof(secops_jwt_source_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    files = n ? conf->key_files->elts : NULL;

    for (i = 0; i < n; i++) {
        source = ngx_array_push(sources);
        *source = files[i];
    }

    if (conf->keys) {
        source = ngx_array_push(sources);

        source->set = ngx_http_secops_jwt_keys_set(conf->keys);
        source->issuers = conf->keys_issuers->elts;
        source->nissuers = conf->keys_issuers->nelts;
    }

    return NGX_OK;
}


/* a token without a user identifies nobody; and no claim that can not be read
   is passed over, least of all one that says whose data it is about */

static ngx_int_t
ngx_http_secops_auth_jwt_read(ngx_http_request_t *r,
    ngx_http_secops_jwt_conf_t *conf, secops_jwt_t *jwt,
    ngx_secops_jwt_claims_t *claims)
{
    u_char              *p;
    size_t               max;
    ngx_str_t           *name;
    const char          *what;
    secops_jwt_claim_e   rc;

    max = secops_jwt_claim_max(jwt);

    p = ngx_pnalloc(r->pool, max * 3);
    if (p == NULL) {
        return NGX_ERROR;
    }

    name = &conf->claim_user;
    what = "no user";

    if (ngx_http_secops_auth_jwt_claim(jwt, name, 0, p, &claims->user)
        != SECOPS_JWT_CLAIM_USABLE)
    {
        goto refused;
    }

    name = &conf->claim_domain;
    what = "no domain";

    rc = ngx_http_secops_auth_jwt_claim(jwt, name, 0, p + max,
                                        &claims->domain);

    if (rc == SECOPS_JWT_CLAIM_UNUSABLE
        || (rc == SECOPS_JWT_CLAIM_ABSENT && conf->require_domain))
    {
        goto refused;
    }

    name = &conf->claim_roles;
    what = "no list of roles";

    if (ngx_http_secops_auth_jwt_claim(jwt, name, 1, p + max * 2,
                                       &claims->roles)
        != SECOPS_JWT_CLAIM_UNUSABLE)
    {
        return NGX_OK;
    }

refused:

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "secops: token refused: %s in its claim \"%V\"", what,
                  name);

    return NGX_ABORT;
}


static secops_jwt_claim_e
ngx_http_secops_auth_jwt_claim(secops_jwt_t *jwt, ngx_str_t *name,
    ngx_uint_t list, u_char *p, ngx_str_t *value)
{
    secops_slice_t  path;

    path = ngx_secops_slice(name);

    value->data = p;

    return list ? secops_jwt_claim_list(jwt, path, p, &value->len)
                : secops_jwt_claim_text(jwt, path, p, &value->len);
}


/* what the cache holds may be gone before the request is */

static ngx_int_t
ngx_http_secops_auth_jwt_copy(ngx_http_request_t *r,
    const ngx_secops_jwt_claims_t *claims,
    ngx_http_secops_credential_t *credential)
{
    u_char  *p;

    p = ngx_pnalloc(r->pool, claims->user.len + claims->domain.len
                             + claims->roles.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    p = ngx_secops_str_copy(p, &credential->user, &claims->user);
    p = ngx_secops_str_copy(p, &credential->domain, &claims->domain);
    (void) ngx_secops_str_copy(p, &credential->roles, &claims->roles);

    return NGX_OK;
}


static ngx_uint_t
ngx_http_secops_auth_jwt_generation(ngx_http_secops_jwt_conf_t *conf)
{
    return conf->keys ? ngx_http_secops_jwt_keys_generation(conf->keys) : 0;
}
