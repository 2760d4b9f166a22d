
/*
 * Every refusal that the APIs know: HTTP status and error.message.
 *
 * The messages of the Record API are the vendor's own, to the letter: scripts
 * compare them.  "Mandatory fields missing: " is completed by the sender.
 */

#ifndef _SECOPS_ERROR_H_INCLUDED_
#define _SECOPS_ERROR_H_INCLUDED_


#include "util/secops_slice.h"


typedef enum {
    SECOPS_ERROR_NONE = 0,

    SECOPS_ERROR_UNAUTHENTICATED,
    SECOPS_ERROR_ACCESS,
    SECOPS_ERROR_BODY,
    SECOPS_ERROR_NO_FIELDS,
    SECOPS_ERROR_MANDATORY,
    SECOPS_ERROR_PERSIST,           /* refused */
    SECOPS_ERROR_PERSIST_UNKNOWN,   /* it may be stored all the same */
    SECOPS_ERROR_PERSIST_LATER,     /* surely not stored; worth another try */
    SECOPS_ERROR_CHANGE_UNKNOWN,    /* it may be changed all the same */
    SECOPS_ERROR_DELETE,            /* these three as those before */
    SECOPS_ERROR_DELETE_UNKNOWN,
    SECOPS_ERROR_DELETE_LATER,
    SECOPS_ERROR_PRECONDITION,      /* the record is not the one of If-Match */
    SECOPS_ERROR_ATOMIC,            /* valid, but others of its batch are not */
    SECOPS_ERROR_READ,
    SECOPS_ERROR_READ_LATER,
    SECOPS_ERROR_NO_RECORD,
    SECOPS_ERROR_NO_TABLE,
    SECOPS_ERROR_NOT_FOUND,
    SECOPS_ERROR_QUERY,
    SECOPS_ERROR_QUERY_BROAD,       /* it would have to read too much */
    SECOPS_ERROR_PAGE,              /* it is too large */
    SECOPS_ERROR_METHOD,
    SECOPS_ERROR_TOO_LARGE,
    SECOPS_ERROR_MEDIA_TYPE,
    SECOPS_ERROR_RESOURCES,         /* not a set of resources, or query */
    SECOPS_ERROR_INVALID,           /* of resources: what it asks for */
    SECOPS_ERROR_REFERENCE,
    SECOPS_ERROR_EXISTS,
    SECOPS_ERROR_REFERRED,          /* others need it */
    SECOPS_ERROR_LIMIT,             /* the domain has as many as it may */
    SECOPS_ERROR_NO_KEYS,           /* none to encrypt secrets with */
    SECOPS_ERROR_NO_RESOURCE,
    SECOPS_ERROR_NO_JOB,
    SECOPS_ERROR_FEEDBACK,          /* it is none, or not of the job */
    SECOPS_ERROR_FEED,              /* these three as those of records */
    SECOPS_ERROR_FEED_UNKNOWN,
    SECOPS_ERROR_FEED_LATER,
    SECOPS_ERROR_SAVE,              /* refused */
    SECOPS_ERROR_SAVE_UNKNOWN,      /* they may be saved all the same */
    SECOPS_ERROR_SAVE_LATER,        /* surely not saved; worth another try */
    SECOPS_ERROR_EVENT,             /* it can not be taken */
    SECOPS_ERROR_NO_EVENT,
    SECOPS_ERROR_EVENT_STORE,       /* these three as those of records */
    SECOPS_ERROR_EVENT_UNKNOWN,
    SECOPS_ERROR_EVENT_LATER,
    SECOPS_ERROR_DECISION,          /* it can not be taken */
    SECOPS_ERROR_JOB_RESTS,
    SECOPS_ERROR_REPLACED,          /* the event, since it was decided */
    SECOPS_ERROR_DECISION_STORE,    /* these three as those of records */
    SECOPS_ERROR_DECISION_UNKNOWN,
    SECOPS_ERROR_DECISION_LATER,
    SECOPS_ERROR_LATER,             /* before anything was tried */
    SECOPS_ERROR_UNKNOWN,

    SECOPS_ERRORS
} secops_error_e;


typedef struct {
    unsigned        status;         /* HTTP */
    secops_slice_t  message;        /* static */
} secops_error_t;


/* never NULL; the row of SECOPS_ERROR_UNKNOWN for a number out of range */

const secops_error_t *secops_error(secops_error_e error);


/*
 * error.message for a status that nginx itself or another module chose (413,
 * 429, …): the table's message where the status has one of its own, otherwise
 * the status' name as RFC 9110 has it.
 */

secops_slice_t secops_error_status_message(unsigned status);


#endif /* _SECOPS_ERROR_H_INCLUDED_ */
