
/*
 * The ready link: all commands that wait leave in as few writes as possible,
 * replies are matched in the order of writing.
 */

#include "redis/ngx_secops_redis_internal.h"
#include "redis/resp/secops_redis_error.h"


/* of usual commands this many fill a socket's buffer */
#define NGX_SECOPS_REDIS_IOVS    256

/* the most that one TLS record can have */
#define NGX_SECOPS_REDIS_RECORD  16384


static ssize_t ngx_secops_redis_write_plain(ngx_secops_redis_node_t *node);
static ssize_t ngx_secops_redis_write_record(ngx_secops_redis_node_t *node);
static void ngx_secops_redis_fill(ngx_secops_redis_node_t *node,
    ngx_buf_t *out);
static void ngx_secops_redis_gather(ngx_secops_redis_node_t *node,
    ngx_iovec_t *vec);
static ngx_secops_redis_cmd_t *ngx_secops_redis_partial(
    ngx_secops_redis_node_t *node);
static void ngx_secops_redis_written(ngx_secops_redis_node_t *node, size_t n);
static void ngx_secops_redis_answered(ngx_secops_redis_cmd_t *cmd);
static void ngx_secops_redis_note_errors(ngx_secops_redis_cmd_t *cmd,
    ngx_secops_redis_reply_t *reply);
static ngx_int_t ngx_secops_redis_note_refusals(ngx_secops_redis_cmd_t *cmd,
    ngx_secops_redis_reply_t *reply);
static void ngx_secops_redis_note_error(ngx_secops_redis_cmd_t *cmd,
    secops_slice_t text, secops_redis_action_e action);
static void ngx_secops_redis_note_effect(ngx_secops_redis_cmd_t *cmd,
    secops_redis_value_t *value);


/*
 * NGX_OK: all is written, or the write handler will go on; NGX_ERROR: the link
 * must be closed.
 */

ngx_int_t
ngx_secops_redis_write(ngx_secops_redis_node_t *node)
{
    ssize_t            n;
    ngx_connection_t  *c;

    c = node->link->peer.connection;

    if (c->write->ready && ngx_secops_redis_guard(node) != NGX_OK) {
        return ngx_secops_redis_fault(node, "no memory");
    }

    while (c->write->ready) {

        n = c->ssl ? ngx_secops_redis_write_record(node)
                   : ngx_secops_redis_write_plain(node);

        if (n == 0) {
            return NGX_OK;
        }

        if (n == NGX_ERROR) {
            return ngx_secops_redis_fault(node, "write failed");
        }

        if (n == NGX_AGAIN) {
            break;
        }

        node->stats.bytes_out += n;
    }

    if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
        return ngx_secops_redis_fault(node, "write failed");
    }

    return NGX_OK;
}


/* so many bytes, NGX_AGAIN, NGX_ERROR; 0: there is nothing to write */

static ssize_t
ngx_secops_redis_write_plain(ngx_secops_redis_node_t *node)
{
    ssize_t            n;
    ngx_iovec_t        vec;
    struct iovec       iovs[NGX_SECOPS_REDIS_IOVS];
    ngx_connection_t  *c;

    c = node->link->peer.connection;

    vec.iovs = iovs;
    vec.nalloc = NGX_SECOPS_REDIS_IOVS;

    ngx_secops_redis_gather(node, &vec);

    if (vec.count == 0) {
        return 0;
    }

    n = ngx_writev(c, &vec);

    if (n == NGX_AGAIN) {
        c->write->ready = 0;
    }

    if (n > 0) {
        c->sent += n;
        ngx_secops_redis_written(node, n);
    }

    return n;
}


/*
 * The same with TLS.  What OpenSSL has once begun to write it must be given
 * again, and a command may be gone by then, so each record has a copy.  The
 * record is the unit: until OpenSSL says that it is written, the server can
 * decrypt nothing of it.
 */

static ssize_t
ngx_secops_redis_write_record(ngx_secops_redis_node_t *node)
{
    ssize_t                   n;
    ngx_buf_t                *out;
    ngx_connection_t         *c;
    ngx_secops_redis_link_t  *link;

    link = node->link;
    c = link->peer.connection;

    if (link->out == NULL) {
        link->out = ngx_create_temp_buf(link->pool, NGX_SECOPS_REDIS_RECORD);
        if (link->out == NULL) {
            return NGX_ERROR;
        }
    }

    out = link->out;

    if (out->pos == out->last) {

        ngx_secops_redis_fill(node, out);

        if (out->pos == out->last) {
            return 0;
        }
    }

    n = c->send(c, out->pos, out->last - out->pos);

    if (n > 0) {
        out->pos += n;
    }

    return n;
}


static void
ngx_secops_redis_fill(ngx_secops_redis_node_t *node, ngx_buf_t *out)
{
    size_t         size;
    ngx_uint_t     i;
    ngx_iovec_t    vec;
    struct iovec   iovs[NGX_SECOPS_REDIS_IOVS];

    vec.iovs = iovs;
    vec.nalloc = NGX_SECOPS_REDIS_IOVS;

    ngx_secops_redis_gather(node, &vec);

    out->pos = out->start;
    out->last = out->start;

    for (i = 0; i < vec.count && out->last < out->end; i++) {
        size = ngx_min(iovs[i].iov_len, (size_t) (out->end - out->last));
        out->last = ngx_cpymem(out->last, iovs[i].iov_base, size);
    }

    ngx_secops_redis_written(node, out->last - out->pos);
}


/* the last commands of the queue are those of the record */

void
ngx_secops_redis_unwrite(ngx_secops_redis_node_t *node)
{
    size_t                   n, size;
    ngx_buf_t               *out;
    ngx_queue_t             *q;
    ngx_secops_redis_cmd_t  *cmd;

    out = node->link->out;

    if (out == NULL) {
        return;
    }

    n = out->last - out->pos;
    out->last = out->pos;

    for (q = ngx_queue_last(&node->sent);
         n && q != ngx_queue_sentinel(&node->sent);
         q = ngx_queue_prev(q))
    {
        cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);
        size = ngx_min(cmd->written, n);

        cmd->written -= size;
        n -= size;
    }
}


static void
ngx_secops_redis_gather(ngx_secops_redis_node_t *node, ngx_iovec_t *vec)
{
    ngx_queue_t             *q;
    struct iovec            *iov;
    ngx_secops_redis_cmd_t  *cmd;

    vec->count = 0;
    vec->size = 0;

    cmd = ngx_secops_redis_partial(node);
    q = ngx_queue_head(&node->waiting);

    for ( ;; ) {

        if (cmd) {
            iov = &vec->iovs[vec->count++];
            iov->iov_base = (void *) (cmd->resp.data + cmd->written);
            iov->iov_len = cmd->resp.len - cmd->written;
            vec->size += iov->iov_len;
        }

        if (q == ngx_queue_sentinel(&node->waiting)
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
ngx_secops_redis_partial(ngx_secops_redis_node_t *node)
{
    ngx_queue_t             *q;
    ngx_secops_redis_cmd_t  *cmd;

    if (ngx_queue_empty(&node->sent)) {
        return NULL;
    }

    q = ngx_queue_last(&node->sent);
    cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);

    return (cmd->written < cmd->resp.len) ? cmd : NULL;
}


static void
ngx_secops_redis_written(ngx_secops_redis_node_t *node, size_t n)
{
    size_t                   rest;
    ngx_queue_t             *q;
    ngx_secops_redis_cmd_t  *cmd;

    cmd = ngx_secops_redis_partial(node);

    while (n) {

        if (cmd == NULL) {
            q = ngx_queue_head(&node->waiting);
            ngx_queue_remove(q);
            ngx_queue_insert_tail(&node->sent, q);

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
    ngx_connection_t         *c;
    ngx_secops_redis_node_t  *node;

    c = wev->data;
    node = c->data;

    ngx_log_debug0(NGX_LOG_DEBUG_EVENT, wev->log, 0,
                   "secops redis write handler");

    ngx_post_event(&node->flush, &ngx_posted_events);
}


/* link->process of a ready link */

ngx_int_t
ngx_secops_redis_process_reply(ngx_secops_redis_node_t *node)
{
    ngx_queue_t               *q;
    ngx_secops_redis_cmd_t    *cmd;
    ngx_secops_redis_reply_t  *reply;

    if (ngx_queue_empty(&node->sent)) {
        return ngx_secops_redis_fault(node, "unexpected reply from Redis");
    }

    q = ngx_queue_head(&node->sent);
    cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);
    reply = &node->link->reply;

    node->stats.replies++;

    if (reply->errors) {
        ngx_secops_redis_note_errors(cmd, reply);
    }

    ngx_secops_redis_note_effect(cmd, reply->values);

    if (cmd->barrier) {
        ngx_secops_redis_judge(node, cmd->replies, reply->values);
    }

    if (++cmd->replies < cmd->resp.commands) {
        return NGX_OK;
    }

    if (cmd->written < cmd->resp.len) {
        return ngx_secops_redis_fault(node, "reply to an unwritten command");
    }

    ngx_secops_redis_answered(cmd);

    return NGX_OK;
}


/* the last reply of a command is in link->reply */

static void
ngx_secops_redis_answered(ngx_secops_redis_cmd_t *cmd)
{
    ngx_secops_redis_node_t   *node;
    ngx_secops_redis_result_t  result;

    node = cmd->node;

    if (node->state == NGX_SECOPS_REDIS_READY) {
        node->link->served = 1;
        node->failures = 0;
        node->flaps = 0;
        node->told = 0;
    }

    if (cmd->status != NGX_SECOPS_REDIS_REPLIED
        && node->redis->topology->redirect(cmd))
    {
        return;
    }

    ngx_memzero(&result, sizeof(ngx_secops_redis_result_t));

    ngx_str_set(&result.code, "");
    ngx_str_set(&result.message, "");

    result.status = cmd->status;
    result.again = cmd->unsure;

    if (cmd->status == NGX_SECOPS_REDIS_REPLIED) {
        result.value = node->link->reply.values;

    } else if (cmd->error.len) {
        result.code = ngx_secops_str(secops_redis_error_code(
                                         ngx_secops_slice(&cmd->error)));
        result.message = cmd->error;
    }

    /* "surely not executed" can not be said of a group when a part was */

    if (cmd->status == NGX_SECOPS_REDIS_UNAVAILABLE && cmd->executed) {
        result.status = NGX_SECOPS_REDIS_REFUSED;
    }

    if (cmd->status != NGX_SECOPS_REDIS_REPLIED && cmd->unsure) {
        result.status = NGX_SECOPS_REDIS_UNKNOWN;
    }

    if (ngx_secops_redis_hold(cmd, &result)) {
        return;
    }

    ngx_secops_redis_cmd_leave(cmd);
    ngx_secops_redis_end(cmd, &result);
}


/* the first error decides about the command, unless it is one of its parts, any
   error about the link */

static void
ngx_secops_redis_note_errors(ngx_secops_redis_cmd_t *cmd,
    ngx_secops_redis_reply_t *reply)
{
    ngx_uint_t                   i, parts;
    secops_slice_t               text;
    const secops_redis_error_t  *error;

    parts = (cmd->shared
             && cmd->replies + 1 == cmd->resp.commands
             && reply->values[0].type == SECOPS_REDIS_ARRAY
             && ngx_secops_redis_note_refusals(cmd, reply) == NGX_OK);

    for (i = 0; i < reply->nvalues; i++) {

        if (reply->values[i].type != SECOPS_REDIS_ERROR) {
            continue;
        }

        text = reply->values[i].text;
        error = secops_redis_error(secops_redis_error_code(text));

        if (error->action == SECOPS_REDIS_RECONNECT) {
            ngx_secops_redis_drain(cmd->node, text);
        }

        if (cmd->status == NGX_SECOPS_REDIS_REPLIED && !parts) {
            ngx_secops_redis_note_error(cmd, text, error->action);
        }

        cmd->node->stats.errors[secops_redis_error_index(error)]++;
    }
}


/* the errors among the elements of EXEC's reply.  NGX_ERROR: no memory, the
   command as a whole is refused then */

static ngx_int_t
ngx_secops_redis_note_refusals(ngx_secops_redis_cmd_t *cmd,
    ngx_secops_redis_reply_t *reply)
{
    size_t                       len;
    u_char                      *p;
    ngx_uint_t                   i, n;
    secops_redis_value_t        *value;
    ngx_secops_redis_refusal_t  *refusal;

    len = 0;

    for (i = 1; i < reply->nvalues; i++) {
        len += reply->values[i].text.len;
    }

    refusal = ngx_alloc(reply->errors * sizeof(ngx_secops_redis_refusal_t)
                        + len, cmd->node->log);
    if (refusal == NULL) {
        return NGX_ERROR;
    }

    cmd->refusals = refusal;
    cmd->nrefusals = 0;

    p = (u_char *) (refusal + reply->errors);

    for (i = 1, n = 0; i < reply->nvalues; i = value->next, n++) {

        value = &reply->values[i];

        if (value->type == SECOPS_REDIS_ERROR) {
            refusal->command = n;
            refusal->message.data = p;
            refusal->message.len = value->text.len;

            p = ngx_cpymem(p, value->text.data, value->text.len);
            refusal++;
            cmd->nrefusals++;
        }
    }

    return NGX_OK;
}


static void
ngx_secops_redis_note_error(ngx_secops_redis_cmd_t *cmd, secops_slice_t text,
    secops_redis_action_e action)
{
    cmd->status = (action == SECOPS_REDIS_REFUSE
                   || (action == SECOPS_REDIS_FOLLOW
                       && !cmd->redis->topology->slots))
                  ? NGX_SECOPS_REDIS_REFUSED
                  : NGX_SECOPS_REDIS_UNAVAILABLE;

    /* without memory the status stands, the text is lost */

    cmd->error.data = ngx_alloc(text.len + 1, cmd->node->log);

    if (cmd->error.data) {
        ngx_memcpy(cmd->error.data, text.data, text.len);
        cmd->error.len = text.len;
    }
}


void
ngx_secops_redis_drain(ngx_secops_redis_node_t *node, secops_slice_t why)
{
    if (node->state != NGX_SECOPS_REDIS_READY) {
        return;
    }

    node->state = NGX_SECOPS_REDIS_DRAINING;
    node->shunned = 1;

    (void) ngx_secops_redis_fault_reply(node, why);

    ngx_secops_redis_unwrite(node);
}


/*
 * A reply other than an error shows that something was executed, except for
 * those that only open a transaction and fill its queue.
 */

static void
ngx_secops_redis_note_effect(ngx_secops_redis_cmd_t *cmd,
    secops_redis_value_t *value)
{
    if (value->type == SECOPS_REDIS_ERROR) {
        return;
    }

    if (cmd->replies == 0 && cmd->resp.transaction) {
        return;
    }

    if (value->type == SECOPS_REDIS_STATUS
        && value->text.len == 6
        && ngx_memcmp(value->text.data, "QUEUED", 6) == 0)
    {
        return;
    }

    cmd->executed = 1;
}


/* 1: a draining link has had all the replies that it will get */

ngx_uint_t
ngx_secops_redis_drained(ngx_secops_redis_node_t *node)
{
    ngx_queue_t             *q;
    ngx_secops_redis_cmd_t  *cmd;

    if (ngx_queue_empty(&node->sent)) {
        return 1;
    }

    q = ngx_queue_head(&node->sent);
    cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);

    return cmd->written < cmd->resp.len;
}
