
/*
 * The Lua scripts that run inside Redis.  They are named by their SHA-1 and
 * sent in full only when Redis does not know them.
 *
 * All of them are given the same keys, those of one domain's resources:
 *     KEYS[1]  revision
 *     KEYS[2]  audit
 * and for each type of resource, from 0 on, with k = 3 + 3 * type:
 *     KEYS[k]  documents, KEYS[k + 1]  titles, KEYS[k + 2]  times of last use
 *
 * Pure C.
 */

#ifndef _SECOPS_SCRIPTS_H_INCLUDED_
#define _SECOPS_SCRIPTS_H_INCLUDED_


#include "util/secops_slice.h"


#define SECOPS_SCRIPTS_SHA_LEN  40


typedef struct {
    const char      *name;              /* for the log */
    secops_slice_t   text;
} secops_script_t;


/*
 * Reads resources and the revision they are of.
 *
 * ARGV: for each lookup the number of a type, "all", "id" or "title", and what
 * it is (anything for "all").
 * Answers the revision, then for each resource found four values: the number
 * of the lookup from 0 on, id, document, time of last use ("": none).
 */

extern const secops_script_t  secops_script_find;


/*
 * Makes changes, provided that nobody has made any since.
 *
 * ARGV[1] is the revision that they are based on; then follow commands, each
 * as its name, the number of its key, the number of the arguments after the
 * key, and these.
 * Answers 1, or 0 when nothing was done.
 *
 * Redis does not undo what a script has done when a later command of it fails.
 * What can fail is a key of another type than ours: the documents' keys were
 * read with the revision, so they are sound, and a caller puts first what was
 * not (the audit).
 */

extern const secops_script_t  secops_script_commit;


/*
 * Notes that a resource was used, unless it is no more.  ARGV: the number of
 * its type, its id, the time.  Answers 1 or 0.
 */

extern const secops_script_t  secops_script_touch;


/* hexadecimal, as EVALSHA wants it */

void secops_script_sha(const secops_script_t *script,
    unsigned char sha[SECOPS_SCRIPTS_SHA_LEN]);


#endif /* _SECOPS_SCRIPTS_H_INCLUDED_ */
