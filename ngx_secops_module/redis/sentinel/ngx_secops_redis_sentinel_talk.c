
/*
 * What a sentinel is told, and what it answers: who is the master of this name,
 * who are the other sentinels, and then the messages about switches.  All of it
 * is asked in one write; one function takes each reply.
 */

#include "redis/sentinel/ngx_secops_redis_sentinel.h"


static ngx_int_t ngx_secops_redis_sentinel_process_auth(
    ngx_secops_redis_node_t *node);
static ngx_int_t ngx_secops_redis_sentinel_process_master(
    ngx_secops_redis_node_t *node);
static ngx_int_t ngx_secops_redis_sentinel_process_others(
    ngx_secops_redis_node_t *node);
static ngx_int_t ngx_secops_redis_sentinel_process_subscribe(
    ngx_secops_redis_node_t *node);
static ngx_int_t ngx_secops_redis_sentinel_process_message(
    ngx_secops_redis_node_t *node);

static void ngx_secops_redis_sentinel_learn(
    ngx_secops_redis_sentinels_t *sentinels, secops_redis_value_t *values,
    ngx_uint_t i);
static ngx_secops_redis_sentinel_t *ngx_secops_redis_sentinel_find(
    ngx_secops_redis_sentinels_t *sentinels, ngx_str_t *name);
static void ngx_secops_redis_sentinel_add(
    ngx_secops_redis_sentinels_t *sentinels,
    secops_redis_announced_t *announced, ngx_str_t *name);
static void ngx_secops_redis_sentinel_forget(
    ngx_secops_redis_sentinels_t *sentinels);
static secops_slice_t ngx_secops_redis_sentinel_text(
    const secops_redis_value_t *value);


static ngx_str_t  ngx_secops_redis_switch = ngx_string("+switch-master");


ngx_int_t
ngx_secops_redis_sentinel_greeting(ngx_secops_redis_node_t *node)
{
    ngx_str_t                         *password;
    secops_redis_resp_t               *resp;
    ngx_secops_redis_link_t           *link;
    ngx_secops_redis_sentinel_conf_t  *conf;

    if (node->sentinels == NULL) {
        return ngx_secops_redis_greeting(node);
    }

    conf = &node->redis->conf.sentinel;
    link = node->link;
    resp = &link->greeting;

    password = ngx_secops_redis_secret(node, &node->redis->sentinel_password);

    link->process = ngx_secops_redis_sentinel_process_master;

    /* large enough at once: to grow would leave a copy of the password */

    if (secops_redis_resp_init(resp, 512 + conf->user.len + password->len
                                     + 2 * conf->master.len)
        != 0)
    {
        return NGX_ERROR;
    }

    if (password->len) {
        link->process = ngx_secops_redis_sentinel_process_auth;

        ngx_secops_redis_greet_auth(resp, &conf->user, password);
    }

    secops_redis_resp_begin(resp, 3);
    secops_redis_resp_arg(resp, "SENTINEL", 8);
    secops_redis_resp_arg(resp, "GET-MASTER-ADDR-BY-NAME", 23);
    secops_redis_resp_arg(resp, conf->master.data, conf->master.len);

    secops_redis_resp_begin(resp, 3);
    secops_redis_resp_arg(resp, "SENTINEL", 8);
    secops_redis_resp_arg(resp, "SENTINELS", 9);
    secops_redis_resp_arg(resp, conf->master.data, conf->master.len);

    secops_redis_resp_begin(resp, 2);
    secops_redis_resp_arg(resp, "SUBSCRIBE", 9);
    secops_redis_resp_arg(resp, ngx_secops_redis_switch.data,
                          ngx_secops_redis_switch.len);

    return (secops_redis_resp_complete(resp) == 0) ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_secops_redis_sentinel_process_auth(ngx_secops_redis_node_t *node)
{
    node->link->process = ngx_secops_redis_sentinel_process_master;

    return ngx_secops_redis_expect_status(node, "OK");
}


static ngx_int_t
ngx_secops_redis_sentinel_process_master(ngx_secops_redis_node_t *node)
{
    const char               *reason;
    secops_redis_value_t     *value;
    secops_redis_announced_t  announced;

    value = node->link->reply.values;

    switch (value->type) {

    case SECOPS_REDIS_ARRAY:
        break;

    case SECOPS_REDIS_ERROR:
        return ngx_secops_redis_fault_reply(node, value->text);

    case SECOPS_REDIS_NIL:
        return ngx_secops_redis_fault(node, "it does not know the master");

    default:
        return ngx_secops_redis_fault(node, "unexpected reply of a sentinel");
    }

    /* hiredis takes "*-1" for nil */

    if (!secops_redis_value_is_pair(value)) {
        return ngx_secops_redis_fault(node, "unexpected reply of a sentinel");
    }

    reason = secops_redis_announced(&announced,
                                    ngx_secops_redis_sentinel_text(&value[1]),
                                    ngx_secops_redis_sentinel_text(&value[2]));
    if (reason) {
        return ngx_secops_redis_fault(node, reason);
    }

    node->link->process = ngx_secops_redis_sentinel_process_others;

    return ngx_secops_redis_sentinel_answer(node->sentinels, &announced);
}


/* a sentinel that does not tell of others has been of use all the same */

static ngx_int_t
ngx_secops_redis_sentinel_process_others(ngx_secops_redis_node_t *node)
{
    ngx_uint_t                     i, n;
    secops_redis_value_t          *values;
    ngx_secops_redis_sentinels_t  *sentinels;

    sentinels = node->sentinels;
    values = node->link->reply.values;

    node->link->process = ngx_secops_redis_sentinel_process_subscribe;

    if (values->type != SECOPS_REDIS_ARRAY) {
        ngx_log_error(NGX_LOG_INFO, node->log, 0,
                      "secops redis \"%V\": sentinel \"%V\" does not name "
                      "the others", &node->redis->conf.url, &node->name);
        return NGX_OK;
    }

    for (i = 0; i < sentinels->n; i++) {
        sentinels->list[i]->named = (sentinels->list[i] == sentinels->present);
    }

    i = 1;

    for (n = values->elements; n > 0; n--) {

        if (values[i].type == SECOPS_REDIS_ARRAY) {
            ngx_secops_redis_sentinel_learn(sentinels, values, i);
        }

        i = values[i].next;
    }

    ngx_secops_redis_sentinel_forget(sentinels);

    return NGX_OK;
}


/* values[i] is an array of the names and values of one sentinel's properties */

static void
ngx_secops_redis_sentinel_learn(ngx_secops_redis_sentinels_t *sentinels,
    secops_redis_value_t *values, ngx_uint_t i)
{
    u_char                       *p;
    ngx_str_t                     name;
    const char                   *reason;
    secops_redis_announced_t      announced;
    ngx_secops_redis_sentinel_t  *sentinel;
    u_char  text[SECOPS_REDIS_SENTINEL_HOST_MAX + 8];

    reason = secops_redis_announced(&announced,
                 ngx_secops_redis_sentinel_text(
                              secops_redis_value_field(values, i, "ip")),
                 ngx_secops_redis_sentinel_text(
                              secops_redis_value_field(values, i, "port")));
    if (reason) {
        ngx_log_error(NGX_LOG_INFO, sentinels->log, 0,
                      "secops redis \"%V\": sentinel \"%V\" names one without "
                      "an address: %s", &sentinels->redis->conf.url,
                      &sentinels->present->name, reason);
        return;
    }

    p = memchr(announced.host.data, ':', announced.host.len)
        ? ngx_sprintf(text, "[%*s]:%ui", announced.host.len,
                      announced.host.data, (ngx_uint_t) announced.port)
        : ngx_sprintf(text, "%*s:%ui", announced.host.len,
                      announced.host.data, (ngx_uint_t) announced.port);

    name.data = text;
    name.len = p - text;

    sentinel = ngx_secops_redis_sentinel_find(sentinels, &name);

    if (sentinel) {
        sentinel->named = 1;
        return;
    }

    ngx_secops_redis_sentinel_add(sentinels, &announced, &name);
}


/* by its name, or by the address that its name stands for */

static ngx_secops_redis_sentinel_t *
ngx_secops_redis_sentinel_find(ngx_secops_redis_sentinels_t *sentinels,
    ngx_str_t *name)
{
    ngx_str_t                    *text;
    ngx_uint_t                    i;
    ngx_secops_redis_sentinel_t  *sentinel;

    for (i = 0; i < sentinels->n; i++) {

        sentinel = sentinels->list[i];
        text = sentinel->endpoint.naddrs == 1 ? &sentinel->endpoint.addrs->name
                                              : &sentinel->name;
        if (text->len == name->len
            && ngx_strncasecmp(text->data, name->data, name->len) == 0)
        {
            return sentinel;
        }
    }

    return NULL;
}


static void
ngx_secops_redis_sentinel_add(ngx_secops_redis_sentinels_t *sentinels,
    secops_redis_announced_t *announced, ngx_str_t *name)
{
    ngx_uint_t                    level;
    ngx_secops_redis_sentinel_t  *sentinel;

    if (sentinels->n == NGX_SECOPS_REDIS_SENTINELS) {
        level = sentinels->limited ? NGX_LOG_INFO : NGX_LOG_WARN;
        sentinels->limited = 1;

        ngx_log_error(level, sentinels->log, 0,
                      "secops redis \"%V\": sentinel \"%V\" is not used, "
                      "there are %ui already", &sentinels->redis->conf.url,
                      name, sentinels->n);
        return;
    }

    /* without memory there is one less to ask */

    sentinel = ngx_calloc(sizeof(ngx_secops_redis_sentinel_t), sentinels->log);
    if (sentinel == NULL) {
        return;
    }

    (void) ngx_secops_str_copy(sentinel->text, &sentinel->name, name);

    sentinel->learned = 1;
    sentinel->named = 1;

    ngx_secops_redis_endpoint_set(&sentinel->endpoint, &sentinel->place,
                                  ngx_secops_str(announced->host),
                                  announced->port);

    sentinels->list[sentinels->n++] = sentinel;

    ngx_log_error(NGX_LOG_NOTICE, sentinels->log, 0,
                  "secops redis \"%V\": sentinel \"%V\" was learned from "
                  "\"%V\"", &sentinels->redis->conf.url, name,
                  &sentinels->present->name);
}


/* learned ones that are not named any more */

static void
ngx_secops_redis_sentinel_forget(ngx_secops_redis_sentinels_t *sentinels)
{
    ngx_uint_t                    i, n;
    ngx_secops_redis_sentinel_t  *sentinel;

    n = 0;

    for (i = 0; i < sentinels->n; i++) {

        sentinel = sentinels->list[i];

        if (!sentinel->learned || sentinel->named) {
            sentinels->list[n++] = sentinel;
            continue;
        }

        ngx_log_error(NGX_LOG_NOTICE, sentinels->log, 0,
                      "secops redis \"%V\": sentinel \"%V\" is named no more",
                      &sentinels->redis->conf.url, &sentinel->name);

        if (sentinels->trusted == sentinel) {
            sentinels->trusted = NULL;
        }

        ngx_free(sentinel);
    }

    sentinels->n = n;
}


/* one that may not be subscribed to is lost again, and asked later */

static ngx_int_t
ngx_secops_redis_sentinel_process_subscribe(ngx_secops_redis_node_t *node)
{
    ngx_connection_t         *c;
    ngx_secops_redis_link_t  *link;
    secops_redis_value_t     *value;

    link = node->link;
    value = link->reply.values;

    if (value->type == SECOPS_REDIS_ERROR) {
        return ngx_secops_redis_fault_reply(node, value->text);
    }

    /* answered before it was asked? */

    if (value->type != SECOPS_REDIS_ARRAY
        || value->elements != 3
        || !secops_redis_value_is(&value[1], "subscribe")
        || link->greeting.data)
    {
        return ngx_secops_redis_fault(node, "unexpected reply of a sentinel");
    }

    c = link->peer.connection;

    ngx_del_timer(c->write);

    node->state = NGX_SECOPS_REDIS_READY;

    link->process = ngx_secops_redis_sentinel_process_message;
    link->log.log_level = node->log->log_level;
    link->log.action = "waiting for messages";

    ngx_secops_redis_sentinel_subscribed(node->sentinels);

    return NGX_OK;
}


/* link->process of a subscription */

static ngx_int_t
ngx_secops_redis_sentinel_process_message(ngx_secops_redis_node_t *node)
{
    secops_slice_t                 master;
    secops_redis_value_t          *value;
    ngx_secops_redis_sentinels_t  *sentinels;

    sentinels = node->sentinels;
    value = node->link->reply.values;

    sentinels->silence = 0;

    if (value->type != SECOPS_REDIS_ARRAY || value->elements < 2) {
        return ngx_secops_redis_fault(node, "unexpected message of a sentinel");
    }

    if (secops_redis_value_is(&value[1], "pong")) {
        return NGX_OK;
    }

    if (value->elements != 3
        || !secops_redis_value_is(&value[1], "message")
        || !secops_redis_value_is(&value[2], "+switch-master")
        || value[3].type != SECOPS_REDIS_STRING)
    {
        return ngx_secops_redis_fault(node, "unexpected message of a sentinel");
    }

    master.data = node->redis->conf.sentinel.master.data;
    master.len = node->redis->conf.sentinel.master.len;

    if (secops_redis_has_switched(ngx_secops_redis_sentinel_text(&value[3]),
                                  master))
    {
        ngx_secops_redis_sentinel_hint(sentinels);
    }

    return NGX_OK;
}


/* empty of NULL */

static secops_slice_t
ngx_secops_redis_sentinel_text(const secops_redis_value_t *value)
{
    static const secops_slice_t  none = secops_slice("");

    return value ? value->text : none;
}
