
/*
 * A list of a job's events: what may be asked of it, in which order they come,
 * and what is told of each.
 *
 * The newest comes first: by the time when they came, and of events of the
 * same millisecond the one first whose id is higher, byte by byte.  So a place
 * in the list, a time and an id, stays where it is whatever comes or goes, and
 * it is a place also when its event is there no more.  Pure C.
 */

#ifndef _SECOPS_EVENT_QUERY_H_INCLUDED_
#define _SECOPS_EVENT_QUERY_H_INCLUDED_


#include "model/event/secops_decision.h"
#include "model/event/secops_event.h"
#include "util/codec/secops_base64.h"


#define SECOPS_EVENT_LIMIT      50
#define SECOPS_EVENT_LIMIT_MAX  200

/* a place as a cursor: base64url of the time, a colon, the id */

#define SECOPS_EVENT_CURSOR_MAX                                               \
    secops_base64url_length(20 + 1 + SECOPS_EVENT_ID_MAX)


typedef struct {
    uint64_t               msec;        /* since the epoch */
    secops_slice_t         id;          /* valid, as it was sent */
} secops_event_place_t;


typedef enum {
    SECOPS_EVENT_ANY = 0,
    SECOPS_EVENT_YES,
    SECOPS_EVENT_NO
} secops_event_filter_e;


/* what is asked.  Slices lie in the buffer that the query was read into */

typedef struct {
    int64_t                job;
    secops_slice_t         job_id;      /* the same as text */
    secops_slice_t         label;       /* the word of whoever asks; data is
                                           NULL: any, and none */
    secops_event_filter_e  pending;     /* status */
    secops_event_filter_e  known;       /* bucket_state */
    uint64_t               since;       /* milliseconds since the epoch: not
                                           older; 0: however old */
    unsigned               limit;
    int                    has_after;
    secops_event_place_t   after;       /* only what follows this */
} secops_event_query_t;


/*
 * Fills in the query.  Names and values are decoded into buffer, which has
 * room for args.len bytes and must stay as long as the query.  NULL, or what
 * is wrong: a constant.
 */

const char *secops_event_read_query(secops_event_query_t *query,
    secops_slice_t args, unsigned char *buffer);


/* 1: whoever asks wants an event on which this was decided.  label is what the
   query's word means; NULL if it has none */

int secops_event_is_wanted(const secops_event_query_t *query,
    const secops_job_facts_label_t *label, const secops_decision_t *decision);


/* below 0: a comes before b in a list; 0: it is the same place */

int secops_event_place_compare(const secops_event_place_t *a,
    const secops_event_place_t *b);


/* dst has room for SECOPS_EVENT_CURSOR_MAX bytes; returns the byte after the
   last one written */

unsigned char *secops_event_write_cursor(unsigned char *dst,
    const secops_event_place_t *place);


/* appends ,"title":…,"severity":…,"data_source":… with those of them that are
   among the members of a stored event, as they were sent */

void secops_event_write_members(secops_text_t *text, secops_slice_t members);


#endif /* _SECOPS_EVENT_QUERY_H_INCLUDED_ */
