
/*
 * A response that is sent part by part, while it is made: however much it is,
 * and however slowly its client reads, it takes the memory of one part.
 *
 *     rc = ngx_http_secops_stream_begin(&stream, ctx, &type);
 *
 *     for each part, unless rc is another one than NGX_DECLINED:
 *         rc = ngx_http_secops_stream_send(&stream, &part, answer, data);
 *
 *     return ngx_http_secops_stream_end(&stream);
 *
 * What cannot be completed any more is ended by returning NGX_ERROR: then the
 * connection is closed before the response has ended, so that nobody takes it
 * for a whole one.  Not for an operation that runs as an inner request, nor in
 * a subrequest.
 */

#ifndef _NGX_HTTP_SECOPS_STREAM_H_INCLUDED_
#define _NGX_HTTP_SECOPS_STREAM_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "http/ngx_http_secops_request.h"


/* in the request's pool; filled in by _begin() */

struct ngx_http_secops_stream_s {
    ngx_http_secops_ctx_t       *ctx;
    ngx_chain_t                 *free;      /* buffers that are to be used
                                               again, */
    ngx_chain_t                 *busy;      /* and those that have not left */
    ngx_http_secops_answer_pt    answer;    /* once they have */
    void                        *data;
};


/* sends the header, status 200.  NGX_DECLINED: parts may follow; else there is
   no body, or it failed: to be returned by the operation */

ngx_int_t ngx_http_secops_stream_begin(ngx_http_secops_stream_t *stream,
    ngx_http_secops_ctx_t *ctx, ngx_str_t *type);

/*
 * The part is borrowed until it has left.  NGX_DECLINED: it has; NGX_DONE:
 * answer(data, NULL) is called once it has; else to be returned.  The operation
 * waits, as ngx_http_secops_wait() has it.
 */

ngx_int_t ngx_http_secops_stream_send(ngx_http_secops_stream_t *stream,
    ngx_str_t *part, ngx_http_secops_answer_pt answer, void *data);

/* there are no more parts; to be returned */

ngx_int_t ngx_http_secops_stream_end(ngx_http_secops_stream_t *stream);


#endif /* _NGX_HTTP_SECOPS_STREAM_H_INCLUDED_ */
