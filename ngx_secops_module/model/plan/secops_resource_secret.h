
/*
 * A mask that a request sends back keeps the secret that is stored, but only
 * for the place that it was given for: whoever may write, and not read, could
 * otherwise have it sent to a host of their own.
 *
 * "x-secret-for" of a secret's schema names the parameters that say where it
 * goes (host, port, scheme, verification of TLS): members of the object that
 * all parameters stand in.  Of a secret without it, all parameters count.
 */

#ifndef _SECOPS_RESOURCE_SECRET_H_INCLUDED_
#define _SECOPS_RESOURCE_SECRET_H_INCLUDED_


#include "model/plan/secops_resource_internal.h"


/*
 * Of a secret that entry i has stored as old, at this pointer: 0, it is plain
 * or can be opened, so a mask may keep it; -1: it can not, and the plan is
 * SEALED, or has failed.
 */

int secops_resource_secret_try(secops_resource_plan_t *plan, size_t i,
    const secops_text_t *pointer, const json_t *old);

/* 1: old is the envelope of this very text.  One that can not be opened is
   not: what is sent takes its place */

int secops_resource_secret_is_same(secops_resource_plan_t *plan, size_t i,
    const secops_text_t *pointer, const json_t *old, const json_t *value);


/* the secrets that masks kept in one set of parameters; zeroed at first */

typedef struct {
    json_t  *list;              /* owned */
} secops_resource_kept_t;


/* the mask at plan->path stands for what is stored; schema is the secret's */

void secops_resource_secret_keep(secops_resource_plan_t *plan,
    secops_resource_kept_t *kept, const json_t *schema);


/*
 * Tells a fault of entry i for each secret that was kept although a parameter
 * that it is bound to has changed.  made are the parameters as they would be
 * stored, old those that are, both whole; schema is theirs.
 */

void secops_resource_secret_check(secops_resource_plan_t *plan, size_t i,
    const secops_resource_kept_t *kept, const json_t *schema,
    const json_t *made, const json_t *old);


void secops_resource_secret_free(secops_resource_kept_t *kept);


#endif /* _SECOPS_RESOURCE_SECRET_H_INCLUDED_ */
