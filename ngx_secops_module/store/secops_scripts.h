
/*
 * The Lua scripts that run inside Redis.  They are named by their SHA-1 and
 * sent in full only when Redis does not know them.
 *
 * All of them are given the same keys, those of one domain's resources:
 *     KEYS[1]  revision
 *     KEYS[2]  audit
 *     KEYS[3]  next id
 *     KEYS[4]  tokens of the latest commits, by number
 * and for each type of resource, from 0 on, with k = 5 + 3 * type:
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
 * ARGV: for each lookup the number of a type, "id", "title" or "text", and what
 * it is.  A text is looked for in the documents; the empty one is in all.
 * Answers the revision, the next id ("": none was given yet), then for each
 * resource found four values: the number of the lookup from 0 on, id,
 * document, time of last use ("": none).
 */

extern const secops_script_t  secops_script_find;


/*
 * Makes changes, provided that nobody has made any since.
 *
 * ARGV[1] is the revision that they are based on, ARGV[2] a token that no other
 * commit has, ARGV[3] the next id from now on ("": as before); then follow
 * commands, each as its name, the number of its key, the number of the
 * arguments after the key, and these.
 * Answers 1: they are made; 0: they are not; -1: nobody knows.
 *
 * A revision is the number of the commit that made it, "-" and that commit's
 * token.  So no two histories have the same one, not even when Redis came back
 * without its last writes and went on from there.
 *
 * It may be sent twice, which happens when the link was lost before the answer
 * came.  Of each of the last 100 commits the token is kept under its number:
 * the place after ARGV[1] tells whether it was this one that took it (1) or
 * another (0).  When so many have come since that the place is gone, it is -1:
 * who has sent it once only knows that it was not made.
 *
 * Redis does not undo what a script has done when a later command of it fails.
 * What can fail is a key of another type than ours, so all of them are looked
 * at before the first is written.
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
