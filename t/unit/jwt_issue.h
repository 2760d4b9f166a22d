
/*
 * A little issuer: whatever header and claims, signed with HS256, so that
 * only what a test is about can be wrong with a token.
 */

#ifndef _JWT_ISSUE_H_INCLUDED_
#define _JWT_ISSUE_H_INCLUDED_


#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "util/secops_slice.h"


/* 32 bytes, which are also what JWT_ISSUE_JWK holds */

#define JWT_ISSUE_SECRET  "0123456789abcdef0123456789abcdef"

#define JWT_ISSUE_K       "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"

#define JWT_ISSUE_JWK     "{\"kty\":\"oct\",\"k\":\"" JWT_ISSUE_K "\"}"


/* writes text in base64url and a NUL; returns where the NUL is */

static inline char *
jwt_issue_encode(char *p, secops_slice_t text)
{
    int    len;
    char  *c;

    len = EVP_EncodeBlock((unsigned char *) p, text.data, (int) text.len);

    while (len && p[len - 1] == '=') {
        len--;
    }

    p[len] = '\0';

    for (c = p; *c; c++) {
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    }

    return p + len;
}


/* the token, malloc'ed, with a NUL */

static inline char *
jwt_issue(secops_slice_t header, secops_slice_t claims, secops_slice_t secret)
{
    char           *token, *p;
    unsigned        len;
    secops_slice_t  signature;
    unsigned char   mac[EVP_MAX_MD_SIZE];

    token = malloc((header.len + claims.len) * 2 + 128);

    if (token == NULL) {
        abort();
    }

    p = jwt_issue_encode(token, header);
    *p++ = '.';
    p = jwt_issue_encode(p, claims);

    HMAC(EVP_sha256(), secret.data, (int) secret.len, (unsigned char *) token,
         p - token, mac, &len);

    signature.data = mac;
    signature.len = len;

    *p++ = '.';
    (void) jwt_issue_encode(p, signature);

    return token;
}


#endif /* _JWT_ISSUE_H_INCLUDED_ */
