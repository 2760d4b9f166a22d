
/* Lists of names in one text, as headers and claims have them.  Pure C. */

#ifndef _SECOPS_LIST_H_INCLUDED_
#define _SECOPS_LIST_H_INCLUDED_


#include "util/secops_slice.h"


/*
 * 1 when one of the list's names is exactly this one.  Names are separated by
 * any number of commas, spaces and tabs; letter case counts; an empty name is
 * in no list.
 */

int secops_list_has(secops_slice_t list, secops_slice_t name);

/* 1: *name is the next of the list, and *rest what follows it; 0: there is
   none.  *rest is the list at first */

int secops_list_next(secops_slice_t *rest, secops_slice_t *name);


#endif /* _SECOPS_LIST_H_INCLUDED_ */
