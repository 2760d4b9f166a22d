
/*
 * API keys that a worker has looked up a moment ago, those that do not exist
 * too, and when it last told Redis that one was used.  A key is known by the
 * digest of its value, never by the value.
 *
 * Bounded: what was not asked for the longest time makes room.  Keys that
 * exist and such that do not have room of their own, so that nobody who tries
 * values drives out the keys that are in use.  Per worker and location; its
 * memory is malloc'ed.
 */

#ifndef _NGX_SECOPS_API_KEYS_H_INCLUDED_
#define _NGX_SECOPS_API_KEYS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "identity/secops_apikey.h"
#include "store/ngx_secops_store.h"


typedef struct ngx_secops_api_keys_s  ngx_secops_api_keys_t;


/* an api key, by one of its values; without a name: there is no such key */

typedef struct {
    ngx_str_t        name;
    ngx_str_t        id;
    ngx_str_t        domain;
    ngx_str_t        expire_at;     /* of this value; empty: never */
    ngx_uint_t       old;           /* the key has another value by now */
    ngx_uint_t       revoked;
    secops_scopes_t  scopes;
} ngx_secops_api_key_t;


/* at configuration; room for size keys of either kind.  NULL: no memory */

ngx_secops_api_keys_t *ngx_secops_api_keys_create(ngx_conf_t *cf,
    ngx_uint_t size);


/*
 * What is known of the key of this digest (SECOPS_APIKEY_DIGEST_LEN bytes), or
 * NULL: nothing that is less than age milliseconds old.  Valid until the next
 * call.
 */

ngx_secops_api_key_t *ngx_secops_api_keys_get(ngx_secops_api_keys_t *keys,
    const u_char *digest, ngx_msec_t age);


/*
 * Remembers a copy, as old as the question was: asked is its time.  Returns it,
 * valid until the next call.  NULL: there is none, without memory, or because
 * any key was forgotten since then, as this may be the one, and the answer from
 * before.
 */

ngx_secops_api_key_t *ngx_secops_api_keys_put(ngx_secops_api_keys_t *keys,
    const u_char *digest, ngx_msec_t asked, const ngx_secops_api_key_t *key,
    ngx_log_t *log);

void ngx_secops_api_keys_forget(ngx_secops_api_keys_t *keys,
    const u_char *digest);


/*
 * The key, as it is remembered, was used just now: has that stored, once a
 * minute.  Nobody waits for it, and if it can not be stored, nothing depends
 * on it.
 */

void ngx_secops_api_keys_used(ngx_secops_api_keys_t *keys,
    ngx_secops_store_t *store, ngx_secops_api_key_t *key, ngx_log_t *log);


/* makes dst a copy of src whose text lies at p; returns the byte after it */

static ngx_inline u_char *
ngx_secops_scopes_copy(u_char *p, secops_scopes_t *dst,
    const secops_scopes_t *src)
{
    dst->whole = src->whole;
    dst->narrow.len = src->narrow.len;
    dst->narrow.data = p;

    return src->narrow.len ? ngx_cpymem(p, src->narrow.data, src->narrow.len)
                           : p;
}


#endif /* _NGX_SECOPS_API_KEYS_H_INCLUDED_ */
