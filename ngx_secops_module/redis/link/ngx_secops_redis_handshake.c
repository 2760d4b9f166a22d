
/*
 * What is said on a new link before any command: AUTH, SELECT, PING, as far as
 * they are needed, in one write.  PING comes always: a Redis that is loading,
 * has lost its primary or wants a password says so there, and not to somebody's
 * command.  One function takes each reply.
 */

#include "redis/ngx_secops_redis_internal.h"


static ngx_int_t ngx_secops_redis_login(ngx_secops_redis_node_t *node);
static ngx_int_t ngx_secops_redis_process_auth(ngx_secops_redis_node_t *node);
static ngx_int_t ngx_secops_redis_process_select(ngx_secops_redis_node_t *node);
static ngx_int_t ngx_secops_redis_process_ping(ngx_secops_redis_node_t *node);
static ngx_int_t ngx_secops_redis_process_role(ngx_secops_redis_node_t *node);
static ngx_int_t ngx_secops_redis_greeted(ngx_secops_redis_node_t *node);
static ngx_int_t ngx_secops_redis_process_durability(
    ngx_secops_redis_node_t *node);
static ngx_int_t ngx_secops_redis_ready(ngx_secops_redis_node_t *node);


/* a link's next step after connect(); NGX_ERROR: call _broken() */

ngx_int_t
ngx_secops_redis_handshake(ngx_secops_redis_node_t *node)
{
    ngx_connection_t         *c;
    ngx_secops_redis_link_t  *link;

    link = node->link;
    c = link->peer.connection;

    node->state = NGX_SECOPS_REDIS_HANDSHAKE;

    /* all is written in large pieces, and the last one must not wait */

    if (link->peer.sockaddr->sa_family != AF_UNIX
        && ngx_tcp_nodelay(c) != NGX_OK)
    {
        return ngx_secops_redis_fault(node, "no TCP_NODELAY");
    }

    if (!node->ssl) {
        return ngx_secops_redis_login(node);
    }

    if (ngx_secops_redis_ssl_start(node) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_secops_redis_secure(node);
}


ngx_int_t
ngx_secops_redis_secure(ngx_secops_redis_node_t *node)
{
    ngx_int_t  rc;

    rc = ngx_secops_redis_ssl_handshake(node);

    return (rc == NGX_OK) ? ngx_secops_redis_login(node) : rc;
}


static ngx_int_t
ngx_secops_redis_login(ngx_secops_redis_node_t *node)
{
    ngx_secops_redis_link_t  *link;

    link = node->link;

    link->log.action = "logging in";
    link->greeted = 0;

    if (node->redis->topology->greeting(node) != NGX_OK) {
        return ngx_secops_redis_fault(node, "no memory");
    }

    return ngx_secops_redis_greet(node);
}


ngx_int_t
ngx_secops_redis_greeting(ngx_secops_redis_node_t *node)
{
    size_t                    len;
    u_char                    database[NGX_INT_T_LEN];
    ngx_str_t                *password;
    secops_redis_resp_t      *resp;
    ngx_secops_redis_conf_t  *conf;
    ngx_secops_redis_link_t  *link;

    conf = &node->redis->conf;
    link = node->link;
    resp = &link->greeting;

    password = ngx_secops_redis_secret(node, &node->redis->password);

    link->process = ngx_secops_redis_process_ping;

    /* large enough at once: to grow would leave a copy of the password */

    if (secops_redis_resp_init(resp, 512 + conf->user.len + password->len)
        != 0)
    {
        return NGX_ERROR;
    }

    if (password->len) {
        link->process = ngx_secops_redis_process_auth;

        ngx_secops_redis_greet_auth(resp, &conf->user, password);
    }

    if (conf->database) {
        if (password->len == 0) {
            link->process = ngx_secops_redis_process_select;
        }

        len = ngx_sprintf(database, "%i", conf->database) - database;

        secops_redis_resp_begin(resp, 2);
        secops_redis_resp_arg(resp, "SELECT", 6);
        secops_redis_resp_arg(resp, database, len);
    }

    secops_redis_resp_begin(resp, 1);
    secops_redis_resp_arg(resp, "PING", 4);

    if (node->redis->topology->role) {
        secops_redis_resp_begin(resp, 1);
        secops_redis_resp_arg(resp, "ROLE", 4);
    }

    ngx_secops_redis_greet_durability(node, resp);

    return (secops_redis_resp_complete(resp) == 0) ? NGX_OK : NGX_ERROR;
}


void
ngx_secops_redis_greet_auth(secops_redis_resp_t *resp, ngx_str_t *user,
    ngx_str_t *password)
{
    secops_redis_resp_begin(resp, user->len ? 3 : 2);
    secops_redis_resp_arg(resp, "AUTH", 4);

    if (user->len) {
        secops_redis_resp_arg(resp, user->data, user->len);
    }

    secops_redis_resp_arg(resp, password->data, password->len);
}


ngx_int_t
ngx_secops_redis_greet(ngx_secops_redis_node_t *node)
{
    ssize_t                   n;
    ngx_connection_t         *c;
    secops_redis_resp_t      *resp;
    ngx_secops_redis_link_t  *link;

    link = node->link;
    c = link->peer.connection;
    resp = &link->greeting;

    while (link->greeted < resp->len) {

        n = c->send(c, resp->data + link->greeted, resp->len - link->greeted);

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == NGX_ERROR) {
            return ngx_secops_redis_fault(node, "write failed");
        }

        link->greeted += n;
        node->stats.bytes_out += n;
    }

    if (resp->data && link->greeted == resp->len) {
        ngx_explicit_memzero(resp->data, resp->capacity);
        secops_redis_resp_free(resp);
        link->greeted = 0;
    }

    if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
        return ngx_secops_redis_fault(node, "write failed");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_secops_redis_process_auth(ngx_secops_redis_node_t *node)
{
    node->link->process = node->redis->conf.database
                           ? ngx_secops_redis_process_select
                           : ngx_secops_redis_process_ping;

    return ngx_secops_redis_expect_status(node, "OK");
}


static ngx_int_t
ngx_secops_redis_process_select(ngx_secops_redis_node_t *node)
{
    node->link->process = ngx_secops_redis_process_ping;

    return ngx_secops_redis_expect_status(node, "OK");
}


static ngx_int_t
ngx_secops_redis_process_ping(ngx_secops_redis_node_t *node)
{
    if (ngx_secops_redis_expect_status(node, "PONG") != NGX_OK) {
        return NGX_ERROR;
    }

    if (node->redis->topology->role) {
        node->link->process = ngx_secops_redis_process_role;
        return NGX_OK;
    }

    return ngx_secops_redis_greeted(node);
}


static ngx_int_t
ngx_secops_redis_process_role(ngx_secops_redis_node_t *node)
{
    secops_redis_value_t  *value;

    value = node->link->reply.values;

    if (value->type == SECOPS_REDIS_ERROR) {
        return ngx_secops_redis_fault_reply(node, value->text);
    }

    if (!secops_redis_value_is_master(value)) {
        return ngx_secops_redis_fault(node, "this server is no master");
    }

    return ngx_secops_redis_greeted(node);
}


static ngx_int_t
ngx_secops_redis_greeted(ngx_secops_redis_node_t *node)
{
    if (node->redis->conf.durability != NGX_SECOPS_REDIS_MEMORY) {
        node->link->process = ngx_secops_redis_process_durability;
        return NGX_OK;
    }

    return ngx_secops_redis_ready(node);
}


/* an error here does not close the link: reads are served all the same */

static ngx_int_t
ngx_secops_redis_process_durability(ngx_secops_redis_node_t *node)
{
    return (ngx_secops_redis_greeted_durability(node) == NGX_OK)
           ? ngx_secops_redis_ready(node) : NGX_OK;
}


ngx_int_t
ngx_secops_redis_expect_status(ngx_secops_redis_node_t *node,
    const char *status)
{
    secops_redis_value_t  *value;

    value = node->link->reply.values;

    if (value->type == SECOPS_REDIS_ERROR) {
        return ngx_secops_redis_fault_reply(node, value->text);
    }

    if (value->type != SECOPS_REDIS_STATUS
        || value->text.len != ngx_strlen(status)
        || ngx_memcmp(value->text.data, status, value->text.len) != 0)
    {
        return ngx_secops_redis_fault(node, "unexpected handshake reply");
    }

    return NGX_OK;
}


/* the last reply of the handshake came */

static ngx_int_t
ngx_secops_redis_ready(ngx_secops_redis_node_t *node)
{
    ngx_connection_t         *c;
    ngx_secops_redis_link_t  *link;

    link = node->link;
    c = link->peer.connection;

    /* it answered PING before PING was written */

    if (link->greeting.data) {
        return ngx_secops_redis_fault(node, "unexpected handshake reply");
    }

    ngx_del_timer(c->write);

    c->write->handler = ngx_secops_redis_write_handler;

    node->state = NGX_SECOPS_REDIS_READY;
    node->stats.links++;
    node->shunned = 0;
    node->socklen = link->peer.socklen;
    ngx_memcpy(&node->sockaddr, link->peer.sockaddr, node->socklen);

    link->ready = ngx_current_msec;
    link->heard = ngx_current_msec;
    link->process = ngx_secops_redis_process_reply;
    link->log.log_level = node->log->log_level;
    link->log.action = "exchanging commands";

    ngx_secops_redis_report_ready(node);
    ngx_secops_redis_ping_later(node);

    ngx_post_event(&node->flush, &ngx_posted_events);

    node->redis->topology->up(node);

    return NGX_OK;
}
