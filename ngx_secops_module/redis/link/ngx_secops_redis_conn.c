
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

/* in seconds, and how often */
#define NGX_SECOPS_REDIS_KEEPIDLE   30
#define NGX_SECOPS_REDIS_KEEPINTVL  10
#define NGX_SECOPS_REDIS_KEEPCNT    3


static void ngx_secops_redis_connect_next(ngx_secops_redis_node_t *node);
static ngx_secops_redis_link_t *ngx_secops_redis_link_create(
    ngx_secops_redis_node_t *node);
static void ngx_secops_redis_resolve(ngx_secops_redis_node_t *node);
static void ngx_secops_redis_resolve_handler(ngx_resolver_ctx_t *ctx);
static ngx_int_t ngx_secops_redis_resolved(ngx_secops_redis_node_t *node,
    ngx_resolver_ctx_t *ctx);
static ngx_int_t ngx_secops_redis_open(ngx_secops_redis_node_t *node,
    ngx_addr_t *addr);
static ngx_uint_t ngx_secops_redis_first(ngx_secops_redis_node_t *node,
    ngx_secops_redis_link_t *link);
static void ngx_secops_redis_keepalive(ngx_connection_t *c,
    ngx_secops_redis_node_t *node);
static void ngx_secops_redis_connect_handler(ngx_event_t *ev);
static ngx_int_t ngx_secops_redis_test_connect(ngx_connection_t *c);
static ngx_int_t ngx_secops_redis_begun(ngx_secops_redis_node_t *node,
    ngx_int_t rc);
static void ngx_secops_redis_greet_handler(ngx_event_t *wev);
static ngx_int_t ngx_secops_redis_process(ngx_secops_redis_node_t *node,
    size_t n);
static ngx_int_t ngx_secops_redis_process_slice(ngx_secops_redis_node_t *node);
static void ngx_secops_redis_read_handler(ngx_event_t *rev);
static void ngx_secops_redis_failed(ngx_secops_redis_node_t *node);
static void ngx_secops_redis_close_socket(ngx_secops_redis_link_t *link);
static u_char *ngx_secops_redis_log_error(ngx_log_t *log, u_char *buf,
    size_t len);


void
ngx_secops_redis_retry_handler(ngx_event_t *ev)
{
    ngx_secops_redis_node_t  *node;

    node = ev->data;

    if (node->state != NGX_SECOPS_REDIS_CLOSED) {
        return;
    }

    if (!ngx_secops_redis_wanted(node)) {
        return;
    }

    ngx_secops_redis_connect(node);
}


void
ngx_secops_redis_connect(ngx_secops_redis_node_t *node)
{
    ngx_secops_redis_link_t  *link;

    node->stats.attempts++;

    link = ngx_secops_redis_link_create(node);

    if (link == NULL) {
        ngx_secops_redis_failed(node);
        return;
    }

    node->link = link;

    node->redis->topology->discover(node);
}


void
ngx_secops_redis_connect_endpoint(ngx_secops_redis_node_t *node)
{
    ngx_secops_redis_link_t  *link;

    link = node->link;

    if (node->endpoint.host.len) {
        ngx_secops_redis_resolve(node);
        return;
    }

    link->addrs = node->endpoint.addrs;
    link->naddrs = node->endpoint.naddrs;

    ngx_secops_redis_connect_next(node);
}


static ngx_secops_redis_link_t *
ngx_secops_redis_link_create(ngx_secops_redis_node_t *node)
{
    ngx_log_t                *log;
    ngx_pool_t               *pool;
    ngx_secops_redis_link_t  *link;

    pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, node->log);
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

    *log = *node->log;
    log->handler = ngx_secops_redis_log_error;
    log->data = node;
    log->action = "connecting";

    /* nginx logs each connect() that fails: the first one is enough */

    if (node->failures && log->log_level < NGX_LOG_INFO) {
        log->log_level = NGX_LOG_ALERT;
    }

    pool->log = log;
    link->pool = pool;

    return link;
}


static void
ngx_secops_redis_resolve(ngx_secops_redis_node_t *node)
{
    ngx_resolver_ctx_t  *ctx;

    node->state = NGX_SECOPS_REDIS_RESOLVING;

    ctx = NGX_NO_RESOLVER;

    if (node->redis->conf.resolver) {
        ctx = ngx_resolve_start(node->redis->conf.resolver, NULL);
    }

    if (ctx == NULL || ctx == NGX_NO_RESOLVER) {
        (void) ngx_secops_redis_fault(node, "no resolver");
        ngx_secops_redis_failed(node);
        return;
    }

    ctx->name = node->endpoint.host;
    ctx->handler = ngx_secops_redis_resolve_handler;
    ctx->data = node;
    ctx->timeout = node->resolver_timeout;

    /* an exiting worker waits for pending commands, not for a lookup */

    ctx->cancelable = 1;

    node->resolving = ctx;

    /* the handler may have run, and the link be gone, when this returns */

    if (ngx_resolve_name(ctx) != NGX_OK) {
        node->resolving = NULL;
        (void) ngx_secops_redis_fault(node, "host could not be resolved");
        ngx_secops_redis_failed(node);
    }
}


static void
ngx_secops_redis_resolve_handler(ngx_resolver_ctx_t *ctx)
{
    ngx_int_t                 rc, state;
    ngx_uint_t                level;
    ngx_secops_redis_node_t  *node;

    node = ctx->data;
    state = ctx->state;
    rc = NGX_ERROR;

    if (state == NGX_OK) {
        rc = ngx_secops_redis_resolved(node, ctx);
    }

    ngx_resolve_name_done(ctx);
    node->resolving = NULL;

    if (state != NGX_OK) {
        level = node->failures ? NGX_LOG_INFO : NGX_LOG_ERR;

        ngx_log_error(level, node->log, 0,
                      "secops redis \"%V\": \"%V\" could not be resolved "
                      "(%i: %s)", &node->name, &node->endpoint.host,
                      state, ngx_resolver_strerror(state));
    }

    if (rc != NGX_OK) {
        (void) ngx_secops_redis_fault(node, "host could not be resolved");
        ngx_secops_redis_failed(node);
        return;
    }

    ngx_secops_redis_connect_next(node);
}


/* copies the addresses, which are the resolver's, and gives them the port */

static ngx_int_t
ngx_secops_redis_resolved(ngx_secops_redis_node_t *node,
    ngx_resolver_ctx_t *ctx)
{
    u_char                   *p;
    ngx_uint_t                i;
    ngx_addr_t               *addr;
    ngx_secops_redis_link_t  *link;

    link = node->link;

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
        ngx_inet_set_port(addr[i].sockaddr, node->endpoint.port);

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

static void
ngx_secops_redis_connect_next(ngx_secops_redis_node_t *node)
{
    ngx_int_t                 rc;
    ngx_uint_t                i;
    ngx_secops_redis_link_t  *link;

    link = node->link;

    if (link->tried == 0 && link->naddrs) {
        link->first = ngx_secops_redis_first(node, link);
    }

    while (link->tried < link->naddrs) {

        i = (link->first + link->tried++) % link->naddrs;

        rc = ngx_secops_redis_open(node, &link->addrs[i]);

        if (rc == NGX_OK) {
            rc = ngx_secops_redis_begun(node,
                                        ngx_secops_redis_handshake(node));
        }

        if (rc == NGX_OK || rc == NGX_AGAIN) {
            return;
        }

        ngx_secops_redis_close_socket(link);
    }

    if (link->naddrs == 0) {
        (void) ngx_secops_redis_fault(node, "no address");
    }

    ngx_secops_redis_failed(node);
}


/*
 * The address that worked last, which the resolver may give at another place
 * each time; the one after it if it was of no use; any one at the beginning,
 * so that workers spread.
 */

static ngx_uint_t
ngx_secops_redis_first(ngx_secops_redis_node_t *node,
    ngx_secops_redis_link_t *link)
{
    ngx_uint_t  i;

    for (i = 0; node->socklen && i < link->naddrs; i++) {

        if (ngx_cmp_sockaddr(link->addrs[i].sockaddr, link->addrs[i].socklen,
                             &node->sockaddr.sockaddr, node->socklen, 1)
            == NGX_OK)
        {
            return i + node->shunned;
        }
    }

    return ngx_random() % link->naddrs;
}


/* NGX_OK: connected; NGX_AGAIN: the connect handler will tell; else: not */

static ngx_int_t
ngx_secops_redis_open(ngx_secops_redis_node_t *node, ngx_addr_t *addr)
{
    ngx_int_t                 rc;
    ngx_connection_t         *c;
    ngx_peer_connection_t    *peer;
    ngx_secops_redis_link_t  *link;

    link = node->link;
    link->log.action = "connecting";

    node->state = NGX_SECOPS_REDIS_CONNECTING;

    if (ngx_secops_redis_reply_init(&link->reply) != NGX_OK) {
        return ngx_secops_redis_fault(node, "no memory");
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
        return ngx_secops_redis_fault(node, "connect failed");
    }

    c = peer->connection;

    c->data = node;
    c->pool = link->pool;
    c->addr_text = addr->name;

    if (addr->sockaddr->sa_family != AF_UNIX) {
        ngx_secops_redis_keepalive(c, node);
    }

    link->log.connection = c->number;

    c->read->handler = ngx_secops_redis_connect_handler;
    c->write->handler = ngx_secops_redis_connect_handler;

    /* runs until the link is ready; pending commands have their own timer.
       What else was done in this turn is not to be taken from its time */

    ngx_time_update();

    c->write->cancelable = 1;
    ngx_add_timer(c->write, node->connect_timeout);

    return rc;
}


/*
 * The second line of defence behind deadlines and PING, which find a dead link
 * earlier: the system gives a socket up as well, also one that was closed with
 * bytes on their way.  What a system does not have is left out.
 */

static void
ngx_secops_redis_keepalive(ngx_connection_t *c, ngx_secops_redis_node_t *node)
{
    ngx_uint_t  i;

    struct {
        int  name;
        int  value;
    } options[] = {
#if (NGX_HAVE_KEEPALIVE_TUNABLE)
        { TCP_KEEPIDLE, NGX_SECOPS_REDIS_KEEPIDLE },
        { TCP_KEEPINTVL, NGX_SECOPS_REDIS_KEEPINTVL },
        { TCP_KEEPCNT, NGX_SECOPS_REDIS_KEEPCNT },
#endif
#ifdef TCP_USER_TIMEOUT
        { TCP_USER_TIMEOUT, (int) node->redis->conf.timeout },
#endif
        { 0, 0 }
    };

    for (i = 0; options[i].name; i++) {

        if (setsockopt(c->fd, IPPROTO_TCP, options[i].name,
                       (const void *) &options[i].value, sizeof(int))
            == -1)
        {
            ngx_log_error(NGX_LOG_ALERT, c->log, ngx_socket_errno,
                          "setsockopt(IPPROTO_TCP, %d, %d) failed, ignored",
                          options[i].name, options[i].value);
        }
    }
}


static void
ngx_secops_redis_connect_handler(ngx_event_t *ev)
{
    ngx_int_t                 rc;
    ngx_connection_t         *c;
    ngx_secops_redis_node_t  *node;

    c = ev->data;
    node = c->data;

    ngx_log_debug0(NGX_LOG_DEBUG_EVENT, ev->log, 0,
                   "secops redis connect handler");

    if (c->close) {
        (void) ngx_secops_redis_fault(node, "worker is shutting down");
        ngx_secops_redis_broken(node);
        return;
    }

    if (c->write->timedout) {
        (void) ngx_secops_redis_fault(node, c->ssl ? "TLS handshake timed out"
                                                  : "connect timed out");
        ngx_secops_redis_broken(node);
        return;
    }

    if (c->ssl) {
        rc = ngx_secops_redis_begun(node, ngx_secops_redis_secure(node));

    } else if (ngx_secops_redis_test_connect(c) != NGX_OK) {
        rc = ngx_secops_redis_fault(node, "connect failed");

    } else {
        rc = ngx_secops_redis_begun(node, ngx_secops_redis_handshake(node));
    }

    if (rc == NGX_AGAIN) {
        return;
    }

    if (rc != NGX_OK) {
        ngx_secops_redis_broken(node);
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


/* rc: what the handshake said.  While TLS goes on nginx sets handlers of its
   own, which do not look at c->close */

static ngx_int_t
ngx_secops_redis_begun(ngx_secops_redis_node_t *node, ngx_int_t rc)
{
    ngx_connection_t  *c;

    c = node->link->peer.connection;

    if (rc == NGX_AGAIN) {
        c->read->handler = ngx_secops_redis_connect_handler;
        c->write->handler = ngx_secops_redis_connect_handler;

    } else if (rc == NGX_OK) {
        c->read->handler = ngx_secops_redis_read_handler;
        c->write->handler = ngx_secops_redis_greet_handler;
    }

    return rc;
}


static void
ngx_secops_redis_greet_handler(ngx_event_t *wev)
{
    ngx_connection_t         *c;
    ngx_secops_redis_node_t  *node;

    c = wev->data;
    node = c->data;

    if (wev->timedout) {
        (void) ngx_secops_redis_fault(node, "handshake timed out");
        ngx_secops_redis_broken(node);
        return;
    }

    if (ngx_secops_redis_greet(node) != NGX_OK) {
        ngx_secops_redis_broken(node);
    }
}


ngx_int_t
ngx_secops_redis_read(ngx_secops_redis_node_t *node)
{
    ssize_t                   n;
    ngx_uint_t                i;
    ngx_connection_t         *c;
    ngx_secops_redis_link_t  *link;

    link = node->link;
    c = link->peer.connection;

    for (i = 0; i < NGX_SECOPS_REDIS_READS; i++) {

        n = c->recv(c, link->buffer, NGX_SECOPS_REDIS_BUFFER);

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == NGX_ERROR) {
            return ngx_secops_redis_fault(node, "read failed");
        }

        if (n == 0) {
            return ngx_secops_redis_fault(node, "closed by Redis");
        }

        link->heard = ngx_current_msec;
        node->stats.bytes_in += n;

        if (ngx_secops_redis_process(node, n) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (i == NGX_SECOPS_REDIS_READS) {
        ngx_post_event(c->read, &ngx_posted_next_events);
    }

    if (ngx_handle_read_event(c->read, 0) != NGX_OK) {
        return ngx_secops_redis_fault(node, "read failed");
    }

    return NGX_OK;
}


/* n bytes are in link->buffer */

static ngx_int_t
ngx_secops_redis_process(ngx_secops_redis_node_t *node, size_t n)
{
    size_t                    size;
    u_char                   *p;
    ngx_secops_redis_link_t  *link;

    link = node->link;

    for (p = link->buffer; n; p += size, n -= size) {

        size = ngx_min(n, NGX_SECOPS_REDIS_SLICE);

        if (ngx_secops_redis_reply_feed(&link->reply, p, size) != NGX_OK) {
            return ngx_secops_redis_fault(node, link->reply.fault);
        }

        if (ngx_secops_redis_process_slice(node) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_secops_redis_process_slice(ngx_secops_redis_node_t *node)
{
    ngx_int_t                 rc;
    ngx_secops_redis_link_t  *link;

    link = node->link;

    for ( ;; ) {

        rc = ngx_secops_redis_reply_next(&link->reply);

        if (rc == NGX_ERROR) {
            return ngx_secops_redis_fault(node, link->reply.fault);
        }

        if (rc == NGX_AGAIN) {
            break;
        }

        if (link->process(node) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    /* even the beginning of a reply that nobody waits for is a fault */

    if (node->state >= NGX_SECOPS_REDIS_READY
        && ngx_queue_empty(&node->sent)
        && link->reply.unread
        && !node->listens)
    {
        return ngx_secops_redis_fault(node, "unexpected data from Redis");
    }

    return NGX_OK;
}


static void
ngx_secops_redis_read_handler(ngx_event_t *rev)
{
    ngx_connection_t         *c;
    ngx_secops_redis_node_t  *node;

    c = rev->data;
    node = c->data;

    ngx_log_debug0(NGX_LOG_DEBUG_EVENT, rev->log, 0,
                   "secops redis read handler");

    if (c->close) {

        if (node->pending == 0) {
            ngx_secops_redis_close(node);
            return;
        }

        (void) ngx_secops_redis_fault(node, "worker is shutting down");
        ngx_secops_redis_broken(node);
        return;
    }

    if (ngx_secops_redis_read(node) != NGX_OK) {
        ngx_secops_redis_broken(node);
        return;
    }

    ngx_secops_redis_settle(node);
}


/* after events: a link that has nothing to do rests, or ends with the worker */

void
ngx_secops_redis_settle(ngx_secops_redis_node_t *node)
{
    if (node->state == NGX_SECOPS_REDIS_DRAINING
        && ngx_secops_redis_drained(node))
    {
        node->redis->topology->lost(node);
        return;
    }

    if (node->state != NGX_SECOPS_REDIS_READY || node->pending) {
        return;
    }

    if (ngx_exiting && !ngx_secops_redis_wanted(node)) {
        ngx_secops_redis_close(node);
        return;
    }

    node->link->peer.connection->idle = 1;
}


/* the socket is of no more use, link->fault says why */

void
ngx_secops_redis_broken(ngx_secops_redis_node_t *node)
{
    if (node->state >= NGX_SECOPS_REDIS_READY) {
        node->redis->topology->lost(node);
        return;
    }

    ngx_secops_redis_close_socket(node->link);
    ngx_secops_redis_connect_next(node);
}


/* the attempt to get a link, which may be NULL */

static void
ngx_secops_redis_failed(ngx_secops_redis_node_t *node)
{
    node->redis->topology->failed(node);
}


void
ngx_secops_redis_close(ngx_secops_redis_node_t *node)
{
    ngx_secops_redis_link_t  *link;

    link = node->link;

    node->state = NGX_SECOPS_REDIS_CLOSED;
    node->link = NULL;

    if (node->ping.timer_set) {
        ngx_del_timer(&node->ping);
    }

    if (node->resolving) {
        ngx_resolve_name_done(node->resolving);
        node->resolving = NULL;
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

    link->out = NULL;

    if (link->peer.connection) {
        ngx_secops_redis_ssl_shutdown(link->peer.connection);
        ngx_close_connection(link->peer.connection);
        link->peer.connection = NULL;
    }
}


static u_char *
ngx_secops_redis_log_error(ngx_log_t *log, u_char *buf, size_t len)
{
    ngx_secops_redis_node_t  *node;

    node = log->data;

    return ngx_snprintf(buf, len, " while %s, secops redis: \"%V\"",
                        log->action, &node->name);
}
