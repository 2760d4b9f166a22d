
/*
 * JSON Schema (a subset of draft-07) over the tokens of secops_json: compiles
 * a schema document once, then validates any number of documents and reports
 * every fault, each with its JSON Pointer.
 *
 * Supported: type enum const; properties required additionalProperties
 * patternProperties propertyNames minProperties maxProperties dependencies;
 * items additionalItems contains minItems maxItems uniqueItems; minLength
 * maxLength pattern format; minimum maximum exclusiveMinimum exclusiveMaximum
 * multipleOf; allOf anyOf oneOf not if then else; $ref inside the same
 * document (recursion allowed); boolean schemas.
 * Annotations, kept or passed over: $schema $id (at the root only) $comment
 * title description default examples readOnly writeOnly definitions, and
 * every name that begins with "x-".
 * Any other keyword, a $ref to another document, and a format that is not
 * known are refused by secops_schema_compile(), so that no check is ever
 * silently skipped.
 *
 * Formats: date-time date time email hostname ipv4 ipv6 uri uri-reference
 * uuid json-pointer regex; "glide-date-time": what ServiceNow scripts and
 * engines send, "YYYY-MM-DD HH:MM:SS" or the same with a "T", a fraction or an
 * offset, in UTC if there is none; and "glide-date-or-time": that or a date.
 *
 * Patterns are ECMA 262 as far as PCRE2 in UTF mode can be told to behave so;
 * one with what only PCRE2 knows, such as "(?i)" or "\A", is refused.  What
 * matching may cost is bounded by a budget of steps, see below: a value that
 * could not be matched to the end is a fault, even under "not".
 *
 * Pure C.  A schema is malloc'ed and read-only after it was compiled, except
 * for the scratch space of its patterns: validations by one thread at a time.
 */

#ifndef _SECOPS_SCHEMA_H_INCLUDED_
#define _SECOPS_SCHEMA_H_INCLUDED_


#include "model/json/secops_json.h"


typedef struct secops_schema_s  secops_schema_t;


typedef struct {
    char                  pointer[256]; /* into the schema document, cut if
                                           longer; "" is its root */
    char                  reason[256];
} secops_schema_error_t;


/* sets the error, for what is wrong with a definition beside its schemas, too;
   -1, always */

int secops_schema_error(secops_schema_error_t *error, const char *pointer,
    const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));


typedef struct {
    secops_slice_t        pointer;      /* JSON Pointer into the instance, ~0
                                           and ~1 escaped; "" is its root; of
                                           a missing member: where it should
                                           be */
    secops_slice_t        object;       /* if property is set, the pointer of
                                           the object that lacks or has it;
                                           else the same as pointer */
    const char           *keyword;      /* that is not met: static text */
    secops_slice_t        property;     /* of "required" and "dependencies":
                                           the missing member's name, decoded;
                                           of "additionalProperties": the
                                           member's; else empty */
    secops_slice_t        message;      /* for people, without the pointer:
                                           "must be one of \"A\", \"B\"" */
    secops_slice_t        choice;       /* of "enum": the one that has the
                                           value's bytes but for the case of
                                           ASCII letters; empty: none has, or
                                           several have */
    uint32_t              token;        /* of the value, if choice is set */
} secops_schema_fault_t;


/*
 * Called once per fault; the slices are valid during the call only.  In
 * pointers, names of more than SECOPS_FAULTS_NAME bytes end with "…".  The
 * answer says what the fault is to the one who asked, and so whether the value
 * is valid: an excused fault does not count, however many there are.
 */

#define SECOPS_SCHEMA_EXCUSED   0
#define SECOPS_SCHEMA_COUNTS    1
#define SECOPS_SCHEMA_ENOUGH    2       /* it counts; tell no more */

typedef int (*secops_schema_fault_pt)(void *data,
    const secops_schema_fault_t *fault);


/*
 * What matching texts with patterns may still cost.  One budget serves all
 * validations that one request asks for, so that its cost is bounded, however
 * many texts it has.  A step takes some 20 ns; a validation that finds a fault
 * may take the steps that are left twice, since it goes over the value again.
 */

typedef struct {
    uint64_t              steps;
} secops_schema_budget_t;

#define SECOPS_SCHEMA_STEPS        250000

/* bytes of a text that a pattern without "^" at its beginning is tried on */

#define SECOPS_SCHEMA_UNANCHORED  4096


/*
 * Members of the instance's root object whose value is null or "" count as
 * absent: they meet no "required", and no keyword looks at their value (but
 * "enum" and "const" of the root itself compare the whole object).
 */

#define SECOPS_SCHEMA_EMPTY_IS_ABSENT  0x01


/*
 * Compiles a copy of data[0..len).  NULL: not JSON, not a schema, or a schema
 * with something that is not supported; error says where and why.
 */

secops_schema_t *secops_schema_compile(const unsigned char *data, size_t len,
    secops_schema_error_t *error);

void secops_schema_free(secops_schema_t *schema);


/* it stops after so many that count: a large document can be wrong in every
   byte */

#define SECOPS_SCHEMA_MAX_FAULTS       1000


/*
 * Validates the value at token i.  A token of type SECOPS_JSON_STANDIN meets
 * every schema but false.  Returns the number of faults that count (0: valid),
 * each of which was told to the handler, in document order of the schema's
 * properties; or -1 when it ran out of memory, or of the bounds on
 * recursion and work that no sound schema comes near (faults may have been
 * told before).  What two subschemas ask for is told twice if it is missing.
 * The handler may be NULL: then it stops at the first fault and returns 1.
 * Matching takes its steps from the budget; NULL: from SECOPS_SCHEMA_STEPS.
 */

int secops_schema_validate(const secops_schema_t *schema,
    const secops_json_t *json, uint32_t i, unsigned flags,
    secops_schema_budget_t *budget, secops_schema_fault_pt handler,
    void *data);


/*
 * Patterns that may be given up on, although the schema is sound: the nth one
 * that has no "^" at its beginning and no "maxLength" beside it.  1: warning
 * has its place and what to do; 0: there are no more.
 */

int secops_schema_has_warning(const secops_schema_t *schema, unsigned n,
    secops_schema_error_t *warning);


/*
 * A string annotation ("title", "x-endpoint" and so on) of the schema's root,
 * decoded, owned by the schema; len is 0 where there is none or it is no
 * string.
 */

secops_slice_t secops_schema_annotation(const secops_schema_t *schema,
    const char *name);


/*
 * The schema's document, for annotations that are no strings; owned by the
 * schema.  Its strings are decoded where they stand: what secops_json_raw()
 * gives is what they mean.
 */

const secops_json_t *secops_schema_document(const secops_schema_t *schema);


/* 1 when the root's "properties" names this member (given decoded) */

int secops_schema_has_property(const secops_schema_t *schema,
    const unsigned char *name, size_t len);


#endif /* _SECOPS_SCHEMA_H_INCLUDED_ */
