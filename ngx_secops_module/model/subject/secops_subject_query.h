
/* What may be asked about a subject.  Pure C. */

#ifndef _SECOPS_SUBJECT_QUERY_H_INCLUDED_
#define _SECOPS_SUBJECT_QUERY_H_INCLUDED_


#include "util/secops_slice.h"


/* decoded; any of them may be given, and be empty */

typedef struct {
    secops_slice_t   value;         /* the subject */
    secops_slice_t   max_age;       /* a time in nginx's syntax, not checked */
    secops_slice_t   table;         /* a name, not checked */
    unsigned         has_value:1;
    unsigned         has_max_age:1;
    unsigned         has_table:1;
} secops_subject_query_t;


/* NULL, or what is wrong: static text.  buffer has room for args.len bytes, and
   stays as long as the values are used */

const char *secops_subject_read_query(secops_subject_query_t *query,
    secops_slice_t args, unsigned char *buffer);


#endif /* _SECOPS_SUBJECT_QUERY_H_INCLUDED_ */
