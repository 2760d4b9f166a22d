
/*
 * Several records in one entry of a stream.  Each of them is an entry of the
 * list, a part; it is told from the others by its position.  Pure C.
 *
 * Of the records that one request stores at once, only the ids differ: "id" has
 * all of them, of one length, with a comma between two.
 *
 * Of what several requests store at once, the entry's fields are the first
 * record's, and one more field, "also", has the others': of each what differs
 * from the record before it.  That is the field's name, its length and its
 * bytes; between two fields is a comma, and after a record's last one a
 * semicolon:
 *
 *     request:5:first,id:2:43;user:3:bob,request:6:second,id:2:44;
 */

#ifndef _SECOPS_AUDIT_PARTS_H_INCLUDED_
#define _SECOPS_AUDIT_PARTS_H_INCLUDED_


#include "model/audit/secops_audit.h"


/* records that an entry may be about, and what is between two ids */

#define SECOPS_AUDIT_PARTS  16
#define SECOPS_AUDIT_COMMA  ','
#define SECOPS_AUDIT_IDS_LEN                                                  \
    (SECOPS_AUDIT_PARTS * (SECOPS_ID_LEN + 1) - 1)


/*
 * The parts of an entry as it was read, in the order in which they were
 * written; returns their number.  What has another form than the two above was
 * written by somebody else: it is one part, as it is.  The texts stay in the
 * entry.
 */

size_t secops_audit_parts(const secops_audit_entry_t *entry,
    secops_audit_entry_t parts[SECOPS_AUDIT_PARTS]);


/*
 * A record of "also": fields are its own, before those of the one before it,
 * SECOPS_AUDIT_FIELDS of each; they are not all the same.  dst has room for
 * _also_max() bytes; returns the byte after the last one written.
 */

size_t secops_audit_also_max(const secops_slice_t *before,
    const secops_slice_t *fields);
unsigned char *secops_audit_write_also(unsigned char *dst,
    const secops_slice_t *before, const secops_slice_t *fields);


#endif /* _SECOPS_AUDIT_PARTS_H_INCLUDED_ */
