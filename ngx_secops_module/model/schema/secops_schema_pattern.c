
/*
 * Regular expressions of "pattern", "patternProperties" and of the format
 * "regex": PCRE2 told to behave as ECMA 262, with limits, so that a pattern
 * that goes wrong on some text costs milliseconds and not minutes.
 *
 * PCRE2's own match limit does not bound the cost: it is counted anew for each
 * place where a match might begin, and a repeat that gives nothing back, such
 * as the "\s+" of "\s+$", counts once, however long it is.  So patterns are
 * compiled with a callout before each of their items, which takes a step from
 * the budget of the request, and more for the bytes that the item before it
 * has run over.
 *
 * PCRE2 knows a good deal that ECMA 262 does not, or that it takes for
 * something else: \Z, \A, \Q, (?i), (?>...), (?R), (*VERB).  A schema with such
 * a pattern would mean one thing here and another elsewhere, so it is refused.
 */

#define PCRE2_CODE_UNIT_WIDTH 8

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/schema/secops_schema_internal.h"


#define SECOPS_SCHEMA_HEAP_LIMIT   4096     /* KiB */
#define SECOPS_SCHEMA_SCAN         32       /* bytes run over for one step */

#define SECOPS_SCHEMA_COMPLEX      (-1)     /* why a match was given up */
#define SECOPS_SCHEMA_LONG         (-2)
#define SECOPS_SCHEMA_SPENT        (-3)


/* match is scratch for the one thread that validates */

struct secops_schema_pattern_s {
    pcre2_code               *code;
    pcre2_match_data         *match;
    pcre2_match_context      *limits;
    secops_schema_pattern_t  *next;
    unsigned                  anchored;
    unsigned                  looks_back;   /* has a backreference */
    size_t                    least;        /* bytes that an item may run over
                                               in vain: the largest "{n" */
    size_t                    len;
    unsigned char             text[1];      /* the rest follows */
};


/* one match: what its callouts take steps with */

typedef struct {
    secops_schema_budget_t   *budget;
    uint64_t                  price;        /* of each item */
    size_t                    at;           /* of the item before */
} secops_schema_meter_t;


static void secops_schema_pattern_measure(secops_schema_pattern_t *pattern);
static int secops_schema_pattern_step(pcre2_callout_block *block, void *data);
static pcre2_code *secops_schema_pattern_compile(secops_slice_t text,
    uint32_t more, char *reason, size_t size);
static const char *secops_schema_pattern_check(secops_slice_t text);
static const char *secops_schema_pattern_group(const unsigned char *p,
    const unsigned char *last);


secops_schema_pattern_t *
secops_schema_pattern_create(secops_slice_t text, char *reason, size_t size)
{
    secops_schema_pattern_t  *pattern;

    pattern = calloc(1, sizeof(secops_schema_pattern_t) + text.len);
    if (pattern == NULL) {
        snprintf(reason, size, "no memory");
        return NULL;
    }

    pattern->len = text.len;
    memcpy(pattern->text, text.data, text.len);

    pattern->code = secops_schema_pattern_compile(text, PCRE2_AUTO_CALLOUT,
                                                  reason, size);
    if (pattern->code == NULL) {
        goto failed;
    }

    pattern->match = pcre2_match_data_create(1, NULL);
    pattern->limits = pcre2_match_context_create(NULL);

    if (pattern->match == NULL || pattern->limits == NULL) {
        snprintf(reason, size, "no memory");
        goto failed;
    }

    pcre2_set_match_limit(pattern->limits, SECOPS_SCHEMA_STEPS);
    pcre2_set_heap_limit(pattern->limits, SECOPS_SCHEMA_HEAP_LIMIT);

    secops_schema_pattern_measure(pattern);

    return pattern;

failed:

    secops_schema_pattern_free(pattern);

    return NULL;
}


void
secops_schema_pattern_free(secops_schema_pattern_t *pattern)
{
    secops_schema_pattern_t  *next;

    for ( /* void */ ; pattern; pattern = next) {
        next = pattern->next;

        pcre2_match_context_free(pattern->limits);
        pcre2_match_data_free(pattern->match);
        pcre2_code_free(pattern->code);
        free(pattern);
    }
}


void
secops_schema_pattern_push(secops_schema_pattern_t **chain,
    secops_schema_pattern_t *pattern)
{
    pattern->next = *chain;
    *chain = pattern;
}


secops_slice_t
secops_schema_pattern_text(const secops_schema_pattern_t *pattern)
{
    secops_slice_t  text;

    text.data = pattern->text;
    text.len = pattern->len;

    return text;
}


int
secops_schema_pattern_anchored(const secops_schema_pattern_t *pattern)
{
    return pattern->anchored;
}


/*
 * An item runs over bytes in vain where it asks for a number of them and finds
 * less, or compares with what a group has matched: the next callout does not
 * see these, so they are part of the price of each item.
 */

static void
secops_schema_pattern_measure(secops_schema_pattern_t *pattern)
{
    size_t                n;
    uint32_t              options, backref;
    const unsigned char  *p, *last;

    (void) pcre2_pattern_info(pattern->code, PCRE2_INFO_ALLOPTIONS, &options);
    (void) pcre2_pattern_info(pattern->code, PCRE2_INFO_BACKREFMAX, &backref);

    pattern->anchored = (options & PCRE2_ANCHORED) != 0;
    pattern->looks_back = (backref > 0);

    last = pattern->text + pattern->len;

    for (p = pattern->text; p < last; p++) {

        if (*p != '{') {
            continue;
        }

        for (n = 0, p++; p < last && *p >= '0' && *p <= '9'; p++) {
            n = (n < UINT16_MAX) ? n * 10 + (*p - '0') : n;
        }

        p--;

        if (n > pattern->least) {
            pattern->least = n;
        }
    }
}


int
secops_schema_pattern_match(const secops_schema_pattern_t *pattern,
    const unsigned char *data, size_t len, secops_schema_budget_t *budget)
{
    int                    rc;
    size_t                 vain;
    secops_schema_meter_t  meter;

    if (len > SECOPS_SCHEMA_UNANCHORED && !pattern->anchored) {
        return SECOPS_SCHEMA_LONG;
    }

    if (budget->steps == 0) {
        return SECOPS_SCHEMA_SPENT;
    }

    vain = pattern->looks_back ? len : pattern->least;

    meter.budget = budget;
    meter.price = 1 + vain / SECOPS_SCHEMA_SCAN;
    meter.at = 0;

    (void) pcre2_set_callout(pattern->limits, secops_schema_pattern_step,
                             &meter);

    /* the reader has checked that documents are UTF-8 */

    rc = pcre2_match(pattern->code, data, len, 0, PCRE2_NO_UTF_CHECK,
                     pattern->match, pattern->limits);

    if (rc >= 0) {
        return 1;
    }

    return (rc == PCRE2_ERROR_NOMATCH) ? 0 : SECOPS_SCHEMA_COMPLEX;
}


const char *
secops_schema_pattern_reason(int rc)
{
    switch (rc) {

    case SECOPS_SCHEMA_LONG:
        return "is too long to be checked against its pattern, which may match"
               " anywhere in it";

    case SECOPS_SCHEMA_SPENT:
        return "can not be checked against its pattern: other texts of this"
               " request were too complex";

    default: /* SECOPS_SCHEMA_COMPLEX */
        return "is too complex to be checked against its pattern";
    }
}


/* called by PCRE2 before it tries an item of the pattern */

static int
secops_schema_pattern_step(pcre2_callout_block *block, void *data)
{
    secops_schema_meter_t *meter = data;

    uint64_t  steps;

    steps = meter->price;

    if (block->current_position > meter->at) {
        steps += (block->current_position - meter->at) / SECOPS_SCHEMA_SCAN;
    }

    meter->at = block->current_position;

    if (meter->budget->steps <= steps) {
        meter->budget->steps = 0;
        return PCRE2_ERROR_CALLOUT;
    }

    meter->budget->steps -= steps;

    return 0;
}


int
secops_schema_pattern_valid(const unsigned char *data, size_t len)
{
    char             reason[1];
    pcre2_code      *code;
    secops_slice_t   text;

    text.data = data;
    text.len = len;

    code = secops_schema_pattern_compile(text, 0, reason, sizeof(reason));

    pcre2_code_free(code);

    return code != NULL;
}


static pcre2_code *
secops_schema_pattern_compile(secops_slice_t text, uint32_t more, char *reason,
    size_t size)
{
    int                     rc;
    size_t                  n;
    uint32_t                options;
    PCRE2_SIZE              offset;
    const char             *what;
    pcre2_code             *code;
    PCRE2_UCHAR             message[128];
    pcre2_compile_context  *context;

    what = secops_schema_pattern_check(text);
    if (what) {
        snprintf(reason, size, "is not ECMA 262: %s", what);
        return NULL;
    }

    context = pcre2_compile_context_create(NULL);
    if (context == NULL) {
        snprintf(reason, size, "no memory");
        return NULL;
    }

    /* "." stops at CR and LF; \u{...}; \1 of a group that was not met is "" */

    pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
    pcre2_set_compile_extra_options(context, PCRE2_EXTRA_ALT_BSUX);

    options = PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_DOLLAR_ENDONLY
              | PCRE2_ALT_BSUX | PCRE2_ALLOW_EMPTY_CLASS
              | PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C | more;

    code = pcre2_compile(text.data, text.len, options, &rc, &offset, context);

    pcre2_compile_context_free(context);

    if (code == NULL) {
        n = offset;
        pcre2_get_error_message(rc, message, sizeof(message));
        snprintf(reason, size, "is no regular expression: %s at offset %zu",
                 (char *) message, n);
    }

    return code;
}


/* NULL, or what is not ECMA 262 in the pattern */

static const char *
secops_schema_pattern_check(secops_slice_t text)
{
    int                   class;
    const char           *what;
    const unsigned char  *p, *last;

    class = 0;
    last = text.data + text.len;

    for (p = text.data; p < last; p++) {

        switch (*p) {

        case '\\':

            if (++p == last) {
                return "it ends with a backslash";
            }

            if (((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z')
                && strchr("bBcdDfknpPrsStuvwWx", *p) == NULL)
            {
                return "a backslash before a letter without such a meaning";
            }

            break;

        case '[':
            class = 1;
            break;

        case ']':
            class = 0;
            break;

        case '(':
            what = class ? NULL : secops_schema_pattern_group(p + 1, last);
            if (what) {
                return what;
            }

            break;

        default:
            break;
        }
    }

    return NULL;
}


/* what follows the "(" of a group */

static const char *
secops_schema_pattern_group(const unsigned char *p, const unsigned char *last)
{
    if (p == last) {
        return NULL;
    }

    if (*p == '*') {
        return "a group that begins with \"(*\"";
    }

    if (*p != '?') {
        return NULL;
    }

    if (last - p > 1 && strchr(":=!<", p[1]) && p[1] != '\0') {
        return NULL;
    }

    return "a group that begins with \"(?\" but not with"
           " \"(?:\", \"(?=\", \"(?!\" or \"(?<\"";
}
