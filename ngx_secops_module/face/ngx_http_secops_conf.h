
/* Directives: what reads, merges and completes the configuration. */

#ifndef _NGX_HTTP_SECOPS_CONF_H_INCLUDED_
#define _NGX_HTTP_SECOPS_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "http/ngx_http_secops.h"


/* face/ngx_http_secops_conf.c */

char *ngx_http_secops_set_api(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* completes a location's conf once it was merged; NGX_CONF_ERROR was logged */

char *ngx_http_secops_init_store(ngx_conf_t *cf,
    ngx_http_secops_loc_conf_t *conf);

/* of a location that was merged, when it seems to be protected and is not */

void ngx_http_secops_warn_unserved(ngx_conf_t *cf,
    ngx_http_secops_loc_conf_t *conf);


/* face/ngx_http_secops_conf_watch.c: for as long as the "http" block is read,
   takes down what limit_req and limit_conn go by, and which variables are
   maps */

ngx_int_t ngx_http_secops_watch_conf(ngx_conf_t *cf);
void ngx_http_secops_unwatch_conf(void);

/* once it was read: mcf->maps */

ngx_int_t ngx_http_secops_index_maps(ngx_conf_t *cf,
    ngx_http_secops_main_conf_t *mcf);

void ngx_http_secops_merge_limits(ngx_http_secops_loc_conf_t *prev,
    ngx_http_secops_loc_conf_t *conf);

/* of a location whose methods are complete: warns of limits by a caller who is
   not known yet when they are looked at */

void ngx_http_secops_check_limits(ngx_conf_t *cf,
    ngx_http_secops_main_conf_t *mcf, ngx_http_secops_loc_conf_t *conf);


/* face/ngx_http_secops_conf_limits.c */

char *ngx_http_secops_set_max_resources(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_secops_set_query_scan(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* entries about requests that are refused; _REFUSALS of them in a second if
   nothing is said */

#define NGX_HTTP_SECOPS_REFUSALS  10

char *ngx_http_secops_set_audit_refusals(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* face/ngx_http_secops_conf_secrets.c */

char *ngx_http_secops_set_secrets_key_file(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* warns of the first location that has no keys for the secrets that it stores;
   of a location that was merged, and serves something */

void ngx_http_secops_check_secrets(ngx_conf_t *cf,
    ngx_http_secops_main_conf_t *mcf, ngx_http_secops_loc_conf_t *conf);


/* face/ngx_http_secops_conf_retention.c */

char *ngx_http_secops_set_retention(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* once the tables were loaded: what the configuration before has left */

void ngx_http_secops_inherit_retention(ngx_conf_t *cf,
    ngx_http_secops_main_conf_t *mcf);

/* of a location that was merged */

void ngx_http_secops_init_retention(ngx_http_secops_main_conf_t *mcf,
    ngx_http_secops_loc_conf_t *conf);


/* face/ngx_http_secops_conf_redis.c */

char *ngx_http_secops_set_max_pending(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_secops_set_durability(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_secops_set_cluster_map(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* words of a directive that may be repeated, into an array of ngx_str_t; and
   the same of one that may not */

char *ngx_http_secops_set_redis_words(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_secops_set_sentinel(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* conf->store.redis, from what was merged */

ngx_int_t ngx_http_secops_init_redis(ngx_conf_t *cf,
    ngx_http_secops_loc_conf_t *conf);


/* face/ngx_http_secops_definitions.c: the tables and the catalog, built in and
   of secops_schema_dir; the types of resources */

char *ngx_http_secops_load_definitions(ngx_conf_t *cf,
    ngx_http_secops_main_conf_t *mcf);


/* face/ngx_http_secops_process.c: of a worker, and of nginx that is its own */

ngx_int_t ngx_http_secops_init_process(ngx_cycle_t *cycle);
void ngx_http_secops_exit_process(ngx_cycle_t *cycle);


/* face/ngx_http_secops_variables.c */

ngx_int_t ngx_http_secops_add_variables(ngx_conf_t *cf);


#endif /* _NGX_HTTP_SECOPS_CONF_H_INCLUDED_ */
