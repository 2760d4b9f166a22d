
/*
 * Keys of secops_jwt_key_request: fetched by a subrequest, so that nginx's own
 * proxy and cache do the work.
 *
 * One fetch at a time per worker.  A subrequest of the request that found it
 * due does it, and that request waits for it, even when its client leaves;
 * others take the keys that are there, or, if they have no use for those, wait
 * in a queue.  When the fetch is over, whoever waits is woken: by an event,
 * never from within another request's handler.  When it failed, the last good
 * keys stay, and the next try comes after min_interval.
 *
 * How long that may take is the keys' own business: when their timer expires,
 * the fetch has failed, whatever the subrequest waits for.  Its connection is
 * closed, so that it holds the request that it is a part of no longer.
 */

#include "identity/jwt/ngx_http_secops_jwt.h"


struct ngx_http_secops_jwt_keys_s {
    ngx_str_t                            uri;
    ngx_msec_t                           interval;
    ngx_msec_t                           min_interval;
    ngx_msec_t                           timeout;

    /* each worker's own */

    secops_jwk_set_t                    *set;       /* NULL: never got any */
    ngx_uint_t                           generation;
    ngx_msec_t                           fetched;   /* by the clock that is */
    ngx_msec_t                           attempted; /* never set back */
    ngx_uint_t                           tried;     /* 1: attempted is valid */
    struct ngx_http_secops_jwt_fetch_s  *fetch;     /* under way, or NULL */
    ngx_queue_t                          waiting;   /* for it, or to be woken */
    ngx_event_t                          wake;      /* posted */
    ngx_event_t                          deadline;  /* of the fetch */
};


/* one request's part in a fetch; in its pool, whose cleanup cuts the links */

typedef struct ngx_http_secops_jwt_fetch_s {
    ngx_queue_t                          queue;
    ngx_http_secops_jwt_keys_t          *keys;
    ngx_http_request_t                  *request;
    ngx_http_request_t                  *subrequest;  /* NULL: none was made */
    ngx_http_secops_jwt_wake_pt          wake;      /* NULL: not any more */
    void                                *data;
    ngx_uint_t                           generation;  /* of the keys, at the
                                                         beginning */
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
static void ngx_http_secops_jwt_fetch_headers(ngx_http_request_t *sr,
    ngx_table_elt_t *header);
static ngx_int_t ngx_http_secops_jwt_fetched(ngx_http_request_t *sr,
    void *data, ngx_int_t rc);
static void ngx_http_secops_jwt_keys_update(ngx_http_request_t *sr,
    ngx_http_secops_jwt_keys_t *keys);
static void ngx_http_secops_jwt_deadline_handler(ngx_event_t *ev);
static void ngx_http_secops_jwt_fetch_abort(
    ngx_http_secops_jwt_fetch_t *fetch);
static void ngx_http_secops_jwt_fetch_end(ngx_http_secops_jwt_fetch_t *fetch);
static void ngx_http_secops_jwt_fetch_cleanup(void *data);
static void ngx_http_secops_jwt_fetch_wait(ngx_http_secops_jwt_fetch_t *fetch);
static void ngx_http_secops_jwt_fetch_unwait(
    ngx_http_secops_jwt_fetch_t *fetch);
static void ngx_http_secops_jwt_wake_handler(ngx_event_t *ev);
static void ngx_http_secops_jwt_keys_cleanup(void *data);


ngx_http_secops_jwt_keys_t *
ngx_http_secops_jwt_keys_create(ngx_conf_t *cf, ngx_str_t *uri,
    ngx_msec_t interval, ngx_msec_t min_interval, ngx_msec_t timeout)
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
    keys->timeout = timeout;

    ngx_queue_init(&keys->waiting);

    keys->wake.handler = ngx_http_secops_jwt_wake_handler;
    keys->wake.data = keys;
    keys->wake.log = &cf->cycle->new_log;

    keys->deadline.handler = ngx_http_secops_jwt_deadline_handler;
    keys->deadline.data = keys;
    keys->deadline.log = &cf->cycle->new_log;

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

    if (keys->deadline.timer_set) {
        ngx_del_timer(&keys->deadline);
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
    ngx_http_secops_jwt_wake_pt wake, void *data)
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
        fetch->data = data;
        *state = fetch;
    }

    if (keys->fetch == NULL) {
        return ngx_http_secops_jwt_fetch_start(fetch);
    }

    ngx_http_secops_jwt_fetch_wait(fetch);

    return NGX_AGAIN;
}


void
ngx_http_secops_jwt_keys_cancel(void *state)
{
    ngx_http_secops_jwt_fetch_t *fetch = state;

    ngx_http_secops_jwt_fetch_unwait(fetch);

    fetch->wake = NULL;
}


ngx_uint_t
ngx_http_secops_jwt_keys_needed(void *state)
{
    ngx_http_secops_jwt_fetch_t *fetch = state;

    return fetch->keys->fetch == fetch;
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
    ngx_uint_t                   count;
    ngx_table_elt_t             *header;
    ngx_http_request_t          *r, *sr;
    ngx_http_request_body_t     *body;
    ngx_http_secops_jwt_keys_t  *keys;
    ngx_http_post_subrequest_t  *ps;

    r = fetch->request;
    keys = fetch->keys;

    /* what it needs comes first: a subrequest can not be taken back */

    ps = ngx_palloc(r->pool, sizeof(ngx_http_post_subrequest_t));
    body = ngx_pcalloc(r->pool, sizeof(ngx_http_request_body_t));
    header = ngx_palloc(r->pool, sizeof(ngx_table_elt_t));

    if (ps == NULL || body == NULL || header == NULL) {
        return NGX_ERROR;
    }

    ps->handler = ngx_http_secops_jwt_fetched;
    ps->data = fetch;

    count = r->main->count;

    if (ngx_http_subrequest(r->main, &keys->uri, NULL, &sr, ps,
                            NGX_HTTP_SUBREQUEST_IN_MEMORY
                            |NGX_HTTP_SUBREQUEST_BACKGROUND)
        != NGX_OK)
    {
        /* nginx may have counted it, and then not had the memory to post it */

        r->main->count = count;

        return NGX_ERROR;
    }

    sr->request_body = body;

    ngx_http_secops_jwt_fetch_headers(sr, header);

    fetch->subrequest = sr;
    fetch->generation = keys->generation;

    keys->fetch = fetch;
    keys->attempted = ngx_current_msec;
    keys->tried = 1;

    ngx_add_timer(&keys->deadline, keys->timeout);

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

static void
ngx_http_secops_jwt_fetch_headers(ngx_http_request_t *sr,
    ngx_table_elt_t *header)
{
    ngx_str_t    server;
    ngx_list_t  *headers;

    server = sr->headers_in.server;

    ngx_memzero(&sr->headers_in, sizeof(ngx_http_headers_in_t));

    sr->headers_in.server = server;
    sr->headers_in.content_length_n = -1;
    sr->headers_in.keep_alive_n = -1;

    /* an empty list, as ngx_list_init() makes it */

    headers = &sr->headers_in.headers;

    headers->last = &headers->part;
    headers->part.elts = header;
    headers->size = sizeof(ngx_table_elt_t);
    headers->nalloc = 1;
    headers->pool = sr->pool;
}


/*
 * NGX_OK, and not what the answer was, goes back to nginx: a failed fetch is
 * no failed request.  An answer that did not fit in its buffer has marked the
 * client's connection as broken, and may wait to be sent.  Neither is so:
 * nothing is sent.  (If the connection is broken, who waits has been told, and
 * nginx does not come here.)
 *
 * What comes after the deadline is still of use, unless another fetch has
 * brought newer keys.
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
        || fetch->subrequest == NULL)
    {
        return rc;
    }

    fetch->subrequest = NULL;

    status = (rc == NGX_OK) ? (ngx_int_t) sr->headers_out.status : rc;

    if (sr->connection->error) {
        sr->connection->error = 0;
        status = NGX_ERROR;
    }

    sr->buffered = 0;

    if (status == NGX_HTTP_OK) {

        if (keys->generation == fetch->generation) {
            ngx_http_secops_jwt_keys_update(sr, keys);
        }

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


static void
ngx_http_secops_jwt_deadline_handler(ngx_event_t *ev)
{
    ngx_connection_t             *c;
    ngx_http_secops_jwt_keys_t   *keys;
    ngx_http_secops_jwt_fetch_t  *fetch;

    keys = ev->data;
    fetch = keys->fetch;

    if (fetch == NULL) {
        return;
    }

    c = fetch->request->connection;

    ngx_http_set_log_request(c->log, fetch->request);

    ngx_log_error(NGX_LOG_ERR, c->log, 0,
                  "secops: key request \"%V\" failed: it was not answered in "
                  "%M milliseconds", &keys->uri, keys->timeout);

    ngx_http_secops_jwt_fetch_end(fetch);
    ngx_http_secops_jwt_fetch_abort(fetch);

    ngx_http_run_posted_requests(c);
}


/*
 * Ends the subrequest as nginx does when a client leaves: its connection is
 * closed, and it gives its reference to the main request back.  One that waits
 * for something else than an upstream is left alone, and ends by itself.
 */

static void
ngx_http_secops_jwt_fetch_abort(ngx_http_secops_jwt_fetch_t *fetch)
{
    ngx_http_request_t   *sr;
    ngx_http_upstream_t  *u;

    sr = fetch->subrequest;
    u = sr->upstream;

    if (u == NULL || u->cleanup == NULL) {
        return;
    }

    fetch->subrequest = NULL;

    (*u->cleanup)(sr);
}


/* with keys or without; all that waited have what there is to be had */

static void
ngx_http_secops_jwt_fetch_end(ngx_http_secops_jwt_fetch_t *fetch)
{
    ngx_queue_t                  *q;
    ngx_http_secops_jwt_keys_t   *keys;
    ngx_http_secops_jwt_fetch_t  *waiting;

    keys = fetch->keys;

    if (keys->fetch != fetch) {
        return;
    }

    keys->fetch = NULL;

    if (keys->deadline.timer_set) {
        ngx_del_timer(&keys->deadline);
    }

    if (fetch->wake) {
        ngx_http_secops_jwt_fetch_wait(fetch);
    }

    for (q = ngx_queue_head(&keys->waiting);
         q != ngx_queue_sentinel(&keys->waiting);
         q = ngx_queue_next(q))
    {
        waiting = ngx_queue_data(q, ngx_http_secops_jwt_fetch_t, queue);
        waiting->done = 1;
    }

    ngx_post_event(&keys->wake, &ngx_posted_events);
}


/* the request ends, and with it all that is of it: one that fetches is kept
   from that, but not from the end of its worker */

static void
ngx_http_secops_jwt_fetch_cleanup(void *data)
{
    ngx_http_secops_jwt_fetch_t *fetch = data;

    ngx_http_secops_jwt_keys_cancel(fetch);

    ngx_http_secops_jwt_fetch_end(fetch);
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

        fetch->wake(fetch->data);
    }
}
