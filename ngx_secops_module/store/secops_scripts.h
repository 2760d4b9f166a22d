
/*
 * The Lua scripts that run inside Redis: the files of store/lua/, which
 * scripts/embed.sh writes into a C source when nginx is configured, without
 * their comments.  Redis knows a script by the SHA-1 of its text, and is sent
 * the text only when it does not know it.
 *
 * Those of resources are given the same keys, all of one domain's:
 *     KEYS[1]  revision
 *     KEYS[2]  audit
 *     KEYS[3]  next id
 *     KEYS[4]  tokens of the latest commits, by number
 *     KEYS[5]  size: "state", "bytes", "build"
 *     KEYS[6]  who refers to whom
 * and for each type of resource, from 0 on, with k = 7 + 3 * type:
 *     KEYS[k]  documents, KEYS[k + 1]  titles, KEYS[k + 2]  times of last use
 *
 * Size and references are kept by each commit, so that nothing need be read to
 * know them.  "state" says of what they are: the revision, a space, the number
 * of documents.  If that is not what is there now, somebody has changed
 * resources who did not keep them, as versions before this one did; they are
 * void then, and must be made anew before the next commit (the script index).
 *
 * A reference is a member "target type:target id:type:id" of KEYS[6], all with
 * the score 0, which Redis keeps in the order of their bytes; of a document
 * that can not be read "?:type:id".
 *
 * Redis answers nobody else while a script runs.  So none of them does work
 * that grows with what a domain has.
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
 * ARGV[1] is where to begin: empty, or what the call before has answered;
 * ARGV[2] the bytes of documents, ARGV[3] the number of steps after which it
 * stops.  Then for each lookup the number of a type, "id", "title", "all" or
 * "refs", and what it is: "refs" finds those whose references begin with it,
 * "1:1000:2:" the jobs that refer to integration 1000.
 *
 * Answers the revision, the next id ("": none was given yet), the bytes of all
 * documents ("": not known, see above), the number of all documents, the number
 * of those that lookups of "all" are about, where to go on ("": this was all);
 * then for each resource found four values: the number of the lookup from 0 on,
 * id, document, time of last use ("": none).
 *
 * "all" goes through a hash by HSCAN: while the revision stays the same, each
 * document is told once or more often.  Redis that has restarted, or a replica
 * that has become the master, keeps the hash in another order: a caller that
 * has found fewer of them than the number that was answered begins again.
 */

extern const secops_script_t  secops_script_find;


/*
 * Makes changes, provided that nobody has made any since.
 *
 * ARGV[1] is the revision that they are based on, ARGV[2] a token that no other
 * commit has, ARGV[3] the next id from now on ("": as before); ARGV[4] how many
 * documents the domain may have, ARGV[5] how many bytes all of them, ARGV[6]
 * how many each; ARGV[7] how many documents change, and for each of these the
 * number of its key, its id, its new length (0: it is deleted).  Then follow
 * commands, each as its name, the number of its key, the number of the
 * arguments after the key, and these.
 *
 * Answers 1: they are made; 0: they are not; -1: nobody knows.  -2, -3 or -4:
 * they are not, because of the limit in ARGV[4], [5] or [6].  What takes
 * nothing away from a limit is never refused for it, nor is the change of an
 * api key: it must always be possible to revoke one.
 *
 * A revision is the number of the commit that made it, "-" and that commit's
 * token.  So no two histories have the same one, not even when Redis came back
 * without its last writes and went on from there.
 *
 * It may be sent twice, which happens when the link was lost before the answer
 * came.  Of each of the last 100 commits the token is kept under its number:
 * the place after ARGV[1] tells whether it was this one that took it (1) or
 * another (0).  When so many have come since that the place is gone, it is -1:
 * a caller that has sent it only once knows that it was not made.
 *
 * Redis does not undo what a script has done when a later command of it fails.
 * What can fail is a key of another type than ours, so all of them are looked
 * at before the first is written.
 */

extern const secops_script_t  secops_script_commit;


/*
 * Makes size and references of what is there, in steps: whoever commits next
 * finds them missing, reads all documents, and sends what is in them.
 *
 * ARGV[1] and ARGV[2] are the revision and the number of documents that it has
 * read, ARGV[3] is 1 in its first step, ARGV[4] the bytes of all in its last,
 * otherwise empty; the rest are references.  Answers 1, or 0: it has to begin
 * again.  Several may do so at once: all add the same.
 */

extern const secops_script_t  secops_script_index;


/*
 * Notes that a resource was used, unless it is no more.  ARGV: the number of
 * its type, its id, the time.  Answers 1 or 0.
 */

extern const secops_script_t  secops_script_touch;


/*
 * Of a record, provided that it is still the one that was read: its document
 * begins with ARGV[1], which reaches to the end of its sys_mod_count, and has
 * as many bytes as ARGV[2] says.  So a record of a megabyte need not be read.
 *
 * KEYS[1] is the record, KEYS[2] the audit stream of its shard; of delete,
 * KEYS[3] is its table's list; then its subject's, if it has one, and at last,
 * if ARGV[4] is 1, the fact that it is.  ARGV[3] is the new document, of delete
 * the record's id; the rest are the arguments of XADD after the key.
 *
 * Answers 1: it is done; 0: the record is another by now; -1: there is none; 2:
 * it is what it was to become, which a caller that has sent this twice has
 * done.  A change leaves the time at which the record expires as it is.
 *
 * A deleted record is taken out of its lists from the end that its time is
 * nearer to, the subject's first.  At most 140,000 entries of both lists are
 * looked at to find it, and as many again to take it out: that takes 2 to 5 ms.
 * Where it is not enough the entry stays, and readers pass over it.
 */

extern const secops_script_t  secops_script_change;
extern const secops_script_t  secops_script_delete;


/*
 * The scripts ids, scan and documents read lists of records, and what is in
 * these.  KEYS[1] is a list, KEYS[2] what the keys of its records begin with;
 * documents has the latter only.  All of these keys lie in one slot of a Redis
 * Cluster, also those of records that are not among KEYS.
 *
 * An entry is dead if its record does not exist.  Where a place is found by
 * halving, the list may be out of order by a minute.
 */


/*
 * Reads ids.  Beforehand dead entries at the tail are removed, ARGV[1] at most.
 * The list is read from its head, or, if ARGV[3] is 1, from its tail.  ARGV[2]
 * is empty: then it begins after ARGV[4] entries, or if this is below 0, so
 * many before the other end.  Or it is an id: then it begins ARGV[4] entries
 * before the first that does not come before it.  ARGV[5] is how many ids,
 * ARGV[6] of how many entries one is read; 0: they are spread over the list.
 *
 * Answers the number of entries, how many come before the id (-1: there was
 * none), how many come before the first that was read; and an array of ids, in
 * the order of the list: the one that is nearest to the head is the first.
 */

extern const secops_script_t  secops_script_ids;


/*
 * Which records of a list are next, the newest first.  It looks at ARGV[2]
 * entries at most, and at so many that their documents are ARGV[3] bytes at
 * most, but at one in any case; and if none of them is wanted, at up to 3000
 * more.  ARGV[4] and ARGV[5] are the times in milliseconds of which records are
 * neither older nor newer, or empty.  ARGV[1] is empty when it begins.  Later
 * on it is what was left, ARGV[6] is how many marks before the place there are,
 * and these follow, then the marks after it.
 *
 * Answers how many entries are left: those between the place where it goes on
 * and the tail, as nothing is added there; how many entries it has looked at;
 * the marks, two arrays of the 8 entries before the place and after it, by
 * which it is noticed if entries were taken away behind it; and an array of
 * ids, of records that are there.
 */

extern const secops_script_t  secops_script_scan;


/*
 * Reads the documents of the ids from ARGV[2] on, until they are ARGV[1] bytes.
 * Answers an array of them, of one at least: nil where there is no record.
 */

extern const secops_script_t  secops_script_documents;


/*
 * Reads what several tables know about one subject.  KEYS are its lists, one of
 * each table; ARGV[1] is how many records of one list are read at most, ARGV[2]
 * how many of all, ARGV[3] how many bytes of documents; then for each list what
 * the keys of its table's records begin with, and a time as in an id: the first
 * record that is older is the last that is read.  Empty: all are young enough.
 *
 * Answers for each list how many records there are; the id of the oldest, empty
 * if all were read, or if none of the last 16 exists; how many were read; and
 * of each of these, the newest first, its id and its document: nil when it is
 * gone, empty when it is larger than what is left of the bytes.  Records and
 * bytes are shared out evenly among the lists that are not empty, and what one
 * of them leaves is for those after it.
 */

extern const secops_script_t  secops_script_subject;


/*
 * Stores the feedback on an event.  KEYS[1] is the event, KEYS[2] its feedback,
 * KEYS[3] the audit stream of the shard.  ARGV[1] is the label's id, ARGV[2]
 * the user, ARGV[3] the notes, ARGV[4] how often the job was trained, ARGV[5]
 * what says which request this is; the rest are the arguments of XADD after the
 * key.  The event's document begins with the members of the server.
 *
 * Answers an empty array: there is no such event.  Else "1", and of the
 * feedback that is there now: n, the digest of its bucket, that of the bucket
 * that had the vote before (empty: the same, or none), label, trainings.  "0"
 * instead: nothing was stored, as the vote would have to leave two buckets; the
 * rest is of the feedback that is there, whose own vote comes first.  It may be
 * sent twice.
 */

extern const secops_script_t  secops_script_feedback;


/*
 * Gives the vote of an event to a bucket, or takes it away.  KEYS[1] is the
 * bucket, KEYS[2] its votes.  ARGV[1] is the event's id, ARGV[2] the n of the
 * feedback, ARGV[3] the label's id, or empty: it is taken away; ARGV[4] how
 * often the job was trained, ARGV[5] after how many seconds both expire (0:
 * never; empty: that stays as it is).  Nothing is done if the bucket knows of
 * this feedback, or of a newer one.  Answers how often the job was trained when
 * the bucket last changed.
 */

extern const secops_script_t  secops_script_vote;


/*
 * The votes of a feedback are where they belong: counts it, and closes it.
 * KEYS[1] is the feedback, KEYS[2] the counters of the job in this shard.
 * ARGV[1] is its n, ARGV[2] how often the job was trained, as the buckets know
 * it.  Answers 1, or 0: another feedback is there, or none.
 */

extern const secops_script_t  secops_script_settle;


/*
 * Takes entries of records that are over from the tail of a list, and these
 * records.  KEYS[1] is the list, KEYS[2] what the keys of its records begin
 * with: all of them lie in one slot of a Redis Cluster.  ARGV[1] is how many
 * seconds a record is kept: it is over when its id is older than that, by the
 * clock of Redis, or when it does not exist.  ARGV[2] is how many entries there
 * are at most.  Answers how many there were.
 *
 * It stops at the first record that is not over.  While a slot is moved to
 * another server, a record that has gone there already makes it fail, and
 * nothing is taken away: Redis lets no script ask for such a key.
 */

extern const secops_script_t  secops_script_retire;


/*
 * The same for events: KEYS[1] is a sorted set of them, by their times in
 * milliseconds; ARGV as above.  The events themselves expire, and are left
 * alone.
 */

extern const secops_script_t  secops_script_retire_events;


/*
 * Adds a record, unless there is one of the same fact.  KEYS[1] is the record,
 * KEYS[2] the audit stream of its shard, KEYS[3] its table's list; then its
 * subject's, if it has one, and at last, if ARGV[6] is 1, the fact: the id of
 * the record that says so.  ARGV[1] is the record's id, ARGV[2] its document,
 * ARGV[3] after how many seconds both expire (empty: never), ARGV[4] after how
 * many the lists do (0: never; empty: that stays as it is), ARGV[5] what the
 * keys of its table's records begin with, ARGV[7] an id that the fact may have
 * although that record says something else; the rest are the arguments of XADD
 * after the key.
 *
 * Answers the id of the record that is there now, and if it is another one than
 * that was to be added, its document: empty when that is larger than 64 KB.  A
 * record that has expired or was deleted says nothing any more.  It may be sent
 * twice.
 */

extern const secops_script_t  secops_script_add;


/*
 * Reads what facts of a job are made of.  KEYS[1] is the revision of its
 * domain's resources, KEYS[2] the documents of jobs, KEYS[3] those of
 * integrations; ARGV[1] is the job's id.  Answers the revision; if there is the
 * job, its document; then the id and the document of each integration that it
 * names and that has a reference to an api key.  Such integrations are small:
 * of one that is not, and of more than 256, nothing is read.
 */

extern const secops_script_t  secops_script_job;


/*
 * Counts what a shard has of jobs' events.  KEYS are two of each job: the
 * sorted set of its events, and the hash of what feedback there is of them.
 * There is no ARGV.
 *
 * Answers four values of each job: how many events there are; the time when the
 * last one came; how many have feedback; when the last one was given.  Times
 * are milliseconds since the epoch.  Empty, of all but the first: there is
 * none.
 */

extern const secops_script_t  secops_script_event_count;


/*
 * Stores what a processor decided on an event, and announces it.  KEYS[1] is
 * the event, KEYS[2] the decision, KEYS[3] the stream of the job, KEYS[4] the
 * audit stream of the shard.  ARGV[1] is the ingest_timestamp that the event
 * must have (empty: any), ARGV[2] and ARGV[3] are the decision's document
 * before and after the comma that follows the ingest_timestamp, ARGV[4] is how
 * many entries the stream has, about (empty: any number); ARGV[5] the number of
 * words of its entry, which follow, then the arguments of XADD for the audit,
 * after the key.  The event's document begins with the members of the server.
 *
 * Answers 1: it is done; 2: the same was decided before, nothing was written;
 * 0: the event is another one by now; -1: there is none.  It may be sent twice.
 */

extern const secops_script_t  secops_script_decide;


/*
 * Reads which events of a job are next, and what decides on each.  KEYS[1] is
 * the sorted set of their ids, KEYS[2] what the keys of the events themselves
 * begin with, KEYS[3] those of their feedback, KEYS[4] those of what processors
 * decided; all of one shard.  ARGV[1] and ARGV[2] are the time and the id that
 * they come after, the newest first, and of the same time the highest id; both
 * empty: from the newest on.  ARGV[3] is a time that they are not older than,
 * ARGV[4] how many there are at most, ARGV[5] how many bytes they are, about,
 * ARGV[6] how much of an event is read.
 *
 * Answers 1 if there may be more, else 0; then for each event its id, its time,
 * the beginning of its document, its feedback, what was decided: empty when it
 * is not there.
 */

extern const secops_script_t  secops_script_events;


/* hexadecimal, as EVALSHA wants it */

void secops_script_sha(const secops_script_t *script,
    unsigned char sha[SECOPS_SCRIPTS_SHA_LEN]);


#endif /* _SECOPS_SCRIPTS_H_INCLUDED_ */
