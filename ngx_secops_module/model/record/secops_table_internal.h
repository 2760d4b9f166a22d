
/* For the secops_table files only. */

#ifndef _SECOPS_TABLE_INTERNAL_H_INCLUDED_
#define _SECOPS_TABLE_INTERNAL_H_INCLUDED_


#include "model/record/secops_table.h"


/* of the schema in data, which was compiled; -1: error says what is wrong */

int secops_table_read_defaults(secops_table_t *table,
    const unsigned char *data, size_t len, secops_schema_error_t *error);

void secops_table_free_defaults(secops_table_t *table);


/* x-engine and x-finding of the schema, which was compiled; -1: error says what
   is wrong */

int secops_table_read_facts(secops_table_t *table,
    secops_schema_error_t *error);


#endif /* _SECOPS_TABLE_INTERNAL_H_INCLUDED_ */
