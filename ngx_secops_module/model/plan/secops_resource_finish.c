
/* The end of a document: has it changed, may it be stored, and its text. */

#include <stdio.h>

#include "model/json/secops_json_dump.h"
#include "model/plan/secops_resource_internal.h"
#include "model/resource/secops_resource_changed.h"
#include "model/resource/secops_resource_secrets.h"


static int secops_resource_stamp(secops_resource_plan_t *plan,
    json_t *document, int created);
static void secops_resource_check_size(secops_resource_plan_t *plan, size_t i);
static int secops_resource_is_smaller(const secops_resource_plan_t *plan,
    size_t i, size_t bytes, size_t values);


/* of what has not changed nothing is written */

void
secops_resource_finish(secops_resource_plan_t *plan, size_t i)
{
    const json_t             *stored;
    secops_resource_node_t   *node;
    secops_resource_entry_t  *entry;
    secops_resource_owner_t   owner;

    node = &plan->nodes[i];
    entry = &plan->entries[i];
    stored = secops_resource_plan_stored(plan, i);

    secops_resource_link_collect(plan, node->document, &node->after);

    if (stored && json_equal(node->document, stored)) {
        return;
    }

    if (stored) {
        secops_resource_changed(&node->members, stored, node->document);
    }

    if (secops_resource_stamp(plan, node->document, entry->created) != 0) {
        return;
    }

    owner.model = plan->model;
    owner.keys = plan->context->secrets;
    owner.domain = plan->context->domain;
    owner.type = entry->resource->type;
    owner.id = entry->id;

    /* what is shared with the stored document changes there, too: that one is
       of no more use */

    if (secops_resource_seal(&owner, node->document) != 0) {
        plan->failed = 1;
        return;
    }

    secops_json_dump(&node->text, node->document);

    if (node->text.failed || node->members.failed) {
        plan->failed = 1;
        return;
    }

    entry->document = secops_text_slice(&node->text);
    entry->members = secops_text_slice(&node->members);

    secops_resource_check_size(plan, i);
}


static int
secops_resource_stamp(secops_resource_plan_t *plan, json_t *document,
    int created)
{
    const secops_resource_context_t  *who;

    who = plan->context;

    if (created
        && (secops_resource_set_member(plan, document, "created_by",
                                       secops_resource_string(who->user))
            != 0
            || secops_resource_set_member(plan, document, "created_on",
                                          secops_resource_string(who->time))
               != 0))
    {
        return -1;
    }

    if (secops_resource_set_member(plan, document, "updated_by",
                                   secops_resource_string(who->user))
        != 0)
    {
        return -1;
    }

    return secops_resource_set_member(plan, document, "updated_on",
                                      secops_resource_string(who->time));
}


/* limits hold for what is stored, however small the request is that makes it
   grow */

static void
secops_resource_check_size(secops_resource_plan_t *plan, size_t i)
{
    char                     text[160];
    size_t                   bytes, values;
    secops_resource_node_t  *node;

    node = &plan->nodes[i];
    bytes = node->text.len;
    values = secops_json_values(node->document);

    plan->path.len = 0;

    if ((bytes > SECOPS_RESOURCE_DOCUMENT_BYTES
         || values > SECOPS_RESOURCE_VALUES)
        && !secops_resource_is_smaller(plan, i, bytes, values))
    {
        (void) snprintf(text, sizeof(text),
                        "would take %zu bytes and %zu values as it is stored, "
                        "and may take %d and %d",
                        bytes, values, SECOPS_RESOURCE_DOCUMENT_BYTES,
                        SECOPS_RESOURCE_VALUES);

        secops_resource_tell(plan, i, SECOPS_ERROR_INVALID, text);
    }

    plan->bytes += bytes;

    if (plan->bytes > SECOPS_RESOURCE_SET_BYTES && plan->bytes != bytes) {
        secops_resource_tell(plan, i, SECOPS_ERROR_INVALID,
                             "is one too many: the resources of a request may "
                             "take 8388608 bytes as they are stored");
    }
}


/* 1: than what is stored, which may be from before there were limits */

static int
secops_resource_is_smaller(const secops_resource_plan_t *plan, size_t i,
    size_t bytes, size_t values)
{
    size_t                          n;
    const secops_resource_found_t  *found;

    n = plan->nodes[i].found;

    if (n == SECOPS_RESOURCE_NOBODY) {
        return 0;
    }

    found = &plan->found[n];

    return bytes <= found->text.len && values <= found->values;
}
