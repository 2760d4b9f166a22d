
/*
 * libFuzzer target: claims of any kind, in a token that is signed, and what is
 * asked of them: whose token it is, a text, lists, values that are required,
 * and domains that a request names.  What the functions say must fit together,
 * and what they write must fit into the room that they are promised.
 *
 * Parts with a NUL between: the claims, two paths, two values and a list of
 * domains.
 */

#include <stdint.h>
#include <stdio.h>

#include "jose/secops_jwt.h"
#include "util/secops_list.h"

#include "jwt_issue.h"


#define CLAIMS_FUZZ_NOW     1700000000
#define CLAIMS_FUZZ_PARTS   6
#define CLAIMS_FUZZ_HEADER  "{\"alg\":\"HS256\"}"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


/* a list, in a buffer of no more than what it may take */

typedef struct {
    unsigned char       *data;
    size_t               len;
    secops_jwt_claim_e   is;
} claims_fuzz_list_t;


static secops_jwk_set_t  *claims_fuzz_set;


static void
claims_fuzz_require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}


static void *
claims_fuzz_buffer(const secops_jwt_t *jwt)
{
    void  *p;

    p = malloc(secops_jwt_claim_max(jwt));

    claims_fuzz_require(p != NULL, "no memory");

    return p;
}


/* fewer parts: those that are not there are empty */

static void
claims_fuzz_split(const uint8_t *data, size_t size, secops_slice_t *parts)
{
    size_t          i;
    const uint8_t  *nul, *end;

    end = data + size;

    for (i = 0; i < CLAIMS_FUZZ_PARTS; i++) {

        nul = data < end ? memchr(data, '\0', end - data) : NULL;

        if (nul == NULL) {
            nul = end;
        }

        parts[i].data = data;
        parts[i].len = nul - data;

        data = nul < end ? nul + 1 : end;
    }
}


/* whose token it is: the source of its iss, or else the one of nobody */

static void
claims_fuzz_choose(const char *token, const secops_jwt_t *jwt)
{
    size_t                       n, len, expected;
    const char                  *reason;
    unsigned char               *iss;
    secops_jws_status_e          status;
    const secops_jwt_source_t   *chosen[3];

    static const secops_slice_t  a[] = { secops_slice("a"),
                                         secops_slice("https://a.example") };
    static const secops_slice_t  b[] = { secops_slice("b") };

    static const secops_jwt_source_t  sources[3] = {
        { a, 2, NULL }, { b, 1, NULL }, { NULL, 0, NULL }
    };

    status = secops_jwt_choose(sources, 3, secops_slice_of(token),
                               SECOPS_JWS_MAX_SIZE, chosen, &n, &reason);

    claims_fuzz_require(status == SECOPS_JWS_OK && n == 1,
                        "a token has no source of keys");

    iss = claims_fuzz_buffer(jwt);
    expected = 2;

    if (secops_jwt_claim_text(jwt, secops_slice_of("iss"), iss, &len)
        == SECOPS_JWT_CLAIM_USABLE)
    {
        if ((len == 1 && iss[0] == 'a')
            || (len == 17 && memcmp(iss, "https://a.example", 17) == 0))
        {
            expected = 0;

        } else if (len == 1 && iss[0] == 'b') {
            expected = 1;
        }
    }

    free(iss);

    claims_fuzz_require(chosen[0] == &sources[expected],
                        "a token is verified with the keys of another");
}


static void
claims_fuzz_list(const secops_jwt_t *jwt, secops_slice_t path,
    claims_fuzz_list_t *list)
{
    size_t               len;
    secops_jwt_claim_e   is;

    list->data = claims_fuzz_buffer(jwt);

    is = secops_jwt_claim_text(jwt, path, list->data, &len);

    claims_fuzz_require((len > 0) == (is == SECOPS_JWT_CLAIM_USABLE)
                        && len <= secops_jwt_claim_max(jwt),
                        "a text is there and is not");

    list->is = secops_jwt_claim_list(jwt, path, list->data, &list->len);

    claims_fuzz_require((is == SECOPS_JWT_CLAIM_ABSENT)
                        == (list->is == SECOPS_JWT_CLAIM_ABSENT)
                        && (list->len == 0
                            || list->is == SECOPS_JWT_CLAIM_USABLE)
                        && (is != SECOPS_JWT_CLAIM_USABLE || len == list->len),
                        "a list is there and is not");
}


/* two lists are one after the other, in the room of one */

static void
claims_fuzz_lists(const secops_jwt_t *jwt, const secops_slice_t *paths)
{
    size_t               len, comma;
    unsigned char       *all;
    secops_jwt_claim_e   is, expected;
    claims_fuzz_list_t   one, two;

    claims_fuzz_list(jwt, paths[0], &one);
    claims_fuzz_list(jwt, paths[1], &two);

    if (secops_slice_equal(paths[0], paths[1])) {
        goto done;
    }

    expected = SECOPS_JWT_CLAIM_ABSENT;

    if (one.is == SECOPS_JWT_CLAIM_UNUSABLE
        || two.is == SECOPS_JWT_CLAIM_UNUSABLE)
    {
        expected = SECOPS_JWT_CLAIM_UNUSABLE;

    } else if (one.is == SECOPS_JWT_CLAIM_USABLE
               || two.is == SECOPS_JWT_CLAIM_USABLE)
    {
        expected = SECOPS_JWT_CLAIM_USABLE;
    }

    all = claims_fuzz_buffer(jwt);

    is = secops_jwt_claim_lists(jwt, paths, 2, all, &len);

    claims_fuzz_require(is == expected, "two lists are there and are not");

    if (is == SECOPS_JWT_CLAIM_USABLE) {

        comma = (one.len > 0 && two.len > 0);

        claims_fuzz_require(len == one.len + comma + two.len
                            && memcmp(all, one.data, one.len) == 0
                            && (comma == 0 || all[one.len] == ',')
                            && memcmp(all + one.len + comma, two.data, two.len)
                               == 0,
                            "two lists are not what they are together");

    } else {
        claims_fuzz_require(len == 0, "no list has something in it");
    }

    free(all);

done:

    free(one.data);
    free(two.data);
}


/* 1: the claim has this name, which is one that a list can have and no number,
   true or false: alone, among those of a text, or as a string of an array */

static int
claims_fuzz_names(const secops_jwt_t *jwt, secops_slice_t path,
    secops_slice_t name)
{
    int              named;
    unsigned char   *text;
    secops_slice_t   list;

    text = claims_fuzz_buffer(jwt);
    list.data = text;

    if (secops_jwt_claim_text(jwt, path, text, &list.len)
        == SECOPS_JWT_CLAIM_USABLE)
    {
        named = secops_list_has(list, name);

    } else {
        named = secops_jwt_claim_is(jwt, path, &name, 1, text);
    }

    free(text);

    return named;
}


/* who has this token may act for a domain that one of the two claims names, and
   for no other */

static void
claims_fuzz_parents(const secops_jwt_t *jwt, const secops_slice_t *paths,
    secops_slice_t asked)
{
    unsigned char   *all;
    secops_slice_t   parents, name;

    if (secops_slice_equal(paths[0], paths[1])) {
        return;
    }

    all = claims_fuzz_buffer(jwt);
    parents.data = all;

    if (secops_jwt_claim_lists(jwt, paths, 2, all, &parents.len)
        == SECOPS_JWT_CLAIM_UNUSABLE)
    {
        free(all);
        return;
    }

    while (secops_list_next(&asked, &name)) {

        if (memchr("-0123456789", name.data[0], 11)
            || secops_slice_equal(name, secops_slice_of("true"))
            || secops_slice_equal(name, secops_slice_of("false")))
        {
            continue;
        }

        claims_fuzz_require(secops_list_has(parents, name)
                            == (claims_fuzz_names(jwt, paths[0], name)
                                || claims_fuzz_names(jwt, paths[1], name)),
                            "a domain is named and is not");
    }

    free(all);
}


/* what is required: a text is equal to a value, or, of scopes, has it */

static void
claims_fuzz_is(const secops_jwt_t *jwt, secops_slice_t path,
    const secops_slice_t *values)
{
    int              is, one, other, equal;
    size_t           len;
    unsigned char   *text, *scratch;
    secops_slice_t   slice;

    text = claims_fuzz_buffer(jwt);
    scratch = claims_fuzz_buffer(jwt);

    is = secops_jwt_claim_is(jwt, path, values, 2, scratch);
    one = secops_jwt_claim_is(jwt, path, values, 1, scratch);
    other = secops_jwt_claim_is(jwt, path, values + 1, 1, scratch);

    claims_fuzz_require(is == (one || other),
                        "two values are not one or the other");
    claims_fuzz_require(secops_jwt_claim_is(jwt, path, values, 0, scratch) == 0,
                        "a claim is one of no values");

    switch (secops_jwt_claim_text(jwt, path, text, &len)) {

    case SECOPS_JWT_CLAIM_ABSENT:
        claims_fuzz_require(!is, "a claim that is not there has a value");
        break;

    case SECOPS_JWT_CLAIM_USABLE:

        slice.data = text;
        slice.len = len;

        equal = secops_slice_equal(slice, values[0])
                || secops_slice_equal(slice, values[1]);

        if (!secops_slice_equal(path, secops_slice_of("scope"))
            && !secops_slice_equal(path, secops_slice_of("scp")))
        {
            claims_fuzz_require(is == equal, "a text is not what it is");

        } else if (equal && memchr(text, ' ', len) == NULL) {
            claims_fuzz_require(is, "a scope is not what it is");
        }

        break;

    default: /* SECOPS_JWT_CLAIM_UNUSABLE */
        break;
    }

    free(text);
    free(scratch);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char                 *token;
    const char           *reason;
    secops_jwt_t          jwt;
    secops_slice_t        parts[CLAIMS_FUZZ_PARTS], jwk;
    secops_jwk_error_t    error;
    secops_jws_status_e   status;
    secops_jwt_policy_t   policy;

    if (claims_fuzz_set == NULL) {
        jwk = secops_slice_of(JWT_ISSUE_JWK);
        claims_fuzz_set = secops_jwk_set_parse(jwk.data, jwk.len, &error);
        claims_fuzz_require(claims_fuzz_set != NULL, "no keys");
    }

    claims_fuzz_split(data, size, parts);

    token = jwt_issue(secops_slice_of(CLAIMS_FUZZ_HEADER), parts[0],
                      secops_slice_of(JWT_ISSUE_SECRET));

    memset(&policy, 0, sizeof(secops_jwt_policy_t));
    policy.max_size = SECOPS_JWS_MAX_SIZE;

    status = secops_jwt_verify(&jwt, secops_slice_of(token), &claims_fuzz_set,
                               1, &policy, CLAIMS_FUZZ_NOW, &reason);

    if (status == SECOPS_JWS_OK) {
        claims_fuzz_choose(token, &jwt);
        claims_fuzz_lists(&jwt, &parts[1]);
        claims_fuzz_is(&jwt, parts[1], &parts[3]);
        claims_fuzz_parents(&jwt, &parts[1], parts[5]);
        secops_jwt_free(&jwt);

    } else {
        claims_fuzz_require(status == SECOPS_JWS_INVALID, "no memory");
    }

    free(token);

    return 0;
}
