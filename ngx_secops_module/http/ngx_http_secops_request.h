
/*
 * One request's state, and what operations need of it: to wait for the store,
 * to go on, to end.
 */

#ifndef _NGX_HTTP_SECOPS_REQUEST_H_INCLUDED_
#define _NGX_HTTP_SECOPS_REQUEST_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "identity/ngx_http_secops_identity.h"
#include "store/ngx_secops_store.h"
#include "util/ngx_http_secops_gunzip.h"
#include "util/secops_error.h"


/* the largest number of path parameters of a route */

#define NGX_HTTP_SECOPS_PARAMS  2


typedef struct ngx_http_secops_ctx_s  ngx_http_secops_ctx_t;

typedef struct ngx_http_secops_route_s  ngx_http_secops_route_t;


/*
 *  ROUTED ──> AUTHORIZED ──> BODY_WAIT ──> STORE_WAIT ──> REPLIED
 *     └> AUTH_WAIT ─^
 *
 * and from any of them to GONE, when nginx ends the request.
 */

typedef enum {
    NGX_HTTP_SECOPS_ROUTED = 0,
    NGX_HTTP_SECOPS_AUTH_WAIT,
    NGX_HTTP_SECOPS_AUTHORIZED,
    NGX_HTTP_SECOPS_BODY_WAIT,
    NGX_HTTP_SECOPS_STORE_WAIT,
    NGX_HTTP_SECOPS_REPLIED,
    NGX_HTTP_SECOPS_GONE
} ngx_http_secops_state_e;


/*
 * One request's state, in its pool; found as the module's ctx, or after an
 * internal redirect, which clears that, through the pool's cleanups.
 *
 * While it waits for the store, the request is kept by a reference that
 * ngx_http_secops_wait() took and ngx_http_secops_finish() gives back.  Should
 * nginx end the request before (the client left, the worker is told to go),
 * the pool cleanup cancels the calls, so that no handler sees a dead request.
 */

struct ngx_http_secops_ctx_s {
    ngx_http_request_t               *request;
    ngx_http_secops_state_e           state;
    const ngx_http_secops_route_t    *route;    /* NULL: none fits */
    ngx_str_t                         allow;    /* of a path whose method does
                                                   not fit: "GET, HEAD" */
    ngx_str_t                         params[NGX_HTTP_SECOPS_PARAMS];
    ngx_http_secops_auth_t            auth;     /* how far it has come */
    ngx_http_secops_identity_t        identity;
    ngx_http_secops_gunzip_t         *packed;   /* the body; NULL: it is not */

    ngx_secops_store_call_t         **calls;    /* to be cancelled */
    ngx_uint_t                        ncalls;

    secops_error_e                    error;    /* answered, if any */
    ngx_msec_t                        redis_time;  /* NGX_CONF_UNSET_MSEC:
                                                      Redis was not asked */
    void                             *data;     /* the operation's own */
};


/* NULL: this request did not come by the module */

ngx_http_secops_ctx_t *ngx_http_secops_get_ctx(ngx_http_request_t *r);

/* a fresh one, or the one that this request has, cleared; whatever was there is
   of another location.  It is not the module's ctx yet.  NULL: no memory */

ngx_http_secops_ctx_t *ngx_http_secops_create_ctx(ngx_http_request_t *r);

/* keeps the request until ngx_http_secops_finish(); its calls are under way */

ngx_int_t ngx_http_secops_wait(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);

/* to be called first in a store call's handler: what is logged from here on is
   this request's */

void ngx_http_secops_resume(ngx_http_request_t *r);

/* at the end of a store call's handler: finalizes with rc; the request and
   everything in its pool may be gone afterwards */

void ngx_http_secops_finish(ngx_http_request_t *r, ngx_http_secops_ctx_t *ctx,
    ngx_int_t rc);

/* notices when the client leaves: that ends the request with 499.  NGX_ERROR:
   the client can not be watched */

ngx_int_t ngx_http_secops_watch(ngx_http_request_t *r);

/* what is under way, calls and the body's unpacking, will not be answered */

void ngx_http_secops_cancel(ngx_http_secops_ctx_t *ctx);

/* adds X-SecOps-Durability, for something that was stored */

ngx_int_t ngx_http_secops_add_durability(ngx_http_request_t *r);

/* $request_id: the same for the log, the audit and the client.  On NGX_ERROR
   it is empty */

ngx_int_t ngx_http_secops_request_id(ngx_http_request_t *r, ngx_str_t *id);


#endif /* _NGX_HTTP_SECOPS_REQUEST_H_INCLUDED_ */
