
/*
 * Operations: what a route leads to.
 *
 * An operation is called once the caller was authorized and the body, if it
 * takes one, was read.  It returns what the request is to be finalized with,
 * or NGX_DONE after ngx_http_secops_wait(): then it answers later, as the calls
 * of http/ngx_http_secops_calls.h come back.
 */

#ifndef _NGX_HTTP_SECOPS_API_H_INCLUDED_
#define _NGX_HTTP_SECOPS_API_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "http/ngx_http_secops.h"


/* groups of operations, as secops_api names them */

#define NGX_HTTP_SECOPS_RECORDS    0x0001
#define NGX_HTTP_SECOPS_TABLES     0x0002
#define NGX_HTTP_SECOPS_HEALTH     0x0004
#define NGX_HTTP_SECOPS_RESOURCES  0x0008
#define NGX_HTTP_SECOPS_AUDIT      0x0010
#define NGX_HTTP_SECOPS_CATALOG    0x0020
#define NGX_HTTP_SECOPS_JOBS       0x0040
#define NGX_HTTP_SECOPS_EVENTS     0x0080
#define NGX_HTTP_SECOPS_ERRORS     0x8000     /* alone: answers error_page */

#define NGX_HTTP_SECOPS_ALL                                                   \
    (NGX_HTTP_SECOPS_RECORDS|NGX_HTTP_SECOPS_TABLES|NGX_HTTP_SECOPS_HEALTH    \
     |NGX_HTTP_SECOPS_RESOURCES|NGX_HTTP_SECOPS_CATALOG                      \
     |NGX_HTTP_SECOPS_JOBS|NGX_HTTP_SECOPS_EVENTS|NGX_HTTP_SECOPS_AUDIT)


/*
 * Checks what the request's head alone tells, before the body is read.
 * NGX_DECLINED: there is no reason to refuse; what was found out is in
 * ctx->data.  Anything else was refused, the body first, and is returned.
 */

ngx_int_t ngx_http_secops_records_head(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_tables_create_head(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_tables_change_head(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_resources_save_head(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);


ngx_int_t ngx_http_secops_records_create(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_tables_get(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_tables_list(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_tables_create(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_tables_change(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_tables_delete(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_subjects_get(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_subject_get(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_batch(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_health_v1(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_health_v2(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_resources_save(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_resources_list(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_resources_delete(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_catalog_schema(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_catalog_types(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_catalog_categories(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_jobs_list(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_jobs_get(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_jobs_labels(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_jobs_get_named(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_jobs_labels_named(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_jobs_start(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_jobs_stop(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_jobs_train(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_events_create(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_events_put(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_events_get(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_events_export(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_events_decide(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_events_list(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_secrets_rotate(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_secrets_get(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_events_feedback(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_events_feedback_v2(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_scopes_get(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_audit_get(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);


/* answers an error that nginx or another module found, in the APIs' form */

ngx_int_t ngx_http_secops_errors(ngx_http_request_t *r);


#endif /* _NGX_HTTP_SECOPS_API_H_INCLUDED_ */
