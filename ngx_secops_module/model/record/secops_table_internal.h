
/* For the secops_table files only. */

#ifndef _SECOPS_TABLE_INTERNAL_H_INCLUDED_
#define _SECOPS_TABLE_INTERNAL_H_INCLUDED_


#include "model/record/secops_table.h"


/* of the schema in data, which was compiled; -1: error says what is wrong */

int secops_table_read_defaults(secops_table_t *table,
    const unsigned char *data, size_t len, secops_schema_error_t *error);

void secops_table_free_defaults(secops_table_t *table);


/* x-engine, x-finding and x-coalesce of the schema, which was compiled; the
   defaults are known.  -1: error says what is wrong */

int secops_table_read_facts(secops_table_t *table,
    secops_schema_error_t *error);


/* x-retention of the schema; as the facts */

int secops_table_read_retention(secops_table_t *table,
    secops_schema_error_t *error);


/* x-reference of the schema's properties; as the facts */

int secops_table_read_references(secops_table_t *table,
    secops_schema_error_t *error);

void secops_table_free_references(secops_table_t *table);


/* of the schema, which was compiled; -1: error says that there is no memory */

int secops_table_read_columns(secops_table_t *table,
    secops_schema_error_t *error);

void secops_table_free_columns(secops_table_t *table);


/* 1: it may be the name of a table; with dashes, of an endpoint */

static inline int
secops_table_is_word(secops_slice_t text, int dash)
{
    size_t         i;
    unsigned char  c;

    if (text.len == 0 || text.len > SECOPS_TABLE_NAME_MAX) {
        return 0;
    }

    for (i = 0; i < text.len; i++) {

        c = text.data[i];

        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'
            || (c == '-' && dash))
        {
            continue;
        }

        return 0;
    }

    return 1;
}


#endif /* _SECOPS_TABLE_INTERNAL_H_INCLUDED_ */
