
/* For the secops_query_plan files only. */

#ifndef _SECOPS_QUERY_PLAN_INTERNAL_H_INCLUDED_
#define _SECOPS_QUERY_PLAN_INTERNAL_H_INCLUDED_


#include "model/query/secops_query_plan.h"


/* sets from and to, as narrow as the query allows; from is greater than to if
   no record can meet it */

void secops_query_plan_bounds(secops_query_plan_t *plan,
    const secops_encoded_query_t *query);


#endif /* _SECOPS_QUERY_PLAN_INTERNAL_H_INCLUDED_ */
