
/*
 * Resources: what a document that is POSTed to the Resources API asks for, and
 * what is wrong with it.
 *
 * A document is a set of resources, {"identifier": {"type", "properties"}, …},
 * or the same as the member "resources" of an object, with "overwrite" beside
 * it.  Identifiers are known inside the document only; a resource is known to
 * others by its title (which an api key calls its name) and by the id that it
 * gets when it is created.  Pure C.
 */

#ifndef _SECOPS_RESOURCE_H_INCLUDED_
#define _SECOPS_RESOURCE_H_INCLUDED_


#include <jansson.h>

#include "model/secops_catalog.h"
#include "model/secops_schema.h"
#include "util/secops_error.h"
#include "util/secops_text.h"


#define SECOPS_RESOURCE_TITLE_MAX   200     /* bytes */
#define SECOPS_RESOURCE_FAULTS_MAX  100     /* told; the rest is passed over */

/* how documents are written: with 17 digits 0.1 would not look like itself, and
   would not be a multiple of 0.1 */

#define SECOPS_RESOURCE_DUMP        (JSON_COMPACT|JSON_REAL_PRECISION(15))


typedef enum {
    SECOPS_RESOURCE_API_KEY = 0,
    SECOPS_RESOURCE_INTEGRATION,
    SECOPS_RESOURCE_JOB,

    SECOPS_RESOURCE_TYPES
} secops_resource_type_e;


/* the schemas of the properties, by type (NULL: such resources can not be
   created here), and what there is to choose from */

typedef struct {
    secops_schema_t         *schemas[SECOPS_RESOURCE_TYPES];
    const secops_catalog_t  *catalog;       /* borrowed */
} secops_resource_model_t;


/* all slices point into set->json */

typedef struct {
    secops_slice_t           identifier;
    secops_slice_t           title;
    secops_resource_type_e   type;
    const json_t            *properties;
    const json_t            *depends_on;    /* an array, or NULL */
    int                      sound;         /* no fault of its shape was found:
                                               all of these are there */
} secops_resource_t;


typedef struct {
    json_t                  *json;          /* the whole document; owned */
    const char              *prefix;        /* of JSON Pointers: "" or
                                               "/resources" */
    secops_resource_t       *resources;     /* owned */
    size_t                   n;
    int                      overwrite;     /* 1, 0, or -1: not said */
} secops_resource_set_t;


/*
 * What is wrong: an array of {"resource", "pointer", "message"}, owned.
 * Zeroed at first.  error is the one to answer: of several, that which comes
 * first in the table of errors.
 */

typedef struct {
    secops_error_e           error;
    json_t                  *list;
    int                      failed;        /* no memory for one of them */
} secops_resource_faults_t;


/* a query string; slices point into the buffer, empty: not given */

typedef struct {
    int                      type;          /* secops_resource_type_e, or -1 */
    secops_slice_t           title;
    secops_slice_t           id;
    int                      overwrite;     /* 1, 0, or -1: not said */
} secops_resource_query_t;


/* "api_key" and so on; never empty */

secops_slice_t secops_resource_type_name(secops_resource_type_e type);

/* the member that is the title of such a resource: "name" or "title" */

const char *secops_resource_title_member(secops_resource_type_e type);

/* -1: there is no such type */

int secops_resource_type(secops_slice_t name);


/* the schemas that are compiled in.  -1: error says where and why, and nothing
   is left to free */

int secops_resource_model_compile(secops_resource_model_t *model,
    const secops_catalog_t *catalog, secops_schema_error_t *error);
void secops_resource_model_free(secops_resource_model_t *model);


/*
 * Reads a document of at most max resources, and finds all that is wrong with
 * the shape of each.  0: it is sound; -1: see faults.  In both cases the set is
 * to be freed; it does not need the tokens any more.  What is wrong with it
 * otherwise, secops_resource_plan.h finds, also in a set with faults of shape.
 */

int secops_resource_read(secops_resource_set_t *set,
    const secops_resource_model_t *model, const secops_json_t *json,
    size_t max, secops_resource_faults_t *faults);
void secops_resource_set_free(secops_resource_set_t *set);


/*
 * Reads a query string into a buffer of its length.  Parameters that are not
 * known are passed over.  -1: see faults.
 */

int secops_resource_read_query(secops_resource_query_t *query,
    secops_slice_t args, unsigned char *buffer,
    secops_resource_faults_t *faults);


/*
 * Adds a fault.  Of a resource: where is a JSON Pointer below it; without one
 * (NULL) it is the whole pointer.  message is for people.
 */

void secops_resource_fault(secops_resource_faults_t *faults,
    secops_error_e error, const secops_resource_set_t *set,
    const secops_resource_t *resource, const char *where,
    const char *message);

void secops_resource_fault_at(secops_resource_faults_t *faults,
    secops_error_e error, const secops_resource_set_t *set,
    const secops_resource_t *resource, secops_slice_t where,
    secops_slice_t message);

/* a member's name as a JSON Pointer has it, after a slash */

void secops_resource_pointer_append(secops_text_t *pointer,
    secops_slice_t name);

void secops_resource_faults_free(secops_resource_faults_t *faults);


#endif /* _SECOPS_RESOURCE_H_INCLUDED_ */
