
/*
 * To whom a stored resource refers: what the store keeps of it, so that nobody
 * need read documents to know who refers to whom.  Pure C.
 */

#ifndef _SECOPS_RESOURCE_TARGETS_H_INCLUDED_
#define _SECOPS_RESOURCE_TARGETS_H_INCLUDED_


#include <jansson.h>

#include "model/resource/secops_resource.h"


/* of any resource; no longer text is one */

#define SECOPS_RESOURCE_ID_MAX   64

/* in the place of a type: it can not be told, the document is unreadable */

#define SECOPS_RESOURCE_ANYBODY  SECOPS_RESOURCE_TYPES


typedef struct {
    unsigned char              type;    /* secops_resource_type_e, or ANYBODY */
    unsigned char              len;
    unsigned char              id[SECOPS_RESOURCE_ID_MAX];  /* letters, digits,
                                                               "_", "-" */
} secops_resource_target_t;


/* zeroed at first; in order, no two are the same */

typedef struct {
    secops_resource_target_t  *list;    /* owned */
    size_t                     n;
    size_t                     size;
} secops_resource_targets_t;


/* those of a document, which is NULL if it could not be read.  -1: no memory */

int secops_resource_targets(secops_resource_targets_t *targets,
    const json_t *document);

/* one more, if this is an id that somebody may have been given; -1: no memory.
   After all of them: order */

int secops_resource_targets_take(secops_resource_targets_t *targets,
    unsigned type, secops_slice_t id);
void secops_resource_targets_order(secops_resource_targets_t *targets);

/* of one that is empty; -1: no memory */

int secops_resource_targets_copy(secops_resource_targets_t *targets,
    const secops_resource_targets_t *others);

/* takes away those that are others, too */

void secops_resource_targets_less(secops_resource_targets_t *targets,
    const secops_resource_targets_t *others);

void secops_resource_targets_free(secops_resource_targets_t *targets);


#endif /* _SECOPS_RESOURCE_TARGETS_H_INCLUDED_ */
