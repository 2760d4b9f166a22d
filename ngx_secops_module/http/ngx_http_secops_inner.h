
/*
 * A request within a request: an operation that runs for the same caller, in
 * the same location, with a method, a path, headers and a body of its own.  Its
 * reply is kept instead of being sent.
 *
 * It is a background subrequest of nginx, but nginx neither looks for a
 * location nor runs a phase for it: no other location can be reached with the
 * caller's identity, and no other module takes part.  What the outer request
 * had to pass in its location, the inner one need not pass again; whether the
 * caller may use the inner route is decided for each.  A method that
 * "limit_except" restricts in this location is refused.
 */

#ifndef _NGX_HTTP_SECOPS_INNER_H_INCLUDED_
#define _NGX_HTTP_SECOPS_INNER_H_INCLUDED_


#include "http/ngx_http_secops.h"


/*
 * In the outer request's pool; one serves for many inner requests, one after
 * the other.  Each has a pool of its own, where all lies that it takes: so many
 * of them take no more than one.  Strings are borrowed, from that pool or from
 * the outer request's.
 */

struct ngx_http_secops_inner_s {
    ngx_pool_t                  *pool;      /* NULL: there is none now */
    ngx_http_secops_ctx_t       *outer;

    /* what is asked.  Set by who starts it */

    ngx_str_t                    method;    /* "GET" */
    ngx_str_t                    url;       /* path and query */
    ngx_str_t                    body;      /* empty: none */
    ngx_str_t                    content_type;  /* of the headers; data is */
    ngx_str_t                    if_match;      /* NULL: it is not there */
    ngx_str_t                    if_none_match;
    ngx_uint_t                   groups;    /* of operations that may be
                                               reached: those that are about one
                                               table */
    ngx_str_t                    fault;     /* not empty: nothing runs, and it
                                               is answered 400 with this
                                               detail */

    /* what was answered */

    ngx_http_secops_kept_t       kept;      /* in the inner request's pool */
    ngx_list_t                  *headers;   /* of ngx_table_elt_t */
    ngx_msec_t                   time;      /* milliseconds that it took */
    ngx_uint_t                   asked;     /* 1: it waited for Redis */

    /* not for who starts it */

    ngx_http_secops_ctx_t       *ctx;       /* of the inner request.  The outer
                                               one has this as its "inner" from
                                               the start until it goes on */
    ngx_uint_t                   done;      /* 1: the reply is there */
    ngx_http_posted_request_t    posted;    /* of the outer request, which goes
                                               on */
    ngx_http_secops_answer_pt    answer;
    void                        *data;
};


/* NULL: no memory */

ngx_http_secops_inner_t *ngx_http_secops_inner_create(
    ngx_http_secops_ctx_t *outer);

/* before each inner request: nothing is asked, and there is a pool.  NGX_ERROR:
   no memory */

ngx_int_t ngx_http_secops_inner_clear(ngx_http_secops_inner_t *inner);

/* after each, once its reply is of no more use: all that it took is given back,
   its reply too */

void ngx_http_secops_inner_free(ngx_http_secops_inner_t *inner);

/*
 * Starts it.  The operation waits, and goes on with answer(data, NULL) once the
 * reply is there, never before this has returned; one at a time.  NGX_ERROR: no
 * memory; nothing was started, and the operation may answer that.
 */

ngx_int_t ngx_http_secops_inner_start(ngx_http_secops_inner_t *inner,
    ngx_http_secops_answer_pt answer, void *data);


#endif /* _NGX_HTTP_SECOPS_INNER_H_INCLUDED_ */
