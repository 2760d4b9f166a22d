
/*
 * Operations: what a route leads to.
 *
 * An operation is called once the caller was authorized and the body, if it
 * takes one, was read.  It returns what the request is to be finalized with,
 * or NGX_DONE after ngx_http_secops_wait(): then it answers later, when a store
 * call's handler wakes it by ngx_http_secops_wake().
 */

#ifndef _NGX_HTTP_SECOPS_API_H_INCLUDED_
#define _NGX_HTTP_SECOPS_API_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "http/ngx_http_secops_request.h"
#include "model/secops_json.h"


/* groups of operations, as secops_api names them */

#define NGX_HTTP_SECOPS_RECORDS    0x0001
#define NGX_HTTP_SECOPS_TABLES     0x0002
#define NGX_HTTP_SECOPS_HEALTH     0x0004
#define NGX_HTTP_SECOPS_RESOURCES  0x0008
#define NGX_HTTP_SECOPS_AUDIT      0x0010
#define NGX_HTTP_SECOPS_CATALOG    0x0020
#define NGX_HTTP_SECOPS_JOBS       0x0040
#define NGX_HTTP_SECOPS_ERRORS     0x8000     /* alone: answers error_page */

#define NGX_HTTP_SECOPS_ALL                                                   \
    (NGX_HTTP_SECOPS_RECORDS|NGX_HTTP_SECOPS_TABLES|NGX_HTTP_SECOPS_HEALTH    \
     |NGX_HTTP_SECOPS_RESOURCES|NGX_HTTP_SECOPS_CATALOG                      \
     |NGX_HTTP_SECOPS_JOBS|NGX_HTTP_SECOPS_AUDIT)


typedef ngx_int_t (*ngx_http_secops_operation_pt)(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);


/*
 * Of an operation that takes a body, where the request's head alone may be a
 * reason to refuse it.  NGX_DECLINED: it is none; what was found out is in
 * ctx->data.  Else to be returned: it has refused the body first.
 */

ngx_int_t ngx_http_secops_records_head(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_resources_save_head(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);


ngx_int_t ngx_http_secops_records_create(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_tables_get(ngx_http_request_t *r,
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
ngx_int_t ngx_http_secops_jobs_start(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_jobs_stop(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_jobs_train(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_scopes_get(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);
ngx_int_t ngx_http_secops_audit_get(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);


/* answers an error that nginx or another module found, in the APIs' form */

ngx_int_t ngx_http_secops_errors(ngx_http_request_t *r);


/*
 * Reads the request's body, or another text, as JSON.  NGX_OK; NGX_DECLINED:
 * it is no acceptable JSON, *detail (in r->pool) says why; NGX_ERROR: no
 * memory, or the body could not be read.  The tokens may be memory of the
 * worker: they are valid until the operation returns to nginx, until the next
 * call, or until they are freed, which who reads many texts does after each.
 */

ngx_int_t ngx_http_secops_read_json(ngx_http_request_t *r, secops_json_t *json,
    ngx_str_t *detail);

/* the same of a body that is no one document; it may be empty, and is valid as
   long as the request.  NGX_DECLINED: it can not be unpacked */

ngx_int_t ngx_http_secops_read_text(ngx_http_request_t *r, ngx_str_t *text,
    ngx_str_t *detail);
ngx_int_t ngx_http_secops_parse_json(ngx_http_request_t *r, ngx_str_t *text,
    secops_json_t *json, ngx_str_t *detail);

/*
 * The same for a body that may be a batch.  On NGX_OK, *detail may be set: the
 * body is unsound, as it says, but perhaps in an element of a batch.  Then the
 * next one answers NGX_OK, or NGX_DECLINED and why, for each of them; what is
 * no batch, and what it has declined, must not be looked at.
 */

ngx_int_t ngx_http_secops_read_batch(ngx_http_request_t *r,
    secops_json_t *json, ngx_str_t *detail);
ngx_int_t ngx_http_secops_check_element(ngx_http_request_t *r,
    const secops_json_t *json, uint32_t i, ngx_str_t *detail);

void ngx_http_secops_free_json(ngx_http_request_t *r, secops_json_t *json);

/* moves the tokens to r->pool: they stay valid after the operation returned to
   nginx.  NGX_ERROR: no memory */

ngx_int_t ngx_http_secops_keep_json(ngx_http_request_t *r,
    secops_json_t *json);


#endif /* _NGX_HTTP_SECOPS_API_H_INCLUDED_ */
