
/*
 * The secrets of a stored document, wherever they stand: in the parameters of
 * an integration, and in those of the entries of a job's pipeline.
 *
 * A secret is an envelope (see model/secret/secops_secret.h), or text where the
 * schema says "writeOnly" and which is no reference: one that was stored while
 * there was no key.  Of a member that no schema is known for only an envelope
 * is seen to be one.
 *
 * What an envelope is bound to is a JSON Pointer: "/parameters/password".  An
 * entry of a pipeline is named by what it is known by, its integration and its
 * role, since its number changes when others come and go:
 * "/pipeline_integrations/{{integrations(internal_id=1000)}}/output/…".
 */

#ifndef _SECOPS_RESOURCE_SECRETS_H_INCLUDED_
#define _SECOPS_RESOURCE_SECRETS_H_INCLUDED_


#include <jansson.h>

#include "model/resource/secops_resource.h"
#include "model/secret/secops_secret.h"


/* whose document it is; all is borrowed */

typedef struct {
    const secops_resource_model_t  *model;
    const secops_secret_keys_t     *keys;   /* NULL: there are none */
    secops_slice_t                  domain;
    secops_resource_type_e          type;
    secops_slice_t                  id;
} secops_resource_owner_t;


/* one that is there, as it is now */

typedef struct {
    secops_slice_t                  pointer;
    int                             plain;
    secops_slice_t                  key_id;     /* empty: it is plain, or has
                                                   not the form of an
                                                   envelope */
    int                             current;    /* it is under the key that
                                                   encrypts */
    int                             changed;
    secops_secret_e                 rc;     /* not OK: it can not be opened, and
                                               was left as it is */
} secops_resource_secret_t;

typedef void (*secops_resource_secret_pt)(void *data,
    const secops_resource_secret_t *secret);


/* appends where the parameters of a pipeline's entry stand, which has this
   resource and this role */

void secops_resource_secret_step(secops_text_t *pointer,
    const json_t *resource, secops_slice_t role);

/* appends a member's name, all of it, with the escapes of RFC 6901 */

void secops_resource_secret_down(secops_text_t *pointer, secops_slice_t name);

/* the same of an element's number */

void secops_resource_secret_item(secops_text_t *pointer, size_t n);


/* encrypts what is plain; nothing without keys.  The document is written to,
   its parts included.  -1: no memory, or no random bytes */

int secops_resource_seal(const secops_resource_owner_t *owner,
    json_t *document);

/*
 * Tells of each secret.  again: what is not under the key that encrypts is
 * encrypted again, and told as it is then.  Returns how many were changed, or
 * -1: no memory, or no random bytes.
 */

int secops_resource_secrets(const secops_resource_owner_t *owner,
    json_t *document, int again, secops_resource_secret_pt handler,
    void *data);


#endif /* _SECOPS_RESOURCE_SECRETS_H_INCLUDED_ */
