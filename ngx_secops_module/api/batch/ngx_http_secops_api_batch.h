
/*
 * The batch of the Table API, for the files of this folder: requests of one
 * document, run one after the other as inner requests, and their answers.
 */

#ifndef _NGX_HTTP_SECOPS_API_BATCH_H_INCLUDED_
#define _NGX_HTTP_SECOPS_API_BATCH_H_INCLUDED_


#include "api/ngx_http_secops_api.h"
#include "http/ngx_http_secops_inner.h"
#include "http/ngx_http_secops_json.h"
#include "model/batch/secops_batch.h"


/*
 * In the request's pool.  Requests at the array's place "next" and behind it
 * were not run yet.  The answers stand in the chain in the order of the
 * requests, as they are sent.
 */

typedef struct {
    ngx_http_request_t       *request;
    ngx_http_secops_ctx_t    *ctx;
    secops_json_t             json;         /* kept in the pool */
    uint32_t                  next;         /* token; the array's end: none */
    uint32_t                  end;
    ngx_uint_t                left;         /* that may still be run */
    ngx_msec_t                start;

    secops_batch_item_t       item;         /* that runs, or was run last */
    ngx_http_secops_inner_t  *inner;

    ngx_chain_t              *out;
    ngx_chain_t             **last;
    ngx_uint_t                answers;      /* in the chain */
    size_t                    bytes;        /* of the bodies answered so far */
    size_t                    work;         /* since others were served, see
                                               NGX_HTTP_SECOPS_BATCH_WORK */

    u_char                   *encoded;      /* where the body's text goes on */
    ngx_str_t                 plain;        /* what is left of the body */
} ngx_http_secops_batch_t;


/*
 * What is done at a stretch, in bytes that are decoded, run with and encoded:
 * a few milliseconds at most.  A request counts as so many by itself.
 */

#define NGX_HTTP_SECOPS_BATCH_WORK     (1024 * 1024)
#define NGX_HTTP_SECOPS_BATCH_REQUEST  (16 * 1024)


/* ngx_http_secops_api_batch_reply.c */

/*
 * Adds the answer of the inner request that has ended, but for the text of its
 * body, which is b->plain and goes to b->encoded.  NGX_ERROR: no memory.
 */

ngx_int_t ngx_http_secops_batch_add(ngx_http_secops_batch_t *b);

/* encodes a piece of it.  1: that was the last one, and the answer is whole */

ngx_uint_t ngx_http_secops_batch_encode(ngx_http_secops_batch_t *b);

/* sends all answers, and the ids of requests that were not run */

ngx_int_t ngx_http_secops_batch_reply(ngx_http_secops_batch_t *b);


#endif /* _NGX_HTTP_SECOPS_API_BATCH_H_INCLUDED_ */
