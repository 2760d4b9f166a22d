
/*
 * Values of the JSON library, made of the tokens of a text: documents that are
 * merged or looked into by name are trees, all others stay tokens.  Pure C.
 */

#ifndef _SECOPS_JSON_TREE_H_INCLUDED_
#define _SECOPS_JSON_TREE_H_INCLUDED_


#include <jansson.h>

#include "model/json/secops_json_tokens.h"


/* deeper than any request may be: what is stored was read from one */

#define SECOPS_JSON_TREE_DEPTH  2048


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


/* how it is read; and what else is, of which no one outside knows the size */

extern const secops_json_reading_t  secops_json_tree_reading;


#endif /* _SECOPS_JSON_TREE_H_INCLUDED_ */
