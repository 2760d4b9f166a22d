
/*
 * Who calls: the methods of secops_auth, tried in the order given, make one
 * identity struct of a request.
 */

#ifndef _NGX_HTTP_SECOPS_IDENTITY_H_INCLUDED_
#define _NGX_HTTP_SECOPS_IDENTITY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "identity/jwt/ngx_http_secops_jwt.h"
#include "identity/ngx_http_secops_request_header.h"
#include "identity/secops_role.h"
#include "identity/secops_scope.h"
#include "store/ngx_secops_store.h"


#define NGX_HTTP_SECOPS_USER_MAX    255
#define NGX_HTTP_SECOPS_DOMAIN_MAX  1024

/* the request header that names a domain to act for */

#define NGX_HTTP_SECOPS_ACT_FOR  "X-SecOps-Act-For"

/* of a caller who has none */

#define NGX_HTTP_SECOPS_DEFAULT_DOMAIN  "global"

/* what the user of an api key begins with */

#define NGX_HTTP_SECOPS_API_KEY_USER  "api_key:"


typedef struct ngx_http_secops_auth_method_s  ngx_http_secops_auth_method_t;


/* read-only once the configuration was read, but for what jwt and api_keys
   point to: each worker's own */

typedef struct {
    ngx_array_t                     *methods;   /* of secops_auth, of const
                                                   ngx_http_secops_auth_method_t
                                                   *; empty: "off"; NULL: none
                                                   was given */

    ngx_http_complex_value_t        *user;      /* of variables */
    ngx_http_complex_value_t        *roles;
    ngx_http_complex_value_t        *domain;

    ngx_http_secops_header_t         header_user;
    ngx_http_secops_header_t         header_roles;
    ngx_http_secops_header_t         header_domain;
    ngx_array_t                     *trusted;   /* of ngx_cidr_t */

    ngx_http_secops_jwt_conf_t       jwt;
    ngx_http_secops_header_t         header_token;

    ngx_http_secops_header_t         header_api_key;
    ngx_msec_t                       api_key_cache;
    struct ngx_secops_api_keys_s    *api_keys;  /* NULL: not a method here */
    ngx_array_t                     *all_api_keys;  /* of what each location
                                                       knows of api keys */
    ngx_secops_store_t              *store;     /* where api keys are */
    ngx_array_t                     *maps;      /* of ngx_int_t: the indices of
                                                   variables that are maps */

    ngx_str_t                        write_role;
    ngx_str_t                        read_role;
    ngx_str_t                        admin_role;

    ngx_http_secops_header_t         header_act_for;
    ngx_http_complex_value_t        *parents;   /* a list of domains that the
                                                   caller may act for; NULL:
                                                   none is configured */
} ngx_http_secops_identity_conf_t;


/*
 * What is known of the caller.  user, domain and own_domain are UTF-8 without
 * control characters, not empty; all are valid as long as the request.  Roles
 * give permissions and an api key has scopes: never both.  The user of an api
 * key is "api_key:" and its id, which stays when the key gets another name; no
 * other method may name such a user.
 */

typedef struct {
    ngx_str_t                        user;
    ngx_str_t                        user_name;     /* of an api key: what it
                                                       is called at present;
                                                       of others empty */
    ngx_str_t                        domain;    /* where the operation takes
                                                   place: the caller's own, or
                                                   one that it acts for */
    ngx_str_t                        own_domain;
    ngx_str_t                        parents;   /* a list: domains that the
                                                   caller's token names; it may
                                                   act for them */
    ngx_uint_t                       permissions;   /* SECOPS_PERMISSION_* */
    secops_scopes_t                  scopes;
    ngx_str_t                        expire_at; /* of an api key; empty:
                                                   never */
    const ngx_http_secops_auth_method_t  *method;
} ngx_http_secops_identity_t;


/* what a method has found out */

typedef struct {
    ngx_str_t                        user;      /* empty: nobody */
    ngx_str_t                        user_name; /* as in the identity */
    ngx_str_t                        domain;    /* empty: the default one */
    ngx_str_t                        parents;   /* as in the identity */
    ngx_uint_t                       permissions;
    secops_scopes_t                  scopes;
    ngx_str_t                        expire_at; /* as in the identity */
} ngx_http_secops_credential_t;


typedef void (*ngx_http_secops_wake_pt)(void *data);

/* of what a method waits for; data is the method's own */

typedef void (*ngx_http_secops_auth_cancel_pt)(void *data);
typedef ngx_uint_t (*ngx_http_secops_auth_needed_pt)(void *data);


/*
 * How far the identification of a request has come; zeroed before the first
 * call, in the request's context, and there until the request ends.
 */

typedef struct {
    ngx_uint_t                       current;   /* index in conf->methods */
    void                            *data;      /* the current method's own;
                                                   NULL when it begins */
    ngx_uint_t                       rejected;  /* 1: a credential was there
                                                   that is not valid */
    ngx_uint_t                       early;     /* 1: nothing may be waited for:
                                                   a method that had to returns
                                                   NGX_BUSY */
    ngx_http_secops_wake_pt          wake;      /* set by the caller: see
                                                   NGX_AGAIN below */
    void                            *wake_data;

    ngx_http_secops_auth_cancel_pt   cancel;    /* of data; set by a method
                                                   that returns NGX_AGAIN */
    ngx_http_secops_auth_needed_pt   needed;    /* NULL: by nobody else */
} ngx_http_secops_auth_t;


/*
 * NGX_OK: identity is filled in.  NGX_DECLINED: no method knows the caller.
 * NGX_AGAIN: something has to be fetched first; auth->wake() is called once
 * it is there, from an event of its own, and then this is to be called again.
 * NGX_BUSY: who calls can not be found out at present.  NGX_ERROR: no memory,
 * or a variable could not be evaluated.
 */

ngx_int_t ngx_http_secops_identify(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf, ngx_http_secops_auth_t *auth,
    ngx_http_secops_identity_t *identity);


/*
 * Who calls as far as that can be told now, before the access phase is over and
 * without asking anybody: for variables only.  It permits nothing: once that
 * phase is over ngx_http_secops_identify() looks, and may find somebody else.
 * NGX_OK: identity is filled in; its strings are valid as long as the request.
 * NGX_DECLINED: nobody can be told, for whatever reason.
 */

ngx_int_t ngx_http_secops_identify_early(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf,
    ngx_http_secops_identity_t *identity);


/* has all maps found out anew when they are asked for: who calls was not known,
   or somebody else, when they were found out */

void ngx_http_secops_forget_maps(ngx_http_request_t *r, ngx_array_t *maps);


/* there will be no wake: the request ends, or goes elsewhere */

void ngx_http_secops_auth_cancel(ngx_http_secops_auth_t *auth);

/* 1: others wait for what this request fetches, which ends with the request */

ngx_uint_t ngx_http_secops_auth_needed(ngx_http_secops_auth_t *auth);


/*
 * A method of secops_auth.  It has a file of its own, which defines one of
 * these, and a row in ngx_http_secops_conf_identity.c.
 *
 * create sets what is not zero in a conf that was just made; merge completes a
 * conf from that of the level above; init is called after that for a location
 * that serves an API and takes the method.  Each may be NULL; NGX_CONF_ERROR
 * was logged.
 *
 * handler returns as ngx_http_secops_identify(): NGX_OK with *credential,
 * NGX_DECLINED when the request has no credential of its kind; and NGX_ABORT
 * when there is one which is not valid, said in the log.
 *
 * waits says what handler may have to wait for before it knows who calls, as
 * the end of a sentence of nginx -t; NULL, as if there were no such function:
 * nothing.
 */

struct ngx_http_secops_auth_method_s {
    ngx_str_t                        name;      /* as in secops_auth */
    char                            *who;       /* of whom it learns it, as in a
                                                   sentence of nginx -t; NULL:
                                                   the name says it */
    unsigned                         tokens:1;  /* 1: a 401 asks for a token */
    unsigned                         keys:1;    /* 1: its users are api keys */

    void   (*create)(ngx_http_secops_identity_conf_t *conf);
    char  *(*merge)(ngx_conf_t *cf, ngx_http_secops_identity_conf_t *prev,
                    ngx_http_secops_identity_conf_t *conf);
    char  *(*init)(ngx_conf_t *cf, ngx_http_secops_identity_conf_t *conf);

    ngx_int_t  (*handler)(ngx_http_request_t *r,
                          ngx_http_secops_identity_conf_t *conf,
                          ngx_http_secops_auth_t *auth,
                          ngx_http_secops_credential_t *credential);
    const char  *(*waits)(ngx_http_secops_identity_conf_t *conf);
};


extern const ngx_http_secops_auth_method_t  ngx_http_secops_auth_header;
extern const ngx_http_secops_auth_method_t  ngx_http_secops_auth_variables;
extern const ngx_http_secops_auth_method_t  ngx_http_secops_auth_jwt;
extern const ngx_http_secops_auth_method_t  ngx_http_secops_auth_api_key;


/* 1 when the method is one of the conf's */

ngx_uint_t ngx_http_secops_auth_enabled(ngx_http_secops_identity_conf_t *conf,
    const ngx_http_secops_auth_method_t *method);


/* adds the WWW-Authenticate of a 401 to the response */

ngx_int_t ngx_http_secops_challenge(ngx_http_request_t *r,
    ngx_http_secops_identity_conf_t *conf, ngx_http_secops_auth_t *auth);


/* what a list of roles comes to at this location: SECOPS_PERMISSION_* */

ngx_uint_t ngx_http_secops_permissions(ngx_http_secops_identity_conf_t *conf,
    ngx_str_t *roles);


/* ngx_http_secops_conf_identity.c: secops_auth; the conf is at the command's
   offset */

char *ngx_http_secops_set_auth(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* the conf was zeroed */

void ngx_http_secops_create_identity(ngx_http_secops_identity_conf_t *conf);
char *ngx_http_secops_merge_identity(ngx_conf_t *cf,
    ngx_http_secops_identity_conf_t *prev,
    ngx_http_secops_identity_conf_t *conf);

/* for a location that serves an API, once store and all_api_keys are set */

char *ngx_http_secops_init_identity(ngx_conf_t *cf,
    ngx_http_secops_identity_conf_t *conf);


/* ngx_http_secops_auth_header.c: secops_trusted_proxy; as above */

char *ngx_http_secops_set_trusted_proxy(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


#endif /* _NGX_HTTP_SECOPS_IDENTITY_H_INCLUDED_ */
