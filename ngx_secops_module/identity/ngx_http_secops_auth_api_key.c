
/*
 * secops_auth api_key: a key's value in a request header.  Who holds one is
 * known as "api_key:" and the key's id, in the key's domain, and may do what
 * the key's scopes say.
 */

#include "identity/ngx_http_secops_identity.h"
#include "identity/ngx_secops_api_keys.h"
#include "store/ngx_secops_store_api_key.h"
#include "model/json/secops_json_tree.h"
#include "util/ngx_secops_string.h"
#include "util/secops_time.h"


/*
 * A lookup under way, in the request's pool: its cleanup cancels the call, so
 * that no answer comes to a request that is gone.  So does who ends the request
 * or leads it elsewhere.
 */

typedef struct {
    ngx_http_request_t               *request;
    ngx_http_secops_identity_conf_t  *conf;
    ngx_http_secops_auth_t           *auth;
    ngx_secops_store_api_key_t        lookup;
    ngx_msec_t                        asked;
    u_char                            digest[SECOPS_APIKEY_DIGEST_LEN];

    ngx_secops_store_result_t        *result;   /* while the request is woken;
                                                   NULL: not answered yet */
} ngx_http_secops_auth_api_key_t;


static void ngx_http_secops_auth_api_key_create(
    ngx_http_secops_identity_conf_t *conf);
static char *ngx_http_secops_auth_api_key_merge(ngx_conf_t *cf,
    ngx_http_secops_identity_conf_t *prev,
    ngx_http_secops_identity_conf_t *conf);
static char *ngx_http_secops_auth_api_key_init(ngx_conf_t *cf,
    ngx_http_secops_identity_conf_t *conf);
static ngx_int_t ngx_http_secops_auth_api_key_handler(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf, ngx_http_secops_auth_t *auth,
    ngx_http_secops_credential_t *credential);
static const char *ngx_http_secops_auth_api_key_waits(
    ngx_http_secops_identity_conf_t *conf);
static ngx_int_t ngx_http_secops_auth_api_key_ask(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf, ngx_http_secops_auth_t *auth,
    const u_char *digest);
static void ngx_http_secops_auth_api_key_cancel(void *data);
static void ngx_http_secops_auth_api_key_answered(
    ngx_secops_store_call_t *call, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_auth_api_key_answer(
    ngx_http_secops_auth_api_key_t *state,
    ngx_http_secops_credential_t *credential);
static ngx_int_t ngx_http_secops_auth_api_key_read(
    ngx_http_secops_auth_api_key_t *state, ngx_str_t *text,
    ngx_http_secops_credential_t *credential);
static ngx_int_t ngx_http_secops_auth_api_key_accept(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf, const ngx_secops_api_key_t *key,
    ngx_secops_api_key_t *remembered,
    ngx_http_secops_credential_t *credential);
static ngx_uint_t ngx_http_secops_auth_api_key_refused(ngx_http_request_t *r,
    const ngx_secops_api_key_t *key);


/* api keys that a worker remembers for one location */

#define NGX_HTTP_SECOPS_API_KEYS  1000


const ngx_http_secops_auth_method_t  ngx_http_secops_auth_api_key = {
    .name = ngx_string("api_key"),
    .keys = 1,
    .create = ngx_http_secops_auth_api_key_create,
    .merge = ngx_http_secops_auth_api_key_merge,
    .init = ngx_http_secops_auth_api_key_init,
    .handler = ngx_http_secops_auth_api_key_handler,
    .waits = ngx_http_secops_auth_api_key_waits
};


static void
ngx_http_secops_auth_api_key_create(ngx_http_secops_identity_conf_t *conf)
{
    /*
     * set by ngx_pcalloc():
     *
     *     conf->header_api_key = { { 0, NULL }, 0 };
     *     conf->api_keys = NULL;
     */

    conf->api_key_cache = NGX_CONF_UNSET_MSEC;
}


static char *
ngx_http_secops_auth_api_key_merge(ngx_conf_t *cf,
    ngx_http_secops_identity_conf_t *prev,
    ngx_http_secops_identity_conf_t *conf)
{
    ngx_conf_merge_msec_value(conf->api_key_cache, prev->api_key_cache, 5000);

    return ngx_http_secops_merge_header(cf, &prev->header_api_key,
                                        &conf->header_api_key,
                                        "x-arcanna-api-key");
}


static char *
ngx_http_secops_auth_api_key_init(ngx_conf_t *cf,
    ngx_http_secops_identity_conf_t *conf)
{
    ngx_secops_api_keys_t  **keys;

    keys = ngx_array_push(conf->all_api_keys);
    if (keys == NULL) {
        return NGX_CONF_ERROR;
    }

    *keys = ngx_secops_api_keys_create(cf, NGX_HTTP_SECOPS_API_KEYS);
    if (*keys == NULL) {
        return NGX_CONF_ERROR;
    }

    conf->api_keys = *keys;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_secops_auth_api_key_handler(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf, ngx_http_secops_auth_t *auth,
    ngx_http_secops_credential_t *credential)
{
    u_char                           digest[SECOPS_APIKEY_DIGEST_LEN];
    ngx_int_t                        rc;
    ngx_str_t                        value;
    ngx_secops_api_key_t            *key;
    ngx_http_secops_auth_api_key_t  *state;

    state = auth->data;

    if (state) {

        if (state->result == NULL) {
            return NGX_AGAIN;
        }

        return ngx_http_secops_auth_api_key_answer(state, credential);
    }

    rc = ngx_http_secops_header_value(r, &conf->header_api_key, &value);

    if (rc != NGX_OK) {
        return rc;
    }

    secops_apikey_digest(ngx_secops_slice(&value), digest);

    key = ngx_secops_api_keys_get(conf->api_keys, digest, conf->api_key_cache);

    if (key) {
        return ngx_http_secops_auth_api_key_accept(r, conf, key, key,
                                                   credential);
    }

    /* what is remembered was looked at before it was asked for */

    if (!secops_apikey_is_value(ngx_secops_slice(&value))) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "secops: api key refused: it is malformed");
        return NGX_ABORT;
    }

    if (auth->early) {
        return NGX_BUSY;
    }

    return ngx_http_secops_auth_api_key_ask(r, conf, auth, digest);
}


static const char *
ngx_http_secops_auth_api_key_waits(ngx_http_secops_identity_conf_t *conf)
{
    return "Redis has told whose api key it is";
}


static ngx_int_t
ngx_http_secops_auth_api_key_ask(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf, ngx_http_secops_auth_t *auth,
    const u_char *digest)
{
    ngx_int_t                        rc;
    ngx_pool_cleanup_t              *cln;
    ngx_http_secops_auth_api_key_t  *state;

    cln = ngx_pool_cleanup_add(r->pool,
                               sizeof(ngx_http_secops_auth_api_key_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    state = cln->data;
    ngx_memzero(state, sizeof(ngx_http_secops_auth_api_key_t));

    cln->handler = ngx_http_secops_auth_api_key_cancel;

    state->request = r;
    state->conf = conf;
    state->auth = auth;
    state->asked = ngx_current_msec;
    state->lookup.call.handler = ngx_http_secops_auth_api_key_answered;
    state->lookup.call.data = state;

    ngx_memcpy(state->digest, digest, SECOPS_APIKEY_DIGEST_LEN);

    rc = ngx_secops_store_get_api_key(conf->store, &state->lookup, digest);

    switch (rc) {

    case NGX_OK:
        auth->data = state;
        auth->cancel = ngx_http_secops_auth_api_key_cancel;
        return NGX_AGAIN;

    case NGX_BUSY:
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "secops: api key not looked up: %V",
                      ngx_secops_store_busy(conf->store));
        return NGX_BUSY;

    default:
        return NGX_ERROR;
    }
}


static void
ngx_http_secops_auth_api_key_cancel(void *data)
{
    ngx_http_secops_auth_api_key_t  *state = data;

    ngx_secops_store_cancel(&state->lookup.call);
}


/* the request, and with it the state, may be gone after the wake */

static void
ngx_http_secops_auth_api_key_answered(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result)
{
    ngx_http_secops_auth_api_key_t  *state;

    state = call->data;
    state->result = result;

    state->auth->wake(state->auth->wake_data);
}


static ngx_int_t
ngx_http_secops_auth_api_key_answer(ngx_http_secops_auth_api_key_t *state,
    ngx_http_secops_credential_t *credential)
{
    ngx_http_request_t         *r;
    ngx_secops_api_key_t        none;
    ngx_secops_store_result_t  *result;

    r = state->request;
    result = state->result;

    switch (result->status) {

    case NGX_SECOPS_STORE_OK:
        return ngx_http_secops_auth_api_key_read(state, &result->value,
                                                 credential);

    case NGX_SECOPS_STORE_NOT_FOUND:
        ngx_memzero(&none, sizeof(ngx_secops_api_key_t));

        (void) ngx_secops_api_keys_put(state->conf->api_keys, state->digest,
                                       state->asked, &none,
                                       r->connection->log);

        return ngx_http_secops_auth_api_key_accept(r, state->conf, &none, NULL,
                                                   credential);

    default:
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "secops: api key not looked up: %V", &result->reason);

        return (result->status == NGX_SECOPS_STORE_REFUSED) ? NGX_ERROR
                                                            : NGX_BUSY;
    }
}


/* the document of a key that was found */

static ngx_int_t
ngx_http_secops_auth_api_key_read(ngx_http_secops_auth_api_key_t *state,
    ngx_str_t *text, ngx_http_secops_credential_t *credential)
{
    int                    old;
    u_char                *scopes;
    json_t                *document;
    ngx_int_t              rc;
    const char            *reason;
    secops_slice_t         until;
    secops_apikey_t        stored;
    ngx_http_request_t    *r;
    ngx_secops_api_key_t   key, *remembered;

    r = state->request;

    document = secops_json_tree_of(ngx_secops_slice(text), &reason);

    if (document == NULL && reason == NULL) {
        return NGX_ERROR;
    }

    if (secops_apikey_read(&stored, document) != 0) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "secops: the stored api key \"%V\" can not be read",
                      &state->lookup.id);
        json_decref(document);
        return NGX_ERROR;
    }

    scopes = ngx_pnalloc(r->pool, secops_apikey_scopes_size(stored.scopes));
    if (scopes == NULL) {
        json_decref(document);
        return NGX_ERROR;
    }

    ngx_memzero(&key, sizeof(ngx_secops_api_key_t));

    old = secops_apikey_value_of(&stored, state->digest, &until);

    /* else the digest was left over from another key of this id, or from a
       value that this one has no more */

    if (old >= 0) {
        key.name = ngx_secops_str(stored.name);
        key.expire_at = ngx_secops_str(until);
        key.old = old;
        key.revoked = stored.revoked;
        key.id = state->lookup.id;
        key.domain = state->lookup.domain;

        secops_apikey_scopes(&key.scopes, stored.scopes, scopes);
    }

    remembered = ngx_secops_api_keys_put(state->conf->api_keys, state->digest,
                                         state->asked, &key,
                                         r->connection->log);

    rc = ngx_http_secops_auth_api_key_accept(r, state->conf, &key, remembered,
                                             credential);
    json_decref(document);

    return rc;
}


/* NGX_OK, NGX_ABORT, NGX_ERROR.  What it needs of the key it copies.
   remembered: the same key there; NULL: it is not */

static ngx_int_t
ngx_http_secops_auth_api_key_accept(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf, const ngx_secops_api_key_t *key,
    ngx_secops_api_key_t *remembered, ngx_http_secops_credential_t *credential)
{
    u_char  *p;

    if (ngx_http_secops_auth_api_key_refused(r, key)) {
        return NGX_ABORT;
    }

    credential->user.len = sizeof(NGX_HTTP_SECOPS_API_KEY_USER) - 1
                           + key->id.len;

    p = ngx_pnalloc(r->pool, credential->user.len + key->name.len
                             + key->domain.len + key->expire_at.len
                             + key->scopes.narrow.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    credential->user.data = p;
    p = ngx_cpymem(p, NGX_HTTP_SECOPS_API_KEY_USER,
                   sizeof(NGX_HTTP_SECOPS_API_KEY_USER) - 1);
    p = ngx_cpymem(p, key->id.data, key->id.len);

    p = ngx_secops_str_copy(p, &credential->user_name, &key->name);
    p = ngx_secops_str_copy(p, &credential->domain, &key->domain);
    p = ngx_secops_str_copy(p, &credential->expire_at, &key->expire_at);
    (void) ngx_secops_scopes_copy(p, &credential->scopes, &key->scopes);

    if (remembered) {
        ngx_secops_api_keys_used(conf->api_keys, conf->store, remembered,
                                 r->connection->log);
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_secops_auth_api_key_refused(ngx_http_request_t *r,
    const ngx_secops_api_key_t *key)
{
    u_char      *why, time[SECOPS_TIME_LEN];
    ngx_uint_t   expired;

    if (key->name.len == 0) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "secops: api key refused: it is not known");
        return 1;
    }

    expired = 0;

    if (key->expire_at.len) {
        secops_time_format(time, ngx_time());

        expired = secops_apikey_expired(ngx_secops_slice(&key->expire_at),
                                        secops_slice_bytes(time,
                                                           SECOPS_TIME_LEN));
    }

    if (!expired && !key->revoked) {
        return 0;
    }

    why = (u_char *) (key->revoked ? "it was revoked"
                      : key->old ? "it has another value now"
                      : "it has expired");

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "secops: api key \"%V\" refused: %s", &key->id, why);

    return 1;
}
