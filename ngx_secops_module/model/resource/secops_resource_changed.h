
/* Which members of a stored document a change has touched, for the audit: their
   names, never their values. */

#ifndef _SECOPS_RESOURCE_CHANGED_H_INCLUDED_
#define _SECOPS_RESOURCE_CHANGED_H_INCLUDED_


#include <jansson.h>

#include "util/secops_text.h"


/* bytes of such a list, and of a path in it, at most */

#define SECOPS_RESOURCE_CHANGED       1024
#define SECOPS_RESOURCE_CHANGED_PATH  512


/*
 * Appends the JSON Pointer of each member that differs, with a comma between
 * two: the innermost ones, but of what is new, or gone, or an array of another
 * length, the outermost.  Who changed the document last, and when, does not
 * count, nor what is kept of an api key's value before; the digest of its value
 * is told as "/value".  "…" at the end stands for those for which there was no
 * room.  The text fails if there is no memory.
 */

void secops_resource_changed(secops_text_t *list, const json_t *before,
    const json_t *after);


#endif /* _SECOPS_RESOURCE_CHANGED_H_INCLUDED_ */
