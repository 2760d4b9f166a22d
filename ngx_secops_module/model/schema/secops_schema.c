
/*
 * Validation.  First a quiet pass, which stops at the first fault and neither
 * allocates nor writes: most documents are valid and end here.  Only where it
 * has found one does a second pass tell of every fault.
 *
 * Checks answer 1 (met) or 0.  The parts that are asked for an opinion only,
 * such as "if" or the alternatives of "anyOf", run quietly in either pass.
 */

#include <stdlib.h>

#include "model/schema/secops_schema_internal.h"


#define SECOPS_SCHEMA_MAX_NESTING  1000     /* node in node, on the C stack */
#define SECOPS_SCHEMA_MIN_BUDGET   10000


static int secops_schema_check_keywords(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place);

static int secops_schema_type_is(const secops_schema_node_t *node,
    const secops_json_t *json, uint32_t i);
static int secops_schema_is_bounded(const secops_schema_node_t *node);
static int secops_schema_check_value(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place);
static int secops_schema_is_choice(secops_schema_run_t *run,
    const secops_schema_choices_t *choices, uint32_t i);

static int secops_schema_check_array(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place);
static int secops_schema_check_items(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place);
static int secops_schema_check_contains(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place);
static int secops_schema_check_unique(secops_schema_run_t *run, uint32_t i,
    const secops_schema_place_t *place);

static int secops_schema_check_combined(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place);
static int secops_schema_check_all_of(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place);
static int secops_schema_check_any_of(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place);
static int secops_schema_check_one_of(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place);
static int secops_schema_check_not(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place);
static int secops_schema_check_if(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place);
static const secops_schema_node_t *secops_schema_only_candidate(
    secops_schema_run_t *run, const secops_schema_list_t *list, uint32_t i);


int
secops_schema_validate(const secops_schema_t *schema,
    const secops_json_t *json, uint32_t i, unsigned flags,
    secops_schema_budget_t *patterns, secops_schema_fault_pt handler,
    void *data)
{
    int                     met;
    uint64_t                budget, values, steps;
    secops_schema_run_t     run;
    secops_schema_place_t   place;
    secops_schema_budget_t  own;

    if (patterns == NULL) {
        own.steps = SECOPS_SCHEMA_STEPS;
        patterns = &own;
    }

    steps = patterns->steps;

    values = json->tokens[i].next - i;
    budget = SECOPS_SCHEMA_MIN_BUDGET + 4 * values * schema->nnodes;

    run.schema = schema;
    run.json = json;
    run.handler = NULL;
    run.data = data;
    run.budget = budget;
    run.patterns = patterns;
    run.root = i;
    run.empty_is_absent = flags & SECOPS_SCHEMA_EMPTY_IS_ABSENT;
    run.depth = 0;
    run.quiet = 1;
    run.failed = 0;
    run.exhausted = 0;
    run.told = 0;
    run.nfaults = 0;
    run.pointer = NULL;
    run.pointer_size = 0;
    run.decoded = NULL;
    run.decoded_size = 0;

    memset(&place, 0, sizeof(secops_schema_place_t));

    met = secops_schema_meets(&run, schema->root, i, &place)
          && !run.exhausted;

    if (!met && !run.failed) {

        if (handler) {
            /* with the steps of before, so that it tells of the text that
               took them, and not of those that come first */

            patterns->steps = steps;

            run.handler = handler;
            run.budget = budget;
            run.quiet = 0;

            (void) secops_schema_meets(&run, schema->root, i, &place);

            /* no fault any more: a pattern was short of memory before */

            run.failed |= !run.told;

        } else {
            run.nfaults = 1;
        }
    }

    free(run.pointer);
    free(run.decoded);

    return run.failed ? -1 : run.nfaults;
}


/*
 * Heights of nodes and depth of documents are bounded, but their product may
 * be more than the stack bears.  And a schema that asks twice for itself one
 * level down visits 2^depth nodes: no sound schema comes near the budget.
 */

int
secops_schema_meets(secops_schema_run_t *run, const secops_schema_node_t *node,
    uint32_t i, const secops_schema_place_t *place)
{
    int  met;

    if (node->ref) {
        node = node->ref;
    }

    if (!secops_schema_type_is(node, run->json, i)) {

        /* what stands for a value that is not known yet may be any, but not
           where there must be none */

        if (run->json->tokens[i].type == SECOPS_JSON_STANDIN && node->types) {
            return 1;
        }

        /* its other keywords would only say the same in other words */

        return secops_schema_fault_type(run, place, node, i);
    }

    if ((run->json->tokens[i].flags & SECOPS_JSON_HUGE)
        && secops_schema_is_bounded(node))
    {
        return secops_schema_fault(run, place, "type", "must be a number that"
                                   " fits in 64 bits: an integer below 2^63,"
                                   " or a fraction in the range of a double");
    }

    if (node->checks == 0) {
        return 1;
    }

    if (run->failed
        || run->budget == 0
        || run->depth == SECOPS_SCHEMA_MAX_NESTING)
    {
        run->failed = 1;
        return 0;
    }

    run->budget--;
    run->depth++;

    met = secops_schema_check_keywords(run, node, i, place);

    run->depth--;

    return met;
}


static int
secops_schema_check_keywords(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place)
{
    int  met;

    met = 1;

    if (node->checks & SECOPS_SCHEMA_CHECK_VALUE) {
        met = secops_schema_check_value(run, node, i, place);

        if (!secops_schema_goes_on(run, met)) {
            return 0;
        }
    }

    switch (run->json->tokens[i].type) {

    case SECOPS_JSON_STRING:
        if (node->checks & SECOPS_SCHEMA_CHECK_STRING) {
            met &= secops_schema_string_meets(run, node, i, place);
        }

        break;

    case SECOPS_JSON_NUMBER:
        if (node->checks & SECOPS_SCHEMA_CHECK_NUMBER) {
            met &= secops_schema_number_meets(run, node, i, place);
        }

        break;

    case SECOPS_JSON_ARRAY:
        if (node->checks & SECOPS_SCHEMA_CHECK_ARRAY) {
            met &= secops_schema_check_array(run, node, i, place);
        }

        break;

    case SECOPS_JSON_OBJECT:
        if (node->checks & SECOPS_SCHEMA_CHECK_OBJECT) {
            met &= secops_schema_object_meets(run, node, i, place);
        }

        break;

    default:
        break;
    }

    if ((node->checks & SECOPS_SCHEMA_CHECK_COMBINED)
        && secops_schema_goes_on(run, met))
    {
        met &= secops_schema_check_combined(run, node, i, place);
    }

    return met;
}


int
secops_schema_meets_quietly(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place)
{
    int  met;

    run->quiet++;

    met = secops_schema_meets(run, node, i, place);

    run->quiet--;

    return met;
}


static int
secops_schema_type_is(const secops_schema_node_t *node,
    const secops_json_t *json, uint32_t i)
{
    unsigned  bit;

    bit = secops_schema_type_bit(json->tokens[i].type);

    if (node->types & bit) {
        return 1;
    }

    if (json->tokens[i].type != SECOPS_JSON_NUMBER
        || !(node->types & SECOPS_SCHEMA_INTEGER))
    {
        return 0;
    }

    /* 1.0 is an integer, too */

    return !(json->tokens[i].flags & SECOPS_JSON_REAL)
           || secops_schema_number_is_multiple(secops_json_raw(json, i), 1, 0);
}


/* 1: the schema wants a number as such, and not just any value */

static int
secops_schema_is_bounded(const secops_schema_node_t *node)
{
    return node->types != SECOPS_SCHEMA_ANY_TYPE
           || (node->checks & SECOPS_SCHEMA_CHECK_NUMBER);
}


static int
secops_schema_check_value(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place)
{
    int  met;

    met = 1;

    if (node->enumeration.nelts
        && !secops_schema_is_choice(run, &node->enumeration, i))
    {
        met = secops_schema_fault_choices(run, place, "enum",
                                          &node->enumeration, i);
    }

    if (node->constant.nelts
        && !secops_schema_is_choice(run, &node->constant, i))
    {
        met = secops_schema_fault_choices(run, place, "const",
                                          &node->constant, i);
    }

    return met;
}


static int
secops_schema_is_choice(secops_schema_run_t *run,
    const secops_schema_choices_t *choices, uint32_t i)
{
    uint32_t                       n;
    secops_slice_t                 text;
    const secops_json_t           *own;
    const secops_schema_choice_t  *choice;

    own = &run->schema->json;

    if (run->json->tokens[i].type != SECOPS_JSON_STRING) {

        for (n = 0; n < choices->nelts; n++) {
            if (secops_json_equal(own, choices->elts[n].token, run->json, i)) {
                return 1;
            }
        }

        return 0;
    }

    text = secops_schema_string(run, i);

    for (n = 0; n < choices->nelts; n++) {
        choice = &choices->elts[n];

        if (own->tokens[choice->token].type == SECOPS_JSON_STRING
            && secops_slice_equal(choice->string, text))
        {
            return 1;
        }
    }

    return 0;
}


static int
secops_schema_check_array(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place)
{
    int       met;
    uint32_t  size;

    met = 1;
    size = run->json->tokens[i].size;

    if (size < node->min_items) {
        met = secops_schema_fault(run, place, "minItems",
                                  "must have at least %u item%s",
                                  node->min_items,
                                  node->min_items == 1 ? "" : "s");
    }

    if (size > node->max_items) {
        met = secops_schema_fault(run, place, "maxItems",
                                  "must have at most %u item%s",
                                  node->max_items,
                                  node->max_items == 1 ? "" : "s");
    }

    if ((node->items || node->tuple.nelts) && secops_schema_goes_on(run, met))
    {
        met &= secops_schema_check_items(run, node, i, place);
    }

    if (node->contains && secops_schema_goes_on(run, met)) {
        met &= secops_schema_check_contains(run, node, i, place);
    }

    if (node->unique_items && secops_schema_goes_on(run, met)) {
        met &= secops_schema_check_unique(run, i, place);
    }

    return met;
}


static int
secops_schema_check_items(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place)
{
    int                          met;
    uint32_t                     child;
    secops_schema_place_t        here;
    const secops_schema_node_t  *item;

    met = 1;

    here.parent = place;
    here.name = NULL;
    here.key = 0;
    here.index = 0;

    for (child = i + 1;
         child < run->json->tokens[i].next && secops_schema_goes_on(run, met);
         child = run->json->tokens[child].next)
    {
        item = node->items;

        if (here.index < node->tuple.nelts) {
            item = node->tuple.elts[here.index];
        }

        if (item == NULL) {
            break;
        }

        met &= secops_schema_meets(run, item, child, &here);

        here.index++;
    }

    return met;
}


static int
secops_schema_check_contains(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place)
{
    uint32_t               child;
    secops_schema_place_t  here;

    here.parent = place;
    here.name = NULL;
    here.key = 0;
    here.index = 0;

    for (child = i + 1;
         child < run->json->tokens[i].next;
         child = run->json->tokens[child].next)
    {
        if (secops_schema_meets_quietly(run, node->contains, child, &here)) {
            return 1;
        }

        here.index++;
    }

    return secops_schema_fault(run, place, "contains",
                               "must have an item of the kind that is asked"
                               " for");
}


static int
secops_schema_check_unique(secops_schema_run_t *run, uint32_t i,
    const secops_schema_place_t *place)
{
    uint32_t  pair[2];

    switch (secops_schema_unique(run->json, i, pair)) {

    case 1:
        return 1;

    case 0:
        return secops_schema_fault(run, place, "uniqueItems",
                               "must not have equal items: %u and %u are",
                               pair[0], pair[1]);

    default:
        run->failed = 1;
        return 0;
    }
}


static int
secops_schema_check_combined(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place)
{
    int  met;

    met = secops_schema_check_all_of(run, node, i, place);

    if (node->any_of.nelts && secops_schema_goes_on(run, met)) {
        met &= secops_schema_check_any_of(run, node, i, place);
    }

    if (node->one_of.nelts && secops_schema_goes_on(run, met)) {
        met &= secops_schema_check_one_of(run, node, i, place);
    }

    if (node->not_schema && secops_schema_goes_on(run, met)) {
        met &= secops_schema_check_not(run, node, i, place);
    }

    if (node->if_schema && secops_schema_goes_on(run, met)) {
        met &= secops_schema_check_if(run, node, i, place);
    }

    return met;
}


static int
secops_schema_check_all_of(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place)
{
    int       met;
    uint32_t  n;

    met = 1;

    for (n = 0; n < node->all_of.nelts && secops_schema_goes_on(run, met); n++)
    {
        met &= secops_schema_meets(run, node->all_of.elts[n], i, place);
    }

    return met;
}


static int
secops_schema_check_any_of(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place)
{
    uint32_t                     n;
    const secops_schema_node_t  *candidate;

    for (n = 0; n < node->any_of.nelts; n++) {
        if (secops_schema_meets_quietly(run, node->any_of.elts[n], i, place)) {
            return 1;
        }
    }

    candidate = secops_schema_only_candidate(run, &node->any_of, i);

    if (candidate) {
        return secops_schema_meets(run, candidate, i, place);
    }

    return secops_schema_fault(run, place, "anyOf",
                               "must be of one of the %u kinds that are"
                               " allowed", node->any_of.nelts);
}


static int
secops_schema_check_one_of(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place)
{
    uint32_t                     n, nmet;
    const secops_schema_node_t  *candidate;

    nmet = 0;

    for (n = 0; n < node->one_of.nelts && nmet < 2; n++) {
        nmet += secops_schema_meets_quietly(run, node->one_of.elts[n], i,
                                            place);
    }

    if (nmet == 1) {
        return 1;
    }

    if (nmet > 1) {
        return secops_schema_fault(run, place, "oneOf",
                                   "must be of one kind only, not of several"
                                   " of the %u that are allowed",
                                   node->one_of.nelts);
    }

    candidate = secops_schema_only_candidate(run, &node->one_of, i);

    if (candidate) {
        return secops_schema_meets(run, candidate, i, place);
    }

    return secops_schema_fault(run, place, "oneOf",
                               "must be of one of the %u kinds that are"
                               " allowed", node->one_of.nelts);
}


/*
 * Of alternatives that were all not met, the one that wants a value of this
 * type, if there is but one: its own faults say more than "none of these".
 */

static const secops_schema_node_t *
secops_schema_only_candidate(secops_schema_run_t *run,
    const secops_schema_list_t *list, uint32_t i)
{
    uint32_t                     n;
    const secops_schema_node_t  *node, *candidate;

    if (run->quiet) {
        return NULL;
    }

    candidate = NULL;

    for (n = 0; n < list->nelts; n++) {
        node = list->elts[n];

        if (node->ref) {
            node = node->ref;
        }

        if (!secops_schema_type_is(node, run->json, i)) {
            continue;
        }

        if (candidate) {
            return NULL;
        }

        candidate = node;
    }

    return candidate;
}


static int
secops_schema_check_not(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place)
{
    if (!secops_schema_meets_quietly(run, node->not_schema, i, place)) {
        return 1;
    }

    return secops_schema_fault(run, place, "not",
                               "must not be of the kind that is excluded");
}


static int
secops_schema_check_if(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place)
{
    const secops_schema_node_t  *branch;

    if (node->then_schema == NULL && node->else_schema == NULL) {
        return 1;
    }

    branch = secops_schema_meets_quietly(run, node->if_schema, i, place)
             ? node->then_schema : node->else_schema;

    return branch == NULL || secops_schema_meets(run, branch, i, place);
}
