
/*
 * Stored integrations and jobs: what their documents are, how they are shown,
 * and to whom they refer.  (Api keys: identity/secops_apikey.h.)
 *
 * What is shown of one can be sent back, and changes nothing:
 *
 *     an integration, {"id", "title", "type", …}: as the properties of a
 *     resource, {"any name": {"type": "integration", "properties": {…}}};
 *     a job, {"its title": {"type": "job", "properties": {…}}}: as it is.
 *
 * References are shown as expressions with the id, {{integrations(
 * internal_id=1001)}}, which hold whatever has been renamed since, and which
 * no title or name can be mistaken for.  Secrets are shown as "********",
 * which means, sent back, that the secret stays.  Pure C.
 */

#ifndef _SECOPS_RESOURCE_RENDER_H_INCLUDED_
#define _SECOPS_RESOURCE_RENDER_H_INCLUDED_


#include "model/resource/secops_resource.h"


/*
 * The document as it is shown; full: with all that there is, otherwise what a
 * list of jobs has (integrations are always shown whole).  document is the
 * stored JSON.  NULL: no memory, or it can not be read.
 */

json_t *secops_resource_render(const secops_resource_model_t *model,
    secops_resource_type_e type, secops_slice_t id, secops_slice_t document,
    int full);


/* the title that a stored document of any type has; empty: there is none */

secops_slice_t secops_resource_stored_title(secops_resource_type_e type,
    const json_t *document);


/* 1 when the stored document of an integration or job refers to the resource
   target with this id; -1: it can not be read; -2: no memory */

int secops_resource_refers(secops_slice_t document,
    secops_resource_type_e target, secops_slice_t id);


#endif /* _SECOPS_RESOURCE_RENDER_H_INCLUDED_ */
