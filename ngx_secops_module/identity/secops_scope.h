
/*
 * Scopes: what an api key may do, one by one.  Pure C.
 *
 * There is none without an operation that takes it: clients offer their users
 * what a scope stands for.  A name that a stored key has and that is not, or no
 * longer, known gives nothing.
 *
 * A scope of records may be narrowed to one table: "write:records" is for the
 * records of all tables, "write:records:sn_ti_lookup_result" for those of this
 * one alone.  The name of a table is what secops_table_is_name() allows; that
 * the table is not configured does not matter here.
 */

#ifndef _SECOPS_SCOPE_H_INCLUDED_
#define _SECOPS_SCOPE_H_INCLUDED_


#include "util/secops_slice.h"


#define SECOPS_SCOPE_NONE                    0x0000
#define SECOPS_SCOPE_READ_RESOURCES          0x0001
#define SECOPS_SCOPE_WRITE_RESOURCES         0x0002
#define SECOPS_SCOPE_DELETE_RESOURCES        0x0004
#define SECOPS_SCOPE_EXECUTE_JOB_OPERATIONS  0x0008
#define SECOPS_SCOPE_READ_RECORDS            0x0010
#define SECOPS_SCOPE_WRITE_RECORDS           0x0020
#define SECOPS_SCOPE_WRITE_EVENTS            0x0040
#define SECOPS_SCOPE_READ_EVENT_EXPORT       0x0080
#define SECOPS_SCOPE_WRITE_EVENT_FEEDBACK    0x0100
#define SECOPS_SCOPE_WRITE_DECISIONS         0x0200


/* the number of scopes; each has an index from 0 */

#define SECOPS_SCOPES  10


/* what a caller has; borrowed */

typedef struct {
    unsigned        whole;          /* SECOPS_SCOPE_*, not narrowed */
    secops_slice_t  narrow;         /* names of narrowed scopes, with a space
                                       after each */
} secops_scopes_t;


/* "read:resources"; the scope's bit is 1 << i.  i is below SECOPS_SCOPES */

secops_slice_t secops_scope_name(unsigned i);


/* the bit of a scope's name, letter case counts; SECOPS_SCOPE_NONE: unknown.
   table: that the name narrows the scope to, a part of the name; empty: it does
   not */

unsigned secops_scope(secops_slice_t name, secops_slice_t *table);


/* 1: one of these scopes is there, whole or narrowed to this table.  An empty
   table is none that a scope can be narrowed to */

int secops_scopes_has(const secops_scopes_t *scopes, unsigned scope,
    secops_slice_t table);

/* 1: what the name stands for is there; never so for a name that is unknown */

int secops_scopes_has_name(const secops_scopes_t *scopes, secops_slice_t name);

/* takes the first name off the list of narrowed scopes.  0: there was none */

int secops_scopes_next(secops_slice_t *narrow, secops_slice_t *name);


#endif /* _SECOPS_SCOPE_H_INCLUDED_ */
