
/* The address of a server that is learned at run time. */

#include "redis/ngx_secops_redis_internal.h"


static socklen_t ngx_secops_redis_endpoint_literal(
    ngx_secops_redis_place_t *place, const ngx_str_t *host);


void
ngx_secops_redis_endpoint_set(ngx_secops_redis_endpoint_t *endpoint,
    ngx_secops_redis_place_t *place, ngx_str_t host, in_port_t port)
{
    ngx_addr_t  *addr;

    ngx_memzero(endpoint, sizeof(ngx_secops_redis_endpoint_t));

    host.len = ngx_min(host.len, sizeof(place->host));

    (void) ngx_secops_str_copy(place->host, &endpoint->name, &host);
    endpoint->port = port;

    addr = &place->addr;
    addr->sockaddr = &place->sockaddr.sockaddr;
    addr->socklen = ngx_secops_redis_endpoint_literal(place, &endpoint->name);

    if (addr->socklen == 0) {
        endpoint->host = endpoint->name;
        return;
    }

    ngx_inet_set_port(addr->sockaddr, port);

    addr->name.data = place->text;
    addr->name.len = ngx_sock_ntop(addr->sockaddr, addr->socklen, place->text,
                                   sizeof(place->text), 1);
    endpoint->addrs = addr;
    endpoint->naddrs = 1;
}


/* its length; 0: it is a name */

static socklen_t
ngx_secops_redis_endpoint_literal(ngx_secops_redis_place_t *place,
    const ngx_str_t *host)
{
    in_addr_t             addr;
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    ngx_memzero(&place->sockaddr, sizeof(ngx_sockaddr_t));

    addr = ngx_inet_addr(host->data, host->len);

    if (addr != INADDR_NONE) {
        sin = &place->sockaddr.sockaddr_in;
        sin->sin_family = AF_INET;
        sin->sin_addr.s_addr = addr;

        return sizeof(struct sockaddr_in);
    }

#if (NGX_HAVE_INET6)

    sin6 = &place->sockaddr.sockaddr_in6;

    if (ngx_inet6_addr(host->data, host->len, sin6->sin6_addr.s6_addr)
        == NGX_OK)
    {
        sin6->sin6_family = AF_INET6;

        return sizeof(struct sockaddr_in6);
    }

#endif

    return 0;
}
