
/*
 * Encoded queries, as the Table API has them in sysparm_query:
 *
 *     finding=Malicious^ORfinding=Suspicious^threat_score>=80^ORDERBYDESCsys_id
 *
 *     query      condition { "^" condition }
 *     ^OR        joins a condition to the one before it: a^b^ORc is
 *                a and (b or c)
 *     ^NQ        begins another query, of which the whole is an alternative
 *     ORDERBYc, ORDERBYDESCc    stand anywhere, the first counts most
 *     EQ                        ends a query, and means nothing
 *     RLQUERY … ENDRLQUERY      is passed over, with all that is in it
 *     JOIN…                     is passed over
 *
 * A condition is a column, an operator and a value.  A column is of
 * [a-z0-9_.], so that the operator, capital letters or signs, is what follows;
 * of two operators that fit, the longer one is meant.  A table's own column may
 * have other characters: then its name is what stands before an operator.
 *
 * What cannot be read, and what is about a column that the table does not have,
 * is ignored when records are listed, as the original does, and counted: a
 * query that changes or deletes records must have none of it.  A condition that
 * is ignored leaves its place in the query: with b ignored, a^b^ORc is a and c,
 * never "a or c".  An alternative of which all is ignored is none.
 *
 * Pure C.  A query that was read refers to the text it was read from, which
 * must outlive it.
 */

#ifndef _SECOPS_ENCODED_QUERY_H_INCLUDED_
#define _SECOPS_ENCODED_QUERY_H_INCLUDED_


#include <stdint.h>

#include "util/secops_slice.h"


/* what is kept of a query at most; what is ignored does not count */

#define SECOPS_ENCODED_QUERY_CONDITIONS  256
#define SECOPS_ENCODED_QUERY_ORDERS      8
#define SECOPS_ENCODED_QUERY_VALUES      5000   /* of all IN and NOT IN */

/* a condition names two columns at most */

#define SECOPS_ENCODED_QUERY_COLUMNS  (2 * SECOPS_ENCODED_QUERY_CONDITIONS)


/* comparisons without regard to case know ASCII's letters only */

typedef enum {
    SECOPS_QUERY_EQUAL = 0,
    SECOPS_QUERY_NOT_EQUAL,
    SECOPS_QUERY_LESS,
    SECOPS_QUERY_LESS_EQUAL,
    SECOPS_QUERY_GREATER,
    SECOPS_QUERY_GREATER_EQUAL,
    SECOPS_QUERY_BETWEEN,               /* "a@b", both included */
    SECOPS_QUERY_IN,                    /* "a,b" */
    SECOPS_QUERY_NOT_IN,
    SECOPS_QUERY_STARTS_WITH,           /* these four without regard to case */
    SECOPS_QUERY_ENDS_WITH,
    SECOPS_QUERY_CONTAINS,
    SECOPS_QUERY_NOT_CONTAINS,
    SECOPS_QUERY_IS_EMPTY,              /* these four have no value; "=" and
                                           "!=" without one are the first two */
    SECOPS_QUERY_IS_NOT_EMPTY,
    SECOPS_QUERY_EMPTY_STRING,
    SECOPS_QUERY_ANYTHING,
    SECOPS_QUERY_SAME_AS,               /* value: another column */
    SECOPS_QUERY_NOT_SAME_AS,
    SECOPS_QUERY_INSTANCE_OF            /* value: a table */
} secops_query_operator_e;


/* what a value is compared as, by < <= > >= and BETWEEN */

typedef enum {
    SECOPS_QUERY_TEXT = 0,
    SECOPS_QUERY_NUMBER,
    SECOPS_QUERY_ID                     /* the column is sys_id */
} secops_query_kind_e;


/*
 * Conditions of one group stand one after the other, and so do the groups of
 * one alternative.  A query is met when of one alternative each group has a
 * condition that is met; without any condition it is met, too.
 */

typedef struct {
    secops_slice_t            column;
    secops_slice_t            value;    /* empty where the operator has none; of
                                           BETWEEN the lower one */
    secops_slice_t            upper;    /* of BETWEEN */
    secops_query_operator_e   operator;
    secops_query_kind_e       kind;
    secops_query_kind_e       upper_kind;

    uint16_t                  column_id;    /* index into the columns */
    uint16_t                  other_id;     /* of SAME_AS: the other one's */
    uint16_t                  group;        /* index of the condition after the
                                               group that this one is in … */
    uint16_t                  alternative;  /* … and after the alternative */

    /* of EQUAL, NOT_EQUAL, IN and NOT_IN: the values, sorted by their bytes,
       none twice; and those of them that are numbers, by what they say, none
       twice */

    const secops_slice_t     *values;
    const secops_slice_t     *numbers;
    uint32_t                  nvalues;
    uint32_t                  nnumbers;

    /* of STARTS_WITH to NOT_CONTAINS: the value in small letters; and for each
       of its prefixes the length of the longest other prefix it ends with */

    const unsigned char      *pattern;
    const uint32_t           *borders;

    void                     *memory;   /* of these; owned */
} secops_query_condition_t;


typedef struct {
    secops_slice_t            column;
    unsigned                  descending;
} secops_query_order_t;


/* a column that conditions are about, each of them once */

typedef struct {
    secops_slice_t            name;
    uint32_t                  hash;     /* secops_json_hash() of it */
} secops_query_column_t;


typedef struct {
    secops_query_condition_t  *conditions;  /* owned */
    size_t                     n;

    secops_query_order_t       orders[SECOPS_ENCODED_QUERY_ORDERS];
    size_t                     norders;

    /* owned; slots is a hash table of 1 + index into columns */

    secops_query_column_t     *columns;
    uint16_t                  *slots;
    uint32_t                   ncolumns;
    uint32_t                   mask;

    size_t                     nvalues;     /* of all IN and NOT IN */
    size_t                     unread;      /* parts that were ignored */
} secops_encoded_query_t;


/*
 * Whether a table has a column; the caller's.  1 or 0.  A condition or an order
 * on a column that is not there is ignored, and counted as unread.
 */

typedef int (*secops_query_has_column_pt)(void *data, secops_slice_t column);


#define SECOPS_ENCODED_QUERY_OK               0

/* more than there may be: see the figures above */

#define SECOPS_ENCODED_QUERY_MANY_CONDITIONS  1
#define SECOPS_ENCODED_QUERY_MANY_ORDERS      2
#define SECOPS_ENCODED_QUERY_MANY_VALUES      3

/*
 * Reads text, which is decoded already.  SECOPS_ENCODED_QUERY_OK, one of
 * _MANY_*, or -1: no memory.  Only after _OK there is something to free.
 */

int secops_encoded_query_read(secops_encoded_query_t *query,
    secops_slice_t text, secops_query_has_column_pt has_column, void *data);

void secops_encoded_query_free(secops_encoded_query_t *query);


#endif /* _SECOPS_ENCODED_QUERY_H_INCLUDED_ */
