
/*
 * A stored record as the Table API answers it: every value is a string.
 *
 *     a string                 as it is stored
 *     a number, true, false    its text
 *     null                     ""
 *     an object, an array      its JSON
 *     a column of the table that the record does not have      ""
 *
 * With both display values and values, each is an object of the two.  A column
 * that refers to a record of another table may have a link to it:
 *
 *     "task":"T1"
 *     "task":{"display_value":"T1","value":"T1"}
 *     "task":{"link":"https://…/api/now/table/task/T1","value":"T1"}
 *     "task":{"display_value":"T1","value":"T1","link":"https://…"}
 *
 * The display value is always the value: the module has no labels, and times
 * are in UTC.  An empty reference has no link, nor has one that is longer than
 * SECOPS_RECORD_VIEW_REFERENCE bytes.
 *
 * Pure C.
 */

#ifndef _SECOPS_RECORD_VIEW_H_INCLUDED_
#define _SECOPS_RECORD_VIEW_H_INCLUDED_


#include "model/record/secops_table.h"
#include "util/secops_text.h"


/* columns that may be asked for by their names */

#define SECOPS_RECORD_VIEW_FIELDS     256

/* bytes of a value that still becomes a link */

#define SECOPS_RECORD_VIEW_REFERENCE  1024


/* zeroed, then filled in by the caller, who owns what the slices point to */

typedef struct {
    const secops_table_t  *table;
    secops_slice_t         base;        /* of links: UTF-8, no slash at its
                                           end; empty: there are none */
    unsigned               display:1;   /* a reference with a link has its
                                           display value, too */
    unsigned               all:1;       /* every value has it */

    unsigned               some:1;      /* only these, in this order */
    size_t                 nfields;
    secops_slice_t         fields[SECOPS_RECORD_VIEW_FIELDS];
} secops_record_view_t;


/* asks for one column more, once however often it is asked for.  -1: there are
   too many */

int secops_record_view_add(secops_record_view_t *view, secops_slice_t column);


/*
 * Appends the record, an object at token 0, as a JSON object: all members in
 * the order in which they are stored, then the columns that it does not have,
 * as clients only send back what they change of what they were given; or what
 * was asked for, if it is a member or a column.  Without memory the text says
 * that it failed.
 */

void secops_record_view(secops_text_t *text, const secops_record_view_t *view,
    const secops_json_t *json);


#endif /* _SECOPS_RECORD_VIEW_H_INCLUDED_ */
