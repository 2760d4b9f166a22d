
/* Requests within a request; see ngx_http_secops_inner.h. */

#include "http/ngx_http_secops_inner.h"
#include "http/access/ngx_http_secops_access.h"
#include "http/access/ngx_http_secops_act.h"
#include "http/ngx_http_secops_body.h"
#include "http/access/ngx_http_secops_refuse.h"


static void ngx_http_secops_inner_cleanup(void *data);
static ngx_http_request_t *ngx_http_secops_inner_subrequest(
    ngx_http_secops_inner_t *inner);
static void ngx_http_secops_inner_drop(ngx_http_request_t *sr);
static ngx_int_t ngx_http_secops_inner_set_variables(ngx_http_request_t *sr);
static ngx_int_t ngx_http_secops_inner_set_request(ngx_http_request_t *sr,
    ngx_http_secops_inner_t *inner);
static ngx_uint_t ngx_http_secops_inner_method(ngx_str_t *name);
static ngx_int_t ngx_http_secops_inner_set_headers(ngx_http_request_t *sr,
    ngx_http_secops_inner_t *inner);
static ngx_int_t ngx_http_secops_inner_set_header(ngx_http_request_t *sr,
    const char *name, ngx_str_t *value, ngx_table_elt_t **header);
static ngx_int_t ngx_http_secops_inner_set_body(ngx_http_request_t *sr,
    ngx_str_t *body);
static void ngx_http_secops_inner_handler(ngx_http_request_t *sr);
static ngx_int_t ngx_http_secops_inner_route(ngx_http_request_t *sr,
    ngx_http_secops_ctx_t *ctx, ngx_http_secops_inner_t *inner);
static ngx_int_t ngx_http_secops_inner_operate(ngx_http_request_t *sr,
    ngx_http_secops_ctx_t *ctx, ngx_http_secops_inner_t *inner);
static ngx_int_t ngx_http_secops_inner_done(ngx_http_request_t *sr, void *data,
    ngx_int_t rc);
static ngx_int_t ngx_http_secops_inner_fail(ngx_http_request_t *sr,
    ngx_http_secops_ctx_t *ctx);
static void ngx_http_secops_inner_goes_on(ngx_http_request_t *r);


/* what a usual inner request takes lies in one piece */

#define NGX_HTTP_SECOPS_INNER_POOL  4096


typedef struct {
    ngx_str_t   name;
    ngx_uint_t  method;
} ngx_http_secops_inner_method_t;


static const ngx_http_secops_inner_method_t  ngx_http_secops_inner_methods[] = {
    { ngx_string("GET"), NGX_HTTP_GET },
    { ngx_string("POST"), NGX_HTTP_POST },
    { ngx_string("PUT"), NGX_HTTP_PUT },
    { ngx_string("PATCH"), NGX_HTTP_PATCH },
    { ngx_string("DELETE"), NGX_HTTP_DELETE },
    { ngx_null_string, NGX_HTTP_UNKNOWN }
};


ngx_http_secops_inner_t *
ngx_http_secops_inner_create(ngx_http_secops_ctx_t *outer)
{
    ngx_pool_cleanup_t       *cln;
    ngx_http_secops_inner_t  *inner;

    cln = ngx_pool_cleanup_add(outer->request->pool,
                               sizeof(ngx_http_secops_inner_t));
    if (cln == NULL) {
        return NULL;
    }

    inner = cln->data;

    ngx_memzero(inner, sizeof(ngx_http_secops_inner_t));

    inner->outer = outer;

    cln->handler = ngx_http_secops_inner_cleanup;

    return inner;
}


/* the outer request's pool goes; its context is cleaned up after this */

static void
ngx_http_secops_inner_cleanup(void *data)
{
    ngx_http_secops_inner_t *inner = data;

    if (inner->outer->inner == inner) {
        inner->outer->inner = NULL;
    }

    ngx_http_secops_inner_free(inner);
}


void
ngx_http_secops_inner_free(ngx_http_secops_inner_t *inner)
{
    if (inner->pool) {
        ngx_destroy_pool(inner->pool);
        inner->pool = NULL;
    }
}


ngx_int_t
ngx_http_secops_inner_clear(ngx_http_secops_inner_t *inner)
{
    ngx_http_secops_ctx_t  *outer;

    outer = inner->outer;

    ngx_http_secops_inner_free(inner);

    ngx_memzero(inner, sizeof(ngx_http_secops_inner_t));

    inner->outer = outer;
    inner->pool = ngx_create_pool(NGX_HTTP_SECOPS_INNER_POOL,
                                  outer->request->connection->log);

    return inner->pool ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_http_secops_inner_start(ngx_http_secops_inner_t *inner,
    ngx_http_secops_answer_pt answer, void *data)
{
    ngx_http_request_t     *sr;
    ngx_http_secops_ctx_t  *ctx;

    inner->answer = answer;
    inner->data = data;
    inner->time = ngx_current_msec;

    sr = ngx_http_secops_inner_subrequest(inner);
    if (sr == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_secops_inner_set_request(sr, inner) != NGX_OK) {
        ngx_http_secops_inner_drop(sr);
        return NGX_ERROR;
    }

    ctx = ngx_http_secops_add_ctx(sr);
    if (ctx == NULL) {
        ngx_http_secops_inner_drop(sr);
        return NGX_ERROR;
    }

    ngx_http_set_ctx(sr, ctx, ngx_http_secops_module);

    ctx->identity = inner->outer->identity;
    ctx->act_for = inner->outer->act_for;
    ctx->kept = &inner->kept;
    ctx->data = inner;

    inner->ctx = ctx;
    inner->outer->inner = inner;

    return NGX_OK;
}


/* nginx runs its write handler soon, from the loop that runs posted requests */

static ngx_http_request_t *
ngx_http_secops_inner_subrequest(ngx_http_secops_inner_t *inner)
{
    unsigned                     count;
    ngx_str_t                    uri, args;
    ngx_uint_t                   flags;
    ngx_http_request_t          *r, *sr;
    ngx_http_post_subrequest_t  *ps;

    r = inner->outer->request;

    ps = ngx_palloc(r->pool, sizeof(ngx_http_post_subrequest_t));
    if (ps == NULL) {
        return NULL;
    }

    ps->handler = ngx_http_secops_inner_done;
    ps->data = inner;

    uri = inner->url;
    ngx_str_null(&args);
    flags = 0;

    /* one that can not be read has no route either */

    if (ngx_http_parse_unsafe_uri(r, &uri, &args, &flags) != NGX_OK) {
        ngx_str_null(&uri);
        ngx_str_null(&args);
    }

    /* one that nginx has counted, and then had no memory to post, never ends */

    count = r->main->count;

    if (ngx_http_subrequest(r, &uri, &args, &sr, ps,
                            NGX_HTTP_SUBREQUEST_BACKGROUND)
        != NGX_OK)
    {
        r->main->count = count;
        return NULL;
    }

    sr->write_event_handler = ngx_http_secops_inner_handler;
    sr->pool = inner->pool;

    return sr;
}


/* it is posted, and will do nothing; nginx's reference is given back here */

static void
ngx_http_secops_inner_drop(ngx_http_request_t *sr)
{
    sr->write_event_handler = ngx_http_request_empty_handler;

    sr->main->count--;
}


/* nothing is left of what the outer request asks for */

static ngx_int_t
ngx_http_secops_inner_set_request(ngx_http_request_t *sr,
    ngx_http_secops_inner_t *inner)
{
    sr->loc_conf = sr->parent->loc_conf;

    sr->method = ngx_http_secops_inner_method(&inner->method);
    sr->method_name = inner->method;
    sr->unparsed_uri = inner->url;

    if (ngx_http_secops_inner_set_variables(sr) != NGX_OK
        || ngx_http_secops_inner_set_headers(sr, inner) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_secops_inner_set_body(sr, &inner->body);
}


/*
 * nginx would have the outer request's variables written to, but what is found
 * out here ends with the inner request's pool.  The id stays the same: it is
 * found out before they are copied.
 */

static ngx_int_t
ngx_http_secops_inner_set_variables(ngx_http_request_t *sr)
{
    size_t                      size;
    ngx_str_t                   id;
    ngx_http_core_main_conf_t  *cmcf;

    (void) ngx_http_secops_request_id(sr->parent, &id);

    cmcf = ngx_http_get_module_main_conf(sr, ngx_http_core_module);

    size = cmcf->variables.nelts * sizeof(ngx_http_variable_value_t);

    sr->variables = ngx_palloc(sr->pool, size);
    if (sr->variables == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(sr->variables, sr->parent->variables, size);

    return NGX_OK;
}


static ngx_uint_t
ngx_http_secops_inner_method(ngx_str_t *name)
{
    const ngx_http_secops_inner_method_t  *method;

    for (method = ngx_http_secops_inner_methods; method->name.len; method++) {

        if (method->name.len == name->len
            && ngx_memcmp(method->name.data, name->data, name->len) == 0)
        {
            break;
        }
    }

    return method->method;
}


/*
 * The outer request's headers stay in the list, where variables find them:
 * links have the host and the scheme that the client knows.  But what is said
 * about a body, and under which condition, is the inner request's own.
 */

static ngx_int_t
ngx_http_secops_inner_set_headers(ngx_http_request_t *sr,
    ngx_http_secops_inner_t *inner)
{
    ngx_http_headers_in_t  *in;

    in = &sr->headers_in;

    in->content_length = NULL;
    in->content_length_n = inner->body.len;
    in->chunked = 0;
    in->transfer_encoding = NULL;
    in->expect = NULL;
    in->range = NULL;
    in->if_range = NULL;
    in->if_modified_since = NULL;
    in->if_unmodified_since = NULL;

    if (ngx_http_secops_inner_set_header(sr, "content-type",
                                         &inner->content_type,
                                         &in->content_type)
        != NGX_OK
        || ngx_http_secops_inner_set_header(sr, "if-match", &inner->if_match,
                                            &in->if_match)
           != NGX_OK
        || ngx_http_secops_inner_set_header(sr, "if-none-match",
                                            &inner->if_none_match,
                                            &in->if_none_match)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_inner_set_header(ngx_http_request_t *sr, const char *name,
    ngx_str_t *value, ngx_table_elt_t **header)
{
    ngx_table_elt_t  *h;

    *header = NULL;

    if (value->data == NULL) {
        return NGX_OK;
    }

    h = ngx_pcalloc(sr->pool, sizeof(ngx_table_elt_t));
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    h->key.len = ngx_strlen(name);
    h->key.data = (u_char *) name;
    h->lowcase_key = (u_char *) name;
    h->value = *value;

    *header = h;

    return NGX_OK;
}


static ngx_int_t
ngx_http_secops_inner_set_body(ngx_http_request_t *sr, ngx_str_t *body)
{
    ngx_buf_t                *b;
    ngx_chain_t              *cl;
    ngx_http_request_body_t  *rb;

    rb = ngx_pcalloc(sr->pool, sizeof(ngx_http_request_body_t));
    if (rb == NULL) {
        return NGX_ERROR;
    }

    sr->request_body = rb;

    if (body->len == 0) {
        return NGX_OK;
    }

    b = ngx_calloc_buf(sr->pool);
    cl = ngx_alloc_chain_link(sr->pool);

    if (b == NULL || cl == NULL) {
        return NGX_ERROR;
    }

    b->start = body->data;
    b->pos = body->data;
    b->last = body->data + body->len;
    b->end = b->last;
    b->temporary = 1;

    cl->buf = b;
    cl->next = NULL;

    rb->bufs = cl;

    return NGX_OK;
}


static void
ngx_http_secops_inner_handler(ngx_http_request_t *sr)
{
    ngx_int_t                 rc;
    ngx_http_secops_ctx_t    *ctx;
    ngx_http_secops_inner_t  *inner;

    sr->write_event_handler = ngx_http_request_empty_handler;

    ctx = ngx_http_get_module_ctx(sr, ngx_http_secops_module);

    inner = ctx->data;
    ctx->data = NULL;

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, sr->connection->log, 0,
                   "secops inner \"%V %V\"", &sr->method_name, &sr->uri);

    rc = ngx_http_secops_inner_route(sr, ctx, inner);

    if (rc != NGX_DONE) {
        ngx_http_secops_end(ctx, rc);
    }
}


static ngx_int_t
ngx_http_secops_inner_route(ngx_http_request_t *sr, ngx_http_secops_ctx_t *ctx,
    ngx_http_secops_inner_t *inner)
{
    ngx_int_t                     rc;
    ngx_http_core_loc_conf_t     *clcf;
    ngx_http_secops_loc_conf_t   *slcf;
    ngx_http_secops_main_conf_t  *mcf;

    static ngx_str_t  none = ngx_null_string;

    if (inner->fault.len) {
        return ngx_http_secops_fail(sr, ctx, SECOPS_ERROR_BODY, &none,
                                    &inner->fault);
    }

    mcf = ngx_http_get_module_main_conf(sr, ngx_http_secops_module);
    slcf = ngx_http_get_module_loc_conf(sr, ngx_http_secops_module);
    clcf = ngx_http_get_module_loc_conf(sr, ngx_http_core_module);

    if (mcf->find_route(sr, ctx, slcf->groups & inner->groups) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->route && ctx->route->access != NGX_HTTP_SECOPS_TABLE) {
        ctx->route = NULL;
    }

    if (ctx->route == NULL) {
        return ngx_http_secops_refuse_route(sr, ctx);
    }

    if (!ngx_http_secops_granted(ctx) || (clcf->limit_except & sr->method)) {
        ngx_http_secops_log_refusal(sr, ctx, 0);
        return ngx_http_secops_refuse_access(sr, ctx);
    }

    ctx->state = NGX_HTTP_SECOPS_AUTHORIZED;

    rc = ngx_http_secops_act(sr, ctx);

    return (rc == NGX_DECLINED) ? ngx_http_secops_inner_operate(sr, ctx, inner)
                                : rc;
}


/* as the content phase does it, but the body is there already */

static ngx_int_t
ngx_http_secops_inner_operate(ngx_http_request_t *sr,
    ngx_http_secops_ctx_t *ctx, ngx_http_secops_inner_t *inner)
{
    ngx_int_t  rc;

    if (ctx->route->body) {

        if (inner->body.len
            && !(ngx_http_secops_body_type(sr) & ctx->route->body))
        {
            return ngx_http_secops_refuse_type(sr, ctx);
        }

        if (ctx->route->head) {
            rc = ctx->route->head(sr, ctx);

            if (rc != NGX_DECLINED) {
                return rc;
            }
        }
    }

    return ctx->route->handler(sr, ctx);
}


/*
 * nginx ends the subrequest.  The outer request goes on from nginx's loop of
 * posted requests, and not from here: so thousands may follow each other
 * without one being called by the other.
 */

static ngx_int_t
ngx_http_secops_inner_done(ngx_http_request_t *sr, void *data, ngx_int_t rc)
{
    ngx_http_secops_inner_t *inner = data;

    ngx_http_request_t  *r;

    if (rc == NGX_ERROR || sr->connection->error) {
        return NGX_ERROR;
    }

    if ((rc != NGX_OK || inner->kept.status == 0)
        && ngx_http_secops_inner_fail(sr, inner->ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    inner->headers = &sr->headers_out.headers;
    inner->time = ngx_current_msec - inner->time;
    inner->asked = (inner->ctx->redis_time != NGX_CONF_UNSET_MSEC);
    inner->done = 1;

    r = inner->outer->request;

    r->write_event_handler = ngx_http_secops_inner_goes_on;

    return ngx_http_post_request(r, &inner->posted);
}


/* an operation that has no reply: nginx would send a page of its own, or go
   where error_page leads */

static ngx_int_t
ngx_http_secops_inner_fail(ngx_http_request_t *sr, ngx_http_secops_ctx_t *ctx)
{
    ngx_str_t         detail;

    static ngx_str_t  none = ngx_null_string;

    ngx_http_clean_header(sr);

    if (ngx_http_secops_server_detail(sr, SECOPS_ERROR_UNKNOWN, &detail)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_secops_fail(sr, ctx, SECOPS_ERROR_UNKNOWN, &none, &detail);
}


/* as ngx_http_secops_wake() does it, but for the loop of posted requests, which
   is where this comes from */

static void
ngx_http_secops_inner_goes_on(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_http_secops_ctx_t    *ctx;
    ngx_http_secops_inner_t  *inner;

    r->write_event_handler = ngx_http_request_empty_handler;

    ctx = ngx_http_get_module_ctx(r, ngx_http_secops_module);

    inner = ctx->inner;
    ctx->inner = NULL;

    if (inner->asked) {
        ctx->redis_time = inner->ctx->redis_time
                          + (ctx->redis_time == NGX_CONF_UNSET_MSEC
                             ? 0 : ctx->redis_time);
    }

    rc = inner->answer(inner->data, NULL);

    if (rc != NGX_DONE) {
        ngx_http_secops_end(ctx, rc);
    }
}
