
/* A request's body as JSON. */

#ifndef _NGX_HTTP_SECOPS_JSON_H_INCLUDED_
#define _NGX_HTTP_SECOPS_JSON_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "model/json/secops_json.h"


/*
 * Reads the request's body, or another text, as JSON.  NGX_OK; NGX_DECLINED:
 * it is no acceptable JSON, *detail (in r->pool) says why; NGX_ERROR: no
 * memory, or the body could not be read.  The tokens may be memory of the
 * worker: they are valid until the operation returns to nginx, until the next
 * call, or until they are freed.  A caller that reads many texts frees the
 * tokens after each.  max is the most tokens that a body may have; 0: as many
 * as it has.
 */

ngx_int_t ngx_http_secops_read_json(ngx_http_request_t *r, ngx_uint_t max,
    secops_json_t *json, ngx_str_t *detail);

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


#endif /* _NGX_HTTP_SECOPS_JSON_H_INCLUDED_ */
