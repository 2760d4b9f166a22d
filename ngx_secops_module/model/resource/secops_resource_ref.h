
/*
 * References: how one resource names another.
 *
 * An expression, as the whole of a string:
 *
 *     {{api_keys(name='…')}}             also title=, internal_id=, id=
 *     {{integrations(title="…")}}        also name=
 *     {{integrations(internal_id=1001)}}
 *     {{jobs(title='…')}}
 *
 * with spaces between its parts where one likes.  A value stands in quotes of
 * either kind, in which \' \" and \\ are the only escapes; digits need none.
 * A string that begins with "{{" and goes on like a call, a word and "(", is
 * an expression or a fault; any other is text, such as "{{ event.title }}".
 *
 * Where they may stand: anywhere in the parameters of an integration or of an
 * entry of a pipeline; and as "resource" of such an entry, which may be a plain
 * name too.  There an expression is what it says; any other text is, in this
 * order, the name of an integration in the request, the title of one in the
 * request, the title of a stored one.  A title in an expression is likewise
 * that of one in the request, or else of a stored one.  Titles are those which
 * there are after the request: one that it takes away names nothing.
 *
 * It is stored as the target's internal id: {{integrations(internal_id=1001)}}
 * and {{api_keys(internal_id='…')}}.  Pure C.
 */

#ifndef _SECOPS_RESOURCE_REF_H_INCLUDED_
#define _SECOPS_RESOURCE_REF_H_INCLUDED_


#include "model/resource/secops_resource.h"
#include "util/secops_text.h"


typedef struct {
    secops_resource_type_e   type;
    int                      by_id;     /* else by title */
    secops_text_t            value;     /* decoded; to be freed */
} secops_resource_ref_t;


typedef struct {
    size_t                   offset;    /* of the byte that is wrong */
    const char              *reason;    /* static text: "a quote is missing" */
} secops_resource_ref_error_t;


#define SECOPS_RESOURCE_REF_OK      0
#define SECOPS_RESOURCE_REF_NONE    1       /* it is text */
#define SECOPS_RESOURCE_REF_BAD     2
#define SECOPS_RESOURCE_REF_FAILED  (-1)    /* no memory */


/* the value of a ref is there after OK only */

int secops_resource_ref_parse(secops_resource_ref_t *ref, secops_slice_t text,
    secops_resource_ref_error_t *error);

/* the form that is stored; appended to text */

void secops_resource_ref_write(secops_text_t *text,
    secops_resource_type_e type, secops_slice_t id);


#endif /* _SECOPS_RESOURCE_REF_H_INCLUDED_ */
