
/*
 * The keywords of objects, and which members of an object there are: see
 * SECOPS_SCHEMA_EMPTY_IS_ABSENT.
 */

#include "model/schema/secops_schema_internal.h"


/* so many names are looked for in an object sooner than its members among
   them */

#define SECOPS_SCHEMA_FEW_NAMES  4


static int secops_schema_check_count(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place);
static int secops_schema_only_few_names(const secops_schema_node_t *node);
static int secops_schema_check_members(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place);
static int secops_schema_check_names(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place);
static inline int secops_schema_others(const secops_schema_node_t *node,
    const secops_schema_name_t *name);
static int secops_schema_check_others(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t key,
    const secops_schema_name_t *name, const secops_schema_place_t *place);
static int secops_schema_check_patterns(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t key,
    const secops_schema_place_t *place, unsigned *matched);
static int secops_schema_check_dependencies(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place);
static int secops_schema_check_dependency(secops_schema_run_t *run,
    const secops_schema_dependency_t *dependency, uint32_t i,
    const secops_schema_place_t *place);
static uint32_t secops_schema_member(const secops_schema_run_t *run,
    uint32_t i, secops_slice_t name);
static int secops_schema_is_absent(const secops_schema_run_t *run, uint32_t i,
    uint32_t value);


int
secops_schema_object_meets(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place)
{
    int  met, few;

    met = 1;
    few = secops_schema_only_few_names(node);

    if (node->min_properties || node->max_properties != UINT32_MAX) {
        met = secops_schema_check_count(run, node, i, place);
    }

    /* for people: in the order of the schema, not in that of the document */

    if (node->nnames && (run->quiet == 0 || few)
        && secops_schema_goes_on(run, met))
    {
        met &= secops_schema_check_names(run, node, i, place);
    }

    if (!few && secops_schema_goes_on(run, met)) {
        met &= secops_schema_check_members(run, node, i, place);
    }

    if (node->ndependencies && secops_schema_goes_on(run, met)) {
        met &= secops_schema_check_dependencies(run, node, i, place);
    }

    return met;
}


static int
secops_schema_check_count(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place)
{
    uint32_t  key, count;

    count = run->json->tokens[i].size;

    if (run->empty_is_absent && i == run->root) {

        for (key = i + 1;
             key < run->json->tokens[i].next;
             key = run->json->tokens[key + 1].next)
        {
            count -= secops_schema_is_absent(run, i, key + 1);
        }
    }

    if (count < node->min_properties) {
        return secops_schema_fault(run, place, "minProperties",
                                   "must have at least %u member%s",
                                   node->min_properties,
                                   node->min_properties == 1 ? "" : "s");
    }

    if (count > node->max_properties) {
        return secops_schema_fault(run, place, "maxProperties",
                                   "must have at most %u member%s",
                                   node->max_properties,
                                   node->max_properties == 1 ? "" : "s");
    }

    return 1;
}


/* 1: there is nothing to check about members of other names, as in most
   conditions */

static int
secops_schema_only_few_names(const secops_schema_node_t *node)
{
    return node->nnames <= SECOPS_SCHEMA_FEW_NAMES
           && node->property_names == NULL
           && node->npatterns == 0
           && node->additional_properties == NULL;
}


/*
 * Each member once.  "properties" and "required" are left to
 * secops_schema_check_names() if somebody is to be told of their faults.
 */

static int
secops_schema_check_members(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place)
{
    int                          met;
    uint32_t                     key, end, nrequired;
    secops_schema_place_t        here;
    const secops_schema_name_t  *name;

    met = 1;
    end = run->json->tokens[i].next;
    nrequired = node->nrequired;

    here.parent = place;
    here.name = NULL;

    for (key = i + 1; key < end; key = run->json->tokens[key + 1].next) {

        if (secops_schema_is_absent(run, i, key + 1)) {
            continue;
        }

        here.key = key;
        name = secops_schema_find_name(node, run->json, key);

        if (name) {
            nrequired -= name->required;

            if (run->quiet && name->node) {
                met &= secops_schema_meets(run, name->node, key + 1, &here);
            }
        }

        if (secops_schema_others(node, name)
            && secops_schema_goes_on(run, met))
        {
            met &= secops_schema_check_others(run, node, key, name, &here);
        }

        if (!secops_schema_goes_on(run, met)) {
            return 0;
        }
    }

    return met && nrequired == 0;
}


static int
secops_schema_check_names(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place)
{
    int                          met;
    uint32_t                     n, value;
    secops_schema_place_t        here;
    const secops_schema_name_t  *name;

    met = 1;

    for (n = 0; n < node->nnames && secops_schema_goes_on(run, met); n++) {

        name = &node->names[n];
        value = secops_schema_member(run, i, name->name);

        here.parent = place;
        here.name = value ? NULL : &name->name;
        here.key = value - 1;

        if (value == 0) {
            if (name->required) {
                met = secops_schema_fault_property(run, &here, "required",
                                                   &name->name,
                                                   "is required");
            }

            continue;
        }

        if (name->node) {
            met &= secops_schema_meets(run, name->node, value, &here);
        }
    }

    return met;
}


/* whether the keywords of secops_schema_check_others() have a say */

static inline int
secops_schema_others(const secops_schema_node_t *node,
    const secops_schema_name_t *name)
{
    if (node->property_names || node->npatterns) {
        return 1;
    }

    return node->additional_properties && (name == NULL || name->node == NULL);
}


/* propertyNames, patternProperties, additionalProperties; place is the member,
   name what "properties" and "required" know of it */

static int
secops_schema_check_others(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t key,
    const secops_schema_name_t *name, const secops_schema_place_t *place)
{
    int                          met;
    unsigned                     matched;
    secops_slice_t               text;
    const secops_schema_node_t  *additional;

    met = 1;
    matched = (name && name->node);
    additional = node->additional_properties;

    if (node->property_names
        && !secops_schema_meets_quietly(run, node->property_names, key, place))
    {
        met = secops_schema_fault(run, place, "propertyNames",
                                  "has a name that is not allowed");
    }

    if (node->npatterns && secops_schema_goes_on(run, met)) {
        met &= secops_schema_check_patterns(run, node, key, place, &matched);
    }

    if (matched || additional == NULL || !secops_schema_goes_on(run, met)) {
        return met;
    }

    if (additional->types == 0) {
        text = secops_schema_string(run, key);

        return secops_schema_fault_property(run, place,
                                            "additionalProperties", &text,
                                            "is not allowed");
    }

    return met & secops_schema_meets(run, additional, key + 1, place);
}


static int
secops_schema_check_patterns(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t key,
    const secops_schema_place_t *place, unsigned *matched)
{
    int             met, rc;
    uint32_t        n;
    secops_slice_t  text;

    met = 1;

    for (n = 0; n < node->npatterns && secops_schema_goes_on(run, met); n++) {

        /* each time: the check of a value may have used the scratch */

        text = secops_schema_string(run, key);

        rc = secops_schema_pattern_match(node->patterns[n].pattern, text.data,
                                         text.len, run->patterns);

        if (rc < 0) {
            met = secops_schema_fault_exhausted(run, place,
                                       "patternProperties",
                                       secops_schema_pattern_reason(rc));
            *matched = 1;
            continue;
        }

        if (rc == 1) {
            *matched = 1;
            met &= secops_schema_meets(run, node->patterns[n].node, key + 1,
                                       place);
        }
    }

    return met;
}


static int
secops_schema_check_dependencies(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place)
{
    int                                met;
    uint32_t                           n;
    const secops_schema_dependency_t  *dependency;

    met = 1;

    for (n = 0;
         n < node->ndependencies && secops_schema_goes_on(run, met);
         n++)
    {
        dependency = &node->dependencies[n];

        if (secops_schema_member(run, i, dependency->name) == 0) {
            continue;
        }

        if (dependency->node) {
            met &= secops_schema_meets(run, dependency->node, i, place);

        } else {
            met &= secops_schema_check_dependency(run, dependency, i, place);
        }
    }

    return met;
}


static int
secops_schema_check_dependency(secops_schema_run_t *run,
    const secops_schema_dependency_t *dependency, uint32_t i,
    const secops_schema_place_t *place)
{
    int                    met;
    uint32_t               n;
    secops_schema_place_t  here;

    met = 1;

    for (n = 0;
         n < dependency->nnames && secops_schema_goes_on(run, met);
         n++)
    {
        if (secops_schema_member(run, i, dependency->names[n])) {
            continue;
        }

        here.parent = place;
        here.name = &dependency->names[n];

        met = secops_schema_fault_property(run, &here, "dependencies",
                                           here.name,
                                           "is required beside \"%.*s\"",
                                           (int) dependency->name.len,
                                           dependency->name.data);
    }

    return met;
}


/* the value of a member that is not absent, or 0 */

static uint32_t
secops_schema_member(const secops_schema_run_t *run, uint32_t i,
    secops_slice_t name)
{
    uint32_t  value;

    value = secops_json_member(run->json, i, name.data, name.len);

    if (value && secops_schema_is_absent(run, i, value)) {
        return 0;
    }

    return value;
}


/* see SECOPS_SCHEMA_EMPTY_IS_ABSENT; value is a member's of the object i */

static int
secops_schema_is_absent(const secops_schema_run_t *run, uint32_t i,
    uint32_t value)
{
    const secops_json_token_t  *token;

    if (!run->empty_is_absent || i != run->root) {
        return 0;
    }

    token = &run->json->tokens[value];

    return token->type == SECOPS_JSON_NULL
           || (token->type == SECOPS_JSON_STRING && token->len == 0);
}
