
/*
 * What clients are told of the catalog.  All functions return a document that
 * is the caller's, or NULL: no memory.  The order of members is always the
 * same: types by name, parameters as their definition has them.
 */

#ifndef _SECOPS_CATALOG_VIEW_H_INCLUDED_
#define _SECOPS_CATALOG_VIEW_H_INCLUDED_


#include "model/catalog/secops_catalog.h"


#define SECOPS_CATALOG_ANY_ROLE  (-1)


/*
 * A draft-07 schema of an object with one member per type, whose schema is
 * that of the connection's parameters, or of the role's.  Without a type: of
 * all that can be created, or that support the role.
 */

json_t *secops_catalog_view_schema(const secops_catalog_t *catalog,
    const secops_catalog_type_t *type, int role);


/* {"integration_types": [...]}: all types, or those that support the role */

json_t *secops_catalog_view_types(const secops_catalog_t *catalog, int role);

/* one of them, with its parameters; those of the pipeline for all roles or the
   one */

json_t *secops_catalog_view_type(const secops_catalog_type_t *type, int role);


/* {"job_categories": [...]}; and one of them, with its parameters */

json_t *secops_catalog_view_categories(const secops_catalog_t *catalog);
json_t *secops_catalog_view_category(
    const secops_catalog_category_t *category);


#endif /* _SECOPS_CATALOG_VIEW_H_INCLUDED_ */
