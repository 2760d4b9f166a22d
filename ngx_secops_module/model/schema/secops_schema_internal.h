
/*
 * What the files of the schema validator share; nobody else includes it.
 *
 *     secops_schema_compile.c     document -> nodes
 *     secops_schema_memory.c      what a schema owns
 *     secops_schema_refuse.c      where and why it is refused
 *     secops_schema_keyword.c     the table of the keywords, and annotations
 *     secops_schema_assertion.c   keywords that ask something of the value
 *     secops_schema_applicator.c  keywords that have schemas in them
 *     secops_schema_name.c        the table of an object's names
 *     secops_schema_ref.c         $ref -> nodes, refusing what would never end
 *     secops_schema.c             nodes x instance -> valid or not
 *     secops_schema_object.c      the same, for what objects have
 *     secops_schema_scalar.c      the same, for texts and numbers
 *     secops_schema_fault.c       a fault's pointer and message
 *     secops_schema_number.c      exact decimal arithmetic
 *     secops_schema_unique.c      uniqueItems
 *     secops_schema_pattern.c     regular expressions, alone to see PCRE2
 *     secops_schema_format.c      formats
 */

#ifndef _SECOPS_SCHEMA_INTERNAL_H_INCLUDED_
#define _SECOPS_SCHEMA_INTERNAL_H_INCLUDED_


#include <stdint.h>

#include "model/schema/secops_schema.h"


#define SECOPS_SCHEMA_OK     0
#define SECOPS_SCHEMA_ERROR  (-1)


/* sets of types: 1 << secops_json_type_e, and bit 0 for "integer" */

#define SECOPS_SCHEMA_INTEGER   0x01
#define SECOPS_SCHEMA_ANY_TYPE  0xff

#define secops_schema_type_bit(type)  (1u << (type))


/* which groups of a node's keywords have something to check */

#define SECOPS_SCHEMA_CHECK_VALUE     0x01
#define SECOPS_SCHEMA_CHECK_STRING    0x02
#define SECOPS_SCHEMA_CHECK_NUMBER    0x04
#define SECOPS_SCHEMA_CHECK_ARRAY     0x08
#define SECOPS_SCHEMA_CHECK_OBJECT    0x10
#define SECOPS_SCHEMA_CHECK_COMBINED  0x20


typedef struct secops_schema_pattern_s  secops_schema_pattern_t;
typedef struct secops_schema_node_s     secops_schema_node_t;
typedef struct secops_schema_chunk_s    secops_schema_chunk_t;


typedef struct {
    secops_slice_t             text;        /* as in its document */
    double                     real;
    int64_t                    integer;     /* if exact */
    unsigned                   exact;
    uint64_t                   mantissa;    /* of "multipleOf" only: it is */
    int64_t                    exponent;    /* mantissa * 10^exponent */
} secops_schema_number_t;


typedef struct {
    const char                *name;
    const char                *message;
    int                      (*check)(const unsigned char *data, size_t len);
} secops_schema_format_t;


typedef struct {
    secops_schema_node_t     **elts;
    uint32_t                   nelts;
} secops_schema_list_t;


/* a value of "enum", or that of "const" */

typedef struct {
    secops_slice_t             string;      /* if it is one */
    uint32_t                   token;       /* in the schema's document */
} secops_schema_choice_t;


typedef struct {
    secops_schema_choice_t    *elts;
    uint32_t                   nelts;
} secops_schema_choices_t;


/* a name of "properties", of "required" or of both */

typedef struct {
    secops_slice_t             name;
    secops_schema_node_t      *node;        /* NULL: not in "properties" */
    uint32_t                   hash;
    unsigned                   required;
} secops_schema_name_t;


typedef struct {
    secops_schema_pattern_t   *pattern;
    secops_schema_node_t      *node;
} secops_schema_pattern_property_t;


typedef struct {
    secops_slice_t             name;        /* the member that asks */
    secops_schema_node_t      *node;        /* for the whole object, or NULL */
    secops_slice_t            *names;       /* for these members */
    uint32_t                   nnames;
} secops_schema_dependency_t;


/* one schema, compiled; what is not set by a keyword asks for nothing */

struct secops_schema_node_s {
    uint8_t                    types;       /* that are allowed; none: false */
    uint8_t                    checks;
    uint8_t                    unique_items;
    uint8_t                    height;      /* nodes that look at one value
                                               through each other from here */
    uint32_t                   token;       /* in the schema's document */

    /* "$ref": its siblings do not count.  Never a node with a ref itself */
    secops_schema_node_t      *ref;

    secops_schema_choices_t    enumeration;
    secops_schema_choices_t    constant;

    uint32_t                   min_length;
    uint32_t                   max_length;
    secops_schema_pattern_t   *pattern;
    const secops_schema_format_t  *format;

    /* names[0..nnames): "properties" in document order, then the rest of
       "required"; slots is a hash table of 1 + index into it */
    secops_schema_name_t      *names;
    uint32_t                  *slots;
    uint32_t                   nnames;
    uint32_t                   mask;
    uint32_t                   nrequired;
    uint32_t                   npatterns;
    uint32_t                   ndependencies;
    uint32_t                   min_properties;
    uint32_t                   max_properties;
    secops_schema_pattern_property_t  *patterns;
    secops_schema_dependency_t        *dependencies;
    secops_schema_node_t      *additional_properties;
    secops_schema_node_t      *property_names;

    uint32_t                   min_items;
    uint32_t                   max_items;
    secops_schema_node_t      *items;       /* of all, or after the tuple */
    secops_schema_node_t      *contains;
    secops_schema_list_t       tuple;

    secops_schema_number_t    *minimum;
    secops_schema_number_t    *maximum;
    secops_schema_number_t    *exclusive_minimum;
    secops_schema_number_t    *exclusive_maximum;
    secops_schema_number_t    *multiple_of;

    secops_schema_list_t       all_of;
    secops_schema_list_t       any_of;
    secops_schema_list_t       one_of;
    secops_schema_node_t      *not_schema;
    secops_schema_node_t      *if_schema;
    secops_schema_node_t      *then_schema;
    secops_schema_node_t      *else_schema;

    /* while compiling: values of keywords that are read together, or later;
       0 if there is none */
    uint32_t                   ref_token;
    uint32_t                   properties_token;
    uint32_t                   required_token;
    uint32_t                   items_token;
    uint32_t                   additional_items_token;

    secops_schema_node_t      *next;        /* of all nodes */
};


/*
 * Owns all its memory: chunks, tokens, patterns.  The document is a copy whose
 * strings are decoded in place, so the raw bytes of a string are its value.
 */

struct secops_schema_s {
    secops_json_t              json;
    secops_schema_node_t      *root;
    secops_schema_node_t      *nodes;
    uint32_t                   nnodes;
    secops_schema_chunk_t     *chunks;
    secops_schema_pattern_t   *regexes;
};


/* one compilation */

typedef struct {
    secops_schema_t           *schema;
    const secops_json_t       *json;        /* the schema's */
    secops_schema_node_t     **nodes;       /* by token; gone in the end */
    secops_schema_error_t     *error;
} secops_schema_compiler_t;


/* where in the instance a check stands; lives on the stack of the checks */

typedef struct secops_schema_place_s  secops_schema_place_t;

struct secops_schema_place_s {
    const secops_schema_place_t  *parent;   /* NULL: the instance's root */
    const secops_slice_t      *name;        /* of a member that is missing */
    uint32_t                   key;         /* token of a member's name */
    uint32_t                   index;       /* of an element, if key is 0 */
};


#define SECOPS_SCHEMA_SCRATCH  1024
#define SECOPS_SCHEMA_SHORT    80           /* bytes of the schema's own text
                                               that a message may quote */


/* one validation */

typedef struct {
    const secops_schema_t     *schema;
    const secops_json_t       *json;
    secops_schema_fault_pt     handler;
    void                      *data;
    uint64_t                   budget;      /* node visits that are left */
    secops_schema_budget_t    *patterns;    /* steps that are left */
    uint32_t                   root;        /* the object whose empty members
                                               are absent, if any */
    unsigned                   empty_is_absent;
    unsigned                   depth;
    unsigned                   quiet;       /* not 0: nobody is told, and the
                                               first fault ends the check */
    unsigned                   failed;      /* the answer is -1 */
    unsigned                   exhausted;   /* a pattern could not be tried
                                               to its end */
    unsigned                   told;        /* at least one fault was */
    int                        nfaults;     /* that count */
    unsigned char             *pointer;     /* malloc'ed at the first fault */
    size_t                     pointer_size;
    unsigned char             *decoded;     /* malloc'ed for long strings */
    size_t                     decoded_size;
    unsigned char              scratch[SECOPS_SCHEMA_SCRATCH];
} secops_schema_run_t;


/* the node of the schema at token i, or NULL: refused, or no memory */

secops_schema_node_t *secops_schema_compile_node(secops_schema_compiler_t *c,
    uint32_t i);


/* reads the object that is the node's schema */

int secops_schema_compile_keywords(secops_schema_compiler_t *c,
    secops_schema_node_t *node);


/* compiles an object of schemas, under names of any kind */

int secops_schema_compile_map(secops_schema_compiler_t *c, uint32_t i);


/* "properties" and "required", whose tokens are in the node */

int secops_schema_compile_names(secops_schema_compiler_t *c,
    secops_schema_node_t *node);

/* sees to it that token i is an array of strings */

int secops_schema_name_list(secops_schema_compiler_t *c, uint32_t i);

/* what the node knows of the member with this key, or NULL */

const secops_schema_name_t *secops_schema_find_name(
    const secops_schema_node_t *node, const secops_json_t *json, uint32_t key);


/* gives each node with a ref_token its ref, then the nodes their height */

int secops_schema_resolve(secops_schema_compiler_t *c);
int secops_schema_measure(secops_schema_compiler_t *c);


/* both return SECOPS_SCHEMA_ERROR */

int secops_schema_refuse(secops_schema_compiler_t *c, uint32_t i,
    const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int secops_schema_no_memory(secops_schema_compiler_t *c);

/* writes the pointer of token target, found from the root down: only what is
   refused, or warned of, needs it.  One that is too long is cut */

void secops_schema_locate(const secops_json_t *json, uint32_t target,
    char *dst, size_t size);


/* zeroed, aligned for all, freed with the schema; size may be 0 */

void *secops_schema_alloc(secops_schema_t *schema, size_t size);


/* all checks: 1 when the value at token i meets the node, else 0 */

int secops_schema_meets(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place);
int secops_schema_meets_quietly(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place);
int secops_schema_object_meets(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place);

/* the checks of a string, and of a number */

int secops_schema_string_meets(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place);
int secops_schema_number_meets(secops_schema_run_t *run,
    const secops_schema_node_t *node, uint32_t i,
    const secops_schema_place_t *place);

/* whether there is a point in looking for more faults */

static inline int
secops_schema_goes_on(const secops_schema_run_t *run, int met)
{
    return met
           || (run->quiet == 0
               && run->nfaults < SECOPS_SCHEMA_MAX_FAULTS
               && !run->failed);
}


/*
 * The decoded bytes of the string at token i: in the document itself or in
 * the run's scratch, valid until the next call.
 */

secops_slice_t secops_schema_string(secops_schema_run_t *run, uint32_t i);


/*
 * All faults: tell the handler unless the run is quiet.  They return 0, the
 * answer of a check that is not met.
 */

int secops_schema_fault(secops_schema_run_t *run,
    const secops_schema_place_t *place, const char *keyword,
    const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

int secops_schema_fault_property(secops_schema_run_t *run,
    const secops_schema_place_t *place, const char *keyword,
    const secops_slice_t *property, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

int secops_schema_fault_type(secops_schema_run_t *run,
    const secops_schema_place_t *place, const secops_schema_node_t *node,
    uint32_t i);

/* of the value at token i */

int secops_schema_fault_choices(secops_schema_run_t *run,
    const secops_schema_place_t *place, const char *keyword,
    const secops_schema_choices_t *choices, uint32_t i);

/* told even to a quiet run that has a handler, so that "not" can not turn
   what was not decided into "valid" */

int secops_schema_fault_exhausted(secops_schema_run_t *run,
    const secops_schema_place_t *place, const char *keyword,
    const char *reason);


void secops_schema_number_read(const secops_json_t *json, uint32_t i,
    secops_schema_number_t *number);

/* below 0, 0 or above 0, as a is less than, equal to or greater than b */

int secops_schema_number_compare(const secops_schema_number_t *a,
    const secops_schema_number_t *b);

/* sets mantissa and exponent; error: not above 0, or over 18 digits */

int secops_schema_number_split(secops_schema_number_t *number);

/* 1 when the JSON number in text is a multiple of mantissa * 10^exponent */

int secops_schema_number_is_multiple(secops_slice_t text, uint64_t mantissa,
    int64_t exponent);


/*
 * 1: no two elements of the array at token i are equal; 0: those whose
 * positions are in pair are; error: no memory.
 */

int secops_schema_unique(const secops_json_t *json, uint32_t i,
    uint32_t pair[2]);


/*
 * Patterns are ECMA 262 as far as PCRE2 can be told to behave so; what means
 * something else in the two is refused.  NULL: reason was written.
 */

secops_schema_pattern_t *secops_schema_pattern_create(secops_slice_t text,
    char *reason, size_t size);

/* takes a chain made by secops_schema_pattern_push() */

void secops_schema_pattern_free(secops_schema_pattern_t *pattern);
void secops_schema_pattern_push(secops_schema_pattern_t **chain,
    secops_schema_pattern_t *pattern);

secops_slice_t secops_schema_pattern_text(
    const secops_schema_pattern_t *pattern);

/* 1: matches somewhere; 0: does not; below 0: it costs too much to tell, which
   secops_schema_pattern_reason() says to people */

int secops_schema_pattern_match(const secops_schema_pattern_t *pattern,
    const unsigned char *data, size_t len, secops_schema_budget_t *budget);

const char *secops_schema_pattern_reason(int rc);

/* 1: a match can only begin where the text does */

int secops_schema_pattern_anchored(const secops_schema_pattern_t *pattern);


/* 1 when these bytes are a pattern that the above would take */

int secops_schema_pattern_valid(const unsigned char *data, size_t len);


/* NULL: not known */

const secops_schema_format_t *secops_schema_format(const unsigned char *name,
    size_t len);


#endif /* _SECOPS_SCHEMA_INTERNAL_H_INCLUDED_ */
