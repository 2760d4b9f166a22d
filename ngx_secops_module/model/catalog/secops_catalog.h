
/*
 * The catalog: which integration types exist, with which parameters in which
 * roles, and which categories of jobs.  It is made once, when the
 * configuration is read, of definitions: JSON files that are compiled in, and
 * those of secops_schema_dir, which add to them or take their places.  From
 * then on it is read-only.  Pure C.
 *
 * A definition of an integration type (schema/meta/integration.json):
 *
 *     {
 *         "x-id": 1, "title": "Elasticsearch", "description": "...",
 *         "x-creatable": true,
 *         "connection": { a schema: the parameters of an integration },
 *         "roles": { "input": { a schema: those of a pipeline's entry }, ... }
 *     }
 *
 * Of the schemas it is known, besides that they were compiled:
 *
 *     the root says "type": "object" and has "properties";
 *     "writeOnly" and "default" stand only where the instance's members and
 *     elements lead straight to them: below "properties", "items" (one schema)
 *     and "additionalProperties".  So who masks secrets and fills in defaults
 *     walks these three, and misses none;
 *     what is writeOnly is of "type": "string", and has no default;
 *     "x-secret-for" stands beside "writeOnly": true, and names the parameters
 *     that say where the secret goes, members of the schema's root; it is bound
 *     to all of them without it;
 *     "x-reference", which stands like these, names a type of resources, and
 *     is of a string: one that must refer to such a resource;
 *     a default is valid by its own schema;
 *     there is neither "$ref" nor "$id": schemas are put into one document,
 *     where both would mean something else.
 */

#ifndef _SECOPS_CATALOG_H_INCLUDED_
#define _SECOPS_CATALOG_H_INCLUDED_


#include <jansson.h>

#include "model/schema/secops_schema.h"


/* what an integration does in a job's pipeline, in the order of the events'
   way through it */

typedef enum {
    SECOPS_CATALOG_INPUT = 0,
    SECOPS_CATALOG_ENRICHMENT,
    SECOPS_CATALOG_PROCESSOR,
    SECOPS_CATALOG_CASE_CREATION,
    SECOPS_CATALOG_POST_DECISION,
    SECOPS_CATALOG_OUTPUT,

    SECOPS_CATALOG_ROLES
} secops_catalog_role_e;


/* the same schema twice: to validate with, and to be looked into */

typedef struct {
    secops_schema_t               *schema;
    const json_t                  *json;    /* of the definition */
} secops_catalog_schema_t;


typedef struct {
    secops_slice_t                 file;    /* name without ".json": what a
                                               definition is replaced by; NUL-
                                               terminated, owned */
    json_int_t                     id;      /* above 0: "subcategory_id" */
    secops_slice_t                 name;    /* these two are owned by json and
                                               NUL-terminated */
    secops_slice_t                 description;
    int                            creatable;  /* 0: belongs to jobs, nobody
                                                  makes an integration of it */
    unsigned                       roles;   /* 1 << secops_catalog_role_e */
    secops_catalog_schema_t        connection;
    secops_catalog_schema_t        role[SECOPS_CATALOG_ROLES];
                                            /* NULLs: not supported */
    json_t                        *json;    /* the definition; owned */
} secops_catalog_type_t;


#define secops_catalog_supports(type, r)  (((type)->roles & (1u << (r))) != 0)


typedef struct {
    json_int_t                     id;      /* above 0 */
    secops_slice_t                 name;    /* these two are owned by json and
                                               NUL-terminated */
    secops_slice_t                 description;
    const json_t                  *labels;  /* the default ones: an array of
                                               {"name", "hex_color"}, three or
                                               more, names unique */
    const secops_catalog_type_t  **processors;  /* that a job of it gets by
                                                   itself, in this order; none
                                                   of them is creatable */
    size_t                         nprocessors;
    secops_catalog_schema_t        job;     /* what a job's properties must
                                               meet besides being a job: on
                                               creation, or as merged */
    json_t                        *json;    /* the definition; owned */
} secops_catalog_category_t;


typedef struct {
    secops_catalog_type_t         *types;   /* in the order of their names */
    size_t                         ntypes;
    secops_catalog_category_t     *categories;  /* in the file's order */
    size_t                         ncategories;
    secops_schema_t               *meta[2]; /* of definitions; until it is
                                               complete */
} secops_catalog_t;


/* "input" and so on; NUL-terminated, never empty */

secops_slice_t secops_catalog_role_name(secops_catalog_role_e role);

/* "Case creation" and so on: for people */

secops_slice_t secops_catalog_role_label(secops_catalog_role_e role);

/* -1: there is no such role.  Letter case counts */

int secops_catalog_role(secops_slice_t name);


/*
 * By name, in any (ASCII) letter case: no two names differ by that alone.
 * What is stored and answered is always the name as it stands here.  NULL:
 * there is none.
 */

const secops_catalog_type_t *secops_catalog_type(
    const secops_catalog_t *catalog, secops_slice_t name);
const secops_catalog_category_t *secops_catalog_category(
    const secops_catalog_t *catalog, secops_slice_t name);


/*
 * Making one: init, which takes what is compiled in; then any number of
 * definitions; then complete, without which it can not be looked into.
 * -1: error says where and why, and the catalog is to be freed all the same.
 * In secops_catalog_complete() the reason names the definition.
 */

int secops_catalog_init(secops_catalog_t *catalog,
    secops_schema_error_t *error);
int secops_catalog_add_type(secops_catalog_t *catalog, secops_slice_t file,
    const unsigned char *data, size_t len, secops_schema_error_t *error);
int secops_catalog_set_categories(secops_catalog_t *catalog,
    const unsigned char *data, size_t len, secops_schema_error_t *error);
int secops_catalog_complete(secops_catalog_t *catalog,
    secops_schema_error_t *error);

void secops_catalog_free(secops_catalog_t *catalog);


#endif /* _SECOPS_CATALOG_H_INCLUDED_ */
