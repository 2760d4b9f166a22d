
/* The secops_redis_ssl_* directives: TLS between nginx and Redis. */

#include "face/ngx_http_secops_conf.h"


static ngx_uint_t ngx_http_secops_redis_ssl_given(
    ngx_secops_redis_ssl_conf_t *ssl);


void
ngx_http_secops_create_redis_ssl(ngx_http_secops_redis_conf_t *conf)
{
    conf->ssl.verify = NGX_CONF_UNSET;
    conf->ssl.verify_depth = NGX_CONF_UNSET;
}


/*
 * The name belongs to the server, as its password does; the rest is a matter of
 * policy, and inherited.  Only what stands where the URL does, or below, must
 * have been meant for this URL.
 */

void
ngx_http_secops_merge_redis_ssl(ngx_http_secops_redis_conf_t *prev,
    ngx_http_secops_redis_conf_t *conf)
{
    ngx_uint_t  inherited;

    inherited = (conf->url.data == NULL);

    conf->ssl_given = ngx_http_secops_redis_ssl_given(&conf->ssl)
                      || (inherited && prev->ssl_given);

    if (inherited) {
        ngx_conf_merge_str_value(conf->ssl.name, prev->ssl.name, "");
    }

    ngx_conf_merge_value(conf->ssl.verify, prev->ssl.verify, 1);
    ngx_conf_merge_value(conf->ssl.verify_depth, prev->ssl.verify_depth, 1);
    ngx_conf_merge_str_value(conf->ssl.trusted_certificate,
                             prev->ssl.trusted_certificate, "");
    ngx_conf_merge_str_value(conf->ssl.crl, prev->ssl.crl, "");
    ngx_conf_merge_str_value(conf->ssl.certificate, prev->ssl.certificate, "");
    ngx_conf_merge_str_value(conf->ssl.certificate_key,
                             prev->ssl.certificate_key, "");
    ngx_conf_merge_str_value(conf->ssl.password_file, prev->ssl.password_file,
                             "");
    ngx_conf_merge_str_value(conf->ssl.ciphers, prev->ssl.ciphers, "DEFAULT");
    ngx_conf_merge_bitmask_value(conf->ssl.protocols, prev->ssl.protocols,
                                 NGX_CONF_BITMASK_SET|NGX_SSL_TLSv1_2
                                 |NGX_SSL_TLSv1_3);
}


static ngx_uint_t
ngx_http_secops_redis_ssl_given(ngx_secops_redis_ssl_conf_t *ssl)
{
    return ssl->verify != NGX_CONF_UNSET
           || ssl->verify_depth != NGX_CONF_UNSET
           || ssl->trusted_certificate.data
           || ssl->crl.data
           || ssl->name.data
           || ssl->certificate.data
           || ssl->certificate_key.data
           || ssl->password_file.data
           || ssl->ciphers.data
           || ssl->protocols;
}


/* redis->ssl, whose scheme and on are set; the rest is what was merged */

ngx_int_t
ngx_http_secops_init_redis_ssl(ngx_conf_t *cf,
    ngx_http_secops_redis_conf_t *conf, ngx_secops_redis_conf_t *redis)
{
    ngx_uint_t                   on, scheme;
    ngx_secops_redis_ssl_conf_t  *ssl;

    ssl = &conf->ssl;

    on = redis->ssl.on;
    scheme = redis->ssl.scheme;

    redis->ssl = *ssl;
    redis->ssl.on = on;
    redis->ssl.scheme = scheme;

    if (!on) {

        if (conf->ssl_given) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"secops_redis_ssl_*\" directives need "
                               "\"rediss://\" in \"secops_redis\"");
            return NGX_ERROR;
        }

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
                           "\"secops_redis_ssl_crl\" count for nothing");
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
