
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


/* the secops_jwt_* directives of a location */

typedef struct {
    ngx_array_t                     *key_files;  /* of secops_jwt_source_t: the
                                                    sets are owned by the
                                                    cycle */
    ngx_http_secops_jwt_keys_t      *keys;      /* of secops_jwt_key_request;
                                                   NULL: none */
    ngx_array_t                     *keys_issuers;  /* of secops_slice_t: whose
                                                       they are */
    ngx_array_t                     *issuers;   /* of secops_slice_t */
    ngx_array_t                     *audiences;
    time_t                           leeway;
    time_t                           max_lifetime;
    ngx_flag_t                       require_expiration;

    ngx_str_t                        claim_user;    /* dotted paths */
    ngx_str_t                        claim_roles;
    ngx_str_t                        claim_domain;
    ngx_flag_t                       require_domain;

    ngx_int_t                        cache_size;
    ngx_secops_jwt_cache_t          *cache;     /* each worker's own; NULL: no
                                                   token is remembered */
    secops_jwt_policy_t              policy;
} ngx_http_secops_jwt_conf_t;


/* ngx_http_secops_conf_jwt.c */

char *ngx_http_secops_set_jwt_key_file(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_secops_set_jwt_key_request(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_secops_set_jwt_list(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_secops_set_jwt_cache(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

void ngx_http_secops_create_jwt(ngx_http_secops_jwt_conf_t *conf);
char *ngx_http_secops_merge_jwt(ngx_conf_t *cf,
    ngx_http_secops_jwt_conf_t *prev, ngx_http_secops_jwt_conf_t *conf);
char *ngx_http_secops_init_jwt(ngx_conf_t *cf,
    ngx_http_secops_jwt_conf_t *conf);


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
