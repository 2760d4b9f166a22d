
/*
 * Records: what a POSTed body means, whether its fields may be stored, and
 * the JSON that is stored and answered.  Pure C; see docs/record-api.md.
 *
 * A body is either the fields themselves, or an envelope: an object with a
 * member "data" that is an object or an array, and beside it nothing but
 * "config" and configuration parameters.  A "config" of parameters may stand
 * among the fields, too.
 */

#ifndef _SECOPS_RECORD_H_INCLUDED_
#define _SECOPS_RECORD_H_INCLUDED_


#include "model/record/secops_table.h"
#include "util/secops_error.h"
#include "util/secops_faults.h"
#include "util/secops_id.h"
#include "util/secops_text.h"
#include "util/secops_time.h"


/* the configuration parameters; all are false by default */

typedef struct {
    unsigned               ignore_mandatory_fields:1;
    unsigned               include_wrap:1;
    unsigned               simple_response:1;
    unsigned               atomic:1;    /* a batch: all records or none */
} secops_record_options_t;


/* what all records of one request may cost together */

typedef struct {
    size_t                   faults;    /* bytes of the answer so far */
    secops_schema_budget_t   patterns;
} secops_record_budget_t;


/* what is wrong with a body; the texts are malloc'ed, and freed by
   secops_record_faults_free() */

typedef struct {
    secops_record_budget_t  *budget;    /* the request's, borrowed */
    secops_faults_t          all;
    secops_text_t            missing;   /* of MANDATORY: "x,y,z" */
    secops_text_t            detail;    /* see secops_record_detail() */
} secops_record_faults_t;


typedef struct {
    unsigned char         *bytes;       /* the document's, if they may be
                                           changed: what a schema offers as a
                                           choice is then respelled where it
                                           stands in other letters; or NULL */
    uint32_t               fields;      /* token: an object, or in a batch an
                                           array of what should be objects */
    uint32_t               data;        /* of a flat body: a "data" that might
                                           have been meant as an envelope's,
                                           or 0 */
    unsigned               flat:1;      /* the fields are the body itself */
    unsigned               parameters:1;   /* of a flat body: some stand among
                                              the fields, as members … */
    unsigned               config:1;       /* … or in a "config" */
    unsigned               batch:1;
} secops_record_body_t;


/* a record that is about to be stored; all slices are borrowed */

typedef struct {
    const secops_table_t  *table;
    secops_slice_t         user;        /* UTF-8 */
    secops_slice_t         domain;      /* UTF-8 */
    unsigned char          sys_id[SECOPS_ID_LEN];
    unsigned char          created[SECOPS_TIME_LEN];
} secops_record_t;


void secops_record_budget(secops_record_budget_t *budget);

/* no faults, of a record whose request has this budget */

void secops_record_faults_init(secops_record_faults_t *faults,
    secops_record_budget_t *budget);


/*
 * Reads the parameters of a query string, or those of a body that is an
 * object, and what else the body is.  The query wins: so its parameters are
 * read last.  buffer has room for args.len bytes.  -1: faults says why.
 */

int secops_record_read_body(secops_record_body_t *body,
    const secops_json_t *json, secops_record_options_t *options,
    secops_record_faults_t *faults);
int secops_record_read_query(secops_slice_t args, unsigned char *buffer,
    secops_record_options_t *options, secops_record_faults_t *faults);


/*
 * Checks the fields of the object at token i.  where is its JSON Pointer in
 * the body.  0: it may be stored; -1: faults says why not, all of it.
 */

int secops_record_check(const secops_table_t *table, const secops_json_t *json,
    uint32_t i, const secops_record_body_t *body,
    const secops_record_options_t *options, const char *where,
    secops_record_faults_t *faults);


/* adds a fault that the caller found; the error of the first one stays unless
   a later one comes first in the table of errors */

void secops_record_fault(secops_record_faults_t *faults, secops_error_e error,
    const char *where, const char *message);

/* every fault: "/x: is required; …"; borrowed until they are freed */

secops_slice_t secops_record_detail(secops_record_faults_t *faults);

void secops_record_faults_free(secops_record_faults_t *faults);


/*
 * What the record at token i is about: the subject field's string, decoded to
 * dst (which has room for the token's bytes: the length of the document is
 * enough), or another value's bytes as they stand.  Empty: about nothing.
 */

secops_slice_t secops_record_subject(const secops_table_t *table,
    const secops_json_t *json, uint32_t i, unsigned char *dst);


/*
 * Which fact the record at token i is, by its table's x-coalesce: appended to
 * *fact, as a text that no other fact has.  1: there it is; 0: one of the
 * properties is not filled in, or the table has no x-coalesce, and the record
 * is no other's fact; -1: no memory.
 */

int secops_record_fact(const secops_table_t *table, const secops_json_t *json,
    uint32_t i, secops_text_t *fact);


/*
 * Writes the JSON object that is stored: the server's fields, then the
 * client's bytes as they came, less the parameters of a flat body, and the
 * table's defaults for fields that did not come.  dst has room for
 * secops_record_size() bytes; returns the byte after the last.
 */

size_t secops_record_size(const secops_record_t *record,
    const secops_json_t *json, uint32_t i);
unsigned char *secops_record_write(unsigned char *dst,
    const secops_record_t *record, const secops_json_t *json, uint32_t i,
    const secops_record_body_t *body);

/* the client's members alone, of which there is one at least; dst has room for
   the token's bytes */

unsigned char *secops_record_write_fields(unsigned char *dst,
    const secops_json_t *json, uint32_t i, const secops_record_body_t *body);


#endif /* _SECOPS_RECORD_H_INCLUDED_ */
