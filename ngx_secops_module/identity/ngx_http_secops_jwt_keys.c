
/*
 * Keys of secops_jwt_key_request: fetched by a subrequest, so that nginx's own
 * proxy and cache do the work.
 *
 * One fetch at a time per worker.  It belongs to the request that found it
 * due, and that request waits for it; others take the keys that are there, or,
 * if they have no use for those, wait in a queue.  When the fetch is over,
 * whoever waits is woken: by an event, never from within another request's
 * handler.  When it failed, the last good keys stay.  When the client of the
 * fetching request left, nothing is known, and one of those who wait fetches.
 */

#include "identity/ngx_http_secops_jwt.h"


struct ngx_http_secops_jwt_keys_s {
    ngx_str_t                            uri;
    ngx_msec_t                           interval;
    ngx_msec_t                           min_interval;

    /* each worker's own */

    secops_jwk_set_t                    *set;       /* NULL: never got any */
    ngx_uint_t                           generation;
    ngx_msec_t                           fetched;   /* by the clock that is */
    ngx_msec_t                           attempted; /* never set back */
    ngx_uint_t                           tried;     /* 1: attempted is valid */
    struct ngx_http_secops_jwt_fetch_s  *fetch;     /* under way, or NULL */
    ngx_queue_t                          waiting;   /* for it, or to be woken */
    ngx_event_t                          wake;      /* posted */
};


/* one request's part in a fetch; in its pool, whose cleanup cuts the links */

typedef struct ngx_http_secops_jwt_fetch_s {
    ngx_queue_t                          queue;
    ngx_http_secops_jwt_keys_t          *keys;
    ngx_http_request_t                  *request;
    ngx_http_secops_jwt_wake_pt          wake;
    unsigned                             waiting:1; /* in a queue */
    unsigned                             done:1;    /* the fetch it waited for
                                                       came to an end */
} ngx_http_secops_jwt_fetch_t;


static ngx_uint_t ngx_http_secops_jwt_keys_due(
    ngx_http_secops_jwt_keys_t *keys, ngx_uint_t unknown);
static ngx_http_secops_jwt_fetch_t *ngx_http_secops_jwt_fetch_create(
    ngx_http_request_t *r, ngx_http_secops_jwt_keys_t *keys);
static ngx_int_t ngx_http_secops_jwt_fetch_start(
    ngx_http_secops_jwt_fetch_t *fetch);
static ngx_int_t ngx_http_secops_jwt_fetch_headers(ngx_http_request_t *sr);
static ngx_int_t ngx_http_secops_jwt_fetched(ngx_http_request_t *sr,
    void *data, ngx_int_t rc);
static void ngx_http_secops_jwt_keys_update(ngx_http_request_t *sr,
    ngx_http_secops_jwt_keys_t *keys);
static void ngx_http_secops_jwt_fetch_end(ngx_http_secops_jwt_fetch_t *fetch);
static void ngx_http_secops_jwt_fetch_cleanup(void *data);
static void ngx_http_secops_jwt_fetch_wait(ngx_http_secops_jwt_fetch_t *fetch);
static void ngx_http_secops_jwt_fetch_unwait(
    ngx_http_secops_jwt_fetch_t *fetch);
static void ngx_http_secops_jwt_wake_handler(ngx_event_t *ev);
static void ngx_http_secops_jwt_keys_cleanup(void *data);


ngx_http_secops_jwt_keys_t *
ngx_http_secops_jwt_keys_create(ngx_conf_t *cf, ngx_str_t *uri,
    ngx_msec_t interval, ngx_msec_t min_interval)
{
    ngx_pool_cleanup_t          *cln;
    ngx_http_secops_jwt_keys_t  *keys;

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(ngx_http_secops_jwt_keys_t));
    if (cln == NULL) {
        return NULL;
    }

    keys = cln->data;

    ngx_memzero(keys, sizeof(ngx_http_secops_jwt_keys_t));

    keys->uri = *uri;
    keys->interval = interval;
    keys->min_interval = min_interval;

    ngx_queue_init(&keys->waiting);

    keys->wake.handler = ngx_http_secops_jwt_wake_handler;
    keys->wake.data = keys;
    keys->wake.log = &cf->cycle->new_log;

    cln->handler = ngx_http_secops_jwt_keys_cleanup;

    return keys;
}


static void
ngx_http_secops_jwt_keys_cleanup(void *data)
{
    ngx_http_secops_jwt_keys_t  *keys = data;

    if (keys->wake.posted) {
        ngx_delete_posted_event(&keys->wake);
    }

    secops_jwk_set_free(keys->set);
}


secops_jwk_set_t *
ngx_http_secops_jwt_keys_set(ngx_http_secops_jwt_keys_t *keys)
{
    return keys->set;
}


ngx_uint_t
ngx_http_secops_jwt_keys_generation(ngx_http_secops_jwt_keys_t *keys)
{
    return keys->generation;
}


ngx_int_t
ngx_http_secops_jwt_keys_fetch(ngx_http_request_t *r,
    ngx_http_secops_jwt_keys_t *keys, ngx_uint_t unknown, void **state,
    ngx_http_secops_jwt_wake_pt wake)
{
    ngx_http_secops_jwt_fetch_t  *fetch;

    fetch = *state;

    if (fetch && fetch->done) {
        ngx_http_secops_jwt_fetch_unwait(fetch);
        return NGX_OK;
    }

    if (fetch && (fetch->waiting || keys->fetch == fetch)) {
        return NGX_AGAIN;
    }

    /* a fetch did not begin yet, or was given up */

    if (keys->fetch) {

        if (keys->set && !unknown) {
            return NGX_OK;
        }

    } else if (!ngx_http_secops_jwt_keys_due(keys, unknown)) {
        return NGX_OK;
    }

    if (fetch == NULL) {
        fetch = ngx_http_secops_jwt_fetch_create(r, keys);
        if (fetch == NULL) {
            return NGX_ERROR;
        }

        fetch->wake = wake;
        *state = fetch;
    }

    if (keys->fetch == NULL) {
        return ngx_http_secops_jwt_fetch_start(fetch);
    }

    ngx_http_secops_jwt_fetch_wait(fetch);

    return NGX_AGAIN;
}


static ngx_uint_t
ngx_http_secops_jwt_keys_due(ngx_http_secops_jwt_keys_t *keys,
    ngx_uint_t unknown)
{
    if (keys->tried
        && ngx_current_msec - keys->attempted < keys->min_interval)
    {
        return 0;
    }

    return unknown || keys->set == NULL
           || ngx_current_msec - keys->fetched >= keys->interval;
}


static ngx_http_secops_jwt_fetch_t *
ngx_http_secops_jwt_fetch_create(ngx_http_request_t *r,
    ngx_http_secops_jwt_keys_t *keys)
{
    ngx_pool_cleanup_t           *cln;
    ngx_http_secops_jwt_fetch_t  *fetch;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_secops_jwt_fetch_t));
    if (cln == NULL) {
        return NULL;
    }

    fetch = cln->data;

    ngx_memzero(fetch, sizeof(ngx_http_secops_jwt_fetch_t));

    fetch->keys = keys;
    fetch->request = r;

    cln->handler = ngx_http_secops_jwt_fetch_cleanup;

    return fetch;
}


/*
 * A background subrequest: the connection stays with whoever has it, so that
 * all that wait, this request too, notice when their client leaves.  Of the
 * main request, because a subrequest in memory can have none of its own.
 */

static ngx_int_t
ngx_http_secops_jwt_fetch_start(ngx_http_secops_jwt_fetch_t *fetch)
{
    ngx_http_request_t          *r, *sr;
    ngx_http_secops_jwt_keys_t  *keys;
    ngx_http_post_subrequest_t  *ps;

    r = fetch->request;
    keys = fetch->keys;

    ps = ngx_palloc(r->pool, sizeof(ngx_http_post_subrequest_t));
    if (ps == NULL) {
        return NGX_ERROR;
    }

    ps->handler = ngx_http_secops_jwt_fetched;
    ps->data = fetch;

    if (ngx_http_subrequest(r->main, &keys->uri, NULL, &sr, ps,
                            NGX_HTTP_SUBREQUEST_IN_MEMORY
                            |NGX_HTTP_SUBREQUEST_BACKGROUND)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_secops_jwt_fetch_headers(sr) != NGX_OK) {
        return NGX_ERROR;
    }

    keys->fetch = fetch;
    keys->attempted = ngx_current_msec;
    keys->tried = 1;

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "secops jwt key request \"%V\"", &keys->uri);

    return NGX_AGAIN;
}


/*
 * Keys are fetched on the server's own behalf: nothing that the client sent,
 * its token least of all, goes along, and no header of it (Range, If-Match,
 * Accept-Encoding) has a say in the answer.  Without a token, a fetch never
 * waits for keys itself.
 */

static ngx_int_t
ngx_http_secops_jwt_fetch_headers(ngx_http_request_t *sr)
{
    ngx_str_t  server;

    server = sr->headers_in.server;

    ngx_memzero(&sr->headers_in, sizeof(ngx_http_headers_in_t));

    sr->headers_in.server = server;
    sr->headers_in.content_length_n = -1;
    sr->headers_in.keep_alive_n = -1;

    sr->request_body = ngx_pcalloc(sr->pool, sizeof(ngx_http_request_body_t));

    if (sr->request_body == NULL) {
        return NGX_ERROR;
    }

    return ngx_list_init(&sr->headers_in.headers, sr->pool, 1,
                         sizeof(ngx_table_elt_t));
}


/*
 * NGX_OK, and not what the answer was, goes back to nginx: a failed fetch is
 * no failed request.  An answer that did not fit in its buffer has marked the
 * client's connection as broken.  It is not: nothing was sent.  (If it is, who
 * waits has been told, and nginx does not come here.)
 */

static ngx_int_t
ngx_http_secops_jwt_fetched(ngx_http_request_t *sr, void *data, ngx_int_t rc)
{
    ngx_http_secops_jwt_fetch_t *fetch = data;

    ngx_int_t                    status;
    ngx_http_secops_jwt_keys_t  *keys;

    keys = fetch->keys;

    /* the body is still being read; or the client left, which ends the main
       request as well; or nginx finalizes once more */

    if (rc == NGX_AGAIN || rc == NGX_HTTP_CLIENT_CLOSED_REQUEST
        || keys->fetch != fetch)
    {
        return rc;
    }

    status = (rc == NGX_OK) ? (ngx_int_t) sr->headers_out.status : rc;

    if (sr->connection->error) {
        sr->connection->error = 0;
        status = NGX_ERROR;
    }

    if (status == NGX_HTTP_OK) {
        ngx_http_secops_jwt_keys_update(sr, keys);

    } else {
        ngx_log_error(NGX_LOG_ERR, sr->connection->log, 0,
                      "secops: key request \"%V\" failed: %i", &keys->uri,
                      status);
    }

    ngx_http_secops_jwt_fetch_end(fetch);

    return NGX_OK;
}


static void
ngx_http_secops_jwt_keys_update(ngx_http_request_t *sr,
    ngx_http_secops_jwt_keys_t *keys)
{
    ngx_buf_t           *b;
    secops_jwk_set_t    *set;
    secops_jwk_error_t   error;

    b = sr->out ? sr->out->buf : NULL;

    if (b == NULL || b->pos == b->last) {
        ngx_log_error(NGX_LOG_ERR, sr->connection->log, 0,
                      "secops: key request \"%V\" got an empty answer",
                      &keys->uri);
        return;
    }

    set = secops_jwk_set_parse(b->pos, b->last - b->pos, &error);

    /* it may hold the secrets of HMAC */

    ngx_explicit_memzero(b->pos, b->last - b->pos);

    if (set == NULL) {
        ngx_log_error(NGX_LOG_ERR, sr->connection->log, 0,
                      "secops: key request \"%V\" got no usable keys: %s "
                      "(key %uz)", &keys->uri, error.reason, error.key);
        return;
    }

    if (set->nignored) {
        ngx_log_error(NGX_LOG_INFO, sr->connection->log, 0,
                      "secops: key request \"%V\" got %uz keys that are not "
                      "usable, the first one: %s (key %uz)", &keys->uri,
                      set->nignored, set->ignored.reason, set->ignored.key);
    }

    secops_jwk_set_free(keys->set);

    keys->set = set;
    keys->generation++;
    keys->fetched = ngx_current_msec;
}


/* with keys or without; all that waited have what there is to be had */

static void
ngx_http_secops_jwt_fetch_end(ngx_http_secops_jwt_fetch_t *fetch)
{
    ngx_queue_t                  *q;
    ngx_http_secops_jwt_keys_t   *keys;
    ngx_http_secops_jwt_fetch_t  *waiting;

    keys = fetch->keys;
    keys->fetch = NULL;

    ngx_http_secops_jwt_fetch_wait(fetch);

    for (q = ngx_queue_head(&keys->waiting);
         q != ngx_queue_sentinel(&keys->waiting);
         q = ngx_queue_next(q))
    {
        waiting = ngx_queue_data(q, ngx_http_secops_jwt_fetch_t, queue);
        waiting->done = 1;
    }

    ngx_post_event(&keys->wake, &ngx_posted_events);
}


static void
ngx_http_secops_jwt_fetch_cleanup(void *data)
{
    ngx_http_secops_jwt_fetch_t *fetch = data;

    ngx_http_secops_jwt_keys_t  *keys;

    keys = fetch->keys;

    ngx_http_secops_jwt_fetch_unwait(fetch);

    if (keys->fetch != fetch) {
        return;
    }

    /* the client left: its try does not count */

    keys->fetch = NULL;
    keys->tried = 0;

    if (!ngx_queue_empty(&keys->waiting)) {
        ngx_post_event(&keys->wake, &ngx_posted_events);
    }
}


static void
ngx_http_secops_jwt_fetch_wait(ngx_http_secops_jwt_fetch_t *fetch)
{
    ngx_queue_insert_tail(&fetch->keys->waiting, &fetch->queue);
    fetch->waiting = 1;
}


static void
ngx_http_secops_jwt_fetch_unwait(ngx_http_secops_jwt_fetch_t *fetch)
{
    if (fetch->waiting) {
        ngx_queue_remove(&fetch->queue);
        fetch->waiting = 0;
    }
}


static void
ngx_http_secops_jwt_wake_handler(ngx_event_t *ev)
{
    ngx_queue_t                   woken;
    ngx_http_secops_jwt_keys_t   *keys;
    ngx_http_secops_jwt_fetch_t  *fetch;

    keys = ev->data;

    if (ngx_queue_empty(&keys->waiting)) {
        return;
    }

    /* whoever begins to wait from now on, waits for the next fetch */

    ngx_queue_init(&woken);
    ngx_queue_add(&woken, &keys->waiting);
    ngx_queue_init(&keys->waiting);

    while (!ngx_queue_empty(&woken)) {

        fetch = ngx_queue_data(ngx_queue_head(&woken),
                               ngx_http_secops_jwt_fetch_t, queue);

        ngx_http_secops_jwt_fetch_unwait(fetch);

        fetch->wake(fetch->request);
    }
}
