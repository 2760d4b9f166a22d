
/*
 * Values of the JSON library, made of the tokens of a text: documents that are
 * merged or looked into by name are trees, all others stay tokens.  Pure C.
 */

#ifndef _SECOPS_JSON_TREE_H_INCLUDED_
#define _SECOPS_JSON_TREE_H_INCLUDED_


#include <jansson.h>

#include "model/json/secops_json.h"


/*
 * The value at token i, owned by the caller.  NULL: *reason says what can not
 * be kept, as the end of a sentence: "has a number that does not fit in 64
 * bits"; or it is NULL, and there was no memory.
 */

json_t *secops_json_tree(const secops_json_t *json, uint32_t i,
    const char **reason);


/*
 * The same of a whole text, which need not be acceptable: of one that is not,
 * the reason is told.
 */

json_t *secops_json_tree_of(secops_slice_t text, const char **reason);


/* the tokens of a text, in memory that the caller frees: json->tokens.  A
   result of secops_json_parse(), or MORE: no memory */

int secops_json_tokens(secops_json_t *json, secops_slice_t text,
    secops_json_error_t *error);


#endif /* _SECOPS_JSON_TREE_H_INCLUDED_ */
