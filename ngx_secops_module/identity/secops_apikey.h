
/*
 * API keys: the value that a client sends, what is kept of it, and the
 * document that says what a key may do.
 *
 * A value is 64 random bytes in base64url.  It is shown once, in the answer to
 * the request that created it; what is stored is its SHA-256.  With that many
 * random bytes nobody finds the value of a digest, so no salt is needed, and a
 * key can be looked up by it.
 *
 * A key's document, as it is stored among the resources of its domain:
 *     {"name", "scopes": [...], "digest", "expire_at", "created_by",
 *      "created_on", "updated_by", "updated_on"}
 * expire_at is there only if the key expires.  Times are UTC, in the form of
 * secops_time_format(), so that they compare as text.  Pure C.
 */

#ifndef _SECOPS_APIKEY_H_INCLUDED_
#define _SECOPS_APIKEY_H_INCLUDED_


#include <jansson.h>

#include "identity/secops_scope.h"
#include "util/secops_slice.h"
#include "util/secops_time.h"


#define SECOPS_APIKEY_VALUE_LEN   86
#define SECOPS_APIKEY_ID_LEN      20
#define SECOPS_APIKEY_DIGEST_LEN  64        /* hexadecimal */


/* who changes a key, and when; borrowed */

typedef struct {
    secops_slice_t  user;                   /* UTF-8 */
    secops_slice_t  time;
    secops_slice_t  expire_at;              /* of the caller's own key: of a
                                               new key that has none; empty:
                                               never */
} secops_apikey_change_t;


/* what a document says; borrowed from it */

typedef struct {
    secops_slice_t  name;
    secops_slice_t  digest;
    secops_slice_t  expire_at;              /* empty: never */
    const json_t   *scopes;                 /* their names; NULL: none */
} secops_apikey_t;


/* 0, or -1: the random generator failed.  The value is to be wiped after use */

int secops_apikey_make_value(unsigned char value[SECOPS_APIKEY_VALUE_LEN]);
int secops_apikey_make_id(unsigned char id[SECOPS_APIKEY_ID_LEN]);


/* -1: it can not be the value of a key: of another length, not base64url */

int secops_apikey_digest(secops_slice_t value,
    unsigned char digest[SECOPS_APIKEY_DIGEST_LEN]);


/* when the key expires as the properties of a valid request have it, in the
   stored form; -1: they name no time */

int secops_apikey_expire_at(const json_t *properties,
    unsigned char time[SECOPS_TIME_LEN]);


/*
 * What the names of scopes in an array give, which may be NULL.  dst has room
 * for secops_apikey_scopes_size() bytes; the result borrows them.
 */

size_t secops_apikey_scopes_size(const json_t *names);
void secops_apikey_scopes(secops_scopes_t *scopes, const json_t *names,
    unsigned char *dst);


/*
 * 1: what each of the names stands for is within the scopes, or the name is one
 * of the stored ones.  names and stored may be NULL.
 */

int secops_apikey_is_within(const json_t *names,
    const secops_scopes_t *scopes, const json_t *stored);

/* one of the names, as it stands there; empty: it is no text */

secops_slice_t secops_apikey_scope_at(const json_t *names, size_t i);

/* 1: the array, which may be NULL, has this name */

int secops_apikey_has_scope(const json_t *names, secops_slice_t name);


/* a new key's document; NULL: no memory */

json_t *secops_apikey_create(const json_t *properties,
    const unsigned char digest[SECOPS_APIKEY_DIGEST_LEN],
    const secops_apikey_change_t *change);


/* 1 when secops_apikey_update() would change something, or there is no memory
   to find that out */

int secops_apikey_changes(const json_t *document, const json_t *properties);


/*
 * Takes over what the properties name; what they do not name stays.  1: the
 * document has changed; 0: it has not; -1: no memory.
 */

int secops_apikey_update(json_t *document, const json_t *properties,
    const secops_apikey_change_t *change);


/* -1: the document is not one of a key */

int secops_apikey_read(secops_apikey_t *key, const json_t *document);


/* 1 when the key is of no more use at this time */

int secops_apikey_expired(secops_slice_t expire_at, secops_slice_t now);


/*
 * The key as it is listed: without its digest.  last_used may be empty.  NULL:
 * no memory, or not a key's document.
 */

json_t *secops_apikey_describe(secops_slice_t id, const json_t *document,
    secops_slice_t last_used);


#endif /* _SECOPS_APIKEY_H_INCLUDED_ */
