
/*
 * secops_jwt_provider: an issuer of tokens, in a block whose directives are
 * those of a location without "secops_jwt_"; and what a provider is when
 * nothing was said.
 */

#include "identity/jwt/ngx_http_secops_jwt.h"
#include "util/ngx_secops_string.h"


static char *ngx_http_secops_jwt_provider_directive(ngx_conf_t *cf,
    ngx_command_t *dummy, void *conf);
static ngx_uint_t ngx_http_secops_jwt_provider_args(ngx_command_t *cmd,
    ngx_uint_t n);
static char *ngx_http_secops_jwt_provider_check(ngx_conf_t *cf,
    ngx_http_secops_jwt_conf_t *conf,
    ngx_http_secops_jwt_provider_t *provider);
static ngx_int_t ngx_http_secops_jwt_provider_apart(ngx_conf_t *cf,
    ngx_http_secops_jwt_provider_t *one,
    ngx_http_secops_jwt_provider_t *other);
static ngx_int_t ngx_http_secops_jwt_default_roles(ngx_conf_t *cf,
    ngx_http_secops_jwt_provider_t *conf);
static void ngx_http_secops_jwt_init_policy(
    ngx_http_secops_jwt_provider_t *provider);


static ngx_command_t  ngx_http_secops_jwt_provider_commands[] = {

    { ngx_string("issuer"),
      NGX_CONF_1MORE,
      ngx_http_secops_set_jwt_list,
      0,
      offsetof(ngx_http_secops_jwt_provider_t, issuers),
      NULL },

    { ngx_string("key_file"),
      NGX_CONF_1MORE,
      ngx_http_secops_set_jwt_key_file,
      0,
      0,
      NULL },

    { ngx_string("key_request"),
      NGX_CONF_1MORE,
      ngx_http_secops_set_jwt_key_request,
      0,
      0,
      NULL },

    { ngx_string("audience"),
      NGX_CONF_1MORE,
      ngx_http_secops_set_jwt_list,
      0,
      offsetof(ngx_http_secops_jwt_provider_t, audiences),
      NULL },

    { ngx_string("leeway"),
      NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      0,
      offsetof(ngx_http_secops_jwt_provider_t, leeway),
      NULL },

    { ngx_string("max_lifetime"),
      NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      0,
      offsetof(ngx_http_secops_jwt_provider_t, max_lifetime),
      NULL },

    { ngx_string("require"),
      NGX_CONF_1MORE,
      ngx_http_secops_set_jwt_require,
      0,
      offsetof(ngx_http_secops_jwt_provider_t, required),
      NULL },

    { ngx_string("require_expiration"),
      NGX_CONF_TAKE1,
      ngx_conf_set_flag_slot,
      0,
      offsetof(ngx_http_secops_jwt_provider_t, require_expiration),
      NULL },

    { ngx_string("require_domain"),
      NGX_CONF_TAKE1,
      ngx_conf_set_flag_slot,
      0,
      offsetof(ngx_http_secops_jwt_provider_t, require_domain),
      NULL },

    { ngx_string("claim_user"),
      NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      0,
      offsetof(ngx_http_secops_jwt_provider_t, claim_user),
      NULL },

    { ngx_string("claim_roles"),
      NGX_CONF_1MORE,
      ngx_http_secops_set_jwt_paths,
      0,
      offsetof(ngx_http_secops_jwt_provider_t, claim_roles),
      NULL },

    { ngx_string("claim_domain"),
      NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      0,
      offsetof(ngx_http_secops_jwt_provider_t, claim_domain),
      NULL },

    { ngx_string("claim_parents"),
      NGX_CONF_1MORE,
      ngx_http_secops_set_jwt_paths,
      0,
      offsetof(ngx_http_secops_jwt_provider_t, claim_parents),
      NULL },

      ngx_null_command
};


char *
ngx_http_secops_jwt_provider(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char *p = conf;

    char                             *rv;
    ngx_str_t                        *value;
    ngx_conf_t                        save;
    ngx_http_secops_jwt_conf_t       *jcf;
    ngx_http_secops_jwt_provider_t   *provider, **elt, unset;

    jcf = (ngx_http_secops_jwt_conf_t *) (p + cmd->offset);
    value = cf->args->elts;

    if (value[1].len == 0) {
        return "needs a name";
    }

    provider = ngx_pcalloc(cf->pool, sizeof(ngx_http_secops_jwt_provider_t));
    if (provider == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_http_secops_create_jwt_provider(provider);

    provider->name = value[1];

    save = *cf;

    cf->handler = ngx_http_secops_jwt_provider_directive;
    cf->handler_conf = provider;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    ngx_memzero(&unset, sizeof(ngx_http_secops_jwt_provider_t));
    ngx_http_secops_create_jwt_provider(&unset);

    if (ngx_http_secops_merge_jwt_provider(cf, &unset, provider) != NGX_CONF_OK
        || ngx_http_secops_jwt_provider_check(cf, jcf, provider)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (jcf->providers == NGX_CONF_UNSET_PTR) {
        jcf->providers = ngx_array_create(cf->pool, 2, sizeof(void *));
        if (jcf->providers == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    elt = ngx_array_push(jcf->providers);
    if (elt == NULL) {
        return NGX_CONF_ERROR;
    }

    *elt = provider;

    return NGX_CONF_OK;
}


/* what nginx does with a directive of its own, for one within the block */

static char *
ngx_http_secops_jwt_provider_directive(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf)
{
    char           *rv;
    ngx_str_t      *value;
    ngx_command_t  *cmd;

    value = cf->args->elts;

    if (value[0].len == 7 && ngx_strncmp(value[0].data, "include", 7) == 0
        && cf->args->nelts == 2)
    {
        return ngx_conf_include(cf, dummy, conf);
    }

    for (cmd = ngx_http_secops_jwt_provider_commands; cmd->name.len; cmd++) {

        if (value[0].len == cmd->name.len
            && ngx_strncmp(value[0].data, cmd->name.data, cmd->name.len) == 0)
        {
            break;
        }
    }

    if (cmd->name.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown directive \"%V\" in "
                           "\"secops_jwt_provider\"", &value[0]);
        return NGX_CONF_ERROR;
    }

    if (!ngx_http_secops_jwt_provider_args(cmd, cf->args->nelts)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid number of arguments in \"%V\" directive",
                           &value[0]);
        return NGX_CONF_ERROR;
    }

    rv = cmd->set(cf, cmd, conf);

    if (rv == NGX_CONF_OK || rv == NGX_CONF_ERROR) {
        return rv;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" directive %s",
                       &value[0], rv);

    return NGX_CONF_ERROR;
}


/* n counts the directive's name as well */

static ngx_uint_t
ngx_http_secops_jwt_provider_args(ngx_command_t *cmd, ngx_uint_t n)
{
    return (cmd->type & NGX_CONF_1MORE) ? n >= 2 : n == 2;
}


/* once it was read: it must be whole, and no other of its level may be taken
   for it */

static char *
ngx_http_secops_jwt_provider_check(ngx_conf_t *cf,
    ngx_http_secops_jwt_conf_t *conf,
    ngx_http_secops_jwt_provider_t *provider)
{
    ngx_uint_t                        i;
    ngx_http_secops_jwt_provider_t  **others;

    if (provider->issuers == NULL || provider->issuers->nelts == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"secops_jwt_provider %V\" needs \"issuer\"",
                           &provider->name);
        return NGX_CONF_ERROR;
    }

    if (provider->sources == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"secops_jwt_provider %V\" needs \"key_file\" or "
                           "\"key_request\"", &provider->name);
        return NGX_CONF_ERROR;
    }

    if (conf->providers == NGX_CONF_UNSET_PTR) {
        return NGX_CONF_OK;
    }

    others = conf->providers->elts;

    for (i = 0; i < conf->providers->nelts; i++) {
        if (ngx_http_secops_jwt_provider_apart(cf, provider, others[i])
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_secops_jwt_provider_apart(ngx_conf_t *cf,
    ngx_http_secops_jwt_provider_t *one,
    ngx_http_secops_jwt_provider_t *other)
{
    ngx_str_t        text;
    ngx_uint_t       i;
    secops_slice_t  *issuer;

    if (one->name.len == other->name.len
        && ngx_strncmp(one->name.data, other->name.data, one->name.len) == 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate \"secops_jwt_provider %V\"",
                           &one->name);
        return NGX_ERROR;
    }

    issuer = one->issuers->elts;

    for (i = 0; i < one->issuers->nelts; i++) {

        if (!ngx_http_secops_jwt_listed(other->issuers, issuer[i])) {
            continue;
        }

        text = ngx_secops_str(issuer[i]);

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "issuer \"%V\" both in \"secops_jwt_provider %V\" "
                           "and \"secops_jwt_provider %V\"", &text,
                           &other->name, &one->name);
        return NGX_ERROR;
    }

    return NGX_OK;
}


void
ngx_http_secops_create_jwt_provider(ngx_http_secops_jwt_provider_t *provider)
{
    /*
     * set by ngx_pcalloc():
     *
     *     provider->name = { 0, NULL };
     *     provider->claim_user = { 0, NULL };
     *     provider->claim_domain = { 0, NULL };
     *     provider->policy = { NULL };
     */

    provider->sources = NGX_CONF_UNSET_PTR;
    provider->issuers = NGX_CONF_UNSET_PTR;
    provider->audiences = NGX_CONF_UNSET_PTR;
    provider->required = NGX_CONF_UNSET_PTR;
    provider->leeway = NGX_CONF_UNSET;
    provider->max_lifetime = NGX_CONF_UNSET;
    provider->require_expiration = NGX_CONF_UNSET;
    provider->require_domain = NGX_CONF_UNSET;
    provider->claim_roles = NGX_CONF_UNSET_PTR;
    provider->claim_parents = NGX_CONF_UNSET_PTR;
}


ngx_uint_t
ngx_http_secops_jwt_provider_set(ngx_http_secops_jwt_provider_t *provider)
{
    return provider->sources != NGX_CONF_UNSET_PTR
           || provider->issuers != NGX_CONF_UNSET_PTR
           || provider->audiences != NGX_CONF_UNSET_PTR
           || provider->required != NGX_CONF_UNSET_PTR
           || provider->leeway != NGX_CONF_UNSET
           || provider->max_lifetime != NGX_CONF_UNSET
           || provider->require_expiration != NGX_CONF_UNSET
           || provider->require_domain != NGX_CONF_UNSET
           || provider->claim_user.data
           || provider->claim_roles != NGX_CONF_UNSET_PTR
           || provider->claim_domain.data
           || provider->claim_parents != NGX_CONF_UNSET_PTR;
}


char *
ngx_http_secops_merge_jwt_provider(ngx_conf_t *cf,
    ngx_http_secops_jwt_provider_t *prev,
    ngx_http_secops_jwt_provider_t *conf)
{
    /*
     * keys say whom to trust: where a location names some, it does not take
     * those of the level above as well
     */

    ngx_conf_merge_ptr_value(conf->sources, prev->sources, NULL);
    ngx_conf_merge_ptr_value(conf->issuers, prev->issuers, NULL);
    ngx_conf_merge_ptr_value(conf->audiences, prev->audiences, NULL);
    ngx_conf_merge_ptr_value(conf->required, prev->required, NULL);
    ngx_conf_merge_sec_value(conf->leeway, prev->leeway, 30);
    ngx_conf_merge_sec_value(conf->max_lifetime, prev->max_lifetime, 0);
    ngx_conf_merge_value(conf->require_expiration, prev->require_expiration,
                         1);
    ngx_conf_merge_value(conf->require_domain, prev->require_domain, 0);

    ngx_conf_merge_str_value(conf->claim_user, prev->claim_user, "sub");
    ngx_conf_merge_ptr_value(conf->claim_roles, prev->claim_roles, NULL);
    ngx_conf_merge_str_value(conf->claim_domain, prev->claim_domain,
                             "domain");

    ngx_conf_merge_ptr_value(conf->claim_parents, prev->claim_parents, NULL);

    if (conf->claim_roles == NULL
        && ngx_http_secops_jwt_default_roles(cf, conf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_http_secops_jwt_init_policy(conf);

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_secops_jwt_default_roles(ngx_conf_t *cf,
    ngx_http_secops_jwt_provider_t *conf)
{
    secops_slice_t  *path;

    conf->claim_roles = ngx_array_create(cf->pool, 1, sizeof(secops_slice_t));
    if (conf->claim_roles == NULL) {
        return NGX_ERROR;
    }

    path = ngx_array_push(conf->claim_roles);
    if (path == NULL) {
        return NGX_ERROR;
    }

    *path = secops_slice_of("roles");

    return NGX_OK;
}


static void
ngx_http_secops_jwt_init_policy(ngx_http_secops_jwt_provider_t *provider)
{
    secops_jwt_policy_t  *policy;

    policy = &provider->policy;

    ngx_memzero(policy, sizeof(secops_jwt_policy_t));

    if (provider->issuers) {
        policy->issuers = provider->issuers->elts;
        policy->nissuers = provider->issuers->nelts;
    }

    if (provider->audiences) {
        policy->audiences = provider->audiences->elts;
        policy->naudiences = provider->audiences->nelts;
    }

    policy->leeway = provider->leeway;
    policy->max_lifetime = provider->max_lifetime;
    policy->require_expiration = provider->require_expiration;
    policy->max_size = SECOPS_JWS_MAX_SIZE;
}
