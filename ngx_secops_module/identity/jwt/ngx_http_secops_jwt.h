
/*
 * JSON Web Tokens at work: where keys come from, what was verified before.
 */

#ifndef _NGX_HTTP_SECOPS_JWT_H_INCLUDED_
#define _NGX_HTTP_SECOPS_JWT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "identity/jwt/ngx_secops_jwt_cache.h"
#include "jose/secops_jwt.h"


typedef struct ngx_http_secops_jwt_keys_s  ngx_http_secops_jwt_keys_t;

typedef void (*ngx_http_secops_jwt_wake_pt)(void *data);


/* of secops_jwt_key_file or secops_jwt_key_request */

typedef struct {
    secops_jwk_set_t                *set;       /* of a file; owned by the
                                                   cycle */
    ngx_http_secops_jwt_keys_t      *keys;      /* of a request; then set is
                                                   NULL */
    ngx_str_t                        uri;       /* of the request */
    ngx_array_t                      issuers;   /* of secops_slice_t: whose
                                                   they are; none: nobody is
                                                   named */
} ngx_http_secops_jwt_source_t;


/* secops_jwt_require: the claim must have one of the values */

typedef struct {
    ngx_str_t                        claim;
    ngx_array_t                      values;    /* of secops_slice_t */
} ngx_http_secops_jwt_required_t;


/*
 * One issuer of tokens: who it is, how to know its tokens, what they must be
 * like, and where they say who calls.  Of secops_jwt_provider; or, without a
 * name, of the secops_jwt_* directives of a location.  Read-only once it was
 * read; locations that inherit it share it, and so the keys that it fetches.
 */

typedef struct {
    ngx_str_t                        name;      /* empty: it has none */
    ngx_array_t                     *sources;   /* of
                                            ngx_http_secops_jwt_source_t;
                                                   NULL: none */
    ngx_array_t                     *issuers;   /* of secops_slice_t */
    ngx_array_t                     *audiences;
    ngx_array_t                     *required;  /* of
                                            ngx_http_secops_jwt_required_t */
    time_t                           leeway;
    time_t                           max_lifetime;
    ngx_flag_t                       require_expiration;
    ngx_flag_t                       require_domain;

    ngx_str_t                        claim_user;    /* dotted paths */
    ngx_array_t                     *claim_roles;   /* of secops_slice_t */
    ngx_str_t                        claim_domain;
    ngx_array_t                     *claim_parents; /* of secops_slice_t; NULL:
                                                   none */

    secops_jwt_policy_t              policy;
} ngx_http_secops_jwt_provider_t;


/* a source of keys that a location has, and the provider that it is of */

typedef struct {
    ngx_http_secops_jwt_source_t    *source;
    ngx_http_secops_jwt_provider_t  *provider;
} ngx_http_secops_jwt_origin_t;


/* of a location: either providers, or its own */

typedef struct {
    ngx_http_secops_jwt_provider_t   own;       /* of the other secops_jwt_*
                                                   directives */
    ngx_array_t                     *providers; /* of
                                            ngx_http_secops_jwt_provider_t *;
                                                   NULL: own counts */

    ngx_array_t                      sources;   /* of secops_jwt_source_t, for
                                                   all providers; data is an
                                                   origin */
    ngx_int_t                        cache_size;
    ngx_secops_jwt_cache_t          *cache;     /* each worker's own; NULL: no
                                                   token is remembered */
} ngx_http_secops_jwt_conf_t;


/*
 * Setters; those of a provider have it, or a field of it, at the command's
 * offset, also within a block.
 */

/* ngx_http_secops_conf_jwt_keys.c */

char *ngx_http_secops_set_jwt_key_file(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_secops_set_jwt_key_request(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* ngx_http_secops_conf_jwt_lists.c */

char *ngx_http_secops_set_jwt_list(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_secops_set_jwt_require(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_secops_set_jwt_paths(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* 1: the value is in the list, which is of secops_slice_t */

ngx_uint_t ngx_http_secops_jwt_listed(ngx_array_t *list,
    secops_slice_t value);


/* ngx_http_secops_conf_jwt.c; a jwt_conf is at the command's offset */

char *ngx_http_secops_set_jwt_cache(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

void ngx_http_secops_create_jwt(ngx_http_secops_jwt_conf_t *conf);
char *ngx_http_secops_merge_jwt(ngx_conf_t *cf,
    ngx_http_secops_jwt_conf_t *prev, ngx_http_secops_jwt_conf_t *conf);

/* for a location where tokens are taken */

char *ngx_http_secops_init_jwt(ngx_conf_t *cf,
    ngx_http_secops_jwt_conf_t *conf);


/* ngx_http_secops_conf_jwt_provider.c; as the last ones */

char *ngx_http_secops_jwt_provider(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* the provider was zeroed.  set: 1 when a directive has set anything of it.
   merge completes it, and prev may be one that nothing was set of */

void ngx_http_secops_create_jwt_provider(
    ngx_http_secops_jwt_provider_t *provider);
ngx_uint_t ngx_http_secops_jwt_provider_set(
    ngx_http_secops_jwt_provider_t *provider);
char *ngx_http_secops_merge_jwt_provider(ngx_conf_t *cf,
    ngx_http_secops_jwt_provider_t *prev,
    ngx_http_secops_jwt_provider_t *conf);


/* ngx_http_secops_jwt_keys.c */

/* keys that a subrequest to uri fetches, again after interval; for an unknown
   kid sooner, but not within min_interval of the last try, whatever became of
   it.  Nobody waits for longer than timeout */

ngx_http_secops_jwt_keys_t *ngx_http_secops_jwt_keys_create(ngx_conf_t *cf,
    ngx_str_t *uri, ngx_msec_t interval, ngx_msec_t min_interval,
    ngx_msec_t timeout);


/*
 * Has the keys fetched when that is due.  unknown: a token named a key that
 * there is not.  NGX_OK: what _set() gives is as good as it gets.  NGX_AGAIN:
 * they are being fetched; wake(data) is called, from an event of its own, and
 * then this is to be called again.  NGX_ERROR: no memory.
 *
 * *state is NULL at first and the same for all calls of a request, whatever
 * unknown is: one fetch tells it all that it will learn.
 */

ngx_int_t ngx_http_secops_jwt_keys_fetch(ngx_http_request_t *r,
    ngx_http_secops_jwt_keys_t *keys, ngx_uint_t unknown, void **state,
    ngx_http_secops_jwt_wake_pt wake, void *data);

/* of such a state: there will be no wake */

void ngx_http_secops_jwt_keys_cancel(void *state);

/* 1: this request fetches, and its end would be the end of the fetch, for all
   that wait for it */

ngx_uint_t ngx_http_secops_jwt_keys_needed(void *state);


/* the last good keys, or NULL; valid until the request returns to nginx */

secops_jwk_set_t *ngx_http_secops_jwt_keys_set(
    ngx_http_secops_jwt_keys_t *keys);


/* changes whenever keys were fetched: what others verified is no more known */

ngx_uint_t ngx_http_secops_jwt_keys_generation(
    ngx_http_secops_jwt_keys_t *keys);


#endif /* _NGX_HTTP_SECOPS_JWT_H_INCLUDED_ */
