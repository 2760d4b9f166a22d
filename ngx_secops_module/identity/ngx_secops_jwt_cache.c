
/* Verified tokens; see ngx_secops_jwt_cache.h. */

#include "identity/ngx_secops_jwt_cache.h"

#include <openssl/evp.h>


/* one token; malloc'ed with its texts behind it, freed when it leaves */

typedef struct {
    ngx_str_node_t            node;         /* its str: digest */
    ngx_queue_t               queue;        /* last used first */
    u_char                    digest[NGX_SECOPS_JWT_DIGEST_LEN];
    ngx_uint_t                generation;
    int64_t                   expiry;
    ngx_secops_jwt_claims_t   claims;
} ngx_secops_jwt_token_t;


/* sha256: ready for use; to look the algorithm up costs OpenSSL 3 as much as a
   token's digest */

struct ngx_secops_jwt_cache_s {
    EVP_MD_CTX               *sha256;
    ngx_rbtree_t              rbtree;
    ngx_rbtree_node_t         sentinel;
    ngx_queue_t               queue;
    ngx_uint_t                used;
    ngx_uint_t                size;
};


static ngx_secops_jwt_token_t *ngx_secops_jwt_cache_find(
    ngx_secops_jwt_cache_t *cache, const u_char *digest);
static void ngx_secops_jwt_cache_remove(ngx_secops_jwt_cache_t *cache,
    ngx_secops_jwt_token_t *token);
static uint32_t ngx_secops_jwt_cache_hash(const u_char *digest);
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

    cache->sha256 = EVP_MD_CTX_new();

    if (cache->sha256 == NULL
        || EVP_DigestInit_ex(cache->sha256, EVP_sha256(), NULL) != 1)
    {
        EVP_MD_CTX_free(cache->sha256);
        return NULL;
    }

    ngx_rbtree_init(&cache->rbtree, &cache->sentinel,
                    ngx_str_rbtree_insert_value);
    ngx_queue_init(&cache->queue);

    cache->used = 0;
    cache->size = size;

    cln->handler = ngx_secops_jwt_cache_cleanup;

    return cache;
}


ngx_int_t
ngx_secops_jwt_cache_digest(ngx_secops_jwt_cache_t *cache, ngx_str_t *token,
    u_char *digest)
{
    if (EVP_DigestInit_ex(cache->sha256, NULL, NULL) != 1
        || EVP_DigestUpdate(cache->sha256, token->data, token->len) != 1
        || EVP_DigestFinal_ex(cache->sha256, digest, NULL) != 1)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_secops_jwt_claims_t *
ngx_secops_jwt_cache_get(ngx_secops_jwt_cache_t *cache, const u_char *digest,
    ngx_uint_t generation, time_t now)
{
    ngx_secops_jwt_token_t  *token;

    token = ngx_secops_jwt_cache_find(cache, digest);

    if (token == NULL) {
        return NULL;
    }

    if (token->generation != generation || token->expiry <= now) {
        ngx_secops_jwt_cache_remove(cache, token);
        return NULL;
    }

    ngx_queue_remove(&token->queue);
    ngx_queue_insert_head(&cache->queue, &token->queue);

    return &token->claims;
}


void
ngx_secops_jwt_cache_put(ngx_secops_jwt_cache_t *cache, const u_char *digest,
    ngx_uint_t generation, int64_t expiry,
    const ngx_secops_jwt_claims_t *claims, ngx_log_t *log)
{
    u_char                  *p;
    ngx_queue_t             *q;
    ngx_secops_jwt_token_t  *token;

    token = ngx_secops_jwt_cache_find(cache, digest);

    if (token) {
        ngx_secops_jwt_cache_remove(cache, token);
    }

    if (cache->used == cache->size) {
        q = ngx_queue_last(&cache->queue);
        token = ngx_queue_data(q, ngx_secops_jwt_token_t, queue);
        ngx_secops_jwt_cache_remove(cache, token);
    }

    token = ngx_alloc(sizeof(ngx_secops_jwt_token_t) + claims->user.len
                      + claims->domain.len + claims->roles.len, log);
    if (token == NULL) {
        return;
    }

    p = (u_char *) (token + 1);

    token->claims.user.len = claims->user.len;
    token->claims.user.data = p;
    p = ngx_cpymem(p, claims->user.data, claims->user.len);

    token->claims.domain.len = claims->domain.len;
    token->claims.domain.data = p;
    p = ngx_cpymem(p, claims->domain.data, claims->domain.len);

    token->claims.roles.len = claims->roles.len;
    token->claims.roles.data = p;
    ngx_memcpy(p, claims->roles.data, claims->roles.len);

    ngx_memcpy(token->digest, digest, NGX_SECOPS_JWT_DIGEST_LEN);

    token->generation = generation;
    token->expiry = expiry;
    token->node.str.len = NGX_SECOPS_JWT_DIGEST_LEN;
    token->node.str.data = token->digest;
    token->node.node.key = ngx_secops_jwt_cache_hash(digest);

    ngx_rbtree_insert(&cache->rbtree, &token->node.node);
    ngx_queue_insert_head(&cache->queue, &token->queue);

    cache->used++;
}


static ngx_secops_jwt_token_t *
ngx_secops_jwt_cache_find(ngx_secops_jwt_cache_t *cache, const u_char *digest)
{
    ngx_str_t  value;

    value.len = NGX_SECOPS_JWT_DIGEST_LEN;
    value.data = (u_char *) digest;

    return (ngx_secops_jwt_token_t *)
               ngx_str_rbtree_lookup(&cache->rbtree, &value,
                                     ngx_secops_jwt_cache_hash(digest));
}


static void
ngx_secops_jwt_cache_remove(ngx_secops_jwt_cache_t *cache,
    ngx_secops_jwt_token_t *token)
{
    ngx_rbtree_delete(&cache->rbtree, &token->node.node);
    ngx_queue_remove(&token->queue);
    ngx_free(token);

    cache->used--;
}


/* a digest is as good a hash as any */

static uint32_t
ngx_secops_jwt_cache_hash(const u_char *digest)
{
    uint32_t  hash;

    ngx_memcpy(&hash, digest, sizeof(uint32_t));

    return hash;
}


static void
ngx_secops_jwt_cache_cleanup(void *data)
{
    ngx_secops_jwt_cache_t  *cache = data;

    ngx_queue_t  *q;

    EVP_MD_CTX_free(cache->sha256);

    while (!ngx_queue_empty(&cache->queue)) {
        q = ngx_queue_head(&cache->queue);
        ngx_secops_jwt_cache_remove(cache, ngx_queue_data(q,
                                           ngx_secops_jwt_token_t, queue));
    }
}
