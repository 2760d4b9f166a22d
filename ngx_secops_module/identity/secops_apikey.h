
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
 *     {"name", "scopes": [...], "digest", "old_digest", "old_until",
 *      "expire_at", "revoked", "created_by", "created_on", "updated_by",
 *      "updated_on"}
 *
 * digest is that of the value.  A key that is rotated gets another value; then
 * the one before is old_digest until old_until, if it is to be good for some
 * time more.  expire_at is there only if the key expires.  Whoever sets it to a
 * time that is over revokes the key: revoked is true then, so that it is
 * refused whatever the clock of a machine says.  A key that is revoked, or has
 * expired, comes back only with another value, as its own may have leaked; and
 * none of its old values does.
 *
 * Times are UTC, in the form of secops_time_format(), so that they compare as
 * text.  Pure C.
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
#define SECOPS_APIKEY_VALUES      2         /* of a key: its own and the one
                                               before */
#define SECOPS_APIKEY_GRACE_MAX   2592000   /* seconds */


/* who changes a key, and when; borrowed */

typedef struct {
    secops_slice_t  user;                   /* UTF-8 */
    secops_slice_t  time;
    secops_slice_t  expire_at;              /* of the caller's own key: of a
                                               new key that has none; empty:
                                               never */
    secops_slice_t  digest;                 /* of the value of a new key, or of
                                               the new value of one that is
                                               rotated */
} secops_apikey_change_t;


/* what a document says; borrowed from it */

typedef struct {
    secops_slice_t  name;
    secops_slice_t  digest;
    secops_slice_t  old_digest;             /* empty: there is no old value */
    secops_slice_t  old_until;
    secops_slice_t  expire_at;              /* empty: never */
    int             revoked;
    const json_t   *scopes;                 /* their names; NULL: none */
} secops_apikey_t;


/* 0, or -1: the random generator failed.  The value is to be wiped after use */

int secops_apikey_make_value(unsigned char value[SECOPS_APIKEY_VALUE_LEN]);
int secops_apikey_make_id(unsigned char id[SECOPS_APIKEY_ID_LEN]);


/* 0: it can not be the value of a key: of another length, not base64url */

int secops_apikey_is_value(secops_slice_t text);


/* of any text, also of what is no value */

void secops_apikey_digest(secops_slice_t text,
    unsigned char digest[SECOPS_APIKEY_DIGEST_LEN]);


/*
 * When the key expires as the properties of a valid request have it.
 * SECOPS_APIKEY_UNTIL: at this time, in the stored form; EVER: it does not
 * (null); UNSAID: they say nothing of it.
 */

#define SECOPS_APIKEY_UNSAID      0
#define SECOPS_APIKEY_UNTIL       1
#define SECOPS_APIKEY_EVER        2

int secops_apikey_expire_at(const json_t *properties,
    unsigned char time[SECOPS_TIME_LEN]);


/* 1: the properties of a valid request ask for a new value; and for how many
   seconds the one before is to be good, -1: they do not say that */

int secops_apikey_rotates(const json_t *properties);
int64_t secops_apikey_grace(const json_t *properties);


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
    const secops_apikey_change_t *change);


/* 1 when secops_apikey_update() would change something, or there is no memory
   to find that out */

int secops_apikey_changes(const json_t *document, const json_t *properties,
    const secops_apikey_change_t *change);


/*
 * Takes over what the properties name; what they do not name stays.  1: the
 * document has changed; 0: it has not; -1: no memory.  What is taken over was
 * found to be allowed: here nobody asks who may rotate, and whether a key that
 * is revoked may come back.
 */

int secops_apikey_update(json_t *document, const json_t *properties,
    const secops_apikey_change_t *change);


/* -1: the document is not one of a key */

int secops_apikey_read(secops_apikey_t *key, const json_t *document);


/* 1 when the key is of no more use at this time */

int secops_apikey_expired(secops_slice_t expire_at, secops_slice_t now);

/* the same of whatever has made it so: revoked, or expired */

int secops_apikey_is_over(const secops_apikey_t *key, secops_slice_t now);

/* the same, once the change was made: of the stored document (NULL: the key is
   new) and of the properties of a valid request (NULL: it is not changed) */

int secops_apikey_is_over_after(const json_t *document,
    const json_t *properties, secops_slice_t now);


/*
 * Whether a value with this digest is one of the key's: -1: it is not.  Else it
 * is refused from *until on, which is empty if it never is, and borrowed from
 * the key; 1: it is the old one.
 */

int secops_apikey_value_of(const secops_apikey_t *key,
    const unsigned char digest[SECOPS_APIKEY_DIGEST_LEN],
    secops_slice_t *until);


/*
 * The key as it is listed: without its digests, but with whether it is over,
 * and until when there is an old value.  last_used may be empty.  NULL: no
 * memory, or not a key's document.
 */

json_t *secops_apikey_describe(secops_slice_t id, const json_t *document,
    secops_slice_t last_used, secops_slice_t now);


#endif /* _SECOPS_APIKEY_H_INCLUDED_ */
