
/*
 * Rounds: who is asked and when, what is made of the answer, and how the master
 * and the subscription are looked after between two rounds.
 */

#include "redis/sentinel/ngx_secops_redis_sentinel.h"


/* of connect_timeout, for each sentinel: they are near, and there are others */
#define NGX_SECOPS_REDIS_SENTINEL_SHARE  4

/* between two rounds without need, in ms: hints may come in any number */
#define NGX_SECOPS_REDIS_SENTINEL_PAUSE  200

/* until a lost subscription is renewed, in ms */
#define NGX_SECOPS_REDIS_RENEW_MIN       250
#define NGX_SECOPS_REDIS_RENEW_MAX       8000

/* between two looks at the master and the subscription, in ms */
#define NGX_SECOPS_REDIS_SENTINEL_CHECK  1000

/* a subscription that is silent for so many of them is asked for a word, and
   given up after as many more */
#define NGX_SECOPS_REDIS_SENTINEL_SILENT  5

/* what a server that is no master any more has for its last replies, in ms */
#define NGX_SECOPS_REDIS_SENTINEL_GRACE  250


static void ngx_secops_redis_sentinel_round(
    ngx_secops_redis_sentinels_t *sentinels, ngx_msec_t delay);
static void ngx_secops_redis_sentinel_turn_handler(ngx_event_t *ev);
static void ngx_secops_redis_sentinel_ask(
    ngx_secops_redis_sentinels_t *sentinels,
    ngx_secops_redis_sentinel_t *sentinel);
static void ngx_secops_redis_sentinel_none(
    ngx_secops_redis_sentinels_t *sentinels);
static void ngx_secops_redis_sentinel_renew(
    ngx_secops_redis_sentinels_t *sentinels);

static ngx_uint_t ngx_secops_redis_sentinel_agrees(
    ngx_secops_redis_sentinels_t *sentinels,
    secops_redis_announced_t *announced);
static void ngx_secops_redis_sentinel_believe(
    ngx_secops_redis_sentinels_t *sentinels,
    secops_redis_announced_t *announced);
static void ngx_secops_redis_sentinel_apply(
    ngx_secops_redis_sentinels_t *sentinels, ngx_uint_t same);
static void ngx_secops_redis_sentinel_leave(
    ngx_secops_redis_sentinels_t *sentinels);
static void ngx_secops_redis_sentinel_place(
    ngx_secops_redis_sentinels_t *sentinels,
    ngx_secops_redis_sentinel_t *sentinel, ngx_uint_t first);

static void ngx_secops_redis_sentinel_distrust(
    ngx_secops_redis_sentinels_t *sentinels);
static void ngx_secops_redis_sentinel_useless(ngx_secops_redis_node_t *node);

static void ngx_secops_redis_sentinel_check_handler(ngx_event_t *ev);
static void ngx_secops_redis_sentinel_check_subscription(
    ngx_secops_redis_sentinels_t *sentinels);
static ngx_int_t ngx_secops_redis_sentinel_ping(
    ngx_secops_redis_node_t *node);
static void ngx_secops_redis_sentinel_ask_role(
    ngx_secops_redis_sentinels_t *sentinels);
static void ngx_secops_redis_sentinel_role_handler(void *data,
    ngx_secops_redis_result_t *result);


ngx_int_t
ngx_secops_redis_sentinels_create(ngx_conf_t *cf, ngx_secops_redis_t *redis)
{
    ngx_uint_t                         i;
    ngx_secops_redis_sentinel_t       *sentinel;
    ngx_secops_redis_sentinels_t      *sentinels;
    ngx_secops_redis_sentinel_addr_t  *addr;

    if (ngx_secops_redis_single_create(cf, redis) != NGX_OK) {
        return NGX_ERROR;
    }

    sentinels = ngx_pcalloc(cf->pool, sizeof(ngx_secops_redis_sentinels_t));
    if (sentinels == NULL) {
        return NGX_ERROR;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     sentinels->role = NULL;
     *     sentinels->trusted = NULL;
     *     sentinels->host = { 0, NULL };
     *     sentinels->port = 0;
     *     sentinels->asking = 0;
     */

    sentinels->redis = redis;

    addr = redis->conf.sentinel.addrs->elts;

    for (i = 0; i < redis->conf.sentinel.addrs->nelts; i++) {

        sentinel = ngx_pcalloc(cf->pool, sizeof(ngx_secops_redis_sentinel_t));
        if (sentinel == NULL) {
            return NGX_ERROR;
        }

        sentinel->name = addr[i].name;
        sentinel->endpoint = addr[i].endpoint;

        sentinels->list[sentinels->n++] = sentinel;
    }

    sentinels->present = sentinels->list[0];

    sentinels->node = ngx_secops_redis_node_create(redis, cf->pool,
                                              &sentinels->present->name,
                                              &sentinels->present->endpoint);
    if (sentinels->node == NULL) {
        return NGX_ERROR;
    }

    sentinels->node->sentinels = sentinels;
    sentinels->node->listens = 1;
    sentinels->node->connect_timeout = ngx_max(redis->conf.connect_timeout
                                         / NGX_SECOPS_REDIS_SENTINEL_SHARE, 1);
    sentinels->node->resolver_timeout = sentinels->node->connect_timeout;
    sentinels->node->ssl = redis->conf.sentinel.ssl;

    redis->sentinels = sentinels;

    return NGX_OK;
}


void
ngx_secops_redis_sentinels_start(ngx_secops_redis_t *redis)
{
    ngx_log_t                     *log;
    ngx_secops_redis_sentinels_t  *sentinels;

    log = redis->log;

    sentinels = redis->sentinels;
    sentinels->log = log;
    sentinels->ident = -1;

    sentinels->turn.handler = ngx_secops_redis_sentinel_turn_handler;
    sentinels->turn.data = sentinels;
    sentinels->turn.log = log;
    sentinels->turn.cancelable = 1;

    sentinels->check.handler = ngx_secops_redis_sentinel_check_handler;
    sentinels->check.data = sentinels;
    sentinels->check.log = log;
    sentinels->check.cancelable = 1;

    ngx_add_timer(&sentinels->check, NGX_SECOPS_REDIS_SENTINEL_CHECK);

    ngx_secops_redis_node_start(sentinels->node);

    ngx_secops_redis_single_start(redis);
}


void
ngx_secops_redis_sentinels_stop(ngx_secops_redis_t *redis)
{
    ngx_uint_t                     i;
    ngx_secops_redis_sentinels_t  *sentinels;

    sentinels = redis->sentinels;

    ngx_secops_redis_node_stop(sentinels->node);

    if (sentinels->turn.timer_set) {
        ngx_del_timer(&sentinels->turn);
    }

    if (sentinels->check.timer_set) {
        ngx_del_timer(&sentinels->check);
    }

    for (i = 0; i < sentinels->n; i++) {
        if (sentinels->list[i]->learned) {
            ngx_free(sentinels->list[i]);
        }
    }

    sentinels->n = 0;

    ngx_secops_redis_single_stop(redis);
}


void
ngx_secops_redis_sentinel_discover(ngx_secops_redis_node_t *node)
{
    ngx_secops_redis_sentinels_t  *sentinels;

    if (node->sentinels) {
        ngx_secops_redis_connect_endpoint(node);
        return;
    }

    sentinels = node->redis->sentinels;

    node->state = NGX_SECOPS_REDIS_DISCOVERING;
    node->link->log.action = "asking for the master";

    if (!sentinels->asking) {
        ngx_secops_redis_sentinel_round(sentinels, 0);
    }
}


void
ngx_secops_redis_sentinel_hint(ngx_secops_redis_sentinels_t *sentinels)
{
    ngx_msec_t  since;

    ngx_log_error(NGX_LOG_NOTICE, sentinels->log, 0,
                  "secops redis \"%V\": sentinel \"%V\" tells of a new master",
                  &sentinels->redis->conf.url, &sentinels->present->name);

    if (ngx_exiting && !ngx_secops_redis_wanted(sentinels->redis->node)) {
        return;
    }

    sentinels->hinted = 1;

    /* the others may not know yet */

    ngx_secops_redis_sentinel_place(sentinels, sentinels->present, 1);

    if (sentinels->turn.timer_set) {
        return;
    }

    since = ngx_current_msec - sentinels->begun;

    ngx_secops_redis_sentinel_round(sentinels,
                                since < NGX_SECOPS_REDIS_SENTINEL_PAUSE
                                ? NGX_SECOPS_REDIS_SENTINEL_PAUSE - since : 0);
}


/* by a timer in any case: never from inside the link that it will close */

static void
ngx_secops_redis_sentinel_round(ngx_secops_redis_sentinels_t *sentinels,
    ngx_msec_t delay)
{
    if (sentinels->turn.timer_set) {
        ngx_del_timer(&sentinels->turn);
    }

    sentinels->asking = 0;

    ngx_add_timer(&sentinels->turn, delay);
}


/* a round begins, or goes on with the next sentinel */

static void
ngx_secops_redis_sentinel_turn_handler(ngx_event_t *ev)
{
    ngx_secops_redis_node_t       *master;
    ngx_secops_redis_sentinels_t  *sentinels;

    sentinels = ev->data;
    master = sentinels->redis->node;

    /* of an exiting worker; a command that still comes connects anew */

    if (!ngx_secops_redis_wanted(master)) {
        sentinels->asking = 0;

        if (master->state == NGX_SECOPS_REDIS_DISCOVERING) {
            ngx_secops_redis_close(master);
        }

        return;
    }

    if (!sentinels->asking) {
        sentinels->asking = 1;
        sentinels->asked = 0;
        sentinels->doubted = 0;
        sentinels->begun = ngx_current_msec;
    }

    if (sentinels->asked < sentinels->n) {
        ngx_secops_redis_sentinel_ask(sentinels,
                                      sentinels->list[sentinels->asked++]);
        return;
    }

    ngx_secops_redis_sentinel_none(sentinels);
}


static void
ngx_secops_redis_sentinel_ask(ngx_secops_redis_sentinels_t *sentinels,
    ngx_secops_redis_sentinel_t *sentinel)
{
    ngx_secops_redis_node_t  *node;

    node = sentinels->node;

    ngx_secops_redis_close(node);

    if (sentinels->present != sentinel) {
        ngx_secops_redis_ssl_forget(node);
        sentinels->present = sentinel;
    }

    node->name = sentinel->name;
    node->endpoint = sentinel->endpoint;
    node->failures = sentinel->told;

    ngx_secops_redis_connect(node);
}


/* all were asked */

static void
ngx_secops_redis_sentinel_none(ngx_secops_redis_sentinels_t *sentinels)
{
    ngx_secops_redis_node_t  *master;

    master = sentinels->redis->node;

    sentinels->asking = 0;
    sentinels->hinted = 0;

    switch (master->state) {

    case NGX_SECOPS_REDIS_DISCOVERING:
        (void) ngx_secops_redis_fault(master, "no sentinel named a master");
        ngx_secops_redis_sentinel_failed(master);
        break;

    case NGX_SECOPS_REDIS_READY:

        if (sentinels->doubted) {
            ngx_secops_redis_sentinel_leave(sentinels);
        }

        break;

    default:
        break;
    }

    ngx_secops_redis_sentinel_renew(sentinels);
}


/* half of the delay at random, or all workers would come back at once */

static void
ngx_secops_redis_sentinel_renew(ngx_secops_redis_sentinels_t *sentinels)
{
    ngx_uint_t  i;
    ngx_msec_t  delay;

    if (sentinels->turn.timer_set) {
        return;
    }

    delay = NGX_SECOPS_REDIS_RENEW_MIN;

    for (i = 0; i < sentinels->renewals; i++) {
        delay = ngx_min(2 * delay, NGX_SECOPS_REDIS_RENEW_MAX);
    }

    if (delay < NGX_SECOPS_REDIS_RENEW_MAX) {
        sentinels->renewals++;
    }

    ngx_secops_redis_sentinel_round(sentinels,
                                    delay / 2 + ngx_random() % (delay / 2));
}


ngx_int_t
ngx_secops_redis_sentinel_answer(ngx_secops_redis_sentinels_t *sentinels,
    secops_redis_announced_t *announced)
{
    ngx_uint_t  same;

    same = ngx_secops_redis_sentinel_agrees(sentinels, announced);

    if (!same
        && !sentinels->hinted
        && sentinels->redis->node->state == NGX_SECOPS_REDIS_READY)
    {
        sentinels->doubted = 1;

        return ngx_secops_redis_fault(sentinels->node,
                                      "it names another master");
    }

    sentinels->asking = 0;
    sentinels->present->told = 0;
    sentinels->trusted = sentinels->present;

    ngx_secops_redis_sentinel_place(sentinels, sentinels->present, 1);

    ngx_secops_redis_sentinel_believe(sentinels, announced);
    ngx_secops_redis_sentinel_apply(sentinels, same);

    sentinels->hinted = 0;

    return NGX_OK;
}


/* 1: it named the server that the node is, or will be, connected to */

static ngx_uint_t
ngx_secops_redis_sentinel_agrees(ngx_secops_redis_sentinels_t *sentinels,
    secops_redis_announced_t *announced)
{
    ngx_peer_connection_t        *peer;
    ngx_secops_redis_link_t      *link;
    ngx_secops_redis_place_t      place;
    ngx_secops_redis_endpoint_t   endpoint;

    if (announced->port != sentinels->port) {
        return 0;
    }

    if (announced->host.len == sentinels->host.len
        && ngx_strncasecmp((u_char *) announced->host.data,
                           sentinels->host.data, announced->host.len)
           == 0)
    {
        return 1;
    }

    /* one sentinel may tell names where another one tells addresses */

    link = sentinels->redis->node->link;

    if (link == NULL || link->peer.connection == NULL) {
        return 0;
    }

    ngx_secops_redis_endpoint_set(&endpoint, &place,
                                  ngx_secops_str(announced->host),
                                  announced->port);
    peer = &link->peer;

    return endpoint.naddrs
           && ngx_cmp_sockaddr(peer->sockaddr, peer->socklen,
                               endpoint.addrs->sockaddr,
                               endpoint.addrs->socklen, 1)
              == NGX_OK;
}


static void
ngx_secops_redis_sentinel_believe(ngx_secops_redis_sentinels_t *sentinels,
    secops_redis_announced_t *announced)
{
    ngx_str_t   host;
    ngx_uint_t  level;

    level = NGX_LOG_INFO;

    if (announced->port != sentinels->port
        || !secops_slice_equal(announced->host,
                               ngx_secops_slice(&sentinels->host)))
    {
        level = NGX_LOG_NOTICE;

        ngx_secops_redis_ssl_forget(sentinels->redis->node);
    }

    host = ngx_secops_str(announced->host);

    (void) ngx_secops_str_copy(sentinels->text, &sentinels->host, &host);
    sentinels->port = announced->port;

    ngx_log_error(level, sentinels->log, 0,
                  "secops redis \"%V\": sentinel \"%V\" names %V port %ui "
                  "as the master", &sentinels->redis->conf.url,
                  &sentinels->present->name, &sentinels->host,
                  (ngx_uint_t) sentinels->port);
}


static void
ngx_secops_redis_sentinel_apply(ngx_secops_redis_sentinels_t *sentinels,
    ngx_uint_t same)
{
    ngx_secops_redis_node_t  *master;

    master = sentinels->redis->node;

    switch (master->state) {

    case NGX_SECOPS_REDIS_DISCOVERING:
        ngx_secops_redis_endpoint_set(&master->endpoint, &sentinels->place,
                                      sentinels->host, sentinels->port);
        ngx_secops_redis_connect_endpoint(master);
        return;

    case NGX_SECOPS_REDIS_DRAINING:
        return;

    case NGX_SECOPS_REDIS_READY:

        if (!same) {
            ngx_secops_redis_sentinel_leave(sentinels);
        }

        return;

    case NGX_SECOPS_REDIS_CLOSED:
        break;

    default:

        if (same || !sentinels->hinted) {
            return;
        }

        /* what it is trying in vain to reach is the old master */

        ngx_secops_redis_close(master);
    }

    if (sentinels->hinted) {

        if (master->retry.timer_set) {
            ngx_del_timer(&master->retry);
        }

        ngx_secops_redis_retry_now(master);
    }
}


/* the master is another server: its link ends, but not before its replies */

static void
ngx_secops_redis_sentinel_leave(ngx_secops_redis_sentinels_t *sentinels)
{
    ngx_secops_redis_node_t  *master;

    static const secops_slice_t  why =
                                 secops_slice("another server is the master");

    master = sentinels->redis->node;

    master->link->moved = 1;
    sentinels->drained = ngx_current_msec;

    ngx_secops_redis_drain(master, why);

    ngx_post_event(&master->flush, &ngx_posted_events);

    if (sentinels->check.timer_set) {
        ngx_del_timer(&sentinels->check);
    }

    ngx_add_timer(&sentinels->check, NGX_SECOPS_REDIS_SENTINEL_GRACE);
}


/* in the list: first, or last */

static void
ngx_secops_redis_sentinel_place(ngx_secops_redis_sentinels_t *sentinels,
    ngx_secops_redis_sentinel_t *sentinel, ngx_uint_t first)
{
    ngx_uint_t                     i;
    ngx_secops_redis_sentinel_t  **list;

    list = sentinels->list;

    for (i = 0; i < sentinels->n && list[i] != sentinel; i++) { /* void */ }

    if (i == sentinels->n) {
        return;
    }

    if (first) {
        ngx_memmove(&list[1], &list[0], i * sizeof(list[0]));
        list[0] = sentinel;
        return;
    }

    ngx_memmove(&list[i], &list[i + 1],
                (sentinels->n - i - 1) * sizeof(list[0]));
    list[sentinels->n - 1] = sentinel;
}


void
ngx_secops_redis_sentinel_failed(ngx_secops_redis_node_t *node)
{
    if (node->sentinels) {
        ngx_secops_redis_sentinel_useless(node);
        return;
    }

    ngx_secops_redis_sentinel_distrust(node->redis->sentinels);
    ngx_secops_redis_unreachable(node);
}


/* what was found is no master after all */

static void
ngx_secops_redis_sentinel_distrust(ngx_secops_redis_sentinels_t *sentinels)
{
    if (sentinels->trusted == NULL) {
        return;
    }

    ngx_secops_redis_sentinel_place(sentinels, sentinels->trusted, 0);

    sentinels->trusted = NULL;
}


/* it could not be asked, or its answer is of no use */

static void
ngx_secops_redis_sentinel_useless(ngx_secops_redis_node_t *node)
{
    u_char                        *fault;
    ngx_uint_t                     level;
    ngx_secops_redis_sentinel_t   *sentinel;
    ngx_secops_redis_sentinels_t  *sentinels;

    sentinels = node->sentinels;
    sentinel = sentinels->present;

    level = sentinel->told ? NGX_LOG_INFO : NGX_LOG_WARN;
    sentinel->told = 1;

    fault = node->link ? node->link->fault : (u_char *) "no memory";

    ngx_log_error(level, node->log, 0, "secops redis \"%V\": sentinel \"%V\": "
                  "%s", &node->redis->conf.url, &sentinel->name, fault);

    ngx_secops_redis_close(node);

    if (sentinels->asking) {
        ngx_add_timer(&sentinels->turn, 0);
        return;
    }

    /* it had named the master, and could not be subscribed to */

    ngx_secops_redis_sentinel_place(sentinels, sentinel, 0);
    ngx_secops_redis_sentinel_renew(sentinels);
}


void
ngx_secops_redis_sentinel_subscribed(ngx_secops_redis_sentinels_t *sentinels)
{
    sentinels->silence = 0;

    ngx_log_error(NGX_LOG_INFO, sentinels->log, 0,
                  "secops redis \"%V\": subscribed to sentinel \"%V\"",
                  &sentinels->redis->conf.url, &sentinels->present->name);
}


void
ngx_secops_redis_sentinel_lost(ngx_secops_redis_node_t *node)
{
    ngx_secops_redis_sentinels_t  *sentinels;

    sentinels = node->sentinels;

    if (sentinels == NULL) {
        ngx_secops_redis_lost(node);
        return;
    }

    ngx_log_error(NGX_LOG_NOTICE, node->log, 0,
                  "secops redis \"%V\": subscription to sentinel \"%V\" lost: "
                  "%s", &node->redis->conf.url, &node->name, node->link->fault);

    ngx_secops_redis_close(node);

    if (ngx_secops_redis_wanted(sentinels->redis->node)) {
        ngx_secops_redis_sentinel_place(sentinels, sentinels->present, 0);
        ngx_secops_redis_sentinel_renew(sentinels);
    }
}


static void
ngx_secops_redis_sentinel_check_handler(ngx_event_t *ev)
{
    ngx_secops_redis_node_t       *master;
    ngx_secops_redis_sentinels_t  *sentinels;

    sentinels = ev->data;
    master = sentinels->redis->node;

    ngx_add_timer(ev, NGX_SECOPS_REDIS_SENTINEL_CHECK);

    if (master->state == NGX_SECOPS_REDIS_DRAINING
        && master->link->moved
        && ngx_current_msec - sentinels->drained
           >= NGX_SECOPS_REDIS_SENTINEL_GRACE)
    {
        ngx_secops_redis_broken(master);
    }

    if (ngx_exiting) {
        return;
    }

    if (master->state == NGX_SECOPS_REDIS_READY && sentinels->role == NULL) {
        ngx_secops_redis_sentinel_ask_role(sentinels);
    }

    if (sentinels->node->state == NGX_SECOPS_REDIS_READY) {
        ngx_secops_redis_sentinel_check_subscription(sentinels);
    }
}


static void
ngx_secops_redis_sentinel_check_subscription(
    ngx_secops_redis_sentinels_t *sentinels)
{
    ngx_int_t                 rc;
    ngx_secops_redis_node_t  *node;

    node = sentinels->node;
    rc = NGX_OK;

    sentinels->renewals = 0;
    sentinels->silence++;

    if (sentinels->silence == NGX_SECOPS_REDIS_SENTINEL_SILENT) {
        rc = ngx_secops_redis_sentinel_ping(node);

    } else if (sentinels->silence >= 2 * NGX_SECOPS_REDIS_SENTINEL_SILENT) {
        rc = ngx_secops_redis_fault(node, "it does not answer any more");
    }

    if (rc != NGX_OK) {
        ngx_secops_redis_broken(node);
    }
}


/* its answer breaks the silence; NGX_ERROR: it could not be sent */

static ngx_int_t
ngx_secops_redis_sentinel_ping(ngx_secops_redis_node_t *node)
{
    ngx_connection_t  *c;

    static u_char  ping[] = "*1" CRLF "$4" CRLF "PING" CRLF;

    c = node->link->peer.connection;

    if (c->send(c, ping, sizeof(ping) - 1) != sizeof(ping) - 1) {
        return ngx_secops_redis_fault(node, "write failed");
    }

    return NGX_OK;
}


/* a queue that is full has enough that will be refused by a server that is no
   master */

static void
ngx_secops_redis_sentinel_ask_role(ngx_secops_redis_sentinels_t *sentinels)
{
    ngx_secops_redis_cmd_t  *cmd;

    cmd = ngx_secops_redis_cmd_create(sentinels->redis, 32);
    if (cmd == NULL) {
        return;
    }

    ngx_secops_redis_cmd_begin(cmd, 1);
    ngx_secops_redis_cmd_arg(cmd, "ROLE", 4);

    if (ngx_secops_redis_cmd_send(cmd, 0,
                                  ngx_secops_redis_sentinel_role_handler,
                                  sentinels)
        == NGX_OK)
    {
        sentinels->role = cmd;
    }
}


static void
ngx_secops_redis_sentinel_role_handler(void *data,
    ngx_secops_redis_result_t *result)
{
    ngx_secops_redis_node_t       *master;
    ngx_secops_redis_sentinels_t  *sentinels;

    static const secops_slice_t  why =
                            secops_slice("this server is no master any more");

    sentinels = data;
    master = sentinels->redis->node;

    sentinels->role = NULL;

    if (master->state != NGX_SECOPS_REDIS_READY) {
        return;
    }

    switch (result->status) {

    case NGX_SECOPS_REDIS_REPLIED:

        if (!secops_redis_value_is_master(result->value)) {
            ngx_secops_redis_drain(master, why);
        }

        return;

    case NGX_SECOPS_REDIS_REFUSED:
        ngx_secops_redis_drain(master, ngx_secops_slice(&result->message));
        return;

    default:
        return;
    }
}
