
/*
 * When to try again, and what the log is told about it: the first failure and
 * each new kind of failure loudly, the same one again at info level only, as
 * it may come several times in a second for hours.
 */

#include "redis/ngx_secops_redis_internal.h"


#define NGX_SECOPS_REDIS_BACKOFF_MIN  50
#define NGX_SECOPS_REDIS_BACKOFF_MAX  500


static void ngx_secops_redis_retry(ngx_secops_redis_t *redis, ngx_msec_t delay);


void
ngx_secops_redis_retry_handler(ngx_event_t *ev)
{
    ngx_secops_redis_t  *redis;

    redis = ev->data;

    if (redis->state != NGX_SECOPS_REDIS_CLOSED) {
        return;
    }

    if (ngx_exiting && redis->pending == 0) {
        return;
    }

    ngx_secops_redis_connect(redis);
}


/* by a timer all the same: never from inside a command's handler */

void
ngx_secops_redis_retry_now(ngx_secops_redis_t *redis)
{
    ngx_secops_redis_retry(redis, 0);
}


void
ngx_secops_redis_retry_later(ngx_secops_redis_t *redis)
{
    ngx_uint_t  i;
    ngx_msec_t  delay;

    delay = NGX_SECOPS_REDIS_BACKOFF_MIN;

    for (i = 0; i < redis->failures; i++) {
        delay *= 2;

        if (delay >= NGX_SECOPS_REDIS_BACKOFF_MAX) {
            delay = NGX_SECOPS_REDIS_BACKOFF_MAX;
            break;
        }
    }

    redis->failures++;

    /* half of it at random, or all workers would come back at once */

    delay = delay / 2 + ngx_random() % (delay / 2 + 1);

    ngx_secops_redis_retry(redis, delay);
}


/*
 * After the loss of a link that was ready the next attempt is made at once, but
 * not when links are lost again and again without having been of use, nor when
 * Redis itself said that this one is of no use at present (unwanted).
 */

void
ngx_secops_redis_retry_lost(ngx_secops_redis_t *redis, ngx_uint_t served,
    ngx_uint_t unwanted)
{
    if (served) {
        redis->flaps = 0;
    }

    if (unwanted || redis->flaps) {
        redis->flaps++;
        ngx_secops_redis_retry_later(redis);
        return;
    }

    redis->flaps = served ? 0 : 1;
    redis->failures = 0;

    ngx_secops_redis_retry_now(redis);
}


static void
ngx_secops_redis_retry(ngx_secops_redis_t *redis, ngx_msec_t delay)
{
    if (ngx_exiting && redis->pending == 0) {
        return;
    }

    if (!redis->retry.timer_set) {
        ngx_add_timer(&redis->retry, delay);
    }
}


/* 1: the last attempt has failed, and the next one is not due yet */

ngx_uint_t
ngx_secops_redis_backing_off(ngx_secops_redis_t *redis)
{
    return redis->state == NGX_SECOPS_REDIS_CLOSED
           && redis->failures
           && redis->retry.timer_set;
}


/* before the link is closed; remembers its fault, what commands are told */

void
ngx_secops_redis_report(ngx_secops_redis_t *redis, ngx_uint_t level,
    const char *what)
{
    u_char  *fault;

    fault = redis->link ? redis->link->fault : (u_char *) "no memory";

    if (redis->told && ngx_strcmp(fault, redis->fault) == 0) {
        level = NGX_LOG_INFO;
    }

    ngx_log_error(level, redis->log, 0, "secops redis \"%V\": %s: %s",
                  &redis->conf.url, what, fault);

    (void) ngx_cpystrn(redis->fault, fault, sizeof(redis->fault));

    redis->told = 1;
}


void
ngx_secops_redis_report_ready(ngx_secops_redis_t *redis)
{
    ngx_uint_t  level;

    level = redis->down ? NGX_LOG_NOTICE : NGX_LOG_INFO;

    ngx_log_error(level, redis->log, 0,
                  "secops redis \"%V\": ready, %ui failed attempts before",
                  &redis->conf.url, redis->failures);

    redis->down = 0;
    redis->failures = redis->flaps;
}
