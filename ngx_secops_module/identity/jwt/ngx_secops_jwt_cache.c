
/* Verified tokens; see ngx_secops_jwt_cache.h. */

#include "identity/jwt/ngx_secops_jwt_cache.h"
#include "util/memory/ngx_secops_lru.h"
#include "util/ngx_secops_string.h"


/* one token; malloc'ed with its texts behind it, freed when it leaves */

typedef struct {
    ngx_secops_lru_entry_t    entry;        /* must be the first */
    int64_t                   expiry;
    ngx_secops_jwt_claims_t   claims;
} ngx_secops_jwt_token_t;


struct ngx_secops_jwt_cache_s {
    ngx_secops_lru_t          tokens;
};


static void ngx_secops_jwt_cache_cleanup(void *data);


ngx_secops_jwt_cache_t *
ngx_secops_jwt_cache_create(ngx_conf_t *cf, ngx_uint_t size)
{
    ngx_pool_cleanup_t      *cln;
    ngx_secops_jwt_cache_t  *cache;

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(ngx_secops_jwt_cache_t));
    if (cln == NULL) {
        return NULL;
    }

    cache = cln->data;

    ngx_secops_lru_init(&cache->tokens, size, SECOPS_SHA256_LEN);

    cln->handler = ngx_secops_jwt_cache_cleanup;

    return cache;
}


ngx_secops_jwt_claims_t *
ngx_secops_jwt_cache_get(ngx_secops_jwt_cache_t *cache, const u_char *digest,
    time_t now)
{
    ngx_secops_jwt_token_t  *token;

    token = ngx_secops_lru_find(&cache->tokens, digest);

    if (token == NULL) {
        return NULL;
    }

    if (token->expiry <= now) {
        ngx_secops_lru_remove(&cache->tokens, &token->entry);
        return NULL;
    }

    ngx_secops_lru_use(&cache->tokens, &token->entry);

    return &token->claims;
}


void
ngx_secops_jwt_cache_put(ngx_secops_jwt_cache_t *cache, const u_char *digest,
    int64_t expiry, const ngx_secops_jwt_claims_t *claims, ngx_log_t *log)
{
    u_char                  *p;
    ngx_secops_jwt_token_t  *token;

    token = ngx_secops_lru_find(&cache->tokens, digest);

    if (token) {
        ngx_secops_lru_remove(&cache->tokens, &token->entry);
    }

    token = ngx_alloc(sizeof(ngx_secops_jwt_token_t) + claims->user.len
                      + claims->domain.len + claims->parents.len, log);
    if (token == NULL) {
        return;
    }

    p = (u_char *) (token + 1);

    p = ngx_secops_str_copy(p, &token->claims.user, &claims->user);
    p = ngx_secops_str_copy(p, &token->claims.domain, &claims->domain);
    (void) ngx_secops_str_copy(p, &token->claims.parents, &claims->parents);

    token->claims.permissions = claims->permissions;
    token->claims.provider = claims->provider;
    token->claims.generation = claims->generation;
    token->expiry = expiry;

    ngx_secops_lru_add(&cache->tokens, &token->entry, digest);
}


static void
ngx_secops_jwt_cache_cleanup(void *data)
{
    ngx_secops_jwt_cache_t  *cache = data;

    ngx_secops_lru_clear(&cache->tokens);
}
