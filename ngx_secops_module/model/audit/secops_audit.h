
/*
 * The audit: what its entries hold, how those of several streams become one
 * list, and what may be asked of it.  Pure C.
 *
 * A stream is in the order of its entries' ids: milliseconds, then a number
 * within one.  Ids of two streams may be equal, so the list's order is by id,
 * newest first, then by the stream's number: a total one, in which a position
 * is a place between two pages for ever.  What a stream has as one entry may
 * be about several records: these are its parts, each an entry of the list; see
 * secops_audit_parts.h.
 *
 * An entry about a record lies in the stream of the shard that its id names, or
 * in that of a record that was stored along with it; one about a resource in
 * the stream behind these.  Requests that were refused have the last stream for
 * themselves: however many there are, they push out no entry of a write.
 */

#ifndef _SECOPS_AUDIT_H_INCLUDED_
#define _SECOPS_AUDIT_H_INCLUDED_


#include <stdint.h>

#include "util/secops_id.h"
#include "util/secops_slice.h"
#include "util/secops_time.h"


#define SECOPS_AUDIT_RESOURCES  SECOPS_ID_SHARDS
#define SECOPS_AUDIT_REFUSALS   (SECOPS_ID_SHARDS + 1)
#define SECOPS_AUDIT_STREAMS    (SECOPS_ID_SHARDS + 2)

#define SECOPS_AUDIT_LIMIT      100
#define SECOPS_AUDIT_LIMIT_MAX  1000

/* entries that one request may read, whatever it looks for */

#define SECOPS_AUDIT_READ_MAX   10000


/* in the order in which they are written and shown; from _OPTIONAL on what is
   empty is neither written nor shown */

typedef enum {
    SECOPS_AUDIT_USER = 0,
    SECOPS_AUDIT_METHOD,            /* how the user was identified */
    SECOPS_AUDIT_ADDRESS,
    SECOPS_AUDIT_REQUEST,           /* the request's id */
    SECOPS_AUDIT_OPERATION,
    SECOPS_AUDIT_TYPE,              /* of what was written: a table's name, … */
    SECOPS_AUDIT_ID,                /* … and its id */
    SECOPS_AUDIT_USER_NAME,         /* of an api key, which the user names by
                                       its id: its name at that time */
    SECOPS_AUDIT_MEMBERS,           /* of a change: names of what it changed */
    SECOPS_AUDIT_CALLER_DOMAIN,     /* of who acts for the domain whose entry
                                       this is, and is of another */
    SECOPS_AUDIT_OUTCOME,           /* SECOPS_AUDIT_REFUSED, or empty: done */
    SECOPS_AUDIT_STATUS,            /* of a refusal: decimal */
    SECOPS_AUDIT_REASON,
    SECOPS_AUDIT_LEFT_OUT,          /* how many refusals have no entry, since
                                       the one before: decimal */

    SECOPS_AUDIT_FIELDS
} secops_audit_field_e;

#define SECOPS_AUDIT_OPTIONAL  SECOPS_AUDIT_USER_NAME

#define SECOPS_AUDIT_REFUSED  "refused"

/* the name of an entry's also: a field in the store alone */

#define SECOPS_AUDIT_ALSO  "also"


typedef struct {
    uint64_t                 msec;
    uint64_t                 seq;
    unsigned                 stream;
    unsigned                 part;      /* the last one comes first */
} secops_audit_position_t;


/* a field that is missing is empty */

typedef struct {
    secops_audit_position_t  position;
    secops_slice_t           fields[SECOPS_AUDIT_FIELDS];
    secops_slice_t           also;      /* of an entry as it is stored: its
                                           further records */
} secops_audit_entry_t;


/* what is asked; a filter whose data is NULL lets everything pass */

typedef struct {
    unsigned                 limit;
    int                      has_limit; /* it was given */
    int                      has_after;
    secops_audit_position_t  after;     /* only what follows this */
    secops_slice_t           filters[SECOPS_AUDIT_FIELDS];
} secops_audit_query_t;


/*
 * What was found in one stream.  All its entries down to end are known, all
 * there are when it is complete.
 */

typedef struct {
    unsigned                 stream;
    secops_audit_entry_t    *entries;
    size_t                   nentries;
    size_t                   taken;     /* secops_audit_merge()'s own */
    int                      complete;
    secops_audit_position_t  end;
} secops_audit_run_t;


/* as it is spelled in the store and in replies */

secops_slice_t secops_audit_field_name(unsigned field);

/* SECOPS_AUDIT_FIELDS: unknown.  guess is looked at first, it may be any
   number */

unsigned secops_audit_field(secops_slice_t name, unsigned guess);


/*
 * "msec-seq", as Redis writes them; position->stream and part are left as they
 * are.  0, or -1: it is none.
 */

int secops_audit_read_id(secops_slice_t text,
    secops_audit_position_t *position);


/*
 * Fills in the query.  Names and values are decoded into buffer, which has
 * room for args.len bytes and must stay as long as the query.  NULL, or what
 * is wrong: a constant.
 */

const char *secops_audit_read_query(secops_audit_query_t *query,
    secops_slice_t args, unsigned char *buffer);


/* 1: there may be something in this stream for the query */

int secops_audit_asks(const secops_audit_query_t *query, unsigned stream);

/* how many entries of each of nstreams to read for it; at least 2 */

unsigned secops_audit_count(const secops_audit_query_t *query,
    unsigned nstreams);


/*
 * Makes a run, whose stream is set, of the n entries that this stream gave,
 * newest first; complete: it has no others.  Those that the query wants are
 * moved to the front of entries; they stay the caller's.
 */

void secops_audit_select(secops_audit_run_t *run,
    const secops_audit_query_t *query, secops_audit_entry_t *entries,
    size_t n, int complete);


/*
 * Puts at most query->limit entries of the runs into page, and returns their
 * number.  *next: where the following page begins; 0 in *more: there is none.
 * A page may be short, even empty, and yet have one.
 */

size_t secops_audit_merge(secops_audit_run_t *runs, size_t nruns,
    const secops_audit_query_t *query, const secops_audit_entry_t **page,
    secops_audit_position_t *next, int *more);


/* a position as a cursor: digits and "-"; returns the byte after the last one
   written */

#define SECOPS_AUDIT_CURSOR_LEN  (20 + 1 + 20 + 1 + 2 + 1 + 10)

unsigned char *secops_audit_write_cursor(unsigned char *dst,
    const secops_audit_position_t *position);


/*
 * An entry as a JSON object; domain is the inside of a JSON string.  dst has
 * room for secops_audit_json_max() bytes; returns the byte after the last one
 * written.
 */

size_t secops_audit_json_max(const secops_audit_entry_t *entry,
    secops_slice_t domain);
unsigned char *secops_audit_write_json(unsigned char *dst,
    const secops_audit_entry_t *entry, secops_slice_t domain);


#endif /* _SECOPS_AUDIT_H_INCLUDED_ */
