
/* For the secops_query_match and secops_query_text files only. */

#ifndef _SECOPS_QUERY_MATCH_INTERNAL_H_INCLUDED_
#define _SECOPS_QUERY_MATCH_INTERNAL_H_INCLUDED_


#include "model/query/secops_encoded_query_internal.h"
#include "model/query/secops_query_match.h"


/* the work of looking at a member or a condition, or at a list for one byte */

#define SECOPS_QUERY_LOOK  8


/*
 * What a condition asks, before it is negated: 1, 0, or SECOPS_QUERY_AGAIN.
 * One that begins is called once for a record; after SECOPS_QUERY_AGAIN, which
 * says no more than that the text has to be read, the one that meets follows,
 * and is called until it answers, with *work that is not 0 but for the first
 * time.
 */

typedef int (*secops_query_meets_pt)(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work);


/* the value, or one of the values */

int secops_query_begin_values(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work);
int secops_query_meets_values(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work);

/* less, greater, between */

int secops_query_begin_order(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work);
int secops_query_meets_order(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work);

/* a part of the text, in letters of any case */

int secops_query_begin_pattern(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work);
int secops_query_begin_suffix(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work);
int secops_query_meets_prefix(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work);
int secops_query_meets_suffix(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work);
int secops_query_meets_part(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work);

/* another column */

int secops_query_begin_same(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work);
int secops_query_meets_same(secops_query_match_t *match,
    const secops_query_condition_t *condition, size_t *work);


static inline void
secops_query_spend(size_t *work, size_t n)
{
    *work = n < *work ? *work - n : 0;
}


#endif /* _SECOPS_QUERY_MATCH_INTERNAL_H_INCLUDED_ */
