
/*
 * The JSON of JOSE documents (key sets, JWS headers, claims): all of it is
 * read with the same strictness.  Pure C.
 */

#ifndef _SECOPS_JOSE_H_INCLUDED_
#define _SECOPS_JOSE_H_INCLUDED_


#include "model/json/secops_json.h"


/* more than a token has room for: a claim that nobody reads may hold anything
   valid */

#define SECOPS_JOSE_DEPTH    8192
#define SECOPS_JOSE_MEMBERS  4096


/*
 * Reads text, which json borrows from then on.  On SECOPS_JSON_OK only,
 * json->tokens is the caller's to free().  ERROR: it is not JSON, or beyond the
 * limits, or an object has a member twice; MORE: there is no memory.
 */

int secops_jose_parse(secops_json_t *json, secops_slice_t text);


/* the value of a member of the object at token i, if it has that type; else
   0 */

uint32_t secops_jose_member(const secops_json_t *json, uint32_t i,
    const char *name, secops_json_type_e type);


/* 1 when the object at token i has the member, of whatever type */

int secops_jose_has(const secops_json_t *json, uint32_t i, const char *name);


#endif /* _SECOPS_JOSE_H_INCLUDED_ */
