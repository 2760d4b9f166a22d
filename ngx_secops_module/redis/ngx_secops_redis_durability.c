
/*
 * Writes that are answered only when they are durable.
 *
 * A write that Redis has executed is held back until a barrier was answered: a
 * command that follows the writes of one flush, and by whose reply all of them
 * are judged.  It is WAIT for replicas, and for the disk WAITAOF; a server
 * that does not know this is asked for its configuration instead: with
 * "appendfsync always" it answers nothing that is not on its disk.
 *
 * One barrier is pending at a time: what is written meanwhile shares the next
 * one.  So a replica that hangs costs one timeout and not one for each flush.
 * Then the link is "undurable": writes are refused before they are written,
 * and one barrier in a second, which waits less, looks whether it is reached
 * again.
 */

#include "redis/ngx_secops_redis_internal.h"


/* how often to look again, in ms, and which part of the timeout it may take:
   reads wait behind it */

#define NGX_SECOPS_REDIS_CHECK     1000
#define NGX_SECOPS_REDIS_CHECKING  4

/* how often to tell the log of the same thing, in seconds */
#define NGX_SECOPS_REDIS_REMINDER  60


static void ngx_secops_redis_add_barrier(ngx_secops_redis_node_t *node,
    secops_redis_resp_t *resp);
static void ngx_secops_redis_add_wait(secops_redis_resp_t *resp,
    ngx_uint_t replicas, ngx_msec_t timeout);
static void ngx_secops_redis_add_waitaof(secops_redis_resp_t *resp,
    ngx_msec_t timeout);
static void ngx_secops_redis_add_config(secops_redis_resp_t *resp);
static void ngx_secops_redis_add_number(secops_redis_resp_t *resp,
    ngx_uint_t n);

static ngx_int_t ngx_secops_redis_process_waitaof(
    ngx_secops_redis_node_t *node);
static ngx_int_t ngx_secops_redis_process_config(
    ngx_secops_redis_node_t *node);

static void ngx_secops_redis_barrier_handler(void *data,
    ngx_secops_redis_result_t *result);
static ngx_uint_t ngx_secops_redis_reached(ngx_secops_redis_node_t *node,
    ngx_secops_redis_value_t *value);
static ngx_uint_t ngx_secops_redis_reached_replicas(
    ngx_secops_redis_node_t *node, ngx_secops_redis_value_t *value);
static ngx_uint_t ngx_secops_redis_reached_disk(ngx_secops_redis_node_t *node,
    ngx_secops_redis_value_t *value);
static ngx_uint_t ngx_secops_redis_reached_config(
    ngx_secops_redis_node_t *node, ngx_secops_redis_value_t *value);
static ngx_secops_redis_value_t *ngx_secops_redis_setting(
    ngx_secops_redis_value_t *value, const char *name);
static ngx_uint_t ngx_secops_redis_short(ngx_secops_redis_node_t *node,
    const u_char *text, size_t len);
static void ngx_secops_redis_note_durability(ngx_secops_redis_node_t *node,
    ngx_uint_t reached);
static void ngx_secops_redis_release(ngx_secops_redis_node_t *node,
    ngx_uint_t reached);


/*
 * For no replica WAIT answers at once, and counts them all the same.  For the
 * disk both are asked: which of them counts, the server says itself.
 */

void
ngx_secops_redis_greet_durability(ngx_secops_redis_node_t *node,
    secops_redis_resp_t *resp)
{
    ngx_msec_t  timeout;

    timeout = node->redis->conf.durability_timeout;

    switch (node->redis->conf.durability) {

    case NGX_SECOPS_REDIS_REPLICAS:
        node->undurable = 1;
        ngx_secops_redis_add_wait(resp, 0, timeout);
        break;

    case NGX_SECOPS_REDIS_FSYNC:
        node->undurable = 1;
        ngx_secops_redis_add_waitaof(resp, timeout);
        ngx_secops_redis_add_config(resp);
        break;

    default:
        node->undurable = 0;
    }
}


static void
ngx_secops_redis_add_barrier(ngx_secops_redis_node_t *node,
    secops_redis_resp_t *resp)
{
    ngx_msec_t                timeout;
    ngx_secops_redis_conf_t  *conf;

    conf = &node->redis->conf;
    timeout = conf->durability_timeout;

    if (node->undurable) {

        /* 0 would be for ever */
        timeout = ngx_max(timeout / NGX_SECOPS_REDIS_CHECKING, 1);
    }

    if (conf->durability == NGX_SECOPS_REDIS_REPLICAS) {
        ngx_secops_redis_add_wait(resp, conf->replicas, timeout);

    } else if (node->link->waitaof) {
        ngx_secops_redis_add_waitaof(resp, timeout);

    } else {
        ngx_secops_redis_add_config(resp);
    }
}


static void
ngx_secops_redis_add_wait(secops_redis_resp_t *resp, ngx_uint_t replicas,
    ngx_msec_t timeout)
{
    secops_redis_resp_begin(resp, 3);
    secops_redis_resp_arg(resp, "WAIT", 4);
    ngx_secops_redis_add_number(resp, replicas);
    ngx_secops_redis_add_number(resp, timeout);
}


/* on this server's disk, on no replica's */

static void
ngx_secops_redis_add_waitaof(secops_redis_resp_t *resp, ngx_msec_t timeout)
{
    secops_redis_resp_begin(resp, 4);
    secops_redis_resp_arg(resp, "WAITAOF", 7);
    secops_redis_resp_arg(resp, "1", 1);
    secops_redis_resp_arg(resp, "0", 1);
    ngx_secops_redis_add_number(resp, timeout);
}


static void
ngx_secops_redis_add_config(secops_redis_resp_t *resp)
{
    secops_redis_resp_begin(resp, 3);
    secops_redis_resp_arg(resp, "CONFIG", 6);
    secops_redis_resp_arg(resp, "GET", 3);
    secops_redis_resp_arg(resp, "append*", 7);
}


static void
ngx_secops_redis_add_number(secops_redis_resp_t *resp, ngx_uint_t n)
{
    u_char  digits[NGX_INT_T_LEN];

    secops_redis_resp_arg(resp, digits, ngx_sprintf(digits, "%ui", n) - digits);
}


/* an error here does not close the link: reads are served all the same */

ngx_int_t
ngx_secops_redis_process_durability(ngx_secops_redis_node_t *node)
{
    if (node->redis->conf.durability == NGX_SECOPS_REDIS_FSYNC) {
        return ngx_secops_redis_process_waitaof(node);
    }

    ngx_secops_redis_note_durability(node,
                 ngx_secops_redis_reached(node, node->link->reply.values));

    return ngx_secops_redis_ready(node);
}


static ngx_int_t
ngx_secops_redis_process_waitaof(ngx_secops_redis_node_t *node)
{
    ngx_secops_redis_link_t   *link;
    ngx_secops_redis_value_t  *value;

    static ngx_str_t  unknown = ngx_string("ERR unknown command");

    link = node->link;
    value = link->reply.values;

    link->process = ngx_secops_redis_process_config;
    link->waitaof = !(value->type == NGX_SECOPS_REDIS_ERROR
                      && value->str.len >= unknown.len
                      && ngx_memcmp(value->str.data, unknown.data, unknown.len)
                         == 0);

    if (link->waitaof) {
        ngx_secops_redis_note_durability(node,
                                        ngx_secops_redis_reached(node, value));
    }

    return NGX_OK;
}


static ngx_int_t
ngx_secops_redis_process_config(ngx_secops_redis_node_t *node)
{
    if (!node->link->waitaof) {
        ngx_secops_redis_note_durability(node,
                 ngx_secops_redis_reached(node, node->link->reply.values));
    }

    return ngx_secops_redis_ready(node);
}


ngx_int_t
ngx_secops_redis_guard(ngx_secops_redis_node_t *node)
{
    ngx_secops_redis_cmd_t  *cmd;

    if (!node->unguarded || node->guarding) {
        return NGX_OK;
    }

    cmd = ngx_secops_redis_cmd_create(node->redis, 64);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    ngx_secops_redis_add_barrier(node, &cmd->resp);

    if (secops_redis_resp_complete(&cmd->resp) != 0) {
        ngx_secops_redis_cmd_free(cmd);
        return NGX_ERROR;
    }

    cmd->handler = ngx_secops_redis_barrier_handler;
    cmd->data = node;
    cmd->start = ngx_current_msec;
    cmd->deadline = ngx_current_msec + node->redis->conf.timeout;

    node->unguarded = 0;
    node->guarding = 1;

    ngx_secops_redis_cmd_enter(node, cmd);

    return NGX_OK;
}


/* of the reply, which is gone when the barrier is answered, one value stays */

ngx_uint_t
ngx_secops_redis_hold(ngx_secops_redis_cmd_t *cmd,
    ngx_secops_redis_result_t *result)
{
    if (!cmd->durable || result->status != NGX_SECOPS_REDIS_REPLIED) {
        return 0;
    }

    cmd->value = result->value[0];
    ngx_str_null(&cmd->value.str);

    cmd->state = NGX_SECOPS_REDIS_CMD_HELD;

    ngx_queue_remove(&cmd->queue);
    ngx_queue_insert_tail(&cmd->node->held, &cmd->queue);

    return 1;
}


/* without the link it tells nothing: the writes were ended, or wait again */

static void
ngx_secops_redis_barrier_handler(void *data, ngx_secops_redis_result_t *result)
{
    ngx_uint_t                reached;
    ngx_secops_redis_node_t  *node;

    node = data;

    node->guarding = 0;
    node->stats.barriers++;

    if (result->status == NGX_SECOPS_REDIS_REPLIED) {
        reached = ngx_secops_redis_reached(node, result->value);

    } else if (result->code.len) {
        reached = ngx_secops_redis_short(node, result->message.data,
                                         result->message.len);

    } else {
        return;
    }

    if (!reached) {
        node->stats.shortfalls++;
    }

    ngx_secops_redis_note_durability(node, reached);
    ngx_secops_redis_release(node, reached);

    ngx_post_event(&node->flush, &ngx_posted_events);
}


/* 0: not, and node->shortfall says why */

static ngx_uint_t
ngx_secops_redis_reached(ngx_secops_redis_node_t *node,
    ngx_secops_redis_value_t *value)
{
    if (value->type == NGX_SECOPS_REDIS_ERROR) {
        return ngx_secops_redis_short(node, value->str.data, value->str.len);
    }

    if (node->redis->conf.durability == NGX_SECOPS_REDIS_REPLICAS) {
        return ngx_secops_redis_reached_replicas(node, value);
    }

    return node->link->waitaof ? ngx_secops_redis_reached_disk(node, value)
                               : ngx_secops_redis_reached_config(node, value);
}


static ngx_uint_t
ngx_secops_redis_reached_replicas(ngx_secops_redis_node_t *node,
    ngx_secops_redis_value_t *value)
{
    size_t      len;
    u_char      text[64 + 2 * NGX_INT64_LEN];
    ngx_uint_t  replicas;

    replicas = node->redis->conf.replicas;

    if (value->type == NGX_SECOPS_REDIS_INTEGER
        && value->integer >= (int64_t) replicas)
    {
        return 1;
    }

    len = ngx_sprintf(text, "%L of %ui replicas have it",
                      value->type == NGX_SECOPS_REDIS_INTEGER
                      ? value->integer : 0, replicas)
          - text;

    return ngx_secops_redis_short(node, text, len);
}


/* WAITAOF answers how many disks have it: its own, the replicas' */

static ngx_uint_t
ngx_secops_redis_reached_disk(ngx_secops_redis_node_t *node,
    ngx_secops_redis_value_t *value)
{
    static ngx_str_t  late = ngx_string("the append-only file was not synced "
                                        "in time");

    if (value[0].type == NGX_SECOPS_REDIS_ARRAY
        && value[0].elements == 2
        && value[1].type == NGX_SECOPS_REDIS_INTEGER
        && value[1].integer >= 1)
    {
        return 1;
    }

    return ngx_secops_redis_short(node, late.data, late.len);
}


static ngx_uint_t
ngx_secops_redis_reached_config(ngx_secops_redis_node_t *node,
    ngx_secops_redis_value_t *value)
{
    static ngx_str_t  off = ngx_string("appendonly is not \"yes\"");
    static ngx_str_t  lazy = ngx_string("appendfsync is not \"always\"");

    if (!ngx_secops_redis_value_is(ngx_secops_redis_setting(value,
                                                            "appendonly"),
                                   "yes"))
    {
        return ngx_secops_redis_short(node, off.data, off.len);
    }

    if (!ngx_secops_redis_value_is(ngx_secops_redis_setting(value,
                                                            "appendfsync"),
                                   "always"))
    {
        return ngx_secops_redis_short(node, lazy.data, lazy.len);
    }

    return 1;
}


/* of an array of names and values; NULL: it has none of this name */

static ngx_secops_redis_value_t *
ngx_secops_redis_setting(ngx_secops_redis_value_t *value, const char *name)
{
    ngx_uint_t  i;

    if (value[0].type != NGX_SECOPS_REDIS_ARRAY
        || value[0].elements % 2
        || value[0].next != value[0].elements + 1)
    {
        return NULL;
    }

    for (i = 1; i < value[0].next; i += 2) {
        if (ngx_secops_redis_value_is(&value[i], name)) {
            return &value[i + 1];
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_secops_redis_short(ngx_secops_redis_node_t *node, const u_char *text,
    size_t len)
{
    len = ngx_min(len, sizeof(node->shortfall) - 1);

    ngx_memcpy(node->shortfall, text, len);
    node->shortfall[len] = '\0';

    return 0;
}


static void
ngx_secops_redis_note_durability(ngx_secops_redis_node_t *node,
    ngx_uint_t reached)
{
    ngx_uint_t  level;

    if (reached) {

        /* what was sent in the meantime has no barrier */

        node->unguarded |= node->undurable;
        node->undurable = 0;

        if (node->shortfall_told) {
            ngx_log_error(NGX_LOG_NOTICE, node->log, 0,
                          "secops redis \"%V\": durability reached again",
                          &node->name);
        }

        node->shortfall_told = 0;
        return;
    }

    node->undurable = 1;

    level = (ngx_time() - node->shortfall_told >= NGX_SECOPS_REDIS_REMINDER)
            ? NGX_LOG_ERR : NGX_LOG_INFO;

    ngx_log_error(level, node->log, 0,
                  "secops redis \"%V\": durability not reached: %s",
                  &node->name, node->shortfall);

    if (level == NGX_LOG_ERR) {
        node->shortfall_told = ngx_time();
    }

    if (!node->check.timer_set && !ngx_exiting) {
        ngx_add_timer(&node->check, NGX_SECOPS_REDIS_CHECK);
    }
}


/* all that is held was executed before the barrier: replies come in order */

static void
ngx_secops_redis_release(ngx_secops_redis_node_t *node, ngx_uint_t reached)
{
    ngx_queue_t             *q, ended;
    ngx_secops_redis_cmd_t  *cmd;

    ngx_queue_init(&ended);

    while (!ngx_queue_empty(&node->held)) {

        q = ngx_queue_head(&node->held);
        cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);

        cmd->status = reached ? NGX_SECOPS_REDIS_REPLIED
                              : NGX_SECOPS_REDIS_UNKNOWN;

        ngx_secops_redis_cmd_leave(cmd);
        ngx_queue_insert_tail(&ended, &cmd->queue);
    }

    ngx_secops_redis_end_all(&ended, node->shortfall);
}


void
ngx_secops_redis_refuse_durable(ngx_secops_redis_node_t *node)
{
    ngx_queue_t             *q, *next, ended;
    ngx_secops_redis_cmd_t  *cmd;

    ngx_queue_init(&ended);

    for (q = ngx_queue_head(&node->waiting);
         q != ngx_queue_sentinel(&node->waiting);
         q = next)
    {
        next = ngx_queue_next(q);
        cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);

        if (!cmd->durable) {
            continue;
        }

        cmd->status = cmd->unsure ? NGX_SECOPS_REDIS_UNKNOWN
                                  : NGX_SECOPS_REDIS_UNAVAILABLE;

        ngx_secops_redis_cmd_leave(cmd);
        ngx_queue_insert_tail(&ended, &cmd->queue);
    }

    ngx_secops_redis_end_all(&ended, node->shortfall);
}


void
ngx_secops_redis_check_handler(ngx_event_t *ev)
{
    ngx_secops_redis_node_t  *node;

    node = ev->data;

    /* a new link finds out by itself */

    if (node->state == NGX_SECOPS_REDIS_READY && node->undurable
        && !ngx_exiting)
    {
        node->unguarded = 1;
        ngx_post_event(&node->flush, &ngx_posted_events);
    }
}
