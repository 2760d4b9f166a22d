
/*
 * What is known about one subject: of its records in several tables the newest
 * result of each engine, the worst of these, and when the subject was seen.
 *
 * Two results are of one engine if the property that the table's x-engine names
 * has the same text in both; all that have none are of one engine, too.  The
 * worst result is the one whose finding comes first in the list of its table.
 * An engine's newer result takes back what it said before, so that only the
 * newest of each is looked at for the worst.
 *
 * A result is as old as its record; in a table with x-coalesce as the latest
 * change of that.  Times are compared as text.  Pure C.
 */

#ifndef _SECOPS_SUBJECT_H_INCLUDED_
#define _SECOPS_SUBJECT_H_INCLUDED_


#include "model/record/secops_table.h"
#include "util/secops_id.h"
#include "util/secops_text.h"
#include "util/secops_time.h"


/* a time as text; the first byte is 0: it is not known */

typedef unsigned char  secops_subject_time_t[SECOPS_TIME_LEN];


/* the newest result of an engine; borrows id and document */

typedef struct {
    size_t                  list;       /* index of its table's */
    size_t                  order;      /* of the engines, as they came */
    size_t                  engine;     /* offset of its name in names */
    size_t                  len;        /* of it; 0: nobody is named */
    size_t                  finding;    /* index in the table's; nfindings: it
                                           has none of these */
    secops_subject_time_t   seen;
    const unsigned char    *id;
    secops_slice_t          document;
} secops_subject_result_t;


/* a table's records about the subject */

typedef struct {
    const secops_table_t   *table;
    secops_slice_t          domain;     /* borrowed; without data it is not
                                           told */
    uint64_t                records;    /* that there are */
    uint64_t                examined;   /* that were read, of any age */
    unsigned                rest:1;     /* 1: there are more than were told */
    unsigned                truncated:1;    /* 1: of those that are young
                                               enough not all were read */
    secops_subject_time_t   first;
    secops_subject_time_t   last;
    secops_subject_time_t   reached;    /* creation of the last that was told */
    uint64_t                findings[SECOPS_TABLE_FINDINGS_MAX];
} secops_subject_list_t;


typedef struct {
    secops_subject_list_t    *lists;    /* the caller's */
    size_t                    nlists;
    secops_subject_result_t  *results;  /* malloc'ed; of one table together, the
                                           worst first, once it has ended */
    size_t                    nresults;
    size_t                    room;     /* for results */
    secops_text_t             names;    /* of engines, one after the other */
    secops_subject_time_t     since;    /* results are at least that young */
    secops_slice_t            domain;   /* of the tables that come next */
    unsigned                  failed:1; /* 1: there was no memory */
} secops_subject_t;


/*
 * lists has room for as many tables as will be told.  since is a time as text
 * (SECOPS_TIME_LEN bytes), or NULL: results may be of any age.
 */

void secops_subject_begin(secops_subject_t *subject,
    secops_subject_list_t *lists, const unsigned char *since);


/* the tables that come next are of this domain, which is told with them: where
   several domains are looked at, each has all tables.  Borrowed */

void secops_subject_domain(secops_subject_t *subject, secops_slice_t domain);


/*
 * A table that has records about the subject: how many in all, how many of
 * these will be told, and the id of the oldest, or NULL if it is not known.
 * Then each of them, the newest first.  A document without data is of a record
 * that is gone, an empty one was too large to be read; one that is no JSON is
 * passed over.
 */

void secops_subject_table(secops_subject_t *subject,
    const secops_table_t *table, uint64_t records, uint64_t told,
    const unsigned char *oldest);
void secops_subject_record(secops_subject_t *subject,
    const unsigned char id[SECOPS_ID_LEN], secops_slice_t document);


/* 1: there are results; 0: there are none; -1: there was no memory */

int secops_subject_end(secops_subject_t *subject);


/* the answer, as docs/tables.md has it; value is what they are all about,
   UTF-8.  Without memory the text says that it failed */

void secops_subject_write(const secops_subject_t *subject,
    secops_slice_t value, secops_text_t *text);


void secops_subject_free(secops_subject_t *subject);


#endif /* _SECOPS_SUBJECT_H_INCLUDED_ */
