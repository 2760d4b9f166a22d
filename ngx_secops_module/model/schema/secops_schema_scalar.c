
/*
 * Validation of texts and numbers: the keywords that look at one value, and at
 * nothing in it.
 */

#include "model/schema/secops_schema_internal.h"


static int secops_schema_check_length(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place);
static int secops_schema_is_too_long(const secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i);
static int secops_schema_check_pattern(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place);
static int secops_schema_check_bound(secops_schema_run_t *run,
    const secops_schema_place_t *place, const char *keyword, int met,
    const char *what, const secops_schema_number_t *bound);


int
secops_schema_string_meets(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place)
{
    int             met;
    secops_slice_t  text;

    met = secops_schema_check_length(run, node, i, place);

    /* what is too long is not looked at, or "maxLength" would bound nothing */

    if (!met && secops_schema_is_too_long(run, node, i)) {
        return 0;
    }

    if (node->pattern && secops_schema_goes_on(run, met)) {
        met &= secops_schema_check_pattern(run, node, i, place);
    }

    if (node->format && secops_schema_goes_on(run, met)) {
        text = secops_schema_string(run, i);

        if (!node->format->check(text.data, text.len)) {
            met = secops_schema_fault(run, place, "format", "%s",
                                      node->format->message);
        }
    }

    return met;
}


/* a string has no more characters than bytes, and characters have at most 4
   bytes, or 12 if escaped: mostly there is nothing to count */

static int
secops_schema_check_length(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place)
{
    size_t    len;
    uint32_t  bytes;

    bytes = run->json->tokens[i].len;

    if (bytes <= node->max_length && bytes / 12 >= node->min_length) {
        return 1;
    }

    len = secops_json_string_length(run->json, i);

    if (len > node->max_length) {
        return secops_schema_fault(run, place, "maxLength",
                                   "must be at most %u character%s long",
                                   node->max_length,
                                   node->max_length == 1 ? "" : "s");
    }

    if (len < node->min_length) {

        if (node->min_length == 1) {
            return secops_schema_fault(run, place, "minLength",
                                       "must not be empty");
        }

        return secops_schema_fault(run, place, "minLength",
                                   "must be at least %u characters long",
                                   node->min_length);
    }

    return 1;
}


static int
secops_schema_is_too_long(const secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i)
{
    return run->json->tokens[i].len > node->max_length
           && secops_json_string_length(run->json, i) > node->max_length;
}


static int
secops_schema_check_pattern(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place)
{
    int             rc;
    secops_slice_t  text;

    text = secops_schema_string(run, i);

    rc = secops_schema_pattern_match(node->pattern, text.data, text.len,
                                     run->patterns);

    if (rc == 1) {
        return 1;
    }

    if (rc < 0) {
        return secops_schema_fault_exhausted(run, place, "pattern",
                                       secops_schema_pattern_reason(rc));
    }

    text = secops_schema_pattern_text(node->pattern);

    if (text.len > SECOPS_SCHEMA_SHORT) {
        return secops_schema_fault(run, place, "pattern",
                                   "must match its pattern");
    }

    return secops_schema_fault(run, place, "pattern",
                               "must match the pattern %.*s",
                               (int) text.len, text.data);
}


int
secops_schema_number_meets(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place)
{
    int                     met;
    secops_schema_number_t  value, *bound;

    secops_schema_number_read(run->json, i, &value);

    met = 1;
    bound = node->minimum;

    if (bound) {
        met &= secops_schema_check_bound(run, place, "minimum",
                             secops_schema_number_compare(&value, bound) >= 0,
                             "must be at least", bound);
    }

    bound = node->maximum;

    if (bound) {
        met &= secops_schema_check_bound(run, place, "maximum",
                             secops_schema_number_compare(&value, bound) <= 0,
                             "must be at most", bound);
    }

    bound = node->exclusive_minimum;

    if (bound) {
        met &= secops_schema_check_bound(run, place, "exclusiveMinimum",
                             secops_schema_number_compare(&value, bound) > 0,
                             "must be greater than", bound);
    }

    bound = node->exclusive_maximum;

    if (bound) {
        met &= secops_schema_check_bound(run, place, "exclusiveMaximum",
                             secops_schema_number_compare(&value, bound) < 0,
                             "must be less than", bound);
    }

    bound = node->multiple_of;

    if (bound) {
        met &= secops_schema_check_bound(run, place, "multipleOf",
                             secops_schema_number_is_multiple(value.text,
                                           bound->mantissa, bound->exponent),
                             "must be a multiple of", bound);
    }

    return met;
}


static int
secops_schema_check_bound(secops_schema_run_t *run,
    const secops_schema_place_t *place, const char *keyword, int met,
    const char *what, const secops_schema_number_t *bound)
{
    if (met) {
        return 1;
    }

    return secops_schema_fault(run, place, keyword, "%s %.*s", what,
                               (int) bound->text.len, bound->text.data);
}
