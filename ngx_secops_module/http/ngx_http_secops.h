
/*
 * What all files share that may see a request: the module, its configuration
 * as types, and a route.  There is no function here.
 */

#ifndef _NGX_HTTP_SECOPS_H_INCLUDED_
#define _NGX_HTTP_SECOPS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "http/ngx_http_secops_calls.h"
#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_request.h"
#include "identity/ngx_http_secops_identity.h"
#include "model/catalog/secops_catalog.h"
#include "model/record/secops_table.h"
#include "model/resource/secops_resource.h"
#include "model/secret/secops_secret.h"
#include "redis/ngx_secops_redis.h"
#include "store/ngx_secops_store.h"


/* members of any one object in a body */

#define NGX_HTTP_SECOPS_MAX_MEMBERS  4096

/* bytes of a body once it is unpacked, whatever client_max_body_size allows */

#define NGX_HTTP_SECOPS_MAX_UNPACKED  (32 * 1024 * 1024)

/*
 * Callers that may use a route: all; all that are identified; those that have
 * the permission or the scope.  Where the first parameter of the path is the
 * name or the endpoint of a table, also those that have the scope narrowed to
 * this table.  Where the operation is about several tables, also those that
 * have it narrowed to some of them: it asks about each, and leaves the others
 * out.  Where it is about a job, also all api keys: the operation asks whether
 * this is an input key of the job.
 */

#define NGX_HTTP_SECOPS_PUBLIC      0
#define NGX_HTTP_SECOPS_KNOWN       1
#define NGX_HTTP_SECOPS_GRANTED     2
#define NGX_HTTP_SECOPS_TABLE       3
#define NGX_HTTP_SECOPS_ENDPOINT    4
#define NGX_HTTP_SECOPS_SOME        5
#define NGX_HTTP_SECOPS_JOB         6


/* limits that may go by who calls */

#define NGX_HTTP_SECOPS_LIMIT_REQ   0
#define NGX_HTTP_SECOPS_LIMIT_CONN  1
#define NGX_HTTP_SECOPS_LIMITS      2


/* a zone whose key has a variable that says who calls */

typedef struct {
    ngx_uint_t                        limit;    /* NGX_HTTP_SECOPS_LIMIT_* */
    ngx_str_t                         zone;
    ngx_str_t                         variable;
    ngx_uint_t                        warned;   /* 1: nginx -t has said what is
                                                   wrong with it */
} ngx_http_secops_limit_key_t;


/* finds the route of a request, as face/ngx_http_secops_phases.h has it: the
   table of routes lies above what an inner request is run by */

typedef ngx_int_t (*ngx_http_secops_find_route_pt)(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, ngx_uint_t groups);


typedef struct {
    ngx_array_t                       redis;    /* of ngx_secops_redis_t * */
    ngx_array_t                       tables;   /* of secops_table_t */
    ngx_array_t                       api_keys; /* of ngx_secops_api_keys_t *:
                                                   what the locations know */
    secops_catalog_t                  catalog;  /* freed with the cycle */
    secops_resource_model_t           resources;  /* freed with the cycle */
    ngx_str_t                         schema_dir;
    ngx_array_t                       map_names;  /* of ngx_str_t */
    ngx_array_t                       maps;     /* of ngx_int_t: the indices of
                                                   variables that are maps */
    ngx_array_t                       limit_keys;  /* of
                                                    ngx_http_secops_limit_key_t
                                                    */
    int64_t                           retention;  /* the longest that a location
                                                     has; 0: none has any */
    ngx_uint_t                        refusals;  /* in the audit, by a worker
                                                    and domain in a period; 0:
                                                    none */
    time_t                            refusals_period;  /* seconds */
    int64_t                           retired;  /* of all tables, see
                                                   secops_table_t */
    ngx_uint_t                        plain_secrets;  /* 1: that a location
                                                         has no keys was told */
    ngx_int_t                         request_id;  /* variable's index */
    ngx_http_secops_find_route_pt     find_route;  /* ngx_http_secops_route() */
} ngx_http_secops_main_conf_t;


/* read-only once the configuration was read: what a request decides is in its
   context */

typedef struct {
    ngx_uint_t                        groups;   /* NGX_HTTP_SECOPS_*; 0: the
                                                   API is not served here */
    ngx_secops_redis_conf_t           redis;    /* becomes store.redis */
    ngx_http_secops_identity_conf_t   identity;
    ngx_secops_store_t                store;

    ngx_http_complex_value_t         *public_url;  /* NULL: the request's own
                                                      scheme and host */
    secops_secret_keys_t             *secrets;  /* of the cycle; NULL: they
                                                   are stored as they are */
    ngx_int_t                         max_depth;
    ngx_int_t                         max_batch;
    ngx_uint_t                        max_resources;  /* of a domain, and */
    size_t                            max_resources_bytes;  /* of them all */
    ngx_uint_t                        scan_records;  /* that a query reads at */
    ngx_msec_t                        scan_time;     /* most, and how long */
    ngx_int_t                         audit_maxlen;
    ngx_int_t                         event_queue;  /* of a job; 0: all stay */

    ngx_array_t                      *limits[NGX_HTTP_SECOPS_LIMITS];
                                                /* of ngx_str_t, the zones that
                                                   apply here; NULL: none */
} ngx_http_secops_loc_conf_t;


/* what a route leads to; api/ngx_http_secops_api.h says what it returns */

typedef ngx_int_t (*ngx_http_secops_operation_pt)(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);


struct ngx_http_secops_route_s {
    ngx_str_t                         path;     /* "*": one segment, kept;
                                                   "**": all that is left */
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


extern ngx_module_t  ngx_http_secops_module;


#endif /* _NGX_HTTP_SECOPS_H_INCLUDED_ */
