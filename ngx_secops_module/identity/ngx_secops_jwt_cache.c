
/* Verified tokens; see ngx_secops_jwt_cache.h. */

#include "identity/ngx_secops_jwt_cache.h"

#include <openssl/evp.h>


/* one token; malloc'ed with its texts behind it, freed when it leaves */

typedef struct {
    ngx_rbtree_node_t         node;         /* key: first bytes of digest */
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


static void ngx_secops_jwt_cache_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel);
static ngx_secops_jwt_token_t *ngx_secops_jwt_cache_find(
    ngx_secops_jwt_cache_t *cache, const u_char *digest);
static void ngx_secops_jwt_cache_remove(ngx_secops_jwt_cache_t *cache,
    ngx_secops_jwt_token_t *token);
static ngx_rbtree_key_t ngx_secops_jwt_cache_key(const u_char *digest);
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
                    ngx_secops_jwt_cache_insert);
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
    token->node.key = ngx_secops_jwt_cache_key(digest);

    ngx_rbtree_insert(&cache->rbtree, &token->node);
    ngx_queue_insert_head(&cache->queue, &token->queue);

    cache->used++;
}


static ngx_secops_jwt_token_t *
ngx_secops_jwt_cache_find(ngx_secops_jwt_cache_t *cache, const u_char *digest)
{
    ngx_int_t                rc;
    ngx_rbtree_key_t         key;
    ngx_rbtree_node_t       *node;
    ngx_secops_jwt_token_t  *token;

    key = ngx_secops_jwt_cache_key(digest);
    node = cache->rbtree.root;

    while (node != &cache->sentinel) {

        if (key != node->key) {
            node = (key < node->key) ? node->left : node->right;
            continue;
        }

        token = (ngx_secops_jwt_token_t *) node;

        rc = ngx_memcmp(digest, token->digest, NGX_SECOPS_JWT_DIGEST_LEN);

        if (rc == 0) {
            return token;
        }

        node = (rc < 0) ? node->left : node->right;
    }

    return NULL;
}


static void
ngx_secops_jwt_cache_insert(ngx_rbtree_node_t *temp, ngx_rbtree_node_t *node,
    ngx_rbtree_node_t *sentinel)
{
    ngx_rbtree_node_t       **p;
    ngx_secops_jwt_token_t   *token, *other;

    for ( ;; ) {

        if (node->key != temp->key) {
            p = (node->key < temp->key) ? &temp->left : &temp->right;

        } else {
            token = (ngx_secops_jwt_token_t *) node;
            other = (ngx_secops_jwt_token_t *) temp;

            p = (ngx_memcmp(token->digest, other->digest,
                            NGX_SECOPS_JWT_DIGEST_LEN)
                 < 0)
                ? &temp->left : &temp->right;
        }

        if (*p == sentinel) {
            break;
        }

        temp = *p;
    }

    *p = node;
    node->parent = temp;
    node->left = sentinel;
    node->right = sentinel;
    ngx_rbt_red(node);
}


static void
ngx_secops_jwt_cache_remove(ngx_secops_jwt_cache_t *cache,
    ngx_secops_jwt_token_t *token)
{
    ngx_rbtree_delete(&cache->rbtree, &token->node);
    ngx_queue_remove(&token->queue);
    ngx_free(token);

    cache->used--;
}


static ngx_rbtree_key_t
ngx_secops_jwt_cache_key(const u_char *digest)
{
    ngx_rbtree_key_t  key;

    ngx_memcpy(&key, digest, sizeof(ngx_rbtree_key_t));

    return key;
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
