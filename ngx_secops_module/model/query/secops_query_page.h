
/*
 * A page of the records that meet a query: of all that are found, in whatever
 * order they come, limit of them from offset on, in the query's sequence.
 *
 *     begin
 *     for each record that meets the query: add
 *     end ──> the page's ids, and how many records there are in all
 *
 * Of the records only as many are kept as may still be of the page or before
 * it: memory is 48 bytes for each of them, and their sort keys.  They are in a
 * heap whose first one is the one to go next.
 *
 * In the order of ids a page may begin behind a record instead, so that pages
 * which follow each other stay what they are, whatever comes before them.
 *
 * Pure C.
 */

#ifndef _SECOPS_QUERY_PAGE_H_INCLUDED_
#define _SECOPS_QUERY_PAGE_H_INCLUDED_


#include "model/query/secops_query_plan.h"
#include "util/secops_id.h"


/* records that are sorted by another column than their ids, at most */

#define SECOPS_QUERY_PAGE_SORTED  10000


typedef struct {
    unsigned char                  id[SECOPS_ID_LEN];
    unsigned char                  origin;
    unsigned char                 *keys;    /* owned; NULL in the order of
                                               ids */
} secops_query_found_t;


typedef struct {
    secops_query_found_t          *found;   /* owned */
    size_t                         n;
    size_t                         capacity;
    size_t                         room;    /* records that are kept at most */
    unsigned                       backward:1;  /* the last ones are kept */
    unsigned                       more:1;      /* not all of them were */
} secops_query_heap_t;


/* the caller sets the first part and zeroes the rest, and reads the last one */

typedef struct {
    const secops_encoded_query_t  *query;       /* borrowed */
    secops_query_sequence_e        sequence;
    uint64_t                       offset;
    size_t                         limit;
    const unsigned char           *cursor;      /* borrowed: an id, or NULL;
                                                   with it there is no offset */

    secops_query_heap_t            kept;        /* of the page, and before it */
    secops_query_heap_t            before;      /* with a cursor: up to it */
    size_t                         skip;        /* of the kept ones */

    unsigned char                  origin;      /* where the record that is
                                                   added next comes from: what
                                                   that is the caller knows */

    uint64_t                       total;       /* that were added */
    unsigned char                 *ids;         /* of the page; owned */
    unsigned char                 *origins;     /* of each of them; owned */
    size_t                         nids;
    unsigned                       more;        /* others stand behind it */

    /* the record behind which the page before this one begins; only in the
       order of ids, and unless that page is the first one */

    unsigned char                  previous[SECOPS_ID_LEN];
    unsigned                       has_previous;
} secops_query_page_t;


/* 0, or -1: no memory */

int secops_query_page_begin(secops_query_page_t *page);


/*
 * One record more, with its document, whose columns are looked at if it is
 * sorted by them.  0; _MANY: there are more than can be sorted; -1: no memory.
 */

#define SECOPS_QUERY_PAGE_MANY  1

int secops_query_page_add(secops_query_page_t *page,
    const unsigned char id[SECOPS_ID_LEN], const secops_json_t *json);


/* of a page that has as many records as it can have, the last one as of now;
   NULL: it has fewer.  _cut: no others will be looked for, though there may be
   some behind it */

const unsigned char *secops_query_page_last(const secops_query_page_t *page);
void secops_query_page_cut(secops_query_page_t *page);


/* goes on with putting the page in order, with at most so many of its records.
   0: it is done; SECOPS_QUERY_PAGE_AGAIN: call it again */

#define SECOPS_QUERY_PAGE_AGAIN  2

int secops_query_page_end(secops_query_page_t *page, size_t n);


void secops_query_page_free(secops_query_page_t *page);


#endif /* _SECOPS_QUERY_PAGE_H_INCLUDED_ */
