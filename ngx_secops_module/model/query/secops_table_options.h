
/*
 * The parameters of the Table API, all named sysparm_*, of a query string.  Any
 * other parameter is passed over, and so is one without a value.  Pure C.
 */

#ifndef _SECOPS_TABLE_OPTIONS_H_INCLUDED_
#define _SECOPS_TABLE_OPTIONS_H_INCLUDED_


#include <stdint.h>

#include "util/secops_slice.h"


/* how many records a page has: if nothing is asked, and at most */

#define SECOPS_TABLE_LIMIT  10000


typedef enum {
    SECOPS_TABLE_DISPLAY_FALSE = 0,     /* the values */
    SECOPS_TABLE_DISPLAY_TRUE,          /* as people read them */
    SECOPS_TABLE_DISPLAY_ALL            /* both */
} secops_table_display_e;


/* the slices are decoded, in the buffer that the caller gave; empty: none */

typedef struct {
    secops_slice_t          query;      /* see secops_encoded_query.h */
    secops_slice_t          fields;     /* "a,b"; empty: all */
    secops_slice_t          cursor;
    uint64_t                offset;
    uint32_t                limit;      /* 0 to SECOPS_TABLE_LIMIT */
    secops_table_display_e  display;
    unsigned                exclude_reference_link:1;
    unsigned                no_count:1;
    unsigned                suppress_pagination_header:1;
} secops_table_options_t;


/*
 * Reads args, which are encoded ("+" is a space).  buffer has room for args.len
 * bytes, and stays as long as the options are used.  NULL, or what is wrong: a
 * static sentence that names the parameter and what it may be.
 */

const char *secops_table_options_read(secops_table_options_t *options,
    secops_slice_t args, unsigned char *buffer);


/*
 * Takes the next name of sysparm_fields from *rest, without the spaces around
 * it, and moves *rest past it; empty names are passed over.  0: there is none.
 */

int secops_table_options_field_next(secops_slice_t *rest,
    secops_slice_t *name);


#endif /* _SECOPS_TABLE_OPTIONS_H_INCLUDED_ */
