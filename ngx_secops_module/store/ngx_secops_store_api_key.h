
/* API keys: where their values lead to. */

#ifndef _NGX_SECOPS_STORE_API_KEY_H_INCLUDED_
#define _NGX_SECOPS_STORE_API_KEY_H_INCLUDED_


#include "store/ngx_secops_store.h"
#include "model/plan/secops_resource_targets.h"


/* of a domain's name, in bytes */

#define NGX_SECOPS_STORE_DOMAIN_MAX  1024


/* where the value of an api key leads to; borrowed */

typedef struct {
    const u_char                   *digest;     /* SECOPS_KEYS_API_KEY_LEN */
    ngx_str_t                       id;
} ngx_secops_store_pointer_t;


/* pointers that are written or removed; pointers and domain are borrowed until
   it is answered, the rest but for the call is for the store's own use */

typedef struct {
    ngx_secops_store_call_t             call;   /* must be the first */
    ngx_secops_store_t                 *store;
    ngx_str_t                          *domain; /* NULL: they are removed */
    const ngx_secops_store_pointer_t   *pointers;
    ngx_uint_t                          n;
    ngx_pool_t                         *pool;   /* of the caller */

    /* in a Redis Cluster: parts without an answer; how the others went */

    ngx_uint_t                          waiting;
    ngx_uint_t                          status; /* of the worst */
    ngx_str_t                           reason; /* ... in the pool */
    ngx_msec_t                          time;   /* of the slowest */
} ngx_secops_store_pointers_t;


/* an api key that is looked up by its digest; id and domain are filled in
   before the handler is called, and stay */

typedef struct {
    ngx_secops_store_call_t         call;       /* must be the first */
    ngx_secops_store_t             *store;
    ngx_str_t                       id;
    ngx_str_t                       domain;
    ngx_msec_t                      time;
    u_char                          id_bytes[SECOPS_RESOURCE_ID_MAX];
    u_char                          domain_bytes[NGX_SECOPS_STORE_DOMAIN_MAX];
} ngx_secops_store_api_key_t;


/*
 * Where values of api keys lead to: to a resource of a domain, which alone
 * says that there is such a key, and what it may do.  So these are written
 * before the resource is, never changed, and left over for a moment when it is
 * deleted: a value leads nowhere then.  They lie in many places of a Redis
 * Cluster: all are sent at once there, so it takes no longer than one of them.
 */

ngx_int_t ngx_secops_store_put_pointers(ngx_secops_store_t *store,
    ngx_secops_store_pointers_t *set, ngx_str_t *domain,
    const ngx_secops_store_pointer_t *pointers, ngx_uint_t n,
    ngx_pool_t *pool);
ngx_int_t ngx_secops_store_delete_pointers(ngx_secops_store_t *store,
    ngx_secops_store_pointers_t *set,
    const ngx_secops_store_pointer_t *pointers, ngx_uint_t n,
    ngx_pool_t *pool);


/* OK: value is the key's document; NOT_FOUND: it leads nowhere */

ngx_int_t ngx_secops_store_get_api_key(ngx_secops_store_t *store,
    ngx_secops_store_api_key_t *key, const u_char *digest);


#endif /* _NGX_SECOPS_STORE_API_KEY_H_INCLUDED_ */
