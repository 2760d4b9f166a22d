
/*
 * Scopes: what an api key may do, one by one.  Pure C.
 *
 * There is none without an operation that takes it: clients offer their users
 * what a scope stands for.  A name that a stored key has and that is not, or no
 * longer, known gives nothing.
 */

#ifndef _SECOPS_SCOPE_H_INCLUDED_
#define _SECOPS_SCOPE_H_INCLUDED_


#include "util/secops_slice.h"


#define SECOPS_SCOPE_NONE                    0x0000
#define SECOPS_SCOPE_READ_RESOURCES          0x0001
#define SECOPS_SCOPE_WRITE_RESOURCES         0x0002
#define SECOPS_SCOPE_DELETE_RESOURCES        0x0004
#define SECOPS_SCOPE_EXECUTE_JOB_OPERATIONS  0x0008


/* the number of scopes; each has an index from 0 */

#define SECOPS_SCOPES  4


/* "read:resources"; the scope's bit is 1 << i.  i is below SECOPS_SCOPES */

secops_slice_t secops_scope_name(unsigned i);


/* the bit of a scope's name, letter case counts; SECOPS_SCOPE_NONE: unknown */

unsigned secops_scope(secops_slice_t name);


#endif /* _SECOPS_SCOPE_H_INCLUDED_ */
