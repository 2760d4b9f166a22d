
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
#include "http/ngx_http_secops_calls.h"
#include "http/ngx_http_secops_gunzip.h"
#include "util/secops_error.h"


/* the largest number of path parameters of a route */

#define NGX_HTTP_SECOPS_PARAMS  2


typedef struct ngx_http_secops_route_s  ngx_http_secops_route_t;
typedef struct ngx_http_secops_inner_s  ngx_http_secops_inner_t;
typedef struct ngx_http_secops_stream_s  ngx_http_secops_stream_t;


/* a reply that is not sent: of an inner request */

typedef struct {
    ngx_uint_t                        status;   /* 0: there is none yet */
    ngx_str_t                         body;     /* as the reply was given it */
} ngx_http_secops_kept_t;


/*
 *  IDLE ──> AUTHORIZED ──> WAIT ──> IDLE
 *    └> AUTH_WAIT ─^
 *           └> GONE ──> IDLE
 *
 * and from any of them to IDLE.
 */

typedef enum {
    NGX_HTTP_SECOPS_IDLE = 0,       /* the caller is not authorized yet, or was
                                       refused, or the request has ended */
    NGX_HTTP_SECOPS_AUTH_WAIT,      /* for what identity needs */
    NGX_HTTP_SECOPS_AUTHORIZED,
    NGX_HTTP_SECOPS_WAIT,           /* for what the operation needs */
    NGX_HTTP_SECOPS_GONE            /* the client left, but others wait for what
                                       the request fetches */
} ngx_http_secops_state_e;


/* goes on after identity had to wait.  Returns what the request is to be
   finalized with, or NGX_DONE */

typedef ngx_int_t (*ngx_http_secops_resume_pt)(ngx_http_secops_ctx_t *ctx);


/*
 * One request's state, in its pool; found as the module's ctx, or after an
 * internal redirect, which clears that, through the pool's cleanups.
 *
 * While it waits, the request is kept by a reference.  Whatever it waits for
 * calls ngx_http_secops_wake(), from an event of its own, or is an inner
 * request, whose end nginx tells: nothing else runs a request that waits, and
 * nothing else ends it.  All that is under way is cancelled first when it ends,
 * when nginx leads it on to another location, and when its pool goes: so no
 * handler sees a dead request.
 */

struct ngx_http_secops_ctx_s {
    ngx_http_request_t               *request;
    ngx_http_secops_state_e           state;
    const ngx_http_secops_route_t    *route;    /* NULL: none fits */
    ngx_str_t                         allow;    /* of a path whose method does
                                                   not fit: "GET, HEAD" */
    ngx_str_t                         params[NGX_HTTP_SECOPS_PARAMS];
    ngx_http_secops_auth_t            auth;     /* how far it has come */
    ngx_http_secops_resume_pt         resume;   /* once that may go on */
    ngx_http_secops_identity_t        identity;
    ngx_uint_t                        several;  /* 1: the operation may read
                                                   several domains together */
    ngx_str_t                         act_for;  /* domains that the request
                                                   names and may; empty: none,
                                                   so it is about its own */
    ngx_str_t                        *domains;  /* all of them, if there are
                                                   several; NULL: it is about
                                                   identity.domain */
    ngx_uint_t                        ndomains;
    ngx_http_secops_gunzip_t         *packed;   /* the body; NULL: it is not */

    ngx_http_secops_inner_t          *inner;    /* that it waits for; NULL:
                                                   there is none */
    ngx_http_secops_kept_t           *kept;     /* where the reply goes; NULL:
                                                   it is sent */
    ngx_http_secops_stream_t         *stream;   /* by which the reply is sent;
                                                   NULL: all at once */
    ngx_http_secops_calls_t           calls;    /* of the store */
    secops_error_e                    error;    /* answered, if any */
    ngx_uint_t                        refused;  /* 1: the audit knows that the
                                                   request was refused; for all
                                                   of its contexts */
    ngx_msec_t                        redis_time;  /* NGX_CONF_UNSET_MSEC:
                                                      Redis was not asked;
                                                      set with calls */
    void                             *data;     /* the operation's own */
};


/* NULL: this request did not come by the module */

ngx_http_secops_ctx_t *ngx_http_secops_get_ctx(ngx_http_request_t *r);

/* a fresh one, or the one that this request has, cleared; whatever was there is
   of another location.  It is not the module's ctx yet.  NULL: no memory */

ngx_http_secops_ctx_t *ngx_http_secops_create_ctx(ngx_http_request_t *r);

/* the same for a request that is known to have none */

ngx_http_secops_ctx_t *ngx_http_secops_add_ctx(ngx_http_request_t *r);


/* the route's operation; the caller holds a reference, which is given back when
   it ends, be it here or later */

void ngx_http_secops_operate(ngx_http_request_t *r);

/* cancels all that is under way and finalizes with rc: for an operation that
   has begun and cannot go on.  An answer handler returns rc instead */

void ngx_http_secops_end(ngx_http_secops_ctx_t *ctx, ngx_int_t rc);


/* for an operation that waits: something that will call ngx_http_secops_wake()
   is under way.  The operation returns the result */

ngx_int_t ngx_http_secops_wait(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx);

/* the same after ngx_http_secops_identify() returned NGX_AGAIN */

ngx_int_t ngx_http_secops_auth_wait(ngx_http_secops_ctx_t *ctx,
    ngx_http_secops_resume_pt resume);

/*
 * To be called by the handler of a store call or of an event, as the last thing
 * that it does; the calls and the pause of an operation do so by themselves.
 * The request goes on with answer(data, result), whose return value finalizes
 * it, unless that is NGX_DONE.  What is logged from here on is this request's.
 * The request and everything in its pool may be gone afterwards.
 */

void ngx_http_secops_wake(ngx_http_secops_ctx_t *ctx,
    ngx_http_secops_answer_pt answer, void *data,
    ngx_secops_store_result_t *result);

/* adds X-SecOps-Durability, for something that was stored */

ngx_int_t ngx_http_secops_add_durability(ngx_http_request_t *r);

/* $request_id: the same for the log, the audit and the client.  On NGX_ERROR
   it is empty */

ngx_int_t ngx_http_secops_request_id(ngx_http_request_t *r, ngx_str_t *id);


#endif /* _NGX_HTTP_SECOPS_REQUEST_H_INCLUDED_ */
