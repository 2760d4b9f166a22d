
/* What a client knows about its servers, as others see it. */

#include "redis/ngx_secops_redis_internal.h"


/* of each error: ", ", its code, " " and how often */

#define NGX_SECOPS_REDIS_STATS_ERROR  (2 + 16 + 1 + NGX_INT_T_LEN)


static void ngx_secops_redis_server_fault(ngx_secops_redis_node_t *node,
    ngx_str_t *fault);
static void ngx_secops_redis_log_server(ngx_secops_redis_t *redis,
    const ngx_secops_redis_server_t *server);


ngx_int_t
ngx_secops_redis_server_next(ngx_secops_redis_t *redis, void **walk,
    ngx_secops_redis_server_t *server)
{
    ngx_queue_t              *q;
    ngx_secops_redis_node_t  *node;

    node = *walk;
    q = node ? &node->peers : ngx_queue_sentinel(&redis->nodes);

    do {
        q = ngx_queue_next(q);

        if (q == ngx_queue_sentinel(&redis->nodes)) {
            return NGX_DONE;
        }

        node = ngx_queue_data(q, ngx_secops_redis_node_t, peers);

    } while (!node->listed);

    *walk = node;

    ngx_memzero(server, sizeof(ngx_secops_redis_server_t));

    server->name = node->name;
    server->ready = (node->state == NGX_SECOPS_REDIS_READY && !node->undurable);
    server->share = node->share;
    server->pending = node->pending;
    server->stats = &node->stats;

    if (node->state >= NGX_SECOPS_REDIS_READY) {
        server->address = *node->link->peer.name;
    }

    if (!server->ready) {
        ngx_secops_redis_server_fault(node, &server->fault);
    }

    return NGX_OK;
}


static void
ngx_secops_redis_server_fault(ngx_secops_redis_node_t *node, ngx_str_t *fault)
{
    fault->data = (node->state == NGX_SECOPS_REDIS_READY) ? node->shortfall
                                                          : node->fault;
    fault->len = ngx_strlen(fault->data);
}


void
ngx_secops_redis_log_stats(ngx_secops_redis_t *redis)
{
    void                       *walk;
    ngx_secops_redis_server_t   server;

    walk = NULL;

    while (ngx_secops_redis_server_next(redis, &walk, &server) == NGX_OK) {
        if (server.stats->attempts) {
            ngx_secops_redis_log_server(redis, &server);
        }
    }
}


static void
ngx_secops_redis_log_server(ngx_secops_redis_t *redis,
    const ngx_secops_redis_server_t *server)
{
    u_char                          *p, *last;
    u_char                           errors[SECOPS_REDIS_ERRORS_MAX
                                            * NGX_SECOPS_REDIS_STATS_ERROR];
    ngx_uint_t                       i, n;
    ngx_str_t                        text;
    const secops_redis_error_t      *error;
    const ngx_secops_redis_stats_t  *stats;

    stats = server->stats;

    p = errors;
    last = errors + sizeof(errors);
    n = 0;

    for (i = 0; (error = secops_redis_error_row(i)) != NULL; i++) {

        if (stats->errors[i] == 0) {
            continue;
        }

        text = ngx_secops_str(error->code);

        if (text.len == 0) {
            ngx_str_set(&text, "other");
        }

        p = ngx_slprintf(p, last, ", %V %ui", &text, stats->errors[i]);
        n += stats->errors[i];
    }

    ngx_log_error(NGX_LOG_INFO, redis->log, 0,
                  "secops redis \"%V\": %ui commands, %ui answered in %M ms "
                  "together, %ui pending; %ui replies, %ui errors%*s; %ui of "
                  "%ui attempts to connect, %ui timeouts; %ui barriers, %ui "
                  "not reached; %uL bytes sent, %uL received",
                  &server->name, stats->commands, stats->answered,
                  stats->latency, server->pending, stats->replies, n,
                  (size_t) (p - errors), errors, stats->links, stats->attempts,
                  stats->timeouts, stats->barriers, stats->shortfalls,
                  stats->bytes_out, stats->bytes_in);
}


ngx_uint_t
ngx_secops_redis_holes(ngx_secops_redis_t *redis)
{
    return redis->holes != 0;
}
