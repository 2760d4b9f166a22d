
/*
 * Scopes: what an api key may do, one by one.  Pure C.
 */

#ifndef _SECOPS_SCOPE_H_INCLUDED_
#define _SECOPS_SCOPE_H_INCLUDED_


#include "util/secops_slice.h"


#define SECOPS_SCOPE_NONE                    0x0000
#define SECOPS_SCOPE_READ_RESOURCES          0x0001
#define SECOPS_SCOPE_WRITE_RESOURCES         0x0002
#define SECOPS_SCOPE_DELETE_RESOURCES        0x0004
#define SECOPS_SCOPE_EXECUTE_JOB_OPERATIONS  0x0008
#define SECOPS_SCOPE_WRITE_EVENTS            0x0010
#define SECOPS_SCOPE_READ_EVENT_EXPORT       0x0020
#define SECOPS_SCOPE_WRITE_EVENT_FEEDBACK    0x0040


/* what an input key may do: one that was created without scopes of its own */

#define SECOPS_SCOPE_INPUT                                                    \
    (SECOPS_SCOPE_WRITE_EVENTS|SECOPS_SCOPE_READ_EVENT_EXPORT                 \
     |SECOPS_SCOPE_WRITE_EVENT_FEEDBACK)


/* the number of scopes; each has an index from 0 */

#define SECOPS_SCOPES  7


/* "read:resources"; the scope's bit is 1 << i.  i is below SECOPS_SCOPES */

secops_slice_t secops_scope_name(unsigned i);


/* the bit of a scope's name, letter case counts; SECOPS_SCOPE_NONE: unknown */

unsigned secops_scope(secops_slice_t name);


#endif /* _SECOPS_SCOPE_H_INCLUDED_ */
