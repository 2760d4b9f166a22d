
/* All domains; see ngx_secops_store_domains.h. */

#include "store/ngx_secops_store_internal.h"
#include "store/domains/ngx_secops_store_domains.h"


/* keys that one step looks at: Redis takes a quarter of a millisecond */

#define NGX_SECOPS_STORE_SCAN_COUNT  "250"


static void ngx_secops_store_domains_got(void *data,
    ngx_secops_redis_result_t *reply);
static ngx_int_t ngx_secops_store_domains_parse(
    ngx_secops_store_domains_t *domains, const secops_redis_value_t *values,
    ngx_secops_store_result_t *result);


ngx_int_t
ngx_secops_store_find_domains(ngx_secops_store_t *store,
    ngx_secops_store_domains_t *domains, ngx_uint_t share)
{
    secops_key_t             pattern;
    ngx_secops_redis_cmd_t  *cmd;

    domains->store = store;

    if (domains->cursor_len == 0) {
        domains->cursor[0] = '0';
        domains->cursor_len = 1;
    }

    secops_keys_domains(&pattern, ngx_secops_slice(&store->prefix));

    cmd = ngx_secops_redis_cmd_create(store->redis, pattern.len + 128);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    ngx_secops_redis_cmd_begin(cmd, 6);
    ngx_secops_store_literal(cmd, "SCAN");
    ngx_secops_redis_cmd_arg(cmd, domains->cursor, domains->cursor_len);
    ngx_secops_store_literal(cmd, "MATCH");
    ngx_secops_redis_cmd_arg(cmd, pattern.data, pattern.len);
    ngx_secops_store_literal(cmd, "COUNT");
    ngx_secops_store_literal(cmd, NGX_SECOPS_STORE_SCAN_COUNT);

    ngx_secops_redis_cmd_share(cmd, share);

    /* a cursor is no good at a Redis that has restarted meanwhile */

    return ngx_secops_store_send(&domains->call, cmd, 0,
                                 ngx_secops_store_domains_got);
}


static void
ngx_secops_store_domains_got(void *data, ngx_secops_redis_result_t *reply)
{
    ngx_secops_store_call_t  *call = data;

    ngx_secops_store_result_t    result;
    ngx_secops_store_domains_t  *domains;

    domains = (ngx_secops_store_domains_t *) call;

    ngx_memzero(&result, sizeof(ngx_secops_store_result_t));

    if (reply->status == NGX_SECOPS_REDIS_REPLIED
        && ngx_secops_store_domains_parse(domains, reply->value, &result)
           != NGX_OK)
    {
        result.status = NGX_SECOPS_STORE_REFUSED;
        ngx_str_set(&result.reason, "unexpected reply to SCAN");
    }

    ngx_secops_store_answer(call, reply, &result);

    if (result.documents) {
        ngx_free(result.documents);
    }
}


static ngx_int_t
ngx_secops_store_domains_parse(ngx_secops_store_domains_t *domains,
    const secops_redis_value_t *values, ngx_secops_store_result_t *result)
{
    size_t          i, n;
    secops_slice_t  cursor, domain;

    if (secops_reply_keys(values, values[0].next, &cursor, &n) != 0) {
        return NGX_ERROR;
    }

    domains->cursor_len = cursor.len;
    ngx_memcpy(domains->cursor, cursor.data, cursor.len);

    result->more = (cursor.len != 1 || cursor.data[0] != '0');

    if (n == 0) {
        return NGX_OK;
    }

    result->documents = ngx_alloc(n * sizeof(ngx_str_t), ngx_cycle->log);
    if (result->documents == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {

        domain = secops_keys_domain_of(values[SECOPS_REPLY_KEYS_FIRST + i].text,
                                  ngx_secops_slice(&domains->store->prefix));

        if (domain.len) {
            result->documents[result->ndocuments++] = ngx_secops_str(domain);
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_secops_store_note_rotation(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call, const ngx_str_t *text, ngx_uint_t seconds)
{
    secops_key_t             key;
    ngx_secops_redis_cmd_t  *cmd;

    secops_keys_rotation(&key, ngx_secops_slice(&store->prefix));

    cmd = ngx_secops_redis_cmd_create(store->redis,
                                      key.len + text->len + 128);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    ngx_secops_redis_cmd_begin(cmd, 5);
    ngx_secops_store_literal(cmd, "SET");
    ngx_secops_redis_cmd_key(cmd, key.data, key.len);
    ngx_secops_redis_cmd_arg(cmd, text->data, text->len);
    ngx_secops_store_literal(cmd, "EX");
    ngx_secops_store_number(cmd, seconds);

    return ngx_secops_store_send(call, cmd, NGX_SECOPS_REDIS_REPLAY,
                                 ngx_secops_store_written);
}


ngx_int_t
ngx_secops_store_read_rotation(ngx_secops_store_t *store,
    ngx_secops_store_call_t *call)
{
    secops_key_t  key;

    secops_keys_rotation(&key, ngx_secops_slice(&store->prefix));

    return ngx_secops_store_get(store, call, &key);
}
