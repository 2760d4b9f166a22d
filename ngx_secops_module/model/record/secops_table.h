
/*
 * A record table: a JSON Schema with the annotations that make it an endpoint.
 *
 *     x-endpoint   last segment of the path that records are POSTed to:
 *                  [a-z0-9_-], at most 80 bytes; required
 *     x-label      the table's name for people; required
 *     x-subject    the property that says what a record is about; optional
 *     x-engine     the property that says who told what a record says; optional
 *     x-finding    the property that has the verdict; optional.  Its "enum" is
 *                  a list of strings, the worst verdict first
 *     x-coalesce   properties that together say which fact a record is: a
 *                  record that agrees in them with a stored one changes it,
 *                  and is not added; optional.  x-subject is one of them
 *     x-retention  how long a record is kept: a length of time as nginx.conf
 *                  has it, or "off", for ever; optional
 *     default      of a property: stored where a record does not have it
 *     x-reference  of a property: the table whose records' ids it has.  That
 *                  table need not be one of the module's own
 *
 * Mandatory fields are what the schema requires of the root object, also from
 * within "if", "then", "else" and "allOf".  Pure C.
 */

#ifndef _SECOPS_TABLE_H_INCLUDED_
#define _SECOPS_TABLE_H_INCLUDED_


#include "model/schema/secops_schema.h"


/* choices of the property that x-finding names */

#define SECOPS_TABLE_FINDINGS_MAX  32

/* properties that x-coalesce names */

#define SECOPS_TABLE_COALESCE_MAX  16

/* bytes, also of an endpoint */

#define SECOPS_TABLE_NAME_MAX  80

/*
 * How long records are kept is a number of seconds from 1 on, or one of these.
 * "off" is more than nothing at all: records may have been retired before, and
 * then their lists still have an expiry, which has to be taken away.  Neither
 * is -1, which configurations have for what is unset.
 */

#define SECOPS_TABLE_NOT_SAID    0
#define SECOPS_TABLE_FOR_EVER  (-2)


typedef struct {
    secops_slice_t           name;      /* decoded */
    secops_slice_t           member;    /* "name":value, as JSON */
} secops_table_default_t;


typedef struct {
    secops_slice_t           column;    /* decoded */
    secops_slice_t           table;     /* [a-z0-9_] */
} secops_table_reference_t;


typedef struct {
    secops_slice_t    name;         /* "sn_ti_lookup_result"; borrowed */
    secops_slice_t    endpoint;     /* these five are owned by the schema */
    secops_slice_t    label;
    secops_slice_t    subject;      /* empty: records are about nothing */
    secops_slice_t    engine;       /* empty: nobody is named */
    secops_slice_t    finding;      /* empty: records have no verdict */
    secops_schema_t  *schema;       /* owned */

    secops_table_default_t  *defaults;  /* owned, with what they point to */
    size_t                   ndefaults;
    size_t                   defaults_size; /* of their members and commas */

    secops_slice_t           findings[SECOPS_TABLE_FINDINGS_MAX];
    size_t                   nfindings;     /* verdicts, decoded, the worst
                                               first; owned by the schema */

    secops_slice_t           coalesce[SECOPS_TABLE_COALESCE_MAX];
    size_t                   ncoalesce;     /* 0: each record is added; owned by
                                               the schema */

    secops_table_reference_t *references;   /* owned; what they point to is the
                                               schema's */
    size_t                   nreferences;

    /* see secops_table_has_column(); owned; what they point to is the
       schema's, or static.  A slot of the hash table has 1 + an index */

    secops_slice_t          *columns;
    uint32_t                *column_slots;
    uint32_t                 ncolumns;
    uint32_t                 column_mask;

    int64_t                  retention;     /* seconds; or see above */
    int64_t                  retired;       /* until then, in seconds since the
                                               epoch, lists may have an expiry
                                               from before; 0: they have none.
                                               For the table's owner to set */

    unsigned                 subject_text:1;    /* a subject is a string always,
                                                   by its "type" */
} secops_table_t;


/*
 * Compiles data into *table.  name must outlive the table.  -1: it is no table;
 * error says where and why, and nothing is left to free.
 */

int secops_table_compile(secops_table_t *table, secops_slice_t name,
    const unsigned char *data, size_t len, secops_schema_error_t *error);

void secops_table_free(secops_table_t *table);


/* how long records are kept, from a text as x-retention has it; -1: it is none,
   and secops_table_retention_form tells what one is */

int secops_table_retention(int64_t *retention, secops_slice_t text);

extern const char  secops_table_retention_form[];


/* 1: [a-z0-9_], one byte at least and SECOPS_TABLE_NAME_MAX at most: it may be
   the name of a table */

int secops_table_is_name(secops_slice_t text);


int secops_table_has_default(const secops_table_t *table,
    secops_slice_t name);

/* 1: x-coalesce names this property */

int secops_table_is_of_fact(const secops_table_t *table, secops_slice_t name);


/*
 * 1: records can be found by this column, given decoded.  It is a property that
 * the schema declares, at its root or in "allOf", "anyOf", "oneOf", "if",
 * "then" and "else" there, or a member that the server writes.
 */

int secops_table_has_column(const secops_table_t *table, secops_slice_t name);


/* what a column refers to; NULL: it is no reference */

const secops_table_reference_t *secops_table_reference(
    const secops_table_t *table, secops_slice_t column);


#endif /* _SECOPS_TABLE_H_INCLUDED_ */
