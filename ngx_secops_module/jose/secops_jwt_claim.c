
/* Reading claims by path; see secops_jwt.h. */

#include "jose/secops_jwt.h"
#include "util/secops_list.h"


static uint32_t secops_jwt_claim_find(const secops_json_t *claims, uint32_t i,
    secops_slice_t path, int *blocked);
static secops_jwt_claim_e secops_jwt_claim_missing(int blocked);
static size_t secops_jwt_claim_join(const secops_json_t *claims, uint32_t i,
    unsigned char *dst);
static int secops_jwt_claim_has(const secops_json_t *claims, uint32_t i,
    secops_slice_t value);
static int secops_jwt_claim_equals(const secops_json_t *claims, uint32_t i,
    secops_slice_t value);
static int secops_jwt_claim_is_scope(secops_slice_t path);
static int secops_jwt_scope_has(secops_slice_t scope, secops_slice_t name);


secops_jwt_claim_e
secops_jwt_claim_text(const secops_jwt_t *jwt, secops_slice_t path,
    unsigned char *dst, size_t *len)
{
    int       blocked;
    uint32_t  i;

    *len = 0;
    blocked = 0;

    i = secops_jwt_claim_find(&jwt->claims, 0, path, &blocked);

    if (i == 0) {
        return secops_jwt_claim_missing(blocked);
    }

    if (jwt->claims.tokens[i].type == SECOPS_JSON_STRING) {
        *len = secops_json_decode(&jwt->claims, i, dst);
    }

    return *len ? SECOPS_JWT_CLAIM_USABLE : SECOPS_JWT_CLAIM_UNUSABLE;
}


secops_jwt_claim_e
secops_jwt_claim_list(const secops_jwt_t *jwt, secops_slice_t path,
    unsigned char *dst, size_t *len)
{
    int       blocked;
    uint32_t  i;

    *len = 0;
    blocked = 0;

    i = secops_jwt_claim_find(&jwt->claims, 0, path, &blocked);

    if (i == 0) {
        return secops_jwt_claim_missing(blocked);
    }

    switch (jwt->claims.tokens[i].type) {

    case SECOPS_JSON_STRING:
        *len = secops_json_decode(&jwt->claims, i, dst);
        return SECOPS_JWT_CLAIM_USABLE;

    case SECOPS_JSON_ARRAY:
        *len = secops_jwt_claim_join(&jwt->claims, i, dst);
        return SECOPS_JWT_CLAIM_USABLE;

    case SECOPS_JSON_NULL:
        return SECOPS_JWT_CLAIM_USABLE;

    default:
        return SECOPS_JWT_CLAIM_UNUSABLE;
    }
}


/* what is written behind each other are different parts of the claims, each
   with its quotes: dst is long enough for all of them */

secops_jwt_claim_e
secops_jwt_claim_lists(const secops_jwt_t *jwt, const secops_slice_t *paths,
    size_t n, unsigned char *dst, size_t *len)
{
    size_t              i, used;
    secops_jwt_claim_e  rc, all;

    *len = 0;
    all = SECOPS_JWT_CLAIM_ABSENT;

    for (i = 0; i < n; i++) {

        rc = secops_jwt_claim_list(jwt, paths[i], dst + *len + (*len > 0),
                                   &used);

        if (rc == SECOPS_JWT_CLAIM_UNUSABLE) {
            *len = 0;
            return rc;
        }

        if (rc == SECOPS_JWT_CLAIM_USABLE) {
            all = rc;
        }

        if (used == 0) {
            continue;
        }

        if (*len) {
            dst[(*len)++] = ',';
        }

        *len += used;
    }

    return all;
}


int
secops_jwt_claim_is(const secops_jwt_t *jwt, secops_slice_t path,
    const secops_slice_t *values, size_t n, unsigned char *dst)
{
    int                   is, blocked;
    size_t                k;
    uint32_t              i;
    secops_slice_t        scope;
    const secops_json_t  *claims;

    claims = &jwt->claims;

    i = secops_jwt_claim_find(claims, 0, path, &blocked);

    if (i == 0) {
        return 0;
    }

    scope.data = dst;
    scope.len = 0;

    if (claims->tokens[i].type == SECOPS_JSON_STRING
        && secops_jwt_claim_is_scope(path))
    {
        scope.len = secops_json_decode(claims, i, dst);
    }

    is = 0;

    for (k = 0; k < n && !is; k++) {
        is = scope.len ? secops_jwt_scope_has(scope, values[k])
                       : secops_jwt_claim_has(claims, i, values[k]);
    }

    return is;
}


/* a path that ends at what is no object was meant for another token */

static secops_jwt_claim_e
secops_jwt_claim_missing(int blocked)
{
    return blocked ? SECOPS_JWT_CLAIM_UNUSABLE : SECOPS_JWT_CLAIM_ABSENT;
}


/*
 * The value at path within the object at token i, or 0; then *blocked is set
 * when a part of the path leads to what is no object.  It calls itself no
 * deeper than the path has dots, and tries again only where the claims have
 * both an object of the longer and one of the shorter name.
 */

static uint32_t
secops_jwt_claim_find(const secops_json_t *claims, uint32_t i,
    secops_slice_t path, int *blocked)
{
    size_t          len;
    uint32_t        value;
    secops_slice_t  rest;

    if (claims->tokens[i].type != SECOPS_JSON_OBJECT) {
        *blocked = 1;
        return 0;
    }

    value = secops_json_member(claims, i, path.data, path.len);

    if (value) {
        return value;
    }

    for (len = path.len; len-- > 0; /* void */ ) {

        if (path.data[len] != '.') {
            continue;
        }

        value = secops_json_member(claims, i, path.data, len);

        if (value == 0) {
            continue;
        }

        rest.data = path.data + len + 1;
        rest.len = path.len - len - 1;

        value = secops_jwt_claim_find(claims, value, rest, blocked);

        if (value) {
            return value;
        }
    }

    return 0;
}


/* an element takes two quotes in the claims, one separator here: dst is long
   enough */

static size_t
secops_jwt_claim_join(const secops_json_t *claims, uint32_t i,
    unsigned char *dst)
{
    uint32_t        n;
    secops_slice_t  name;
    unsigned char  *p;

    p = dst;

    for (n = i + 1; n < claims->tokens[i].next; n = claims->tokens[n].next) {

        if (claims->tokens[n].type != SECOPS_JSON_STRING) {
            continue;
        }

        name.data = p;
        name.len = secops_json_decode(claims, n, p);

        /* a list of one name holds that name; one of several does not hold
           them as one */

        if (secops_list_has(name, name)) {
            p += name.len;
            *p++ = ',';
        }
    }

    return p > dst ? (size_t) (p - dst - 1) : 0;
}


/* 1: the claim at token i is the value, or an array that has it */

static int
secops_jwt_claim_has(const secops_json_t *claims, uint32_t i,
    secops_slice_t value)
{
    uint32_t  n;

    if (claims->tokens[i].type != SECOPS_JSON_ARRAY) {
        return secops_jwt_claim_equals(claims, i, value);
    }

    for (n = i + 1; n < claims->tokens[i].next; n = claims->tokens[n].next) {
        if (secops_jwt_claim_equals(claims, n, value)) {
            return 1;
        }
    }

    return 0;
}


static int
secops_jwt_claim_equals(const secops_json_t *claims, uint32_t i,
    secops_slice_t value)
{
    switch (claims->tokens[i].type) {

    case SECOPS_JSON_STRING:
        return secops_json_string_is(claims, i, value.data, value.len);

    case SECOPS_JSON_NUMBER:
    case SECOPS_JSON_TRUE:
    case SECOPS_JSON_FALSE:
        return secops_slice_equal(secops_json_raw(claims, i), value);

    default:
        return 0;
    }
}


static int
secops_jwt_claim_is_scope(secops_slice_t path)
{
    return secops_slice_equal(path, secops_slice_of("scope"))
           || secops_slice_equal(path, secops_slice_of("scp"));
}


/* names of scopes have no spaces, and may have commas (RFC 6749, 3.3) */

static int
secops_jwt_scope_has(secops_slice_t scope, secops_slice_t name)
{
    size_t          i, start;
    secops_slice_t  part;

    start = 0;

    for (i = 0; i <= scope.len; i++) {

        if (i < scope.len && scope.data[i] != ' ') {
            continue;
        }

        part.data = scope.data + start;
        part.len = i - start;

        if (part.len && secops_slice_equal(part, name)) {
            return 1;
        }

        start = i + 1;
    }

    return 0;
}
