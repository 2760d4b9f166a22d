
/* What holds keys: added one by one, freed as a whole. */

#include <stdlib.h>

#include <openssl/crypto.h>

#include "jose/secops_jwk_internal.h"


const char  secops_jwk_no_memory[] = "there is no memory";


const char *
secops_jwk_set_add(secops_jwk_set_t *set, secops_jwk_t *key)
{
    secops_jwk_t  *keys;

    if (set->nkeys == SECOPS_JWK_SET_MAX) {
        return "there are more than 128 keys";
    }

    /* room for 1, 2, 4, … keys: it is used up when nkeys is one of these */

    if ((set->nkeys & (set->nkeys - 1)) == 0) {

        keys = realloc(set->keys, (set->nkeys ? set->nkeys * 2 : 1)
                                  * sizeof(secops_jwk_t));

        if (keys == NULL) {
            return secops_jwk_no_memory;
        }

        set->keys = keys;
    }

    set->keys[set->nkeys++] = *key;

    return NULL;
}


void
secops_jwk_free(secops_jwk_t *key)
{
    if (key->secret.data) {
        OPENSSL_cleanse((void *) key->secret.data, key->secret.len);
        free((void *) key->secret.data);
    }

    free((void *) key->kid.data);
    EVP_PKEY_free(key->pkey);
}


void
secops_jwk_set_free(secops_jwk_set_t *set)
{
    size_t  i;

    if (set == NULL) {
        return;
    }

    for (i = 0; i < set->nkeys; i++) {
        secops_jwk_free(&set->keys[i]);
    }

    free(set->keys);
    free(set);
}
