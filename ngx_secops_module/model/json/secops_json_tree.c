
/* Trees of tokens; see secops_json_tree.h. */

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "model/json/secops_json_tree.h"
#include "util/secops_text.h"


typedef struct {
    const secops_json_t   *json;
    secops_text_t          scratch;     /* a name, or a string with escapes */
    const char           **reason;
} secops_json_tree_t;


static json_t *secops_json_tree_value(secops_json_tree_t *tree, uint32_t i);
static json_t *secops_json_tree_object(secops_json_tree_t *tree, uint32_t i);
static json_t *secops_json_tree_array(secops_json_tree_t *tree, uint32_t i);
static json_t *secops_json_tree_string(secops_json_tree_t *tree, uint32_t i);
static json_t *secops_json_tree_number(secops_json_tree_t *tree, uint32_t i);
static const char *secops_json_tree_text(secops_json_tree_t *tree, uint32_t i,
    size_t *len);


const secops_json_reading_t  secops_json_tree_reading = {
    .limits = { SECOPS_JSON_TREE_DEPTH, UINT32_MAX }
};


json_t *
secops_json_tree(const secops_json_t *json, uint32_t i, const char **reason)
{
    json_t              *value;
    secops_json_tree_t   tree;

    *reason = NULL;

    memset(&tree, 0, sizeof(secops_json_tree_t));

    tree.json = json;
    tree.reason = reason;

    value = secops_json_tree_value(&tree, i);

    secops_text_free(&tree.scratch);

    return value;
}


static json_t *
secops_json_tree_value(secops_json_tree_t *tree, uint32_t i)
{
    switch (tree->json->tokens[i].type) {

    case SECOPS_JSON_OBJECT:
        return secops_json_tree_object(tree, i);

    case SECOPS_JSON_ARRAY:
        return secops_json_tree_array(tree, i);

    case SECOPS_JSON_STRING:
        return secops_json_tree_string(tree, i);

    case SECOPS_JSON_NUMBER:
        return secops_json_tree_number(tree, i);

    case SECOPS_JSON_TRUE:
        return json_true();

    case SECOPS_JSON_FALSE:
        return json_false();

    default: /* SECOPS_JSON_NULL */
        return json_null();
    }
}


/* the value first: its own names use the scratch as well */

static json_t *
secops_json_tree_object(secops_json_tree_t *tree, uint32_t i)
{
    json_t      *object, *value;
    size_t       len;
    uint32_t     key, end;
    const char  *name;

    object = json_object();
    end = tree->json->tokens[i].next;

    for (key = i + 1; key < end; key = tree->json->tokens[key].next) {

        value = secops_json_tree_value(tree, key + 1);
        name = secops_json_tree_text(tree, key, &len);

        if (name == NULL) {
            json_decref(value);
            json_decref(object);
            return NULL;
        }

        if (json_object_set_new_nocheck(object, name, value) != 0) {
            json_decref(object);
            return NULL;
        }
    }

    return object;
}


static json_t *
secops_json_tree_array(secops_json_tree_t *tree, uint32_t i)
{
    json_t    *array;
    uint32_t   item, end;

    array = json_array();
    end = tree->json->tokens[i].next;

    for (item = i + 1; item < end; item = tree->json->tokens[item].next) {

        if (json_array_append_new(array, secops_json_tree_value(tree, item))
            != 0)
        {
            json_decref(array);
            return NULL;
        }
    }

    return array;
}


static json_t *
secops_json_tree_string(secops_json_tree_t *tree, uint32_t i)
{
    size_t          len;
    const char     *text;
    secops_slice_t  raw;

    if (!(tree->json->tokens[i].flags & SECOPS_JSON_ESCAPED)) {
        raw = secops_json_raw(tree->json, i);
        return json_stringn_nocheck((const char *) raw.data, raw.len);
    }

    text = secops_json_tree_text(tree, i, &len);

    return text ? json_stringn_nocheck(text, len) : NULL;
}


/* decoded, with a NUL at its end; in the scratch.  NULL: no memory */

static const char *
secops_json_tree_text(secops_json_tree_t *tree, uint32_t i, size_t *len)
{
    const char                 *string;
    secops_text_t              *scratch;
    secops_slice_t              raw;
    const secops_json_token_t  *token;

    token = &tree->json->tokens[i];
    raw = secops_json_raw(tree->json, i);
    scratch = &tree->scratch;

    /* makes the room: decoded, it is no longer than as it stands */

    scratch->len = 0;

    secops_text_append(scratch, raw);

    string = secops_text_string(scratch);

    if (string == NULL) {
        return NULL;
    }

    *len = raw.len;

    if (token->flags & SECOPS_JSON_ESCAPED) {
        *len = secops_json_decode(tree->json, i, scratch->data);
        scratch->data[*len] = '\0';
    }

    return string;
}


/* an integer that would become another one is refused */

static json_t *
secops_json_tree_number(secops_json_tree_t *tree, uint32_t i)
{
    char            digits[32];
    double          real;
    json_int_t      integer;
    secops_slice_t  raw;

    raw = secops_json_raw(tree->json, i);

    if (tree->json->tokens[i].flags & SECOPS_JSON_REAL) {
        real = secops_json_number(tree->json, i);

        if (isfinite(real)) {
            return json_real(real);
        }

    } else if (raw.len < sizeof(digits)) {

        memcpy(digits, raw.data, raw.len);
        digits[raw.len] = '\0';

        errno = 0;
        integer = strtoll(digits, NULL, 10);

        if (errno == 0) {
            return json_integer(integer);
        }
    }

    *tree->reason = "has a number that does not fit in 64 bits";

    return NULL;
}


json_t *
secops_json_tree_of(secops_slice_t text, const char **reason)
{
    int                   rc;
    json_t               *value;
    secops_json_t         json;
    secops_json_error_t   error;

    *reason = NULL;

    rc = secops_json_tokens(&json, text, &secops_json_tree_reading, &error);

    if (rc != SECOPS_JSON_OK) {
        *reason = (rc == SECOPS_JSON_ERROR) ? error.reason : NULL;
        return NULL;
    }

    value = secops_json_tree(&json, 0, reason);

    free(json.tokens);

    return value;
}
