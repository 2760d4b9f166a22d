
/*
 * When to try again, and what the log is told about it: the first failure and
 * each new kind of failure loudly, the same one again at info level only, as
 * it may come several times in a second for hours.
 */

#include "redis/ngx_secops_redis_internal.h"


#define NGX_SECOPS_REDIS_BACKOFF_MIN  50
#define NGX_SECOPS_REDIS_BACKOFF_MAX  500


static void ngx_secops_redis_retry(ngx_secops_redis_node_t *node,
    ngx_msec_t delay);


/* by a timer all the same: never from inside a command's handler */

void
ngx_secops_redis_retry_now(ngx_secops_redis_node_t *node)
{
    ngx_secops_redis_retry(node, 0);
}


void
ngx_secops_redis_retry_later(ngx_secops_redis_node_t *node)
{
    ngx_uint_t  i;
    ngx_msec_t  delay;

    delay = NGX_SECOPS_REDIS_BACKOFF_MIN;

    for (i = 0; i < node->failures; i++) {
        delay *= 2;

        if (delay >= NGX_SECOPS_REDIS_BACKOFF_MAX) {
            delay = NGX_SECOPS_REDIS_BACKOFF_MAX;
            break;
        }
    }

    node->failures++;

    /* half of it at random, or all workers would come back at once */

    delay = delay / 2 + ngx_random() % (delay / 2 + 1);

    ngx_secops_redis_retry(node, delay);
}


/*
 * After the loss of a link that was ready the next attempt is made at once, but
 * not when links are lost again and again without having been of use, nor when
 * Redis itself said that this one is of no use at present (unwanted).
 */

void
ngx_secops_redis_retry_lost(ngx_secops_redis_node_t *node, ngx_uint_t served,
    ngx_uint_t unwanted)
{
    if (served) {
        node->flaps = 0;
    }

    if (unwanted || node->flaps) {
        node->flaps++;
        ngx_secops_redis_retry_later(node);
        return;
    }

    node->flaps = served ? 0 : 1;
    node->failures = 0;

    ngx_secops_redis_retry_now(node);
}


static void
ngx_secops_redis_retry(ngx_secops_redis_node_t *node, ngx_msec_t delay)
{
    if (!ngx_secops_redis_wanted(node)) {
        return;
    }

    if (!node->retry.timer_set) {
        ngx_add_timer(&node->retry, delay);
    }
}


ngx_uint_t
ngx_secops_redis_wanted(ngx_secops_redis_node_t *node)
{
    return node->pending || node->redis->topology->wants(node);
}


/* 1: the last attempt has failed, and the next one is not due yet */

ngx_uint_t
ngx_secops_redis_backing_off(ngx_secops_redis_node_t *node)
{
    return node->state == NGX_SECOPS_REDIS_CLOSED
           && node->failures
           && node->retry.timer_set;
}


/* copies the text: it may live in the reply, which goes before the link */

ngx_int_t
ngx_secops_redis_fault(ngx_secops_redis_node_t *node, const char *text)
{
    ngx_secops_redis_link_t  *link;

    link = node->link;

    (void) ngx_cpystrn(link->fault, (u_char *) text, sizeof(link->fault));

    return NGX_ERROR;
}


/* the same of an error reply, which has no NUL */

ngx_int_t
ngx_secops_redis_fault_reply(ngx_secops_redis_node_t *node,
    secops_slice_t error)
{
    size_t                    len;
    ngx_secops_redis_link_t  *link;

    link = node->link;
    len = ngx_min(error.len, sizeof(link->fault) - 1);

    ngx_memcpy(link->fault, error.data, len);
    link->fault[len] = '\0';

    return NGX_ERROR;
}


/* before the link is closed; remembers its fault, what commands are told */

void
ngx_secops_redis_report(ngx_secops_redis_node_t *node, ngx_uint_t level,
    const char *what)
{
    u_char  *fault;

    fault = node->link ? node->link->fault : (u_char *) "no memory";

    /* a server that is down may fail in two ways by turns */

    if (node->told
        && (ngx_strcmp(fault, node->fault) == 0
            || ngx_strcmp(fault, node->before) == 0))
    {
        level = NGX_LOG_INFO;
    }

    ngx_log_error(level, node->log, 0, "secops redis \"%V\": %s: %s",
                  &node->name, what, fault);

    if (!node->told) {
        node->before[0] = '\0';

    } else if (ngx_strcmp(fault, node->fault) != 0) {
        (void) ngx_cpystrn(node->before, node->fault, sizeof(node->before));
    }

    (void) ngx_cpystrn(node->fault, fault, sizeof(node->fault));

    node->told = 1;
}


void
ngx_secops_redis_report_ready(ngx_secops_redis_node_t *node)
{
    ngx_uint_t  level;

    level = node->down ? NGX_LOG_NOTICE : NGX_LOG_INFO;

    ngx_log_error(level, node->log, 0,
                  "secops redis \"%V\": ready, %ui failed attempts before",
                  &node->name, node->failures);

    node->down = 0;
    node->failures = node->flaps;
}
