
/* What the secops_jwt_* directives of a location become when merged: either
   providers, or one without a name. */

#include "identity/jwt/ngx_http_secops_jwt.h"


static char *ngx_http_secops_jwt_check_sources(ngx_conf_t *cf,
    ngx_http_secops_jwt_provider_t *provider);
static ngx_uint_t ngx_http_secops_jwt_unbound_issuers(
    ngx_http_secops_jwt_provider_t *provider);
static ngx_uint_t ngx_http_secops_jwt_is_bound(
    ngx_http_secops_jwt_provider_t *provider, secops_slice_t issuer);
static ngx_int_t ngx_http_secops_jwt_add_origins(ngx_conf_t *cf,
    ngx_http_secops_jwt_conf_t *conf,
    ngx_http_secops_jwt_provider_t *provider);


char *
ngx_http_secops_set_jwt_cache(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char *p = conf;

    ngx_str_t                   *value;
    ngx_http_secops_jwt_conf_t  *jcf;

    jcf = (ngx_http_secops_jwt_conf_t *) (p + cmd->offset);

    if (jcf->cache_size != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        jcf->cache_size = 0;
        return NGX_CONF_OK;
    }

    jcf->cache_size = ngx_atoi(value[1].data, value[1].len);

    if (jcf->cache_size == NGX_ERROR || jcf->cache_size == 0) {
        return "must be a number of tokens or \"off\"";
    }

    return NGX_CONF_OK;
}


void
ngx_http_secops_create_jwt(ngx_http_secops_jwt_conf_t *conf)
{
    /*
     * set by ngx_pcalloc():
     *
     *     conf->sources = { NULL };
     *     conf->cache = NULL;
     */

    ngx_http_secops_create_jwt_provider(&conf->own);

    conf->providers = NGX_CONF_UNSET_PTR;
    conf->cache_size = NGX_CONF_UNSET;
}


/*
 * Providers say whom to trust: where a level names some, it does not take what
 * the level above says.  Where there are any, the other directives would count
 * for nothing, and are refused; what they set stays unset, so that the next
 * level knows.
 */

char *
ngx_http_secops_merge_jwt(ngx_conf_t *cf, ngx_http_secops_jwt_conf_t *prev,
    ngx_http_secops_jwt_conf_t *conf)
{
    ngx_uint_t  inherited;

    inherited = (conf->providers == NGX_CONF_UNSET_PTR);

    ngx_conf_merge_ptr_value(conf->providers, prev->providers, NULL);
    ngx_conf_merge_value(conf->cache_size, prev->cache_size, 1000);

    if (conf->providers == NULL) {
        return ngx_http_secops_merge_jwt_provider(cf, &prev->own,
                                                  &conf->own);
    }

    if (ngx_http_secops_jwt_provider_set(&conf->own)
        || (inherited && ngx_http_secops_jwt_provider_set(&prev->own)))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"secops_jwt_provider\" and other "
                           "\"secops_jwt_*\" directives than "
                           "\"secops_jwt_cache\" in one location: they "
                           "belong into the block of a provider");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_secops_init_jwt(ngx_conf_t *cf, ngx_http_secops_jwt_conf_t *conf)
{
    ngx_uint_t                        i;
    ngx_http_secops_jwt_provider_t  **provider;

    if (ngx_array_init(&conf->sources, cf->pool, 2,
                       sizeof(secops_jwt_source_t))
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (conf->providers) {
        provider = conf->providers->elts;

        for (i = 0; i < conf->providers->nelts; i++) {
            if (ngx_http_secops_jwt_add_origins(cf, conf, provider[i])
                != NGX_OK)
            {
                return NGX_CONF_ERROR;
            }
        }

    } else {

        if (conf->own.sources == NULL) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"secops_auth jwt\" needs "
                               "\"secops_jwt_key_file\" or "
                               "\"secops_jwt_key_request\", or "
                               "\"secops_jwt_provider\"");
            return NGX_CONF_ERROR;
        }

        if (ngx_http_secops_jwt_check_sources(cf, &conf->own)
            != NGX_CONF_OK
            || ngx_http_secops_jwt_add_origins(cf, conf, &conf->own)
               != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    conf->cache = NULL;

    if (conf->cache_size) {

        conf->cache = ngx_secops_jwt_cache_create(cf, conf->cache_size);
        if (conf->cache == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


/* the keys of a provider that has a name are for the tokens of its issuers, and
   for no others */

static ngx_int_t
ngx_http_secops_jwt_add_origins(ngx_conf_t *cf,
    ngx_http_secops_jwt_conf_t *conf,
    ngx_http_secops_jwt_provider_t *provider)
{
    ngx_uint_t                      i;
    ngx_array_t                    *issuers;
    secops_jwt_source_t            *source;
    ngx_http_secops_jwt_origin_t   *origin;
    ngx_http_secops_jwt_source_t   *sources;

    sources = provider->sources->elts;

    for (i = 0; i < provider->sources->nelts; i++) {

        source = ngx_array_push(&conf->sources);
        origin = ngx_palloc(cf->pool, sizeof(ngx_http_secops_jwt_origin_t));

        if (source == NULL || origin == NULL) {
            return NGX_ERROR;
        }

        origin->source = &sources[i];
        origin->provider = provider;

        issuers = provider->name.len ? provider->issuers : &sources[i].issuers;

        source->issuers = issuers->elts;
        source->nissuers = issuers->nelts;
        source->data = origin;
    }

    return NGX_OK;
}


/*
 * Several sources of keys that are bound to nobody are good for one issuer: a
 * provider that changes its keys.  With several issuers each provider could
 * make tokens of the other, and nobody could tell (RFC 8725, 3.8).
 */

static char *
ngx_http_secops_jwt_check_sources(ngx_conf_t *cf,
    ngx_http_secops_jwt_provider_t *provider)
{
    ngx_uint_t                     i, n;
    ngx_http_secops_jwt_source_t  *source;

    n = 0;
    source = provider->sources->elts;

    for (i = 0; i < provider->sources->nelts; i++) {
        n += (source[i].issuers.nelts == 0);
    }

    if (n < 2) {
        return NGX_CONF_OK;
    }

    if (ngx_http_secops_jwt_unbound_issuers(provider) > 1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "several issuers in \"secops_jwt_issuer\" and %ui "
                           "sources of keys that may sign for each of them: "
                           "say whose keys they are, by \"issuer=\" in "
                           "\"secops_jwt_key_file\" and "
                           "\"secops_jwt_key_request\"", n);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* how many are accepted that no source is bound to */

static ngx_uint_t
ngx_http_secops_jwt_unbound_issuers(ngx_http_secops_jwt_provider_t *provider)
{
    ngx_uint_t       i, n;
    secops_slice_t  *issuer;

    if (provider->issuers == NULL) {
        return 0;
    }

    n = 0;
    issuer = provider->issuers->elts;

    for (i = 0; i < provider->issuers->nelts; i++) {
        n += !ngx_http_secops_jwt_is_bound(provider, issuer[i]);
    }

    return n;
}


static ngx_uint_t
ngx_http_secops_jwt_is_bound(ngx_http_secops_jwt_provider_t *provider,
    secops_slice_t issuer)
{
    ngx_uint_t                     i;
    ngx_http_secops_jwt_source_t  *source;

    source = provider->sources->elts;

    for (i = 0; i < provider->sources->nelts; i++) {
        if (ngx_http_secops_jwt_listed(&source[i].issuers, issuer)) {
            return 1;
        }
    }

    return 0;
}
