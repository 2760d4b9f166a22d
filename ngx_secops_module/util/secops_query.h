
/*
 * Query strings by a table of the parameters that somebody knows, and rules
 * for the others: every reader of a query string says in one table what it
 * takes, and what it does not let pass.  Pure C.
 *
 * SECOPS_QUERY_DOMAIN is for every request, whatever it is about, and is read
 * before a request is: it is unknown to no reader, and passed over by those
 * that do not name it.
 */

#ifndef _SECOPS_QUERY_H_INCLUDED_
#define _SECOPS_QUERY_H_INCLUDED_


#include "util/secops_slice.h"


#define SECOPS_QUERY_DOMAIN  "sysparm_domain"

/* an id below 32; several names may have the same */

typedef struct {
    const char                 *name;
    unsigned                    id;
} secops_query_name_t;


typedef struct {
    const secops_query_name_t  *names;      /* the last one is NULL */
    unsigned                    unknown:1;  /* 1: any other name is told; 0: it
                                               is passed over */
    unsigned                    empty:1;    /* 1: a value may be empty; 0: such
                                               a parameter is passed over */
    unsigned                    twice:1;    /* 1: an id that comes again is
                                               told; 0: it is a parameter like
                                               the first */
} secops_query_rules_t;


typedef enum {
    SECOPS_QUERY_END = 0,
    SECOPS_QUERY_PARAMETER,
    SECOPS_QUERY_UNKNOWN,
    SECOPS_QUERY_TWICE
} secops_query_status_e;


typedef struct {
    const secops_query_rules_t  *rules;
    secops_slice_t               rest;      /* of the query string, encoded */
    unsigned                     given;     /* bits of ids */
    unsigned char               *buffer;    /* what is left of it */

    /* what was found: of PARAMETER and TWICE; the value is decoded, in the
       buffer, and stays there */

    const secops_query_name_t   *name;
    secops_slice_t               value;
} secops_query_t;


/* args is the query string, encoded, borrowed like the rules.  buffer has room
   for args.len bytes, and stays as long as the values are used */

void secops_query_begin(secops_query_t *query,
    const secops_query_rules_t *rules, secops_slice_t args,
    unsigned char *buffer);

/* END: there is no more.  The next call goes on after any other */

secops_query_status_e secops_query_next(secops_query_t *query);


#endif /* _SECOPS_QUERY_H_INCLUDED_ */
