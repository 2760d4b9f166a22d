
/* Keys of a JWK Set (RFC 7517, 7518 section 6, 8037). */

#include <stdlib.h>

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>

#include "jose/secops_jose.h"
#include "jose/secops_jwk_internal.h"
#include "util/codec/secops_base64.h"


#define SECOPS_JWK_KTY_N                                                      \
    (sizeof(secops_jwk_kty) / sizeof(secops_jwk_kty_t))

#define SECOPS_JWK_RSA_BYTES   (SECOPS_JWK_RSA_MAX_BITS / 8)
#define SECOPS_JWK_RSA_E       8        /* bytes of an exponent at most */
#define SECOPS_JWK_COORDINATE  66       /* of P-521, the longest */
#define SECOPS_JWK_SECRET_MIN  32       /* the shortest digest: HS256 */


typedef struct secops_jwk_kty_s  secops_jwk_kty_t;

/* reads what is particular to a type out of the object at token i */

typedef const char *(*secops_jwk_kty_pt)(const secops_json_t *json,
    uint32_t i, const secops_jwk_kty_t *kty, secops_jwk_t *key);

struct secops_jwk_kty_s {
    const char         *name;
    const char         *crv;            /* NULL: the type has no curves */
    secops_jwa_type_e   type;
    size_t              size;           /* of a coordinate, or of the key */
    secops_jwk_kty_pt   read;
};


static const char *secops_jwk_json_add(secops_jwk_set_t *set,
    const secops_json_t *json, uint32_t i, secops_jwk_error_t *error);
static const char *secops_jwk_json_key(const secops_json_t *json, uint32_t i,
    secops_jwk_t *key);
static const char *secops_jwk_json_purpose(const secops_json_t *json,
    uint32_t i);
static const char *secops_jwk_json_alg(const secops_json_t *json, uint32_t i,
    secops_jwk_t *key);
static const char *secops_jwk_json_kid(const secops_json_t *json, uint32_t i,
    secops_jwk_t *key);
static const secops_jwk_kty_t *secops_jwk_json_kty(const secops_json_t *json,
    uint32_t i);
static int secops_jwk_json_is(const secops_json_t *json, uint32_t i,
    const char *name, const char *value);
static const char *secops_jwk_json_oct(const secops_json_t *json, uint32_t i,
    const secops_jwk_kty_t *kty, secops_jwk_t *key);
static const char *secops_jwk_json_rsa(const secops_json_t *json, uint32_t i,
    const secops_jwk_kty_t *kty, secops_jwk_t *key);
static const char *secops_jwk_json_rsa_numbers(const BIGNUM *n,
    const BIGNUM *e, secops_jwk_t *key);
static size_t secops_jwk_json_rsa_write(unsigned char *buf, const BIGNUM *n,
    const BIGNUM *e);
static const char *secops_jwk_json_ec(const secops_json_t *json, uint32_t i,
    const secops_jwk_kty_t *kty, secops_jwk_t *key);
static const char *secops_jwk_json_okp(const secops_json_t *json, uint32_t i,
    const secops_jwk_kty_t *kty, secops_jwk_t *key);
static const char *secops_jwk_json_public(secops_slice_t content,
    secops_jwa_type_e type, secops_jwk_t *key);
static int secops_jwk_json_bytes(const secops_json_t *json, uint32_t i,
    const char *name, unsigned char *dst, size_t max, secops_slice_t *bytes);


static const secops_jwk_kty_t  secops_jwk_kty[] = {
    { "oct", NULL, SECOPS_JWA_OCT, 0, secops_jwk_json_oct },
    { "RSA", NULL, SECOPS_JWA_RSA, 0, secops_jwk_json_rsa },
    { "EC", "P-256", SECOPS_JWA_P256, 32, secops_jwk_json_ec },
    { "EC", "P-384", SECOPS_JWA_P384, 48, secops_jwk_json_ec },
    { "EC", "P-521", SECOPS_JWA_P521, 66, secops_jwk_json_ec },
    { "OKP", "Ed25519", SECOPS_JWA_ED25519, 32, secops_jwk_json_okp },
    { "OKP", "Ed448", SECOPS_JWA_ED448, 57, secops_jwk_json_okp }
};


const char *
secops_jwk_set_json(secops_jwk_set_t *set, secops_slice_t text,
    secops_jwk_error_t *error)
{
    int            rc;
    uint32_t       i, keys;
    const char    *reason;
    secops_json_t  json;

    rc = secops_jose_parse(&json, text);

    if (rc != SECOPS_JSON_OK) {
        return rc == SECOPS_JSON_MORE ? secops_jwk_no_memory
                                      : "it is not well-formed JSON";
    }

    reason = NULL;
    keys = secops_jose_member(&json, 0, "keys", SECOPS_JSON_ARRAY);

    if (keys) {
        for (i = keys + 1;
             i < json.tokens[keys].next && reason == NULL;
             i = json.tokens[i].next)
        {
            reason = secops_jwk_json_add(set, &json, i, error);
        }

    } else if (secops_jose_has(&json, 0, "kty")) {
        reason = secops_jwk_json_add(set, &json, 0, error);
    }

    free(json.tokens);

    if (reason || set->nkeys) {
        return reason;
    }

    if (set->nignored) {
        *error = set->ignored;
        return error->reason;
    }

    return "it has no keys";
}


static const char *
secops_jwk_json_add(secops_jwk_set_t *set, const secops_json_t *json,
    uint32_t i, secops_jwk_error_t *error)
{
    const char    *reason;
    secops_jwk_t   key;

    memset(&key, 0, sizeof(secops_jwk_t));

    error->key++;
    reason = secops_jwk_json_key(json, i, &key);

    if (reason == NULL) {
        reason = secops_jwk_set_add(set, &key);

        if (reason) {
            secops_jwk_free(&key);
        }

        return reason;
    }

    secops_jwk_free(&key);

    if (reason == secops_jwk_no_memory) {
        return reason;
    }

    if (set->nignored++ == 0) {
        set->ignored.reason = reason;
        set->ignored.key = error->key;
    }

    return NULL;
}


static const char *
secops_jwk_json_key(const secops_json_t *json, uint32_t i, secops_jwk_t *key)
{
    const char              *reason;
    const secops_jwk_kty_t  *kty;

    if (json->tokens[i].type != SECOPS_JSON_OBJECT) {
        return "it is not an object";
    }

    reason = secops_jwk_json_purpose(json, i);

    if (reason) {
        return reason;
    }

    kty = secops_jwk_json_kty(json, i);

    if (kty == NULL) {
        return "its type or its curve is not supported";
    }

    reason = kty->read(json, i, kty, key);

    if (reason) {
        return reason;
    }

    reason = secops_jwk_json_alg(json, i, key);

    if (reason) {
        return reason;
    }

    return secops_jwk_json_kid(json, i, key);
}


/* "use" and "key_ops", where present, must both allow to verify */

static const char *
secops_jwk_json_purpose(const secops_json_t *json, uint32_t i)
{
    uint32_t  ops, op;

    if (secops_jose_has(json, i, "use")
        && !secops_jwk_json_is(json, i, "use", "sig"))
    {
        return "its use is not \"sig\"";
    }

    if (!secops_jose_has(json, i, "key_ops")) {
        return NULL;
    }

    ops = secops_jose_member(json, i, "key_ops", SECOPS_JSON_ARRAY);

    if (ops) {
        for (op = ops + 1; op < json->tokens[ops].next;
             op = json->tokens[op].next)
        {
            if (json->tokens[op].type == SECOPS_JSON_STRING
                && secops_json_string_is(json, op,
                                         (const unsigned char *) "verify", 6))
            {
                return NULL;
            }
        }
    }

    return "its key_ops do not have \"verify\"";
}


static const char *
secops_jwk_json_alg(const secops_json_t *json, uint32_t i, secops_jwk_t *key)
{
    uint32_t        alg;
    secops_slice_t  name;

    if (secops_jose_has(json, i, "alg")) {

        alg = secops_jose_member(json, i, "alg", SECOPS_JSON_STRING);

        /* no name needs an escape, so one that has some is unknown */

        if (alg) {
            name = secops_json_raw(json, alg);
            key->alg = secops_jwa_find(name, key->type);
        }

        if (key->alg == NULL) {
            return "its alg is not for signatures of its type";
        }
    }

    if (key->type == SECOPS_JWA_OCT
        && key->secret.len < (key->alg ? key->alg->size
                                       : SECOPS_JWK_SECRET_MIN))
    {
        return "a secret must be as long as the algorithm's digest";
    }

    return NULL;
}


static const char *
secops_jwk_json_kid(const secops_json_t *json, uint32_t i, secops_jwk_t *key)
{
    uint32_t        kid;
    unsigned char  *p;

    if (!secops_jose_has(json, i, "kid")) {
        return NULL;
    }

    kid = secops_jose_member(json, i, "kid", SECOPS_JSON_STRING);

    if (kid == 0) {
        return "its kid is not a string";
    }

    p = malloc(json->tokens[kid].len + 1);

    if (p == NULL) {
        return secops_jwk_no_memory;
    }

    key->kid.len = secops_json_decode(json, kid, p);
    key->kid.data = p;

    return NULL;
}


static const secops_jwk_kty_t *
secops_jwk_json_kty(const secops_json_t *json, uint32_t i)
{
    size_t                   n;
    const secops_jwk_kty_t  *kty;

    for (n = 0; n < SECOPS_JWK_KTY_N; n++) {

        kty = &secops_jwk_kty[n];

        if (secops_jwk_json_is(json, i, "kty", kty->name)
            && (kty->crv == NULL
                || secops_jwk_json_is(json, i, "crv", kty->crv)))
        {
            return kty;
        }
    }

    return NULL;
}


static int
secops_jwk_json_is(const secops_json_t *json, uint32_t i, const char *name,
    const char *value)
{
    uint32_t  member;

    member = secops_jose_member(json, i, name, SECOPS_JSON_STRING);

    return member
           && secops_json_string_is(json, member,
                                    (const unsigned char *) value,
                                    strlen(value));
}


static const char *
secops_jwk_json_oct(const secops_json_t *json, uint32_t i,
    const secops_jwk_kty_t *kty, secops_jwk_t *key)
{
    uint32_t        k;
    secops_slice_t  text;
    unsigned char  *p;

    key->type = kty->type;

    k = secops_jose_member(json, i, "k", SECOPS_JSON_STRING);

    if (k == 0) {
        return "its k is not a string";
    }

    text = secops_json_raw(json, k);
    p = malloc(secops_base64url_size(text.len) + 1);

    if (p == NULL) {
        return secops_jwk_no_memory;
    }

    if (secops_base64url_decode(text, p, &key->secret.len) != 0) {
        OPENSSL_cleanse(p, secops_base64url_size(text.len));
        free(p);
        return "its k is not base64url";
    }

    key->secret.data = p;

    return NULL;
}


static const char *
secops_jwk_json_rsa(const secops_json_t *json, uint32_t i,
    const secops_jwk_kty_t *kty, secops_jwk_t *key)
{
    BIGNUM          *n, *e;
    const char      *reason;
    secops_slice_t   modulus, exponent;
    unsigned char    nbuf[SECOPS_JWK_RSA_BYTES + 1], ebuf[SECOPS_JWK_RSA_E];

    /* some issuers write the sign byte that their library adds to n */

    if (secops_jwk_json_bytes(json, i, "n", nbuf, sizeof(nbuf), &modulus) != 0
        || secops_jwk_json_bytes(json, i, "e", ebuf, sizeof(ebuf), &exponent)
           != 0)
    {
        return "its n or its e is not a number in base64url, or is too long";
    }

    n = BN_bin2bn(modulus.data, (int) modulus.len, NULL);
    e = BN_bin2bn(exponent.data, (int) exponent.len, NULL);

    reason = n && e ? secops_jwk_json_rsa_numbers(n, e, key)
                    : secops_jwk_no_memory;

    BN_free(n);
    BN_free(e);

    return reason;
}


static const char *
secops_jwk_json_rsa_numbers(const BIGNUM *n, const BIGNUM *e,
    secops_jwk_t *key)
{
    secops_slice_t  content;
    unsigned char   buf[SECOPS_JWK_RSA_BYTES + SECOPS_JWK_RSA_E + 16];

    /* an exponent of 1 would let anybody sign; an even one is none */

    if (BN_num_bytes(n) > SECOPS_JWK_RSA_BYTES || BN_is_one(e)
        || !BN_is_odd(e))
    {
        return "its n or its e is out of range";
    }

    content.len = secops_jwk_json_rsa_write(buf, n, e);
    content.data = buf;

    return content.len ? secops_jwk_json_public(content, SECOPS_JWA_RSA, key)
                       : secops_jwk_no_memory;
}


/* as RSAPublicKey (RFC 8017, A.1.1); 0: no memory */

static size_t
secops_jwk_json_rsa_write(unsigned char *buf, const BIGNUM *n,
    const BIGNUM *e)
{
    int             len;
    ASN1_INTEGER   *modulus, *exponent;
    unsigned char  *p;

    p = buf;
    modulus = BN_to_ASN1_INTEGER(n, NULL);
    exponent = BN_to_ASN1_INTEGER(e, NULL);

    if (modulus && exponent) {
        len = i2d_ASN1_INTEGER(modulus, NULL)
              + i2d_ASN1_INTEGER(exponent, NULL);

        ASN1_put_object(&p, 1, len, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);

        (void) i2d_ASN1_INTEGER(modulus, &p);
        (void) i2d_ASN1_INTEGER(exponent, &p);
    }

    ASN1_INTEGER_free(modulus);
    ASN1_INTEGER_free(exponent);

    return p - buf;
}


static const char *
secops_jwk_json_ec(const secops_json_t *json, uint32_t i,
    const secops_jwk_kty_t *kty, secops_jwk_t *key)
{
    secops_slice_t  x, y, content;
    unsigned char   buf[1 + 2 * SECOPS_JWK_COORDINATE];

    buf[0] = 0x04;                      /* an uncompressed point */

    if (secops_jwk_json_bytes(json, i, "x", buf + 1, kty->size, &x) != 0
        || secops_jwk_json_bytes(json, i, "y", buf + 1 + kty->size, kty->size,
                                 &y) != 0
        || x.len != kty->size || y.len != kty->size)
    {
        return "its x or its y is not a whole coordinate in base64url";
    }

    content.len = 1 + 2 * kty->size;
    content.data = buf;

    return secops_jwk_json_public(content, kty->type, key);
}


static const char *
secops_jwk_json_okp(const secops_json_t *json, uint32_t i,
    const secops_jwk_kty_t *kty, secops_jwk_t *key)
{
    secops_slice_t  x;
    unsigned char   buf[SECOPS_JWK_COORDINATE];

    if (secops_jwk_json_bytes(json, i, "x", buf, kty->size, &x) != 0
        || x.len != kty->size)
    {
        return "its x is not a whole key in base64url";
    }

    return secops_jwk_json_public(x, kty->type, key);
}


static const char *
secops_jwk_json_public(secops_slice_t content, secops_jwa_type_e type,
    secops_jwk_t *key)
{
    EVP_PKEY  *pkey;

    pkey = secops_jwk_spki_read(type, content);

    if (pkey == NULL) {
        return "its numbers make no key";
    }

    return secops_jwk_adopt(key, pkey);
}


/* 0: *bytes is what the member, a string, decodes to, in dst */

static int
secops_jwk_json_bytes(const secops_json_t *json, uint32_t i, const char *name,
    unsigned char *dst, size_t max, secops_slice_t *bytes)
{
    uint32_t        member;
    secops_slice_t  text;

    member = secops_jose_member(json, i, name, SECOPS_JSON_STRING);

    if (member == 0) {
        return -1;
    }

    text = secops_json_raw(json, member);

    if (secops_base64url_size(text.len) > max
        || secops_base64url_decode(text, dst, &bytes->len) != 0)
    {
        return -1;
    }

    bytes->data = dst;

    return 0;
}
