
/*
 * What is said on a new link before any command: AUTH, SELECT, PING, as far as
 * they are needed, in one write.  PING comes always: a Redis that is loading,
 * has lost its primary or wants a password says so there, and not to somebody's
 * command.  One function takes each reply.
 */

#include "redis/ngx_secops_redis_internal.h"


static ngx_int_t ngx_secops_redis_greeting(ngx_secops_redis_t *redis);
static ngx_int_t ngx_secops_redis_greet(ngx_secops_redis_t *redis);
static void ngx_secops_redis_greet_handler(ngx_event_t *wev);
static ngx_int_t ngx_secops_redis_process_auth(ngx_secops_redis_t *redis);
static ngx_int_t ngx_secops_redis_process_select(ngx_secops_redis_t *redis);
static ngx_int_t ngx_secops_redis_process_ping(ngx_secops_redis_t *redis);
static ngx_int_t ngx_secops_redis_expect_status(ngx_secops_redis_t *redis,
    const char *status);
static ngx_int_t ngx_secops_redis_ready(ngx_secops_redis_t *redis);


/* a link's next step after connect(); NGX_ERROR: call _broken() */

ngx_int_t
ngx_secops_redis_handshake(ngx_secops_redis_t *redis)
{
    ngx_connection_t         *c;
    ngx_secops_redis_link_t  *link;

    link = redis->link;
    c = link->peer.connection;

    redis->state = NGX_SECOPS_REDIS_HANDSHAKE;
    link->log.action = "logging in";

    c->write->handler = ngx_secops_redis_greet_handler;
    c->read->handler = ngx_secops_redis_read_handler;

    /* all is written in large pieces, and the last one must not wait */

    if (link->peer.sockaddr->sa_family != AF_UNIX
        && ngx_tcp_nodelay(c) != NGX_OK)
    {
        return ngx_secops_redis_fault(redis, "no TCP_NODELAY");
    }

    if (ngx_secops_redis_greeting(redis) != NGX_OK) {
        return ngx_secops_redis_fault(redis, "no memory");
    }

    return ngx_secops_redis_greet(redis);
}


/* writes AUTH, SELECT, PING; link->process becomes the first one's */

static ngx_int_t
ngx_secops_redis_greeting(ngx_secops_redis_t *redis)
{
    size_t                    len;
    u_char                    database[NGX_INT_T_LEN];
    secops_redis_resp_t      *resp;
    ngx_secops_redis_conf_t  *conf;
    ngx_secops_redis_link_t  *link;

    conf = &redis->conf;
    link = redis->link;
    resp = &link->greeting;

    link->greeted = 0;
    link->process = ngx_secops_redis_process_ping;

    /* large enough at once: to grow would leave a copy of the password */

    if (secops_redis_resp_init(resp, 256 + conf->user.len + conf->password.len)
        != 0)
    {
        return NGX_ERROR;
    }

    if (conf->password.len) {
        link->process = ngx_secops_redis_process_auth;

        secops_redis_resp_begin(resp, conf->user.len ? 3 : 2);
        secops_redis_resp_arg(resp, "AUTH", 4);

        if (conf->user.len) {
            secops_redis_resp_arg(resp, conf->user.data, conf->user.len);
        }

        secops_redis_resp_arg(resp, conf->password.data, conf->password.len);
    }

    if (conf->database) {
        if (conf->password.len == 0) {
            link->process = ngx_secops_redis_process_select;
        }

        len = ngx_sprintf(database, "%ui", conf->database) - database;

        secops_redis_resp_begin(resp, 2);
        secops_redis_resp_arg(resp, "SELECT", 6);
        secops_redis_resp_arg(resp, database, len);
    }

    secops_redis_resp_begin(resp, 1);
    secops_redis_resp_arg(resp, "PING", 4);

    return (secops_redis_resp_complete(resp) == 0) ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_secops_redis_greet(ngx_secops_redis_t *redis)
{
    ssize_t                   n;
    ngx_connection_t         *c;
    secops_redis_resp_t      *resp;
    ngx_secops_redis_link_t  *link;

    link = redis->link;
    c = link->peer.connection;
    resp = &link->greeting;

    while (link->greeted < resp->len) {

        n = c->send(c, resp->data + link->greeted, resp->len - link->greeted);

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == NGX_ERROR) {
            return ngx_secops_redis_fault(redis, "write failed");
        }

        link->greeted += n;
        redis->stats.bytes_out += n;
    }

    if (resp->data && link->greeted == resp->len) {
        ngx_explicit_memzero(resp->data, resp->capacity);
        secops_redis_resp_free(resp);
        link->greeted = 0;
    }

    if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
        return ngx_secops_redis_fault(redis, "write failed");
    }

    return NGX_OK;
}


static void
ngx_secops_redis_greet_handler(ngx_event_t *wev)
{
    ngx_connection_t    *c;
    ngx_secops_redis_t  *redis;

    c = wev->data;
    redis = c->data;

    if (wev->timedout) {
        (void) ngx_secops_redis_fault(redis, "handshake timed out");
        ngx_secops_redis_broken(redis);
        return;
    }

    if (ngx_secops_redis_greet(redis) != NGX_OK) {
        ngx_secops_redis_broken(redis);
    }
}


static ngx_int_t
ngx_secops_redis_process_auth(ngx_secops_redis_t *redis)
{
    redis->link->process = redis->conf.database
                           ? ngx_secops_redis_process_select
                           : ngx_secops_redis_process_ping;

    return ngx_secops_redis_expect_status(redis, "OK");
}


static ngx_int_t
ngx_secops_redis_process_select(ngx_secops_redis_t *redis)
{
    redis->link->process = ngx_secops_redis_process_ping;

    return ngx_secops_redis_expect_status(redis, "OK");
}


static ngx_int_t
ngx_secops_redis_process_ping(ngx_secops_redis_t *redis)
{
    if (ngx_secops_redis_expect_status(redis, "PONG") != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_secops_redis_ready(redis);
}


static ngx_int_t
ngx_secops_redis_expect_status(ngx_secops_redis_t *redis, const char *status)
{
    size_t                     len;
    ngx_secops_redis_link_t   *link;
    ngx_secops_redis_value_t  *value;

    link = redis->link;
    value = link->reply.values;

    if (value->type == NGX_SECOPS_REDIS_ERROR) {
        len = ngx_min(value->str.len, sizeof(link->fault) - 1);

        ngx_memcpy(link->fault, value->str.data, len);
        link->fault[len] = '\0';

        return NGX_ERROR;
    }

    if (value->type != NGX_SECOPS_REDIS_STATUS
        || value->str.len != ngx_strlen(status)
        || ngx_memcmp(value->str.data, status, value->str.len) != 0)
    {
        return ngx_secops_redis_fault(redis, "unexpected handshake reply");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_secops_redis_ready(ngx_secops_redis_t *redis)
{
    ngx_connection_t         *c;
    ngx_secops_redis_link_t  *link;

    link = redis->link;
    c = link->peer.connection;

    /* it answered PING before PING was written */

    if (link->greeting.data) {
        return ngx_secops_redis_fault(redis, "unexpected handshake reply");
    }

    ngx_del_timer(c->write);

    c->write->handler = ngx_secops_redis_write_handler;

    redis->state = NGX_SECOPS_REDIS_READY;
    redis->address += link->tried - 1;

    link->ready = ngx_current_msec;
    link->process = ngx_secops_redis_process_reply;
    link->log.log_level = redis->log->log_level;
    link->log.action = "exchanging commands";

    ngx_secops_redis_report_ready(redis);

    ngx_post_event(&redis->flush, &ngx_posted_events);

    return NGX_OK;
}
