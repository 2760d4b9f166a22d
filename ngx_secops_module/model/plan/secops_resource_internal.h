
/*
 * The inside of a plan; for the files secops_resource_*.c that make one.
 *
 * A node is a number: below set->n it is a resource of the request, from there
 * on a stored one that is not in the request.
 */

#ifndef _SECOPS_RESOURCE_INTERNAL_H_INCLUDED_
#define _SECOPS_RESOURCE_INTERNAL_H_INCLUDED_


#include "model/plan/secops_resource_graph.h"
#include "model/plan/secops_resource_plan.h"
#include "model/resource/secops_resource_value.h"


#define SECOPS_RESOURCE_NOBODY  ((size_t) -1)


/*
 * What something refers to: keys of secops_resource_plan_key(), each with a NUL
 * at its end; or "=" and a plain name, as it stands in an entry of a pipeline.
 */

typedef secops_text_t  secops_resource_links_t;


/* a stored resource that was found; all but the type's and the entry's are
   owned */

typedef struct {
    secops_resource_type_e        type;
    json_t                       *id;
    secops_text_t                 text;     /* its document */
    json_t                       *document; /* the same; of an api key, and of
                                               others while they are built */
    json_t                       *title;
    json_t                       *kind;     /* the name of its integration's
                                               type */
    secops_resource_links_t       links;
    size_t                        values;   /* of the document */
    size_t                        entry;    /* of the request, or NOBODY */
} secops_resource_found_t;


/* what is found out about a resource of the request */

typedef struct {
    size_t                        found;    /* what it overwrites, or NOBODY */
    const secops_catalog_type_t  *type;     /* of an integration; NULL: not
                                               known */
    secops_resource_links_t       links;    /* of the request; owned */
    json_t                       *document; /* as it will be, while it is
                                               built; owned */
    secops_text_t                 text;     /* the same, if it is written */
    secops_text_t                 members;  /* of it that differ from before */
    secops_resource_links_t       after;    /* of the document; owned */
    char                          id[24];   /* of a new one, decimal */
    char                          given[24];    /* the id that the request
                                                   gives as a number */
} secops_resource_node_t;


/* in this order; from FOLLOW there is a way back to READ, for another round */

typedef enum {
    SECOPS_RESOURCE_PLAN_ASK = 0,   /* of each resource of the request */
    SECOPS_RESOURCE_PLAN_READ,      /* each document that was found */
    SECOPS_RESOURCE_PLAN_MATCH,
    SECOPS_RESOURCE_PLAN_FOLLOW,    /* the links of each resource */
    SECOPS_RESOURCE_PLAN_REACH,     /* the links of each that is reached */
    SECOPS_RESOURCE_PLAN_CHECK,     /* each resource */
    SECOPS_RESOURCE_PLAN_ORDER,
    SECOPS_RESOURCE_PLAN_LOAD,      /* each resource: these three in turn */
    SECOPS_RESOURCE_PLAN_BUILD,
    SECOPS_RESOURCE_PLAN_FINISH,
    SECOPS_RESOURCE_PLAN_LINK,      /* each node */
    SECOPS_RESOURCE_PLAN_CIRCLE,

    SECOPS_RESOURCE_PLAN_PHASES
} secops_resource_plan_e;


struct secops_resource_plan_s {
    const secops_resource_model_t    *model;
    const secops_resource_set_t      *set;
    const secops_resource_context_t  *context;

    json_t                           *titles;   /* key: number of the one that
                                                   has it after this request */
    json_t                           *unsound;  /* identifiers and titles of
                                                   what has faults of shape */

    secops_resource_plan_e            phase;
    size_t                            next;     /* where the phase stands */

    secops_resource_entry_t          *entries;
    secops_resource_node_t           *nodes;    /* of the entries */

    secops_resource_found_t          *found;
    size_t                            nfound;
    size_t                            nread;    /* of these */
    size_t                            found_size;
    size_t                            found_bytes;
    size_t                            largest;  /* bytes of one of them */
    int                               heavy;    /* not all were kept */
    json_t                           *known;    /* key by id: number of found */
    size_t                            bytes;    /* that are to be written */

    secops_resource_lookup_t         *lookups;  /* of all rounds */
    size_t                           *answers;  /* what each has found */
    size_t                            nlookups;
    size_t                            lookups_size;
    int                               crowded;  /* not all were taken */
    size_t                            round;    /* its first lookup */
    unsigned                          rounds;
    json_t                           *asked;    /* key: number of the lookup */

    size_t                           *queue;    /* nodes that are reached */
    size_t                            nqueue;
    unsigned char                    *seen;     /* of each node */
    secops_resource_graph_t           graph;

    secops_faults_t                  *faults;   /* while it decides */
    secops_text_t                     path;     /* below the resource, where it
                                                   is looking */
    secops_text_t                     message;
    secops_text_t                     key;      /* scratch */
    int                               failed;   /* no memory */

    secops_schema_budget_t            patterns; /* of one attempt */

    secops_secret_e                   sealed;   /* not OK: a secret that was to
                                                   be kept can not be opened */
    size_t                            sealed_entry;
    secops_text_t                     sealed_pointer;
    secops_text_t                     sealed_key;
};


/* secops_resource_plan.c: keys are valid until the next one is made */

const char *secops_resource_plan_key(secops_resource_plan_t *plan,
    secops_resource_type_e type, secops_resource_by_e by, secops_slice_t what);
void secops_resource_plan_ask(secops_resource_plan_t *plan,
    secops_resource_type_e type, secops_resource_by_e by, secops_slice_t what);

void secops_resource_plan_ask_key(secops_resource_plan_t *plan,
    const char *key);

/* the next key of a list, or plain name, from *pos on, which is 0 at first;
   NULL: there are no more */

const char *secops_resource_links_next(const secops_resource_links_t *links,
    size_t *pos);

/* the node that has this id or title, or NOBODY */

size_t secops_resource_plan_node(secops_resource_plan_t *plan,
    secops_resource_type_e type, secops_resource_by_e by, secops_slice_t what);

size_t secops_resource_plan_node_of(secops_resource_plan_t *plan,
    const char *key);

/* the node that a reference means, or NOBODY; and the reference to a node, as
   it is stored (NULL: no memory, which the plan remembers) */

size_t secops_resource_plan_target(secops_resource_plan_t *plan,
    const secops_resource_ref_t *ref);
json_t *secops_resource_plan_refer(secops_resource_plan_t *plan,
    secops_resource_type_e type, size_t node);

/* a number in an index, or NOBODY */

size_t secops_resource_plan_number(const json_t *index, const char *key);

/* what is stored of entry i, or NULL; of what is no api key it is there while
   it is built */

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


/* secops_resource_link.c: what a document or properties refer to, appended */

void secops_resource_link_collect(secops_resource_plan_t *plan,
    const json_t *resource, secops_resource_links_t *links);

/* the same of the properties of resource i, with plain names */

void secops_resource_link_properties(secops_resource_plan_t *plan, size_t i);

/* the lookups that resource i asks for by itself */

void secops_resource_link_ask(secops_resource_plan_t *plan, size_t i);

/*
 * The integration that "resource" of an entry of a pipeline means by a name, or
 * NOBODY.  By a reference: secops_resource_plan_node().
 */

size_t secops_resource_link_name(secops_resource_plan_t *plan,
    secops_slice_t name);

/*
 * The lookups without which a circle might be overlooked: begin; those of
 * resource i; those of the next node that was reached.
 */

void secops_resource_link_follow(secops_resource_plan_t *plan);
void secops_resource_link_follow_one(secops_resource_plan_t *plan, size_t i);
void secops_resource_link_reach(secops_resource_plan_t *plan, size_t n);

/*
 * Looks for a circle in what the requests say.  order has room for all nodes,
 * and holds the resources of the request in an order of which each comes after
 * those that it needs.  -1: there is a circle, and a fault was told.
 */

int secops_resource_link_order(secops_resource_plan_t *plan, size_t *order);

/* the same in what the documents will be: the edges of one node, and then all
   of them */

void secops_resource_link_edges(secops_resource_plan_t *plan, size_t node);
int secops_resource_link_check(secops_resource_plan_t *plan);


/* secops_resource_params.c */

/*
 * The parameters as they will be stored: checked, with defaults, ids in the
 * place of references, and the old secrets in the place of masks.  value may
 * be NULL, as old may.  where is where they stand, as secrets are bound to it;
 * it is given up.  NULL: a fault was told, or there was no memory, or the plan
 * is SEALED.
 */

json_t *secops_resource_parameters(secops_resource_plan_t *plan, size_t i,
    const secops_catalog_schema_t *schema, const json_t *value,
    const json_t *old, secops_text_t *where);

/* secops_resource_validate.c: tells what the schema finds wrong with a value at
   plan->path; not with what stands for something else */

void secops_resource_validate(secops_resource_plan_t *plan, size_t i,
    const secops_catalog_schema_t *schema, const json_t *value);

/* 0: no two references of an array that are written differently mean the same,
   or may do so; -1: a fault was told */

int secops_resource_check_unique(secops_resource_plan_t *plan, size_t i,
    const json_t *schema, const json_t *made);


/* secops_resource_decide.c: the work of a plan, phase by phase */

typedef int (*secops_resource_phase_pt)(secops_resource_plan_t *plan,
    int64_t *next_id);

extern const secops_resource_phase_pt
    secops_resource_phases[SECOPS_RESOURCE_PLAN_PHASES];


/* secops_resource_build.c: the document of entry i; a fault may be told */

void secops_resource_build_type(secops_resource_plan_t *plan, size_t i);
void secops_resource_build(secops_resource_plan_t *plan, size_t i);

/* secops_resource_finish.c: the text of the document, if it has changed; a
   fault may be told */

void secops_resource_finish(secops_resource_plan_t *plan, size_t i);

/* secops_resource_member.c: the id that the request gives; empty: none */

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
