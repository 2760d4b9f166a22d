
/*
 * secops_auth jwt: a bearer token (RFC 6750), in the Authorization header or
 * where a proxy in front puts one.
 *
 * A token is its issuer's: that decides whose keys may verify it, and by whose
 * rules its claims are read.  Until then its iss is believed for nothing else.
 */

#include "identity/ngx_http_secops_identity.h"
#include "util/ngx_secops_string.h"


/* what a request waits for; in its pool.  A state of each source of keys, in
   the order of conf->sources */

typedef struct {
    ngx_uint_t                        n;
    void                            **states;
} ngx_http_secops_jwt_wait_t;


/* what a token may be verified with: at least one source, all of one
   provider */

typedef struct {
    ngx_http_secops_jwt_provider_t   *provider;
    const secops_jwt_source_t       **sources;
    size_t                            nsources;
    ngx_uint_t                        early;    /* of the auth */
} ngx_http_secops_jwt_choice_t;


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
    ngx_http_secops_header_t *header, ngx_str_t *token);
static ngx_uint_t ngx_http_secops_auth_jwt_bearer(ngx_str_t *value);
static ngx_int_t ngx_http_secops_auth_jwt_keys(ngx_http_request_t *r,
    ngx_http_secops_jwt_conf_t *conf,
    ngx_http_secops_jwt_provider_t *provider, ngx_http_secops_auth_t *auth,
    ngx_uint_t unknown);
static ngx_http_secops_jwt_wait_t *ngx_http_secops_auth_jwt_wait(
    ngx_http_request_t *r, ngx_http_secops_jwt_conf_t *conf,
    ngx_http_secops_auth_t *auth);
static void ngx_http_secops_auth_jwt_cancel(void *data);
static ngx_uint_t ngx_http_secops_auth_jwt_needed(void *data);
static ngx_int_t ngx_http_secops_auth_jwt_recall(ngx_http_request_t *r,
    ngx_http_secops_jwt_conf_t *conf, ngx_http_secops_auth_t *auth,
    ngx_str_t *token, u_char *digest,
    ngx_http_secops_credential_t *credential);
static ngx_int_t ngx_http_secops_auth_jwt_choose(ngx_http_request_t *r,
    ngx_http_secops_jwt_conf_t *conf, ngx_str_t *token,
    ngx_http_secops_jwt_choice_t *choice);
static ngx_int_t ngx_http_secops_auth_jwt_verify(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf,
    ngx_http_secops_jwt_choice_t *choice, ngx_str_t *token,
    const u_char *digest, ngx_http_secops_credential_t *credential);
static ngx_int_t ngx_http_secops_auth_jwt_sets(ngx_http_request_t *r,
    ngx_http_secops_jwt_choice_t *choice, ngx_array_t *sets);
static ngx_int_t ngx_http_secops_auth_jwt_read(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf,
    ngx_http_secops_jwt_provider_t *provider, secops_jwt_t *jwt,
    ngx_secops_jwt_claims_t *claims);
static ngx_str_t *ngx_http_secops_auth_jwt_required(
    ngx_http_secops_jwt_provider_t *provider, secops_jwt_t *jwt, u_char *p);
static secops_jwt_claim_e ngx_http_secops_auth_jwt_claim(secops_jwt_t *jwt,
    ngx_str_t *name, u_char *p, ngx_str_t *value);
static ngx_int_t ngx_http_secops_auth_jwt_lists(ngx_http_request_t *r,
    ngx_http_secops_jwt_provider_t *provider, secops_jwt_t *jwt,
    ngx_array_t *paths, const char *what, u_char *p, ngx_str_t *value);
static ngx_int_t ngx_http_secops_auth_jwt_refuse_claim(ngx_http_request_t *r,
    ngx_http_secops_jwt_provider_t *provider, const char *what,
    ngx_str_t *name);
static ngx_int_t ngx_http_secops_auth_jwt_refuse(ngx_http_request_t *r,
    ngx_http_secops_jwt_provider_t *provider, const char *reason);
static ngx_int_t ngx_http_secops_auth_jwt_copy(ngx_http_request_t *r,
    const ngx_secops_jwt_claims_t *claims,
    ngx_http_secops_credential_t *credential);
static ngx_uint_t ngx_http_secops_auth_jwt_generation(
    ngx_http_secops_jwt_provider_t *provider);


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
    /*
     * set by ngx_pcalloc():
     *
     *     conf->header_token = { { 0, NULL }, 0 };
     */

    ngx_http_secops_create_jwt(&conf->jwt);
}


static char *
ngx_http_secops_auth_jwt_merge(ngx_conf_t *cf,
    ngx_http_secops_identity_conf_t *prev,
    ngx_http_secops_identity_conf_t *conf)
{
    if (ngx_http_secops_merge_header(cf, &prev->header_token,
                                     &conf->header_token, "Authorization")
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

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
    u_char                         digest[SECOPS_SHA256_LEN];
    ngx_int_t                      rc;
    ngx_str_t                      token;
    ngx_http_secops_jwt_conf_t    *jcf;
    ngx_http_secops_jwt_choice_t   choice;

    jcf = &conf->jwt;

    rc = ngx_http_secops_auth_jwt_token(r, &conf->header_token, &token);

    if (rc != NGX_OK) {
        return rc;
    }

    if (token.len > SECOPS_JWS_MAX_SIZE) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "secops: token refused: it is %uz bytes long",
                      token.len);
        return NGX_ABORT;
    }

    rc = ngx_http_secops_auth_jwt_recall(r, jcf, auth, &token, digest,
                                         credential);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    rc = ngx_http_secops_auth_jwt_choose(r, jcf, &token, &choice);

    if (rc != NGX_OK) {
        return rc;
    }

    choice.early = auth->early;

    rc = ngx_http_secops_auth_jwt_keys(r, jcf, choice.provider, auth, 0);

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_secops_auth_jwt_verify(r, conf, &choice, &token, digest,
                                         credential);
    if (rc != NGX_AGAIN) {
        return rc;
    }

    /* a key that is not known: there may be newer ones */

    rc = ngx_http_secops_auth_jwt_keys(r, jcf, choice.provider, auth, 1);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_secops_auth_jwt_refuse(r, choice.provider,
                                           "it names a key that is not known");
}


static const char *
ngx_http_secops_auth_jwt_waits(ngx_http_secops_identity_conf_t *conf)
{
    ngx_uint_t                     i;
    secops_jwt_source_t           *source;
    ngx_http_secops_jwt_origin_t  *origin;

    source = conf->jwt.sources.elts;

    for (i = 0; i < conf->jwt.sources.nelts; i++) {
        origin = source[i].data;

        if (origin->source->keys) {
            return "the keys that verify a token were fetched";
        }
    }

    return NULL;
}


/* NGX_DECLINED: there is no token; NGX_ABORT: there are several */

static ngx_int_t
ngx_http_secops_auth_jwt_token(ngx_http_request_t *r,
    ngx_http_secops_header_t *header, ngx_str_t *token)
{
    u_char     *p, *last;
    ngx_int_t   rc;
    ngx_str_t   value;
    ngx_uint_t  bearer;

    bearer = 1;

    if (header->name.len == sizeof("authorization") - 1
        && ngx_strncmp(header->name.data, "authorization", header->name.len)
           == 0)
    {
        if (r->headers_in.authorization == NULL) {
            return NGX_DECLINED;
        }

        value = r->headers_in.authorization->value;

        if (!ngx_http_secops_auth_jwt_bearer(&value)) {
            return NGX_DECLINED;
        }

    } else {
        rc = ngx_http_secops_header_value(r, header, &value);

        if (rc != NGX_OK) {
            return rc;
        }

        bearer = ngx_http_secops_auth_jwt_bearer(&value);
    }

    p = value.data + (bearer ? sizeof("Bearer ") - 1 : 0);
    last = value.data + value.len;

    while (p < last && *p == ' ') {
        p++;
    }

    while (last > p && last[-1] == ' ') {
        last--;
    }

    token->data = p;
    token->len = last - p;

    /* a header of its own may be there, and empty, in each request */

    return (token->len || bearer) ? NGX_OK : NGX_DECLINED;
}


static ngx_uint_t
ngx_http_secops_auth_jwt_bearer(ngx_str_t *value)
{
    return value->len >= sizeof("Bearer ") - 1
           && ngx_strncasecmp(value->data, (u_char *) "Bearer ",
                              sizeof("Bearer ") - 1)
              == 0;
}


/*
 * NGX_OK: there are no newer keys of the provider to be had.  One source after
 * the other: a request fetches once at a time.
 */

static ngx_int_t
ngx_http_secops_auth_jwt_keys(ngx_http_request_t *r,
    ngx_http_secops_jwt_conf_t *conf,
    ngx_http_secops_jwt_provider_t *provider, ngx_http_secops_auth_t *auth,
    ngx_uint_t unknown)
{
    ngx_int_t                      rc;
    ngx_uint_t                     i;
    secops_jwt_source_t           *source;
    ngx_http_secops_jwt_wait_t    *wait;
    ngx_http_secops_jwt_origin_t  *origin;

    source = conf->sources.elts;

    for (i = 0; i < conf->sources.nelts; i++) {

        origin = source[i].data;

        if (origin->provider != provider || origin->source->keys == NULL) {
            continue;
        }

        if (auth->early) {
            return unknown ? NGX_BUSY : NGX_OK;
        }

        wait = ngx_http_secops_auth_jwt_wait(r, conf, auth);
        if (wait == NULL) {
            return NGX_ERROR;
        }

        rc = ngx_http_secops_jwt_keys_fetch(r, origin->source->keys, unknown,
                                            &wait->states[i], auth->wake,
                                            auth->wake_data);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_http_secops_jwt_wait_t *
ngx_http_secops_auth_jwt_wait(ngx_http_request_t *r,
    ngx_http_secops_jwt_conf_t *conf, ngx_http_secops_auth_t *auth)
{
    ngx_http_secops_jwt_wait_t  *wait;

    if (auth->data) {
        return auth->data;
    }

    wait = ngx_palloc(r->pool, sizeof(ngx_http_secops_jwt_wait_t));
    if (wait == NULL) {
        return NULL;
    }

    wait->n = conf->sources.nelts;
    wait->states = ngx_pcalloc(r->pool, wait->n * sizeof(void *));

    if (wait->states == NULL) {
        return NULL;
    }

    auth->data = wait;
    auth->cancel = ngx_http_secops_auth_jwt_cancel;
    auth->needed = ngx_http_secops_auth_jwt_needed;

    return wait;
}


static void
ngx_http_secops_auth_jwt_cancel(void *data)
{
    ngx_http_secops_jwt_wait_t *wait = data;

    ngx_uint_t  i;

    for (i = 0; i < wait->n; i++) {
        if (wait->states[i]) {
            ngx_http_secops_jwt_keys_cancel(wait->states[i]);
        }
    }
}


static ngx_uint_t
ngx_http_secops_auth_jwt_needed(void *data)
{
    ngx_http_secops_jwt_wait_t *wait = data;

    ngx_uint_t  i;

    for (i = 0; i < wait->n; i++) {

        if (wait->states[i]
            && ngx_http_secops_jwt_keys_needed(wait->states[i]))
        {
            return 1;
        }
    }

    return 0;
}


/*
 * NGX_DECLINED: it is not remembered; then digest is set, for the cache.  What
 * is known counts with the keys that are the newest to be had, and no longer.
 */

static ngx_int_t
ngx_http_secops_auth_jwt_recall(ngx_http_request_t *r,
    ngx_http_secops_jwt_conf_t *conf, ngx_http_secops_auth_t *auth,
    ngx_str_t *token, u_char *digest,
    ngx_http_secops_credential_t *credential)
{
    ngx_int_t                 rc;
    ngx_secops_jwt_claims_t  *claims;

    if (conf->cache == NULL) {
        return NGX_DECLINED;
    }

    secops_sha256(ngx_secops_slice(token), digest);

    claims = ngx_secops_jwt_cache_get(conf->cache, digest, ngx_time());

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "secops jwt remembered: %d", claims != NULL);

    if (claims == NULL) {
        return NGX_DECLINED;
    }

    rc = ngx_http_secops_auth_jwt_keys(r, conf, claims->provider, auth, 0);

    if (rc != NGX_OK) {
        return rc;
    }

    if (claims->generation
        != ngx_http_secops_auth_jwt_generation(claims->provider))
    {
        return NGX_DECLINED;
    }

    return ngx_http_secops_auth_jwt_copy(r, claims, credential);
}


static ngx_int_t
ngx_http_secops_auth_jwt_choose(ngx_http_request_t *r,
    ngx_http_secops_jwt_conf_t *conf, ngx_str_t *token,
    ngx_http_secops_jwt_choice_t *choice)
{
    const char                    *reason;
    secops_jws_status_e            status;
    ngx_http_secops_jwt_origin_t  *origin;

    choice->sources = ngx_palloc(r->pool, conf->sources.nelts
                                          * sizeof(secops_jwt_source_t *));
    if (choice->sources == NULL) {
        return NGX_ERROR;
    }

    status = secops_jwt_choose(conf->sources.elts, conf->sources.nelts,
                               ngx_secops_slice(token), SECOPS_JWS_MAX_SIZE,
                               choice->sources, &choice->nsources, &reason);

    switch (status) {

    case SECOPS_JWS_OK:
        origin = choice->sources[0]->data;
        choice->provider = origin->provider;
        return NGX_OK;

    case SECOPS_JWS_ERROR:
        ngx_log_error(NGX_LOG_CRIT, r->connection->log, 0,
                      "secops: token could not be verified: %s", reason);
        return NGX_ERROR;

    default: /* SECOPS_JWS_INVALID */
        return ngx_http_secops_auth_jwt_refuse(r, NULL, reason);
    }
}


/* NGX_AGAIN: it names a key that is not known; NGX_BUSY: there are no keys */

static ngx_int_t
ngx_http_secops_auth_jwt_verify(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf,
    ngx_http_secops_jwt_choice_t *choice, ngx_str_t *token,
    const u_char *digest, ngx_http_secops_credential_t *credential)
{
    ngx_int_t                 rc;
    const char               *reason;
    ngx_array_t               sets;
    secops_jwt_t              jwt;
    secops_jws_status_e       status;
    ngx_secops_jwt_claims_t   claims;

    rc = ngx_http_secops_auth_jwt_sets(r, choice, &sets);

    if (rc != NGX_OK) {
        return rc;
    }

    status = secops_jwt_verify(&jwt, ngx_secops_slice(token), sets.elts,
                               sets.nelts, &choice->provider->policy,
                               ngx_time(), &reason);

    switch (status) {

    case SECOPS_JWS_OK:
        break;

    case SECOPS_JWS_UNKNOWN_KEY:
        return NGX_AGAIN;

    case SECOPS_JWS_INVALID:
        return ngx_http_secops_auth_jwt_refuse(r, choice->provider, reason);

    default: /* SECOPS_JWS_ERROR */
        ngx_log_error(NGX_LOG_CRIT, r->connection->log, 0,
                      "secops: token could not be verified: %s", reason);
        return NGX_ERROR;
    }

    rc = ngx_http_secops_auth_jwt_read(r, conf, choice->provider, &jwt,
                                       &claims);

    if (rc == NGX_OK && conf->jwt.cache) {
        ngx_secops_jwt_cache_put(conf->jwt.cache, digest, jwt.expiry, &claims,
                                 r->connection->log);
    }

    secops_jwt_free(&jwt);

    if (rc != NGX_OK) {
        return rc;
    }

    credential->user = claims.user;
    credential->domain = claims.domain;
    credential->parents = claims.parents;
    credential->permissions = claims.permissions;

    return NGX_OK;
}


/* the keys that there are of the chosen sources */

static ngx_int_t
ngx_http_secops_auth_jwt_sets(ngx_http_request_t *r,
    ngx_http_secops_jwt_choice_t *choice, ngx_array_t *sets)
{
    size_t                          i;
    secops_jwk_set_t               *set, **elt;
    ngx_http_secops_jwt_origin_t   *origin;

    if (ngx_array_init(sets, r->pool, choice->nsources,
                       sizeof(secops_jwk_set_t *))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < choice->nsources; i++) {

        origin = choice->sources[i]->data;

        set = origin->source->keys
              ? ngx_http_secops_jwt_keys_set(origin->source->keys)
              : origin->source->set;

        if (set) {
            elt = ngx_array_push(sets);
            *elt = set;
        }
    }

    if (sets->nelts) {
        return NGX_OK;
    }

    if (!choice->early) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "secops: there are no keys to verify tokens with");
    }

    return NGX_BUSY;
}


/* a token without a user identifies nobody; and no claim that can not be read
   is passed over, least of all one that says whose data it is about */

static ngx_int_t
ngx_http_secops_auth_jwt_read(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf,
    ngx_http_secops_jwt_provider_t *provider, secops_jwt_t *jwt,
    ngx_secops_jwt_claims_t *claims)
{
    u_char              *p;
    size_t               max;
    ngx_str_t           *name, roles;
    secops_jwt_claim_e   rc;

    max = secops_jwt_claim_max(jwt);

    p = ngx_pnalloc(r->pool, max * 4);
    if (p == NULL) {
        return NGX_ERROR;
    }

    name = ngx_http_secops_auth_jwt_required(provider, jwt, p);

    if (name) {
        return ngx_http_secops_auth_jwt_refuse_claim(r, provider,
                                     "none of the values required", name);
    }

    if (ngx_http_secops_auth_jwt_claim(jwt, &provider->claim_user, p,
                                       &claims->user)
        != SECOPS_JWT_CLAIM_USABLE)
    {
        return ngx_http_secops_auth_jwt_refuse_claim(r, provider, "no user",
                                                     &provider->claim_user);
    }

    rc = ngx_http_secops_auth_jwt_claim(jwt, &provider->claim_domain, p + max,
                                        &claims->domain);

    if (rc == SECOPS_JWT_CLAIM_UNUSABLE
        || (rc == SECOPS_JWT_CLAIM_ABSENT && provider->require_domain))
    {
        return ngx_http_secops_auth_jwt_refuse_claim(r, provider, "no domain",
                                                     &provider->claim_domain);
    }

    claims->provider = provider;
    claims->generation = ngx_http_secops_auth_jwt_generation(provider);

    ngx_str_null(&claims->parents);

    if (provider->claim_parents
        && ngx_http_secops_auth_jwt_lists(r, provider, jwt,
                                          provider->claim_parents,
                                          "no list of domains", p + max * 3,
                                          &claims->parents)
           != NGX_OK)
    {
        return NGX_ABORT;
    }

    if (ngx_http_secops_auth_jwt_lists(r, provider, jwt, provider->claim_roles,
                                       "no list of roles", p + max * 2, &roles)
        != NGX_OK)
    {
        return NGX_ABORT;
    }

    claims->permissions = ngx_http_secops_permissions(conf, &roles);

    return NGX_OK;
}


/* the first claim that is not as it must be, or NULL */

static ngx_str_t *
ngx_http_secops_auth_jwt_required(ngx_http_secops_jwt_provider_t *provider,
    secops_jwt_t *jwt, u_char *p)
{
    ngx_uint_t                       i;
    ngx_http_secops_jwt_required_t  *required;

    if (provider->required == NULL) {
        return NULL;
    }

    required = provider->required->elts;

    for (i = 0; i < provider->required->nelts; i++) {

        if (!secops_jwt_claim_is(jwt, ngx_secops_slice(&required[i].claim),
                                 required[i].values.elts,
                                 required[i].values.nelts, p))
        {
            return &required[i].claim;
        }
    }

    return NULL;
}


static secops_jwt_claim_e
ngx_http_secops_auth_jwt_claim(secops_jwt_t *jwt, ngx_str_t *name, u_char *p,
    ngx_str_t *value)
{
    value->data = p;

    return secops_jwt_claim_text(jwt, ngx_secops_slice(name), p, &value->len);
}


static ngx_int_t
ngx_http_secops_auth_jwt_lists(ngx_http_request_t *r,
    ngx_http_secops_jwt_provider_t *provider, secops_jwt_t *jwt,
    ngx_array_t *paths, const char *what, u_char *p, ngx_str_t *value)
{
    ngx_str_t        name;
    ngx_uint_t       i;
    secops_slice_t  *path;

    path = paths->elts;

    value->data = p;

    if (secops_jwt_claim_lists(jwt, path, paths->nelts, p, &value->len)
        != SECOPS_JWT_CLAIM_UNUSABLE)
    {
        return NGX_OK;
    }

    /* which one it was */

    for (i = 0; i + 1 < paths->nelts; i++) {

        if (secops_jwt_claim_list(jwt, path[i], p, &value->len)
            == SECOPS_JWT_CLAIM_UNUSABLE)
        {
            break;
        }
    }

    name = ngx_secops_str(path[i]);

    return ngx_http_secops_auth_jwt_refuse_claim(r, provider, what, &name);
}


static ngx_int_t
ngx_http_secops_auth_jwt_refuse_claim(ngx_http_request_t *r,
    ngx_http_secops_jwt_provider_t *provider, const char *what,
    ngx_str_t *name)
{
    if (provider->name.len) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "secops: token refused: %s in its claim \"%V\", provider "
                      "\"%V\"", what, name, &provider->name);

    } else {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "secops: token refused: %s in its claim \"%V\"", what,
                      name);
    }

    return NGX_ABORT;
}


/* provider: NULL, it is not known whose token it is */

static ngx_int_t
ngx_http_secops_auth_jwt_refuse(ngx_http_request_t *r,
    ngx_http_secops_jwt_provider_t *provider, const char *reason)
{
    if (provider && provider->name.len) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "secops: token refused: %s, provider \"%V\"", reason,
                      &provider->name);

    } else {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "secops: token refused: %s", reason);
    }

    return NGX_ABORT;
}


/* what the cache holds may be gone before the request is */

static ngx_int_t
ngx_http_secops_auth_jwt_copy(ngx_http_request_t *r,
    const ngx_secops_jwt_claims_t *claims,
    ngx_http_secops_credential_t *credential)
{
    u_char  *p;

    p = ngx_pnalloc(r->pool, claims->user.len + claims->domain.len
                             + claims->parents.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    p = ngx_secops_str_copy(p, &credential->user, &claims->user);
    p = ngx_secops_str_copy(p, &credential->domain, &claims->domain);
    (void) ngx_secops_str_copy(p, &credential->parents, &claims->parents);

    credential->permissions = claims->permissions;

    return NGX_OK;
}


/* changes whenever keys of the provider were fetched */

static ngx_uint_t
ngx_http_secops_auth_jwt_generation(ngx_http_secops_jwt_provider_t *provider)
{
    ngx_uint_t                     i, generation;
    ngx_http_secops_jwt_source_t  *source;

    generation = 0;
    source = provider->sources->elts;

    for (i = 0; i < provider->sources->nelts; i++) {
        if (source[i].keys) {
            generation += ngx_http_secops_jwt_keys_generation(source[i].keys);
        }
    }

    return generation;
}
