
/*
 * RESP replies, from bytes to a flat array of values: hiredis' redisReader
 * does the parsing, this keeps what it finds in memory that is used again for
 * the next reply, and sets limits, because a peer that went wrong must cost a
 * link, not the worker.
 */

#ifndef _NGX_SECOPS_REDIS_REPLY_H_INCLUDED_
#define _NGX_SECOPS_REDIS_REPLY_H_INCLUDED_


#include "redis/ngx_secops_redis.h"

#include <hiredis/hiredis.h>


#define NGX_SECOPS_REDIS_REPLY_VALUES  1048576
#define NGX_SECOPS_REDIS_REPLY_BYTES   (64 * 1024 * 1024)
#define NGX_SECOPS_REDIS_REPLY_DEPTH   7

/* of a status, an error, a number or a length: the parser looks for its end
   from its beginning each time that more has come */
#define NGX_SECOPS_REDIS_REPLY_LINE    65536


/* created zeroed; _init() and _free() in pairs, _free() twice does no harm */

typedef struct {
    redisReader                *reader;

    secops_redis_value_t       *values;         /* malloc'ed, they grow */
    ngx_uint_t                  nvalues;
    ngx_uint_t                  capacity;

    u_char                     *bytes;          /* what the values' strings
                                                   point into */
    size_t                      len;
    size_t                      size;

    size_t                      unread;         /* bytes fed after the last
                                                   whole reply: 0, unless a
                                                   part of one is there; without
                                                   hiredis' fields less those
                                                   fed with the end of that
                                                   one */
    ngx_uint_t                  errors;         /* values of type ERROR */
    unsigned                    complete:1;     /* a reply was handed out */

#if (NGX_SECOPS_HIREDIS_FIELDS)
    size_t                      peak;           /* most bytes that this reader
                                                   has held at a time */
#else
    size_t                      asked;          /* unread, when the reader was
                                                   asked for a reply last */
    u_char                      last;           /* byte that was fed */
    unsigned                    ends:1;         /* of a line, among the bytes
                                                   since then */
#endif

    const char                 *fault;          /* after NGX_ERROR; valid until
                                                   _free() */
} ngx_secops_redis_reply_t;


ngx_int_t ngx_secops_redis_reply_init(ngx_secops_redis_reply_t *reply);
void ngx_secops_redis_reply_free(ngx_secops_redis_reply_t *reply);


/* bytes as they come; NGX_ERROR: no memory, or a reply without end */

ngx_int_t ngx_secops_redis_reply_feed(ngx_secops_redis_reply_t *reply,
    u_char *data, size_t len);


/*
 * NGX_OK: values[0..nvalues) is the next reply, until the next call of this;
 * NGX_AGAIN: it is not complete; NGX_ERROR: not RESP, over a limit, no memory.
 */

ngx_int_t ngx_secops_redis_reply_next(ngx_secops_redis_reply_t *reply);


#endif /* _NGX_SECOPS_REDIS_REPLY_H_INCLUDED_ */
