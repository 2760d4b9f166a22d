
/*
 * Events: what a client sends to a job, and what is stored of it.
 *
 * Sent is an object with "job_id", "raw_body" and whatever else.  Stored is an
 * object that begins with the members of the server, always these and in this
 * order, and goes on with raw_body and the other members as they were sent:
 *
 *     {"event_id":"…","job_id":1001,"ingest_timestamp":1764440000000,
 *      "bucket":"…","sent_by":"…","raw_body":{…},"title":"…"}
 *
 * So whoever reads a stored event finds the server's members without reading
 * it all.  Members that a client has sent under these names are left out.  Pure
 * C.
 */

#ifndef _SECOPS_EVENT_H_INCLUDED_
#define _SECOPS_EVENT_H_INCLUDED_


#include "model/json/secops_json.h"


#define SECOPS_EVENT_ID_MAX    256      /* bytes */

/* "YYYY-MM-DDTHH:MM:SS.mmm000Z" */

#define SECOPS_EVENT_TIME_LEN  27

/* bytes of the answer to an event that was accepted */

#define SECOPS_EVENT_ANSWER_MAX  (6 * SECOPS_EVENT_ID_MAX + 256)


/* an event as it was sent; borrowed */

typedef struct {
    const secops_json_t  *json;
    uint32_t              object;       /* its token, */
    uint32_t              raw_body;     /* and those of members */
    uint32_t              event_id;     /* 0: there is none */
    int64_t               job;
} secops_event_sent_t;


/* the members of the server */

typedef struct {
    secops_slice_t        id;           /* one that is valid */
    int64_t               job;
    uint64_t              ingested;     /* milliseconds since the epoch */
    secops_slice_t        bucket;       /* digest of the decision points; empty:
                                           the job has none */
    secops_slice_t        sender;       /* the caller's user */
} secops_event_head_t;


/* an event as it is stored; borrowed from its text.  Strings are the inside of
   JSON strings, as they are to be written again */

typedef struct {
    secops_slice_t        id;
    int64_t               job;
    uint64_t              ingested;     /* milliseconds since the epoch */
    secops_slice_t        bucket;       /* empty: its job has no
                                           decision points */
    secops_slice_t        sender;
    secops_slice_t        members;      /* as sent, raw_body first: names and
                                           values with commas, no braces */
} secops_event_t;


/* 1: it may be an event's id, which is one segment of a path: 1 to
   SECOPS_EVENT_ID_MAX bytes of UTF-8, no control characters, no "/", not "."
   or ".." */

int secops_event_id_is_valid(secops_slice_t id);


/* NULL: what stands at token i is an event, and *sent is filled in.  Else what
   is wrong, static text: "/job_id: must be an integer" */

const char *secops_event_check(secops_event_sent_t *sent,
    const secops_json_t *json, uint32_t i);


/* writes the stored form where secops_event_size() bytes are free; returns the
   byte after the last one written */

size_t secops_event_size(const secops_event_head_t *head,
    const secops_event_sent_t *sent);
unsigned char *secops_event_write(unsigned char *dst,
    const secops_event_head_t *head, const secops_event_sent_t *sent);

/* 0: read; -1: it is no event that was written here */

int secops_event_read(secops_event_t *event, secops_slice_t stored);


/*
 * The answer to an event that was accepted, an object; of at most
 * secops_event_answer_max() bytes, which is SECOPS_EVENT_ANSWER_MAX or less.
 * Returns the byte after the last one written.
 */

size_t secops_event_answer_max(const secops_event_head_t *head);
unsigned char *secops_event_answer(unsigned char *dst,
    const secops_event_head_t *head);


/* a time in milliseconds since the epoch, as answers have it, without a NUL */

void secops_event_time(unsigned char dst[SECOPS_EVENT_TIME_LEN],
    uint64_t msec);


#endif /* _SECOPS_EVENT_H_INCLUDED_ */
