
/* What a query string asks the catalog for.  Pure C. */

#ifndef _SECOPS_CATALOG_QUERY_H_INCLUDED_
#define _SECOPS_CATALOG_QUERY_H_INCLUDED_


#include "model/catalog/secops_catalog.h"
#include "util/secops_faults.h"


/* which parameters count; the others are passed over like those that are not
   known */

#define SECOPS_CATALOG_QUERY_TYPE      0x01     /* "integration_type", "type" */
#define SECOPS_CATALOG_QUERY_ROLE      0x02     /* "role" */
#define SECOPS_CATALOG_QUERY_CATEGORY  0x04     /* "category" */


typedef struct {
    const secops_catalog_type_t      *type;     /* NULL: not given */
    int                               role;     /* SECOPS_CATALOG_ANY_ROLE:
                                                   not given */
    const secops_catalog_category_t  *category;  /* NULL: not given */
} secops_catalog_query_t;


/*
 * Reads a query string.  buffer has room for its length.  A parameter without
 * a value counts as not given.  -1: see faults: a type or a category that does
 * not exist, a type that has not the role (SECOPS_ERROR_NO_RESOURCE), a role
 * that is none, a parameter that is given twice (SECOPS_ERROR_RESOURCES).
 */

int secops_catalog_read_query(secops_catalog_query_t *query,
    const secops_catalog_t *catalog, unsigned parameters, secops_slice_t args,
    unsigned char *buffer, secops_faults_t *faults);


#endif /* _SECOPS_CATALOG_QUERY_H_INCLUDED_ */
