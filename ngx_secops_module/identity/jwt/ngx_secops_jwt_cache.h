
/*
 * Tokens that were verified a moment ago, and what they say, so that the
 * second request with a token costs a hash.  A token is known by its SHA-256,
 * never kept itself.  Bounded: the token that was not used for the longest
 * time makes room.  Per worker; its memory is malloc'ed.
 */

#ifndef _NGX_SECOPS_JWT_CACHE_H_INCLUDED_
#define _NGX_SECOPS_JWT_CACHE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "util/codec/secops_sha256.h"


typedef struct ngx_secops_jwt_cache_s  ngx_secops_jwt_cache_t;


/* what is known of a verified token */

typedef struct {
    ngx_str_t    user;
    ngx_str_t    domain;
    ngx_str_t    parents;
    ngx_uint_t   permissions;   /* at the location that the cache is of */
    void        *provider;      /* whose token it is, and of which generation
                                   its keys were: both are the caller's */
    ngx_uint_t   generation;
} ngx_secops_jwt_claims_t;


/* at configuration; empty, of at most size tokens.  NULL: no memory */

ngx_secops_jwt_cache_t *ngx_secops_jwt_cache_create(ngx_conf_t *cf,
    ngx_uint_t size);


/*
 * The claims of the token of this digest, which is SECOPS_SHA256_LEN bytes, or
 * NULL: it is not known, or has expired by now (seconds).  Valid until the next
 * call.
 */

ngx_secops_jwt_claims_t *ngx_secops_jwt_cache_get(
    ngx_secops_jwt_cache_t *cache, const u_char *digest, time_t now);


/* remembers a copy, instead of what it knows of the same token; expiry in
   seconds.  Without memory it forgets */

void ngx_secops_jwt_cache_put(ngx_secops_jwt_cache_t *cache,
    const u_char *digest, int64_t expiry,
    const ngx_secops_jwt_claims_t *claims, ngx_log_t *log);


#endif /* _NGX_SECOPS_JWT_CACHE_H_INCLUDED_ */
