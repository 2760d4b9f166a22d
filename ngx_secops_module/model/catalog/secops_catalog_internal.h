
/*
 * What the files of the catalog share; nobody else includes it.
 *
 *     secops_catalog.c             look-ups, what is built in
 *     secops_catalog_role.c        the roles' names
 *     secops_catalog_definition.c  a file -> a type, or categories
 *     secops_catalog_schema.c      one schema of a definition
 *     secops_catalog_view.c        what clients are told
 */

#ifndef _SECOPS_CATALOG_INTERNAL_H_INCLUDED_
#define _SECOPS_CATALOG_INTERNAL_H_INCLUDED_


#include "model/catalog/secops_catalog.h"


/* which of secops_catalog_t's meta */

#define SECOPS_CATALOG_META_TYPE        0
#define SECOPS_CATALOG_META_CATEGORIES  1


/* room for "/categories/N/processors/N" with any numbers */

#define SECOPS_CATALOG_PLACE            80


/* a definition while it is read: the same document twice */

typedef struct {
    secops_json_t           json;       /* tokens are malloc'ed */
    json_t                 *tree;
    secops_schema_error_t  *error;
} secops_catalog_document_t;


/* compiles the member name of the object at token i, which tree is as well;
   pointer is that object's.  -1: the document's error says where and why */

int secops_catalog_schema(secops_catalog_document_t *document,
    secops_catalog_schema_t *schema, uint32_t i, const json_t *tree,
    const char *pointer, const char *name);


void secops_catalog_free_type(secops_catalog_type_t *type);
void secops_catalog_free_categories(secops_catalog_t *catalog);


#endif /* _SECOPS_CATALOG_INTERNAL_H_INCLUDED_ */
