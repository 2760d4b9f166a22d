
/*
 * The asynchronous half of an operation: the calls of the store that it has
 * under way, and the pause that it makes.
 *
 *     for each call:
 *         ngx_http_secops_calls_add(ctx, link, call, answer, data);
 *         rc = ngx_http_secops_calls_sent(ctx, ngx_secops_store_…(call, …));
 *
 *     return ngx_http_secops_wait(r, ctx);
 *
 *     answer(data, result), once for each call that was sent:
 *         return ctx->calls.pending ? NGX_DONE : reply
 *
 * The operation owns its calls and keeps them in the request's pool.  What is
 * under way is cancelled when the request ends, when its client leaves, and
 * when nginx leads it on to another location: such a request gets no answer.
 */

#ifndef _NGX_HTTP_SECOPS_CALLS_H_INCLUDED_
#define _NGX_HTTP_SECOPS_CALLS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "store/ngx_secops_store.h"
#include "store/ngx_secops_store_audit.h"
#include "util/secops_error.h"


/* a request's state: see http/ngx_http_secops_request.h */

typedef struct ngx_http_secops_ctx_s  ngx_http_secops_ctx_t;

typedef struct ngx_http_secops_call_s  ngx_http_secops_call_t;


/* what is asked of the store, as far as it matters for the error */

typedef enum {
    NGX_HTTP_SECOPS_READ = 0,       /* a record, or the audit */
    NGX_HTTP_SECOPS_WRITE,          /* records */
    NGX_HTTP_SECOPS_RECALL,         /* a record that is to be changed by one
                                       that is written */
    NGX_HTTP_SECOPS_CHANGE,         /* a record that is there */
    NGX_HTTP_SECOPS_DELETE,
    NGX_HTTP_SECOPS_FIND,           /* resources, or what is kept beside them */
    NGX_HTTP_SECOPS_FEEDBACK,       /* feedback on an event, and its vote */
    NGX_HTTP_SECOPS_POINT,          /* pointers to api keys, before a save */
    NGX_HTTP_SECOPS_SAVE,           /* resources */
    NGX_HTTP_SECOPS_SEND,           /* events */
    NGX_HTTP_SECOPS_DECIDE,         /* what a processor decided on an event */

    NGX_HTTP_SECOPS_KINDS
} ngx_http_secops_kind_e;


/* goes on with an operation after what it waited for; result is NULL after a
   pause.  Returns what the request is to be finalized with, or NGX_DONE if it
   waits for more */

typedef ngx_int_t (*ngx_http_secops_answer_pt)(void *data,
    ngx_secops_store_result_t *result);


/* links a call of the store to its request; filled in by _calls_add() */

struct ngx_http_secops_call_s {
    ngx_http_secops_call_t     *next;
    ngx_http_secops_ctx_t      *ctx;
    ngx_secops_store_call_t    *call;
    ngx_http_secops_answer_pt   answer;
    void                       *data;       /* the operation's own */
};


/* a timer, which is in the request's pool */

typedef struct {
    ngx_event_t                 timer;
    ngx_http_secops_ctx_t      *ctx;
    ngx_http_secops_answer_pt   answer;
    void                       *data;
} ngx_http_secops_pause_t;


/* in the request's context, zeroed at first.  Operations read pending and set
   nothing */

typedef struct {
    ngx_http_secops_call_t     *first;      /* of all that were added */
    ngx_uint_t                  pending;    /* sent, and not answered yet */
    ngx_msec_t                  before;     /* Redis' time of what was answered
                                               before any of these was sent */
    ngx_http_secops_pause_t    *pause;      /* NULL: there was none yet */
} ngx_http_secops_calls_t;


/* To be called before the store starts the call.  A call that is sent again
   once it was answered is added once. */

void ngx_http_secops_calls_add(ngx_http_secops_ctx_t *ctx,
    ngx_http_secops_call_t *link, ngx_secops_store_call_t *call,
    ngx_http_secops_answer_pt answer, void *data);

/* counts a call that the store has started with rc, and returns rc */

ngx_int_t ngx_http_secops_calls_sent(ngx_http_secops_ctx_t *ctx, ngx_int_t rc);

/* of a call whose memory goes before the request does: it is as if it had been
   answered, and may be sent again */

void ngx_http_secops_calls_cancel(ngx_http_secops_call_t *link);

/* after the store returned NGX_BUSY: the error for a call of that kind, and why
   in *reason, for the log */

secops_error_e ngx_http_secops_calls_busy(ngx_http_secops_ctx_t *ctx,
    ngx_http_secops_kind_e kind, ngx_str_t *reason);

/*
 * For an operation that reads and needs all of its calls.  rc is NGX_OK when
 * they all have started: then it waits.  Otherwise rc is what the store
 * returned for the call that did not start: then an error is answered.  To be
 * returned by the operation.
 */

ngx_int_t ngx_http_secops_calls_wait(ngx_http_secops_ctx_t *ctx, ngx_int_t rc);


/*
 * Goes on with answer(data, NULL) after so many milliseconds, at least one.
 * Until then the worker serves others.  Returns NGX_DONE, or what the request
 * is to be finalized with when there is no memory.
 */

ngx_int_t ngx_http_secops_pause(ngx_http_secops_ctx_t *ctx, ngx_msec_t time,
    ngx_http_secops_answer_pt answer, void *data);


/* what calls are made with: the location's store, the keys of the caller's
   domain, and who does it, for the audit: nobody, if the caller is not known.
   All is valid as long as the request */

ngx_secops_store_t *ngx_http_secops_store(ngx_http_secops_ctx_t *ctx);
void ngx_http_secops_keyspace(ngx_http_secops_ctx_t *ctx,
    secops_keyspace_t *space);
void ngx_http_secops_caller(ngx_http_secops_ctx_t *ctx,
    ngx_secops_store_audit_t *audit);

/* of an operation that may read several domains together: the keys of each, in
   the request's pool, and *n of them, one at least.  NULL: no memory */

secops_keyspace_t *ngx_http_secops_keyspaces(ngx_http_secops_ctx_t *ctx,
    ngx_uint_t *n);


#endif /* _NGX_HTTP_SECOPS_CALLS_H_INCLUDED_ */
