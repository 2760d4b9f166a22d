
/* A reading of the audit; shared by its list and its export. */

#ifndef _NGX_HTTP_SECOPS_API_AUDIT_H_INCLUDED_
#define _NGX_HTTP_SECOPS_API_AUDIT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "http/ngx_http_secops.h"
#include "http/share/ngx_http_secops_stream.h"
#include "store/ngx_secops_store_audit.h"


typedef struct ngx_http_secops_audit_s  ngx_http_secops_audit_t;


/* all streams have answered, or audit->error says why not.  Returns what the
   request is to be finalized with, or NGX_DONE */

typedef ngx_int_t (*ngx_http_secops_audit_reply_pt)(
    ngx_http_secops_audit_t *audit);


/* one stream of the request */

typedef struct {
    ngx_http_secops_audit_t         *audit;
    ngx_http_secops_call_t           link;
    ngx_secops_store_call_t          call;
} ngx_http_secops_audit_stream_t;


/* in the request's pool; the calls are cancelled before that goes */

struct ngx_http_secops_audit_s {
    ngx_http_request_t              *request;
    ngx_http_secops_ctx_t           *ctx;
    secops_audit_query_t             query;
    ngx_uint_t                       count;     /* asked of each stream */

    ngx_http_secops_audit_stream_t   streams[SECOPS_AUDIT_STREAMS];
    secops_audit_run_t               runs[SECOPS_AUDIT_STREAMS];
    ngx_uint_t                       nstreams;

    ngx_pool_t                      *pool;      /* of the entries that were
                                                   read: the request's, or one
                                                   for each part of an export,
                                                   until it is sent: NULL */
    ngx_http_secops_audit_reply_pt   reply;
    secops_error_e                   error;     /* NONE: all have answered */
    ngx_str_t                        reason;    /* for the log */

    /* of an export */

    ngx_http_secops_stream_t         stream;
    u_char                          *part;      /* of the lines that are sent;
                                                   NULL: there are none now */
    ngx_uint_t                       begun;     /* 1: the header was sent */
    ngx_uint_t                       bounded;   /* 1: it ends after so many */
    ngx_uint_t                       left;      /* entries */
    ngx_uint_t                       more;      /* 1: there is another part */
    secops_slice_t                   domain;    /* for each entry */
};


/* ngx_http_secops_api_audit_read.c */

/* the streams that the query asks, and how much of each; once */

void ngx_http_secops_audit_streams(ngx_http_secops_audit_t *audit);

/* asks all streams, for what follows query.after if it has one.  Returns as the
   store does: NGX_OK, or why not all could be started */

ngx_int_t ngx_http_secops_audit_start(ngx_http_secops_audit_t *audit);

/* the caller's domain as the inside of a JSON string, in the request's pool */

ngx_int_t ngx_http_secops_audit_domain(ngx_http_secops_audit_t *audit,
    secops_slice_t *domain);


/* ngx_http_secops_api_audit_export.c */

/* 1: the request wants lines */

ngx_uint_t ngx_http_secops_audit_exports(ngx_http_request_t *r);

/* a reading becomes an export, before it is started.  NGX_DECLINED: it may be
   started; else to be returned by the operation */

ngx_int_t ngx_http_secops_audit_export(ngx_http_secops_audit_t *audit);


#endif /* _NGX_HTTP_SECOPS_API_AUDIT_H_INCLUDED_ */
