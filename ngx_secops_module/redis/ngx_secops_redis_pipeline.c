
/*
 * The ready link: all commands that wait leave in as few writes as possible,
 * replies are matched in the order of writing.
 */

#include "redis/ngx_secops_redis_internal.h"
#include "redis/secops_redis_error.h"


/* of usual commands this many fill a socket's buffer */
#define NGX_SECOPS_REDIS_IOVS  256


static void ngx_secops_redis_gather(ngx_secops_redis_t *redis,
    ngx_iovec_t *vec);
static ngx_secops_redis_cmd_t *ngx_secops_redis_partial(
    ngx_secops_redis_t *redis);
static void ngx_secops_redis_written(ngx_secops_redis_t *redis, size_t n);
static void ngx_secops_redis_note_errors(ngx_secops_redis_cmd_t *cmd,
    ngx_secops_redis_reply_t *reply);
static void ngx_secops_redis_note_error(ngx_secops_redis_cmd_t *cmd,
    ngx_str_t *str, secops_redis_action_e action);
static void ngx_secops_redis_drain(ngx_secops_redis_t *redis, ngx_str_t *why);
static void ngx_secops_redis_note_effect(ngx_secops_redis_cmd_t *cmd,
    ngx_secops_redis_value_t *value);


/*
 * NGX_OK: all is written, or the write handler will go on; NGX_ERROR: the link
 * must be closed.  A link over TLS would send from one buffer here.
 */

ngx_int_t
ngx_secops_redis_write(ngx_secops_redis_t *redis)
{
    ssize_t            n;
    ngx_iovec_t        vec;
    struct iovec       iovs[NGX_SECOPS_REDIS_IOVS];
    ngx_connection_t  *c;

    c = redis->link->peer.connection;

    vec.iovs = iovs;
    vec.nalloc = NGX_SECOPS_REDIS_IOVS;

    while (c->write->ready) {

        ngx_secops_redis_gather(redis, &vec);

        if (vec.count == 0) {
            return NGX_OK;
        }

        n = ngx_writev(c, &vec);

        if (n == NGX_ERROR) {
            return ngx_secops_redis_fault(redis, "write failed");
        }

        if (n == NGX_AGAIN) {
            c->write->ready = 0;
            break;
        }

        c->sent += n;
        redis->stats.bytes_out += n;

        ngx_secops_redis_written(redis, n);
    }

    if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
        return ngx_secops_redis_fault(redis, "write failed");
    }

    return NGX_OK;
}


static void
ngx_secops_redis_gather(ngx_secops_redis_t *redis, ngx_iovec_t *vec)
{
    ngx_queue_t             *q;
    struct iovec            *iov;
    ngx_secops_redis_cmd_t  *cmd;

    vec->count = 0;
    vec->size = 0;

    cmd = ngx_secops_redis_partial(redis);
    q = ngx_queue_head(&redis->waiting);

    for ( ;; ) {

        if (cmd) {
            iov = &vec->iovs[vec->count++];
            iov->iov_base = (void *) (cmd->resp.data + cmd->written);
            iov->iov_len = cmd->resp.len - cmd->written;
            vec->size += iov->iov_len;
        }

        if (q == ngx_queue_sentinel(&redis->waiting)
            || vec->count == vec->nalloc)
        {
            return;
        }

        cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);
        q = ngx_queue_next(q);
    }
}


/* the command that was written, but not to its end, or NULL */

static ngx_secops_redis_cmd_t *
ngx_secops_redis_partial(ngx_secops_redis_t *redis)
{
    ngx_queue_t             *q;
    ngx_secops_redis_cmd_t  *cmd;

    if (ngx_queue_empty(&redis->sent)) {
        return NULL;
    }

    q = ngx_queue_last(&redis->sent);
    cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);

    return (cmd->written < cmd->resp.len) ? cmd : NULL;
}


static void
ngx_secops_redis_written(ngx_secops_redis_t *redis, size_t n)
{
    size_t                   rest;
    ngx_queue_t             *q;
    ngx_secops_redis_cmd_t  *cmd;

    cmd = ngx_secops_redis_partial(redis);

    while (n) {

        if (cmd == NULL) {
            q = ngx_queue_head(&redis->waiting);
            ngx_queue_remove(q);
            ngx_queue_insert_tail(&redis->sent, q);

            cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);
            cmd->state = NGX_SECOPS_REDIS_CMD_SENT;
        }

        rest = cmd->resp.len - cmd->written;
        rest = ngx_min(rest, n);

        cmd->written += rest;
        n -= rest;
        cmd = NULL;
    }
}


void
ngx_secops_redis_write_handler(ngx_event_t *wev)
{
    ngx_connection_t    *c;
    ngx_secops_redis_t  *redis;

    c = wev->data;
    redis = c->data;

    ngx_log_debug0(NGX_LOG_DEBUG_EVENT, wev->log, 0,
                   "secops redis write handler");

    ngx_post_event(&redis->flush, &ngx_posted_events);
}


/* link->process of a ready link */

ngx_int_t
ngx_secops_redis_process_reply(ngx_secops_redis_t *redis)
{
    ngx_queue_t               *q;
    ngx_secops_redis_cmd_t    *cmd;
    ngx_secops_redis_reply_t  *reply;

    if (ngx_queue_empty(&redis->sent)) {
        return ngx_secops_redis_fault(redis, "unexpected reply from Redis");
    }

    q = ngx_queue_head(&redis->sent);
    cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);
    reply = &redis->link->reply;

    redis->stats.replies++;

    if (reply->errors) {
        ngx_secops_redis_note_errors(cmd, reply);
    }

    ngx_secops_redis_note_effect(cmd, reply->values);

    if (++cmd->replies < cmd->resp.commands) {
        return NGX_OK;
    }

    if (cmd->written < cmd->resp.len) {
        return ngx_secops_redis_fault(redis, "reply to an unwritten command");
    }

    ngx_secops_redis_answered(cmd);

    return NGX_OK;
}


/* the first error decides about the command, any error about the link */

static void
ngx_secops_redis_note_errors(ngx_secops_redis_cmd_t *cmd,
    ngx_secops_redis_reply_t *reply)
{
    ngx_str_t                   *str;
    ngx_uint_t                   i;
    const secops_redis_error_t  *error;

    for (i = 0; i < reply->nvalues; i++) {

        if (reply->values[i].type != NGX_SECOPS_REDIS_ERROR) {
            continue;
        }

        str = &reply->values[i].str;
        error = secops_redis_error(secops_redis_error_code(str->data,
                                                           str->len));

        if (error->action == SECOPS_REDIS_RECONNECT) {
            ngx_secops_redis_drain(cmd->redis, str);
        }

        if (cmd->status == NGX_SECOPS_REDIS_REPLIED) {
            ngx_secops_redis_note_error(cmd, str, error->action);
        }

        cmd->redis->stats.errors++;
    }
}


static void
ngx_secops_redis_note_error(ngx_secops_redis_cmd_t *cmd, ngx_str_t *str,
    secops_redis_action_e action)
{
    cmd->status = (action == SECOPS_REDIS_REFUSE)
                  ? NGX_SECOPS_REDIS_REFUSED
                  : NGX_SECOPS_REDIS_UNAVAILABLE;

    /* without memory the status stands, the text is lost */

    cmd->error.data = ngx_alloc(str->len + 1, cmd->redis->log);

    if (cmd->error.data) {
        ngx_memcpy(cmd->error.data, str->data, str->len);
        cmd->error.len = str->len;
    }
}


/* the link answers what it was sent, and closes then */

static void
ngx_secops_redis_drain(ngx_secops_redis_t *redis, ngx_str_t *why)
{
    size_t                    len;
    ngx_secops_redis_link_t  *link;

    if (redis->state != NGX_SECOPS_REDIS_READY) {
        return;
    }

    redis->state = NGX_SECOPS_REDIS_DRAINING;

    link = redis->link;
    len = ngx_min(why->len, sizeof(link->fault) - 1);

    ngx_memcpy(link->fault, why->data, len);
    link->fault[len] = '\0';
}


/*
 * A reply other than an error shows that something was executed, except for
 * those that only open a transaction and fill its queue.
 */

static void
ngx_secops_redis_note_effect(ngx_secops_redis_cmd_t *cmd,
    ngx_secops_redis_value_t *value)
{
    if (value->type == NGX_SECOPS_REDIS_ERROR) {
        return;
    }

    if (cmd->replies == 0 && cmd->resp.transaction) {
        return;
    }

    if (value->type == NGX_SECOPS_REDIS_STATUS
        && value->str.len == 6
        && ngx_memcmp(value->str.data, "QUEUED", 6) == 0)
    {
        return;
    }

    cmd->executed = 1;
}


/* 1: a draining link has had all the replies that it will get */

ngx_uint_t
ngx_secops_redis_drained(ngx_secops_redis_t *redis)
{
    ngx_queue_t             *q;
    ngx_secops_redis_cmd_t  *cmd;

    if (ngx_queue_empty(&redis->sent)) {
        return 1;
    }

    q = ngx_queue_head(&redis->sent);
    cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);

    return cmd->written < cmd->resp.len;
}
