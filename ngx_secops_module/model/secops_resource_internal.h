
/*
 * The inside of a plan; for the files secops_resource_*.c that make one.
 *
 * A node is a number: below set->n it is a resource of the request, from there
 * on a stored one that is not in the request.
 */

#ifndef _SECOPS_RESOURCE_INTERNAL_H_INCLUDED_
#define _SECOPS_RESOURCE_INTERNAL_H_INCLUDED_


#include "model/secops_resource_graph.h"
#include "model/secops_resource_plan.h"
#include "model/secops_resource_value.h"


#define SECOPS_RESOURCE_NOBODY  ((size_t) -1)


/* a stored resource that was found */

typedef struct {
    secops_resource_type_e        type;
    json_t                       *id;       /* these two are owned */
    json_t                       *document;
    size_t                        entry;    /* of the request, or NOBODY */
} secops_resource_found_t;


/* what is found out about a resource of the request */

typedef struct {
    size_t                        found;    /* what it overwrites, or NOBODY */
    const secops_catalog_type_t  *type;     /* of an integration; NULL: not
                                               known */
    json_t                       *document; /* as it will be; owned */
    char                         *text;     /* the same; owned */
    char                          id[24];   /* of a new one, decimal */
    char                          given[24];    /* the id that the request
                                                   gives as a number */
} secops_resource_node_t;


struct secops_resource_plan_s {
    const secops_resource_model_t    *model;
    const secops_resource_set_t      *set;
    const secops_resource_context_t  *context;

    json_t                           *names;    /* identifier: its number */
    json_t                           *titles;   /* key: number of who has it
                                                   after this request */

    secops_resource_entry_t          *entries;
    secops_resource_node_t           *nodes;    /* of the entries */

    secops_resource_found_t          *found;
    size_t                            nfound;
    size_t                            found_size;
    json_t                           *known;    /* key by id: number of found */

    secops_resource_lookup_t         *lookups;  /* of all rounds */
    size_t                           *answers;  /* what each has found */
    size_t                            nlookups;
    size_t                            lookups_size;
    int                               crowded;  /* not all were taken */
    size_t                            round;    /* its first lookup */
    unsigned                          rounds;
    json_t                           *asked;    /* key: number of the lookup */

    secops_resource_faults_t         *faults;   /* while it decides */
    secops_text_t                     path;     /* below the resource, where it
                                                   is looking */
    secops_text_t                     message;
    secops_text_t                     key;      /* scratch */
    int                               failed;   /* no memory */

    secops_schema_budget_t            patterns; /* of one attempt */
};


/* secops_resource_plan.c: keys are valid until the next one is made */

const char *secops_resource_plan_key(secops_resource_plan_t *plan,
    secops_resource_type_e type, secops_resource_by_e by, secops_slice_t what);
void secops_resource_plan_ask(secops_resource_plan_t *plan,
    secops_resource_type_e type, secops_resource_by_e by, secops_slice_t what);

/* the node that has this id or title, or NOBODY */

size_t secops_resource_plan_node(secops_resource_plan_t *plan,
    secops_resource_type_e type, secops_resource_by_e by, secops_slice_t what);

/* the node that a reference means, or NOBODY; and the reference to a node, as
   it is stored (NULL: no memory, which the plan remembers) */

size_t secops_resource_plan_target(secops_resource_plan_t *plan,
    const secops_resource_ref_t *ref);
json_t *secops_resource_plan_refer(secops_resource_plan_t *plan,
    secops_resource_type_e type, size_t node);

/* a number in an index, or NOBODY */

size_t secops_resource_plan_number(const json_t *index, const char *key);

/* what is stored of entry i, or NULL */

const json_t *secops_resource_plan_stored(const secops_resource_plan_t *plan,
    size_t i);

/* an integration's type, or NULL */

const secops_catalog_type_t *secops_resource_plan_type(
    const secops_resource_plan_t *plan, size_t node);


/* secops_resource_tell.c: faults of entry i at plan->path */

/* begins a message, with text and names in quotes */

void secops_resource_say(secops_resource_plan_t *plan, const char *text);
void secops_resource_say_name(secops_resource_plan_t *plan,
    secops_slice_t name);

/* ends it: what was said, and then text, is told */

void secops_resource_tell(secops_resource_plan_t *plan, size_t i,
    secops_error_e error, const char *text);

/* what several files find */

void secops_resource_tell_bad_ref(secops_resource_plan_t *plan, size_t i,
    const secops_resource_ref_error_t *error);
void secops_resource_tell_unknown(secops_resource_plan_t *plan, size_t i,
    secops_resource_type_e type, int by_id, secops_slice_t what);
void secops_resource_tell_wanted(secops_resource_plan_t *plan, size_t i,
    secops_resource_type_e type);

/* moves the path down, and back up to the length that was returned */

size_t secops_resource_path_down(secops_resource_plan_t *plan,
    const char *name);
size_t secops_resource_path_item(secops_resource_plan_t *plan, size_t n);
void secops_resource_path_up(secops_resource_plan_t *plan, size_t len);


/* secops_resource_link.c: the lookups that resource i asks for by itself */

void secops_resource_link_ask(secops_resource_plan_t *plan, size_t i);

/*
 * The integration that "resource" of an entry of a pipeline means by a name, or
 * NOBODY.  By a reference: secops_resource_plan_node().
 */

size_t secops_resource_link_name(secops_resource_plan_t *plan,
    secops_slice_t name);

/* the lookups without which a circle might be overlooked */

void secops_resource_link_follow(secops_resource_plan_t *plan);

/*
 * Looks for a circle in what the requests say, and then in what the documents
 * will be.  order has room for set->n entries, and holds them in an order of
 * which each comes after those that it needs.  1: there is none.
 */

int secops_resource_link_order(secops_resource_plan_t *plan, size_t *order);
int secops_resource_link_check(secops_resource_plan_t *plan);


/* secops_resource_params.c */

/*
 * The parameters as they will be stored: checked, with defaults, ids in the
 * place of references, and the old secrets in the place of masks.  value may
 * be NULL, as old may.  NULL: a fault was told, or there was no memory.
 */

json_t *secops_resource_parameters(secops_resource_plan_t *plan, size_t i,
    const secops_catalog_schema_t *schema, const json_t *value,
    const json_t *old);

/* secops_resource_validate.c: tells what the schema finds wrong with a value at
   plan->path; not with what stands for something else */

void secops_resource_validate(secops_resource_plan_t *plan, size_t i,
    const secops_catalog_schema_t *schema, const json_t *value);


/* secops_resource_build.c: the document of entry i; a fault may be told */

void secops_resource_build_type(secops_resource_plan_t *plan, size_t i);
void secops_resource_build(secops_resource_plan_t *plan, size_t i);

/* the id that the request gives; empty: none */

secops_slice_t secops_resource_given_id(secops_resource_plan_t *plan,
    size_t i);

/* a member that counts: there, and not null */

const json_t *secops_resource_given(const json_t *object, const char *name);

/* -1: no memory, which the plan remembers; value is taken over */

int secops_resource_set_member(secops_resource_plan_t *plan, json_t *object,
    const char *name, json_t *value);


/* secops_resource_job.c */

void secops_resource_build_job(secops_resource_plan_t *plan, size_t i);


/* secops_resource_labels.c: into the job's document.  A category that is not
   known has no json */

void secops_resource_build_labels(secops_resource_plan_t *plan, size_t i,
    const secops_catalog_category_t *category);


/* secops_resource_pipeline.c: into the job's document */

void secops_resource_build_pipeline(secops_resource_plan_t *plan, size_t i,
    const secops_catalog_category_t *category);


#endif /* _SECOPS_RESOURCE_INTERNAL_H_INCLUDED_ */
