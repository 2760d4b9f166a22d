
/*
 * What the operations of the Resources API have in common: their way through
 * the store.  See ngx_http_secops_api_resources.h.
 */

#include "api/ngx_http_secops_api.h"
#include "api/resources/ngx_http_secops_api_resources.h"
#include "http/ngx_http_secops_fail.h"
#include "http/ngx_http_secops_json.h"
#include "http/ngx_http_secops_body.h"
#include "util/ngx_secops_string.h"


/* others may be first a few times; who is always late has met a flood */

#define NGX_HTTP_SECOPS_RESOURCES_TRIES  20

/* milliseconds, times the number of the attempt, at most */

#define NGX_HTTP_SECOPS_RESOURCES_DELAY  10


/* how long the worker stays with one request, nanoseconds: a part that begins
   before takes about as long at most.  And how long it serves others then */

#define NGX_HTTP_SECOPS_RESOURCES_TURN   3000000
#define NGX_HTTP_SECOPS_RESOURCES_PAUSE  1


static void ngx_http_secops_resources_init(ngx_http_secops_resources_t *op);
static void ngx_http_secops_resources_cleanup(void *data);
static ngx_int_t ngx_http_secops_resources_next_turn(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_resources_go_on(void *data,
    ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_resources_found(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_resources_read_part(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_resources_index(
    ngx_http_secops_resources_t *op);
static ngx_int_t ngx_http_secops_resources_indexed(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_resources_put_pointers(
    ngx_http_secops_resources_t *op);
static ngx_int_t ngx_http_secops_resources_pointed(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_resources_send(
    ngx_http_secops_resources_t *op);
static ngx_int_t ngx_http_secops_resources_committed(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_resources_retry(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_resources_cleaned(
    ngx_http_secops_resources_t *op, ngx_secops_store_result_t *result);
static ngx_int_t ngx_http_secops_resources_answer(
    ngx_http_secops_resources_t *op);
static void ngx_http_secops_resources_result(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result);


/* the worker's */

static secops_id_stock_t  ngx_http_secops_resources_tokens;


ngx_int_t
ngx_http_secops_resources_begin(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx, ngx_http_secops_resources_t **begun)
{
    u_char                       *buffer;
    ngx_int_t                     rc;
    secops_slice_t                args;
    ngx_http_secops_resources_t  *op;

    op = ngx_http_secops_resources_create(r, ctx);
    if (op == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    args = ngx_secops_slice(&r->args);

    buffer = ngx_pnalloc(r->pool, args.len + 1);
    if (buffer == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    *begun = op;

    if (secops_resource_read_query(&op->query, args, buffer, &op->faults)
        != 0)
    {
        rc = ctx->route->body ? ngx_http_secops_refuse_body(r) : NGX_OK;

        if (rc != NGX_OK) {
            return rc;
        }

        op->error = op->faults.error;
        return ngx_http_secops_resources_fail(op, NULL);
    }

    return NGX_DECLINED;
}


ngx_http_secops_resources_t *
ngx_http_secops_resources_create(ngx_http_request_t *r,
    ngx_http_secops_ctx_t *ctx)
{
    ngx_pool_cleanup_t           *cln;
    ngx_http_secops_resources_t  *op;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_secops_resources_t));
    if (cln == NULL) {
        return NULL;
    }

    op = cln->data;
    ngx_memzero(op, sizeof(ngx_http_secops_resources_t));

    cln->handler = ngx_http_secops_resources_cleanup;

    op->request = r;
    op->ctx = ctx;

    ngx_http_secops_resources_init(op);

    return op;
}


static void
ngx_http_secops_resources_init(ngx_http_secops_resources_t *op)
{
    ngx_uint_t                i;
    ngx_secops_store_call_t  *calls[] = {
        &op->find.eval.call,
        &op->commit.eval.call,
        &op->pointers.call,
        &op->index.call,

        /* parts of the one before: they answer the store */

        &op->index.find.eval.call,
        &op->index.step.call
    };

    for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        ngx_http_secops_calls_add(op->ctx, &op->calls[i], calls[i],
                                  ngx_http_secops_resources_go_on, op);
    }

    ngx_http_secops_keyspace(op->ctx, &op->space);
    ngx_http_secops_caller(op->ctx, &op->audit);

    secops_time_format(op->time, ngx_time());

    op->commit.audit = &op->audit;

    op->max_tries = NGX_HTTP_SECOPS_RESOURCES_TRIES;
    op->late = SECOPS_ERROR_SAVE_LATER;
}


static void
ngx_http_secops_resources_cleanup(void *data)
{
    ngx_http_secops_resources_t  *op = data;

    ngx_http_secops_resources_wipe_keys(op);

    if (op->secret.len) {
        ngx_explicit_memzero(op->secret.data, op->secret.len);
    }

    secops_resource_plan_free(op->plan);
    secops_resource_set_free(&op->set);
    secops_faults_free(&op->faults);

#ifdef __GLIBC__

    /* thousands of small pieces, which the allocator keeps otherwise */

    if (op->large) {
        (void) malloc_trim(0);
    }

#endif
}


ngx_int_t
ngx_http_secops_resources_lookups(ngx_http_secops_resources_t *op)
{
    ngx_uint_t                  type;
    ngx_secops_store_lookup_t  *lookup;

    lookup = ngx_pcalloc(op->request->pool, SECOPS_RESOURCE_TYPES
                                         * sizeof(ngx_secops_store_lookup_t));
    if (lookup == NULL) {
        return NGX_ERROR;
    }

    op->find.lookups = lookup;

    for (type = 0; type < SECOPS_RESOURCE_TYPES; type++) {

        if (op->query.type >= 0 && op->query.type != (int) type) {
            continue;
        }

        lookup->type = type;

        if (op->query.title.len) {
            lookup->by = NGX_SECOPS_STORE_BY_TITLE;
            lookup->what = op->query.title;

        } else if (op->query.id.len) {
            lookup->by = NGX_SECOPS_STORE_BY_ID;
            lookup->what = op->query.id;
        }

        lookup++;
    }

    op->find.nlookups = lookup - op->find.lookups;

    return NGX_OK;
}


ngx_int_t
ngx_http_secops_resources_start(ngx_http_secops_resources_t *op)
{
    ngx_int_t  rc;

    rc = ngx_http_secops_resources_first(op);

    if (rc != NGX_DONE) {
        return rc;
    }

    return ngx_http_secops_wait(op->request, op->ctx);
}


ngx_int_t
ngx_http_secops_resources_first(ngx_http_secops_resources_t *op)
{
    op->rounds = 0;

    switch (op->prepare(op)) {

    case NGX_OK:
        return ngx_http_secops_resources_find(op);

    case NGX_AGAIN:
        return ngx_http_secops_resources_work(op, op->work);

    default:
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


ngx_int_t
ngx_http_secops_resources_work(ngx_http_secops_resources_t *op,
    ngx_http_secops_resources_work_pt work)
{
    uint64_t   begin;
    ngx_int_t  rc;

    op->work = work;

    begin = op->begun ? op->begun : ngx_http_secops_resources_clock();
    op->begun = 0;

    do {
        rc = op->work(op);

        if (rc != NGX_AGAIN) {
            return rc;
        }

    } while (ngx_http_secops_resources_clock() - begin
             < NGX_HTTP_SECOPS_RESOURCES_TURN);

    /* the tokens of a small body are the worker's own */

    if (op->json.tokens
        && ngx_http_secops_keep_json(op->request, &op->json) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_resources_pause(op, NGX_HTTP_SECOPS_RESOURCES_PAUSE,
                                         ngx_http_secops_resources_next_turn);
}


uint64_t
ngx_http_secops_resources_clock(void)
{
    struct timespec  now;

    (void) clock_gettime(CLOCK_MONOTONIC, &now);

    return (uint64_t) now.tv_sec * 1000000000 + (uint64_t) now.tv_nsec;
}


static ngx_int_t
ngx_http_secops_resources_next_turn(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    return ngx_http_secops_resources_work(op, op->work);
}


ngx_int_t
ngx_http_secops_resources_find(ngx_http_secops_resources_t *op)
{
    ngx_int_t            rc;
    ngx_secops_store_t  *store;

    op->rounds++;
    op->part = 0;
    op->then = ngx_http_secops_resources_found;

    store = ngx_http_secops_store(op->ctx);

    rc = ngx_secops_store_find_resources(store, &op->find, &op->space);

    return ngx_http_secops_resources_asked(op, rc, NGX_HTTP_SECOPS_FIND);
}


ngx_int_t
ngx_http_secops_resources_more(ngx_http_secops_resources_t *op)
{
    ngx_int_t  rc;

    op->part++;
    op->then = ngx_http_secops_resources_found;

    rc = ngx_secops_store_find_more(&op->find);

    return ngx_http_secops_resources_asked(op, rc, NGX_HTTP_SECOPS_FIND);
}


ngx_int_t
ngx_http_secops_resources_asked(ngx_http_secops_resources_t *op, ngx_int_t rc,
    ngx_http_secops_kind_e kind)
{
    secops_error_e  error;

    switch (ngx_http_secops_calls_sent(op->ctx, rc)) {

    case NGX_OK:
        return NGX_DONE;

    case NGX_BUSY:
        error = ngx_http_secops_calls_busy(op->ctx, kind, &op->reason);
        return ngx_http_secops_resources_end(op, error);

    default:
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


ngx_int_t
ngx_http_secops_resources_pause(ngx_http_secops_resources_t *op,
    ngx_msec_t time, ngx_http_secops_resources_then_pt then)
{
    op->then = then;

    return ngx_http_secops_pause(op->ctx, time, ngx_http_secops_resources_go_on,
                                 op);
}


static ngx_int_t
ngx_http_secops_resources_go_on(void *data, ngx_secops_store_result_t *result)
{
    ngx_http_secops_resources_t  *op = data;

    return op->then(op, result);
}


static ngx_int_t
ngx_http_secops_resources_found(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    secops_error_e  error;

    ngx_http_secops_resources_result(op, result);

    error = ngx_http_secops_store_error(NGX_HTTP_SECOPS_FIND, result->status);

    return (error == SECOPS_ERROR_NONE)
           ? ngx_http_secops_resources_read_part(op, result)
           : ngx_http_secops_resources_end(op, error);
}


/* all parts are of one revision */

static ngx_int_t
ngx_http_secops_resources_read_part(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    if (op->part == 0) {

        if (ngx_http_secops_resources_copy(op, &op->revision,
                                           result->revision.data,
                                           result->revision.len)
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

    } else if (op->revision.len != result->revision.len
               || ngx_memcmp(op->revision.data, result->revision.data,
                             op->revision.len)
                  != 0)
    {
        ngx_str_set(&op->reason, "others have changed the resources");
        return ngx_http_secops_resources_again(op);
    }

    op->bytes = result->bytes;
    op->total = result->total;

    if (op->writes && op->bytes < 0) {
        return ngx_http_secops_resources_index(op);
    }

    return op->decide(op, result);
}


/* who commits keeps what is known, so it has to be known */

static ngx_int_t
ngx_http_secops_resources_index(ngx_http_secops_resources_t *op)
{
    ngx_int_t            rc;
    ngx_secops_store_t  *store;

    op->then = ngx_http_secops_resources_indexed;

    store = ngx_http_secops_store(op->ctx);

    rc = ngx_secops_store_index_resources(store, &op->index, &op->space,
                                          op->request->pool);

    return ngx_http_secops_resources_asked(op, rc, NGX_HTTP_SECOPS_FIND);
}


/* then it begins again, as if others had been first */

static ngx_int_t
ngx_http_secops_resources_indexed(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    secops_error_e  error;

    ngx_http_secops_resources_result(op, result);

    error = ngx_http_secops_store_error(NGX_HTTP_SECOPS_FIND, result->status);

    return (error == SECOPS_ERROR_NONE
            || result->status == NGX_SECOPS_STORE_CHANGED)
           ? ngx_http_secops_resources_again(op)
           : ngx_http_secops_resources_end(op, error);
}


ngx_int_t
ngx_http_secops_resources_commit(ngx_http_secops_resources_t *op,
    ngx_str_t *revision)
{
    if (revision != &op->commit.revision
        && ngx_http_secops_resources_copy(op, &op->commit.revision,
                                          revision->data, revision->len)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (secops_id_request(&ngx_http_secops_resources_tokens, op->commit.token)
        != 0)
    {
        ngx_log_error(NGX_LOG_CRIT, op->request->connection->log, 0,
                      "secops: the random generator failed");
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_secops_resources_put_pointers(op);
}


static ngx_int_t
ngx_http_secops_resources_put_pointers(ngx_http_secops_resources_t *op)
{
    ngx_int_t                    rc;
    ngx_uint_t                   n;
    ngx_secops_store_t          *store;
    ngx_secops_store_pointer_t  *pointers;

    if (ngx_http_secops_resources_pointers(op, &pointers, &n, 1) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (n == 0) {
        return ngx_http_secops_resources_send(op);
    }

    store = ngx_http_secops_store(op->ctx);

    op->then = ngx_http_secops_resources_pointed;

    rc = ngx_secops_store_put_pointers(store, &op->pointers,
                                       &op->ctx->identity.domain, pointers, n,
                                       op->request->pool);

    return ngx_http_secops_resources_asked(op, rc, NGX_HTTP_SECOPS_POINT);
}


static ngx_int_t
ngx_http_secops_resources_pointed(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    secops_error_e  error;

    ngx_http_secops_resources_result(op, result);

    error = ngx_http_secops_store_error(NGX_HTTP_SECOPS_POINT, result->status);

    return (error == SECOPS_ERROR_NONE)
           ? ngx_http_secops_resources_send(op)
           : ngx_http_secops_resources_end(op, error);
}


static ngx_int_t
ngx_http_secops_resources_send(ngx_http_secops_resources_t *op)
{
    ngx_int_t            rc;
    ngx_secops_store_t  *store;

    op->then = ngx_http_secops_resources_committed;

    store = ngx_http_secops_store(op->ctx);

    rc = ngx_secops_store_commit_resources(store, &op->commit, &op->space);

    return ngx_http_secops_resources_asked(op, rc, NGX_HTTP_SECOPS_SAVE);
}


static ngx_int_t
ngx_http_secops_resources_committed(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    secops_error_e  error;

    ngx_http_secops_resources_result(op, result);

    error = ngx_http_secops_store_error(NGX_HTTP_SECOPS_SAVE, result->status);

    switch (result->status) {

    case NGX_SECOPS_STORE_OK:
        ngx_http_secops_resources_forget_keys(op);
        break;

    case NGX_SECOPS_STORE_CHANGED:
        return ngx_http_secops_resources_again(op);

    case NGX_SECOPS_STORE_TOO_MANY:
    case NGX_SECOPS_STORE_TOO_LARGE:
    case NGX_SECOPS_STORE_DOCUMENT:

        if (ngx_http_secops_resources_limited(op, result->status, error)
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        break;

    case NGX_SECOPS_STORE_UNKNOWN:

        /* it may be done: what was changed here is forgotten, and no pointer
           may be taken from a key that may exist */

        ngx_http_secops_resources_forget_keys(op);

        op->error = error;
        return ngx_http_secops_resources_answer(op);

    default:
        break;
    }

    return ngx_http_secops_resources_end(op, error);
}


/* another worker, or another machine, was faster: not at the same time again */

ngx_int_t
ngx_http_secops_resources_again(ngx_http_secops_resources_t *op)
{
    ngx_msec_t  time;

    if (++op->tries == op->max_tries) {
        return ngx_http_secops_resources_end(op, op->late);
    }

    time = 1 + ngx_random() % (op->tries * NGX_HTTP_SECOPS_RESOURCES_DELAY);

    return ngx_http_secops_resources_pause(op, time,
                                           ngx_http_secops_resources_retry);
}


static ngx_int_t
ngx_http_secops_resources_retry(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    return ngx_http_secops_resources_first(op);
}


/* takes away what leads nowhere, and answers */

ngx_int_t
ngx_http_secops_resources_end(ngx_http_secops_resources_t *op,
    secops_error_e error)
{
    ngx_int_t                    rc;
    ngx_uint_t                   n;
    ngx_secops_store_pointer_t  *pointers;

    /* what is wrong with a request is so whatever Redis says */

    if (op->faults.error != SECOPS_ERROR_NONE) {
        error = op->faults.error;
    }

    op->error = error;

    if (ngx_http_secops_resources_pointers(op, &pointers, &n, 0) == NGX_OK
        && n)
    {
        op->then = ngx_http_secops_resources_cleaned;

        rc = ngx_secops_store_delete_pointers(ngx_http_secops_store(op->ctx),
                                              &op->pointers, pointers, n,
                                              op->request->pool);

        if (ngx_http_secops_calls_sent(op->ctx, rc) == NGX_OK) {
            return NGX_DONE;
        }
    }

    return ngx_http_secops_resources_answer(op);
}


/* if it failed, they are left: they lead nowhere, so that harms nobody */

static ngx_int_t
ngx_http_secops_resources_cleaned(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    if (result->status != NGX_SECOPS_STORE_OK) {
        ngx_log_error(NGX_LOG_WARN, op->request->connection->log, 0,
                      "secops: pointers of api keys that do not exist were "
                      "not removed: %V", &result->reason);
    }

    return ngx_http_secops_resources_answer(op);
}


static ngx_int_t
ngx_http_secops_resources_answer(ngx_http_secops_resources_t *op)
{
    if (op->error == SECOPS_ERROR_NONE) {

        if (op->commit.nchanges
            && ngx_http_secops_add_durability(op->request) != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return op->reply(op);
    }

    if (secops_error(op->error)->status >= NGX_HTTP_INTERNAL_SERVER_ERROR) {
        return ngx_http_secops_resources_fail_server(op);
    }

    return ngx_http_secops_resources_fail(op, NULL);
}


/* first of all when a call was answered */

static void
ngx_http_secops_resources_result(ngx_http_secops_resources_t *op,
    ngx_secops_store_result_t *result)
{
    ngx_str_null(&op->reason);

    if (result->status != NGX_SECOPS_STORE_OK) {
        (void) ngx_http_secops_resources_copy(op, &op->reason,
                                              result->reason.data,
                                              result->reason.len);
    }
}
