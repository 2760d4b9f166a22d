
/*
 * Whether a record meets an encoded query.  It is found out piece by piece, so
 * that whoever asks of many or large records need not wait: after so much work
 * the evaluation stops, and the next call goes on with it.
 *
 * What is compared is the text of a column, see secops_column.h, of which an
 * absent one has "".
 *
 *     =, IN          the text is the value, all bytes; and where the record
 *                    has a JSON number and the value is one, both are the same
 *                    number
 *     < <= > >=      by what they say if both are numbers, else by their
 *     BETWEEN        bytes; not met by an empty text.  Two ids of records are
 *                    compared as secops_id.h does, so that paging by
 *                    "sys_id>…" meets each record once
 *     SAMEAS         the texts are the same, or both are numbers, at least one
 *                    of them a JSON number, and the same number
 *     INSTANCEOF     the value is the name of the record's table
 *     EMPTYSTRING    the record has the column, and it is ""
 *
 * != NOT IN, DOES NOT CONTAIN (NOT LIKE, !*), ISNOTEMPTY and NSAMEAS are met
 * where =, IN, CONTAINS, ISEMPTY and SAMEAS are not: also by an absent column.
 *
 * Pure C; no memory but the caller's.
 */

#ifndef _SECOPS_QUERY_MATCH_H_INCLUDED_
#define _SECOPS_QUERY_MATCH_H_INCLUDED_


#include "model/query/secops_column.h"
#include "model/query/secops_encoded_query.h"


/* the caller's, who looks at no field; one serves all records of a query */

typedef struct {
    const secops_encoded_query_t  *query;
    const secops_json_t           *json;
    secops_slice_t                 table;

    uint32_t                       key;     /* the member to look at next; 0:
                                               all columns are resolved */
    uint32_t                       missing; /* columns not found so far */
    uint32_t                       condition;   /* that is evaluated */
    unsigned                       begun;   /* it was, and has a state: */

    secops_column_reader_t         text;
    secops_column_reader_t         other;   /* of SAMEAS */
    secops_slice_t                 piece;   /* of either, not compared yet */
    secops_slice_t                 other_piece;
    size_t                         at;      /* bytes compared, or found */
    uint32_t                       low;     /* the values that begin with what
                                               was compared are [low, high); */
    uint32_t                       high;    /* of BETWEEN, low: which bound */

    uint32_t                       tokens[SECOPS_ENCODED_QUERY_COLUMNS];
} secops_query_match_t;


/*
 * The record is the object at token 0 of json.  The query, the record and its
 * text stay until the evaluation has ended.
 */

void secops_query_match_begin(secops_query_match_t *match,
    const secops_encoded_query_t *query, secops_slice_t table,
    const secops_json_t *json);


/*
 * Goes on with the evaluation.  1: the record meets the query; 0: it does not;
 * SECOPS_QUERY_AGAIN: *work is used up, call again with more.  What was done is
 * taken from *work, which must not be 0: a byte that was compared is 1, and a
 * member or a condition that was looked at is 8.  So one takes a nanosecond or
 * two, and up to eight where a text is made of escapes.
 */

#define SECOPS_QUERY_AGAIN  2

int secops_query_match_run(secops_query_match_t *match, size_t *work);


#endif /* _SECOPS_QUERY_MATCH_H_INCLUDED_ */
