
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

#include "model/catalog/secops_catalog.h"
#include "model/schema/secops_schema.h"
#include "util/secops_error.h"
#include "util/secops_faults.h"
#include "util/secops_text.h"


#define SECOPS_RESOURCE_TITLE_MAX       200     /* bytes */
#define SECOPS_RESOURCE_IDENTIFIER_MAX  255

/*
 * What one request may ask for.  A value takes up to 250 bytes of memory, so
 * they are counted before trees are made of them: in the whole request, and in
 * each of its resources, as in each document that is stored.
 */

#define SECOPS_RESOURCE_SET_VALUES      50000
#define SECOPS_RESOURCE_VALUES          20000
#define SECOPS_RESOURCE_SENT_BYTES      524288

/*
 * References that one request may add and take away.  One script stores them,
 * at about a microsecond each, in which Redis serves nobody else.
 */

#define SECOPS_RESOURCE_SET_REFS        4000

/* what a stored document may have, once it is merged and built.  One that was
   stored before there were limits may become smaller, and not larger */

#define SECOPS_RESOURCE_DOCUMENT_BYTES  262144
#define SECOPS_RESOURCE_PIPELINE_MAX    200
#define SECOPS_RESOURCE_LABELS_MAX      100


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
    int                      rename;        /* its title may be a new one */
    int                      sound;         /* no fault of its shape was found:
                                               all of these are there */
} secops_resource_t;


typedef struct secops_resource_reader_s  secops_resource_reader_t;


typedef struct {
    json_t                  *json;          /* {"identifier": resource} */
    json_t                  *index;         /* {"identifier": its number};
                                               both are owned */
    const char              *prefix;        /* of JSON Pointers: "" or
                                               "/resources" */
    secops_resource_t       *resources;     /* owned */
    size_t                   n;
    int                      overwrite;     /* 1, 0, or -1: not said */
    secops_resource_reader_t *reader;       /* while it is read; owned */
} secops_resource_set_t;


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
 * the shape of each.  It is done in steps, so that a large one does not keep a
 * worker: begin, and then step as long as it says BUSY.  0: the set is sound;
 * -1: see faults.  In each case the set is to be freed.
 *
 * Of the tokens, which may have moved in between, the same must be told in
 * each step; afterwards they are not needed any more.
 */

#define SECOPS_RESOURCE_BUSY  4             /* there is more to do */

int secops_resource_read_begin(secops_resource_set_t *set,
    const secops_resource_model_t *model, const secops_json_t *json,
    size_t max, secops_faults_t *faults);
int secops_resource_read_step(secops_resource_set_t *set,
    const secops_json_t *json);
void secops_resource_set_free(secops_resource_set_t *set);


/*
 * Reads a query string into a buffer of its length.  Parameters that are not
 * known are passed over.  -1: see faults.
 */

int secops_resource_read_query(secops_resource_query_t *query,
    secops_slice_t args, unsigned char *buffer,
    secops_faults_t *faults);


/*
 * Adds a fault.  Of a resource: where is a JSON Pointer below it; without one
 * (NULL) it is the whole pointer.  message is for people.
 */

void secops_resource_fault(secops_faults_t *faults, secops_error_e error,
    const secops_resource_set_t *set, const secops_resource_t *resource,
    const char *where, const char *message);

void secops_resource_fault_at(secops_faults_t *faults, secops_error_e error,
    const secops_resource_set_t *set, const secops_resource_t *resource,
    secops_slice_t where, secops_slice_t message);


#endif /* _SECOPS_RESOURCE_H_INCLUDED_ */
