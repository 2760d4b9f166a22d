
/*
 * One link to Redis: finds the addresses, tries each of them, reads, closes.
 * What the bytes mean is the business of link->process.
 */

#include "redis/ngx_secops_redis_internal.h"


#define NGX_SECOPS_REDIS_BUFFER  32768

/* so much of it is parsed at a time: redisReader moves what is left after each
   reply */

#define NGX_SECOPS_REDIS_SLICE   4096

/* so much from one link, then the worker's other events have their turn */
#define NGX_SECOPS_REDIS_READS   32


static ngx_secops_redis_link_t *ngx_secops_redis_link_create(
    ngx_secops_redis_t *redis);
static void ngx_secops_redis_resolve(ngx_secops_redis_t *redis);
static void ngx_secops_redis_resolve_handler(ngx_resolver_ctx_t *ctx);
static ngx_int_t ngx_secops_redis_resolved(ngx_secops_redis_t *redis,
    ngx_resolver_ctx_t *ctx);
static ngx_int_t ngx_secops_redis_open(ngx_secops_redis_t *redis,
    ngx_addr_t *addr);
static void ngx_secops_redis_connect_handler(ngx_event_t *ev);
static ngx_int_t ngx_secops_redis_test_connect(ngx_connection_t *c);
static ngx_int_t ngx_secops_redis_process(ngx_secops_redis_t *redis,
    size_t n);
static ngx_int_t ngx_secops_redis_process_slice(ngx_secops_redis_t *redis);
static void ngx_secops_redis_close_socket(ngx_secops_redis_link_t *link);
static u_char *ngx_secops_redis_log_error(ngx_log_t *log, u_char *buf,
    size_t len);


void
ngx_secops_redis_connect(ngx_secops_redis_t *redis)
{
    ngx_secops_redis_link_t  *link;

    redis->stats.connects++;

    link = ngx_secops_redis_link_create(redis);

    if (link == NULL) {
        ngx_secops_redis_unreachable(redis);
        return;
    }

    redis->link = link;

    if (redis->conf.host.len) {
        ngx_secops_redis_resolve(redis);
        return;
    }

    link->addrs = redis->conf.addrs;
    link->naddrs = redis->conf.naddrs;

    ngx_secops_redis_connect_next(redis);
}


static ngx_secops_redis_link_t *
ngx_secops_redis_link_create(ngx_secops_redis_t *redis)
{
    ngx_log_t                *log;
    ngx_pool_t               *pool;
    ngx_secops_redis_link_t  *link;

    pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, redis->log);
    if (pool == NULL) {
        return NULL;
    }

    link = ngx_pcalloc(pool, sizeof(ngx_secops_redis_link_t));
    if (link == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    link->buffer = ngx_palloc(pool, NGX_SECOPS_REDIS_BUFFER);
    if (link->buffer == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    log = &link->log;

    *log = *redis->log;
    log->handler = ngx_secops_redis_log_error;
    log->data = redis;
    log->action = "connecting";

    /* nginx logs each connect() that fails: the first one is enough */

    if (redis->failures && log->log_level < NGX_LOG_INFO) {
        log->log_level = NGX_LOG_ALERT;
    }

    pool->log = log;
    link->pool = pool;

    return link;
}


static void
ngx_secops_redis_resolve(ngx_secops_redis_t *redis)
{
    ngx_resolver_ctx_t  *ctx;

    redis->state = NGX_SECOPS_REDIS_RESOLVING;

    ctx = ngx_resolve_start(redis->conf.resolver, NULL);

    if (ctx == NULL || ctx == NGX_NO_RESOLVER) {
        (void) ngx_secops_redis_fault(redis, "no resolver");
        ngx_secops_redis_unreachable(redis);
        return;
    }

    ctx->name = redis->conf.host;
    ctx->handler = ngx_secops_redis_resolve_handler;
    ctx->data = redis;
    ctx->timeout = redis->conf.resolver_timeout;

    /* an exiting worker waits for pending commands, not for a lookup */

    ctx->cancelable = 1;

    redis->resolving = ctx;

    /* the handler may have run, and the link be gone, when this returns */

    if (ngx_resolve_name(ctx) != NGX_OK) {
        redis->resolving = NULL;
        (void) ngx_secops_redis_fault(redis, "host could not be resolved");
        ngx_secops_redis_unreachable(redis);
    }
}


static void
ngx_secops_redis_resolve_handler(ngx_resolver_ctx_t *ctx)
{
    ngx_int_t            rc, state;
    ngx_uint_t           level;
    ngx_secops_redis_t  *redis;

    redis = ctx->data;
    state = ctx->state;
    rc = NGX_ERROR;

    if (state == NGX_OK) {
        rc = ngx_secops_redis_resolved(redis, ctx);
    }

    ngx_resolve_name_done(ctx);
    redis->resolving = NULL;

    if (state != NGX_OK) {
        level = redis->failures ? NGX_LOG_INFO : NGX_LOG_ERR;

        ngx_log_error(level, redis->log, 0,
                      "secops redis \"%V\": \"%V\" could not be resolved "
                      "(%i: %s)", &redis->conf.url, &redis->conf.host,
                      state, ngx_resolver_strerror(state));
    }

    if (rc != NGX_OK) {
        (void) ngx_secops_redis_fault(redis, "host could not be resolved");
        ngx_secops_redis_unreachable(redis);
        return;
    }

    ngx_secops_redis_connect_next(redis);
}


/* copies the addresses, which are the resolver's, and gives them the port */

static ngx_int_t
ngx_secops_redis_resolved(ngx_secops_redis_t *redis, ngx_resolver_ctx_t *ctx)
{
    u_char                   *p;
    ngx_uint_t                i;
    ngx_addr_t               *addr;
    ngx_secops_redis_link_t  *link;

    link = redis->link;

    addr = ngx_pcalloc(link->pool, ctx->naddrs * sizeof(ngx_addr_t));
    if (addr == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < ctx->naddrs; i++) {

        addr[i].socklen = ctx->addrs[i].socklen;

        addr[i].sockaddr = ngx_palloc(link->pool, addr[i].socklen);
        if (addr[i].sockaddr == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(addr[i].sockaddr, ctx->addrs[i].sockaddr, addr[i].socklen);
        ngx_inet_set_port(addr[i].sockaddr, redis->conf.port);

        p = ngx_pnalloc(link->pool, NGX_SOCKADDR_STRLEN);
        if (p == NULL) {
            return NGX_ERROR;
        }

        addr[i].name.len = ngx_sock_ntop(addr[i].sockaddr, addr[i].socklen, p,
                                         NGX_SOCKADDR_STRLEN, 1);
        addr[i].name.data = p;
    }

    link->addrs = addr;
    link->naddrs = ctx->naddrs;

    return NGX_OK;
}


/*
 * Tries the addresses that this attempt has not tried yet, beginning with the
 * one that worked last time; when there is none left the attempt has failed.
 */

void
ngx_secops_redis_connect_next(ngx_secops_redis_t *redis)
{
    ngx_int_t                 rc;
    ngx_uint_t                i;
    ngx_secops_redis_link_t  *link;

    link = redis->link;

    while (link->tried < link->naddrs) {

        i = (redis->address + link->tried++) % link->naddrs;

        rc = ngx_secops_redis_open(redis, &link->addrs[i]);

        if (rc == NGX_OK) {
            rc = ngx_secops_redis_handshake(redis);
        }

        if (rc == NGX_OK || rc == NGX_AGAIN) {
            return;
        }

        ngx_secops_redis_close_socket(link);
    }

    if (link->naddrs == 0) {
        (void) ngx_secops_redis_fault(redis, "no address");
    }

    ngx_secops_redis_unreachable(redis);
}


/* NGX_OK: connected; NGX_AGAIN: the connect handler will tell; else: not */

static ngx_int_t
ngx_secops_redis_open(ngx_secops_redis_t *redis, ngx_addr_t *addr)
{
    ngx_int_t                 rc;
    ngx_connection_t         *c;
    ngx_peer_connection_t    *peer;
    ngx_secops_redis_link_t  *link;

    link = redis->link;
    link->log.action = "connecting";

    redis->state = NGX_SECOPS_REDIS_CONNECTING;

    if (ngx_secops_redis_reply_init(&link->reply) != NGX_OK) {
        return ngx_secops_redis_fault(redis, "no memory");
    }

    peer = &link->peer;
    ngx_memzero(peer, sizeof(ngx_peer_connection_t));

    peer->sockaddr = addr->sockaddr;
    peer->socklen = addr->socklen;
    peer->name = &addr->name;
    peer->get = ngx_event_get_peer;
    peer->log = &link->log;
    peer->log_error = NGX_ERROR_ERR;
    peer->so_keepalive = (addr->sockaddr->sa_family != AF_UNIX);

    rc = ngx_event_connect_peer(peer);

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        return ngx_secops_redis_fault(redis, "connect failed");
    }

    c = peer->connection;

    c->data = redis;
    c->pool = link->pool;
    c->addr_text = addr->name;
    link->log.connection = c->number;

    c->read->handler = ngx_secops_redis_connect_handler;
    c->write->handler = ngx_secops_redis_connect_handler;

    /* runs until the link is ready; pending commands have their own timer */

    c->write->cancelable = 1;
    ngx_add_timer(c->write, redis->conf.connect_timeout);

    return rc;
}


static void
ngx_secops_redis_connect_handler(ngx_event_t *ev)
{
    ngx_connection_t    *c;
    ngx_secops_redis_t  *redis;

    c = ev->data;
    redis = c->data;

    ngx_log_debug0(NGX_LOG_DEBUG_EVENT, ev->log, 0,
                   "secops redis connect handler");

    if (c->close) {
        (void) ngx_secops_redis_fault(redis, "worker is shutting down");
        ngx_secops_redis_broken(redis);
        return;
    }

    if (c->write->timedout) {
        (void) ngx_secops_redis_fault(redis, "connect timed out");
        ngx_secops_redis_broken(redis);
        return;
    }

    if (ngx_secops_redis_test_connect(c) != NGX_OK) {
        (void) ngx_secops_redis_fault(redis, "connect failed");
        ngx_secops_redis_broken(redis);
        return;
    }

    if (ngx_secops_redis_handshake(redis) != NGX_OK) {
        ngx_secops_redis_broken(redis);
        return;
    }

    /* the same event may have brought an early reply */

    if (c->read->ready) {
        ngx_secops_redis_read_handler(c->read);
    }
}


static ngx_int_t
ngx_secops_redis_test_connect(ngx_connection_t *c)
{
    int        err;
    socklen_t  len;

    err = 0;
    len = sizeof(int);

    /*
     * BSDs and Linux return 0 and set a pending error in err
     * Solaris returns -1 and sets errno
     */

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &err, &len) == -1) {
        err = ngx_socket_errno;
    }

    if (err) {
        (void) ngx_connection_error(c, err, "connect() failed");
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_secops_redis_read(ngx_secops_redis_t *redis)
{
    ssize_t                   n;
    ngx_uint_t                i;
    ngx_connection_t         *c;
    ngx_secops_redis_link_t  *link;

    link = redis->link;
    c = link->peer.connection;

    for (i = 0; i < NGX_SECOPS_REDIS_READS; i++) {

        n = c->recv(c, link->buffer, NGX_SECOPS_REDIS_BUFFER);

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == NGX_ERROR) {
            return ngx_secops_redis_fault(redis, "read failed");
        }

        if (n == 0) {
            return ngx_secops_redis_fault(redis, "closed by Redis");
        }

        redis->stats.bytes_in += n;

        if (ngx_secops_redis_process(redis, n) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (i == NGX_SECOPS_REDIS_READS) {
        ngx_post_event(c->read, &ngx_posted_next_events);
    }

    if (ngx_handle_read_event(c->read, 0) != NGX_OK) {
        return ngx_secops_redis_fault(redis, "read failed");
    }

    return NGX_OK;
}


/* n bytes are in link->buffer */

static ngx_int_t
ngx_secops_redis_process(ngx_secops_redis_t *redis, size_t n)
{
    size_t                    size;
    u_char                   *p;
    ngx_secops_redis_link_t  *link;

    link = redis->link;

    for (p = link->buffer; n; p += size, n -= size) {

        size = ngx_min(n, NGX_SECOPS_REDIS_SLICE);

        if (ngx_secops_redis_reply_feed(&link->reply, p, size) != NGX_OK) {
            return ngx_secops_redis_fault(redis, link->reply.fault);
        }

        if (ngx_secops_redis_process_slice(redis) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_secops_redis_process_slice(ngx_secops_redis_t *redis)
{
    ngx_int_t                 rc;
    ngx_secops_redis_link_t  *link;

    link = redis->link;

    for ( ;; ) {

        rc = ngx_secops_redis_reply_next(&link->reply);

        if (rc == NGX_ERROR) {
            return ngx_secops_redis_fault(redis, link->reply.fault);
        }

        if (rc == NGX_AGAIN) {
            break;
        }

        if (link->process(redis) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    /* even the beginning of a reply that nobody waits for is a fault */

    if (redis->state >= NGX_SECOPS_REDIS_READY
        && ngx_queue_empty(&redis->sent)
        && link->reply.unread)
    {
        return ngx_secops_redis_fault(redis, "unexpected data from Redis");
    }

    return NGX_OK;
}


void
ngx_secops_redis_read_handler(ngx_event_t *rev)
{
    ngx_connection_t    *c;
    ngx_secops_redis_t  *redis;

    c = rev->data;
    redis = c->data;

    ngx_log_debug0(NGX_LOG_DEBUG_EVENT, rev->log, 0,
                   "secops redis read handler");

    if (c->close) {

        if (redis->pending == 0) {
            ngx_secops_redis_close(redis);
            return;
        }

        (void) ngx_secops_redis_fault(redis, "worker is shutting down");
        ngx_secops_redis_broken(redis);
        return;
    }

    if (ngx_secops_redis_read(redis) != NGX_OK) {
        ngx_secops_redis_broken(redis);
        return;
    }

    ngx_secops_redis_settle(redis);
}


/* the socket is of no more use, link->fault says why */

void
ngx_secops_redis_broken(ngx_secops_redis_t *redis)
{
    if (redis->state >= NGX_SECOPS_REDIS_READY) {
        ngx_secops_redis_lost(redis);
        return;
    }

    ngx_secops_redis_close_socket(redis->link);
    ngx_secops_redis_connect_next(redis);
}


void
ngx_secops_redis_close(ngx_secops_redis_t *redis)
{
    ngx_secops_redis_link_t  *link;

    link = redis->link;

    redis->state = NGX_SECOPS_REDIS_CLOSED;
    redis->link = NULL;

    if (redis->resolving) {
        ngx_resolve_name_done(redis->resolving);
        redis->resolving = NULL;
    }

    if (link) {
        ngx_secops_redis_close_socket(link);
        ngx_destroy_pool(link->pool);
    }
}


static void
ngx_secops_redis_close_socket(ngx_secops_redis_link_t *link)
{
    ngx_secops_redis_reply_free(&link->reply);

    if (link->greeting.data) {
        ngx_explicit_memzero(link->greeting.data, link->greeting.capacity);
        secops_redis_resp_free(&link->greeting);
    }

    if (link->peer.connection) {
        ngx_close_connection(link->peer.connection);
        link->peer.connection = NULL;
    }
}


/* copies the text: it may live in the reply, which goes before the link */

ngx_int_t
ngx_secops_redis_fault(ngx_secops_redis_t *redis, const char *text)
{
    ngx_secops_redis_link_t  *link;

    link = redis->link;

    (void) ngx_cpystrn(link->fault, (u_char *) text, sizeof(link->fault));

    return NGX_ERROR;
}


static u_char *
ngx_secops_redis_log_error(ngx_log_t *log, u_char *buf, size_t len)
{
    ngx_secops_redis_t  *redis;

    redis = log->data;

    return ngx_snprintf(buf, len, " while %s, secops redis: \"%V\"",
                        log->action, &redis->conf.url);
}
