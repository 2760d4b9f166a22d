
/*
 * TLS on a link, by nginx's own client side.  Not a byte is sent, least of all
 * the password, before the certificate was found to be good and for the right
 * name.  A node keeps the session of its last link, so that the next handshake
 * is a short one: with it, what was found the first time.
 */

#include "redis/ngx_secops_redis_internal.h"


static ngx_int_t ngx_secops_redis_ssl_server_name(
    ngx_secops_redis_node_t *node, ngx_str_t *name);
static ngx_str_t *ngx_secops_redis_ssl_name(ngx_secops_redis_node_t *node);
static ngx_uint_t ngx_secops_redis_ssl_literal(ngx_str_t *name);
static void ngx_secops_redis_ssl_save_session(ngx_connection_t *c);
static ngx_int_t ngx_secops_redis_ssl_verify(ngx_secops_redis_node_t *node);
static ngx_int_t ngx_secops_redis_ssl_check_name(ngx_connection_t *c,
    ngx_str_t *name);
static ngx_int_t ngx_secops_redis_ssl_check_address(ngx_connection_t *c,
    ngx_str_t *name);


ngx_int_t
ngx_secops_redis_ssl_start(ngx_secops_redis_node_t *node)
{
    ngx_str_t                *name;
    ngx_connection_t         *c;
    ngx_secops_redis_link_t  *link;

    link = node->link;
    c = link->peer.connection;

    link->log.action = "TLS handshaking";

    if (ngx_ssl_create_connection(node->redis->ssl, c, NGX_SSL_CLIENT)
        != NGX_OK)
    {
        return ngx_secops_redis_fault(node, "no memory");
    }

#ifdef SSL_OP_NO_RENEGOTIATION

    /* it might bring another certificate, at which nobody would look */

    SSL_set_options(c->ssl->connection, SSL_OP_NO_RENEGOTIATION);

#endif

    name = ngx_secops_redis_ssl_name(node);

    if (!ngx_secops_redis_ssl_literal(name)
        && ngx_secops_redis_ssl_server_name(node, name) != NGX_OK)
    {
        return ngx_secops_redis_fault(node, "no server name");
    }

    if (ngx_ssl_set_session(c, node->session) != NGX_OK) {
        return ngx_secops_redis_fault(node, "no memory");
    }

    c->ssl->save_session = ngx_secops_redis_ssl_save_session;

    return NGX_OK;
}


/* SNI, which is not for addresses (RFC 6066) */

static ngx_int_t
ngx_secops_redis_ssl_server_name(ngx_secops_redis_node_t *node,
    ngx_str_t *name)
{
    u_char            *text;
    ngx_connection_t  *c;

    c = node->link->peer.connection;

    text = ngx_pnalloc(c->pool, name->len + 1);
    if (text == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_cpystrn(text, name->data, name->len + 1);

    if (SSL_set_tlsext_host_name(c->ssl->connection, (char *) text) == 0) {
        ngx_ssl_error(NGX_LOG_ERR, c->log, 0,
                      "SSL_set_tlsext_host_name(\"%s\") failed", text);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_str_t *
ngx_secops_redis_ssl_name(ngx_secops_redis_node_t *node)
{
    ngx_str_t  *name;

    name = &node->redis->conf.ssl.name;

    return name->len ? name : &node->endpoint.name;
}


static ngx_uint_t
ngx_secops_redis_ssl_literal(ngx_str_t *name)
{
#if (NGX_HAVE_INET6)
    u_char  addr[16];

    if (ngx_inet6_addr(name->data, name->len, addr) == NGX_OK) {
        return 1;
    }

#endif

    return ngx_inet_addr(name->data, name->len) != INADDR_NONE;
}


/* in a handshake, or, as TLS 1.3 has it, while replies are read */

static void
ngx_secops_redis_ssl_save_session(ngx_connection_t *c)
{
    ngx_ssl_session_t        *session;
    ngx_secops_redis_node_t  *node;

    node = c->data;

    session = ngx_ssl_get_session(c);

    if (session) {
        ngx_secops_redis_ssl_forget(node);
        node->session = session;
    }
}


void
ngx_secops_redis_ssl_forget(ngx_secops_redis_node_t *node)
{
    if (node->session) {
        ngx_ssl_free_session(node->session);
        node->session = NULL;
    }
}


ngx_int_t
ngx_secops_redis_ssl_handshake(ngx_secops_redis_node_t *node)
{
    ngx_int_t          rc;
    ngx_connection_t  *c;

    c = node->link->peer.connection;

    rc = ngx_ssl_handshake(c);

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    if (rc != NGX_OK) {
        ngx_secops_redis_ssl_forget(node);
        return ngx_secops_redis_fault(node, "TLS handshake failed");
    }

    if (node->redis->conf.ssl.verify
        && ngx_secops_redis_ssl_verify(node) != NGX_OK)
    {
        ngx_secops_redis_ssl_forget(node);
        return NGX_ERROR;
    }

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, c->log, 0,
                   "secops redis TLS handshake done, session reused: %d",
                   SSL_session_reused(c->ssl->connection));

    return NGX_OK;
}


static ngx_int_t
ngx_secops_redis_ssl_verify(ngx_secops_redis_node_t *node)
{
    long               rc;
    u_char             text[sizeof(node->fault)];
    ngx_str_t         *name;
    ngx_connection_t  *c;

    c = node->link->peer.connection;
    name = ngx_secops_redis_ssl_name(node);

    rc = SSL_get_verify_result(c->ssl->connection);

    if (rc != X509_V_OK) {
        (void) ngx_snprintf(text, sizeof(text) - 1,
                            "certificate verify error: (%l:%s)%Z", rc,
                            X509_verify_cert_error_string(rc));
        text[sizeof(text) - 1] = '\0';

        return ngx_secops_redis_fault(node, (char *) text);
    }

    if (ngx_secops_redis_ssl_check_name(c, name) != NGX_OK) {
        (void) ngx_snprintf(text, sizeof(text) - 1,
                            "certificate is not for \"%V\"%Z", name);
        text[sizeof(text) - 1] = '\0';

        return ngx_secops_redis_fault(node, (char *) text);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_secops_redis_ssl_check_name(ngx_connection_t *c, ngx_str_t *name)
{
    return ngx_secops_redis_ssl_literal(name)
           ? ngx_secops_redis_ssl_check_address(c, name)
           : ngx_ssl_check_host(c, name);
}


/* an address must be in the certificate as one, not as a name */

static ngx_int_t
ngx_secops_redis_ssl_check_address(ngx_connection_t *c, ngx_str_t *name)
{
    int     rc;
    X509   *cert;
    u_char  text[NGX_SOCKADDR_STRLEN + 1];

    cert = SSL_get_peer_certificate(c->ssl->connection);
    if (cert == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_cpystrn(text, name->data, ngx_min(name->len + 1, sizeof(text)));

    rc = X509_check_ip_asc(cert, (char *) text, 0);

    X509_free(cert);

    return (rc == 1) ? NGX_OK : NGX_ERROR;
}


/*
 * The end is said to the server, but nothing waits for that to be possible:
 * nginx would do so with a timer and handlers of its own, and the socket closes
 * now.
 */

void
ngx_secops_redis_ssl_shutdown(ngx_connection_t *c)
{
    if (c->ssl == NULL) {
        return;
    }

    c->ssl->no_wait_shutdown = 1;

    if (!c->write->ready) {
        c->ssl->no_send_shutdown = 1;
    }

    if (ngx_ssl_shutdown(c) == NGX_AGAIN) {
        c->ssl->no_send_shutdown = 1;
        (void) ngx_ssl_shutdown(c);
    }
}
