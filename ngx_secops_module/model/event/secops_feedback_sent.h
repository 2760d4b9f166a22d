
/*
 * Feedback as it is sent: in a body,
 *
 *     {"cortex_user":"alice","feedback":"Escalate","closing_notes":"…"}
 *
 * where cortex_user and closing_notes may be null or absent, and username and
 * label are older names for the first two; or in a query, as feedback_label.
 * Other members are passed over.  Pure C.
 */

#ifndef _SECOPS_FEEDBACK_SENT_H_INCLUDED_
#define _SECOPS_FEEDBACK_SENT_H_INCLUDED_


#include "model/json/secops_json.h"


#define SECOPS_FEEDBACK_USER_MAX   255      /* bytes */
#define SECOPS_FEEDBACK_NOTES_MAX  10000


/* tokens, of strings; of the optional ones 0: there is none, or it is empty */

typedef struct {
    const secops_json_t  *json;
    uint32_t              label;
    uint32_t              user;
    uint32_t              notes;
} secops_feedback_sent_t;


/* NULL, or what is wrong, static text: "/feedback: must be a string".  The
   document must be an object */

const char *secops_feedback_sent_json(secops_feedback_sent_t *sent,
    const secops_json_t *json);


/* the same of a query string; the label's word is in buffer, which has room for
   args.len bytes */

const char *secops_feedback_sent_query(secops_slice_t *label,
    secops_slice_t args, unsigned char *buffer);


#endif /* _SECOPS_FEEDBACK_SENT_H_INCLUDED_ */
