
/* To whom a resource refers; see secops_resource_targets.h. */

#include <stdlib.h>

#include "model/plan/secops_resource_targets.h"
#include "model/resource/secops_resource_value.h"


static int secops_resource_targets_ref(void *data,
    const secops_resource_ref_t *ref);
static int secops_resource_targets_add(secops_resource_targets_t *targets,
    unsigned type, secops_slice_t id);
static int secops_resource_targets_plain(secops_slice_t id);
static int secops_resource_targets_compare(const void *one, const void *two);


int
secops_resource_targets(secops_resource_targets_t *targets,
    const json_t *document)
{
    static const secops_slice_t  none = { 0, (const unsigned char *) "" };

    if (document == NULL) {
        return secops_resource_targets_add(targets, SECOPS_RESOURCE_ANYBODY,
                                           none);
    }

    if (secops_resource_refs(document, secops_resource_targets_ref, targets)
        < 0)
    {
        return -1;
    }

    secops_resource_targets_order(targets);

    return 0;
}


static int
secops_resource_targets_ref(void *data, const secops_resource_ref_t *ref)
{
    secops_resource_targets_t *targets = data;

    if (!ref->by_id) {
        return 0;
    }

    return secops_resource_targets_take(targets, ref->type,
                                        secops_text_slice(&ref->value));
}


/* what has another form is no id that anybody was ever given */

int
secops_resource_targets_take(secops_resource_targets_t *targets, unsigned type,
    secops_slice_t id)
{
    return secops_resource_targets_plain(id)
           ? secops_resource_targets_add(targets, type, id) : 0;
}


static int
secops_resource_targets_add(secops_resource_targets_t *targets, unsigned type,
    secops_slice_t id)
{
    size_t                     size;
    secops_resource_target_t  *target;

    if (targets->n == targets->size) {
        size = 2 * targets->size + 16;

        target = realloc(targets->list,
                         size * sizeof(secops_resource_target_t));
        if (target == NULL) {
            return -1;
        }

        targets->list = target;
        targets->size = size;
    }

    target = &targets->list[targets->n++];

    memset(target, 0, sizeof(secops_resource_target_t));

    target->type = (unsigned char) type;
    target->len = (unsigned char) id.len;
    memcpy(target->id, id.data, id.len);

    return 0;
}


static int
secops_resource_targets_plain(secops_slice_t id)
{
    size_t         i;
    unsigned char  c;

    if (id.len == 0 || id.len > SECOPS_RESOURCE_ID_MAX) {
        return 0;
    }

    for (i = 0; i < id.len; i++) {
        c = id.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9') || c == '_' || c == '-'))
        {
            return 0;
        }
    }

    return 1;
}


void
secops_resource_targets_order(secops_resource_targets_t *targets)
{
    size_t  i, n;

    if (targets->n == 0) {
        return;
    }

    qsort(targets->list, targets->n, sizeof(secops_resource_target_t),
          secops_resource_targets_compare);

    for (i = 1, n = 1; i < targets->n; i++) {

        if (secops_resource_targets_compare(&targets->list[i],
                                            &targets->list[n - 1])
            != 0)
        {
            targets->list[n++] = targets->list[i];
        }
    }

    targets->n = n;
}


int
secops_resource_targets_copy(secops_resource_targets_t *targets,
    const secops_resource_targets_t *others)
{
    size_t  size;

    if (others->n == 0) {
        return 0;
    }

    size = others->n * sizeof(secops_resource_target_t);

    targets->list = malloc(size);
    if (targets->list == NULL) {
        return -1;
    }

    memcpy(targets->list, others->list, size);

    targets->n = others->n;
    targets->size = others->n;

    return 0;
}


void
secops_resource_targets_less(secops_resource_targets_t *targets,
    const secops_resource_targets_t *others)
{
    int     order;
    size_t  i, k, n;

    for (i = 0, k = 0, n = 0; i < targets->n; i++) {

        order = 1;

        while (k < others->n) {
            order = secops_resource_targets_compare(&others->list[k],
                                                    &targets->list[i]);
            if (order >= 0) {
                break;
            }

            k++;
        }

        if (k == others->n || order != 0) {
            targets->list[n++] = targets->list[i];
        }
    }

    targets->n = n;
}


/* all bytes are set: the rest of an id is zeros */

static int
secops_resource_targets_compare(const void *one, const void *two)
{
    return memcmp(one, two, sizeof(secops_resource_target_t));
}


void
secops_resource_targets_free(secops_resource_targets_t *targets)
{
    free(targets->list);

    memset(targets, 0, sizeof(secops_resource_targets_t));
}
