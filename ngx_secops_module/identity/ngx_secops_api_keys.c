
/* API keys that a worker knows; see ngx_secops_api_keys.h. */

#include "identity/ngx_secops_api_keys.h"
#include "util/memory/ngx_secops_lru.h"
#include "store/ngx_secops_store_resource.h"
#include "util/ngx_secops_string.h"


#define NGX_SECOPS_API_KEYS_USED  60000         /* milliseconds */


/* one key; malloc'ed with its texts behind it, freed when it leaves */

typedef struct {
    ngx_secops_lru_entry_t       entry;         /* must be the first */
    ngx_msec_t                   asked;
    ngx_msec_t                   told;          /* that it was used */
    ngx_uint_t                   ever_told;
    ngx_secops_api_key_t         key;
} ngx_secops_api_keys_entry_t;


/*
 * A last use that is on its way to Redis: malloc'ed, freed by the answer.  The
 * transport calls nobody when the process ends; then by the cleanup.
 */

typedef struct {
    ngx_secops_store_touch_t     touch;
    ngx_queue_t                  queue;
    secops_keyspace_t            space;
    u_char                       id[SECOPS_RESOURCE_ID_MAX];
} ngx_secops_api_keys_touch_t;


struct ngx_secops_api_keys_s {
    ngx_secops_lru_t             known;         /* keys that exist, and */
    ngx_secops_lru_t             unknown;       /* those that do not */
    ngx_msec_t                   forgot;        /* the last one, if ever */
    ngx_uint_t                   ever_forgot;
    ngx_queue_t                  touches;
};


static ngx_secops_api_keys_entry_t *ngx_secops_api_keys_find(
    ngx_secops_api_keys_t *keys, const u_char *digest);
static ngx_secops_lru_t *ngx_secops_api_keys_list(ngx_secops_api_keys_t *keys,
    const ngx_secops_api_key_t *key);
static ngx_secops_api_keys_entry_t *ngx_secops_api_keys_copy(
    const ngx_secops_api_key_t *key, ngx_log_t *log);
static void ngx_secops_api_keys_remove(ngx_secops_api_keys_t *keys,
    ngx_secops_api_keys_entry_t *entry);
static void ngx_secops_api_keys_touch(ngx_secops_api_keys_t *keys,
    ngx_secops_store_t *store, ngx_secops_api_key_t *key, ngx_log_t *log);
static void ngx_secops_api_keys_touched(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result);
static void ngx_secops_api_keys_cleanup(void *data);


ngx_secops_api_keys_t *
ngx_secops_api_keys_create(ngx_conf_t *cf, ngx_uint_t size)
{
    ngx_pool_cleanup_t     *cln;
    ngx_secops_api_keys_t  *keys;

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(ngx_secops_api_keys_t));
    if (cln == NULL) {
        return NULL;
    }

    keys = cln->data;

    ngx_memzero(keys, sizeof(ngx_secops_api_keys_t));

    ngx_secops_lru_init(&keys->known, size, SECOPS_APIKEY_DIGEST_LEN);
    ngx_secops_lru_init(&keys->unknown, size, SECOPS_APIKEY_DIGEST_LEN);
    ngx_queue_init(&keys->touches);

    cln->handler = ngx_secops_api_keys_cleanup;

    return keys;
}


ngx_secops_api_key_t *
ngx_secops_api_keys_get(ngx_secops_api_keys_t *keys, const u_char *digest,
    ngx_msec_t age)
{
    ngx_secops_api_keys_entry_t  *entry;

    entry = ngx_secops_api_keys_find(keys, digest);

    if (entry == NULL || ngx_current_msec - entry->asked >= age) {
        return NULL;
    }

    ngx_secops_lru_use(ngx_secops_api_keys_list(keys, &entry->key),
                       &entry->entry);

    return &entry->key;
}


ngx_secops_api_key_t *
ngx_secops_api_keys_put(ngx_secops_api_keys_t *keys, const u_char *digest,
    ngx_msec_t asked, const ngx_secops_api_key_t *key, ngx_log_t *log)
{
    ngx_secops_api_keys_entry_t  *entry, *old;

    entry = ngx_secops_api_keys_copy(key, log);

    old = ngx_secops_api_keys_find(keys, digest);

    if (old) {

        if (entry) {
            entry->told = old->told;
            entry->ever_told = old->ever_told;
        }

        ngx_secops_api_keys_remove(keys, old);
    }

    if (entry == NULL) {
        return NULL;
    }

    if (keys->ever_forgot && (ngx_msec_int_t) (asked - keys->forgot) <= 0) {
        ngx_free(entry);
        return NULL;
    }

    entry->asked = asked;

    ngx_secops_lru_add(ngx_secops_api_keys_list(keys, key), &entry->entry,
                       digest);

    return &entry->key;
}


static ngx_secops_lru_t *
ngx_secops_api_keys_list(ngx_secops_api_keys_t *keys,
    const ngx_secops_api_key_t *key)
{
    return key->name.len ? &keys->known : &keys->unknown;
}


static ngx_secops_api_keys_entry_t *
ngx_secops_api_keys_copy(const ngx_secops_api_key_t *key, ngx_log_t *log)
{
    u_char                       *p;
    ngx_secops_api_keys_entry_t  *entry;

    entry = ngx_calloc(sizeof(ngx_secops_api_keys_entry_t) + key->name.len
                       + key->id.len + key->domain.len + key->expire_at.len
                       + key->scopes.narrow.len,
                       log);
    if (entry == NULL) {
        return NULL;
    }

    /*
     * set by ngx_calloc():
     *
     *     entry->told = 0;
     *     entry->ever_told = 0;
     */

    entry->key.old = key->old;
    entry->key.revoked = key->revoked;

    p = (u_char *) (entry + 1);

    p = ngx_secops_str_copy(p, &entry->key.name, &key->name);
    p = ngx_secops_str_copy(p, &entry->key.id, &key->id);
    p = ngx_secops_str_copy(p, &entry->key.domain, &key->domain);
    p = ngx_secops_str_copy(p, &entry->key.expire_at, &key->expire_at);
    (void) ngx_secops_scopes_copy(p, &entry->key.scopes, &key->scopes);

    return entry;
}


void
ngx_secops_api_keys_forget(ngx_secops_api_keys_t *keys, const u_char *digest)
{
    ngx_secops_api_keys_entry_t  *entry;

    keys->forgot = ngx_current_msec;
    keys->ever_forgot = 1;

    entry = ngx_secops_api_keys_find(keys, digest);

    if (entry) {
        ngx_secops_api_keys_remove(keys, entry);
    }
}


static void
ngx_secops_api_keys_remove(ngx_secops_api_keys_t *keys,
    ngx_secops_api_keys_entry_t *entry)
{
    ngx_secops_lru_remove(ngx_secops_api_keys_list(keys, &entry->key),
                          &entry->entry);
}


static ngx_secops_api_keys_entry_t *
ngx_secops_api_keys_find(ngx_secops_api_keys_t *keys, const u_char *digest)
{
    ngx_secops_api_keys_entry_t  *entry;

    entry = ngx_secops_lru_find(&keys->known, digest);

    return entry ? entry : ngx_secops_lru_find(&keys->unknown, digest);
}


void
ngx_secops_api_keys_used(ngx_secops_api_keys_t *keys,
    ngx_secops_store_t *store, ngx_secops_api_key_t *key, ngx_log_t *log)
{
    ngx_secops_api_keys_entry_t  *entry;

    entry = (ngx_secops_api_keys_entry_t *)
                ((u_char *) key - offsetof(ngx_secops_api_keys_entry_t, key));

    if (entry->ever_told
        && ngx_current_msec - entry->told < NGX_SECOPS_API_KEYS_USED)
    {
        return;
    }

    /* also when it fails: a Redis in trouble is not asked more often */

    entry->told = ngx_current_msec;
    entry->ever_told = 1;

    ngx_secops_api_keys_touch(keys, store, &entry->key, log);
}


static void
ngx_secops_api_keys_touch(ngx_secops_api_keys_t *keys,
    ngx_secops_store_t *store, ngx_secops_api_key_t *key, ngx_log_t *log)
{
    ngx_secops_api_keys_touch_t  *touch;

    if (key->id.len > SECOPS_RESOURCE_ID_MAX) {
        return;
    }

    touch = ngx_calloc(sizeof(ngx_secops_api_keys_touch_t), log);
    if (touch == NULL) {
        return;
    }

    ngx_secops_store_space(store, &touch->space, &key->domain);

    ngx_memcpy(touch->id, key->id.data, key->id.len);

    touch->touch.eval.call.handler = ngx_secops_api_keys_touched;
    touch->touch.eval.call.data = touch;
    touch->touch.type = SECOPS_RESOURCE_API_KEY;
    touch->touch.id.len = key->id.len;
    touch->touch.id.data = touch->id;

    secops_time_format(touch->touch.time, ngx_time());

    if (ngx_secops_store_touch_resource(store, &touch->touch, &touch->space)
        != NGX_OK)
    {
        ngx_free(touch);
        return;
    }

    ngx_queue_insert_tail(&keys->touches, &touch->queue);
}


static void
ngx_secops_api_keys_touched(ngx_secops_store_call_t *call,
    ngx_secops_store_result_t *result)
{
    ngx_secops_api_keys_touch_t  *touch;

    touch = call->data;

    if (result->status != NGX_SECOPS_STORE_OK) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "secops: the last use of an api key was not stored: %V",
                      &result->reason);
    }

    ngx_queue_remove(&touch->queue);
    ngx_free(touch);
}


/* the configuration ends, and before it the process' links to Redis did */

static void
ngx_secops_api_keys_cleanup(void *data)
{
    ngx_secops_api_keys_t  *keys = data;

    ngx_queue_t                  *q;
    ngx_secops_api_keys_touch_t  *touch;

    ngx_secops_lru_clear(&keys->known);
    ngx_secops_lru_clear(&keys->unknown);

    while (!ngx_queue_empty(&keys->touches)) {
        q = ngx_queue_head(&keys->touches);
        touch = ngx_queue_data(q, ngx_secops_api_keys_touch_t, queue);
        ngx_queue_remove(q);
        ngx_free(touch);
    }
}
