
/*
 * Writes that are answered only when they are durable.
 *
 * A write that Redis has executed is held back until a barrier was answered:
 * commands that follow the writes of one flush, and by whose replies all of
 * them are judged.  It is WAIT for replicas.  For the disk it is CONFIG GET:
 * only a server with "appendfsync always" syncs its file before it answers, and
 * does so at all times only with "no-appendfsync-on-rewrite no".  WAITAOF is
 * asked besides where there is one.  It does not suffice alone: with
 * "everysec" some servers answer it before they have synced, and others take
 * two seconds.
 *
 * A server without WAITAOF does not tell whether its file is whole yet: after
 * "appendonly" was turned on, what is written counts only once a first rewrite
 * is done.  So it is asked by INFO as well: with each new link, once a second,
 * and as long as the level is not reached.  While a rewrite is under way the
 * file counts only if it was seen whole before.
 *
 * One barrier is pending at a time: what is written meanwhile shares the next
 * one.  So a replica that hangs costs one timeout and not one for each flush.
 * Then the link is "undurable": writes are refused before they are written,
 * and one barrier in a second, which waits less, looks whether it is reached
 * again.  A barrier is for the server of its link, and ends with the link.
 */

#include "redis/ngx_secops_redis_internal.h"


/* how often to look again, in ms, and which part of the timeout it may take:
   reads wait behind it */

#define NGX_SECOPS_REDIS_CHECK     1000
#define NGX_SECOPS_REDIS_CHECKING  4

/* how often to tell the log of the same thing, in seconds */
#define NGX_SECOPS_REDIS_REMINDER  60


static ngx_int_t ngx_secops_redis_keep(ngx_secops_redis_cmd_t *cmd,
    const secops_redis_value_t *values);
static void ngx_secops_redis_add_barrier(ngx_secops_redis_node_t *node,
    secops_redis_resp_t *resp);
static void ngx_secops_redis_add_wait(ngx_secops_redis_link_t *link,
    secops_redis_resp_t *resp, ngx_uint_t replicas, ngx_msec_t timeout);
static void ngx_secops_redis_add_config(ngx_secops_redis_link_t *link,
    secops_redis_resp_t *resp);
static void ngx_secops_redis_add_waitaof(ngx_secops_redis_link_t *link,
    secops_redis_resp_t *resp, ngx_msec_t timeout);
static void ngx_secops_redis_add_info(ngx_secops_redis_link_t *link,
    secops_redis_resp_t *resp);
static void ngx_secops_redis_add_ask(ngx_secops_redis_link_t *link,
    ngx_secops_redis_ask_e ask);
static void ngx_secops_redis_add_number(secops_redis_resp_t *resp,
    ngx_uint_t n);

static void ngx_secops_redis_barrier_handler(void *data,
    ngx_secops_redis_result_t *result);
static ngx_uint_t ngx_secops_redis_look_further(
    ngx_secops_redis_node_t *node);

static void ngx_secops_redis_judge_wait(ngx_secops_redis_node_t *node,
    secops_redis_value_t *value);
static void ngx_secops_redis_judge_config(ngx_secops_redis_node_t *node,
    secops_redis_value_t *value);
static void ngx_secops_redis_judge_waitaof(ngx_secops_redis_node_t *node,
    secops_redis_value_t *value);
static void ngx_secops_redis_judge_info(ngx_secops_redis_node_t *node,
    secops_redis_value_t *value);
static void ngx_secops_redis_short(ngx_secops_redis_node_t *node,
    const char *fmt, ...);

static void ngx_secops_redis_note_durability(ngx_secops_redis_node_t *node,
    ngx_uint_t reached);
static void ngx_secops_redis_look_later(ngx_secops_redis_node_t *node);
static ngx_uint_t ngx_secops_redis_must_look(ngx_secops_redis_node_t *node);
static void ngx_secops_redis_release(ngx_secops_redis_node_t *node,
    ngx_uint_t reached);


/*
 * For no replica WAIT answers at once, and counts them all the same.  For the
 * disk all is asked: what of it counts, the server says itself.
 */

void
ngx_secops_redis_greet_durability(ngx_secops_redis_node_t *node,
    secops_redis_resp_t *resp)
{
    ngx_msec_t                timeout;
    ngx_secops_redis_link_t  *link;

    link = node->link;
    link->nasks = 0;
    link->replied = 0;
    link->waitaof = 0;
    link->settled = 0;

    timeout = node->redis->conf.durability_timeout;

    switch (node->redis->conf.durability) {

    case NGX_SECOPS_REDIS_REPLICAS:
        node->undurable = 1;
        ngx_secops_redis_add_wait(link, resp, 0, timeout);
        break;

    case NGX_SECOPS_REDIS_FSYNC:
        node->undurable = 1;
        ngx_secops_redis_add_config(link, resp);
        ngx_secops_redis_add_waitaof(link, resp, timeout);
        ngx_secops_redis_add_info(link, resp);
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
    ngx_secops_redis_link_t  *link;

    conf = &node->redis->conf;
    timeout = conf->durability_timeout;

    link = node->link;
    link->nasks = 0;

    if (node->undurable) {

        /* 0 would be for ever */
        timeout = ngx_max(timeout / NGX_SECOPS_REDIS_CHECKING, 1);
    }

    if (conf->durability == NGX_SECOPS_REDIS_REPLICAS) {
        ngx_secops_redis_add_wait(link, resp, conf->replicas, timeout);
        return;
    }

    ngx_secops_redis_add_config(link, resp);

    if (!link->waitaof) {

        if (node->undurable || node->looking) {
            ngx_secops_redis_add_info(link, resp);
        }

    } else if (!node->undurable || !node->misset) {

        /* with wrong settings it may wait for nothing, and reads behind it */

        ngx_secops_redis_add_waitaof(link, resp, timeout);
    }

    node->looking = 0;
}


static void
ngx_secops_redis_add_wait(ngx_secops_redis_link_t *link,
    secops_redis_resp_t *resp, ngx_uint_t replicas, ngx_msec_t timeout)
{
    ngx_secops_redis_add_ask(link, NGX_SECOPS_REDIS_ASK_WAIT);

    secops_redis_resp_begin(resp, 3);
    secops_redis_resp_arg(resp, "WAIT", 4);
    ngx_secops_redis_add_number(resp, replicas);
    ngx_secops_redis_add_number(resp, timeout);
}


static void
ngx_secops_redis_add_config(ngx_secops_redis_link_t *link,
    secops_redis_resp_t *resp)
{
    ngx_secops_redis_add_ask(link, NGX_SECOPS_REDIS_ASK_CONFIG);

    secops_redis_resp_begin(resp, 3);
    secops_redis_resp_arg(resp, "CONFIG", 6);
    secops_redis_resp_arg(resp, "GET", 3);
    secops_redis_resp_arg(resp, SECOPS_REDIS_SYNC_SETTINGS,
                          sizeof(SECOPS_REDIS_SYNC_SETTINGS) - 1);
}


/* on this server's disk, on no replica's */

static void
ngx_secops_redis_add_waitaof(ngx_secops_redis_link_t *link,
    secops_redis_resp_t *resp, ngx_msec_t timeout)
{
    ngx_secops_redis_add_ask(link, NGX_SECOPS_REDIS_ASK_WAITAOF);

    secops_redis_resp_begin(resp, 4);
    secops_redis_resp_arg(resp, "WAITAOF", 7);
    secops_redis_resp_arg(resp, "1", 1);
    secops_redis_resp_arg(resp, "0", 1);
    ngx_secops_redis_add_number(resp, timeout);
}


static void
ngx_secops_redis_add_info(ngx_secops_redis_link_t *link,
    secops_redis_resp_t *resp)
{
    ngx_secops_redis_add_ask(link, NGX_SECOPS_REDIS_ASK_INFO);

    secops_redis_resp_begin(resp, 2);
    secops_redis_resp_arg(resp, "INFO", 4);
    secops_redis_resp_arg(resp, "persistence", 11);
}


static void
ngx_secops_redis_add_ask(ngx_secops_redis_link_t *link,
    ngx_secops_redis_ask_e ask)
{
    link->asks[link->nasks++] = ask;
}


static void
ngx_secops_redis_add_number(secops_redis_resp_t *resp, ngx_uint_t n)
{
    u_char  digits[NGX_INT_T_LEN];

    secops_redis_resp_arg(resp, digits, ngx_sprintf(digits, "%ui", n) - digits);
}


ngx_int_t
ngx_secops_redis_greeted_durability(ngx_secops_redis_node_t *node)
{
    ngx_secops_redis_link_t  *link;

    link = node->link;

    ngx_secops_redis_judge(node, link->replied, link->reply.values);

    if (++link->replied < link->nasks) {
        return NGX_AGAIN;
    }

    ngx_secops_redis_note_durability(node, link->judged);

    return NGX_OK;
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
    cmd->barrier = 1;

    ngx_secops_redis_cmd_time(cmd);

    node->unguarded = 0;
    node->guarding = 1;

    ngx_secops_redis_cmd_enter(node, cmd);

    return NGX_OK;
}


/* of the reply, which is gone when the barrier is answered, one value stays, or
   all of them */

ngx_uint_t
ngx_secops_redis_hold(ngx_secops_redis_cmd_t *cmd,
    ngx_secops_redis_result_t *result)
{
    if (!cmd->durable || result->status != NGX_SECOPS_REDIS_REPLIED) {
        return 0;
    }

    if (cmd->whole && ngx_secops_redis_keep(cmd, result->value) != NGX_OK) {

        /* it was executed, but nobody can tell any more with what result */

        result->status = NGX_SECOPS_REDIS_UNKNOWN;
        ngx_str_set(&result->message, "no memory");
        return 0;
    }

    cmd->value = result->value[0];
    cmd->value.text.len = 0;
    cmd->value.text.data = NULL;

    cmd->state = NGX_SECOPS_REDIS_CMD_HELD;

    ngx_queue_remove(&cmd->queue);
    ngx_queue_insert_tail(&cmd->node->held, &cmd->queue);

    return 1;
}


/* a copy of a reply, in place of the one that the command may have */

static ngx_int_t
ngx_secops_redis_keep(ngx_secops_redis_cmd_t *cmd,
    const secops_redis_value_t *values)
{
    size_t                 i, n, size;
    u_char                *p;
    secops_redis_value_t  *copy;

    if (cmd->values) {
        ngx_free(cmd->values);
        cmd->values = NULL;
    }

    n = values[0].next;
    size = n * sizeof(secops_redis_value_t);

    for (i = 0; i < n; i++) {
        size += values[i].text.len;
    }

    copy = ngx_alloc(size, cmd->redis->log);
    if (copy == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(copy, values, n * sizeof(secops_redis_value_t));

    p = (u_char *) &copy[n];

    for (i = 0; i < n; i++) {
        copy[i].text.data = p;

        if (values[i].text.len) {
            p = ngx_cpymem(p, values[i].text.data, values[i].text.len);
        }
    }

    cmd->values = copy;

    return NGX_OK;
}


void
ngx_secops_redis_end_barrier(ngx_secops_redis_node_t *node,
    ngx_queue_t *ended)
{
    ngx_queue_t             *q;
    ngx_secops_redis_cmd_t  *cmd;

    if (!node->guarding) {
        return;
    }

    /* one that was written has ended as all that was written */

    for (q = ngx_queue_head(&node->waiting);
         q != ngx_queue_sentinel(&node->waiting);
         q = ngx_queue_next(q))
    {
        cmd = ngx_queue_data(q, ngx_secops_redis_cmd_t, queue);

        if (cmd->barrier) {
            cmd->status = NGX_SECOPS_REDIS_UNAVAILABLE;

            ngx_secops_redis_cmd_leave(cmd);
            ngx_queue_insert_tail(ended, &cmd->queue);
            return;
        }
    }
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

    if (result->status != NGX_SECOPS_REDIS_REPLIED && result->code.len == 0) {
        return;
    }

    ngx_post_event(&node->flush, &ngx_posted_events);

    if (ngx_secops_redis_look_further(node)) {
        return;
    }

    reached = node->link->judged;

    if (!reached) {
        node->stats.shortfalls++;
    }

    ngx_secops_redis_note_durability(node, reached);
    ngx_secops_redis_release(node, reached);
}


/* 1: the settings are right again, of which alone the barrier has asked: the
   next one asks for the rest */

static ngx_uint_t
ngx_secops_redis_look_further(ngx_secops_redis_node_t *node)
{
    if (!node->undurable || !node->link->waitaof || node->link->nasks > 1
        || !node->link->judged)
    {
        return 0;
    }

    node->unguarded = 1;

    return 1;
}


void
ngx_secops_redis_judge(ngx_secops_redis_node_t *node, ngx_uint_t i,
    secops_redis_value_t *value)
{
    ngx_secops_redis_link_t  *link;

    link = node->link;

    if (i == 0) {
        link->judged = 1;
    }

    switch (link->asks[i]) {

    case NGX_SECOPS_REDIS_ASK_WAIT:
        ngx_secops_redis_judge_wait(node, value);
        break;

    case NGX_SECOPS_REDIS_ASK_CONFIG:
        ngx_secops_redis_judge_config(node, value);
        break;

    case NGX_SECOPS_REDIS_ASK_WAITAOF:
        ngx_secops_redis_judge_waitaof(node, value);
        break;

    default: /* NGX_SECOPS_REDIS_ASK_INFO */
        ngx_secops_redis_judge_info(node, value);
    }
}


static void
ngx_secops_redis_judge_wait(ngx_secops_redis_node_t *node,
    secops_redis_value_t *value)
{
    ngx_uint_t  n, replicas;

    if (value->type == SECOPS_REDIS_ERROR) {
        ngx_secops_redis_short(node, "%*s", value->text.len,
                               value->text.data);
        return;
    }

    n = secops_redis_wait_replicas(value);
    replicas = node->redis->conf.replicas;

    if (n < replicas) {
        ngx_secops_redis_short(node, "%ui of %ui replicas have it", n,
                               replicas);
    }
}


static void
ngx_secops_redis_judge_config(ngx_secops_redis_node_t *node,
    secops_redis_value_t *value)
{
    const secops_redis_value_t    *actual;
    const secops_redis_setting_t  *unset;

    node->misset = 1;

    if (value->type == SECOPS_REDIS_ERROR) {
        ngx_secops_redis_short(node, "its settings can not be seen, CONFIG GET "
                               "answers: %*s", value->text.len,
                               value->text.data);
        return;
    }

    unset = secops_redis_sync_unset(value, &actual);

    if (unset == NULL) {
        node->misset = 0;
        return;
    }

    if (ngx_strcmp(unset->name, "appendonly") == 0) {
        node->link->settled = 0;
    }

    if (actual && actual->type == SECOPS_REDIS_STRING) {
        ngx_secops_redis_short(node, "%s is \"%*s\", it must be \"%s\"",
                               unset->name, actual->text.len,
                               actual->text.data, unset->wanted);

    } else {
        ngx_secops_redis_short(node, "its settings can not be seen, CONFIG GET "
                               "does not show %s", unset->name);
    }
}


static void
ngx_secops_redis_judge_waitaof(ngx_secops_redis_node_t *node,
    secops_redis_value_t *value)
{
    static ngx_str_t  unknown = ngx_string("ERR unknown command");

    if (value->type == SECOPS_REDIS_ERROR
        && value->text.len >= unknown.len
        && ngx_memcmp(value->text.data, unknown.data, unknown.len) == 0)
    {
        node->link->waitaof = 0;
        return;
    }

    node->link->waitaof = 1;

    if (value->type == SECOPS_REDIS_ERROR) {
        ngx_secops_redis_short(node, "%*s", value->text.len,
                               value->text.data);

    } else if (!secops_redis_waitaof_is_synced(value)) {
        ngx_secops_redis_short(node, "the append-only file was not synced in "
                               "time");
    }
}


/* of a server that has no WAITAOF; what its settings say has been judged */

static void
ngx_secops_redis_judge_info(ngx_secops_redis_node_t *node,
    secops_redis_value_t *value)
{
    ngx_int_t                 enabled, rewriting, scheduled;
    ngx_secops_redis_link_t  *link;

    link = node->link;

    if (link->waitaof) {
        return;
    }

    if (value->type == SECOPS_REDIS_ERROR) {
        ngx_secops_redis_short(node, "its append-only file can not be seen, "
                               "INFO answers: %*s", value->text.len,
                               value->text.data);
        return;
    }

    enabled = secops_redis_info_number(value, "aof_enabled");
    rewriting = secops_redis_info_number(value, "aof_rewrite_in_progress");
    scheduled = secops_redis_info_number(value, "aof_rewrite_scheduled");

    if (enabled != 1 || rewriting == -1 || scheduled == -1) {
        link->settled = 0;
        ngx_secops_redis_short(node, "INFO does not show an append-only file");
        return;
    }

    if (rewriting == 0 && scheduled == 0) {
        link->settled = 1;
        return;
    }

    if (!link->settled) {
        ngx_secops_redis_short(node, "the append-only file is being rewritten, "
                               "and was not seen whole before");
    }
}


/* the first reply that is not good says why, the others do not */

static void
ngx_secops_redis_short(ngx_secops_redis_node_t *node, const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    if (!node->link->judged) {
        return;
    }

    node->link->judged = 0;

    va_start(args, fmt);
    p = ngx_vslprintf(node->shortfall,
                      node->shortfall + sizeof(node->shortfall) - 1, fmt, args);
    va_end(args);

    *p = '\0';
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

        ngx_secops_redis_look_later(node);
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

    ngx_secops_redis_look_later(node);
}


static void
ngx_secops_redis_look_later(ngx_secops_redis_node_t *node)
{
    if (ngx_secops_redis_must_look(node)
        && !node->check.timer_set && !ngx_exiting)
    {
        ngx_add_timer(&node->check, NGX_SECOPS_REDIS_CHECK);
    }
}


/* 1: the level is not reached; or it is, by a server without WAITAOF, which
   does not tell what its settings were in between */

static ngx_uint_t
ngx_secops_redis_must_look(ngx_secops_redis_node_t *node)
{
    return node->undurable
           || (node->redis->conf.durability == NGX_SECOPS_REDIS_FSYNC
               && !node->link->waitaof);
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

    if (node->state == NGX_SECOPS_REDIS_READY && !ngx_exiting
        && ngx_secops_redis_must_look(node))
    {
        node->looking = 1;
        node->unguarded = 1;
        ngx_post_event(&node->flush, &ngx_posted_events);
    }
}
