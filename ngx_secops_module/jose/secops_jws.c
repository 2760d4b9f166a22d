
/* Compact JWS; see secops_jws.h. */

#include <stdlib.h>

#include "jose/secops_jose.h"
#include "jose/secops_jws.h"
#include "jose/secops_jws_signature.h"
#include "util/codec/secops_base64.h"


/* a token taken apart; the decoded parts are in the buffer of its jws */

typedef struct {
    secops_slice_t   input;     /* header "." payload as sent: it is signed */
    secops_slice_t   header;    /* decoded, as the next two */
    secops_slice_t   payload;
    secops_slice_t   signature;

    secops_json_t    json;      /* of the header; its tokens are owned */
    secops_slice_t   alg;
    uint32_t         kid;       /* a token of json; 0: there is none */
} secops_jws_parts_t;


/*
 * What one token may cost in signatures, in about microseconds: anybody can
 * send tokens, and the worker serves nobody else while it checks one.
 */

#define SECOPS_JWS_BUDGET  5000


/* what trying keys has come to */

typedef struct {
    unsigned         spent;     /* of the budget */
    int              exhausted; /* a key was not tried for that */
    int              fits;      /* a key that the alg is for was tried */
    int              named;     /* a key has the token's kid */
    int              failed;    /* a key could not be tried */
} secops_jws_trial_t;


static const char *secops_jws_split(secops_jws_parts_t *parts,
    secops_slice_t token, unsigned char *buf);
static const char *secops_jws_part(secops_slice_t *rest, unsigned char **buf,
    secops_slice_t *part);
static const char *secops_jws_decode(secops_slice_t text, unsigned char **buf,
    secops_slice_t *part);
static secops_jws_status_e secops_jws_header(secops_jws_parts_t *parts,
    const char **reason);
static const char *secops_jws_header_check(secops_jws_parts_t *parts);
static secops_jws_status_e secops_jws_find_key(
    const secops_jws_parts_t *parts, secops_jwk_set_t *const *sets,
    size_t nsets, const char **reason);
static int secops_jws_find_among(const secops_jws_parts_t *parts,
    secops_jwk_set_t *const *sets, size_t nsets, int named,
    secops_jws_trial_t *trial);
static int secops_jws_is_named(const secops_jws_parts_t *parts,
    const secops_jwk_t *key);
static int secops_jws_try(const secops_jws_parts_t *parts,
    const secops_jwk_t *key, secops_jws_trial_t *trial);
static secops_jws_status_e secops_jws_open(secops_jws_parts_t *parts,
    secops_slice_t token, size_t max_size, unsigned char **buf,
    const char **reason);


secops_jws_status_e
secops_jws_verify(secops_jws_t *jws, secops_slice_t token, size_t max_size,
    secops_jwk_set_t *const *sets, size_t nsets, const char **reason)
{
    unsigned char        *buf;
    secops_jws_parts_t    parts;
    secops_jws_status_e   status;

    status = secops_jws_open(&parts, token, max_size, &buf, reason);

    if (status != SECOPS_JWS_OK) {
        return status;
    }

    status = secops_jws_header(&parts, reason);

    if (status == SECOPS_JWS_OK) {
        status = secops_jws_find_key(&parts, sets, nsets, reason);
        free(parts.json.tokens);
    }

    if (status != SECOPS_JWS_OK) {
        free(buf);
        return status;
    }

    jws->payload = parts.payload;
    jws->buf = buf;

    return SECOPS_JWS_OK;
}


int
secops_jws_can_try_all(const secops_jwk_set_t *set)
{
    size_t               i;
    unsigned             spent[SECOPS_JWA_ED448 + 1];
    const secops_jwk_t  *key;

    memset(spent, 0, sizeof(spent));

    for (i = 0; i < set->nkeys; i++) {
        key = &set->keys[i];

        if (key->kid.data) {
            continue;
        }

        if (spent[key->type] >= SECOPS_JWS_BUDGET) {
            return 0;
        }

        spent[key->type] += secops_jwk_cost(key);
    }

    return 1;
}


secops_jws_status_e
secops_jws_read(secops_jws_t *jws, secops_slice_t token, size_t max_size,
    const char **reason)
{
    secops_jws_parts_t   parts;
    secops_jws_status_e  status;

    status = secops_jws_open(&parts, token, max_size, &jws->buf, reason);

    if (status == SECOPS_JWS_OK) {
        jws->payload = parts.payload;
    }

    return status;
}


/* OK: the token's parts are decoded into *buf, which is malloc'ed */

static secops_jws_status_e
secops_jws_open(secops_jws_parts_t *parts, secops_slice_t token,
    size_t max_size, unsigned char **buf, const char **reason)
{
    if (token.len > max_size) {
        *reason = "it is too long";
        return SECOPS_JWS_INVALID;
    }

    *buf = malloc(token.len + 1);

    if (*buf == NULL) {
        *reason = "there is no memory";
        return SECOPS_JWS_ERROR;
    }

    *reason = secops_jws_split(parts, token, *buf);

    if (*reason) {
        free(*buf);
        return SECOPS_JWS_INVALID;
    }

    return SECOPS_JWS_OK;
}


void
secops_jws_free(secops_jws_t *jws)
{
    free(jws->buf);
    jws->buf = NULL;
}


/* decoded, the parts are shorter than the token: buf is as long as that */

static const char *
secops_jws_split(secops_jws_parts_t *parts, secops_slice_t token,
    unsigned char *buf)
{
    const char      *reason;
    secops_slice_t   rest;

    rest = token;

    reason = secops_jws_part(&rest, &buf, &parts->header);

    if (reason) {
        return reason;
    }

    reason = secops_jws_part(&rest, &buf, &parts->payload);

    if (reason) {
        return reason;
    }

    parts->input.data = token.data;
    parts->input.len = rest.data - 1 - token.data;

    /* the dots of an encrypted token are no base64url */

    return secops_jws_decode(rest, &buf, &parts->signature);
}


/* takes the part before the next dot from *rest */

static const char *
secops_jws_part(secops_slice_t *rest, unsigned char **buf,
    secops_slice_t *part)
{
    secops_slice_t        text;
    const unsigned char  *dot;

    dot = rest->len ? memchr(rest->data, '.', rest->len) : NULL;

    if (dot == NULL) {
        return "it does not have three parts";
    }

    text.data = rest->data;
    text.len = dot - rest->data;

    rest->data = dot + 1;
    rest->len -= text.len + 1;

    return secops_jws_decode(text, buf, part);
}


static const char *
secops_jws_decode(secops_slice_t text, unsigned char **buf,
    secops_slice_t *part)
{
    part->data = *buf;

    if (secops_base64url_decode(text, *buf, &part->len) != 0) {
        return "a part of it is not base64url";
    }

    *buf += part->len;

    return NULL;
}


secops_jws_status_e
secops_jws_json(secops_json_t *json, secops_slice_t part, const char *invalid,
    const char **reason)
{
    switch (secops_jose_parse(json, part)) {

    case SECOPS_JSON_OK:
        return SECOPS_JWS_OK;

    case SECOPS_JSON_MORE:
        *reason = "there is no memory";
        return SECOPS_JWS_ERROR;

    default: /* SECOPS_JSON_ERROR */
        *reason = invalid;
        return SECOPS_JWS_INVALID;
    }
}


static secops_jws_status_e
secops_jws_header(secops_jws_parts_t *parts, const char **reason)
{
    secops_jws_status_e  status;

    status = secops_jws_json(&parts->json, parts->header,
                             "its header is not well-formed JSON", reason);

    if (status != SECOPS_JWS_OK) {
        return status;
    }

    *reason = secops_jws_header_check(parts);

    if (*reason) {
        free(parts->json.tokens);
        return SECOPS_JWS_INVALID;
    }

    return SECOPS_JWS_OK;
}


static const char *
secops_jws_header_check(secops_jws_parts_t *parts)
{
    uint32_t              alg;
    const secops_json_t  *json;

    json = &parts->json;

    /* nothing that it could demand is understood here */

    if (secops_jose_has(json, 0, "crit")) {
        return "its header has crit";
    }

    if (secops_jose_has(json, 0, "b64")
        && !secops_jose_member(json, 0, "b64", SECOPS_JSON_TRUE))
    {
        return "its payload is not in base64url";
    }

    parts->kid = secops_jose_member(json, 0, "kid", SECOPS_JSON_STRING);

    if (parts->kid == 0 && secops_jose_has(json, 0, "kid")) {
        return "its kid is not a string";
    }

    alg = secops_jose_member(json, 0, "alg", SECOPS_JSON_STRING);

    if (alg == 0) {
        return "its header has no alg";
    }

    /* no name needs an escape, so one that has some is unknown */

    parts->alg = secops_json_raw(json, alg);

    if (!secops_jwa_known(parts->alg)) {
        return "its alg is not supported";
    }

    return NULL;
}


static secops_jws_status_e
secops_jws_find_key(const secops_jws_parts_t *parts,
    secops_jwk_set_t *const *sets, size_t nsets, const char **reason)
{
    secops_jws_trial_t  trial;

    memset(&trial, 0, sizeof(secops_jws_trial_t));

    if ((parts->kid && secops_jws_find_among(parts, sets, nsets, 1, &trial))
        || secops_jws_find_among(parts, sets, nsets, 0, &trial))
    {
        return SECOPS_JWS_OK;
    }

    if (trial.failed) {
        *reason = "its signature could not be checked";
        return SECOPS_JWS_ERROR;
    }

    if (parts->kid && !trial.named) {
        *reason = "no key has its kid";
        return SECOPS_JWS_UNKNOWN_KEY;
    }

    if (trial.exhausted) {
        *reason = "too many keys would have to be tried: it must name one by "
                  "its kid";
        return SECOPS_JWS_INVALID;
    }

    *reason = trial.fits ? "its signature is wrong" : "no key is for its alg";

    return SECOPS_JWS_INVALID;
}


/* named: keys that have the token's kid; otherwise those without a kid, and
   for a token that has none all */

static int
secops_jws_find_among(const secops_jws_parts_t *parts,
    secops_jwk_set_t *const *sets, size_t nsets, int named,
    secops_jws_trial_t *trial)
{
    size_t               i, n;
    const secops_jwk_t  *key;

    for (i = 0; i < nsets; i++) {
        for (n = 0; n < sets[i]->nkeys; n++) {

            key = &sets[i]->keys[n];

            if (named) {

                if (!secops_jws_is_named(parts, key)) {
                    continue;
                }

                trial->named = 1;

            } else if (parts->kid && key->kid.data) {
                continue;
            }

            if (secops_jws_try(parts, key, trial)) {
                return 1;
            }
        }
    }

    return 0;
}


static int
secops_jws_is_named(const secops_jws_parts_t *parts, const secops_jwk_t *key)
{
    return key->kid.data
           && secops_json_string_is(&parts->json, parts->kid, key->kid.data,
                                    key->kid.len);
}


/* 1: this key verifies it */

static int
secops_jws_try(const secops_jws_parts_t *parts, const secops_jwk_t *key,
    secops_jws_trial_t *trial)
{
    const secops_jwa_t   *jwa;
    secops_jws_status_e   status;

    jwa = secops_jwk_algorithm(key, parts->alg);

    if (jwa == NULL) {
        return 0;
    }

    trial->fits = 1;

    if (trial->spent >= SECOPS_JWS_BUDGET) {
        trial->exhausted = 1;
        return 0;
    }

    trial->spent += secops_jwk_cost(key);

    status = secops_jws_signature_verify(jwa, key, parts->input,
                                         parts->signature);

    if (status == SECOPS_JWS_ERROR) {
        trial->failed = 1;
    }

    return status == SECOPS_JWS_OK;
}
