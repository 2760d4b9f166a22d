
/* TLS while the configuration is read: what all links of a client share. */

#include "redis/ngx_secops_redis_internal.h"


static ngx_int_t ngx_secops_redis_ssl_needed(ngx_conf_t *cf);
static ngx_int_t ngx_secops_redis_ssl_certificate(ngx_conf_t *cf,
    ngx_secops_redis_t *redis);
static ngx_int_t ngx_secops_redis_ssl_trust(ngx_conf_t *cf,
    ngx_secops_redis_t *redis);


/* without TLS its directives make no difference: policy may be inherited by
   locations whose Redis has none */

ngx_int_t
ngx_secops_redis_ssl_complete(ngx_conf_t *cf, ngx_secops_redis_conf_t *conf)
{
    ngx_uint_t                    beside;
    ngx_secops_redis_ssl_conf_t  *ssl;

    ssl = &conf->ssl;

    if (!ssl->on) {

        if (ssl->given) {
            return ngx_secops_redis_ssl_needed(cf);
        }

        beside = ssl->beside;
        ngx_memzero(ssl, sizeof(ngx_secops_redis_ssl_conf_t));
        ssl->beside = beside;

        return NGX_OK;
    }

    if (ssl->verify && ssl->trusted_certificate.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "TLS to Redis needs "
                           "\"secops_redis_ssl_trusted_certificate\", the "
                           "certificates that are trusted, or "
                           "\"secops_redis_ssl_verify off\"");
        return NGX_ERROR;
    }

    if (!ssl->verify && (ssl->trusted_certificate.len || ssl->crl.len)) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"secops_redis_ssl_verify off\": "
                           "\"secops_redis_ssl_trusted_certificate\" and "
                           "\"secops_redis_ssl_crl\" are not used");
    }

    if ((ssl->certificate.len == 0) != (ssl->certificate_key.len == 0)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"secops_redis_ssl_certificate\" and "
                           "\"secops_redis_ssl_certificate_key\" need each "
                           "other");
        return NGX_ERROR;
    }

    if (ssl->password_file.len && ssl->certificate_key.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"secops_redis_ssl_password_file\" needs "
                           "\"secops_redis_ssl_certificate_key\"");
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_secops_redis_ssl_needed(ngx_conf_t *cf)
{
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"secops_redis_ssl_*\" directives need "
                       "\"rediss://\" in \"secops_redis\"");
    return NGX_ERROR;
}


/* those in http must be for one Redis at least, or nobody has TLS who believes
   to */

ngx_int_t
ngx_secops_redis_check(ngx_conf_t *cf, const ngx_array_t *clients)
{
    ngx_uint_t            i, beside;
    ngx_secops_redis_t  **client;

    beside = 0;
    client = clients->elts;

    for (i = 0; i < clients->nelts; i++) {

        if (client[i]->conf.ssl.on) {
            return NGX_OK;
        }

        beside |= client[i]->conf.ssl.beside;
    }

    return beside ? ngx_secops_redis_ssl_needed(cf) : NGX_OK;
}


ngx_int_t
ngx_secops_redis_ssl_create(ngx_conf_t *cf, ngx_secops_redis_t *redis)
{
    ngx_ssl_t                    *ssl;
    ngx_str_t                     ciphers;
    ngx_pool_cleanup_t           *cln;
    ngx_secops_redis_ssl_conf_t  *conf;

    conf = &redis->conf.ssl;

    if (!conf->on) {
        return NGX_OK;
    }

    ssl = ngx_pcalloc(cf->pool, sizeof(ngx_ssl_t));
    if (ssl == NULL) {
        return NGX_ERROR;
    }

    redis->ssl = ssl;

    ssl->log = cf->log;

    if (ngx_ssl_create(ssl, conf->protocols, NULL) != NGX_OK) {
        return NGX_ERROR;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        ngx_ssl_cleanup_ctx(ssl);
        return NGX_ERROR;
    }

    cln->handler = ngx_ssl_cleanup_ctx;
    cln->data = ssl;

    /* nginx's functions make full names of what they are given: clients are
       compared by what was configured, so these get copies */

    ciphers = conf->ciphers;

    if (ngx_ssl_ciphers(cf, ssl, &ciphers, 0) != NGX_OK
        || ngx_secops_redis_ssl_certificate(cf, redis) != NGX_OK
        || ngx_secops_redis_ssl_trust(cf, redis) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_ssl_client_session_cache(cf, ssl, 1);
}


/* the one that Redis asks for, with "tls-auth-clients" */

static ngx_int_t
ngx_secops_redis_ssl_certificate(ngx_conf_t *cf, ngx_secops_redis_t *redis)
{
    ngx_str_t                     certificate, key, file;
    ngx_array_t                  *passwords;
    ngx_secops_redis_ssl_conf_t  *conf;

    conf = &redis->conf.ssl;

    if (conf->certificate.len == 0) {
        return NGX_OK;
    }

    certificate = conf->certificate;
    key = conf->certificate_key;
    file = conf->password_file;

    passwords = NULL;

    if (file.len) {
        passwords = ngx_ssl_read_password_file(cf, &file);
        if (passwords == NULL) {
            return NGX_ERROR;
        }
    }

    return ngx_ssl_certificate(cf, redis->ssl, &certificate, &key, passwords);
}


static ngx_int_t
ngx_secops_redis_ssl_trust(ngx_conf_t *cf, ngx_secops_redis_t *redis)
{
    ngx_str_t                     trusted, crl;
    ngx_secops_redis_ssl_conf_t  *conf;

    conf = &redis->conf.ssl;

    if (!conf->verify) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "with \"secops_redis_ssl_verify off\" whoever "
                           "answers for \"%V\" is taken for Redis",
                           &redis->conf.url);
        return NGX_OK;
    }

    trusted = conf->trusted_certificate;
    crl = conf->crl;

    if (ngx_ssl_trusted_certificate(cf, redis->ssl, &trusted,
                                    conf->verify_depth)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_ssl_crl(cf, redis->ssl, &crl);
}
