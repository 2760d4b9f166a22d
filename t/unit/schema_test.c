
/*
 * The schema validator, where the official suite (schema_suite.c) does not
 * look: what is said of a fault and where, what is refused and why, what
 * counts as absent, the edges of each format, and that nothing runs away.
 */

#include <stdlib.h>
#include <time.h>

#include "model/schema/secops_schema.h"

#include "secops_tap.h"


#define TEST_TOKENS   200000
#define TEST_TEXT     400000
#define TEST_SECONDS  2                 /* far more than anything here takes */


typedef struct {
    const char  *name;
    const char  *schema;
    const char  *instance;
    const char  *faults;                /* "pointer keyword message" lines */
} test_fault_t;


typedef struct {
    const char  *schema;
    const char  *pointer;
    const char  *reason;                /* a part of it */
} test_refusal_t;


typedef struct {
    const char  *format;
    const char  *value;
    int          valid;
} test_format_t;


typedef struct {
    size_t       len;
    char         data[TEST_TEXT];
} test_text_t;


static void test_faults(void);
static void test_parts(void);
static void test_bounds(void);
static void test_empty(void);
static void test_refusals(void);
static void test_annotations(void);
static void test_formats(void);
static void test_patterns(void);
static void test_texts(test_text_t *text, unsigned n, unsigned len,
    char letter, const char *end);
static void test_steps(void);
static void test_budget(void);
static void test_warnings(void);
static void test_excused(void);
static void test_choices(void);
static void test_huge(void);
static void test_numbers(void);
static void test_unique(void);
static void test_unique_numbers(void);
static void test_unique_objects(void);
static void test_recursion(void);
static int test_chain(test_text_t *text, int n);
static void test_subtree(void);

static secops_schema_t *test_compile(const char *text);
static int test_parse(secops_json_t *json, const char *text, size_t len);
static int test_count(const char *schema, const char *instance,
    unsigned flags);
static int test_validate(const char *schema, const char *instance,
    unsigned flags, secops_schema_fault_pt handler, void *data);
static int test_write(void *data, const secops_schema_fault_t *fault);
static int test_write_parts(void *data, const secops_schema_fault_t *fault);
static int test_tally(void *data, const secops_schema_fault_t *fault);
static void test_add(test_text_t *text, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));


static test_fault_t  test_fault_cases[] = {

    { "a valid document has no fault",
      "{\"properties\": {\"a\": {\"type\": \"string\"}}}",
      "{\"a\": \"x\"}",
      "" },

    { "every fault is told, in the order of the schema's properties",
      "{\"required\": [\"z\", \"a\"], \"additionalProperties\": false,"
      " \"properties\": {\"c\": {\"type\": \"string\"},"
      " \"a\": {}, \"b\": {\"maxLength\": 2}}}",
      "{\"x\": 1, \"b\": \"abc\", \"c\": 1}",
      "/c type must be a string, not a number\n"
      "/a required is required\n"
      "/b maxLength must be at most 2 characters long\n"
      "/z required is required\n"
      "/x additionalProperties is not allowed\n" },

    { "an enum lists what is allowed, not what was sent",
      "{\"properties\": {\"f\": {\"enum\": [\"Malicious\", \"Clean\", 3,"
      " null]}}}",
      "{\"f\": \"secret\"}",
      "/f enum must be one of \"Malicious\", \"Clean\", 3, null\n" },

    { "an enum does not list documents",
      "{\"enum\": [{\"a\": 1}, [1], true]}",
      "1",
      " enum must be one of a certain object, a certain array, true\n" },

    { "a const says its value",
      "{\"const\": \"a\\\"b\"}",
      "1",
      " const must be \"a\"b\"\n" },

    { "~ and / in names are escaped in pointers, elements have their index",
      "{\"additionalProperties\": {\"items\": {\"type\": \"null\"}}}",
      "{\"a~b/c\": [null, 1]}",
      "/a~0b~1c/1 type must be null, not a number\n" },

    { "names with JSON escapes are decoded in pointers",
      "{\"additionalProperties\": {\"type\": \"null\"}}",
      "{\"\\u00e9\\/\": 1}",
      "/\303\251~1 type must be null, not a number\n" },

    { "the name of a missing member is escaped, too",
      "{\"properties\": {\"o\": {\"required\": [\"a/~\"]}}}",
      "{\"o\": {}}",
      "/o/a~1~0 required is required\n" },

    { "the empty name has a pointer",
      "{\"properties\": {\"\": {\"type\": \"null\"}}}",
      "{\"\": 1}",
      "/ type must be null, not a number\n" },

    { "a type fault names all types that are allowed",
      "{\"type\": [\"integer\", \"string\", \"boolean\", \"null\"]}",
      "[]",
      " type must be an integer, a string, a boolean or null,"
      " not an array\n" },

    { "a fraction is not called a number where an integer is wanted",
      "{\"type\": \"integer\"}",
      "1.5",
      " type must be an integer\n" },

    { "a value of the wrong type has no second fault",
      "{\"type\": \"string\", \"enum\": [\"a\"], \"not\": {}}",
      "1",
      " type must be a string, not a number\n" },

    { "the schema false allows nothing",
      "{\"properties\": {\"a\": false}}",
      "{\"a\": 1}",
      "/a false is not allowed\n" },

    { "lengths are counted in characters",
      "{\"items\": {\"minLength\": 2, \"maxLength\": 3}}",
      "[\"\303\251\", \"\303\251\303\251\303\251\","
      " \"\\ud83d\\ude00\\ud83d\\ude00\\ud83d\\ude00\\ud83d\\ude00\","
      " \"\\ud83d\\ude00\"]",
      "/0 minLength must be at least 2 characters long\n"
      "/2 maxLength must be at most 3 characters long\n"
      "/3 minLength must be at least 2 characters long\n" },

    { "one character and one item are singular, none is empty",
      "{\"items\": [{\"minLength\": 1}, {\"maxLength\": 1}],"
      " \"maxItems\": 1, \"minItems\": 3}",
      "[\"\", \"ab\"]",
      " minItems must have at least 3 items\n"
      " maxItems must have at most 1 item\n"
      "/0 minLength must not be empty\n"
      "/1 maxLength must be at most 1 character long\n" },

    { "bounds are told as the schema has them",
      "{\"items\": {\"minimum\": 1.50, \"exclusiveMaximum\": 1e1,"
      " \"multipleOf\": 0.5}}",
      "[1, 10, 2.25]",
      "/0 minimum must be at least 1.50\n"
      "/1 exclusiveMaximum must be less than 1e1\n"
      "/2 multipleOf must be a multiple of 0.5\n" },

    { "the other two bounds",
      "{\"items\": {\"maximum\": 3, \"exclusiveMinimum\": 1}}",
      "[1, 3, 4]",
      "/0 exclusiveMinimum must be greater than 1\n"
      "/2 maximum must be at most 3\n" },

    { "a pattern is told",
      "{\"pattern\": \"^[a-z]+$\"}",
      "\"A\"",
      " pattern must match the pattern ^[a-z]+$\n" },

    { "a format says what it looks like",
      "{\"format\": \"date\"}",
      "\"x\"",
      " format must be a date such as \"2024-05-31\"\n" },

    { "equal items are named",
      "{\"uniqueItems\": true}",
      "[1, {\"a\": 1, \"b\": 2}, {\"b\": 2.0, \"a\": 1}]",
      " uniqueItems must not have equal items: 1 and 2 are\n" },

    { "contains",
      "{\"contains\": {\"const\": 1}}",
      "[2]",
      " contains must have an item of the kind that is asked for\n" },

    { "additional items are checked after the tuple",
      "{\"items\": [{}, {}], \"additionalItems\": {\"type\": \"null\"}}",
      "[1, 2, 3, null]",
      "/2 type must be null, not a number\n" },

    { "members are counted",
      "{\"items\": {\"minProperties\": 1, \"maxProperties\": 2}}",
      "[{}, {\"a\": 1, \"b\": 1, \"c\": 1}]",
      "/0 minProperties must have at least 1 member\n"
      "/1 maxProperties must have at most 2 members\n" },

    { "a name that is not allowed",
      "{\"propertyNames\": {\"maxLength\": 2}}",
      "{\"abc\": 1}",
      "/abc propertyNames has a name that is not allowed\n" },

    { "all patterns that match a name apply, escaped or not",
      "{\"patternProperties\": {\"^a\": {\"minimum\": 5}, \"b$\":"
      " {\"maximum\": 1}}, \"additionalProperties\": false}",
      "{\"\\u0061b\": 3, \"c\": 1}",
      "/ab minimum must be at least 5\n"
      "/ab maximum must be at most 1\n"
      "/c additionalProperties is not allowed\n" },

    { "dependencies say what asked for the member",
      "{\"dependencies\": {\"a\": [\"b\", \"c\"],"
      " \"d\": {\"required\": [\"e\"]}, \"x\": [\"y\"]}}",
      "{\"a\": 1, \"c\": 1, \"d\": 1}",
      "/b dependencies is required beside \"a\"\n"
      "/e required is required\n" },

    { "faults under allOf and the branch of if are told as they are",
      "{\"allOf\": [{\"required\": [\"a\"]}], \"if\": {\"required\":"
      " [\"x\"]}, \"then\": {\"required\": [\"b\"]},"
      " \"else\": {\"required\": [\"c\"]}}",
      "{\"x\": 1}",
      "/a required is required\n"
      "/b required is required\n" },

    { "no alternative fits",
      "{\"anyOf\": [{\"minimum\": 5}, {\"maximum\": 1}]}",
      "3",
      " anyOf must be of one of the 2 kinds that are allowed\n" },

    { "the only alternative of the value's type speaks for itself",
      "{\"anyOf\": [{\"type\": \"null\"}, {\"$ref\": \"#/definitions/s\"}],"
      " \"definitions\": {\"s\": {\"type\": \"string\", \"maxLength\": 1}}}",
      "\"ab\"",
      " maxLength must be at most 1 character long\n" },

    { "the same for oneOf",
      "{\"oneOf\": [{\"type\": \"null\"}, {\"type\": \"string\","
      " \"maxLength\": 1}]}",
      "\"ab\"",
      " maxLength must be at most 1 character long\n" },

    { "more than one alternative fits",
      "{\"oneOf\": [{\"minimum\": 1}, {\"minimum\": 2}, {\"minimum\": 9}]}",
      "3",
      " oneOf must be of one kind only, not of several of the 3 that are"
      " allowed\n" },

    { "not",
      "{\"not\": {\"type\": \"null\"}}",
      "null",
      " not must not be of the kind that is excluded\n" },

    { "a reference is followed, what stands beside it is not looked at",
      "{\"definitions\": {\"s\": {\"type\": \"string\"}},"
      " \"items\": {\"$ref\": \"#/definitions/s\", \"maxLength\": 1}}",
      "[\"abc\", 1]",
      "/1 type must be a string, not a number\n" },

    { "references with %, ~0 and ~1",
      "{\"properties\": {\"p\": {\"$ref\":"
      " \"#/properties/q%20~0~1%25%C3%a9/items/1\"},"
      " \"q ~/%\\u00e9\": {\"items\": [true, {\"type\": \"string\"}]}}}",
      "{\"p\": 1}",
      "/p type must be a string, not a number\n" },

    { "references to what stands under an annotation",
      "{\"x-shapes\": [{\"$ref\": \"#/x-shapes/1\"}, {\"type\": \"null\"}],"
      " \"items\": {\"$ref\": \"#/x-shapes/0\"}}",
      "[1]",
      "/0 type must be null, not a number\n" },

    { NULL, NULL, NULL, NULL }
};


static test_refusal_t  test_refusal_cases[] = {

    /* the document */

    { "", "", "is not JSON" },
    { "{\"a\": 1, \"a\": 1}", "", "is not JSON: duplicate key" },
    { "[]", "", "must be a schema" },
    { "{\"properties\": {\"a\": 1}}", "/properties/a", "must be a schema" },

    /* what is not known */

    { "{\"typo\": 1}", "/typo", "unknown keyword \"typo\"" },
    { "{\"properties\": {\"a/b\": {\"items\": [{}, {\"minLenght\": 1}]}}}",
      "/properties/a~1b/items/1/minLenght", "unknown keyword" },
    { "{\"definitions\": {\"unused\": {\"typo\": 1}}}",
      "/definitions/unused/typo", "unknown keyword" },
    { "{\"then\": {\"typo\": 1}}", "/then/typo", "unknown keyword" },
    { "{\"additionalItems\": {\"typo\": 1}}", "/additionalItems/typo",
      "unknown keyword" },
    { "{\"x-\": 1}", "/x-", "unknown keyword" },
    { "{\"contentEncoding\": \"base64\"}", "/contentEncoding",
      "unknown keyword" },
    { "{\"format\": \"iri\"}", "/format", "unknown format \"iri\"" },
    { "{\"type\": \"text\"}", "/type", "unknown type \"text\"" },
    { "{\"type\": [\"null\", \"text\"]}", "/type/1", "unknown type" },
    { "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\"}",
      "/$schema", "must be \"http://json-schema.org/draft-07/schema#\"" },
    { "{\"items\": {\"$id\": \"a\"}}", "/items/$id", "at the root only" },

    /* references */

    { "{\"$ref\": \"other.json\"}", "/$ref",
      "a reference to another document: \"other.json\"" },
    { "{\"$ref\": \"\"}", "/$ref", "another document" },
    { "{\"$ref\": 1}", "/$ref", "must be a string" },
    { "{\"$ref\": \"#/definitions/a\"}", "/$ref", "refers to nothing" },
    { "{\"$ref\": \"#a\"}", "/$ref", "refers to nothing" },
    { "{\"items\": [{\"$ref\": \"#/items/01\"}]}", "/items/0/$ref",
      "refers to nothing" },
    { "{\"items\": [{\"$ref\": \"#/items/1\"}]}", "/items/0/$ref",
      "refers to nothing" },
    { "{\"items\": [{\"$ref\": \"#/items/\"}]}", "/items/0/$ref",
      "refers to nothing" },
    { "{\"items\": [{\"$ref\": \"#/items/4294967296\"}]}", "/items/0/$ref",
      "refers to nothing" },
    { "{\"items\": [{\"$ref\": \"#/items/0a\"}]}", "/items/0/$ref",
      "refers to nothing" },
    { "{\"x-a\": 1, \"items\": {\"$ref\": \"#/x-a\"}}", "/x-a",
      "must be a schema" },
    { "{\"x-a\": {\"typo\": 1}, \"items\": {\"$ref\": \"#/x-a\"}}",
      "/x-a/typo", "unknown keyword" },
    { "{\"$ref\": \"#\"}", "", "refers to itself without end" },
    { "{\"definitions\": {\"a\": {\"$ref\": \"#/definitions/b\"},"
      " \"b\": {\"allOf\": [{\"not\": {\"$ref\": \"#/definitions/a\"}}]}}}",
      "/definitions/", "refers to itself without end" },
    { "{\"dependencies\": {\"a\": {\"$ref\": \"#\"}}}", "",
      "refers to itself without end" },
    { "{\"if\": true, \"else\": {\"anyOf\": [{\"$ref\": \"#\"}]}}", "",
      "refers to itself without end" },

    /* values of keywords */

    { "{\"type\": []}", "/type", "must be the name of a type" },
    { "{\"type\": 1}", "/type", "must be the name of a type" },
    { "{\"type\": [1]}", "/type/0", "must be the name of a type" },
    { "{\"enum\": []}", "/enum", "must be an array that is not empty" },
    { "{\"enum\": 1}", "/enum", "must be an array that is not empty" },
    { "{\"minLength\": -1}", "/minLength", "must be an integer from 0" },
    { "{\"maxLength\": 1.5}", "/maxLength", "must be an integer from 0" },
    { "{\"maxLength\": \"1\"}", "/maxLength", "must be an integer from 0" },
    { "{\"minItems\": 4294967296}", "/minItems", "must be an integer from 0" },
    { "{\"maxItems\": null}", "/maxItems", "must be an integer from 0" },
    { "{\"minProperties\": []}", "/minProperties",
      "must be an integer from 0" },
    { "{\"maxProperties\": true}", "/maxProperties",
      "must be an integer from 0" },
    { "{\"minimum\": \"1\"}", "/minimum", "must be a number" },
    { "{\"maximum\": null}", "/maximum", "must be a number" },
    { "{\"exclusiveMinimum\": true}", "/exclusiveMinimum",
      "must be a number" },
    { "{\"exclusiveMaximum\": true}", "/exclusiveMaximum",
      "must be a number" },
    { "{\"multipleOf\": 0}", "/multipleOf", "must be above 0" },
    { "{\"multipleOf\": -1}", "/multipleOf", "must be above 0" },
    { "{\"multipleOf\": 3e-700000001}", "/multipleOf", "must be above 0" },
    { "{\"multipleOf\": 1.234567890123456789}", "/multipleOf",
      "at most 18 digits" },
    { "{\"multipleOf\": \"1\"}", "/multipleOf", "must be a number" },
    { "{\"pattern\": 1}", "/pattern", "must be a string" },
    { "{\"pattern\": \"(\"}", "/pattern", "is no regular expression" },
    { "{\"patternProperties\": {\"a\": {}, \"[\": {}}}",
      "/patternProperties/[", "is no regular expression" },
    { "{\"patternProperties\": []}", "/patternProperties",
      "must be an object" },
    { "{\"format\": 1}", "/format", "must be a string" },
    { "{\"items\": 1}", "/items", "must be a schema" },
    { "{\"items\": [1]}", "/items/0", "must be a schema" },
    { "{\"additionalItems\": 1}", "/additionalItems", "must be a schema" },
    { "{\"contains\": null}", "/contains", "must be a schema" },
    { "{\"uniqueItems\": 1}", "/uniqueItems", "must be true or false" },
    { "{\"properties\": []}", "/properties", "must be an object" },
    { "{\"required\": true}", "/required", "must be an array of names" },
    { "{\"required\": [1]}", "/required/0", "must be a string" },
    { "{\"required\": [\"a\", \"a\"]}", "/required/1", "is there twice" },
    { "{\"additionalProperties\": 1}", "/additionalProperties",
      "must be a schema" },
    { "{\"propertyNames\": 1}", "/propertyNames", "must be a schema" },
    { "{\"dependencies\": 1}", "/dependencies", "must be an object" },
    { "{\"dependencies\": {\"a\": 1}}", "/dependencies/a",
      "must be a schema" },
    { "{\"dependencies\": {\"a\": [1]}}", "/dependencies/a/0",
      "must be a string" },
    { "{\"allOf\": []}", "/allOf", "must be an array of schemas" },
    { "{\"anyOf\": {}}", "/anyOf", "must be an array of schemas" },
    { "{\"oneOf\": [{}, 1]}", "/oneOf/1", "must be a schema" },
    { "{\"not\": 1}", "/not", "must be a schema" },
    { "{\"if\": 1}", "/if", "must be a schema" },
    { "{\"definitions\": 1}", "/definitions", "must be an object" },
    { "{\"title\": 1}", "/title", "must be a string" },
    { "{\"description\": 1}", "/description", "must be a string" },
    { "{\"$comment\": 1}", "/$comment", "must be a string" },
    { "{\"$id\": 1}", "/$id", "must be a string" },
    { "{\"writeOnly\": 1}", "/writeOnly", "must be true or false" },
    { "{\"readOnly\": null}", "/readOnly", "must be true or false" },

    /* patterns that mean something else to others */

    { "{\"pattern\": \"a\\\\Z\"}", "/pattern", "is not ECMA 262" },
    { "{\"pattern\": \"\\\\Aa\"}", "/pattern", "is not ECMA 262" },
    { "{\"pattern\": \"[\\\\h]\"}", "/pattern", "is not ECMA 262" },
    { "{\"pattern\": \"(?i)a\"}", "/pattern", "is not ECMA 262" },
    { "{\"pattern\": \"(?>a)\"}", "/pattern", "is not ECMA 262" },
    { "{\"pattern\": \"a(?\"}", "/pattern", "is not ECMA 262" },
    { "{\"pattern\": \"(*LIMIT_MATCH=1)a\"}", "/pattern",
      "is not ECMA 262" },
    { "{\"pattern\": \"a\\\\\"}", "/pattern", "is not ECMA 262" },

    { NULL, NULL, NULL }
};


static test_format_t  test_format_cases[] = {

    { "glide-date-time", "2024-02-29 00:00:00", 1 },
    { "glide-date-time", "2023-02-29 00:00:00", 0 },
    { "glide-date-time", "2000-02-29 00:00:00", 1 },
    { "glide-date-time", "1900-02-29 00:00:00", 0 },
    { "glide-date-time", "2024-02-30 00:00:00", 0 },
    { "glide-date-time", "2024-04-31 00:00:00", 0 },
    { "glide-date-time", "2024-12-31 23:59:59", 1 },
    { "glide-date-time", "2024-12-31 23:59:60", 0 },
    { "glide-date-time", "2024-12-31 24:00:00", 0 },
    { "glide-date-time", "2024-12-31 12:60:00", 0 },
    { "glide-date-time", "2024-13-01 00:00:00", 0 },
    { "glide-date-time", "2024-00-01 00:00:00", 0 },
    { "glide-date-time", "2024-01-00 00:00:00", 0 },
    { "glide-date-time", "2024-01-01 00:00:00Z", 1 },
    { "glide-date-time", "2024-01-01 00:00", 0 },
    { "glide-date-time", "2024-01-01  0:00:00", 0 },
    { "glide-date-time", "2024-1-1 00:00:00", 0 },
    { "glide-date-time", "2024-01-01", 0 },
    { "glide-date-time", "", 0 },
    { "glide-date-time", "2024-01-01T00:00:00Z", 1 },
    { "glide-date-time", "2024-01-01T00:00:00+02:00", 1 },
    { "glide-date-time", "2024-01-01T00:00:00", 1 },
    { "glide-date-time", "2026-03-12T10:59:19.768166", 1 },
    { "glide-date-time", "2026-03-12 10:59:19.768166", 1 },
    { "glide-date-time", "2026-03-12 10:59:19.7+02:00", 1 },
    { "glide-date-time", "2026-03-12 10:59:19-0230", 1 },
    { "glide-date-time", "2026-03-12t10:59:19z", 1 },
    { "glide-date-time", "2026-03-12 10:59:19.", 0 },
    { "glide-date-time", "2026-03-12 10:59:19.z", 0 },
    { "glide-date-time", "2026-03-12 10:59:19+02", 0 },
    { "glide-date-time", "2026-03-12 10:59:19+2:00", 0 },
    { "glide-date-time", "2026-03-12 10:59:19 +02:00", 0 },
    { "glide-date-time", "2026-03-12 10:59:19+02-00", 0 },
    { "glide-date-time", "2026-03-12 10:59:19+24:00", 0 },
    { "glide-date-time", "2026-03-12_10:59:19", 0 },
    { "glide-date-time", "2026-03-12  10:59:1", 0 },
    { "glide-date-time", "2016-12-31 23:59:60Z", 1 },
    { "glide-date-time", "2017-01-01T01:59:60+02:00", 1 },
    { "glide-date-time", "2016-12-31T21:29:60-0230", 1 },
    { "glide-date-time", "2016-12-31T23:59:60", 0 },
    { "glide-date-time", "2016-12-31T23:59:60+01:00", 0 },
    { "date-time", "2026-03-12 10:59:19Z", 0 },
    { "date-time", "2026-03-12T10:59:19", 0 },
    { "date-time", "2026-03-12T10:59:19+0200", 0 },
    { "time", "10:59:19", 0 },
    { "glide-date-or-time", "2026-02-28", 1 },
    { "glide-date-or-time", "2026-02-29", 0 },
    { "glide-date-or-time", "2026-02-28T10:59:19", 1 },
    { "glide-date-or-time", "2026-02-28T", 0 },
    { "glide-date-or-time", "2026-02", 0 },

    { "date-time", "2024-01-01T00:00:00.000001Z", 1 },
    { "date-time", "2024-01-01t00:00:00z", 1 },
    { "date-time", "2024-01-01 00:00:00Z", 0 },
    { "date-time", "2024-01-01T00:00:00.Z", 0 },
    { "date-time", "2024-01-01T00:00:00+23:59", 1 },
    { "date-time", "2024-01-01T00:00:00+24:00", 0 },
    { "date-time", "2024-01-01T00:00:00+0200", 0 },
    { "date-time", "2024-01-01T00:00:00-02:60", 0 },
    { "date-time", "1998-12-31T23:59:60Z", 1 },
    { "date-time", "1998-12-31T15:59:60.5-08:00", 1 },
    { "date-time", "1999-01-01T00:29:60+00:30", 1 },
    { "date-time", "1998-12-31T23:58:60Z", 0 },
    { "date-time", "1998-12-31T23:59:60-08:00", 0 },
    { "date-time", "1998-12-31T23:59:61Z", 0 },
    { "date-time", "2024-01-01T", 0 },

    { "date", "2024-02-29", 1 },
    { "date", "2023-02-29", 0 },
    { "date", "2024-02-2x", 0 },
    { "date", "2024-0:-01", 0 },
    { "date", "2024-02-2/", 0 },
    { "date", "2024/02-29", 0 },
    { "date", "2024-02/29", 0 },
    { "date", "2024-02-29 ", 0 },
    { "time", "12:00:00Z", 1 },
    { "time", "12:00:00", 0 },
    { "time", "24:00:00Z", 0 },

    { "email", "a@example.com", 1 },
    { "email", "a.b+c@example", 1 },
    { "email", "\\\"a b\\\"@example.com", 1 },
    { "email", "\\\"a\\\"b\\\"@example.com", 0 },
    { "email", "a@[192.0.2.1]", 1 },
    { "email", "a@[IPv6:2001:db8::1]", 1 },
    { "email", "a@[192.0.2.256]", 0 },
    { "email", "\\\"~!\\\"@example.com", 1 },
    { "email", "\\\"a\\\\\\\"\\\"@example.com", 1 },
    { "email", "\\\"a\\\\\\\"@example.com", 0 },
    { "email", "\\\"\\u007f\\\"@example.com", 0 },
    { "email", ".a@example.com", 0 },
    { "email", "a.@example.com", 0 },
    { "email", "a..b@example.com", 0 },
    { "email", "a b@example.com", 0 },
    { "email", "@example.com", 0 },
    { "email", "a@", 0 },
    { "email", "a@-example.com", 0 },
    { "email", "a@b@example.com", 0 },
    { "email", "\303\251@example.com", 0 },

    { "hostname", "a-b.example", 1 },
    { "hostname", "1.example", 1 },
    { "hostname", "a..example", 0 },
    { "hostname", "a-.example", 0 },
    { "hostname", "a-", 0 },
    { "hostname", ".a", 0 },
    { "hostname", "a.", 0 },
    { "hostname", "", 0 },

    { "ipv4", "255.255.255.255", 1 },
    { "ipv4", "1.2.3.04", 0 },
    { "ipv4", "1.2.3.4 ", 0 },
    { "ipv4", "", 0 },
    { "ipv6", "::ffff:192.0.2.1", 1 },
    { "ipv6", "2001:db8::1", 1 },
    { "ipv6", "::", 1 },
    { "ipv6", "1111:2222:3333:4444:5555:6666:7777:8888:99999", 0 },
    { "ipv6", "1111:2222:3333:4444:5555:6666:7777:8888:999999", 0 },
    { "ipv6", "1::2::3", 0 },
    { "ipv6", "fe80::1%eth0", 0 },
    { "ipv6", "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa", 0 },

    { "uri", "https://user:pw@example.com:8080/a;b?c=d/?#e", 1 },
    { "uri", "http://[2001:db8::1]:80/", 1 },
    { "uri", "http://[2001:db8::1/", 0 },
    { "uri", "http://[]/", 0 },
    { "uri", "http://[a:b]/", 0 },
    { "uri", "http://[::1]a/", 0 },
    { "uri", "http://a:b/", 0 },
    { "uri", "http://a@b@c/", 0 },
    { "uri", "http://a/%zz", 0 },
    { "uri", "http://a/%2", 0 },
    { "uri", "http://a/b c", 0 },
    { "uri", "http://a/b?c d", 0 },
    { "uri", "http://a b/", 0 },
    { "uri", "http://a b@c/", 0 },
    { "uri", "http://a?b", 1 },
    { "uri", "http://a#b", 1 },
    { "uri", "mailto:a@b", 1 },
    { "uri", "a:", 1 },
    { "uri", "a+b-c.d:e", 1 },
    { "uri", "a_b:c", 0 },
    { "uri", "http://a/#b#c", 0 },
    { "uri", "1http://a/", 0 },
    { "uri", "http://\303\251/", 0 },
    { "uri", "", 0 },
    { "uri-reference", "", 1 },
    { "uri-reference", "../a?b#c", 1 },
    { "uri-reference", "1:b", 0 },
    { "uri-reference", "./1:b", 1 },
    { "uri-reference", "a|b", 0 },

    { "uuid", "123e4567-e89b-12d3-A456-426614174000", 1 },
    { "uuid", "123e4567e89b12d3a456426614174000", 0 },
    { "uuid", "123e4567-e89b-12d3-a456-42661417400g", 0 },
    { "uuid", "123e4567-e89b-12d3-a456-4266141740000", 0 },
    { "uuid", "123e4567-e89b-12d3-a4567426614174000", 0 },

    { "json-pointer", "/a~0~1", 1 },
    { "json-pointer", "/a~", 0 },
    { "json-pointer", "a", 0 },

    { "regex", "^a{2,3}(?:b|c)[^d]\\\\u0061$", 1 },
    { "regex", "a**", 0 },
    { "regex", "(?P<a>b)", 0 },

    { NULL, NULL, 0 }
};


static secops_json_token_t  test_tokens[TEST_TOKENS];


int
main(void)
{
    secops_json_seed(0x5eed);

    test_faults();
    test_parts();
    test_bounds();
    test_empty();
    test_refusals();
    test_annotations();
    test_formats();
    test_patterns();
    test_steps();
    test_budget();
    test_warnings();
    test_excused();
    test_choices();
    test_huge();
    test_numbers();
    test_unique();
    test_recursion();
    test_subtree();

    return tap_done();
}


static void
test_faults(void)
{
    int                  n;
    test_fault_t        *t;
    static test_text_t   text;

    for (t = test_fault_cases; t->name; t++) {

        text.len = 0;
        n = test_validate(t->schema, t->instance, 0, test_write, &text);

        if (n == -2) {
            test_add(&text, "refused");
        }

        is_str(text.data, text.len, t->faults, t->name);
    }
}


/* which name and which object a fault is about */

static void
test_parts(void)
{
    static test_text_t  text;

    text.len = 0;

    test_validate("{\"properties\": {\"o/\": {\"required\": [\"a~\"],"
                  " \"additionalProperties\": false,"
                  " \"properties\": {\"a~\": {}, \"b\": {\"type\": \"null\"}},"
                  " \"dependencies\": {\"b\": [\"c\"]}}}}",
                  "{\"o/\": {\"b\": 1, \"\\u0064\": 2}}", 0,
                  test_write_parts, &text);

    is_str(text.data, text.len,
           "[/o~1] [a~]\n"
           "[/o~1/b] []\n"
           "[/o~1] [d]\n"
           "[/o~1] [c]\n",
           "faults of members tell the object and the decoded name");
}


/* nothing that is said grows with the schema or the document */

static void
test_bounds(void)
{
    int                  i, tally;
    unsigned             longest;
    static test_text_t   schema, instance, text;

    schema.len = 0;
    test_add(&schema, "{\"enum\": [\"");

    for (i = 0; i < 200; i++) {
        test_add(&schema, "x");
    }

    test_add(&schema, "\"");

    for (i = 0; i < 1000; i++) {
        test_add(&schema, ", \"choice %d\"", i);
    }

    test_add(&schema, "]}");

    text.len = 0;
    test_validate(schema.data, "1", 0, test_write, &text);

    ok(text.len < 512, "an enum's message is short: %zu bytes", text.len);
    ok(strstr(text.data, "a certain string, \"choice 0\", ")
       && strstr(text.data, " others\n"),
       "it says that there are more choices");

    /* cut between characters: what is said goes into a JSON document */

    for (longest = 0; longest < 2; longest++) {
        schema.len = 0;
        test_add(&schema, "{\"dependencies\": {\"a%s", longest ? "" : "a");

        for (i = 0; i < 400; i++) {
            test_add(&schema, "\303\251");
        }

        test_add(&schema, "\": [\"b\"]}}");

        instance.len = 0;
        test_add(&instance, "{%.*s: 1}",
                 (int) (strchr(schema.data + 18, ':') - schema.data - 18),
                 schema.data + 18);

        text.len = 0;
        test_validate(schema.data, instance.data, 0, test_write, &text);

        ok(text.len > 500 && text.len < 532
           && text.data[text.len - 3] == '\303'
           && text.data[text.len - 2] == '\251',
           "a long message is cut between characters");
    }

    instance.len = 0;
    test_add(&instance, "[1");

    for (i = 1; i < 5000; i++) {
        test_add(&instance, ",1");
    }

    test_add(&instance, "]");

    tally = 0;
    is_int(test_validate("{\"items\": {\"type\": \"null\"}}", instance.data,
                         0, test_tally, &tally),
           SECOPS_SCHEMA_MAX_FAULTS, "no more faults are told than so many");
    is_int(tally, SECOPS_SCHEMA_MAX_FAULTS, "and they were told");

    is_int(test_count("{\"items\": {\"type\": \"null\"}}", instance.data, 0),
           1, "without a handler the first fault is the last");

    /* names longer than the scratch, escaped and not */

    for (longest = 900; longest < 5000; longest += 1300) {
        instance.len = 0;
        test_add(&instance, "{\"");

        for (i = 0; i < (int) longest; i++) {
            test_add(&instance, i % 3 ? "\\u007e" : "/");
        }

        test_add(&instance, "\": {\"a\": 1}}");

        text.len = 0;
        test_validate("{\"additionalProperties\": {\"additionalProperties\":"
                      " false}, \"propertyNames\": {\"pattern\": \"^[/~]+$\","
                      " \"maxLength\": 4950}}", instance.data, 0, test_write,
                      &text);

        ok(text.len == 1 + 2 * 255 + strlen("…") + 2
                       + strlen(" additionalProperties is not allowed\n"),
           "R.2: a name of %u bytes is cut in the pointer", longest);
    }
}


static void
test_empty(void)
{
    const char  *schema;

    schema = "{\"required\": [\"a\"], \"properties\": {\"a\": {\"type\":"
             " \"string\", \"minLength\": 2}, \"b\": {\"type\": \"integer\"}},"
             " \"additionalProperties\": {\"type\": \"object\"}}";

    is_int(test_count(schema, "{\"a\": \"\"}", 0), 1,
           "by default \"\" is a value like others");
    is_int(test_count(schema, "{\"a\": \"xx\", \"b\": null, \"c\": \"\"}", 0),
           1, "so is null");

    is_int(test_count(schema, "{\"a\": \"xx\", \"b\": null, \"c\": \"\"}",
                      SECOPS_SCHEMA_EMPTY_IS_ABSENT),
           0, "empty members are not looked at");
    is_int(test_count(schema, "{\"a\": \"\"}", SECOPS_SCHEMA_EMPTY_IS_ABSENT),
           1, "an empty member is missing");
    is_int(test_count(schema, "{\"a\": null}",
                      SECOPS_SCHEMA_EMPTY_IS_ABSENT),
           1, "so is null");
    is_int(test_count(schema, "{\"a\": \" \"}",
                      SECOPS_SCHEMA_EMPTY_IS_ABSENT),
           1, "a space is not empty");
    is_int(test_count("{\"required\": [\"a\"]}", "{\"a\": 0}",
                      SECOPS_SCHEMA_EMPTY_IS_ABSENT),
           0, "nor is 0");
    is_int(test_count("{\"required\": [\"a\"]}", "{\"a\": false}",
                      SECOPS_SCHEMA_EMPTY_IS_ABSENT),
           0, "nor is false");
    is_int(test_count("{\"required\": [\"a\"]}", "{\"a\": {}}",
                      SECOPS_SCHEMA_EMPTY_IS_ABSENT),
           0, "nor is {}");

    is_int(test_count("{\"properties\": {\"o\": {\"required\": [\"a\"]}}}",
                      "{\"o\": {\"a\": \"\"}}",
                      SECOPS_SCHEMA_EMPTY_IS_ABSENT),
           0, "further down \"\" is a value");
    is_int(test_count("{\"properties\": {\"o\": {\"properties\": {\"a\":"
                      " {\"type\": \"integer\"}}}}}",
                      "{\"o\": {\"a\": null}}",
                      SECOPS_SCHEMA_EMPTY_IS_ABSENT),
           1, "and null is of the wrong type");

    is_int(test_count("{\"if\": {\"required\": [\"m\"]}, \"else\":"
                      " {\"$ref\": \"#/definitions/e\"}, \"definitions\":"
                      " {\"e\": {\"allOf\": [{\"required\": [\"a\"]}]}}}",
                      "{\"m\": \"\", \"a\": null}",
                      SECOPS_SCHEMA_EMPTY_IS_ABSENT),
           1, "the root is the root in if, else, allOf and through $ref");
    is_int(test_count("{\"not\": {\"required\": [\"a\"]}}", "{\"a\": \"\"}",
                      SECOPS_SCHEMA_EMPTY_IS_ABSENT),
           0, "and in not");

    is_int(test_count("{\"minProperties\": 1}", "{\"a\": \"\"}",
                      SECOPS_SCHEMA_EMPTY_IS_ABSENT),
           1, "empty members are not counted for minProperties");
    is_int(test_count("{\"maxProperties\": 1}", "{\"a\": \"\", \"b\": 1}",
                      SECOPS_SCHEMA_EMPTY_IS_ABSENT),
           0, "nor for maxProperties");
    is_int(test_count("{\"dependencies\": {\"a\": [\"b\"]}}", "{\"a\": null}",
                      SECOPS_SCHEMA_EMPTY_IS_ABSENT),
           0, "nor do they ask for others");
    is_int(test_count("{\"dependencies\": {\"a\": [\"b\"]}}",
                      "{\"a\": 1, \"b\": \"\"}",
                      SECOPS_SCHEMA_EMPTY_IS_ABSENT),
           1, "nor meet what others ask for");
    is_int(test_count("{\"propertyNames\": {\"maxLength\": 1},"
                      " \"patternProperties\": {\"x\": false},"
                      " \"additionalProperties\": false}",
                      "{\"xx\": \"\"}", SECOPS_SCHEMA_EMPTY_IS_ABSENT),
           0, "nor has their name to be allowed");
}


static void
test_refusals(void)
{
    test_refusal_t         *t;
    secops_schema_t        *schema;
    secops_schema_error_t   error;

    for (t = test_refusal_cases; t->schema; t++) {

        schema = secops_schema_compile((const unsigned char *) t->schema,
                                       strlen(t->schema), &error);

        if (ok(schema == NULL
               && strncmp(error.pointer, t->pointer, strlen(t->pointer)) == 0
               && strstr(error.reason, t->reason),
               "refused: %s", t->schema))
        {
            continue;
        }

        printf("# \"%s\": %s\n", error.pointer, error.reason);
        secops_schema_free(schema);
    }
}


static void
test_annotations(void)
{
    secops_slice_t    text;
    secops_schema_t  *schema;

    schema = test_compile(
        "{\"$schema\": \"http://json-schema.org/draft-07/schema#\","
        " \"$id\": \"urn:x\", \"$comment\": \"c\","
        " \"title\": \"A \\u00e9 \\\"title\\\"\", \"description\": \"d\","
        " \"x-endpoint\": \"e\", \"x-number\": 1, \"x-object\": {\"typo\": 1},"
        " \"examples\": [1], \"default\": {\"a\": []}, \"readOnly\": true,"
        " \"properties\": {\"n\\u0061me\": {\"default\": 1,"
        " \"writeOnly\": true, \"type\": \"string\"}}}");

    if (!ok(schema != NULL, "annotations are taken")) {
        return;
    }

    text = secops_schema_annotation(schema, "x-endpoint");
    is_str(text.data, text.len, "e", "an annotation");

    text = secops_schema_annotation(schema, "title");
    is_str(text.data, text.len, "A \303\251 \"title\"", "one with escapes");

    is_int(secops_schema_annotation(schema, "x-number").len, 0,
           "one that is no string");
    is_int(secops_schema_annotation(schema, "x-none").len, 0,
           "one that is not there");

    is_int(secops_schema_has_property(schema, (unsigned char *) "name", 4), 1,
           "a property is known by its decoded name");
    is_int(secops_schema_has_property(schema, (unsigned char *) "nam", 3), 0,
           "not by the beginning of it");
    is_int(secops_schema_has_property(schema, (unsigned char *) "title", 5),
           0, "an annotation is no property");

    secops_schema_free(schema);

    schema = test_compile("true");

    is_int(secops_schema_annotation(schema, "title").len, 0,
           "the schema true has no annotation");
    is_int(secops_schema_has_property(schema, (unsigned char *) "a", 1), 0,
           "and no property");

    secops_schema_free(schema);
    secops_schema_free(NULL);

    schema = test_compile("{\"required\": [\"a\"]}");

    is_int(secops_schema_has_property(schema, (unsigned char *) "a", 1), 0,
           "what is only required is no property");

    secops_schema_free(schema);
}


static void
test_formats(void)
{
    size_t           i;
    char             schema[64], instance[512];
    test_format_t   *t;
    test_text_t     *text;

    for (t = test_format_cases; t->format; t++) {

        snprintf(schema, sizeof(schema), "{\"format\": \"%s\"}", t->format);
        snprintf(instance, sizeof(instance), "\"%s\"", t->value);

        ok(test_count(schema, instance, 0) == !t->valid, "%s: \"%s\" is %s",
           t->format, t->value, t->valid ? "valid" : "not valid");
    }

    is_int(test_count("{\"format\": \"date\"}", "1", 0), 0,
           "formats ask nothing of a number");
    is_int(test_count("{\"format\": \"date\"}", "\"2024-01-0\\u0031\"", 0), 0,
           "formats see decoded strings");

    text = malloc(sizeof(test_text_t));

    for (i = 250; i < 256; i++) {
        text->len = 0;
        test_add(text, "\"");

        while (text->len <= i) {
            test_add(text, "%s", text->len % 60 ? "a" : ".");
        }

        test_add(text, "\"");

        ok(test_count("{\"format\": \"hostname\"}", text->data, 0)
           == (i > 253), "a host name of %zu bytes", i);
    }

    for (i = 63; i < 65; i++) {
        text->len = 0;
        test_add(text, "\"a.%.*s\"", (int) i, "0123456789012345678901234567890"
                 "123456789012345678901234567890123456789");

        ok(test_count("{\"format\": \"hostname\"}", text->data, 0)
           == (i > 63), "a label of %zu bytes", i);
    }

    free(text);
}


static void
test_patterns(void)
{
    size_t               i;
    clock_t              start;
    secops_schema_t     *schema;
    static test_text_t   text;

    is_int(test_count("{\"pattern\": \"b\"}", "\"abc\"", 0), 0,
           "patterns are not anchored");
    is_int(test_count("{\"pattern\": \"^a$\"}", "\"a\\n\"", 0), 1,
           "$ is the very end");
    is_int(test_count("{\"pattern\": \"^.$\"}", "\"\303\251\"", 0), 0,
           "a dot is a character, not a byte");
    is_int(test_count("{\"pattern\": \"^\\\\d$\"}", "\"\331\241\"", 0), 1,
           "a digit is ASCII");
    is_int(test_count("{\"pattern\": \"^\\\\u00e9\\\\u{1F600}$\"}",
                      "\"\303\251\\ud83d\\ude00\"", 0), 0,
           "\\u in patterns");
    is_int(test_count("{\"pattern\": \"^[^]$\"}", "\"]\"", 0), 0,
           "[^] is any character");
    is_int(test_count("{\"pattern\": \"^(?<n>a|(b))\\\\k<n>\\\\2$\"}",
                      "\"aa\"", 0), 0,
           "groups with a name, and a group that was not met is empty");
    is_int(test_count("{\"pattern\": \"^\\\\p{Lu}(?<=A)(?!b)(?=c)c$\"}",
                      "\"Ac\"", 0), 0,
           "properties and looking around");

    text.len = 0;
    test_add(&text, "\"");

    for (i = 0; i < 2000; i++) {
        test_add(&text, "a");
    }

    test_add(&text, "!\"");

    start = clock();

    is_int(test_count("{\"pattern\": \"^(a+)+$\"}", text.data, 0), 1,
           "a pattern that explodes does not match");
    is_int(test_count("{\"not\": {\"pattern\": \"^(a+)+$\"}}", text.data, 0),
           1, "nor does its \"not\"");
    is_int(test_count("{\"anyOf\": [{\"pattern\": \"^(a+)+$\"}, {}]}",
                      text.data, 0), 1, "nor do its alternatives");

    text.len -= 1;
    test_add(&text, "\": 1}");
    text.data[0] = ' ';
    memmove(text.data + 2, text.data + 1, text.len);
    memcpy(text.data, "{\"", 2);

    is_int(test_count("{\"patternProperties\": {\"^(a+)+$\": {}}}", text.data,
                      0), 1, "nor does a name");

    ok(clock() - start < TEST_SECONDS * CLOCKS_PER_SEC,
       "and it takes %ld ms",
       (long) ((clock() - start) * 1000 / CLOCKS_PER_SEC));

    schema = test_compile("{\"pattern\": \"^[a-z]{1,20}(?:-[0-9]+)*$\"}");
    ok(schema != NULL, "a usual pattern is taken");
    secops_schema_free(schema);
}


/* n times a text of one letter with an end, in an array; or the text alone,
   if n is 0 */

static void
test_texts(test_text_t *text, unsigned n, unsigned len, char letter,
    const char *end)
{
    unsigned  i;

    text->len = 0;
    test_add(text, "%s\"", n ? "[" : "");

    for (i = 0; i < len; i++) {
        text->data[text->len++] = letter;
    }

    test_add(text, "%s\"", end);

    for (i = 1; i < n; i++) {
        memcpy(text->data + text->len, ",", 1);
        memcpy(text->data + text->len + 1, text->data + 1,
               len + strlen(end) + 2);
        text->len += len + strlen(end) + 3;
    }

    test_add(text, "%s", n ? "]" : "");
}


/* R.5: whatever the texts are, all of them take the steps of one budget */

static void
test_steps(void)
{
    size_t                i;
    long                  ms;
    clock_t               start;
    static test_text_t    text, faults;

    static const struct {
        const char       *schema;
        unsigned          n;
        unsigned          len;
        char              letter;
        const char       *end;
        const char       *fault;        /* a part of the faults */
    } cases[] = {
        { "{\"pattern\": \"\\\\s+$\"}", 0, 4000, ' ', "x",
          "is too complex" },
        { "{\"pattern\": \"\\\\s+$\"}", 0, 40000, ' ', "x",
          "is too long to be checked" },
        { "{\"items\": {\"pattern\": \"[A-Za-z]+[0-9]\"}}", 80, 4000, 'a',
          "", "is too complex" },
        { "{\"items\": {\"pattern\": \"[A-Za-z]+[0-9]\"}}", 80, 4000, 'a',
          "", "other texts of this request were too complex" },
        { "{\"maxLength\": 20, \"pattern\": \"[A-Za-z]+[0-9]\"}", 0, 40000,
          'a', "", " maxLength must be at most 20 characters long\n" },
        { "{\"items\": {\"pattern\": \"^(a+)+$\"}}", 1000, 30, 'a', "!",
          "is too complex" },
        { "{\"items\": {\"not\": {\"pattern\": \"^(a+)+$\"}}}", 1000, 30,
          'a', "!", "is too complex" },
        { "{\"items\": {\"pattern\": \"^(?:a{999}b|c)*$\"}}", 300, 998,
          'a', "", "must match" },
        { "{\"items\": {\"pattern\": \"^(.*)!.*\\\\1b\"}}", 100, 3000, 'a',
          "!b", "is too complex" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        test_texts(&text, cases[i].n, cases[i].len, cases[i].letter,
                   cases[i].end);

        faults.len = 0;
        start = clock();

        ok(test_validate(cases[i].schema, text.data, 0, test_write, &faults)
           > 0 && strstr(faults.data, cases[i].fault),
           "R.5: %s: %s", cases[i].schema, cases[i].fault);

        ms = (clock() - start) * 1000 / CLOCKS_PER_SEC;

        ok(ms < 200, "... in %ld ms", ms);
    }

    test_texts(&text, 0, 40000, 'a', "");

    faults.len = 0;
    (void) test_validate("{\"maxLength\": 20, \"pattern\": \"[a-z]+[0-9]\","
                         " \"format\": \"email\"}", text.data, 0, test_write,
                         &faults);
    is_str(faults.data, faults.len,
           " maxLength must be at most 20 characters long\n",
           "R.5: of a text that is too long nothing else is asked");

    is_int(test_count("{\"pattern\": \"^[^<>]*$\"}", text.data, 0), 0,
           "a long text is no fault of a pattern that is anchored");

    test_texts(&text, 1000, 16, 'a', "");
    is_int(test_count("{\"items\": {\"pattern\":"
                      " \"^(?:[a-z0-9]{1,8}-?)+$\"}}", text.data, 0), 0,
           "nor are 1000 usual texts too complex");
}


/* the budget is the caller's, and outlasts a validation */

static void
test_budget(void)
{
    secops_json_t           json;
    secops_schema_t        *schema;
    static test_text_t      faults;
    secops_schema_budget_t  budget = { SECOPS_SCHEMA_STEPS };

    schema = test_compile("{\"pattern\": \"^(a+)+$\"}");

    (void) test_parse(&json, "\"aaaa\"", 6);

    is_int(secops_schema_validate(schema, &json, 0, 0, &budget, NULL, NULL), 0,
           "R.5: a text that matches");
    ok(budget.steps > SECOPS_SCHEMA_STEPS - 50
       && budget.steps < SECOPS_SCHEMA_STEPS, "... takes a few steps");

    budget.steps = 1;

    is_int(secops_schema_validate(schema, &json, 0, 0, &budget, NULL, NULL), 1,
           "... is not valid when too few are left");
    is_int(budget.steps, 0, "... of which none are left then");

    faults.len = 0;

    is_int(secops_schema_validate(schema, &json, 0, 0, &budget, test_write,
                                  &faults), 1, "... nor is the next one");
    is_str(faults.data, faults.len, " pattern can not be checked against its"
           " pattern: other texts of this request were too complex\n",
           "... which is told");

    secops_schema_free(schema);
}


static void
test_warnings(void)
{
    size_t                  i;
    secops_schema_t        *schema;
    secops_schema_error_t   warning;

    static const char  *cases[][2] = {
        { "{\"properties\":{\"a\":{\"pattern\":\"b\"}}}", "/properties/a" },
        { "{\"properties\":{\"a\":{\"pattern\":\"^b|c\"}}}",
          "/properties/a" },
        { "{\"pattern\":\"b\",\"maxLength\":5000}", NULL },
        { "{\"pattern\":\"^b\"}", NULL },
        { "{\"pattern\":\"(?:^b|^c)$\"}", NULL },
        { "{\"maxLength\":5}", NULL }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        schema = test_compile(cases[i][0]);

        ok(schema && secops_schema_has_warning(schema, 0, &warning)
           == (cases[i][1] != NULL),
           "R.5: %s is %s", cases[i][0],
           cases[i][1] ? "warned of" : "not warned of");

        if (cases[i][1]) {
            is_str(warning.pointer, strlen(warning.pointer), cases[i][1],
                   "... where it stands");
            ok(secops_schema_has_warning(schema, 1, &warning) == 0, "... once");
        }

        secops_schema_free(schema);
    }
}


/* a handler to which only the last of many faults counts */

static int
test_excuse(void *data, const secops_schema_fault_t *fault)
{
    int  *told = data;

    (*told)++;

    return strcmp(fault->keyword, "type") == 0 ? SECOPS_SCHEMA_EXCUSED
                                               : SECOPS_SCHEMA_COUNTS;
}


static int
test_enough(void *data, const secops_schema_fault_t *fault)
{
    int  *told = data;

    (*told)++;

    return SECOPS_SCHEMA_ENOUGH;
}


static void
test_excused(void)
{
    int                 i, told;
    static test_text_t  text;

    text.len = 0;
    test_add(&text, "[0");

    for (i = 1; i < 1500; i++) {
        test_add(&text, ",0");
    }

    test_add(&text, ",\"long\"]");

    told = 0;
    is_int(test_validate("{\"items\":{\"type\":\"string\",\"maxLength\":3}}",
                         text.data, 0, test_excuse, &told), 1,
           "R.11: 1500 excused faults do not hide the one after them");
    is_int(told, 1501, "... and all of them are told");

    text.len -= sizeof(",\"long\"]") - 1;
    test_add(&text, "]");

    is_int(test_validate("{\"items\":{\"type\":\"string\",\"maxLength\":3}}",
                         text.data, 0, test_excuse, &told), 0,
           "... a value with nothing but excused faults is valid");

    told = 0;
    ok(test_validate("{\"items\":{\"type\":\"string\"}}", text.data, 0,
                     test_enough, &told) > 0,
       "who has heard enough has heard of faults");
    is_int(told, 1, "... and of no more than he wanted");
}


/* the choice that is offered where only the case of letters differs */

static int
test_write_choice(void *data, const secops_schema_fault_t *fault)
{
    test_add(data, "[%.*s]", (int) fault->choice.len, fault->choice.data);

    return SECOPS_SCHEMA_COUNTS;
}


static void
test_choices(void)
{
    size_t              i;
    static test_text_t  text;

    static const char  *cases[][3] = {
        { "{\"enum\":[\"Clean\",\"Malicious\"]}", "\"MALICIOUS\"",
          "[Malicious]" },
        { "{\"enum\":[\"Clean\",\"Malicious\"]}", "\"clea\"", "[]" },
        { "{\"enum\":[\"Clean\"]}", "\"cleaN \"", "[]" },
        { "{\"enum\":[\"Clean\"]}", "\"c\\u006cean\"", "[]" },
        { "{\"enum\":[\"A[\"]}", "\"a{\"", "[]" },
        { "{\"enum\":[\"Ã\"]}", "\"Ã©\"", "[]" },
        { "{\"enum\":[\"Ab\",\"aB\"]}", "\"ab\"", "[]" },
        { "{\"enum\":[\"\"]}", "1", "[]" },
        { "{\"const\":\"A\"}", "\"a\"", "[]" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        text.len = 0;
        test_validate(cases[i][0], cases[i][1], 0, test_write_choice, &text);
        is_str(text.data, text.len, cases[i][2], cases[i][1]);
    }
}


/* Field 3: numbers beyond 64 bits, where a schema looks at them or not */

static void
test_huge(void)
{
    size_t  i;

    static const struct {
        const char  *schema;
        const char  *instance;
        int          faults;
    } cases[] = {
        { "{}", "1e400", 0 },
        { "{\"properties\":{\"a\":{}}}",
          "{\"a\":{\"serial\":339339468465046514652123456789012345678901}}",
          0 },
        { "{\"type\":\"number\"}", "1e400", 1 },
        { "{\"type\":\"integer\"}", "9223372036854775808", 1 },
        { "{\"type\":\"integer\"}", "9223372036854775807", 0 },
        { "{\"type\":[\"number\",\"string\"]}", "-9223372036854775809", 1 },
        { "{\"type\":\"string\"}", "1e400", 1 },
        { "{\"minimum\":0}", "99999999999999999999", 1 },
        { "{\"multipleOf\":3}", "1e400", 1 },
        { "{\"enum\":[1e400]}", "10e399", 0 },
        { "{\"enum\":[1e400]}", "1e401", 1 },
        { "{\"const\":99999999999999999999}", "99999999999999999999.0", 0 },
        { "{\"uniqueItems\":true}", "[1e400,1e401,10e400]", 1 },
        { "{\"not\":{\"minimum\":5}}", "1e400", 0 },
        { "{\"maximum\":1e400}", "1", -2 },
        { "{\"maxLength\":1e400}", "1", -2 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        is_int(test_count(cases[i].schema, cases[i].instance, 0),
               cases[i].faults, cases[i].instance);
    }
}


static void
test_numbers(void)
{
    is_int(test_count("{\"multipleOf\": 0.01}", "4.02", 0), 0,
           "4.02 is a multiple of 0.01");
    is_int(test_count("{\"multipleOf\": 0.01}", "4.021", 0), 1,
           "4.021 is not");
    is_int(test_count("{\"multipleOf\": 1e-8}", "12391239123", 0), 0,
           "a large integer of a small step");
    is_int(test_count("{\"multipleOf\": 3}", "1e300", 0), 1,
           "1e300 is no multiple of 3");
    is_int(test_count("{\"multipleOf\": 3}", "3e300", 0), 0,
           "3e300 is one");
    is_int(test_count("{\"multipleOf\": 0.123456789}", "1e308", 0), 1,
           "nor is 1e308 of 0.123456789");
    is_int(test_count("{\"multipleOf\": 3e-323}", "3.3e307", 0), 0,
           "the ends of the range");
    is_int(test_count("{\"multipleOf\": 0.7}", "1e-999999999999", 0), 1,
           "what is too small is a multiple of nothing");
    is_int(test_count("{\"multipleOf\": 7}", "0e999999999999", 0), 0,
           "0 is a multiple of all");
    is_int(test_count("{\"multipleOf\": 7}", "-0.0", 0), 0, "and -0");
    is_int(test_count("{\"multipleOf\": 10}", "1.20e2", 0), 0,
           "1.20e2 is a multiple of 10");
    is_int(test_count("{\"multipleOf\": 100}", "1.20e2", 0), 1,
           "not of 100");
    is_int(test_count("{\"multipleOf\": 2}", "-9223372036854775808", 0), 0,
           "the least integer is even");

    is_int(test_count("{\"type\": \"integer\"}", "1.0e2", 0), 0,
           "1.0e2 is an integer");
    is_int(test_count("{\"type\": \"integer\"}", "100e-2", 0), 0,
           "100e-2 is one");
    is_int(test_count("{\"type\": \"integer\"}", "1e-2", 0), 1,
           "1e-2 is not");
    is_int(test_count("{\"type\": \"integer\"}", "1e-400", 0), 1,
           "nor is 1e-400");
    is_int(test_count("{\"type\": [\"integer\", \"number\"]}", "1.5", 0), 0,
           "a number may be all");

    is_int(test_count("{\"maximum\": 9007199254740992}", "9007199254740993",
                      0), 1, "integers are compared as integers");
    is_int(test_count("{\"minimum\": -9223372036854775807}",
                      "-9223372036854775808", 0), 1, "down to the least");
    is_int(test_count("{\"exclusiveMinimum\": 0.5}", "1", 0), 0,
           "and with fractions");
    is_int(test_count("{\"minLength\": 2.0}", "\"a\"", 0), 1,
           "a count may be 2.0");
    is_int(test_count("{\"minLength\": 0, \"maxLength\": 4294967295}",
                      "\"\"", 0), 0, "from 0 to 2^32 - 1");
    is_int(test_count("{\"enum\": [1]}", "1.0", 0), 0, "1.0 is in [1]");
}


static void
test_unique(void)
{
    int                  i;
    clock_t              start;
    static test_text_t   text;
    static const char   *unique = "{\"uniqueItems\": true}";

    is_int(test_count(unique, "[1,2,3,4,5,6,7,8,9,\"1\",[1],{\"a\":1},true,"
                      "false,null,\"\",[],{},[[1]],{\"a\":2},{\"b\":1}]", 0),
           0, "many different ones");
    is_int(test_count(unique, "[1,2,3,4,5,6,7,8,9,1.0]", 0), 1,
           "1 and 1.0 among many");
    is_int(test_count(unique, "[1,2,3,4,5,6,7,8,0,-0.0]", 0), 1,
           "0 and -0.0 among many");
    is_int(test_count(unique, "[1,2,3,4,5,6,7,8,\"a\",\"\\u0061\"]", 0), 1,
           "escapes among many");
    is_int(test_count(unique, "[1,2,3,4,5,6,7,8,{\"a\":[1],\"b\":{}},"
                      "{\"\\u0062\":{},\"a\":[1.0]}]", 0), 1,
           "objects in another order among many");
    is_int(test_count("{\"uniqueItems\": false}", "[1,1]", 0), 0,
           "false asks for nothing");

    /* more than fit in the table on the stack */

    start = clock();

    text.len = 0;
    test_add(&text, "[[\"\\u0061\",0]");

    for (i = 1; i < 4000; i++) {
        test_add(&text, ",[\"a\",%d]", i);
    }

    test_add(&text, "]");

    is_int(test_count(unique, text.data, 0), 0, "4000 different ones");

    text.len--;
    test_add(&text, ",[\"a\",0]]");

    is_int(test_count(unique, text.data, 0), 1, "4001 of which two are equal");

    text.len = 0;
    test_add(&text, "[{\"a\":0}");

    for (i = 1; i < 30000; i++) {
        test_add(&text, ",{\"a\":%d}", i);
    }

    test_add(&text, "]");

    is_int(test_count(unique, text.data, 0), 0, "30000 different objects");

    ok(clock() - start < TEST_SECONDS * CLOCKS_PER_SEC,
       "and it takes %ld ms",
       (long) ((clock() - start) * 1000 / CLOCKS_PER_SEC));

    test_unique_numbers();
    test_unique_objects();
}


/* R.12: numbers that have the same nearest double, as many as one likes */

static void
test_unique_numbers(void)
{
    int                  i;
    long                 ms;
    clock_t              start;
    static test_text_t   text;
    static const char   *unique = "{\"uniqueItems\": true}";

    static const char   *same[] = {
        "[1,2,3,4,5,6,7,8,100,1e2]", "[1,2,3,4,5,6,7,8,0.01,1e-2]",
        "[1,2,3,4,5,6,7,8,1.50,15e-1]", "[1,2,3,4,5,6,7,8,0,-0]",
        "[1,2,3,4,5,6,7,8,0e7,-0.00]", "[1,2,3,4,5,6,7,8,1000.000,1.0e+3]",
        "[1,2,3,4,5,6,7,8,12345678901234567890123,12345678901234567890123.0]",
        "[1,2,3,4,5,6,7,8,-1e-400,-0.1e-399]"
    };

    for (i = 0; i < (int) (sizeof(same) / sizeof(same[0])); i++) {
        is_int(test_count(unique, same[i], 0), 1, same[i]);
    }

    is_int(test_count(unique, "[1,2,3,4,5,6,7,8,9,-9,90,0.9,9e-400,9e400]",
                      0), 0, "sign, digits and exponent tell numbers apart");

    text.len = 0;
    test_add(&text, "[1e-400");

    for (i = 1; i < 30000; i++) {
        test_add(&text, ",1e-%d", 400 + i);
    }

    test_add(&text, "]");

    start = clock();
    is_int(test_count(unique, text.data, 0), 0,
           "R.12: 30000 numbers that all round to 0");

    ms = (clock() - start) * 1000 / CLOCKS_PER_SEC;
    ok(ms < 300, "... in %ld ms", ms);
}


/* objects that are equal, of members in another order */

static void
test_unique_objects(void)
{
    int                  i, k;
    long                 ms;
    clock_t              start;
    static test_text_t   text;

    text.len = 0;
    test_add(&text, "[");

    for (k = 0; k < 2; k++) {
        test_add(&text, k ? ",{" : "{");

        for (i = 0; i < 14000; i++) {
            test_add(&text, "%s\"%d\":0", i ? "," : "", k ? i : 13999 - i);
        }

        test_add(&text, "}");
    }

    test_add(&text, "]");

    start = clock();
    is_int(test_count("{\"uniqueItems\": true}", text.data, 0), 1,
           "R.12: objects of 14000 members in two orders are equal");

    ms = (clock() - start) * 1000 / CLOCKS_PER_SEC;
    ok(ms < 300, "... in %ld ms", ms);
}


static void
test_recursion(void)
{
    int                  i;
    const char          *tree;
    static test_text_t   text, chain;

    tree = "{\"type\": \"object\", \"required\": [\"v\"], \"properties\":"
           " {\"c\": {\"items\": {\"$ref\": \"#\"}}}}";

    is_int(test_count(tree, "{\"v\":1,\"c\":[{\"v\":1,\"c\":[{\"v\":2}]}]}",
                      0), 0, "a tree");

    text.len = 0;
    test_validate(tree, "{\"v\":1,\"c\":[{\"v\":1,\"c\":[{}, 1]}, {}]}", 0,
                  test_write, &text);
    is_str(text.data, text.len,
           "/c/0/c/0/v required is required\n"
           "/c/0/c/1 type must be an object, not a number\n"
           "/c/1/v required is required\n",
           "faults deep in a tree");

    /* each level asks for the next one twice: 2^60 visits */

    text.len = 0;

    for (i = 0; i < 60; i++) {
        test_add(&text, "[");
    }

    for (i = 0; i < 60; i++) {
        test_add(&text, "]");
    }

    is_int(test_count("{\"allOf\": [{\"items\": {\"$ref\": \"#\"}},"
                      " {\"items\": {\"$ref\": \"#\"}}]}", text.data, 0), -1,
           "work that doubles with each level is given up");

    /* 80 schemas look at each of 60 levels: more than the stack should bear */

    ok(test_chain(&chain, 40) && test_count(chain.data, text.data, 0) == -1,
       "so is nesting that is too deep");
    ok(test_chain(&chain, 40) && test_count(chain.data, "[[]]", 0) == 0,
       "the same schema is good for less");
    ok(test_chain(&chain, 60) && test_count(chain.data, "[]", 0) == -2,
       "a longer chain of schemas on one value is refused");
}


/* a schema for arrays in arrays that goes through n others on each level */

static int
test_chain(test_text_t *text, int n)
{
    int  i;

    text->len = 0;
    test_add(text, "{\"items\": {\"$ref\": \"#\"}, \"allOf\": [{\"$ref\":"
             " \"#/definitions/0\"}], \"definitions\": {");

    for (i = 0; i < n; i++) {
        test_add(text, "\"%d\": {\"allOf\": [{\"$ref\":"
                 " \"#/definitions/%d\"}]},", i, i + 1);
    }

    test_add(text, "\"%d\": {\"items\": {\"$ref\": \"#\"}}}}", n);

    return 1;
}


/* a value within a document is the root of what is validated */

static void
test_subtree(void)
{
    uint32_t              i;
    const char           *text;
    secops_json_t         json;
    secops_schema_t      *schema;
    static test_text_t    faults;

    text = "{\"data\": {\"a\": \"\", \"b\": 1}, \"x\": 1}";
    schema = test_compile("{\"required\": [\"a\"], \"properties\": {\"b\":"
                          " {\"type\": \"string\"}}}");

    if (!ok(schema && test_parse(&json, text, strlen(text)) == 0,
            "a record in an envelope"))
    {
        return;
    }

    i = secops_json_member(&json, 0, (const unsigned char *) "data", 4);

    faults.len = 0;
    secops_schema_validate(schema, &json, i, SECOPS_SCHEMA_EMPTY_IS_ABSENT,
                           NULL, test_write, &faults);
    is_str(faults.data, faults.len,
           "/b type must be a string, not a number\n"
           "/a required is required\n",
           "its pointers begin at the record, its empty members are absent");

    secops_schema_free(schema);
}


static secops_schema_t *
test_compile(const char *text)
{
    secops_schema_error_t  error;

    return secops_schema_compile((const unsigned char *) text, strlen(text),
                                 &error);
}


static int
test_parse(secops_json_t *json, const char *text, size_t len)
{
    secops_json_error_t   error;
    secops_json_limits_t  limits;

    limits.depth = 100;
    limits.members = 100000;

    return secops_json_parse(json, (const unsigned char *) text, len,
                             test_tokens, TEST_TOKENS, &limits, &error);
}


static int
test_count(const char *schema, const char *instance, unsigned flags)
{
    int  quiet, told, tally;

    tally = 0;

    quiet = test_validate(schema, instance, flags, NULL, NULL);
    told = test_validate(schema, instance, flags, test_tally, &tally);

    if ((quiet > 0) != (told > 0) || (told >= 0 && told != tally)) {
        printf("# %d without a handler, %d with one, %d told\n", quiet, told,
               tally);
        return -3;
    }

    return quiet;
}


/* -2: the schema was refused, or the instance is no JSON */

static int
test_validate(const char *schema, const char *instance, unsigned flags,
    secops_schema_fault_pt handler, void *data)
{
    int               n;
    secops_json_t     json;
    secops_schema_t  *compiled;

    compiled = test_compile(schema);

    if (compiled == NULL
        || test_parse(&json, instance, strlen(instance)) != SECOPS_JSON_OK)
    {
        secops_schema_free(compiled);
        return -2;
    }

    n = secops_schema_validate(compiled, &json, 0, flags, NULL, handler, data);

    secops_schema_free(compiled);

    return n;
}


static int
test_write(void *data, const secops_schema_fault_t *fault)
{
    test_add(data, "%.*s %s %.*s\n",
             (int) fault->pointer.len, fault->pointer.data, fault->keyword,
             (int) fault->message.len, fault->message.data);

    return SECOPS_SCHEMA_COUNTS;
}


static int
test_write_parts(void *data, const secops_schema_fault_t *fault)
{
    test_add(data, "[%.*s] [%.*s]\n",
             (int) fault->object.len, fault->object.data,
             (int) fault->property.len, fault->property.data);

    return SECOPS_SCHEMA_COUNTS;
}


static int
test_tally(void *data, const secops_schema_fault_t *fault)
{
    int  *tally = data;

    (*tally)++;

    return SECOPS_SCHEMA_COUNTS;
}


static void
test_add(test_text_t *text, const char *fmt, ...)
{
    int      n;
    size_t   room;
    va_list  args;

    room = TEST_TEXT - text->len;

    va_start(args, fmt);
    n = vsnprintf(text->data + text->len, room, fmt, args);
    va_end(args);

    if (n < 0 || (size_t) n >= room) {
        printf("Bail out! a text of the test is too long\n");
        exit(2);
    }

    text->len += n;
}
