
/* Entity tags of a request's precondition.  Pure C. */

#ifndef _SECOPS_ETAG_H_INCLUDED_
#define _SECOPS_ETAG_H_INCLUDED_


#include "util/secops_slice.h"


/*
 * 1: the value of an If-Match field is "*", or a list that has this tag, which
 * is given with its quotes.  RFC 9110, 13.1.1: a weak one equals no other.
 * What is no list of tags has those that stand before its first fault.
 */

int secops_etag_is_listed(secops_slice_t list, secops_slice_t tag);


#endif /* _SECOPS_ETAG_H_INCLUDED_ */
