
/*
 * Slices of a worker's time, for work that takes long: all requests that do
 * such work share one slice in each turn of the event loop.  So whoever else
 * has something to do waits for one slice, and not for as many as there are
 * such requests.
 *
 *     if (!ngx_http_secops_slice_begin(&slice)) {
 *         return ngx_http_secops_slice_pause(&slice, ctx, answer, data);
 *     }
 *
 *     do {
 *         a piece of work, a small one
 *     } while (!ngx_http_secops_slice_over(&slice));
 *
 *     return ngx_http_secops_slice_pause(&slice, ctx, answer, data);
 *
 * answer() begins another slice, and goes on with the work.
 */

#ifndef _NGX_HTTP_SECOPS_SLICE_H_INCLUDED_
#define _NGX_HTTP_SECOPS_SLICE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "http/ngx_http_secops_calls.h"


typedef struct {
    int64_t                 began;      /* microseconds; 0: it did not begin */
    int64_t                 before;     /* taken of this turn's slice before */
} ngx_http_secops_slice_t;


/* 1: it begins; 0: others have had the slice of this turn */

ngx_uint_t ngx_http_secops_slice_begin(ngx_http_secops_slice_t *slice);

/* 1: it is over */

ngx_uint_t ngx_http_secops_slice_over(ngx_http_secops_slice_t *slice);

/* goes on with answer(data, NULL) in a later turn, as ngx_http_secops_pause().
   Who had no slice comes before those who had one */

ngx_int_t ngx_http_secops_slice_pause(ngx_http_secops_slice_t *slice,
    ngx_http_secops_ctx_t *ctx, ngx_http_secops_answer_pt answer, void *data);


#endif /* _NGX_HTTP_SECOPS_SLICE_H_INCLUDED_ */
