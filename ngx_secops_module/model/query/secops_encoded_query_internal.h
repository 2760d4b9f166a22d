
/* For the secops_encoded_query and secops_query_match files only. */

#ifndef _SECOPS_ENCODED_QUERY_INTERNAL_H_INCLUDED_
#define _SECOPS_ENCODED_QUERY_INTERNAL_H_INCLUDED_


#include "model/query/secops_encoded_query.h"


/*
 * Makes what evaluating a query needs.  So far a condition's group and
 * alternative say whether it begins one; afterwards, where it ends.
 * SECOPS_ENCODED_QUERY_OK, _MANY_VALUES, or -1: no memory.
 */

int secops_encoded_query_prepare(secops_encoded_query_t *query);


/* an ASCII letter as a small one, any other byte as it is */

static inline unsigned char
secops_query_lower(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') ? c | 0x20 : c;
}


#endif /* _SECOPS_ENCODED_QUERY_INTERNAL_H_INCLUDED_ */
