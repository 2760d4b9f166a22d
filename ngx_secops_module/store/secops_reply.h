
/*
 * What Redis answers to the store, from values to what they mean.  Nothing in
 * a reply is believed: what comes out can be used without another look.  A
 * number that becomes an index is one of the array that it is for.  Pure C.
 */

#ifndef _SECOPS_REPLY_H_INCLUDED_
#define _SECOPS_REPLY_H_INCLUDED_


#include <stdint.h>

#include "model/audit/secops_audit.h"
#include "model/event/secops_job_view.h"
#include "redis/resp/secops_redis_value.h"


/* of secops_script_find */

typedef struct {
    secops_slice_t        revision;
    secops_slice_t        next_id;      /* empty: none was given yet */
    int64_t               bytes;        /* of all documents; -1: not known */
    int64_t               total;        /* documents */
    int64_t               listed;       /* ... of lookups of all */
    secops_slice_t        rest;         /* empty: this was all */
    size_t                nfound;
} secops_reply_find_t;


typedef struct {
    size_t                lookup;
    secops_slice_t        id;
    secops_slice_t        document;
    secops_slice_t        last_used;
} secops_reply_found_t;


/* what a find may answer in rest */

#define SECOPS_REPLY_REST_MAX  256


/* n is the number of values, at least 1; nlookups is how many were asked for.
   -1: this is no such reply */

int secops_reply_find(secops_reply_find_t *find,
    const secops_redis_value_t *values, size_t n, size_t nlookups);

/* resource i of it, below nfound */

void secops_reply_found(secops_reply_found_t *found,
    const secops_redis_value_t *values, size_t i);


/* of secops_script_commit */

typedef enum {
    SECOPS_REPLY_COMMITTED = 0,
    SECOPS_REPLY_CHANGED,               /* others were first */
    SECOPS_REPLY_LOST,                  /* nobody knows */
    SECOPS_REPLY_TOO_MANY,              /* these three: a limit */
    SECOPS_REPLY_TOO_LARGE,
    SECOPS_REPLY_DOCUMENT,
    SECOPS_REPLY_WRONG                  /* this is no such reply */
} secops_reply_commit_e;

secops_reply_commit_e secops_reply_commit(const secops_redis_value_t *value);


/* of secops_script_change and secops_script_delete */

typedef enum {
    SECOPS_REPLY_RECORD_DONE = 0,
    SECOPS_REPLY_RECORD_OTHER,          /* it is not the one that was read */
    SECOPS_REPLY_RECORD_GONE,
    SECOPS_REPLY_RECORD_SAME,           /* it is what it was to become */
    SECOPS_REPLY_RECORD_WRONG           /* this is no such reply */
} secops_reply_record_e;

secops_reply_record_e secops_reply_record(const secops_redis_value_t *value);


/* of secops_script_add: the id of the record that is there, and its document if
   it is not the one that was added (empty: it is large).  1: it was added; 0:
   it was not; -1: this is no such reply */

int secops_reply_add(const secops_redis_value_t *values, size_t n,
    const unsigned char **id, secops_slice_t *document);


/* of secops_script_feedback.  1: it was stored; 0: what is told comes first;
   -1: this is no such reply; -2: there is no event.  The digests are empty, or
   SECOPS_KEYS_DIGEST_LEN hexadecimal digits */

typedef struct {
    uint64_t              n;
    secops_slice_t        digest;
    secops_slice_t        old;
    secops_slice_t        label;
    uint64_t              generation;
} secops_reply_feedback_t;

int secops_reply_feedback(const secops_redis_value_t *values, size_t n,
    secops_reply_feedback_t *feedback);


/* of secops_script_event_count, about so many jobs; what it says of each is
   added to counts.  -1: this is no such reply, and nothing was added */

int secops_reply_event_count(const secops_redis_value_t *values, size_t n,
    secops_job_counts_t *counts, size_t njobs);


/* of SCAN: where it goes on ("0": that was all), and how many keys there are,
   the text of values[SECOPS_REPLY_KEYS_FIRST] and those after it.  -1: this is
   no such reply */

#define SECOPS_REPLY_KEYS_FIRST    3
#define SECOPS_REPLY_KEYS_CURSOR  20

int secops_reply_keys(const secops_redis_value_t *values, size_t n,
    secops_slice_t *cursor, size_t *nkeys);


/* of HMGET, an api key's id and domain.  1: there they are; 0: it leads
   nowhere; -1: this is no such reply */

int secops_reply_pointer(const secops_redis_value_t *values, size_t n,
    secops_slice_t *id, size_t id_max, secops_slice_t *domain,
    size_t domain_max);


/* of secops_script_subject: a list, and a record of it */

typedef struct {
    uint64_t              records;
    const unsigned char  *oldest;       /* an id, or NULL */
    size_t                nread;
} secops_reply_about_t;

typedef struct {
    const unsigned char  *id;
    secops_slice_t        document;     /* without data: it is gone; empty: it
                                           was too large */
} secops_reply_about_record_t;


/*
 * One list after the other, and of each its nread records.  *i is 1 at first,
 * and is moved on.  0: there it is; -1: this is no such reply.  After the last
 * record of the last list *i is n.
 */

int secops_reply_about(const secops_redis_value_t *values, size_t n, size_t *i,
    secops_reply_about_t *list);
int secops_reply_about_record(const secops_redis_value_t *values, size_t n,
    size_t *i, secops_reply_about_record_t *record);


/*
 * Of XREVRANGE: how many entries there are (-1: it is no such reply), and one
 * after the other.  *i is 1 at first, and is moved on.  An entry is as it was
 * stored, which may be about several records.  1: there it is; 0:
 * there is no more; -1: this is no stream's part.
 */

int64_t secops_reply_audit(const secops_redis_value_t *values, size_t n);
int secops_reply_audit_next(const secops_redis_value_t *values, size_t n,
    size_t *i, secops_audit_entry_t *entry);


#endif /* _SECOPS_REPLY_H_INCLUDED_ */
