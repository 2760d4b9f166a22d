
/*
 * How the records that meet a query are found: a plan names those that have to
 * be read at most.  Of the plans, the first one that fits is taken.
 *
 *     ids        every alternative says sys_id= or sys_idIN: these are read
 *     subjects   every alternative says = or IN of the table's x-subject: the
 *                lists of these subjects are read
 *     times      every alternative bounds sys_created_on, or sys_id: a part of
 *                the table's lists is read
 *     walk       the table's lists are read, from the newest record on
 *
 * A plan is a necessary condition of the whole query: no record that meets the
 * query lies outside of it.  Where it is not a sufficient one, the records that
 * are read have to be evaluated (secops_query_match.h).
 *
 * Pure C.
 */

#ifndef _SECOPS_QUERY_PLAN_H_INCLUDED_
#define _SECOPS_QUERY_PLAN_H_INCLUDED_


#include "model/query/secops_encoded_query.h"
#include "model/record/secops_table.h"


typedef enum {
    SECOPS_QUERY_PLAN_IDS = 0,
    SECOPS_QUERY_PLAN_SUBJECTS,
    SECOPS_QUERY_PLAN_TIMES,
    SECOPS_QUERY_PLAN_WALK
} secops_query_plan_e;


/* by ids is by the time of creation, see secops_id_compare() */

typedef enum {
    SECOPS_QUERY_NEWEST_FIRST = 0,      /* ids, descending: the default */
    SECOPS_QUERY_OLDEST_FIRST,          /* ids, ascending */
    SECOPS_QUERY_SORTED                 /* by all of the query's orders, with
                                           secops_column_compare(); of records
                                           that are equal in these, by ids,
                                           ascending */
} secops_query_sequence_e;


typedef struct {
    secops_query_plan_e       kind;
    const char               *name;     /* "ids"; static texts for logs, */
    const char               *cost;     /* tests and documentation */

    /* of IDS: ids, ascending as secops_id_compare() has it; of SUBJECTS: the
       subjects, sorted by their bytes.  None twice.  None at all: no record
       meets the query.  The slices point into the query's text, the array is
       owned */

    secops_slice_t           *values;
    size_t                    nvalues;

    /* whatever the plan: no record that was created before or after these
       meets the query.  Milliseconds, both included; 0 and UINT64_MAX where
       there is no bound */

    uint64_t                  from;
    uint64_t                  to;

    secops_query_sequence_e   sequence;
    unsigned                  filter:1; /* 1: what is read has to be evaluated;
                                           0: all of it meets the query */
} secops_query_plan_t;


/*
 * Plans a query of a table; both must outlive the plan.  0, or -1: no memory.
 * After 0 the plan is to be freed.
 */

int secops_query_plan(secops_query_plan_t *plan,
    const secops_encoded_query_t *query, const secops_table_t *table);

void secops_query_plan_free(secops_query_plan_t *plan);


#endif /* _SECOPS_QUERY_PLAN_H_INCLUDED_ */
