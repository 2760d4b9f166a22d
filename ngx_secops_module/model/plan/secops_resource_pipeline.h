
/*
 * The pipeline of a job that is being made; for secops_resource_pipeline.c,
 * which knows what comes where, secops_resource_step.c, which knows what one
 * entry is, and secops_resource_member.c, which finds entries.
 */

#ifndef _SECOPS_RESOURCE_PIPELINE_H_INCLUDED_
#define _SECOPS_RESOURCE_PIPELINE_H_INCLUDED_


#include "model/plan/secops_resource_internal.h"


/* an entry of a request that is being read */

typedef struct {
    const json_t                     *given;
    secops_catalog_role_e             role;
    const secops_catalog_type_t      *type;
    json_t                           *resource; /* as it is stored; owned */
} secops_resource_step_t;


typedef struct {
    secops_resource_plan_t           *plan;
    size_t                            entry;
    const secops_catalog_category_t  *category;
    const json_t                     *old;
    json_t                           *named;    /* array: the entries of the
                                                   request */
    json_t                           *result;

    /* the same by what an entry is known by; owned */

    json_t                           *old_index;
    json_t                           *named_index;
    json_t                           *result_index;
    secops_text_t                     key;      /* scratch */
} secops_resource_pipeline_t;


/*
 * secops_resource_step.c: reads an entry: what it names, and that this can do
 * what it is to do.  -1: it can not, and a fault was told.  In both cases
 * step->resource is to be released.
 */

int secops_resource_step_read(secops_resource_pipeline_t *line,
    secops_resource_step_t *step, const json_t *given);

/* as it will be stored, with what is left of the old one, which may be NULL.
   NULL: a fault was told, or there is no memory */

json_t *secops_resource_step_make(secops_resource_pipeline_t *line,
    const secops_resource_step_t *step, const json_t *old);


/*
 * secops_resource_member.c: makes an entry known by its integration or
 * processor and its role, unless the index has one that is known by the same;
 * the entry that is known by them, or NULL.  Without memory the plan fails.
 */

void secops_resource_pipeline_index(secops_resource_pipeline_t *line,
    json_t *index, json_t *entry);
const json_t *secops_resource_pipeline_find(secops_resource_pipeline_t *line,
    const json_t *index, const json_t *resource, secops_slice_t role);


#endif /* _SECOPS_RESOURCE_PIPELINE_H_INCLUDED_ */
