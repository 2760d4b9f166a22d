
/*
 * Parameters as JSON values beside their schema: secrets, defaults, the
 * references in them.  Where a schema may say "writeOnly" and "default" is
 * told in secops_catalog.h.  Pure C.
 */

#ifndef _SECOPS_RESOURCE_VALUE_H_INCLUDED_
#define _SECOPS_RESOURCE_VALUE_H_INCLUDED_


#include <jansson.h>

#include "model/resource/secops_resource_ref.h"


#define SECOPS_RESOURCE_MASK  "********"


/* 0: go on; ENOUGH: no more of them; -1: no memory */

#define SECOPS_RESOURCE_REFS_ENOUGH  1

typedef int (*secops_resource_ref_pt)(void *data,
    const secops_resource_ref_t *ref);


/* a string's bytes; of anything else none.  Borrowed from it */

secops_slice_t secops_resource_text(const json_t *value);

/* NULL: no memory */

json_t *secops_resource_string(secops_slice_t text);


/* a deep copy; NULL: no memory (the library's own may then lack members) */

json_t *secops_resource_copy(const json_t *value);

/* a copy of an object that shares its members; NULL: no memory */

json_t *secops_resource_shallow(const json_t *object);


/* the schema of an object's member, of an array's elements; NULL: it says
   nothing about them */

const json_t *secops_resource_member_schema(const json_t *schema,
    const char *name);
const json_t *secops_resource_items_schema(const json_t *schema);

int secops_resource_is_secret(const json_t *schema);
int secops_resource_is_mask(const json_t *value);

/* 1: an expression that refers to a resource; without memory for it, 0 */

int secops_resource_is_reference(secops_slice_t text);


/*
 * A copy with masked secrets; a reference in the place of a secret is not
 * masked.  Any text may be a secret if there is no schema, or if the schema
 * does not allow it; an envelope is one, wherever it stands.  NULL: no memory.
 */

json_t *secops_resource_masked(const json_t *value, const json_t *schema);


/* fills in what is missing and has a default; -1: no memory */

int secops_resource_fill_in(json_t *value, const json_t *schema);


/* tells all references in the properties or the document of a resource of any
   type: of the members in which they may stand.  Returns what the handler did
   last, or 0 */

int secops_resource_refs(const json_t *resource,
    secops_resource_ref_pt handler, void *data);


#endif /* _SECOPS_RESOURCE_VALUE_H_INCLUDED_ */
