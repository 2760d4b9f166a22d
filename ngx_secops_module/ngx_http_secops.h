
/*
 * The HTTP side of the module: configuration and routes.  A request's context
 * and what operations need of it are in http/.
 */

#ifndef _NGX_HTTP_SECOPS_H_INCLUDED_
#define _NGX_HTTP_SECOPS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "api/ngx_http_secops_api.h"
#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_request.h"
#include "identity/ngx_http_secops_identity.h"
#include "model/secops_catalog.h"
#include "model/secops_table.h"
#include "redis/ngx_secops_redis.h"
#include "store/ngx_secops_store.h"


/* members of any one object in a body */

#define NGX_HTTP_SECOPS_MAX_MEMBERS  4096

/* bytes of a body once it is unpacked, whatever client_max_body_size allows */

#define NGX_HTTP_SECOPS_MAX_UNPACKED  (32 * 1024 * 1024)

/* who may: anybody; whoever is known; or whoever has the permission, or the
   scope */

#define NGX_HTTP_SECOPS_PUBLIC      0
#define NGX_HTTP_SECOPS_KNOWN       1
#define NGX_HTTP_SECOPS_GRANTED     2


typedef struct {
    ngx_array_t                       redis;    /* of ngx_secops_redis_t * */
    ngx_array_t                       tables;   /* of secops_table_t */
    ngx_array_t                       api_keys; /* of ngx_secops_api_keys_t *:
                                                   what the locations know */
    secops_catalog_t                  catalog;  /* freed with the cycle */
    secops_resource_model_t           resources;  /* freed with the cycle */
    ngx_str_t                         schema_dir;
    ngx_int_t                         request_id;  /* variable's index */
} ngx_http_secops_main_conf_t;


/* the secops_redis_sentinel* directives */

typedef struct {
    ngx_array_t                      *words;    /* of ngx_str_t: the master's
                                                   name, addresses; or NULL */
    ngx_str_t                         user;
    ngx_str_t                         password_file;
    ngx_flag_t                        ssl;
} ngx_http_secops_sentinel_conf_t;


/* the secops_redis* directives; they become a client when merged */

typedef struct {
    ngx_str_t                         url;
    ngx_str_t                         user;
    ngx_str_t                         password_file;
    ngx_int_t                         database;
    ngx_msec_t                        connect_timeout;
    ngx_msec_t                        timeout;
    ngx_msec_t                        ping;
    ngx_secops_redis_ssl_conf_t       ssl;
    ngx_uint_t                        ssl_given;  /* with the URL, or below */
    ngx_int_t                         max_commands;
    size_t                            max_bytes;
    ngx_flag_t                        cluster;
    ngx_array_t                      *seeds;    /* of ngx_str_t */
    ngx_array_t                      *nat;      /* of ngx_secops_redis_nat_t */
    ngx_http_secops_sentinel_conf_t   sentinel;
    ngx_uint_t                        durability;   /* NGX_SECOPS_REDIS_* */
    ngx_uint_t                        replicas;
    ngx_msec_t                        durability_timeout;
} ngx_http_secops_redis_conf_t;


/* read-only once the configuration was read: what a request decides is in its
   context */

typedef struct {
    ngx_uint_t                        groups;   /* NGX_HTTP_SECOPS_*; 0: the
                                                   API is not served here */
    ngx_http_secops_redis_conf_t      redis;
    ngx_http_secops_identity_conf_t   identity;
    ngx_secops_store_t                store;

    ngx_http_complex_value_t         *public_url;  /* NULL: the request's own
                                                      scheme and host */
    ngx_int_t                         max_depth;
    ngx_int_t                         max_batch;
    ngx_uint_t                        max_resources;  /* of a domain, and */
    size_t                            max_resources_bytes;  /* of them all */
    ngx_int_t                         audit_maxlen;
} ngx_http_secops_loc_conf_t;


struct ngx_http_secops_route_s {
    ngx_str_t                         path;     /* "*": one segment, kept */
    ngx_uint_t                        methods;  /* NGX_HTTP_POST, … */
    ngx_uint_t                        group;
    ngx_uint_t                        access;   /* NGX_HTTP_SECOPS_PUBLIC, … */
    ngx_uint_t                        permission;  /* SECOPS_PERMISSION_* that
                                                      roles must give */
    ngx_uint_t                        scope;    /* SECOPS_SCOPE_* that an api
                                                   key must have; NONE: no key
                                                   will do */
    ngx_uint_t                        body;     /* NGX_HTTP_SECOPS_BODY_* that
                                                   it takes; 0: none */
    ngx_str_t                         operation;
    ngx_http_secops_operation_pt      handler;
    ngx_http_secops_operation_pt      head;     /* NULL, or what comes before
                                                   the body is read */
};


/* ngx_http_secops_route.c: the route of r->uri among these groups.  Fills in
   ctx->params; without a route, ctx->allow if another method would do */

ngx_int_t ngx_http_secops_route(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, ngx_uint_t groups);


/* ngx_http_secops_phases.c */

ngx_int_t ngx_http_secops_access_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_secops_identity_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_secops_handler(ngx_http_request_t *r);


/* ngx_http_secops_conf.c */

char *ngx_http_secops_set_api(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_secops_set_auth(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_secops_set_header_name(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_secops_set_trusted_proxy(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* completes a location's conf once it was merged; NGX_CONF_ERROR was logged */

char *ngx_http_secops_merge_identity(ngx_conf_t *cf,
    ngx_http_secops_identity_conf_t *prev,
    ngx_http_secops_identity_conf_t *conf);
char *ngx_http_secops_init_store(ngx_conf_t *cf,
    ngx_http_secops_loc_conf_t *conf);
char *ngx_http_secops_init_identity(ngx_conf_t *cf,
    ngx_http_secops_loc_conf_t *conf);


/* ngx_http_secops_conf_limits.c */

char *ngx_http_secops_set_max_resources(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* ngx_http_secops_conf_cluster.c */

char *ngx_http_secops_set_cluster_seed(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_secops_set_cluster_map(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

void ngx_http_secops_merge_cluster(ngx_http_secops_redis_conf_t *prev,
    ngx_http_secops_redis_conf_t *conf);

/* once the URL was read; an error was logged */

ngx_int_t ngx_http_secops_init_cluster(ngx_conf_t *cf,
    ngx_http_secops_redis_conf_t *conf, ngx_secops_redis_conf_t *redis);


/* ngx_http_secops_conf_redis.c */

char *ngx_http_secops_set_max_pending(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_secops_set_durability(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

void ngx_http_secops_create_redis(ngx_http_secops_redis_conf_t *conf);
char *ngx_http_secops_merge_redis(ngx_conf_t *cf,
    ngx_http_secops_redis_conf_t *prev, ngx_http_secops_redis_conf_t *conf);

/* conf->store.redis, from what was merged */

ngx_int_t ngx_http_secops_init_redis(ngx_conf_t *cf,
    ngx_http_secops_loc_conf_t *conf);


/* the file's first line */

ngx_int_t ngx_http_secops_read_password(ngx_conf_t *cf, ngx_str_t *file,
    ngx_str_t *password);


/* ngx_http_secops_conf_sentinel.c; merge and init come before those of the
   URL */

char *ngx_http_secops_set_sentinel(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

void ngx_http_secops_merge_sentinel(ngx_http_secops_redis_conf_t *prev,
    ngx_http_secops_redis_conf_t *conf);
ngx_int_t ngx_http_secops_init_sentinel(ngx_conf_t *cf,
    ngx_http_secops_redis_conf_t *conf, ngx_secops_redis_conf_t *redis);


/* ngx_http_secops_conf_redis_ssl.c; merge comes before the URL is merged */

void ngx_http_secops_create_redis_ssl(ngx_http_secops_redis_conf_t *conf);
void ngx_http_secops_merge_redis_ssl(ngx_http_secops_redis_conf_t *prev,
    ngx_http_secops_redis_conf_t *conf);
ngx_int_t ngx_http_secops_init_redis_ssl(ngx_conf_t *cf,
    ngx_http_secops_redis_conf_t *conf, ngx_secops_redis_conf_t *redis);


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


/* ngx_http_secops_definitions.c: the tables and the catalog, built in and of
   secops_schema_dir; the types of resources */

char *ngx_http_secops_load_definitions(ngx_conf_t *cf,
    ngx_http_secops_main_conf_t *mcf);

/* NULL: there is none */

secops_table_t *ngx_http_secops_table_by_endpoint(
    ngx_http_secops_main_conf_t *mcf, ngx_str_t *endpoint);
secops_table_t *ngx_http_secops_table_by_name(
    ngx_http_secops_main_conf_t *mcf, ngx_str_t *name);


/* ngx_http_secops_variables.c */

ngx_int_t ngx_http_secops_add_variables(ngx_conf_t *cf);


extern ngx_module_t  ngx_http_secops_module;


#endif /* _NGX_HTTP_SECOPS_H_INCLUDED_ */
