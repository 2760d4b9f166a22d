
/*
 * A change of a stored record: what becomes of it when an object's members are
 * put over its own, and whether that may be stored.  Pure C.
 *
 * A member that the record has is replaced in its place; one that it does not
 * have comes behind the others; all else stays byte for byte.  null and "" are
 * values like others: they are stored, and count as not filled in.  The
 * server's own members follow: sys_mod_count, sys_updated_on, sys_updated_by.
 *
 * The record that comes out is validated as a whole, as a new one would be.
 */

#ifndef _SECOPS_RECORD_CHANGE_H_INCLUDED_
#define _SECOPS_RECORD_CHANGE_H_INCLUDED_


#include "model/record/secops_record.h"
#include "model/record/secops_record_stored.h"


/* bytes of the list of the members that were changed */

#define SECOPS_RECORD_MEMBERS  1024


/* the first part is set by the caller, and borrowed; the rest is zeroed at
   first, and given back by secops_record_change_free() */

typedef struct {
    const secops_table_t   *table;
    secops_json_limits_t    limits;     /* of the record without the server's
                                           members */
    size_t                  max;        /* its bytes, too: it may not grow
                                           beyond them */
    secops_slice_t          user;       /* who changes it; UTF-8 */
    unsigned char           updated[SECOPS_TIME_LEN];
    unsigned                always:1;   /* it counts as changed even if nothing
                                           differs */

    unsigned                changed:1;  /* 1: there is something to store */
    uint64_t                mod_count;  /* of the record, afterwards */
    secops_text_t           document;   /* ... which is this */
    secops_text_t           members;    /* names of what differs, with commas;
                                           ends with "…" when there is no room
                                           for all */
} secops_record_change_t;


/*
 * Puts the members of the object at token i over the stored record.  It stands
 * in a document of which body says what is no field; where is its JSON Pointer
 * there.  0: document is the record afterwards, to be stored if it is changed.
 * -1: faults says why not, all of it; UNKNOWN, there was no memory, or the
 * validation gave up.
 */

int secops_record_change(secops_record_change_t *change,
    const secops_record_stored_t *stored, const secops_json_t *json,
    uint32_t i, const secops_record_body_t *body,
    const secops_record_options_t *options, const char *where,
    secops_record_faults_t *faults);

/* it may be used again then, with the same first part */

void secops_record_change_free(secops_record_change_t *change);


#endif /* _SECOPS_RECORD_CHANGE_H_INCLUDED_ */
