
/*
 * A processor's decision on an event, as it is sent:
 *
 *     {"label":"Escalate","confidence":0.93,
 *      "ingest_timestamp":"2026-11-29T18:10:00.123000Z"}
 *
 * ingest_timestamp is optional.  It says which event was decided, if the id may
 * have been sent again since: as an answer has it, or in milliseconds since the
 * epoch, as a number or as text.  Other members are passed over.  Pure C.
 */

#ifndef _SECOPS_EVENT_DECIDE_H_INCLUDED_
#define _SECOPS_EVENT_DECIDE_H_INCLUDED_


#include "model/json/secops_json.h"
#include "util/secops_text.h"


/* a confidence as text: the shortest that is this number again */

#define SECOPS_EVENT_CONFIDENCE_MAX  32


typedef struct {
    uint32_t              label;        /* token: a string */
    size_t                len;          /* of the confidence */
    unsigned char         confidence[SECOPS_EVENT_CONFIDENCE_MAX];
    uint64_t              ingested;     /* milliseconds since the epoch; 0: of
                                           whatever event is there */
} secops_event_decide_t;


/* NULL: the document is a decision, and *decide is filled in.  Else what is
   wrong, static text: "/confidence: must be a number from 0 to 1" */

const char *secops_event_decide_check(secops_event_decide_t *decide,
    const secops_json_t *json);


/*
 * A time in any of the forms above, without quotes: 0; -1: it is in none of
 * them, or before the first millisecond after the epoch.
 */

int secops_event_decide_time(uint64_t *msec, secops_slice_t text);


/*
 * The document that is stored, in two parts: what stands before the value of
 * ingest_timestamp, which Redis puts in, and what stands behind the comma after
 * it.  The same label and confidence always make the same first part.
 *
 *     {"label":"label_0","confidence":0.93,"ingest_timestamp":1764440000000,
 *      "user":"…","time":1764440000000}
 *
 * label is the id of one of the job's labels, user is UTF-8, msec the time in
 * milliseconds since the epoch.
 */

void secops_event_decide_write(secops_text_t *head, secops_text_t *tail,
    const secops_event_decide_t *decide, secops_slice_t label,
    secops_slice_t user, uint64_t msec);


#endif /* _SECOPS_EVENT_DECIDE_H_INCLUDED_ */
