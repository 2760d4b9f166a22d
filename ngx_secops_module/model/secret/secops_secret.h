
/*
 * Secrets as they are stored: encrypted, and bound to the place where they
 * stand, so that who can write to the store can not have one shown, compared
 * or kept elsewhere.
 *
 * An envelope is text, in the place of the secret:
 *
 *     $secops$1$<key id>$<base64url of nonce, ciphertext, tag>
 *
 * The cipher is AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits;
 * the additional data is the place.  The key id is the first 8 hexadecimal
 * digits of the SHA-256 of the key: it finds the key, and proves nothing.
 *
 * Text of a client that begins with SECOPS_SECRET_BEGIN is never stored as a
 * parameter: so what begins with it was made here.  Pure C.
 */

#ifndef _SECOPS_SECRET_H_INCLUDED_
#define _SECOPS_SECRET_H_INCLUDED_


#include "util/secops_slice.h"
#include "util/secops_text.h"


#define SECOPS_SECRET_BEGIN     "$secops$"

#define SECOPS_SECRET_KEYS_MAX  16
#define SECOPS_SECRET_KEY_LEN   32
#define SECOPS_SECRET_ID_LEN    8


typedef struct {
    unsigned char         id[SECOPS_SECRET_ID_LEN];
    unsigned char         key[SECOPS_SECRET_KEY_LEN];
} secops_secret_key_t;


/* the first one encrypts, all of them decrypt.  To be wiped by its owner */

typedef struct {
    secops_secret_key_t   list[SECOPS_SECRET_KEYS_MAX];
    size_t                n;
} secops_secret_keys_t;


typedef struct {
    size_t                line;         /* from 1 on; 0: of the whole text */
    const char           *reason;       /* static */
} secops_secret_error_t;


/* where a secret stands; all is borrowed.  The pointer tells the member of the
   document, see secops_resource_secrets.h */

typedef struct {
    secops_slice_t        domain;
    secops_slice_t        type;
    secops_slice_t        id;
    secops_slice_t        pointer;
} secops_secret_place_t;


typedef enum {
    SECOPS_SECRET_OK = 0,
    SECOPS_SECRET_NO_ENVELOPE,          /* it has not the form of one */
    SECOPS_SECRET_NO_KEY,               /* its key is not among the keys */
    SECOPS_SECRET_BROKEN,               /* it was altered, or does not belong to
                                           this place */
    SECOPS_SECRET_FAILED                /* no memory, or no random bytes */
} secops_secret_e;


/*
 * Reads keys, one a line: 32 bytes as base64 (with "=" or without, "+/" or
 * "-_") or as 64 hexadecimal digits.  Blank lines and what follows a "#" count
 * for nothing.  -1: see error; there is no key then.
 */

int secops_secret_keys_read(secops_secret_keys_t *keys, secops_slice_t text,
    secops_secret_error_t *error);

void secops_secret_keys_wipe(secops_secret_keys_t *keys);


/* 1: it begins as one; it need not be one that can be opened */

int secops_secret_is_envelope(secops_slice_t text);

/* the id of the key that it was made with; empty: it has not the form */

secops_slice_t secops_secret_key_id(secops_slice_t envelope);

/* 1: it is under the key that encrypts */

int secops_secret_is_current(const secops_secret_keys_t *keys,
    secops_slice_t envelope);


/* appends the envelope of a secret; there is a key.  OK or FAILED */

secops_secret_e secops_secret_seal(const secops_secret_keys_t *keys,
    const secops_secret_place_t *place, secops_slice_t secret,
    secops_text_t *envelope);

/* appends the secret, which the caller wipes; keys may be NULL: there are
   none.  If it is not OK, nothing was appended */

secops_secret_e secops_secret_open(const secops_secret_keys_t *keys,
    const secops_secret_place_t *place, secops_slice_t envelope,
    secops_text_t *secret);

/* ends a text that holds a secret */

void secops_secret_wipe(secops_text_t *secret);


/* in words, for the log: static text */

const char *secops_secret_reason(secops_secret_e rc);


#endif /* _SECOPS_SECRET_H_INCLUDED_ */
